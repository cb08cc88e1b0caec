"""What went wrong, why, and what to do, with a way to try again. It stays until it is mended."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static

from screens.keys import letter
from screens.symbols import lines
from wizard.errors import WizardError


class ErrorPanel(Vertical):
    """Shows one WizardError inside the page. Mounted when it happens, removed when it is tried again.

    ``mend`` are the words for what mends it from here, empty where nothing does. A ``refusal`` is of what
    was typed: trying that again would change nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [letter("s", "mend", "Mend it", show=False)]

    class TryAgain(Message):
        """The user asks to do again what failed."""

    class Mend(Message):
        """The user asks to mend ``error`` from here."""

        def __init__(self, error: WizardError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, error: WizardError, *, focus: bool, mend: str = "", refusal: bool = False) -> None:
        super().__init__(classes="refusal" if refusal else None)
        self.error = error
        self._focus = focus
        self._mend = mend

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
        with Horizontal(classes="buttons"):
            if self._mend:
                yield Button(f"{self._mend}  S", id="mend", variant="error", compact=True)
            yield Button("Try again  F5", id="try-again", variant="error", compact=True)

    def on_mount(self) -> None:
        """The way out takes the focus, where it was asked to."""
        if self._focus:
            self.query_one(Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Hand the wish on to the screen."""
        event.stop()
        if event.button.id == "mend":
            self.action_mend()
        else:
            self.post_message(self.TryAgain())

    def action_mend(self) -> None:
        """Mend what can be mended from here."""
        if self._mend:
            self.post_message(self.Mend(self.error))
