"""Asking: every server of a zone at once, or the recursive resolvers. Each answer is asked for anew.

Where nobody answers on port 53, a resolver over HTTPS does, if the access names one.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace

import dns.exception
import dns.resolver

from wizard.dns.access import DnsAccess, Nameserver
from wizard.dns.https import Https
from wizard.dns.replies import OTHER_ZONE, SILENCE, Read, Standing, merged, read
from wizard.dns.seen import Address, Answer, Cut, Path, Question, Rcode
from wizard.dns.transport import Transport, has_ipv6

MAX_SERVERS = 13
MAX_RESOLVERS = 3
MAX_REFERRALS = 6
LATECOMERS_SECONDS = 1.6
"""How long the other servers of a zone have once one has answered: enough for one repeat over UDP."""

NEXT_SECONDS = 0.3
"""Where any server of a zone will do: how long one has before the next is asked as well."""


class Servers:
    """Sends questions and puts the replies together, for one event loop."""

    def __init__(self, access: DnsAccess) -> None:
        self._access = access
        self._transport = Transport()
        self._https = Https(access.https)
        self._address_types = ("A", "AAAA") if has_ipv6() else ("A",)
        self.refresh()

    def refresh(self) -> None:
        """Read the system's resolvers anew: networks come and go."""
        self._resolvers = (self._access.resolvers or _system_resolvers())[:MAX_RESOLVERS]

    @property
    def resolvers(self) -> tuple[Nameserver, ...]:
        """The recursive resolvers that are asked."""
        return self._resolvers

    async def each(self, addresses: Sequence[str], question: Question, apex: str) -> dict[str, Read]:
        """What each address says. Once one has answered, the others have a while and no longer."""
        asking = {
            asyncio.ensure_future(self.ask_server(address, question, apex)): address for address in addresses
        }
        try:
            pending: set[asyncio.Future[Read]] = set(asking)
            answered = False
            while pending:
                done, pending = await asyncio.wait(
                    pending,
                    timeout=LATECOMERS_SECONDS if answered else None,
                    return_when=asyncio.ALL_COMPLETED if answered else asyncio.FIRST_COMPLETED,
                )
                if answered:
                    break
                answered = any(task.result().standing is Standing.AUTHORITATIVE for task in done)
            return {address: task.result() if task.done() else SILENCE for task, address in asking.items()}
        finally:
            for task in asking:
                task.cancel()

    async def one_of(self, addresses: Sequence[str], question: Question, apex: str) -> dict[str, Read]:
        """What the first of ``addresses`` says that knows, with what the others have said by then."""
        asking: dict[asyncio.Future[Read], str] = {}
        pending: set[asyncio.Future[Read]] = set()
        reads: dict[str, Read] = {}
        rest = list(addresses)
        try:
            while rest or pending:
                if rest:
                    address = rest.pop(0)
                    task = asyncio.ensure_future(self.ask_server(address, question, apex))
                    asking[task] = address
                    pending.add(task)
                patience = NEXT_SECONDS if rest else None
                done, pending = await asyncio.wait(
                    pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
                reads |= {asking[one]: one.result() for one in done}
                if any(said.standing >= Standing.RECURSIVE for said in reads.values()):
                    break
            return reads
        finally:
            for one in asking:
                one.cancel()

    async def ask_server(self, address: str, question: Question, apex: str = "") -> Read:
        """What one server says. A referral that does not lead below ``apex`` is none of its business."""
        reply = await self._transport.exchange(self._access.authoritative(address), question)
        if reply is None:
            return SILENCE
        said = read(reply.message, question, recursive=False, tcp_only=reply.tcp_only)
        sideways = said.delegation is not None and (
            said.delegation == apex or not within(said.delegation, apex)
        )
        return OTHER_ZONE if said.standing is Standing.REFERRAL and sideways else said

    async def recurse(self, question: Question, *, unchecked: bool = False) -> Answer:
        """What a recursive resolver says; where none of the configured ones answers, one over HTTPS."""
        answer = await self.by_resolvers(question, unchecked=unchecked)
        return answer if answer.rcode is not Rcode.NO_ANSWER else await self._by_https(question)

    async def _by_https(self, question: Question) -> Answer:
        message = await self._https.exchange(question)
        said = SILENCE if message is None else read(message, question, recursive=True)
        return merged(question, {"https": said}, Path.HTTPS)

    async def by_resolvers(self, question: Question, *, unchecked: bool = False) -> Answer:
        """The first sound answer of the resolvers that are configured."""
        asking = [
            asyncio.ensure_future(self.through(server, question, unchecked=unchecked))
            for server in self._resolvers
        ]
        try:
            failed = Answer(question, Rcode.NO_ANSWER, path=Path.RESOLVER)
            for following in asyncio.as_completed(asking):
                answer = await following
                if answer.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
                    return answer
                if answer.rcode is Rcode.SERVFAIL:
                    failed = answer
            return failed
        finally:
            for task in asking:
                task.cancel()

    async def through(self, server: Nameserver, question: Question, *, unchecked: bool = False) -> Answer:
        """What this recursive resolver says; ``unchecked``: without validating (CD)."""
        reply = await self._transport.exchange(server, question, recursive=True, unchecked=unchecked)
        said = SILENCE if reply is None else read(reply.message, question, recursive=True)
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
            for rdtype in self._address_types
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
        return "AAAA" in self._address_types or ipaddress.ip_address(address).version == 4

    async def first(self, asking: Sequence[Awaitable[Read]]) -> Read | None:
        """The first reply that decides something; the others are dropped."""
        tasks = [asyncio.ensure_future(one) for one in asking]
        try:
            for following in asyncio.as_completed(tasks):
                said = await following
                if said.standing >= Standing.RECURSIVE:
                    return said
            return None
        finally:
            for task in tasks:
                task.cancel()

    async def below(self, question: Question, reads: dict[str, Read]) -> Answer:
        """The answer of the zone in which the name lies: that of the servers asked, or one below it."""
        answer, cut = merged(question, reads), None
        for _ in range(MAX_REFERRALS):
            best = max(reads.values(), key=lambda one: one.standing, default=SILENCE)
            if best.standing is not Standing.REFERRAL or best.delegation is None or answer.rdatas:
                break
            cut = Cut(best.delegation, best.nameservers)
            addresses = flat(await self.addresses(best.nameservers, best.glue))
            reads = await self.each(addresses, question, cut.name)
            answer = merged(question, reads)
        return replace(answer, cut=cut)

    async def stand_in(self, question: Question) -> Answer:
        """A resolver's answer for a name in the user's zone."""
        answer = await self._by_https(question)
        return answer if answer.rcode is not Rcode.NO_ANSWER else await self.by_resolvers(question)


def _system_resolvers() -> tuple[Nameserver, ...]:
    """The resolvers this machine is set up with; none where it has no network set up."""
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
