"""What publishing records would change in a zone. Pure.

A missing record is created. An incorrect one is replaced together with its old values, so that the user sees
them first; nothing is only deleted. What the DNS host holds counts, not what its servers answered: SPF and
DMARC are merged with the texts at the host, so that no sender and no policy is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wizard.aws.route53 import RecordSet
from wizard.dns.findings import Round, Row, RowStatus
from wizard.dns.judge import dmarc_record, dmarc_repair, spf
from wizard.dns.records import FEEDBACK_HOST, SES_SPF_INCLUDE, Record, RecordId
from wizard.dns.txt_notation import ROUTE53, Notation
from wizard.text import printable

TTL = 300
"""Seconds that new records may be cached: short, so that a mistake does not stay long."""

_OTHER_MAIL = "that name already receives other mail; choose another MAIL FROM domain."
_CNAME = "that name has a CNAME, which excludes all other records; remove the CNAME first."
_UNCLEAR = "only you know what its text should be. Correct it as the checklist says first."


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """One record set as it would become; ``before`` is what it replaces, None where nothing exists there."""

    after: RecordSet
    before: RecordSet | None = None


@dataclass(frozen=True, slots=True)
class ZoneChanges:
    """What publishing a round's records would do. ``kept`` exist already; ``notes`` are sentences."""

    changes: tuple[ZoneChange, ...]
    kept: tuple[Record, ...] = ()
    notes: tuple[str, ...] = ()


def publishable(seen: Round) -> tuple[Row, ...]:
    """The rows whose record is still to be entered."""
    return tuple(row for row in seen.rows if row.status is not RowStatus.OK and _is_known(row))


def obstacle(row: Row) -> str:
    """Why the record must not be added as proposed, by what the round saw, as the end of a sentence."""
    codes = {finding.code for finding in row.findings}
    if "mail-from-in-use" in codes:
        return _OTHER_MAIL
    if "cname-conflict" in codes:
        return _CNAME
    if not row.record.value and (lookups := _lookups(row)) > spf.LOOKUP_LIMIT:
        return (
            f"with SES it takes {lookups} DNS lookups, and receivers ignore a record that takes more than "
            f"{spf.LOOKUP_LIMIT}. Drop an include that you no longer send through first."
        )
    return "" if row.record.value else _UNCLEAR


def names_to_read(rows: Iterable[Row], apex: str) -> tuple[str, ...]:
    """The names whose record sets decide what must change: each record's, and those up to ``apex``.

    For DMARC also the names in the zone where a policy of a domain above would be.
    """
    names: dict[str, None] = {}
    for row in rows:
        name = row.record.name.lower()
        if row.record.id is RecordId.DMARC:
            names.update(dict.fromkeys(_policy_names(name, apex)))
        while name != apex and within(name, apex):
            names[name] = None
            name = name.partition(".")[2]
        names[apex] = None
    return tuple(names)


def zone_changes(
    rows: Iterable[Row],
    apex: str,
    held: Mapping[str, Sequence[RecordSet]],
    notation: Notation = ROUTE53,
) -> ZoneChanges:
    """What must change so that the zone ``apex`` has each row's record.

    ``held`` are the zone's record sets at each of ``names_to_read``, as its host has them. ``notation`` is
    how the host writes texts, if that is not as Route 53 does.
    """
    changes, kept, notes = [], [], []
    for row in rows:
        record = replace(row.record, name=row.record.name.lower())
        row = replace(row, record=record)
        problem = _problem(row, apex, held, notation)
        if problem:
            notes.append(f"{record.type} {printable(record.name)} is left to you: {problem}")
            continue
        before = next((s for s in held.get(record.name, ()) if s.type == record.type), None)
        after = _after(row, before, notation)
        if before is not None and _values(after, notation) == _values(before, notation):
            kept.append(record)
        else:
            changes.append(ZoneChange(after, before))
            notes += _serving_elsewhere(record, before)
    return ZoneChanges(tuple(changes), tuple(kept), tuple(notes))


def _problem(row: Row, apex: str, held: Mapping[str, Sequence[RecordSet]], notation: Notation) -> str:
    """Why the record cannot be written for the user, as the end of a sentence; empty where it can."""
    record = row.record
    here = held.get(record.name, ())
    for name, sets in held.items():
        if name != apex and within(record.name, name) and any(s.type == "NS" for s in sets):
            return f"{printable(name)} is a zone of its own, with other name servers."
    same = [s for s in here if s.type == record.type]
    if len(same) > 1 or any(not s.plain for s in same):
        return "that name has an alias or a routing policy, which only its owner can judge."
    if found := obstacle(row):
        return found
    if record.type == "MX" and _receives_other_mail(row, same):
        return _OTHER_MAIL
    others = sorted({s.type for s in here} - {record.type, "NS", "SOA"})
    if record.type == "CNAME" and others:
        return f"a CNAME cannot exist beside {', '.join(others)}; remove that first."
    if "CNAME" in others:
        return _CNAME
    if record.id is RecordId.DMARC and not _texts(record, same, notation):
        return _policy_from_above(row, apex, held, notation)
    if record.type == "TXT" and not _text(row, same, notation):
        return _UNCLEAR
    return ""


