"""Reading a large file of recipients: it tells how far it has come, and ends when nobody waits for it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 1 << 20
"""Bytes that are read at once; so often it is looked whether anybody waits still."""
TELL_EVERY = 0.5
"""Seconds between two words about how far it has come."""


class StaleError(Exception):
    """Something else is wanted meanwhile."""


@dataclass(frozen=True)
class Reader:
    """Who reads: ``told`` hears how far it has come, now and then; ``waits`` says whether they wait still."""

    told: Callable[[str], None] = lambda _: None
    waits: Callable[[], bool] = lambda: True


READER = Reader()


@contextmanager
def opened(path: Path, reader: Reader = READER) -> Iterator[BinaryIO]:
    """The CSV file at ``path``, open for ``reader``.

    Raises WizardError where it cannot be read, and StaleError once the reader waits no more.
    """
    from wizard.reminder.recipients.csv_file import opened as really_opened

    with really_opened(path) as file:
        watched = _Watched(file, os.fstat(file.fileno()).st_size, reader)
        with io.BufferedReader(watched, BLOCK) as buffered:
            yield buffered


class _Watched(io.RawIOBase):
    """A file each of whose reads is noticed."""

    def __init__(self, file: BinaryIO, size: int, reader: Reader) -> None:
        self._file = file
        self._size = size
        self._reader = reader
        self._told_at = monotonic()

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def seekable(self) -> bool:
        """It is read more than once."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As the file does."""
        return self._file.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer) -> int:
        """As the file does, and say so."""
        if not self._reader.waits():
            raise StaleError
        data = self._file.read(len(memoryview(buffer)))
        memoryview(buffer)[: len(data)] = data
        if monotonic() - self._told_at >= TELL_EVERY:
            self._told_at = monotonic()
            done = self._file.tell() * 100 // max(self._size, 1)
            self._reader.told(f"{done} % of {self._size / 1e6:,.0f} MB")
        return len(data)
