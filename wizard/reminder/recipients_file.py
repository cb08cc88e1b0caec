"""The CSV file of the recipients: which one it is, opening it, and keeping what was typed in one."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from wizard.errors import ExitCode, WizardError
from wizard.project import Project, write_whole
from wizard.reminder import recipients
from wizard.reminder.recipients import TYPED, LineError, Recipients
from wizard.text import printable

RECIPIENTS_FILE = "recipients.csv"
"""Where typed recipients are kept, beside the project file."""


def recipients_file(project: Project, base: Path) -> Path:
    """The project's CSV file; ``base`` is the folder of the project file.

    Raises WizardError (exit code 2) where the project names none.
    """
    if not project.reminder.recipients:
        raise WizardError(
            "There are no recipients yet",
            "The project file names no CSV file.",
            "Type some, or name a CSV file with an email column.",
            ExitCode.USAGE,
        )
    return base / project.reminder.recipients


def read_recipients(project: Project, base: Path) -> Recipients:
    """What is in the project's CSV file. Raises WizardError (exit code 2) where it cannot be read."""
    with opened(recipients_file(project, base)) as file:
        return recipients.read(file)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The CSV file at ``path``, open for reading.

    Raises WizardError (exit code 2) where it cannot be read, and for a LineError that is raised inside.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "It is no file")
        file = path.open("rb")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    with file:
        try:
            yield file
        except LineError as error:
            raise WizardError(
                f"{printable(str(path), 200)} has a problem",
                f"{error}.",
                "Mend that line, then plan again. Nothing of the file was taken over.",
                ExitCode.USAGE,
            ) from error
        except OSError as error:
            raise _unreadable(path, error) from error


def keep_typed(project: Project, base: Path, typed: str) -> Project:
    """Write typed lines without problems to ``RECIPIENTS_FILE`` in ``base``; the project that names it.

    Raises WizardError where the disk refuses.
    """
    write_whole(base / RECIPIENTS_FILE, recipients.lines_to_csv(typed))
    return replace(project, reminder=replace(project.reminder, recipients=RECIPIENTS_FILE))


def kept_typed(project: Project, base: Path) -> str | None:
    """The lines that were typed, if the project's file holds nothing else: None for any other file.

    Raises WizardError (exit code 2) where it cannot be read.
    """
    if project.reminder.recipients != RECIPIENTS_FILE:
        return None
    with opened(base / RECIPIENTS_FILE) as file:
        read = recipients.read(file)
        if read.problems or read.columns != TYPED or read.count > recipients.MAX_TYPED:
            return None
        people = [(person.email, person.values.get("name")) for person in recipients.people(file)]
    return "\n".join(f"{email}, {name}" if name else email for email, name in people)


def _unreadable(path: Path, error: OSError | ValueError) -> WizardError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return WizardError(
        f"{printable(str(path), 200)} could not be read",
        f"{reason}.",
        "Name another CSV file, or make this one readable.",
        ExitCode.USAGE,
    )
