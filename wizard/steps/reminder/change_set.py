"""Work on one CloudFormation stack: a change set, its execution, and what happens to each resource.

Nothing here knows what the stack is for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wizard.aws import cloudformation
from wizard.aws.cloudformation import STACK_TYPE, ChangeSet, StackEvent, Template
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

CHANGE_SET = "ses-wizard"
"""The name of the one change set that is open at a time."""
CREATION_FAILED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}
"""What is left of a creation that failed; it must be deleted before the next try."""

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
_TAKING_BACK = {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}
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
        if re.search(r"already exist", reason, re.IGNORECASE):
            return f"something of that name is there already. AWS says: {reason}"
        if re.search(r"\blimit|quota", reason, re.IGNORECASE):
            return f"a limit of the account is reached. AWS says: {reason}"
        return reason or "CloudFormation gave no reason"


@dataclass(frozen=True, slots=True)
class Work:
    """Work on the stack ``name``, told to ``report``; ``names`` has its resources' names by logical id.

    Every method waits until the stack has settled and gives the first failure, or None where all is well. It
    raises WizardError where AWS cannot be asked, or where it takes longer than PATIENCE.
    """

    world: World
    name: str
    names: Mapping[str, str]
    report: Report
    pause: Pause

    def execute(self, change_set: str) -> Failed | None:
        """Let the change set with this ARN happen."""
        events = cloudformation.describe_stack_events(self.world.aws, self.name, None)
        cloudformation.execute_change_set(self.world.aws, change_set)
        return self._follow(events[0].id if events else None)

    def resume(self) -> Failed | None:
        """Follow an operation that is running already, from its beginning."""
        events = cloudformation.describe_stack_events(self.world.aws, self.name, None)
        begins = [event.type == STACK_TYPE and event.status in _STARTED for event in events]
        before = begins.index(True) + 1 if True in begins else len(events)
        return self._follow(events[before].id if before < len(events) else None)

    def make_anew(self, template: Template, tags: Mapping[str, str]) -> Failed | None:
        """Delete what a failed creation left, then make the stack from ``template``."""
        cloudformation.delete_stack(self.world.aws, self.name)
        wait_until_gone(self.world, self.name, self.pause)
        change_set = work_out(self.world, self.name, template, tags, self.pause, new=True)
        return self.execute(change_set.id) if change_set else None

    def creation_failed(self) -> bool:
        """Whether the stack is what a failed creation left."""
        stack = cloudformation.describe_stack(self.world.aws, self.name)
        return stack is not None and stack.status in CREATION_FAILED

    def _follow(self, after: str | None) -> Failed | None:
        """Report the events later than ``after`` until the stack has settled."""
        told: set[str] = set()
        failure: Failed | None = None
        for _ in range(int(PATIENCE / interval(self.world))):
            events = cloudformation.describe_stack_events(self.world.aws, self.name, after)
            for event in _later(events, after):
                if event.id in told:
                    continue
                told.add(event.id)
                if event.type == STACK_TYPE:
                    if event.status in _ALL_WELL:
                        return None
                    if event.status in _TAKEN_BACK:
                        return failure or Failed("stack", event.reason)
                    if event.status in _TAKING_BACK:
                        self.report(Event("stack", Progress.FAILED, "everything is taken back"))
                    continue
                resource = self.names.get(event.logical_id, event.logical_id)
                _tell(event, resource, self.report)
                if failure is None and _is_cause(event):
                    failure = Failed(resource, event.reason)
            self.pause(interval(self.world))
        raise still_running()


def work_out(
    world: World,
    stack: str,
    template: Template,
    tags: Mapping[str, str],
    pause: Pause,
    *,
    new: bool,
    revert_drift: bool = False,
) -> ChangeSet | None:
    """A fresh change set for ``template``, ready to be executed; None where it would change nothing.

    With ``revert_drift`` it also puts back what was changed by hand. Raises WizardError, also where
    CloudFormation does not accept ``template``.
    """
    drop_change_set(world, stack)
    arn = cloudformation.create_change_set(
        world.aws, stack, CHANGE_SET, template, tags, new=new, revert_drift=revert_drift
    )
    for _ in range(int(PATIENCE / interval(world))):
        change_set = cloudformation.describe_change_set(world.aws, arn)
        if change_set.status == "CREATE_COMPLETE":
            return change_set
        if change_set.status == "FAILED":
            cloudformation.delete_change_set(world.aws, arn)
            if change_set.empty:
                return None
            raise WizardError(
                "CloudFormation does not accept the plan",
                printable(change_set.reason, 500) or "It gave no reason.",
                "Mend what it says, then plan again. Nothing was changed.",
            )
        pause(interval(world))
    raise still_running()


def drop_change_set(world: World, stack: str) -> None:
    """Delete the change set of an earlier plan, if there is one. Raises WizardError."""
    if cloudformation.describe_stack(world.aws, stack):
        arn = cloudformation.list_change_sets(world.aws, stack).get(CHANGE_SET)
        if arn:
            cloudformation.delete_change_set(world.aws, arn)


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


def _is_cause(event: StackEvent) -> bool:
    """Whether the event is a failure of its own, not one that another failure led to."""
    return event.status in ("CREATE_FAILED", "UPDATE_FAILED") and "cancelled" not in event.reason.lower()


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
