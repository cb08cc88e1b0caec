"""What the checklist says: findings, rows and a whole round of checking. Pure data, as in CONTRACT.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wizard.dns.answers import ZoneReport
from wizard.dns.records import Record


class Severity(StrEnum):
    """How much a finding matters."""

    BLOCKS = "blocks"
    """SES cannot verify or send as asked."""
    HURTS = "hurts"
    """Delivery or DMARC suffers."""
    WARNS = "warns"
    INFO = "info"


class RowStatus(StrEnum):
    """The state of one record. UNKNOWN: no server answered. OPTIONAL: absent, and not needed here."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth knowing.

    ``code`` is one of CONTRACT.md's. ``message`` says in plain words what is and why it matters; ``fix`` is
    one action with the exact host and value to enter (empty where nothing is to be done); ``evidence`` holds
    what was seen, as JSON values. All text is already escaped for a terminal.
    """

    code: str
    severity: Severity
    message: str
    fix: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in the form the user's DNS panel wants it typed: relative or full host, dots, quotes."""

    host: str
    type: str
    value: str
    priority: str = ""
    """The MX preference, for panels with a field of its own; ``value`` is then the host alone."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the checklist.

    ``record`` is the wanted one, merged with existing texts (so for SPF its value is the record
    to end with). ``host`` is its name relative to the zone (``@`` at the apex). ``found`` are the values as
    published, escaped. ``since`` is when this status was first seen in this run of the program.
    """

    record: Record
    host: str
    entry: Entry
    status: RowStatus
    found: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    since: datetime | None = None


class Visibility(StrEnum):
    """How much a public resolver sees of the records that are right in the zone."""

    ALL = "all"
    NOT_ALL = "not all"
    UNKNOWN = "no answer"


@dataclass(frozen=True, slots=True)
class Round:
    """One round of asking and judging, for one domain. ``provider`` is the key in providers.yaml.

    ``public`` says how much each public resolver sees of the records that are right, by the resolver's name.
    """

    domain: str
    checked_at: datetime
    zone: ZoneReport
    provider: str | None
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...] = ()
    public: Mapping[str, Visibility] = field(default_factory=dict)

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Zone-wide findings first, then each row's."""
        return (*self.findings, *(finding for row in self.rows for finding in row.findings))

    @property
    def ready(self) -> bool:
        """No finding blocks and nothing is unknown."""
        return not any(f.severity is Severity.BLOCKS for f in self.all_findings) and not any(
            row.status is RowStatus.UNKNOWN for row in self.rows
        )

    @property
    def ok(self) -> bool:
        """Ready, and no finding hurts."""
        return self.ready and not any(f.severity is Severity.HURTS for f in self.all_findings)

    @property
    def known_wrong(self) -> bool:
        """Whether something is known to block or to hurt, beside what could not be asked."""
        return any(
            finding.severity in (Severity.BLOCKS, Severity.HURTS) and finding.code != "unreachable"
            for finding in self.all_findings
        )
