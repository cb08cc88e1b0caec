"""Where all six steps stand, found out by looking: at the start of the wizard, and for ``status``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from wizard.aws.failures import denied
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.steps.account import permissions
from wizard.steps.account import step as account
from wizard.steps.account.step import AccountSeen
from wizard.steps.domain import step as domain
from wizard.steps.identity import step as identity
from wizard.steps.model import Standing, Status, StepName
from wizard.steps.production import step as production
from wizard.world import World

_Look = Callable[[World, Project], Standing]

Noted = Callable[[Project, Project], object]
"""Gets the project before and after what was seen is noted in it, from any thread."""


def _nowhere(before: Project, after: Project) -> None:
    """Whoever only wants to know keeps nothing."""


def survey(
    world: World,
    project: Project,
    base: Path,
    seen: AccountSeen | None = None,
    *,
    noted: Noted = _nowhere,
) -> Iterator[Standing]:
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
        later = [Standing(step, Status.TODO, closed) for step in StepName if step is not StepName.ACCOUNT]
        if project.domain.registration and not account.is_another(seen, project):
            later[0] = _standing(StepName.DOMAIN, _registration, world, project, [])
        yield from later
        return
    # A file written by hand may leave the Region to the environment; the looks below want to know it.
    project = replace(project, account=replace(project.account, region=seen.region))
    refused: list[WizardError] = []
    looks: dict[StepName, _Look] = {
        **_LOOKS,
        StepName.REMINDER: partial(_reminder, base),
        StepName.PRODUCTION: partial(_production, noted),
    }
    with ThreadPoolExecutor(len(looks), thread_name_prefix="survey") as pool:
        standings = [
            pool.submit(_standing, step, look, world, project, refused) for step, look in looks.items()
        ]
        for standing in standings:
            yield standing.result()
    if any(denied(error) for error in refused):
        allowed = permissions.look(world, project, seen)
        if allowed.missing:
            yield account.judge(seen, project, allowed.lacks)


def without_aws(world: World, project: Project) -> Iterator[Standing]:
    """What can be said while AWS cannot be asked: that a record is wrong in the DNS. Raises nothing."""
    from wizard.steps.dns import step as dns

    if wrong := dns.wrong_without_aws(world, project):
        yield wrong


def _closed(seen: AccountSeen, project: Project) -> str:
    """Why no step after the first can be looked at, or nothing."""
    if account.is_another(seen, project):
        return f"not looked at: it belongs to account {project.account.id}"
    return "" if project.domain.name else "comes after the domain is chosen"


def _standing(
    step: StepName, look: _Look, world: World, project: Project, refused: list[WizardError]
) -> Standing:
    """The standing by ``look``; a refusal (a missing permission, a domain of others) needs the user.

    It is put among ``refused``, too.
    """
    try:
        return look(world, project)
    except WizardError as error:
        if error.exit_code is ExitCode.OUTSIDE:
            raise
        refused.append(error)
        return Standing(step, Status.ATTENTION, error.title)


def _domain(world: World, project: Project) -> Standing:
    return domain.judge(domain.look(world, domain.parse_name(identity.chosen_domain(project))))


def _registration(world: World, project: Project) -> Standing:
    from wizard.steps.domain import registration

    assert project.domain.registration is not None
    return registration.judge(registration.look(world, project.domain.registration))


def _identity(world: World, project: Project) -> Standing:
    seen = identity.look(world, project)
    if project.identity.mail_from:
        # It was set up once: where it is not here, it may be in another Region.
        seen = identity.look_elsewhere(world, seen)
    return identity.judge(seen, project)


def _dns(world: World, project: Project) -> Standing:
    from wizard.aws import sesv2
    from wizard.steps.dns import step as dns

    known = sesv2.get_identity(world.aws, identity.chosen_domain(project))
    if known is None:
        return Standing(StepName.DNS, Status.TODO, "comes after the identity: SES then names the records")
    return dns.judge(dns.look(world, project, known), known)


def _reminder(base: Path, world: World, project: Project) -> Standing:
    from wizard.steps.reminder import step as reminder

    return reminder.judge(reminder.look(world, project, base), project)


def _production(noted: Noted, world: World, project: Project) -> Standing:
    seen = production.look(world, project)
    if (after := production.noted(project, seen)) != project:
        noted(project, after)
    return production.judge(seen)


_LOOKS: dict[StepName, _Look] = {
    StepName.DOMAIN: _domain,
    StepName.IDENTITY: _identity,
    StepName.DNS: _dns,
}
"""The looks that need nothing but the world and the project."""
