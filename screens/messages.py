"""What workers and screens tell the app. Workers post these and touch no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from wizard.errors import WizardError
    from wizard.project.schema import Project
    from wizard.steps.model import Event, Standing, StepName
    from wizard.world import World


class Opening(Message):
    """What is going on before the world is open."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


class Opened(Message):
    """The world and the project file are open."""

    def __init__(self, world: World, project: Project) -> None:
        super().__init__()
        self.world = world
        self.project = project


class Looked(Message):
    """A step was looked at: this is where it stands. Evidence of a finished step is kept and saved."""

    def __init__(self, standing: Standing) -> None:
        super().__init__()
        self.standing = standing


class SurveyEnded(Message):
    """All steps were looked at, or ``trouble`` ended that early."""

    def __init__(self, trouble: WizardError | None) -> None:
        super().__init__()
        self.trouble = trouble


class Decided(Message):
    """An act changed the project from ``before`` to ``after``; the app merges that by field and saves it.

    ``world`` comes along where another profile or Region was chosen.
    """

    def __init__(self, before: Project, after: Project, world: World | None = None) -> None:
        super().__init__()
        self.before = before
        self.after = after
        self.world = world


class Happened(Message):
    """Something happened in a running act (see ``wizard.steps.model.Event``)."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class GoTo(Message):
    """The user wants to see another step; None is the summary at the end."""

    def __init__(self, step: StepName | None) -> None:
        super().__init__()
        self.step = step


class GoToStart(Message):
    """The user wants to see the first page."""


class LookEverywhere(Message):
    """The user wants all steps looked at again."""


class StartOver(Message):
    """The user wants to begin the demo anew."""
