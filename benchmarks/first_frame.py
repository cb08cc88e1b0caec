"""Time to the first frame: the wizard beside a bare Textual app, in one run, alternating.

Each start is a fresh process on a pseudo-terminal of 120×40; the time runs from spawning it until the last
word of its first frame has come out. Prints both medians in milliseconds and their ratio.

    python benchmarks/first_frame.py [RUNS]
"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BARE = """
from textual.app import App
from textual.widgets import Label
class Bare(App):
    def compose(self):
        yield Label("first frame")
Bare().run()
"""
WIZARD = "from wizard.cli.main import main; main()"
DEADLINE = 30.0


def first_frame(code: str, word: bytes, folder: str) -> float:
    """Seconds until ``word`` comes out of a Python that runs ``code`` in ``folder``."""
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        # The second start of an installed program has its bytecode; so has each of these.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        os.execve(sys.executable, [sys.executable, "-c", code], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""
    try:
        while word not in seen:
            seen += os.read(terminal, 65536)
            if time.perf_counter() - begun > DEADLINE:
                raise TimeoutError(f"{word!r} did not come")
        return time.perf_counter() - begun
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def main() -> None:
    """Warm both up once, then alternate."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    starts = {"bare App": (BARE, b"first frame"), "ses-wizard": (WIZARD, b"Quit")}
    times: dict[str, list[float]] = {name: [] for name in starts}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(runs + 1):
            for name, (code, word) in starts.items():
                seconds = first_frame(code, word, folder)
                if turn:
                    times[name].append(seconds * 1000)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:<12} {median:6.0f} ms")
    print(f"ratio        {medians['ses-wizard'] / medians['bare App']:6.2f}")


if __name__ == "__main__":
    main()
