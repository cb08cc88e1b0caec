"""The recipients as entered on the Who page: typed addresses, a CSV file, or a DynamoDB table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from wizard.errors import WizardError
from wizard.project.schema import Project, Table, takes
from wizard.reminder.message.fields import field_name
from wizard.reminder.recipients import parse as recipients
from wizard.reminder.recipients.csv_file import TypedFile, opened
from wizard.reminder.recipients.parse import Recipient, Recipients, Watch
from wizard.steps.reminder.forms import Decision, FieldError, Problem, with_reminder
from wizard.steps.reminder.user_table import TableReport
from wizard.text import printable
from wizard.world import World

SHOWN_PROBLEMS = 3
REPORT_EVERY = 0.5
"""Seconds between two progress reports of a large file."""
NO_TABLE = Problem(
    "table", "Not a valid DynamoDB table name: use 3 to 255 letters, digits, dots, hyphens and underscores."
)
NOT_READ = Problem("table", "Press Enter in this field: the wizard reads the table first.")


class Source(StrEnum):
    """Where recipients come from."""

    TYPED = "typed"
    FILE = "file"
    TABLE = "table"


FIRST_FIELDS = {Source.TYPED: "lines", Source.FILE: "path", Source.TABLE: "table"}
"""The first field of each source."""


class StaleError(Exception):
    """The result of this reading is no longer wanted."""


@dataclass(frozen=True)
class Reader:
    """Follows the reading of a file: ``report`` gets the progress, ``wanted`` says whether to go on."""

    report: Callable[[str], None] = lambda _: None
    wanted: Callable[[], bool] = lambda: True

    def watch(self, file: BinaryIO) -> Watch:
        """Raises StaleError while reading once the result is no longer ``wanted``."""
        size, reported = os.fstat(file.fileno()).st_size, monotonic()

        def watch(done: int) -> None:
            nonlocal reported
            if not self.wanted():
                raise StaleError
            if monotonic() - reported >= REPORT_EVERY:
                reported = monotonic()
                self.report(f"{done * 100 // max(size, 1)} % of {size / 1e6:,.0f} MB")

        return watch


READER = Reader()


@dataclass(frozen=True)
class TableForm:
    """The typed fields of a table. ``seen`` is the table of that name, if it was read."""

    name: str = ""
    email: str = "email"
    opted_out: str = ""
    mapping: str = ""
    seen: TableReport | None = field(default=None, compare=False, repr=False)

    def settings(self) -> Table:
        """The project file's entry. Raises FieldError."""
        return Table(self.name, self.email, self.opted_out or None, _mapping(self.mapping))

    def problems(self) -> list[Problem]:
        """What must be fixed."""
        try:
            self.settings()
        except FieldError as error:
            return [error.problem]
        if not self.name:
            return [Problem("table", "Enter the name of the table.")]
        if self.seen and self.email not in self.seen.attributes:
            return [Problem("attribute", f"None of the rows read has an attribute {self.email}.")]
        return []

    def warnings(self) -> list[Problem]:
        """Attributes that none of the rows read has."""
        if self.seen is None or self.problems():
            return []
        words = "None of the rows read has an attribute {}: {{{{{}}}}} stays empty."
        return [
            Problem("mapping", words.format(printable(attribute, 60), name))
            for name, attribute in self.settings().fields.items()
            if attribute not in self.seen.attributes
        ]

    def was_read(self) -> bool:
        """Whether the table of this name was read."""
        return self.seen is not None and self.seen.name == self.name


def table_form(table: Table) -> TableForm:
    """The file's entry as it would be typed."""
    return TableForm(table.name, table.email, table.opted_out or "", _lines(table.fields.items()))


