"""The dead-letter queue: the number of messages, and a dialog to retry or delete them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message

from screens.commands import Command, key_name
from screens.frame.dialogs import Dialog
from screens.messages import Happened
from screens.pages.reminder.form_page import Part
from screens.widgets.columns import Columns
from screens.widgets.flow import Buttons
from screens.workers import acts, reads
from wizard.project.schema import Project
from wizard.steps.model import Event
from wizard.steps.reminder import dead_letters
from wizard.world import World

Answer = Literal["retry", "delete", ""]

_WORDS = (
    (
        "Retry",
        "Queue portions of recipients again, and pass failed events to the function again. "
        "No recipient gets a mail twice.",
    ),
    (
        "Delete",
        "Delete the messages. A run that has not ended finds its recipients by itself; a run that never "
        "began does not.",
    ),
    ("Alarm", "Ends once the queue is empty."),
)


class DeadLetters(Dialog[Answer]):
    """Dismissed with what to do with the messages, or with nothing."""

    KEYS: ClassVar[list[Command]] = [
        Command("escape,f2", "dismiss('')", "Close", footer=True),
        Command("left,right", "app.focus_next", "Other button"),
        Command("r", "dismiss('retry')", "Retry", footer=True),
        Command("d", "dismiss('delete')", "Delete", footer=True),
    ]

    def __init__(self, count: int) -> None:
        super().__init__()
        self.heading = f"{_messages(count)} could not be handled"

    def compose_body(self) -> ComposeResult:
        """The meaning of the answers."""
        yield Columns(_WORDS, id="dialog-text")

    def compose_foot(self) -> ComposeResult:
        """The buttons."""
        with Buttons():
            yield self.button("dismiss('retry')", variant="primary")
            yield self.button("dismiss('delete')")
            yield self.button("dismiss('')")

    def on_mount(self) -> None:
        """Enter alone changes nothing."""
        self.query_one("#dismiss").focus()


class DeadLetterNotice(Part):
    """One line if the queue has messages."""

    @dataclass
    class Counted(Message):
        """The number of messages in the queue."""

        count: int

    _count = 0

    def compose(self) -> ComposeResult:
        """The line."""
        yield Columns(id="dead-letters")

    def on_mount(self) -> None:
        """Hidden until the messages are counted."""
        self.display = False

    def look(self) -> None:
        """Count the messages."""
        self._look(self.state.world, self.state.project)

    def ask(self) -> None:
        """Ask what to do with the messages, and do it. The page shows the progress."""

        def answered(answer: Answer | None) -> None:
            if answer:
                self._handle(self.state.world, self.state.project, answer)

        if self._count:
            self.app.push_screen(DeadLetters(self._count), answered)
        else:
            self.step.say("There are no dead letters.")

    @reads("Counting dead letters")
    def _look(self, world: World, project: Project) -> None:

        self.tell(self.Counted(dead_letters.count(world, project)))

    @acts("Emptying the queue")
    def _handle(self, world: World, project: Project, answer: Answer) -> None:

        def happened(event: Event) -> None:
            self.post_message(Happened(event))

        act = dead_letters.retry if answer == "retry" else dead_letters.clear
        act(world, project, happened)
        self.tell(self.Counted(dead_letters.count(world, project)))

    @on(Counted)
    def _show(self, message: Counted) -> None:
        message.stop()
        self._count, self.display = message.count, message.count > 0
        words = f"{_messages(message.count)} could not be handled: {key_name('f7')} retries or deletes them."
        rows = [(Content.styled("! dead letters", "$text-warning"), words)] if message.count else []
        self.query_one(Columns).show(rows)


def _messages(count: int) -> str:
    """How many messages, in words."""
    return f"{count:,} message" if count == 1 else f"{count:,} messages"
