"""What can be wrong with any record's place: it is not there, or nobody could be asked."""

from __future__ import annotations

from wizard.dns.causes.case import Case
from wizard.dns.verdict import Finding, Severity


def unreachable(case: Case) -> Finding:
    """No server answered."""
    answer = case.answer
    return Finding(
        "unreachable",
        Severity.BLOCKS,
        f"No DNS server answered for {case.record.name}, so nobody can say whether the record is there.",
        "Check the network connection, then look again; if other names work, the DNS host has trouble.",
        {"name": case.record.name, "rcode": str(answer.rcode) if answer else None},
    )


def absent(case: Case) -> Finding:
    """No server has it, and no mistake explains it."""
    servers = list(case.zone.nameservers)
    return Finding(
        "absent",
        case.severity,
        f"The record is on none of the zone's {len(servers)} servers.",
        f"Add this record: {case.entry_words()}.",
        {"name": case.record.name, "type": case.record.type, "servers": servers},
    )
