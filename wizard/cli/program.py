"""This program's own name, for commands that are proposed to be typed."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

NAME = "ses-wizard"


def command(*arguments: str) -> str:
    """The line that starts this program with ``arguments``, to be typed in the shell it was started from.

    The bare name where the shell finds this very program by it, else the path it was started by.
    """
    return shlex.join([_started_as(), *arguments])


def _started_as() -> str:
    path = sys.argv[0]
    if Path(path).name != NAME or not Path(path).is_file():
        return NAME
    found = shutil.which(NAME)
    return NAME if found and Path(found).samefile(path) else path
