"""The DNS checklist: one row a record, updated in place. The highlighted row is what the page is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from screens.pages.dns.symbols import row_words
from screens.widgets.choice_list import MARK
from wizard.dns.findings import Row
from wizard.dns.records import Record, RecordId

LABELS = {
    RecordId.DKIM1: "DKIM 1",
    RecordId.DKIM2: "DKIM 2",
    RecordId.DKIM3: "DKIM 3",
    RecordId.MAIL_FROM_MX: "MAIL FROM MX",
    RecordId.MAIL_FROM_SPF: "MAIL FROM SPF",
    RecordId.SPF: "SPF",
    RecordId.DMARC: "DMARC",
}
"""What the rows are called."""

WIDTHS = {"mark": len(MARK), "state": 13, "label": 14, "type": 6, "name": 255}
"""Cells of the columns. A name may be as long as names can be: the list cuts off what has no room."""


class Checklist(DataTable[Content], inherit_bindings=False):
    """Rows by record id. A row is chosen by being highlighted; Page Up and Down are left to the page."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Row above", show=False),
        Binding("down", "cursor_down", "Row below", show=False),
        Binding("home", "scroll_top", "First row", show=False),
        Binding("end", "scroll_bottom", "Last row", show=False),
    ]

    @dataclass
    class Highlighted(Message):
        """The user moved to the row of ``record_id``."""

        record_id: RecordId

    def __init__(self) -> None:
        super().__init__(
            id="checklist", cursor_type="row", show_header=False, cell_padding=0, header_height=0
        )

    def on_mount(self) -> None:
        """The columns, once."""
        for key, width in WIDTHS.items():
            self.add_column(key, key=key, width=width)

    def expect(self, records: Iterable[Record]) -> None:
        """Show a row for each of ``records``, nothing known of any. Rows that are there already stay."""
        wanted = {record.id: record for record in records}
        if [RecordId(str(row.key.value)) for row in self.ordered_rows] != list(wanted):
            self.clear()
            for record in wanted.values():
                label, kind = Content(LABELS[record.id]), Content.styled(record.type, "$text-muted")
                self.add_row(Content(), row_words(None), label, kind, Content(record.name), key=record.id)
            self._mark()

    def show(self, rows: Iterable[Row]) -> None:
        """Bring each row up to date; only cells that changed are drawn."""
        rows = tuple(rows)
        self.expect(row.record for row in rows)
        for row in rows:
            cells = {
                "state": row_words(row),
                "type": Content.styled(row.record.type, "$text-muted"),
                "name": Content(row.host if row.host != "@" else f"@  ({row.record.name})"),
            }
            for column, content in cells.items():
                if self.get_cell(row.record.id, column) != content:
                    self.update_cell(row.record.id, column, content)

    @property
    def record_id(self) -> RecordId | None:
        """The highlighted row's; None while there are no rows."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        return RecordId(str(self.ordered_rows[self.cursor_row].key.value))

    def _mark(self) -> None:
        """Put the mark before the highlighted row, and before no other."""
        for number, row in enumerate(self.ordered_rows):
            mark = Content(MARK if number == self.cursor_row else "")
            if row.key.value and self.get_cell(row.key.value, "mark") != mark:
                self.update_cell(row.key.value, "mark", mark)

    def highlight(self, record_id: RecordId) -> None:
        """Move to the row of ``record_id``."""
        self.move_cursor(row=self.get_row_index(record_id))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Mark the row, and say it by the record's id."""
        event.stop()
        self._mark()
        if event.row_key.value is not None:
            self.post_message(self.Highlighted(RecordId(event.row_key.value)))
