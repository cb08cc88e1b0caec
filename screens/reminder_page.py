"""What the reminder's small pages have in common: one question each, and what must be mended in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.containers import Vertical
from textual.content import Content
from textual.css.query import NoMatches

from screens.widgets.columns import Cells, Columns

if TYPE_CHECKING:
    from wizard.project import Project

Problem = tuple[str, str]
"""The id of the field to mend, and a sentence."""


class Entered(Protocol):
    """What stands in a page's fields, as plain data that a worker can take along."""

    def decided(self, project: Project, base: Path, now: datetime) -> tuple[Project, Sequence[Problem]]:
        """``project`` with this in it, and what must be mended first.

        ``base`` is the folder of the project file. Runs in a thread: it may read and write there. Raises
        WizardError.
        """


class Page(Vertical):
    """One question of the reminder."""

    NAME: ClassVar[str] = ""
    QUESTION: ClassVar[str] = ""
    WHY: ClassVar[str] = ""
    ACT: ClassVar[str | None] = None
    FIRST: ClassVar[str] = ""
    """Selects what gets the focus when the page comes up."""

    def entered(self) -> Entered | None:
        """What stands in the fields; None where the page decides nothing."""
        return None

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Say what must be mended, and go to the first field; an empty sequence clears that."""
        rows = [(Content.styled("!", "$text-error"), sentence) for _, sentence in problems]
        self._say(rows)
        if problems:
            try:
                self.reveal(problems[0][0])
                self.query_one(f"#{problems[0][0]}").focus()
            except NoMatches:
                self.query_one(self.FIRST).focus()

    def _say(self, rows: Sequence[Cells]) -> None:
        shown = self.query_one(".problems", Columns)
        shown.display = bool(rows)
        shown.show(rows)

    def reveal(self, field: str) -> None:
        """Bring the field into sight, where the page shows one thing at a time."""
