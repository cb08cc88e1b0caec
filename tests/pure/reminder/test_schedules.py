"""EventBridge Scheduler's expressions: the dialect, the next runs across clock changes, the words."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.reminder.schedule.expressions import At, Cron, Rate, ScheduleError, parse
from wizard.reminder.schedule.schedules import (
    daily,
    monthly,
    next_runs,
    on_weekdays,
    once,
    weekly,
    words,
    zone_named,
    zone_names,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
"""A Tuesday."""


def test_fields_become_values() -> None:
    cron = parse("cron(0/20 9-10,20 ? JAN,mar MON-WED 2026-2028/2)")
    assert cron == Cron(
        minutes=(0, 20, 40), hours=(9, 10, 20), months=(1, 3), years=(2026, 2028), weekdays=(2, 3, 4)
    )
    assert parse("rate(2 hours)") == Rate(timedelta(hours=2))
    assert parse("rate(1 day)") == Rate(timedelta(days=1))
    assert parse("at(2027-01-31T09:00:00)") == At(datetime(2027, 1, 31, 9))


@pytest.mark.parametrize(
    ("expression", "position", "expected"),
    [
        ("", 1, "cron(…), rate(…) or at(…)"),
        ("daily", 1, "cron(…), rate(…) or at(…)"),
        ("cron(0 9 * * ? *", 17, "closing parenthesis"),
        ("cron(0 9 * * ?)", 15, "six fields"),
        ("cron(0 9 * * ? * 1)", 18, "found 7"),
        ("cron(99 9 * * *)", 6, "minutes: 0 to 59"),
        ("99 9 * * *", 1, "minutes: 0 to 59"),
        ("0 24 * * *", 3, "hours: 0 to 23"),
        ("0 9 32 * *", 5, "day of month: 1 to 31"),
        ("0 9 * * 8", 9, "day of week: 0 to 7 or SUN to SAT"),
        ("0 24 * * ? *", 3, "hours: 0 to 23"),
        ("cron(60 9 * * ? *)", 6, "minutes: 0 to 59"),
        ("cron(0  24 * * ? *)", 9, "hours: 0 to 23"),
        ("cron(0 9 * * * *)", 14, "expected ?"),
        ("cron(0 9 1 * MON *)", 14, "expected ?"),
        ("cron(0 9 ? * ? *)", 14, "because the day of month is ?"),
        ("cron(0 9 32 * ? *)", 10, "day of month: 1 to 31"),
        ("cron(0 9 32W * ? *)", 10, "day of month: 1 to 31"),
        ("cron(0 9 ? FOO MON *)", 12, "month: 1 to 12 or JAN to DEC"),
        ("cron(0 9 ? * MON,8 *)", 18, "day of week: 1 to 7 or SUN to SAT"),
        ("cron(0 9 ? * TUE#6 *)", 18, "which one of the month: 1 to 5"),
        ("cron(0 9 ? * TUE#1,MON#2 *)", 14, "one weekday with #"),
        ("cron(0 9 ? * MON/2 *)", 18, "does not allow steps"),
        ("cron(0 9 ? * FRI-MON *)", 18, "an ascending range"),
        ("cron(0 9 * * ? 1969)", 16, "year: 1970 to 2199"),
        ("cron(0/0 9 * * ? *)", 8, "a whole number from 1"),
        ("cron(0,,5 9 * * ? *)", 8, "minutes: 0 to 59"),
        ("cron(1-2-3 9 * * ? *)", 10, "a range of two values"),
        ("cron(² 9 * * ? *)", 6, "minutes: 0 to 59"),
        ("rate(5)", 6, "5 minutes"),
        ("rate(0 minutes)", 6, "a whole number from 1"),
        ("rate(5 minute)", 8, "minutes, hours or days"),
        ("rate(1 weeks)", 8, "minute, hour or day"),
        ("rate(1 hours)", 8, "minute, hour or day"),
        ("at(2027-02-30T09:00:00)", 4, "that exist"),
        ("at(2027-02-03 09:00)", 4, "2027-01-31T09:00:00"),
    ],
)
def test_a_mistake_is_named_by_its_place(expression: str, position: int, expected: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(expression)
    assert caught.value.position == position
    assert expected in str(caught.value)
    assert f"character {position}" in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "example"),
    [
        ("0 9 * * *", "cron(0 9 * * ? *)"),
        (" 0  9 * * *", "cron(0 9 * * ? *)"),
        ("cron(0 9 * * *)", "cron(0 9 * * ? *)"),
        ("cron(0 9 * * ?)", "cron(0 9 * * ? *)"),
        ("*/15 8-17 * * 1-5", "cron(*/15 8-17 ? * MON-FRI *)"),
        ("0 9 1,15 * *", "cron(0 9 1,15 * ? *)"),
        ("0 9 * JAN 0,7", "cron(0 9 ? JAN SUN,SUN *)"),
        ("0 9 * * ? *", "cron(0 9 * * ? *)"),
    ],
)
def test_an_expression_of_unix_comes_back_as_one_to_type(typed: str, example: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(typed)
    assert f"; type {example} instead." in str(caught.value)
    parse(example)


@pytest.mark.parametrize("typed", ["0 9 1 * MON", "0 9 * * 5-7", "every day at nine o'clock", "0 9 * *"])
def test_no_example_where_there_is_no_such_expression(typed: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(typed)
    assert "type" not in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("cron(0 9 L * ? *)", "2026-11-30 09:00"),
        ("cron(0 9 15W * ? *)", "2026-12-15 09:00"),
        ("cron(0 9 5W DEC ? *)", "2026-12-04 09:00"),  # the 5th is a Saturday
        ("cron(0 9 6W DEC ? *)", "2026-12-07 09:00"),  # the 6th is a Sunday
        ("cron(0 9 1W AUG ? 2026-2027)", "2027-08-02 09:00"),  # Sunday the 1st: stays in the month
        ("cron(0 9 1W MAY ? 2027)", "2027-05-03 09:00"),  # Saturday the 1st: stays in the month
        ("cron(0 9 31W JAN ? 2027)", "2027-01-29 09:00"),  # Sunday the 31st: stays in the month
        ("cron(0 9 31 * ? *)", "2026-12-31 09:00"),  # November has none
        ("cron(0 9 29 FEB ? *)", "2028-02-29 09:00"),
        ("cron(0 9 ? * TUE#2 *)", "2026-12-08 09:00"),
        ("cron(0 9 ? * 3#5 *)", "2026-12-29 09:00"),
        ("cron(15 10 ? * 6L 2026-2027)", "2026-11-27 10:15"),  # the last Friday
        ("cron(0 9 ? * L *)", "2026-11-28 09:00"),  # the last day of the week: Saturday
        ("cron(0 10 * * ? *)", "2026-11-25 10:00"),  # the very moment itself is over
        ("cron(1 10 * * ? *)", "2026-11-24 10:01"),
        ("at(2026-11-24T10:00:01)", "2026-11-24 10:00"),
        ("rate(90 minutes)", "2026-11-24 11:30"),
    ],
)
def test_the_first_run(expression: str, first: str) -> None:
    assert f"{next_runs(expression, 'UTC', NOW, 1)[0]:%Y-%m-%d %H:%M}" == first


@pytest.mark.parametrize(
    "expression", ["at(2026-11-24T10:00:00)", "cron(0 9 * * ? 2025)", "cron(0 9 30 2 ? *)"]
)
def test_what_never_runs_again_has_no_run(expression: str) -> None:
    assert next_runs(expression, "UTC", NOW) == ()


def test_a_time_that_spring_skips_does_not_run() -> None:
    days = next_runs("cron(30 2 * * ? *)", "Europe/Berlin", datetime(2027, 3, 27, 0, tzinfo=UTC), 2)
    assert [f"{day:%d %H:%M}" for day in days] == ["27 01:30", "29 00:30"]
    assert next_runs("at(2027-03-28T02:30:00)", "Europe/Berlin", NOW) == ()


def test_a_time_that_autumn_repeats_runs_once() -> None:
    days = next_runs("cron(30 2 * * ? *)", "Europe/Berlin", datetime(2027, 10, 30, 12, tzinfo=UTC), 2)
    assert [f"{day:%d %H:%M}" for day in days] == ["31 00:30", "01 01:30"]


def test_the_hour_on_the_clock_stays_over_clock_changes() -> None:
    days = next_runs("cron(0 9 * * ? *)", "America/New_York", datetime(2027, 3, 13, 0, tzinfo=UTC), 3)
    assert [day.hour for day in days] == [14, 13, 13]


def test_a_rate_counts_real_time_from_its_start() -> None:
    start = NOW + timedelta(hours=1)
    assert next_runs("rate(1 day)", "UTC", NOW, 2, start) == (start, start + timedelta(days=1))
    assert next_runs("rate(1 day)", "UTC", start, 1, start) == (start + timedelta(days=1),)


def test_no_run_is_before_the_start() -> None:
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert next_runs("cron(0 9 * * ? *)", "UTC", NOW, 1, start) == (start,)


def test_no_run_is_after_the_end() -> None:
    end = datetime(2026, 11, 26, 9, tzinfo=UTC)
    assert next_runs("cron(0 9 * * ? *)", "UTC", NOW, 5, end=end) == (end - timedelta(days=1), end)
    assert next_runs("cron(0 9 * * ? *)", "UTC", end, 5, end=end) == ()


def test_start_and_end_are_moments_whatever_the_clocks_do() -> None:
    spring = datetime(2027, 3, 27, 8, 30, tzinfo=UTC), datetime(2027, 3, 29, 7, 0, tzinfo=UTC)
    assert next_runs("cron(0 9 * * ? *)", "Europe/Berlin", NOW, 5, *spring) == (
        datetime(2027, 3, 28, 7, tzinfo=UTC),
        datetime(2027, 3, 29, 7, tzinfo=UTC),
    )
    # The clocks show 02:30 twice; the start lies between, so the first is too early and the second none.
    autumn = datetime(2027, 10, 31, 0, 45, tzinfo=UTC)
    assert next_runs("cron(30 2 * * ? *)", "Europe/Berlin", NOW, 1, autumn) == (
        datetime(2027, 11, 1, 1, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "/etc/passwd", "../x", "\0"])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ScheduleError, match="no time zone"):
        next_runs("rate(1 day)", name, NOW)


def test_zone_names_are_all_known() -> None:
    assert zone_names()[0] == "UTC"
    assert "Europe/Berlin" in zone_names()


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (daily(time(9)), "every day at 09:00, Europe/Berlin time"),
        (on_weekdays(time(9, 30)), "every weekday (Monday to Friday) at 09:30, Europe/Berlin time"),
        (weekly(("MON", "THU"), time(18)), "every Monday and Thursday at 18:00, Europe/Berlin time"),
        (monthly(1, time(9)), "on the 1st of every month at 09:00, Europe/Berlin time"),
        (monthly(None, time(9)), "on the last day of every month at 09:00, Europe/Berlin time"),
        (
            once(datetime(2027, 1, 31, 9)),
            "once, on Sunday, 31 January 2027 at 09:00, Europe/Berlin time",
        ),
        ("rate(1 hour)", "every hour"),
        ("rate(48 hours)", "every 2 days"),
        ("rate(90 minutes)", "every 90 minutes"),
        ("cron(0 9 ? JAN,FEB TUE#2 2027)", "on the 2nd Tuesday of January and February in 2027 at 09:00, "),
        ("cron(0 9 ? * MON,6L *)", "every Monday and on the last Friday of every month at 09:00, "),
        (
            "cron(0 9 3W,L * ? *)",
            "on the weekday nearest to the 3rd and the last day of every month at 09:00",
        ),
        ("cron(0/15 8-17 * * ? *)", "every day at minute 0, 15, 30 and 45 of hour 8 to 17, "),
        ("cron(* * * JUN ? *)", "every day of June at every minute of every hour, "),
    ],
)
def test_in_words(expression: str, said: str) -> None:
    assert words(expression, "Europe/Berlin").startswith(said)


@st.composite
def crons(draw: st.DrawFn) -> tuple[str, dict[str, set[int]]]:
    """An expression of plain numbers, and what it allows."""
    allowed = {
        "minute": draw(st.sets(st.integers(0, 59), min_size=1, max_size=3)),
        "hour": draw(st.sets(st.integers(0, 23), min_size=1, max_size=4)),
        "weekday": draw(st.sets(st.integers(1, 7), min_size=1, max_size=6)),
    }
    minute, hour, weekday = (",".join(map(str, sorted(allowed[name]))) for name in allowed)
    return f"cron({minute} {hour} ? * {weekday} *)", allowed


@settings(max_examples=60, deadline=None)
@given(
    cron=crons(),
    zone_name=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    after=st.sampled_from(
        [
            datetime(2027, 3, 13, tzinfo=UTC),
            datetime(2027, 10, 30, tzinfo=UTC),
            datetime(2027, 4, 3, tzinfo=UTC),
        ]
    ),
)
def test_runs_are_those_of_a_clock_watched_minute_by_minute(
    cron: tuple[str, dict[str, set[int]]], zone_name: str, after: datetime
) -> None:
    """Watch the wall clock for three days; a time seen for the second time does not count."""
    expression, allowed = cron
    seen: set[datetime] = set()
    expected = []
    for minute in range(-120, 3 * 24 * 60):
        moment = after + timedelta(minutes=minute)
        shown = moment.astimezone(ZoneInfo(zone_name)).replace(tzinfo=None)
        first_time = shown not in seen
        seen.add(shown)
        if (
            minute > 0
            and first_time
            and shown.minute in allowed["minute"]
            and shown.hour in allowed["hour"]
            and shown.isoweekday() % 7 + 1 in allowed["weekday"]
        ):
            expected.append(moment)
    found = next_runs(expression, zone_name, after, len(expected) + 1)
    assert list(found[: len(expected)]) == expected
    assert found[len(expected)] >= after + timedelta(days=3)


@given(st.text(alphabet="cronateath()0123456789 ?*,-/LW#MONSUJ:T", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for expression in (text, f"cron({text})", f"rate({text})", f"at({text})"):
        with suppress(ScheduleError):
            assert len(next_runs(expression, "UTC", NOW, 2)) <= 2
            assert words(expression, "UTC")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("tokyo", "Asia/Tokyo"),
        ("NEW YORK", "America/New_York"),
        ("europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("Mars/Phobos", "Mars/Phobos"),
        (" nowhere ", "nowhere"),
    ],
)
def test_a_time_zone_is_found_by_its_city_in_any_case(typed: str, name: str) -> None:
    assert zone_named(typed) == name
