"""What is about to be created, what it needs first, and how far CloudFormation has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content

from screens.reminder_page import Page, Problem
from screens.widgets.columns import Cells, Columns, EventList
from wizard.reminder.expressions import ScheduleError
from wizard.reminder.schedules import words

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.reminder.recipients import Recipients
    from wizard.steps.model import Event

SETTINGS = {
    "sender": "What",
    "sender_name": "What",
    "subject": "What",
    "text": "What",
    "html": "What",
    "recipients": "Who",
    "schedule": "When",
    "timezone": "When",
}
"""On which page a setting is mended."""


class CreatePage(Page):
    """F4 shows the change set, and carries it out after a yes."""

    NAME = "Create"
    QUESTION = "Set it up?"
    WHY = "One CloudFormation stack: schedule, Lambda function, table of recipients. F4 shows it all first."
    ACT = "Set it up"
    FIRST = "#act"

    def compose(self) -> ComposeResult:
        """The decisions, what is wrong with them, and what happens."""
        yield Columns(id="decided")
        yield Columns(classes="problems")
        yield EventList(id="events")

    def show(self, project: Project, people: Recipients | None) -> None:
        """The decisions of the pages before."""
        self.query_one("#decided", Columns).show(_decided(project, people))

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """What must be mended, and on which page."""
        rows = [
            (Content.styled(f"! {SETTINGS.get(problem.field, '')}", "$text-error"), problem.words)
            for problem in problems
        ]
        self._say(rows)

    def begin_acting(self) -> None:
        """Forget what an earlier try said."""
        self.query_one("#events", EventList).clear()

    def show_event(self, event: Event) -> None:
        """Something happened to one resource."""
        self.query_one("#events", EventList).add(event)


def _decided(project: Project, people: Recipients | None) -> list[Cells]:
    reminder = project.reminder
    sender = reminder.sender or ""
    count = len(people.people) if people else 0
    try:
        when = words(reminder.schedule or "", reminder.timezone)
    except ScheduleError:
        when = "not chosen yet"
    return [
        ("From", f"{reminder.sender_name} <{sender}>" if reminder.sender_name else sender),
        (
            "To",
            f"{count:,} recipient{'' if count == 1 else 's'}, from {reminder.recipients or 'nowhere yet'}",
        ),
        ("Subject", reminder.subject),
        ("When", when),
    ]
