"""Following a registration while the domain's page is open: AWS is asked now and then how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.message import Message

from screens.frame.page import StepScreen
from screens.messages import Decided, Looked
from screens.state import AppState
from screens.workers import follows, reads
from wizard.errors import WizardError
from wizard.project.schema import Project, Registration
from wizard.steps.domain import registration as domain_registration
from wizard.steps.domain.registration import RegistrationReport
from wizard.steps.model import StepState
from wizard.world import World

FOLLOW_AFTER = (1, 2, 2, 3, 3, 5, 10, 20, 30, 60)
"""Seconds until AWS is asked again, longer each time."""


class FollowingScreen(StepScreen):
    """The part of the domain's page that follows what the project says is being registered.

    ``progress`` is how far that is, None where nothing is being registered.
    """

    @dataclass
    class Followed(Message):
        """This is how far a registration is; ``error`` is why it ended without a domain."""

        seen: RegistrationReport
        standing: StepState
        error: WizardError | None

    def __init__(self) -> None:
        super().__init__()
        self.progress: StepState | None = None
        self._registration: Registration | None = None
        self._asked = 0

    def begin(self) -> None:
        """Ask how far it is."""
        self._ask()

    def progressed(self, standing: StepState) -> None:
        """AWS said how far it is: show that."""

    def registration_changed(self, name: str) -> None:
        """The domain ``name`` begins to be registered, has come, or will not come: look at it anew."""

    @follows("Asking AWS")
    def _follow(self, world: World, registration: Registration) -> None:

        seen = domain_registration.look(world, registration)
        error = domain_registration.failure(seen) if seen.failed else None
        self.tell(self.Followed(seen, domain_registration.judge(seen), error))

    @reads("Taking the domain")
    def _finish(self, world: World, project: Project, seen: RegistrationReport) -> None:

        self.post_message(Decided(project, domain_registration.finish(world, project, seen)))

    @on(Followed)
    def _show_followed(self, message: Followed) -> None:
        """Show how far it is, and ask again later; at its end take the domain, or say why there is none."""
        registration = message.seen.registration
        if registration != self.state.project.domain.registration:
            return
        if not self.state.domain:
            self.post_message(Looked(message.standing))
        if message.seen.complete or message.error:
            self.progress = None
            self._finish(self.state.world, self.state.project, message.seen)
        else:
            self.progress = message.standing
            self.progressed(message.standing)
            self.set_timer(FOLLOW_AFTER[min(self._asked, len(FOLLOW_AFTER) - 1)], self._ask)
            self._asked += 1
        if message.error:
            self.show_error(message.error, focus=self.FIELD)

    def _ask(self) -> None:
        """Ask, where something is being registered and somebody looks."""
        registration = self.state.project.domain.registration
        if registration and self in self.app.screen_stack:
            self._follow(self.state.world, registration)

    def redraw(self, state: AppState) -> None:
        """A registration was begun, or has ended."""
        before, self._registration = self._registration, state.project.domain.registration
        if self._registration and self._registration != before:
            self._asked = 0
            self._ask()
            self.registration_changed(self._registration.name)
        elif before and self._registration is None:
            if state.domain == before.name:
                self.say(f"{before.name} is registered, and yours.")
            self.registration_changed(before.name)
