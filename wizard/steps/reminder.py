"""Step 5: who gets what, when. One CloudFormation stack, and the recipients in its table.

``plan`` has CloudFormation work out a change set, which changes nothing yet; ``act`` lets exactly that one
happen; ``decline`` throws it away. A run that was interrupted is found again: ``plan`` says so, and ``act``
goes on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wizard.aws import cloudformation, functions, scheduler, sesv2
from wizard.aws.cloudformation import Stack
from wizard.errors import ExitCode, WizardError
from wizard.project import Project
from wizard.reminder import costs, draft, template
from wizard.reminder.template import FUNCTION_NAME, PURPOSES
from wizard.steps import reminder_lines as lines
from wizard.steps import reminder_recipients
from wizard.steps import stack as stacks
from wizard.steps.model import Change, ChangeKind, Event, Plan, Progress, Report, StepName
from wizard.steps.reminder_identities import needed_identities, verified
from wizard.steps.reminder_recipients import Import
from wizard.steps.reminder_seen import ReminderSeen, judge, look
from wizard.steps.reminder_stack import TAG, nothing_there, ours, tags
from wizard.steps.reminder_trial import TestResult, test_run
from wizard.steps.stack import Failed, Pause
from wizard.text import printable
from wizard.world import World

__all__ = [
    "ReminderPlan",
    "ReminderSeen",
    "StackWork",
    "TestResult",
    "act",
    "decline",
    "judge",
    "look",
    "plan",
    "test_run",
]

_STUCK = {"UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_FAILED"}
_NAMES = {logical_id: purpose.name for logical_id, purpose in PURPOSES.items()}


@dataclass(frozen=True, slots=True)
class StackWork:
    """What is to be done with the stack, and what is needed to do exactly that.

    ``change_set`` is the ARN of the change set to execute. There is none where the stack stays as it is, is
    being worked on (``running``), or is what a failed try left, which goes first (``clear``).
    """

    changes: tuple[Change, ...]
    body: str
    change_set: str | None = None
    clear: bool = False
    running: bool = False


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    """A plan to show, and what ``act`` carries out: work on the stack, and on the recipients' table."""

    plan: Plan
    work: StackWork
    people: Import


def plan(world: World, project: Project, base: Path, pause: Pause = time.sleep) -> ReminderPlan:
    """Work out what the project file would change. ``base`` is the folder of the project file.

    It leaves a change set behind, which changes nothing by itself: carry it out with ``act``, or throw it
    away with ``decline``. Raises WizardError, also for what ``draft.problems`` finds and where somebody
    else's stack or function is in the way.
    """
    _refuse_problems(project, base, world.now())
    domain = project.domain.name
    stack = cloudformation.describe_stack(world.aws, project.reminder.stack)
    if stack and stack.status == "REVIEW_IN_PROGRESS" and stack.tags.get(TAG, domain) != domain:
        _drop_empty(world, stack, pause)
        stack = None
    _refuse_foreign(world, project, stack)
    sandboxed = not sesv2.get_account(world.aws).production_access
    listed = sesv2.list_identities(world.aws)
    usable = verified(listed) if sandboxed else {}
    people = reminder_recipients.plan_import(world, project, base, stack, {*usable, domain or ""})
    identities = needed_identities(project, listed, usable, people.covering)
    body = template.body(draft.setup_of(project, identities, _start(world, project, stack)))
    work = _stack_work(world, project, stack, body, pause)
    changes = (
        *work.changes,
        lines.recipients_line(people),
        *(lines.sandbox_lines(people) if sandboxed else ()),
    )
    reminder = project.reminder
    cost = costs.monthly(reminder.schedule or "", reminder.timezone, world.now(), people.recipients)
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
    name = project.reminder.stack
    new = planned.work.clear or _opened(world, name)
    if failed := _deploy(world, project, planned.work, report, pause):
        raise WizardError(
            "The stack could not be made" if new else "The stack could not be changed",
            f"The {failed.resource}: {failed.words}",
            "CloudFormation took everything back. Mend what it says, then plan and try again.",
        )
    stack = cloudformation.describe_stack(world.aws, name)
    if stack is None:
        raise nothing_there(name)
    if planned.people.changes_anything:
        reminder_recipients.carry_out(world, stack, planned.people, report)
    return project.not_done("reminder") if new else project


