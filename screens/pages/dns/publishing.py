"""Publishing records from the DNS page: to a DNS host it can write to, or to the demo's DNS panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.widgets import Button

from screens.messages import Happened
from screens.pages.dns.checklist import LABELS, Checklist
from screens.pages.dns.watching import WatchingScreen
from screens.widgets.columns import EventList
from screens.workers import acts, reads
from wizard.dns.findings import RowStatus
from wizard.errors import WizardError

if TYPE_CHECKING:
    from wizard.dns.findings import Round, Row
    from wizard.dns.providers import Provider
    from wizard.steps.dns.step import PublishPlan
    from wizard.world import World


ADDED = "The records are published."
DOUBLED = "Published with the domain twice, as DNS panels do that add it to every host."


class PublishingScreen(WatchingScreen):
    """The part of the DNS page that publishes: plan, yes, act."""

    @dataclass
    class Planned(Message):
        """What publishing would do; None if the wizard cannot write to the zone. ``done`` says it is done."""

        publish_plan: PublishPlan | None
        done: str

    @dataclass
    class Published(Message):
        """Records were put into the zone; ``words`` say how."""

        words: str

    @property
    def row(self) -> Row | None:
        """The highlighted row, as last seen."""
        record_id = self.query_one(Checklist).record_id
        rows = self.round.rows if self.round else ()
        return next((row for row in rows if row.record.id is record_id), None)

    @property
    def provider(self) -> Provider | None:
        """Who hosts the zone, where that is somebody the wizard knows."""
        from wizard.dns.providers import providers

        key = self.round.provider if self.round else None
        return next((provider for provider in providers() if provider.key == key), None)

    @property
    def may_write(self) -> bool:
        """Whether the wizard may be able to add the records itself."""
        writable = self.provider.writable if self.provider else ""
        return writable == "aws" or (writable == "token" and bool(self.state.world.dns.cloudflare))

    def offer_filling_in(self) -> None:
        """Show what F4 does while there is something to add, where anything can be added from here."""
        button = self.query_one("#act", Button)
        rows = self.round.rows if self.round else ()
        open_rows = any(row.status is not RowStatus.OK for row in rows)
        button.display = open_rows and (self.may_write or self.state.world.demo)
        button.label = f"{self.ACT if self.may_write else 'Publish all'}  F4"
        button.refresh(layout=True)

    def action_act(self) -> None:
        """Plan the publishing of all records and show it."""
        if self.round is None or self.acting or not self.query_one("#act").display:
            return
        self.clear_error()
        self.retry = self.action_act
        done = "The records are added. Their servers have them within a minute."
        self._plan(self.state.world, self.round, None, done if self.may_write else ADDED)

    @reads("Working out what to add")
    def _plan(self, world: World, round_: Round, rows: Sequence[Row] | None, done: str) -> None:
        from wizard.steps.dns import step as dns

        self.tell(self.Planned(dns.plan(world, round_, rows), done))

    @on(Planned)
    def _confirm(self, message: Planned) -> None:
        publish_plan = message.publish_plan
        if publish_plan is None or publish_plan.zone is None:
            self.show_error(_not_ours(publish_plan.notes if publish_plan else ()))
        elif not publish_plan.changes:
            self.show_error(_nothing_to_add(publish_plan.notes))
        else:
            carry_out = partial(self._carry_out, publish_plan, message.done)
            self.confirm(publish_plan.plan, carry_out, yes="Yes, add them", notes=publish_plan.notes)

    def _carry_out(self, publish_plan: PublishPlan, done: str) -> None:
        self.query_one("#publishing", EventList).clear()
        self.show_events(True)
        self._fill_in(publish_plan, done)

    def show_events(self, shown: bool) -> None:
        """Let what happens while records are added stand where the highlighted row's text does, or not."""
        self.query_one("#publishing").display = shown
        self.query_one("#detail").display = not shown

    @acts("Adding the records")
    def _fill_in(self, publish_plan: PublishPlan, done: str) -> None:
        from wizard.steps.dns import step as dns

        dns.act(publish_plan, self.happened)
        self.post_message(self.Published(done))

    @on(Happened)
    def _show_event(self, message: Happened) -> None:
        message.stop()
        self.query_one("#publishing", EventList).add(message.event)

    @on(Published)
    def _show_published(self, message: Published) -> None:
        self.show_events(False)
        self.say(message.words)
        self.nudge()
        self.ask_ses_soon()

    # In the demo, one record at a time

    def action_publish(self) -> None:
        """In the demo: the highlighted record, as it should be."""
        row = self._to_publish()
        if row and row.status is RowStatus.OK:
            self.say(f"{LABELS[row.record.id]} is right already.", not_yet=True)
        elif row:
            self._plan_one(row, f"{LABELS[row.record.id]} is published.", self.action_publish)

    def action_publish_wrongly(self) -> None:
        """In the demo: the highlighted record with the commonest mistake, beside what exists."""
        from wizard.steps.dns import step as dns

        row = self._to_publish()
        if row and self.round:
            self._plan_one(dns.doubled(row, self.round), DOUBLED, self.action_publish_wrongly)

    def _to_publish(self) -> Row | None:
        return None if self.acting else self.row

    def _plan_one(self, row: Row, done: str, again: Callable[[], None]) -> None:
        if self.round:
            self.clear_error()
            self.retry = again
            self._plan(self.state.world, self.round, [row], done)


def _not_ours(notes: Sequence[str]) -> WizardError:
    return WizardError(
        "The zone cannot be filled in from here",
        " ".join(notes) or "It is in Route 53, but these credentials see no zone for the domain.",
        "Start with the account or the token that holds the zone, or enter the records there by hand.",
    )


def _nothing_to_add(notes: Sequence[str]) -> WizardError:
    return WizardError(
        "Nothing can be added for you here",
        " ".join(notes) or "The zone has the missing records already, or something in their place.",
        "Look at the rows that are not right: the text below the list says what to do.",
    )
