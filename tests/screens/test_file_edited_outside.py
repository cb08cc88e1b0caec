"""The project file is edited outside, or cannot be written, while the wizard is open on it."""

from __future__ import annotations

import dataclasses
import errno
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input

from screens.project_file.conflict import FileConflict
from screens.project_file.save_elsewhere import SaveElsewhere
from tests.screens.conftest import Outside, seen_so
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import Stage
from tests.screens.reminder_paper import Flow
from wizard.errors import ExitCode, WizardError
from wizard.project.merge import Conflict
from wizard.project.schema import Account, Domain, Project, Reminder, as_yaml, load, save
from wizard.steps.model import Status, StepName, StepState


def edit(page: Opened, **settings: object) -> None:
    """Edit the reminder's section of the file, as with an editor."""
    project = load(page.path)
    save(replace(project, reminder=replace(project.reminder, **settings)), page.path)


def field(page: Opened, name: str) -> str:
    return page.app.screen.query_one(f"Input#{name}", Input).value


def enter(page: Opened, name: str, text: str) -> None:
    page.app.screen.query_one(f"Input#{name}", Input).focus().value = text


@pytest.fixture
def unwritten(written: Project) -> Project:
    """A set-up whose reminder has recipients, but no message yet: its page opens on What."""
    return replace(written, reminder=replace(written.reminder, subject="", text="", schedule=None))


@pytest.fixture
def unscheduled(written: Project) -> Project:
    """A set-up whose reminder has no schedule: its page opens on When."""
    return replace(written, reminder=replace(written.reminder, schedule=None))


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is looked at all the time."""
    monkeypatch.setattr("screens.project_file.saving.FILE_LOOK_EVERY", 0.02)


async def on_what(page: Opened) -> None:
    """Open the reminder's page about the message."""
    await page.go(StepName.REMINDER)
    await page.shows("[What]")


@pytest.mark.usefixtures("looking")
async def test_an_edit_outside_is_shown_in_the_fields_and_told(
    outside: Outside, made: Flow, unscheduled: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=unscheduled) as page:
        await page.go(StepName.REMINDER)
        await page.shows("[When]")
        await page.press("f2")
        enter(page, "sender_name", "Typed here")
        edit(page, subject="Edited outside")
        await page.until(lambda: field(page, "subject") == "Edited outside")
        assert "Edited in ses-wizard.yaml" in page.text
        assert "reminder.subject" in page.text
        assert field(page, "sender_name") == "Typed here"
        await page.until(lambda: page.saved.reminder.sender_name == "Typed here")
        assert page.saved.reminder.subject == "Edited outside"


