"""Ask all servers of a zone at once, or the recursive resolvers, by a given deadline.

If no configured resolver gives a valid answer on port 53, a public one is asked over HTTPS, if the access
names one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from wizard.dns.answers import Address, Answer, Cut, Path, Question, Rcode
from wizard.dns.resolve.access import DnsAccess, Nameserver
from wizard.dns.resolve.https import Https
from wizard.dns.resolve.racing import LEAD_SECONDS, first_good
from wizard.dns.resolve.replies import OTHER_ZONE, SILENCE, UNASKED, ReplyContent, ReplyRank, merged, read
from wizard.dns.resolve.transport import FOREVER, Failure, Transport, has_ipv6

MAX_SERVERS = 13
MAX_RESOLVERS = 3
MAX_REFERRALS = 6
LATECOMERS_SECONDS = 1.6
"""How long the other servers of a zone have once one has answered: enough for one repeat over UDP."""

NEXT_SECONDS = 0.3
"""Where any server of a zone will do: how long one has before the next is asked as well."""

HTTPS_LEAD_SECONDS = 1.5
"""How long HTTPS may take to answer in place of a zone's servers before the resolvers are asked, too."""

KEPT_SECONDS = 60.0
"""How long a resolver's answer may be used again. Its TTL may end this earlier."""

MAX_KEPT = 10_000
WAIT_SECONDS = 10.0
"""How long to wait for an answer to a question that is already in flight. No question takes longer."""

REFRESH_SECONDS = 2.0
"""How long the list of the system's resolvers is used before it is read again."""


class Network:
    """What all rounds in one event loop share: sockets, silent servers, and answers from resolvers' caches.

    Answers of a zone's own servers are never kept. Of a resolver's answers, denials are not kept, except that
    a name server has no address of one IP version. So a record is seen as soon as it is added.
    """

    def __init__(self, access: DnsAccess) -> None:
        self.access = access
        self.transport = Transport()
        self.https = Https(access.https)
        self.address_types = ("A", "AAAA") if has_ipv6() else ("A",)
        self.kept: dict[Question, tuple[float, asyncio.Future[Answer]]] = {}
        self.resolvers: tuple[Nameserver, ...] = ()
        self._read_at = float("-inf")
        self.refresh()

    def refresh(self) -> None:
        """Read the list of the system's resolvers again, as the network may have changed."""
        if time.monotonic() - self._read_at < REFRESH_SECONDS:
            return
        self._read_at = time.monotonic()
        resolvers = (self.access.resolvers or _system_resolvers())[:MAX_RESOLVERS]
        if self.resolvers not in ((), resolvers):
            self.forget()
        self.resolvers = resolvers

    def forget(self) -> None:
        """Forget kept answers and silent servers."""
        self.kept.clear()
        self.transport.forget_silence()
        self.https.forget_silence()


