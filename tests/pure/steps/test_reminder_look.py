"""Where the reminder's step stands by what was seen of it, and which identities its function may use."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from wizard.aws.cloudformation import PropertyDifference, ResourceDrift, Stack
from wizard.aws.scheduler import Schedule
from wizard.aws.sesv2 import ListedIdentity
from wizard.errors import WizardError
from wizard.project.schema import Domain, Observation, Project, Reminder
from wizard.reminder.message.fields import Message
from wizard.reminder.setup import Setup
from wizard.reminder.template.build import FUNCTION_NAME
from wizard.reminder.template.roles import MAX_ROLE_POLICY, function_role
from wizard.steps.model import Status
from wizard.steps.reminder.drift import in_words
from wizard.steps.reminder.identities import (
    needed_identities,
    spare_identities,
    verified,
    with_test_addresses,
)
from wizard.steps.reminder.look import ReminderReport, judge
from wizard.steps.reminder.own_stack import TAG
from wizard.steps.reminder.plan import sandbox_lines
from wizard.steps.reminder.recipients import Import
from wizard.steps.reminder.runs import QUIET, RunReport

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
PROJECT = Project(
    domain=Domain(name="example.com"),
    reminder=Reminder(sender="Reminders@example.com", tested=Observation(at=NOW, words="to me@example.com")),
)
SETUP = Setup(
    stack="ses-wizard-reminder",
    sender="reminders@example.com",
    sender_name="",
    configuration_set="ses-wizard",
    message=Message("Hello", "Hello", ""),
    schedule="cron(0 9 ? * MON-FRI *)",
    timezone="UTC",
    identities=("example.com",),
)
PAUSED = replace(PROJECT, reminder=replace(PROJECT.reminder, paused=True))


def seen(*, enabled: bool = True, **more: Any) -> ReminderReport:
    stack = Stack("id", "ses-wizard-reminder", "UPDATE_COMPLETE", "", {}, {TAG: "example.com"})
    schedule = Schedule("cron(0 9 ? * MON-FRI *)", "Europe/Berlin", enabled, None)
    found = ReminderReport(stack, (), schedule, 2, datetime(2026, 11, 25, 8, tzinfo=UTC))
    return dataclasses.replace(found, **more)


@pytest.mark.parametrize(
    ("found", "project", "status", "words"),
    [
        (seen(), PROJECT, Status.DONE, "2 recipients, every weekday"),
        (seen(enabled=False), PAUSED, Status.DONE, "paused: no run until you resume it"),
        (seen(enabled=False), PROJECT, Status.ATTENTION, "disabled outside this wizard"),
        (seen(), PAUSED, Status.ATTENTION, "the schedule runs, but is paused in the project file"),
        (seen(schedule=None), PROJECT, Status.ATTENTION, "the schedule was deleted"),
        (seen(function_gone=True), PROJECT, Status.ATTENTION, "the function was deleted: check for drift"),
        (
            seen(enabled=False),
            replace(PAUSED, reminder=replace(PAUSED.reminder, tested=None)),
            Status.ATTENTION,
            "deployed, but paused: send a test e-mail",
        ),
        (
            seen(alarms=("the function fails",)),
            PROJECT,
            Status.ATTENTION,
            "an alarm is active: the function fails",
        ),
        (seen(spare=("a.example",)), PROJECT, Status.DONE, "remain (step 6, F4)"),
        (
            seen(changed=("subject", "schedule")),
            PROJECT,
            Status.ATTENTION,
            "Changed, not deployed: subject, schedule (F4 on Create)",
        ),
        (
            seen(changed=("time zone",), invalid="reminder.timezone: there is none"),
            PROJECT,
            Status.ATTENTION,
            "not valid, so not deployed: reminder.timezone: there is none",
        ),
        (seen(by_hand=True), PROJECT, Status.ATTENTION, "the schedule was changed by hand"),
        (
            seen(stopped="sending is paused"),
            PROJECT,
            Status.ATTENTION,
            "sending is paused: SES sends no mail",
        ),
        (seen(unconfirmed="me@a.example"), PROJECT, Status.DONE, "no alerts until me@a.example confirms"),
    ],
)
def test_where_the_step_stands(found: ReminderReport, project: Project, status: Status, words: str) -> None:
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
    assert found == ("example.com", "partner.example", "reminders@example.com")


def many(count: int) -> dict[str, ListedIdentity]:
    names = [f"somebody-{number:03}@elsewhere.example" for number in range(count)]
    return {name: ListedIdentity(name, "EMAIL_ADDRESS", True, "SUCCESS") for name in names}


def filled_in(setup: Setup) -> int:
    """How large the function's policy becomes in a Region with a long name, without white space."""
    role = json.dumps(function_role(setup, FUNCTION_NAME)["Properties"]["Policies"][0]["PolicyDocument"])
    for parameter, value in (("Partition", "aws"), ("Region", "ap-southeast-2"), ("AccountId", "1" * 12)):
        role = role.replace(f"${{AWS::{parameter}}}", value)
    role = re.sub(r'\{"Fn::\w+": ("[^"]*"|\[[^]]*\])\}', r"\1", role)
    return len(role.replace(" ", ""))


