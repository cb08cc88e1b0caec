"""The errors shown to users, on a screen or on standard error."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the commands (CONTRACT.md)."""

    OK = 0
    NO = 1
    """The answer is no: a record is wrong or missing, a step failed or was refused."""
    USAGE = 2
    """Wrong usage, or the project file is not valid."""
    OUTSIDE = 3
    """AWS or DNS could not be asked: no network, no resolver, no credentials."""
    INTERRUPTED = 130


class WizardError(Exception):
    """A failure that the user can act on.

    ``title`` is a few words, ``what`` says what happened and why, ``todo`` the one thing to do next (commands
    in backticks). ``exit_code`` is the exit code of a headless command.
    """

    def __init__(self, title: str, what: str, todo: str, exit_code: ExitCode = ExitCode.NO) -> None:
        super().__init__(title, what, todo)
        self.title = title
        self.what = what
        self.todo = todo
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.title}\n{self.what}\n{self.todo}"


class SignInNeededError(WizardError):
    """The AWS sign-in has expired; ``command``, a command of the AWS CLI, renews it."""

    def __init__(self, title: str, what: str, todo: str, command: tuple[str, ...]) -> None:
        super().__init__(title, what, todo, ExitCode.OUTSIDE)
        self.command = command


class CodeNeededError(WizardError):
    """A role requires a code from the MFA device ``device`` (its serial number or ARN; empty if unknown)."""

    def __init__(self, title: str, what: str, todo: str, device: str) -> None:
        super().__init__(title, what, todo, ExitCode.OUTSIDE)
        self.device = device
