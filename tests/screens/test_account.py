"""Step 1's page: choosing, looking, mending, recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Select

from tests.screens.conftest import ACCOUNT_ID, Outside, seen_so
from tests.screens.pages import SIZES, opened
from tests.screens.paper import Stage
from wizard.errors import ExitCode, WizardError
from wizard.project import Account, Project
from wizard.steps.model import StepName

EXPIRED = WizardError("Your sign-in has expired", "AWS said no.", "Run `aws sso login`.", ExitCode.OUTSIDE)


@pytest.mark.parametrize("size", SIZES)
async def test_says_who_calls_and_how_ses_stands(
    outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world, size=size) as page:
        await page.press("enter")
        assert page.text == snapshot


async def test_step_mark_is_what_the_page_found(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert "✓ [Account]" in page.text
        await page.pilot.resize_terminal(120, 40)
        await page.shows("▸ 1  Account")
        rows = page.text.splitlines()
        under = next(number for number, row in enumerate(rows) if "▸ 1  Account" in row) + 1
        assert rows[under].split()[:2] == ["✓", "done"]


async def test_help_of_the_demo_is_about_its_own_account(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, replace(outside.world, stage=Stage())) as page:
        await page.press("enter")
        await page.press("f1")
        assert "The account is the demo's own" in page.text
        assert "~/.aws" not in page.text


async def test_going_on_records_account_and_region(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        await page.press("enter")
        assert "Which domain" in page.text
        assert page.saved.account == Account(region="us-east-1", id=ACCOUNT_ID)
        assert page.saved.progress["account"].words == f"account {ACCOUNT_ID} in us-east-1, in the sandbox"


async def test_going_on_before_the_answer_waits_for_it(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.pilot.press("enter", "f3")
        await page.shows("Which domain")
        await page.settle()
        assert page.saved.account.id == ACCOUNT_ID


async def test_another_region_is_looked_at_and_used(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        page.app.screen.query_one("#region", Select).focus()
        await page.press("enter")
        await page.press("up", "enter")
        assert outside.asked == [(None, "us-east-1"), (None, "eu-central-1")]
        await page.press("f3")
        assert page.saved.account.region == "eu-central-1"
        state = page.app.state
        assert state is not None
        assert state.world.aws.region == "eu-central-1"
        assert "eu-central-1" in page.text.splitlines()[0]


async def test_missing_region_is_chosen_at_once(outside: Outside, tmp_path: Path) -> None:
    outside.world = outside.world.choose(None, None)
    outside.error = WizardError("No AWS Region is chosen", "Nothing names one.", "Choose one.")
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert "! No AWS Region is chosen" in page.text
        outside.error = None
        await page.press("enter")
        await page.press("down", "enter")
        assert "✓ done" in page.text


async def test_another_profile_is_looked_at(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        page.app.screen.query_one("#profile", Select).value = "work"
        await page.settle()
        assert outside.asked[-1] == ("work", "us-east-1")


async def test_expired_sign_in_can_be_mended_without_a_restart(
    outside: Outside, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    outside.error = EXPIRED
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert page.text == snapshot
        await page.press("f3")
        assert "Which AWS account" in page.text
        assert "Not yet" in page.text
        assert "No answer came" in page.text
        assert page.saved.account.id is None
        outside.error = None
        await page.press("f5")
        assert "expired" not in page.text
        assert f"✓ done  account {ACCOUNT_ID} in us-east-1" in page.text


async def test_another_account_than_the_files_is_refused(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings, outside.account_id = seen_so(begun), "999999999999"
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.ACCOUNT)
        assert "! needs you  these credentials are of account 999999999999" in page.text
        await page.press("f3")
        assert "! This is another AWS account" in page.text
        assert page.saved.account.id == ACCOUNT_ID


async def test_paused_sending_is_said(outside: Outside, tmp_path: Path) -> None:
    outside.ses = replace(outside.ses, sending_enabled=False)
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert "! needs you  sending is paused" in page.text


@pytest.mark.parametrize("stage", [None, Stage()])
async def test_help_says_how_to_get_to_the_region(
    outside: Outside, tmp_path: Path, stage: Stage | None
) -> None:
    async with opened(tmp_path, replace(outside.world, stage=stage)) as page:
        await page.press("enter")
        await page.press("f1")
        assert "Tab leads to the" in page.words
