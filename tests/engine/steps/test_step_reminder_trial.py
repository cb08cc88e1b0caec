"""Trying the reminder out: a test mail, what becomes of it and comes back; a dry run, and the log."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.reminder_setup import STACK, Setup, setup_in
from wizard.aws import lambda_
from wizard.demo import Demo
from wizard.errors import WizardError
from wizard.project.schema import Observation, Sandbox
from wizard.reminder.message.refusals import SIMULATOR
from wizard.steps.model import Progress, Status
from wizard.steps.reminder import trial as reminder_trial


@pytest.fixture
def setup(account: Demo, tmp_path: Path) -> Setup:
    return setup_in(account, tmp_path)


def test_a_test_mail_waits_for_new_rights_and_finishes_the_step(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.act()
    denied, pauses = [{"refused": "AccessDeniedException", "reason": "x"}] * 2, list[float]()
    invoke = lambda_.invoke
    monkeypatch.setattr(lambda_, "invoke", lambda *call: denied.pop() if denied else invoke(*call))
    result = reminder_trial.test_run(
        setup.demo.world,
        setup.project,
        "me@example.com",
        setup.events.append,
        "bo@example.com",
        pause=pauses.append,
    )
    assert pauses == [2.0, 4.0]
    assert (result.sent, result.todo, result.recorded) == (True, "", None)
    assert result.words.startswith(
        "SES accepted the mail to me@example.com, with the fields of bo@example.com. "
    )
    assert result.words.endswith("The demo has its own inbox.")
    assert result.message_id
    mail = setup.demo.inbox()[0]
    assert (mail.recipient, mail.subject) == ("me@example.com", "Hello Bo, a small reminder")
    assert mail.sender == "Example <reminders@example.com>"
    setup.project = result.project
    assert setup.project.sandbox.sent
    assert setup.project.sandbox.sent.words == "to me@example.com"
    status, words = setup.standing()
    assert status is Status.DONE
    assert words.startswith(
        "2 recipients, every weekday (Monday to Friday) at 09:00, Europe/Berlin time; next"
    )


def test_a_test_mail_says_where_to_look_or_what_to_do(setup: Setup) -> None:
    setup.act()
    outside_the_demo = dataclasses.replace(setup.demo.world, stage=None)
    for address, words in (
        ("me@example.com", "Check that inbox and its spam folder."),
        (SIMULATOR, "SES's simulator has no inbox to check."),
    ):
        result = reminder_trial.test_run(outside_the_demo, setup.project, address, setup.events.append)
        assert result.sent
        assert result.words.endswith(words)
    refused = reminder_trial.test_run(
        setup.demo.world, setup.project, "me@elsewhere.example", setup.events.append
    )
    assert not refused.sent
    assert "sandbox" in refused.words
    assert SIMULATOR in refused.todo
    assert setup.events[-1].progress is Progress.FAILED
    assert refused.project == setup.project


def test_a_test_mail_makes_headers_read_before_stale(setup: Setup) -> None:
    setup.act()
    read = Observation(setup.demo.now(), "SPF, DKIM and DMARC pass")
    setup.project = replace(setup.project, sandbox=Sandbox(sent=read, read=read, passed=True))
    result = reminder_trial.test_run(setup.demo.world, setup.project, "me@example.com", setup.events.append)
    assert (result.project.sandbox.read, result.project.sandbox.passed) == (None, False)


def test_a_test_mail_needs_an_address_and_a_stack(setup: Setup) -> None:
    with pytest.raises(WizardError, match="not an e-mail address"):
        reminder_trial.test_run(setup.demo.world, setup.project, "me", setup.events.append)
    with pytest.raises(WizardError, match="not deployed yet"):
        reminder_trial.test_run(setup.demo.world, setup.project, "me@example.com", setup.events.append)


def test_what_the_simulator_sends_back_is_waited_for_and_not_for_ever(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.act()
    for mailbox, noun in (("bounce", "bounce"), ("complaint+mine", "complaint")):
        address = f"{mailbox}@simulator.amazonses.com"
        result = reminder_trial.test_run(setup.demo.world, setup.project, address, setup.events.append)
        assert (result.sent, result.recorded, result.todo) == (True, True, "")
        assert result.words.endswith(f"The {noun} was received and recorded.")
    opted_out = setup.demo.world.aws.client("dynamodb").scan(TableName=setup.outputs()["OptOutsTable"])
    assert opted_out["Items"] == []

    # Without its events none comes back, and the bounce of before does not pass for one.
    setup.demo.world.aws.client("sesv2").delete_configuration_set_event_destination(
        ConfigurationSetName="ses-wizard", EventDestinationName=STACK
    )
    monkeypatch.setattr(reminder_trial, "_EVENT_PATIENCE", 2.0)
    waited = list[float]()
    result = reminder_trial.test_run(
        setup.demo.world,
        setup.project,
        "bounce@simulator.amazonses.com",
        setup.events.append,
        pause=waited.append,
    )
    assert (result.sent, result.recorded) == (True, False)
    assert "no bounce was recorded within a minute" in result.words
    assert "drift" in result.todo
    assert sum(waited) == pytest.approx(2)
    assert setup.events[-1].progress is Progress.FAILED


def test_a_dry_run_tells_what_a_run_would_find_and_its_log_can_be_followed(setup: Setup) -> None:
    setup.people("email,name\nana@example.com,Ana\nbo@example.com,\ncy@example.com,Cy\n")
    setup.act()
    table = setup.demo.world.aws.client("dynamodb")
    table.put_item(TableName=setup.outputs()["OptOutsTable"], Item={"email": {"S": "cy@example.com"}})
    before = datetime.now(UTC) - timedelta(seconds=1)
    found = reminder_trial.dry_run(setup.demo.world, setup.project, setup.events.append)
    assert (found.people, found.opted_out, found.invalid, found.unrendered) == (3, 1, 0, 0)
    assert found.blank == {"name": 1}
    assert 100 < found.largest < 10_000
    assert found.whole
    assert found.sandbox
    assert setup.demo.inbox() == ()

    lines = reminder_trial.log_lines(setup.demo.world, setup.project, before)
    assert any('"event": "dry"' in line.text for line in lines)
    assert len({line.id for line in lines}) == len(lines) > 2
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert not any("example.com" in line.text for line in lines)
    # Lambda puts tabs into its own lines.
    assert any(line.text.startswith("REPORT RequestId: ") for line in lines)
    assert not any("\\x09" in line.text for line in lines)
    assert (
        reminder_trial.log_lines(setup.demo.world, setup.project, lines[-1].at + timedelta(seconds=1)) == ()
    )
