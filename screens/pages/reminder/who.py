"""The Who page: addresses typed one a line, a CSV file, or a DynamoDB table of the user's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Select, Static, TextArea
from textual.worker import get_current_worker

from screens.pages.reminder.form_page import Page
from screens.pages.reminder.opt_outs import OptOuts
from screens.pages.reminder.user_table import TableFields
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns
from screens.widgets.long_text import LongText
from screens.workers import reads
from wizard.errors import WizardError
from wizard.reminder.recipients.csv_file import TypedFile
from wizard.reminder.recipients.parse import Recipients
from wizard.reminder.recipients.reach import Reach
from wizard.steps.reminder.recipients_form import (
    FIRST_FIELDS,
    Reader,
    RecipientsForm,
    Source,
    StaleError,
    unreadable,
)
from wizard.steps.reminder.step import ReminderReport
from wizard.text import printable

SHOWN_REFUSED = 2
"""Addresses that are named if SES does not accept mail for them yet."""
SOURCES = {
    Source.TYPED: "a list, typed here",
    Source.FILE: "a CSV file",
    Source.TABLE: "a DynamoDB table of my own",
}


class WhoPage(Page):
    """The source of the recipients, its fields, a summary, and the opt-outs."""

    NAME = "Who"
    QUESTION = "Who gets the mail?"
    WHY = "Only people who asked for it. In the sandbox: only addresses and domains verified in SES."
    FIRST = "#lines"
    KEYS: ClassVar[Mapping[str, str]] = {"f6": "Opt-outs"}
    HELP = """
- **A list**: one address a line, with a name after a comma. It is saved in a CSV file beside the project
  file. Content of that file from elsewhere is never overwritten.
- **A CSV file** with an `email` column. Its first line names the columns, and each can be a field of the
  message. Invalid addresses and duplicates are reported by line number, and must be fixed first.
- **A DynamoDB table** of your own, which is read-only. Choose the attributes with the address and with the
  opt-out. A line such as `first_name = FirstName` fills a field from an attribute with another name.

