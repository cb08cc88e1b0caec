"""What all steps speak in: where a step stands, what it would change, what is happening."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from wizard.steps.registry import StepName as StepName

if TYPE_CHECKING:
    from pathlib import Path

    from wizard.project.schema import Project, StatusKey
    from wizard.world import World


class Status(StrEnum):
    """Where a step stands. WAITING is for time or other people, ATTENTION needs the user."""

    TODO = "todo"
    WORKING = "working"
    WAITING = "waiting"
    ATTENTION = "attention"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class StepState:
    """Where one step stands, and why, in one short sentence.

    ``holds`` are the other steps that must not act while it stands so. ``brief`` is the reason in two or
    three words, where it says more than the status's own word. ``as_of`` is when that was last known; None
    where it was found now.
    """

    step: StepName
    status: Status
    words: str
    holds: tuple[StepName, ...] = ()
    brief: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a step's ``standing`` may need to find its state.

    ``base`` is the folder of the project file. ``noted`` takes the project before and after the step has
    found something that the file keeps, from any thread.
    """

    world: World
    project: Project
    base: Path
    noted: Callable[[Project, Project], object] = lambda before, after: None


def last_known(project: Project) -> dict[StepName, StepState]:
    """Where the steps stood when they were last looked at, by the project file: good until somebody looks."""
    found = {step: project.progress.get(step) for step in StepName}
    return {
        step: StepState(step, Status(seen.status), seen.words, as_of=seen.at)
        if seen
        else StepState(step, Status.TODO, "")
        for step, seen in found.items()
    }


def remembered(project: Project, standing: StepState, now: datetime) -> Project:
    """The project with ``standing`` as the last known state of its step; what stays is dated once a day."""
    from wizard.project.schema import StepObservation

    status: StatusKey = standing.status.value
    before = project.progress.get(standing.step)
    seen = StepObservation(at=now, words=standing.words, status=status)
    if before and (before.status, before.words, before.at.date()) == (seen.status, seen.words, now.date()):
        return project
    return project.seen_so(standing.step, seen)


class ChangeKind(StrEnum):
    """What a planned change does."""

    CREATE = "create"
    ADOPT = "adopt"
    CHANGE = "change"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a plan: ``subject`` is the thing, ``detail`` what it is for or what differs.

    ``operation`` is the AWS operation that does it (``sesv2:CreateEmailIdentity``), empty for KEEP.
    """

    kind: ChangeKind
    subject: str
    detail: str
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Exactly what a step would do, to be shown before it is done.

    ``cost`` is what it costs, in words. A plan with nothing but KEEP changes nothing.
    """

    step: StepName
    changes: tuple[Change, ...]
    cost: str = "No charge."

    @property
    def changes_anything(self) -> bool:
        """Whether carrying it out would change the account or the zone."""
        return any(change.kind is not ChangeKind.KEEP for change in self.changes)


class Progress(StrEnum):
    """How far one subject of a running act has come."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened while a step acts, about one subject, in words."""

    subject: str
    progress: Progress
    words: str = ""


Report = Callable[[Event], None]
"""Where an acting step tells what happens. It may be called from any thread and must return at once."""
