"""The opt-outs: their number, and a dialog to add or remove one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from screens.commands import Command
from screens.frame.dialogs import Ask, Dialog
from screens.pages.reminder.form_page import Part
from screens.widgets.choice_list import ChoiceList
from screens.widgets.columns import Columns
from screens.workers import acts, reads
from wizard.addresses import typed_address
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.reminder import opt_outs
from wizard.steps.reminder.opt_outs import OptOut
from wizard.text import printable
from wizard.world import World

LIMIT = 200
"""Opt-outs that are read, the latest first."""

Wish = tuple[str, bool]
"""An address, and whether to add it (True) or to remove it."""


class OptOuts(Part):
    """One row: the number, and a button for the list."""

    @dataclass
    class OptOutsRead(Message):
        """The opt-outs, None if they cannot be read; ``shown`` if the list was requested."""

        found: Sequence[OptOut] | None
        shown: bool

    @dataclass
    class Changed(Message):
        """One was added or removed, in words."""

        words: str

    def compose(self) -> ComposeResult:
        """The button and the count."""
        with Horizontal(classes="field tight"):
            yield Button("Opt-outs  F6", id="opt-outs", compact=True)
            yield Static("", id="opted", classes="hint", markup=False)

    def count(self) -> None:
        """Show the number, if it can be read."""
        self._count(self.state.world, self.state.project)

    def open(self) -> None:
        """Show the list."""
        self.step.retry = self.open
        self.step.clear_error()
        self._list(self.state.world, self.state.project)

    @reads("Counting opt-outs", topic="opted")
    def _count(self, world: World, project: Project) -> None:

        try:
            self.tell(self.OptOutsRead(opt_outs.opt_outs(world, project, LIMIT), shown=False))
        except WizardError:
            # The error is shown when the list is opened.
            self.tell(self.OptOutsRead(None, shown=False))

    @reads("Reading opt-outs", topic="opted")
    def _list(self, world: World, project: Project) -> None:

        self.tell(self.OptOutsRead(opt_outs.opt_outs(world, project, LIMIT), shown=True))

    @acts("Changing the opt-outs")
    def _change(self, world: World, project: Project, wish: Wish) -> None:

        address, out = wish
        changed = (opt_outs.opt_out if out else opt_outs.opt_in)(world, project, address)
        words = {
            (True, True): f"{address} gets no more mail.",
            (True, False): f"{address} had opted out already.",
            (False, True): f"{address} gets mail again.",
            (False, False): f"{address} had not opted out.",
        }
        self.tell(self.Changed(printable(words[out, changed], 200)))

    @on(OptOutsRead)
    def _show(self, message: OptOutsRead) -> None:
        message.stop()
        found = message.found
        self.query_one("#opted", Static).update("" if found is None else _count_words(len(found)))
        if message.shown and found is not None:
            self.app.push_screen(OptOutList(found), self._wished)

    @on(Changed)
    def _say(self, message: Changed) -> None:
        message.stop()
        self.step.say(message.words)
        self.count()

    def _wished(self, wish: Wish | None) -> None:
        if wish is None:
            return
        change = partial(self._change, self.state.world, self.state.project, wish)
        address, out = wish
        if out:
            change()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                change()

        words = "Do so only at the recipient's own request."
        question = Ask(f"Remove {printable(address, 60)}?", words, yes="Remove", careful=True)
        self.app.push_screen(question, answered)

    @on(Button.Pressed, "#opt-outs")
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.open()


class OptOutList(Dialog[Wish | None]):
    """The list, and a field to add an address. Dismissed with the wish."""

    heading = "Opt-outs"

    KEYS: ClassVar[list[Command]] = [Command("escape,f2,f6", "dismiss(None)", "Close", footer=True)]

    def __init__(self, found: Sequence[OptOut]) -> None:
        super().__init__()
        self.found = found

    def compose_body(self) -> ComposeResult:
        """The list."""
        options = (Option(_line(one), id=one.email) for one in self.found)
        yield ChoiceList(*options, id="opted-out-list", compact=True)

    def compose_foot(self) -> ComposeResult:
        """The number, and the field."""
        words = f"{_count_words(len(self.found))} Enter removes the highlighted one." if self.found else ""
        yield Static(words or "No opt-outs yet.", classes="dialog-cost hint", markup=False)
        with Horizontal(classes="field tight"):
            yield Label("Add", classes="label")
            yield Input(placeholder="an address to opt out", id="opt-out", compact=True)
        yield Columns(id="refused")

    def on_mount(self) -> None:
        """Focus the field."""
        self.query_one("#opt-out").focus()
        self.query_one("#opted-out-list").display = bool(self.found)

    @on(Input.Submitted)
    def _added(self, event: Input.Submitted) -> None:
        """Check the address here, where it can be corrected."""
        event.stop()
        if not event.value.strip():
            return
        try:
            self.dismiss((typed_address(event.value), True))
        except WizardError as error:
            refused = (Content.styled("✗ fix", "bold $text-error"), error.what)
            self.query_one("#refused", Columns).show([refused])

    @on(OptionList.OptionSelected)
    def _taken_back(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option.id:
            self.dismiss((event.option.id, False))


def _count_words(count: int) -> str:
    number = f"{count:,} or more" if count == LIMIT else f"{count:,}"
    return f"{number} opt-out{'' if count == 1 else 's'}." if count else "No opt-outs."


def _line(one: OptOut) -> Content:
    since = f"{one.at:%d %b %Y}" if one.at.year > 1 else "long ago"
    return Content.assemble(
        Content.styled(f"{printable(one.email, 60):<40}  ", "bold"),
        Content.styled(since, "$text-muted"),
        f"  {printable(one.why, 40)}",
    )
