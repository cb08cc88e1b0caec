"""Setting it up: nothing without a yes, and what went wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace
from textual.widgets import Input

from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, opened
from tests.screens.reminder_paper import Flow, show, subject, with_a_test
from wizard.aws.cloudformation import Stack
from wizard.aws.scheduler import Schedule
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder import draft
from wizard.reminder.template import build as template
from wizard.steps.model import StepName
from wizard.steps.reminder.drift import Drifted
from wizard.steps.reminder.step import ReminderReport


async def test_comes_back_to_where_it_stopped(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        await page.shows("Deploy it?")
        await page.shows("1 recipient, from ses-wizard-recipients.csv")
        await page.press("f2", "f2", "f2")
        assert "ana@example.com, Ana" in page.text


async def test_all_that_bounds_the_schedule_is_told_and_that_it_is_paused(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    bounded = replace(
        written.reminder,
        timezone="Europe/Berlin",
        start=NOW + timedelta(days=7),
        end=NOW + timedelta(days=30),
        window_minutes=15,
        paused=True,
    )
    async with opened(tmp_path, outside.world, project=replace(written, reminder=bounded)) as page:
        await show(page)
        await page.shows("Deploy it?")
        assert "not before Tue 01 Dec 2026 11:00 CET, not after Thu 24 Dec 2026 11:00 CET," in page.words
        assert "within 15 minutes" in page.words
        assert "! paused No run until you resume on the Runs page." in page.words


async def test_what_comes_next_is_in_sight_after_a_long_creation(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.steps = tuple(f"resource {number}" for number in range(30))
    stack = Stack("arn", "ses-wizard-reminder", "CREATE_COMPLETE", "", {}, {"ses-wizard": "example.com"})
    schedule = Schedule("cron(0 9 ? * MON-FRI *)", "UTC", enabled=True, start=None)
    made.seen = ReminderReport(stack, schedule=schedule, recipients=1)
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f4", "y")
        assert "deployed: send a test e-mail" in page.text
        assert "✓ Deployed. Send a test e-mail to finish this step (F3)." in page.text
        assert "✓ done  resource 0" in page.text


async def test_what_cloudformation_does_since_an_earlier_run_is_watched(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    stack = Stack("arn", "ses-wizard-reminder", "CREATE_IN_PROGRESS", "", {}, {"ses-wizard": "example.com"})
    schedule = Schedule("cron(0 9 ? * MON-FRI *)", "UTC", enabled=True, start=None)
    made.seen = ReminderReport(stack, schedule=schedule, recipients=1)
    made.steps = tuple(f"resource {number}" for number in range(30))
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        assert "✓ done  resource 0" in page.text
        assert "deployed: send a test e-mail" in page.text
        assert made.asked == ["watch"]


async def test_a_long_plan_is_gone_through_by_home_and_end(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.steps = tuple(f"resource {number}" for number in range(30))
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f4", "end")
        assert "resource 29" in page.text
        await page.press("home")
        assert "resource 0" in page.text
        assert "resource 29" not in page.text


async def test_nothing_happens_without_a_yes(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f4")
        assert page.text.count("cloudformation:ExecuteChangeSet") == 1
        await page.press("escape")
        assert made.asked == ["plan", "decline"]


async def test_a_failed_stack_says_why_and_is_tried_again(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.error = WizardError(
        "The stack could not be created", "The schedule: no such time zone.", "Fix it, try again."
    )
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f4", "y")
        assert "! The stack could not be created" in page.text
        assert "The schedule: no such time zone." in page.text
        made.error = None
        await page.press("enter", "y")
        assert "✓ done  schedule" in page.text
        assert "could not be created" not in page.text
        assert page.app.focused is page.app.screen.query_one("#next")


async def test_decisions_that_cannot_be_are_named_with_their_page(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    (tmp_path / "ses-wizard-recipients.csv").unlink()
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
        assert "✗ fix  Not a valid address for alerts." in page.text
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


async def test_what_is_saved_and_not_deployed_is_told_at_once_and_everywhere(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    stack = Stack("arn", "ses-wizard-reminder", "CREATE_COMPLETE", "", {}, {"ses-wizard": "example.com"}, NOW)
    schedule = Schedule("cron(0 9 ? * MON-FRI *)", "UTC", enabled=True, start=None)
    made.seen = ReminderReport(stack, schedule=schedule, recipients=1, subject="Hello {{name}}")
    made.template = template.template(draft.setup_of(written))
    words = "Changed, not deployed: subject (F4 on Create)"
    async with opened(tmp_path, outside.world, project=with_a_test(written), size=SIZES[1]) as page:
        await show(page, "f2", "f2", "f2", "f2")
        assert "✓ done" in page.text
        subject(page, "News for {{name}}")
        await page.press("f3")
        assert f"! action required  {words}" in page.text
        assert "! not deployed" in page.text, "on the rail"
        await page.press("f3")
        await page.press("f6")
        assert f"✓ No drift: the stack is as deployed. {words}" in page.text
        await page.press("f3")
        assert "Sends  the version deployed Tue 24 Nov 2026 10:00 UTC, with the subject “Hello" in page.text
        assert page.saved.progress[StepName.REMINDER].words == words
        await page.go(None)
        assert f"Reminder: {words}" in page.text
        made.template = template.template(draft.setup_of(page.saved))
        await page.go(StepName.REMINDER)
        assert words not in page.text


async def test_what_drifted_is_told_and_put_back(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f6")
        assert "! Nothing is deployed yet: press F4." in page.text
        stack = Stack("arn", "ses-wizard-reminder", "CREATE_COMPLETE", "", {}, {"ses-wizard": "example.com"})
        made.seen = ReminderReport(stack)
        await page.press("f5", "f7")
        assert "! No drift was found: F6 checks for it." in page.text
        await page.press("f6")
        assert "No drift: the stack is as deployed." in page.text
        assert "Restore" not in page.text
        made.drifted = (Drifted("schedule", "ScheduleExpression is [red]rate(1 day), and should be…"),)
        await page.press("f6")
        assert "! drifted  schedule  ScheduleExpression is [red]rate(1 day)" in page.text
        assert page.app.focused is page.app.screen.query_one("#put-back")
        await page.press("enter", "y")
        assert made.asked == ["drift", "drift", "plan reverting", "act"]
        assert "drifted" not in page.text


async def test_a_taken_stack_name_is_replaced_by_a_free_one(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    made.seen = ReminderReport(None, instead="reminder-example-com")
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3", "f3")
        await page.shows("ses-wizard-reminder is taken by another set-up")
        assert page.app.screen.query_one("#stack", Input).value == "reminder-example-com"
        await page.press("f4", "y")
        assert page.saved.reminder.stack == "reminder-example-com"
