"""Findings about servers that answer differently: the zone's own, the local network's and public ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wizard.dns.answers import Answer, Opinions, Outcome, ZoneReport
from wizard.dns.findings import Row, RowStatus, Severity
from wizard.dns.judge.case import Case, Context, shown
from wizard.dns.judge.hosts import Apart, apart, host_words
from wizard.dns.judge.registry import ANY, Problem, remark
from wizard.dns.providers import recognise
from wizard.text import printable

_SEVERITIES = tuple(Severity)


def with_opinions(row: Row, opinions: Opinions, zone: ZoneReport, context: Context) -> Row:
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


@remark("servers-disagree", Severity.INFO, ANY)
def servers_disagree(case: Case) -> Iterator[Problem]:
    """Some servers of the zone have the record and some do not."""
    answer = case.answer
    if answer is None or answer.agree or answer.absent:
        return
    having = len(answer.servers)
    answering = {s.address for s in case.zone.servers if s.outcome is Outcome.ANSWERS}
    asked = answer.cut.nameservers if answer.cut else answering or case.zone.addresses
    all_servers = max(len(asked), having)
    give = "gives" if having == 1 else "give"
    hosts = apart(case.zone, answer)
    if hosts is None:
        who = "the others have another value or none. The DNS host is still copying the change to them."
        fix = "Wait a few minutes. If the servers still disagree after an hour, ask the DNS host's support."
    else:
        who, fix = _between_hosts(case, answer, hosts)
    yield (
        f"{having} of the zone's {all_servers} servers {give} this answer; {who}",
        fix,
        {"servers": list(answer.servers), "of": all_servers, "lacking": list(answer.lacking)},
    )


def _between_hosts(case: Case, answer: Answer, hosts: Apart) -> tuple[str, str]:
    """Who answers differently, and what to do, where the registry lists servers of two DNS hosts."""
    one, other = host_words(hosts.having), host_words(hosts.others)
    addresses = {server.address for server in case.zone.servers if server.name in hosts.others}
    lacks = addresses <= {*answer.lacking, ""}
    context = replace(case.context, provider=recognise(hosts.others))
    there = f"the record at {other} as well: {Case(case.record, case.zone, {}, context).entry_words()}."
    who = f"another DNS host, {other}, {'does not have the record' if lacks else 'has another value'}."
    if hosts.certain:
        return f"{who} It does not copy from {one}.", f"Enter {there}"
    wait = f"If {other} copies the zone from {one} (secondary DNS), wait for the next copy."
    return who, f"{wait} Otherwise enter {there}"
