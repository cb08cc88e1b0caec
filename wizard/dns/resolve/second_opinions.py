"""Asking others than the zone's own servers: other hosts and the local network for what is not there, public
resolvers for what is.

The order matters: a resolver that is asked for a record too early goes on denying it until a time to live is
over (RFC 2308 §5). So public ones are asked only for what the zone has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wizard.dns.answers import Answer, Answers, Path, PublicSight, Question, Rcode, ZoneReport
from wizard.dns.findings import Visibility
from wizard.dns.resolve.access import PublicResolver
from wizard.dns.resolve.resolver import Resolver
from wizard.dns.resolve.servers import Network, Servers
from wizard.dns.resolve.transport import FOREVER

AGAIN_SECONDS = (5.0, 60.0)
"""A resolver that lacks a record is asked again when its cache may have let go, within these bounds."""


def other_servers(zone: ZoneReport, edited: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Name servers that somebody takes for the zone's, of which the registry names none.

    ``edited`` are those of each zone of that name that the user is known to have; after them, what the zone
    itself lists is looked at.
    """
    asked = set(zone.nameservers)
    others = (names for names in (*edited, zone.own_nameservers) if names and not asked & set(names))
    return tuple(next(others, ()))


async def elsewhere(
    resolver: Resolver, zone: ZoneReport, servers: Sequence[str], lacking: Iterable[Question]
) -> Answers:
    """What ``servers`` have of what the zone lacks. The apex is left out: every zone has something there."""
    wanted = [question for question in lacking if servers and question.name != zone.apex]
    answers = await asyncio.gather(
        *(resolver.at(servers, zone.apex or zone.domain, question) for question in wanted)
    )
    return {answer.question: answer for answer in answers}


async def local(resolver: Resolver, zone: ZoneReport, lacking: Answers) -> Answers:
    """What this network's resolver has of what the zone lacks; ``lacking`` are the zone's denials."""
    if zone.path not in (Path.AUTHORITATIVE, Path.TCP):
        return {}
    return await resolver.locally(zone, lacking)


@dataclass(frozen=True, slots=True)
class _Look:
    """When one resolver was last asked for one record, what the zone had then, and what it said."""

    wanted: object
    sight: PublicSight | None
    again_at: float


class PublicView:
    """What public resolvers see of the zone. Those that have a record are not asked for it again."""

    def __init__(self, network: Network) -> None:
        self._servers = Servers(network, FOREVER)
        self._public = network.access.public
        self._looks: dict[tuple[str, Question], _Look] = {}
        self._asking: dict[tuple[str, Question], asyncio.Task[None]] = {}

    def ask(self, standing: Sequence[Answer]) -> None:
        """Start to ask the resolvers that are not known to have ``standing``, the zone's own answers."""
        now = asyncio.get_running_loop().time()
        for answer in standing:
            for public in self._public:
                key = (public.name, answer.question)
                last = self._looks.get(key)
                if last is not None and last.wanted == _content(answer) and now < last.again_at:
                    continue
                if key not in self._asking:
                    self._asking[key] = asyncio.create_task(self._look(public, answer))

    async def answered(self, patience: float | None = None) -> None:
        """Wait until all resolvers asked have answered, for at most ``patience`` seconds."""
        if self._asking:
            await asyncio.wait(tuple(self._asking.values()), timeout=patience)

    def sights(self, standing: Sequence[Answer]) -> tuple[PublicSight, ...]:
        """Return what is known so far about ``standing``."""
        known = [
            (answer, self._looks.get((public.name, answer.question)))
            for answer in standing
            for public in self._public
        ]
        return tuple(
            look.sight for answer, look in known if look and look.sight and look.wanted == _content(answer)
        )

    def visibility(self, standing: Sequence[Answer]) -> dict[str, Visibility]:
        """Return how much of ``standing`` each resolver sees, by its name; empty if none is asked."""
        if not standing:
            return {}
        seen = {public.name: Visibility.ALL for public in self._public}
        for public in self._public:
            looks = [self._looks.get((public.name, answer.question)) for answer in standing]
            sights = [look.sight for look in looks if look and look.sight]
            if len(sights) < len(standing):
                seen[public.name] = Visibility.UNKNOWN
            if not all(sight.has for sight in sights):
                seen[public.name] = Visibility.NOT_ALL
        return seen

    def close(self) -> None:
        """Stop asking."""
        for task in self._asking.values():
            task.cancel()

    async def _look(self, public: PublicResolver, answer: Answer) -> None:
        key = (public.name, answer.question)
        try:
            sight = await self._sight(public, answer)
            shortest, longest = AGAIN_SECONDS
            pause = min(max(sight.seconds or 0.0, shortest), longest) if sight else longest
            again_at = asyncio.get_running_loop().time() + pause
            if sight is not None and sight.has:
                again_at = float("inf")
            self._looks[key] = _Look(_content(answer), sight, again_at)
        finally:
            del self._asking[key]

    async def _sight(self, public: PublicResolver, answer: Answer) -> PublicSight | None:
        """What one resolver says; None where it does not answer, or fails for a reason of its own."""
        question = answer.question
        said = await self._servers.through(public.server, question)
        if said.rcode is Rcode.SERVFAIL:
            unchecked = await self._servers.through(public.server, question, unchecked=True)
            bogus = unchecked.tells
            return PublicSight(public.name, question, False, bogus=said.extended) if bogus else None
        if said.rcode is Rcode.NO_ANSWER:
            return None
        # The SOA's time to live counts down in a cache with that of the denial (RFC 2308 §5).
        seconds = said.ttl if said.ttl is not None else said.soa.negative_ttl if said.soa else None
        return PublicSight(public.name, question, _content(said) == _content(answer), seconds)


def _content(answer: Answer) -> object:
    return frozenset(answer.rdatas)
