"""A checkbox whose state can be read without colour."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox


class Tick(Checkbox):
    """``[✓]`` or ``[ ]``, then the label."""

    @property
    def _button(self) -> Content:
        return Content.assemble("[", Content.styled("✓" if self.value else " ", "bold $text-success"), "]")
