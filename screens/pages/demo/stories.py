"""The stories of the demo, and how each is started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content

from screens.commands import Command
from screens.frame.dialogs import Dialog
from screens.widgets.columns import Columns
from wizard.cli.program import command


class Stories(Dialog[None]):
    """Names and words of all stories."""

    KEYS: ClassVar[list[Command]] = [Command("escape,f2,enter", "dismiss(None)", "Close", footer=True)]
    heading = "The demo can begin in any of these states"

    def __init__(self, stories: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.stories = stories

    def compose_body(self) -> ComposeResult:
        """Each story, after how to start one."""
        yield Columns([("Quit, then start one by its name:",), (command("demo", "--story", "NAME"),), ("",)])
        yield Columns([(Content.styled(name, "bold"), words) for name, words in self.stories])
