"""Which checks belong to which kind of record, in the order in which mistakes are to be fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from wizard.dns.answers import Question, ZoneSeen
from wizard.dns.findings import Finding, Row, Severity
from wizard.dns.judge import dkim, dmarc, mail_from, place, targets
from wizard.dns.judge.case import NOT_THERE, Case, Context
from wizard.dns.judge.spf import findings as spf
from wizard.dns.records import Record, RecordId

MOST_OF_A_CODE = 5
"""How many findings one check may have on one record; a hostile record could make it thousands."""

Cause = Callable[[Case], Iterator[Finding]]
"""One finding code: looks at the case, asks what else it needs, and yields what it finds."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is checked of one kind of record.

    ``found`` are the values that stand at the right place, ``repaired`` is the value to end with. ``faults``
    look at what stands there; ``elsewhere`` looks for what does not.
    """

    found: Callable[[Case], tuple[str, ...]]
    repaired: Callable[[Case], str]
    faults: tuple[Cause, ...]
    elsewhere: tuple[Cause, ...]


def _as_wanted(case: Case) -> str:
    return case.record.value


_MISPLACED = (place.doubled_name, place.underscore_lost, place.wrong_host, place.wrong_type)

_DKIM = Kind(
    dkim.found,
    _as_wanted,
    (
        targets.quoted_value,
        targets.relative_target,
        dkim.wrong_target,
        dkim.cname_chain,
        dkim.key_revoked,
        dkim.key_missing,
        dkim.key_weak,
    ),
    (*_MISPLACED, dkim.proxied),
)
_MAIL_FROM_MX = Kind(
    mail_from.found,
    _as_wanted,
    (
        targets.quoted_value,
        targets.relative_target,
        mail_from.mx_region,
        mail_from.wrong_target,
        mail_from.mx_multiple,
        mail_from.mail_from_in_use,
        mail_from.mx_preference,
    ),
    _MISPLACED,
)
_SPF = Kind(
    spf.found,
    spf.repaired,
    (
        spf.txt_split,
        spf.quoted_value,
        spf.spf_multiple,
        spf.spf_syntax,
        spf.spf_redirect,
        spf.spf_unreachable,
        spf.spf_include_missing,
        spf.spf_flattened,
        spf.spf_broken_include,
        spf.spf_lookups,
        spf.spf_voids,
    ),
    _MISPLACED,
)
_DMARC = Kind(
    dmarc.found,
    dmarc.repaired,
    (
        dmarc.txt_split,
        dmarc.quoted_value,
        dmarc.dmarc_multiple,
        dmarc.dmarc_ignored,
        dmarc.dmarc_policy,
        dmarc.dmarc_tag,
        dmarc.dmarc_psd,
        dmarc.dmarc_rua,
        dmarc.dmarc_strict,
    ),
    (*_MISPLACED, dmarc.dmarc_inherited),
)
KINDS = {
    RecordId.DKIM1: _DKIM,
    RecordId.DKIM2: _DKIM,
    RecordId.DKIM3: _DKIM,
    RecordId.MAIL_FROM_MX: _MAIL_FROM_MX,
    RecordId.MAIL_FROM_SPF: _SPF,
    RecordId.SPF: replace(_SPF, faults=(*_SPF.faults, spf.spf_permissive, spf.spf_ptr)),
    RecordId.DMARC: _DMARC,
}

_AT_ITS_NAME = ("proxied", "wrong-type")
"""Codes whose evidence ``found`` is what stands at the record's own name, in another type."""


def questions(record: Record, zone: ZoneSeen) -> tuple[Question, ...]:
    """The first round of questions for ``record``: enough where all is well. None where there is no zone.

    A DKIM record's key is asked for at the same time, so that it costs no further round.
    """
    if zone.apex is None:
        return ()
    own = Question(record.name, record.type)
    return (own, Question(record.value.lower(), "TXT")) if record.type == "CNAME" else (own,)


def asides(record: Record, zone: ZoneSeen) -> tuple[Question, ...]:
    """What to ask one server of the zone in the first round: whether a CNAME is at the record's name.

    Servers that have a CNAME beside other records mostly answer by type, so nothing else shows it.
    """
    return () if zone.apex is None or record.type == "CNAME" else (Question(record.name, "CNAME"),)


def judged(case: Case) -> Row:
    """The row of one case, with every check of its kind applied."""
    if case.zone.apex is None and case.zone.reachable:
        return case.row(case.record, (), ())
    if not case.known:
        return case.row(case.record, (), (*place.delegated_away(case), place.unreachable(case)))
    kind = KINDS[case.record.id]
    case.record = replace(case.record, value=kind.repaired(case))
    found = kind.found(case)
    mistakes = _mistakes(case, kind.faults if found else kind.elsewhere)
    if found and _serious(mistakes) and place.borrowed(case):
        found, mistakes = (), _mistakes(case, kind.elsewhere)
    if case.record.type != "CNAME" and (not found or place.beside(case) or _serious(mistakes)):
        mistakes = [*place.cname_conflict(case), *mistakes]
    if not found and not mistakes:
        mistakes = list(place.delegated_away(case)) or [place.absent(case)]
    elif _serious(mistakes):
        mistakes = [*place.delegated_away(case), *mistakes]
    instead = [value for finding in mistakes if finding.code in _AT_ITS_NAME for value in _values(finding)]
    return case.row(case.record, found or tuple(instead), [*mistakes, *_remarks(case, mistakes, found)])


def _mistakes(case: Case, causes: tuple[Cause, ...]) -> list[Finding]:
    return [finding for cause in causes for finding in islice(cause(case), MOST_OF_A_CODE)]


def _remarks(case: Case, mistakes: list[Finding], found: tuple[str, ...]) -> Iterator[Finding]:
    """What makes mistakes harder to see or slower to fix."""
    yield from place.servers_disagree(case)
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


def unknown_dkim(zone: ZoneSeen, context: Context) -> tuple[Row, ...]:
    """The three DKIM rows where nothing says which tokens to look for: UNKNOWN, saying so."""
    why, todo = context.no_tokens
    message = "Nothing says which DKIM records to look for: each SES identity has three tokens of its own."
    finding = Finding(
        "dkim-tokens-unknown",
        Severity.INFO,
        f"{message} {why}".rstrip(),
        f"{todo or 'Have SES asked'}, or name the tokens with `--dkim-token` (three times).",
    )
    rows = []
    for number, record_id in enumerate((RecordId.DKIM1, RecordId.DKIM2, RecordId.DKIM3), start=1):
        token = f"<token{number}>"
        record = Record(
            record_id, f"{token}._domainkey.{context.domain}", "CNAME", f"{token}.{context.signing_zone}"
        )
        rows.append(Case(record, zone, {}, context).row(record, (), (finding,)))
    return tuple(rows)
