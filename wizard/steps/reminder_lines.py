"""The lines of the reminder's plan: each change in words. Pure."""

from __future__ import annotations

import json
from datetime import datetime

from wizard.aws.cloudformation import ResourceChange, Stack
from wizard.project import Project
from wizard.reminder import schedules
from wizard.reminder.template import PURPOSES
from wizard.steps.model import Change, ChangeKind
from wizard.steps.reminder_recipients import Import
from wizard.text import printable


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
        detail = "is removed: this version does not need it any more"
    elif change.replaces:
        detail = f"is replaced by a new one: {detail}"
    kind = ChangeKind.CREATE if change.action == "Add" else ChangeKind.CHANGE
    return Change(kind, name, detail, "cloudformation:ExecuteChangeSet")


def _schedule_detail(project: Project, now: datetime) -> str:
    expression, timezone = project.reminder.schedule or "", project.reminder.timezone
    first = schedules.next_runs(expression, timezone, now, 1)[0].astimezone(schedules.zone(timezone))
    return f"starts the function {schedules.words(expression, timezone)}; first on {first:%Y-%m-%d at %H:%M}"


def running_line(stack: Stack) -> Change:
    """The line of a stack that CloudFormation works on since an earlier run."""
    words = "CloudFormation is at work on it since an earlier run: wait for it, then go on"
    return Change(ChangeKind.CHANGE, f"stack {stack.name}", words, "cloudformation:DescribeStackEvents")


def cleared_line(stack: Stack) -> Change:
    """The line of a stack whose creation failed."""
    words = f"what is left of the try that failed ({stack.status}) is deleted first; it holds nothing"
    return Change(ChangeKind.CHANGE, f"stack {stack.name}", words, "cloudformation:DeleteStack")


def sandbox_lines(people: Import) -> tuple[Change, ...]:
    """A line about those whom SES refuses while the account is in the sandbox, if there are any."""
    if not people.refused:
        return ()
    words = (
        f"{people.refused} of {people.recipients} recipients cannot be written to yet: the account is in the "
        "sandbox, and SES has not verified them. With production access this ends by itself"
    )
    return (Change(ChangeKind.KEEP, "sandbox", words),)


def recipients_line(people: Import) -> Change:
    """What happens to the recipients' table."""
    counts = [
        f"{count} {what}"
        for count, what in ((people.added, "added"), (people.changed, "changed"), (people.removed, "removed"))
        if count
    ]
    blanks = [f"{count} without {name}, which stays blank" for name, count in people.blank.items() if count]
    detail = "; ".join([", ".join(counts) or f"all {people.recipients} are in the table", *blanks])
    if not counts:
        return Change(ChangeKind.KEEP, "recipients", detail)
    fresh = not (people.changed or people.removed or people.kept)
    kind = ChangeKind.CREATE if fresh else ChangeKind.CHANGE
    return Change(kind, "recipients", detail, "dynamodb:BatchWriteItem")
