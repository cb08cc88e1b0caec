"""From packets to what was seen: one server's reply read, and those of all servers of a zone put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from wizard.dns.answers import Address, Answer, Host, Outcome, Path, Question, Rcode, Rdata, Soa
from wizard.dns.resolve import wire
from wizard.dns.resolve.wire import Message, Record

MAX_CNAMES = 16


class ReplyRank(IntEnum):
    """What a reply is worth, the best last."""

    NOTHING = 0
    """Silence, a refusal, or a server that does not hold the zone."""
    SERVFAIL = 1
    RECURSIVE = 2
    """From a resolver's cache where the zone's own server was asked: somebody sits in between."""
    REFERRAL = 3
    """The name belongs to another zone below."""
    AUTHORITATIVE = 4


@dataclass(frozen=True, slots=True)
class ReplyContent:
    """One reply, read. ``delegation`` is the zone cut a referral names, ``glue`` the addresses in it."""

    standing: ReplyRank
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


SILENCE = ReplyContent(ReplyRank.NOTHING, Rcode.NO_ANSWER, outcome=Outcome.SILENT)
UNASKED = ReplyContent(ReplyRank.NOTHING, Rcode.NO_ANSWER)
"""The deadline came before the server had enough time: this does not count against it."""

REFUSAL = ReplyContent(ReplyRank.NOTHING, Rcode.NO_ANSWER, outcome=Outcome.REFUSES)
OTHER_ZONE = ReplyContent(ReplyRank.NOTHING, Rcode.NO_ANSWER, outcome=Outcome.OTHER_ZONE)


def read(message: Message, question: Question, *, recursive: bool, tcp_only: bool = False) -> ReplyContent:
    """What ``message`` says to ``question``. ``recursive``: a resolver was asked, not the zone's server."""
    rcode = _RCODES.get(message.rcode)
    if rcode is None:
        return REFUSAL
    if rcode is Rcode.SERVFAIL:
        return ReplyContent(
            ReplyRank.SERVFAIL, rcode, tcp_only=tcp_only, outcome=Outcome.FAILS, extended=_extended(message)
        )
    cut = _delegation(message)
    standing = _standing(message, recursive, bool(cut))
    if standing is ReplyRank.NOTHING:
        return OTHER_ZONE
    chain, last = _chain(message, question.type)
    found = [record for record in message.answer if record.type == question.type and record.name == last]
    if cut and question.type == "NS" and cut[0].name == message.name:
        found = cut
    return ReplyContent(
        standing=standing,
        # With an alias on the way, NXDOMAIN speaks of its target (RFC 6604 §3): the name itself exists.
        rcode=Rcode.NOERROR if chain else rcode,
        rdatas=_rdatas(found),
        cnames=chain,
        ttl=min((record.ttl for record in found or message.answer), default=None),
        soa=_soa(message),
        delegation=cut[0].name if cut else None,
        nameservers=tuple(sorted(host.name for host in _rdatas(cut) if isinstance(host, Host))),
        glue=tuple(
            (record.name, record.rdata.address)
            for record in message.additional
            if isinstance(record.rdata, Address)
        ),
        tcp_only=tcp_only,
        outcome=Outcome.CACHE if standing is ReplyRank.RECURSIVE else Outcome.ANSWERS,
        authoritative=message.authoritative,
    )


def merged(question: Question, reads: Mapping[str, ReplyContent], path: Path = Path.AUTHORITATIVE) -> Answer:
    """One answer from those of all servers (address → reply).

    The best kind of reply counts; among those that differ, what has something goes before what has nothing,
    then what more servers say.
    """
    best = max((read.standing for read in reads.values()), default=ReplyRank.NOTHING)
    if best is ReplyRank.NOTHING:
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
        path=Path.RESOLVER if best is ReplyRank.RECURSIVE else path,
        soa=chosen.soa,
        extended=chosen.extended,
    )


def _has_something(read: ReplyContent) -> bool:
    return bool(read.rdatas or read.cnames)


def _standing(message: Message, recursive: bool, referral: bool) -> ReplyRank:
    if recursive or message.authoritative:
        return ReplyRank.AUTHORITATIVE
    if message.recursion:
        return ReplyRank.RECURSIVE
    return ReplyRank.REFERRAL if referral else ReplyRank.NOTHING


def _delegation(message: Message) -> list[Record]:
    """The NS set of a referral: in the authority section, at the name or above it, with nothing answered."""
    if message.answer or message.authoritative:
        return []
    cuts = [record for record in message.authority if record.type == "NS"]
    above = next((cut.name for cut in cuts if _is_below(message.name, cut.name)), None)
    return [cut for cut in cuts if cut.name == above]


def _is_below(name: str, zone: str) -> bool:
    return zone in (".", name) or name.endswith(f".{zone}")


def _chain(message: Message, rdtype: str) -> tuple[tuple[str, ...], str]:
    """The aliases from the name asked for on, and the name they end at."""
    targets: list[str] = []
    aliases = {record.name: record.rdata for record in message.answer if record.type == "CNAME"}
    name = message.name
    while rdtype != "CNAME" and len(targets) < MAX_CNAMES and isinstance(alias := aliases.get(name), Host):
        name = alias.name
        targets.append(name)
    return tuple(targets), name


def _rdatas(records: Sequence[Record]) -> tuple[Rdata, ...]:
    """The data of one set, each once, sorted; types that no check asks for are left out."""
    found = dict.fromkeys(record.rdata for record in records if record.rdata is not None)
    return tuple(found if len(found) < 2 else sorted(found, key=repr))


def _soa(message: Message) -> Soa | None:
    """The SOA in the answer, or the one that came with a negative answer."""
    sections = (*message.answer, *message.authority)
    return next((record.rdata for record in sections if isinstance(record.rdata, Soa)), None)


def _extended(message: Message) -> str:
    """The extended errors (RFC 8914) of a failure, in words."""
    named = [
        f"{_EXTENDED_ERRORS[code]}: {text}".rstrip(": ")
        for code, text in message.extended
        if code < len(_EXTENDED_ERRORS)
    ]
    return ", ".join(named)


_RCODES = {wire.NOERROR: Rcode.NOERROR, wire.NXDOMAIN: Rcode.NXDOMAIN, wire.SERVFAIL: Rcode.SERVFAIL}
_EXTENDED_ERRORS = (
    "other",
    "unsupported dnskey algorithm",
    "unsupported ds digest type",
    "stale answer",
    "forged answer",
    "dnssec indeterminate",
    "dnssec bogus",
    "signature expired",
    "signature not yet valid",
    "dnskey missing",
    "rrsigs missing",
    "no zone key bit set",
    "nsec missing",
    "cached error",
    "not ready",
    "blocked",
    "censored",
    "filtered",
    "prohibited",
    "stale nxdomain answer",
    "not authoritative",
    "not supported",
    "no reachable authority",
    "network error",
    "invalid data",
)
"""The words for RFC 8914's codes 0 to 24 (§5.2)."""
