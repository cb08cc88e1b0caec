"""What can be wrong with any record's place: nothing is there, or it stands somewhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wizard.dns import dmarc, spf
from wizard.dns.causes.case import Case, cleaned, shown
from wizard.dns.causes.hosts import Apart, apart, host_words
from wizard.dns.providers import recognise, relative_host
from wizard.dns.records import SES_SPF_INCLUDE, RecordId
from wizard.dns.seen import Answer, Host, Outcome, Rcode, Rdata, Txt
from wizard.dns.verdict import Finding, Severity
from wizard.text import printable

LONG_TTL = 3600
"""Seconds; a wrong value that stays cached for longer is worth a word."""


def unreachable(case: Case) -> Finding:
    """No server answered."""
    rcode = case.answer.rcode if case.answer else Rcode.NO_ANSWER
    what = "could not answer" if rcode is Rcode.SERVFAIL else "did not answer"
    return Finding(
        "unreachable",
        Severity.BLOCKS,
        f"The DNS servers {what} for {case.record.name}, so nobody can say whether the record is there.",
        "Check the network connection, then look again; if other names work, the DNS host has trouble.",
        {"name": case.record.name, "rcode": str(rcode)},
    )


def absent(case: Case) -> Finding:
    """No server has it, and no mistake explains it."""
    servers = list(case.zone.nameservers)
    where = f"none of the zone's {len(servers)} servers has it" if servers else "the zone does not have it"
    return Finding(
        "absent",
        case.severity,
        f"The record is not there: {where}.",
        f"Add this record: {case.entry_words()}.",
        {"name": case.record.name, "type": case.record.type, "servers": servers},
    )


def delegated_away(case: Case) -> Iterator[Finding]:
    """The name lies in a zone of its own, so what is entered in this zone is never looked at."""
    cut = case.cut
    if cut is None:
        return
    servers = ", ".join(printable(name) for name in cut.nameservers[:4])
    provider = recognise(cut.nameservers)
    host = relative_host(case.record.name, cut.name)
    yield Finding(
        "delegated-away",
        Severity.BLOCKS,
        f"{case.record.name} lies in a zone of its own, {printable(cut.name)} "
        f"({f'at {provider.name}, ' if provider else ''}name servers {servers}): what is entered in "
        f"{case.apex} does not count there.",
        f"Enter it in the zone {printable(cut.name)}: host `{host}`, value `{case.record.value}`, type "
        f"{case.record.type}. Or, if nobody uses that zone, delete the NS records at "
        f"{printable(cut.name)} and enter it here: {case.entry_words()}.",
        {"zone": printable(cut.name), "servers": [printable(name) for name in cut.nameservers]},
    )


def doubled_name(case: Case) -> Iterator[Finding]:
    """It stands at NAME.ZONE: the panel added the zone once more."""
    place = f"{case.record.name}.{case.apex}"
    if found := _ours_at(case, place):
        yield Finding(
            "doubled-name",
            case.severity,
            f"{place} has the record: the panel itself adds {case.apex} a second time.",
            f"Leave {case.apex} out of the host: {case.entry_words(relative=True)}.",
            {"found_at": place, "values": found},
        )


def underscore_lost(case: Case) -> Iterator[Finding]:
    """It stands at the name without its underscore."""
    place = case.record.name.replace("_", "")
    if place != case.record.name and (found := _ours_at(case, place)):
        yield Finding(
            "underscore-lost",
            case.severity,
            f"The record stands at {place}: the underscore is part of the name and is missing there.",
            f"Enter it with the underscore: {case.entry_words()}. A panel that refuses it needs its "
            "support's help, or the zone another DNS host.",
            {"found_at": place, "values": found},
        )


def wrong_host(case: Case) -> Iterator[Finding]:
    """It stands at another likely name."""
    for place in _likely_places(case):
        if found := _ours_at(case, place):
            yield Finding(
                "wrong-host",
                case.severity,
                f"The record stands at {place}, where nobody looks for it.",
                f"Move it: {case.entry_words()}.",
                {"found_at": place, "values": found},
            )


def wrong_type(case: Case) -> Iterator[Finding]:
    """The value is there as a record of another type."""
    other = "SPF" if case.record.id in (RecordId.SPF, RecordId.MAIL_FROM_SPF) else "TXT"
    if case.record.type == other:
        return
    meant = [shown(rdata) for rdata in case.standing(case.record.name, other) if _is_meant(case, rdata)]
    if meant:
        name = "SPF (type 99), which nobody reads any more" if other == "SPF" else other
        yield Finding(
            "wrong-type",
            case.severity,
            f"The value is there, but as a record of type {name}.",
            f"Delete that {other} record and add it with the right type: {case.entry_words()}.",
            {"type": other, "found": [printable(value) for value in meant]},
        )


def cname_conflict(case: Case) -> Iterator[Finding]:
    """The name is an alias, so nothing of its own can stand there (RFC 1034 §3.6.2)."""
    alias = case.ask(case.record.name, "CNAME")
    targets = [rdata.name for rdata in alias.rdatas if isinstance(rdata, Host)] if alias else []
    if case.answer and case.answer.cnames:
        targets = targets or list(case.answer.cnames[:1])
    if targets:
        target = printable(targets[0])
        yield Finding(
            "cname-conflict",
            Severity.BLOCKS,
            f"{case.record.name} is an alias (CNAME) for {target}, so it cannot hold any other record.",
            f"Delete the CNAME at {case.host_words()}, then add: {case.entry_words()}. If the alias is "
            "needed, ask its owner to publish the record at the alias's target.",
            {"cname": target},
        )


def wildcard(case: Case) -> Iterator[Finding]:
    """A wildcard answers in the record's place."""
    answers = [
        case.answer,
        *(case.ask(case.record.name, rdtype) for rdtype in _WILDCARD_TYPES[case.record.type]),
    ]
    caught = next(
        (answer for answer in answers if answer and answer.rdatas and case.by_wildcard(answer)), None
    )
    if caught is not None:
        parent = caught.question.name.partition(".")[2]
        yield Finding(
            "wildcard",
            Severity.WARNS,
            f"What answers there is a wildcard of type {caught.question.type} (at *.{parent} or above), not "
            "a record of this name.",
            f"Leave the wildcard and add the record beside it: {case.entry_words()}.",
            {"type": caught.question.type, "values": [printable(shown(rdata)) for rdata in caught.rdatas]},
        )


