"""Where the reminder's step stands by what was seen of it, and which identities its function may use."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from wizard.aws.cloudformation import PropertyDifference, ResourceDrift, Stack
from wizard.aws.scheduler import Schedule
from wizard.aws.sesv2 import ListedIdentity
from wizard.project import Domain, Project, Reminder
from wizard.steps.model import Status
from wizard.steps.reminder_drift import in_words
from wizard.steps.reminder_identities import needed_identities, spare_identities, verified
from wizard.steps.reminder_runs import QUIET, RunSeen
from wizard.steps.reminder_seen import ReminderSeen, judge
from wizard.steps.reminder_stack import TAG

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
PROJECT = Project(
    domain=Domain(name="example.com"), reminder=Reminder(sender="Reminders@example.com")
).seen_done("reminder", "seen", NOW)
PAUSED = replace(PROJECT, reminder=replace(PROJECT.reminder, paused=True))


def seen(*, enabled: bool = True, **more: Any) -> ReminderSeen:
    stack = Stack("id", "ses-wizard-reminder", "UPDATE_COMPLETE", "", {}, {TAG: "example.com"})
    schedule = Schedule("cron(0 9 ? * MON-FRI *)", "Europe/Berlin", enabled, None)
    found = ReminderSeen(stack, (), schedule, 2, datetime(2026, 11, 25, 8, tzinfo=UTC))
    return dataclasses.replace(found, **more)


@pytest.mark.parametrize(
    ("found", "project", "status", "words"),
    [
        (seen(), PROJECT, Status.DONE, "2 recipients, every weekday"),
        (seen(enabled=False), PAUSED, Status.DONE, "paused: no run until it is resumed"),
        (seen(enabled=False), PROJECT, Status.ATTENTION, "nobody paused it here"),
        (seen(), PAUSED, Status.ATTENTION, "to be paused, but the schedule still runs"),
        (seen(schedule=None), PROJECT, Status.ATTENTION, "the schedule is gone"),
        (
            seen(alarms=("the function fails",)),
            PROJECT,
            Status.ATTENTION,
            "an alarm rings: the function fails",
        ),
        (seen(spare=("a.example",)), PROJECT, Status.ATTENTION, "has left the sandbox"),
        (seen(unconfirmed="me@a.example"), PROJECT, Status.DONE, "alerts wait until me@a.example confirms"),
    ],
)
def test_where_the_step_stands(found: ReminderSeen, project: Project, status: Status, words: str) -> None:
    standing = judge(found, project)
    assert standing.status is status
    assert words in standing.words


LISTED = (
    ListedIdentity("example.com", "DOMAIN", True, "SUCCESS"),
    ListedIdentity("reminders@example.com", "EMAIL_ADDRESS", True, "PENDING"),
    ListedIdentity("Partner.example", "DOMAIN", True, "SUCCESS"),
    ListedIdentity("other.example", "DOMAIN", True, "SUCCESS"),
    ListedIdentity("late.example", "DOMAIN", True, "PENDING"),
    ListedIdentity("me@mail.example", "EMAIL_ADDRESS", True, "SUCCESS"),
)
COVERING = frozenset({"partner.example", "late.example", "ana@partner.example"})


def test_in_the_sandbox_the_recipients_identities_are_needed_too() -> None:
    found = needed_identities(PROJECT, LISTED, verified(LISTED), COVERING)
    assert found == ("example.com", "me@mail.example", "partner.example", "reminders@example.com")


def test_outside_of_the_sandbox_only_the_senders_are() -> None:
    assert needed_identities(PROJECT, LISTED, {}, COVERING) == ("example.com", "reminders@example.com")
    assert needed_identities(PROJECT, (), {}, ()) == ("example.com",)


def test_rights_that_only_the_sandbox_needed_are_found_in_the_template() -> None:
    from wizard.reminder import template
    from wizard.reminder.draft import setup_of

    project = replace(
        PROJECT, reminder=replace(PROJECT.reminder, subject="x", text="x", schedule="rate(1 day)")
    )
    identities = ("a@partner.example", "example.com", "reminders@example.com")
    deployed = template.template(setup_of(project, identities))
    assert spare_identities(project, deployed) == ("a@partner.example",)
    assert spare_identities(project, template.template(setup_of(project, identities[1:]))) == ()
    assert spare_identities(project, {}) == ()


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (
            PropertyDifference("/ScheduleExpression", "NOT_EQUAL", "rate(1 day)", "rate(2 days)"),
            "ScheduleExpression is rate(2 days), and should be rate(1 day)",
        ),
        (
            PropertyDifference("/Environment/Variables/SENDER", "REMOVE", "a@b.example", "null"),
            "Environment.Variables.SENDER was taken away; it should be a@b.example",
        ),
        (
            PropertyDifference("/Tags/1", "ADD", "null", '{"a":"\x1b[1m"}'),
            'Tags.1 was added: {"a":"\\x1b[1m"}',
        ),
    ],
)
def test_a_changed_property_in_words(difference: PropertyDifference, words: str) -> None:
    drifted = in_words(ResourceDrift("Schedule", "AWS::Scheduler::Schedule", "MODIFIED", (difference,)))
    assert (drifted.resource, drifted.words) == ("schedule", words)


def test_a_deleted_resource_in_words() -> None:
    drifted = in_words(ResourceDrift("Unknown", "AWS::X::Y", "DELETED", ()))
    assert (drifted.resource, drifted.words) == ("Unknown", "somebody deleted it")


def test_a_run_without_a_sign_of_life_is_not_at_work() -> None:
    run = RunSeen("x", NOW, NOW, None, "direct", 1, 0, 0, 0, 0, 0, 0, stopped="")
    assert run.working(NOW + timedelta(minutes=15))
    assert not run.working(NOW + QUIET)
    assert not dataclasses.replace(run, ended=NOW).working(NOW)
