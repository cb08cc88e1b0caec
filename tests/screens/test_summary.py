"""The page at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from syrupy.assertion import SnapshotAssertion

from tests.screens.conftest import NOW, Outside, seen_so
from tests.screens.pages import SIZES, opened
from tests.screens.paper import Stage
from wizard.errors import WizardError
from wizard.project.schema import Project, Sandbox
from wizard.steps.model import Status, StepName, StepState


@pytest.mark.parametrize("size", SIZES)
async def test_says_what_is_there_and_what_is_open(
    outside: Outside, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await page.go(None)
        assert page.text == snapshot


async def test_finished_set_up_opens_here_and_leaves_from_here(
    outside: Outside, begun: Project, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    for step in ("dns", "reminder", "production"):
        begun = begun.seen_done(step, "in order", NOW)
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert "all 6 steps are done" in page.text
        await page.press("enter")
        assert page.text == snapshot
        await page.press("f3")
        assert "All steps are done. What next?" in page.text
        assert "ses-wizard export stack" in page.words
        assert "Start over" not in page.text
        await page.press("escape")
        assert page.app.is_running
        await page.press("f3")
        await page.pilot.press("q")
        await page.until(lambda: not page.app.is_running)


async def test_after_the_last_step_checks_again_on_request(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    for step in ("dns", "reminder", "production"):
        begun = begun.seen_done(step, "in order", NOW)
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.press("enter")
        before = outside.asked.count("survey")
        await page.press("f3", "c")
        await page.until(lambda: outside.asked.count("survey") == before + 1)
        assert "What next?" not in page.text


async def test_lists_what_was_changed_for_the_whole_account(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    begun = structs.replace(
        begun,
        identity=structs.replace(begun.identity, suppression_before=("COMPLAINT",)),
        sandbox=Sandbox(address="ana@example.com", asked=NOW),
    )
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(None)
        assert "the account's list: complaints → bounces and complaints" in page.words
        assert "SES was asked to verify ana@example.com" in page.words


async def test_looks_again_each_time_it_comes_up_and_when_the_clock_is_pushed(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)
    outside.world = replace(outside.world, stage=Stage(next_run=NOW + timedelta(days=1)))
    async with opened(tmp_path, outside.world, project=begun) as page:
        before = outside.asked.count("survey")
        await page.go(None)
        assert outside.asked.count("survey") == before + 1
        words = "3 recipients; next run Fri 27 Nov 2026 09:00 CET"
        outside.standings[StepName.REMINDER] = StepState(StepName.REMINDER, Status.DONE, words)
        await page.press("f9", "f4", "escape")
        await page.until(lambda: f"» mail {words}" in page.words)


async def test_without_a_network_says_so(outside: Outside, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(None)
        outside.error = WizardError(
            "AWS cannot be reached", "There is no network.", "Connect, then try again."
        )
        await page.press("f5")
        assert "! AWS cannot be reached" in page.text
        outside.error = None
        await page.press("f5")
        assert "cannot be reached" not in page.text


async def test_a_reminder_that_is_paused_is_not_forgotten(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    for step in ("dns", "reminder", "production"):
        begun = begun.seen_done(step, "in order", NOW)
    begun = structs.replace(begun, reminder=structs.replace(begun.reminder, paused=True))
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.press("enter")
        assert "is ready; the reminder is paused" in page.text


async def test_says_that_the_sandbox_is_left_and_what_may_be_sent(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    words = "production access, up to 50,000 recipients in 24 hours"
    begun = begun.seen_done("production", words, NOW)
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(None)
        assert f"Sandbox       left: {words}" in page.text


async def test_in_the_demo_says_how_long_its_addresses_last(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)
    world = replace(outside.world, stage=Stage())
    async with opened(tmp_path, world, project=begun, size=SIZES[1]) as page:
        await page.go(None)
        assert "only while this demo runs" in page.text
        assert "which knows nothing of the demo" in page.words
        assert "check example.com" not in page.text
