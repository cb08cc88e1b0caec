"""The domains that are in this account already, asked for in many places at once and shown as they come.

Hosted zones (Route 53), registrations (Route 53 Domains) and SES identities, those of other Regions too. What
the credentials may not list is left out: a domain can be typed all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from wizard.aws import route53, route53domains, sesv2
from wizard.aws.failures import translated
from wizard.errors import ExitCode, WizardError
from wizard.steps.domain.name import DomainName, parse_name
from wizard.steps.parallel import as_they_come
from wizard.text import printable
from wizard.world import World

ZONES, REGISTRATIONS, IDENTITIES = "hosted zones", "registrations", "identities"
"""What is asked for first; every other place is the name of a further Region."""

_STATUS = {
    "SUCCESS": "verified",
    "PENDING": "not verified yet",
    "NOT_STARTED": "not verified yet",
    "TEMPORARY_FAILURE": "verified before, its records are not found now",
    "FAILED": "verification failed",
}
"""SES's VerificationStatus, in words."""


@dataclass(frozen=True, slots=True)
class DomainChoice:
    """A domain to choose: in Route 53, in SES, registered through this account, or several of these.

    ``verification`` is SES's VerificationStatus in the Region in use, None where SES has no identity of that
    name there; ``elsewhere`` is the same for other Regions that have one. ``words`` says all of it.
    """

    name: DomainName
    words: str
    in_route53: bool = False
    verification: str | None = None
    registered: bool = False
    elsewhere: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from so far, by name.

    ``left`` counts the places that have not answered yet. ``silent`` are the Regions that could not be asked:
    most are not switched on in the account. ``trouble`` is why AWS could not be asked in the Region in use.
    """

    choices: tuple[DomainChoice, ...] = ()
    left: int = 0
    silent: tuple[str, ...] = ()
    trouble: WizardError | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """All answers so far; ``identities`` holds by Region the domains with their status."""

    zones: frozenset[str] = frozenset()
    registered: frozenset[str] = frozenset()
    identities: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()
    silent: tuple[str, ...] = ()


_Addition = Callable[[_Found], _Found]
"""An answer: it adds itself to what was found before."""


def choices(world: World) -> Iterator[Choices]:
    """What there is to choose from, each time more of it, the last time all.

    Raises WizardError where the profile or its Region cannot be read.
    """
    with translated("choosing a Region", world.aws.profile):
        region = world.aws.region_in_use() or ""
    found = _Found(outside=frozenset(world.domains))
    trouble: WizardError | None = None
    questions = _questions(world, region)
    left = len(questions)
    for place, answer in as_they_come(questions):
        left -= 1
        if isinstance(answer, WizardError):
            if place not in (ZONES, REGISTRATIONS, IDENTITIES):
                found = replace(found, silent=(*found.silent, place))
            elif answer.exit_code is ExitCode.OUTSIDE and place != REGISTRATIONS:
                trouble = answer
        else:
            found = answer(found)
        yield Choices(_judged(found, region), left, tuple(sorted(found.silent)), trouble)


def elsewhere(world: World, domain: str) -> tuple[str, ...]:
    """The other Regions where SES knows ``domain``, each with how it stands: ``us-east-1 (verified)``.

    Those that do not answer, or may not be asked, are not among them.
    """
    with translated("choosing a Region", world.aws.profile):
        region = world.aws.region_in_use() or ""
    asked = {other: partial(_standing_in, world, other, domain) for other in _other_regions(world, region)}
    found = {place: status for place, status in as_they_come(asked) if isinstance(status, str)}
    return tuple(f"{place} ({_status(status)})" for place, status in sorted(found.items()))


def _standing_in(world: World, region: str, domain: str) -> str | None:
    listed = sesv2.list_identities(world.aws, region)
    return next((one.verification_status for one in listed if one.name.lower() == domain), None)


def _questions(world: World, region: str) -> dict[str, Callable[[], _Addition]]:
    """What to ask, by place, the nearest first."""
    asked: dict[str, Callable[[], _Addition]] = {
        ZONES: partial(_zones, world),
        IDENTITIES: partial(_identities, world, region),
        REGISTRATIONS: partial(_registrations, world),
    }
    return asked | {other: partial(_identities, world, other) for other in _other_regions(world, region)}


def _zones(world: World) -> _Addition:
    zones = frozenset(zone.name for zone in route53.hosted_zones(world.aws) if not zone.private)
    return lambda found: replace(found, zones=zones)


def _registrations(world: World) -> _Addition:
    registered = frozenset(domain.name for domain in route53domains.domains(world.aws))
    return lambda found: replace(found, registered=registered)


def _identities(world: World, region: str) -> _Addition:
    own = region == world.aws.region_in_use()
    identities = {
        identity.name.lower(): identity.verification_status
        for identity in sesv2.list_identities(world.aws, None if own else region)
        if identity.type == "DOMAIN"
    }
    return lambda found: replace(found, identities={**found.identities, region: identities})


def _other_regions(world: World, region: str) -> tuple[str, ...]:
    """The other Regions of the same partition that have SES, those near the one in use first."""
    session = world.aws.session()
    with translated("choosing a Region", world.aws.profile):
        partition = session.get_partition_for_region(region) if region else "aws"
        regions = session.get_available_regions("sesv2", partition)
    near = region.partition("-")[0]
    return tuple(sorted((one for one in regions if one != region), key=lambda one: not one.startswith(near)))


def _judged(found: _Found, region: str) -> tuple[DomainChoice, ...]:
    names = found.zones.union(found.registered, found.outside, *found.identities.values())
    own = found.identities.get(region, {})
    others = {place: there for place, there in sorted(found.identities.items()) if place != region}
    return tuple(
        _choice(
            DomainChoice(
                name,
                "",
                in_route53=name.ascii in found.zones,
                verification=own.get(name.ascii),
                registered=name.ascii in found.registered,
                elsewhere=tuple(
                    (place, there[name.ascii]) for place, there in others.items() if name.ascii in there
                ),
            )
        )
        for name in sorted(_usable(names), key=lambda name: name.unicode)
    )


def _choice(choice: DomainChoice) -> DomainChoice:
    """The choice with its words."""
    places = ["hosted in Route 53"] if choice.in_route53 else []
    if choice.registered:
        places.append("registered here")
    if choice.verification is not None:
        places.append(f"in SES, {_status(choice.verification)}")
    for status in dict.fromkeys(status for _, status in choice.elsewhere):
        regions = [region for region, at in choice.elsewhere if at == status]
        shown = (
            ", ".join(regions) if len(regions) < 3 else f"{regions[0]} and {len(regions) - 1} more Regions"
        )
        places.append(f"in SES of {shown}, {_status(status)}")
    return replace(choice, words="; ".join(places) or "yours, with its DNS outside AWS")


def _status(verification: str) -> str:
    return _STATUS.get(verification) or printable(verification, 60)


def _usable(names: frozenset[str]) -> list[DomainName]:
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
