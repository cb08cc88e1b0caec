"""The last row: the keys of the page, always the same so that nothing flickers, or those of a dialog."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from screens.commands import Command


class KeyLine(Static):
    """Key and label of those of ``commands`` that are for the footer. A click does what the key does."""

    def __init__(self, commands: Sequence[Command], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(_keys(commands), id=id)

    def show(self, commands: Sequence[Command]) -> None:
        """Show ``commands`` instead."""
        self.update(_keys(commands))


def _keys(commands: Sequence[Command]) -> Content:
    return Content("   ").join([_key(command) for command in commands if command.footer])


def _key(command: Command) -> Content:
    action = command.action if "." in command.action else f"screen.{command.action}"
    pair = Content.assemble(Content.styled(command.key, "bold $footer-key-foreground"), f" {command.label}")
    return pair.stylize(Style.from_meta({"@click": action}))
