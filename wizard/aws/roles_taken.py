"""The sessions of roles that were taken, so that a code from an MFA device is asked for once.

They are looked for where the AWS command line keeps its own (``~/.aws/cli/cache``), so that a sign-in made
there serves here too. What is made here is kept in memory alone: nothing secret is written.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from wizard.errors import CodeNeededError
from wizard.text import printable


class RolesTaken:
    """A cache as botocore's AssumeRoleProvider wants one: AssumeRole's answers by botocore's key.

    The same one goes on from an access to the next, so that new clients need no new code. ``codes`` are those
    that were entered and not used yet: each is good for one use.
    """

    def __init__(self) -> None:
        self.codes: SimpleQueue[str] = SimpleQueue()
        self._own: dict[str, dict[str, Any]] = {}

    def __contains__(self, key: str) -> bool:
        return bool(self._known(key))

    def __getitem__(self, key: str) -> dict[str, Any]:
        return max(self._known(key), key=_ends)

    def __setitem__(self, key: str, answer: dict[str, Any]) -> None:
        self._own[key] = answer

    def prompter(self, profile: str | None) -> Callable[[str], str]:
        """What botocore calls for a code: it gives one that was entered, or raises."""

        def code_for(prompt: str) -> str:
            try:
                return self.codes.get_nowait()
            except Empty:
                device = prompt.removeprefix("Enter MFA code for ").rstrip(": ")
                raise code_needed(profile, device) from None

        return code_for

    def _known(self, key: str) -> list[dict[str, Any]]:
        """What is known by ``key``: of our own, and what the command line has kept."""
        from botocore.utils import JSONFileCache

        found = [self._own[key]] if key in self._own else []
        try:
            kept = JSONFileCache(str(Path.home() / ".aws" / "cli" / "cache"))[key]
            _ends(kept)
        except (KeyError, TypeError, ValueError):
            # There is none, or it is not of a form that can be used.
            return found
        return [*found, kept]


def code_needed(profile: str | None, device: str) -> CodeNeededError:
    """The error where a code is needed and none is there, with how to give one from outside."""
    named = f" --profile {printable(profile, 100)}" if profile else ""
    return CodeNeededError(
        "A code from your MFA device is needed",
        f"The profile takes a role that asks for one{_by(device)}. It is good for as long as the role's "
        "session lasts.",
        f"Enter the code that the device shows, or run `aws sts get-caller-identity{named}`, which asks for "
        "it, then try again.",
        device,
    )


def _by(device: str) -> str:
    return f" ({printable(device, 200)})" if device else ""


def _ends(answer: dict[str, Any]) -> datetime:
    """When the session ends: a time in memory, a text in the command line's files."""
    end = answer["Credentials"]["Expiration"]
    return end if isinstance(end, datetime) else datetime.fromisoformat(end.replace("UTC", "Z")).astimezone()
