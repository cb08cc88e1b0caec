"""Three-way merge of a project, field by field: the only place that merges.

A field is one setting of a section, or the evidence of one step. Lists are merged by element.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import fields, replace

from wizard.project.schema import Observation, Project, Section

_TOGETHER = {"sandbox": (("read", "passed"),), "reminder": (("recipients", "table"),)}
"""Fields of a section that only make sense together: merged as one."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Fields of one section that were changed to different values on both sides."""

    section: str
    fields: tuple[str, ...]
    mine: tuple[Any, ...]
    theirs: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The fields by their names in the file: ``reminder.subject``."""
        return ", ".join(f"{self.section}.{field}" for field in self.fields)


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge. ``project`` has their value for each conflict."""

    project: Project
    conflicts: tuple[Conflict, ...] = ()

    @property
    def with_mine(self) -> Project:
        """The project with my value for each conflict."""
        return with_mine(self.project, self.conflicts)


def merge(base: Project, mine: Project, theirs: Project) -> Merged:
    """Apply the changes from ``base`` to ``mine`` to ``theirs``.

    A field that both changed to different values is a conflict; of evidence, the newer counts.
    """
    sections: dict[str, Section] = {}
    conflicts: list[Conflict] = []
    for section, types in _SECTIONS.items():
        before, after, other = (getattr(project, section) for project in (base, mine, theirs))
        changed: dict[str, Any] = {}
        for names in _units(section, types):
            was, ours, their = (
                tuple(getattr(side, name) for name in names) for side in (before, after, other)
            )
            taken = _merged(was, ours, their, [types[name] for name in names])
            if taken is None:
                conflicts.append(Conflict(section, names, ours, their))
            else:
                changed |= zip(names, taken, strict=True)
        sections[section] = replace(other, **changed)
    progress = {
        step: seen
        for step in {**theirs.progress, **mine.progress}
        if (seen := _evidence(*(project.progress.get(step) for project in (base, mine, theirs))))
    }
    return Merged(replace(theirs, **sections, progress=progress), tuple(conflicts))


def with_mine(project: Project, conflicts: Iterable[Conflict]) -> Project:
    """Return ``project`` with my values of ``conflicts``."""
    for conflict in conflicts:
        section = getattr(project, conflict.section)
        section = replace(section, **dict(zip(conflict.fields, conflict.mine, strict=True)))
        project = replace(project, **{conflict.section: section})
    return project


def changes(before: Project, after: Project) -> tuple[str, ...]:
    """Return the settings in which two projects differ, by their names in the file, without evidence."""
    return tuple(
        f"{section}.{name}"
        for section, types in _SECTIONS.items()
        for name in types
        if getattr(getattr(before, section), name) != getattr(getattr(after, section), name)
    )


_SECTIONS: dict[str, dict[str, Any]] = {
    section.name: {one.name: one.type for one in fields(section.type)}
    for section in fields(Project)
    if section.name not in ("schema", "progress")
}
"""The types of the fields, by section."""


def _units(section: str, names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the fields of a section in order, those that belong together as one."""
    groups = {group[0]: group for group in _TOGETHER.get(section, ())}
    followers = {name for group in groups.values() for name in group[1:]}
    for name in names:
        if name not in followers:
            yield groups.get(name, (name,))


def _merged(
    base: tuple[Any, ...], mine: tuple[Any, ...], theirs: tuple[Any, ...], types: list[Any]
) -> tuple[Any, ...] | None:
    """Return the merged values of fields that belong together; None for a conflict."""
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    (was, *_), (ours, *_), (other, *_) = base, mine, theirs
    if isinstance(ours, Observation) and isinstance(other, Observation):
        return mine if ours.at >= other.at else theirs
    if isinstance(ours, tuple) and isinstance(other, tuple):
        kept = [one for one in other if one in ours or one not in was]
        both = (*kept, *(one for one in ours if one not in was and one not in kept))
        try:
            return (msgspec.convert(both, types[0]),)
        except msgspec.ValidationError:
            return None
    return None


def _evidence(
    base: Observation | None, mine: Observation | None, theirs: Observation | None
) -> Observation | None:
    """Return the merged evidence of one step. Removing it is a change, too."""
    if mine == base:
        return theirs
    if theirs == base or mine is None or theirs is None:
        return mine
    return mine if mine.at >= theirs.at else theirs
