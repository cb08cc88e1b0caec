"""What workers and screens tell the app. Workers post these and touch no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from wizard.errors import WizardError
    from wizard.project.schema import Project
    from wizard.steps.model import Event, StepName, StepState
    from wizard.world import World


@dataclass
class Opening(Message):
    """What is going on before the world is open."""

    words: str


@dataclass
class Opened(Message):
    """The world and the project file are open."""

    world: World
    project: Project


@dataclass
class Looked(Message):
    """A step was looked at: this is where it stands. Evidence of a finished step is kept and saved."""

    standing: StepState


@dataclass
class SurveyEnded(Message):
    """All steps were looked at, or ``trouble`` ended that early."""

    trouble: WizardError | None


@dataclass
class Decided(Message):
    """An act changed the project from ``before`` to ``after``; the app merges that by field and saves it.

    ``world`` comes along where another profile or Region was chosen.
    """

    before: Project
    after: Project
    world: World | None = None


@dataclass
class Happened(Message):
    """Something happened in a running act (see ``wizard.steps.model.Event``)."""

    event: Event


@dataclass
class GoTo(Message):
    """The user wants to see another step; None is the summary at the end."""

    step: StepName | None


class GoToStart(Message):
    """The user wants to see the first page."""


class LookEverywhere(Message):
    """The user wants all steps looked at again."""


class StartOver(Message):
    """The user wants to begin the demo anew."""
