"""Watches while the DNS page is open: the zone's servers all the time, SES at growing intervals."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import import_module
from types import MappingProxyType

from textual import on
from textual.message import Message
from textual.timer import Timer

from screens.frame.part import Part
from screens.workers import cancel, follows, reads
from wizard.aws.sesv2 import SesIdentity
from wizard.dns.findings import Round, Row
from wizard.dns.providers import Provider, providers
from wizard.dns.records import Record, RecordId
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.dns import step as dns
from wizard.steps.identity import step as identity
from wizard.world import World

ASK_SES_AFTER = (2, 5, 10, 20, 40, 60)
"""Seconds until SES is asked again, longer each time; a change in the zone or a key starts over."""

History = tuple[tuple["datetime", "Row"], ...]
"""When the state of a row changed, and the row at that time, the oldest first."""


@dataclass
class SesAnswer(Message):
    """SES answered ``at`` this time; these are the records it wants."""

    identity: SesIdentity
    records: tuple[Record, ...]
    at: datetime


@dataclass(frozen=True)
class RecordsChecked:
    """What is known of the records, by SES and by the zone's servers.

    ``ses`` is the last answer of SES and ``silent`` why it has not answered since; ``round`` is the last look
    into the zone. ``no_identity``: SES has no identity for the domain, so there are no records. ``history``,
    by the record's kind and full name, outlives a visit to other pages and to other domains.
    """

    ses: SesAnswer | None = None
    silent: WizardError | None = None
    round: Round | None = None
    no_identity: bool = False
    history: Mapping[tuple[RecordId, str], History] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def rows(self) -> tuple[Row, ...]:
        """The records as the zone has them."""
        return tuple(self.round.rows) if self.round else ()

    def row(self, record_id: RecordId | None) -> Row | None:
        """The record with ``record_id``."""
        return next((row for row in self.rows if row.record.id is record_id), None)

    def past(self, row: Row) -> History:
        """When the state of ``row`` changed in this run of the program."""
        return self.history.get((row.record.id, row.record.name), ())

    def looked(self, round_: Round) -> RecordsChecked:
        """This after one more look into the zone."""
        past = {
            (row.record.id, row.record.name): (*self.past(row), (round_.checked_at, row))
            for row in round_.rows
            if _says_something_new(self.past(row), row)
        }
        return replace(self, round=round_, history=MappingProxyType({**self.history, **past}))

    @property
    def provider(self) -> Provider | None:
        """Who hosts the zone, if the wizard knows that host."""
        key = self.round.provider if self.round else None
        return next((provider for provider in providers() if provider.key == key), None)


def _says_something_new(past: History, row: Row) -> bool:
    """Whether ``row`` differs from its last change."""

    def words(one: Row) -> tuple[object, ...]:
        return one.status, one.found, [finding.code for finding in one.findings]

    return not past or words(past[-1][1]) != words(row)


class Watcher(Part):
    """Asks, and keeps what was seen in ``seen``: the only one who replaces it."""

    DEFAULT_CSS = "Watcher { display: none; }"

    @dataclass
    class Changed(Message):
        """Something was seen: ``before`` and ``seen`` are what was known, ``changed`` the rows with news."""

        before: RecordsChecked
        seen: RecordsChecked
        changed: Sequence[Row] = ()

    class NotSetUp(Message):
        """SES has no identity for the domain yet."""

    @dataclass
    class SesSilent(Message):
        """SES could not be asked this time."""

        error: WizardError

    @dataclass
    class Asked(Message):
        """One round of asking the zone's servers."""

        round: Round

    def __init__(self) -> None:
        super().__init__()
        self.seen = RecordsChecked()
        self._wake = asyncio.Event()
        self._watched: tuple[str, tuple[Record, ...]] | None = None
        self._ses_timer: Timer | None = None
        self._ses_patience = 0

    def look(self) -> None:
        """Ask SES what it wants and has found, and the zone at once."""
        self.nudge()
        self._look(self.state.world, self.state.project)

    def stop(self) -> None:
        """The page was left: ask nobody."""
        self._watched = None
        if self._ses_timer:
            self._ses_timer.stop()

    def nudge(self) -> None:
        """Ask at once, and go on quickly."""
        self._ses_patience = 0
        self._wake.set()

    def forget(self) -> None:
        """Another domain, or none: what was seen is out of date."""
        cancel(self._watch)
        self._watched = None
        self.seen = RecordsChecked(history=self.seen.history)

    def ask_ses_soon(self) -> None:
        """Something has changed that SES may see: ask it often again."""
        self._ses_patience = 0
        self._ask_ses_later()

    @reads("Asking SES")
    def _look(self, world: World, project: Project, *, again: bool = False) -> None:

        # The DNS library and the providers' table are loaded here, where no key waits for them.
        import_module("wizard.dns.checklist")
        providers()
        try:
            seen = identity.look(world, project).identity
        except WizardError as error:
            if not again:
                raise
            self.tell(self.SesSilent(error))
        else:
            answer = SesAnswer(seen, dns.records(project, seen), world.now()) if seen else self.NotSetUp()
            self.tell(answer)

    @follows("Watching the zone")
    async def _watch(self, world: World, project: Project, identity: SesIdentity) -> None:

        async for round_ in dns.watch(world, project, identity, self._wake):
            self.post_message(self.Asked(round_))

    @on(SesAnswer)
    def _take_answer(self, message: SesAnswer) -> None:
        seen, domain = replace(self.seen, ses=message, silent=None, no_identity=False), self.state.domain
        if self._watched != (domain, message.records):
            if self._watched is None or self._watched[0] != domain:
                seen = replace(seen, round=None)
            self._watched = (domain, message.records)
            self._watch(self.state.world, self.state.project, message.identity)
        self._take(seen)
        self._ask_ses_later()

    @on(NotSetUp)
    def _take_not_set_up(self) -> None:
        self.forget()
        self._take(replace(self.seen, no_identity=True))

    @on(SesSilent)
    def _take_silence(self, message: SesSilent) -> None:
        self._take(replace(self.seen, silent=message.error))
        self._ask_ses_later()

    @on(Asked)
    def _take_round(self, message: Asked) -> None:
        before, seen = self.seen, self.seen.looked(message.round)
        changed = [row for row in seen.rows if seen.past(row) != before.past(row)]
        if before.round and changed:
            self.ask_ses_soon()
        self._take(seen, changed)

    def _take(self, seen: RecordsChecked, changed: Sequence[Row] = ()) -> None:
        before, self.seen = self.seen, seen
        self.post_message(self.Changed(before, seen, changed))

    def _ask_ses_later(self) -> None:
        if self._ses_timer:
            self._ses_timer.stop()
        if self.seen.ses is None or not self.seen.ses.identity.complete:
            delay = ASK_SES_AFTER[min(self._ses_patience, len(ASK_SES_AFTER) - 1)]
            self._ses_patience += 1
            self._ses_timer = self.set_timer(delay, self._ask_ses_again)

    def _ask_ses_again(self) -> None:
        self._look(self.state.world, self.state.project, again=True)
