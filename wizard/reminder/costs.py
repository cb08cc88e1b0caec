"""The monthly cost of the reminder, in words. Pure.

List prices of us-east-1 in US dollars, without free tiers and taxes; other Regions are similar.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile

from wizard.reminder.capacity import DIRECT_RATE
from wizard.reminder.schedule.schedules import runs

A_MAIL = 0.10 / 1000
"""SES: each mail to one recipient."""
A_WRITE, A_READ = 0.625 / 1_000_000, 0.125 / 1_000_000
"""DynamoDB on demand: each unit."""
WRITES_A_MAIL = 2 + 2 + 1
"""A claim and its outcome, each in a transaction (counted twice), and a share of the run's numbers."""
READS_A_MAIL = 2
"""The recipient's row and the opt-out check."""
A_SECOND = 0.25 * 0.0000133334
"""Lambda on arm64 with 256 MB: each second."""
A_CALL = 0.20 / 1_000_000
"""Lambda: each call of the function."""
A_START = 1.00 / 1_000_000
"""EventBridge Scheduler: each start."""
A_REQUEST = 0.40 / 1_000_000
"""SQS: each request, of up to 64 KB."""
REQUESTS_A_MAIL = 3 / 50
"""A portion of 50 is sent, received and deleted."""
IDLE_REQUESTS = 5 * 3 * 60 * 24 * 30
"""Lambda's five pollers ask an empty queue every twenty seconds, for thirty days."""
AN_ALARM = 0.10
"""CloudWatch: each alarm and month."""
ALARMS = 8
"""Without their log metrics, which cost $0.0004 in hours of trouble."""
RESUMES = 6 * 24 * 30
"""Checks for stopped runs in thirty days: every ten minutes."""
MONTH = timedelta(days=30)


def monthly(
    schedule: str,
    timezone: str,
    now: datetime,
    recipients: int,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    rate: float = 14.0,
    workers: int = 0,
) -> str:
    """The cost of the next thirty days, in words. Raises ScheduleError.

    ``rate`` is SES's quota in mails a second; ``workers`` is 0 in direct mode.
    """
    last = min(now + MONTH, end or now + MONTH)
    count = sum(1 for _ in takewhile(lambda moment: moment <= last, runs(schedule, timezone, now, start)))
    mails = count * recipients
    standing = ALARMS * AN_ALARM + (IDLE_REQUESTS * A_REQUEST if workers else 0)
    dollars = mails * _a_mail(rate, workers) + (count + RESUMES) * (A_START + A_CALL) + standing
    kept = "the alarms and the queue" if workers else "the alarms"
    rest = (_a_mail(rate, workers) - A_MAIL) * 1000
    return (
        f"In the next 30 days about ${dollars:,.2f}: {_counted(count, 'run')} × "
        f"{_counted(recipients, 'recipient')} = {_counted(mails, 'mail')}, at $0.10 for 1,000 from SES and "
        f"${rest:,.3f} for the other services. ${standing:,.2f} of that "
        f"({kept}) is due even without a run. Free tiers are not included."
    )


def _a_mail(rate: float, workers: int) -> float:
    """The cost of one mail: SES, DynamoDB, Lambda, and the queue if there is one."""
    seconds = workers / max(rate, 1.0) if workers else 1 / min(max(rate, 1.0), DIRECT_RATE)
    tables = WRITES_A_MAIL * A_WRITE + READS_A_MAIL * A_READ
    queue = REQUESTS_A_MAIL * A_REQUEST + A_CALL / 50 if workers else 0.0
    return A_MAIL + tables + seconds * A_SECOND + queue


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
