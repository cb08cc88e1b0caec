"""A field of many lines that knows the keys for its beginning and its end."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import TextArea


class LongText(TextArea):
    """Ctrl+Home and Ctrl+End go to the first line and to the last one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+home", "go_to(False)", "To the first line", show=False),
        Binding("ctrl+end", "go_to(True)", "To the last line", show=False),
    ]

    def action_go_to(self, end: bool) -> None:
        """Put the cursor at the beginning or at the end of all that is written."""
        self.move_cursor(self.document.end if end else (0, 0))
