"""Following a CloudFormation stack until it has settled, and saying what happens to each resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wizard.aws import cloudformation
from wizard.aws.cloudformation import STACK_TYPE, StackEvent
from wizard.errors import ExitCode, WizardError
from wizard.steps.model import Event, Progress, Report
from wizard.text import printable
from wizard.world import World

Pause = Callable[[float], None]
"""How to wait a number of seconds: ``time.sleep``, or something quicker in tests."""

PATIENCE = 900.0
"""Seconds after which following ends; CloudFormation goes on without us."""
_INTERVAL, _DEMO_INTERVAL = 2.0, 0.1
"""Seconds between two looks at AWS, and at the embedded account."""

_STARTED = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}
_ALL_WELL = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_TAKEN_BACK = {
    "CREATE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
}
_PROPAGATION = ("cannot be assumed by", "to assume the role", "is not authorized to perform: sts:AssumeRole")
"""What services say of a role that is too new for them to know."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a stack came to nothing: its first failed resource and CloudFormation's reason."""

    resource: str
    reason: str

    @property
    def role_too_new(self) -> bool:
        """Whether the same again may work, because a new role is not known everywhere yet."""
        return any(text in self.reason for text in _PROPAGATION)

    @property
    def words(self) -> str:
        """The reason in plain words."""
        reason = printable(" ".join(self.reason.split()), 500)
        if named := re.search(r"not authorized to perform: ([\w:*-]+)", reason):
            return f"your credentials may not do {named[1]}. AWS says: {reason}"
        if re.search(r"already exists", reason, re.IGNORECASE):
            return f"something of that name is there already. AWS says: {reason}"
        if re.search(r"limit|quota", reason, re.IGNORECASE):
            return f"a limit of the account is reached. AWS says: {reason}"
        return reason or "CloudFormation gave no reason"


def newest_event(world: World, stack: str) -> str | None:
    """The id of the newest event, to follow from; None where there is none. Raises WizardError."""
    events = cloudformation.describe_stack_events(world.aws, stack)
    return events[0].id if events else None


def event_before_start(world: World, stack: str) -> str | None:
    """The id of the event before the running operation began; None where it is the first.

    Raises WizardError.
    """
    events = cloudformation.describe_stack_events(world.aws, stack)
    starts = (
        place for place, event in enumerate(events) if event.type == STACK_TYPE and event.status in _STARTED
    )
    before = next(starts, len(events)) + 1
    return events[before].id if before < len(events) else None


def follow(
    world: World, stack: str, after: str | None, names: Mapping[str, str], report: Report, pause: Pause
) -> Failed | None:
    """Report the events later than ``after`` until the stack has settled; the first failure, or None.

    ``names`` has the resources' names in words by their logical id. Raises WizardError where AWS cannot be
    asked, or where the stack takes longer than PATIENCE.
    """
    told: set[str] = set()
    failure: Failed | None = None
    for _ in range(int(PATIENCE / interval(world))):
        for event in _later(cloudformation.describe_stack_events(world.aws, stack), after):
            if event.id in told:
                continue
            told.add(event.id)
            if event.type == STACK_TYPE:
                if event.status in _ALL_WELL:
                    return None
                if event.status in _TAKEN_BACK:
                    return failure or Failed("the stack", event.reason)
                continue
            name = names.get(event.logical_id, event.logical_id)
            _tell(event, name, report)
            cancelled = "cancelled" in event.reason.lower()
            if event.status in ("CREATE_FAILED", "UPDATE_FAILED") and not cancelled and failure is None:
                failure = Failed(name, event.reason)
        pause(interval(world))
    raise still_running()


def wait_until_gone(world: World, stack: str, pause: Pause) -> None:
    """Wait until a deleted stack is gone. Raises WizardError, also where it cannot be deleted."""
    for _ in range(int(PATIENCE / interval(world))):
        seen = cloudformation.describe_stack(world.aws, stack)
        if seen is None or seen.status == "DELETE_COMPLETE":
            return
        if seen.status == "DELETE_FAILED":
            raise WizardError(
                f"The stack {stack} could not be deleted",
                f"AWS says: {printable(seen.reason or 'no reason', 300)}",
                "Delete it in the CloudFormation console, then try again.",
            )
        pause(interval(world))
    raise still_running()


def interval(world: World) -> float:
    """Seconds between two looks."""
    return _DEMO_INTERVAL if world.demo else _INTERVAL


def still_running() -> WizardError:
    """The error where CloudFormation takes longer than we wait."""
    return WizardError(
        "CloudFormation is still at work",
        f"It has not finished within {PATIENCE / 60:.0f} minutes. It goes on by itself.",
        "Look again later: the wizard finds the stack and goes on from there.",
        ExitCode.OUTSIDE,
    )


def _later(events: tuple[StackEvent, ...], after: str | None) -> list[StackEvent]:
    """Those later than the event ``after``, the oldest first."""
    later: list[StackEvent] = []
    for event in events:
        if event.id == after:
            break
        later.append(event)
    return later[::-1]


def _tell(event: StackEvent, name: str, report: Report) -> None:
    """Report an event of one resource, if it says something new about it."""
    if event.status.startswith("DELETE"):
        return
    if event.status.endswith("_FAILED"):
        report(Event(name, Progress.FAILED, Failed(name, event.reason).words))
    elif event.status.endswith("_COMPLETE"):
        report(Event(name, Progress.DONE))
    elif event.status.endswith("_IN_PROGRESS") and not event.reason:
        report(Event(name, Progress.STARTED))
