"""A domain as the tests of the asking side have it, and the records that should stand for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.engine.dns_servers import NAMESERVERS
from wizard.demo.dns.server import DnsServer
from wizard.dns.findings import Finding, Round, Row, RowStatus
from wizard.dns.judge.rows import Context
from wizard.dns.records import Record, RecordId, wanted_records

RECORDS = wanted_records(
    "example.com", tokens=("t1", "t2", "t3"), mail_from="m.example.com", region="us-east-1"
)
CONTEXT = Context("example.com", mail_from="m.example.com", region="us-east-1", records=RECORDS)
DMARC = RECORDS[-1]


class Clock:
    """A clock that moves a second with each look."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def furnish(server: DnsServer) -> DnsServer:
    """Add example.com and what SES keeps in its own zone."""
    server.set_zone("amazonses.com", ("ns-1.amazonses-dns.com",))
    server.add("amazonses.com", "TXT", "v=spf1 ip4:199.255.192.0/22 -all")
    server.set_zone("example.com", NAMESERVERS)
    server.add("example.com", "MX", "10 mx.example.net")
    return server


def publish(server: DnsServer, *records: Record) -> None:
    """Add the records, and keys at the targets of DKIM records."""
    for record in records:
        server.add(record.name, record.type, record.value)
        if record.type == "CNAME":
            server.add(record.value, "TXT", "p=" + "A" * 392)


def row(seen: Round, record_id: RecordId) -> Row:
    return next(row for row in seen.rows if row.record.id is record_id)


def status(seen: Round, record_id: RecordId) -> RowStatus:
    return row(seen, record_id).status


def named(findings: tuple[Finding, ...], code: str) -> Finding:
    """The one finding with that code."""
    found = [finding for finding in findings if finding.code == code]
    assert len(found) == 1, [finding.code for finding in findings]
    return found[0]


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]
