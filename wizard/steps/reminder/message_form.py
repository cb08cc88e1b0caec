"""The message as typed on the What page: sender, subject, text, HTML part, unsubscribe address."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from wizard.project.schema import Project, takes
from wizard.reminder import draft
from wizard.reminder.message import fields
from wizard.reminder.message.fields import EXAMPLE, Message
from wizard.steps.reminder.forms import Decision, Problem, with_reminder

NO_SENDER = Problem("sender", "Choose a plainer sender address: the project file does not accept this one.")
NO_ROOM = Problem("text", "Shorten the message: the project file has no room for it.")


@dataclass(frozen=True)
class MessageForm:
    """The typed message. ``columns`` are the recipients' fields, None if they are not known."""

    sender: str
    sender_name: str
    message: Message
    unsubscribe: str = ""
    columns: tuple[str, ...] | None = field(default=None, compare=False)

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """``project`` with the message, and what must be fixed. Runs long: it renders the whole template.

        A setting that the file does not accept is left out.
        """
        whole = with_reminder(project, **self.settings())
        problems = [
            *(Problem(*problem) for problem in draft.message_problems(whole)),
            *self._unfilled(),
        ]
        if takes(whole):
            return Decision(whole, problems, complete=True)
        kept = project
        if len(self.message.text) + len(self.message.html) <= fields.MAX_SIZE:
            for name, value in self.settings().items():
                smaller = with_reminder(kept, **{name: value})
                kept = smaller if takes(smaller) else kept
        return Decision(kept, problems or [NO_ROOM if kept is project else NO_SENDER], complete=False)

    def concerns(self) -> list[Problem]:
        """The problems that can be shown while the user types."""
        found = (*fields.problems(self.message), *draft.link_problems(self.unsubscribe))
        return [*(Problem(*problem) for problem in found), *self._unfilled()]

    def warnings(self, project: Project) -> list[Problem]:
        """What can stay but should be changed."""
        whole = with_reminder(project, **self.settings())
        return [Problem(*warning) for warning in draft.warnings(whole)]

    def settings(self) -> dict[str, Any]:
        """The settings of the project file."""
        return {
            "sender": self.sender or None,
            "sender_name": self.sender_name,
            "subject": self.message.subject,
            "text": self.message.text,
            "html": self.message.html,
            "unsubscribe": self.unsubscribe or None,
        }

    def _unfilled(self) -> list[Problem]:
        if self.columns is None:
            return []
        return [Problem(*found) for found in draft.unfilled(self.message, self.unsubscribe, self.columns)]


def message_form(project: Project, domain: str) -> MessageForm:
    """The file's message, or an example."""
    kept = project.reminder
    written = kept.subject or kept.text or kept.html
    return MessageForm(
        kept.sender or f"reminders@{domain}",
        kept.sender_name if written else kept.sender_name or "Reminders",
        draft.message_of(project) if written else EXAMPLE,
        kept.unsubscribe or "",
    )
