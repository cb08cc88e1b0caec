"""Step 5: who gets what, when. One CloudFormation stack, and the recipients in its table.

``plan`` has CloudFormation work out a change set, which changes nothing yet; ``act`` lets exactly that one
happen; ``decline`` throws it away. A run that was interrupted is found again: ``plan`` says so, and ``act``
goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from wizard.aws import cloudformation, functions, scheduler, sesv2
from wizard.aws.cloudformation import Stack, StackResource
from wizard.aws.scheduler import Schedule
from wizard.aws.sesv2 import ListedIdentity
from wizard.errors import ExitCode, WizardError
from wizard.project import Project
from wizard.reminder import costs, draft, schedules, template
from wizard.reminder.recipients import AddressError, normal_address
from wizard.reminder.refusals import SIMULATOR, explain
from wizard.reminder.template import FUNCTION_NAME, PURPOSES
from wizard.steps import reminder_lines as lines
from wizard.steps import reminder_recipients
from wizard.steps import stack as stacks
from wizard.steps.model import Change, ChangeKind, Event, Plan, Progress, Report, Standing, Status, StepName
from wizard.steps.reminder_recipients import Import
from wizard.steps.stack import Failed, Pause
from wizard.text import printable
from wizard.world import World

TAG = "ses-wizard"
"""The stack's tag that says it is ours; its value is the domain."""
_ROLE_PAUSES = (2.0, 4.0, 8.0)
"""Seconds to wait, one after the other, for the rights of a new role to be known everywhere."""
_STUCK = {"UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_FAILED"}
_NAMES = {logical_id: purpose.name for logical_id, purpose in PURPOSES.items()}


