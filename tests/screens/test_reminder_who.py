"""Who gets the mail: typed lines and a CSV file."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import TextArea

from tests.screens.conftest import Outside
from tests.screens.pages import opened
from tests.screens.reminder_paper import Flow, show, write
from wizard.project import Project

WRONG_RECIPIENTS = {
    "ana@example.com\nnobody\n": "Line 2: the address is not valid",
    "ana@example.com\nAna@example.com": "Line 2: the address stands on line 1 already",
    "": "Name at least one recipient",
}


async def test_wrong_recipients_are_named_by_their_line(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
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
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
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
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
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
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
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
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
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
