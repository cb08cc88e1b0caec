"""Dialog: the mails of a run that did not arrive, with reasons, and sending them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from textual.app import ComposeResult
from textual.widgets import Static

from screens.commands import Command
from screens.frame.dialogs import Dialog
from screens.pages.reminder.run_words import failed_rows
from screens.widgets.columns import Columns
from screens.widgets.flow import Buttons
from wizard.reminder.schedule.schedules import moment_words
from wizard.steps.reminder.runs import FailedMail, RunReport

Outcome = Literal["failed", "unsure", ""]


class Failures(Dialog[Outcome]):
    """Dismissed with the outcome of the mails to send again, or with nothing."""

    KEYS: ClassVar[list[Command]] = [
        Command("escape,f2", "dismiss('')", "Close", footer=True),
        Command("left,right", "app.focus_next", "Other button"),
        Command("r", "again('failed')", "Send failed again", footer=True),
        Command("u", "again('unsure')", "Send unsure again", footer=True),
    ]

    def __init__(self, run: RunReport, mails: Sequence[FailedMail], place: ZoneInfo) -> None:
        super().__init__()
        self.heading = f"Mail that did not arrive: run of {moment_words(run.began, place)}"
        # The run may have continued since its numbers were read.
        self.counts = {
            "failed": max(run.failed, sum(mail.outcome == "failed" for mail in mails)),
            "unsure": max(run.unsure, sum(mail.outcome == "unsure" for mail in mails)),
        }
        self.mails = mails
        self.more = run.failed + run.unsure + run.bounced + run.complained > len(mails)

    def compose_body(self) -> ComposeResult:
        """The mails, by cause."""
        yield Columns(failed_rows(self.mails), id="dialog-text")

    def compose_foot(self) -> ComposeResult:
        """What can be sent again, and the buttons."""
        failed, unsure = self.counts["failed"], self.counts["unsure"]
        words = [f"Only the first {len(self.mails):,} are shown."] if self.more else []
        words += [f"{failed:,} failed: R sends them once more."] if failed else []
        words += [f"{unsure:,} unsure may have arrived: sent again (U), some arrive twice."] if unsure else []
        words += [] if failed or unsure else ["None can be sent again."]
        yield Static(" ".join(words), classes="dialog-cost hint", markup=False)
        with Buttons():
            if failed:
                yield self.button("again('failed')", variant="primary")
            if unsure:
                yield self.button("again('unsure')")
            yield self.button("dismiss('')")

    def on_mount(self) -> None:
        """Enter alone sends nothing."""
        self.query_one("#dismiss").focus()

    def action_again(self, outcome: Outcome) -> None:
        """Send again, where anything can be."""
        if self.counts[outcome]:
            self.dismiss(outcome)

    @property
    def commands(self) -> list[Command]:
        """Without sending again what none of the mails needs."""
        left_out = {f"again('{outcome}')" for outcome, count in self.counts.items() if not count}
        return [key for key in super().commands if key.action not in left_out]
