"""A DynamoDB table of the user's own: its name, which attribute is what, examples of what stands there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Select, TextArea

from screens.pages.reminder.form_page import Part, Problem
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns
from screens.widgets.long_text import LongText
from screens.workers import reads
from wizard.text import printable

if TYPE_CHECKING:
    from wizard.project.schema import Table
    from wizard.steps.reminder.user_table import TableSeen
    from wizard.world import World

SHOWN, FEW = 10, 4
"""How many attributes are shown with examples, and how many where there is little room."""


class MappingError(ValueError):
    """A line of the mapping that says nothing. ``line`` is counted from 1."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line
        self.words = words


@dataclass(frozen=True)
class OwnTable:
    """The fields as typed. ``seen`` is what a look at the table of that name showed, if there was one."""

    name: str = ""
    email: str = "email"
    opted_out: str = ""
    mapping: str = ""
    seen: TableSeen | None = field(default=None, compare=False, repr=False)

    def settings(self) -> Table:
        """What the project file says of it. Raises MappingError."""
        from wizard.project.schema import Table

        return Table(self.name, self.email, self.opted_out or None, _fields(self.mapping))

    def problems(self) -> list[Problem]:
        """What must be mended."""
        try:
            self.settings()
        except MappingError as error:
            return [Problem("mapping", f"Line {error.line}: {error.words}", error.line)]
        if not self.name:
            return [Problem("table", "Name the table.")]
        if self.seen and self.email not in self.seen.attributes:
            return [Problem("attribute", f"No row that was looked at has an attribute {self.email}.")]
        return []

    def doubts(self) -> list[Problem]:
        """What may be right and looks like a slip: attributes that no row has which was looked at."""
        if self.seen is None or self.problems():
            return []
        words = "No row that was looked at has an attribute {}: {{{{{}}}}} stays empty for it."
        return [
            Problem("mapping", words.format(printable(attribute, 60), name))
            for name, attribute in self.settings().fields.items()
            if attribute not in self.seen.attributes
        ]

    def looked_at(self) -> bool:
        """Whether the table of this name was looked at."""
        return self.seen is not None and self.seen.name == self.name


def own_table_of(table: Table) -> OwnTable:
    """What the file says, as one would type it."""
    return OwnTable(table.name, table.email, table.opted_out or "", _lines(table.fields.items()))


class TableFields(Part):
    """Name, address, opt-out and mapping of a table, and what a look at it showed."""

    class Changed(Message):
        """Something else stands in the fields, or the table was looked at."""

    @dataclass
    class Looked(Message):
        """What stands in the table."""

        seen: TableSeen

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._seen: TableSeen | None = None
        self._mapped_for = ""

    def compose(self) -> ComposeResult:
        """The name; then what is what in it."""
        with Horizontal(classes="field tight"):
            yield Label("Table", classes="label")
            yield Input(placeholder="customers; Enter looks at it", id="table", compact=True)
        with Horizontal(classes="field tight mapped"):
            yield Label("Address in", classes="label")
            yield ChoiceField[str]([], id="attribute", prompt="the attribute with the address", compact=True)
        with Horizontal(classes="field tight mapped"):
            yield Label("Opted out in", classes="label")
            yield ChoiceField[str]([], id="opted-out", prompt="no attribute says so", compact=True)
        with Horizontal(classes="tall-field mapped"):
            yield Label("Fields", classes="label")
            yield LongText(
                id="mapping", compact=True, placeholder="first_name = FirstName", highlight_cursor_line=False
            )
        yield Columns(id="examples")

    def load(self, table: OwnTable) -> None:
        """Begin with ``table``; one that the file names is looked at."""
        self._mapped_for = table.name
        self.query_one("#table", Input).value = table.name
        self._fill_in(table)
        if table.name:
            self.look()

    def entered(self) -> OwnTable:
        """The fields as they stand."""
        name = self.query_one("#table", Input).value.strip()
        seen = self._seen if self._seen and self._seen.name == name else None
        email, opted_out = (self.query_one(f"#{field}", Select).value for field in ("attribute", "opted-out"))
        return OwnTable(
            name,
            email if isinstance(email, str) else "email",
            opted_out if isinstance(opted_out, str) else "",
            self.query_one("#mapping", TextArea).text,
            seen,
        )

    def look(self) -> None:
        """Look at the table that is named."""
        name = self.query_one("#table", Input).value.strip()
        if name:
            self.step.retry = self.look
            self.step.clear_error()
            self._look(self.state.world, name)

    @reads("Looking at the table")
    def _look(self, world: World, name: str) -> None:
        from wizard.steps.reminder import user_table

        self.tell(self.Looked(user_table.table_seen(world, name)))

    @on(Looked)
    def _show_seen(self, message: Looked) -> None:
        """Propose what is what, unless it was said of this very table before."""
        message.stop()
        seen = self._seen = message.seen
        kept = self.entered()
        if self._mapped_for != seen.name:
            kept = own_table_of(seen.proposal)
        self._mapped_for = seen.name
        self._fill_in(kept)
        self.query_one("#examples", Columns).show(self._examples(seen))
        self.post_message(self.Changed())

    def _fill_in(self, table: OwnTable) -> None:
        attributes = list(self._seen.attributes) if self._seen else []
        with self.prevent(Select.Changed, TextArea.Changed):
            for name, value in (("attribute", table.email), ("opted-out", table.opted_out)):
                select = self.query_one(f"#{name}", Select)
                select.set_options([(text, text) for text in dict.fromkeys([*attributes, value]) if text])
                if value:
                    select.value = value
            self.query_one("#mapping", TextArea).text = table.mapping

    def _examples(self, seen: TableSeen) -> list[Cells]:
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
        if not self.entered().looked_at():
            self.query_one("#examples", Columns).show([])
        self.post_message(self.Changed())


def _fields(text: str) -> dict[str, str]:
    """Which attribute fills a field, from lines like ``first_name = FirstName``. Raises MappingError."""
    from wizard.reminder.message.fields import field_name

    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, equals, attribute = (part.strip() for part in line.partition("="))
        if not equals or not attribute or field_name(name) != name:
            raise MappingError(number, "write it like first_name = FirstName.")
        if name in found or name == "email":
            raise MappingError(number, f"{name} is said already.")
        found[name] = attribute
    return found


def _lines(fields: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"{name} = {attribute}" for name, attribute in fields)
