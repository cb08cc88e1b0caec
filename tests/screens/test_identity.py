"""Step 3's page: the plan is shown, and carried out after a yes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input

from screens.messages import GoTo
from tests.engine.refusal import refuse
from tests.screens.conftest import Outside, seen_so
from tests.screens.pages import SIZES, Opened, opened
from wizard.demo import Demo
from wizard.errors import WizardError
from wizard.project.schema import Domain, Project
from wizard.steps.identity import step as identity
from wizard.steps.model import StepName
from wizard.world import World

BUSY = WizardError("AWS is busy", "It asked to slow down.", "Wait a minute, then try again.")
FRESH = Project(domain=Domain("example.com"))


async def show(page: Opened) -> None:
    await page.go(StepName.IDENTITY)


@pytest.mark.parametrize("size", SIZES)
async def test_proposes_a_mail_from_domain(
    outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world, project=FRESH, size=size) as page:
        await show(page)
        assert page.text == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_shows_exactly_what_it_would_do(
    outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world, project=FRESH, size=size) as page:
        await show(page)
        await page.press("f4")
        assert page.text == snapshot


@pytest.mark.parametrize("no", ["n", "escape", "f2"])
async def test_no_changes_nothing(outside: Outside, tmp_path: Path, no: str) -> None:
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        before = page.text
        await page.press("f4")
        await page.press(no)
        assert page.text == before
        assert not any(isinstance(asked, tuple) for asked in outside.asked)


async def test_a_domain_of_another_region_is_told_before_it_is_set_up_here(
    outside: Outside, tmp_path: Path
) -> None:
    outside.elsewhere = ("eu-west-1 (verified)",)
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        await page.shows("identity example.com is in eu-west-1 (verified)")
        await page.press("f4")
        assert "a second one: eu-west-1 (verified) already has it" in page.text


async def test_yes_does_it_and_saves(outside: Outside, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        page.type("mail-from", "post")
        await page.press("enter")
        await page.press("y")
        assert ("act", "post.example.com") in outside.asked
        assert page.saved.identity.mail_from == "post.example.com"
        assert page.saved.done("identity")
        assert page.text == snapshot


async def test_failing_act_says_why_and_can_be_tried_again(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        await page.press("f4")
        outside.error = BUSY
        await page.press("y")
        assert "! AWS is busy" in page.text
        assert "SES identity example.com" in page.text
        outside.error = None
        await page.press("enter")
        assert "This is what will happen" in page.text
        await page.press("y")
        assert "AWS is busy" not in page.text
        assert page.saved.done("identity")


async def test_mail_from_elsewhere_is_refused(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        page.type("mail-from", "mail.example.net")
        await page.press("f4")
        assert "! mail.example.net is not a subdomain of example.com" in page.text


@pytest.mark.parametrize("typed", ["mail.example.net", "bo unce", "-"])
async def test_a_refused_name_holds_next_until_another_is_typed(
    outside: Outside, tmp_path: Path, typed: str
) -> None:
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        page.type("mail-from", typed)
        await page.press("f3")
        assert f"! {typed} is " in page.text
        todo = "What to do: Enter a subdomain that receives no other mail, such as bounce.example.com"
        assert todo in page.words.replace("▌ ", "")
        assert "Try again" not in page.text
        await page.press("x")
        assert "What to do:" not in page.text
        page.type("mail-from", "bounce")
        await page.press("f3")
        assert "[DNS]" in page.text


async def test_a_refused_name_is_still_refused_when_one_comes_back(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        page.type("mail-from", "bounce.google.com")
        await page.press("f4")
        await page.press("f2", "f3")
        assert "! bounce.google.com is not a subdomain of example.com" in page.text
        field = page.app.screen.query_one("#mail-from", Input)
        assert field.value == "bounce.google.com"
        assert field.has_focus
        assert "bounce.example.com is a good choice" in page.text
        page.type("mail-from", "bounce")
        await page.press("f5")
        assert "is not a subdomain of" not in page.text


async def test_typing_replaces_the_name_that_was_filled_in(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        field = page.app.screen.query_one("#mail-from", Input)
        assert field.has_focus
        assert (field.selected_text, field.cursor_position) == ("bounce.example.com", len(field.value))
        await page.pilot.press(*"post")
        assert field.value == "post"
        await page.press("f4")
        await page.press("n")
        assert (field.selected_text, field.cursor_position) == ("post.example.com", len(field.value))


async def test_empty_mail_from_is_asked_for_with_the_proposal(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        page.type("mail-from", "")
        await page.press("f4")
        assert "! The MAIL FROM domain is empty" in page.text
        field = page.app.screen.query_one("#mail-from", Input)
        assert field.has_focus
        assert field.placeholder == "bounce.example.com"
        assert "MAIL FROM     bounce.example.com" in page.text


async def test_key_pressed_before_the_answer_is_not_lost(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, look = threading.Event(), identity.look

    def slow(world: World, project: Project) -> identity.IdentityReport:
        assert answered.wait(30)
        return look(world, project)

    monkeypatch.setattr(identity, "look", slow)
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        page.app.post_message(GoTo(StepName.IDENTITY))
        await page.shows("How is the mail signed")
        await page.pilot.press("f4")
        answered.set()
        await page.shows("This is what will happen")
        await page.press("n")
        assert "This is what will happen" not in page.text


async def test_without_a_domain_it_says_what_comes_first(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await show(page)
        assert "! No domain is chosen yet" in page.text
        await page.press("f4")
        assert "This is what will happen" not in page.text


async def test_leaving_while_it_acts_loses_nothing(
    outside: Outside, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acting, go_on, act = threading.Event(), threading.Event(), identity.act

    def slow(*arguments: object) -> Project:
        acting.set()
        assert go_on.wait(30)
        return act(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(identity, "act", slow)
    outside.standings = seen_so(FRESH)
    async with opened(tmp_path, outside.world, project=FRESH) as page:
        await show(page)
        await page.press("f4")
        await page.pilot.press("y")
        await page.until(acting.is_set)
        await page.pilot.press("f4", "f5")  # nothing is begun twice
        await page.pilot.press("f10")
        await page.shows("Finishing what was begun")
        go_on.set()
        await page.until(lambda: not page.app.is_running)
    assert page.saved.identity.mail_from == "bounce.example.com"
    assert [asked for asked in outside.asked if isinstance(asked, tuple)] == [("act", "bounce.example.com")]


@pytest.mark.parametrize("again", ["f5", "enter"])
async def test_after_a_new_sign_in_trying_again_works_without_a_restart(
    account: Demo, tmp_path: Path, again: str
) -> None:
    expired = account.world.choose(None, "us-east-1")
    refuse(expired.aws, "sesv2", "GetEmailIdentity", "ExpiredTokenException")
    async with opened(tmp_path, expired, project=FRESH) as page:
        await show(page)
        assert "The AWS sign-in has expired" in page.text
        await page.press(again)
        assert "expired" not in page.text
        assert "SES has no identity example.com yet" in page.text
