"""The log of unexpected errors: always written, small, for the user alone, and without secrets."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from wizard import log as error_log
from wizard.cli import main as cli
from wizard.cli.debug import log_to
from wizard.errors import ExitCode, WizardError


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the log of this test will be."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "ses-wizard" / "errors.log"


@pytest.fixture
def everywhere(log: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The log where whatever fails anywhere is noted."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    before = list(logging.getLogger().handlers)
    error_log.note_everywhere()
    yield log
    logging.getLogger().handlers[:] = before


def raised(error: Exception) -> Exception:
    """``error`` with a traceback."""
    secret = "AKIAIOSFODNN7EXAMPLE"
    try:
        try:
            raise LookupError(secret)
        except LookupError as cause:
            raise error from cause
    except Exception as caught:
        return caught


def test_an_unexpected_error_is_logged_and_the_log_named(log: Path) -> None:
    shown = error_log.as_wizard_error(raised(KeyError("eventId")))
    text = log.read_text()
    assert "KeyError: 'eventId'" in text
    assert f'File "{__file__}", line ' in text
    assert "in raised" in text
    assert "The above exception was the direct cause" in text
    assert shown.what == "KeyError: 'eventId'"
    assert shown.todo.endswith(str(log))
    assert log.stat().st_mode & 0o077 == 0


def test_an_expected_error_is_not_logged(log: Path) -> None:
    error = WizardError("title", "what", "todo")
    assert error_log.as_wizard_error(error) is error
    assert not log.exists()


SECRETS = (
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "IQoJb3JpZ2luX2VjEOr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ==",
    "ana@example.com",
    "v1.0-8f3a9d2b7c6e5f4a3b2c1d0e9f8a7b6c",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("words", ["{}", "security-token:{}", "Bearer {}", "{{'to': '{}'}}", "a\n{}\nb"])
def test_the_log_has_no_secrets(log: Path, secret: str, words: str) -> None:
    error = ValueError(words.format(secret))
    error.add_note(f"with {secret}")
    error_log.note(raised(error))
    assert "ValueError" in log.read_text()
    assert secret not in log.read_text().replace(f'secret = "{SECRETS[0]}"', "")


def test_the_query_of_a_url_is_left_out(log: Path) -> None:
    error_log.note(ValueError("https://api.example.com/zones?token=abc#x is not there"))
    assert "https://api.example.com/zones?[left out] is not there" in log.read_text()


def test_control_characters_are_escaped_in_the_log(log: Path) -> None:
    error_log.note(ValueError("\x1b[2J"))
    assert r"ValueError: \x1b[2J" in log.read_text()


def test_the_log_stays_small_and_keeps_its_predecessor(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_log, "MAX_BYTES", 1_000)
    for number in range(20):
        error_log.note(ValueError(f"number {number}"))
    assert [file.name for file in sorted(log.parent.iterdir())] == ["errors.log", "errors.log.1"]
    assert all(file.stat().st_size <= 1_000 for file in log.parent.iterdir())
    assert "number 19" in log.read_text()
    assert "number 0" not in log.read_text()


def test_an_unwritable_log_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    shown = error_log.as_wizard_error(ValueError("x"))
    assert "start with `--debug` and report it with ses-wizard.log" in shown.todo


def test_a_command_that_fails_says_where_the_log_is(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(args: object) -> int:
        raise KeyError("eventId")

    monkeypatch.setattr(cli, "run_command", broken)
    assert cli.run(["status", "--file", str(tmp_path / "x.yaml")]) == ExitCode.NO
    told = capsys.readouterr().err
    assert "Something unexpected happened\nKeyError: 'eventId'" in told
    assert str(log) in told
    assert "Traceback" not in told
    assert "in broken" in log.read_text()


def test_errors_of_threads_are_logged_and_not_printed(
    everywhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise KeyError("eventId")

    thread = threading.Thread(target=broken, name="reading")
    thread.start()
    thread.join()
    assert "thread reading\nTraceback" in everywhere.read_text()
    assert capsys.readouterr().err == ""


def test_errors_of_the_event_loop_are_logged_and_not_printed(
    everywhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken() -> None:
        raise KeyError("eventId")

    async def forget() -> None:
        task = asyncio.create_task(broken())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(forget())
    assert "in broken" in everywhere.read_text()
    assert capsys.readouterr().err == ""


def test_the_debug_log_has_unexpected_errors_too(log: Path, tmp_path: Path) -> None:
    loggers = [logging.getLogger(name) for name in ("wizard", "screens")]
    before = [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    try:
        log_to(tmp_path / "ses-wizard.log")
        error_log.note(raised(KeyError("eventId")))
        assert "KeyError: 'eventId'" in (tmp_path / "ses-wizard.log").read_text()
    finally:
        for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
            logger.handlers[:], logger.propagate = handlers, propagate
            logger.setLevel(level)
