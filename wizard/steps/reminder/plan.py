"""The plan of step 5: a change set that CloudFormation works out, and each change in words."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from wizard.aws import cloudformation, sesv2
from wizard.aws.cloudformation import ResourceChange, Stack, Template
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.reminder import costs, draft
from wizard.reminder.capacity import Capacity, needed
from wizard.reminder.schedule import schedules
from wizard.reminder.setup import Setup
from wizard.reminder.template.build import PURPOSES
from wizard.reminder.template.parts import in_a_call
from wizard.steps.model import Change, ChangeKind, Plan, StepName
from wizard.steps.reminder import change_set as stacks
from wizard.steps.reminder import recipients
from wizard.steps.reminder.change_set import Pause
from wizard.steps.reminder.deployed import deployed, opt_outs_name, without_loss
from wizard.steps.reminder.identities import needed_identities, verified, with_test_addresses
from wizard.steps.reminder.own_stack import TAG, recipients_gone, refuse_foreign, tags
from wizard.steps.reminder.recipients import Import
from wizard.text import printable
from wizard.world import World

_NAMED = 3
"""Identities that are named; the others are counted."""
_ENOUGH = "is deleted: one call of the function is enough for a run"
_REMOVED = {
    "RecipientsTable": "is deleted with its rows: the recipients come from a table of your own",
    "Queue": _ENOUGH,
    "Worker": _ENOUGH,
    "AlertsTopic": "is deleted: no address is set for alerts",
    "AlertsSubscription": "is deleted: no address is set for alerts",
}
"""Why a resource is deleted, by its logical id."""
_RUNNING = "CloudFormation is working on it since an earlier run: wait for it, then continue"


@dataclass(frozen=True, slots=True)
class StackWork:
    """The changes of the stack, and what ``act`` needs to carry out exactly these.

    ``change_set`` is the ARN of the change set to execute. It is None if the stack does not change, if
    CloudFormation is working on it (``running``), or if a failed creation must be deleted first (``clear``).
    """

    changes: tuple[Change, ...]
    template: Template
    change_set: str | None = None
    clear: bool = False
    running: bool = False


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    """A plan to show, and what ``act`` carries out: changes of the stack and of the recipients' table."""

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
    """Plan what the project file would change. ``base`` is the folder of the project file.

    With ``revert_drift`` the plan also restores what was changed outside CloudFormation. It leaves a change
    set, which changes nothing by itself: carry it out with ``act``, or delete it with ``decline``. Raises
    WizardError, also for ``draft.problems`` and if the stack or function belongs to another set-up.
    """
    now, reminder, domain = world.now(), project.reminder, project.domain.name
    if found := draft.problems(project, base, now):
        raise WizardError(
            "The reminder cannot be deployed yet",
            " ".join(f"{setting}: {sentence}" for setting, sentence in found[:3]),
            "Fix this, then plan again.",
            ExitCode.USAGE,
        )
    stack = cloudformation.describe_stack(world.aws, reminder.stack)
    if stack and stack.status == "REVIEW_IN_PROGRESS" and stack.tags.get(TAG, domain) != domain:
        # Planned for another domain, and without resources.
        cloudformation.delete_stack(world.aws, stack.name)
        stacks.wait_until_gone(world, stack.name, pause)
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
        _mode_line(capacity, before.mode, _gap(setup, now)),
        _recipients_line(project, people),
        *(_spare_lines(before.spare(project)) if account.production_access else ()),
        *(() if account.production_access else sandbox_lines(people, left_out)),
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


def _stack_work(
    world: World, project: Project, stack: Stack | None, wanted: Template, pause: Pause, *, revert_drift: bool
) -> StackWork:
    """The changes of the stack, with a change set if there can be one."""
    name, now = project.reminder.stack, world.now()
    if stack and stack.running:
        return StackWork(
            (Change(ChangeKind.CHANGE, f"stack {name}", _RUNNING, "cloudformation:DescribeStackEvents"),),
            wanted,
            running=True,
        )
    if stack and stack.status in stacks.CREATION_FAILED:
        return StackWork((_cleared_line(stack), *_all_lines(wanted.body, project, now)), wanted, clear=True)
    new = not (stack and stack.complete)
    change_set = stacks.work_out(
        world, name, wanted, tags(project), pause, new=new, revert_drift=revert_drift and not new
    )
    if change_set is None:
        return StackWork((Change(ChangeKind.KEEP, f"stack {name}", "matches the project file"),), wanted)
    changes = tuple(_line(change, project, now) for change in change_set.changes)
    return StackWork(changes, wanted, change_set=change_set.id)


def _gap(setup: Setup, now: datetime) -> timedelta | None:
    """The time between the next two runs; None if there is at most one."""
    coming = schedules.next_runs(setup.schedule, setup.timezone, now, 2, setup.start, setup.end)
    return coming[1] - coming[0] if len(coming) == 2 else None


def _all_lines(body: str, project: Project, now: datetime) -> tuple[Change, ...]:
    """The lines of a new stack with the template ``body``."""
    return tuple(
        _line(ResourceChange("Add", logical_id, "", replaces=False), project, now)
        for logical_id in json.loads(body)["Resources"]
    )


