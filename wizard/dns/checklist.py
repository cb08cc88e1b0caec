"""The live checklist: a round of asking and judging, and rounds without end while somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import replace
from datetime import datetime

from wizard.dns.access import DnsAccess
from wizard.dns.causes import Context, judge_all, probes, questions, zone_findings, zone_questions
from wizard.dns.providers import recognise
from wizard.dns.records import Record, RecordId
from wizard.dns.resolver import Delegation, Resolver
from wizard.dns.seen import Answer, Question, ZoneSeen
from wizard.dns.verdict import Round, Row, RowStatus

DELEGATION_SECONDS = 60.0
"""How long a delegation stands before the registry is asked again. Nothing else is kept between rounds."""

MAX_PROBE_ROUNDS = 12
PROBE_SECONDS = 10.0
"""After this long no further probe is sent: what is known then is judged."""

MAX_QUESTIONS = 400
"""What one round may ask at most, whatever a hostile zone leads to."""

_PACE = ((60.0, 2.0), (180.0, 5.0), (600.0, 15.0))
_SLOWEST = 60.0


def pause(unchanged: float) -> float:
    """Seconds until the next round when nothing has changed for ``unchanged`` seconds."""
    return next((interval for until, interval in _PACE if unchanged < until), _SLOWEST)


async def check_once(
    access: DnsAccess, records: tuple[Record, ...], context: Context, now: Callable[[], datetime]
) -> Round:
    """One round. Whatever the network does ends up in the round; raises nothing of its own."""
    return await Checklist(access, records, context, now).round()


async def watch(
    access: DnsAccess,
    records: tuple[Record, ...],
    context: Context,
    now: Callable[[], datetime],
    wake: asyncio.Event,
) -> AsyncGenerator[Round, None]:
    """Rounds for as long as they are asked for: every 2 s, easing to 5, 15 and 60 s while nothing changes.

    Setting ``wake`` starts the next round at once and the pace anew. Each row's ``since`` is when its status
    was first seen here.
    """
    checklist = Checklist(access, records, context, now)
    clock = asyncio.get_running_loop().time
    before: Round | None = None
    changed_at = clock()
    while True:
        wake.clear()
        seen = await checklist.round()
        if before is None or _essence(seen) != _essence(before):
            changed_at = clock()
        before = seen
        yield seen
        try:
            async with asyncio.timeout(pause(clock() - changed_at)):
                await wake.wait()
            changed_at = clock()
        except TimeoutError:
            pass


class Checklist:
    """The records of one domain, checked as often as ``round`` is called."""

    def __init__(
        self,
        access: DnsAccess,
        records: tuple[Record, ...],
        context: Context,
        now: Callable[[], datetime],
        resolver: Resolver | None = None,
    ) -> None:
        self._resolver = resolver or Resolver(access)
        self._records = records
        self._context = context
        self._now = now
        self._delegation: Delegation | None = None
        self._confirmed_at = 0.0
        self._since: dict[RecordId, tuple[RowStatus, datetime]] = {}

    async def round(self) -> Round:
        """Ask, probe what is not simply right, judge."""
        zone, answers = await self._first_answers()
        clock = asyncio.get_running_loop().time
        until = clock() + PROBE_SECONDS
        for _ in range(MAX_PROBE_ROUNDS):
            more = _new(self._probes(zone, answers), answers)
            if not more or clock() > until:
                break
            answers |= await self._resolver.ask(zone, more)
        provider = recognise(zone.nameservers)
        rows = judge_all(self._records, answers, zone, replace(self._context, provider=provider))
        checked_at = self._now()
        return Round(
            domain=self._context.domain,
            checked_at=checked_at,
            zone=zone,
            provider=provider.key if provider else None,
            rows=tuple(self._dated(row, checked_at) for row in rows),
            findings=zone_findings(zone, answers),
        )

    async def _first_answers(self) -> tuple[ZoneSeen, dict[Question, Answer]]:
        """The zone and the answers to the first questions; the registry is asked at the same time."""
        clock = asyncio.get_running_loop().time
        known = self._delegation
        if known is None or not known.zone.reachable:
            known = await self._resolver.locate(self._context.domain)
        elif known.zone.apex is not None and clock() - self._confirmed_at < DELEGATION_SECONDS:
            return known.zone, await self._resolver.ask(known.zone, self._questions(known.zone))
        confirmed, answers = await asyncio.gather(
            self._resolver.confirm(known), self._resolver.ask(known.zone, self._questions(known.zone))
        )
        zone = confirmed.zone
        if (zone.apex, zone.addresses) != (known.zone.apex, known.zone.addresses):
            answers = await self._resolver.ask(zone, self._questions(zone))
        self._delegation, self._confirmed_at = confirmed, clock()
        return zone, answers

    def _questions(self, zone: ZoneSeen) -> tuple[Question, ...]:
        own = (question for record in self._records for question in questions(record, zone))
        return (*zone_questions(zone), *own)

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


def _essence(seen: Round) -> object:
    """What makes one round differ from another: everything but its times."""
    return (
        seen.zone.nameservers,
        [(row.record, row.status, row.found, [f.code for f in row.findings]) for row in seen.rows],
        [finding.code for finding in seen.findings],
    )