def _receives_other_mail(row: Row, sets: Iterable[RecordSet]) -> bool:
    """Whether an MX leads elsewhere than to SES. A misspelt host counts only if no round has judged it."""
    judged = {*map(_canonical, row.found)}
    values = [_canonical(value) for one in sets for value in one.values]
    return any(v not in judged and not FEEDBACK_HOST.fullmatch(v.rpartition(" ")[2]) for v in values)


def _serving_elsewhere(record: Record, before: RecordSet | None) -> Iterator[str]:
    """Say so if an MX to be replaced takes the bounces of another Region's set-up."""
    values = before.values if before and record.type == "MX" else ()
    regions = {match[1] for value in values if (match := FEEDBACK_HOST.search(_canonical(value)))}
    for region in sorted(regions - set(FEEDBACK_HOST.findall(record.value))):
        yield (
            f"{printable(record.name)} serves SES in {region} now. If a set-up there still uses it, say no, "
            "and choose another MAIL FROM domain in step 3."
        )


def _policy_names(name: str, apex: str) -> tuple[str, ...]:
    """Where policies of the domains above would be, as far as they are in the zone.

    None for a doubled name: it is nobody's domain.
    """
    if name.endswith(f".{apex}.{apex}"):
        return ()
    return tuple(
        above for above in dmarc_record.walk(name.removeprefix("_dmarc."))[1:] if within(above, apex)
    )


def _policy_from_above(
    row: Row, apex: str, held: Mapping[str, Sequence[RecordSet]], notation: Notation
) -> str:
    """Why a first DMARC record would weaken what applies already, as the end of a sentence."""
    domain = row.record.name.removeprefix("_dmarc.")
    above = {
        name: [notation.read(v) for s in held.get(name, ()) if s.type == "TXT" for v in s.values]
        for name in _policy_names(row.record.name, apex)
    }
    if heir := dmarc_record.inherited(above, domain):
        return f"{printable(heir[0])} sets a policy that applies here, and its own record would end that."
    if row.status is RowStatus.UNKNOWN:
        return "no DNS server said whether a policy of a domain above applies, which it would end."
    return ""


def _lookups(row: Row) -> int:
    """How many DNS lookups the merged SPF record takes, as far as a finding counts them."""
    counts = [f.evidence.get("lookups") for f in row.findings if f.code.startswith("spf-")]
    return max((count for count in counts if isinstance(count, int)), default=0)


def _after(row: Row, before: RecordSet | None, notation: Notation) -> RecordSet:
    """The record set to end with: other texts at the same name stay as they are."""
    record, ttl = row.record, before.ttl if before else TTL
    if record.type != "TXT":
        return RecordSet(record.name, record.type, ttl, (record.value,))
    held = [before] if before else []
    texts = _texts(record, held, notation)
    others = tuple(value for value in before.values if value not in texts) if before else ()
    return RecordSet(record.name, record.type, ttl, (*others, notation.write(_text(row, held, notation))))


def _text(row: Row, sets: Iterable[RecordSet], notation: Notation) -> str:
    """The text to end with; empty where only its owner can say what it should be."""
    texts = list(_texts(row.record, sets, notation).values())
    # Where the name has none of its own, the row has judged what answers for it: a wildcard, an alias.
    judged = not texts or sorted(map(printable, texts)) == sorted(row.found)
    return row.record.value if judged else _merged(row.record, texts) or ""


def _texts(record: Record, sets: Iterable[RecordSet], notation: Notation) -> dict[str, str]:
    """The texts that are, or were meant to be, what ``record`` is, by the value that holds them.

    These and no others are merged into the new text, so these and no others go when it comes.
    """
    meant = dmarc_record.intended if record.id is RecordId.DMARC else spf.intended
    texts = {value: notation.read(value) for one in sets for value in one.values}
    return {value: text for value, text in texts.items() if meant(text)}


def _merged(record: Record, texts: Iterable[str]) -> str | None:
    """The text to end with, by what the host holds: the round saw something else there."""
    return dmarc_repair.repaired(texts) if record.id is RecordId.DMARC else spf.merged(texts, SES_SPF_INCLUDE)


def _values(record_set: RecordSet, notation: Notation) -> list[str]:
    """What a record set says, however it is written."""
    read = notation.read if record_set.type == "TXT" else _canonical
    return sorted(map(read, record_set.values))


def _canonical(value: str) -> str:
    """The value of a CNAME or MX record without what makes no difference: case, final dot, blanks."""
    return " ".join(value.lower().rstrip(".").split())


def _is_known(row: Row) -> bool:
    return all(finding.code != "dkim-tokens-unknown" for finding in row.findings)


def within(name: str, zone: str) -> bool:
    """Whether ``name`` is the zone's own name or below it."""
    return name == zone or name.endswith(f".{zone}")
