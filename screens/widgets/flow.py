"""Pieces side by side that go on in the next row where the width ends: buttons, keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Size
from textual.layout import ArrangeResult, Layout
from textual.layouts.horizontal import HorizontalLayout
from textual.widget import Widget


class FlowLayout(HorizontalLayout):
    """Children of one row's height, as many in each row as fit."""

    name = "flow"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Put them in one row, then what does not fit into the next ones."""
        placed, start, row = [], 0, 0
        for one in super().arrange(parent, children, size, greedy):
            if one.region.x > start and one.region.right - start > size.width:
                start, row = one.region.x, row + 1
            placed.append(one._replace(region=one.region.translate((-start, row))))
        return placed


class Buttons(Horizontal):
    """A row of buttons, or more rows where it is narrow."""

    def __init__(self, *children: Widget, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(*children, id=id, classes=f"buttons {classes}")

    @property
    def layout(self) -> Layout:
        """Not by a style: styles know Textual's own layouts by name."""
        return FlowLayout()


def flowed(pieces: Iterable[Content], width: int, gap: str) -> list[Content]:
    """Rows of ``pieces`` with ``gap`` between two, each as long as ``width`` allows."""
    rows: list[Content] = []
    for piece in pieces:
        if rows and (longer := Content.assemble(rows[-1], gap, piece)).cell_length <= width:
            rows[-1] = longer
        else:
            rows.append(piece)
    return rows


class FlowText(Widget):
    """Pieces of text, never broken inside a piece."""

    GAP = "   "

    def __init__(self, pieces: Sequence[Content] = (), *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.pieces = pieces

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as it takes."""
        return max(1, len(flowed(self.pieces, width, self.GAP)))

    def render(self) -> Content:
        """The pieces at the width there is."""
        return Content("\n").join(flowed(self.pieces, self.content_size.width, self.GAP))
