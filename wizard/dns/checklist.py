"""The live checklist: a round of asking and judging, and rounds without end while somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from wizard.dns.answers import Answer, Answers, Opinions, Path, Question, ZoneReport
from wizard.dns.findings import Round, Row, RowStatus
from wizard.dns.judge.rows import (
    Context,
    asides,
    judge_all,
    questions,
    with_opinions,
    zone_findings,
    zone_questions,
)
from wizard.dns.providers import recognise
from wizard.dns.records import Record, RecordId
from wizard.dns.resolve.access import DnsAccess
from wizard.dns.resolve.resolver import ROUND_SECONDS, Delegation, Resolver
from wizard.dns.resolve.second_opinions import PublicView, elsewhere, local, other_servers
from wizard.dns.resolve.servers import Network

DELEGATION_SECONDS = 60.0
"""How long a delegation is used before the registry is asked again. Nothing else is kept between rounds."""

MAX_PROBE_ROUNDS = 12
MAX_QUESTIONS = 400
"""What one round may ask at most, whatever a hostile zone leads to."""

PUBLIC_SECONDS = 2.0
"""How long a single check waits for public resolvers once it knows what the zone's servers say."""

_PACE = ((60.0, 2.0), (180.0, 5.0), (600.0, 15.0))
_SLOWEST = 60.0


Edited = Callable[[], Iterable[Sequence[str]]]
"""Says which zones of that name the user edits, each by its name servers, as far as that is known by now."""


def no_zones() -> Iterable[Sequence[str]]:
    """No zone that the user edits is known."""
    return ()


def pause(unchanged: float) -> float:
    """Seconds from one round's start to the next one's when nothing has changed for ``unchanged`` seconds."""
    return next((interval for until, interval in _PACE if unchanged < until), _SLOWEST)


async def check_once(
    access: DnsAccess,
    records: tuple[Record, ...],
    context: Context,
    now: Callable[[], datetime],
    edited: Edited = no_zones,
    seconds: float = ROUND_SECONDS,
) -> Round:
    """Return one round with the view of public resolvers, within ``seconds``. Raises nothing of its own.

    What is not known by then is unknown in the round.
    """
    until = asyncio.get_running_loop().time() + seconds
    checklist = Checklist(Network(access), records, context, now, edited)
    try:
        await checklist.round(until)
        return await checklist.with_public_view(until)
    finally:
        checklist.close()


async def watch(
    network: Network,
    records: tuple[Record, ...],
    context: Context,
    now: Callable[[], datetime],
    wake: asyncio.Event,
    edited: Edited = no_zones,
) -> AsyncGenerator[Round, None]:
    """Rounds for as long as they are asked for: one each 2 s, easing to 5, 15 and 60 s while nothing changes.

    A round comes as soon as the zone's servers have answered, and again when public resolvers have answered
    if they say something new. Setting ``wake`` starts the next round at once and resets the pace; the
    registry is asked again, too. Each row's ``since`` is when its status was first seen here.
    """
    checklist = Checklist(network, records, context, now, edited)
    clock = asyncio.get_running_loop().time
    before: Round | None = None
    changed_at = clock()
    try:
        while True:
            wake.clear()
            began = clock()
            seen = await checklist.round()
            if before is None or essence(seen) != essence(before):
                changed_at = clock()
            before = seen
            yield seen
            interval = pause(clock() - changed_at)
            next_at = max(began + interval, clock() + interval / 4)
            waking = asyncio.ensure_future(wake.wait())
            viewing = asyncio.ensure_future(checklist.with_public_view())
            try:
                await _first_of(waking, viewing, next_at)
                if viewing.done() and essence(viewing.result()) != essence(before):
                    changed_at = clock()
                    before = viewing.result()
                    yield before
                await _first_of(waking, waking, next_at)
                if waking.done():
                    checklist.start_over()
                    changed_at = clock()
            finally:
                waking.cancel()
                viewing.cancel()
    finally:
        checklist.close()


async def _first_of(one: asyncio.Future[Any], other: asyncio.Future[Any], until: float) -> None:
    """Wait for either of them, or until ``until`` (event loop time)."""
    patience = until - asyncio.get_running_loop().time()
    await asyncio.wait({one, other}, timeout=max(0.0, patience), return_when=asyncio.FIRST_COMPLETED)


@dataclass(frozen=True, slots=True)
class _Looked:
    """The results of one round, kept to judge them again when public resolvers have answered."""

    at: datetime
    zone: ZoneReport
    answers: Answers
    context: Context
    rows: tuple[Row, ...]
    opinions: Opinions


