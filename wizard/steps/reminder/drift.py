"""Finds what was changed outside CloudFormation. A plan with ``revert_drift`` restores it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from wizard.aws import cloudformation
from wizard.aws.cloudformation import PropertyDifference, ResourceDrift
from wizard.project.schema import Project
from wizard.reminder.template.build import PURPOSES
from wizard.steps.model import Event, Progress, Report
from wizard.steps.reminder import own_stack
from wizard.steps.reminder.change_set import PATIENCE, Pause, interval, still_running
from wizard.text import printable
from wizard.world import World

_SHOWN = 120
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """A resource that differs from the template, and the differences in words."""

    resource: str
    words: str


def drift(world: World, project: Project, report: Report, pause: Pause = time.sleep) -> tuple[Drifted, ...]:
    """Have CloudFormation compare the resources with the template. Empty if they are the same.

    Raises WizardError, also if the stack is not complete.
    """
    stack = own_stack.standing(world, project)
    report(Event("comparison", Progress.STARTED))
    detection = cloudformation.detect_stack_drift(world.aws, stack.name)
    for _ in range(int(PATIENCE / interval(world))):
        seen = cloudformation.describe_drift_detection(world.aws, detection)
        if seen.status != "DETECTION_IN_PROGRESS":
            break
        pause(interval(world))
    else:
        raise still_running()
    found = [*map(in_words, cloudformation.describe_stack_resource_drifts(world.aws, stack.name))]
    if seen.status == "DETECTION_FAILED":
        # The others were compared all the same.
        found.append(Drifted("stack", f"some resources could not be compared: {printable(seen.reason, 300)}"))
    report(Event("comparison", Progress.DONE))
    return tuple(found)


def in_words(drifted: ResourceDrift) -> Drifted:
    """A drifted resource, by its name in plans."""
    purpose = PURPOSES.get(drifted.logical_id)
    name = purpose.name if purpose else printable(drifted.logical_id, 100)
    if drifted.status == "DELETED":
        return Drifted(name, "it was deleted")
    return Drifted(name, "; ".join(map(_difference, drifted.differences)) or "it differs from the template")


def _difference(differs: PropertyDifference) -> str:
    name = printable(differs.path.lstrip("/").replace("/", "."), 100)
    actual, expected = printable(differs.actual, _SHOWN), printable(differs.expected, _SHOWN)
    match differs.kind:
        case "ADD":
            return f"{name} was added: {actual}"
        case "REMOVE":
            return f"{name} was removed; it should be {expected}"
        case _:
            return f"{name} is {actual}; it should be {expected}"
