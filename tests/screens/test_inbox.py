"""The demo's inbox: it follows what is delivered, and its key pushes the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from syrupy.assertion import SnapshotAssertion
from textual.widgets import OptionList

from screens.pages.demo.inbox import InboxScreen
from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import Stage, mail
from wizard.project.schema import Project
from wizard.steps.model import StepName
from wizard.world import World


@pytest.fixture
def stage(outside: Outside) -> Stage:
    """An empty inbox, and a schedule that is due the next morning."""
    there = Stage(next_run=NOW + timedelta(hours=23))
    outside.world = replace(outside.world, stage=there)
    return there


async def show(page: Opened) -> None:
    await page.go(StepName.PRODUCTION)
    await page.press("f9")
    await page.until(lambda: "the account's clock says" in page.text)


@pytest.mark.parametrize("size", SIZES)
async def test_shows_the_mails_and_the_newest_of_them(
    outside: Outside,
    stage: Stage,
    begun: Project,
    tmp_path: Path,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
) -> None:
    stage.mails = (
        mail("ben@example.com", "Hello Ben"),
        mail("a.very.long.recipient.name@simulator.amazonses.com", "Hello"),
    )
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await show(page)
        await page.shows("Subject: Hello Ben")
        assert page.text == snapshot


async def test_the_clock_brings_the_scheduled_mail(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    berlin = structs.replace(begun, reminder=structs.replace(begun.reminder, timezone="Europe/Berlin"))
    async with opened(tmp_path, outside.world, project=berlin) as page:
        await show(page)
        assert "No mail yet" in page.text
        await page.press("f4")
        await page.shows("Subject: Hello Ana")
        await page.shows("1 mail · the account's clock says Wed 25 Nov 2026 10:00 CET")
        await page.shows("✓ The clock says Wed 25 Nov 2026 10:00 CET: the schedule starts.")


async def test_without_a_schedule_the_clock_stays(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    stage.next_run = None
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.press("f4")
        await page.shows("No schedule has a run")
        assert stage.clock == NOW


async def test_a_mail_being_read_stays_open_when_another_arrives(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    stage.mails = (mail("ben@example.com", "Second"), mail("ana@example.com", "First"))
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.press("down")
        await page.shows("Subject: First")
        stage.mails = (mail("cem@example.com", "Third"), *stage.mails)
        await page.shows("3 mails")
        assert "Subject: First" in page.text
        assert page.app.screen.query_one(OptionList).highlighted == 2


async def test_back_is_the_page_below(outside: Outside, stage: Stage, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        for key in ("escape", "f2", "f9"):
            await page.press(key)
            assert "Can SES send to anyone?" in page.text
            assert not any(isinstance(screen, InboxScreen) for screen in page.app.screen_stack)
            await page.press("f9")
            assert "The demo's inbox" in page.text


async def test_control_characters_of_a_mail_do_nothing(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    stage.mails = (mail("ana@example.com", "\x1b[31mred [bold]", "one\x07\n[red]two"),)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("Subject: \\x1b[31mred [bold]")
        assert "one\\x07" in page.text
        assert "[red]two" in page.text


async def test_an_html_mail_is_rendered_and_its_checks_are_words(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    results = "mx.example; spf=pass smtp.mailfrom=b.example; dkim=pass header.d=example.com; dmarc=fail"
    sent = mail("ana@example.com", "Hello")
    stage.mails = (
        replace(
            sent,
            sender="=?utf-8?q?J=C3=B6rg?= <reminders@example.com>",
            html="<h1>Big</h1><p>Dear <b>Ana</b></p>",
            headers=(("Authentication-Results", results), *sent.headers),
        ),
    )
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("From: Jörg <reminders@example.com>")
        await page.shows("Checks: ✓ SPF passed  ✓ DKIM passed  ✗ DMARC failed")
        await page.shows("Dear Ana")
        assert "<h1>" not in page.text


async def test_page_down_scrolls_the_open_mail_and_not_the_list(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    long = replace(mail("ana@example.com", "Long", "\n".join(f"line {n}" for n in range(90))), html="")
    stage.mails = (long, mail("ben@example.com", "Short"))
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("line 0")
        await page.press("pagedown", "pagedown")
        assert page.app.screen.query_one("#mail").scroll_y == 16
        assert page.app.screen.query_one(OptionList).highlighted == 0


async def test_a_mail_opens_in_a_browser(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []

    def open_page(path: Path) -> bool:
        pages.append(path.read_text())
        return True

    monkeypatch.setattr("screens.browser.open_page", open_page)
    stage.mails = (mail("ana@example.com", "Hello Ana"),)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("Subject: Hello Ana")
        await page.press("ctrl+o")
        await page.shows("Opened in your browser")
        assert "Hello Ana" in pages[0]


async def test_the_link_of_a_mail_confirms_its_address(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    link = "http://127.0.0.1:1/confirm/secret"
    stage.mails = (replace(mail("ben@example.com", "AWS Notification"), text=f"To confirm: {link}"),)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("Subject: AWS Notification")
        await page.press("f8")
        await page.shows("successfully verified ben@example.com")
        assert stage.opened == ["ben@example.com"]


async def test_the_last_row_names_the_inbox_in_the_demo(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.PRODUCTION)
        assert "F9 Inbox" in page.text.splitlines()[-1]


async def test_only_the_demo_has_one(outside: Outside, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.PRODUCTION)
        await page.press("f9")
        assert "The demo's inbox" not in page.text
        await page.press("f1")
        assert "inbox" not in page.text


async def test_the_demo_starts_over_and_lists_its_stories_from_any_page(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    def start_over() -> World:
        (tmp_path / "ses-wizard.yaml").unlink()
        return outside.world

    async with opened(tmp_path, outside.world, project=begun, start_over=start_over) as page:
        await page.go(StepName.IDENTITY)
        await page.press("f9", "f6")
        await page.shows("demo --story NAME")
        assert "denied" in page.text
        await page.press("escape", "f7")
        assert "Start the demo over?" in page.text
        await page.press("y")
        await page.shows("which AWS account and Region send")
        assert page.saved == Project()
        await page.press("f3")
        await page.shows("Which AWS account")
