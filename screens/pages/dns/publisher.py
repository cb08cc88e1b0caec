"""Publishes records from the DNS page: at a DNS host it can write to, or at the demo's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import on
from textual.message import Message

from screens.frame.part import Part
from screens.workers import acts, reads
from wizard.dns.findings import Round, Row
from wizard.dns.providers import Provider
from wizard.errors import WizardError
from wizard.steps.dns import publish
from wizard.steps.dns.publish import PublishPlan
from wizard.world import World


def may_write(provider: Provider | None, world: World) -> bool:
    """Whether the wizard may be able to add the records itself."""
    writable = provider.writable if provider else ""
    return writable == "aws" or (writable == "token" and bool(world.dns.cloudflare))


class Publisher(Part):
    """Plans, asks, acts. The page shows the events (`Happened`) and what came of it."""

    DEFAULT_CSS = "Publisher { display: none; }"

    @dataclass
    class PublishPlanned(Message):
        """What publishing would do; None if the wizard cannot write to the zone. ``done`` says it is done."""

        plan: PublishPlan | None
        done: str

    class Begun(Message):
        """The user agreed: records are being added."""

    @dataclass
    class Published(Message):
        """Records were added to the zone, in ``words``."""

        words: str

    def publish(
        self, round_: Round, rows: Sequence[Row] | None, *, done: str, again: Callable[[], object]
    ) -> None:
        """Publish ``rows``, or all records that are not right, after a yes. ``again`` is for Try again."""
        self.step.clear_error()
        self.step.retry = again
        self._plan(self.state.world, round_, rows, done)

    @reads("Working out what to add")
    def _plan(self, world: World, round_: Round, rows: Sequence[Row] | None, done: str) -> None:

        self.tell(self.PublishPlanned(publish.plan(world, round_, rows), done))

    @on(PublishPlanned)
    def _confirm(self, message: PublishPlanned) -> None:
        plan = message.plan
        if plan is None or plan.zone is None:
            self.step.show_error(_not_ours(plan.notes if plan else ()))
        elif not plan.changes:
            self.step.show_error(_nothing_to_add(plan.notes))
        else:
            yes = "Yes, add it" if len(plan.changes) == 1 else "Yes, add them"
            self.step.confirm(plan.plan, lambda: self._begin(plan, message.done), yes=yes, notes=plan.notes)

    def _begin(self, plan: PublishPlan, done: str) -> None:
        self.post_message(self.Begun())
        self._act(plan, done)

    @acts("Adding the records")
    def _act(self, plan: PublishPlan, done: str) -> None:

        publish.act(plan, self.step.happened)
        self.post_message(self.Published(done))


def _not_ours(notes: Sequence[str]) -> WizardError:
    return WizardError(
        "The records cannot be added from here",
        " ".join(notes) or "The zone is in Route 53, but these credentials see no zone for the domain.",
        "Start with the account or the token that has the zone, or enter the records there by hand.",
    )


def _nothing_to_add(notes: Sequence[str]) -> WizardError:
    return WizardError(
        "There is nothing to add",
        " ".join(notes) or "The zone already has the missing records, or other records at their names.",
        "Look at the rows that are not ok: the text below the list says what to do.",
    )
