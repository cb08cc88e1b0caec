"""Files for the import of any DNS host. Pure.

An import only adds, and a second SPF, DMARC or MX record beside the first breaks both. So each file tells the
records that are added from those that replace a value, and a zone file has the latter as comments.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

from wizard.dns.findings import Round, Row, RowStatus
from wizard.dns.publish.plan import TTL, obstacle, publishable
from wizard.dns.records import Record
from wizard.dns.txt_notation import MASTER_FILE
from wizard.text import printable

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def zone_file(seen: Round, existing: bool = False) -> str:
    """The records still to be added, as a BIND zone file (RFC 1035 §5) for a panel's import.

    With ``existing``, the correct records follow as comments.
    """
    return "".join(f"{line}\n" for line in _lines(seen, existing))


def cloudflare_file(seen: Round, existing: bool = False) -> str:
    """The zone file with what Cloudflare reads from its comments: no CNAME of ours is to be proxied.

    Source: Cloudflare's "Import and export records", record attributes.
    """
    tag = " ; cf_tags=cf-proxied:false"
    return "".join(f"{line}{tag if ' IN CNAME ' in line else ''}\n" for line in _lines(seen, existing))


def csv_file(seen: Round, existing: bool = False) -> str:
    """The records still to be added, as CSV with a header. No cell is a formula to a spreadsheet.

    ``action`` is ``add``, ``replace``, ``keep`` (correct records, with ``existing``) or, for the reason in
    ``note``, ``check``.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("name", "type", "ttl", "priority", "value", "replaces", "action", "note"))
    for row in (*publishable(seen), *(_correct(seen) if existing else ())):
        priority, value = "", row.record.value
        if row.record.type == "MX":
            priority, _, value = value.partition(" ")
        cells = (row.record.name, row.record.type, str(TTL), priority, value, " | ".join(row.found))
        writer.writerow([_no_formula(cell) for cell in (*cells, _action(row), _doubt(row))])
    return out.getvalue()


def _correct(seen: Round) -> tuple[Row, ...]:
    return tuple(row for row in seen.rows if row.status is RowStatus.OK)


def _lines(seen: Round, existing: bool) -> Iterator[str]:
    rows: dict[str, list[Row]] = {action: [] for action in ("add", "replace", "check")}
    for row in publishable(seen):
        rows[_action(row)].append(row)
    yield f"; Records for sending mail as {printable(seen.domain)} with Amazon SES"
    if rows["add"]:
        yield ";"
        yield "; Added by an import: these do not exist yet."
        yield from map(_line, rows["add"])
    if rows["replace"]:
        yield ";"
        yield "; NOT added by an import: these replace a value that exists. A second record beside it would"
        yield "; break both, so edit the old value in your DNS panel."
    for row in rows["replace"]:
        yield from (f"; old: {value}" for value in row.found)
        yield f"; new: {_line(row)}"
    for row in rows["check"]:
        yield ";"
        yield f"; NOT added by an import: {_doubt(row)}"
        yield from (f"; old: {value}" for value in row.found)
        if row.record.value:
            yield f"; new: {_line(row)}"
    if existing and (correct := _correct(seen)):
        yield ";"
        yield "; NOT added by an import: these exist and are correct. Do not add them again."
        yield from (
            f"; {_line(replace(row, record=replace(row.record, value=value)))}"
            for row in correct
            for value in row.found
        )
    elif not any(rows.values()):
        yield "; Nothing to add: all records exist and are correct."


def _action(row: Row) -> str:
    if row.status is RowStatus.OK:
        return "keep"
    if _doubt(row):
        return "check"
    return "replace" if row.found else "add"


def _doubt(row: Row) -> str:
    """Why the record is to be looked at before anything is entered."""
    if row.status is RowStatus.UNKNOWN:
        return "no DNS server said what exists there. Look in your DNS panel first."
    return obstacle(row)


def _line(row: Row) -> str:
    return f"{printable(row.record.name)}. {TTL} IN {row.record.type} {_value(row.record)}"


def _value(record: Record) -> str:
    if record.type == "TXT":
        return MASTER_FILE.write(record.value)
    return f"{printable(record.value)}."


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