@dataclass(frozen=True, slots=True)
class ReminderSeen:
    """What AWS has: the stack, and the schedule, its next run (UTC) and the number of recipients in it."""

    stack: Stack | None
    resources: tuple[StackResource, ...] = ()
    schedule: Schedule | None = None
    recipients: int = 0
    next_run: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of a test mail: whether SES took it, in plain words, and what to do next if it did not.

    ``project`` has the evidence where it did. ``message_id`` is SES's; it is no delivery yet.
    """

    sent: bool
    words: str
    todo: str
    message_id: str | None
    project: Project


def look(world: World, project: Project) -> ReminderSeen:
    """Read the stack and what is in it. Raises WizardError."""
    stack = cloudformation.describe_stack(world.aws, project.reminder.stack)
    if stack is None or stack.status == "REVIEW_IN_PROGRESS" or not _ours(stack, project):
        return ReminderSeen(stack)
    resources = cloudformation.list_stack_resources(world.aws, stack.name)
    if not stack.complete:
        return ReminderSeen(stack, resources)
    schedule = scheduler.get_schedule(world.aws, stack.name, stack.name)
    return ReminderSeen(
        stack=stack,
        resources=resources,
        schedule=schedule,
        recipients=reminder_recipients.count(world, stack),
        next_run=_next_run(schedule, world.now()),
    )


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
    verified = _verified(listed) if sandboxed else {}
    people = reminder_recipients.plan_import(world, project, base, stack, {*verified, domain or ""})
    identities = _identities(project, listed, verified, people)
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
    if stack is None or not _ours(stack, project):
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
        raise _nothing_there(name)
    if planned.people.changes_anything:
        reminder_recipients.carry_out(world, stack, planned.people, report)
    return project.not_done("reminder") if new else project


def test_run(
    world: World,
    project: Project,
    address: str,
    report: Report,
    recipient: str | None = None,  # noqa: PT028 - a test run, not a pytest test
    pause: Pause = time.sleep,  # noqa: PT028
) -> TestResult:
    """Have the deployed function send one mail to ``address`` alone, filled in for ``recipient`` (or anyone).

    Raises WizardError where the stack is not complete, the address is none, or the function itself fails;
    a refusal by SES is a result.
    """
    try:
        address = normal_address(address)
    except AddressError as error:
        raise WizardError(
            "This is no e-mail address",
            f"{printable(address, 100)}: {error}.",
            "Type it again.",
            ExitCode.USAGE,
        ) from error
    seen = look(world, project)
    if seen.stack is None or not seen.stack.complete:
        raise _nothing_there(project.reminder.stack)
    report(Event("test mail", Progress.STARTED))
    answer = _test_answer(world, address, recipient, pause)
    if message_id := answer.get("message_id"):
        report(Event("test mail", Progress.DONE, "SES took it"))
        words = f"SES took the mail to {address}. {_where_to_look(address, demo=world.demo)}"
        evidence = project.seen_done("reminder", _done_words(seen), world.now())
        return TestResult(True, words, "", str(message_id), evidence)
    refusal = explain(
        str(answer.get("refused", "")),
        str(answer.get("reason", "")),
        address,
        project.reminder.sender or "",
        not sesv2.get_account(world.aws).production_access,
    )
    report(Event("test mail", Progress.FAILED, refusal.words))
    return TestResult(False, refusal.words, refusal.todo, None, project)


def _where_to_look(address: str, *, demo: bool) -> str:
    """Where to see a mail that SES took."""
    if demo:
        return "What arrives in the demo stands in its own inbox."
    if address.rpartition("@")[2] == SIMULATOR.rpartition("@")[2]:
        return "That is SES's own simulator: it has no inbox, so there is nothing to look for."
    return "Look into that inbox, and into its spam folder."


def _test_answer(world: World, address: str, recipient: str | None, pause: Pause) -> dict[str, Any]:
    """What the function answers. A refusal for missing rights is asked again: a new role takes its time."""
    event = {"test": {"address": address, "recipient": recipient}}
    for seconds in _ROLE_PAUSES:
        answer = functions.invoke(world.aws, FUNCTION_NAME, event)
        if "AccessDenied" not in str(answer.get("refused", "")):
            return answer
        pause(seconds)
    return functions.invoke(world.aws, FUNCTION_NAME, event)


def judge(seen: ReminderSeen, project: Project) -> Standing:
    """Where the step stands: done when the stack is complete and a test mail has left."""
    status, words = _judged(seen, project)
    return Standing(StepName.REMINDER, status, words)


def _judged(seen: ReminderSeen, project: Project) -> tuple[Status, str]:
    stack = seen.stack
    if stack is None or stack.status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
        return Status.TODO, "nothing is set up yet"
    if not _ours(stack, project):
        return Status.ATTENTION, f"a stack called {stack.name} is there that is not this set-up's"
    if stack.running:
        return Status.WORKING, f"CloudFormation is at work ({stack.status.lower().replace('_', ' ')})"
    if not stack.complete:
        return Status.ATTENTION, f"the stack failed ({stack.status.lower().replace('_', ' ')}): try again"
    if seen.schedule is None or not seen.schedule.enabled:
        return Status.ATTENTION, "the schedule is gone or switched off"
    if seen.recipients == 0:
        return Status.ATTENTION, "the stack is complete, but the table of recipients is empty"
    if "reminder" not in project.progress:
        return Status.ATTENTION, "everything stands: send a test mail to finish this step"
    return Status.DONE, _done_words(seen)


def _done_words(seen: ReminderSeen) -> str:
    people = f"{seen.recipients:,} recipient{'' if seen.recipients == 1 else 's'}"
    if seen.schedule is None:
        return people
    expression, timezone = seen.schedule.expression, seen.schedule.timezone
    coming = seen.next_run.astimezone(schedules.zone(timezone)) if seen.next_run else None
    when = f"next run {coming:%Y-%m-%d %H:%M %Z}" if coming else "no run to come"
    return f"{people}, {schedules.words(expression, timezone)}; {when}"


def _next_run(schedule: Schedule | None, now: datetime) -> datetime | None:
    if schedule is None or not schedule.enabled:
        return None
    coming = schedules.next_runs(schedule.expression, schedule.timezone, now, 1, schedule.start)
    return coming[0] if coming else None


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
    if stack and not _ours(stack, project):
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
    tags = functions.get_function_tags(world.aws, FUNCTION_NAME)
    if tags is not None and tags.get("aws:cloudformation:stack-name") != name:
        owner = tags.get("aws:cloudformation:stack-name", "no stack")
        raise WizardError(
            f"A function called {FUNCTION_NAME} is there already",
            f"It belongs to {printable(owner)}. There is one of that name in an account and Region.",
            "Use another Region or account for this set-up, or remove the other one first.",
        )


def _verified(listed: Iterable[ListedIdentity]) -> dict[str, ListedIdentity]:
    """The identities that SES has verified, by their names in small letters."""
    return {found.name.lower(): found for found in listed if found.verification_status == "SUCCESS"}


def _identities(
    project: Project,
    listed: Iterable[ListedIdentity],
    verified: Mapping[str, ListedIdentity],
    people: Import,
) -> tuple[str, ...]:
    """The SES identities that the function must be allowed to use.

    SES authorises the sender's identities: the domain, and the address where it is one itself. In the sandbox
    it authorises the recipients' too: of the ``verified``, those that cover a recipient, and addresses, for
    test mail.
    """
    wanted = {project.domain.name or "", (project.reminder.sender or "").lower()}
    addresses = {name for name, found in verified.items() if found.type == "EMAIL_ADDRESS"}
    present = {found.name.lower() for found in listed}
    return tuple(
        sorted(
            {project.domain.name or "", *(wanted & present), *(people.covering & verified.keys()), *addresses}
        )
    )


def _start(world: World, project: Project, stack: Stack | None) -> datetime | None:
    """The schedule's StartDate: the deployed one as long as expression and time zone stay the same."""
    wanted = project.reminder.schedule or ""
    if stack and stack.complete:
        deployed = scheduler.get_schedule(world.aws, stack.name, stack.name)
        if deployed and (deployed.expression, deployed.timezone) == (wanted, project.reminder.timezone):
            return deployed.start
    return draft.first_start(wanted, world.now())


def _stack_work(world: World, project: Project, stack: Stack | None, body: str, pause: Pause) -> StackWork:
    """What is to be done with the stack, with its change set worked out where there can be one."""
    name, now = project.reminder.stack, world.now()
    if stack and stack.running:
        return StackWork((lines.running_line(stack),), body, running=True)
    if stack and stack.status in stacks.CREATION_FAILED:
        return StackWork((lines.cleared_line(stack), *lines.all_lines(project, now)), body, clear=True)
    new = not (stack and stack.complete)
    change_set = stacks.work_out(world, name, body, _tags(project), pause, new=new)
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
        return work.make_anew(wanted.body, _tags(project))
    if wanted.change_set is None:
        return None
    failed = work.execute(wanted.change_set)
    if failed and failed.role_too_new and work.creation_failed():
        report(Event(failed.resource, Progress.STARTED, "its new role was too new: once more"))
        return work.make_anew(wanted.body, _tags(project))
    return failed


def _ours(stack: Stack, project: Project) -> bool:
    """Whether the stack is this set-up's: made by this program, for this domain."""
    return TAG in stack.tags and stack.tags[TAG] == project.domain.name


def _tags(project: Project) -> dict[str, str]:
    return {TAG: project.domain.name or ""}


def _nothing_there(name: str) -> WizardError:
    return WizardError(
        "The reminder is not set up yet",
        f"The stack {name} is not complete.",
        "Plan and carry out this step first.",
    )
