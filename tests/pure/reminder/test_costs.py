"""What a month costs, by list prices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wizard.reminder.costs import monthly

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DAILY = "cron(0 9 * * ? *)"


@pytest.mark.parametrize(
    ("schedule", "recipients", "said"),
    [
        (DAILY, 1_000, "about $3.91: 30 runs × 1,000 recipients = 30,000 mails"),
        (DAILY, 1, "about $0.81: 30 runs × 1 recipient = 30 mails"),
        ("at(2026-12-01T09:00:00)", 500, "about $0.86: 1 run × 500 recipients = 500 mails"),
        ("rate(1 minute)", 10, "about $45.62: 43,200 runs × 10 recipients = 432,000 mails"),
        ("at(2026-01-01T09:00:00)", 500, "about $0.81: 0 runs × 500 recipients = 0 mails"),
    ],
)
def test_the_cost_of_a_month_is_said(schedule: str, recipients: int, said: str) -> None:
    assert said in monthly(schedule, "UTC", NOW, recipients)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({}, "$0.004 for the other services. $0.80 of that (the alarms) is due"),
        ({"rate": 1.0}, "$0.007 for the other services"),
        ({"workers": 2}, "$1.06 of that (the alarms and the queue) is due"),
        ({"end": NOW + timedelta(days=10)}, "10 runs"),
        ({"start": NOW + timedelta(days=20)}, "10 runs"),
        ({"start": NOW + timedelta(days=40)}, "0 runs"),
    ],
)
def test_the_set_up_counts(setting: dict[str, Any], said: str) -> None:
    assert said in monthly(DAILY, "UTC", NOW, 1_000, **setting)


def test_sending_faster_costs_no_more_and_a_queue_little() -> None:
    def dollars(**setting: Any) -> float:
        words = monthly(DAILY, "UTC", NOW, 1_000_000, **setting)
        return float(words.split("$")[1].partition(":")[0].replace(",", ""))

    assert dollars(rate=1.0) > dollars(rate=100.0) > 3_000
    assert dollars(rate=100.0) < dollars(rate=100.0, workers=2) < dollars(rate=100.0) * 1.01
