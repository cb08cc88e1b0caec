"""Which way a run is carried out, and what is said about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wizard.reminder.capacity import GOES_ON, needed
from wizard.reminder.function import trigger_reminder
from wizard.reminder.template.build import QUEUE_DAYS


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
        (840 * 200 + 1, 200, 2),
        (1_000_000, 501, 4),
        (1_000_000, 50_000, 50),
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
            "One call of the function sends to 1,000 recipients in about 71 seconds, at up to 14 a second.",
        ),
        (
            1,
            1,
            200,
            "One call of the function sends to one recipient in about 1 second, at up to 1 a second.",
        ),
        (
            300,
            1,
            200,
            "One call of the function sends to 300 recipients in about 5 minutes, at up to 1 a second. "
            "SES allows 200 mails in 24 hours, so a run takes 2 days; nobody is mailed twice.",
        ),
        (
            1_000_000,
            100,
            -1,
            "1,000,000 recipients at 100 a second take about 3 hours: too long for one call of the function, "
            "so a queue feeds 2 workers.",
        ),
    ],
)
def test_the_reason_is_said(recipients: int, rate: float, daily: float, words: str) -> None:
    assert needed(recipients, rate, daily).words == words


@pytest.mark.parametrize(
    ("recipients", "rate", "daily", "words"),
    [
        (
            1_000,
            1,
            200,
            "and a run lasts 4 days at most: only about 800 of 1,000 recipients get the mail. Request",
        ),
        (
            1_000_000,
            14,
            50_000,
            "and a run lasts 4 days at most: only about 200,000 of 1,000,000 recipients get the mail.",
        ),
    ],
)
def test_whom_the_quota_leaves_no_room_for_is_said(
    recipients: int, rate: float, daily: float, words: str
) -> None:
    assert words in needed(recipients, rate, daily).words
    assert "nobody is mailed twice" not in needed(recipients, rate, daily).words


def test_a_run_is_gone_on_with_for_as_long_as_is_said() -> None:
    assert GOES_ON * 86_400 == trigger_reminder.RESUMED
    assert GOES_ON < QUEUE_DAYS


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (None, ""),
        (timedelta(days=1), ""),
        (
            timedelta(minutes=5),
            " The next run begins after 5 minutes, so runs overlap and pile up.",
        ),
    ],
)
def test_runs_that_are_too_close_are_said_to_pile_up(gap: timedelta | None, words: str) -> None:
    assert needed(2_000, 1, -1).overlap(gap) == words


def test_the_quota_of_a_day_counts_in_queue_mode_too() -> None:
    assert "so a run takes 4 days" in needed(200_000, 14, 50_000).words
    assert "24 hours" not in needed(1_000_000, 14, -1).words
