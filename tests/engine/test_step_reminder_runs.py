"""Runs by hand, what failed in them and why, and sending it once more; trying out without a run."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.engine.reminder_setup import Setup, setup_in, wait_for
from wizard.demo import Demo
from wizard.errors import WizardError
from wizard.steps import reminder_runs, reminder_trial
from wizard.steps.model import Progress
from wizard.steps.reminder_runs import FailedMail


@pytest.fixture
def setup(account: Demo, tmp_path: Path) -> Setup:
    return setup_in(account, tmp_path)


def test_a_run_by_hand_tells_what_failed_and_sends_it_once_more(setup: Setup) -> None:
    setup.people("email,name\nana@example.com,Ana\nbo@example.com,Bo\ncy@elsewhere.example,Cy\n")
    setup.act()
    moment = setup.demo.now()
    world = dataclasses.replace(setup.demo.world, now=lambda: moment)

    # Twice within one second: one run.
    run, again = (reminder_runs.run_now(world, setup.project, setup.events.append) for _ in range(2))
    assert run == again == f"{moment:%Y-%m-%dT%H:%M:%SZ}"

    def ended() -> tuple[reminder_runs.RunSeen, ...]:
        found = reminder_runs.runs(world, setup.project)
        return found if found and found[0].ended else ()

    (seen,) = wait_for(ended)
    assert (seen.run, seen.mode, seen.stopped) == (run, "direct", "")
    assert (seen.people, seen.sent, seen.failed, seen.unsure, seen.opted_out) == (3, 2, 1, 0, 0)
    assert timedelta(0) <= seen.last - seen.began < timedelta(seconds=60)
    assert sorted(mail.recipient for mail in setup.demo.inbox()) == ["ana@example.com", "bo@example.com"]

    (failed,) = reminder_runs.failures(world, setup.project, run)
    assert (failed.email, failed.outcome) == ("cy@elsewhere.example", "failed")
    assert "not verified" in failed.detail

    ses = setup.demo.world.aws.client("sesv2")
    ses.put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )
    setup.demo.answer_review(granted=True)
    reminder_runs.resend(world, setup.project, run, setup.events.append)
    wait_for(lambda: len(setup.demo.inbox()) == 3)
    wait_for(lambda: not reminder_runs.failures(world, setup.project, run))
    assert setup.demo.inbox()[0].recipient == "cy@elsewhere.example"
    assert reminder_runs.runs(world, setup.project)[0].failed == 0


def test_failures_are_those_that_failed_came_back_or_were_lost(setup: Setup) -> None:
    setup.act()
    outputs = setup.outputs()
    rows = {
        "a@x.example": {"outcome": "sent", "detail": "id"},
        "b@x.example": {"outcome": "failed", "detail": "MESSAGE_REJECTED: no"},
        "c@x.example": {"outcome": "unsure", "detail": "ReadTimeoutError"},
        "d@x.example": {"outcome": "sent", "event": "bounced", "event_detail": "Permanent General"},
        "e@x.example": {"outcome": "claimed"},
        "f@x.example": {"outcome": "opted_out"},
    }
    table = setup.demo.world.aws.client("dynamodb")
    for email, row in rows.items():
        item = {"run": "2026-11-24T09:00:00Z", "email": email, **row}
        table.put_item(
            TableName=outputs["ClaimsTable"], Item={name: {"S": value} for name, value in item.items()}
        )

    def failures() -> dict[str, FailedMail]:
        found = reminder_runs.failures(setup.demo.world, setup.project, "2026-11-24T09:00:00Z")
        return {failed.email[0]: failed for failed in found}

    found = failures()
    assert {name: failed.outcome for name, failed in found.items()} == {
        "b": "failed",
        "c": "unsure",
        "d": "bounced",
        "e": "claimed",
    }
    assert (found["b"].detail, found["d"].detail) == ("MESSAGE_REJECTED: no", "Permanent General")
    assert "may have left" in found["e"].detail

    # While somebody is at work on the run, what is claimed is being sent.
    now = setup.demo.now().astimezone(UTC).isoformat()
    state = {"reminder": "runs", "run": "2026-11-24T09:00:00Z", "began": now, "last": now}
    table.put_item(TableName=outputs["RunsTable"], Item={name: {"S": text} for name, text in state.items()})
    assert set(failures()) == {"b", "c", "d"}
    assert len(reminder_runs.failures(setup.demo.world, setup.project, "2026-11-24T09:00:00Z", 2)) == 2


def test_without_a_stack_there_are_no_runs(setup: Setup) -> None:
    with pytest.raises(WizardError, match="not set up yet"):
        reminder_runs.runs(setup.demo.world, setup.project)
    with pytest.raises(WizardError, match="not set up yet"):
        reminder_runs.run_now(setup.demo.world, setup.project, setup.events.append)


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
    assert setup.demo.inbox() == ()

    lines = reminder_trial.log_lines(setup.demo.world, setup.project, before)
    assert any('"dry": true' in line.text for line in lines)
    assert len({line.id for line in lines}) == len(lines) > 2
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert not any("example.com" in line.text for line in lines)
    assert (
        reminder_trial.log_lines(setup.demo.world, setup.project, lines[-1].at + timedelta(seconds=1)) == ()
    )


def test_what_the_simulator_sends_back_is_waited_for(setup: Setup) -> None:
    setup.act()
    for mailbox, noun in (("bounce", "bounce"), ("complaint+mine", "complaint"), ("bounce", "bounce")):
        address = f"{mailbox}@simulator.amazonses.com"
        result = reminder_trial.test_run(setup.demo.world, setup.project, address, setup.events.append)
        assert (result.sent, result.recorded, result.todo) == (True, True, "")
        assert result.words.endswith(f"The {noun} came back and was recorded.")
    opted_out = setup.demo.world.aws.client("dynamodb").scan(TableName=setup.outputs()["OptOutsTable"])
    assert opted_out["Items"] == []


def test_what_does_not_come_back_is_not_waited_for_for_ever(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.act()
    monkeypatch.setattr(reminder_trial, "_EVENT_PATIENCE", 2.0)
    setup.demo.world.aws.client("sesv2").delete_configuration_set_event_destination(
        ConfigurationSetName="ses-wizard", EventDestinationName="ses-wizard-reminder"
    )
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
