"""The embedded account's clock: the real time, pushed ahead where somebody does not want to wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class Clock:
    """A UTC clock that runs at the real speed, ``ahead`` of the real time."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """The time in the embedded account."""
        return datetime.now(UTC) + self.ahead

    def push_to(self, moment: datetime) -> None:
        """Let it be ``moment`` now. A clock never goes back: an earlier moment changes nothing."""
        self.ahead += max(moment - self.now(), timedelta())