def test_addresses_for_test_mail_get_the_room_that_is_left() -> None:
    setup, left_out = with_test_addresses(SETUP, many(3))
    assert (setup.identities, left_out) == (("example.com", *many(3)), 0)
    setup, left_out = with_test_addresses(SETUP, many(200))
    assert len(setup.identities) - 1 + left_out == 200
    assert setup.identities[:2] == ("example.com", "somebody-000@elsewhere.example")
    assert MAX_ROLE_POLICY - 2500 < filled_in(setup) <= MAX_ROLE_POLICY
    long = dataclasses.replace(SETUP, message=Message("Hello", "x" * 100_000, ""))
    assert with_test_addresses(long, many(200))[1] == left_out


def test_the_plan_says_whom_the_sandbox_leaves_out() -> None:
    assert sandbox_lines(Import(None, 3)) == ()
    refused, untested = sandbox_lines(Import(None, 3, refused=2), 4)
    assert refused.detail.startswith("mail to 2 of 3 recipients will fail")
    assert untested.detail.startswith("4 verified addresses that are not recipients do not fit")


def test_more_recipients_than_the_role_has_room_for_are_refused_in_words() -> None:
    crowded = dataclasses.replace(SETUP, identities=tuple(many(120)))
    with pytest.raises(WizardError, match="Too many single addresses") as refused:
        with_test_addresses(crowded, {})
    assert "These are 120, and IAM allows 10,240 characters" in refused.value.what


def test_outside_of_the_sandbox_only_the_senders_are() -> None:
    assert needed_identities(PROJECT, LISTED, {}, COVERING) == ("example.com", "reminders@example.com")
    assert needed_identities(PROJECT, (), {}, ()) == ("example.com",)


def test_rights_that_only_the_sandbox_needed_are_found_in_the_template() -> None:
    from wizard.reminder.draft import setup_of
    from wizard.reminder.template import build as template

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
            "ScheduleExpression is rate(2 days); it should be rate(1 day)",
        ),
        (
            PropertyDifference("/Environment/Variables/SENDER", "REMOVE", "a@b.example", "null"),
            "Environment.Variables.SENDER was removed; it should be a@b.example",
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
    assert (drifted.resource, drifted.words) == ("Unknown", "it was deleted")


def test_a_run_without_a_sign_of_life_is_not_at_work() -> None:
    run = RunReport("x", NOW, NOW, None, "direct", 1, 0, 0, 0, 0, 0, 0, stopped="")
    assert run.working(NOW + timedelta(minutes=15))
    assert not run.working(NOW + QUIET)
    assert not dataclasses.replace(run, ended=NOW).working(NOW)
