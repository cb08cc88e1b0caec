"""The project file: what it accepts, what it says of mistakes, and that a save loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import ExitCode, WizardError
from wizard.project.schema import (
    MAX_BYTES,
    Account,
    Domain,
    Observation,
    Production,
    Project,
    Reminder,
    Sandbox,
    as_yaml,
    load,
    only_wizard,
    parse,
    save,
    takes,
)

FULL = Project(
    account=Account(profile="work", region="eu-west-1", id="123456789012"),
    domain=Domain(name="example.com"),
    sandbox=Sandbox(
        address="me@example.net",
        sent=Observation(at=datetime(2026, 11, 24, 11, tzinfo=UTC), words="to me@example.net"),
        read=Observation(at=datetime(2026, 11, 24, 12, tzinfo=UTC), words="SPF, DKIM and DMARC pass"),
    ),
    production=Production(mail_type="TRANSACTIONAL", contacts=("me@example.com",)),
).seen_done("account", "account 123456789012", datetime(2026, 11, 24, 10, tzinfo=UTC))


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "ses-wizard.yaml"
    save(FULL, path)
    assert load(path) == FULL
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["ses-wizard.yaml"]


@pytest.mark.parametrize(
    ("reminder", "taken"),
    [
        (Reminder(sender="me@example.com", text="Hello {{nmae}}\x07\n"), True),
        (Reminder(sender="nobody"), False),
        (Reminder(text="x" * MAX_BYTES), False),
    ],
)
def test_a_file_takes_what_could_be_read_again(reminder: Reminder, taken: bool) -> None:
    assert takes(Project(reminder=reminder)) is taken


def test_no_file_is_a_new_project(tmp_path: Path) -> None:
    assert load(tmp_path / "none.yaml") == Project()


def test_every_setting_is_in_the_example() -> None:
    path = Path(__file__).parents[3] / "config.example.yaml"
    project = load(path)
    text = path.read_text()
    for section in ("account", "domain", "identity", "reminder", "sandbox", "production"):
        for key in type(getattr(project, section)).__struct_fields__:
            assert f"\n  {key}:" in text or f"\n  # {key}:" in text, f"{section}.{key}"
    assert project.domain.name == "example.com"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"schema: 1\naccount:\n  region: x y\n", "Line 3: account.region: expected an AWS Region"),
        (
            b"schema: 1\naccount:\n  id: 123456789012\n",
            "Line 3: account.id: expected text, found a whole number",
        ),
        (b"schema: 1\nfoo: 2", "Line 2: foo: there is no such setting"),
        (b"schema: 1\nproduction:\n  contacts:\n   - a@b\n   - 'x y'\n", "Line 5: production.contacts.1"),
        (b"schema: 1\ndomain:\n  name: Example.com\n", "Line 3: domain.name: expected a domain name"),
        (b"schema: 1\nidentity:\n  configuration_set: 'a;b'\n", "Line 3: identity.configuration_set"),
        (
            b"schema: 1\nsandbox:\n  sent: {at: 2026-01-01T10:00:00, words: to me}\n",
            "Line 3: sandbox.sent.at: expected datetime with a timezone",
        ),
        (b"schema: 1\nsandbox:\n  address: nobody\n", "Line 3: sandbox.address: expected one e-mail address"),
        (b"a: [", "Line 1: a bracket or quote that opens here is not closed."),
        (
            b"schema: 1\ndomain: {name: a.example\nfoo:\n  b: 1\n",
            "Line 2: a bracket or quote that opens here",
        ),
        (b"schema: 1\nreminder:\n  subject: Hi: there\n", "Line 3: a second `:` in one value"),
        (b"schema: 1\nreminder:\n  text: {{name}}\n", "Line 3: a value that begins with `{{`"),
        (b"schema: 1\nreminder:\n\ttext: x\n", "Line 3: a tab"),
        (b"schema: 1\nreminder:\n  window_minutes: 5000\n", "expected a whole number of 1440 or less"),
        (b"schema: 1\nreminder:\n  start: tomorrow\n", "expected a date and time with its time zone"),
        (b"a: 1\nschema: 2\n", "Line 2: schema is 2, and this version reads 1. The file was not changed."),
        (b"schema: '2'", "Line 1: schema: expected a whole number, found text"),
        (b"schema: 0", "Line 1: schema: "),
        (
            b"schema: 1\nreminder:\n  subject: a\n  text: b\n  subject: c\n",
            "Line 5: subject: the key is already in line 3.",
        ),
        (b"schema: 1\ndomain: {}\ndomain: {name: example.com}\n", "Line 3: domain: the key is already in"),
        (b"schema: 1\nprogress:\n- {at: 1, at: 2}\n", "Line 3: at: the key is already in line 3."),
        (b"domain: {}", "Line 1: the key schema is missing"),
        (b"- 1", "Line 1: the file: expected settings, each as `key: value`, found a list"),
        (b"\xff\xfe\x00", "not YAML in UTF-8"),
        (b"schema: 1\nprogress:\n  foo: {at: 2026-01-01T00:00:00Z, words: x}\n", "progress"),
    ],
)
def test_a_mistake_is_named_by_line_and_key(raw: bytes, said: str) -> None:
    with pytest.raises(WizardError) as caught:
        parse(raw, Path("ses-wizard.yaml"))
    assert said in caught.value.what
    assert caught.value.exit_code == ExitCode.USAGE


def test_nothing_in_it_is_obeyed_by_a_terminal() -> None:
    said = parse(b'schema: 1\nsandbox:\n  read: {at: 2026-01-01T00:00:00Z, words: "\\e[2Jpass"}\n', Path("x"))
    assert said.sandbox.read is not None
    assert said.sandbox.read.words == r"\x1b[2Jpass"
    for setting in ('address: "a\\e[2J@b.com"', 'website: "https://\\e[2Jb.com"'):
        section = "sandbox" if "address" in setting else "production"
        with pytest.raises(WizardError, match="not valid"):
            parse(f"schema: 1\n{section}:\n  {setting}\n".encode(), Path("x"))


def test_a_file_that_could_not_be_read_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "ses-wizard.yaml"
    path.write_text("not: [valid")
    with pytest.raises(WizardError):
        save(FULL, path)
    assert path.read_text() == "not: [valid"


def test_a_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ses-wizard.yaml"
    save(FULL, path)
    before = path.read_bytes()

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(WizardError, match="could not be written"):
        save(Project(), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["ses-wizard.yaml"]


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ses-wizard.yaml"
    save(FULL, path)
    path.chmod(0o444)
    with pytest.raises(WizardError, match="could not be written") as caught:
        save(Project(), path)
    assert "The file is read-only" in caught.value.what
    assert caught.value.todo == "Make the file and its folder writable."
    assert load(path) == FULL
    assert [entry.name for entry in tmp_path.iterdir()] == ["ses-wizard.yaml"]


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ses-wizard.yaml"
    path.write_text("schema: 2\nnew: {}\n")
    with pytest.raises(WizardError, match="written by a newer ses-wizard") as caught:
        save(FULL, path)
    assert caught.value.exit_code == ExitCode.USAGE
    assert "Update ses-wizard" in caught.value.todo
    assert path.read_text() == "schema: 2\nnew: {}\n"


def test_text_of_several_lines_is_a_block_in_the_file() -> None:
    text = "Hello {{name}},\n\nsee: you soon.\n"
    written = as_yaml(Project(reminder=Reminder(subject="Hi", text=text)))
    assert "  subject: Hi\n  text: |\n    Hello {{name}},\n\n    see: you soon.\n" in written


@given(st.text(st.one_of(st.sampled_from("\n \t:#-|'\"\r\x85\u2028é🎉"), st.characters(codec="utf-8"))))
def test_any_text_is_read_back_as_it_was_written(text: str) -> None:
    project = Project(reminder=Reminder(subject="x", text=text))
    assert parse(as_yaml(project).encode(), Path("x")) == project


def test_two_wizards_do_not_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ses-wizard.yaml"
    with only_wizard(path), pytest.raises(WizardError, match="Another ses-wizard"), only_wizard(path):
        pass
    with only_wizard(path):
        pass
