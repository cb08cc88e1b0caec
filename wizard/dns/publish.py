"""Putting records into a zone: what would change in it, and files for everybody else's import. Pure.

A record that is not there is created. One that has to change is replaced only together with its old values,
so that they can be shown and agreed to first; nothing is ever just deleted.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wizard.aws.route53 import Action, HostedZone, RecordSet
from wizard.dns.records import Record, RecordId
from wizard.dns.seen import ZoneSeen
from wizard.dns.verdict import Round, Row, RowStatus
from wizard.text import printable

TTL = 300
"""Seconds that new records may be cached: short, so that a mistake does not stay long."""

_STRING_BYTES = 255
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """One record set as it would become; ``before`` is what it replaces, None where nothing stands there."""

    after: RecordSet
    before: RecordSet | None = None

    @property
    def action(self) -> Action:
        """CREATE, which fails rather than overwrite, or UPSERT."""
        return Action.CREATE if self.before is None else Action.UPSERT


@dataclass(frozen=True, slots=True)
class ZoneChanges:
    """What publishing a round's records would do. ``kept`` stand there already; ``notes`` are sentences."""

    changes: tuple[ZoneChange, ...]
    kept: tuple[Record, ...] = ()
    notes: tuple[str, ...] = ()


def publishable(seen: Round) -> tuple[Row, ...]:
    """The rows whose record is still to be entered."""
    return tuple(row for row in seen.rows if row.status is not RowStatus.OK and _is_known(row))


def candidates(zones: Iterable[HostedZone], domain: str) -> tuple[HostedZone, ...]:
    """The public hosted zones that can hold ``domain``: those of its name first, then its parents'."""
    above = [zone for zone in zones if not zone.private and _within(domain, zone.name)]
    return tuple(sorted(above, key=lambda zone: -len(zone.name)))


def chosen_zone(
    zones: Sequence[HostedZone], name_servers: Mapping[str, Sequence[str]], world: ZoneSeen
) -> tuple[HostedZone | None, tuple[str, ...]]:
    """The hosted zone that the world asks, and what to know about that, in sentences.

    ``zones`` are the candidates, ``name_servers`` Route 53's servers for each, by id.
    """
    asked = set(world.nameservers)
    matching = [zone for zone in zones if zone.name == world.apex and asked & set(name_servers[zone.id])]
    if not matching:
        others = ", ".join(printable(name) for name in world.nameservers[:4]) or "no server at all"
        names = ", ".join(sorted({printable(zone.name) for zone in zones}))
        return None, (
            f"Route 53 has a hosted zone for {names}, but the world does not ask it: "
            f"the registry names {others}.",
        )
    zone = matching[0]
    notes = []
    if len(zones) > 1:
        notes.append(
            f"Route 53 has {len(zones)} hosted zones that could hold this domain. "
            f"The one the world asks is {printable(zone.name)} ({printable(zone.id)})."
        )
    elsewhere = sorted(asked - set(name_servers[zone.id]))
    if elsewhere:
        named = ", ".join(map(printable, elsewhere))
        notes.append(
            f"The registry also names servers that are not this zone's: {named}. "
            "The records must be entered there, too."
        )
    return zone, tuple(notes)


def names_to_read(rows: Iterable[Row], apex: str) -> tuple[str, ...]:
    """The names whose record sets decide what must change: each record's, and those up to ``apex``."""
    names: dict[str, None] = {}
    for row in rows:
        name = row.record.name
        while name != apex and _within(name, apex):
            names[name] = None
            name = name.partition(".")[2]
        names[apex] = None
    return tuple(names)


def zone_changes(
    rows: Iterable[Row],
    apex: str,
    standing: Mapping[str, Sequence[RecordSet]],
    value_of: Callable[[Record], str] | None = None,
) -> ZoneChanges:
    """What must change so that each row's record stands in the zone ``apex``.

    ``standing`` are the zone's record sets at each of ``names_to_read``. ``value_of`` writes a record's value
    as the zone's host has it, if that is not Route 53.
    """
    changes, kept, notes = [], [], []
    for row in rows:
        record = row.record
        problem = _problem(row, apex, standing)
        if problem:
            notes.append(f"{record.type} {printable(record.name)} is left to you: {problem}")
            continue
        before = next((s for s in standing.get(record.name, ()) if s.type == record.type), None)
        after = _after(record, before, (value_of or route53_value)(record))
        if before is not None and set(after.values) == set(before.values):
            kept.append(record)
        else:
            changes.append(ZoneChange(after, before))
    return ZoneChanges(tuple(changes), tuple(kept), tuple(notes))


