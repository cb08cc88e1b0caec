"""How a run is carried out: by one call of the function, or by several from a queue, and why. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from wizard.text import sentence

DIRECT_SECONDS = 840
"""How long one call of the function may send: Lambda's 15 minutes less one to end in."""
DIRECT_RATE = 200.0
"""Mails a second that one call of the function can send: some calls of SES, and as many of DynamoDB."""
WORKER_RATE = 150.0
"""Mails a second that one worker is given: a full call of SES (50 recipients) at a time, its claims and their
outcomes, take about a third of a second (``trigger_reminder.CYCLE``). More workers would have more mail in
flight, which is what an outage of SES costs."""
MIN_WORKERS, MAX_WORKERS = 2, 50
"""Lambda bounds the calls from one queue to two at the least; more than fifty no account's rate needs."""


GOES_ON = 4
"""For how many days a run is continued: see ``trigger_reminder.RESUMED``."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a run needs. ``workers`` is 0 in direct mode. ``seconds`` is how long the sending takes.

    ``words`` say why, in a sentence or two for people.
    """

    mode: Literal["direct", "queue"]
    workers: int
    seconds: float
    words: str

    def overlap(self, gap: timedelta | None) -> str:
        """What is said where runs are so close, ``gap`` apart, that one begins before another has ended."""
        if gap is None or self.seconds <= gap.total_seconds():
            return ""
        return f" The next run begins {_duration(gap.total_seconds())} later, before that: runs will pile up."


def needed(recipients: int, rate: float, daily: float) -> Capacity:
    """What a run to so many ``recipients`` needs.

    ``rate`` and ``daily`` are SES's quota (GetAccount): mails a second, and in 24 hours; -1 is unlimited.
    """
    rate = max(rate, 1.0)
    if recipients <= DIRECT_SECONDS * min(rate, DIRECT_RATE):
        seconds = recipients / min(rate, DIRECT_RATE)
        words = (
            f"One call of the function writes to {_people(recipients)} in about {_duration(seconds)}, "
            f"at up to {min(rate, DIRECT_RATE):,.4g} a second."
        )
        return Capacity("direct", 0, seconds, words + _over_quota(recipients, daily))
    workers = max(MIN_WORKERS, min(MAX_WORKERS, math.ceil(rate / WORKER_RATE)))
    seconds = recipients / min(rate, workers * DIRECT_RATE)
    words = (
        f"{sentence(_people(recipients))} at {rate:,.4g} a second take about {_duration(seconds)}: "
        f"more than one call of the function can do, so a queue feeds {workers} at a time."
    )
    return Capacity("queue", workers, seconds, words + _over_quota(recipients, daily))


def _over_quota(recipients: int, daily: float) -> str:
    """What a quota means that one day's mail does not fit into."""
    if daily < 0 or recipients <= daily:
        return ""
    days = math.ceil(recipients / max(daily, 1.0))
    if days > GOES_ON:
        return (
            f" SES allows {daily:,.0f} mails in 24 hours, and a run goes on for {GOES_ON} days: about "
            f"{GOES_ON * daily:,.0f} of {recipients:,} are written to. Ask AWS for a higher quota first."
        )
    return (
        f" SES allows {daily:,.0f} mails in 24 hours, so a run goes on over {days:,} days; "
        "nobody is written twice."
    )


def _people(count: int) -> str:
    return "one recipient" if count == 1 else f"{count:,} recipients"


def _duration(seconds: float) -> str:
    """A length of time, rounded as people say it."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{round(seconds / length):,} {unit}s"
    count = max(1, round(seconds))
    return f"{count} second{'' if count == 1 else 's'}"
