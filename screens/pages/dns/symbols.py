"""How a DNS record's state and a finding look. Apart from `symbols`, so that the first page does without."""

from __future__ import annotations

import re

from textual.content import Content

from wizard.dns.findings import Finding, Row, RowStatus, Severity
from wizard.steps.dns.step import misplaced

ROW = {
    RowStatus.OK: ("✓", "ok", "$text-success"),
    RowStatus.MISSING: ("…", "missing", "$text-warning"),
    RowStatus.WRONG: ("✗", "incorrect", "$text-error"),
    RowStatus.UNKNOWN: ("?", "unknown", "$text-warning"),
    RowStatus.OPTIONAL: ("·", "optional", "$text-muted"),
}
"""Symbol, word and colour of a DNS record's state."""

SEVERITY = {
    Severity.BLOCKS: ("✗", "blocks", "$text-error"),
    Severity.HURTS: ("✗", "hurts", "$text-error"),
    Severity.WARNS: ("!", "mind", "$text-warning"),
    Severity.INFO: ("i", "note", "$text-accent"),
}
"""Symbol, word and colour of how much a finding matters."""


def row_words(row: Row | None) -> Content:
    """The state of a DNS record; None for one that has not been asked about yet."""
    if row is None:
        return Content.styled("… asking", "$text-muted")
    # A row is there once the step has been asked: it is loaded by then, and no first draw waits for it.

    symbol, word, colour = ROW[RowStatus.WRONG if misplaced(row) else row.status]
    return Content.styled(f"{symbol} {word}", colour)


def severity_words(severity: Severity) -> Content:
    """``✗ blocks``, in its colour."""
    symbol, word, colour = SEVERITY[severity]
    return Content.styled(f"{symbol} {word}", colour)


def emphasised(text: str) -> Content:
    """A finding's words; what stands between backticks is to be typed or read exactly, and is shown bold."""
    pieces = re.split(r"`([^`]+)`", text)
    return Content.assemble(
        *(
            Content.styled(piece, "bold") if number % 2 else Content(piece)
            for number, piece in enumerate(pieces)
        )
    )


def zone_finding(finding: Finding) -> tuple[Content, Content]:
    """The severity of ``finding``, and all it says."""
    return severity_words(finding.severity), emphasised(f"{finding.message} {finding.fix}".strip())
