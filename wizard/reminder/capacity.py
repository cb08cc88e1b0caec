"""Whether one call of the function is enough for a run, or a queue with workers is needed. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from wizard.text import sentence

DIRECT_SECONDS = 840
"""Seconds that one call of the function can send: Lambda's 15 minutes less one."""
DIRECT_RATE = 200.0
"""Mails a second that one call of the function can send."""
WORKER_RATE = 150.0
"""Mails a second for one worker: a full call of SES (50 recipients) with its claims takes about a third of a
second (``trigger_reminder.CYCLE``). More workers would have more mail in flight when SES fails."""
MIN_WORKERS, MAX_WORKERS = 2, 50
"""Lambda's minimum for one queue, and more than any account's rate needs."""

GOES_ON = 4
"""Days for which a run is continued: see ``trigger_reminder.RESUMED``."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a run needs: ``workers`` (0: direct mode), ``seconds`` of sending, and the reason in ``words``."""

    mode: Literal["direct", "queue"]
    workers: int
    seconds: float
    words: str

    def overlap(self, gap: timedelta | None) -> str:
        """A warning if runs ``gap`` apart overlap, else nothing."""
        if gap is None or self.seconds <= gap.total_seconds():
            return ""
        return f" The next run begins after {_duration(gap.total_seconds())}, so runs overlap and pile up."


def needed(recipients: int, rate: float, daily: float) -> Capacity:
    """What a run to so many ``recipients`` needs.

    ``rate`` and ``daily`` are SES's quotas (GetAccount): mails a second and in 24 hours; -1 is unlimited.
    """
    rate = max(rate, 1.0)
    if recipients <= DIRECT_SECONDS * min(rate, DIRECT_RATE):
        seconds = recipients / min(rate, DIRECT_RATE)
        words = (
            f"One call of the function sends to {_people(recipients)} in about {_duration(seconds)}, "
            f"at up to {min(rate, DIRECT_RATE):,.4g} a second."
        )
        return Capacity("direct", 0, seconds, words + _over_quota(recipients, daily))
    workers = max(MIN_WORKERS, min(MAX_WORKERS, math.ceil(rate / WORKER_RATE)))
    seconds = recipients / min(rate, workers * DIRECT_RATE)
    words = (
        f"{sentence(_people(recipients))} at {rate:,.4g} a second take about {_duration(seconds)}: "
        f"too long for one call of the function, so a queue feeds {workers} workers."
    )
    return Capacity("queue", workers, seconds, words + _over_quota(recipients, daily))


def _over_quota(recipients: int, daily: float) -> str:
    """A warning if the run exceeds the daily quota, else nothing."""
    if daily < 0 or recipients <= daily:
        return ""
    days = math.ceil(recipients / max(daily, 1.0))
    if days > GOES_ON:
        return (
            f" SES allows {daily:,.0f} mails in 24 hours, and a run lasts {GOES_ON} days at most: only about "
            f"{GOES_ON * daily:,.0f} of {recipients:,} recipients get the mail. Request a higher quota first."
        )
    return (
        f" SES allows {daily:,.0f} mails in 24 hours, so a run takes {days:,} days; nobody is mailed twice."
    )


def _people(count: int) -> str:
    return "one recipient" if count == 1 else f"{count:,} recipients"


def _duration(seconds: float) -> str:
    """A length of time, rounded, in words."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{round(seconds / length):,} {unit}s"
    count = max(1, round(seconds))
    return f"{count} second{'' if count == 1 else 's'}"
