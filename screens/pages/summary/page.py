"""The page at the end: what was created, where it can be seen, and what comes next."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from screens.commands import Command
from screens.frame.dialogs import Dialog
from screens.frame.key_line import KeyLine
from screens.frame.page import StepScreen
from screens.messages import GoTo, LookEverywhere
from screens.state import AppState
from screens.symbols import status_words
from screens.widgets.columns import Cells, Columns, facts
from wizard.cli.program import command
from wizard.errors import WizardError
from wizard.project.schema import DEFAULT_FILE
from wizard.steps.model import Status, StepName


class SummaryScreen(StepScreen):
    """Everything in one place. It asks nothing and changes nothing."""

    QUESTION = "State of the set-up"
    NEXT = "What next"
    HELP = """
**F3** opens the first step that is not done. When all steps are done, it offers to check again, to export the
set-up, or to quit. Come back at any time: `ses-wizard` on the same file checks AWS and DNS again, and
`ses-wizard check` checks the DNS records from a script.
"""

    def __init__(self) -> None:
        super().__init__()
        self._trouble: WizardError | None = None

    def compose_step(self) -> ComposeResult:
        """Three short lists."""
        yield Static("Created or changed", classes="heading first", markup=False)
        yield Columns(id="created")
        yield Static("Where to see it", classes="heading", markup=False)
        yield Columns(id="places")
        yield Static("What comes next", classes="heading", markup=False)
        yield Columns(id="next-things")

    def redraw(self, state: AppState) -> None:
        """Fill the lists in from ``state``."""
        left = state.next_step
        ready = left is None and state.as_of is None
        self.query_one("#question", Static).update(Content(_ready(state) if ready else self.QUESTION))
        self.query_one("#created", Columns).show(facts(_created(state)))
        self.query_one("#places", Columns).show(
            facts(_places(state, self.wizard.path.name if self.wizard.kept else ""))
        )
        self.query_one("#next-things", Columns).show(_next_things(state))
        words = self.NEXT if left is None else f"To {left.label}"
        self.query_one("#next", Button).label = f"{words}  F3"
        self.query_one(KeyLine).show(
            [replace(key, label=words) if key.action == "next" else key for key in self.commands]
        )
        self._show_trouble(state.trouble)

    def begin(self) -> None:
        """Look at everything again, from the top of the page: what is told here is about now."""
        self.query_one("#body").scroll_home(animate=False)
        self.app.post_message(LookEverywhere())

    def _show_trouble(self, trouble: WizardError | None) -> None:
        if trouble and trouble is not self._trouble:
            self.show_error(trouble, focus="#next")
        elif not trouble:
            self.clear_error()
        self._trouble = trouble

    def action_back(self) -> None:
        """Back to the last step."""
        self.post_message(GoTo(StepName.PRODUCTION))

    def action_next(self) -> None:
        """To the first step that is not done; when all are done, ask what to do next."""
        if self.state.next_step is None:
            self.app.push_screen(WhatNext(self.wizard.path if self.wizard.kept else None), self._go_on)
        else:
            self.go(self.state.next_step)

    def _go_on(self, chosen: Choice | None) -> None:
        match chosen:
            case Choice.CHECK:
                self.action_look_again()
            case Choice.START_OVER:
                self.action_start_over()
            case Choice.QUIT:
                self.call_later(self.app.action_quit)


class Choice(StrEnum):
    """What to do after the last step."""

    CHECK = "check"
    START_OVER = "start over"
    QUIT = "quit"


class WhatNext(Dialog[Choice]):
    """Asks what to do after the last step, and names the commands that export the set-up."""

    KEYS: ClassVar[list[Command]] = [
        Command("c,f5", "choose('check')", "Check again", footer=True),
        Command("o", "choose('start over')", "Start over", footer=True, when=lambda box: box.app.demo),
        Command("q,f10", "choose('quit')", "Quit", footer=True),
        Command("escape,f2", "dismiss(None)", "Stay", footer=True),
    ]
    heading = "All steps are done. What next?"

    def __init__(self, path: Path | None) -> None:
        """``path`` is the project file; None for a story, which leaves no file to export from."""
        super().__init__()
        self.path = path

    def compose_body(self) -> ComposeResult:
        """The commands that export the set-up."""
        if self.path is None:
            yield Static("A story leaves no file, so there is nothing to export.", markup=False)
            return
        yield Static("To export the set-up, run in a terminal:", markup=False)
        options = ("--file", str(self.path)) if self.path.name != DEFAULT_FILE.name else ()
        yield Columns(
            facts(
                [
                    ("Stack", command("export", "stack", *options)),
                    ("DNS records", command("export", "records", "--all", *options)),
                    ("IAM policy", command("export", "policy", *options)),
                ]
            )
        )

    def compose_foot(self) -> ComposeResult:
        """A button for each choice."""
        with Horizontal(classes="buttons"):
            yield from (self.button(one.action) for one in self.commands if one in self.KEYS)

    def action_choose(self, choice: str) -> None:
        """Answer with ``choice``."""
        self.dismiss(Choice(choice))


def _ready(state: AppState) -> str:
    """All is done, but for what was put off or paused."""
    paused = "; the reminder is paused" if state.project.reminder.paused else ""
    sandbox = "" if state.done(StepName.PRODUCTION) else "; it stays in the sandbox for now"
    return f"{state.domain} is ready{sandbox}{paused}"


def _created(state: AppState) -> list[tuple[str, str]]:
    project, rows = state.project, list[tuple[str, str]]()
    if project.identity.dkim_tokens or state.done(StepName.IDENTITY):
        rows.append(
            ("SES identity", f"{state.domain}, with configuration set {project.identity.configuration_set}")
        )
        rows.append(("MAIL FROM", project.identity.mail_from or ""))
    if project.reminder.tested or state.done(StepName.REMINDER):
        rows.append(("Stack", f"{project.reminder.stack}: schedule, Lambda, recipients table, logs"))
    if project.identity.suppression_before is not None:
        before = " and ".join(f"{reason.lower()}s" for reason in project.identity.suppression_before)
        rows.append(("Suppression", f"the account's list: {before or 'off'} → bounces and complaints"))
    verified = [project.sandbox.address] if project.sandbox.asked else []
    if verified:
        rows.append(("Addresses", f"SES was asked to verify {', '.join(filter(None, verified))}"))
    if state.done(StepName.PRODUCTION):
        rows.append(("Sandbox", f"left: {state.standings[StepName.PRODUCTION].words}"))
    return rows or [("Nothing yet.", "")]


def _places(state: AppState, file: str) -> list[tuple[str, str]]:
    region = state.region
    kept = ("File", f"{file}: the settings and the progress" if file else "none: a story leaves none behind")
    if state.world.demo:
        return [
            ("Inbox", "F9 shows the mail that has arrived"),
            ("Account", f"{state.world.aws.command} sesv2 list-email-identities --region {region}"),
            ("", "only while this demo runs"),
            kept,
        ]
    console = "https://console.aws.amazon.com"
    return [
        ("SES", f"{console}/ses/home?region={region}#/identities"),
        ("Stack", f"{console}/cloudformation/home?region={region}#/stacks"),
        ("Logs", f"{console}/cloudwatch/home?region={region}"),
        kept,
    ]


def _next_things(state: AppState) -> list[Cells]:
    rows: list[Cells] = [
        (status_words(standing), f"{step.label}: {standing.words or 'not begun'}")
        for step, standing in state.standings.items()
        if standing.status is not Status.DONE or standing.as_of
    ]
    if state.done(StepName.REMINDER) and not state.standings[StepName.REMINDER].as_of:
        rows.append((Content.styled("» mail", "$text-accent"), state.standings[StepName.REMINDER].words))
    if state.world.demo:
        later = f"{command('check')} with your own domain asks the real DNS, which knows nothing of the demo"
        return [*rows, (Content.styled("» later", "$text-accent"), later)]
    check = f"{command('check', state.domain)}: are the DNS records still right?"
    return [*rows, (Content.styled("» any time", "$text-accent"), check)]
