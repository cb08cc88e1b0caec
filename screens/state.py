"""What the app knows, as one frozen value. `WizardApp` alone replaces it; screens redraw from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from wizard.steps.model import Status, StepName, StepState, last_known

if TYPE_CHECKING:
    from datetime import datetime

    from wizard.errors import WizardError
    from wizard.project.schema import Project
    from wizard.world import World


def nothing_known() -> Mapping[StepName, StepState]:
    """Six steps of which nothing has been seen yet."""
    return MappingProxyType({step: StepState(step, Status.TODO, "") for step in StepName})


@dataclass(frozen=True)
class AppState:
    """The state of the whole app, from the moment the world and the project file are open.

    ``standings`` always holds all six steps. ``looking`` is True while the survey over all steps runs and
    ``trouble`` is what ended it, if anything did.
    """

    world: World
    project: Project
    standings: Mapping[StepName, StepState] = field(default_factory=nothing_known)
    looking: bool = False
    trouble: WizardError | None = None

    @property
    def domain(self) -> str:
        """The domain that sends, or an empty text while none is chosen."""
        return self.project.domain.name or ""

    @property
    def account(self) -> str:
        """The account id that was seen, or an empty text."""
        return self.project.account.id or ""

    @property
    def region(self) -> str:
        """The Region in use, or an empty text while AWS's environment has not been asked."""
        return self.world.aws.region or self.project.account.region or ""

    @property
    def next_step(self) -> StepName | None:
        """The first step that is not done; None when all are, or when only one is left that was put off."""
        return next((step for step in StepName if not self.done(step) and not self._put_off(step)), None)

    def _put_off(self, step: StepName) -> bool:
        """Whether the user said "not now" to ``step``: then nothing leads there by itself."""
        return step is StepName.PRODUCTION and self.project.production.put_off is not None

    def done(self, step: StepName) -> bool:
        """Whether ``step`` was found done."""
        return self.standings[step].status is Status.DONE

    def held(self, step: StepName) -> str:
        """Why ``step`` must not act: what is wrong with the account; nothing where it may."""
        account = self.standings[StepName.ACCOUNT]
        return account.words if step in account.holds else ""

    @property
    def another_account(self) -> bool:
        """Whether the credentials are of another account than the set-up: that holds all other steps."""
        holds = self.standings[StepName.ACCOUNT].holds
        return all(step in holds for step in StepName if step is not StepName.ACCOUNT)

    def standing(self, standing: StepState) -> AppState:
        """This state with one step's standing replaced."""
        standings = MappingProxyType({**self.standings, standing.step: standing})
        return replace(self, standings=standings)

    def outdated(self, fresh: Collection[StepName]) -> AppState:
        """This state where only the ``fresh`` steps could be looked at: of the others what was last known."""
        known = last_known(self.project)
        standings = {
            step: known[step] if known[step].as_of and step not in fresh else standing
            for step, standing in self.standings.items()
        }
        return replace(self, standings=MappingProxyType(standings))

    @property
    def as_of(self) -> datetime | None:
        """The earliest moment that what is known of the steps is from; None where all was looked at now."""
        return min((one.as_of for one in self.standings.values() if one.as_of), default=None)
