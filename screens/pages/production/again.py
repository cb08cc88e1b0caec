"""The dialog before a second request after a refusal: more than a yes."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from screens.commands import Command
from screens.frame.dialogs import Dialog
from screens.widgets.columns import Cells, Columns
from screens.widgets.flow import Buttons
from wizard.text import printable

WORDS = "ask again"
"""What has to be typed."""


class AgainDialog(Dialog[bool]):
    """Dismissed with True once the words stand in the field. Letters belong to the field."""

    KEYS: ClassVar[list[Command]] = [
        Command("f4", "agree", "Ask again", footer=True),
        Command("f2,escape", "dismiss(False)", "No, leave it", footer=True),
    ]

    heading = "AWS has said no to this once"

    def __init__(self, case: str) -> None:
        super().__init__()
        self._case = printable(case, 60)

    def compose_body(self) -> ComposeResult:
        """What is the better way, and what another request does."""
        case = f"the case {self._case}" if self._case else "AWS's case"
        rows: list[Cells] = [
            (Content.styled("» better", "$text-accent"), f"Answer in {case}: there the reviewers read it."),
            (
                Content.styled("! note", "$text-warning"),
                "Another request opens another case. With nothing changed, expect the same answer.",
            ),
            (
                Content.styled("» sensible", "$text-accent"),
                "Where something has changed since: the website, how people sign up, what is sent.",
            ),
        ]  # fmt: skip
        yield Columns(rows)

    def compose_foot(self) -> ComposeResult:
        """The field, and the buttons."""
        yield Static(f"Type “{WORDS}” to go on all the same:", id="ask", classes="block", markup=False)
        yield Input(id="typed", compact=True)
        with Buttons():
            yield self.button("agree")
            yield self.button("dismiss(False)", variant="primary")

    def on_mount(self) -> None:
        """Wait for the words."""
        self.query_one("#typed").focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_agree()

    def action_agree(self) -> None:
        """Go on, where the words were typed; say so where they were not."""
        typed = " ".join(self.query_one("#typed", Input).value.casefold().split())
        if typed == WORDS:
            self.dismiss(True)
        else:
            words = f"Nothing is sent until you type “{WORDS}”."
            self.query_one("#ask", Static).update(Content.styled(words, "$text-warning"))
            self.query_one("#typed").focus()
