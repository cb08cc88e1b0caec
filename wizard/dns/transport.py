"""One question to one server: UDP with repeats, and TCP beside the last of them. No answer is remembered.

This is where asking waits, and where it ends: an exchange is told by when it must be over, and a server that
has kept silent is not waited for again for a while. So nothing above needs a time limit of its own.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from wizard.dns import wire
from wizard.dns.access import Nameserver
from wizard.dns.racing import first_good
from wizard.dns.seen import Question
from wizard.dns.wire import Message, Query

TRIES = (0.5, 1.0, 2.0)
"""How long each try waits before the same packet is sent again, in seconds. The last one races TCP."""

TCP_SECONDS = 2.0
SILENCE_SECONDS = 60.0
"""How long a server that has kept silent through all tries but the last is not asked again."""

PER_SERVER = 64
"""Questions in flight to one server: beyond that UDP is lost and whole runs fail."""

CONVERSATIONS = 128
"""Servers asked at a time, each through one socket: some systems allow a process 256 open files."""

TCP_PER_SERVER = 4
TCP_AT_ONCE = 64
MAX_GARBAGE = 500
"""Packets that answer no question of ours, after which a socket listens no more."""

FOREVER = float("inf")


class Failure(Enum):
    """Why there is no reply."""

    SILENT = "nothing came back, or nothing that makes sense"
    TOO_LATE = "time was up before the server had a fair chance"


@dataclass(frozen=True, slots=True)
class Reply:
    """A packet that answers the question asked. ``tcp_only``: UDP got nothing through."""

    message: Message
    tcp_only: bool = False


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked, how, and by when (the loop's time) it must be over."""

    question: Question
    recursive: bool
    unchecked: bool
    until: float

    def query(self, number: int, edns: bool) -> Query:
        """The packet, with that id, and with or without EDNS."""
        return wire.query(
            self.question, number, recursive=self.recursive, unchecked=self.unchecked, edns=edns
        )


class Transport:
    """Sends questions, so many at a time, and remembers which servers keep silent. For one event loop."""

    def __init__(self) -> None:
        self._sockets = asyncio.Semaphore(CONVERSATIONS)
        self._tcp = asyncio.Semaphore(TCP_AT_ONCE)
        self._servers: dict[Nameserver, _Server] = {}

    def forget_silence(self) -> None:
        """Ask everybody again: the network may be another one, or the user wants to know."""
        for server in self._servers.values():
            server.silent_until = -FOREVER

    async def exchange(
        self,
        server: Nameserver,
        question: Question,
        until: float = FOREVER,
        *,
        recursive: bool = False,
        unchecked: bool = False,
    ) -> Reply | Failure:
        """The server's reply to ``question``, by ``until`` (the loop's time) and within 5.5 s.

        ``unchecked`` tells a validating resolver not to validate (CD, RFC 4035 §3.2.2).
        Only packets with our id and question count. Raises WireError where the question's name can be none.
        """
        clock = asyncio.get_running_loop().time
        at = self._servers.get(server)
        if at is None:
            at = self._servers[server] = _Server(server)
        async with at.room:
            if clock() < at.silent_until:
                return Failure.SILENT
            reply: Reply | None = None
            try:
                conversation = at.conversation or await self._open(at)
            except OSError:
                return Failure.SILENT
            at.users += 1
            began = clock()
            try:
                if began < until:
                    asking = _Asking(question, recursive, unchecked, until)
                    reply = await self._ask(at, conversation, asking)
            finally:
                fair = clock() - began >= sum(TRIES[:-1])
                if reply is not None:
                    at.heard_at = clock()
                elif fair and at.heard_at < began:
                    at.silent_until = clock() + SILENCE_SECONDS
                    conversation.give_up()
                self._leave(at)
        if reply is not None:
            return reply
        return Failure.SILENT if fair or clock() < until else Failure.TOO_LATE

    async def _open(self, at: _Server) -> _Conversation:
        """The conversation with that server: the one that is open by now, else a new one. Raises OSError."""
        async with at.opening:
            if at.conversation is None:
                await self._sockets.acquire()
                try:
                    at.conversation = _Conversation(at.server)
                except OSError:
                    self._sockets.release()
                    raise
            return at.conversation

    def _leave(self, at: _Server) -> None:
        at.users -= 1
        if not at.users and at.conversation is not None:
            at.conversation.close()
            at.conversation = None
            self._sockets.release()

    async def _ask(
        self, at: _Server, conversation: _Conversation, asking: _Asking, edns: bool = True
    ) -> Reply | None:
        query = asking.query(conversation.unused_number(), edns)
        try:
            message = await conversation.ask(query, TRIES[:-1], asking.until)
            if message is not None:
                reply: Reply | None = Reply(message)
            else:
                reply = await self._try_last(at, conversation, query, asking.until)
            if reply is None:
                return None
            if edns and reply.message.rcode in (wire.FORMERR, wire.NOTIMP):
                # Servers from before EDNS refuse it (RFC 6891 §7).
                return await self._ask(at, conversation, asking, edns=False)
            if reply.message.truncated:
                message = await self._by_tcp(at, query, asking.until)
                return None if message is None else Reply(message)
            return reply
        finally:
            conversation.forget(query)

    async def _try_last(
        self, at: _Server, conversation: _Conversation, query: Query, until: float
    ) -> Reply | None:
        """The first reply of the last try over UDP and of TCP, unless the server is known to be silent."""

        async def by_udp() -> Reply | None:
            message = await conversation.ask(query, TRIES[-1:], until)
            return None if message is None else Reply(message)

        async def by_tcp() -> Reply | None:
            message = await self._by_tcp(at, query, until)
            return None if message is None else Reply(message, tcp_only=True)

        if asyncio.get_running_loop().time() < at.silent_until:
            return None
        reply, _ = await first_good((by_udp, by_tcp), lambda found: found is not None, lead=0.0)
        return reply

    async def _by_tcp(self, at: _Server, query: Query, until: float) -> Message | None:
        """The reply over TCP. A server that turns out to be silent meanwhile is left alone."""
        clock = asyncio.get_running_loop().time
        with suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout_at(min(clock() + TCP_SECONDS, until)), at.tcp, self._tcp:
                if clock() < at.silent_until:
                    return None
                reader, writer = await asyncio.open_connection(at.server.address, at.server.port)
                try:
                    writer.write(len(query.wire).to_bytes(2, "big") + query.wire)
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    message = wire.reply(await reader.readexactly(length), query)
                    return None if message is None or message.truncated else message
                finally:
                    writer.close()
        return None


