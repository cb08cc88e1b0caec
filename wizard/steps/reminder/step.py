"""Step 5: who gets what, when. One CloudFormation stack, and the recipients in its table.

``plan`` has CloudFormation work out a change set, which changes nothing yet; ``act`` lets exactly that one
happen; ``decline`` throws it away. A run that was interrupted is found again: ``plan`` says so, and ``act``
goes on.
"""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from wizard.aws import cloudformation, sesv2
from wizard.aws.cloudformation import Stack, Template
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder import costs, draft
from wizard.reminder.capacity import needed
from wizard.reminder.schedule.schedules import next_runs
from wizard.reminder.setup import Setup
from wizard.reminder.template.build import PURPOSES
from wizard.reminder.template.parts import in_a_call
from wizard.steps.model import Change, ChangeKind, Event, Plan, Progress, Report, StepName
from wizard.steps.reminder import change_set as stacks
from wizard.steps.reminder import plan_lines as lines
from wizard.steps.reminder import recipients
from wizard.steps.reminder.change_set import Failed, Pause
from wizard.steps.reminder.deployed import deployed, opt_outs_name, without_loss
from wizard.steps.reminder.identities import needed_identities, verified, with_test_addresses
from wizard.steps.reminder.look import ReminderSeen, changed_words, judge, look
from wizard.steps.reminder.obstacles import recipients_gone, refuse_foreign, refuse_problems
from wizard.steps.reminder.own_stack import TAG, nothing_there, ours, tags
from wizard.steps.reminder.recipients import Import
from wizard.world import World

__all__ = [
    "ReminderPlan",
    "ReminderSeen",
    "StackWork",
    "act",
    "changed_words",
    "decline",
    "judge",
    "look",
    "plan",
    "watch",
]

_NAMES = {logical_id: purpose.name for logical_id, purpose in PURPOSES.items()}


@dataclass(frozen=True, slots=True)
class StackWork:
    """What is to be done with the stack, and what is needed to do exactly that.

    ``change_set`` is the ARN of the change set to execute. There is none where the stack stays as it is, is
    being worked on (``running``), or is what a failed try left, which goes first (``clear``).
    """

    changes: tuple[Change, ...]
    template: Template
    change_set: str | None = None
    clear: bool = False
    running: bool = False


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    """A plan to show, and what ``act`` carries out: work on the stack, and on the recipients' table."""

    plan: Plan
    work: StackWork
    people: Import


def plan(
    world: World,
    project: Project,
    base: Path,
    pause: Pause = time.sleep,
    *,
    revert_drift: bool = False,
) -> ReminderPlan:
    """Work out what the project file would change. ``base`` is the folder of the project file.

    With ``revert_drift`` it is also what puts back that which somebody changed by hand. It leaves a change
    set behind, which changes nothing by itself: carry it out with ``act``, or throw it away with ``decline``.
    Raises WizardError, also for what ``draft.problems`` finds and where somebody else's stack or function is
    in the way.
    """
    now, reminder, domain = world.now(), project.reminder, project.domain.name
    refuse_problems(project, base, now)
    stack = cloudformation.describe_stack(world.aws, reminder.stack)
    if stack and stack.status == "REVIEW_IN_PROGRESS" and stack.tags.get(TAG, domain) != domain:
        _drop_empty(world, stack, pause)
        stack = None
    refuse_foreign(world, project, stack)
    account, listed = sesv2.get_account(world.aws), sesv2.list_identities(world.aws)
    usable = {} if account.production_access else verified(listed)
    gone = recipients_gone(world, stack)
    if gone and not revert_drift:
        raise gone
    people = recipients.plan_import(world, project, base, None if gone else stack, {*usable, domain or ""})
    before = deployed(world, stack)
    capacity = without_loss(
        world,
        project,
        before,
        needed(people.recipients, account.max_send_rate, account.max_24_hour_send),
    )
    needed_only = draft.setup_of(
        project,
        needed_identities(project, listed, usable, people.covering),
        before.start(project, now, keep=not revert_drift),
        table_key=people.table_key,
        workers=capacity.workers,
    )
    needed_only = dataclasses.replace(needed_only, opt_outs_name=opt_outs_name(world, project, before))
    setup, left_out = with_test_addresses(needed_only, usable)
    work = _stack_work(world, project, stack, Template(*in_a_call(setup)), pause, revert_drift=revert_drift)
    changes = (
        *work.changes,
        lines.mode_line(capacity, before.mode, _gap(setup, now)),
        lines.recipients_line(project, people),
        *(lines.spare_lines(before.spare(project)) if account.production_access else ()),
        *(() if account.production_access else lines.sandbox_lines(people, left_out)),
    )
    cost = costs.monthly(
        setup.schedule,
        setup.timezone,
        now,
        people.recipients,
        start=setup.start,
        end=setup.end,
        rate=account.max_send_rate,
        workers=setup.workers,
    )
    cost = f"Once it is resumed: {cost}" if setup.paused else cost
    return ReminderPlan(Plan(StepName.REMINDER, changes, cost), work, people)