Every run checks the opt-out list (**F6**). SES's complaints are added to it automatically.
"""

    @dataclass
    class RecipientsRead(Message):
        """The form was read."""

        form: RecipientsForm
        read: Recipients | None
        error: WizardError | None = None

    @dataclass
    class Reading(Message):
        """The progress of reading a large file."""

        words: str

    def __init__(self, typed_file: TypedFile, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.typed_file = typed_file
        self._deployed = False
        self._known: Recipients | None = None
        self._open_to: frozenset[str] | None = None

    def compose(self) -> ComposeResult:
        """The source, its fields, the summary."""
        with Horizontal(classes="field tight"):
            yield Label("Recipients", classes="label")
            sources = [(words, source) for source, words in SOURCES.items()]
            yield ChoiceField[Source](
                sources, id="source", allow_blank=False, value=Source.TYPED, compact=True
            )
        with Vertical(id="way-typed"):
            yield LongText(
                id="lines",
                compact=True,
                placeholder="one a line, for example: ana@example.com, Ana",
                highlight_cursor_line=False,
                show_line_numbers=True,
            )
            yield Static(f"F3 saves the list in {self.typed_file.name}", classes="hint", markup=False)
        with Horizontal(classes="field tight", id="way-file"):
            yield Label("CSV file", classes="label")
            yield Input(placeholder="for example recipients/team.csv", id="path", compact=True)
        yield TableFields(id="way-table")
        yield Columns(id="read")
        yield Columns(id="sandbox")
        yield Columns(classes="problems")
        yield OptOuts(id="gone")

    def load(self, form: RecipientsForm) -> None:
        """Show ``form``."""
        with self.prevent(Select.Changed, Input.Changed, TextArea.Changed):
            self.query_one("#source", Select).value = form.source
            self.query_one("#path", Input).value = form.path
            lines = self.query_one("#lines", TextArea)
            lines.text = form.lines
            lines.move_cursor(lines.document.end)
            self.query_one(TableFields).load(form.table)
        self._follow()

    def entered(self) -> RecipientsForm:
        """The form as typed."""
        return RecipientsForm(
            Source(str(self.query_one("#source", Select).value)),
            self.query_one("#lines", TextArea).text,
            self.query_one("#path", Input).value.strip(),
            self.query_one(TableFields).entered(),
            self.typed_file,
        )

    def focus_first(self) -> None:
        """Focus the field of the chosen source."""
        self.query_one(f"#{FIRST_FIELDS[self.entered().source]}").focus()

    def came_up(self) -> None:
        """Count the opt-outs."""
        if self._deployed:
            self.query_one(OptOuts).count()

    def show_seen(self, seen: ReminderReport) -> None:
        """Show the opt-outs if the stack is complete, and the recipients that the sandbox refuses."""
        self._deployed = bool(seen.stack and seen.stack.complete)
        self._open_to = seen.open_to
        self._show_refused(self._known)
        self.query_one(OptOuts).display = self._deployed
        if self.display:
            self.came_up()

    def press(self, key: str) -> None:
        """Show the opt-outs."""
        if self._deployed:
            self.query_one(OptOuts).open()
        else:
            self.step.say("The opt-out list is created on the Create page.", not_yet=True)

    # Reading

    @reads("Reading the recipients")
    def _read(self, base: Path, form: RecipientsForm) -> None:
        worker = get_current_worker()
        reader = Reader(lambda words: self.tell(self.Reading(words)), lambda: not worker.is_cancelled)
        try:
            self.tell(self.RecipientsRead(form, form.read(base, reader)))
        except WizardError as error:
            self.tell(self.RecipientsRead(form, None, error))
        except StaleError:
            return

    @on(Reading)
    def _show_reading(self, message: Reading) -> None:
        message.stop()
        head = Content.styled("» reading", "$text-accent")
        self.query_one("#read", Columns).show([(head, message.words)])

    @on(RecipientsRead)
    def _show_read(self, message: RecipientsRead) -> None:
        """Show the summary, unless the user has typed meanwhile."""
        form, read, error = message.form, message.read, message.error
        if form != self.entered():
            message.stop()
            return
        problems = [unreadable(error)] if error else form.problems(read) if read else []
        self.query_one("#read", Columns).show(_summary(form, read, good=not problems) if read else [])
        self._show_refused(read)
        self.warn([*problems, *(form.table.warnings() if form.source is Source.TABLE else [])])

    def _show_refused(self, read: Recipients | None) -> None:
        self._known = read
        self.query_one("#sandbox", Columns).show(sandbox_rows(read, self._open_to))

    @on(Select.Changed, "#source")
    def _source_changed(self, event: Select.Changed) -> None:
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
        form = self.entered()
        for source in Source:
            self.query_one(f"#way-{source}").display = source is form.source
        self.warn(())
        self.query_one("#read", Columns).show([])
        self._show_refused(None)
        if form.source is not Source.FILE or form.path:
            self._read(self.base, form)


def sandbox_rows(read: Recipients | None, open_to: Collection[str] | None) -> list[Cells]:
    """The recipients that SES refuses in the sandbox; of many, among the first.

    ``open_to`` are the identities that can receive mail; None outside of the sandbox.
    """
    if read is None or open_to is None or not read.sample:
        return []
    reach = Reach(open_to)
    refused = [person.email for person in read.sample if not reach.add(person.email)]
    if not refused:
        return []
    of = f"{len(read.sample):,}" if read.count <= len(read.sample) else f"the first {len(read.sample):,}"
    named = ", ".join(printable(address, 60) for address in refused[:SHOWN_REFUSED])
    more = f" and {len(refused) - SHOWN_REFUSED:,} more" if len(refused) > SHOWN_REFUSED else ""
    words = (
        f"SES refuses mail to {len(refused):,} of {of} until production access (step 6), because it has not "
        f"verified {named}{more}."
    )
    return [(Content.styled("! sandbox", "$text-warning"), words)]


def _summary(form: RecipientsForm, read: Recipients, *, good: bool) -> list[Cells]:
    """How many recipients there are, their fields, and which are empty for some."""
    if not read.count or not read.columns:
        return []
    fields = ", ".join(f"{{{{{name}}}}}" for name in read.columns[:8])
    about = "about " if form.source is Source.TABLE else ""
    words = f"{about}{read.count:,} recipient{'' if read.count == 1 else 's'}. Fields to use: {fields}"
    mark = Content.styled("✓", "$text-success") if good else Content.styled("·", "$text-muted")
    rows: list[Cells] = [(mark, words)]
    blank = ", ".join(
        f"{{{{{name}}}}} for {count:,}" for name, count in list(read.blank.items())[:4] if count
    )
    words = f"Empty: {blank}. The mail has nothing in its place."
    return [*rows, (Content.styled("!", "$text-warning"), words)] if blank else rows
