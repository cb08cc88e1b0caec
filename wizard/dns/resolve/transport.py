"""Send one question to one server: over UDP with repeats, and over TCP beside the last repeat.

All waiting happens here and in ``https``. Every exchange has a deadline, and a server that did not answer is
skipped for a minute, so the modules above need no timeouts and no retries.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from wizard.dns.answers import Question
from wizard.dns.resolve import wire
from wizard.dns.resolve.access import Nameserver
from wizard.dns.resolve.racing import first_good
from wizard.dns.resolve.wire import Message, Query

TRIES = (0.5, 1.0, 2.0)
"""Seconds to wait after each send before the packet is sent again. The last try runs beside TCP."""

TCP_SECONDS = 2.0
SILENCE_SECONDS = 60.0
"""How long a server is skipped once it left a question unanswered through all tries but the last."""

PER_SERVER = 64
"""Questions in flight to one server: beyond that UDP is lost and whole runs fail."""

CONVERSATIONS = 128
"""UDP sockets open at a time, one for each server. Some systems limit a process to 256 open files."""

TCP_PER_SERVER = 4
TCP_AT_ONCE = 64
MAX_GARBAGE = 500
"""Number of packets that answer no open question after which a socket stops listening."""

FOREVER = float("inf")


class Failure(Enum):
    """Why there is no reply."""

    SILENT = "no answer, or no valid one"
    TOO_LATE = "the deadline came before the server had enough time to answer"


@dataclass(frozen=True, slots=True)
class Reply:
    """A valid answer to a question. ``tcp_only``: TCP answered and UDP did not."""

    message: Message
    tcp_only: bool = False


@dataclass(frozen=True, slots=True)
class _Asking:
    """A question, its flags and its deadline ``until`` (event loop time)."""

    question: Question
    recursive: bool
    unchecked: bool
    until: float

    def query(self, number: int, edns: bool) -> Query:
        """Return the packet with this id, with or without EDNS."""
        return wire.query(
            self.question, number, recursive=self.recursive, unchecked=self.unchecked, edns=edns
        )


class Transport:
    """Sends questions, limits how many are in flight, and skips silent servers. Serves one event loop."""

    def __init__(self) -> None:
        self._sockets = asyncio.Semaphore(CONVERSATIONS)
        self._tcp = asyncio.Semaphore(TCP_AT_ONCE)
        self._servers: dict[Nameserver, _Server] = {}

    def forget_silence(self) -> None:
        """Ask every server again: the network may have changed, or the user asked for it."""
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
        """Return the server's reply to ``question``, by ``until`` (event loop time) and within 5.5 s.

        ``unchecked`` tells a validating resolver not to validate (CD, RFC 4035 §3.2.2). A packet with another
        id or question is ignored. A name that is not valid in the DNS is not asked for.
        """
        if not wire.is_name(question.name):
            return Failure.SILENT
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
        """Return the open conversation with the server, or open one. Raises OSError."""
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
        """Return the first reply, over UDP or TCP; None at once if the server is known to be silent."""

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
        """Return the reply over TCP, or None. Few connections are open at a time, to a server and in all."""
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
    """The state of one server: its limits, when it last answered, and the open conversation if any."""

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
    """The questions in flight to one server, over one UDP socket.

    The socket is new and connected, so packets from other addresses never arrive. It stays open while
    questions are in flight. Raises OSError if the address is unreachable.
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
        """Return a random id that no question in flight has."""
        while (number := secrets.randbits(16)) in self._waiting:
            pass
        return number

    def ask(self, query: Query, tries: Sequence[float], until: float) -> asyncio.Future[Message | None]:
        """Send ``query``, again after each of ``tries`` (seconds), and return the answer to come.

        It is None once the tries are over, at the deadline ``until``, or if the server's port is closed.
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
        with suppress(OSError):  # the next try sends it again
            self._socket.send(query.wire)
        self._loop.call_at(min(now + tries[0], until), self._try, query, answer, tries[1:], until)

    def forget(self, query: Query) -> None:
        """Stop waiting for an answer to ``query``."""
        self._waiting.pop(query.number, None)

    def give_up(self) -> None:
        """Stop waiting for answers to all questions in flight: the server is silent or its port closed."""
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
                except OSError:  # the port is closed (ICMP)
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
