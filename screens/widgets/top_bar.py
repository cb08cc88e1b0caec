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

    def compose(self) -> ComposeResult:
        """Three pieces: who we are on the left, what we work on in the middle, the badge on the right."""
        yield Static("ses-wizard", id="program", markup=False)
        yield Static("", id="subject", markup=False)
        if self.badge:
            yield Static(f" {self.badge} ", id="badge", markup=False)

    def show(self, state: AppState) -> None:
        """Show what ``state`` is about."""
        # Beside a story's name there is room for the account's number alone.
        word = "account " if self.badge in ("", "DEMO") else ""
        account = f"{word}{state.account}" if state.account else ""
        parts = [Content.styled(state.domain, "bold"), Content(account), Content(state.region)]
        self.query_one("#subject", Static).update(
            Content("  ·  ").join([part for part in parts if part.plain])
        )
