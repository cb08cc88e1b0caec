"""What ``check`` prints: JSON lines for programs, a table for people, and the exit code. Pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

from wizard.aws.sesv2 import SesIdentity
from wizard.cli.check.ses import SesAnswer, SesState
from wizard.dns.findings import Finding, Round, RowStatus, Visibility
from wizard.dns.resolve.access import Nameserver
from wizard.errors import ExitCode
from wizard.steps.model import Status, StepState
from wizard.text import printable, sentence

SCHEMA = 1

_SYMBOLS = {
    RowStatus.OK: "✓",
    RowStatus.MISSING: "✗",
    RowStatus.WRONG: "✗",
    RowStatus.UNKNOWN: "?",
    RowStatus.OPTIONAL: "○",
}
_VISIBILITY = {
    Visibility.ALL: "all records found",
    Visibility.NOT_ALL: "some records not found yet",
    Visibility.UNKNOWN: "no answer",
}
_ASKED = {
    "authoritative": "asked the zone's own servers",
    "resolver": "asked a resolver, as the zone's own servers could not be reached",
    "tcp": "asked the zone's own servers, over TCP",
    "https": "asked a resolver over HTTPS",
    None: "no server answered",
}


def as_json(seen: Round, region: str | None, ses: SesAnswer) -> str:
    """Return one domain's result as one JSON object on one line (CONTRACT.md)."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "domain": seen.domain,
            "region": region,
            "checked_at": _time(seen.checked_at),
            "ready": seen.ready,
            "ok": seen.ok,
            "zone": seen.zone.apex,
            "provider": seen.provider,
            "nameservers": [printable(name) for name in seen.zone.nameservers],
            "asked": seen.zone.path,
            "records": [
                {
                    "id": row.record.id,
                    "name": row.record.name,
                    "host": row.host,
                    "type": row.record.type,
                    "expected": row.record.value,
                    "found": list(row.found),
                    "status": row.status,
                    "findings": [_finding(finding) for finding in row.findings],
                }
                for row in seen.rows
            ],
            "findings": [_finding(finding) for finding in seen.findings],
            "ses": None if ses.identity is None else _ses(ses.identity),
            "ses_state": ses.state,
            "ses_advice": " ".join(ses.words(seen.domain)).strip() or None,
            "verdict": None if ses.identity is None else _verdict_json(_judged(seen, ses.identity)),
        }
    )


def as_table(seen: Round, ses: SesAnswer, width: int, resolvers: Sequence[Nameserver] = ()) -> str:
    """Return one domain's result as text: a heading, a line a record, and under it what is wrong and the fix.

    ``resolvers`` are those named with ``--nameserver``.
    """
    heading = f"{seen.domain}: {_verdict(seen)}"
    lines = (*_zone_lines(seen, ses, width, resolvers), *_row_lines(seen, width))
    return "\n".join([heading, "═" * len(heading), *lines])


def as_public_view(before: Round, after: Round, width: int) -> str:
    """Return what public resolvers add to the table of ``before``: what each sees, and new findings.

    Empty if none was asked.
    """
    by_answer = [
        (words, [name for name, seen in after.public.items() if seen is visibility])
        for visibility, words in _VISIBILITY.items()
    ]
    parts = [f"{words} ({', '.join(names)})" for words, names in by_answer if names]
    if not parts:
        return ""
    new = [finding for finding in after.findings if finding not in before.findings]
    changed = tuple(row for row in after.rows if row not in before.rows)
    lines = [
        "",
        *_wrapped(f"Public resolvers: {'; '.join(parts)}.", "", width),
        *(line for finding in new for line in _finding_lines(finding, "", width)),
        *_row_lines(replace(after, rows=changed), width),
    ]
    if _verdict(after) != _verdict(before):
        lines += ["", f"{after.domain}: {_verdict(after)}"]
    return "\n".join([*lines, ""])


