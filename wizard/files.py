"""Atomic writes of files, and the folder for the program's own state."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def replace_file(path: Path, raw: bytes) -> None:
    """Write ``raw`` to ``path``, whole or not at all, readable only by the user. Raises OSError.

    It writes a temporary file, then calls fsync and rename; a symbolic link stays, its target is replaced. A
    rename would also replace a read-only file, so that is refused (for root, too).
    """
    target = path.resolve()
    if target.exists() and not (os.access(target, os.W_OK) and target.stat().st_mode & _WRITABLE):
        raise PermissionError(errno.EACCES, "The file is read-only")
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    _sync_folder(target.parent)


def state_folder() -> Path:
    """Return the user's folder for this program's state (XDG Base Directory Specification).

    Raises RuntimeError if the user has no home folder.
    """
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".local" / "state") / "ses-wizard"


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable, on systems where a folder can be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
