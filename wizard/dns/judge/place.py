"""Findings about any record's place: the record is missing, or exists at another name or as another type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from wizard.dns.answers import Question, Rcode, Rdata, Txt
from wizard.dns.findings import Severity
from wizard.dns.judge import dkim_key, dmarc_record, spf
from wizard.dns.judge import txt as text
from wizard.dns.judge.case import Case, cleaned, shown
from wizard.dns.judge.registry import ANY, AS_RECORD, DKIM, DMARC, MX, SPF, Problem, elsewhere, remark
from wizard.dns.providers import recognise
from wizard.dns.records import SES_SPF_INCLUDE, RecordId
from wizard.text import printable

LONG_TTL = 3600
"""Seconds; a wrong value that stays cached for longer is worth a word."""


@remark("unreachable", Severity.BLOCKS, ANY)
def unreachable(case: Case) -> Iterator[Problem]:
    """No server answered; the status is `unknown`."""
    rcode = case.answer.rcode if case.answer else Rcode.NO_ANSWER
    what = "could not answer" if rcode is Rcode.SERVFAIL else "did not answer"
    yield (
        f"The DNS servers {what} for {case.record.name}, so it is unknown whether the record exists.",
        "Check the network connection, then try again. If other names work, the DNS host has a problem.",
        {"name": case.record.name, "rcode": str(rcode)},
    )


@remark("absent", AS_RECORD, ANY)
def absent(case: Case) -> Iterator[Problem]:
    """No server of the zone has the record, and no other finding explains it."""
    servers = list(case.zone.nameservers)
    where = f"none of the zone's {len(servers)} servers has it" if servers else "the zone does not have it"
    fix = f"Add this record: {case.entry_words()}."
    if case.record.type == "TXT" and case.alias:
        where = f"{case.record.name} is an alias (CNAME) for {printable(case.alias)}"
        fix = f"SES does not need this record. To add it anyway: {_without_alias(case)}"
    yield (
        f"The record is missing: {where}.",
        fix,
        {"name": case.record.name, "type": case.record.type, "servers": servers},
    )


@remark("delegated-away", Severity.BLOCKS, ANY)
def delegated_away(case: Case) -> Iterator[Problem]:
    """The name is in a zone of its own on other servers."""
    cut = case.cut
    if cut is None:
        return
    servers = ", ".join(printable(name) for name in cut.nameservers[:4])
    provider = recognise(cut.nameservers)
    there = Case(case.record, replace(case.zone, apex=cut.name), {}, replace(case.context, provider=provider))
    yield (
        f"{case.record.name} belongs to another zone, {printable(cut.name)} "
        f"({f'at {provider.name}, ' if provider else ''}name servers {servers}): records that are "
        f"added in {case.apex} have no effect there.",
        f"Add it in the zone {printable(cut.name)}: {there.entry_words()}. Or, if nobody uses that zone, "
        f"delete the NS records at {case.host_words(cut.name)} and add it here: {case.entry_words()}.",
        {"zone": printable(cut.name), "servers": [printable(name) for name in cut.nameservers]},
    )


@elsewhere("doubled-name", AS_RECORD, ANY)
def doubled_name(case: Case) -> Iterator[Problem]:
    """The record exists at NAME.ZONE: the DNS panel added the zone a second time."""
    place = _doubled(case)
    if found := _ours_at(case, place):
        yield (
            f"The record is at {place} because the DNS panel added {case.apex} to the host.",
            f"Leave {case.apex} out of the host: {case.entry_words(relative=True)}. Then "
            f"{_delete_words(case, place, found, relative=True)}.",
            {"found_at": place, "values": _shown(found)},
        )


@elsewhere("underscore-lost", AS_RECORD, (*DKIM, *DMARC))
def underscore_lost(case: Case) -> Iterator[Problem]:
    """The record exists at the name without its underscore."""
    place = _without_underscore(case)
    if place != case.record.name and (found := _ours_at(case, place)):
        yield (
            f"The record exists at {place} without the underscore, which is part of the name.",
            f"Add it with the underscore: {case.entry_words()}. Then {_delete_words(case, place, found)}. "
            "If the panel refuses the underscore, ask its support, or move the zone to another DNS host.",
            {"found_at": place, "values": _shown(found)},
        )


@elsewhere("wrong-host", AS_RECORD, ANY)
def wrong_host(case: Case) -> Iterator[Problem]:
    """The record exists at another likely name: the parent, the apex or a usual mistake."""
    for place in _likely_places(case):
        if found := _ours_at(case, place):
            yield (
                f"The record exists at {place} but SES and mail receivers do not look there.",
                f"Add it at the right host: {case.entry_words()}. Then "
                f"{_delete_words(case, place, found)}{_unless_used(case, place)}.",
                {"found_at": place, "values": _shown(found)},
            )


def _unless_used(case: Case, place: str) -> str:
    """What a record at a wrong name may be good for all the same, as the end of a sentence."""
    match case.record.id:
        case RecordId.SPF | RecordId.MAIL_FROM_SPF:
            return f", unless `include:{place}` is part of another SPF record"
        case RecordId.MAIL_FROM_MX:
            return f", unless {place} is the MAIL FROM domain of another SES identity"
        case _:
            return ""


def strays(case: Case) -> tuple[Txt, ...]:
    """Texts that were meant for this record and are at another name or of another type."""
    places = dict.fromkeys((_doubled(case), _without_underscore(case), *_likely_places(case)))
    places.pop(case.record.name, None)
    found = [*(_ours_at(case, place) for place in places), _other_type(case)[1]]
    return tuple(rdata for one in found for rdata in one if isinstance(rdata, Txt))


@elsewhere("wrong-type", AS_RECORD, ANY)
def wrong_type(case: Case) -> Iterator[Problem]:
    """The value exists as another type: TXT for CNAME, or SPF (type 99) for TXT."""
    other, meant = _other_type(case)
    if not meant:
        return
    name = "SPF (type 99), which is obsolete" if other == "SPF" else other
    message = f"The value exists, but as a record of type {name}."
    flattened = ""
    if any(isinstance(rdata, Txt) and _is_key(rdata) for rdata in meant):
        message = (
            f"{case.record.name} holds a DKIM key as TXT where a CNAME belongs. SES looks for the CNAME, and "
            "a copied key stops working when SES rotates it."
        )
        flattened = " If the panel shows a CNAME there instead, turn off proxying or CNAME flattening for it."
    yield (
        message,
        f"First {_delete_words(case, case.record.name, meant, rdtype=other)}, then add: {case.entry_words()}."
        f"{flattened}",
        {"type": other, "found": _shown(meant)},
    )


@elsewhere("proxied", Severity.BLOCKS, DKIM)
def proxied(case: Case) -> Iterator[Problem]:
    """A or AAAA records answer in place of the CNAME: a proxy or CNAME flattening."""
    addresses = [
        printable(shown(rdata))
        for rdtype in ("A", "AAAA")
        for rdata in case.standing(case.record.name, rdtype)
    ]
    if addresses:
        provider = case.context.provider
        switch = (
            'Set the record\'s proxy switch to "DNS only" (the grey cloud)'
            if provider and provider.key == "cloudflare"
            else 'Switch proxying (at Cloudflare: to "DNS only") or CNAME flattening off for this record'
        )
        yield (
            f"{case.record.name} answers with addresses where a CNAME belongs: a proxy or CNAME flattening "
            "hides the record from SES.",
            f"{switch}. The record must be: {case.entry_words()}.",
            {"found": addresses},
        )


def beside(case: Case) -> tuple[str, ...]:
    """The types of which the record's name has records of its own, not those of an alias's target."""
    name = case.record.name
    asked = (case.answers.get(Question(name, rdtype)) for rdtype in ("MX", "TXT"))
    own = [answer.question.type for answer in asked if answer and answer.rdatas and not answer.cnames]
    return (*own, "NS", "SOA") if name == case.apex else tuple(own)


@remark("cname-conflict", Severity.BLOCKS, (*MX, *SPF, *DMARC))
def cname_conflict(case: Case) -> Iterator[Problem]:
    """A CNAME exists beside the record or in its place (RFC 1034 §3.6.2)."""
    target, others = case.alias, beside(case)
    if target is None or (_is_spare(case) and not others):
        return
    name, leads_to = case.record.name, printable(target)
    message = f"{name} is an alias (CNAME) for {leads_to}, so it cannot hold the {case.record.type} record."
    if others:
        message = (
            f"{name} has a CNAME (to {leads_to}) beside other records ({', '.join(others)}). The DNS allows "
            "no other record beside a CNAME: resolvers that have cached it do not find the others."
        )
    evidence = {"cname": leads_to, "beside": list(others)}
    yield (message, _without_alias(case), evidence)


def _without_alias(case: Case) -> str:
    """How to get rid of the CNAME without losing what it is good for."""
    delete, then = f"Delete the CNAME ({case.host_words()})", f"Then the name needs: {case.entry_words()}."
    match case.record.id:
        case RecordId.DMARC:
            return f"{delete}. {then}"
        case RecordId.SPF:
            return (
                f"{delete}. In its place add A and AAAA records with the addresses of its target, or your "
                "DNS host's own kind of alias (ALIAS, ANAME, CNAME flattening): without them "
                f"{case.record.name} is no longer reachable. {then}"
            )
        case _:
            return (
                f"{delete}, if nobody uses {case.record.name} for anything else. {then} "
                "Otherwise choose another subdomain as MAIL FROM domain."
            )


def _is_spare(case: Case) -> bool:
    """Whether the set-up does without this record (CONTRACT.md: a missing ``spf`` is then optional)."""
    return case.severity is Severity.WARNS


def borrowed(case: Case) -> bool:
    """Whether what answers at the record's name is no record of that name, and need not be one."""
    answer = case.answer
    if answer is None or not case.known:
        return False
    return case.by_wildcard(answer) or bool(answer.cnames and _is_spare(case) and not beside(case))


@remark("wildcard", Severity.WARNS, ANY)
def wildcard(case: Case) -> Iterator[Problem]:
    """A wildcard answers in place of the record."""
    answers = [
        case.answer,
        *(case.ask(case.record.name, rdtype) for rdtype in _WILDCARD_TYPES[case.record.type]),
    ]
    caught = next((answer for answer in answers if answer and case.by_wildcard(answer)), None)
    if caught is not None:
        parent = caught.question.name.partition(".")[2]
        rdtype = "CNAME" if caught.cnames else caught.question.type
        values = caught.cnames[:1] or tuple(shown(rdata) for rdata in caught.rdatas)
        yield (
            f"A wildcard of type {rdtype} (at *.{parent} or above) answers there, not a record of this name.",
            f"Keep the wildcard and add the record beside it: {case.entry_words()}.",
            {"type": rdtype, "values": [printable(value) for value in values]},
        )


@remark("negative-cache", Severity.INFO, ANY)
def negative_cache(case: Case) -> Iterator[Problem]:
    """Resolvers may report the record as missing for some seconds more (RFC 2308 §5)."""
    answer = case.answer
    soa = answer.soa if answer and answer.absent else None
    if soa and soa.negative_ttl > 0:
        yield (
            f"Resolvers that asked before may report the record as missing for up to {soa.negative_ttl} "
            "seconds after it is added.",
            "",
            {"seconds": soa.negative_ttl, "zone": soa.zone},
        )


