"""The fields of a DynamoDB table of the user's own, and examples of its content."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Select, TextArea

from screens.pages.reminder.form_page import Part
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns
from screens.widgets.long_text import LongText
from screens.workers import reads
from wizard.steps.reminder import user_table
from wizard.steps.reminder.recipients_form import TableForm, table_form
from wizard.steps.reminder.user_table import TableReport
from wizard.world import World

SHOWN, FEW = 10, 4
"""Attributes that are shown with examples, on a normal and on a short screen."""


class TableFields(Part):
    """Name, address, opt-out and mapping of a table, and examples."""

    class Changed(Message):
        """The fields changed, or the table was read."""

    @dataclass
    class Looked(Message):
        """The table was read."""

        seen: TableReport

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._seen: TableReport | None = None
        self._mapped_for = ""

    def compose(self) -> ComposeResult:
        """The name, then the attributes."""
        with Horizontal(classes="field tight"):
            yield Label("Table", classes="label")
            yield Input(placeholder="for example customers; Enter reads it", id="table", compact=True)
        with Horizontal(classes="field tight mapped"):
            yield Label("Address in", classes="label")
            yield ChoiceField[str]([], id="attribute", prompt="the attribute with the address", compact=True)
        with Horizontal(classes="field tight mapped"):
            yield Label("Opted out in", classes="label")
            yield ChoiceField[str]([], id="opted-out", prompt="none", compact=True)
        with Horizontal(classes="tall-field mapped"):
            yield Label("Fields", classes="label")
            yield LongText(
                id="mapping",
                compact=True,
                placeholder="for example first_name = FirstName",
                highlight_cursor_line=False,
            )
        yield Columns(id="examples")

    def load(self, table: TableForm) -> None:
        """Show ``table``, and read it if it has a name."""
        self._mapped_for = table.name
        self.query_one("#table", Input).value = table.name
        self._fill_in(table)
        if table.name:
            self.look()

    def entered(self) -> TableForm:
        """The form as typed."""
        name = self.query_one("#table", Input).value.strip()
        seen = self._seen if self._seen and self._seen.name == name else None
        email, opted_out = (self.query_one(f"#{field}", Select).value for field in ("attribute", "opted-out"))
        return TableForm(
            name,
            email if isinstance(email, str) else "email",
            opted_out if isinstance(opted_out, str) else "",
            self.query_one("#mapping", TextArea).text,
            seen,
        )

    def look(self) -> None:
        """Read the named table."""
        name = self.query_one("#table", Input).value.strip()
        if name:
            self.step.retry = self.look
            self.step.clear_error()
            self._look(self.state.world, name)

    @reads("Reading the table")
    def _look(self, world: World, name: str) -> None:

        self.tell(self.Looked(user_table.table_seen(world, name)))

    @on(Looked)
    def _show_seen(self, message: Looked) -> None:
        """Propose the attributes, unless they were entered for this table before."""
        message.stop()
        seen = self._seen = message.seen
        kept = self.entered()
        if self._mapped_for != seen.name:
            kept = table_form(seen.proposal)
        self._mapped_for = seen.name
        self._fill_in(kept)
        self.query_one("#examples", Columns).show(self._examples(seen))
        self.post_message(self.Changed())

    def _fill_in(self, table: TableForm) -> None:
        attributes = list(self._seen.attributes) if self._seen else []
        with self.prevent(Select.Changed, TextArea.Changed):
            for name, value in (("attribute", table.email), ("opted-out", table.opted_out)):
                select = self.query_one(f"#{name}", Select)
                select.set_options([(text, text) for text in dict.fromkeys([*attributes, value]) if text])
                if value:
                    select.value = value
            self.query_one("#mapping", TextArea).text = table.mapping

    def _examples(self, seen: TableReport) -> list[Cells]:
        most = FEW if self.screen.has_class("-short") else SHOWN
        shown = list(seen.attributes.items())[:most]
        more = len(seen.attributes) - len(shown)
        rows: list[Cells] = [
            (Content.styled("In it" if not row else "", "$text-muted"), Content.styled(name, "bold"), example)
            for row, (name, example) in enumerate(shown)
        ]
        return [*rows, ("", f"and {more} more", "")] if more else rows

    @on(Input.Submitted, "#table")
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        self.look()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(TextArea.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        if not self.entered().was_read():
            self.query_one("#examples", Columns).show([])
        self.post_message(self.Changed())
