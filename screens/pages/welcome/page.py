"""The first page: what this is, or where a set-up that was begun goes on."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from screens.commands import Command, in_demo, never
from screens.frame.page import StepScreen
from screens.messages import LookEverywhere
from screens.state import AppState, nothing_known
from screens.symbols import LAST_KNOWN, status_words
from screens.widgets.columns import Cells, Columns
from wizard.errors import WizardError
from wizard.steps.model import StepName, StepState

NEW = (
    'From "I own a domain" to personal e-mail that leaves on schedule, signed, from your domain, to anyone: '
    "on Amazon SES, in six steps. Every step looks first, shows what it would do, and acts after your yes."
)

DEMO = (
    "This is the demo: an AWS account and a DNS server inside this program. Nothing leaves your machine and "
    "nothing costs anything. Everything else is the real wizard."
)


class WelcomeScreen(StepScreen):
    """Shown on the first frame, before anything is open; fills in when the world and the file are."""

    CSS_PATH = None
    QUESTION = "Welcome"
    NEXT = "Start"
    RAIL = False
    KEYS: ClassVar[list[Command]] = [
        Command("f2,escape", "back", "Back", when=never),
        # Wherever the focus is.
        Command("f3,enter", "next", "Next", footer=True),
        Command("f4", "start_over", "Start over", when=in_demo),
    ]
    HELP = """
Every step looks first, then shows exactly what it would create or change, and acts only when you say so.
Press **F10** to leave at any time: the project file has what is finished, and the next start continues there,
after checking AWS and DNS again.
"""

    def __init__(self) -> None:
        super().__init__()
        self._trouble: WizardError | None = None
        self._going_on = False

    def compose_step(self) -> ComposeResult:
        """What this is, then the six steps."""
        yield Static(DEMO if self.wizard.demo else NEW, id="intro", markup=False)
        if self.wizard.demo and self.wizard.demo.story:
            name, told = self.wizard.demo.story
            yield Static(Content.assemble("Story ", (name, "bold"), f": {told}"), id="story")
        standings = nothing_known()
        yield Columns([_row(standings[step]) for step in StepName], id="standings")
        yield Static("Opening …", id="looking", markup=False)

    def compose_buttons(self) -> ComposeResult:
        """None before there is something to go on with: see `redraw`."""
        yield from ()

    def redraw(self, state: AppState) -> None:
        """Show what is known of the steps, and where it goes on."""
        begun = _begun(state)
        next_step = self.wizard.opens or state.next_step
        if begun and next_step:
            heading = f"Continuing {begun}, step {next_step.number} of {len(StepName)}"
        elif begun and state.as_of:
            heading = f"{begun}: all that was to be done was done on {state.as_of.astimezone():%d %b %Y}"
        elif begun:
            put_off = not state.done(StepName.PRODUCTION)
            rest = "it stays in the sandbox for now" if put_off else f"all {len(StepName)} steps are done"
            heading = f"{begun} is set up: {rest}"
        else:
            heading = "Welcome"
        if state.as_of:
            heading = f"{heading}  ({LAST_KNOWN} marks what was last known)"
        self.query_one("#question", Static).update(Content(heading))
        self.query_one("#standings", Columns).show([_row(state.standings[step]) for step in StepName])
        looking = "Checking AWS and DNS again …" if state.looking else ""
        self.query_one("#looking", Static).update(looking)
        # What this is gives way to what is wrong, and to what was last known.
        self.query_one("#intro").display = not (begun and state.trouble)
        self._show_trouble(state.trouble)
        self._show_buttons("Continue" if begun else "Start", begun=bool(state.project.progress))
        if self._going_on:
            self.action_next()

    def show_opening(self, words: str) -> None:
        """Say what is going on before there is something to go on with."""
        self.query_one("#looking", Static).update(words)

    def action_look_again(self) -> None:
        """Look at all steps again, once there is something to look at."""
        if self.wizard.state is not None and _begun(self.state):
            self.clear_error()
            self.wizard.renew_access()
            self.post_message(LookEverywhere())

    def action_next(self) -> None:
        """Go on where the set-up stands, as soon as it is open."""
        self._going_on = self.wizard.state is None
        if not self._going_on:
            # A story begins where its name says, and goes on from there as everything does.
            opens, self.wizard.opens = self.wizard.opens, None
            self.go(opens or (self.state.next_step if _begun(self.state) else StepName.ACCOUNT))

    def _show_buttons(self, going_on: str, *, begun: bool) -> None:
        from textual.widgets import Button

        if not self.query("#next"):
            row = self.query_one(".buttons")
            row.mount(self.button("next", going_on, variant="primary"))
            if self.wizard.demo:
                row.mount(self.button("start_over"))
            self.query_one("#next").focus()
        self.query_one("#next", Button).label = f"{going_on}  F3"
        for button in self.query("#start-over"):
            button.display = begun

    def _show_trouble(self, trouble: WizardError | None) -> None:
        if trouble is not self._trouble:
            self._trouble = trouble
            if trouble:
                self.show_error(trouble)
                self.retry = self.action_look_again


def _begun(state: AppState) -> str:
    """The domain that a set-up was begun for, also one that is still being registered; else nothing."""
    registration = state.project.domain.registration
    return state.domain or (registration.name if registration else "")


def _row(standing: StepState) -> Cells:
    return (
        f"{standing.step.number}",
        Content.styled(standing.step.label, "bold"),
        status_words(standing),
        Content.styled(standing.words or standing.step.purpose, "$text-muted"),
    )
