"""Drift: where resources differ from what their stack's template says, and the changes that put them back.

As with CloudFormation, only what the template says is compared, and of that not what cannot be read.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.cloudformation.models import ChangeSet, Stack

from wizard.demo.aws.account import Account
from wizard.demo.aws.stacks import live as stack_live
from wizard.demo.aws.stacks import state as stack_state
from wizard.demo.aws.stacks.resource import Properties
from wizard.demo.aws.stacks.templates import references

REVERT = "REVERT_DRIFT"
"""The deployment mode of a change set that compares the template with what there is in truth."""

_KEYS = ("PolicyName", "AttributeName", "Id", "Key")
"""What tells the items of a list apart, where they have it; otherwise it is their place."""

_OPEN = ("/Environment/Variables", "/AssumeRolePolicyDocument", "PolicyDocument")
"""Where something that the template does not mention differs from it, too."""


@dataclass(frozen=True)
class Drift:
    """One resource as it is expected and as it is. ``differences`` are PropertyDifference structures."""

    name: str
    kind: str
    physical: str
    status: str
    expected: Properties = field(default_factory=dict)
    actual: Properties = field(default_factory=dict)
    differences: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class Detection:
    """The outcome of one detection of drift on a stack."""

    id: str
    at: datetime
    drifts: tuple[Drift, ...]

    @property
    def drifted(self) -> int:
        """How many resources are not as the template says."""
        return sum(drift.status != "IN_SYNC" for drift in self.drifts)

    @property
    def stack_status(self) -> str:
        """The stack's drift status."""
        return "DRIFTED" if self.drifted else "IN_SYNC"


def detect(account: Account, stack: Stack, names: list[str]) -> Detection:
    """Compare the resources of a stack, or those of them with these names, and keep the outcome with it."""
    drifts = tuple(drift for drift in compared(stack) if not names or drift.name in names)
    detection = Detection(str(uuid.uuid4()), account.now(), drifts)
    stack.drift = detection  # type: ignore[attr-defined]
    stack.drift_information = {  # type: ignore[attr-defined]  # DescribeStacks tells it
        "StackDriftStatus": detection.stack_status,
        "LastCheckTimestamp": detection.at,
    }
    return detection


def forget(stack: Stack) -> None:
    """Let nothing be known of drift: the stack is being changed."""
    stack.drift = None  # type: ignore[attr-defined]
    stack.drift_information = {"StackDriftStatus": "NOT_CHECKED"}  # type: ignore[attr-defined]


def last(stack: Stack) -> Detection | None:
    """The last detection on a stack."""
    found: Detection | None = getattr(stack, "drift", None)
    return found


def compared(stack: Stack) -> Iterator[Drift]:
    """Each resource of a stack whose drift can be detected, compared with the template."""
    for name, resource in list(stack_state.made(stack).items()):
        if not stack_live.is_detected(resource) or name not in stack.template_dict["Resources"]:
            continue
        kind, physical = resource.cf_resource_type, resource.physical_resource_id
        actual = stack_live.read(resource)
        if actual is None:
            yield Drift(name, kind, physical, "DELETED")
            continue
        wanted = stack_state.resolved(stack, name)[1]["Properties"]
        expected = {key: value for key, value in wanted.items() if key in actual}
        shown = {key: actual[key] for key in expected if actual[key] is not None}
        found = tuple(_differences("", expected, actual))
        yield Drift(name, kind, physical, "MODIFIED" if found else "IN_SYNC", expected, shown, found)


def difference(change_set: ChangeSet) -> stack_state.Changes:
    """Which resources a change set adds, modifies and removes.

    One that reverts drift makes anew what was deleted, with what refers to that, and puts back the rest.
    """
    stack, template = change_set.stack, change_set.template_dict
    changes = stack_state.difference(stack, template, change_set.parameters)
    if not reverts(change_set):
        return changes
    drifted = {drift.name: drift.status for drift in compared(stack) if drift.name not in changes["Remove"]}
    deleted = [name for name, status in drifted.items() if status == "DELETED"]
    modified = [name for name, status in drifted.items() if status == "MODIFIED"]
    modified += [
        name for name, resource in template["Resources"].items() if {*references(resource)} & {*deleted}
    ]
    added = [*changes["Add"], *deleted]
    changed = [name for name in dict.fromkeys([*changes["Modify"], *modified]) if name not in added]
    return {"Add": added, "Modify": changed, "Remove": changes["Remove"]}


def reverts(change_set: ChangeSet) -> bool:
    """Whether a change set puts back what drifted."""
    return getattr(change_set, "deployment_mode", None) == REVERT


def details(drift: Drift, now: datetime) -> list[dict[str, Any]]:
    """What a change set that reverts drift says of one modified resource (ResourceChangeDetail)."""
    kinds = {"ADD": "Remove", "REMOVE": "Add", "NOT_EQUAL": "Modify"}
    return [
        {
            "Target": {
                "Attribute": "Properties",
                "Name": found["PropertyPath"].split("/")[1],
                "Path": found["PropertyPath"],
                "RequiresRecreation": "Never",
                "BeforeValue": found["ActualValue"],
                "AfterValue": found["ExpectedValue"],
                "BeforeValueFrom": "ACTUAL_STATE",
                "AfterValueFrom": "TEMPLATE",
                "AttributeChangeType": kinds[found["DifferenceType"]],
                "Drift": {
                    "PreviousValue": found["ExpectedValue"],
                    "ActualValue": found["ActualValue"],
                    "DriftDetectionTimestamp": now,
                },
            },
            "Evaluation": "Static",
            "ChangeSource": "NoModification",
        }
        for found in drift.differences
    ]


def _differences(path: str, expected: Any, actual: Any) -> Iterator[dict[str, str]]:
    """Where two values differ, as PropertyDifference structures."""
    if actual is None:
        yield _told(path, expected, None, "REMOVE")
    elif isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            yield from _differences(f"{path}/{key}", value, actual.get(key))
        if any(place in path for place in _OPEN):
            for key in [key for key in actual if key not in expected]:
                yield _told(f"{path}/{key}", None, actual[key], "ADD")
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _list_differences(path, expected, actual)
    elif _plain(expected) != _plain(actual):
        yield _told(path, expected, actual, "NOT_EQUAL")


def _list_differences(path: str, expected: list[Any], actual: list[Any]) -> Iterator[dict[str, str]]:
    left = {_key(item, place): item for place, item in enumerate(actual)}
    for place, item in enumerate(expected):
        yield from _differences(f"{path}/{place}", item, left.pop(_key(item, place), None))
    for place, item in enumerate(left.values(), len(expected)):
        yield _told(f"{path}/{place}", None, item, "ADD")


def _key(item: Any, place: int) -> Any:
    names = [item[name] for name in _KEYS if name in item] if isinstance(item, dict) else []
    return names[0] if names else place


def _told(path: str, expected: Any, actual: Any, kind: str) -> dict[str, str]:
    return {
        "PropertyPath": path,
        "ExpectedValue": "" if expected is None else _plain(expected),
        "ActualValue": "" if actual is None else _plain(actual),
        "DifferenceType": kind,
    }


def _plain(value: Any) -> str:
    """A value as text: CloudFormation takes 60 and "60", true and "true" as the same."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True)
    return str(value).lower() if isinstance(value, bool) else str(value)
