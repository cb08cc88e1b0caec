"""A change of the deployed reminder: planned by CloudFormation, shown, and deployed after a yes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual import on
from textual.message import Message

from screens.messages import Happened
from screens.pages.reminder.form_page import Page
from screens.widgets.columns import EventList
from screens.workers import acts, reads
from wizard.project.schema import Project
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder.step import ReminderPlan
from wizard.world import World


class ChangePage(Page):
    """A page that can change the stack. It has an `EventList` with the id ``events``."""

    @dataclass
    class Planned(Message):
        """CloudFormation has planned the change from ``before`` to ``wanted``."""

        before: Project
        wanted: Project
        planned: ReminderPlan

    class Made(Message):
        """The change is deployed."""

    @reads("CloudFormation is planning the change", topic="aws")
    def plan(
        self, world: World, before: Project, wanted: Project, base: Path, *, revert_drift: bool = False
    ) -> None:
        """Plan the change from ``before`` to ``wanted``, with ``revert_drift`` also of drift, then ask."""
        planned = reminder.plan(world, wanted, base, revert_drift=revert_drift)
        self.tell(self.Planned(before, wanted, planned))

    @acts("Deleting the plan")
    def _decline(self, world: World, project: Project) -> None:

        reminder.decline(world, project)

    @acts("CloudFormation is working")
    def _carry_out(self, world: World, before: Project, wanted: Project, planned: ReminderPlan) -> None:

        decided = reminder.act(world, wanted, planned, self.happened)
        self.decide(before, decided)
        self.looked(world, decided)
        self.tell(self.Made())

    def nothing_to_change(self) -> None:
        """Say that there is nothing to deploy."""
        self.step.say("Nothing to deploy: the stack matches the project file.")
        self.go_on()

    @on(Planned)
    def _confirm(self, message: Planned) -> None:
        message.stop()
        if not message.planned.plan.changes_anything:
            self.nothing_to_change()
            return
        self.step.confirm(
            message.planned.plan,
            partial(self._agreed, message),
            declined=lambda: self._decline(self.state.world, message.wanted),
        )

    def _agreed(self, message: Planned) -> None:
        self.query_one("#events", EventList).clear()
        self._carry_out(self.state.world, message.before, message.wanted, message.planned)

    @on(Happened)
    def _show_event(self, message: Happened) -> None:
        message.stop()
        self.query_one("#events", EventList).add(message.event)
        if self.display:
            self.step.query_one("#body").scroll_end(animate=False)

    @on(Made)
    def _made(self, message: Made) -> None:
        """Scroll to the status, which is above the progress."""
        message.stop()
        if self.display:
            self.step.query_one("#body").scroll_home(animate=False)
            self.go_on()

    def go_on(self) -> None:
        """Focus what comes next after a change."""
        self.step.query_one("#next").focus()