def _line(change: ResourceChange, project: Project, now: datetime) -> Change:
    """One line of a change set in words."""
    purpose = PURPOSES.get(change.logical_id)
    name = purpose.name if purpose else printable(change.logical_id, 100)
    detail = purpose.words if purpose else printable(change.type, 100)
    if change.logical_id == "Schedule":
        detail = _schedule_detail(project, now)
    if change.action == "Remove":
        detail = _REMOVED.get(change.logical_id, "is deleted: it is no longer needed")
    elif change.action == "Import":
        detail = f"is reused from an earlier stack: {detail}"
    elif change.drift == "DELETED":
        detail = f"was deleted, and is created again: {detail}"
    elif change.drift == "MODIFIED":
        detail = f"was changed by hand, and is restored: {detail}"
    elif change.action == "SyncWithActual":
        detail = "does not change; CloudFormation only records that it is correct"
    elif change.replaces:
        detail = f"is replaced: {detail}"
    kind = ChangeKind.CREATE if change.action == "Add" else ChangeKind.CHANGE
    return Change(kind, name, detail, "cloudformation:ExecuteChangeSet")


def _schedule_detail(project: Project, now: datetime) -> str:
    reminder = project.reminder
    expression, timezone = reminder.schedule or "", reminder.timezone
    times = schedules.words(expression, timezone)
    if reminder.paused:
        return f"is paused; once resumed, it starts the function {times}"
    coming = schedules.next_runs(expression, timezone, now, 1, reminder.start, reminder.end)
    first = schedules.moment_words(coming[0], schedules.zone(timezone))
    window = f", within {reminder.window_minutes} minutes" if reminder.window_minutes else ""
    return f"starts the function {times}{window}; first on {first}"


def _cleared_line(stack: Stack) -> Change:
    """The line of a stack whose creation failed."""
    words = f"the failed stack ({stack.status}) is deleted first; it is empty"
    return Change(ChangeKind.CHANGE, f"stack {stack.name}", words, "cloudformation:DeleteStack")


def sandbox_lines(people: Import, left_out: int = 0) -> tuple[Change, ...]:
    """Lines about recipients that SES refuses while the account is in the sandbox.

    ``left_out`` verified addresses belong to no recipient, and the function's role has no room for them.
    """
    refused = (
        f"mail to {people.refused:,} of {people.recipients:,} recipients will fail: the account is in the "
        "sandbox, and SES has not verified them. Production access (step 6) ends this"
    )
    untested = (
        f"{left_out:,} verified addresses that are not recipients do not fit into the function's role: test "
        "mail to them is refused. Production access (step 6) ends this"
    )
    found = [*([refused] if people.refused else []), *([untested] if left_out else [])]
    return tuple(Change(ChangeKind.KEEP, "sandbox", words) for words in found)


def _mode_line(capacity: Capacity, before: str, gap: timedelta | None) -> Change:
    """How a run sends, and why; ``before`` is the mode of the deployed stack, or nothing.

    ``gap`` is the time between two runs; None if there is at most one.
    """
    words = f"{capacity.words}{capacity.overlap(gap)}"
    if before in ("", capacity.mode):
        return Change(ChangeKind.KEEP, "sending", words)
    now = "from now on with a queue" if capacity.mode == "queue" else "from now on without a queue"
    return Change(ChangeKind.KEEP, "sending", f"{now}. {words}")


def _spare_lines(spare: Sequence[str]) -> tuple[Change, ...]:
    """A line about permissions that only the sandbox needed, if the function still has any."""
    if not spare:
        return ()
    words = (
        "the account has left the sandbox: the function loses permission to use "
        f"{', '.join(printable(name, 100) for name in spare[:_NAMED])}"
        f"{f' and {len(spare) - _NAMED:,} more' if len(spare) > _NAMED else ''}"
    )
    return (Change(ChangeKind.KEEP, "permissions", words),)


def _recipients_line(project: Project, people: Import) -> Change:
    """What happens to the rows of the recipients' table."""
    if table := project.reminder.table:
        key = "; the function can decrypt it, only through DynamoDB" if people.table_key else ""
        words = f"about {people.recipients:,} in your table {table.name}, which is read-only{key}"
        return Change(ChangeKind.KEEP, "recipients", words)
    counts = [
        f"{count:,} {what}"
        for count, what in ((people.added, "added"), (people.changed, "changed"), (people.removed, "removed"))
        if count
    ]
    blanks = [f"{count:,} without {name}: it stays empty" for name, count in people.blank.items() if count]
    detail = "; ".join([", ".join(counts) or f"all {people.recipients:,} are in the table", *blanks])
    if not counts:
        return Change(ChangeKind.KEEP, "recipients", detail)
    fresh = not (people.changed or people.removed or people.kept)
    kind = ChangeKind.CREATE if fresh else ChangeKind.CHANGE
    return Change(kind, "recipients", detail, "dynamodb:BatchWriteItem")
