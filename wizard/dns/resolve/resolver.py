"""Whom to ask, and how: the registry for the delegation, then every server of the zone at once.

A recursive resolver finds the servers and answers for names in other people's zones. What is in the
user's own zone comes from its authoritative servers, so no cache is in between; only when none of them can be
reached does a resolver answer for them, over HTTPS where that works (``Path.HTTPS``), for it shows what the
world sees, else the configured one (``Path.RESOLVER``). No answer is remembered here.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from wizard.dns.answers import Answer, Host, Outcome, Path, Question, Rcode, ServerReport, Soa, ZoneReport
from wizard.dns.resolve import wire
from wizard.dns.resolve.access import DnsAccess
from wizard.dns.resolve.replies import SILENCE, ReplyContent, ReplyRank, merged
from wizard.dns.resolve.servers import MAX_REFERRALS, Network, Servers, flat, within
from wizard.dns.suffixes import registry_suffixes

ROUND_SECONDS = 7.0
"""The deadline of a round, whatever the servers do. What is not answered by then is unknown.

It leaves 3 s for the start of the program, so that ``check`` of one domain ends within 10 s.
"""

_ROOT = "."
MAX_LABELS = 12
REGISTRY_SERVERS = 2
"""How many of a registry's servers are asked for a delegation: they all say the same."""


LOCAL_SECONDS = 2.0
"""How long this network's resolvers may take to show whether they see another zone than the public one."""


Asking = Callable[[Sequence[str], Question, str], Awaitable[dict[str, ReplyContent]]]
"""How servers of a zone are asked: all of them, or any (addresses, question, apex)."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone, and where to ask again whether it is still delegated like that.

    ``registry`` are addresses of the servers of the zone above, ``target`` the name to ask them for.
    ``denied``: the resolver says that this name does not exist, and can be believed, as it knows the root:
    resolvers of closed networks deny everything that is not theirs. ``failure`` is the extended error with
    which the resolver failed for this name: from their cache they word it less exactly a second time.
    ``said`` is the resolver's answer for it if the resolver has just been asked: it is then not asked again.
    """

    zone: ZoneReport
    registry: tuple[str, ...]
    target: str
    denied: bool = False
    failure: str = ""
    said: Answer | None = None


async def find_zone(access: DnsAccess, domain: str) -> ZoneReport:
    """The zone that holds ``domain``, as its registry delegates it. Raises nothing: see ``ZoneReport``."""
    resolver = Resolver(Network(access))
    return (await resolver.confirm(await resolver.locate(domain))).zone


