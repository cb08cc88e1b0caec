"""Step 6's page: what reviewers look for, the review in every state, "not now", and the demo's reviewer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as with_settings
from syrupy.assertion import SnapshotAssertion
from textual.widgets import OptionList

from screens.widgets.tick import Tick
from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import Stage
from tests.screens.reminder_paper import Flow
from wizard.aws.cloudformation import Stack
from wizard.project.schema import Observation, Production, Project, Sandbox
from wizard.steps.model import StepName
from wizard.steps.production.readiness import Site
from wizard.steps.reminder.step import ReminderReport


async def show(page: Opened) -> None:
    await page.go(StepName.PRODUCTION)


@pytest.fixture
def ready(outside: Outside) -> Outside:
    """SES has verified the domain, and suppression is on."""
    outside.identity = outside.verified()
    outside.ses = replace(outside.ses, suppressed_reasons=("BOUNCE", "COMPLAINT"))
    return outside


@pytest.fixture
def tried(begun: Project) -> Project:
    """A test mail was sent."""
    return with_settings(begun, sandbox=Sandbox(sent=Observation(NOW, "to you@example.net")))


@pytest.mark.parametrize("size", SIZES)
async def test_what_reviewers_look_for_is_listed(
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
        page.app.screen.query_one(Tick).value = True
        await page.press("f4")
        await page.shows("Not yet")
        assert "This is what will happen" not in page.text


@pytest.mark.parametrize(
    ("number", "words"),
    [(2, "How is the mail signed"), (4, "What can be sent now?"), (6, "What do you ask AWS for?")],
)
async def test_choosing_a_point_leads_to_what_fixes_it(
    ready: Outside, begun: Project, tmp_path: Path, number: int, words: str
) -> None:
    ready.site = Site("https://example.com", trouble="is not known")
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        page.app.screen.query_one("#points", OptionList).highlighted = number
        await page.pilot.press("enter")
        await page.shows(words)


async def test_a_point_that_is_chosen_stays_chosen_when_looked_at_again(
    ready: Outside, begun: Project, tmp_path: Path
) -> None:
    ready.site = Site("https://example.com", trouble="did not answer within 8 seconds")
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        points = page.app.screen.query_one("#points", OptionList)
        assert points.highlighted == 4
        await page.press("down", "down")
        assert "https://example.com did not answer within 8 seconds. Enter: the request's form" in page.words
        await page.press("f5")
        assert points.highlighted == 6


async def test_a_key_pressed_too_early_is_not_lost(ready: Outside, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        screen = page.app.screen
        screen._seen = None  # type: ignore[attr-defined]
        screen.action_act()  # type: ignore[attr-defined]
        await page.shows("Asking AWS first")
        await page.press("f5")
        assert "What do you ask AWS for?" in page.text


@pytest.mark.parametrize("status", ["DENIED", "FAILED", "PENDING", "GRANTED"])
@pytest.mark.parametrize("size", SIZES)
async def test_each_state_of_a_review_says_what_comes_next(
    ready: Outside,
    tried: Project,
    tmp_path: Path,
    status: str,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
) -> None:
    ready.ses = replace(ready.ses, review_status=status, case_id="4711")
    project = with_settings(tried, production=Production("TRANSACTIONAL", asked=NOW.replace(hour=7)))
    async with opened(tmp_path, ready.world, project=project, size=size) as page:
        await show(page)
        assert page.text == snapshot
        assert not page.saved.done("production")
        refused = page.saved.production.refused
        assert refused == (Observation(NOW, "case 4711") if status == "DENIED" else None)


@pytest.mark.parametrize("size", SIZES)
async def test_once_granted_what_the_sandbox_needed_is_taken_away_after_a_yes(
    ready: Outside,
    made: Flow,
    tried: Project,
    tmp_path: Path,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
) -> None:
    ready.ses = replace(
        ready.ses, review_status="GRANTED", production_access=True, max_24_hour_send=50_000, max_send_rate=14
    )
    stack = Stack("arn", "ses-wizard-reminder", "CREATE_COMPLETE", "", {}, {})
    made.seen = ReminderReport(stack, spare=("you@example.net",))
    async with opened(tmp_path, ready.world, project=tried, size=size) as page:
        await show(page)
        assert page.text == snapshot
        await page.press("f4")
        assert "This is what will happen" in page.text
        await page.press("n")
        assert made.asked[-1] == "decline"
        await page.press("f4")
        made.seen = ReminderReport(stack)
        await page.press("y")
        assert made.asked[-1] == "act"
        assert "✓ rights  The function can use only your own identity" in page.text
        assert "Take the rights away" not in page.text
        assert page.saved.done("production")


@pytest.mark.parametrize("size", SIZES)
async def test_not_now_is_remembered_and_taken_up_again(
    ready: Outside, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    for step in ("dns", "reminder"):
        begun = begun.seen_done(step, "done", NOW)
    async with opened(tmp_path, ready.world, project=begun, size=size) as page:
        await show(page)
        await page.press("n")
        assert page.text == snapshot
        assert page.saved.production.put_off == NOW
        await page.press("f3")
        assert "example.com is ready; it stays in the sandbox for now" in page.text
        assert "put off on 24 Nov 2026" in page.text
        await page.press("f2")
        await page.press("f4")
        assert page.saved.production.put_off is None
        assert "Ask AWS  F4" in page.text


async def test_not_now_is_undone_where_it_was_pressed_also_with_caps_lock(
    ready: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        await page.press("N")
        assert page.saved.production.put_off == NOW
        assert "✓ Put off. N undoes it." in page.text
        assert "Undo “not now”  N" in page.text
        await page.press("N")
        assert page.saved.production.put_off is None
        assert "Not now  N" in page.text


async def test_a_refusal_can_be_left_at_that(ready: Outside, begun: Project, tmp_path: Path) -> None:
    ready.ses = replace(ready.ses, review_status="DENIED")
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        await page.press("n")
        assert "AWS said no, and you left it at that on 24 Nov 2026" in page.words
        assert "Ask again" not in page.text


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


async def test_real_accounts_have_no_reviewers_keys(ready: Outside, begun: Project, tmp_path: Path) -> None:
    ready.ses = replace(ready.ses, review_status="PENDING")
    async with opened(tmp_path, ready.world, project=begun) as page:
        await show(page)
        assert "Grant it" not in page.text
        await page.press("f7")
        assert "… waiting" in page.text
