"""Step 6's page: the form, consent, the review, and the demo's reviewer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from screens.widgets.tick import Tick
from tests.screens.conftest import Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import Stage
from wizard.project import Project
from wizard.steps.model import StepName
from wizard.steps.production import Form


async def show(page: Opened) -> None:
    await page.go(StepName.PRODUCTION)


@pytest.fixture
def ready(outside: Outside) -> Outside:
    """SES has verified the domain."""
    outside.identity = outside.verified()
    return outside


@pytest.mark.parametrize("size", SIZES)
async def test_form_is_filled_in_with_what_is_known(
    ready: Outside, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, ready.world, project=begun, size=size) as page:
        await show(page)
        assert page.text == snapshot


async def test_too_early_is_said_and_nothing_is_sent(
    outside: Outside, begun: Project, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        assert page.text == snapshot
        await page.press("f4")
        await page.shows("Not yet")
        assert not any(isinstance(asked, tuple) for asked in outside.asked)


async def test_without_consent_nothing_is_sent(ready: Outside, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        await page.press("f4")
        assert "! Consent" in page.text
        assert isinstance(page.app.focused, Tick)
        await page.press("space")
        assert "[✓] This is true, and I agree" in page.text


async def test_wrong_input_is_named_at_its_field(ready: Outside, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        page.app.screen.query_one(Tick).value = True
        page.type("website", "example")
        page.type("contacts", "nobody")
        await page.press("f4")
        assert "! Website" in page.text
        assert "! Contacts" in page.text
        assert page.app.focused is not None
        assert page.app.focused.id == "website"
        assert not any(isinstance(asked, tuple) for asked in ready.asked)


async def test_focus_goes_to_the_first_problem_though_consent_is_missing_too(
    ready: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        page.type("contacts", "nobody")
        await page.press("f4")
        assert "! Contacts" in page.text
        assert "! Consent" in page.text
        assert page.app.focused is not None
        assert page.app.focused.id == "contacts"
        await page.pilot.press(*"owner@example.com")
        await page.press("f4")
        assert "! Contacts" not in page.text
        assert page.app.focused.id == "consent"


async def test_what_was_wrong_is_said_until_the_field_is_changed(
    ready: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        page.type("website", "example")
        page.type("contacts", "foo")
        await page.press("f4")
        assert all(f"! {name}" in page.text for name in ("Website", "Contacts", "Consent"))
        page.app.screen.query_one("#contacts").focus()
        await page.press("y")
        assert "! Contacts" not in page.text
        assert "! Website" in page.text
        page.app.screen.query_one(Tick).focus()
        await page.press("space")
        assert "! Consent" not in page.text
        page.type("website", "https://example.com")
        await page.until(lambda: "! Website" not in page.text)


@pytest.mark.parametrize("seconds", [8.0, None])
async def test_the_demo_says_that_it_grants_a_request_left_alone(
    ready: Outside, begun: Project, tmp_path: Path, seconds: float | None
) -> None:
    ready.ses = replace(ready.ses, review_status="PENDING")
    world = replace(ready.world, stage=Stage(review=seconds))
    words = "Left alone, the demo grants it after 8 seconds; F5 then shows it."
    async with opened(tmp_path, world, project=begun) as page:
        await show(page)
        assert "you are AWS's reviewer now" in page.text
        assert (words in page.text) is (seconds is not None)
        ready.ses = replace(ready.ses, review_status="DENIED")
        await page.press("f5")
        assert "Left alone" not in page.text


async def test_request_is_sent_once_after_a_yes(
    ready: Outside, begun: Project, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        page.app.screen.query_one(Tick).value = True
        page.type("contacts", "owner@example.com, second@example.com")
        await page.press("f4")
        assert "sesv2:PutAccountDetails" in page.text
        await page.press("y")
        sent = [asked for asked in ready.asked if isinstance(asked, tuple)]
        contacts = ("owner@example.com", "second@example.com")
        assert sent == [("act", Form("TRANSACTIONAL", "https://example.com", contacts, "EN"))]
        assert page.text == snapshot
        await page.press("f4")
        assert "This is what will happen" not in page.text


@pytest.mark.parametrize("status", ["DENIED", "FAILED", "GRANTED"])
async def test_each_end_of_a_review_says_what_comes_next(
    ready: Outside, begun: Project, tmp_path: Path, status: str, snapshot: SnapshotAssertion
) -> None:
    ready.ses = replace(
        ready.ses, review_status=status, case_id="4711", production_access=status == "GRANTED"
    )
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        assert page.text == snapshot
        assert ("production" in page.saved.progress) == (status == "GRANTED")


async def test_real_accounts_have_no_reviewers_keys(ready: Outside, begun: Project, tmp_path: Path) -> None:
    ready.ses = replace(ready.ses, review_status="PENDING")
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        assert "Grant it" not in page.text
        await page.press("f7")
        assert "… waiting" in page.text
