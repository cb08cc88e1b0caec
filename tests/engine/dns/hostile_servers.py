"""DNS worlds with hostile servers, for the tests and for ``benchmarks/hostile.py``.

In each, example.com has all of its records unless said otherwise. 127.0.0.1 is the network's resolver and
serves all other zones. The servers of example.com are at 127.0.0.2 and above, all on the same port.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace

import dns.flags
import dns.message
import dns.rrset
from dns.rcode import Rcode

from tests.engine.dns_servers import Broken, Liar, NoResolver, reply
from tests.engine.example_domain import RECORDS, furnish, publish
from wizard.demo.dns.server import DnsServer
from wizard.dns.records import RecordId
from wizard.dns.resolve.access import DnsAccess, Nameserver, PublicResolver

LIMIT = 10.0
"""Seconds within which a check of one domain ends, whatever the servers do."""

ZONE = "127.0.0.2"


class Resolving(DnsServer):
    """The network's resolver and the registries. It cannot reach the servers of example.com."""

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        asked = dns.message.from_wire(wire).question[0]
        name = asked.name.to_text(True).lower()
        if wire[2] & 0x01 and f".{name}".endswith(".example.com") and asked.rdtype.name != "NS":
            return reply(wire, Rcode.SERVFAIL)
        return super().respond(wire, tcp=tcp)


class Stalling(NoResolver):
    """Accepts TCP connections and never answers on them."""

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


class Dead(Stalling):
    """Never answers."""

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        return None


class Truncating(Stalling):
    """Answers over UDP that the answer is truncated, and never answers over TCP."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        message = dns.message.make_response(dns.message.from_wire(wire))
        message.flags |= dns.flags.AA | dns.flags.TC
        return message.to_wire()


class Dripping(Truncating):
    """Like ``Truncating``, but over TCP it sends one byte at a time of an answer of 257 bytes."""

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                writer.write(b"\1")
                await asyncio.sleep(0.3)


class HalfDeaf(Stalling):
    """Never answers a question for TXT."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        if dns.message.from_wire(wire).question[0].rdtype.name == "TXT":
            return None
        return super().own(wire, tcp=tcp)


class Curt(Stalling):
    """Answers the questions for wanted records and for the domain itself, and no others."""

    WANTED = frozenset((record.name, record.type) for record in RECORDS)

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        asked = dns.message.from_wire(wire).question[0]
        name = asked.name.to_text(True).lower()
        known = (name, asked.rdtype.name) in self.WANTED or name == "example.com"
        return super().own(wire, tcp=tcp) if known else None


class Flooding(Stalling):
    """Answers each question with another id."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        answer = super().own(wire, tcp=tcp)
        assert answer is not None
        return bytes([answer[0] ^ 0xFF, *answer[1:]])


class Passing(NoResolver):
    """Delegates every name below the domain to a dead server."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        message = dns.message.make_response(dns.message.from_wire(wire))
        name = message.question[0].name
        if len(name.labels) <= 3:
            return super().own(wire, tcp=tcp)
        message.authority.append(dns.rrset.from_text(name, 300, "IN", "NS", "dead.example.net."))
        message.additional.append(dns.rrset.from_text("dead.example.net.", 300, "IN", "A", "127.0.0.3"))
        return message.to_wire()


Make = Callable[[ExitStack], DnsAccess]
"""Starts the servers of a world, which run until the stack is closed."""


@dataclass(frozen=True)
class Hostile:
    """One world. ``right``: records that a check still finds. ``missing``: records it knows to be missing.

    ``slow``: this takes a check several seconds.
    """

    name: str
    make: Make
    right: frozenset[RecordId] = frozenset()
    missing: frozenset[RecordId] = frozenset()
    slow: bool = False


def zone_on(*kinds: type[DnsServer], near: type[DnsServer] = Resolving, near_delay: float = 0.0) -> Make:
    """Make a world in which these kinds of servers serve example.com and ``near`` serves the rest."""

    def make(stack: ExitStack) -> DnsAccess:
        servers = [kind(f"127.0.0.{number}") for number, kind in enumerate(kinds, start=2)]
        return served(stack, near(delay=near_delay), *servers)

    return make


