"""The live checklist: a round of asking and judging, and rounds without end while somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from wizard.dns.access import DnsAccess
from wizard.dns.causes import (
    Context,
    asides,
    judge_all,
    probes,
    questions,
    with_opinions,
    zone_findings,
    zone_questions,
)
from wizard.dns.opinions import PublicView, elsewhere, local, other_servers
from wizard.dns.providers import recognise
from wizard.dns.records import Record, RecordId
from wizard.dns.resolver import Delegation, Resolver
from wizard.dns.seen import Answer, Opinions, Path, Question, ZoneSeen
from wizard.dns.verdict import Round, Row, RowStatus

DELEGATION_SECONDS = 60.0
"""How long a delegation stands before the registry is asked again. Nothing else is kept between rounds."""

MAX_PROBE_ROUNDS = 12
PROBE_SECONDS = 10.0
"""After this long no further probe is sent: what is known then is judged."""

MAX_QUESTIONS = 400
"""What one round may ask at most, whatever a hostile zone leads to."""

PUBLIC_SECONDS = 2.0
"""How long a single round waits for public resolvers. While one is watched none waits: the next has it."""

_PACE = ((60.0, 2.0), (180.0, 5.0), (600.0, 15.0))
_SLOWEST = 60.0


Edited = Callable[[], Iterable[Sequence[str]]]
"""Says which zones of that name the user edits, each by its name servers, as far as that is known by now."""


def nobody_knows() -> Iterable[Sequence[str]]:
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
    edited: Edited = nobody_knows,
) -> Round:
    """One round. Whatever the network does ends up in the round; raises nothing of its own."""
    checklist = Checklist(access, records, context, now, edited=edited)
    try:
        return await checklist.round(PUBLIC_SECONDS)
    finally:
        checklist.close()


async def watch(
    access: DnsAccess,
    records: tuple[Record, ...],
    context: Context,
    now: Callable[[], datetime],
    wake: asyncio.Event,
    edited: Edited = nobody_knows,
    resolver: Resolver | None = None,
) -> AsyncGenerator[Round, None]:
    """Rounds for as long as they are asked for: one each 2 s, easing to 5, 15 and 60 s while nothing changes.

    Setting ``wake`` starts the next round at once and the pace anew; the registry is asked again, too. Each
    row's ``since`` is when its status was first seen here. One ``resolver`` for all domains that are watched
    keeps count of what is in flight.
    """
    checklist = Checklist(access, records, context, now, resolver, edited)
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
            try:
                interval = pause(clock() - changed_at)
                async with asyncio.timeout_at(max(began + interval, clock() + interval / 4)):
                    await wake.wait()
                checklist.start_over()
                changed_at = clock()
            except TimeoutError:
                pass
    finally:
        checklist.close()


class Checklist:
    """The records of one domain, checked as often as ``round`` is called."""

    def __init__(
        self,
        access: DnsAccess,
        records: tuple[Record, ...],
        context: Context,
        now: Callable[[], datetime],
        resolver: Resolver | None = None,
        edited: Edited = nobody_knows,
    ) -> None:
        self._resolver = resolver or Resolver(access)
        self._public = PublicView(self._resolver, access.public)
        self._edited = edited
        self._records = records
        self._context = context
        self._now = now
        self._delegation: Delegation | None = None
        self._confirmed_at = float("-inf")
        self._since: dict[RecordId, tuple[RowStatus, datetime]] = {}

    async def round(self, patience: float = 0.0) -> Round:
        """Ask, probe what is not simply right, judge.

        ``patience``: how many seconds to wait for public resolvers, which are asked only for what is right.
        """
        zone, answers = await self._first_answers()
        lacking = {
            question: answers[question]
            for question in self._own_questions(zone)
            if question in answers and answers[question].absent
        }
        servers = other_servers(zone, self._edited())
        _, there, here = await asyncio.gather(
            self._probe(zone, answers),
            elsewhere(self._resolver, zone, servers, lacking),
            local(self._resolver, zone, lacking),
        )
        provider = recognise(zone.nameservers)
        context = replace(self._context, provider=provider)
        rows = judge_all(self._records, answers, zone, context)
        sights = await self._public.sights(_right(rows, answers), patience)
        opinions = Opinions(servers, there, here, sights)
        checked_at = self._now()
        return Round(
            domain=self._context.domain,
            checked_at=checked_at,
            zone=zone,
            provider=provider.key if provider else None,
            rows=tuple(self._dated(with_opinions(row, opinions, zone, context), checked_at) for row in rows),
            findings=zone_findings(zone, answers, opinions),
        )

    def start_over(self) -> None:
        """Let the next round ask the registry and every server again, as the first one does."""
        self._confirmed_at = float("-inf")

    def close(self) -> None:
        """Stop what is still asked in the background."""
        self._public.close()

    async def _probe(self, zone: ZoneSeen, answers: dict[Question, Answer]) -> None:
        """Add to ``answers`` what tells why a record is not right."""
        clock = asyncio.get_running_loop().time
        until = clock() + PROBE_SECONDS
        for _ in range(MAX_PROBE_ROUNDS):
            more = _new(self._probes(zone, answers), answers)
            if not more or clock() > until:
                break
            answers |= await self._resolver.ask(zone, more)

    async def _first_answers(self) -> tuple[ZoneSeen, dict[Question, Answer]]:
        """The zone and the answers to the first questions; the registry is asked at the same time."""
        clock = asyncio.get_running_loop().time
        known = self._delegation
        if known is None or not known.zone.reachable:
            known = await self._resolver.locate(self._context.domain)
        elif known.zone.apex is not None and clock() - self._confirmed_at < DELEGATION_SECONDS:
            return known.zone, await self._ask(known.zone)
        confirmed, answers = await asyncio.gather(self._resolver.confirm(known), self._ask(known.zone))
        zone = confirmed.zone
        if (zone.apex, zone.addresses) != (known.zone.apex, known.zone.addresses):
            answers = await self._ask(zone)
        self._delegation, self._confirmed_at = confirmed, clock()
        return zone, answers

    async def _ask(self, zone: ZoneSeen) -> dict[Question, Answer]:
        own = [question for record in self._records for question in questions(record, zone)]
        beside = [question for record in self._records for question in asides(record, zone)]
        return await self._resolver.ask(zone, own, (*zone_questions(zone), *beside))

    def _own_questions(self, zone: ZoneSeen) -> tuple[Question, ...]:
        """One for each record, as to what stands in its place."""
        if zone.apex is None:
            return ()
        return tuple(Question(record.name, record.type) for record in self._records)

    def _probes(self, zone: ZoneSeen, answers: dict[Question, Answer]) -> Iterable[Question]:
        return (question for record in self._records for question in probes(record, zone, answers))

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


def _right(rows: Iterable[Row], answers: dict[Question, Answer]) -> list[Answer]:
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