def decline(world: World, project: Project) -> None:
    """Throw the planned change set away, with the empty stack it may have opened. Raises WizardError."""
    stack = cloudformation.describe_stack(world.aws, project.reminder.stack)
    if stack is None or not ours(stack, project):
        return
    if stack.status == "REVIEW_IN_PROGRESS":
        cloudformation.delete_stack(world.aws, stack.name)
    elif not stack.running:
        stacks.drop_change_set(world, stack.name)


def act(
    world: World, project: Project, planned: ReminderPlan, report: Report, pause: Pause = time.sleep
) -> Project:
    """Carry out ``planned``, tell what happens to each resource, and write the recipients into the table.

    A new stack that fails because its roles are too new is tried again. Raises WizardError with the first
    failed resource's reason; what CloudFormation took back can simply be planned and tried again.
    """
    _refuse_old(planned.work, world.now())
    name = project.reminder.stack
    new = planned.work.clear or _opened(world, name)
    if failed := _deploy(world, project, planned.work, report, pause):
        raise _came_to_nothing(failed, new=new)
    stack = cloudformation.describe_stack(world.aws, name)
    if stack is None:
        raise nothing_there(name)
    if planned.people.changes_anything:
        recipients.carry_out(world, stack, planned.people, report)
    return replace(project, reminder=replace(project.reminder, tested=None)) if new else project


def watch(world: World, project: Project, report: Report, pause: Pause = time.sleep) -> None:
    """Go on watching what CloudFormation does to the stack since an earlier run, until it is done.

    It changes nothing: what an interrupted ``act`` had left to do, the next plan shows. Raises WizardError as
    ``act`` does.
    """
    new = (stack := cloudformation.describe_stack(world.aws, project.reminder.stack)) is not None and (
        stack.status.startswith(("CREATE", "ROLLBACK"))
    )
    if failed := stacks.Work(world, project.reminder.stack, _NAMES, report, pause).resume():
        raise _came_to_nothing(failed, new=new)


def _came_to_nothing(failed: Failed, *, new: bool) -> WizardError:
    """The error where CloudFormation took everything back."""
    return WizardError(
        "The stack could not be made" if new else "The stack could not be changed",
        f"The {failed.resource}: {failed.words}",
        "CloudFormation took everything back. Mend what it says, then plan and try again.",
    )


def _stack_work(
    world: World, project: Project, stack: Stack | None, wanted: Template, pause: Pause, *, revert_drift: bool
) -> StackWork:
    """What is to be done with the stack, with its change set worked out where there can be one."""
    name, now = project.reminder.stack, world.now()
    if stack and stack.running:
        return StackWork((lines.running_line(stack),), wanted, running=True)
    if stack and stack.status in stacks.CREATION_FAILED:
        return StackWork(
            (lines.cleared_line(stack), *lines.all_lines(wanted.body, project, now)), wanted, clear=True
        )
    new = not (stack and stack.complete)
    change_set = stacks.work_out(
        world, name, wanted, tags(project), pause, new=new, revert_drift=revert_drift and not new
    )
    if change_set is None:
        return StackWork((Change(ChangeKind.KEEP, f"stack {name}", "is as the project file says"),), wanted)
    changes = tuple(lines.line(change, project, now) for change in change_set.changes)
    return StackWork(changes, wanted, change_set=change_set.id)


def _gap(setup: Setup, now: datetime) -> timedelta | None:
    """The time between the next two runs; None where there is at most one."""
    coming = next_runs(setup.schedule, setup.timezone, now, 2, setup.start, setup.end)
    return coming[1] - coming[0] if len(coming) == 2 else None


def _refuse_old(work: StackWork, now: datetime) -> None:
    """Raise where the begin of the planned schedule has come meanwhile: EventBridge would refuse it."""
    schedule = json.loads(work.template.body)["Resources"]["Schedule"]["Properties"]
    written = any(change.subject == PURPOSES["Schedule"].name for change in work.changes)
    if written and "StartDate" in schedule and datetime.fromisoformat(schedule["StartDate"]) <= now:
        raise WizardError(
            "The plan is too old",
            "The schedule's first moment has come since it was made. Nothing was changed.",
            "Plan again: the schedule then begins later.",
        )


def _drop_empty(world: World, stack: Stack, pause: Pause) -> None:
    """Delete a stack that was planned for another domain and holds nothing."""
    cloudformation.delete_stack(world.aws, stack.name)
    stacks.wait_until_gone(world, stack.name, pause)


def _opened(world: World, name: str) -> bool:
    """Whether the stack has no resources yet: it is only planned, or not there at all."""
    stack = cloudformation.describe_stack(world.aws, name)
    return stack is None or stack.status == "REVIEW_IN_PROGRESS"


def _deploy(world: World, project: Project, wanted: StackWork, report: Report, pause: Pause) -> Failed | None:
    """Bring the stack to where the plan wants it. Gives the first failure where that came to nothing."""
    work = stacks.Work(world, project.reminder.stack, _NAMES, report, pause)
    if wanted.running:
        return work.resume()
    if wanted.clear:
        return work.make_anew(wanted.template, tags(project))
    if wanted.change_set is None:
        return None
    failed = work.execute(wanted.change_set)
    if failed and failed.role_too_new and work.creation_failed():
        report(Event(failed.resource, Progress.STARTED, "its new role was too new: once more"))
        return work.make_anew(wanted.template, tags(project))
    return failed
