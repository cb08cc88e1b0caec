"""The last row: the keys that work everywhere, at most five, always the same, so nothing flickers."""

from __future__ import annotations

from textual.binding import Binding
from textual.content import Content
from textual.style import Style
from textual.widgets import Static


class KeyLine(Static):
    """Key and description of the shown bindings it is handed. A click does what the key does."""

    def __init__(self, bindings: list[Binding]) -> None:
        shown = [binding for binding in bindings if binding.show]
        super().__init__(Content("   ").join([_key(binding) for binding in shown]))


def _key(binding: Binding) -> Content:
    action = binding.action if "." in binding.action else f"screen.{binding.action}"
    pair = Content.assemble(
        Content.styled(binding.key.split(",")[0].upper(), "bold $footer-key-foreground"),
        f" {binding.description}",
    )
    return pair.stylize(Style.from_meta({"@click": action}))
