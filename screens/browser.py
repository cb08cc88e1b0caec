"""Showing a page of our own in the user's browser, without letting one into this terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE = 10.0
"""Seconds to wait for the answer whether a browser opened. Some end only with their window."""


class BrowserPages:
    """Pages for the user's browser, in a folder that only the user can read and that ``close`` deletes."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None

    def open(self, name: str, page: str) -> str:
        """Write ``page`` and hand it to a browser; what to say of it. Takes seconds: call it in a worker."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="ses-wizard-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / name
        path.write_text(page, encoding="utf-8")
        if open_page(path):
            return f"Opened in your browser. The page is {path} while the wizard runs."
        return f"No browser opens here. The page is {path} while the wizard runs."

    def close(self) -> None:
        """Delete the pages."""
        if self._folder:
            self._folder.cleanup()


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
