"""What is about to be created, what it needs first, and how far CloudFormation has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message

from screens.reminder_change import ChangePage
from screens.reminder_page import Problem
from screens.state import AppState
from screens.widgets.columns import Cells, Columns, EventList
from wizard.errors import WizardError
from wizard.reminder.expressions import ScheduleError
from wizard.reminder.schedules import words

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.reminder.recipients import Recipients

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


class CreatePage(ChangePage):
    """F4 shows the change set, and carries it out after a yes."""

    NAME = "Create"
    QUESTION = "Set it up?"
    WHY = "One CloudFormation stack: schedule, Lambda function, table of recipients. F4 shows it all first."
    ACT = "Set it up"
    FIRST = "#act"

    class Checked(Message):
        """What the pages before decided, and what is wrong with it."""

        def __init__(self, people: Recipients | None, problems: Sequence[Problem]) -> None:
            super().__init__()
            self.people = people
            self.problems = problems

    def compose(self) -> ComposeResult:
        """The decisions, what is wrong with them, and what happens."""
        yield Columns(id="decided")
        yield Columns(classes="problems")
        yield EventList(id="events")

    def came_up(self) -> None:
        """Check what the pages before decided."""
        self._check(self.state.project, self.base, self.state.world.now())

    def redraw(self, state: AppState) -> None:
        """One of the pages before was saved."""
        self.came_up()

    def act(self) -> None:
        """Plan; what comes of it is asked about."""
        self.step.retry = self.act
        self.plan(self.state.world, self.state.project, self.state.project, self.base)

    @work(thread=True, exclusive=True, exit_on_error=False, group="check", description="Checking")
    def _check(self, project: Project, base: Path, now: datetime) -> None:
        from wizard.reminder import draft
        from wizard.reminder.recipients_file import read_recipients

        try:
            people = read_recipients(project, base)
        except WizardError:
            people = None  # among the problems
        found = [Problem(*problem) for problem in draft.problems(project, base, now)]
        self.tell(self.Checked(people, found))

    @on(Checked)
    def _show_checked(self, message: Checked) -> None:
        message.stop()
        self.query_one("#decided", Columns).show(_decided(self.state.project, message.people))
        self.show_problems(message.problems)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """What must be mended, and on which page."""
        rows = [
            (Content.styled(f"! {SETTINGS.get(problem.field, '')}", "$text-error"), problem.words)
            for problem in problems
        ]
        self._say(rows)


def _decided(project: Project, people: Recipients | None) -> list[Cells]:
    reminder = project.reminder
    sender = reminder.sender or ""
    count = people.count if people else 0
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
