"""DNS servers for the tests: a small world on loopback, and servers that misbehave in one way each."""

from __future__ import annotations

import random

import dns.flags
import dns.message
from dns.message import Message
from dns.rcode import Rcode

from wizard.demo.dns.server import DnsServer
from wizard.dns.resolve.access import DnsAccess, Nameserver

NAMESERVERS = ("dns1.registrar-servers.com", "dns2.registrar-servers.com")


def access(*servers: DnsServer) -> DnsAccess:
    return DnsAccess(tuple(Nameserver(server.address, server.port) for server in servers))


def world(address: str = "127.0.0.1") -> DnsServer:
    """A DNS with example.com in it, and with what SES keeps in its own zone."""
    server = DnsServer(address)
    server.set_zone("amazonses.com", ("ns-1.amazonses-dns.com",))
    server.add("amazonses.com", "TXT", "v=spf1 ip4:199.255.192.0/22 ip4:199.127.232.0/22 -all")
    server.add("feedback-smtp.us-east-1.amazonses.com", "A", "192.0.2.25")
    server.set_zone("example.com", NAMESERVERS)
    return server


class Counting(DnsServer):
    """Notes each question as ``name type``, and whether it came over TCP and with RD."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__(address)
        self.asked: list[tuple[str, bool, bool]] = []

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(wire)
        asked = query.question[0]
        words = f"{asked.name.to_text(True).lower()} {asked.rdtype.name}"
        self.asked.append((words, tcp, bool(query.flags & dns.flags.RD)))
        return super().respond(wire, tcp=tcp)


class NoResolver(DnsServer):
    """Answers for its own zones and refuses to be used as a resolver, as authoritative servers do."""

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        if wire[2] & 0x01:
            return reply(wire, Rcode.REFUSED)
        return self.own(wire, tcp=tcp)

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        return super().respond(wire, tcp=tcp)


class Forwarder(Counting):
    """As systemd-resolved: refuses questions that are not to be followed up (RD=0), and never says AA."""

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        answer = super().respond(wire, tcp=tcp)
        return answer if wire[2] & 0x01 else reply(wire, Rcode.REFUSED)


class BareForwarder(Forwarder):
    """As systemd-resolved before version 247: its denials come without the SOA."""

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        answer = super().respond(wire, tcp=tcp)
        assert answer is not None
        message = dns.message.from_wire(answer)
        message.authority.clear()
        return message.to_wire()


class Lame(NoResolver):
    """Refuses every question: it does not serve the zone it is listed for."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        return reply(wire, Rcode.REFUSED)


class Silent(NoResolver):
    """Receives and never answers."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        return None


class Slow(NoResolver):
    """Takes a quarter of a second for each answer."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__(address, delay=0.25)


class TcpOnly(NoResolver):
    """What a firewall leaves that lets no UDP through."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        return super().own(wire, tcp=tcp) if tcp else None


class Broken(NoResolver):
    """Says SERVFAIL to everything."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        return reply(wire, Rcode.SERVFAIL)


class Intercepting(NoResolver):
    """A middlebox: answers in the zone's server's place from a resolver's cache, RA without AA."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        answer = super().own(wire, tcp=tcp)
        if answer is None:
            return None
        message = dns.message.from_wire(answer)
        message.flags = (message.flags & ~dns.flags.AA) | dns.flags.RA
        return message.to_wire()


class Liar(NoResolver):
    """Sends garbage: another id, another question, cut packets, noise. Nothing it says is an answer."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        rng = random.Random(wire)
        answer = super().own(wire, tcp=tcp)
        assert answer is not None
        other_id = bytes([answer[0] ^ 0xFF, *answer[1:]])
        other_question = dns.message.make_response(dns.message.make_query("example.net", "TXT"))
        other_question.id = int.from_bytes(wire[:2], "big")
        return rng.choice([other_id, other_question.to_wire(), answer[:20], rng.randbytes(40), b""])


class OldServer(NoResolver):
    """From before EDNS: FORMERR to any question with an OPT record."""

    def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
        if dns.message.from_wire(wire).edns >= 0:
            return reply(wire, Rcode.FORMERR)
        return super().own(wire, tcp=tcp)


def reply(wire: bytes, rcode: Rcode) -> bytes:
    message: Message = dns.message.make_response(dns.message.from_wire(wire))
    message.set_rcode(rcode)
    return message.to_wire()
