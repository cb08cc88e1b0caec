"""Writing files so that a crash, or a full disk, leaves the old one or the new one and nothing between.

And the folder for those that are the program's own.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def replace_file(path: Path, raw: bytes) -> None:
    """Write ``raw`` to ``path``, whole or not at all, readable by the user alone. Raises OSError.

    A temporary file beside it, fsync, a rename; a link stays and what it leads to is replaced. A rename would
    replace a read-only file, too, so one is refused (also for root, whom the system lets write to it).
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
    """The user's folder for this program's state (XDG Base Directory Specification); it may not exist yet.

    Raises RuntimeError where the user has no home folder.
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
