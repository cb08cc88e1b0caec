"""Which checks belong to which kind of record, and the order in which mistakes are to be mended."""

from __future__ import annotations

from wizard.dns.causes.case import Case, Context, shown
from wizard.dns.causes.place import absent, unreachable
from wizard.dns.records import Record, RecordId
from wizard.dns.seen import Question, ZoneSeen
from wizard.dns.verdict import Finding, Row, Severity


def questions(record: Record, zone: ZoneSeen) -> tuple[Question, ...]:
    """The first round of questions for ``record``: enough where all is well. None where there is no zone."""
    return (Question(record.name, record.type),) if zone.apex else ()


def judged(case: Case) -> Row:
    """The row of one case, with every check of its kind applied."""
    answer = case.answer
    found = tuple(shown(rdata) for rdata in answer.rdatas) if answer else ()
    if case.zone.apex is None and case.zone.reachable:
        return case.row(case.record, (), ())
    if not case.known:
        return case.row(case.record, (), (unreachable(case),))
    return case.row(case.record, found, () if found else (absent(case),))


def unknown_dkim(zone: ZoneSeen, context: Context) -> tuple[Row, ...]:
    """The three DKIM rows where nothing says which tokens to look for: UNKNOWN, saying so."""
    finding = Finding(
        "dkim-tokens-unknown",
        Severity.INFO,
        "Nothing says which DKIM records to look for: each SES identity has three tokens of its own.",
        "Sign in to AWS so that SES can be asked, or name the tokens with `--dkim-token` (three times).",
    )
    rows = []
    for number, record_id in enumerate((RecordId.DKIM1, RecordId.DKIM2, RecordId.DKIM3), start=1):
        token = f"<token{number}>"
        record = Record(
            record_id, f"{token}._domainkey.{context.domain}", "CNAME", f"{token}.{context.signing_zone}"
        )
        rows.append(Case(record, zone, {}, context).row(record, (), (finding,)))
    return tuple(rows)
