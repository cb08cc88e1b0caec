"""A DNS server on one loopback port that stands in for the whole DNS: root, registries, zones and a resolver.

It speaks UDP and TCP, is authoritative for every zone it holds, and shows a change with the next answer. Real
clients (the wizard, ``dig``) tell it from the real thing only by its address.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from typing import Self, cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from wizard.demo.dns.zone_data import (
    DEFAULT_TTL,
    REGISTRY_SERVER,
    Reply,
    Resource,
    RRset,
    Source,
    Zones,
    absolute,
    master_form,
)

TLDS = ("com", "net", "org", "io", "dev")
"""Registries that are there from the start; others appear with the first zone below them."""

UDP_WITHOUT_EDNS = 512
OUR_UDP_PAYLOAD = 1232
MAX_CNAMES = 16
TCP_IDLE_SECONDS = 10


class DnsServer:
    """An embedded DNS server, UDP and TCP on ``address`` and one ``port`` (0: any free one).

    With RD=0 it answers as the authoritative servers of its zones would (a name server of any zone has this
    server's address), with RD=1 as a recursive resolver would that can see these zones and nothing else.
    Each reply is held back for ``delay`` seconds, as by a way that long. All methods may be called from any
    thread, before and after ``start``.
    """

    def __init__(self, address: str = "127.0.0.1", port: int = 0, delay: float = 0.0) -> None:
        self.address = address
        self.port = port
        self.delay = delay
        self._lock = threading.RLock()
        self._zones = Zones()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.set_zone(".", ("a.root-servers.net",))
        for tld in TLDS:
            self.set_zone(tld, (REGISTRY_SERVER,))

    # --- the zones -------------------------------------------------------------------------------------

    def set_zone(self, apex: str, nameservers: Sequence[str], source: Source | None = None) -> None:
        """Register ``apex`` and serve it, or change a zone that is served already.

        Each name server (one at the least) gets this server's address, unless it has one. With ``source``,
        records come from there too, beside those of ``add``.
        """
        with self._lock:
            self._zones.set(absolute(apex), nameservers, source, self.address)

    def remove_zone(self, apex: str) -> None:
        """Let the registration of ``apex`` lapse: its records go with it."""
        with self._lock:
            self._zones.drop(absolute(apex))

    def add(self, name: str, type: str, value: str, ttl: int = DEFAULT_TTL) -> None:  # noqa: A002
        """Add one record beside those that stand at ``name``.

        ``value`` is as in ``wizard.dns.records.Record``: the text itself for TXT (quotes in it are part of
        it), ``10 host`` for MX. Names are full names, with or without a final dot. An NS record below an apex
        delegates that name to servers that do not serve it here. Raises dns.exception.DNSException.
        """
        self.add_resource(Resource(name, type, master_form(type, value), ttl))

    def add_resource(self, resource: Resource) -> None:
        """Add one record given in master-file form, for what ``add`` cannot say (split strings)."""
        with self._lock:
            self._zones.records.add(resource)
            self._changed(absolute(resource.name))

    def remove(self, name: str, type: str | None = None) -> None:  # noqa: A002
        """Remove the records of ``type`` at ``name``, or all of them. Nothing there is no error."""
        with self._lock:
            self._zones.records.remove(absolute(name), None if type is None else RdataType.make(type))
            self._changed(absolute(name))

    def _changed(self, name: Name) -> None:
        self._zones.zone_for(name, RdataType.SOA).serial += 1

    # --- running ---------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Bind and serve on a thread of its own; returns when questions are answered. Raises OSError."""
        listener, datagrams = self._bind()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listener, datagrams, ready)),
            name="dns-server",
            daemon=True,
        )
        self._thread.start()
        ready.wait()
        return self

    def stop(self) -> None:
        """Close both sockets and end the thread. The zones stay; stopping twice is no error."""
        if self._thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _bind(self) -> tuple[socket.socket, socket.socket]:
        """A TCP and a UDP socket on the same port."""
        attempts = 1 if self.port else 20
        while True:
            attempts -= 1
            listener = socket.create_server((self.address, self.port))
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            datagrams.setblocking(False)
            try:
                datagrams.bind(listener.getsockname())
            except OSError:
                listener.close()
                datagrams.close()
                if attempts <= 0:
                    raise
                continue
            self.port = listener.getsockname()[1]
            return listener, datagrams

    async def _serve(self, listener: socket.socket, datagrams: socket.socket, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        transport, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=datagrams)
        server = await asyncio.start_server(self._connection, sock=listener)
        ready.set()
        await self._stop.wait()
        transport.close()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the questions of one TCP connection (RFC 7766) until it idles, breaks off or we stop."""
        try:
            while True:
                async with asyncio.timeout(TCP_IDLE_SECONDS):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    reply = self.respond(await reader.readexactly(length), tcp=True)
                    if reply is None:
                        return
                    await asyncio.sleep(self.delay)
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    # --- answering -------------------------------------------------------------------------------------

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        """The reply to one packet, or None where none is due (a reply, or too short for a header)."""
        if len(wire) < 12 or wire[2] & 0x80:
            return None
        try:
            query = dns.message.from_wire(wire)
            response = self._response(query)
            room = 65535 if tcp else max(UDP_WITHOUT_EDNS, query.payload)
            return _packed(response, room)
        except dns.exception.DNSException:
            return _header_only(wire, Rcode.FORMERR)
        except Exception:  # whatever a packet or a source provokes, the next question gets its answer
            return _header_only(wire, Rcode.SERVFAIL)

    def _response(self, query: Message) -> Message:
        recursive = bool(query.flags & dns.flags.RD)
        response = dns.message.make_response(
            query, recursion_available=recursive, our_payload=OUR_UDP_PAYLOAD
        )
        if query.opcode() != dns.opcode.QUERY:
            response.set_rcode(Rcode.NOTIMP)
        elif len(query.question) != 1:
            response.set_rcode(Rcode.FORMERR)
        else:
            asked = query.question[0]
            if asked.rdclass != dns.rdataclass.IN or dns.rdatatype.is_metatype(asked.rdtype):
                response.set_rcode(Rcode.REFUSED)
            else:
                self._answer(response, asked.name, asked.rdtype, recursive)
        return response

    def _answer(self, response: Message, name: Name, rdtype: RdataType, recursive: bool) -> None:
        """Fill ``response``, following aliases: a resolver everywhere, others inside their zone."""
        zone, reply = self._reply(name, rdtype)
        first = zone
        if not (recursive or reply.referral):
            response.flags |= dns.flags.AA
        for _ in range(MAX_CNAMES):
            if recursive and reply.referral:
                response.set_rcode(Rcode.SERVFAIL)
                return
            response.set_rcode(reply.rcode)
            _extend(response.answer, reply.answer)
            _extend(response.authority, reply.authority)
            _extend(response.additional, reply.additional)
            if reply.alias is None:
                return
            zone, reply = self._reply(reply.alias, rdtype)
            if zone is not first and not recursive:
                return
        if recursive:
            response.set_rcode(Rcode.SERVFAIL)

    def _reply(self, name: Name, rdtype: RdataType) -> tuple[object, Reply]:
        """The zone that holds ``name`` and its reply. A source is called without the lock: it has its own."""
        with self._lock:
            zone = self._zones.zone_for(name, rdtype)
        given = None if zone.source is None else tuple(zone.source())
        with self._lock:
            records = self._zones.records if given is None else self._zones.with_source(zone, given)
            return zone, self._zones.reply(zone, records, name, rdtype)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._server.respond(data, tcp=False)
        if reply is None:
            return
        if self._server.delay:
            asyncio.get_running_loop().call_later(self._server.delay, self._transport.sendto, reply, addr)
        else:
            self._transport.sendto(reply, addr)


def _extend(section: list[dns.rrset.RRset], more: Sequence[RRset]) -> None:
    for name, found in more:
        rrset = dns.rrset.from_rdata_list(name, found.ttl, list(found))
        if rrset not in section:
            section.append(rrset)


def _packed(response: Message, room: int) -> bytes:
    """``response`` in at most ``room`` bytes: whole, or empty with TC set (RFC 2181 §9)."""
    try:
        return response.to_wire(max_size=room)
    except dns.exception.TooBig:
        for section in (response.answer, response.authority, response.additional):
            section.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=room)


def _header_only(wire: bytes, rcode: dns.rcode.Rcode) -> bytes:
    """A reply with the packet's id and opcode and nothing else, for what cannot be answered properly."""
    return bytes([*wire[:2], 0x80 | (wire[2] & 0x79), int(rcode), 0, 0, 0, 0, 0, 0, 0, 0])