@pytest.mark.usefixtures("looking")
async def test_after_an_edit_outside_all_steps_are_looked_at_again(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        asked = outside.asked.count("survey")
        changed = StepState(StepName.REMINDER, Status.ATTENTION, "Changed, not deployed: subject")
        outside.standings = {**seen_so(begun), StepName.REMINDER: changed}
        edit(page, subject="Edited outside")
        await page.shows("Changed, not deployed: subject")
        assert outside.asked.count("survey") == asked + 1


async def test_a_save_keeps_what_was_edited_outside_meanwhile(
    outside: Outside, made: Flow, unwritten: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=unwritten) as page:
        await on_what(page)
        enter(page, "subject", "Typed here")
        edit(page, timezone="Asia/Tokyo")
        await page.press("f3")
        assert page.saved.reminder.subject == "Typed here"
        assert page.saved.reminder.timezone == "Asia/Tokyo"
        assert page.app.state
        assert page.app.state.project == page.saved


@pytest.mark.parametrize(("answer", "kept"), [("y", "Typed here"), ("n", "Edited outside")])
async def test_what_was_changed_here_and_outside_is_asked_about(
    outside: Outside, made: Flow, unwritten: Project, tmp_path: Path, answer: str, kept: str
) -> None:
    async with opened(tmp_path, outside.world, project=unwritten) as page:
        await on_what(page)
        enter(page, "subject", "Typed here")
        edit(page, subject="Edited outside", timezone="Asia/Tokyo")
        await page.pilot.press("f3")
        await page.shows("reminder.subject was changed here and in ses-wizard.yaml")
        assert "Typed here" in page.text
        assert "Edited outside" in page.text
        assert page.saved.reminder.subject == "Edited outside", "until the answer the file is as it was"
        await page.press(answer)
        assert page.saved.reminder.subject == kept
        assert page.saved.reminder.timezone == "Asia/Tokyo"
        await page.press("f2")
        assert field(page, "subject") == kept


async def test_what_is_typed_and_the_file_cannot_hold_stays_in_its_field(
    outside: Outside, made: Flow, unwritten: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=unwritten) as page:
        await on_what(page)
        enter(page, "sender", "nobody")
        edit(page, subject="Edited outside", sender="other@example.com")
        page.app.call_later(page.app.saver.save)
        await page.shows("reminder.subject was changed here and in")
        assert "A small reminder" not in page.saved.reminder.subject
        await page.press("n")
        assert page.saved.reminder.subject == "Edited outside"
        assert field(page, "sender") == "nobody"


async def test_the_domain_and_the_region_edited_outside_are_looked_at(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.DOMAIN)
        assert field(page, "name") == "example.com"
        edited = replace(begun, domain=Domain("example.org"), account=Account(region="eu-central-1"))
        save(edited, page.path)
        page.app.call_later(page.app.saver.save)
        await page.until(lambda: page.app.state and page.app.state.domain == "example.org")
        await page.settle()
        assert field(page, "name") == "example.org"
        assert page.app.state
        assert page.app.state.world.aws.region == "eu-central-1"
        assert outside.asked.count("survey") == 2


async def test_a_file_that_becomes_invalid_is_told_once_and_taken_up_when_it_is_valid_again(
    outside: Outside, made: Flow, unwritten: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.project_file.saving.FILE_LOOK_EVERY", 0.02)
    async with opened(tmp_path, outside.world, project=unwritten) as page:
        told: list[str] = []
        monkeypatch.setattr(page.app, "notify", lambda words, **_: told.append(words))
        await on_what(page)
        page.path.write_text("schema: 1\nreminder:\n  subject: a\n  subject: b\n")
        await page.until(lambda: told)
        await page.pilot.pause(0.1)
        assert len(told) == 1
        assert "Line 4: subject: the key is already in line 3." in told[0]
        assert page.path.read_text().endswith("subject: b\n")
        valid = replace(unwritten, reminder=replace(unwritten.reminder, subject="Valid"))
        page.path.write_text(as_yaml(valid))
        await page.until(lambda: field(page, "subject") == "Valid")


async def drawn(page: Opened) -> str:
    """The dialog, once it has found its size, without the page behind it."""
    before = ""
    while before != page.text:
        before = page.text
        await page.pilot.pause(0.05)
    box = page.app.screen.query_one(".dialog").region
    rows = page.text.splitlines()[box.y : box.bottom]
    return "\n".join(row[box.x : box.right] for row in rows)


@dataclass
class Disk:
    """What files are written to."""

    full: bool = False


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk that may be full."""
    there, fsync = Disk(), os.fsync

    def write(descriptor: int) -> None:
        if there.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", write)
    return there


async def quit_unsaved(page: Opened, disk: Disk) -> None:
    """Decide something that cannot be saved, and press F10."""
    disk.full = True
    await page.go(StepName.DOMAIN)
    enter(page, "name", "example.org")
    await page.press("enter")
    await page.press("f3")
    await page.pilot.press("f10")
    await page.shows("The project file is not saved")
    assert "No space left on device" in page.text


async def test_quitting_unsaved_asks_and_ends_with_exit_code_1(
    outside: Outside, begun: Project, tmp_path: Path, disk: Disk
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await quit_unsaved(page, disk)
        await page.press("escape")
        assert page.app.is_running
        await page.pilot.press("f10")
        await page.shows("The project file is not saved")
        await page.pilot.press("f10")
        await page.until(lambda: not page.app.is_running)
    error = page.app.return_value
    assert isinstance(error, WizardError)
    assert (error.exit_code, page.app.return_code) == (ExitCode.NO, ExitCode.NO)
    assert "was not saved" in error.title
    assert page.saved == begun


async def test_what_cannot_be_saved_can_be_saved_elsewhere(
    outside: Outside, begun: Project, tmp_path: Path, disk: Disk
) -> None:
    begun = replace(begun, reminder=Reminder(recipients="people.csv"))
    async with opened(tmp_path, outside.world, project=begun) as page:
        await quit_unsaved(page, disk)
        enter(page, "elsewhere", str(page.path))
        await page.pilot.press("enter")
        await page.until(lambda: "cannot be written" in page.words)
        enter(page, "elsewhere", str(tmp_path / "another.yaml"))
        await page.pilot.press("enter")
        await page.until(lambda: page.words.count("could not be written") == 2)
        disk.full = False
        await page.pilot.press("enter")
        await page.until(lambda: not page.app.is_running)
    assert page.app.return_value is None
    assert not page.app.return_code
    assert page.app.path == tmp_path / "another.yaml"
    assert load(page.app.path).domain == Domain("example.org")
    assert load(page.app.path).reminder.recipients == str(tmp_path / "people.csv")
    assert page.app.state
    assert page.app.state.project == load(page.app.path), "so that it is said how to go on with it"


async def test_a_demo_is_not_saved_elsewhere_for_its_account_is_beside_its_file(
    outside: Outside, begun: Project, tmp_path: Path, disk: Disk
) -> None:
    world = dataclasses.replace(outside.world, stage=Stage())
    async with opened(tmp_path, world, project=begun) as page:
        await quit_unsaved(page, disk)
        assert "new file" not in page.text
        await page.pilot.press("y")
        await page.until(lambda: not page.app.is_running)
    assert page.app.return_code == ExitCode.NO


async def test_a_file_that_cannot_be_written_is_told_once_a_decision(
    outside: Outside, begun: Project, tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    async with opened(tmp_path, outside.world, project=begun) as page:
        monkeypatch.setattr(page.app, "notify", lambda words, **_: told.append(words))
        await quit_unsaved(page, disk)
        assert len(told) == 1


async def test_a_disk_that_is_full_for_a_while_loses_nothing(
    outside: Outside, begun: Project, tmp_path: Path, disk: Disk
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await quit_unsaved(page, disk)
        disk.full = False
        await page.press("f2")
        await page.pilot.press("f10")
        await page.until(lambda: not page.app.is_running)
    assert page.app.return_value is None
    assert page.saved.domain == Domain("example.org")


async def test_a_deleted_file_is_written_anew_when_the_wizard_is_left(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        page.path.unlink()
        await page.pilot.press("f10")
        await page.until(lambda: not page.app.is_running)
    assert page.saved == begun


@pytest.mark.parametrize("size", SIZES)
async def test_the_question_which_of_two_edits_to_keep(
    outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    conflict = Conflict("reminder", ("subject",), ("Hello {{name}}",), ("[red]\x1b[2J",))
    async with opened(tmp_path, outside.world, size=size) as page:
        page.app.push_screen(FileConflict(Path("ses-wizard.yaml"), conflict))
        await page.shows("Keep mine")
        assert await drawn(page) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_the_question_where_to_save_what_could_not_be_saved(
    outside: Outside,
    tmp_path: Path,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    snapshot: SnapshotAssertion,
) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    error = WizardError("x.yaml could not be written", "No space left on device.", "Free disk space.")
    async with opened(tmp_path, outside.world, size=size) as page:
        page.app.push_screen(SaveElsewhere(error, Project(), Path("ses-wizard.yaml")))
        await page.shows("Stay  F2")
        assert await drawn(page) == snapshot
