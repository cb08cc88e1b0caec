"""What the reminder's six pages share: a question, its fields, and the problems to fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual.content import Content
from textual.css.query import NoMatches
from textual.message import Message
from textual.widgets import TextArea

from screens.frame.part import Part as PagePart
from screens.messages import Decided, Happened
from screens.state import AppState
from screens.widgets.columns import Cells, Columns
from wizard.project.schema import Project
from wizard.reminder.schedule.schedules import zone_or_utc
from wizard.steps.model import Event, StepState
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder.forms import Form, Problem
from wizard.steps.reminder.step import ReminderReport
from wizard.world import World


@dataclass
class SectionRead(Message):
    """The reminder was looked at, compared with ``project``. The screen passes it to its pages."""

    seen: ReminderReport
    standing: StepState
    project: Project


class Part(PagePart):
    """A part of the reminder's screen."""

    @property
    def base(self) -> Path:
        """The folder of the project file."""
        return self.step.wizard.path.parent

    @property
    def place(self) -> ZoneInfo:
        """The schedule's time zone, in which all times are shown."""
        return zone_or_utc(self.state.project.reminder.timezone)


class Page(Part):
    """One of the six pages: a question, its fields, its workers, and their messages."""

    NAME: ClassVar[str] = ""
    QUESTION: ClassVar[str] = ""
    WHY: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    """The page's help for F1, in Markdown."""
    ACT: ClassVar[str | None] = None
    """The label of the button for F4; None if the page has none."""
    KEYS: ClassVar[Mapping[str, str]] = {}
    """The meaning of further keys on this page, by key: see `press`."""
    FILLS: ClassVar[bool] = False
    """Whether the page fills the screen's height."""
    FIRST: ClassVar[str] = ""
    """Selects the widget that gets the focus when the page opens."""

    saved: Form | None = None
    """The form as it is in the file, or as proposed; None if that is not known."""

    _refused: Sequence[Problem] = ()
    """The problems that kept the page from being finished, until the user types."""

    def entered(self) -> Form | None:
        """The form as typed; None if the page has none."""
        return None

    def focus_first(self) -> None:
        """Focus the first field."""
        self.query_one(self.FIRST).focus()

    def came_up(self) -> None:
        """Called when the page opens, and for F5: start looking."""

    def came_back(self) -> None:
        """Called when a dialog or the inbox over this page has closed."""

    def redraw(self, state: AppState) -> None:
        """The app's state changed; ``display`` says whether this page is shown."""

    def show_seen(self, seen: ReminderReport) -> None:
        """The reminder was looked at."""

    def act(self) -> None:
        """Do what F4 does here."""

    def back(self) -> bool:
        """Go back within the page. False if there is no such way."""
        return False

    def press(self, key: str) -> None:
        """Do what ``KEYS`` says of ``key``."""

    def decide(self, before: Project, after: Project) -> None:
        """From a worker: tell the app what an act changed, even while the app quits."""
        self.screen.post_message(Decided(before, after))

    def looked(self, world: World, project: Project) -> None:
        """From a worker: look at the reminder again after an act."""
        seen = reminder.look(world, project, self.base)
        self.screen.post_message(SectionRead(seen, reminder.judge(seen, project), project))

    def happened(self, event: Event) -> None:
        """The `Report` for an act, from any thread."""
        self.post_message(Happened(event))

    def warn(self, problems: Sequence[Problem]) -> None:
        """Show problems while the user types; none clears them."""
        if problems and list(problems) == list(self._refused):
            return
        self._refused = ()
        self._say([(Content.styled("!", "$text-warning"), problem.words) for problem in problems])

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show the problems that keep the page from being finished, and focus the first field."""
        self._refused = problems
        self._say([(Content.styled("✗ fix", "bold $text-error"), problem.words) for problem in problems])
        if problems:
            self._go_to(problems[0])

    def _go_to(self, problem: Problem) -> None:
        try:
            self.reveal(problem.field)
            field = self.query_one(f"#{problem.field}").focus()
        except NoMatches:
            self.focus_first()
            return
        if problem.line is not None and isinstance(field, TextArea):
            row = min(problem.line, field.document.line_count) - 1
            field.move_cursor((row, len(field.document.get_line(row))))

    def _say(self, rows: Sequence[Cells]) -> None:
        shown = self.query_one(".problems", Columns)
        shown.display = bool(rows)
        shown.show(rows)

    def reveal(self, field: str) -> None:
        """Bring the field into sight if the page hides it."""
