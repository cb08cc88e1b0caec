"""From packets to what was seen: one server's reply read, and those of all servers of a zone put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import dns.edns
import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

from wizard.dns.seen import (
    Address,
    Answer,
    Host,
    Mx,
    Outcome,
    Path,
    Question,
    Rcode,
    Rdata,
    Soa,
    Txt,
)

MAX_CNAMES = 16


class Standing(IntEnum):
    """What a reply is worth, the best last."""

    NOTHING = 0
    """Silence, a refusal, or a server that does not hold the zone."""
    SERVFAIL = 1
    RECURSIVE = 2
    """From a resolver's cache where the zone's own server was asked: somebody sits in between."""
    REFERRAL = 3
    """The name lies in a zone of its own, elsewhere."""
    AUTHORITATIVE = 4


@dataclass(frozen=True, slots=True)
class Read:
    """One reply, read. ``delegation`` is the zone cut a referral names, ``glue`` the addresses in it."""

    standing: Standing
    rcode: Rcode
    rdatas: tuple[Rdata, ...] = ()
    cnames: tuple[str, ...] = ()
    ttl: int | None = None
    soa: Soa | None = None
    delegation: str | None = None
    nameservers: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()
    tcp_only: bool = False
    outcome: Outcome = Outcome.ANSWERS
    authoritative: bool = False
    extended: str = ""

    @property
    def content(self) -> object:
        """What counts when two servers are compared: not the TTL, the order or the SOA."""
        return (self.rcode, frozenset(self.rdatas), self.cnames)


SILENCE = Read(Standing.NOTHING, Rcode.NO_ANSWER, outcome=Outcome.SILENT)
REFUSAL = Read(Standing.NOTHING, Rcode.NO_ANSWER, outcome=Outcome.REFUSES)
OTHER_ZONE = Read(Standing.NOTHING, Rcode.NO_ANSWER, outcome=Outcome.OTHER_ZONE)


def read(message: Message, question: Question, *, recursive: bool, tcp_only: bool = False) -> Read:
    """What ``message`` says to ``question``. ``recursive``: a resolver was asked, not the zone's server."""
    rcode = {
        dns.rcode.NOERROR: Rcode.NOERROR,
        dns.rcode.NXDOMAIN: Rcode.NXDOMAIN,
        dns.rcode.SERVFAIL: Rcode.SERVFAIL,
    }.get(message.rcode(), Rcode.NO_ANSWER)
    if rcode is Rcode.NO_ANSWER:
        return REFUSAL
    if rcode is Rcode.SERVFAIL:
        return Read(
            Standing.SERVFAIL, rcode, tcp_only=tcp_only, outcome=Outcome.FAILS, extended=_extended(message)
        )
    name, rdtype = dns.name.from_text(question.name), RdataType.make(question.type)
    cut = _delegation(message, name)
    standing = _standing(message, recursive, cut is not None)
    if standing is Standing.NOTHING:
        return OTHER_ZONE
    chain, last = _chain(message, name, rdtype)
    found = message.get_rrset(message.answer, last, dns.rdataclass.IN, rdtype)
    if cut is not None and rdtype == RdataType.NS and cut.name == name:
        found = cut
    ttls = [found.ttl] if found is not None else [rrset.ttl for rrset in message.answer]
    return Read(
        standing=standing,
        # With an alias on the way, NXDOMAIN speaks of its target (RFC 6604 §3): the name itself exists.
        rcode=Rcode.NOERROR if chain else rcode,
        rdatas=tuple(_converted(found)) if found is not None else (),
        cnames=chain,
        ttl=min(ttls, default=None),
        soa=_soa(message),
        delegation=_text(cut.name) if cut is not None else None,
        nameservers=tuple(sorted(_text(rd.target) for rd in cut)) if cut is not None else (),
        glue=tuple(_glue(message)),
        tcp_only=tcp_only,
        outcome=Outcome.CACHE if standing is Standing.RECURSIVE else Outcome.ANSWERS,
        authoritative=bool(message.flags & dns.flags.AA),
    )