class Resolver:
    """Asks the questions of one round, by the deadline ``until`` (event loop time; None: in 7 s).

    A question that is not answered by then gets NO_ANSWER, as if the servers were silent. Nothing raises.
    """

    def __init__(self, network: Network, until: float | None = None) -> None:
        clock = asyncio.get_running_loop().time
        self.servers = Servers(network, clock() + ROUND_SECONDS if until is None else until)

    async def locate(self, domain: str, *, gone: frozenset[str] = frozenset()) -> Delegation:
        """Where ``domain``'s zone seems to be, as the recursive resolver has it: two round trips.

        ``gone`` are names that are no zones any more, whatever a cache says. The system's resolvers are read
        again each time: the network may have changed.
        """
        self.servers.refresh()
        domain = domain.lower().rstrip(".")
        names = _with_parents(domain)
        asked = [Question(name, "NS") for name in (*names, _ROOT)]
        said = await asyncio.gather(*(self.servers.recurse(question) for question in asked))
        answers = {answer.question.name: answer for answer in said}
        if not any(answer.tells for answer in said):
            return Delegation(ZoneReport(domain, None, reachable=False, path=None), (), domain)
        cuts = {name: _hosts(answer) for name, answer in answers.items() if name not in gone}
        registered = _registered(domain)
        apex = next((name for name in names if within(name, registered) and cuts.get(name)), None)
        target = apex or registered
        above = next((name for name in names if _above(name, target) and cuts.get(name)), None)
        registries, addresses = await asyncio.gather(
            self.servers.addresses(cuts[above][:REGISTRY_SERVERS] if above else ()),
            self.servers.addresses(cuts[apex] if apex else ()),
        )
        nameservers = cuts[apex] if apex else ()
        zone = ZoneReport(
            domain,
            apex,
            nameservers,
            flat(addresses),
            servers=_unasked(addresses),
        )
        of_target = answers[target]
        denied = of_target.rcode is Rcode.NXDOMAIN and bool(_hosts(answers[_ROOT]))
        return Delegation(zone, flat(registries), target, denied, of_target.extended, of_target)

    async def confirm(self, found: Delegation) -> Delegation:
        """The same, with the delegation asked for at the registry itself: one round trip if nothing changed.

        Where the registry cannot be asked, what the resolver knew counts. Addresses in the registry's reply
        (glue) go before those that the resolver knows: a resolver that has another zone of that name also has
        other addresses for the servers in it.
        """
        zone = found.zone
        if not zone.reachable:
            return found
        said, surveyed, bogus = await asyncio.gather(
            self._registry(found), self._surveyed(zone), self._bogus(found)
        )
        if said is None:
            known = zone.apex is not None or found.denied
            if zone.apex is None:
                denier = found.said.path if found.said else Path.RESOLVER
                surveyed = replace(surveyed, path=denier if known else None)
            surveyed = replace(surveyed, reachable=known, registry_answers=False)
        elif not said.rdatas and found.target != _registered(zone.domain):
            # A part of the domain was a zone of its own and is none any more.
            gone = frozenset(name for name in _with_parents(zone.domain) if within(name, found.target))
            return await self.confirm(await self.locate(zone.domain, gone=gone))
        elif (
            set(_hosts(said)) != set(zone.nameservers)
            or not zone.addresses
            or not set(flat(self.servers.glued(zone.nameservers, said.glue))) <= set(zone.addresses)
        ):
            surveyed = await self._surveyed(await self._delegated(found, said))
        return replace(found, zone=replace(surveyed, bogus=bogus), said=None)

    async def _delegated(self, found: Delegation, said: ReplyContent) -> ZoneReport:
        """The zone as the registry's reply has it."""
        domain, nameservers = found.zone.domain, _hosts(said)
        if nameservers:
            pairs = await self.servers.addresses(nameservers, said.glue)
            return ZoneReport(domain, found.target, nameservers, flat(pairs), servers=_unasked(pairs))
        if said.rcode is Rcode.NOERROR and said.soa is not None:
            # Some registries keep a domain's records in their own zone, without a delegation.
            return ZoneReport(domain, said.soa.zone, (), found.registry)
        return ZoneReport(domain, None)

    async def _surveyed(self, zone: ZoneReport) -> ZoneReport:
        """The zone with its SOA, the name servers it lists itself, and how each of its servers answers."""
        if zone.apex is None:
            return zone
        question = Question(zone.apex, "SOA")
        reads, own = await asyncio.gather(
            self.servers.each(zone.addresses, question, zone.apex),
            self._ask(zone, Question(zone.apex, "NS"), self.servers.one_of),
        )
        answer = await self._or_stand_in(question, merged(question, reads))
        return replace(
            zone,
            soa=next((rd for rd in answer.rdatas if isinstance(rd, Soa)), None),
            path=answer.path if answer.tells or _fails_itself(answer) else None,
            servers=tuple(_seen(server, reads) for server in zone.servers),
            own_nameservers=_hosts(own),
        )

    async def _bogus(self, found: Delegation) -> str | None:
        """Why validating resolvers refuse the zone ``found.target``; None where they do not.

        A failure of validation alone shows by asking again without it (CD, RFC 4035 §3.2.2).
        """
        question = Question(found.target, "NS")
        refused = found.said or await self.servers.recurse(question)
        if refused.rcode is not Rcode.SERVFAIL:
            return None
        unchecked = await self.servers.recurse(question, unchecked=True)
        reason = max(found.failure, refused.extended, key=len)
        return reason if unchecked.tells else None

    async def ask(
        self, zone: ZoneReport, questions: Iterable[Question], asides: Iterable[Question] = ()
    ) -> dict[Question, Answer]:
        """The answers to all ``questions`` and ``asides``, asked at once.

        Names in the zone: every server is asked, for ``asides`` any one; an alias out of the zone, a name
        delegated away and a zone whose servers are all silent are followed up with the resolver. Other
        names: the resolver.
        """
        wanted = {**dict.fromkeys(asides, self.servers.one_of), **dict.fromkeys(questions, self.servers.each)}
        asking = (self._answer(zone, question, how) for question, how in wanted.items())
        return dict(zip(wanted, await asyncio.gather(*asking), strict=True))

    async def _answer(self, zone: ZoneReport, question: Question, how: Asking) -> Answer:
        if not zone.reachable:
            return Answer(question, Rcode.NO_ANSWER)
        if not wire.is_name(question.name):
            return Answer(question, Rcode.NXDOMAIN)
        if zone.apex is None or not within(question.name, zone.apex):
            return await self.servers.recurse(question)
        answer = await self._or_stand_in(question, await self._ask(zone, question, how))
        if answer.cnames and not answer.rdatas and question.type != "CNAME":
            end = await self.servers.recurse(Question(answer.cnames[-1], question.type))
            return replace(answer, rdatas=end.rdatas, cnames=(*answer.cnames, *end.cnames))
        return answer

    async def _ask(self, zone: ZoneReport, question: Question, how: Asking) -> Answer:
        """What the zone's servers say; where they hand the name on, what those servers say."""
        return await self.servers.below(question, await how(zone.addresses, question, zone.apex or ""))

    async def _or_stand_in(self, question: Question, answer: Answer) -> Answer:
        """The answer, or a resolver's where no server gave one, or something in between gave it."""
        if answer.rcode is not Rcode.NO_ANSWER and answer.path is not Path.RESOLVER:
            return answer
        instead = await self.servers.stand_in(question)
        if instead.rcode is Rcode.NO_ANSWER and answer.path is Path.RESOLVER:
            return answer
        return replace(instead, cut=answer.cut)

    async def at(self, nameservers: Sequence[str], apex: str, question: Question) -> Answer:
        """What servers say that serve ``apex`` as well, though the registry does not name them."""
        addresses = flat(await self.servers.addresses(nameservers))
        return await self.servers.below(question, await self.servers.each(addresses, question, apex))

    async def locally(self, zone: ZoneReport, lacking: Mapping[Question, Answer]) -> dict[Question, Answer]:
        """What this network's resolvers have of ``lacking``, the questions that the zone's servers deny.

        They are asked for these names only if they see another zone of that name than the public one: a
        resolver that is asked too early denies the record until a time to live is over (RFC 2308 §5).
        """
        if not lacking:
            return {}
        try:
            async with asyncio.timeout(LOCAL_SECONDS):
                if not await self._see_another(zone, lacking.values()):
                    return {}
                said = await asyncio.gather(*(self.servers.by_resolvers(question) for question in lacking))
        except TimeoutError:
            return {}
        return {answer.question: answer for answer in said}

    async def _see_another(self, zone: ZoneReport, denials: Iterable[Answer]) -> bool:
        """Whether this network's resolvers see another zone in place of ``zone``.

        A denial carries the SOA of the zone it comes from (RFC 2308 §3), and a name that nobody has asked for
        before is in no cache. Resolvers that leave the SOA out are asked for it by itself: that answer may
        be old, so only a zone of another origin or with a newer serial is another one.
        """
        apex = zone.apex or zone.domain
        public = {server.soa for server in zone.servers} | {denial.soa for denial in denials}
        known = {(soa.primary, soa.serial) for soa in public if soa is not None and soa.zone == apex}
        if not known:
            return False
        fresh = await self.servers.by_resolvers(Question(f"ses-wizard-{secrets.token_hex(4)}.{apex}", "SOA"))
        if fresh.soa is not None and not fresh.cnames:
            local = fresh.soa
            if local.zone != apex:
                return within(local.zone, _registered(zone.domain))
            return (local.primary, local.serial) not in known
        if not fresh.tells:
            return False
        perhaps_old = await self.servers.by_resolvers(Question(apex, "SOA"))
        return any(
            all(local.primary != primary or _newer(local.serial, serial) for primary, serial in known)
            for local in perhaps_old.rdatas
            if isinstance(local, Soa)
        )

    async def _registry(self, found: Delegation) -> ReplyContent | None:
        """The registry's reply about ``found.target``: no data in it where that is not delegated.

        None where no registry server answers. A referral to a registry further down is followed.
        """
        servers = found.registry
        question = Question(found.target, "NS")
        for _ in range(MAX_REFERRALS):
            reads = await self.servers.one_of(servers, question, "")
            said = max(reads.values(), key=lambda one: one.standing, default=SILENCE)
            if said.rdatas or said.standing is not ReplyRank.REFERRAL:
                return said if said.standing >= ReplyRank.RECURSIVE else None
            servers = flat(await self.servers.addresses(said.nameservers, said.glue))[:REGISTRY_SERVERS]
        return None