def servers_disagree(case: Case) -> Iterator[Finding]:
    """Some servers have it, some do not: not yet, or never where they belong to another DNS host."""
    answer = case.answer
    if answer is None or answer.agree:
        return
    having = len(answer.servers)
    answering = {s.address for s in case.zone.servers if s.outcome is Outcome.ANSWERS}
    all_servers = max(len(answering or case.zone.addresses), having)
    give = "gives" if having == 1 else "give"
    hosts = apart(case.zone, answer)
    if hosts is None:
        who = "the others give another one or none. The DNS host is still copying the change to all of them."
        fix = "Wait a few minutes. If the servers still disagree after an hour, ask the DNS host's support."
    else:
        who, fix = _between_hosts(case, answer, hosts)
    yield Finding(
        "servers-disagree",
        Severity.INFO,
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
    who = f"another DNS host, {other}, {'does not have the record' if lacks else 'gives another one'}."
    if hosts.certain:
        return f"{who} It does not copy from {one}.", f"Enter {there}"
    wait = f"If {other} copies the zone from {one} (secondary DNS), wait for the next copy."
    return who, f"{wait} Otherwise enter {there}"


def negative_cache(case: Case) -> Iterator[Finding]:
    """Resolvers that asked too early go on saying no for a while (RFC 2308 §5)."""
    answer = case.answer
    soa = answer.soa if answer and answer.absent else None
    if soa and soa.negative_ttl > 0:
        yield Finding(
            "negative-cache",
            Severity.INFO,
            f"Resolvers that have already asked may go on saying no for up to {soa.negative_ttl} seconds "
            "after the record is added.",
            "",
            {"seconds": soa.negative_ttl, "zone": soa.zone},
        )


def ttl_high(case: Case) -> Iterator[Finding]:
    """The wrong value stays cached for long after it is mended."""
    answer = case.answer
    if answer and answer.rdatas and (answer.ttl or 0) > LONG_TTL:
        yield Finding(
            "ttl-high",
            Severity.WARNS,
            f"Resolvers keep the wrong value up to {answer.ttl} seconds (its TTL), even once it is mended.",
            "Mend the record and set its TTL to `300`; then wait.",
            {"ttl": answer.ttl},
        )


_WILDCARD_TYPES = {"CNAME": ("A", "AAAA"), "MX": (), "TXT": ()}


def _likely_places(case: Case) -> list[str]:
    """Where people put this record by mistake, and where it means nothing."""
    domain, apex, name = case.zone.domain, case.apex, case.record.name
    match case.record.id:
        case RecordId.DKIM1 | RecordId.DKIM2 | RecordId.DKIM3:
            token = name.partition(".")[0]
            places = [f"{token}._domainkey.{apex}", f"{token}.{domain}", f"{token}.{apex}"]
        case RecordId.MAIL_FROM_MX:
            label = name.removesuffix(f".{domain}")
            places = [f"{label}.{apex}", domain, apex]
        case RecordId.MAIL_FROM_SPF | RecordId.SPF:
            places = [f"_spf.{name}", f"spf.{name}"]
        case RecordId.DMARC:
            places = [domain, f"_dmarc.www.{domain}"]
    return [place for place in dict.fromkeys(places) if place != name]


def _ours_at(case: Case, place: str) -> list[str]:
    """The values at another place that were surely meant for this record, escaped."""
    found = case.standing(place, case.record.type)
    return [printable(shown(rdata)) for rdata in found if _is_meant(case, rdata)]


def _is_meant(case: Case, rdata: Rdata) -> bool:
    """Whether this data was surely meant for this record, wherever and in whichever type it stands."""
    match case.record.id:
        case RecordId.DMARC:
            return isinstance(rdata, Txt) and dmarc.intended(rdata.text)
        case RecordId.SPF | RecordId.MAIL_FROM_SPF:
            return (
                isinstance(rdata, Txt)
                and spf.intended(rdata.text)
                and spf.include_of(rdata.text, SES_SPF_INCLUDE) is not spf.Include.ABSENT
            )
        case _:
            return cleaned(shown(rdata).rpartition(" ")[2]).startswith(case.target)
