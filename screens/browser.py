"""Showing a page of our own in the user's browser, without letting one into this terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PATIENCE = 10.0
"""Seconds to wait for the answer whether a browser opened. Some end only with their window."""

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def open_page(path: Path) -> bool:
    """Hand the page at ``path`` to a browser; whether one took it. Waits some seconds: call it in a worker.

    It is asked for in a process that has no terminal: a text browser, or what a graphical one says, would be
    drawn over the wizard. Without ``TERM`` Python's webbrowser offers no text browsers.
    """
    environment = {name: value for name, value in os.environ.items() if name != "TERM"}
    try:
        ended = subprocess.run(
            [sys.executable, "-c", _OPEN, path.as_uri()],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    except OSError:
        return False
    return ended.returncode == 0
