"""Who gets the mail: typed lines and a CSV file."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Select, TextArea

from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.reminder_paper import Flow, show, write
from wizard.aws.cloudformation import Stack
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project, Table
from wizard.reminder.recipients import parse
from wizard.steps.reminder import recipients_form
from wizard.steps.reminder.opt_outs import OptOut
from wizard.steps.reminder.recipients_form import Reader, RecipientsForm, Source, StaleError
from wizard.steps.reminder.step import ReminderReport


async def choose(page: Opened, source: Source) -> None:
    """Another way to say who."""
    page.app.screen.query_one("#source", Select).value = source
    await page.settle()


WRONG_RECIPIENTS = {
    "ana@example.com\nnobody\n": "Line 2: the address is not valid",
    "ana@example.com\nAna@example.com": "Line 2: the address is already on line 1",
    "": "Add at least one recipient",
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
        assert not (tmp_path / "ses-wizard-recipients.csv").exists()


async def test_recipients_that_stand_in_the_folder_already_are_shown_and_never_written_over_unseen(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    others, kept = tmp_path / "recipients.csv", tmp_path / "ses-wizard-recipients.csv"
    others.write_text("email,name\nme@example.com,Me\n")
    kept.write_text("email,name\nzoe@example.com,Zoe\n")
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        assert page.app.screen.query_one("#lines", TextArea).text == "zoe@example.com, Zoe"
        kept.write_text("email,name\nnew@example.com,New\n")
        write(page, "lines", "ana@example.com")
        await page.press("f3")
        assert "ses-wizard-recipients.csv already exists" in page.text
        assert "new@example.com" in kept.read_text()
        kept.unlink()
        await page.press("enter")
        await page.shows("[What]")
    assert kept.read_text() == "email,name\nana@example.com,\n"
    assert others.read_text() == "email,name\nme@example.com,Me\n"


async def test_in_the_sandbox_those_who_get_nothing_are_named_here_and_where_it_is_set_up(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    people = "email,name\nana@example.com,Ana\nben@else.example,Ben\nsuccess@simulator.amazonses.com,Chris\n"
    (tmp_path / "ses-wizard-recipients.csv").write_text(people)
    made.seen = ReminderReport(None, open_to=frozenset({"example.com"}))
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page)
        await page.shows("Deploy it?")
        words = "! sandbox SES refuses mail to 1 of 3 until production access (step 6), because it has not"
        assert words in page.words
        await page.press("f2", "f2", "f2")
        assert words in page.words
        write(page, "lines", "ana@example.com")
        await page.settle()
        assert "! sandbox" not in page.text
        made.seen = ReminderReport(None)
        write(page, "lines", "ben@else.example")
        await page.press("f5")
        assert "! sandbox" not in page.text


async def test_one_goes_on_below_the_list_and_the_keys_lead_to_both_its_ends(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        lines = page.app.screen.query_one("#lines", TextArea)
        last = lines.document.line_count - 1
        assert lines.cursor_location == (last, 0)
        await page.press("ctrl+home")
        assert lines.cursor_location == (0, 0)
        await page.press("end", "ctrl+end")
        assert lines.cursor_location == (last, 0)


async def test_a_csv_file_is_read_as_it_is_named(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    (tmp_path / "team.csv").write_text("name,email,plan\nAna,ana@example.com,basic\n")
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await choose(page, Source.FILE)
        page.type("path", "tea")
        await page.shows("No such file")
        page.type("path", "team.csv")
        await page.shows("1 recipient. Fields to use: {{email}}, {{name}}, {{plan}}")
        await page.press("f3")
        assert page.saved.reminder.recipients == "team.csv"
        assert not (tmp_path / "ses-wizard-recipients.csv").exists()
        assert "Fields: {{email}}, {{name}}, {{plan}}" in page.text


async def test_a_missing_csv_file_stops_and_can_be_fixed(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await choose(page, Source.FILE)
        page.type("path", "team.csv")
        await page.press("f3")
        assert "✗ fix" in page.text
        assert page.app.focused is page.app.screen.query_one("#path")
        (tmp_path / "team.csv").write_text("email\nana@example.com\n")
        await page.press("f3")
        assert "What does it say?" in page.text


async def test_an_unreadable_csv_file_tells_the_other_ways(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await choose(page, Source.FILE)
        await page.press("f3")
        assert "✗ fix  Enter the path of the CSV file." in page.text
        page.type("path", "team.csv")
        await page.press("f3")
        assert "or choose another source above" in page.words
        await choose(page, Source.TYPED)
        await page.shows("✓  3 recipients")
        assert "ana@example.com, Ana" in page.text
        assert "fix" not in page.text
        assert "could not be read" not in page.text


async def test_a_refused_line_turns_from_a_hint_to_an_error_and_has_the_cursor(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        write(page, "lines", "ana@example.com, Ana\nzoe@web.de Zoe\nben@example.com, Ben\n")
        await page.shows("!  Line 2: a comma is missing before the name: zoe@web.de, Zoe.")
        await page.press("f3")
        assert "✗ fix  Line 2: a comma is missing" in page.text
        assert page.text.count("Line 2") == 1
        lines = page.app.screen.query_one("#lines", TextArea)
        assert page.app.focused is lines
        assert lines.cursor_location == (1, len("zoe@web.de Zoe"))
        write(page, "lines", "ana@example.com, Ana\n")
        await page.shows("✓  1 recipient.")
        assert "fix" not in page.text


async def test_a_large_file_tells_how_far_its_reading_has_come(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients_form, "REPORT_EVERY", 0.0)
    monkeypatch.setattr(parse, "_WATCHED", 100)
    told: list[str] = []
    rows = "".join(f"someone{number}@example.com,Some One\n" for number in range(500))
    (tmp_path / "team.csv").write_text("email,name\n" + rows)
    who = RecipientsForm(Source.FILE, path="team.csv")
    assert who.read(tmp_path, Reader(told.append)).count == 500
    assert told[-1].endswith("% of 0 MB")
    with pytest.raises(StaleError):
        who.read(tmp_path, Reader(wanted=lambda: False))


async def test_columns_with_gaps_are_told(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    (tmp_path / "team.csv").write_text("email,name\nana@example.com,Ana\nben@example.com,\n")
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await choose(page, Source.FILE)
        page.type("path", "team.csv")
        await page.shows("!  Empty: {{name}} for 1")


# A table of one's own


@pytest.mark.parametrize("size", SIZES)
async def test_a_table_of_ones_own_is_looked_at_and_its_attributes_mapped(
    outside: Outside,
    made: Flow,
    begun: Project,
    tmp_path: Path,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
) -> None:
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await show(page)
        await choose(page, Source.TABLE)
        assert page.app.focused is page.app.screen.query_one("#table")
        page.type("table", "customers")
        await page.press("enter")
        assert made.asked == ["table customers"]
        assert "✓  about 12,345 recipients" in page.text
        assert page.text == snapshot
        write(page, "mapping", "first_name = FirstName\nlevel = plan")
        await page.shows("{{level}}")
        await page.press("f3")
        assert page.saved.reminder.table == Table(
            "customers", "Mail", "unsubscribed", {"first_name": "FirstName", "level": "plan"}
        )
        assert page.saved.reminder.recipients is None
    async with opened(tmp_path, outside.world, size=size) as page:
        await show(page, "f2")
        await page.until(lambda: made.asked[-1] == "table customers")
        assert "level = plan" in page.text


WRONG_TABLES = {
    "first_name FirstName": "Line 1: write it like first_name = FirstName",
    "First Name = FirstName": "Line 1: write it like first_name = FirstName",
    "a = b\na = c": "Line 2: a is already defined",
}


async def test_what_is_wrong_about_a_table_is_said(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await choose(page, Source.TABLE)
        await page.press("f3")
        assert "✗ fix  Enter the name of the table." in page.text
        page.type("table", "no")
        await page.press("f3")
        assert "✗ fix  Not a valid DynamoDB table name" in page.text
        page.type("table", "customers")
        await page.press("f3")
        assert "✗ fix  Press Enter in this field" in page.text
        await page.press("enter")
        for text, words in WRONG_TABLES.items():
            write(page, "mapping", text)
            await page.shows(f"!  {words}")
        await page.press("f3")
        assert "✗ fix" in page.text
        assert page.app.focused is page.app.screen.query_one("#mapping")
        assert page.saved.reminder.table is None
        write(page, "mapping", "city = Ctiy")
        await page.until(lambda: "has an attribute Ctiy: {{city}} stays empty." in page.words)
        await page.press("f3")
        assert "What does it say?" in page.text
        assert page.saved.reminder.table


async def test_after_an_error_the_cursor_is_back_in_the_field(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    made.error = WizardError("There is no table custmoers", "DynamoDB has none.", "Check the name.")
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await choose(page, Source.TABLE)
        page.type("table", "custmoers")
        await page.press("enter")
        assert "! There is no table" in page.text
        await page.press("escape", "f3")
        assert page.app.focused is page.app.screen.query_one("#table")


async def test_a_table_that_cannot_be_looked_at_says_why(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    made.error = WizardError("There is no such table", "In us-east-1.", "Check the name.", ExitCode.USAGE)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await choose(page, Source.TABLE)
        page.type("table", "customers")
        await page.press("enter")
        assert "! There is no such table" in page.text
        made.error = None
        page.type("table", "clients")
        await page.press("enter")
        assert "no such table" not in page.text
        assert "✓  about 12,345 recipients" in page.text


# Opt-outs


@pytest.fixture
def deployed(made: Flow) -> Flow:
    """A reminder that stands, with one opt-out."""
    stack = Stack("arn", "ses-wizard-reminder", "CREATE_COMPLETE", "", {}, {"ses-wizard": "example.com"})
    made.seen = ReminderReport(stack, recipients=3)
    made.gone["cem@example.com"] = OptOut("cem@example.com", NOW, "complaint")
    return made


async def test_opt_outs_are_counted_added_and_taken_back(
    outside: Outside, deployed: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("1 opt-out.")
        await page.press("f6")
        assert "Opt-outs" in page.text
        assert "24 Nov 2026  complaint" in page.text
        await page.press(*"dan@example.com", "enter")
        assert "dan@example.com gets no more mail." in page.text
        await page.shows("2 opt-outs.")
        await page.press("f6", "shift+tab", "enter")
        assert "Remove cem@example.com?" in page.text
        await page.press("enter")
        assert "cem@example.com" in deployed.gone
        await page.press("f6", "shift+tab", "enter", "y")
        assert "cem@example.com gets mail again." in page.text
        assert set(deployed.gone) == {"dan@example.com"}
        await page.press("f6", "escape")
        assert "Who gets the mail?" in page.text


async def test_what_is_no_address_is_fixed_in_the_list_of_opt_outs(
    outside: Outside, deployed: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f6")
        await page.press(*"nobody", "enter")
        assert "✗ fix  nobody: expected name@example.com." in page.text
        await page.press(*"@example.com", "enter")
        assert "nobody@example.com gets no more mail." in page.text


async def test_before_anything_is_deployed_there_are_no_opt_outs(
    outside: Outside, made: Flow, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page, "f6")
        assert "Opt-outs  F6" not in page.text
        assert "! The opt-out list is created on the Create page." in page.text
        assert "Who gets the mail?" in page.text
