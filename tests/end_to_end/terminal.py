"""A person at a terminal: tmux with a socket of its own, keys sent, the screen polled."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SES_WIZARD = str(Path(sys.executable).with_name("ses-wizard"))


_numbers = itertools.count(1)
"""A server that has been told to end may hold its socket a moment longer: each gets a new one."""


REACTION = 0.3
"""Seconds between what appears and the next key: nobody is faster, and a new page drops earlier keys."""


class Terminal:
    """One tmux session that runs one program."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", os.devnull, *arguments]
        # tmux gives a new session the PATH of the client that asks for it, whatever -e says.
        path = os.pathsep.join([str(Path(SES_WIZARD).parent), os.environ.get("PATH", os.defpath)])
        return subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=10, env={**os.environ, "PATH": path}
        ).stdout

    def open(self, command: Sequence[str], folder: Path, size: tuple[int, int]) -> None:
        """Start ``command`` in ``folder``; the pane stays open after it ends, so its last output shows.

        The shell finds the installed commands by their names.
        """
        self._tmux(
            *("new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), "-c", str(folder)),
            f'{shlex.join(command)}; echo "ended with $?"; exec cat',
        )

    def close(self) -> None:
        """End the session and its tmux server."""
        subprocess.run(
            ["tmux", "-S", str(self._socket), "kill-server"], check=False, capture_output=True, timeout=10
        )

    def press(self, *keys: str) -> None:
        """Send keys by tmux's names: ``Enter``, ``Escape``, ``F3``, ``Tab``, or one character."""
        time.sleep(REACTION)
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Send text, letter by letter."""
        time.sleep(REACTION)
        self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        """What the screen shows now."""
        return self._tmux("capture-pane", "-p")

    def wait_for(self, pattern: str, seconds: float = 20) -> str:
        """Poll until the regular expression ``pattern`` is on the screen, and return the screen."""
        return self.wait_until(lambda screen: re.search(pattern, screen) is not None, pattern, seconds)

    def wait_until(self, holds: Callable[[str], bool], what: str, seconds: float = 20) -> str:
        """Poll until ``holds(screen)``, and return the screen; fails with the screen after ``seconds``."""
        deadline = time.monotonic() + seconds
        while not holds(screen := self.screen()):
            assert time.monotonic() < deadline, f"not on the screen after {seconds} s: {what}\n{screen}"
            time.sleep(0.05)
        return screen


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    """A terminal that is closed at the end, whatever happens."""
    shown = Terminal(folder / f"tmux{next(_numbers)}")
    try:
        yield shown
    finally:
        shown.close()
