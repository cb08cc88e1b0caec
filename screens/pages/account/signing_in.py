"""Signing in to AWS from the wizard: AWS's own command with the wizard out of the way, or an MFA code."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import ClassVar

from textual.app import App, ComposeResult, SuspendNotSupported
from textual.widgets import Input, Static

from screens.commands import Command
from screens.frame.dialogs import Dialog
from screens.frame.page import StepScreen
from wizard.errors import CodeNeededError, SignInNeededError, WizardError
from wizard.text import printable

CODE_LENGTH = 6
"""Digits of a code (STS AssumeRole, TokenCode)."""


def offer(error: WizardError) -> str:
    """The words for what fixes ``error`` from here; empty where nothing does."""
    match error:
        case SignInNeededError():
            return "Sign in"
        case CodeNeededError():
            return "Enter the code"
    return ""


def fix(page: StepScreen, error: WizardError) -> None:
    """Fix ``error`` and have ``page`` go on with what failed. What does not work is said on it."""
    if isinstance(error, SignInNeededError):
        if trouble := run_in_terminal(page.app, error.command):
            page.say(trouble, not_yet=True)
        else:
            page.app.clear_notifications()
            page.try_again()
    elif isinstance(error, CodeNeededError):

        def entered(code: str | None) -> None:
            if code:
                page.state.world.aws.take_code(code)
                page.try_again()

        page.app.push_screen(EnterCode(error.device), entered)


def run_in_terminal(app: App[object], command: tuple[str, ...]) -> str:
    """Run ``command`` with the wizard suspended. Gives what went wrong, or nothing where it went well."""
    shown, program = shlex.join(command), shutil.which(command[0])
    if program is None:
        return f"The `{command[0]}` command is not installed here: https://aws.amazon.com/cli/"
    try:
        with app.suspend():
            return _run(shown, [program, *command[1:]])
    except SuspendNotSupported:
        return f"The wizard cannot step aside here. Run `{shown}` in another terminal, then press F5."


def _run(shown: str, command: list[str]) -> str:
    print(f"\n{shown}\nThe wizard comes back when it has ended.\n", flush=True)
    # Ctrl+C ends the command, not the wizard. A handler, unlike SIG_IGN, is not handed down to it.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run(command, check=False).returncode
        if code:
            with suppress(EOFError):
                input("\nIt did not work. Press Enter to go back to the wizard. ")
    except OSError as error:
        return f"`{shown}` could not be started: {error.strerror}."
    finally:
        signal.signal(signal.SIGINT, before)
    if code < 0:
        return f"`{shown}` was interrupted."
    return f"`{shown}` ended with code {code}." if code else ""


class EnterCode(Dialog[str]):
    """Asks for the code that an MFA device shows. Dismissed with the code, or nothing."""

    heading = "The code from your MFA device"
    KEYS: ClassVar[list[Command]] = [
        Command("enter", "take", "Sign in", footer=True),
        Command("escape,f2", "dismiss(None)", "Back", footer=True),
    ]

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device

    def compose_body(self) -> ComposeResult:
        """Which device it is, and the field."""
        which = f" ({printable(self.device, 200)})" if self.device else ""
        yield Static(f"Enter the six digits that it shows now{which}.", markup=False)
        yield Input(placeholder="6 digits", id="code", restrict=r"\d*", max_length=CODE_LENGTH, compact=True)

    def compose_foot(self) -> ComposeResult:
        """The one button."""
        yield self.button("take", variant="primary")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field signs in."""
        event.stop()
        self.action_take()

    def action_take(self) -> None:
        """Give the code back, once it is whole."""
        code = self.query_one("#code", Input).value
        if len(code) == CODE_LENGTH:
            self.dismiss(code)
        else:
            self.query_one("#code", Input).focus()
            self.notify(f"A code has {CODE_LENGTH} digits.", severity="warning")
