"""IAM policies: what they say of an action on a resource, and what the account's roles may do.

By AWS's evaluation logic inside one account (IAM User Guide, "Policy evaluation logic"), for identity-based
policies: an explicit deny wins, an allow is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Literal

from moto.iam.models import Role, User, iam_backends

from wizard.demo.aws.account import ACCOUNT_ID

Outcome = Literal["allowed", "explicitDeny", "implicitDeny"]
Context = Mapping[str, Sequence[str]]
"""The values of context keys, the keys in lower case."""


@dataclass
class Decision:
    """The outcome, and the context keys that a policy asks for and nobody gave."""

    outcome: Outcome = "implicitDeny"
    missing: set[str] = field(default_factory=set)


def decide(
    documents: Iterable[str | dict[str, Any]], action: str, resource: str, context: Context
) -> Decision:
    """What ``documents`` say of ``action`` on ``resource``."""
    decision = Decision()
    for statement in (statement for document in documents for statement in statements(document)):
        if not _is_about(statement, action, resource):
            continue
        if not _conditions_hold(statement.get("Condition", {}), context, decision.missing):
            continue
        if statement["Effect"] == "Deny":
            decision.outcome = "explicitDeny"
        elif decision.outcome == "implicitDeny":
            decision.outcome = "allowed"
    return decision


def statements(document: str | dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a policy."""
    policy = json.loads(document) if isinstance(document, str) else document
    found = policy.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _is_about(statement: dict[str, Any], action: str, resource: str) -> bool:
    actions = [name.lower() for name in _listed(statement.get("Action", statement.get("NotAction")))]
    resources = _listed(statement.get("Resource", statement.get("NotResource")))
    return (_matches(action.lower(), actions) is not ("NotAction" in statement)) and (
        _matches(resource, resources) is not ("NotResource" in statement)
    )


def _conditions_hold(conditions: Mapping[str, Any], context: Context, missing: set[str]) -> bool:
    held = [
        _holds(operator, _listed(wanted), key, context, missing)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    ]
    return all(held)


def _holds(operator: str, wanted: list[str], key: str, context: Context, missing: set[str]) -> bool:
    quantifier, _, plain = operator.rpartition(":")
    if_exists, plain = plain.endswith("IfExists"), plain.removesuffix("IfExists")
    given = context.get(key.lower())
    if plain == "Null":
        return (given is None) is (wanted[0].lower() == "true")
    if given is None:
        if not if_exists and quantifier != "ForAllValues":
            missing.add(key)
        # What is not there is not equal to anything; and of no values all are as wanted.
        return if_exists or quantifier == "ForAllValues" or "Not" in plain
    fits = [_fits(plain, value, wanted) for value in given]
    return any(fits) if quantifier == "ForAnyValue" else all(fits)


def _fits(operator: str, value: str, wanted: list[str]) -> bool:
    match operator:
        case "StringEquals":
            return value in wanted
        case "StringNotEquals":
            return value not in wanted
        case "StringEqualsIgnoreCase":
            return value.lower() in [one.lower() for one in wanted]
        case "Bool":
            return value.lower() in [one.lower() for one in wanted]
        case "StringLike" | "ArnLike" | "ArnEquals":
            return _matches(value, wanted)
        case "StringNotLike" | "ArnNotLike" | "ArnNotEquals":
            return not _matches(value, wanted)
    raise ValueError(f"the condition operator {operator} is not known here")


def _matches(text: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in patterns)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [str(value)]


# --- roles -------------------------------------------------------------------------------------------------


def role_of(arn: str) -> Role | None:
    """Return the role with this ARN, or None."""
    backend = iam_backends[ACCOUNT_ID]["aws"]
    return next((role for role in backend.roles.values() if role.arn == arn), None)


def documents_of(principal: User | Role) -> tuple[str, ...]:
    """Return the policies of a user or role, inline and attached."""
    attached = (version for policy in principal.managed_policies.values() for version in policy.versions)
    return *principal.policies.values(), *(version.document for version in attached if version.is_default)


def may_assume(role: Role, service: str, source_arn: str = "") -> bool:
    """Whether the role's trust policy lets ``service`` assume it on behalf of ``source_arn``."""
    return admits(statements(role.assume_role_policy_document), service, source_arn)


def admits(policy: list[dict[str, Any]], service: str, source_arn: str) -> bool:
    """Whether the statements of a resource's policy let ``service`` in on behalf of ``source_arn``."""
    context = {"aws:sourceaccount": [ACCOUNT_ID], "aws:sourcearn": [source_arn]}
    return any(
        statement.get("Effect") == "Allow"
        and service in _listed(statement.get("Principal", {}).get("Service"))
        and _conditions_hold(statement.get("Condition", {}), context, set())
        for statement in policy
    )


def assumed(role_arn: str) -> str:
    """Return the ARN of a running function that has assumed the role."""
    return f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role_arn.rpartition('/')[2]}/function"


def denial(role_arn: str, action: str, resource: str, given: dict[str, str] | None = None) -> str | None:
    """Return what AWS says if the role ``role_arn`` may not do this, or None.

    ``given`` are values of context keys, the keys in lower case. Conditions on other keys count as fulfilled.
    """
    role = role_of(role_arn)
    if role and _allowed(documents_of(role), action, resource, tuple((given or {}).items())):
        return None
    return (
        f"User: {assumed(role_arn)} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


@lru_cache(maxsize=1024)
def _allowed(
    documents: tuple[str, ...], action: str, resource: str, given: tuple[tuple[str, str], ...]
) -> bool:
    """Cached: it is asked for every mail."""
    context = {key: [value] for key, value in given}
    known = [
        {**statement, "Condition": _on_keys(statement.get("Condition", {}), context)}
        for document in documents
        for statement in statements(document)
    ]
    return decide([{"Statement": known}], action, resource, context).outcome == "allowed"


def _on_keys(conditions: dict[str, Any], context: Context) -> dict[str, Any]:
    """The conditions that are on keys of ``context``."""
    return {
        operator: {key: wanted for key, wanted in keys.items() if key.lower() in context}
        for operator, keys in conditions.items()
    }
