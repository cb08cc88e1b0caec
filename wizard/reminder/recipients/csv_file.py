"""The CSV file of the recipients: finding and opening it, and the file that keeps typed recipients."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project, write_whole
from wizard.reminder.recipients import parse as recipients
from wizard.reminder.recipients.parse import MAX_TYPED, TYPED, LineError, Recipients
from wizard.text import printable

_MAX_BYTES = 10_000_000
"""A larger file was not typed."""


def recipients_file(project: Project, base: Path) -> Path:
    """The path of the project's CSV file; ``base`` is the folder of the project file.

    Raises WizardError (exit code 2) if the project names none.
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
    """Summarise the project's CSV file. Raises WizardError (exit code 2) if it cannot be read."""
    with opened(recipients_file(project, base)) as file:
        return recipients.read(file)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The CSV file at ``path``, open for reading.

    Raises WizardError (exit code 2) if it cannot be read, and for a LineError raised inside.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "It is not a file")
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
                "Fix that line, then plan again. Nothing was imported.",
                ExitCode.USAGE,
            ) from error
        except OSError as error:
            raise _unreadable(path, error) from error


class TypedFile:
    """The CSV file that keeps typed recipients: ``ses-wizard-recipients.csv`` beside ``ses-wizard.yaml``.

    Content that this wizard has neither shown nor written is never overwritten.
    """

    def __init__(self, project_file: Path) -> None:
        self.path = project_file.with_name(f"{project_file.stem}-recipients.csv")
        self._known: set[bytes] = set()

    @property
    def name(self) -> str:
        """The file's name, as the project file has it."""
        return self.path.name

    def read(self) -> str | None:
        """The typed lines; None if the file holds anything that cannot be typed.

        Raises WizardError (exit code 2) if it cannot be read.
        """
        with opened(self.path) as file:
            raw = file.read(_MAX_BYTES + 1)
        read = recipients.read(BytesIO(raw))
        if len(raw) > _MAX_BYTES or read.problems or read.columns != TYPED or read.count > MAX_TYPED:
            return None
        self._known.add(raw)
        people = [(person.email, person.values.get("name")) for person in recipients.people(BytesIO(raw))]
        return "\n".join(f"{email}, {name}" if name else email for email, name in people)

    def write(self, typed: str) -> None:
        """Write typed lines without problems.

        Raises WizardError if the disk refuses, and if the file holds content from elsewhere.
        """
        text = recipients.lines_to_csv(typed)
        self._known.add(text.encode())
        if os.path.lexists(self.path):
            with opened(self.path) as file:
                known = file.read(_MAX_BYTES + 1) in self._known
            if not known:
                raise WizardError(
                    f"{self.name} already exists",
                    "Its content was neither typed nor shown here, so it is left unchanged.",
                    "Move that file away and try again, or choose “a CSV file” and name it.",
                    ExitCode.USAGE,
                )
        write_whole(self.path, text)


def _unreadable(path: Path, error: OSError | ValueError) -> WizardError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return WizardError(
        f"{printable(str(path), 200)} could not be read",
        f"{reason}.",
        "Name another CSV file, or make this one readable.",
        ExitCode.USAGE,
    )
