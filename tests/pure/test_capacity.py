"""Which way a run is carried out, and what is said about it."""

from __future__ import annotations

import pytest

from wizard.reminder.capacity import needed


@pytest.mark.parametrize(
    ("recipients", "rate", "workers"),
    [
        (0, 14, 0),
        (840 * 14, 14, 0),
        (840 * 14 + 1, 14, 2),
        (840, 1, 0),
        (841, 1, 2),
        (840 * 200, 200, 0),
        (840 * 200, 5_000, 0),
        (840 * 200 + 1, 200, 4),
        (1_000_000, 501, 11),
        (1_000_000, 5_000, 50),
        (100, 0, 0),
    ],
)
def test_a_queue_is_needed_where_one_call_does_not_suffice(
    recipients: int, rate: float, workers: int
) -> None:
    found = needed(recipients, rate, -1)
    assert (found.mode, found.workers) == ("queue" if workers else "direct", workers)


@pytest.mark.parametrize(
    ("recipients", "rate", "daily", "words"),
    [
        (
            1_000,
            14,
            50_000,
            "One call of the function writes to 1,000 recipients in about 71 seconds, at up to 14 a second.",
        ),
        (
            1,
            1,
            200,
            "One call of the function writes to one recipient in about 1 second, at up to 1 a second.",
        ),
        (
            300,
            1,
            200,
            "One call of the function writes to 300 recipients in about 5 minutes, at up to 1 a second. "
            "SES allows 200 mails in 24 hours, so a run goes on over 2 days; nobody is written twice.",
        ),
        (
            1_000_000,
            100,
            -1,
            "1,000,000 recipients at 100 a second take about 3 hours: more than one call of the function "
            "can do, so a queue feeds 2 at a time.",
        ),
    ],
)
def test_the_reason_is_said(recipients: int, rate: float, daily: float, words: str) -> None:
    assert needed(recipients, rate, daily).words == words


def test_the_quota_of_a_day_counts_in_queue_mode_too() -> None:
    assert "over 20 days" in needed(1_000_000, 14, 50_000).words
    assert "24 hours" not in needed(1_000_000, 14, -1).words
