"""A page that stands over a step's own page: Back returns there, a step that is clicked leaves both."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from screens.commands import Command, never
from screens.frame.page import StepScreen
from screens.messages import GoTo


class OverPage(StepScreen):
    """Pushed with ``push_screen`` over the page it was opened from. There is no next step after it."""

    KEYS: ClassVar[list[Command]] = [Command("f3", "next", "Next", when=never)]

    def action_back(self) -> None:
        """Return to the page below; not in the middle of an act, whose outcome is told here."""
        if not self._finishing():
            self.dismiss()

    @on(GoTo)
    def _leave_for(self, event: GoTo) -> None:
        """Leave this page, and go on from the one below; not in the middle of an act."""
        event.stop()
        if self._finishing():
            return
        self.app.pop_screen()
        self.app.screen.post_message(GoTo(event.step))

    def _finishing(self) -> bool:
        """Whether an act is under way here; then it is said."""
        if self.acting:
            self.notify("One moment: this is being finished.")
        return self.acting