def _problem(row: Row, apex: str, standing: Mapping[str, Sequence[RecordSet]]) -> str:
    """Why the record cannot be written for the user, as the end of a sentence; empty where it can."""
    record = row.record
    here = standing.get(record.name, ())
    for name, sets in standing.items():
        if name != apex and _within(record.name, name) and any(s.type == "NS" for s in sets):
            return f"{printable(name)} is a zone of its own, with other name servers."
    if any(finding.code == "mail-from-in-use" for finding in row.findings):
        return "that name receives other mail already; choose another MAIL FROM domain."
    same = [s for s in here if s.type == record.type]
    if len(same) > 1 or any(not s.plain for s in same):
        return "an alias or a routing policy stands there, which only its owner can judge."
    others = sorted({s.type for s in here} - {record.type, "NS", "SOA"})
    if record.type == "CNAME" and others:
        return f"a CNAME cannot stand beside {', '.join(others)}; remove that first."
    if "CNAME" in others:
        return "a CNAME stands there, and nothing can stand beside it; remove that first."
    return ""


def _after(record: Record, before: RecordSet | None, value: str) -> RecordSet:
    """The record set that should stand: other texts at the same name stay as they are."""
    if before is None:
        return RecordSet(record.name, record.type, TTL, (value,))
    kept: tuple[str, ...] = ()
    if record.type == "TXT":
        kept = tuple(text for text in before.values if not _same_purpose(record, unquoted(text)))
    return RecordSet(record.name, record.type, before.ttl, (*kept, value))


def _same_purpose(record: Record, text: str) -> bool:
    """Whether a text at the record's name is an edition of it that must go when it is written."""
    words = text.strip().strip('"').lower()
    if record.id is RecordId.DMARC:
        return words.startswith("v=dmarc1") or words == record.value.lower()
    return words == "v=spf1" or words.startswith("v=spf1 ")


def route53_value(record: Record) -> str:
    """The record's value as Route 53 takes it: texts in quotes, cut into strings of at most 255 bytes."""
    if record.type != "TXT":
        return record.value
    return quoted(record.value, lambda byte: f"\\{byte:03o}")


def quoted(text: str, escape: Callable[[int], str]) -> str:
    """``text`` (one character a byte, see ``Txt.text``) as quoted strings of at most 255 bytes each.

    ``escape`` writes a byte that cannot stand for itself.
    """
    raw = text.encode("latin-1")
    chunks = [raw[start : start + _STRING_BYTES] for start in range(0, len(raw), _STRING_BYTES)] or [b""]
    return " ".join(
        '"'
        + "".join(
            chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else escape(byte) for byte in chunk
        )
        + '"'
        for chunk in chunks
    )


def unquoted(value: str) -> str:
    """The text in a TXT value of Route 53's: its strings joined, escapes undone."""
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', value, re.DOTALL) or [value]
    return re.sub(
        r"\\([0-7]{3}|.)",
        lambda found: chr(int(found[1], 8)) if len(found[1]) == 3 else found[1],
        "".join(strings),
        flags=re.DOTALL,
    )


def zone_file(seen: Round) -> str:
    """The records still to be entered, as a BIND zone file (RFC 1035 §5) for a panel's import.

    Where one replaces others, a comment says so; an import only adds.
    """
    lines = [f"; Records for sending mail as {printable(seen.domain)} with Amazon SES"]
    for row in publishable(seen):
        if row.found:
            lines.append(f"; replaces what stands there: {', '.join(row.found)}")
        lines.append(f"{row.record.name}. {TTL} IN {row.record.type} {_master_value(row.record)}")
    return "\n".join(lines) + "\n"


def cloudflare_file(seen: Round) -> str:
    """The zone file with what Cloudflare reads from its comments: no CNAME of ours is to be proxied.

    Source: Cloudflare's "Import and export records", record attributes.
    """
    lines = zone_file(seen).splitlines()
    return (
        "\n".join(f"{line} ; cf_tags=cf-proxied:false" if " IN CNAME " in line else line for line in lines)
        + "\n"
    )


def csv_file(seen: Round) -> str:
    """The records still to be entered, as CSV with a header. No cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("name", "type", "ttl", "priority", "value", "replaces"))
    for row in publishable(seen):
        priority, value = "", row.record.value
        if row.record.type == "MX":
            priority, _, value = value.partition(" ")
        cells = (row.record.name, row.record.type, str(TTL), priority, value, " | ".join(row.found))
        writer.writerow([_no_formula(cell) for cell in cells])
    return out.getvalue()


def _master_value(record: Record) -> str:
    if record.type == "TXT":
        return quoted(record.value, lambda byte: f"\\{byte:03d}")
    return f"{record.value}."


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _is_known(row: Row) -> bool:
    return all(finding.code != "dkim-tokens-unknown" for finding in row.findings)


def _within(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")
