"""What the account's IAM roles allow: who may assume one, and what it may then do."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from moto.iam.models import Role, iam_backends

from wizard.demo.aws.account import ACCOUNT_ID


def role_of(arn: str) -> Role | None:
    """The role with this ARN, where there is one."""
    backend = iam_backends[ACCOUNT_ID]["aws"]
    return next((role for role in backend.roles.values() if role.arn == arn), None)


def may_assume(role: Role, service: str, source_arn: str = "") -> bool:
    """Whether the role's trust policy lets ``service`` assume it on behalf of ``source_arn``."""
    return admits(_statements(role.assume_role_policy_document), service, source_arn)


def admits(statements: list[dict[str, Any]], service: str, source_arn: str) -> bool:
    """Whether a resource's own policy lets ``service`` in on behalf of ``source_arn``."""
    given = {"aws:sourceaccount": ACCOUNT_ID, "aws:sourcearn": source_arn}
    return any(
        statement.get("Effect") == "Allow"
        and service in _listed(statement.get("Principal", {}).get("Service"))
        and _conditions_hold(statement.get("Condition", {}), given)
        for statement in statements
    )


def allows(role: Role, action: str, resource: str, given: dict[str, str] | None = None) -> bool:
    """Whether the role's policies allow ``action`` on ``resource``: an Allow that fits and no Deny that does.

    ``given`` are values of context keys, the keys in lower case. Conditions on other keys are taken as if
    they held.
    """
    attached = (version for policy in role.managed_policies.values() for version in policy.versions)
    documents = [*role.policies.values(), *(version.document for version in attached if version.is_default)]
    effects = {
        statement.get("Effect")
        for document in documents
        for statement in _statements(document)
        if _any_matches(action.lower(), [name.lower() for name in _listed(statement.get("Action"))])
        and _any_matches(resource, _listed(statement.get("Resource")))
        and _conditions_hold(_on_known_keys(statement.get("Condition", {}), given or {}), given or {})
    }
    return effects == {"Allow"}


def assumed(role_arn: str) -> str:
    """The ARN of whoever has assumed the role for a running function."""
    return f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role_arn.rpartition('/')[2]}/function"


def denial(role_arn: str, action: str, resource: str, given: dict[str, str] | None = None) -> str | None:
    """What AWS says where the role ``role_arn`` may not do this; None where it may.

    ``given`` is as in ``allows``.
    """
    role = role_of(role_arn)
    if role is not None and allows(role, action, resource, given):
        return None
    return (
        f"User: {assumed(role_arn)} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def _statements(document: Any) -> list[dict[str, Any]]:
    policy = _parsed(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


@lru_cache
def _parsed(document: str) -> dict[str, Any]:
    """A policy from its JSON; a sender's is asked for at every mail."""
    policy: dict[str, Any] = json.loads(document)
    return policy


def _conditions_hold(conditions: dict[str, Any], given: dict[str, str]) -> bool:
    """Whether the conditions of a trust policy hold, as far as they are about who asks."""
    return all(
        _any_matches(given.get(key.lower(), ""), _listed(wanted))
        for keys in conditions.values()
        for key, wanted in keys.items()
    )


def _on_known_keys(conditions: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """Those of the conditions that are on keys in ``given``."""
    return {
        operator: {key: wanted for key, wanted in keys.items() if key.lower() in given}
        for operator, keys in conditions.items()
    }


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _any_matches(text: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in patterns)
