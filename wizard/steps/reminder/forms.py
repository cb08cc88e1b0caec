"""What the forms of step 5 share: problems, the project they give, and saving unfinished forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from wizard.errors import WizardError
from wizard.project.schema import Project, takes
from wizard.reminder import draft

NO_NAME = "The stack name must begin with a letter and have up to 40 letters, digits and hyphens."
NO_ADDRESS = "Not a valid address for alerts."


class Problem(NamedTuple):
    """What must be fixed: the id of the field, a sentence, and in a field of many lines the line, from 1."""

    field: str
    words: str
    line: int | None = None


class FieldError(ValueError):
    """A field whose text cannot be understood."""

    def __init__(self, field: str, words: str, line: int | None = None) -> None:
        super().__init__(words)
        self.problem = Problem(field, words, line)


class Decision(NamedTuple):
    """The project with as much of a form as the file can hold, and what must be fixed.

    ``complete`` says whether the project has all that was typed.
    """

    project: Project
    problems: Sequence[Problem]
    complete: bool


class Form(Protocol):
    """The typed fields of a page, as plain data."""

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """``project`` with this form. ``base`` is the project file's folder, which may be written to.

        Raises WizardError.
        """


class Kept(NamedTuple):
    """``project`` with what was typed on several pages, and by page what could not be kept."""

    project: Project
    lost: Mapping[str, Sequence[str]]


def keep_typed(project: Project, base: Path, now: datetime, typed: Mapping[str, Form]) -> Kept:
    """Put as much of the ``typed`` forms into ``project`` as possible, even if it must be fixed later."""
    lost: dict[str, Sequence[str]] = {}
    for page, form in typed.items():
        try:
            project, problems, complete = form.decided(project, base, now)
        except WizardError as error:
            lost[page] = [f"{error.title}: {error.what}"]
        else:
            if not complete:
                lost[page] = [problem.words for problem in problems]
    return Kept(project, lost)


def with_reminder(project: Project, **settings: Any) -> Project:
    """``project`` with these settings of the reminder."""
    return replace(project, reminder=replace(project.reminder, **settings))


@dataclass(frozen=True)
class StackForm:
    """The address for alerts (none if empty), and the name of the stack."""

    alerts: str
    stack: str

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """``project`` with both, and what must be fixed."""
        named = with_reminder(project, stack=self.stack)
        if not takes(named):
            return Decision(project, [Problem("stack", NO_NAME)], complete=False)
        kept = with_reminder(named, alerts=self.alerts or None)
        if not takes(kept):
            return Decision(project, [Problem("alerts", NO_ADDRESS)], complete=False)
        found = [Problem(*problem) for problem in draft.alerts_problems(self.alerts)]
        return Decision(kept, found, complete=True)
