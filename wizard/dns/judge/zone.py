"""What can be wrong with the zone as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.dns.answers import Answers, Mx, Opinions, Question, Rcode, ZoneSeen
from wizard.dns.findings import Finding, Severity
from wizard.dns.judge import zone_wide

NO_OPINIONS = Opinions()
"""Nobody but the zone's servers was asked."""


def zone_questions(zone: ZoneSeen) -> tuple[Question, ...]:
    """What to ask one server about the domain itself, in the first round beside the records' questions."""
    return (Question(zone.domain, "MX"),) if zone.apex else ()


def zone_findings(zone: ZoneSeen, answers: Answers, opinions: Opinions = NO_OPINIONS) -> tuple[Finding, ...]:
    """What is wrong with, or worth knowing of, the zone as a whole."""
    return (
        *_zone_missing(zone),
        *zone_wide.wrong_dns_host(zone, opinions),
        *zone_wide.two_dns_hosts(zone, answers),
        *zone_wide.dnssec_bogus(zone, opinions),
        *zone_wide.lame_server(zone),
        *zone_wide.dns_blocked(zone),
        *_no_mx(zone, answers),
        *_idn(zone),
    )


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


def _no_mx(zone: ZoneSeen, answers: Answers) -> Iterator[Finding]:
    """Nobody receives mail for the domain, so replies bounce."""
    answer = answers.get(Question(zone.domain, "MX"))
    if zone.apex is None or answer is None or answer.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return
    if not any(isinstance(rdata, Mx) and rdata.host.strip(".") for rdata in answer.rdatas):
        yield Finding(
            "no-mx",
            Severity.WARNS,
            f"{zone.domain} has no MX record, so replies to mail from it bounce.",
            "Have a mail provider receive mail for the domain and add the MX records it names, or send with "
            "a Reply-To address elsewhere.",
            {"domain": zone.domain},
        )


def _idn(zone: ZoneSeen) -> Iterator[Finding]:
    """The domain's A-label form, which is what every panel and AWS want."""
    if any(label.startswith("xn--") for label in zone.domain.split(".")):
        yield Finding(
            "idn",
            Severity.INFO,
            f"{_unicode(zone.domain)} is written {zone.domain} in the DNS and at AWS.",
            f"Use {zone.domain} wherever a panel does not accept the other form.",
            {"ascii": zone.domain, "unicode": _unicode(zone.domain)},
        )


def _unicode(domain: str) -> str:
    import idna

    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain
