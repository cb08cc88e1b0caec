"""One mail to one address, sent by the function that the schedule will start."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label

from screens.messages import Decided, Happened, Looked
from screens.reminder_page import Page
from screens.symbols import clock
from screens.widgets.columns import Cells, Columns

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.steps.reminder import TestResult
    from wizard.world import World


class TryPage(Page):
    """An address, and what became of the mail to it."""

    NAME = "Test"
    QUESTION = "Does it arrive?"
    WHY = "The deployed function sends one mail to this address alone. The schedule is left as it is."
    ACT = "Send a test mail"
    FIRST = "#address"

    class Tested(Message):
        """A test mail was sent, or refused."""

        def __init__(self, result: TestResult) -> None:
            super().__init__()
            self.result = result

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

    def act(self) -> None:
        """Send; what is typed meanwhile is the next one's address."""
        self.step.retry = self.act
        self.query_one("#result", Columns).show([])
        field = self.query_one("#address", Input).focus()
        field.action_select_all()
        self._send(self.state.world, self.state.project, field.value.strip())

    @work(thread=True, exclusive=True, exit_on_error=False, group="act", description="Sending one mail")
    def _send(self, world: World, project: Project, address: str) -> None:
        from wizard.steps import reminder

        result = reminder.test_run(world, project, address, self.happened)
        if result.sent:
            self.post_message(Decided(project, result.project))
            seen = reminder.look(world, result.project)
            self.post_message(Looked(reminder.judge(seen, result.project)))
        self.tell(self.Tested(result))

    @on(Tested)
    def _show_tested(self, message: Tested) -> None:
        """Say what became of it, and when: the same words twice are two attempts."""
        message.stop()
        rows = _result(message.result, self.state.world.now(), demo=self._demo)
        self.query_one("#result", Columns).show(rows)

    @on(Happened)
    def _happened(self, message: Happened) -> None:
        """What happens to the one mail is told by its result."""
        message.stop()

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self.step.run_action("act")


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
