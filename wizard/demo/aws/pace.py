"""The embedded account's clock, and how fast things go in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Pace:
    """How fast the embedded world goes, in seconds.

    ``review`` is how long it takes from a production access request to the open Region; None leaves it to
    ``Stage.answer_review``. ``look`` is the least time between two looks of SES at the same identity's
    records. ``resource`` is how long CloudFormation works on one resource, 0 for all at once, before the
    request is answered. ``retry`` is the time before Lambda repeats a failed event (AWS waits minutes).
    ``send_rate`` is SES's MaxSendRate, in recipients a second, and ``daily`` its Max24HourSend, -1 for no
    limit; None is what AWS gives: 1 and 200 in the sandbox, 14 and 50,000 after it. ``burst`` is for how many
    seconds' worth of mail SES lets a sender run ahead of its rate; AWS gives no figure.
    ``registration`` is how long registering a domain takes, 0 for no time (with AWS it is minutes to days).
    """

    review: float | None = 8.0
    look: float = 0.8
    resource: float = 0.25
    retry: float = 5.0
    send_rate: float | None = None
    daily: float | None = None
    burst: float = 10.0
    registration: float = 8.0


PATIENT = Pace(review=None)
"""A review waits for its answer."""

AT_ONCE = Pace(review=None, look=0.0, resource=0.0, retry=0.0, registration=0.0)
"""For tests: nothing takes time, and reviews are answered by hand."""


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
