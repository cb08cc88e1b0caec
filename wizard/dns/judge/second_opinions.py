"""What others say than the zone's own servers, on the record that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wizard.dns.answers import Opinions, ZoneSeen
from wizard.dns.findings import Row, RowStatus, Severity
from wizard.dns.judge.case import Case, Context, shown
from wizard.dns.judge.registry import ANY, Problem, remark
from wizard.text import printable

_SEVERITIES = tuple(Severity)


def with_opinions(row: Row, opinions: Opinions, zone: ZoneSeen, context: Context) -> Row:
    """The row with what others say about its record. What the local network alone has is not just absent."""
    case = Case(row.record, zone, {}, context)
    local = tuple(split_horizon(case, row, opinions))
    kept = [finding for finding in row.findings if not (local and finding.code == "absent")]
    findings = [*local, *kept, *propagating(case, row, opinions)]
    return replace(
        row, findings=tuple(sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity)))
    )


@remark("split-horizon", Severity.BLOCKS, ANY)
def split_horizon(case: Case, row: Row, opinions: Opinions) -> Iterator[Problem]:
    """Only the local network has the record."""
    question = case.question
    answer, elsewhere = opinions.local.get(question), opinions.elsewhere.get(question)
    if answer is None or not answer.rdatas or row.status is RowStatus.OK or (elsewhere and elsewhere.rdatas):
        return
    values = [printable(shown(rdata)) for rdata in answer.rdatas]
    yield (
        f"Your network's resolver ({', '.join(answer.servers)}) finds this record, but the zone's public "
        "servers, which SES and mail receivers ask, do not have it. Your network sees another zone of that "
        f"name: an internal one, or the one at {case.apex}'s previous DNS host.",
        f"Add the record to the public zone as well: {case.entry_words()}.",
        {"resolvers": list(answer.servers), "values": values},
    )


@remark("propagating", Severity.INFO, ANY)
def propagating(case: Case, row: Row, opinions: Opinions) -> Iterator[Problem]:
    """The zone has the record, but not all public resolvers do."""
    sights = [sight for sight in opinions.public if sight.question == case.question]
    waiting = [sight for sight in sights if not sight.has and sight.bogus is None]
    if row.status is not RowStatus.OK or not waiting:
        return
    have = [sight.resolver for sight in sights if sight.has]
    known = [sight.seconds for sight in waiting if sight.seconds is not None]
    longest = f" for up to {max(known)} seconds" if known else ""
    seen_by = f"{', '.join(have)} {'has' if len(have) == 1 else 'have'} it already; " if have else ""
    yield (
        f"The zone has the record. {seen_by}"
        f"{', '.join(sight.resolver for sight in waiting)} may keep the previous answer{longest}.",
        "",
        {
            "have": have,
            "waiting": [{"resolver": sight.resolver, "seconds": sight.seconds} for sight in waiting],
        },
    )
