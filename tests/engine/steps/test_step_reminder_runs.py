"""Runs by hand, what failed in them and why, and sending it once more; trying out without a run."""

from __future__ import annotations

import dataclasses
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from tests.engine.reminder_setup import Setup, setup_in, wait_for
from wizard.demo import Demo
from wizard.errors import WizardError
from wizard.steps.reminder import audience, opt_outs
from wizard.steps.reminder import runs as reminder_runs
from wizard.steps.reminder.runs import FailedMail


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

    def ended() -> tuple[reminder_runs.RunReport, ...]:
        found = reminder_runs.runs(world, setup.project)
        return found if found and found[0].ended else ()

    (seen,) = wait_for(ended)
    assert (seen.run, seen.mode, seen.stopped) == (run, "direct", "")
    assert (seen.people, seen.sent, seen.failed, seen.unsure, seen.opted_out) == (3, 2, 1, 0, 0)
    assert timedelta(0) <= seen.last - seen.began < timedelta(seconds=60)
    assert sorted(mail.recipient for mail in setup.demo.inbox()) == ["ana@example.com", "bo@example.com"]

    (failed,) = reminder_runs.failures(world, setup.project, run)
    assert (failed.email, failed.outcome) == ("cy@elsewhere.example", "failed")
    assert failed.words == "The account is in the sandbox, and SES has not verified this address."
    assert failed.todo.startswith("Request production access (step 6)")

    ses = setup.demo.world.aws.client("sesv2")
    ses.put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )
    setup.demo.answer_review(granted=True)
    reminder_runs.resend(world, setup.project, run, setup.events.append)
    wait_for(lambda: len(setup.demo.inbox()) == 3)
    wait_for(lambda: not reminder_runs.failures(world, setup.project, run))
    assert setup.demo.inbox()[0].recipient == "cy@elsewhere.example"
    wait_for(lambda: reminder_runs.runs(world, setup.project)[0].again)
    (seen,) = reminder_runs.runs(world, setup.project)
    assert (seen.failed, seen.again_stopped) == (0, "")


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
    assert (found["b"].words, found["b"].todo) == (
        "SES refused the mail: no (MessageRejected)",
        "Fix the cause, then send again (R).",
    )
    assert found["d"].todo == "Correct the address, or remove it from the recipients (step 5, Who)."
    assert "may have arrived" in found["e"].todo

    # While somebody is at work on the run, what is claimed is being sent.
    now = setup.demo.now().astimezone(UTC).isoformat()
    state = {"reminder": "runs", "run": "2026-11-24T09:00:00Z", "began": now, "last": now}
    table.put_item(TableName=outputs["RunsTable"], Item={name: {"S": text} for name, text in state.items()})
    assert set(failures()) == {"b", "c", "d"}
    assert len(reminder_runs.failures(setup.demo.world, setup.project, "2026-11-24T09:00:00Z", 2)) == 2


def test_before_a_run_it_is_counted_how_many_will_receive_it(setup: Setup) -> None:
    setup.people(
        "email,name\nana@example.com,Ana\nbo@example.com,Bo\ncy@elsewhere.example,Cy\ndi@elsewhere.example,Di\n"
    )
    setup.act()
    opt_outs.opt_out(setup.demo.world, setup.project, "bo@example.com")
    found = audience.audience(setup.demo.world, setup.project)
    assert (found.people, found.unverified, found.opted_out, found.reached) == (4, 2, 1, 1)
    assert found.words == (
        "4 recipients; 2 are unverified: SES refuses that mail until production access (step 6), "
        "which raises the alarm for failed mail; "
        "1 opted out and gets none."
    )
    ses = setup.demo.ses(setup.project)
    ses.production = True
    ses.sent.extend([setup.demo.now()] * 49_998)
    found = audience.audience(setup.demo.world, setup.project)
    assert (found.unverified, found.reached, found.room) == (0, 3, 2)
    assert found.words.endswith("SES's daily quota has room for 2, the rest have to wait.")


def test_of_a_large_table_it_is_told_about_how_many(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.act()
    monkeypatch.setattr(audience, "COUNTED", 1)
    found = audience.audience(setup.demo.world, setup.project)
    assert found.words == (
        "about 2 recipients; SES refuses mail to unverified recipients until production access (step 6); "
        "opted-out recipients get none."
    )


def test_without_a_stack_there_are_no_runs(setup: Setup) -> None:
    with pytest.raises(WizardError, match="not deployed yet"):
        reminder_runs.runs(setup.demo.world, setup.project)
    with pytest.raises(WizardError, match="not deployed yet"):
        reminder_runs.run_now(setup.demo.world, setup.project, setup.events.append)
