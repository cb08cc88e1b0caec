"""This program's name, for commands that users can type."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

NAME = "ses-wizard"


def command(*arguments: str) -> str:
    """Return the shell command that starts this program with ``arguments``.

    It starts with the bare name if the shell finds this program by it, else with the path it was started by.
    """
    return shlex.join([_started_as(), *arguments])


def _started_as() -> str:
    path = sys.argv[0]
    if Path(path).name != NAME or not Path(path).is_file():
        return NAME
    found = shutil.which(NAME)
    return NAME if found and Path(found).samefile(path) else path
