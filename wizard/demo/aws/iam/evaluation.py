"""What a set of IAM policies says of one action on one resource: allowed, denied, or not spoken of. Pure.

By AWS's evaluation logic inside one account (IAM User Guide, "Policy evaluation logic"), for identity-based
policies: an explicit deny wins, an allow is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

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
    """The statements of a policy."""
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
