"""A field with a list to choose from, which opens below it."""

from __future__ import annotations

from typing import TypeVar

from textual.app import ComposeResult
from textual.widgets import Select
from textual.widgets._select import SelectCurrent, SelectOverlay

from screens.widgets.choice_list import ChoiceList

Value = TypeVar("Value")


class OpenedList(SelectOverlay, ChoiceList):
    """The list. What is highlighted is marked as in every list."""


class ChoiceField(Select[Value]):
    """The open list is as wide as the page, its entries below the field: no row under it shows in part."""

    def compose(self) -> ComposeResult:
        """The field and its list."""
        yield SelectCurrent(self.prompt)
        yield OpenedList().data_bind(compact=Select.compact)

    def watch_expanded(self, expanded: bool) -> None:
        """Lay the list over all of the page's width."""
        if expanded:
            page, shown = self.screen.query_one("#body").content_region, self.query_one(SelectOverlay).styles
            before = self.region.x - page.x
            shown.width, shown.offset, shown.padding = page.width, (-before, 0), (0, 0, 0, before)
