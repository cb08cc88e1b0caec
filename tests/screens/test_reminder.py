"""Step 5's five small pages: each asks one thing, refuses what is wrong, and saves itself when finished."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace as with_sections
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input, Select, TextArea

from screens.reminder_page import with_typed
from screens.reminder_what import What
from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import Stage
from wizard.errors import WizardError
from wizard.project import MAX_BYTES, Project, Reminder
from wizard.reminder.message import Message
from wizard.reminder.plain_choice import HowOften
from wizard.steps import reminder
from wizard.steps.model import Change, ChangeKind, Event, Plan, Progress, Report, StepName
from wizard.steps.reminder import ReminderPlan, ReminderSeen, StackWork
from wizard.steps.reminder import TestResult as Outcome
from wizard.steps.reminder_recipients import Import
from wizard.world import World

if TYPE_CHECKING:
    from wizard.demo import Demo

FAILED = WizardError("The stack could not be made", "The schedule: no such time zone.", "Mend it, try again.")


@dataclass
class CloudFormation:
    """What the step's calls to AWS would do; ``asked`` holds which were made."""

    asked: list[str] = field(default_factory=list)
    error: WizardError | None = None
    sent: bool = True

    def look(self, world: World, project: Project) -> ReminderSeen:
        return ReminderSeen(None)

    def plan(self, world: World, project: Project, base: Path) -> ReminderPlan:
        self.asked.append("plan")
        change = Change(
            ChangeKind.CREATE, "schedule", "starts the function", "cloudformation:ExecuteChangeSet"
        )
        plan = Plan(StepName.REMINDER, (change,), "Less than one cent.")
        return ReminderPlan(plan, StackWork((change,), "", "arn"), Import(None, 0))

    def act(self, world: World, project: Project, planned: ReminderPlan, report: Report) -> Project:
        self.asked.append("act")
        report(Event("schedule", Progress.STARTED))
        if self.error:
            raise self.error
        report(Event("schedule", Progress.DONE))
        return project

    def decline(self, world: World, project: Project) -> None:
        self.asked.append("decline")

    def test_run(self, world: World, project: Project, address: str, report: Report) -> Outcome:
        self.asked.append(f"test {address}")
        if self.sent:
            return Outcome(True, f"SES took the mail to {address}.", "", "1", project)
        return Outcome(False, "SES does not write to this address yet.", "Verify it.", None, project)


