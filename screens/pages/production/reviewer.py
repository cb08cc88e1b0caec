"""The demo's line on step 6's page: there the presenter is AWS's reviewer."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Button, Label, Static

from screens.widgets.flow import Buttons
from wizard.world import Stage


class Reviewer(Vertical):
    """Both answers to a request, and the second look after an answer in the case."""

    @dataclass
    class Answered(Message):
        """The presenter chose an answer."""

        granted: bool

    def __init__(self) -> None:
        super().__init__()
        self._status: str | None = None

    def compose(self) -> ComposeResult:
        """The two buttons, and what happens where nobody presses one."""
        with Buttons(classes="block"):
            yield Label("", id="reviewer-words", classes="label wide", markup=False)
            yield Button("Grant it  F7", id="grant", compact=True)
            yield Button("Deny it  F8", id="deny", compact=True)
        yield Static("", id="alone", classes="hint", markup=False)

    def show(self, stage: Stage | None, status: str | None) -> None:
        """Bring the line up to the review's ``status``; there is none without a ``stage``."""
        self._status = status if stage else None
        denied = status == "DENIED"
        self.display = self.may(granted=True)
        words = (
            "Demo: you answered in the case, and AWS looks again."
            if denied
            else "Demo: you are AWS's reviewer now."
        )
        self.query_one("#reviewer-words", Label).update(words)
        self.query_one("#deny").display = not denied
        seconds = stage.review_takes() if stage else None
        alone = self.query_one("#alone", Static)
        alone.display = self.display and not denied and seconds is not None
        if seconds is not None:
            alone.update(f"Left alone, the demo grants it after {seconds:.0f} seconds; F5 then shows it.")

    def may(self, granted: bool) -> bool:
        """Whether a review is open to this answer: one that was denied can only be granted."""
        return self._status == "PENDING" or (granted and self._status == "DENIED")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Answered(event.button.id == "grant"))
