"""What the mail says: its parts, its mistakes, its preview."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Select, TextArea

from tests.screens.conftest import Outside
from tests.screens.pages import opened
from tests.screens.reminder_paper import Flow, show, write
from wizard.project import Project

WRONG_MESSAGES: tuple[tuple[str, str, str], ...] = (
    ("#subject", "", "Write a subject"),
    ("#sender", "me@gmail.com", "Choose an address at example.com"),
    ("#text", "Hello {{nickname}}", "no column is called nickname"),
    ("#html", "<p>{{name</p>", "Two braces in the HTML part stand without their partners"),
)


async def test_a_wrong_message_says_what_to_mend(
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


async def test_the_preview_is_the_chosen_recipients(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f3", "f8")
        assert "Subject  Hello Ana, a small reminder" in page.text
        page.app.screen.query_one("#seen-by", Select).value = 1
        await page.shows("Subject  Hello Ben, a small reminder")


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
