"""The dialog before a domain is bought: what happens, the price, and the name to be typed again."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, Static

from screens.commands import Command
from screens.frame.dialogs import Dialog, plan_rows
from screens.widgets.columns import Columns
from screens.widgets.flow import Buttons
from wizard.steps.domain.name import DomainName
from wizard.steps.domain.registration import is_confirmed
from wizard.steps.model import Plan


class BuyDialog(Dialog[str]):
    """Dismissed with what was typed once that is the name, or with None for no.

    The keys are function keys: letters belong to the field.
    """

    KEYS: ClassVar[list[Command]] = [
        Command("f4", "buy", "Buy it", footer=True),
        Command("f2,escape", "dismiss(None)", "No, buy nothing", footer=True),
    ]

    def __init__(self, name: DomainName, plan: Plan) -> None:
        super().__init__()
        self.heading = f"This buys {name.unicode}"
        self._domain = name
        self._plan = plan

    def compose_body(self) -> ComposeResult:
        """What happens, line by line."""
        yield Columns(plan_rows(self._plan.changes))

    def compose_foot(self) -> ComposeResult:
        """The price, the field, and the buttons: these always show."""
        price = Content.styled("  price ", "$text-warning")
        yield Columns([(price, Content.styled(self._plan.cost, "bold"))], classes="dialog-cost")
        yield Static(f"Type {self._domain.unicode} to buy it:", id="ask", markup=False)
        yield Input(id="again", compact=True)
        with Buttons():
            yield self.button("buy", variant="primary")
            yield self.button("dismiss(None)")

    def on_mount(self) -> None:
        """Wait for the name."""
        self.query_one("#buy", Button).disabled = True
        self.query_one("#again").focus()

    @property
    def _typed(self) -> str | None:
        """What stands in the field, where it is the name again."""
        typed = self.query_one("#again", Input).value
        return typed if is_confirmed(self._domain.ascii, typed) else None

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#buy", Button).disabled = self._typed is None

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_buy()

    def action_buy(self) -> None:
        """Buy, where the name was typed again; say so where it was not."""
        typed = self._typed
        if typed is None:
            words = f"Nothing is bought until you type {self._domain.unicode} here."
            self.query_one("#ask", Static).update(Content.styled(words, "$text-warning"))
            self.query_one("#again").focus()
        else:
            self.dismiss(typed)
