"""What the mail says: its parts, its mistakes, its preview."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace as with_settings
from textual.widgets import Input, TextArea

from screens.browser import open_page
from tests.screens.conftest import Outside
from tests.screens.pages import opened
from tests.screens.reminder_paper import Flow, show, subject, with_a_test, write
from wizard.aws.cloudformation import Stack
from wizard.aws.scheduler import Schedule
from wizard.project.schema import Production, Project
from wizard.steps.reminder.step import ReminderReport

WRONG_MESSAGES: tuple[tuple[str, str, str], ...] = (
    ("#subject", "", "Write a subject"),
    ("#sender", "me@gmail.com", "Enter a sender address at example.com"),
    ("#text", "Hello {{nickname}}", "there is no column nickname"),
    ("#html", "<p>{{name</p>", "The HTML part has unmatched braces"),
)


async def test_a_wrong_message_says_what_to_fix(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
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
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        write(page, "html", "<p>{{1}}</p>")
        await page.press("f3")
        assert page.app.focused is page.app.screen.query_one("#html")
        assert "<p>{{1}}</p>" in page.text


async def test_the_preview_goes_from_one_recipient_to_the_next_and_finds_them(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f8")
        assert "Subject      Hello Ana, a small reminder" in page.text
        await page.press("down")
        assert "Subject      Hello Ben, a small reminder" in page.text
        await page.press("down", "down", "down")
        assert "Subject      Hello Chris, a small reminder" in page.text
        await page.press("up", "up", "up")
        assert "Subject      Hello Ana" in page.text
        await page.press(*"simul")
        await page.shows("To           success@simulator.amazonses.com")
        assert page.app.screen.query_one("#seen-by", Input).value == "simul"
        await page.press("x")
        await page.shows("! no recipient has this address")


async def test_somebody_far_down_in_a_file_is_found(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    rows = "".join(f"someone{number}@example.com,Name{number}\n" for number in range(300))
    (tmp_path / "ses-wizard-recipients.csv").write_text("email,name,plan\n" + rows.replace("\n", ",gold\n"))
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f2", "f2", "f8")
        await page.press(*"someone299")
        await page.shows("Subject      Hello Name299")
        await page.press("up")
        await page.shows("Subject      Hello Name298")


async def test_what_must_be_fixed_is_in_sight_however_much_the_step_has_to_say(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    stack = Stack("arn", "ses-wizard-reminder", "CREATE_COMPLETE", "", {}, {"ses-wizard": "example.com"})
    schedule = Schedule("cron(0 9 ? * MON-FRI *)", "Europe/Berlin", enabled=True, start=None)
    made.seen = ReminderReport(stack, schedule=schedule, recipients=3, unconfirmed="operations@example.com")
    done = with_a_test(begun)
    async with opened(tmp_path, outside.world, project=done) as page:
        await show(page, "f3")
        assert "no alerts until" in page.words
        subject(page, "Hi {{surname}}")
        write(page, "text", "Hi {{surname}}")
        await page.press("f3")
        assert "✗ fix  The subject uses {{surname}}, but there is no column surname." in page.text
        assert "✗ fix  The text uses {{surname}}" in page.text


async def test_the_preview_shows_the_whole_example_on_the_smallest_terminal(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f8")
        assert "Subject      Hello Ana" in page.text
        assert "Have a good day!" in page.text
        await page.press("f6")
        page.type("sender", "nobody")
        await page.press("f8", "f3")
        assert page.app.focused is page.app.screen.query_one("#sender")
        assert "nobody" in page.text


@pytest.mark.parametrize(("opens", "words"), [(True, "Opened in your browser"), (False, "No browser opens")])
async def test_the_preview_opens_in_a_browser_or_says_where_it_is(
    outside: Outside,
    made: Flow,
    begun: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opens: bool,
    words: str,
) -> None:
    shown: list[Path] = []

    def open_page(path: Path) -> bool:
        assert "Hello Ben, a small reminder" in path.read_text()
        assert path.parent.stat().st_mode & 0o077 == 0
        shown.append(path)
        return opens

    monkeypatch.setattr("screens.browser.open_page", open_page)
    async with opened(tmp_path, outside.world, project=begun, size=(200, 60)) as page:
        await show(page, "f3", "f8", "down", "ctrl+o")
        assert words in page.text
        assert str(shown[0]) in page.text
    assert not shown[0].exists()


def test_a_page_that_no_browser_takes_is_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("BROWSER", "false")
    assert not open_page(tmp_path / "preview.html")
    monkeypatch.setenv("BROWSER", "true")
    assert open_page(tmp_path / "preview.html")


async def test_an_unsubscribe_address_is_explained_checked_and_filled_in(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "tab")
        page.type("unsubscribe", "http://example.com")
        await page.shows("!  Use https:// for the unsubscribe address")
        page.type("unsubscribe", "https://example.com/leave")
        await page.shows("One click: mail programs show")
        await page.shows("!  Add a field to the unsubscribe address")
        page.type("unsubscribe", "https://example.com/leave?who={{nobody}}")
        await page.shows("but there is no column nobody")
        page.type("unsubscribe", "https://example.com/leave?who={{email}}")
        await page.until(lambda: "!  " not in page.text)
        await page.press("f8")
        assert "Unsubscribe  https://example.com/leave?who=ana%40example.com" in page.text
        await page.press("f3")
        assert page.saved.reminder.unsubscribe == "https://example.com/leave?who={{email}}"


async def test_promotional_mail_without_an_unsubscribe_address_is_warned_about_but_goes_on(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    promotional = with_settings(begun, production=Production(mail_type="MARKETING"))
    async with opened(tmp_path, outside.world, project=promotional) as page:
        await show(page, "f3")
        assert "!  Add an unsubscribe address" in page.text
        await page.press("f3")
        assert "When is it sent?" in page.text


async def test_a_text_is_always_required(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        write(page, "text", "")
        await page.press("f3")
        assert "✗ fix" in page.text
        assert page.app.focused is page.app.screen.query_one("#text")


async def test_the_keys_of_the_parts_put_the_cursor_there(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
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
    outside: Outside, made: Flow, begun: Project, tmp_path: Path, part: str, called: str
) -> None:
    words = f"The {called} uses {{{{nmae}}}}, but there is no column nmae."
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3")
        widget = page.app.screen.query_one("WhatPage").query_one(f"#{part}")
        setattr(widget, "value" if isinstance(widget, Input) else "text", "{{nmae}}")
        await page.shows(f"!  {words}")
        await page.press("f3")
        assert f"✗ fix  {words}" in page.text
        assert page.app.focused is widget
        setattr(widget, "value" if isinstance(widget, Input) else "text", "{{name}}")
        await page.until(lambda: "nmae" not in page.text)
