"""From what was seen in the DNS to what is wrong, why, and what to enter to fix it. Pure.

How the checklist uses this: ask ``questions`` and ``asides`` of every record and ``zone_questions``.
``judge_all`` returns the rows and further questions; ask these, judge again with all answers, and repeat
until no question is left. Correct records need no further questions. Names outside the zone (an SPF include,
a CNAME's target) are for a recursive resolver. Then ``with_opinions`` adds what other servers say.

The modules of this package hold the detectors, a family of findings each; see ``registry``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from wizard.dns.answers import Answers, Question, ZoneReport
from wizard.dns.findings import Finding, Row, Severity
from wizard.dns.judge import dkim, dmarc, mail_from, place
from wizard.dns.judge.case import NOT_THERE, Case, Context
from wizard.dns.judge.registry import DKIM, ELSEWHERE, FAULTS, Problem, remark
from wizard.dns.judge.second_opinions import servers_disagree, with_opinions
from wizard.dns.judge.spf import findings as spf
from wizard.dns.judge.zone import zone_findings, zone_questions
from wizard.dns.records import Record, RecordId

__all__ = [
    "Context",
    "asides",
    "judge",
    "judge_all",
    "questions",
    "with_opinions",
    "zone_findings",
    "zone_questions",
]

MOST_OF_A_CODE = 5
"""How many findings one detector may report on one record; a hostile record could cause thousands."""


class _Family(NamedTuple):
    """A kind of record: the values found at its place, and the value to end with."""

    found: Callable[[Case], tuple[str, ...]]
    repaired: Callable[[Case], str]


_DKIM = _Family(dkim.found, lambda case: case.record.value)
_SPF = _Family(spf.found, spf.repaired)
_FAMILIES = {
    **dict.fromkeys(DKIM, _DKIM),
    RecordId.MAIL_FROM_MX: _Family(mail_from.found, lambda case: case.record.value),
    RecordId.MAIL_FROM_SPF: _SPF,
    RecordId.SPF: _SPF,
    RecordId.DMARC: _Family(dmarc.found, dmarc.repaired),
}
_AT_ITS_NAME = ("proxied", "wrong-type")
"""Codes whose evidence ``found`` is what exists at the record's own name, as another type."""


def judge(record: Record, answers: Answers, zone: ZoneReport, context: Context) -> Row:
    """Return the row for ``record``: its status and findings, worst first."""
    return _judged(Case(record, zone, answers, context))


def judge_all(
    records: tuple[Record, ...], answers: Answers, zone: ZoneReport, context: Context
) -> tuple[tuple[Row, ...], tuple[Question, ...]]:
    """All rows in the checklist's order, and what else must be asked to be sure of them.

    Call it again with the new answers added, until nothing else is to be asked: one answer may lead to
    another question. Where the DKIM tokens are not known, their rows are UNKNOWN.
    """
    cases = [Case(record, zone, answers, context) for record in records]
    rows = tuple(_judged(case) for case in cases)
    further = tuple(dict.fromkeys(question for case in cases for question in case.unanswered))
    if context.own_keys or any(record.type == "CNAME" for record in records):
        return rows, further
    return (*_unknown_dkim(zone, context), *rows), further


def questions(record: Record, zone: ZoneReport) -> tuple[Question, ...]:
    """The first round of questions for ``record``: enough where all is well. None where there is no zone.

    A DKIM record's key is asked for at the same time, so that it costs no further round.
    """
    if zone.apex is None:
        return ()
    own = Question(record.name, record.type)
    return (own, Question(record.value.lower(), "TXT")) if record.type == "CNAME" else (own,)


def asides(record: Record, zone: ZoneReport) -> tuple[Question, ...]:
    """What to ask one server of the zone in the first round: whether a CNAME is at the record's name.

    Servers that have a CNAME beside other records mostly answer by type, so nothing else shows it.
    """
    return () if zone.apex is None or record.type == "CNAME" else (Question(record.name, "CNAME"),)


def _judged(case: Case) -> Row:
    """The row of one case, with every check of its kind applied."""
    if case.zone.apex is None and case.zone.reachable:
        return case.row(case.record, (), ())
    if not case.known:
        return case.row(case.record, (), (*place.delegated_away(case), *place.unreachable(case)))
    record_id = case.record.id
    family = _FAMILIES[record_id]
    case.record = replace(case.record, value=family.repaired(case))
    found = family.found(case)
    mistakes = _mistakes(case, FAULTS[record_id] if found else ELSEWHERE[record_id])
    if found and _serious(mistakes) and place.borrowed(case):
        found, mistakes = (), _mistakes(case, ELSEWHERE[record_id])
    if case.record.type != "CNAME" and (not found or place.beside(case) or _serious(mistakes)):
        mistakes = [*place.cname_conflict(case), *mistakes]
    if not found and not mistakes:
        mistakes = list(place.delegated_away(case)) or list(place.absent(case))
    elif _serious(mistakes):
        mistakes = [*place.delegated_away(case), *mistakes]
    instead = [value for finding in mistakes if finding.code in _AT_ITS_NAME for value in _values(finding)]
    return case.row(case.record, found or tuple(instead), [*mistakes, *_remarks(case, mistakes, found)])


def _mistakes(case: Case, detectors: Iterable[Callable[[Case], Iterator[Finding]]]) -> list[Finding]:
    return [finding for detect in detectors for finding in islice(detect(case), MOST_OF_A_CODE)]


def _remarks(case: Case, mistakes: list[Finding], found: tuple[str, ...]) -> Iterator[Finding]:
    """What makes mistakes harder to see or slower to fix."""
    yield from servers_disagree(case)
    if _serious(mistakes):
        yield from place.wildcard(case)
        yield from place.ttl_high(case)
        if not found:
            yield from place.negative_cache(case)


def _serious(mistakes: list[Finding]) -> bool:
    """Whether the record does not do its work."""
    return any(
        finding.severity in (Severity.BLOCKS, Severity.HURTS) or finding.code in NOT_THERE
        for finding in mistakes
    )


def _values(finding: Finding) -> list[str]:
    values = finding.evidence.get("found")
    return [str(value) for value in values] if isinstance(values, list) else []


@remark("dkim-tokens-unknown", Severity.INFO, DKIM)
def _tokens_unknown(case: Case) -> Iterator[Problem]:
    """Neither SES, the options nor the project file name the DKIM tokens."""
    why, todo = case.context.no_tokens
    message = "The DKIM tokens are unknown, so the DKIM records were not checked."
    yield (
        f"{message} {why}".rstrip(),
        f"{todo or 'Let the wizard ask SES'}, or use `--dkim-token` to name the three tokens.",
        {},
    )


def _unknown_dkim(zone: ZoneReport, context: Context) -> Iterator[Row]:
    """Yield the three DKIM rows for unknown tokens: UNKNOWN, with the reason."""
    for number, record_id in enumerate(DKIM, start=1):
        token = f"<token{number}>"
        name, target = f"{token}._domainkey.{context.domain}", f"{token}.{context.signing_zone}"
        case = Case(Record(record_id, name, "CNAME", target), zone, {}, context)
        yield case.row(case.record, (), _tokens_unknown(case))
