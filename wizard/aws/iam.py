"""AWS IAM: what a user or a role is allowed to do, simulated without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call, call_pages


class Decision(StrEnum):
    """The simulation's verdict on one action on one resource, from best to worst."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not allowed"
    """No policy of the user or role allows it."""
    DENIED = "denied"
    """A policy denies it explicitly."""
    ORGANISATION = "forbidden by the organisation"
    """A service control policy denies it, whatever the account's policies say."""
    BOUNDARY = "outside the permissions boundary"


@dataclass(frozen=True, slots=True)
class Simulated:
    """The verdict on one action, the worst of several resources.

    ``unsure`` holds the context keys that a policy refers to and the simulation did not get.
    """

    action: str
    verdict: Decision
    unsure: tuple[str, ...] = ()


def simulate(
    aws: AwsAccess,
    principal: str,
    actions: Sequence[str],
    resources: Sequence[str],
    context: Mapping[str, Sequence[str]],
) -> tuple[Simulated, ...]:
    """Return what the policies of ``principal`` (an ARN) say of ``actions`` on all ``resources``.

    ``context`` has the values of condition keys. Resource policies and session policies are not simulated.
    Raises WizardError.
    """
    worst: dict[str, Simulated] = {}
    for page in call_pages(
        aws,
        "iam:SimulatePrincipalPolicy",
        PolicySourceArn=principal,
        ActionNames=list(actions),
        ResourceArns=list(resources),
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": _type(values)}
            for key, values in context.items()
        ],
    ):
        for result in page.get("EvaluationResults", ()):
            for one in _simulated(result):
                before = worst.get(one.action)
                if before is None or _RANK[one.verdict] > _RANK[before.verdict]:
                    worst[one.action] = one
    return tuple(worst.values())


def role_arn(aws: AwsAccess, name: str) -> str:
    """Return the ARN of the role ``name``, with its path. Raises WizardError."""
    return str(call(aws, "iam:GetRole", RoleName=name)["Role"]["Arn"])


def _type(values: Sequence[str]) -> str:
    """Return the ContextKeyTypeEnum for the values of a condition key."""
    if len(values) != 1:
        return "stringList"
    return "boolean" if values[0] in ("true", "false") else "string"


_RANK = {verdict: rank for rank, verdict in enumerate(Decision)}


def _simulated(result: Mapping[str, Any]) -> Iterator[Simulated]:
    """Yield the verdicts of one EvaluationResult: for each resource if it has them, else the one for all."""
    organisation = result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True)
    for one in result.get("ResourceSpecificResults") or [result]:
        decision = one.get("EvalResourceDecision") or one.get("EvalDecision", "")
        detail = "PermissionsBoundaryDecisionDetail"
        boundary = one.get(detail) or result.get(detail) or {}
        if decision == "allowed":
            verdict = Decision.ALLOWED
        elif not organisation:
            verdict = Decision.ORGANISATION
        elif not boundary.get("AllowedByPermissionsBoundary", True):
            verdict = Decision.BOUNDARY
        else:
            verdict = Decision.DENIED if decision == "explicitDeny" else Decision.NOT_ALLOWED
        unsure = one.get("MissingContextValues") or result.get("MissingContextValues") or ()
        yield Simulated(result["EvalActionName"], verdict, tuple(unsure))
