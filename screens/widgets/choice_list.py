"""A list to choose from in a page that is longer than the screen."""

from __future__ import annotations

from textual.widgets import OptionList


class ChoiceList(OptionList):
    """Page Up and Page Down are its own only where it is longer than it shows; else they scroll the page."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave to the page what would move nothing here."""
        return self.max_scroll_y > 0 or action not in ("page_up", "page_down")
