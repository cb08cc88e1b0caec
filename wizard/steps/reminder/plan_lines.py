"""The lines of the reminder's plan: each change in words. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from wizard.aws.cloudformation import ResourceChange, Stack
from wizard.project.schema import Project
from wizard.reminder.capacity import Capacity
from wizard.reminder.schedule import schedules
from wizard.reminder.template.build import PURPOSES
from wizard.steps.model import Change, ChangeKind
from wizard.steps.reminder.recipients import Import
from wizard.text import printable

_NAMED = 3
"""How many identities are named, where there are more."""
_ENOUGH = "is removed: one call of the function is enough for a run"
_REMOVED = {
    "RecipientsTable": "is removed with all that stands in it: the recipients come from a table of your own",
    "Queue": _ENOUGH,
    "Worker": _ENOUGH,
    "AlertsTopic": "is removed: nobody is to be told",
    "AlertsSubscription": "is removed: nobody is to be told",
}
"""Why a resource goes, by its logical id."""


def all_lines(body: str, project: Project, now: datetime) -> tuple[Change, ...]:
    """The lines of a stack that is made from nothing, from the template ``body``."""
    return tuple(
        line(ResourceChange("Add", logical_id, "", replaces=False), project, now)
        for logical_id in json.loads(body)["Resources"]
    )


def line(change: ResourceChange, project: Project, now: datetime) -> Change:
    """One line of a change set in words."""
    purpose = PURPOSES.get(change.logical_id)
    name = purpose.name if purpose else printable(change.logical_id, 100)
    detail = purpose.words if purpose else printable(change.type, 100)
    if change.logical_id == "Schedule":
        detail = _schedule_detail(project, now)
    if change.action == "Remove":
        detail = _REMOVED.get(change.logical_id, "is removed: it is not needed any more")
    elif change.action == "Import":
        detail = f"is used again, as an earlier stack left it: {detail}"
    elif change.drift == "DELETED":
        detail = f"is made again, for somebody deleted it: {detail}"
    elif change.drift == "MODIFIED":
        detail = f"is put back as the project file has it, for somebody changed it by hand: {detail}"
    elif change.action == "SyncWithActual":
        detail = "stays as it is; CloudFormation only notes that it is right"
    elif change.replaces:
        detail = f"is replaced by a new one: {detail}"
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


def running_line(stack: Stack) -> Change:
    """The line of a stack that CloudFormation works on since an earlier run."""
    words = "CloudFormation is at work on it since an earlier run: wait for it, then go on"
    return Change(ChangeKind.CHANGE, f"stack {stack.name}", words, "cloudformation:DescribeStackEvents")


def cleared_line(stack: Stack) -> Change:
    """The line of a stack whose creation failed."""
    words = f"what is left of the try that failed ({stack.status}) is deleted first; it holds nothing"
    return Change(ChangeKind.CHANGE, f"stack {stack.name}", words, "cloudformation:DeleteStack")


def sandbox_lines(people: Import, left_out: int = 0) -> tuple[Change, ...]:
    """Lines about those whom SES refuses while the account is in the sandbox, if there are any.

    ``left_out`` verified addresses are nobody's of these, and the function's role has no room for them.
    """
    refused = (
        f"{people.refused:,} of {people.recipients:,} recipients cannot be written to yet: the account is in "
        "the sandbox, and SES has not verified them. With production access this ends by itself"
    )
    untested = (
        f"{left_out:,} verified addresses that are no recipient's find no room in the function's role: test "
        "mail to them is refused. With production access this ends by itself"
    )
    told = [*([refused] if people.refused else []), *([untested] if left_out else [])]
    return tuple(Change(ChangeKind.KEEP, "sandbox", words) for words in told)


def mode_line(capacity: Capacity, before: str, gap: timedelta | None) -> Change:
    """How a run is carried out, and why; ``before`` is the mode of the stack as it stands, or nothing.

    ``gap`` is the time between two runs; None where there is one alone.
    """
    words = f"{capacity.words}{capacity.overlap(gap)}"
    if before in ("", capacity.mode):
        return Change(ChangeKind.KEEP, "sending", words)
    now = "from now on by a queue" if capacity.mode == "queue" else "from now on without a queue"
    return Change(ChangeKind.KEEP, "sending", f"{now}. {words}")


def spare_lines(spare: Sequence[str]) -> tuple[Change, ...]:
    """A line about the rights that only the sandbox needed, if the function still has any."""
    if not spare:
        return ()
    words = (
        "the account has left the sandbox: the function loses the right to use "
        f"{', '.join(printable(name, 100) for name in spare[:_NAMED])}"
        f"{f' and {len(spare) - _NAMED:,} more' if len(spare) > _NAMED else ''}"
    )
    return (Change(ChangeKind.KEEP, "rights", words),)


def recipients_line(project: Project, people: Import) -> Change:
    """What happens to the recipients' table."""
    if table := project.reminder.table:
        key = "; the function may decrypt it, through DynamoDB alone" if people.table_key else ""
        words = (
            f"about {people.recipients:,} in your table {table.name}, which is read and never written{key}"
        )
        return Change(ChangeKind.KEEP, "recipients", words)
    counts = [
        f"{count:,} {what}"
        for count, what in ((people.added, "added"), (people.changed, "changed"), (people.removed, "removed"))
        if count
    ]
    blanks = [f"{count:,} without {name}, which stays blank" for name, count in people.blank.items() if count]
    detail = "; ".join([", ".join(counts) or f"all {people.recipients:,} are in the table", *blanks])
    if not counts:
        return Change(ChangeKind.KEEP, "recipients", detail)
    fresh = not (people.changed or people.removed or people.kept)
    kind = ChangeKind.CREATE if fresh else ChangeKind.CHANGE
    return Change(kind, "recipients", detail, "dynamodb:BatchWriteItem")
