"""Watching while the DNS page is open: the zone's servers all the time, SES ever more slowly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from textual import on
from textual.events import Key
from textual.message import Message
from textual.timer import Timer

from screens.frame.page import StepScreen
from screens.workers import cancel, follows, reads
from wizard.errors import WizardError

if TYPE_CHECKING:
    from datetime import datetime

    from wizard.aws.sesv2 import SesIdentity
    from wizard.dns.findings import Round, Row
    from wizard.dns.records import Record, RecordId
    from wizard.project.schema import Project
    from wizard.world import World

ASK_SES_AFTER = (2, 5, 10, 20, 40, 60)
"""Seconds until SES is asked again, longer each time; a change in the zone or a key starts over."""


class WatchingScreen(StepScreen):
    """The part of the DNS page that asks, and notes what was seen.

    ``known`` is SES's last answer and ``silent`` why it has given none since; ``round`` is the last look into
    the zone. Each is None where there is none.
    """

    @dataclass
    class Known(Message):
        """SES answered; these are the records it wants."""

        identity: SesIdentity
        records: tuple[Record, ...]
        at: datetime

    class NotSetUp(Message):
        """SES has no identity for the domain yet, so there are no records."""

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
        self.known: WatchingScreen.Known | None = None
        self.silent: WizardError | None = None
        self.round: Round | None = None
        self._wake = asyncio.Event()
        self._watched: tuple[str, tuple[Record, ...]] | None = None
        self._history: dict[tuple[RecordId, str], list[tuple[datetime, Row]]] = {}
        """By the record's kind and full name: it outlives a visit to other pages, and to other domains."""
        self._ses_timer: Timer | None = None
        self._ses_patience = 0

    def begin(self) -> None:
        """Ask SES what it wants and has found, and the zone at once."""
        self.nudge()
        self._look(self.state.world, self.state.project)

    def ses_answered(self) -> None:
        """SES said which records it wants, and what it has found: show that."""

    def ses_was_silent(self) -> None:
        """SES could not be asked this time: show that."""

    def not_set_up(self) -> None:
        """SES has no identity for the domain, so there is nothing to watch: show that."""

    def zone_answered(self, before: Round | None, changed: Sequence[Row]) -> None:
        """The zone was looked into, the rows in ``changed`` say something new: show that."""

    def on_screen_suspend(self) -> None:
        """A page that is left asks nobody."""
        if self not in self.app.screen_stack:
            self._watched = None
            if self._ses_timer:
                self._ses_timer.stop()

    def on_key(self, event: Key) -> None:
        """Somebody is here: ask at once."""
        self.nudge()

    def nudge(self) -> None:
        """Ask at once, and go on quickly."""
        self._ses_patience = 0
        self._wake.set()

    def forget(self) -> None:
        """What was seen is about nothing that is there now."""
        cancel(self._watch)
        self.round, self.known, self._watched = None, None, None

    @reads("Asking SES")
    def _look(self, world: World, project: Project, *, again: bool = False) -> None:
        from wizard.dns.providers import providers
        from wizard.steps.dns import step as dns
        from wizard.steps.identity import step as identity

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
            self.tell(self.Known(seen, dns.records(project, seen), world.now()) if seen else self.NotSetUp())

    @follows("Watching the zone")
    async def _watch(self, world: World, project: Project, identity: SesIdentity) -> None:
        from wizard.steps.dns import step as dns

        async for round_ in dns.watch(world, project, identity, self._wake):
            self.post_message(self.Asked(round_))

    @on(Known)
    def _take_known(self, message: Known) -> None:
        self.known, self.silent = message, None
        domain = self.state.domain
        if self._watched != (domain, message.records):
            if self._watched is None or self._watched[0] != domain:
                self.round = None
            self._watched = (domain, message.records)
            self._watch(self.state.world, self.state.project, message.identity)
        self.ses_answered()
        self._ask_ses_later()

    @on(NotSetUp)
    def _take_not_set_up(self) -> None:
        self.forget()
        self.not_set_up()

    @on(SesSilent)
    def _take_silence(self, message: SesSilent) -> None:
        self.silent = message.error
        self.ses_was_silent()
        self._ask_ses_later()

    @on(Asked)
    def _take_round(self, message: Asked) -> None:
        before, self.round = self.round, message.round
        changed = [row for row in message.round.rows if self._changed(row)]
        for row in changed:
            self.past(row).append((message.round.checked_at, row))
        if before is not None and changed:
            self.ask_ses_soon()
        self.zone_answered(before, changed)

    def past(self, row: Row) -> list[tuple[datetime, Row]]:
        """When the state of ``row`` changed in this run of the program, and what it then was."""
        return self._history.setdefault((row.record.id, row.record.name), [])

    def _changed(self, row: Row) -> bool:
        """Whether ``row`` says something else than at its last change."""
        past = self.past(row)
        if not past:
            return True
        last = past[-1][1]
        return (last.status, last.found, [f.code for f in last.findings]) != (
            row.status,
            row.found,
            [f.code for f in row.findings],
        )

    def _ask_ses_later(self) -> None:
        if self._ses_timer:
            self._ses_timer.stop()
        if self.known is None or not self.known.identity.complete:
            delay = ASK_SES_AFTER[min(self._ses_patience, len(ASK_SES_AFTER) - 1)]
            self._ses_patience += 1
            self._ses_timer = self.set_timer(delay, self._ask_ses_again)

    def ask_ses_soon(self) -> None:
        """Something has changed that SES may see: ask it often again."""
        self._ses_patience = 0
        self._ask_ses_later()

    def _ask_ses_again(self) -> None:
        self._look(self.state.world, self.state.project, again=True)
