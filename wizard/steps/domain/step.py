"""Step 2: which domain sends. It looks at the registration and the DNS host, and records the decision."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wizard.aws import route53, route53domains
from wizard.dns.answers import ZoneReport
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Identity, Project
from wizard.steps.domain.choices import Choices as Choices
from wizard.steps.domain.choices import DomainChoice as DomainChoice
from wizard.steps.domain.choices import choices as choices
from wizard.steps.domain.name import DomainName as DomainName
from wizard.steps.domain.name import organizational
from wizard.steps.domain.name import parse_name as parse_name
from wizard.steps.domain.typing import parent
from wizard.steps.model import Status, StepName, StepState, Surroundings
from wizard.text import printable
from wizard.world import World

if TYPE_CHECKING:
    from wizard.dns.providers import Provider


class Here(StrEnum):
    """What this account knows of a domain that the registry's servers do not: the ends of sentences."""

    NOTHING = ""
    REGISTERING = "is being registered in this account"
    REGISTERED = "is registered in this account; the world's DNS does not know it yet. That takes minutes"
    SWITCHED_OFF = "is switched off: nobody has opened the link that AWS mailed to its owner's address"


@dataclass(frozen=True, slots=True)
class DomainReport:
    """What was found out about a domain.

    ``provider`` is who hosts its zone, None where that is nobody the wizard knows. ``hosted_zone`` is the id
    of the Route 53 zone of this account that the world asks; None where there is none, or where the world
    asks other servers. ``here`` is asked for only where the registry does not know the domain.
    """

    name: DomainName
    zone: ZoneReport
    provider: Provider | None = None
    hosted_zone: str | None = None
    here: Here = Here.NOTHING

    @property
    def registered(self) -> bool | None:
        """Whether the registry knows the domain; None where nobody could be asked."""
        return self.zone.apex is not None if self.zone.reachable else None


def look(world: World, name: DomainName) -> DomainReport:
    """Registration, zone, DNS host, and whether the zone is this account's. Not for an async caller.

    Raises WizardError where AWS cannot be asked. That DNS cannot be asked is in the answer.
    """
    from wizard.dns.providers import recognise
    from wizard.dns.resolve.resolver import find_zone

    zone = asyncio.run(find_zone(world.dns, name.ascii))
    here = _here(world, registrable(name)) if zone.reachable and zone.apex is None else Here.NOTHING
    return DomainReport(name, zone, recognise(zone.nameservers), _hosted_zone(world, zone), here)


def registrable(name: DomainName) -> str:
    """What one registers to have ``name``, in its A-label form: ``example.com`` for ``news.example.com``."""
    return organizational(name.ascii)


def standing(around: Surroundings) -> StepState:
    """The state of the step, as the survey asks for it once a domain is chosen."""
    assert around.project.domain.name is not None
    return judge(look(around.world, parse_name(around.project.domain.name)))


def judge(seen: DomainReport) -> StepState:
    """Where the step stands: done with a registered domain whose name servers are known."""
    if seen.registered is None:
        words = f"{seen.name.unicode} could not be looked up: no DNS server answers from here"
        return StepState(StepName.DOMAIN, Status.ATTENTION, words)
    if not seen.registered and seen.here:
        waits = seen.here is not Here.SWITCHED_OFF
        words = f"{parent(seen.name)} {seen.here}"
        return StepState(StepName.DOMAIN, Status.WAITING if waits else Status.ATTENTION, words)
    if not seen.registered:
        words = f"{parent(seen.name)} is not registered: register it, or check the spelling"
        return StepState(StepName.DOMAIN, Status.ATTENTION, words)
    return StepState(StepName.DOMAIN, Status.DONE, f"{seen.name.unicode}, DNS at {host_words(seen)}")


def host_words(seen: DomainReport) -> str:
    """Who hosts the DNS, in a few words."""
    if seen.hosted_zone is not None:
        return "Route 53 in this account"
    if seen.provider is not None:
        return seen.provider.name
    return printable(seen.zone.nameservers[0]) if seen.zone.nameservers else "unnamed servers"


def act(world: World, project: Project, seen: DomainReport) -> Project:
    """The project with the decision in it. Changes nothing in AWS.

    With another domain than before, the decisions that named the old one go. Raises WizardError where the
    domain is not registered; one that could not be looked up is taken, without evidence.
    """
    if seen.registered is False and seen.here:
        raise WizardError(
            f"{parent(seen.name)} cannot be used yet",
            f"It {seen.here}.",
            "Open that link: F4 has AWS mail it again."
            if seen.here is Here.SWITCHED_OFF
            else "Wait a little, then look again.",
        )
    if seen.registered is False:
        raise WizardError(
            f"{parent(seen.name)} is not registered",
            "The registry does not know it, so no mail can be sent or signed under it.",
            "F4 shows what it costs here; any other registrar does as well. Or check the spelling.",
        )
    decided = replace(project, domain=replace(project.domain, name=seen.name.ascii))
    if project.domain.name not in (None, seen.name.ascii):
        account = {step: evidence for step, evidence in project.progress.items() if step == "account"}
        decided = replace(
            decided,
            identity=Identity(configuration_set=project.identity.configuration_set),
            reminder=replace(project.reminder, sender=None, tested=None),
            sandbox=project.sandbox.untried,
            progress=account,
        )
    standing = judge(seen)
    if standing.status is not Status.DONE:
        return decided.not_done("domain")
    return decided.seen_done("domain", standing.words, world.now())


def _here(world: World, registered: str) -> Here:
    """What the account knows of a domain that the registry denies; nothing where it does not tell."""
    try:
        if any(one.domain == registered for one in route53domains.registrations_under_way(world.aws)):
            return Here.REGISTERING
        if not any(one.name == registered for one in route53domains.domains(world.aws)):
            return Here.NOTHING
        expired = route53domains.owner_confirmed(world.aws, registered) == "EXPIRED"
    except WizardError:
        return Here.NOTHING
    return Here.SWITCHED_OFF if expired else Here.REGISTERED


def _hosted_zone(world: World, zone: ZoneReport) -> str | None:
    """The id of the account's public zone that the registry delegates ``zone`` to.

    There may be several of the same name; the name servers tell which one the world asks. None also where
    the credentials may not look.
    """
    try:
        for hosted in route53.hosted_zones(world.aws):
            if hosted.private or hosted.name != zone.apex:
                continue
            servers = route53.name_servers(world.aws, hosted.id)
            if set(servers) & set(zone.nameservers):
                return hosted.id
    except WizardError as error:
        if error.exit_code is ExitCode.OUTSIDE:
            raise
    return None
