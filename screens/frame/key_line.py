"""The last row: the keys of the page, always the same so that nothing flickers, or those of a dialog."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.style import Style

from screens.commands import Command
from screens.widgets.flow import FlowText


class KeyLine(FlowText):
    """Key and label of those of ``commands`` that are for the footer. A click does what the key does."""

    def __init__(self, commands: Iterable[Command], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(_keys(commands), id=id)

    def show(self, commands: Iterable[Command]) -> None:
        """Show ``commands`` instead."""
        self.pieces = _keys(commands)
        self.refresh(layout=True)


def _keys(commands: Iterable[Command]) -> list[Content]:
    return [_key(command) for command in commands if command.footer]


def _key(command: Command) -> Content:
    action = command.action if "." in command.action else f"screen.{command.action}"
    key = Content.styled(command.key, "bold $footer-key-foreground")
    return Content.assemble(key, f" {command.label}").stylize(Style.from_meta({"@click": action}))
