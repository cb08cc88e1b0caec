"""The sessions of assumed roles, cached so that an MFA code is needed only once.

The AWS CLI's cache (``~/.aws/cli/cache``) is read, so that a sign-in made there works here, too. Our own
sessions are kept only in memory: no secret is written.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from wizard.errors import CodeNeededError
from wizard.text import printable


class RoleSessions:
    """A cache for botocore's AssumeRoleProvider: AssumeRole's answers by botocore's key.

    Accesses share it, so that new clients need no new code. ``codes`` are entered MFA codes not used yet.
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
        """Return what botocore calls for a code: it returns an entered one, or raises CodeNeededError."""

        def code_for(prompt: str) -> str:
            try:
                return self.codes.get_nowait()
            except Empty:
                device = prompt.removeprefix("Enter MFA code for ").rstrip(": ")
                raise code_needed(profile, device) from None

        return code_for

    def _known(self, key: str) -> list[dict[str, Any]]:
        """Return the sessions with this key: our own and the AWS CLI's."""
        from botocore.utils import JSONFileCache

        found = [self._own[key]] if key in self._own else []
        try:
            kept = JSONFileCache(str(Path.home() / ".aws" / "cli" / "cache"))[key]
            _ends(kept)
        except (KeyError, TypeError, ValueError):
            # There is none, or it is malformed.
            return found
        return [*found, kept]


def code_needed(profile: str | None, device: str) -> CodeNeededError:
    """Return the error if a role requires an MFA code; ``device`` is the MFA device, empty if unknown."""
    named = f" --profile {printable(profile, 100)}" if profile else ""
    by = f" ({printable(device, 200)})" if device else ""
    return CodeNeededError(
        "A code from your MFA device is needed",
        f"The profile assumes a role that requires one{by}. One code is enough for the role's whole session.",
        f"Enter the code that the device shows, or run `aws sts get-caller-identity{named}`, which asks for "
        "it, then try again.",
        device,
    )


def _ends(answer: dict[str, Any]) -> datetime:
    """Return when the session ends; the AWS CLI's files have the time as a string."""
    end = answer["Credentials"]["Expiration"]
    return end if isinstance(end, datetime) else datetime.fromisoformat(end.replace("UTC", "Z")).astimezone()
