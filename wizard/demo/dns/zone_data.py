"""What the embedded DNS server knows: zones, their records, and the one right answer to a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

DEFAULT_TTL = 300
NEGATIVE_TTL = 60
REGISTRY_SERVER = "a.gtld-servers.net"


class Resource(NamedTuple):
    """One record as a zone file has it: ``value`` in master-file form (RFC 1035 §5.1), TXT in quotes."""

    name: str
    type: str
    value: str
    ttl: int = DEFAULT_TTL


Source = Callable[[], Iterable[Resource]]
"""Gives all records of a zone that is held elsewhere. Called for each question, so it must be quick."""


@dataclass
class Zone:
    """One zone. ``source`` gives records beside those kept in ``Zones``."""

    apex: Name
    nameservers: tuple[str, ...]
    source: Source | None = None
    serial: int = 1

    def own(self) -> dict[RdataType, Rdataset]:
        """The SOA and NS records at the apex."""
        names = [f"{name.rstrip('.')}." for name in self.nameservers]
        soa = f"{names[0]} hostmaster.{names[0]} {self.serial} 7200 900 1209600 {NEGATIVE_TTL}"
        return {
            RdataType.SOA: rdataset(RdataType.SOA, DEFAULT_TTL, [soa]),
            RdataType.NS: rdataset(RdataType.NS, DEFAULT_TTL, names),
        }


@dataclass
class Records:
    """Record sets by name and type, and which names have something below them: those exist too (RFC 8020)."""

    nodes: dict[Name, dict[RdataType, Rdataset]] = field(default_factory=dict)
    below: Counter[Name] = field(default_factory=Counter)

    def add(self, resource: Resource) -> None:
        """Add one record to its set. Raises dns.exception.DNSException where it is malformed."""
        name, rdtype = absolute(resource.name), RdataType.make(resource.type)
        before = self.nodes.get(name, {}).get(rdtype, ())
        merged = rdataset(rdtype, resource.ttl, [resource.value], before)
        if name not in self.nodes:
            self.below.update(ancestors(name))
        self.nodes.setdefault(name, {})[rdtype] = merged

    def remove(self, name: Name, rdtype: RdataType | None) -> None:
        """Remove one set, or all at ``name``."""
        if name not in self.nodes:
            return
        node = self.nodes[name]
        for gone in list(node) if rdtype is None else [rdtype]:
            node.pop(gone, None)
        if not node:
            del self.nodes[name]
            self.below.subtract(ancestors(name))

    def exists(self, name: Name) -> bool:
        """Whether ``name`` has records or something below it."""
        return name in self.nodes or self.below[name] > 0

    def inside(self, apex: Name) -> Iterable[tuple[Name, dict[RdataType, Rdataset]]]:
        """All nodes at ``apex`` and below."""
        return [(name, node) for name, node in self.nodes.items() if name.is_subdomain(apex)]

    def cut(self, apex: Name, name: Name, rdtype: RdataType) -> Name | None:
        """The uppermost delegation between ``apex`` and ``name``; DS is asked above its cut (RFC 4035)."""
        way = [above for above in (name, *ancestors(name)) if above != apex and above.is_subdomain(apex)]
        for above in reversed(way):
            if RdataType.NS in self.nodes.get(above, {}) and not (above == name and rdtype == RdataType.DS):
                return above
        return None


RRset = tuple[Name, Rdataset]


@dataclass
class Reply:
    """The answer to one question. ``alias`` is the target of a CNAME that is yet to be followed."""

    rcode: Rcode = Rcode.NOERROR
    answer: list[RRset] = field(default_factory=list)
    authority: list[RRset] = field(default_factory=list)
    additional: list[RRset] = field(default_factory=list)
    referral: bool = False
    alias: Name | None = None


@dataclass
class Zones:
    """All zones, the root among them, and the records in them. Not thread-safe by itself."""

    zones: dict[Name, Zone] = field(default_factory=dict)
    records: Records = field(default_factory=Records)

    def set(self, apex: Name, nameservers: Sequence[str], source: Source | None, address: str) -> None:
        """Make or change a zone, with its registry and the name servers' own addresses where they lack."""
        before = self.zones.get(apex)
        self.zones[apex] = Zone(apex, tuple(nameservers), source, before.serial + 1 if before else 1)
        if len(apex) > 2:
            top = Name(apex.labels[-2:])
            self.zones.setdefault(top, Zone(top, (REGISTRY_SERVER,)))
        for server in nameservers:
            if absolute(server) not in self.records.nodes:
                self.records.add(Resource(server, "A", address))

    def drop(self, apex: Name) -> None:
        """Forget a zone and the records in it."""
        self.zones.pop(apex, None)
        for name, _ in self.records.inside(apex):
            self.records.remove(name, None)

    def zone_for(self, name: Name, rdtype: RdataType) -> Zone:
        """The zone to answer from: the deepest, but for DS at an apex the one above (RFC 4035 §3.1.4.1)."""
        above_cut = rdtype == RdataType.DS and name in self.zones and name != dns.name.root
        way = ancestors(name) if above_cut else (name, *ancestors(name))
        return next(self.zones[above] for above in way if above in self.zones)

    def with_source(self, zone: Zone, given: Iterable[Resource]) -> Records:
        """The records a zone's source gave, together with those kept for it here."""
        both = Records()
        for resource in given:
            if absolute(resource.name) != zone.apex or resource.type not in ("SOA", "NS"):
                both.add(resource)
        for name, node in self.records.inside(zone.apex):
            for rdtype, found in node.items():
                for rd in found:
                    both.add(Resource(name.to_text(), RdataType.to_text(rdtype), rd.to_text(), found.ttl))
        return both

    def reply(self, zone: Zone, records: Records, name: Name, rdtype: RdataType) -> Reply:
        """What the servers of ``zone`` say to one question."""
        cut = records.cut(zone.apex, name, rdtype)
        if cut is not None:
            servers = records.nodes[cut][RdataType.NS]
            return Reply(authority=[(cut, servers)], additional=self._glue(servers), referral=True)
        node = self._node(zone, records, name)
        if rdtype in node:
            return Reply(answer=[(name, node[rdtype])], additional=self._glue(node[rdtype]))
        if RdataType.CNAME in node:
            found = node[RdataType.CNAME]
            return Reply(answer=[(name, found)], alias=found[0].target)
        exists = bool(node) or records.exists(name)
        return Reply(
            rcode=Rcode.NOERROR if exists else Rcode.NXDOMAIN,
            authority=[(zone.apex, zone.own()[RdataType.SOA])],
        )

    def _node(self, zone: Zone, records: Records, name: Name) -> Mapping[RdataType, Rdataset]:
        """The record sets at ``name``, or those of the wildcard that stands for it (RFC 4592 §3.3)."""
        if name == zone.apex:
            return {**records.nodes.get(name, {}), **zone.own()}
        if records.exists(name):
            return records.nodes.get(name, {})
        encloser = next(a for a in ancestors(name) if a == zone.apex or records.exists(a))
        return records.nodes.get(dns.name.from_text("*", encloser), {})

    def _glue(self, found: Rdataset) -> list[RRset]:
        if found.rdtype != RdataType.NS:
            return []
        known = [(rd.target, self.records.nodes.get(rd.target, {})) for rd in found]
        return [(target, node[RdataType.A]) for target, node in known if RdataType.A in node]


