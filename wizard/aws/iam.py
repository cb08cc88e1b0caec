"""AWS IAM: what a user or a role is allowed to do, asked without doing it. A function an operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import translated

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient


class Verdict(StrEnum):
    """What the simulation says of one action on one resource, and by whose word."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not allowed"
    """No policy of the user's or role's allows it."""
    DENIED = "denied"
    """A policy forbids it in so many words."""
    ORGANISATION = "forbidden by the organisation"
    """A service control policy stands in the way, whatever the account says."""
    BOUNDARY = "outside the permissions boundary"


@dataclass(frozen=True, slots=True)
class Simulated:
    """The verdict on one action, the worst where it was asked about several resources.

    ``unsure`` holds the context keys that a policy asks for and the simulation was not told.
    """

    action: str
    verdict: Verdict
    unsure: tuple[str, ...] = ()


def simulate(
    aws: AwsAccess,
    principal: str,
    actions: Sequence[str],
    resources: Sequence[str],
    context: Mapping[str, Sequence[str]],
) -> tuple[Simulated, ...]:
    """What the policies of ``principal``, a user's or role's ARN, say of ``actions`` on all ``resources``.

    (iam:SimulatePrincipalPolicy, all pages.) ``context`` has the values of condition keys. Resource policies
    and session policies are not part of it. Raises WizardError.
    """
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": _type(values)}
        for key, values in context.items()
    ]
    with translated("iam:SimulatePrincipalPolicy", aws.profile):
        client: Any = aws.client("iam")
        pages = client.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=principal,
            ActionNames=list(actions),
            ResourceArns=list(resources),
            ContextEntries=entries,
        )
        results = [result for page in pages for result in page.get("EvaluationResults", ())]
    worst: dict[str, Simulated] = {}
    for result in results:
        for one in _simulated(result):
            before = worst.get(one.action)
            if before is None or _RANK[one.verdict] > _RANK[before.verdict]:
                worst[one.action] = one
    return tuple(worst.values())


def role_arn(aws: AwsAccess, name: str) -> str:
    """The whole ARN of the role ``name``: with its path, which the name does not tell (iam:GetRole).

    Raises WizardError.
    """
    with translated("iam:GetRole", aws.profile):
        client: IAMClient = aws.client("iam")
        return client.get_role(RoleName=name)["Role"]["Arn"]


def _type(values: Sequence[str]) -> str:
    """ContextKeyTypeEnum for the values of a condition key."""
    if len(values) != 1:
        return "stringList"
    return "boolean" if values[0] in ("true", "false") else "string"


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


def _simulated(result: Mapping[str, Any]) -> Iterator[Simulated]:
    """What one EvaluationResult says: of each resource, where it tells, else of all."""
    organisation = result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True)
    for one in result.get("ResourceSpecificResults") or [result]:
        decision = one.get("EvalResourceDecision") or one.get("EvalDecision", "")
        boundary = (
            one.get("PermissionsBoundaryDecisionDetail")
            or result.get("PermissionsBoundaryDecisionDetail")
            or {}
        ).get("AllowedByPermissionsBoundary", True)
        if decision == "allowed":
            verdict = Verdict.ALLOWED
        elif not organisation:
            verdict = Verdict.ORGANISATION
        elif not boundary:
            verdict = Verdict.BOUNDARY
        else:
            verdict = Verdict.DENIED if decision == "explicitDeny" else Verdict.NOT_ALLOWED
        unsure = one.get("MissingContextValues") or result.get("MissingContextValues") or ()
        yield Simulated(result["EvalActionName"], verdict, tuple(unsure))