@dataclass(frozen=True)
class RecipientsForm:
    """The fields of each source, and which source is chosen."""

    source: Source
    lines: str = ""
    path: str = ""
    table: TableForm = field(default_factory=TableForm)
    typed_file: TypedFile | None = field(default=None, compare=False)
    """The file that keeps typed recipients."""

    def read(self, base: Path, reader: Reader = READER) -> Recipients:
        """Summarise the recipients; of a table, the rows that were read.

        Raises WizardError if the file cannot be read, and StaleError.
        """
        match self.source:
            case Source.TYPED:
                return recipients.parse_lines(self.lines)
            case Source.FILE:
                with opened(base / self.file_path) as file:
                    return recipients.read(file, reader.watch(file))
            case Source.TABLE:
                seen = self.table.seen
                usable = seen is not None and not self.table.problems()
                return seen.read(self.table.settings()) if seen and usable else Recipients(())

    @contextmanager
    def people(self, base: Path, reader: Reader = READER) -> Iterator[Iterator[Recipient]]:
        """The recipients one after the other; of a table, the rows that were read.

        Raises WizardError for the first line that has a problem, and StaleError.
        """
        match self.source:
            case Source.TYPED:
                yield recipients.people(BytesIO(recipients.lines_to_csv(self.lines).encode()))
            case Source.FILE:
                with opened(base / self.file_path) as file:
                    yield recipients.people(file, reader.watch(file))
            case Source.TABLE:
                yield iter(self.read(base).sample)

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """``project`` with the recipients. Typed recipients are written to their file first."""
        if self.source is Source.TABLE:
            return self._with_table(project)
        place = FIRST_FIELDS[self.source]
        if self.source is Source.FILE and not self.path:
            return Decision(project, [Problem(place, "Enter the path of the CSV file.")], complete=False)
        try:
            read = self.read(base)
        except WizardError as error:
            return Decision(project, [unreadable(error)], complete=False)
        problems = self.problems(read)
        if not problems and not read.count:
            problems = [Problem(place, "Add at least one recipient.")]
        if problems:
            return Decision(project, problems, complete=False)
        named = self.file_path
        if self.source is Source.TYPED:
            assert self.typed_file
            self.typed_file.write(self.lines)
            named = self.typed_file.name
        return Decision(with_reminder(project, table=None, recipients=named), (), complete=True)

    def problems(self, read: Recipients) -> list[Problem]:
        """The first problems in ``read``, and how many more there are."""
        if self.source is Source.TABLE:
            return self.table.problems() if self.table.was_read() else []
        place = FIRST_FIELDS[self.source]
        found = [
            Problem(place, f"Line {problem.line}: {problem.words}.", problem.line)
            for problem in read.problems[:SHOWN_PROBLEMS]
        ]
        more = len(read.problems) - SHOWN_PROBLEMS
        return [*found, Problem(place, f"And {more} more.")] if more > 0 else found

    @property
    def file_path(self) -> str:
        """The typed path without quotes around it, with the user's home folder for ``~``."""
        path = self.path.strip("'\"")
        with suppress(RuntimeError):  # No such user.
            return str(Path(path).expanduser())
        return path

    def _with_table(self, project: Project) -> Decision:
        """A table that was not read yet can be saved, but does not finish the page."""
        if problems := self.table.problems():
            return Decision(project, problems, complete=False)
        kept = with_reminder(project, table=self.table.settings(), recipients=None)
        if not takes(kept):
            return Decision(project, [NO_TABLE], complete=False)
        return Decision(kept, () if self.table.was_read() else (NOT_READ,), complete=True)


def recipients_form(world: World, project: Project, typed_file: TypedFile, domain: str) -> RecipientsForm:
    """The file's recipients as they would be entered; in the demo, three examples.

    A file that exists where typed recipients are kept is shown even if the project does not name it.
    """
    path, table = project.reminder.recipients, project.reminder.table
    if table:
        return RecipientsForm(Source.TABLE, table=table_form(table))
    if not path and os.path.lexists(typed_file.path):
        path = typed_file.name
    if path:
        typed = None
        if path == typed_file.name:
            with suppress(WizardError):
                typed = typed_file.read()
        if typed is None:
            return RecipientsForm(Source.FILE, path=path)
        return RecipientsForm(Source.TYPED, typed)
    people = f"ana@{domain}, Ana\nben@{domain}, Ben\nsuccess@simulator.amazonses.com, Chris\n"
    return RecipientsForm(Source.TYPED, people if world.demo else "")


def unreadable(error: WizardError) -> Problem:
    """The problem of a CSV file that cannot be read."""
    return Problem("path", f"{error.title}: {error.what} Name another file, or choose another source above.")


def _mapping(text: str) -> dict[str, str]:
    """Attributes by field, from lines like ``first_name = FirstName``. Raises FieldError."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, equals, attribute = (part.strip() for part in line.partition("="))
        if not equals or not attribute or field_name(name) != name:
            raise FieldError("mapping", f"Line {number}: write it like first_name = FirstName", number)
        if name in found or name == "email":
            raise FieldError("mapping", f"Line {number}: {name} is already defined.", number)
        found[name] = attribute
    return found


def _lines(fields: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"{name} = {attribute}" for name, attribute in fields)
