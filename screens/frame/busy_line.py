"""The line that says what is being waited for, once it takes noticeably long, or what a key has done."""

from __future__ import annotations

from time import monotonic

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker

QUIET_SECONDS = 0.3
"""Shorter waits show nothing: a flash helps nobody."""

SAID_SECONDS = 8.0
"""How long the row says what a key has done, unless another key does something."""

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class BusyLine(Static):
    """At least one row high, so that nothing moves when words come and go; more for those with long names."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._waits: dict[Worker[object], tuple[str, float]] = {}
        self._timer: Timer | None = None
        self._said = Content("")
        self._forgetting: Timer | None = None

    def say(self, words: str, *, not_yet: bool = False) -> None:
        """Say for a while what a key has done, or why it could do nothing yet.

        What is waited for longer than a moment goes before it.
        """
        if self._forgetting:
            self._forgetting.stop()
        mark = Content.styled("!", "$text-warning") if not_yet else Content.styled("✓", "$text-success")
        self._said = Content.assemble(mark, f" {words}")
        self._forgetting = self.set_timer(SAID_SECONDS, self.forget_said)
        self.update(self._said)

    def forget_said(self) -> None:
        """What a key has done is old: something else is shown."""
        self._said = Content("")
        if not self._waits:
            self.update(self._said)

    def on_mount(self) -> None:
        """A timer that only ticks while something runs."""
        self._timer = self.set_interval(0.1, self._draw, pause=not self._waits)

    def start(self, worker: Worker[object]) -> None:
        """``worker`` runs: say its description."""
        self._waits.setdefault(worker, (worker.description, monotonic()))
        if self._timer:
            self._timer.resume()

    def forget_ended(self) -> None:
        """Drop what ended, however it did. One cancelled before its first step never says that it did."""
        self._waits = {
            worker: wait
            for worker, wait in self._waits.items()
            if not worker.is_cancelled and not worker.is_finished
        }
        if not self._waits and self._timer:
            self._timer.pause()
            self.update(self._said)

    def _draw(self) -> None:
        now = monotonic()
        shown = [
            (words, now - since) for words, since in self._waits.values() if now - since >= QUIET_SECONDS
        ]
        if not shown:
            return
        words, seconds = shown[-1]
        frame = FRAMES[int(now * 10) % len(FRAMES)]
        elapsed = f"  {seconds:.0f} s" if seconds >= 1 else ""
        self.update(
            Content.assemble(Content.styled(frame, "$text-accent"), " ", words, (elapsed, "$text-muted"))
        )
