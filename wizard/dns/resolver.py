"""Whom to ask, and how: the registry for the delegation, then every server of the zone at once.

A recursive resolver finds the servers and answers for names in other people's zones. What stands in the
user's own zone comes from its authoritative servers, so no cache is in between; only when none of them can be
reached does a resolver answer for them (``Path.RESOLVER``). Nothing is remembered here.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import dns.exception
import dns.name
import dns.resolver

from wizard.dns.access import DnsAccess, Nameserver
from wizard.dns.replies import SILENCE, Read, Standing, merged, read
from wizard.dns.seen import Address, Answer, Host, Path, Question, Rcode, Soa, ZoneSeen
from wizard.dns.transport import Transport, has_ipv6

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_ROOT = "."
MAX_LABELS = 12
MAX_SERVERS = 13
MAX_RESOLVERS = 3
REGISTRY_SERVERS = 2
"""How many of a registry's servers are asked for a delegation: they all say the same."""

MAX_REFERRALS = 6
LATECOMERS_SECONDS = 1.6
"""How long the other servers of a zone have once one has answered: enough for one repeat over UDP."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone, and where to ask again whether it is still delegated like that.

    ``registry`` are addresses of the servers of the zone above, ``target`` the name to ask them for.
    ``denied``: the resolver says that this name does not exist, and can be believed, as it knows the root:
    resolvers of closed networks deny everything that is not theirs.
    """

    zone: ZoneSeen
    registry: tuple[str, ...]
    target: str
    denied: bool = False


async def find_zone(access: DnsAccess, domain: str) -> ZoneSeen:
    """The zone that holds ``domain``, as its registry delegates it. Raises nothing: see ``ZoneSeen``."""
    resolver = Resolver(access)
    return (await resolver.confirm(await resolver.locate(domain))).zone


