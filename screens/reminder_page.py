"""What the reminder's small pages have in common: one question each, and what must be mended in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from textual.containers import Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import TextArea

from screens.widgets.columns import Cells, Columns
from wizard.errors import WizardError

if TYPE_CHECKING:
    from wizard.project import Project


class Problem(NamedTuple):
    """What must be mended: the id of the field, a sentence, and in a field of many lines which, from 1."""

    field: str
    words: str
    line: int | None = None


class Decision(NamedTuple):
    """What a page comes to: ``project`` with as much of it as the file takes, and what must be mended.

    ``complete`` says whether all that was typed is in it.
    """

    project: Project
    problems: Sequence[Problem]
    complete: bool


class Entered(Protocol):
    """What stands in a page's fields, as plain data that a worker can take along."""

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """``project`` with this in it, and what must be mended first.

        ``base`` is the folder of the project file. Runs in a thread: it may read and write there. Raises
        WizardError.
        """


class Kept(NamedTuple):
    """``project`` with what was typed on several pages, and by page what could not be put into it."""

    project: Project
    lost: Mapping[str, Sequence[str]]


def with_typed(project: Project, base: Path, now: datetime, typed: Mapping[str, Entered]) -> Kept:
    """Put all of ``typed`` into ``project`` that can be, also what must be mended later.

    Runs in a thread: it may read and write in ``base``, the folder of the project file.
    """
    lost: dict[str, Sequence[str]] = {}
    for name, entered in typed.items():
        try:
            project, problems, complete = entered.decided(project, base, now)
        except WizardError as error:
            lost[name] = [f"{error.title}: {error.what}"]
        else:
            if not complete:
                lost[name] = [problem.words for problem in problems]
    return Kept(project, lost)


class Page(Vertical):
    """One question of the reminder."""

    NAME: ClassVar[str] = ""
    QUESTION: ClassVar[str] = ""
    WHY: ClassVar[str] = ""
    ACT: ClassVar[str | None] = None
    FIRST: ClassVar[str] = ""
    """Selects what gets the focus when the page comes up."""

    saved: Entered | None = None
    """What the file has of this page, or else what was proposed; None where that is not known."""

    _refused: Sequence[Problem] = ()
    """What kept the page from being finished, until something else is typed."""

    def entered(self) -> Entered | None:
        """What stands in the fields; None where the page decides nothing."""
        return None

    def warn(self, problems: Sequence[Problem]) -> None:
        """Say while somebody types what must be mended before the page is finished; nothing clears that."""
        if problems and list(problems) == list(self._refused):
            return
        self._refused = ()
        self._say([(Content.styled("!", "$text-warning"), problem.words) for problem in problems])

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Say what keeps the page from being finished, and go to the first place; nothing clears that."""
        self._refused = problems
        self._say([(Content.styled("✗ mend", "bold $text-error"), problem.words) for problem in problems])
        if problems:
            self._go_to(problems[0])

    def _go_to(self, problem: Problem) -> None:
        try:
            self.reveal(problem.field)
            field = self.query_one(f"#{problem.field}").focus()
        except NoMatches:
            self.query_one(self.FIRST).focus()
            return
        if problem.line is not None and isinstance(field, TextArea):
            row = min(problem.line, field.document.line_count) - 1
            field.move_cursor((row, len(field.document.get_line(row))))

    def _say(self, rows: Sequence[Cells]) -> None:
        shown = self.query_one(".problems", Columns)
        shown.display = bool(rows)
        shown.show(rows)

    def reveal(self, field: str) -> None:
        """Bring the field into sight, where the page shows one thing at a time."""
