"""How a state looks: word, symbol and colour, the same everywhere."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from wizard.steps.model import ChangeKind, Progress, Standing, Status, StepName

NAMES = {
    StepName.ACCOUNT: "Account",
    StepName.DOMAIN: "Domain",
    StepName.IDENTITY: "Identity",
    StepName.DNS: "DNS",
    StepName.REMINDER: "Reminder",
    StepName.PRODUCTION: "Production",
}
"""What the steps are called on the screen."""

STATUS = {
    Status.DONE: ("✓", "done", "$text-success"),
    Status.WAITING: ("…", "waiting", "$text-warning"),
    Status.WORKING: ("»", "working", "$text-accent"),
    Status.ATTENTION: ("!", "needs you", "$text-error"),
    Status.TODO: ("·", "to do", "$text-muted"),
}
"""Symbol, word and colour of a step's status."""

CHANGE = {
    ChangeKind.CREATE: ("+", "create", "$text-success"),
    ChangeKind.ADOPT: ("=", "adopt", "$text-accent"),
    ChangeKind.CHANGE: ("~", "change", "$text-warning"),
    ChangeKind.KEEP: ("·", "keep", "$text-muted"),
}
"""Symbol, word and colour of a planned change."""

PROGRESS = {
    Progress.STARTED: ("»", "working", "$text-accent"),
    Progress.DONE: ("✓", "done", "$text-success"),
    Progress.FAILED: ("✗", "failed", "$text-error"),
}
"""Symbol, word and colour of something an act reports."""


def status_words(standing: Standing) -> Content:
    """``✓ done``, in its colour."""
    symbol, word, colour = STATUS[standing.status]
    return Content.styled(f"{symbol} {word}", colour)


def brief_words(standing: Standing) -> Content:
    """The same where nothing else is said of the step: with its reason, where that is told in brief."""
    symbol, word, colour = STATUS[standing.status]
    return Content.styled(f"{symbol} {standing.brief or word}", colour)


def clock(at: datetime) -> str:
    """A time of day as the user's own clock shows it."""
    return f"{at.astimezone():%H:%M:%S}"


def lines(parts: list[Content]) -> Content:
    """The parts, a line each."""
    return Content("\n").join(parts)
