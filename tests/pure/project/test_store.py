"""A project file that others edit while it is open: no edit of theirs and none of ours is lost."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from wizard.errors import WizardError
from wizard.project.schema import Domain, Project, Reminder, as_yaml, load, save
from wizard.project.store import ProjectFile

BEGUN = Project(domain=Domain("example.com"), reminder=Reminder(subject="Hello", text="Text"))


@pytest.fixture
def file(tmp_path: Path) -> ProjectFile:
    """The file with ``BEGUN`` in it, as it was read."""
    save(BEGUN, tmp_path / "ses-wizard.yaml")
    opened = ProjectFile(tmp_path / "ses-wizard.yaml")
    assert opened.read() == BEGUN
    return opened


def subject(text: str) -> Project:
    return replace(BEGUN, reminder=replace(BEGUN.reminder, subject=text))


def text(text: str) -> Project:
    return replace(BEGUN, reminder=replace(BEGUN.reminder, text=text))


def test_an_edit_made_outside_is_noticed_by_content_and_kept(file: ProjectFile) -> None:
    assert not file.edited()
    stat = file.path.stat()
    save(subject("Jello"), file.path)
    os.utime(file.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file.edited()
    merged = file.save(text("Ours"))
    assert merged.conflicts == ()
    assert (
        load(file.path) == merged.project == replace(BEGUN, reminder=Reminder(subject="Jello", text="Ours"))
    )
    assert not file.edited()


def test_where_both_changed_the_same_the_file_keeps_what_is_in_it(file: ProjectFile) -> None:
    save(subject("Theirs"), file.path)
    merged = file.save(subject("Ours"))
    assert [conflict.name for conflict in merged.conflicts] == ["reminder.subject"]
    assert load(file.path) == subject("Theirs")
    assert file.save(merged.with_mine).conflicts == ()
    assert load(file.path) == subject("Ours")


def test_a_file_with_nothing_to_save_is_not_written(file: ProjectFile) -> None:
    commented = f"# Mine.\n{as_yaml(subject('Theirs'))}"
    file.path.write_text(commented)
    assert file.save(BEGUN).project == subject("Theirs")
    assert file.path.read_text() == commented


def test_a_file_that_was_deleted_is_written_anew(file: ProjectFile) -> None:
    file.path.unlink()
    assert not file.edited()
    assert file.save(BEGUN).project == BEGUN
    assert load(file.path) == BEGUN


def test_a_new_set_up_writes_no_file_before_there_is_anything_to_write(tmp_path: Path) -> None:
    file = ProjectFile(tmp_path / "ses-wizard.yaml")
    file.save(file.read())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_valid_any_more_is_left_alone_until_it_is(file: ProjectFile) -> None:
    file.path.write_text("schema: [")
    with pytest.raises(WizardError, match="is not valid"):
        file.save(subject("Ours"))
    assert file.path.read_text() == "schema: ["
    save(text("Theirs"), file.path.with_name("fixed"))
    file.path.with_name("fixed").rename(file.path)
    assert file.save(subject("Ours")).project.reminder == Reminder(subject="Ours", text="Theirs")


MINE, THEIRS = ("subject", "text"), ("html", "timezone")
"""Settings that are changed here, and those that are edited in the file."""


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([*MINE, *THEIRS, "save"]), max_size=8))
def test_however_edits_here_and_in_the_file_follow_each_other_none_is_lost(moves: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        save(BEGUN, Path(folder) / "ses-wizard.yaml")
        file = ProjectFile(Path(folder) / "ses-wizard.yaml")
        project, expected = file.read(), BEGUN
        for number, move in enumerate([*moves, "save"]):
            if move == "save":
                merged = file.save(project)
                assert merged.conflicts == ()
                project = merged.project
                assert project == expected
                continue
            change = {move: f"{move} {number}"}
            expected = replace(expected, reminder=replace(expected.reminder, **change))
            if move in MINE:
                project = replace(project, reminder=replace(project.reminder, **change))
            else:
                there = load(file.path)
                save(replace(there, reminder=replace(there.reminder, **change)), file.path)
        assert load(file.path) == project == expected
