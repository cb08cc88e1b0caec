"""What can be wrong with the zone as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.dns.seen import Answers, Question, ZoneSeen
from wizard.dns.verdict import Finding, Severity


def zone_questions(zone: ZoneSeen) -> tuple[Question, ...]:
    """What to ask about the domain itself, in the first round beside the records' own questions."""
    return (Question(zone.domain, "MX"),) if zone.apex else ()


def zone_findings(zone: ZoneSeen, answers: Answers) -> tuple[Finding, ...]:
    """What is wrong with, or worth knowing of, the zone as a whole."""
    return (*_zone_missing(zone),)


def _zone_missing(zone: ZoneSeen) -> Iterator[Finding]:
    """The registry does not know the domain."""
    if zone.apex is None and zone.reachable:
        yield Finding(
            "zone-missing",
            Severity.BLOCKS,
            f"The domain {zone.domain} does not exist in the DNS: it is not registered, its registration has "
            "expired, or its name is mistyped.",
            f"Register or renew {zone.domain} at a registrar, or correct the name.",
            {"domain": zone.domain},
        )
