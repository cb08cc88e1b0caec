"""How a state looks: word, symbol and colour, the same everywhere."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from wizard.steps.model import ChangeKind, Progress, Status, StepState

STATUS = {
    Status.DONE: ("✓", "done", "$text-success"),
    Status.WAITING: ("…", "waiting", "$text-warning"),
    Status.WORKING: ("»", "working", "$text-accent"),
    Status.ATTENTION: ("!", "action required", "$text-error"),
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


LAST_KNOWN = "?"
"""Marks what was last known, where nobody could be asked yet."""


def mark(standing: StepState) -> tuple[str, str, str]:
    """Symbol, word and colour of where a step stands; what was only last known looks like nothing else."""
    symbol, word, colour = STATUS[standing.status]
    return (LAST_KNOWN, word, "$text-muted") if standing.as_of else (symbol, word, colour)


def status_words(standing: StepState) -> Content:
    """``✓ done``, in its colour; what was last known with its date: ``? done, 12 Nov 2026``."""
    symbol, word, colour = mark(standing)
    when = f", {standing.as_of.astimezone():%d %b %Y}" if standing.as_of else ""
    return Content.styled(f"{symbol} {word}{when}", colour)


def brief_words(standing: StepState) -> Content:
    """``! 2 wrong`` where there is room for no more: the reason in brief, or else the status's word."""
    symbol, word, colour = mark(standing)
    return Content.styled(f"{symbol} {standing.brief or word}", colour)


def clock(at: datetime) -> str:
    """A time of day as the user's own clock shows it."""
    return f"{at.astimezone():%H:%M:%S}"


def lines(parts: list[Content]) -> Content:
    """The parts, a line each."""
    return Content("\n").join(parts)