def exit_code(rounds: Iterable[Round]) -> ExitCode:
    """Return 0 if all is ok, 1 if something is known to be wrong, 3 if not everything could be asked."""
    open_rounds = [seen for seen in rounds if not seen.ok]
    if not open_rounds:
        return ExitCode.OK
    return ExitCode.NO if any(seen.known_wrong for seen in open_rounds) else ExitCode.OUTSIDE


def _verdict(seen: Round) -> str:
    if seen.ok:
        return "ok"
    if seen.ready:
        return "ready, but delivery suffers"
    return "not ready" if seen.known_wrong else "not everything could be asked"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "fix": finding.fix,
        "evidence": dict(finding.evidence),
    }


def _judged(seen: Round, identity: SesIdentity) -> StepState:
    """Judge step 4. Its module is imported here because ``--no-aws`` does not need it."""
    from wizard.steps.dns.step import judge

    return judge(seen, identity)


def _verdict_json(standing: StepState) -> dict[str, object]:
    """The DNS step of ``status``, judged by the records now and by SES."""
    return {"status": standing.status, "words": standing.words}


def _ses(identity: SesIdentity) -> dict[str, object]:
    return {
        "verified": identity.verified,
        "dkim": identity.dkim_status,
        "mail_from": identity.mail_from_status,
        "error": identity.error_type,
        "last_checked": None if identity.last_checked is None else _time(identity.last_checked),
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _zone_lines(seen: Round, ses: SesAnswer, width: int, resolvers: Sequence[Nameserver]) -> Iterator[str]:
    zone = seen.zone
    if zone.apex is not None:
        host = f" at {seen.provider}" if seen.provider else ""
        servers = ", ".join(printable(name) for name in zone.nameservers)
        yield from _wrapped(f"Zone {zone.apex}{host} ({servers}); {_ASKED[zone.path]}.", "", width)
    elif not zone.reachable:
        named = " or ".join(_address(one) for one in resolvers)
        silent = f"The resolver {named} (--nameserver) does not answer" if named else "No DNS server answers"
        yield from _wrapped(f"{silent}: nothing is known.", "", width)
    yield from _ses_lines(seen, ses, width)
    for finding in seen.findings:
        yield from _finding_lines(finding, "", width)


def _address(resolver: Nameserver) -> str:
    host = f"[{resolver.address}]" if ":" in resolver.address else resolver.address
    return f"{host}:{resolver.port}"


def _ses_lines(seen: Round, ses: SesAnswer, width: int) -> Iterator[str]:
    """SES's view, and what it means for records that broke since; or why it is unknown."""
    if identity := ses.identity:
        verified = "verified" if identity.verified else "not verified"
        mail_from = identity.mail_from_status or "not set"
        yield f"SES: {verified}, DKIM {identity.dkim_status}, MAIL FROM {mail_from}."
        verdict = _judged(seen, identity)
        if verdict.status is not Status.DONE:
            yield from _wrapped(sentence(verdict.words), "", width)
        return
    why, todo = ses.words(seen.domain)
    yield from _wrapped(why, "", width)
    if ses.state is not SesState.NOT_ASKED:  # Otherwise the findings say when to ask SES.
        yield from _wrapped(f"→ {todo}", "  ", width)


def _row_lines(seen: Round, width: int) -> Iterator[str]:
    """A line a record; findings that several rows share are printed once, under the last of them."""
    for (findings, found), rows in groupby(seen.rows, key=lambda row: (row.findings, row.found)):
        yield ""
        statuses = set()
        for row in rows:
            statuses.add(row.status)
            yield f"{_SYMBOLS[row.status]} {row.status:<8} {row.record.type:<5} {row.record.name}"
        for finding in findings:
            yield from _finding_lines(finding, "  ", width)
        if found and RowStatus.WRONG in statuses:
            yield from _wrapped(f"found: {' | '.join(found)}", "  ", width)


def _finding_lines(finding: Finding, indent: str, width: int) -> Iterator[str]:
    yield from _wrapped(f"{finding.severity} {finding.code}: {finding.message}", indent, width)
    if finding.fix:
        yield from _wrapped(f"→ {finding.fix}", indent + "  ", width)


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    """Return lines of at most ``width`` columns; values stay whole, so that they can be copied."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
