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
    """Shows one WizardError inside the page. Hidden while there is none."""

    class TryAgain(Message):
        """The user asks to do again what failed."""

    def __init__(self) -> None:
        super().__init__(disabled=True)
        self.display = False

    def compose(self) -> ComposeResult:
        """The three parts of the error, and the button."""
        yield Static("", id="error-text", markup=False)
        yield Button("Try again  F5", id="try-again", variant="error", compact=True)

    def show(self, error: WizardError) -> None:
        """Show ``error`` until the panel is hidden again."""
        self.query_one("#error-text", Static).update(
            lines(
                [
                    Content.styled(f"! {error.title}", "bold $text-error"),
                    Content(error.what),
                    Content.assemble(Content.styled("What to do: ", "bold"), error.todo),
                ]
            )
        )
        self.display, self.disabled = True, False

    def clear(self) -> None:
        """Hide the panel; disabled, so that its button takes no focus."""
        self.display, self.disabled = False, True

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Hand the wish on to the screen."""
        event.stop()
        self.post_message(self.TryAgain())