def merged(question: Question, reads: Mapping[str, Read], path: Path = Path.AUTHORITATIVE) -> Answer:
    """One answer from those of all servers (address → reply).

    The best kind of reply counts; among those that differ, what has something goes before what has nothing,
    then what more servers say.
    """
    best = max((read.standing for read in reads.values()), default=Standing.NOTHING)
    if best is Standing.NOTHING:
        return Answer(question, Rcode.NO_ANSWER, path=path)
    counted = {server: read for server, read in reads.items() if read.standing is best}
    groups: dict[object, list[str]] = {}
    for server, one in counted.items():
        groups.setdefault(one.content, []).append(server)
    said = max(groups.values(), key=lambda group: (_has_something(counted[group[0]]), len(group)))
    chosen = counted[said[0]]
    lacking = [server for server, one in counted.items() if not _has_something(one)]
    if all(counted[server].tcp_only for server in said) and path is Path.AUTHORITATIVE:
        path = Path.TCP
    return Answer(
        question=question,
        rcode=chosen.rcode,
        rdatas=chosen.rdatas,
        cnames=chosen.cnames,
        ttl=chosen.ttl,
        servers=tuple(sorted(said)),
        lacking=tuple(sorted(lacking)) if _has_something(chosen) else (),
        agree=len(groups) == 1,
        path=Path.RESOLVER if best is Standing.RECURSIVE else path,
        soa=chosen.soa,
        extended=chosen.extended,
    )


def _has_something(read: Read) -> bool:
    return bool(read.rdatas or read.cnames)


def _standing(message: Message, recursive: bool, referral: bool) -> Standing:
    if recursive or message.flags & dns.flags.AA:
        return Standing.AUTHORITATIVE
    if message.flags & dns.flags.RA:
        return Standing.RECURSIVE
    return Standing.REFERRAL if referral else Standing.NOTHING


def _delegation(message: Message, name: Name) -> RRset | None:
    """The NS set of a referral: in the authority section, at ``name`` or above it, with nothing answered."""
    if message.answer or message.flags & dns.flags.AA:
        return None
    cuts = [rrset for rrset in message.authority if rrset.rdtype == RdataType.NS]
    return next((cut for cut in cuts if name.is_subdomain(cut.name)), None)


def _chain(message: Message, name: Name, rdtype: RdataType) -> tuple[tuple[str, ...], Name]:
    """The aliases from ``name`` on, and the name they end at."""
    targets: list[str] = []
    while rdtype != RdataType.CNAME and len(targets) < MAX_CNAMES:
        alias = message.get_rrset(message.answer, name, dns.rdataclass.IN, RdataType.CNAME)
        if alias is None:
            break
        name = alias[0].target
        targets.append(_text(name))
    return tuple(targets), name


def _converted(rrset: RRset) -> Iterator[Rdata]:
    """The data of one set as plain values, sorted; types that nobody here asks for are left out."""
    yield from sorted((value for rd in rrset if (value := _plain(rd, rrset)) is not None), key=repr)


def _plain(rd: Any, rrset: RRset) -> Rdata | None:
    match rrset.rdtype:
        case RdataType.TXT | RdataType.SPF:
            return Txt(tuple(rd.strings))
        case RdataType.MX:
            return Mx(rd.preference, _text(rd.exchange))
        case RdataType.CNAME | RdataType.NS | RdataType.PTR:
            return Host(_text(rd.target))
        case RdataType.A | RdataType.AAAA:
            return Address(rd.address)
        case RdataType.SOA:
            return Soa(_text(rrset.name), rd.serial, min(rrset.ttl, rd.minimum), _text(rd.mname))
        case _:
            return None


def _soa(message: Message) -> Soa | None:
    """The SOA in the answer, or the one that came with a negative answer."""
    for rrset in (*message.answer, *message.authority):
        if rrset.rdtype == RdataType.SOA:
            return next((found for found in _converted(rrset) if isinstance(found, Soa)), None)
    return None


def _extended(message: Message) -> str:
    """The extended errors (RFC 8914) of a failure, in words."""
    named = [
        f"{error.code.name.replace('_', ' ').lower()}: {error.text or ''}".rstrip(": ")
        for error in message.extended_errors()
        if isinstance(error.code, dns.edns.EDECode)
    ]
    return ", ".join(named)


def _glue(message: Message) -> Iterable[tuple[str, str]]:
    for rrset in message.additional:
        if rrset.rdtype in (RdataType.A, RdataType.AAAA):
            for rd in rrset:
                yield _text(rrset.name), rd.address


def _text(name: Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
