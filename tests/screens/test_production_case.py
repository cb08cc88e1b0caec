"""The text for AWS's questions: built, edited, saved, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import TextArea

from screens.messages import GoTo
from tests.screens.conftest import Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.test_production import ready, show, tried
from wizard.project.schema import Project
from wizard.steps.model import StepName

__all__ = ["ready", "tried"]


async def open_case(page: Opened) -> TextArea:
    await show(page)
    await page.press("c")
    return page.app.screen.query_one(TextArea)


def file(tmp_path: Path) -> Path:
    return tmp_path / "ses-wizard.case.txt"


@pytest.mark.parametrize("size", SIZES)
async def test_the_text_says_what_is_known_and_counts_what_is_not(
    ready: Outside, tried: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, ready.world, project=tried, size=size) as page:
        await open_case(page)
        assert page.text == snapshot
        await page.press("escape")
        assert not file(tmp_path).exists(), "nobody typed anything"


async def test_the_one_question_fills_its_gap_and_is_kept(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        text = await open_case(page)
        before = page.text.count("who the recipients are")
        page.type("audience", "customers who ticked the box")
        await page.until(lambda: "customers who ticked the box" in text.text)
        assert page.text.count("who the recipients are") < before
        await page.press("f4")
        assert "Saved in ses-wizard.case.txt" in page.text
        assert file(tmp_path).read_text() == text.text
        assert page.saved.production.audience == "customers who ticked the box"
        assert page.saved.production.case


async def test_what_the_user_wrote_stays_until_they_want_it_anew(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        text = await open_case(page)
        text.text = "My own words.\n"
        await page.press("escape")
        assert "Can SES send to anyone?" in page.text
        assert file(tmp_path).read_text() == "My own words.\n"

        text = await open_case(page)
        assert text.text == "My own words.\n"
        assert "✓ nothing is left to fill in" in page.text
        page.type("audience", "customers")
        await page.press("f6")
        assert "Rebuild the text?" in page.text
        await page.press("enter")
        assert text.text == "My own words.\n"
        await page.press("f6", "y")
        assert "We request production access for example.com" in text.text
        assert "customers" in text.text
        assert file(tmp_path).read_text() == "My own words.\n"


async def test_a_key_leads_from_gap_to_gap(ready: Outside, tried: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        text = await open_case(page)
        await page.press("f7", "f7")
        assert text.selected_text == "[TO FILL IN: who the recipients are, and how they signed up or agreed]"
        await page.press("x", "f7")
        assert "signed up: x" in text.text
        assert text.selected_text == "[TO FILL IN: how many recipients]"
        text.text = "No gap.\n"
        await page.press("f7")
        assert text.selected_text == ""


async def test_a_step_that_is_clicked_opens_once_the_text_is_saved(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        text = await open_case(page)
        text.focus()
        await page.press("x")
        page.app.screen.post_message(GoTo(StepName.IDENTITY))
        await page.shows("How is the mail signed")
        assert file(tmp_path).read_text().startswith("x")


async def test_quitting_saves_the_text(ready: Outside, tried: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        (await open_case(page)).text = "Mine.\n"
        await page.pilot.press("f10")
        await page.until(lambda: not page.app.is_running)
    assert file(tmp_path).read_text() == "Mine.\n"


async def test_a_text_that_cannot_be_saved_stays_and_can_be_given_up(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        text = await open_case(page)
        file(tmp_path).mkdir()
        text.text = "Mine.\n"
        await page.press("escape")
        assert "could not be read" in page.words
        assert text.text == "Mine.\n"
        await page.pilot.press("f10")
        await page.shows("Quit without saving what is typed here?")
        assert "! Case text" in page.text
        await page.press("n", "escape")
        assert "Can SES send to anyone?" in page.text


async def test_what_could_not_be_saved_on_leaving_is_saved_by_its_key_and_stays_open(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        text = await open_case(page)
        file(tmp_path).mkdir()
        text.text = "Mine.\n"
        await page.press("escape")
        assert "could not be read" in page.words
        file(tmp_path).rmdir()
        await page.press("f4")
        assert file(tmp_path).read_text() == "Mine.\n"
        assert "What do you answer AWS?" in page.text


async def test_a_file_that_was_edited_elsewhere_is_not_written_over(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        (await open_case(page)).text = "Mine.\n"
        await page.press("f4")
        file(tmp_path).write_text("By another editor.\n")
        page.app.screen.query_one(TextArea).text = "Mine, too.\n"
        await page.press("f4")
        assert "changed while it was open" in page.words
        await page.press("escape")
        assert (await open_case(page)).text == "By another editor.\n"


async def test_it_is_copied(ready: Outside, tried: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        text = await open_case(page)
        await page.press("f8")
        assert page.app.clipboard == text.text
