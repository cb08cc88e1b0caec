"""Who gets the mail: addresses typed one a line, a CSV file, or a DynamoDB table of the user's own."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Select, TextArea
from textual.worker import get_current_worker

from screens.pages.reminder.form_page import Decision, Page, Problem
from screens.pages.reminder.opt_outs import OptOuts
from screens.pages.reminder.reading import READER, Reader, StaleError, opened
from screens.pages.reminder.user_table import OwnTable, TableFields, own_table_of
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns
from screens.widgets.long_text import LongText
from screens.workers import reads
from wizard.errors import WizardError
from wizard.text import printable

if TYPE_CHECKING:
    from wizard.project.schema import Project
    from wizard.reminder.recipients.csv_file import TypedFile
    from wizard.reminder.recipients.parse import Recipient, Recipients
    from wizard.steps.reminder.step import ReminderSeen
    from wizard.world import World

SHOWN_PROBLEMS = 3
SHOWN_REFUSED = 2
"""How many addresses are named to which SES takes no mail yet."""


class Source(StrEnum):
    """Where recipients come from."""

    TYPED = "typed"
    FILE = "file"
    TABLE = "table"


SOURCES = {
    Source.TYPED: "a list, typed here",
    Source.FILE: "a CSV file",
    Source.TABLE: "a DynamoDB table of my own",
}
FIRST_FIELDS = {Source.TYPED: "lines", Source.FILE: "path", Source.TABLE: "table"}
"""Where one begins to type, and what is wrong with the whole is said of."""
NO_TABLE = Problem(
    "table", "This is no name of a DynamoDB table: 3 to 255 letters, digits, dots, hyphens and underscores."
)
NOT_LOOKED_AT = Problem("table", "Press Enter here first: the wizard looks at the table.")


@dataclass(frozen=True)
class Who:
    """What stands in the fields of each way, and which way is chosen."""

    source: Source
    lines: str = ""
    path: str = ""
    table: OwnTable = field(default_factory=OwnTable)
    typed_file: TypedFile | None = field(default=None, compare=False)
    """Where typed recipients are kept. A page that asks for them gives it."""

    def read(self, base: Path, reader: Reader = READER) -> Recipients:
        """The recipients, with every problem by its line; of a table what was seen of it.

        Raises WizardError where the file cannot be read, and StaleError once the ``reader`` waits no more.
        """
        from wizard.reminder.recipients import parse as recipients

        match self.source:
            case Source.TYPED:
                return recipients.parse_lines(self.lines)
            case Source.FILE:
                with opened(base / self.named, reader) as file:
                    return recipients.read(file)
            case Source.TABLE:
                seen = self.table.seen
                usable = seen is not None and not self.table.problems()
                return seen.read(self.table.settings()) if seen and usable else recipients.Recipients(())

    @contextmanager
    def people(self, base: Path, reader: Reader = READER) -> Iterator[Iterator[Recipient]]:
        """The recipients one after the other; of a table those that were looked at.

        Raises WizardError for the first line that has a problem, and StaleError.
        """
        from wizard.reminder.recipients import parse as recipients

        match self.source:
            case Source.TYPED:
                yield recipients.people(BytesIO(recipients.lines_to_csv(self.lines).encode()))
            case Source.FILE:
                with opened(base / self.named, reader) as file:
                    yield recipients.people(file)
            case Source.TABLE:
                yield iter(self.read(base).sample)

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """The project that says where they are. Typed recipients are written to a file of their own first."""
        if self.source is Source.TABLE:
            return self._with_table(project)
        if self.source is Source.FILE and not self.path:
            return Decision(project, [Problem("path", "Name the file.")], complete=False)
        try:
            read = self.read(base)
        except WizardError as error:
            return Decision(project, [unreadable(error)], complete=False)
        problems = self.problems(read)
        if not problems and not read.count:
            problems = [Problem(FIRST_FIELDS[self.source], "Name at least one recipient.")]
        if problems:
            return Decision(project, problems, complete=False)
        return Decision(self._with_file(project), (), complete=True)

    def problems(self, read: Recipients) -> list[Problem]:
        """What is wrong in ``read``, which came of this: the first few lines, and how many more there are."""
        if self.source is Source.TABLE:
            return self.table.problems() if self.table.looked_at() else []
        place = FIRST_FIELDS[self.source]
        found = [
            Problem(place, f"Line {problem.line}: {problem.words}.", problem.line)
            for problem in read.problems[:SHOWN_PROBLEMS]
        ]
        more = len(read.problems) - SHOWN_PROBLEMS
        return [*found, Problem(place, f"And {more} more.")] if more > 0 else found

    @property
    def named(self) -> str:
        """The path of the file, with the user's own folder for ``~``."""
        with suppress(RuntimeError):  # There is no such user.
            return str(Path(self.path).expanduser())
        return self.path

    def _with_file(self, project: Project) -> Project:
        from msgspec.structs import replace as with_settings

        named = self.named
        if self.source is Source.TYPED:
            assert self.typed_file
            self.typed_file.write(self.lines)
            named = self.typed_file.name
        reminder = with_settings(project.reminder, table=None, recipients=named)
        return with_settings(project, reminder=reminder)

    def _with_table(self, project: Project) -> Decision:
        """What is not looked at yet can be kept, but does not finish the page."""
        from msgspec.structs import replace as with_settings

        from wizard.project.schema import takes

        problems = self.table.problems()
        if problems:
            return Decision(project, problems, complete=False)
        reminder = with_settings(project.reminder, table=self.table.settings(), recipients=None)
        kept = with_settings(project, reminder=reminder)
        if not takes(kept):
            return Decision(project, [NO_TABLE], complete=False)
        return Decision(kept, () if self.table.looked_at() else (NOT_LOOKED_AT,), complete=True)


