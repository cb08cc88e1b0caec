"""What went wrong, why, and what to do, with a way to try again. It stays until it is mended."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static

from screens.symbols import lines
from wizard.errors import WizardError


class ErrorPanel(Vertical):
    """Shows one WizardError inside the page. Mounted when it happens, removed when it is tried again."""

    class TryAgain(Message):
        """The user asks to do again what failed."""

    def __init__(self, error: WizardError, *, focus: bool) -> None:
        super().__init__()
        self.error = error
        self._focus = focus

    def compose(self) -> ComposeResult:
        """The three parts of the error, and the button."""
        yield Static(
            lines(
                [
                    Content.styled(f"! {self.error.title}", "bold $text-error"),
                    Content(self.error.what),
                    Content.assemble(Content.styled("What to do: ", "bold"), self.error.todo),
                ]
            )
        )
        yield Button("Try again  F5", id="try-again", variant="error", compact=True)

    def on_mount(self) -> None:
        """The way out takes the focus, where it was asked to."""
        if self._focus:
            self.query_one(Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Hand the wish on to the screen."""
        event.stop()
        self.post_message(self.TryAgain())
