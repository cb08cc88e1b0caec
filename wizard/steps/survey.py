"""Where all six steps stand, found out by looking: at the start of the wizard, and for ``status``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

from msgspec.structs import replace

from wizard.aws.failures import denied
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.steps.account import permissions
from wizard.steps.account import step as account
from wizard.steps.account.step import AccountReport
from wizard.steps.domain import registration
from wizard.steps.model import Status, StepName, StepState, Surroundings
from wizard.world import World

Look = Callable[[Surroundings], StepState]
"""Finds the state of a step: the function that a step's ``look`` in the registry names."""


def survey(
    world: World,
    project: Project,
    base: Path,
    seen: AccountReport | None = None,
    *,
    noted: Callable[[Project, Project], object] = lambda before, after: None,
) -> Iterator[StepState]:
    """The standing of each of the six steps, in order, as it becomes known.

    Looks at the account first (``seen`` is that look, where it was made already), then at all the others at
    once; ``base`` is the folder of the project file. Those that cannot be looked at yet are ``todo`` and say
    why. What the file shall remember (that AWS said no) goes to ``noted``.

    Where a step may not look, IAM is asked what else is not allowed; then the account's standing comes once
    more, at the end, and says so. While all may look, the start does not wait for IAM.

    Raises WizardError, with exit code OUTSIDE, where AWS cannot be asked: then nothing is known of the steps
    not yielded. A record that is wrong in the DNS is yielded before that all the same.
    """
    if seen is None:
        try:
            seen = account.look(world)
        except WizardError:
            yield from without_aws(world, project)
            raise
    yield account.judge(seen, project)
    if closed := _closed(seen, project):
        later = [StepState(step, Status.TODO, closed) for step in StepName if step is not StepName.ACCOUNT]
        if project.domain.registration and not account.is_another(seen, project):
            around = Surroundings(world, project, base)
            later[0] = _standing(StepName.DOMAIN, registration.standing, around, [])
        yield from later
        return
    # A file written by hand may leave the Region to the environment; the looks below want to know it.
    project = replace(project, account=replace(project.account, region=seen.region))
    refused: list[WizardError] = []
    around = Surroundings(world, project, base, noted)
    others = [step for step in StepName if step is not StepName.ACCOUNT]
    with ThreadPoolExecutor(len(others), thread_name_prefix="survey") as pool:
        standings = [pool.submit(_standing, step, look_of(step), around, refused) for step in others]
        for standing in standings:
            yield standing.result()
    if any(denied(error) for error in refused):
        allowed = permissions.look(world, project, seen)
        if allowed.missing:
            yield account.judge(seen, project, allowed.lacks)


def without_aws(world: World, project: Project) -> Iterator[StepState]:
    """What can be said while AWS cannot be asked: that a record is wrong in the DNS. Raises nothing."""
    from wizard.steps.dns import step as dns

    if wrong := dns.wrong_without_aws(world, project):
        yield wrong


def _closed(seen: AccountReport, project: Project) -> str:
    """Why no step after the first can be looked at, or nothing."""
    if account.is_another(seen, project):
        return f"not looked at: it belongs to account {project.account.id}"
    return "" if project.domain.name else "comes after the domain is chosen"


def look_of(step: StepName) -> Look:
    """The function that finds the state of ``step``, imported now."""
    module, name = step.look.split(":")
    found: Look = getattr(import_module(module), name)
    return found


def _standing(step: StepName, look: Look, around: Surroundings, refused: list[WizardError]) -> StepState:
    """The standing by ``look``; a refusal (a missing permission, a domain of others) needs the user.

    It is put among ``refused``, too.
    """
    try:
        return look(around)
    except WizardError as error:
        if error.exit_code is ExitCode.OUTSIDE:
            raise
        refused.append(error)
        return StepState(step, Status.ATTENTION, error.title)
