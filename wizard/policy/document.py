"""The least IAM policy for exactly one set-up: exact ARNs, nothing on ``*`` that can be narrower. Pure."""

from __future__ import annotations

import json
from typing import Any

from wizard.policy import wizard_calls as calls
from wizard.policy.grant import Grant, Scope
from wizard.policy.stack_calls import roles_note, stack
from wizard.project.schema import Project

__all__ = ["LARGEST", "document", "grants", "parts", "policy", "roles_note", "size"]

LARGEST = 6144
"""Characters that a managed policy may have, blanks not counted (IAM's quota)."""


def grants(scope: Scope) -> tuple[Grant, ...]:
    """What the set-up needs, step by step; each grant becomes a statement of the policy.

    What depends on the domain comes when one is chosen.
    """
    return (
        *calls.account(scope),
        *calls.domain(scope),
        *calls.identity(scope),
        *calls.dns(scope),
        *calls.reminder(scope),
        *stack(scope),
        *calls.sandbox(scope),
        *calls.production(scope),
    )


def policy(
    project: Project,
    account_id: str,
    region: str,
    *,
    partition: str = "aws",
    zones: tuple[str, ...] = (),
    principal: str | None = None,
    table_key: str | None = None,
) -> dict[str, Any]:
    """The policy for ``project`` in this account and Region, as IAM reads it.

    For the rest see ``Scope``. sts:GetCallerIdentity is not in it: it needs no permission.
    """
    return document(Scope(project, account_id, region, partition, zones, principal, table_key))


def document(scope: Scope) -> dict[str, Any]:
    """The policy for ``scope``."""
    return {"Version": "2012-10-17", "Statement": [grant.statement for grant in grants(scope)]}


def size(made: dict[str, Any]) -> int:
    """How large IAM counts a policy: its characters without blanks, to be held against ``LARGEST``."""
    return len(json.dumps(made, separators=(",", ":"), ensure_ascii=False))


def parts(made: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The policy in as few parts as IAM takes, each a policy of its own; most often two.

    The statements keep their order, so what belongs to a step stays together.
    """
    pieces: list[list[Any]] = [[]]
    for statement in made["Statement"]:
        if pieces[-1] and size({**made, "Statement": [*pieces[-1], statement]}) > LARGEST:
            pieces.append([])
        pieces[-1].append(statement)
    return tuple({**made, "Statement": piece} for piece in pieces)
