"""How a state looks: word, symbol and colour, the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from wizard.dns.verdict import RowStatus, Severity
from wizard.steps.model import ChangeKind, Progress, Status, StepName

if TYPE_CHECKING:
    from wizard.dns.verdict import Row

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

ROW = {
    RowStatus.OK: ("✓", "found", "$text-success"),
    RowStatus.MISSING: ("…", "missing", "$text-warning"),
    RowStatus.WRONG: ("✗", "differs", "$text-error"),
    RowStatus.UNKNOWN: ("?", "unknown", "$text-warning"),
    RowStatus.OPTIONAL: ("·", "optional", "$text-muted"),
}
"""Symbol, word and colour of a DNS record's state."""

MISPLACED = ("✗", "mistake", "$text-error")
"""A record that is not where it belongs, though the reason has been found: it stands elsewhere."""

SEVERITY = {
    Severity.BLOCKS: ("✗", "blocks", "$text-error"),
    Severity.HURTS: ("✗", "hurts", "$text-error"),
    Severity.WARNS: ("!", "mind", "$text-warning"),
    Severity.INFO: ("i", "note", "$text-accent"),
}
"""Symbol, word and colour of how much a finding matters."""


def status_words(status: Status) -> Content:
    """``✓ done``, in its colour."""
    symbol, word, colour = STATUS[status]
    return Content.styled(f"{symbol} {word}", colour)


def lines(parts: list[Content]) -> Content:
    """The parts, a line each."""
    return Content("\n").join(parts)


def row_words(row: Row | None) -> Content:
    """The state of a DNS record; None for one that has not been asked about yet."""
    if row is None:
        return Content.styled("… asking", "$text-muted")
    serious = (Severity.BLOCKS, Severity.HURTS)
    explained = any(f.severity in serious and f.code != "absent" for f in row.findings)
    misplaced = row.status is RowStatus.MISSING and explained
    symbol, word, colour = MISPLACED if misplaced else ROW[row.status]
    return Content.styled(f"{symbol} {word}", colour)


def severity_words(severity: Severity) -> Content:
    """``✗ blocks``, in its colour."""
    symbol, word, colour = SEVERITY[severity]
    return Content.styled(f"{symbol} {word}", colour)
