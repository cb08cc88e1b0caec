"""Rows of cells under each other, the last cell wrapped beside the others, never under them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from screens.symbols import PROGRESS, lines
from wizard.steps.model import Event, Progress

GAP = 2
"""Cells between two columns."""

NARROWEST_LAST = 20
"""Where the last column would get less than this, it stands below the others."""

Cells = Sequence[Content | str]


class Columns(Widget):
    """A small table to read, not to choose from. Updated in place."""

    DEFAULT_CSS = """
    Columns { height: auto; width: 1fr; }
    """

    def __init__(
        self,
        rows: Sequence[Cells] = (),
        *,
        id: str | None = None,  # noqa: A002 (the name every widget has for it)
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: Sequence[Cells] = rows

    def show(self, rows: Sequence[Cells]) -> None:
        """Show ``rows`` instead."""
        self._rows = rows
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the cells wrap to at ``width``."""
        return len(wrapped(self._rows, width))

    def render(self) -> Content:
        """The rows at the width there is."""
        return lines(wrapped(self._rows, self.content_size.width))


def facts(rows: Sequence[tuple[str, str]]) -> list[Cells]:
    """Rows of a label, in the background, and what it is about."""
    return [(Content.styled(label, "$text-muted"), value) for label, value in rows]


def wrapped(rows: Sequence[Cells], width: int) -> list[Content]:
    """The lines of ``rows`` in columns, ``width`` cells wide. Each row has at least one cell."""
    table = [[Content(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    columns = max((len(row) for row in table), default=0)
    widths = [
        max((row[column].cell_length for row in table if column < len(row) - 1), default=0)
        for column in range(columns - 1)
    ]
    return [line for row in table for line in _row(row, widths, width)]


def _row(row: list[Content], widths: list[int], width: int) -> list[Content]:
    *cells, last = row
    head = Content("").join([_padded(cell, size + GAP) for cell, size in zip(cells, widths, strict=False)])
    if cells and width - head.cell_length < NARROWEST_LAST:
        below = " " * (widths[0] + GAP)
        return [head.rstrip(), *(Content.assemble(below, line) for line in last.wrap(width - len(below)))]
    first, *rest = last.wrap(width - head.cell_length) or [Content("")]
    indent = " " * head.cell_length
    return [Content.assemble(head, first), *(Content.assemble(indent, line) for line in rest)]


def _padded(cell: Content, size: int) -> Content:
    return cell.pad_right(max(0, size - cell.cell_length))


class EventList(Columns):
    """What a running act reports: one row a subject, updated as it comes along."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._events: dict[str, Event] = {}

    def clear(self) -> None:
        """Forget an earlier act."""
        self._events = {}
        self.show([])

    def drop_unfinished(self) -> None:
        """What was begun came to nothing: an error says why."""
        self._events = {
            subject: event
            for subject, event in self._events.items()
            if event.progress is not Progress.STARTED
        }
        self.show([_event(event) for event in self._events.values()])

    def add(self, event: Event) -> None:
        """Show ``event`` in the row of its subject."""
        self._events[event.subject] = event
        self.show([_event(event) for event in self._events.values()])


def _event(event: Event) -> Cells:
    symbol, word, colour = PROGRESS[event.progress]
    return (Content.styled(f"{symbol} {word}", colour), Content.styled(event.subject, "bold"), event.words)
