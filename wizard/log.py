"""The log of unexpected errors: their tracebacks, without secrets.

It is one small file in the user's state folder, and its predecessor. A traceback has lines of code but no
values of variables; possible keys, tokens and addresses are removed from the exceptions' messages.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path

from wizard import __version__
from wizard.errors import WizardError
from wizard.files import state_folder
from wizard.text import printable

MAX_BYTES = 200_000
"""From this size on, the file becomes the predecessor."""
_WORDS = 2_000
"""The most characters of one exception's message."""
_SECRETS = (
    (re.compile(r"(https?://[^\s?#]*)[?#]\S*"), r"\1?[left out]"),
    (re.compile(r"[^\s\"'<>(),:;=@]+@[^\s\"'<>(),:;=@]+"), "[address left out]"),
    (re.compile(r"\bA(?:KIA|SIA)[A-Z0-9]{8,}"), "[key left out]"),
    (re.compile(r"[A-Za-z0-9+/=_%-]{32,}"), "[left out]"),
)
"""What is removed from an exception's message: queries of URLs, addresses, access keys, and long words
(secret keys, tokens and signatures)."""
_WRITING = threading.Lock()
_log = logging.getLogger(__name__)


def as_wizard_error(error: BaseException) -> WizardError:
    """Return ``error`` as a WizardError; an unexpected one is logged, and the log file is named."""
    if isinstance(error, WizardError):
        return error
    log = note(error)
    report = (
        f"report it with this log, which has no secrets: {printable(str(log), 300)}"
        if log
        else "start with `--debug` and report it with ses-wizard.log: the usual log cannot be written."
    )
    return WizardError(
        "Something unexpected happened",
        printable(f"{type(error).__name__}: {error}", 400),
        f"Try again. If it happens again, {report}",
    )


def note(error: BaseException) -> Path | None:
    """Write the traceback of ``error`` to the log; return its path, or None if it cannot be written."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    head = f"{moment} ses-wizard {__version__}, Python {platform.python_version()}, {platform.system()}"
    told = scrubbed(error)
    _log.debug("not expected\n%s", told)
    entry = f"{head}, thread {threading.current_thread().name}\n{told}\n".encode()
    try:
        path = log_path()
        with _WRITING:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size + len(entry) > MAX_BYTES:
                path.replace(path.with_name(f"{path.name}.1"))
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(entry)
    except (OSError, RuntimeError):
        return None
    return path


def log_path() -> Path:
    """Return the path of the log. Raises RuntimeError if the user has no home folder."""
    return state_folder() / "errors.log"


def scrubbed(error: BaseException) -> str:
    """Return the traceback of ``error`` and of its causes, without possible secrets."""
    return "".join(
        part if re.match(r'[\s|+-]*File "', part) else _safe(part)
        for part in traceback.TracebackException.from_exception(error).format()
    )


def note_everywhere() -> None:
    """Log errors of threads, the event loop and libraries instead of printing them.

    The terminal belongs to the wizard or has a command's result.
    """

    def thread_failed(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            note(failed.exc_value)

    threading.excepthook = thread_failed
    logging.getLogger().addHandler(_Noting(logging.ERROR))


class _Noting(logging.Handler):
    """Logs the exceptions that asyncio and Flask (the demo's servers) log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record's exception, if it has one."""
        if record.exc_info and record.exc_info[1] is not None:
            note(record.exc_info[1])


def _safe(words: str) -> str:
    """Return an exception's message, line by line, without possible secrets."""
    lines = []
    for line in words[:_WORDS].splitlines():
        for pattern, instead in _SECRETS:
            line = pattern.sub(instead, line)
        lines.append(printable(line))
    return "\n".join(lines) + "\n"
