"""Setting it up: nothing without a yes, and what went wrong."""

from __future__ import annotations

from pathlib import Path

from tests.screens.conftest import Outside
from tests.screens.pages import opened
from tests.screens.reminder_paper import Flow, show
from wizard.errors import WizardError
from wizard.project import Project
from wizard.steps.reminder_drift import Drifted


async def test_comes_back_to_where_it_stopped(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        await page.shows("Set it up?")
        await page.shows("1 recipient, from recipients.csv")
        await page.press("f2", "f2", "f2")
        assert "ana@example.com, Ana" in page.text


async def test_nothing_happens_without_a_yes(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f4")
        assert "cloudformation:ExecuteChangeSet" in page.text
        await page.press("escape")
        assert made.asked == ["plan", "decline"]


async def test_a_failed_stack_says_why_and_is_tried_again(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.error = WizardError(
        "The stack could not be made", "The schedule: no such time zone.", "Mend it, try again."
    )
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f4", "y")
        assert "! The stack could not be made" in page.text
        assert "The schedule: no such time zone." in page.text
        made.error = None
        await page.press("enter", "y")
        assert "✓ done  schedule" in page.text
        assert "could not be made" not in page.text
        assert page.app.focused is page.app.screen.query_one("#next")


async def test_decisions_that_cannot_be_are_named_with_their_page(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    (tmp_path / "recipients.csv").unlink()
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        await page.shows("! Who")


async def test_who_is_told_is_saved_with_the_plan(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        page.type("alerts", "ops example.com")
        await page.press("f4")
        assert "✗ mend  This is no address that alerts can go to." in page.text
        assert page.app.focused is page.app.screen.query_one("#alerts")
        assert made.asked == []
        page.type("alerts", "ops@example.com")
        await page.press("enter", "y")
        assert made.asked == ["plan", "act"]
        assert page.saved.reminder.alerts == "ops@example.com"


async def test_who_is_told_is_kept_without_a_plan_too(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        page.type("alerts", "ops@example.com")
        await page.press("f3")
        assert "Does it arrive?" in page.text
        assert page.saved.reminder.alerts == "ops@example.com"


async def test_what_drifted_is_told_and_put_back(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f7", "f6")
        assert "Everything stands as it was made" in page.text
        assert "Put it back" not in page.text
        made.drifted = (Drifted("schedule", "ScheduleExpression is [red]rate(1 day), and should be…"),)
        await page.press("f6")
        assert "! drifted  schedule  ScheduleExpression is [red]rate(1 day)" in page.text
        assert page.app.focused is page.app.screen.query_one("#put-back")
        await page.press("enter", "y")
        assert made.asked == ["drift", "drift", "plan reverting", "act"]
        assert "drifted" not in page.text