def served(stack: ExitStack, world: DnsServer, *servers: DnsServer) -> DnsAccess:
    """Start ``servers`` for example.com with all its records, and ``world`` for the rest, on one port."""
    names = tuple(f"ns{number}.example.net" for number, _ in enumerate(servers, start=1))
    for server in (world, *servers):
        furnish(server)
        publish(server, *RECORDS)
    for name, server in zip(names, servers, strict=True):
        world.add(name, "A", server.address)
    for server in (world, *servers):
        server.set_zone("example.com", names)
        server.port = world.port
        stack.enter_context(server)
    return DnsAccess((Nameserver(world.address, world.port),), port=world.port)


def with_https_that_hangs(make: Make) -> Make:
    """Add two DNS over HTTPS endpoints that accept connections and never answer."""

    def endpoint(stack: ExitStack) -> str:
        listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/dns-query"

    return lambda stack: replace(make(stack), https=(endpoint(stack), endpoint(stack)))


def silent_public_resolvers(stack: ExitStack) -> DnsAccess:
    """Make a world in which no public resolver answers."""
    access = zone_on(NoResolver)(stack)
    silent = [Dead(f"127.0.0.{number}", access.port) for number in (6, 7, 8, 9)]
    for server in silent:
        stack.enter_context(server)
    public = tuple(PublicResolver(one.address, Nameserver(one.address, one.port)) for one in silent)
    return replace(access, public=public)


def silent_registry(stack: ExitStack) -> DnsAccess:
    """Make a world in which the registry of .com never answers."""
    near = Resolving()
    near.add("registry.example.net", "A", "127.0.0.5")
    near.set_zone("com", ("registry.example.net",))
    access = served(stack, near, NoResolver(ZONE))
    stack.enter_context(Dead("127.0.0.5", access.port))
    return access


def endless_includes(stack: ExitStack) -> DnsAccess:
    """Make a world in which SPF includes never end and each answer takes a second."""

    class Endless(NoResolver):
        def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
            name = dns.message.from_wire(wire).question[0].name.to_text(True).lower()
            if name.startswith("x."):
                self.add(name, "TXT", f"v=spf1 include:x.{name} -all")
            return super().own(wire, tcp=tcp)

    server = Endless(ZONE, delay=1.0)
    access = served(stack, Resolving(), server)
    server.remove("example.com", "TXT")
    server.add("example.com", "TXT", "v=spf1 include:x.example.com include:amazonses.com ~all")
    return access


def unexplained(stack: ExitStack) -> DnsAccess:
    """Make a world in which records are missing and no question that could tell why is answered."""
    server = Curt(ZONE)
    access = served(stack, Resolving(), server)
    for record in (RECORDS[0], RECORDS[-1]):
        server.remove(record.name)
    return access


ALL = frozenset(RecordId)
UNEXPLAINED = frozenset({RecordId.DKIM1, RecordId.DMARC})
TEXTS = frozenset({RecordId.MAIL_FROM_SPF, RecordId.SPF, RecordId.DMARC})

WORLDS = (
    Hostile("all is well", zone_on(NoResolver), ALL),
    Hostile("the only server is dead", zone_on(Dead)),
    Hostile("one server of two is dead", zone_on(NoResolver, Dead), ALL),
    Hostile("twelve servers are dead", zone_on(*12 * [Dead])),
    Hostile("answers with wrong ids", zone_on(Flooding)),
    Hostile("garbage", zone_on(Liar)),
    Hostile("answers cut short, and TCP stalls", zone_on(Truncating)),
    Hostile("answers cut short, and TCP drips", zone_on(Dripping)),
    Hostile("no answer for TXT alone", zone_on(HalfDeaf), ALL - TEXTS),
    Hostile("no answer that explains what is missing", unexplained, ALL - UNEXPLAINED, UNEXPLAINED),
    Hostile("every name is handed on to a dead server", zone_on(Passing, Dead), frozenset({RecordId.SPF})),
    Hostile("SPF includes without end, a second each", endless_includes, ALL, slow=True),
    Hostile("every server fails", zone_on(Broken)),
    Hostile("the registry is dead", silent_registry, ALL),
    Hostile("the resolver is dead", zone_on(NoResolver, near=Dead)),
    Hostile("the resolver is dead, HTTPS hangs", with_https_that_hangs(zone_on(NoResolver, near=Dead))),
    Hostile("the servers are dead, HTTPS hangs", with_https_that_hangs(zone_on(Dead))),
    Hostile("the resolver takes 2 s", zone_on(NoResolver, near_delay=2.0), ALL, slow=True),
    Hostile("public resolvers are dead", silent_public_resolvers, ALL),
)