def _refuse_problems(project: Project, base: Path, now: datetime) -> None:
    found = draft.problems(project, base, now)
    if found:
        raise WizardError(
            "The reminder cannot be set up like this",
            " ".join(f"{setting}: {sentence}" for setting, sentence in found[:3]),
            "Mend it, then plan again.",
            ExitCode.USAGE,
        )


def _refuse_foreign(world: World, project: Project, stack: Stack | None) -> None:
    """Raise where a stack or a function stands in the way that is not this set-up's."""
    name = project.reminder.stack
    if stack and not ours(stack, project):
        owner = stack.tags.get(TAG)
        raise WizardError(
            f"The stack name {name} is taken",
            f"A stack of that name belongs to the set-up of {printable(owner)}."
            if owner
            else "A stack of that name is there that this wizard did not make. It is left alone.",
            "Choose another name: `reminder.stack` in the project file.",
        )
    if stack and stack.status == "DELETE_IN_PROGRESS":
        raise WizardError(
            f"The stack {name} is being deleted",
            "CloudFormation is at work on it.",
            "Wait a few minutes, then plan again.",
        )
    if stack and stack.status in _STUCK:
        raise WizardError(
            f"The stack {name} is stuck",
            f"CloudFormation could not finish ({stack.status}). {printable(stack.reason, 300)}".strip(),
            "Open it in the CloudFormation console and choose “Continue update rollback” or “Delete”.",
        )
    if stack and (stack.complete or stack.running):
        return
    found = functions.get_function_tags(world.aws, FUNCTION_NAME)
    if found is not None and found.get("aws:cloudformation:stack-name") != name:
        owner = found.get("aws:cloudformation:stack-name", "no stack")
        raise WizardError(
            f"A function called {FUNCTION_NAME} is there already",
            f"It belongs to {printable(owner)}. There is one of that name in an account and Region.",
            "Use another Region or account for this set-up, or remove the other one first.",
        )


def _start(world: World, project: Project, stack: Stack | None) -> datetime | None:
    """The schedule's StartDate: the deployed one as long as expression and time zone stay the same."""
    wanted = project.reminder.schedule or ""
    if stack and stack.complete:
        deployed = scheduler.get_schedule(world.aws, stack.name, stack.name)
        if deployed and (deployed.expression, deployed.timezone) == (wanted, project.reminder.timezone):
            return deployed.start
    return draft.start_date(project.reminder, world.now())


def _stack_work(world: World, project: Project, stack: Stack | None, body: str, pause: Pause) -> StackWork:
    """What is to be done with the stack, with its change set worked out where there can be one."""
    name, now = project.reminder.stack, world.now()
    if stack and stack.running:
        return StackWork((lines.running_line(stack),), body, running=True)
    if stack and stack.status in stacks.CREATION_FAILED:
        return StackWork((lines.cleared_line(stack), *lines.all_lines(body, project, now)), body, clear=True)
    new = not (stack and stack.complete)
    change_set = stacks.work_out(world, name, body, tags(project), pause, new=new)
    if change_set is None:
        return StackWork((Change(ChangeKind.KEEP, f"stack {name}", "is as the project file says"),), body)
    changes = tuple(lines.line(change, project, now) for change in change_set.changes)
    return StackWork(changes, body, change_set=change_set.id)


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
        return work.make_anew(wanted.body, tags(project))
    if wanted.change_set is None:
        return None
    failed = work.execute(wanted.change_set)
    if failed and failed.role_too_new and work.creation_failed():
        report(Event(failed.resource, Progress.STARTED, "its new role was too new: once more"))
        return work.make_anew(wanted.body, tags(project))
    return failed
