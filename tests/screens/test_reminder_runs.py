"""The last runs: what they say of themselves, why mails failed, and what is done by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from syrupy.assertion import SnapshotAssertion

from screens.pages.reminder.run_words import run_status, sent_again, took
from tests.screens.conftest import NOW, Outside, seen_so
from tests.screens.pages import SIZES, opened
from tests.screens.reminder_paper import Flow, show, with_a_test
from wizard.aws.cloudformation import Stack
from wizard.aws.scheduler import Schedule
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.model import Status, StepName, StepState
from wizard.steps.reminder.audience import Audience
from wizard.steps.reminder.look import NOT_DEPLOYED
from wizard.steps.reminder.runs import FailedMail, RunReport
from wizard.steps.reminder.step import ReminderReport


def a_run(began: datetime = NOW, **numbers: object) -> RunReport:
    """One that wrote to all of three people in 3 seconds."""
    ended = began + timedelta(seconds=3)
    run = RunReport(
        f"{began:%Y-%m-%dT%H:%M:%SZ}", began, ended, ended, "direct", 3, 3, 0, 0, 0, 0, 0, stopped=""
    )
    return replace(run, **numbers)  # type: ignore[arg-type]


PAST = (
    a_run(NOW - timedelta(seconds=90), ended=None, last=NOW, mode="queue", people=1000, sent=400),
    a_run(NOW - timedelta(hours=2), ended=None, last=NOW - timedelta(hours=1), sent=1, stopped="quota"),
    a_run(NOW - timedelta(days=1), people=5, sent=1, failed=2, unsure=1, opted_out=1, bounced=1),
    a_run(NOW - timedelta(days=2)),
)
FAILED = (
    FailedMail("ana@example.com", "failed", "SES has not verified it.", "Verify it (step 6)."),
    FailedMail("ben@example.com", "unsure", "\x1b[31mno answer [red]"),
    FailedMail("cem@example.com", "bounced", "the mailbox is gone"),
)


@pytest.fixture
def deployed(made: Flow) -> Flow:
    """A reminder that stands, with a few runs behind it."""
    schedule = Schedule("cron(0 9 ? * MON-FRI *)", "UTC", enabled=True, start=None)
    made.seen = ReminderReport(
        Stack("arn", "ses-wizard-reminder", "UPDATE_COMPLETE", "", {}, {"ses-wizard": "example.com"}),
        schedule=schedule,
        recipients=1234,
        next_run=NOW + timedelta(hours=23),
    )
    made.past = PAST
    return made


@pytest.fixture
def done(written: Project) -> Project:
    """A set-up whose reminder was found done: it opens on its runs."""
    return with_a_test(written).seen_done("reminder", "1 recipient", NOW)


@pytest.mark.parametrize("size", SIZES)
async def test_shows_the_last_runs_and_the_numbers_of_one(
    outside: Outside,
    deployed: Flow,
    done: Project,
    tmp_path: Path,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
) -> None:
    deployed.seen = replace(
        deployed.seen, alarms=("the function fails",), unconfirmed="ops@example.com", mode="queue"
    )
    async with opened(tmp_path, outside.world, project=done, size=size) as page:
        await show(page)
        await page.shows("400 of 1,000 sent")
        await page.press("down", "down")
        await page.shows("5 recipients  1 sent, 2 failed, 1 unsure, 1 skipped, 1 bounced, 0 complained")
        assert page.text == snapshot


async def test_changed_settings_open_the_page_that_deploys_them(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    """F4 on Runs would send the mail that is deployed now."""
    words = "Changed, not deployed: schedule (F4 on Create)"
    changed = StepState(StepName.REMINDER, Status.ATTENTION, words, brief=NOT_DEPLOYED)
    outside.standings = {**seen_so(done), StepName.REMINDER: changed}
    deployed.seen = replace(deployed.seen, changed=("schedule",))
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("[Create]")


async def test_a_run_that_has_counted_nobody_yet_says_what_it_has_done_so_far(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    deployed.past = (a_run(ended=None, last=NOW, people=0, sent=3),)
    deployed.failed = FAILED[:1]
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("3 sent")
        assert "of 0" not in page.text
        assert "So far  3 sent, 0 failed" in page.text
        await page.press("enter")
        assert "1 failed: R sends them once more" in page.words


WORDS = {
    "✓ ended": a_run(),
    "» running": a_run(ended=None, last=NOW),
    "… waiting": a_run(ended=None, last=NOW, stopped="throttled"),
    "! stopped": a_run(ended=None, last=NOW - timedelta(minutes=20)),
    "✗ gave up": a_run(ended=None, last=NOW, stopped="gave_up"),
    "✗ expired": a_run(sent=1, left=2),
}


@pytest.mark.parametrize("mark", WORDS)
def test_every_state_of_a_run_has_its_words(mark: str) -> None:
    assert run_status(WORDS[mark], NOW)[0][0] == mark


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("MAIL_FROM_DOMAIN_NOT_VERIFIED", "finish the DNS step (step 4)"),
        ("CONFIGURATION_SET_NOT_FOUND", "do step 3 again"),
        ("TEMPLATE_NOT_FOUND", "deploy again on Create (F4)"),
        ("ACCOUNT_SENDING_PAUSED", "step 1 says what to do"),
        ("X\x1b[1m", "SES said: X\\x1b[1m."),
    ],
)
def test_a_run_that_gave_up_names_the_step_that_fixes_it(code: str, words: str) -> None:
    _, why = run_status(a_run(ended=None, last=NOW, stopped="gave_up", said=code), NOW)
    assert why.startswith("SES refuses every mail.")
    assert words in why


def test_a_pause_holds_what_stands_in_the_queue_and_nothing_else() -> None:
    queued = a_run(ended=None, last=NOW, mode="queue")
    assert (
        run_status(queued, NOW, paused=True)[1]
        == "The reminder is paused. The run continues once you resume it."
    )
    assert run_status(queued, NOW)[0][0] == "» running"
    assert run_status(replace(queued, mode="direct"), NOW, paused=True)[0][0] == "» running"
    assert run_status(replace(queued, ended=NOW), NOW, paused=True)[0][0] == "✓ ended"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (61, "1 min 01 s"), (3 * 3600 + 125, "3 h 02 min")]
)
def test_how_long_a_run_took(seconds: int, words: str) -> None:
    assert took(a_run(ended=NOW + timedelta(seconds=seconds))) == words


async def test_a_run_that_is_going_on_is_followed_until_it_ends(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.pages.reminder.runs.LOOK_EVERY", 0.02)
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("400 of 1,000 sent")
        await page.press("down")
        deployed.past = (a_run(NOW, people=1000, sent=900, ended=None, last=NOW), *PAST)
        await page.shows("900 of 1,000 sent")
        assert "daily quota is used up" in page.words
        deployed.past = (a_run(NOW, people=1000, sent=1000), *PAST[1:])
        await page.shows("1,000 sent")
        asked = len(deployed.asked)
        await page.pilot.pause(0.1)
        assert len(deployed.asked) <= asked + 1


async def test_what_failed_is_shown_and_sent_once_more(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    deployed.failed = (*FAILED, replace(FAILED[0], email="zoe@example.com"))
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("400 of 1,000 sent")
        await page.press("down", "down", "enter")
        assert "✗ failed   SES has not verified it." in page.text
        assert "→ to do    Verify it (step 6)." in page.text
        assert "ana@example.com, zoe@example.com" in page.text, "one cause is told once"
        assert "? unsure   \\x1b[31mno answer [red]" in page.text
        assert "! bounced  the mailbox is gone" in page.text
        assert "cem@example.com" in page.text
        assert "2 failed: R sends them once more." in page.words
        assert "unsure may have arrived" in page.words
        await page.press("escape")
        assert "resend" not in " ".join(deployed.asked)
        await page.press("enter", "r")
        assert "» working  failed mails  Lambda sends them once more" in page.text
        assert f"resend failed {PAST[2].run}" in deployed.asked


async def test_unsure_mail_is_sent_again_only_after_a_question_that_names_the_risk(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.pages.reminder.runs.LOOK_EVERY", 0.02)
    deployed.failed = FAILED
    before = PAST[2]
    deployed.past = (before,)
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("1 unsure")
        await page.press("enter", "u")
        assert "Recipients who have the mail already get it twice." in page.words
        await page.press("enter")
        await page.press("enter", "u", "n")
        assert "resend" not in " ".join(deployed.asked)
        await page.press("enter", "u", "y")
        assert f"resend unsure {before.run}" in deployed.asked
        deployed.past = (replace(before, sent=2, unsure=0, again=NOW),)
        await page.shows("✓ done  unsure mails  of 1: 1 sent")


async def test_a_paused_reminder_sends_nothing_by_hand(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    deployed.failed = FAILED
    deployed.seen = replace(deployed.seen, schedule=Schedule("rate(1 day)", "UTC", enabled=False, start=None))
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page, "f4")
        assert "The reminder is paused. Resume it (F6), then run it." in page.words
        await page.press("enter", "r")
        assert "The reminder is paused. Resume it (F6), then send again." in page.words
        assert not {"run now", "resend"} & {words.partition(" 20")[0] for words in deployed.asked}


async def test_dead_letters_are_told_and_retried_or_deleted(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page, "f7")
        assert "There are no dead letters." in page.text
        deployed.dead = 3
        await page.press("f5")
        await page.shows("! dead letters  3 messages could not be handled: F7 retries or deletes them.")
        await page.press("f7")
        assert "3 messages could not be handled" in page.text
        assert "No recipient gets a mail" in page.words
        await page.press("enter")
        assert not {"retry", "clear"} & set(deployed.asked)
        await page.press("f7", "d")
        assert "✓ done  dead letters  3 messages deleted" in page.text
        await page.press("f7", "r")
        assert "✓ done  dead letters  3 portions with 120 recipients retried" in page.text
        assert [words for words in deployed.asked if words in ("retry", "clear")] == ["clear", "retry"]
        assert "! dead letters" not in page.text


async def test_what_came_of_sending_again_is_told(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.pages.reminder.runs.LOOK_EVERY", 0.02)
    deployed.failed = FAILED
    before = PAST[2]
    deployed.past = (before,)
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("2 failed")
        await page.press("enter", "r")
        deployed.past = (replace(before, sent=2, failed=1, again_stopped="quota"),)
        await page.shows("2 sent, 1 failed")
        assert "» working  failed mails" in page.text
        deployed.past = (replace(before, sent=2, failed=1, again=NOW + timedelta(seconds=1)),)
        await page.shows("✓ done  failed mails  of 2: 1 sent, 1 failed again: Enter shows why")
        assert "Again         sent again Tue 24 Nov 2026 10:00 UTC" in page.text


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({}, ""),
        ({"again": NOW}, "of 2: 2 failed again: Enter shows why"),
        ({"again": NOW, "sent": 2, "failed": 0, "unsure": 2}, "of 2: 1 sent, 1 unsure"),
        ({"again_stopped": "quota", "sent": 2, "failed": 1}, ""),
    ],
)
def test_what_came_of_sending_again_in_words(after: dict[str, object], words: str) -> None:
    assert sent_again(PAST[2], replace(PAST[2], **after), "failed") == words  # type: ignore[arg-type]


async def test_times_are_told_by_the_clocks_of_the_schedule(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    berlin = structs.replace(done, reminder=structs.replace(done.reminder, timezone="Europe/Berlin"))
    deployed.failed = FAILED
    async with opened(tmp_path, outside.world, project=berlin) as page:
        await show(page)
        await page.shows("Tue 24 Nov 10:58 CET  » running")
        await page.press("enter")
        assert "run of Tue 24 Nov 2026 10:58 CET" in page.words


async def test_all_fits_on_the_smallest_terminal_after_the_page_of_dns(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=done) as page:
        await page.go(StepName.DNS)
        await show(page)
        await page.shows("400 of 1,000 sent")
        assert "Pause  F6" in page.text
        assert "1,000 recipients" in page.text


async def test_where_nothing_failed_nothing_can_be_sent_again(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.press("enter")
        assert "All mail of this run arrived" in page.text
        deployed.past = (a_run(NOW - timedelta(days=1), people=5, sent=5, bounced=1),)
        deployed.failed = FAILED[2:]
        await page.press("f5", "enter")
        assert "None can be sent again" in page.words
        await page.press("r")
        assert "Mail that did not arrive" in page.text
        await page.press("enter")
        assert "Mail that did not arrive" not in page.text


async def test_running_now_asks_first_and_says_to_how_many(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page, "f4")
        assert "Send to 1,234 recipients now?" in page.text
        await page.press("enter")
        await page.press("f4", "escape")
        assert "run now" not in deployed.asked
        await page.press("f4", "y")
        assert "✓ done  run  Lambda has taken it" in page.text
        assert deployed.asked.count("run now") == 1
        assert page.app.screen.query_one("#last-runs").has_focus


async def test_the_question_before_a_run_says_who_gets_nothing_and_which_version_is_sent(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    deployed.counted = Audience(3, unverified=2, sandbox=True)
    async with opened(tmp_path, outside.world, project=done, size=SIZES[1]) as page:
        await show(page)
        await page.shows("[Runs]")
        deployed.seen = replace(deployed.seen, changed=("subject",))
        await page.press("f5")
        await page.shows("Changed, not deployed: subject")
        await page.press("f4")
        assert "Send to 1 recipient now?" in page.text
        words = "3 recipients; 2 are unverified: SES refuses that mail until production access (step 6)"
        assert words in page.text
        assert "Sends the deployed version, without your changes: subject." in page.text
        await page.press("escape")
        deployed.counted = Audience(3, unverified=3, sandbox=True)
        await page.press("f4")
        assert "Start a run without recipients?" in page.text


async def test_a_pause_goes_through_a_plan(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page, "f6")
        assert "This is what will happen" in page.text
        await page.press("escape")
        assert not page.saved.reminder.paused
        deployed.seen = replace(
            deployed.seen, schedule=Schedule("rate(1 day)", "UTC", enabled=False, start=None)
        )
        await page.press("f6", "y")
        assert page.saved.reminder.paused
        assert "! paused" in page.text
        assert "Resume  F6" in page.text
        assert page.app.screen.query_one("#last-runs").has_focus
        await page.press("f6", "y")
        assert not page.saved.reminder.paused
        asked = [words for words in deployed.asked if words != "runs"]
        assert asked == ["plan paused", "decline", "plan paused", "act", "plan", "act"]


async def test_a_stack_that_is_being_changed_is_not_asked_for_its_runs(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.pages.reminder.runs.LOOK_EVERY", 0.02)
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("400 of 1,000 sent")
        deployed.held.clear()
        await page.press("f6")
        await page.pilot.press("y")
        await page.until(lambda: "act" in deployed.asked)
        asked = deployed.asked.count("runs")
        await page.pilot.pause(0.1)
        assert deployed.asked.count("runs") <= asked + 1
        deployed.held.set()
        await page.settle()


async def test_a_pause_here_is_a_pause_on_the_page_about_when(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page, "f6", "y", "f2", "f2", "f2")
        assert "When is it sent?" in page.text
        assert "paused" in page.text
        await page.press("escape")
        assert page.saved.reminder.paused


async def test_a_time_saved_while_a_pause_is_carried_out_is_kept(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page, "f6")
        deployed.held.clear()
        await page.pilot.press("y")
        await page.until(lambda: "act" in deployed.asked)
        await page.pilot.press("f2", "f2", "f2")
        page.type("time", "07:30")
        await page.pilot.press("f3")
        await page.until(lambda: "30 7" in (page.saved.reminder.schedule or ""))
        deployed.held.set()
        await page.settle()
        assert page.saved.reminder.paused
        assert "30 7" in (page.saved.reminder.schedule or "")


async def test_before_anything_is_set_up_it_says_so(
    outside: Outside, made: Flow, done: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("Not deployed yet. Deploy it on the Create page (F2 twice).")
        await page.press("f6")
        assert "! Nothing is deployed yet." in page.text
        await page.press("f4")
        assert "! Nothing to run" in page.text
        assert made.asked == []


async def test_without_a_network_it_is_said_once_and_tried_again_by_hand(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.pages.reminder.runs.LOOK_EVERY", 0.02)
    deployed.past = WizardError("AWS cannot be reached", "There is no network.", "Connect, then try again.")
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("! AWS cannot be reached")
        await page.pilot.pause(0.1)
        assert deployed.asked == ["runs"]
        deployed.past = PAST
        await page.press("enter")
        await page.shows("400 of 1,000 sent")
        assert "cannot be reached" not in page.text


async def test_a_run_that_the_inbox_set_off_shows_when_one_comes_back(
    outside: Outside, deployed: Flow, done: Project, tmp_path: Path
) -> None:
    deployed.past = ()
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page)
        await page.shows("None yet. F4 starts one by hand.")
        await page.press("f9")
        deployed.past = PAST[-1:]
        await page.press("escape")
        await page.shows("3 sent")
