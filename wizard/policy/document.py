"""The least IAM policy for one set-up: exact ARNs, nothing on ``*`` that can be narrower. Pure.

The statements are in actions.yaml. This module fills in names and leaves out what the set-up does not need.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from wizard.project.schema import Project
from wizard.reminder.setup import opt_outs_table
from wizard.reminder.template.build import function_name, log_group

LARGEST = 6144
"""Characters that a managed policy may have, blanks not counted (IAM's quota)."""
ROLE_STATEMENTS = ("CreateRolesWithAnyPermission", "PassFunctionRole", "PassScheduleRole")
"""The statements that make their holder an administrator."""

_NO_REGION, _NO_ACCOUNT = {"iam", "route53"}, {"route53"}
_LONGEST_NAME = {"iam": 64, "events": 64, "sqs": 80, "dynamodb": 255, "cloudwatch": 255, "sns": 256}
"""The longest name of a resource that CloudFormation generates a name for, by service."""
_GENERATED = 13
"""The hyphen and the twelve characters that CloudFormation appends to a name."""
_KEPT_OF_STACK = 24
"""How many characters of the stack's name a shortened name begins with, at least."""

Condition = Mapping[str, Mapping[str, str | list[str]]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The one set-up that a policy is for.

    ``zones`` are the ids of the account's hosted zones that can hold the domain's records. ``principal`` is
    the ARN of the user or role that the policy is for, if known. ``table_key`` is the ARN of the customer's
    KMS key that encrypts the user's own table, if any.
    """

    project: Project
    account: str
    region: str
    partition: str = "aws"
    zones: tuple[str, ...] = ()
    principal: str | None = None
    table_key: str | None = None

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in the account and the Region; ``<LogicalId>`` becomes its generated name."""
        region = "" if service in _NO_REGION else self.region
        account = "" if service in _NO_ACCOUNT else self.account
        named = re.sub("<(.+)>", lambda found: self._generated(found[1], _LONGEST_NAME[service]), resource)
        return f"arn:{self.partition}:{service}:{region}:{account}:{named}"

    def _generated(self, logical_id: str, longest: int) -> str:
        """The name that CloudFormation generates, with ``*`` for its random part.

        CloudFormation shortens names of more than ``longest`` characters; its documentation does not say how.
        """
        stack = self.project.reminder.stack
        if len(stack) + 1 + len(logical_id) + _GENERATED > longest:
            return f"{stack[:_KEPT_OF_STACK]}*"
        return f"{stack}-{logical_id}-*"


@dataclass(frozen=True, slots=True)
class Grant:
    """Some actions on some resources. ``name`` becomes the statement's Sid; ``why`` is a sentence."""

    step: str
    name: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str
    condition: Condition = field(default_factory=dict)
    by_cloudformation: bool = False

    @property
    def statement(self) -> dict[str, object]:
        """The grant as a statement of a policy."""
        return {
            "Sid": self.name,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": self.resources[0] if len(self.resources) == 1 else list(self.resources),
            **({"Condition": self.condition} if self.condition else {}),
        }


def grants(scope: Scope) -> Iterator[Grant]:
    """What the set-up needs, step by step; each grant becomes a statement of the policy.

    Statements that depend on the domain are included once one is chosen.
    """
    conditions, values = _conditions(scope), _values(scope)
    for section, entries in _table().items():
        step = "reminder" if section == "stack" else section
        for entry in entries:
            resources = tuple(_resources(scope, entry.resources, values))
            if resources and all(conditions[one] for one in entry.when):
                actions = tuple(
                    f"{service}:{one}" for service in entry.actions for one in entry.actions[service]
                )
                why = entry.why or f"CloudFormation makes {entry.makes}."
                condition = _filled(entry.condition, values)
                yield Grant(step, entry.name, actions, resources, why, condition, section == "stack")


def document(scope: Scope) -> dict[str, Any]:
    """The policy for ``scope``, as IAM reads it. sts:GetCallerIdentity needs no permission."""
    return {"Version": "2012-10-17", "Statement": [grant.statement for grant in grants(scope)]}


def size(made: dict[str, Any]) -> int:
    """How large IAM counts a policy: its characters without blanks, to compare with ``LARGEST``."""
    return len(json.dumps(made, separators=(",", ":"), ensure_ascii=False))


def parts(made: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The policy in as few parts as IAM accepts, each a policy of its own; most often two.

    The statements keep their order, so those of a step stay together.
    """
    pieces: list[list[Any]] = [[]]
    for statement in made["Statement"]:
        if pieces[-1] and size({**made, "Statement": [*pieces[-1], statement]}) > LARGEST:
            pieces.append([])
        pieces[-1].append(statement)
    return tuple({**made, "Statement": piece} for piece in pieces)


def roles_note(scope: Scope) -> str:
    """The warning for the person who attaches the policy: it can create roles, why, and what follows."""
    creates = next(grant for grant in grants(scope) if grant.name == ROLE_STATEMENTS[0])
    roles = " and ".join(arn.rpartition("/")[2] for arn in creates.resources)
    return (
        f"This policy can create roles with any permission: {roles} (statement {creates.name}). "
        "CloudFormation creates them with the permissions of whoever deploys the stack, and the policy sets "
        "no permissions boundary. So attach it only for people you trust as administrators. For all others "
        f"leave out {', '.join(ROLE_STATEMENTS)}, and deploy the stack yourself (`ses-wizard export stack`)."
    )


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement in actions.yaml."""

    name: str
    actions: dict[str, list[str]]
    resources: list[str]
    why: str = ""
    makes: str = ""
    when: list[str] = []
    condition: dict[str, dict[str, str | list[str]]] = {}


@cache
def _table() -> dict[str, list[_Entry]]:
    path = Path(__file__).with_name("actions.yaml")
    return msgspec.yaml.decode(path.read_bytes(), type=dict[str, list[_Entry]])


def _conditions(scope: Scope) -> dict[str, bool]:
    """What ``when`` in actions.yaml can name."""
    project = scope.project
    buying = project.domain.name is None or project.domain.registration is not None
    role = ":role/" in (scope.principal or "")
    return {
        "domain": project.domain.name is not None,
        "not domain": project.domain.name is None,
        "buying": buying,
        "buying or zones": buying or bool(scope.zones),
        "own table": project.reminder.table is not None,
        "not own table": project.reminder.table is None,
        "alerts": bool(project.reminder.alerts),
        "address": project.sandbox.address is not None,
        "user": not role,
        "role": role,
    }


def _values(scope: Scope) -> dict[str, str | None]:
    """What ``{NAME}`` in actions.yaml stands for; None or empty where the set-up has no such thing."""
    project, stack = scope.project, scope.project.reminder.stack
    domain, own = project.domain.name, project.reminder.table
    function = function_name(stack)
    return {
        "region": scope.region,
        "principal": scope.principal,
        "domain": domain,
        # Until the MAIL FROM domain is chosen it can be any name below the domain.
        "mail_from": project.identity.mail_from or f"*.{domain}",
        "set": project.identity.configuration_set,
        "address": project.sandbox.address,
        "stack": stack,
        "table": own.name if own else None,
        "table_key": scope.table_key,
        "recipients": None if own else "<RecipientsTable>",
        "opt_outs": opt_outs_table(stack, domain) if domain else None,
        "function": function,
        "function_arn": scope.arn("lambda", f"function:{function}"),
        "log_group": log_group(stack),
    }


def _resources(scope: Scope, patterns: list[str], values: Mapping[str, str | None]) -> Iterator[str]:
    """The ARNs of ``patterns``, without those that name a thing this set-up does not have."""
    for pattern in patterns:
        for zone in scope.zones if "{zone}" in pattern else ("",):
            here = {**values, "zone": zone}
            if all(here[name] for name in re.findall(r"{(\w+)}", pattern)):
                service, colon, resource = pattern.format_map(here).partition(":")
                whole = not colon or service == "arn"
                yield pattern.format_map(here) if whole else scope.arn(service, resource)


def _filled(condition: Condition, values: Mapping[str, str | None]) -> Condition:
    def fill(value: str | list[str]) -> str | list[str]:
        return (
            value.format_map(values) if isinstance(value, str) else [one.format_map(values) for one in value]
        )

    return {
        operator: {key: fill(value) for key, value in keys.items()} for operator, keys in condition.items()
    }
