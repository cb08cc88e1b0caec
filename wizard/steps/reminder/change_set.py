"""Change sets of a CloudFormation stack, their execution, and the progress of each resource. Any stack."""

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
"""Waits a number of seconds: ``time.sleep``, or something quicker in tests."""

PATIENCE = 900.0
"""Seconds after which following ends; CloudFormation continues."""
_INTERVAL, _DEMO_INTERVAL = 2.0, 0.1
"""Seconds between two calls, to AWS and to the embedded account."""

CHANGE_SET = "ses-wizard"
"""The name of the change set; one is open at a time."""
CREATION_FAILED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}
"""A stack whose creation failed must be deleted before the next try."""

_STARTED = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}
_SUCCEEDED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_ROLLED_BACK = {
    "CREATE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
}
_ROLLING_BACK = {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}
_PROPAGATION = ("cannot be assumed by", "to assume the role", "is not authorized to perform: sts:AssumeRole")
"""Errors of services that do not know a new role yet."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a deployment failed: its first failed resource and CloudFormation's reason."""

    resource: str
    reason: str

    @property
    def role_too_new(self) -> bool:
        """Whether a second try may work, because a new role is not known everywhere yet."""
        return any(text in self.reason for text in _PROPAGATION)

    @property
    def words(self) -> str:
        """The reason in plain words."""
        reason = printable(" ".join(self.reason.split()), 500)
        if named := re.search(r"not authorized to perform: ([\w:*-]+)", reason):
            return f"your credentials do not allow {named[1]}. AWS says: {reason}"
        if re.search(r"already exist", reason, re.IGNORECASE):
            return f"the name is already in use. AWS says: {reason}"
        if re.search(r"\blimit|quota", reason, re.IGNORECASE):
            return f"a limit of the account is reached. AWS says: {reason}"
        return reason or "CloudFormation gave no reason"


@dataclass(frozen=True, slots=True)
class Work:
    """Work on the stack ``name``, with progress to ``report``; ``names`` are plain names by logical id.

    Every method waits until the stack has settled and returns the first failure, or None if all is well. It
    raises WizardError if AWS cannot be asked, or after PATIENCE.
    """

    world: World
    name: str
    names: Mapping[str, str]
    report: Report
    pause: Pause

    def execute(self, change_set: str) -> Failed | None:
        """Execute the change set with this ARN."""
        events = cloudformation.describe_stack_events(self.world.aws, self.name, None)
        cloudformation.execute_change_set(self.world.aws, change_set)
        return self._follow(events[0].id if events else None)

    def resume(self) -> Failed | None:
        """Follow a running operation from its beginning."""
        events = cloudformation.describe_stack_events(self.world.aws, self.name, None)
        begins = [event.type == STACK_TYPE and event.status in _STARTED for event in events]
        before = begins.index(True) + 1 if True in begins else len(events)
        return self._follow(events[before].id if before < len(events) else None)

    def create_again(self, template: Template, tags: Mapping[str, str]) -> Failed | None:
        """Delete a failed stack, then create it from ``template``."""
        cloudformation.delete_stack(self.world.aws, self.name)
        wait_until_gone(self.world, self.name, self.pause)
        change_set = work_out(self.world, self.name, template, tags, self.pause, new=True)
        return self.execute(change_set.id) if change_set else None

    def creation_failed(self) -> bool:
        """Whether the creation of the stack failed."""
        stack = cloudformation.describe_stack(self.world.aws, self.name)
        return stack is not None and stack.status in CREATION_FAILED

    def _follow(self, after: str | None) -> Failed | None:
        """Report the events later than ``after`` until the stack has settled."""
        seen: set[str] = set()
        failure: Failed | None = None
        for _ in range(int(PATIENCE / interval(self.world))):
            events = cloudformation.describe_stack_events(self.world.aws, self.name, after)
            for event in _later(events, after):
                if event.id in seen:
                    continue
                seen.add(event.id)
                if event.type == STACK_TYPE:
                    if event.status in _SUCCEEDED:
                        return None
                    if event.status in _ROLLED_BACK:
                        return failure or Failed("stack", event.reason)
                    if event.status in _ROLLING_BACK:
                        self.report(Event("stack", Progress.FAILED, "everything is rolled back"))
                    continue
                resource = self.names.get(event.logical_id, event.logical_id)
                _report_event(event, resource, self.report)
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
    """Create a change set for ``template``, ready to be executed; None if it would change nothing.

    With ``revert_drift`` it also restores what was changed by hand. Raises WizardError, also if
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
                "Fix the cause, then plan again. Nothing was changed.",
            )
        pause(interval(world))
    raise still_running()


def drop_change_set(world: World, stack: str) -> None:
    """Delete the change set of an earlier plan, if any. Raises WizardError."""
    if cloudformation.describe_stack(world.aws, stack):
        arn = cloudformation.list_change_sets(world.aws, stack).get(CHANGE_SET)
        if arn:
            cloudformation.delete_change_set(world.aws, arn)


def wait_until_gone(world: World, stack: str, pause: Pause) -> None:
    """Wait until a stack is deleted. Raises WizardError, also if it cannot be deleted."""
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
    """Seconds between two calls."""
    return _DEMO_INTERVAL if world.demo else _INTERVAL


def still_running() -> WizardError:
    """The error after PATIENCE."""
    return WizardError(
        "CloudFormation is still working",
        f"It has not finished within {PATIENCE / 60:.0f} minutes, and continues by itself.",
        "Try again later: the wizard finds the stack and continues from there.",
        ExitCode.OUTSIDE,
    )


def _later(events: tuple[StackEvent, ...], after: str | None) -> list[StackEvent]:
    """The events after the event ``after``, the oldest first."""
    later: list[StackEvent] = []
    for event in events:
        if event.id == after:
            break
        later.append(event)
    return later[::-1]


def _is_cause(event: StackEvent) -> bool:
    """Whether the event is a failure, but not a consequence of another one."""
    return event.status in ("CREATE_FAILED", "UPDATE_FAILED") and "cancelled" not in event.reason.lower()


def _report_event(event: StackEvent, name: str, report: Report) -> None:
    """Report an event of one resource, if it is news."""
    if event.status.startswith("DELETE"):
        return
    if event.status.endswith("_FAILED"):
        report(Event(name, Progress.FAILED, Failed(name, event.reason).words))
    elif event.status.endswith("_COMPLETE"):
        report(Event(name, Progress.DONE))
    elif event.status.endswith("_IN_PROGRESS") and not event.reason:
        report(Event(name, Progress.STARTED))
