"""The request for production access: its form, what one agrees to, and that it is sent once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as with_settings
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input

from screens.messages import GoTo
from screens.widgets.tick import Tick
from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.test_production import ready, show, tried
from wizard.project.schema import Project
from wizard.steps.model import StepName
from wizard.steps.production.readiness import Site
from wizard.steps.production.step import Form

__all__ = ["ready", "tried"]


async def ask(page: Opened, *keys: str) -> None:
    """Open the request's page and press ``keys``."""
    await show(page)
    await page.press("f4", *keys)


def agree(page: Opened) -> None:
    page.app.screen.query_one(Tick).value = True


def sent(outside: Outside) -> list[object]:
    return [asked for asked in outside.asked if isinstance(asked, tuple) and asked[0] == "act"]


@pytest.mark.parametrize("size", SIZES)
async def test_form_is_filled_in_with_what_is_known(
    ready: Outside, tried: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, ready.world, project=tried, size=size) as page:
        await ask(page)
        assert page.text == snapshot


async def test_without_consent_nothing_is_sent(ready: Outside, tried: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        await ask(page)
        await page.press("f4")
        assert "! Consent" in page.text
        assert isinstance(page.app.focused, Tick)
        await page.press("space")
        assert "[✓] This is true, and I agree" in page.text
        assert "! Consent" not in page.text


async def test_what_was_wrong_is_named_at_its_field_until_that_is_changed(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        await ask(page)
        page.type("website", "example")
        page.type("contacts", "nobody")
        await page.press("f4")
        assert all(f"! {name}" in page.text for name in ("Website", "Contacts", "Consent"))
        assert "[ ] This is true, and I agree" in page.text, "the box is in view"
        assert page.app.focused is not None
        assert page.app.focused.id == "website"
        assert sent(ready) == []
        page.app.screen.query_one("#contacts").focus()
        await page.press("y")
        assert "! Contacts" not in page.text
        assert "! Website" in page.text
        page.type("website", "https://example.com")
        await page.until(lambda: "! Website" not in page.text)


async def test_a_field_that_was_sent_is_no_longer_reported_as_not_saved(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        await ask(page)
        page.type("contacts", "nobody")
        await page.press("escape")
        assert "! Contacts: incorrect, so not saved." in page.words
        await page.press("f4")
        agree(page)
        page.type("contacts", "owner@example.com")
        await page.press("f4")
        await page.press("y")
        assert len(sent(ready)) == 1
        assert "not saved" not in page.words


@pytest.mark.parametrize("size", SIZES)
async def test_exactly_what_is_sent_is_shown_and_sent_once_after_a_yes(
    ready: Outside, tried: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, ready.world, project=tried, size=size) as page:
        await ask(page)
        agree(page)
        page.type("contacts", "owner@example.com, second@example.com")
        await page.press("f4")
        assert page.text == snapshot
        await page.press("y")
        contacts = ("owner@example.com", "second@example.com")
        assert sent(ready) == [("act", Form("TRANSACTIONAL", "https://example.com", contacts, "EN"))]
        assert "… waiting  AWS reviews the request (case 4711)" in page.text
        assert page.saved.production.contacts == contacts
        await page.press("f4")
        assert "What do you ask AWS for?" not in page.text


async def test_what_was_sent_meanwhile_is_not_sent_from_here(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        await ask(page)
        agree(page)
        ready.ses = replace(ready.ses, review_status="PENDING", case_id="4711")
        await page.press("f4")
        assert sent(ready) == []
        assert "Nothing is sent" in page.words
        assert "AWS reviews the request (case 4711)" in page.words


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_not_ready_needs_a_yes_of_its_own(
    ready: Outside, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    ready.site = Site("https://example.com", trouble="did not answer within 8 seconds")
    async with opened(tmp_path, ready.world, project=begun, size=size) as page:
        await ask(page)
        agree(page)
        await page.press("f4")
        assert page.text == snapshot
        await page.press("enter")
        assert "This is what will happen" not in page.text
        assert sent(ready) == []
        await page.press("f4", "y")
        assert "This is what will happen" in page.text
        await page.press("n")
        assert sent(ready) == []


async def test_the_website_that_is_typed_is_the_one_that_is_looked_at(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    ready.site = Site("", trouble="is not known")
    async with opened(tmp_path, ready.world, project=tried) as page:
        await ask(page)
        agree(page)
        page.type("website", "https://other.example.com")
        await page.press("f4")
        assert "https://other.example.com is not known" in page.words


async def test_what_is_typed_is_kept_when_the_page_is_left(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        await ask(page)
        page.type("website", "https://www.example.com")
        page.type("contacts", "nobody")
        await page.press("escape")
        assert "Can SES send to anyone?" in page.text
        assert page.saved.production.website == "https://www.example.com"
        assert page.saved.production.contacts == ()
        assert "! Contacts: incorrect, so not saved. The form keeps it until you quit." in page.words
        await page.pilot.press("f10")
        await page.shows("Request › Contacts")
        await page.pilot.press("n")
        await page.press("f4")
        assert page.app.screen.query_one("#website", Input).value == "https://www.example.com"
        assert page.app.screen.query_one("#contacts", Input).value == "nobody"
        page.type("website", "https://example.com/about")
        page.app.screen.post_message(GoTo(StepName.IDENTITY))
        await page.shows("How is the mail signed")
        await page.settle()
        assert page.saved.production.website == "https://example.com/about"


async def test_quitting_keeps_what_is_typed_and_asks_about_the_rest(
    ready: Outside, tried: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=tried) as page:
        await ask(page)
        page.type("website", "https://www.example.com")
        page.type("contacts", "nobody")
        await page.pilot.press("f10")
        await page.shows("nobody is not an e-mail address")
        await page.pilot.press("y")
        await page.until(lambda: not page.app.is_running)
    assert page.saved.production.website == "https://www.example.com"


@pytest.mark.parametrize("size", SIZES)
async def test_after_a_refusal_a_yes_is_not_enough(
    ready: Outside, tried: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    ready.ses = replace(ready.ses, review_status="DENIED", case_id="4711")
    project = with_settings(tried, production=with_settings(tried.production, asked=NOW))
    async with opened(tmp_path, ready.world, project=project, size=size) as page:
        await show(page)
        await page.press("r")
        agree(page)
        await page.press("f4")
        assert page.text == snapshot
        await page.press("f4")
        assert "Nothing is sent until you type “ask again”" in page.words
        page.type("typed", " Ask  again")
        await page.press("enter")
        assert "This is what will happen" in page.text
        assert sent(ready) == []
        await page.press("y")
        assert len(sent(ready)) == 1
