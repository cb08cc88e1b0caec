"""The line at the very top: the program, what it works on, and whether that is the demo."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from screens.state import AppState


class TopBar(Horizontal):
    """Title, domain, account, Region and, in the demo, its badge with the story's name, in one row."""

    def __init__(self, *, badge: str) -> None:
        super().__init__()
        self.badge = badge
        self._state: AppState | None = None

    def compose(self) -> ComposeResult:
        """Three pieces: who we are on the left, what we work on in the middle, the badge on the right."""
        yield Static("ses-wizard", id="program", markup=False)
        yield Static("", id="subject", markup=False)
        if self.badge:
            yield Static(f" {self.badge} ", id="badge", markup=False)

    def show(self, state: AppState) -> None:
        """Show what ``state`` is about."""
        self._state = state
        self._draw()

    def on_resize(self) -> None:
        """What there is room for is another."""
        self._draw()

    def _draw(self) -> None:
        """All of it where there is room, else less of the account: the Region is never cut for that."""
        if self._state is None:
            return
        state, shown = self._state, self.query_one("#subject", Static)
        for account in dict.fromkeys((state.account and f"account {state.account}", state.account, "")):
            parts = [Content.styled(state.domain, "bold"), Content(account), Content(state.region)]
            subject = Content("  ·  ").join([part for part in parts if part.plain])
            if subject.cell_length <= shown.size.width:
                break
        shown.update(subject)