class _Server:
    """What is known of one server, and the conversation with it while something is asked."""

    def __init__(self, server: Nameserver) -> None:
        self.server = server
        self.room = asyncio.Semaphore(PER_SERVER)
        self.tcp = asyncio.Semaphore(TCP_PER_SERVER)
        self.opening = asyncio.Lock()
        self.conversation: _Conversation | None = None
        self.users = 0
        self.heard_at = -FOREVER
        self.silent_until = -FOREVER


class _Conversation:
    """A fresh, connected UDP socket, so that only this server's packets arrive, and who waits for them.

    Raises OSError where the address is out of reach.
    """

    def __init__(self, server: Nameserver) -> None:
        family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.connect((server.address, server.port))
        except OSError:
            self._socket.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, tuple[Query, asyncio.Future[Message | None]]] = {}
        self._reading = self._loop.create_task(self._read())

    def unused_number(self) -> int:
        """An id that nobody can guess and no question in flight has."""
        while (number := secrets.randbits(16)) in self._waiting:
            pass
        return number

    def ask(self, query: Query, tries: Sequence[float], until: float) -> asyncio.Future[Message | None]:
        """What the server says to ``query``, which is sent once for each of ``tries``: seconds to wait then.

        None when these are over or it is ``until``, and where nothing can come.
        """
        answer: asyncio.Future[Message | None] = self._loop.create_future()
        self._waiting[query.number] = query, answer
        if self._reading.done():
            answer.set_result(None)
        else:
            self._try(query, answer, tries, until)
        return answer

    def _try(
        self, query: Query, answer: asyncio.Future[Message | None], tries: Sequence[float], until: float
    ) -> None:
        now = self._loop.time()
        if answer.done():
            return
        if not tries or now >= until:
            answer.set_result(None)
            return
        with suppress(OSError):  # what the system refuses to send now goes out with the next try
            self._socket.send(query.wire)
        self._loop.call_at(min(now + tries[0], until), self._try, query, answer, tries[1:], until)

    def forget(self, query: Query) -> None:
        """Nobody waits for an answer to ``query`` any more."""
        self._waiting.pop(query.number, None)

    def give_up(self) -> None:
        """Wait no longer for anything that was asked so far."""
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)

    def close(self) -> None:
        """Stop listening."""
        self._reading.cancel()

    async def _read(self) -> None:
        garbage = 0
        with self._socket:
            while garbage < MAX_GARBAGE:
                try:
                    packet = await self._loop.sock_recv(self._socket, 65535)
                except OSError:  # nobody listens there
                    self.give_up()
                    garbage += 1
                    continue
                query, answer = self._waiting.get(int.from_bytes(packet[:2], "big"), (None, None))
                message = None if query is None else wire.reply(packet, query)
                if message is None or answer is None:
                    garbage += 1
                elif not answer.done():
                    answer.set_result(message)
            self.give_up()


def has_ipv6() -> bool:
    """Whether this machine has a way to IPv6 addresses. Connecting a UDP socket sends nothing."""
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.connect(("2001:db8::1", 53))
        return True
    return False
