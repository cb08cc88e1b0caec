"""What the reminder costs, in words. Pure.

Prices are list prices of us-east-1 in US dollars, without free tiers and taxes; other Regions differ a bit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile

from wizard.reminder.schedules import runs

A_MAIL = 0.10 / 1000
"""SES: each mail to one recipient."""
A_CLAIM = 2 * 0.625 / 1_000_000
"""DynamoDB on demand: two writes for each mail."""
A_SECOND = 0.25 * 0.0000133334
"""Lambda on arm64 with 256 MB: each second."""
SECONDS_A_MAIL = 0.2
A_RUN = 0.000002
"""EventBridge Scheduler and Lambda: each run started."""
MONTH = timedelta(days=30)


def monthly(schedule: str, timezone: str, now: datetime, recipients: int) -> str:
    """The cost of the next thirty days, in words. Raises ScheduleError."""
    end = now + MONTH
    count = sum(1 for _ in takewhile(lambda moment: moment <= end, runs(schedule, timezone, now)))
    mails = count * recipients
    dollars = mails * (A_MAIL + A_CLAIM + SECONDS_A_MAIL * A_SECOND) + count * A_RUN
    amount = f"about ${dollars:,.2f}" if dollars >= 0.01 else "less than one cent"
    return (
        f"In the next 30 days {amount}: {_counted(count, 'run')} × {_counted(recipients, 'recipient')} = "
        f"{_counted(mails, 'mail')}, at $0.10 for 1,000 from SES. All else is paid by use too, and costs far "
        "less; without a run, next to nothing."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
