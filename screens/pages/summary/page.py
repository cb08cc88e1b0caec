"""The page at the end: what was created, where it can be seen, and what comes next."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from screens.frame.key_line import KeyLine
from screens.frame.page import StepScreen
from screens.messages import GoTo, LookEverywhere
from screens.state import AppState
from screens.symbols import NAMES, status_words
from screens.widgets.columns import Cells, Columns, facts
from wizard.cli.program import command
from wizard.errors import WizardError
from wizard.steps.model import Status, StepName


class SummaryScreen(StepScreen):
    """Everything in one place. It asks nothing and changes nothing."""

    QUESTION = "Where the set-up stands"
    NEXT = "Go on"
    HELP = """
Where something still needs you, **F3** leads there. Come back at any time: `ses-wizard` on the same file
looks at AWS and DNS again, and `ses-wizard check` does the DNS part from a script.
"""

    def __init__(self) -> None:
        super().__init__()
        self._trouble: WizardError | None = None

    def compose_step(self) -> ComposeResult:
        """Three short lists."""
        yield Static("What was created", classes="heading first", markup=False)
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
        button, words = self.query_one("#next", Button), "Quit" if left is None else f"To {NAMES[left]}"
        button.label = f"{words}  F3"
        self.query_one(KeyLine).show(
            [
                replace(key, label=words, footer=left is not None) if key.action == "next" else key
                for key in self.commands
            ]
        )
        self._show_trouble(state.trouble)

    def begin(self) -> None:
        """Look at everything again: what is told here is about now."""
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
        """To the first step that is not done, or out."""
        if self.state.next_step is None:
            self.call_later(self.app.action_quit)
        else:
            self.go(self.state.next_step)


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
        (status_words(standing), f"{NAMES[step]}: {standing.words or 'not begun'}")
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
