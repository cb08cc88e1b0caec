"""Step 2: which domain sends. It looks at the registration and the DNS host, and records the decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from wizard.aws import route53, sesv2
from wizard.dns.seen import ZoneSeen
from wizard.errors import ExitCode, WizardError
from wizard.project import Domain, Identity, Project
from wizard.steps.domain_name import DomainName as DomainName
from wizard.steps.domain_name import organizational
from wizard.steps.domain_name import parse_name as parse_name
from wizard.steps.model import Standing, Status, StepName
from wizard.text import printable
from wizard.world import World

if TYPE_CHECKING:
    from wizard.dns.providers import Provider

_Listed = TypeVar("_Listed")

_VERIFICATION = {
    "SUCCESS": "verified in SES",
    "PENDING": "in SES, not verified yet",
    "TEMPORARY_FAILURE": "in SES, verified before, its records are not found now",
    "FAILED": "in SES, verification failed",
    "NOT_STARTED": "in SES, not verified yet",
}


@dataclass(frozen=True, slots=True)
class DomainChoice:
    """A domain to choose: in Route 53, in SES, or in both; ``words`` says so.

    ``verification`` is SES's VerificationStatus, None where SES has no identity of that name.
    """

    name: DomainName
    words: str
    in_route53: bool = False
    verification: str | None = None


@dataclass(frozen=True, slots=True)
class DomainSeen:
    """What was found out about a domain.

    ``provider`` is who hosts its zone, None where that is nobody the wizard knows. ``hosted_zone`` is the id
    of the Route 53 zone of this account that the world asks; None where there is none, or where the world
    asks other servers.
    """

    name: DomainName
    zone: ZoneSeen
    provider: Provider | None = None
    hosted_zone: str | None = None

    @property
    def registered(self) -> bool | None:
        """Whether the registry knows the domain; None where nobody could be asked."""
        return self.zone.apex is not None if self.zone.reachable else None


def choices(world: World) -> tuple[DomainChoice, ...]:
    """The domains already in Route 53 and in SES, by name; without those that mail cannot be set up for.

    Where the credentials may list only one of the two, the other's are left out. Raises WizardError where AWS
    cannot be asked.
    """
    zones = {zone.name for zone in _listed(lambda: route53.hosted_zones(world.aws)) if not zone.private}
    verification = {
        identity.name.lower(): identity.verification_status
        for identity in _listed(lambda: sesv2.list_identities(world.aws))
        if identity.type == "DOMAIN"
    }
    return tuple(
        DomainChoice(
            name,
            _choice_words(name.ascii in zones, verification.get(name.ascii)),
            name.ascii in zones,
            verification.get(name.ascii),
        )
        for name in sorted(_usable(zones | verification.keys()), key=lambda name: name.unicode)
    )


def look(world: World, name: DomainName) -> DomainSeen:
    """Registration, zone, DNS host, and whether the zone is this account's. Not for an async caller.

    Raises WizardError where AWS cannot be asked. That DNS cannot be asked is in the answer.
    """
    from wizard.dns.providers import recognise
    from wizard.dns.resolver import find_zone

    zone = asyncio.run(find_zone(world.dns, name.ascii))
    return DomainSeen(name, zone, recognise(zone.nameservers), _hosted_zone(world, zone))


def judge(seen: DomainSeen) -> Standing:
    """Where the step stands: done with a registered domain whose name servers are known."""
    if seen.registered is None:
        words = f"{seen.name.unicode} could not be looked up: no DNS server answers from here"
        return Standing(StepName.DOMAIN, Status.ATTENTION, words)
    if not seen.registered:
        words = f"{_registrable(seen.name)} is not registered: register it, or check the spelling"
        return Standing(StepName.DOMAIN, Status.ATTENTION, words)
    return Standing(StepName.DOMAIN, Status.DONE, f"{seen.name.unicode}, DNS at {host_words(seen)}")


def host_words(seen: DomainSeen) -> str:
    """Who hosts the DNS, in a few words."""
    if seen.hosted_zone is not None:
        return "Route 53 in this account"
    if seen.provider is not None:
        return seen.provider.name
    return printable(seen.zone.nameservers[0]) if seen.zone.nameservers else "unnamed servers"


def act(world: World, project: Project, seen: DomainSeen) -> Project:
    """The project with the decision in it. Changes nothing in AWS.

    With another domain than before, the decisions that named the old one go. Raises WizardError where the
    domain is not registered; one that could not be looked up is taken, without evidence.
    """
    if seen.registered is False:
        raise WizardError(
            f"{_registrable(seen.name)} is not registered",
            "The registry does not know it, so no mail can be sent or signed under it.",
            "Register it (for instance in Route 53), or check the spelling. Then look again.",
        )
    decided = replace(project, domain=Domain(seen.name.ascii))
    if project.domain.name not in (None, seen.name.ascii):
        account = {step: evidence for step, evidence in project.progress.items() if step == "account"}
        decided = replace(
            decided,
            identity=Identity(configuration_set=project.identity.configuration_set),
            reminder=replace(project.reminder, sender=None),
            progress=account,
        )
    standing = judge(seen)
    if standing.status is not Status.DONE:
        return decided.not_done("domain")
    return decided.seen_done("domain", standing.words, world.now())


def _listed(read: Callable[[], tuple[_Listed, ...]]) -> tuple[_Listed, ...]:
    """What ``read`` lists, or nothing where the credentials may not list it."""
    try:
        return read()
    except WizardError as error:
        if error.exit_code is ExitCode.OUTSIDE:
            raise
        return ()


def _usable(names: set[str]) -> list[DomainName]:
    """Those of ``names`` that mail can be set up for, read."""
    usable = []
    for text in names:
        try:
            name = parse_name(text)
        except WizardError:
            continue
        if name.ascii == text:
            usable.append(name)
    return usable


def _choice_words(in_route53: bool, verification: str | None) -> str:
    places = ["hosted in Route 53"] if in_route53 else []
    if verification is not None:
        places.append(_VERIFICATION.get(verification, f"in SES, {printable(verification, 60)}"))
    return "; ".join(places)


def _hosted_zone(world: World, zone: ZoneSeen) -> str | None:
    """The id of the account's public zone that the registry delegates ``zone`` to.

    There may be several of the same name; the name servers tell which one the world asks.
    """
    for hosted in _listed(lambda: route53.hosted_zones(world.aws)):
        if hosted.private or hosted.name != zone.apex:
            continue
        servers = route53.name_servers(world.aws, hosted.id)
        if set(servers) & set(zone.nameservers):
            return hosted.id
    return None


def _registrable(name: DomainName) -> str:
    """What one would register to have ``name``, in the form people read."""
    labels = organizational(name.ascii).count(".") + 1
    return ".".join(name.unicode.split(".")[-labels:])
