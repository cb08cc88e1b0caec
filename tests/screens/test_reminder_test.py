"""Trying it out, once it is deployed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Input, Select

from screens.pages.reminder.test_mail import Trial
from tests.screens.conftest import NOW, Outside
from tests.screens.pages import Opened, opened
from tests.screens.paper import Stage
from tests.screens.reminder_paper import Flow, show
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.reminder.trial import DryRun, LogLine


async def test_a_refused_mail_says_what_to_do(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.sent = False
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "enter")
        assert "✗ refused  SES does not write to this address yet." in page.text
        assert "→ to do    Verify it." in page.text
        made.sent = True
        page.type("address", "me@example.com")
        await page.press("enter")
        assert "✓ sent  SES took the mail to me@example.com." in page.text
        assert made.asked == ["test you@example.com", "test me@example.com"]


@pytest.mark.parametrize("key", ["f4", "enter"])
async def test_the_next_address_can_be_typed_at_once(
    outside: Outside, made: Flow, written: Project, tmp_path: Path, key: str
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", key)
        assert "✓ sent" in page.text
        address = page.app.screen.query_one("#address", Input)
        assert page.app.focused is address
        await page.press(*"b@c.de", key)
        assert made.asked == ["test you@example.com", "test b@c.de"]
        address.value = ""
        await page.press("tab", "f4")
        assert page.app.focused is address


async def test_a_mail_refused_again_shows_the_time_of_the_attempt(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.sent = False
    stage = outside.world.stage
    assert isinstance(stage, Stage)
    outside.world = replace(outside.world, now=stage.now)
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "f4")
        assert "at         10:00:00" in page.text
        stage.clock += timedelta(seconds=5)
        await page.press("f4")
        assert "at         10:00:05" in page.text
        assert "10:00:00" not in page.text


async def choose(page: Opened, trial: Trial) -> None:
    page.app.screen.query_one("#trial", Select).value = trial
    await page.pilot.pause()


@pytest.mark.parametrize(
    ("recorded", "head"), [(True, "✓ recorded  SES took"), (False, "! nothing back  SES took")]
)
async def test_a_mail_that_bounces_is_said_to_be_recorded_or_not(
    outside: Outside, made: Flow, written: Project, tmp_path: Path, recorded: bool, head: str
) -> None:
    made.recorded = recorded
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3")
        await choose(page, Trial.BOUNCE)
        assert "Send to" not in page.text
        await page.press("f4")
        assert head in page.text
        assert made.asked == ["test bounce@simulator.amazonses.com"]


async def test_a_dry_run_says_what_it_found(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.found = DryRun(1200, 3, 2, {"name": 12, "plan": 0}, 54_321, 1, sandbox=True)
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3")
        await choose(page, Trial.DRY)
        await page.press("f4")
        assert (
            "✓ none sent 1,197 of 1,200 recipients would be mailed now. The largest is 54 KB." in page.words
        )
        for row in (
            "! sandbox SES was not asked",
            "· opted out 3 get no mail.",
            "! no address 2 rows without",
            "! not filled 1 mails lack",
            "! empty {{name}} for 12 at",
        ):
            assert row in page.words
        assert made.asked == ["dry"]


async def test_an_address_with_a_mistake_is_fixed_in_its_field(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3")
        for typed, words in {
            "nobody": "✗ fix  nobody: expected name@example.com.",
            " ": "✗ fix  Enter an address.",
        }.items():
            page.type("address", typed)
            await page.press("f4")
            assert words in page.text
            assert page.app.focused is page.app.screen.query_one("#address")
        assert made.asked == []
        page.type("address", "me@example.com")
        await page.press("f4")
        assert "fix" not in page.text
        assert made.asked == ["test me@example.com"]


async def test_what_failed_is_not_at_work_any_more(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.error = WizardError("The function TriggerReminder is gone", "Somebody deleted it.", "Restore.")
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "f4")
        assert "! The function TriggerReminder is gone" in page.text
        assert "working" not in page.text


async def test_another_kind_begins_with_a_clean_page(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "f4")
        assert "✓ sent" in page.text
        await choose(page, Trial.BOUNCE)
        assert "✓ sent" not in page.text


async def test_the_log_follows_and_begins_anew_with_each_try(
    outside: Outside, made: Flow, written: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.pages.reminder.test_mail.LOOK_EVERY", 0.02)
    made.log = (LogLine(NOW, '{"test": true}', "1"),)
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "f4")
        await page.shows('10:00:00 UTC  {"test": true}')
        made.log = (*made.log, LogLine(NOW, "REPORT [red]", "2"))
        await page.shows("10:00:00 UTC  REPORT [red]")
        await page.press("f4")
        made.log = (*made.log, LogLine(NOW, "another", "3"))
        await page.shows("10:00:00 UTC  another")
        assert "REPORT" not in page.text


async def test_a_log_that_may_not_be_read_takes_nothing_from_the_result(
    outside: Outside, made: Flow, written: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.pages.reminder.test_mail.LOOK_EVERY", 0.02)
    made.log = WizardError("AWS refuses", "You may not read this log.", "Ask for the right.")
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "f4")
        await page.shows("! no log  You may not read this log.")
        assert "✓ sent" in page.text
