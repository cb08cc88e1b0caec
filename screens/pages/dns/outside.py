"""What the DNS page says of the outside: the zone as a whole, and SES's own view beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from textual.content import Content

from screens.pages.dns.symbols import zone_finding
from screens.pages.dns.watcher import RecordsChecked
from screens.symbols import clock
from screens.widgets.columns import Cells
from wizard.aws.sesv2 import SesIdentity
from wizard.dns.findings import Round, Row, RowStatus, Severity
from wizard.dns.providers import Provider
from wizard.dns.records import RecordId
from wizard.text import ago, printable

SERIOUS = (Severity.BLOCKS, Severity.HURTS)
"""Findings about the whole zone that stand above the list."""

SES_WORDS = {
    "SUCCESS": ("✓", "verified", "$text-success"),
    "PENDING": ("…", "waiting", "$text-warning"),
    "NOT_STARTED": ("…", "waiting", "$text-warning"),
    "TEMPORARY_FAILURE": ("!", "not found just now", "$text-warning"),
    "FAILED": ("✗", "failed", "$text-error"),
}
"""Symbol, word and colour of what SES says."""

SES_REASONS = {
    "HOST_NOT_FOUND": "found nothing",
    "TYPE_NOT_FOUND": "found no record",
    "INVALID_VALUE": "found another value",
    "DNS_SERVER_ERROR": "the DNS servers failed",
    "SERVICE_ERROR": "had trouble of its own",
}
"""What SES says of its last look (VerificationInfo.ErrorType), in words."""

NOT_FOUND = ("HOST_NOT_FOUND", "TYPE_NOT_FOUND")
"""The reasons that are about one record of several; SES does not say which."""

SES_LOOKS_FOR = frozenset(RecordId) - {RecordId.SPF, RecordId.DMARC}
"""The records that SES asks for by itself; the other two are for those who receive the mail."""


def remarks(round_: Round, identity: SesIdentity | None) -> list[Cells]:
    """What is worth knowing of the zone as a whole, but stops nothing."""
    notes: list[Cells] = [
        zone_finding(finding) for finding in round_.findings if finding.severity not in SERIOUS
    ]
    soa = round_.zone.soa
    if soa and identity and identity.soa_serial is not None and not identity.complete:
        now = "as it is now" if identity.soa_serial == soa.serial else f"now it has serial {soa.serial}"
        notes.append(("SES saw", f"the zone with serial {identity.soa_serial}, {now}"))
    return notes


def outside_rows(seen: RecordsChecked) -> list[Cells]:
    """The zone and what is wrong with it as a whole, then SES's own view."""
    rows: list[Cells] = []
    if seen.round:
        rows.append(("Zone", zone_words(seen.round, seen.provider)))
        rows += [zone_finding(finding) for finding in seen.round.findings if finding.severity in SERIOUS]
    if seen.silent:
        words = f"could not be asked just now: {seen.silent.title}"
        rows.append(("SES", Content.styled(words, "$text-warning")))
    elif seen.ses:
        published = published_at(seen.past(row) for row in seen.rows)
        some = seen.round is not None and some_stand(seen.round)
        rows.append(("SES", ses_words(seen.ses.identity, seen.ses.at, published, some=some)))
    return rows


def some_stand(round_: Round) -> bool:
    """Whether at least one of the records that SES itself looks for is right in the zone."""
    return any(row.status is RowStatus.OK and row.record.id in SES_LOOKS_FOR for row in round_.rows)


def published_at(history: Iterable[Sequence[tuple[datetime, Row]]]) -> datetime | None:
    """When the last record came right, of those that were seen wrong before; None where none was."""
    ends = (past[-1] for past in history if len(past) > 1)
    return max((at for at, row in ends if row.status is RowStatus.OK), default=None)


def zone_words(round_: Round, provider: Provider | None) -> Content:
    """Which zone, who hosts it, and when its servers were asked last."""
    servers = round_.zone.nameservers
    host = provider.name if provider else (printable(servers[0]) if servers else "nobody")
    count = len(servers)
    return Content.assemble(
        f"{printable(round_.zone.apex or round_.domain)} at {host}",
        Content.styled(f" · {count} servers, asked {clock(round_.checked_at)}", "$text-muted"),
    )


def ses_words(
    identity: SesIdentity, now: datetime, published: datetime | None = None, *, some: bool = False
) -> Content:
    """What SES has found by itself, when it last looked, and whether that was before ``published``.

    Where ``some`` of its records stand, SES's "not found" means that it did not find every one.
    """
    looked = f"looked {ago(now - identity.last_checked)}" if identity.last_checked else "has not looked yet"
    error = identity.error_type if not identity.complete else None
    reason = f", {SES_REASONS.get(error, printable(error, 40))}" if error else ""
    if some and error in NOT_FOUND:
        reason = ", did not find all"
    if published and identity.last_checked and identity.last_checked < published and not identity.complete:
        reason = ", before you published"
    return Content.assemble(_ses_statuses(identity), Content.styled(f" · {looked}{reason}", "$text-muted"))


def _ses_statuses(identity: SesIdentity) -> Content:
    dkim = _ses_status(identity.dkim_status)
    if identity.mail_from and identity.mail_from_status == identity.dkim_status:
        return Content.assemble("DKIM and MAIL FROM ", dkim)
    mail_from = _ses_status(identity.mail_from_status) if identity.mail_from else Content("not set")
    return Content.assemble("DKIM ", dkim, " · MAIL FROM ", mail_from)


def _ses_status(status: str | None) -> Content:
    symbol, word, colour = SES_WORDS.get(
        status or "", ("?", printable(status or "unknown", 40), "$text-warning")
    )
    return Content.styled(f"{symbol} {word}", colour)
