"""What the project says that is not deployed yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from wizard.project.schema import Domain, Identity, Project, Reminder, Table
from wizard.reminder import draft
from wizard.reminder.template import build as template
from wizard.steps.reminder.deployed import changed

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
DAY = timedelta(days=1)
PROJECT = Project(
    domain=Domain("example.com"),
    reminder=Reminder(
        sender="reminders@example.com",
        sender_name="Reminders",
        recipients="people.csv",
        subject="Hello {{name}}",
        text="Hello {{name}}",
        html="<p>Hello {{name}}</p>",
        schedule="cron(0 9 ? * MON-FRI *)",
        timezone="Europe/Berlin",
    ),
)


def deployed(project: Project, now: datetime = NOW) -> dict[str, Any]:
    """The template that was made from ``project``, in the sandbox, with its queue."""
    start = draft.start_date(project.reminder, now)
    return template.template(draft.setup_of(project, ("example.com", "ana@example.net"), start, workers=2))


def edited(**settings: Any) -> Project:
    return replace(PROJECT, reminder=replace(PROJECT.reminder, **settings))


def test_what_is_deployed_as_the_file_says_is_not_changed() -> None:
    assert changed(PROJECT, deployed(PROJECT), NOW) == ()
    assert changed(PROJECT, {}, NOW) == ()


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"subject": "News"}, ("subject",)),
        ({"text": "News"}, ("text",)),
        ({"html": ""}, ("HTML",)),
        ({"sender_name": "Somebody"}, ("sender",)),
        ({"sender": "other@example.com"}, ("sender",)),
        ({"unsubscribe": "https://example.com/stop?who={{email}}"}, ("unsubscribe address",)),
        ({"table": Table("customers"), "recipients": None}, ("recipients",)),
        ({"schedule": "cron(0 8 ? * MON-FRI *)", "timezone": "UTC"}, ("schedule", "time zone")),
        ({"timezone": "Mars/Phobos"}, ("time zone",)),
        ({"start": NOW + DAY}, ("start",)),
        ({"end": NOW + DAY}, ("end",)),
        ({"window_minutes": 5}, ("window",)),
        ({"paused": True}, ("pause",)),
        ({"alerts": "owner@example.com"}, ("alerts",)),
        ({"recipients": "others.csv"}, ()),
    ],
)
def test_each_setting_that_differs_is_named(settings: dict[str, Any], names: tuple[str, ...]) -> None:
    assert changed(edited(**settings), deployed(PROJECT), NOW) == names
    assert changed(PROJECT, deployed(edited(**{**settings, "timezone": "Europe/Berlin"})), NOW) == tuple(
        name for name in names if name != "time zone"
    )


def test_other_mapping_or_configuration_set_is_named() -> None:
    table = edited(table=Table("customers", fields={"name": "FirstName"}), recipients=None)
    other = edited(table=Table("customers", fields={"name": "LastName"}), recipients=None)
    assert changed(other, deployed(table), NOW) == ("recipients",)
    moved = replace(PROJECT, identity=Identity(configuration_set="other"))
    assert changed(moved, deployed(PROJECT), NOW) == ("configuration set",)


@pytest.mark.parametrize("later", [timedelta(), DAY, 40 * DAY])
@pytest.mark.parametrize("schedule", ["rate(2 hours)", "cron(0 9 * * ? *)", "at(2026-12-24T09:00:00)"])
def test_time_that_goes_by_changes_nothing(schedule: str, later: timedelta) -> None:
    for start in (None, NOW + 30 * DAY):
        project = edited(schedule=schedule, start=start)
        assert changed(project, deployed(project), NOW + later) == ()


@pytest.mark.parametrize("schedule", ["rate(2 hours)", "cron(0 9 * * ? *)"])
def test_a_start_that_is_no_longer_chosen_is_named(schedule: str) -> None:
    before, after = edited(schedule=schedule, start=NOW + 30 * DAY), edited(schedule=schedule)
    assert changed(after, deployed(before), NOW) == ("start",)
    paused = edited(schedule=schedule, paused=True)
    assert changed(paused, deployed(after), NOW + DAY) == ("pause",)


@pytest.mark.parametrize("settings", [{"schedule": "never"}, {"sender": "nobody"}])
def test_what_cannot_be_read_is_left_to_the_problems(settings: dict[str, Any]) -> None:
    assert changed(edited(**settings), deployed(PROJECT), NOW) == ()
