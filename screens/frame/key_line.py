"""The last row: the keys of the page, at most five, always the same so nothing flickers, or of a dialog."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from screens.keys import key_name


class KeyLine(Static):
    """Key and description of the shown bindings it is handed. A click does what the key does."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        super().__init__(_keys(bindings))

    def show(self, bindings: Sequence[Binding]) -> None:
        """Show ``bindings`` instead."""
        self.update(_keys(bindings))


def _keys(bindings: Sequence[Binding]) -> Content:
    return Content("   ").join([_key(binding) for binding in bindings if binding.show])


def _key(binding: Binding) -> Content:
    action = binding.action if "." in binding.action else f"screen.{binding.action}"
    pair = Content.assemble(
        Content.styled(
            binding.key_display or key_name(binding.key.split(",")[0]), "bold $footer-key-foreground"
        ),
        f" {binding.description}",
    )
    return pair.stylize(Style.from_meta({"@click": action}))
