"""When it leaves: choices and expressions, their mistakes, the next runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from textual.widgets import Input, Select

from tests.screens.conftest import Outside
from tests.screens.pages import opened
from tests.screens.reminder_paper import Flow, show
from wizard.project.schema import Project
from wizard.steps.reminder.schedule_form import HowOften

WRONG_TIMES = (
    (HowOften.DAILY, "time", "25:00", "Write the time like 09:00"),
    (HowOften.MONTHLY, "day", "32", "a day of the month from 1 to 31"),
    (HowOften.ONCE, "date", "tomorrow", "Write the date like"),
    (HowOften.ONCE, "date", "2026-11-23", "This time is in the past"),
    (HowOften.OWN, "own", "cron(0 9 * * * *)", "At character"),
    (HowOften.DAILY, "timezone", "Europe/Atlantis", "There is no time zone"),
)


async def test_a_wrong_time_is_said_as_it_is_typed_and_not_saved(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
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
            assert "✗ fix" in page.text
            assert "When is it sent?" in page.text
            assert page.app.focused is page.app.screen.query_one(f"#{field}", Input)
        assert page.saved.reminder.schedule is None


async def test_every_mistake_in_a_time_is_said(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3")
        page.type("time", "25:00")
        page.type("timezone", "Mars")
        await page.until(lambda: "Write the time like" in page.text and "There is no time zone" in page.text)
        await page.press("f3")
        assert page.text.count("✗ fix") == 2
        assert page.app.focused is page.app.screen.query_one("#time")
        page.type("time", "09:00")
        await page.until(lambda: "Write the time like" not in page.text)
        assert "There is no time zone 'Mars'" in page.text


async def test_the_next_runs_follow_what_is_typed(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3")
        assert "Wed 25 Nov 2026 09:00 UTC" in page.text
        page.app.screen.query_one("#how-often", Select).value = HowOften.MONTHLY
        await page.pilot.pause()
        page.type("day", "last")
        page.type("time", "18")
        page.type("timezone", "Europe/Berlin")
        await page.shows("Mon 30 Nov 2026 18:00 CET")
        await page.press("f3")
        assert page.saved.reminder.schedule == "cron(0 18 L * ? *)"
        assert page.saved.reminder.timezone == "Europe/Berlin"


async def test_an_expression_of_unix_gets_the_one_to_type(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f3")
        page.app.screen.query_one("#how-often", Select).value = HowOften.OWN
        await page.pilot.pause()
        page.type("own", "0 9 * * *")
        await page.until(lambda: "type cron(0 9 * * ? *) instead" in page.words)


# What bounds it


async def test_limits_are_folded_away_until_one_is_set(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2")
        assert "no start, end, window or pause" in page.text
        assert "Not before" not in page.text
        await page.press("f6")
        assert page.app.focused is page.app.screen.query_one("#start")
        page.type("start", "2027-03-27")
        page.type("end", "2027-03-30 12:00")
        page.type("timezone", "Europe/Berlin")
        page.type("window", "15")
        await page.shows("Mon 29 Mar 2027 09:00 CEST")
        assert "31 Mar" not in page.text
        await page.press("f6")
        assert "Limits F6 from 2027-03-27 to 2027-03-30 12:00, within 15 min" in page.words
        await page.press("f3")
        kept = page.saved.reminder
        berlin = ZoneInfo("Europe/Berlin")
        assert kept.start == datetime(2027, 3, 27, tzinfo=berlin)
        assert kept.end == datetime(2027, 3, 30, 12, tzinfo=berlin)
        assert (kept.window_minutes, kept.paused) == (15, False)
    async with opened(tmp_path, outside.world) as page:
        await show(page, "f2")
        assert "2027-03-27 00:00" in page.text


async def test_what_leaves_while_paused_is_nothing(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2", "f6", "tab", "tab", "tab", "space")
        assert "! paused No run until you resume." in page.words
        assert "Skipped Wed 25 Nov 2026" in page.words
        await page.press("f3")
        assert page.saved.reminder.paused


WRONG_LIMITS = (
    ("start", "tomorrow", "Write “Not before” like 2027-01-31"),
    ("start", "2027-02-30", "Write “Not before” like 2027-01-31"),
    ("end", "2026-11-23", "“Not after” is in the past"),
    ("end", "2026-11-24 17:00", "No run falls between “Not before” and “Not after”"),
    ("window", "2000", "Write “Within” in minutes: 0 to 1,440"),
)


async def test_wrong_limits_are_unfolded_and_not_saved(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2")
        for field, text, words in WRONG_LIMITS:
            page.app.screen.query_one(f"#{field}", Input).value = text
            await page.shows(f"!  {words}")
            await page.press("f3")
            assert "✗ fix" in page.text
            assert page.app.focused is page.app.screen.query_one(f"#{field}")
            page.type(field, "")
            await page.press("f6")
        page.type("start", "2027-01-02")
        page.type("end", "2027-01-01")
        await page.shows("“Not after” must be later than “Not before”")
        assert page.saved.reminder.end is None