def unreadable(error: WizardError) -> Problem:
    """A named file that cannot be read, and the way out."""
    return Problem("path", f"{error.title}: {error.what} Name another file, or choose another way above.")


class WhoPage(Page):
    """The way, its fields, what was read, and who wants no mail."""

    NAME = "Who"
    QUESTION = "Who gets the mail?"
    WHY = "Only people who asked for it. In the sandbox: only addresses and domains verified in SES."
    FIRST = "#lines"
    KEYS: ClassVar[Mapping[str, str]] = {"f6": "Who wants no more mail"}
    HELP = """
Three ways to say who:

- **A list**: one address a line, with a name after a comma. It is kept in a CSV file beside the project
  file and named after it; a file there that is not from here is never written over.
- **A CSV file** whose first line names the columns, `email` among them. Every column can be a field of the
  message. Bad addresses and duplicates are told by line; nothing of such a file is taken over.
- **A DynamoDB table** that you have already. It is read by each run and never written. Say which attribute
  holds the address and which one says that somebody opted out. If a field has another name than its
  attribute, add a line for it, such as `first_name = FirstName` here.

**F6** shows who wants no more mail. They stay out, whatever a file or a table says; complaints come in by
themselves.
"""

    @dataclass
    class Read(Message):
        """What the fields came to."""

        who: Who
        read: Recipients | None
        error: WizardError | None = None

    @dataclass
    class Reading(Message):
        """How far the reading of a large file has come."""

        words: str

    def __init__(self, typed_file: TypedFile, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.typed_file = typed_file
        self._set_up = False
        self._known: Recipients | None = None
        self._open_to: frozenset[str] | None = None

    def compose(self) -> ComposeResult:
        """The way to say who, its fields, a line about what was read."""
        with Horizontal(classes="field tight"):
            yield Label("Recipients", classes="label")
            ways = [(words, source) for source, words in SOURCES.items()]
            yield ChoiceField[Source](ways, id="source", allow_blank=False, value=Source.TYPED, compact=True)
        with Vertical(id="way-typed"):
            yield LongText(
                id="lines",
                compact=True,
                placeholder="one a line, such as: ana@example.com, Ana",
                highlight_cursor_line=False,
            )
        with Horizontal(classes="field tight", id="way-file"):
            yield Label("CSV file", classes="label")
            yield Input(placeholder="recipients/team.csv", id="path", compact=True)
        yield TableFields(id="way-table")
        yield Columns(id="read")
        yield Columns(id="sandbox")
        yield Columns(classes="problems")
        yield OptOuts(id="gone")

    def load(self, who: Who) -> None:
        """Begin with ``who``."""
        with self.prevent(Select.Changed, Input.Changed, TextArea.Changed):
            self.query_one("#source", Select).value = who.source
            self.query_one("#path", Input).value = who.path
            lines = self.query_one("#lines", TextArea)
            lines.text = who.lines
            lines.move_cursor(lines.document.end)
            self.query_one(TableFields).load(who.table)
        self._follow()

    def entered(self) -> Who:
        """The fields as they stand."""
        return Who(
            Source(str(self.query_one("#source", Select).value)),
            self.query_one("#lines", TextArea).text,
            self.query_one("#path", Input).value.strip(),
            self.query_one(TableFields).entered(),
            self.typed_file,
        )

    def focus_first(self) -> None:
        """Begin in the field of the way that is chosen."""
        self.query_one(f"#{FIRST_FIELDS[self.entered().source]}").focus()

    def came_up(self) -> None:
        """Count the opt-outs, once there can be any."""
        if self._set_up:
            self.query_one(OptOuts).count()

    def show_seen(self, seen: ReminderSeen) -> None:
        """There can be opt-outs where the stack is complete."""
        self._set_up = bool(seen.stack and seen.stack.complete)
        self._open_to = seen.open_to
        self._warn_of_the_sandbox(self._known)
        self.query_one(OptOuts).display = self._set_up
        if self.display:
            self.came_up()

    def press(self, key: str) -> None:
        """Show the opt-outs."""
        if self._set_up:
            self.query_one(OptOuts).open()
        else:
            self.step.say("Opt-outs are kept from the set-up on: see Create.", not_yet=True)

    # Reading

    @reads("Reading the recipients")
    def _read(self, base: Path, who: Who) -> None:
        worker = get_current_worker()
        reader = Reader(lambda words: self.tell(self.Reading(words)), lambda: not worker.is_cancelled)
        try:
            self.tell(self.Read(who, who.read(base, reader)))
        except WizardError as error:
            self.tell(self.Read(who, None, error))
        except StaleError:
            return

    @on(Reading)
    def _show_reading(self, message: Reading) -> None:
        message.stop()
        head = Content.styled("» reading", "$text-accent")
        self.query_one("#read", Columns).show([(head, message.words)])

    @on(Read)
    def _show_read(self, message: Read) -> None:
        """Say what the fields came to, if that is still what stands in them."""
        who, read, error = message.who, message.read, message.error
        if who != self.entered():
            message.stop()
            return
        problems = [unreadable(error)] if error else who.problems(read) if read else []
        self.query_one("#read", Columns).show(_read(who, read) if read and read.columns else [])
        self._warn_of_the_sandbox(read)
        self.warn([*problems, *(who.table.doubts() if who.source is Source.TABLE else [])])

    def _warn_of_the_sandbox(self, read: Recipients | None) -> None:
        self._known = read
        self.query_one("#sandbox", Columns).show(sandbox_rows(read, self._open_to))

    @on(Select.Changed, "#source")
    def _other_way(self, event: Select.Changed) -> None:
        event.stop()
        self._follow()
        self.focus_first()

    @on(Input.Changed, "#path")
    @on(TextArea.Changed, "#lines")
    @on(TableFields.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self._follow()

    def _follow(self) -> None:
        who = self.entered()
        for source in Source:
            self.query_one(f"#way-{source}").display = source is who.source
        self.warn(())
        self.query_one("#read", Columns).show([])
        self._warn_of_the_sandbox(None)
        if who.source is not Source.FILE or who.path:
            self._read(self.base, who)


def first_who(world: World, project: Project, typed_file: TypedFile, domain: str) -> Who:
    """Typed recipients as they were typed, a file by its path, a table by its name; in the demo three.

    What stands already where typed recipients would be kept is shown, whoever wrote it.
    """
    path, table = project.reminder.recipients, project.reminder.table
    if table:
        return Who(Source.TABLE, table=own_table_of(table))
    if not path and os.path.lexists(typed_file.path):
        path = typed_file.name
    if path:
        typed = None
        if path == typed_file.name:
            with suppress(WizardError):
                typed = typed_file.read()
        return Who(Source.FILE, path=path) if typed is None else Who(Source.TYPED, typed)
    if world.demo:
        people = f"ana@{domain}, Ana\nben@{domain}, Ben\nsuccess@simulator.amazonses.com, Chris\n"
        return Who(Source.TYPED, people)
    return Who(Source.TYPED)


def sandbox_rows(read: Recipients | None, open_to: Collection[str] | None) -> list[Cells]:
    """Who of the recipients gets nothing, as long as the account is in the sandbox; of many, of the first.

    ``open_to`` are the identities that mail may go to; None outside of the sandbox.
    """
    from wizard.reminder.recipients.reach import Reach

    if read is None or open_to is None or not read.sample:
        return []
    reach = Reach(open_to)
    refused = [person.email for person in read.sample if not reach.add(person.email)]
    if not refused:
        return []
    whose = "these" if read.count <= len(read.sample) else "the first"
    named = ", ".join(printable(address, 60) for address in refused[:SHOWN_REFUSED])
    more = f" and {len(refused) - SHOWN_REFUSED:,} more" if len(refused) > SHOWN_REFUSED else ""
    words = (
        f"{len(refused):,} of {whose} {len(read.sample):,} get nothing until production access (step 6): SES "
        f"has not verified {named}{more}."
    )
    return [(Content.styled("! sandbox", "$text-warning"), words)]


def _read(who: Who, read: Recipients) -> list[Cells]:
    """How many there are, which fields the message can use, and which are empty for some."""
    if not read.count:
        return []
    fields = ", ".join(f"{{{{{name}}}}}" for name in read.columns[:8])
    about = "about " if who.source is Source.TABLE else ""
    words = f"{about}{read.count:,} recipient{'' if read.count == 1 else 's'}. The message can use {fields}"
    rows: list[Cells] = [(Content.styled("✓", "$text-success"), words)]
    blank = ", ".join(
        f"{{{{{name}}}}} for {count:,}" for name, count in list(read.blank.items())[:4] if count
    )
    return [*rows, (Content.styled("·", "$text-muted"), f"Empty: {blank}")] if blank else rows
