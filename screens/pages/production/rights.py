"""What only the sandbox needed, and falls away once AWS has said yes: a plan, shown and agreed to."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content

from screens.pages.reminder.change import ChangePage
from screens.widgets.columns import Columns, EventList
from screens.workers import reads
from wizard.project.schema import Project
from wizard.steps.reminder.step import ReminderReport
from wizard.text import printable
from wizard.world import World


class SandboxRights(ChangePage):
    """The SES identities that the reminder's function may use, and needs no more."""

    spare: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """How it stands, and what happens."""
        yield Columns(id="spare")
        yield EventList(id="events")

    def look(self, world: World, project: Project) -> None:
        """Ask whether the deployed function still has them."""
        self._look(world, project)

    @reads("Asking for the stack")
    def _look(self, world: World, project: Project) -> None:
        self.looked(world, project)

    def show_seen(self, seen: ReminderReport) -> None:
        """What was found: still there, gone, or no stack at all."""
        self.spare = seen.spare
        if seen.spare:
            names = ", ".join(printable(name, 60) for name in seen.spare[:3])
            more = f" and {len(seen.spare) - 3:,} more" if len(seen.spare) > 3 else ""
            words = f"The function can still use {names}{more}: only the sandbox needed that."
            row = (Content.styled("! rights", "$text-warning"), words)
        elif seen.stack and seen.stack.complete:
            words = "The function can use only your own identity, as intended."
            row = (Content.styled("✓ rights", "$text-success"), words)
        else:
            row = (Content.styled("· rights", "$text-muted"), "No reminder is deployed, so there are none.")
        self.query_one("#spare", Columns).show([row])

    def act(self) -> None:
        """Have CloudFormation work out what taking them away changes, then ask."""
        if self.spare:
            project = self.state.project
            self.step.retry = self.act
            self.plan(self.state.world, project, project, self.base)