@pytest.fixture
def made(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    """AWS on paper, in the demo."""
    there = CloudFormation()
    outside.world = replace(outside.world, stage=Stage())
    for name in ("look", "plan", "act", "decline", "test_run"):
        monkeypatch.setattr(reminder, name, getattr(there, name))
    return there


@pytest.fixture
def written(begun: Project, tmp_path: Path) -> Project:
    """A set-up whose first three pages are finished."""
    (tmp_path / "recipients.csv").write_text("email,name\nana@example.com,Ana\n")
    settings = Reminder(
        sender="reminders@example.com",
        recipients="recipients.csv",
        subject="Hello {{name}}",
        text="Hello {{name}}",
        schedule="cron(0 9 ? * MON-FRI *)",
    )
    return with_sections(begun, reminder=settings)


async def show(page: Opened, *keys: str) -> None:
    """Open the step's page and press ``keys``, each when the one before has done its work."""
    await page.go(StepName.REMINDER)
    await page.until(lambda: "Who" in page.text)
    for key in keys:
        await page.press(key)


def write(page: Opened, field: str, text: str) -> None:
    page.app.screen.query_one(f"#{field}", TextArea).text = text


def subject(page: Opened, text: str) -> None:
    page.app.screen.query_one("WhatPage #subject", Input).focus().value = text


PAGES = {"who": "", "what": "f3", "preview": "f8", "when": "f3", "create": "f3", "test": "f3"}
"""The pages, and the key that leads to each from the one before."""


@pytest.mark.parametrize("size", SIZES)
async def test_a_newcomer_goes_through_by_one_key(
    outside: Outside,
    made: CloudFormation,
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
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        write(page, "lines", "ana@example.com, Ana\nBen <ben@example.com>\n")
        await page.press("f3")
        assert page.saved.reminder.recipients == "recipients.csv"
        assert (
            tmp_path / "recipients.csv"
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
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    questions = [
        "Does it arrive?",
        "Set it up?",
        "When does it leave?",
        "What does it say?",
        "Who gets the mail?",
    ]
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3", "f3", "f3")
        for question in questions:
            assert question in page.text
            await page.pilot.press("escape")
            await page.pilot.pause()
        await page.shows("[DNS]")


async def test_what_was_typed_waits_while_one_goes_back(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        subject(page, "Half a subj")
        await page.press("f2")
        await page.press("f3")
        assert "Half a subj" in page.text


# Who


WRONG_RECIPIENTS = {
    "ana@example.com\nnobody\n": "Line 2: the address is not valid",
    "ana@example.com\nAna@example.com": "Line 2: the address stands on line 1 already",
    "": "Name at least one recipient",
}


async def test_wrong_recipients_are_named_by_their_line(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        for lines, words in WRONG_RECIPIENTS.items():
            write(page, "lines", lines)
            await page.press("f3")
            assert words in page.text
            assert "Who gets the mail?" in page.text
        assert page.saved.reminder.recipients is None
        assert not (tmp_path / "recipients.csv").exists()


async def test_a_csv_file_is_read_as_it_is_named(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    (tmp_path / "team.csv").write_text("name,email,plan\nAna,ana@example.com,basic\n")
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        page.type("path", "tea")
        await page.shows("No such file")
        page.type("path", "team.csv")
        await page.shows("1 recipient. The message can use {{email}}, {{name}}, {{plan}}")
        await page.press("f3")
        assert page.saved.reminder.recipients == "team.csv"
        assert not (tmp_path / "recipients.csv").exists()
        assert "Fields: {{email}}, {{name}}, {{plan}}" in page.text


async def test_a_missing_csv_file_stops_and_can_be_mended(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        page.type("path", "team.csv")
        await page.press("f3")
        assert "✗ mend" in page.text
        assert page.app.focused is page.app.screen.query_one("#path")
        (tmp_path / "team.csv").write_text("email\nana@example.com\n")
        await page.press("f3")
        assert "What does it say?" in page.text


async def test_an_unreadable_csv_file_tells_the_way_back_to_the_list(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        page.type("path", "team.csv")
        await page.press("f3")
        assert "empty the field to go back to the list" in page.words
        await page.press("home", *["delete"] * len("team.csv"))
        await page.shows("✓  3 recipients")
        assert "ana@example.com, Ana" in page.text
        assert "mend" not in page.text
        assert "could not be read" not in page.text


async def test_a_refused_line_turns_from_a_hint_to_an_error_and_has_the_cursor(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        write(page, "lines", "ana@example.com, Ana\nzoe@web.de Zoe\nben@example.com, Ben\n")
        await page.shows("!  Line 2: a comma is missing before the name: zoe@web.de, Zoe.")
        await page.press("f3")
        assert "✗ mend  Line 2: a comma is missing" in page.text
        assert page.text.count("Line 2") == 1
        lines = page.app.screen.query_one("#lines", TextArea)
        assert page.app.focused is lines
        assert lines.cursor_location == (1, len("zoe@web.de Zoe"))
        write(page, "lines", "ana@example.com, Ana\n")
        await page.shows("✓  1 recipient.")
        assert "mend" not in page.text


# What


WRONG_MESSAGES: tuple[tuple[str, str, str], ...] = (
    ("#subject", "", "Write a subject"),
    ("#sender", "me@gmail.com", "Choose an address at example.com"),
    ("#text", "Hello {{nickname}}", "no column is called nickname"),
    ("#html", "<p>{{name</p>", "Two braces in the HTML part stand without their partners"),
)


async def test_a_wrong_message_says_what_to_mend(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        for field, text, words in WRONG_MESSAGES:
            widget = page.app.screen.query_one("WhatPage").query_one(field)
            name = "value" if isinstance(widget, Input) else "text"
            before = getattr(widget, name)
            setattr(widget, name, text)
            await page.press("f3")
            assert words in page.words
            assert "What does it say?" in page.text
            setattr(widget, name, before)
        assert not page.saved.reminder.subject


async def test_a_problem_in_the_html_part_brings_it_up(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        write(page, "html", "<p>{{1}}</p>")
        await page.press("f3")
        assert page.app.focused is page.app.screen.query_one("#html")
        assert "<p>{{1}}</p>" in page.text


async def test_the_preview_is_the_chosen_recipients(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f8")
        assert "Subject  Hello Ana, a small reminder" in page.text
        page.app.screen.query_one("#seen-by", Select).value = 1
        await page.shows("Subject  Hello Ben, a small reminder")


async def test_the_keys_of_the_parts_put_the_cursor_there(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        for key, part in {"f8": "seen-by", "f6": "text", "f7": "html"}.items():
            await page.press(key)
            assert page.app.focused is page.app.screen.query_one(f"#{part}")
        await page.press("f8", "f6", "x")
        assert page.app.screen.query_one("#text", TextArea).text.startswith("xHello")
        await page.press("escape", "f3", "f7", "y")
        assert page.app.screen.query_one("#html", TextArea).text.startswith("y<p>")


@pytest.mark.parametrize(
    ("part", "called"), [("subject", "subject"), ("text", "text"), ("html", "HTML part")]
)
async def test_a_field_without_a_column_is_said_as_it_is_typed_with_its_part(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path, part: str, called: str
) -> None:
    words = f"The {called} uses {{{{nmae}}}}, but no column is called nmae."
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        widget = page.app.screen.query_one("WhatPage").query_one(f"#{part}")
        setattr(widget, "value" if isinstance(widget, Input) else "text", "{{nmae}}")
        await page.shows(f"!  {words}")
        await page.press("f3")
        assert f"✗ mend  {words}" in page.text
        assert page.app.focused is widget
        setattr(widget, "value" if isinstance(widget, Input) else "text", "{{name}}")
        await page.until(lambda: "nmae" not in page.text)


# When


WRONG_TIMES = (
    (HowOften.DAILY, "time", "25:00", "Write the time like 09:00"),
    (HowOften.MONTHLY, "day", "32", "a day of the month from 1 to 31"),
    (HowOften.ONCE, "date", "tomorrow", "Write the date like"),
    (HowOften.ONCE, "date", "2026-11-23", "This time never comes"),
    (HowOften.OWN, "own", "cron(0 9 * * * *)", "At character"),
    (HowOften.DAILY, "timezone", "Europe/Atlantis", "There is no time zone"),
)


async def test_a_wrong_time_is_said_as_it_is_typed_and_not_saved(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3")
        for how_often, field, text, words in WRONG_TIMES:
            page.type("time", "09:00")
            page.app.screen.query_one("#how-often", Select).value = how_often
            await page.pilot.pause()
            page.type(field, text)
            await page.shows(words)
            await page.press("f3")
            assert page.text.count(words) == 1
            assert "✗ mend" in page.text
            assert "When does it leave?" in page.text
            assert page.app.focused is page.app.screen.query_one(f"#{field}", Input)
        assert page.saved.reminder.schedule is None


async def test_every_mistake_in_a_time_is_said(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3")
        page.type("time", "25:00")
        page.type("timezone", "Mars")
        await page.until(lambda: "Write the time like" in page.text and "There is no time zone" in page.text)
        await page.press("f3")
        assert page.text.count("✗ mend") == 2
        assert page.app.focused is page.app.screen.query_one("#time")
        page.type("time", "09:00")
        await page.until(lambda: "Write the time like" not in page.text)
        assert "There is no time zone 'Mars'" in page.text


async def test_the_next_runs_follow_what_is_typed(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3")
        assert "Wed 25 Nov 2026  09:00 UTC" in page.text
        page.app.screen.query_one("#how-often", Select).value = HowOften.MONTHLY
        await page.pilot.pause()
        page.type("day", "last")
        page.type("time", "18")
        page.type("timezone", "Europe/Berlin")
        await page.shows("Mon 30 Nov 2026  18:00 CET")
        await page.press("f3")
        assert page.saved.reminder.schedule == "cron(0 18 L * ? *)"
        assert page.saved.reminder.timezone == "Europe/Berlin"


async def test_an_expression_of_unix_gets_the_one_to_type(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3")
        page.app.screen.query_one("#how-often", Select).value = HowOften.OWN
        await page.pilot.pause()
        page.type("own", "0 9 * * *")
        await page.until(lambda: "type cron(0 9 * * ? *) instead" in page.words)


# Create


async def test_comes_back_to_where_it_stopped(
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        await page.shows("Set it up?")
        await page.shows("1 recipient, from recipients.csv")
        await page.press("f2", "f2", "f2")
        assert "ana@example.com, Ana" in page.text


async def test_nothing_happens_without_a_yes(
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f4")
        assert "cloudformation:ExecuteChangeSet" in page.text
        await page.press("escape")
        assert made.asked == ["plan", "decline"]


async def test_a_failed_stack_says_why_and_is_tried_again(
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
) -> None:
    made.error = FAILED
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
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
) -> None:
    (tmp_path / "recipients.csv").unlink()
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        await page.shows("! Who")


# Test


async def test_a_refused_mail_says_what_to_do(
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
) -> None:
    made.sent = False
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "enter")
        assert "✗ refused  SES does not write to this address yet." in page.text
        assert "→ to do    Verify it." in page.text
        made.sent = True
        page.type("address", "me@example.com")
        await page.press("enter")
        assert "✓ sent  SES took the mail to me@example.com." in page.text
        assert made.asked == ["test you@example.com", "test me@example.com"]


@pytest.mark.parametrize("key", ["f4", "enter"])
async def test_the_next_address_can_be_typed_at_once(
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path, key: str
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", key)
        assert "✓ sent" in page.text
        address = page.app.screen.query_one("#address", Input)
        assert page.app.focused is address
        await page.press(*"b@c.de", key)
        assert made.asked == ["test you@example.com", "test b@c.de"]
        address.value = ""
        await page.press("tab", "f4")
        assert page.app.focused is address


async def test_a_mail_refused_again_shows_the_time_of_the_attempt(
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
) -> None:
    made.sent = False
    stage = outside.world.stage
    assert isinstance(stage, Stage)
    outside.world = replace(outside.world, now=stage.now)
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "f4")
        assert "at         10:00:00" in page.text
        stage.clock += timedelta(seconds=5)
        await page.press("f4")
        assert "at         10:00:05" in page.text
        assert "10:00:00" not in page.text


async def test_without_a_domain_it_says_what_comes_first(
    outside: Outside, made: CloudFormation, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world) as page:
        await show(page)
        assert "! No domain is chosen yet" in page.text


async def test_outside_the_demo_nobody_is_proposed(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
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
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
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
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2", "f2")
        write(page, "text", "Hi {{nmae}}")
        await page.press("f3")
        assert "✗ mend" in page.text
        await quit_by_key(page)
    assert page.saved.reminder.text == "Hi {{nmae}}"


async def test_a_time_with_a_mistake_is_asked_about_before_quitting(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
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


async def test_a_mended_time_is_kept_without_a_question(
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path
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
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path, key: str
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        subject(page, "Half a subj")
        await page.press(key)
        await page.until(lambda: page.saved.reminder.subject == "Half a subj")


async def test_leaving_for_another_step_keeps_what_is_typed(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        write(page, "lines", "zoe@example.com, Zoe\n")
        await page.go(StepName.ACCOUNT)
        await page.until(lambda: page.saved.reminder.recipients == "recipients.csv")
        assert (tmp_path / "recipients.csv").read_text() == "email,name\nzoe@example.com,Zoe\n"


async def test_what_was_only_proposed_is_not_saved(
    outside: Outside, made: CloudFormation, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await quit_by_key(page)
    assert page.saved.reminder == Reminder()
    assert not (tmp_path / "recipients.csv").exists()


@pytest.mark.parametrize(
    ("sender", "words"),
    [
        ("reminders", "This is no address to send from"),
        ("a$b@example.com", "Choose a plainer address to send from"),
    ],
)
async def test_a_sender_the_file_does_not_take_is_told_and_the_rest_is_kept(
    outside: Outside, made: CloudFormation, written: Project, tmp_path: Path, sender: str, words: str
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2", "f2")
        subject(page, "News for {{name}}")
        page.app.screen.query_one("WhatPage #sender", Input).value = sender
        await page.press("f3")
        assert f"✗ mend  {words}" in page.text
        await page.pilot.press("f10")
        await page.shows("! Reminder › What")
        assert words in page.words
        await page.pilot.press("y")
        await page.until(lambda: not page.app.is_running)
    assert page.saved.reminder.subject == "News for {{name}}"
    assert page.saved.reminder.sender == "reminders@example.com"


def test_a_message_the_file_has_no_room_for_is_told(written: Project, tmp_path: Path) -> None:
    typed = What("reminders@example.com", "", Message("Hello", "x" * MAX_BYTES, ""))
    kept = with_typed(written, tmp_path, NOW, {"what": typed})
    assert kept.project == written
    assert "Make the message shorter" in kept.lost["what"][0]


# On the embedded account


async def test_from_defaults_to_scheduled_mail_in_the_inbox(account: Demo, tmp_path: Path) -> None:
    from tests.screens.test_dns import made as with_identity
    from wizard.aws import sesv2
    from wizard.steps import dns

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
        assert "in its own inbox. F9 opens it." in page.words
        assert "reminder" in page.saved.progress
        await page.press("f9", "f4")
        await page.shows("Hello Ben, a small reminder")
        await page.shows("4 mails")