class Servers:
    """Sends questions and merges the replies, by the deadline ``until`` (event loop time)."""

    def __init__(self, network: Network, until: float = FOREVER) -> None:
        self._network = network
        self._until = until

    def refresh(self) -> None:
        """See ``Network.refresh``."""
        self._network.refresh()

    async def each(self, addresses: Sequence[str], question: Question, apex: str) -> dict[str, ReplyContent]:
        """What each address says. Once one has answered, the others have a while and no longer."""
        if len(addresses) == 1:
            return {addresses[0]: await self.ask_server(addresses[0], question, apex)}
        asking = {
            asyncio.ensure_future(self.ask_server(address, question, apex)): address for address in addresses
        }
        try:
            pending: set[asyncio.Future[ReplyContent]] = set(asking)
            answered = False
            while pending:
                done, pending = await asyncio.wait(
                    pending,
                    timeout=LATECOMERS_SECONDS if answered else None,
                    return_when=asyncio.ALL_COMPLETED if answered else asyncio.FIRST_COMPLETED,
                )
                if answered:
                    break
                answered = any(task.result().standing is ReplyRank.AUTHORITATIVE for task in done)
            return {address: task.result() if task.done() else SILENCE for task, address in asking.items()}
        finally:
            for task in asking:
                task.cancel()

    async def one_of(
        self, addresses: Sequence[str], question: Question, apex: str
    ) -> dict[str, ReplyContent]:
        """What the first of ``addresses`` says that knows, with what the others have said by then."""

        async def ask(address: str) -> tuple[str, ReplyContent]:
            return address, await self.ask_server(address, question, apex)

        ways = [partial(ask, address) for address in addresses]
        found, others = await first_good(ways, _decides, NEXT_SECONDS)
        return dict((*others, found) if found else others)

    async def ask_server(self, address: str, question: Question, apex: str = "") -> ReplyContent:
        """What one server says. A referral that does not lead below ``apex`` is none of its business."""
        server = self._network.access.authoritative(address)
        reply = await self._network.transport.exchange(server, question, self._until)
        if isinstance(reply, Failure):
            return SILENCE if reply is Failure.SILENT else UNASKED
        said = read(reply.message, question, recursive=False, tcp_only=reply.tcp_only)
        sideways = said.delegation is not None and (
            said.delegation == apex or not within(said.delegation, apex)
        )
        return OTHER_ZONE if said.standing is ReplyRank.REFERRAL and sideways else said

    async def recurse(self, question: Question, *, unchecked: bool = False) -> Answer:
        """Return the answer of a recursive resolver: of a configured one, or else over HTTPS.

        A question that is already in flight is not sent twice.
        """
        if unchecked:
            return await self._recurse(question, unchecked)
        clock = asyncio.get_running_loop().time
        kept = self._network.kept
        until, answer = kept.get(question, (0.0, None))
        if answer is not None and clock() < until:
            if not answer.done():
                await asyncio.wait((answer,), timeout=min(self._until - clock(), WAIT_SECONDS))
            if answer.done() and not answer.cancelled() and answer.result().rcode is not Rcode.NO_ANSWER:
                return answer.result()
            return await self._recurse(question, unchecked)
        if len(kept) >= MAX_KEPT:
            kept.clear()
        mine: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        kept[question] = float("inf"), mine
        try:
            mine.set_result(await self._recurse(question, unchecked))
        finally:
            if kept.get(question) == (float("inf"), mine):
                del kept[question]
            if not mine.done():
                mine.cancel()
        if seconds := _kept_seconds(mine.result()):
            kept[question] = clock() + seconds, mine
        return mine.result()

    async def _recurse(self, question: Question, unchecked: bool) -> Answer:
        ways = (self.by_resolvers, *self._by_https_if_known)
        return await _one_of(question, [partial(way, question, unchecked=unchecked) for way in ways])

    async def stand_in(self, question: Question) -> Answer:
        """Return a resolver's answer for a name in the user's zone, over HTTPS if possible."""
        ways = (*self._by_https_if_known, self.by_resolvers)
        return await _one_of(question, [partial(way, question) for way in ways], HTTPS_LEAD_SECONDS)

    @property
    def _by_https_if_known(self) -> tuple[Callable[..., Awaitable[Answer]], ...]:
        return (self._by_https,) if self._network.access.https else ()

    async def _by_https(self, question: Question, *, unchecked: bool = False) -> Answer:
        message = await self._network.https.exchange(question, self._until, unchecked=unchecked)
        said = SILENCE if message is None else read(message, question, recursive=True)
        return merged(question, {"https": said}, Path.HTTPS)

    async def by_resolvers(self, question: Question, *, unchecked: bool = False) -> Answer:
        """Ask all configured resolvers at once and return the first valid answer."""
        ways = [
            partial(self.through, server, question, unchecked=unchecked) for server in self._network.resolvers
        ]
        return await _one_of(question, ways, lead=0.0)

    async def through(self, server: Nameserver, question: Question, *, unchecked: bool = False) -> Answer:
        """What this recursive resolver says; ``unchecked``: without validating (CD)."""
        reply = await self._network.transport.exchange(
            server, question, self._until, recursive=True, unchecked=unchecked
        )
        said = SILENCE if isinstance(reply, Failure) else read(reply.message, question, recursive=True)
        return merged(question, {server.address: said}, Path.RESOLVER)

    async def addresses(
        self, nameservers: Sequence[str], glue: Sequence[tuple[str, str]] = ()
    ) -> tuple[tuple[str, str], ...]:
        """Name servers with each of their addresses: from the glue where it has them, else from the resolver.

        The address is empty where the name server's name does not exist.
        """
        known = {name for name, _ in glue}
        wanted = [
            Question(name, rdtype)
            for name in nameservers[:MAX_SERVERS]
            if name not in known
            for rdtype in self._network.address_types
        ]
        answers = await asyncio.gather(*(self.recurse(question) for question in wanted))
        found = list(self.glued(nameservers, glue))
        for answer in answers:
            name = answer.question.name
            found += [(name, rd.address) for rd in answer.rdatas if isinstance(rd, Address)]
            if answer.rcode is Rcode.NXDOMAIN:
                found.append((name, ""))
        return tuple(dict.fromkeys(found))

    def glued(
        self, nameservers: Sequence[str], glue: Sequence[tuple[str, str]]
    ) -> tuple[tuple[str, str], ...]:
        """The part of ``glue`` that is about ``nameservers`` and of an IP version that this machine has."""
        return tuple((name, at) for name, at in glue if name in nameservers and self._usable(at))

    def _usable(self, address: str) -> bool:
        return "AAAA" in self._network.address_types or ipaddress.ip_address(address).version == 4

    async def below(self, question: Question, reads: dict[str, ReplyContent]) -> Answer:
        """The answer of the zone in which the name lies: that of the servers asked, or one below it."""
        answer, cut = merged(question, reads), None
        for _ in range(MAX_REFERRALS):
            best = max(reads.values(), key=lambda one: one.standing, default=SILENCE)
            if best.standing is not ReplyRank.REFERRAL or best.delegation is None or answer.rdatas:
                break
            cut = Cut(best.delegation, best.nameservers)
            addresses = flat(await self.addresses(best.nameservers, best.glue))
            reads = await self.each(addresses, question, cut.name)
            answer = merged(question, reads)
        return replace(answer, cut=cut)