def _fails_itself(answer: Answer) -> bool:
    """Whether a server of the zone itself says SERVFAIL, and not a resolver that cannot reach it."""
    return answer.rcode is Rcode.SERVFAIL and answer.path in (Path.AUTHORITATIVE, Path.TCP)


def _unasked(pairs: Iterable[tuple[str, str]]) -> tuple[ServerReport, ...]:
    """Servers by name and address, of which nothing bad is known yet."""
    return tuple(
        ServerReport(name, address, Outcome.ANSWERS if address else Outcome.NO_ADDRESS)
        for name, address in pairs
    )


def _seen(server: ServerReport, reads: dict[str, ReplyContent]) -> ServerReport:
    """The server with what became of asking it."""
    said = reads.get(server.address)
    if said is None:
        return server
    outcome = Outcome.OTHER_ZONE if said.standing is ReplyRank.REFERRAL else said.outcome
    return replace(server, outcome=outcome, soa=said.soa)


def _with_parents(domain: str) -> tuple[str, ...]:
    """The name and all names above it but the root, the deepest first and at most 12."""
    labels = domain.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))[-MAX_LABELS:]


def _above(name: str, target: str) -> bool:
    return name != target and within(target, name)


def _newer(serial: int, other: int) -> bool:
    """Whether a zone's serial comes after another one (RFC 1982 §3.2)."""
    return 0 < (serial - other) % 2**32 < 2**31


def _registered(domain: str) -> str:
    """The part of ``domain`` that one registers: the name directly below its registry's suffix."""
    return registry_suffixes().privatesuffix(domain) or domain


def _hosts(found: Answer | ReplyContent) -> tuple[str, ...]:
    """The name servers in an answer, unless they are those of an alias's target."""
    return () if found.cnames else tuple(rd.name for rd in found.rdatas if isinstance(rd, Host))
