"""What went wrong, why, and what to do, with a way to try again. It stays until it is fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static

from screens.commands import Command, Commands
from screens.symbols import lines
from screens.widgets.flow import Buttons
from wizard.errors import WizardError


class ErrorPanel(Vertical, Commands):
    """Shows one WizardError inside the page. Mounted when it happens, removed when it is tried again.

    ``fix`` are the words for what fixes it from here, empty where nothing does. A ``refusal`` is of what
    was typed: trying that again would change nothing.
    """

    KEYS: ClassVar[list[Command]] = [Command("s", "fix", "Fix it"), Command("f5", "try_again", "Try again")]

    class TryAgain(Message):
        """The user asks to do again what failed."""

    @dataclass
    class Fix(Message):
        """The user asks to fix ``error`` from here."""

        error: WizardError

    def __init__(self, error: WizardError, *, focus: bool, fix: str = "", refusal: bool = False) -> None:
        super().__init__(classes="refusal" if refusal else None)
        self.error = error
        self._focus = focus
        self._fix = fix

    def compose(self) -> ComposeResult:
        """The three parts of the error, and the buttons."""
        yield Static(
            lines(
                [
                    Content.styled(f"! {self.error.title}", "bold $text-error"),
                    Content(self.error.what),
                    Content.assemble(Content.styled("What to do: ", "bold"), self.error.todo),
                ]
            )
        )
        if self.has_class("refusal"):
            return
        with Buttons():
            if self._fix:
                yield self.button("fix", self._fix, variant="error")
            yield self.button("try_again", variant="error")

    def on_mount(self) -> None:
        """The way out takes the focus, where it was asked to."""
        if self._focus:
            self.query_one(Button).focus()

    def action_try_again(self) -> None:
        """Let the page try again."""
        self.post_message(self.TryAgain())

    def action_fix(self) -> None:
        """Let the page fix what can be fixed from here."""
        if self._fix:
            self.post_message(self.Fix(self.error))
