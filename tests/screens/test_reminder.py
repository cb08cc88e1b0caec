"""Step 5's small pages: each asks one thing, saves itself when finished, and loses nothing that is typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input, TextArea

from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.reminder_paper import Flow, show, subject, write
from wizard.project.schema import MAX_BYTES, Project, Reminder
from wizard.reminder.message.fields import Message
from wizard.steps.model import StepName
from wizard.steps.reminder.forms import keep_typed
from wizard.steps.reminder.message_form import MessageForm

if TYPE_CHECKING:
    from wizard.demo import Demo

PAGES = {"who": "", "what": "f3", "preview": "f8", "when": "f3", "create": "f3", "test": "f3", "runs": "f3"}
"""The pages, and the key that leads to each from the one before."""


@pytest.mark.parametrize("size", SIZES)
async def test_a_newcomer_goes_through_by_one_key(
    outside: Outside,
    made: Flow,
    begun: Project,
    tmp_path: Path,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
) -> None:
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await show(page)
        for name, key in PAGES.items():
            await page.press(*([key] if key else []))
            assert page.text == snapshot(name=name)


async def test_each_page_is_saved_when_it_is_finished(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        write(page, "lines", "ana@example.com, Ana\nBen <ben@example.com>\n")
        await page.press("f3")
        assert page.saved.reminder.recipients == "ses-wizard-recipients.csv"
        assert (
            tmp_path / "ses-wizard-recipients.csv"
        ).read_text() == "email,name\nana@example.com,Ana\nben@example.com,Ben\n"
        assert page.saved.reminder.text == ""
        subject(page, "News for {{name}}")
        await page.press("f3")
        assert page.saved.reminder.subject == "News for {{name}}"
        assert page.saved.reminder.sender == "reminders@example.com"
        assert page.saved.reminder.schedule is None
        await page.press("f3")
        assert page.saved.reminder.schedule == "cron(0 9 ? * MON-FRI *)"
        assert page.saved.reminder.timezone == "UTC"


async def test_escape_goes_the_same_way_back(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    questions = [
        "What was sent?",
        "Does it arrive?",
        "Deploy it?",
        "When is it sent?",
        "What does it say?",
        "Who gets the mail?",
    ]
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3", "f3", "f3", "f3")
        for question in questions:
            assert question in page.text
            await page.pilot.press("escape")
            await page.pilot.pause()
        await page.shows("[DNS]")


async def test_what_was_typed_waits_while_one_goes_back(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        subject(page, "Half a subj")
        await page.press("f2")
        await page.press("f3")
        assert "Half a subj" in page.text


async def test_without_a_domain_it_says_what_comes_first(
    outside: Outside, made: Flow, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world) as page:
        await show(page)
        assert "! No domain is chosen yet" in page.text


async def test_outside_the_demo_nobody_is_proposed(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    outside.world = replace(outside.world, stage=None)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        assert page.app.screen.query_one("#lines", TextArea).text == ""
        assert page.app.screen.query_one("#address", Input).value == ""


# What is typed and not finished


async def quit_by_key(page: Opened) -> None:
    await page.pilot.press("f10")
    await page.until(lambda: not page.app.is_running)


async def test_a_message_being_typed_is_there_again_after_a_restart(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2", "f2", "f6", "ctrl+home")
        await page.pilot.press(*"MY LONG")
        await quit_by_key(page)
    assert page.saved.reminder.text == "MY LONGHello {{name}}"
    async with opened(tmp_path, outside.world) as page:
        await show(page, "f2", "f2")
        assert "MY LONGHello {{name}}" in page.text


async def test_a_message_with_a_mistake_is_kept_too(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2", "f2")
        write(page, "text", "Hi {{nmae}}")
        await page.press("f3")
        assert "✗ fix" in page.text
        await quit_by_key(page)
    assert page.saved.reminder.text == "Hi {{nmae}}"


async def test_a_time_with_a_mistake_is_asked_about_before_quitting(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3")
        page.type("time", "25:00")
        await page.pilot.press("f10")
        await page.shows("Quit without saving what is typed here?")
        assert "! Reminder › When" in page.text
        assert "Write the time like 09:00" in page.text
        await page.pilot.press("enter")
        await page.until(lambda: "Quit without saving" not in page.text)
        assert page.app.screen.query_one("#time", Input).value == "25:00"
        await page.press("f2")
        await page.pilot.press("f10")
        await page.shows("Quit without saving what is typed here?")
        await page.pilot.press("y")
        await page.until(lambda: not page.app.is_running)
    assert page.saved.reminder.schedule is None


async def test_a_fixed_time_is_kept_without_a_question(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2")
        page.type("time", "25:00")
        await page.pilot.press("f10")
        await page.shows("Quit without saving what is typed here?")
        await page.pilot.press("n")
        await page.until(lambda: "Quit without saving" not in page.text)
        page.type("time", "17:00")
        await quit_by_key(page)
    assert page.saved.reminder.schedule == "cron(0 17 ? * MON-FRI *)"


@pytest.mark.parametrize("key", ["escape", "f1"])
async def test_leaving_a_page_by_another_key_keeps_what_is_typed(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path, key: str
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        subject(page, "Half a subj")
        await page.press(key)
        await page.until(lambda: page.saved.reminder.subject == "Half a subj")


async def test_leaving_for_another_step_keeps_what_is_typed(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        write(page, "lines", "zoe@example.com, Zoe\n")
        await page.go(StepName.ACCOUNT)
        await page.until(lambda: page.saved.reminder.recipients == "ses-wizard-recipients.csv")
        assert (tmp_path / "ses-wizard-recipients.csv").read_text() == "email,name\nzoe@example.com,Zoe\n"


async def test_who_left_by_the_back_button_does_not_stand_on_it_after_coming_again(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        for step, field in ((StepName.REMINDER, "lines"), (None, "next")):
            await page.go(step)
            page.app.screen.query_one("#back").focus()
            await page.press("enter")
            await page.go(step)
            assert page.app.focused is page.app.screen.query_one(f"#{field}")


async def test_what_was_only_proposed_is_not_saved(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await quit_by_key(page)
    assert page.saved.reminder == Reminder()
    assert not (tmp_path / "ses-wizard-recipients.csv").exists()


@pytest.mark.parametrize(
    ("sender", "words"),
    [
        ("reminders", "Not a valid sender address"),
        ("a$b@example.com", "Choose a plainer sender address"),
    ],
)
async def test_a_sender_the_file_does_not_take_is_told_and_the_rest_is_kept(
    outside: Outside, made: Flow, written: Project, tmp_path: Path, sender: str, words: str
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2", "f2")
        subject(page, "News for {{name}}")
        page.app.screen.query_one("WhatPage #sender", Input).value = sender
        await page.press("f3")
        assert f"✗ fix  {words}" in page.text
        await page.pilot.press("f10")
        await page.shows("! Reminder › What")
        assert words in page.words
        await page.pilot.press("y")
        await page.until(lambda: not page.app.is_running)
    assert page.saved.reminder.subject == "News for {{name}}"
    assert page.saved.reminder.sender == "reminders@example.com"


def test_a_message_the_file_has_no_room_for_is_told(written: Project, tmp_path: Path) -> None:
    typed = MessageForm("reminders@example.com", "", Message("Hello", "x" * MAX_BYTES, ""))
    kept = keep_typed(written, tmp_path, NOW, {"what": typed})
    assert kept.project == written
    assert "Shorten the message" in kept.lost["what"][0]


# On the embedded account


async def test_from_defaults_to_scheduled_mail_in_the_inbox(account: Demo, tmp_path: Path) -> None:
    from tests.screens.test_dns import made as with_identity
    from wizard.aws import sesv2
    from wizard.steps.dns import step as dns

    project = with_identity(account.world, "example.com")
    identity = sesv2.get_identity(account.world.aws, "example.com")
    assert identity is not None
    account.publish(dns.records(project, identity))
    assert sesv2.get_identity(account.world.aws, "example.com") is not None
    async with opened(tmp_path, account.world, project=project) as page:
        await show(page, "f3", "f3", "f3", "enter", "enter")
        await page.shows("✓ done  recipients")
        await page.press("enter", "enter")
        await page.shows("✓ sent")
        assert "The demo has its own inbox. F9 opens it." in page.words
        assert page.saved.done("reminder")
        await page.press("f9", "f4")
        await page.shows("Hello Ben, a small reminder")
        await page.shows("4 mails")