@lru_cache(maxsize=4096)
def absolute(text: str) -> Name:
    """A full name, with or without its final dot, in lower case."""
    return dns.name.from_text(text).canonicalize()


def ancestors(name: Name) -> list[Name]:
    """All names above ``name``, the nearest first, the root last."""
    return [Name(name.labels[depth:]) for depth in range(1, len(name))]


def rdataset(
    rdtype: RdataType, ttl: int, values: Iterable[str], before: Iterable[dns.rdata.Rdata] = ()
) -> Rdataset:
    """A record set: the data of ``before``, then values in master-file form."""
    found = Rdataset(dns.rdataclass.IN, rdtype)
    found.update_ttl(ttl)
    for rd in before:
        found.add(rd)
    for value in values:
        found.add(_data(rdtype, value))
    return found


@lru_cache(maxsize=4096)
def _data(rdtype: RdataType, value: str) -> dns.rdata.Rdata:
    """One value in master-file form, read. It never changes, and each answer from a hosted zone needs it."""
    return dns.rdata.from_text(dns.rdataclass.IN, rdtype, value, origin=dns.name.root, relativize=False)


def master_form(rdtype: str, value: str) -> str:
    """A value as typed, in master-file form: texts quoted, escaped and cut into strings of 255 bytes."""
    if rdtype not in ("TXT", "SPF"):
        return value
    raw = value.encode()
    chunks = [raw[start : start + 255] for start in range(0, len(raw), 255)] or [b""]
    return " ".join('"' + "".join(f"\\{byte:03d}" for byte in chunk) + '"' for chunk in chunks)
