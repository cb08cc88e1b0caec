"""Setting it up: nothing without a yes, and what went wrong."""

from __future__ import annotations

from pathlib import Path

from tests.screens.conftest import Outside
from tests.screens.pages import opened
from tests.screens.reminder_paper import Flow, show
from wizard.errors import WizardError
from wizard.project import Project


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
