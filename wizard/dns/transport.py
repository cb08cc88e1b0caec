"""One question to one server: UDP with repeats, TCP where that is cut short or silent. Nothing is cached."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
from dns.message import Message, QueryMessage
from dns.rcode import Rcode

from wizard.dns.access import Nameserver
from wizard.dns.seen import Question

TRIES = (0.5, 1.0, 2.0)
"""How long each try waits before the same packet is sent again, in seconds."""

TCP_SECONDS = 2.0
PER_SERVER = 64
"""Questions in flight to one server: beyond that UDP is lost and whole runs fail."""

SOCKETS = 256
EDNS_PAYLOAD = 1232
MAX_GARBAGE = 50
"""Packets that are no answer to our question, after which a socket listens no more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A packet that answers the question asked. ``tcp_only``: UDP got nothing through."""

    message: Message
    tcp_only: bool = False


class Transport:
    """Sends questions, so many at a time. For one event loop."""

    def __init__(self) -> None:
        self._sockets = asyncio.Semaphore(SOCKETS)
        self._servers: dict[Nameserver, asyncio.Semaphore] = {}

    async def exchange(
        self, server: Nameserver, question: Question, *, recursive: bool = False, unchecked: bool = False
    ) -> Reply | None:
        """The server's reply to ``question``, or None: silent, unreachable, or no sense in what it says.

        ``unchecked`` tells a validating resolver not to validate (CD, RFC 4035 §3.2.2).
        Only packets with our id and question count. Takes 3.5 s over UDP at the most, then 2 s over TCP.
        """
        room = self._servers.setdefault(server, asyncio.Semaphore(PER_SERVER))
        async with room, self._sockets:
            return await _exchange(server, make_query(question, recursive, unchecked))


async def _exchange(server: Nameserver, query: QueryMessage) -> Reply | None:
    message = await _udp(server, query)
    if message is not None and message.rcode() in (Rcode.FORMERR, Rcode.NOTIMP):
        # Servers from before EDNS refuse it (RFC 6891 §7).
        query.use_edns(False)
        message = await _udp(server, query)
    if message is None or message.flags & dns.flags.TC:
        by_tcp = await _tcp(server, query)
        return None if by_tcp is None else Reply(by_tcp, tcp_only=message is None)
    return Reply(message)


def make_query(question: Question, recursive: bool, unchecked: bool = False) -> QueryMessage:
    """The packet that asks ``question``. Raises dns.exception.DNSException where its name can be none."""
    query = dns.message.make_query(question.name, question.type, use_edns=0, payload=EDNS_PAYLOAD)
    if not recursive:
        query.flags &= ~dns.flags.RD
    if unchecked:
        query.flags |= dns.flags.CD
    return query


async def _udp(server: Nameserver, query: Message) -> Message | None:
    """The answer over UDP from a fresh, connected socket, so that only this server's packets arrive."""
    loop = asyncio.get_running_loop()
    wire = query.to_wire()
    try:
        transport, conversation = await loop.create_datagram_endpoint(
            lambda: _Conversation(query, loop.create_future()), remote_addr=(server.address, server.port)
        )
    except OSError:
        return None
    try:
        for patience in TRIES:
            transport.sendto(wire)
            done, _ = await asyncio.wait((conversation.answer,), timeout=patience)
            if done:
                return conversation.answer.result()
        return None
    finally:
        transport.close()


class _Conversation(asyncio.DatagramProtocol):
    """Waits for the one packet that answers ``query``; ``answer`` is None where none can come any more."""

    def __init__(self, query: Message, answer: asyncio.Future[Message | None]) -> None:
        self._query = query
        self.answer = answer
        self._garbage = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        message = parsed(data)
        if message is not None and self._query.is_response(message):
            self._settle(message)
        else:
            self._garbage += 1
            if self._garbage >= MAX_GARBAGE:
                self._settle(None)

    def error_received(self, exc: Exception) -> None:
        self._settle(None)

    def _settle(self, message: Message | None) -> None:
        if not self.answer.done():
            self.answer.set_result(message)


def parsed(data: bytes) -> Message | None:
    """The message in a packet, or None: whatever a stranger's bytes make the parser raise is no answer."""
    try:
        return dns.message.from_wire(data, ignore_trailing=True)
    except Exception:
        return None


async def _tcp(server: Nameserver, query: Message) -> Message | None:
    with suppress(OSError, EOFError, dns.exception.DNSException, ValueError):
        return await dns.asyncquery.tcp(query, server.address, timeout=TCP_SECONDS, port=server.port)
    return None


def has_ipv6() -> bool:
    """Whether this machine has a way to IPv6 addresses. Connecting a UDP socket sends nothing."""
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.connect(("2001:db8::1", 53))
        return True
    return False
