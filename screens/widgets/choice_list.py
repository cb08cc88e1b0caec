"""Lists to choose from: what is highlighted is marked by a sign, too, for those who see no colours."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import OptionList

MARK = "▸ "
"""Stands before the highlighted row. `pages.tcss` leaves room for it before every row."""


class ChoiceList(OptionList):
    """Page Up and Page Down are its own only where it is longer than it shows; else they scroll the page."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave to the page what would move nothing here."""
        return self.max_scroll_y > 0 or action not in ("page_up", "page_down")

    def render_line(self, y: int) -> Strip:
        """The row as usual, with the mark where it is the highlighted option's first."""
        strip = super().render_line(y)
        if self.highlighted is None or self._option_at(strip) != self.highlighted:
            return strip
        if y and self._option_at(super().render_line(y - 1)) == self.highlighted:
            return strip
        style = next(iter(strip)).style
        return Strip.join([Strip([Segment(MARK, style)]), strip.crop(len(MARK))])

    @staticmethod
    def _option_at(strip: Strip) -> int | None:
        """Which option a rendered row is of, as it says itself for the mouse."""
        style = next(iter(strip), Segment("")).style
        number = style.meta.get("option") if style else None
        return number if isinstance(number, int) else None
