"""One mail to one address, sent by the function that the schedule will start."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label

from screens.reminder_page import Page
from screens.symbols import clock
from screens.widgets.columns import Cells, Columns

if TYPE_CHECKING:
    from wizard.steps.reminder import TestResult


class TryPage(Page):
    """An address, and what became of the mail to it."""

    NAME = "Test"
    QUESTION = "Does it arrive?"
    WHY = "The deployed function sends one mail to this address alone. The schedule is left as it is."
    ACT = "Send a test mail"
    FIRST = "#address"

    class Send(Message):
        """Send one to ``address``."""

        def __init__(self, address: str) -> None:
            super().__init__()
            self.address = address

    def __init__(self, *, demo: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._demo = demo

    def compose(self) -> ComposeResult:
        """The address, the outcome, and in the demo the way to its inbox."""
        with Horizontal(classes="field"):
            yield Label("Send to", classes="label")
            yield Input(placeholder="you@example.com", id="address", compact=True)
        yield Columns(id="result")
        yield Columns(classes="problems")
        if self._demo:
            with Horizontal(classes="field block"):
                yield Label("Demo: mail arrives in here.", classes="label wide")
                yield Button("Inbox  F9", id="inbox", compact=True)

    def load(self, address: str) -> None:
        """Begin with ``address``, unless one was typed already."""
        field = self.query_one("#address", Input)
        field.value = field.value or address

    @property
    def address(self) -> str:
        """What was typed."""
        return self.query_one("#address", Input).value.strip()

    def show_result(self, result: TestResult, at: datetime) -> None:
        """What became of the mail, and when: the same words twice are two attempts."""
        self.query_one("#result", Columns).show(_result(result, at, demo=self._demo))

    def begin_sending(self) -> None:
        """Nobody knows yet what becomes of this mail; what is typed meanwhile is the next one's address."""
        self.query_one("#result", Columns).show([])
        self.query_one("#address", Input).focus().action_select_all()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Send(self.address))


def _result(result: TestResult, at: datetime, *, demo: bool) -> list[Cells]:
    when: Cells = (Content.styled("at", "$text-muted"), clock(at))
    if result.sent:
        words = f"{result.words} F9 opens it." if demo else result.words
        return [(Content.styled("✓ sent", "$text-success"), words), when]
    return [
        (Content.styled("✗ refused", "$text-error"), result.words),
        (Content.styled("→ to do", "bold"), result.todo),
        when,
    ]