class Resolver:
    """Asks questions, for one event loop. Cheap to make; it keeps count of what is in flight, no answers."""

    def __init__(self, access: DnsAccess) -> None:
        self._access = access
        self._transport = Transport()
        self._resolvers = access.resolvers or _system_resolvers()
        self._address_types = ("A", "AAAA") if has_ipv6() else ("A",)

    async def locate(self, domain: str, *, gone: frozenset[str] = frozenset()) -> Delegation:
        """Where ``domain``'s zone seems to be, as the recursive resolver has it: two round trips.

        ``gone`` are names that are no zones any more, whatever a cache says. The system's resolvers are read
        anew each time: networks come and go.
        """
        self._resolvers = self._access.resolvers or _system_resolvers()
        domain = domain.lower().rstrip(".")
        names = _with_parents(domain)
        asked = [Question(name, "NS") for name in (*names, _ROOT)]
        said = await asyncio.gather(*(self._recurse(question) for question in asked))
        answers = {answer.question.name: answer for answer in said}
        if all(answer.rcode is Rcode.NO_ANSWER for answer in answers.values()):
            return Delegation(ZoneSeen(domain, None, reachable=False), (), domain)
        cuts = {name: _hosts(answer) for name, answer in answers.items() if name not in gone}
        registered = _registered(domain)
        apex = next((name for name in names if _within(name, registered) and cuts.get(name)), None)
        target = apex or registered
        above = next((name for name in names if _above(name, target) and cuts.get(name)), None)
        registry, addresses = await asyncio.gather(
            self._addresses(cuts[above][:REGISTRY_SERVERS] if above else ()),
            self._addresses(cuts[apex] if apex else ()),
        )
        zone = ZoneSeen(domain, apex, cuts[apex] if apex else (), addresses)
        denied = answers[target].rcode is Rcode.NXDOMAIN and bool(_hosts(answers[_ROOT]))
        return Delegation(zone, registry, target, denied)

    async def confirm(self, found: Delegation) -> Delegation:
        """The same, with the delegation asked for at the registry itself: one round trip if nothing changed.

        Where the registry cannot be asked, what the resolver knew stands.
        """
        zone = found.zone
        if not zone.reachable:
            return found
        said, soa = await asyncio.gather(self._registry(found), self._soa(zone))
        if said is None:
            known = zone.apex is not None or found.denied
            return replace(found, zone=_with_soa(replace(zone, reachable=known), soa))
        if not said.rdatas and found.target != _registered(zone.domain):
            # A part of the domain was a zone of its own and is none any more.
            gone = frozenset(name for name in _with_parents(zone.domain) if _within(name, found.target))
            return await self.confirm(await self.locate(zone.domain, gone=gone))
        nameservers = _hosts(said)
        if set(nameservers) != set(zone.nameservers) or not zone.addresses:
            zone = await self._delegated(found, said)
            soa = await self._soa(zone)
        return replace(found, zone=_with_soa(zone, soa))

    async def _delegated(self, found: Delegation, said: Read) -> ZoneSeen:
        """The zone as the registry's reply has it."""
        domain, nameservers = found.zone.domain, _hosts(said)
        if nameservers:
            return ZoneSeen(domain, found.target, nameservers, await self._addresses(nameservers, said.glue))
        if said.rcode is Rcode.NOERROR and said.soa is not None:
            # Some registries keep a domain's records in their own zone, without a delegation.
            return ZoneSeen(domain, said.soa.zone, (), found.registry)
        return ZoneSeen(domain, None)

    async def ask(self, zone: ZoneSeen, questions: Iterable[Question]) -> dict[Question, Answer]:
        """The answers to all ``questions``, asked at once.

        Names in the zone: every server is asked; an alias out of the zone, a name delegated away and a zone
        whose servers are all silent are followed up with the resolver. Other names: the resolver.
        """
        wanted = tuple(dict.fromkeys(questions))
        answers = await asyncio.gather(*(self._answer(zone, question) for question in wanted))
        return dict(zip(wanted, answers, strict=True))

    async def _answer(self, zone: ZoneSeen, question: Question) -> Answer:
        if not zone.reachable:
            return Answer(question, Rcode.NO_ANSWER)
        if not _is_name(question.name):
            return Answer(question, Rcode.NXDOMAIN)
        if zone.apex is None or not _within(question.name, zone.apex):
            return await self._recurse(question)
        answer = await self._authoritative(zone, question)
        if answer is None or answer.rcode is Rcode.NO_ANSWER:
            return replace(await self._recurse(question), path=Path.RESOLVER)
        if answer.cnames and not answer.rdatas and question.type != "CNAME":
            end = await self._recurse(Question(answer.cnames[-1], question.type))
            return replace(answer, rdatas=end.rdatas, cnames=(*answer.cnames, *end.cnames))
        return answer

    async def _authoritative(self, zone: ZoneSeen, question: Question) -> Answer | None:
        """What the zone's servers say; None where the name is delegated away, so that they do not know."""
        reads = await self._each(zone.addresses, question, zone.apex or "")
        answer = merged(question, reads)
        best = max((one.standing for one in reads.values()), default=Standing.NOTHING)
        return None if best is Standing.REFERRAL and not answer.rdatas else answer

    async def _each(self, addresses: Sequence[str], question: Question, apex: str) -> dict[str, Read]:
        """What each address says. Once one has answered, the others have a while and no longer."""
        asking = {
            asyncio.ensure_future(self._ask_server(address, question, apex)): address for address in addresses
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

    async def _ask_server(self, address: str, question: Question, apex: str) -> Read:
        reply = await self._transport.exchange(self._access.authoritative(address), question)
        if reply is None:
            return SILENCE
        said = read(reply.message, question, recursive=False, tcp_only=reply.tcp_only)
        sideways = said.delegation is not None and (
            said.delegation == apex or not _within(said.delegation, apex)
        )
        return SILENCE if said.standing is Standing.REFERRAL and sideways else said

    async def _recurse(self, question: Question) -> Answer:
        """What a recursive resolver says: the first sound answer of those that are configured."""
        asking = [
            asyncio.ensure_future(self._ask_resolver(server, question))
            for server in self._resolvers[:MAX_RESOLVERS]
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

    async def _ask_resolver(self, server: Nameserver, question: Question) -> Answer:
        reply = await self._transport.exchange(server, question, recursive=True)
        said = SILENCE if reply is None else read(reply.message, question, recursive=True)
        return merged(question, {server.address: said}, Path.RESOLVER)

    async def _addresses(
        self, nameservers: Sequence[str], glue: Sequence[tuple[str, str]] = ()
    ) -> tuple[str, ...]:
        """The addresses of name servers: from the glue where it has them, else from the resolver."""
        known = {name for name, _ in glue}
        wanted = [
            Question(name, rdtype)
            for name in nameservers[:MAX_SERVERS]
            if name not in known
            for rdtype in self._address_types
        ]
        answers = await asyncio.gather(*(self._recurse(question) for question in wanted))
        found = [address for name, address in glue if name in nameservers and self._usable(address)]
        found += [rd.address for answer in answers for rd in answer.rdatas if isinstance(rd, Address)]
        return tuple(dict.fromkeys(found))

    def _usable(self, address: str) -> bool:
        return "AAAA" in self._address_types or ipaddress.ip_address(address).version == 4

    async def _soa(self, zone: ZoneSeen) -> Answer | None:
        """The zone's SOA as its own servers have it; None where there is no zone to ask."""
        if zone.apex is None:
            return None
        return await self._answer(zone, Question(zone.apex, "SOA"))

    async def _registry(self, found: Delegation) -> Read | None:
        """The registry's reply about ``found.target``: no data in it where that is not delegated.

        None where no registry server answers. A referral to a registry further down is followed.
        """
        servers = found.registry
        question = Question(found.target, "NS")
        for _ in range(MAX_REFERRALS):
            said = await self._first([self._ask_server(address, question, "") for address in servers])
            if said is None or said.rdatas or said.standing is not Standing.REFERRAL:
                return said
            servers = (await self._addresses(said.nameservers, said.glue))[:REGISTRY_SERVERS]
        return None

    async def _first(self, asking: Sequence[Awaitable[Read]]) -> Read | None:
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


def _system_resolvers() -> tuple[Nameserver, ...]:
    """The resolvers this machine is set up with; none where it has no network set up."""
    try:
        system = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(
        Nameserver(address, system.port) for address in system.nameservers if isinstance(address, str)
    )


def _with_soa(zone: ZoneSeen, answer: Answer | None) -> ZoneSeen:
    """The zone with its SOA, and with the path on which that came."""
    if answer is None:
        return zone
    soa = next((rd for rd in answer.rdatas if isinstance(rd, Soa)), None)
    return replace(zone, soa=soa, path=answer.path)


def _with_parents(domain: str) -> tuple[str, ...]:
    """The name and all names above it but the root, the deepest first and at most 12."""
    labels = domain.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))[-MAX_LABELS:]


def _within(name: str, zone: str) -> bool:
    return zone == "" or name == zone or name.endswith(f".{zone}")


def _above(name: str, target: str) -> bool:
    return name != target and _within(target, name)


def _is_name(text: str) -> bool:
    """Whether a DNS question can be asked for ``text``: labels of 1 to 63 bytes, 255 in all (RFC 1035)."""
    try:
        dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError):
        return False
    return True


def _registered(domain: str) -> str:
    """The part of ``domain`` that one registers: the name directly below its registry's suffix."""
    return _suffixes().privatesuffix(domain) or domain


def _hosts(found: Answer | Read) -> tuple[str, ...]:
    """The name servers in an answer, unless they are those of an alias's target."""
    return () if found.cnames else tuple(rd.name for rd in found.rdatas if isinstance(rd, Host))


@cache
def _suffixes() -> PublicSuffixList:
    """The public suffix list's registry part: below these names one registers domains."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=True)
