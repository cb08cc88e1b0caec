"""The mails of one run that did not arrive, each with its reason, and sending the failed ones again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from screens.dialogs import SCROLLING, Dialog
from screens.keys import letter
from screens.reminder_run_words import failed_rows
from screens.widgets.columns import Columns
from wizard.reminder.schedules import moment_words

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from wizard.steps.reminder_runs import FailedMail, RunSeen


class Failures(Dialog[bool]):
    """Dismissed with True where the failed mails are to be sent once more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f2", "dismiss(False)", "Close"),
        Binding("left,right", "app.focus_next", "Other button", show=False),
        *SCROLLING,
        letter("r", "again", "Send again"),
    ]

    def __init__(self, run: RunSeen, mails: Sequence[FailedMail], place: ZoneInfo) -> None:
        super().__init__()
        self.heading = f"What did not arrive of the run of {moment_words(run.began, place)}"
        # The run may have gone on since its numbers were read.
        self.failed = max(run.failed, sum(mail.outcome == "failed" for mail in mails))
        self.mails = mails
        self.more = run.failed + run.unsure + run.bounced + run.complained > len(mails)

    def compose_body(self) -> ComposeResult:
        """Mail by mail."""
        yield Columns(failed_rows(self.mails), id="dialog-text")

    def compose_foot(self) -> ComposeResult:
        """What sending again does, and the buttons."""
        words = [f"Only the first {len(self.mails):,} are shown."] if self.more else []
        words += [
            f"{self.failed:,} that failed can be sent once more; unsure ones may have arrived and are left."
            if self.failed
            else "None of them can be sent again."
        ]
        yield Static(" ".join(words), classes="dialog-cost hint", markup=False)
        with Horizontal(classes="buttons"):
            if self.failed:
                yield Button("Send again  R", id="again", variant="primary", compact=True)
            yield Button("Close  Esc", id="close", compact=True)

    def on_mount(self) -> None:
        """Enter alone sends nothing."""
        self.query_one("#close").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Either button ends it."""
        event.stop()
        self.dismiss(event.button.id == "again")

    def action_again(self) -> None:
        """Send again, where anything can be."""
        if self.failed:
            self.dismiss(True)

    def _own_keys(self) -> list[Binding]:
        return [key for key in super()._own_keys() if self.failed or key.action != "again"]
