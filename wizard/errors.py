"""The one error type that a person may come to see, on a screen or on standard error."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to the shell when it ends."""

    OK = 0
    NO = 1
    """The answer is no: a record is wrong or missing, a step failed or was refused."""
    USAGE = 2
    """Wrong usage, or the project file is not valid."""
    OUTSIDE = 3
    """The outside could not be asked: no network, no resolver, no credentials."""
    INTERRUPTED = 130


class WizardError(Exception):
    """Something went wrong that a person can act on.

    ``title`` is a few words, ``what`` a plain sentence with what happened and why, ``todo`` the one thing
    to do next (a command stands in backticks). ``exit_code`` is what a headless command ends with.
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
    """The sign-in to AWS is over, and ``command`` makes it anew: a program of AWS's, run in the terminal."""

    def __init__(self, title: str, what: str, todo: str, command: tuple[str, ...]) -> None:
        super().__init__(title, what, todo, ExitCode.OUTSIDE)
        self.command = command


class CodeNeededError(WizardError):
    """A role wants a code from the MFA device ``device`` (its serial number or ARN; empty where unknown)."""

    def __init__(self, title: str, what: str, todo: str, device: str) -> None:
        super().__init__(title, what, todo, ExitCode.OUTSIDE)
        self.device = device