@remark("ttl-high", Severity.WARNS, ANY)
def ttl_high(case: Case) -> Iterator[Problem]:
    """The current value may stay cached for more than an hour."""
    answer = case.answer
    if answer and answer.rdatas and (answer.ttl or 0) > LONG_TTL:
        yield (
            f"Resolvers keep the current answer for up to {answer.ttl} seconds, which is its TTL.",
            "When you change the record, set its TTL to `300` seconds and wait until the old answer expires.",
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
            places = [domain]
    return [place for place in dict.fromkeys(places) if place != name]


def _doubled(case: Case) -> str:
    return f"{case.record.name}.{case.apex}"


def _without_underscore(case: Case) -> str:
    return case.record.name.replace("_", "")


def _ours_at(case: Case, place: str) -> list[Rdata]:
    """The records at another place that were surely meant to be this one; none of an alias's target."""
    answer = case.ask(place, case.record.type)
    if answer is None or answer.cnames:
        return []
    return [rdata for rdata in case.standing(place, case.record.type) if _is_meant(case, rdata)]


def _other_type(case: Case) -> tuple[str, list[Rdata]]:
    """The type that people take in place of this record's, and its records that were meant for this one."""
    other = "SPF" if case.record.id in (RecordId.SPF, RecordId.MAIL_FROM_SPF) else "TXT"
    if case.record.type == other:
        return other, []
    return other, [rdata for rdata in case.standing(case.record.name, other) if _is_meant(case, rdata)]


def _delete_words(
    case: Case, place: str, found: list[Rdata], *, rdtype: str = "", relative: bool = False
) -> str:
    """Which records to delete, in words: where others are beside them, those stay."""
    rdtype = rdtype or case.record.type
    values = ", ".join(f"`{printable(shown(rdata), 80)}`" for rdata in found[:3])
    records = "record" if len(found) == 1 else "records"
    all_there = case.answers.get(Question(place, rdtype))
    rest = f"; keep the other {rdtype} records" if all_there and len(all_there.rdatas) > len(found) else ""
    return (
        f"delete the {rdtype} {records} ({case.host_words(place, relative=relative)}, value {values}{rest})"
    )


def _shown(found: list[Rdata]) -> list[str]:
    return [printable(shown(rdata)) for rdata in found]


def _is_meant(case: Case, rdata: Rdata) -> bool:
    """Whether this data was surely meant for this record, whatever its name and type."""
    match case.record.id:
        case RecordId.DMARC:
            return isinstance(rdata, Txt) and dmarc_record.intended(rdata.text)
        case RecordId.SPF | RecordId.MAIL_FROM_SPF:
            return (
                isinstance(rdata, Txt)
                and spf.intended(rdata.text)
                and spf.include_of(rdata.text, SES_SPF_INCLUDE) is not spf.Include.ABSENT
            )
        case RecordId.MAIL_FROM_MX:
            return cleaned(shown(rdata).rpartition(" ")[2]).startswith(case.target)
        case _:
            key = isinstance(rdata, Txt) and _is_key(rdata)
            return key or cleaned(shown(rdata).rpartition(" ")[2]).startswith(case.target)


def _is_key(txt: Txt) -> bool:
    """Whether the text is a DKIM key, or was meant to be one."""
    bare = text.unquoted(txt.text)
    if re.match(r"\s*v\s*=\s*DKIM1\b", bare, re.IGNORECASE):
        return True
    try:
        dkim_key.parse_key(bare)
    except dkim_key.DkimError:
        return False
    return True