class Checklist:
    """The records of one domain, checked as often as ``round`` is called."""

    def __init__(
        self,
        network: Network,
        records: tuple[Record, ...],
        context: Context,
        now: Callable[[], datetime],
        edited: Edited = no_zones,
    ) -> None:
        self._network = network
        self._public = PublicView(network)
        self._edited = edited
        self._records = records
        self._context = context
        self._now = now
        self._delegation: Delegation | None = None
        self._confirmed_at = float("-inf")
        self._alone_until = float("-inf")
        self._looked: _Looked | None = None
        self._since: dict[RecordId, tuple[RowStatus, datetime]] = {}

    async def round(self, until: float | None = None) -> Round:
        """Ask, probe what is not right, and judge, by ``until`` (event loop time; None: within 7 s).

        What is not answered by then is unknown. The round does not wait for public resolvers: it starts to
        ask them, and has what they said before.
        """
        resolver = Resolver(self._network, until)
        zone, answers = await self._first_answers(resolver)
        if zone.path is None:
            paths = (
                answer.path for answer in answers.values() if answer.tells and zone.holds(answer.question)
            )
            zone = replace(zone, path=next(paths, None))
        lacking = {
            question: answers[question]
            for question in self._own_questions(zone)
            if question in answers and answers[question].absent
        }
        servers = other_servers(zone, self._edited())
        context = replace(self._context, provider=recognise(zone.nameservers))
        rows, there, here = await asyncio.gather(
            self._judge(resolver, zone, answers, context),
            elsewhere(resolver, zone, servers, lacking),
            self._local(resolver, zone, lacking),
        )
        opinions = Opinions(servers, there, here)
        self._looked = _Looked(self._now(), zone, answers, context, rows, opinions)
        self._public.ask(_right(rows, answers))
        return self._judged(self._looked)

    async def with_public_view(self, until: float | None = None) -> Round:
        """Return the last round with the view of public resolvers, once all have answered.

        With ``until`` (event loop time), wait until then and for 2 s at most.
        """
        patience = None
        if until is not None:
            patience = max(0.0, min(until - asyncio.get_running_loop().time(), PUBLIC_SECONDS))
        await self._public.answered(patience)
        assert self._looked is not None
        return self._judged(self._looked)

    def _judged(self, looked: _Looked) -> Round:
        right = _right(looked.rows, looked.answers)
        opinions = replace(looked.opinions, public=self._public.sights(right))
        zone, context = looked.zone, looked.context
        rows: Iterable[Row] = looked.rows
        if opinions.elsewhere or opinions.local or not all(sight.has for sight in opinions.public):
            rows = (with_opinions(row, opinions, zone, context) for row in rows)
        return Round(
            domain=context.domain,
            checked_at=looked.at,
            zone=zone,
            provider=context.provider.key if context.provider else None,
            rows=tuple(self._dated(row, looked.at) for row in rows),
            findings=zone_findings(zone, looked.answers, opinions),
            public=self._public.visibility(right),
        )

    def start_over(self) -> None:
        """Let the next round ask the registry and every server again, as the first one does."""
        self._confirmed_at = self._alone_until = float("-inf")
        self._network.forget()

    def close(self) -> None:
        """Stop what is still asked in the background."""
        self._public.close()

    async def _local(self, resolver: Resolver, zone: ZoneReport, lacking: Answers) -> Answers:
        """Return what only this network's resolvers have. If that is nothing, skip them for a minute."""
        clock = asyncio.get_running_loop().time
        if clock() < self._alone_until:
            return {}
        found = await local(resolver, zone, lacking)
        if lacking and not found:
            self._alone_until = clock() + DELEGATION_SECONDS
        return found

    async def _judge(
        self, resolver: Resolver, zone: ZoneReport, answers: dict[Question, Answer], context: Context
    ) -> tuple[Row, ...]:
        """Return the rows. Answers that tell why a record is not right are added to ``answers``."""
        for _ in range(MAX_PROBE_ROUNDS):
            rows, further = judge_all(self._records, answers, zone, context)
            more = _new(further, answers)
            if not more:
                return rows
            answers |= await resolver.ask(zone, more)
        return judge_all(self._records, answers, zone, context)[0]

    async def _first_answers(self, resolver: Resolver) -> tuple[ZoneReport, dict[Question, Answer]]:
        """The zone and the answers to the first questions; the registry is asked at the same time."""
        clock = asyncio.get_running_loop().time
        known = self._delegation
        if known is None or not known.zone.reachable:
            if known is not None:
                self._network.forget()
            known = await resolver.locate(self._context.domain)
        elif known.zone.apex is not None and clock() - self._confirmed_at < DELEGATION_SECONDS:
            return known.zone, await self._ask(resolver, known.zone)
        confirmed, answers = await asyncio.gather(resolver.confirm(known), self._ask(resolver, known.zone))
        zone = confirmed.zone
        if (zone.apex, zone.addresses) != (known.zone.apex, known.zone.addresses):
            answers = await self._ask(resolver, zone)
        self._delegation, self._confirmed_at = confirmed, clock()
        return zone, answers

    async def _ask(self, resolver: Resolver, zone: ZoneReport) -> dict[Question, Answer]:
        own = [question for record in self._records for question in questions(record, zone)]
        beside = [question for record in self._records for question in asides(record, zone)]
        return await resolver.ask(zone, own, (*zone_questions(zone), *beside))

    def _own_questions(self, zone: ZoneReport) -> tuple[Question, ...]:
        """One for each record: what exists at its place."""
        if zone.apex is None:
            return ()
        return tuple(Question(record.name, record.type) for record in self._records)

    def _dated(self, row: Row, now: datetime) -> Row:
        status, since = self._since.get(row.record.id, (None, now))
        if status is not row.status:
            since = now
            self._since[row.record.id] = (row.status, now)
        return replace(row, since=since)


def _new(wanted: Iterable[Question], answers: dict[Question, Answer]) -> tuple[Question, ...]:
    """What is not answered yet, each once, and no more than a round may ask."""
    fresh = dict.fromkeys(question for question in wanted if question not in answers)
    return tuple(fresh)[: max(0, MAX_QUESTIONS - len(answers))]


def _right(rows: Iterable[Row], answers: Answers) -> list[Answer]:
    """The answers that all of the zone's own servers gave for records that are right."""
    own = (Question(row.record.name, row.record.type) for row in rows if row.status is RowStatus.OK)
    found = [answers[question] for question in own if question in answers]
    paths = (Path.AUTHORITATIVE, Path.TCP)
    return [answer for answer in found if answer.path in paths and answer.rdatas and answer.agree]


def essence(seen: Round) -> object:
    """What makes one round differ from another: everything but times and wording."""
    return (
        seen.zone.nameservers,
        [(row.record, row.status, row.found, [f.code for f in row.findings]) for row in seen.rows],
        [finding.code for finding in seen.findings],
    )
