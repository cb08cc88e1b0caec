from __future__ import annotations

from pathlib import Path

import pytest

from wizard.reminder.schedule.schedules import local_zone
from wizard.steps.reminder.forms import FieldError
from wizard.steps.reminder.schedule_form import Choice, HowOften, choice_of

BOTH_WAYS = [
    (Choice(HowOften.DAILY, "09:00"), "cron(0 9 * * ? *)"),
    (Choice(HowOften.WEEKDAYS, "18:05"), "cron(5 18 ? * MON-FRI *)"),
    (Choice(HowOften.WEEKLY, "00:00", weekday="SUN"), "cron(0 0 ? * SUN *)"),
    (Choice(HowOften.MONTHLY, "07:30", day="15"), "cron(30 7 15 * ? *)"),
    (Choice(HowOften.MONTHLY, "07:30", day="last"), "cron(30 7 L * ? *)"),
    (Choice(HowOften.ONCE, "12:00", date="2027-01-31"), "at(2027-01-31T12:00:00)"),
    (Choice(HowOften.OWN, own="rate(5 minutes)"), "rate(5 minutes)"),
    (Choice(HowOften.OWN, own="cron(0/5 9 ? * MON-FRI *)"), "cron(0/5 9 ? * MON-FRI *)"),
    (Choice(HowOften.OWN, own="cron(0 9 ? * MON,WED *)"), "cron(0 9 ? * MON,WED *)"),
    (Choice(HowOften.OWN, own="at(2027-01-31T12:00:30)"), "at(2027-01-31T12:00:30)"),
    (Choice(HowOften.OWN, own="cron(0 9 32 * ? *)"), "cron(0 9 32 * ? *)"),
]


@pytest.mark.parametrize(("choice", "expression"), BOTH_WAYS)
def test_a_choice_and_its_expression_lead_to_each_other(choice: Choice, expression: str) -> None:
    assert choice.expression() == expression
    assert choice_of(expression) == choice


@pytest.mark.parametrize(
    ("typed", "at"), [("9", "0 9"), (" 9:05 ", "5 9"), ("09.30", "30 9"), ("23:59", "59 23")]
)
def test_times_are_read_kindly(typed: str, at: str) -> None:
    assert Choice(HowOften.DAILY, typed).expression() == f"cron({at} * * ? *)"


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Choice(HowOften.DAILY, "24:00"), "time"),
        (Choice(HowOften.DAILY, "9:60"), "time"),
        (Choice(HowOften.DAILY, "nine"), "time"),
        (Choice(HowOften.DAILY, "٩:٠٠"), "time"),
        (Choice(HowOften.MONTHLY, day="32"), "day"),
        (Choice(HowOften.MONTHLY, day="0"), "day"),
        (Choice(HowOften.MONTHLY, day="first"), "day"),
        (Choice(HowOften.ONCE, date="2027-02-30"), "date"),
        (Choice(HowOften.ONCE, date=""), "date"),
    ],
)
def test_what_is_no_time_day_or_date_names_its_field(choice: Choice, field: str) -> None:
    with pytest.raises(FieldError) as caught:
        choice.expression()
    assert caught.value.problem.field == field


def test_the_local_zone_is_where_the_link_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    zone = tmp_path / "zoneinfo" / "Europe" / "Berlin"
    zone.parent.mkdir(parents=True)
    zone.touch()
    link = tmp_path / "localtime"
    link.symlink_to(zone)
    assert local_zone(link) == "Europe/Berlin"
    assert local_zone(tmp_path / "absent") == "UTC"
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert local_zone(link) == "Asia/Tokyo"
    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    assert local_zone(link) == "Europe/Berlin"