async def _one_of(
    question: Question, ways: Sequence[Callable[[], Awaitable[Answer]]], lead: float = LEAD_SECONDS
) -> Answer:
    """Return the first valid answer, or else a failure that a resolver reports, or else NO_ANSWER."""
    answer, others = await first_good(ways, _tells, lead)
    if answer is not None:
        return answer
    failures = [other for other in others if other.rcode is Rcode.SERVFAIL]
    return max(failures, key=lambda other: len(other.extended), default=Answer(question, Rcode.NO_ANSWER))


def _tells(answer: Answer) -> bool:
    return answer.tells


def _decides(said: tuple[str, ReplyContent]) -> bool:
    return said[1].standing >= ReplyRank.RECURSIVE


def _kept_seconds(answer: Answer) -> float:
    """Return how long this answer of a resolver may be used again, in seconds."""
    if answer.rcode is Rcode.NOERROR and answer.rdatas:
        return min(answer.ttl or 0, KEPT_SECONDS)
    if answer.rcode is Rcode.NOERROR and answer.soa and answer.question.type in ("A", "AAAA"):
        return min(answer.soa.negative_ttl, KEPT_SECONDS)
    return 0.0


def _system_resolvers() -> tuple[Nameserver, ...]:
    """The resolvers this machine is set up with; none where it has no network set up."""
    import dns.exception
    import dns.resolver

    try:
        system = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(
        Nameserver(address, system.port) for address in system.nameservers if isinstance(address, str)
    )


def flat(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The addresses, each once."""
    return tuple(dict.fromkeys(address for _, address in pairs if address))


def within(name: str, zone: str) -> bool:
    """Whether ``name`` is ``zone`` or below it."""
    return zone == "" or name == zone or name.endswith(f".{zone}")
