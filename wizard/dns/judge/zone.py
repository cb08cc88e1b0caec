"""What can be wrong with the zone as a whole: its registration, its servers, and the way to them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from wizard.dns.answers import (
    Answer,
    Answers,
    Mx,
    Opinions,
    Outcome,
    Path,
    Question,
    ServerReport,
    ZoneReport,
)
from wizard.dns.findings import Finding, Severity
from wizard.dns.judge.hosts import Apart, apart, host_words
from wizard.dns.judge.registry import ZONE_WIDE, Problem, WholeZone, zone_wide
from wizard.text import printable

_INSTEAD = {
    Path.TCP: "they were asked over TCP",
    Path.HTTPS: "a public resolver was asked over HTTPS instead",
    Path.RESOLVER: "the resolver of this network was asked instead",
    Path.AUTHORITATIVE: "",
}
NO_OPINIONS = Opinions()
"""Nobody but the zone's servers was asked."""


def zone_questions(zone: ZoneReport) -> tuple[Question, ...]:
    """What to ask one server about the domain itself, in the first round beside the records' questions."""
    return (Question(zone.domain, "MX"),) if zone.apex else ()


def zone_findings(
    zone: ZoneReport, answers: Answers, opinions: Opinions = NO_OPINIONS
) -> tuple[Finding, ...]:
    """What is wrong with, or worth knowing of, the zone as a whole."""
    seen = WholeZone(zone, answers, opinions)
    return tuple(finding for detect in ZONE_WIDE for finding in detect(seen))


@zone_wide("zone-missing", Severity.BLOCKS)
def _zone_missing(seen: WholeZone) -> Iterator[Problem]:
    """The domain is not registered, has expired or is mistyped."""
    zone = seen.zone
    if zone.apex is None and zone.reachable:
        yield (
            f"The domain {zone.domain} does not exist in the DNS: it is not registered, its registration has "
            "expired, or its name is mistyped.",
            f"Register or renew {zone.domain} at a registrar, or correct the name.",
            {"domain": zone.domain},
        )


@zone_wide("wrong-dns-host", Severity.BLOCKS)
def wrong_dns_host(seen: WholeZone) -> Iterator[Problem]:
    """The domain is delegated to servers other than those that have the records."""
    zone = seen.zone
    there = [question for question, answer in seen.opinions.elsewhere.items() if answer.rdatas]
    if not there:
        return
    edited, asked = host_words(seen.opinions.elsewhere_servers), host_words(zone.nameservers)
    yield (
        f"The records were added at {edited}, but the domain is delegated to {asked}, which does not have "
        f"them: {', '.join(printable(question.name) for question in there[:4])}.",
        f"Add the records at {asked}. Or, to move {zone.apex}, make sure that {edited} has every other "
        f"record, then set the name servers to {_quoted(seen.opinions.elsewhere_servers)} at the registrar.",
        {
            "edited": [printable(name) for name in seen.opinions.elsewhere_servers],
            "asked": [printable(name) for name in zone.nameservers],
            "found": [f"{printable(question.name)} {question.type}" for question in there],
        },
    )


@zone_wide("wrong-dns-host", Severity.BLOCKS)
def two_dns_hosts(seen: WholeZone) -> Iterator[Problem]:
    """The registry lists two DNS hosts that do not copy from each other, and they answer differently."""
    zone = seen.zone
    found: dict[Apart, list[Answer]] = {}
    for question, answer in seen.answers.items():
        if question.type in ("CNAME", "MX", "TXT") and not answer.agree and not answer.absent:
            hosts = apart(zone, answer)
            if hosts is not None and hosts.certain:
                found.setdefault(hosts, []).append(answer)
    for hosts, disputed in found.items():
        one, other = host_words(hosts.having), host_words(hosts.others)
        lacks = [answer for answer in disputed if answer.lacking]
        differs = [answer for answer in disputed if not answer.lacking]
        what = [f"{other} does not have {_listed(lacks)}"] if lacks else []
        what += [f"{other} gives another answer for {_listed(differs)}"] if differs else []
        fix = f"Enter these records at {other} as well"
        if Apart(hosts.others, hosts.having, certain=True) not in found:
            fix += (
                f". Or, if you no longer use that host, make sure that {one} has every other record, "
                f"then remove the name servers {_quoted(hosts.others)} from {zone.apex} at the registrar"
            )
        yield (
            f"The registry lists two DNS hosts for {zone.apex} that do not copy from each other: {one} and "
            f"{other}. {'; '.join(what)}. SES and mail receivers ask either of the two.",
            f"{fix}.",
            {
                "edited": [printable(name) for name in hosts.having],
                "asked": [printable(name) for name in zone.nameservers],
                "lacking": [printable(name) for name in hosts.others],
                "missing": [_words_of(answer) for answer in lacks],
                "different": [_words_of(answer) for answer in differs],
            },
        )


@zone_wide("dnssec-bogus", Severity.BLOCKS)
def dnssec_bogus(seen: WholeZone) -> Iterator[Problem]:
    """Validating resolvers refuse the zone (RFC 4035 §5.5)."""
    zone = seen.zone
    reasons = {sight.resolver: sight.bogus for sight in seen.opinions.public if sight.bogus is not None}
    if zone.bogus is not None:
        reasons = {"the resolver of this network": zone.bogus, **reasons}
    if not reasons:
        return
    reason = printable(next((reason for reason in reasons.values() if reason), ""), 200)
    kind = reason.partition(":")[0]
    apex = zone.apex or zone.domain
    fault = f"its signatures do not match the DS record at its registry{f' ({kind})' if kind else ''}"
    fix = (
        f"At the registrar, remove the DS record of {apex}, or replace it with the one that your DNS host "
        "shows for the zone."
    )
    if kind == "signature expired":
        fault = "its signatures have expired because its DNS host does not renew them"
        fix = f"Ask the DNS host to sign {apex} again. Or, at the registrar, remove the DS record of {apex}."
    yield (
        f"Resolvers that validate DNSSEC refuse {apex}: {fault}. For them no record of the zone exists.",
        f"{fix} The other records can stay as they are.",
        {"resolvers": list(reasons), "reason": reason},
    )


@zone_wide("lame-server", Severity.HURTS)
def lame_server(seen: WholeZone) -> Iterator[Problem]:
    """A server that the registry lists does not serve the zone (RFC 9499 §7, "lame delegation")."""
    zone = seen.zone
    if zone.path not in (Path.AUTHORITATIVE, Path.TCP) and not zone.registry_answers:
        return
    bad = [server for server in _judgeable(zone) if server.outcome is not Outcome.ANSWERS]
    if not bad or _intercepted(zone):
        return
    message, fix = _lame_words(zone, bad)
    yield (
        message,
        fix,
        {
            "servers": [
                {"name": printable(server.name), "address": server.address, "outcome": server.outcome.name}
                for server in bad
            ],
            "of": len(zone.nameservers),
        },
    )


def _lame_words(zone: ZoneReport, bad: list[ServerReport]) -> tuple[str, str]:
    """What is wrong with the servers ``bad``, and what to do, which depends on what is left without them."""
    apex, host = zone.apex, host_words(zone.nameservers)
    serving = dict.fromkeys(server.name for server in zone.servers if server.outcome is Outcome.ANSWERS)
    lame = dict.fromkeys(server.name for server in bad if server.name not in serving)
    silent = all(server.outcome is Outcome.SILENT for server in bad)
    seen = "; ".join(f"{_words(server)} {server.outcome}" for server in bad[:6])
    if not lame:
        names = dict.fromkeys(server.name for server in bad)
        return (
            f"Name servers of {apex} do not answer on all of their addresses: {seen}. Resolvers that ask "
            "there get late answers.",
            f"Ask the operator of {_quoted(names)} to repair the server at that address.",
        )
    does = "did not answer" if silent else "does not serve it" if len(lame) == 1 else "do not serve it"
    message = (
        f"{len(lame)} of the {len(zone.nameservers)} name servers that the registry lists for {apex} {does}: "
        f"{seen}."
    )
    if serving:
        change = f"remove {_quoted(lame)} at the registrar"
        if len(serving) == 1:
            change = (
                f"at the registrar, replace {_quoted(lame)} with other name servers that your DNS host has"
            )
        return (
            f"{message} Resolvers that ask there find nothing, so mail fails occasionally.",
            f"{'If this lasts, ask' if silent else 'Ask'} the operator of {_quoted(lame)} to serve {apex} "
            f"there. Or {change}.",
        )
    if silent:
        return (
            f"{message} Unless they answer other networks, the domain cannot be found.",
            "Leave the name servers at the registrar as they are, and try again from another network. If "
            f"they are silent there too, ask the DNS host, {host}, what is wrong.",
        )
    return (
        f"{message} The domain cannot be found, so it can neither send nor receive mail.",
        f"Ask the DNS host, {host}, whether it still has the zone {apex}. If not, set up the zone at a DNS "
        "host with all its records, then enter the name servers of that host at the registrar.",
    )


@zone_wide("dns-blocked", Severity.WARNS)
def dns_blocked(seen: WholeZone) -> Iterator[Problem]:
    """Port 53 is closed or intercepted here; the message names the path that worked."""
    zone = seen.zone
    addressed = [server for server in zone.servers if server.address]
    if zone.path is None:
        return
    if zone.path is Path.TCP:
        what = "UDP packets to port 53 get no answer"
    elif _intercepted(zone):
        what = "Something on the network path answers in place of the zone's servers, from its own cache"
    elif (
        zone.path in (Path.HTTPS, Path.RESOLVER)
        and not zone.registry_answers
        and addressed
        and all(server.outcome is Outcome.SILENT for server in addressed)
    ):
        what = "Port 53 is closed here: neither the zone's servers nor its registry's answer"
    else:
        return
    delay = "" if zone.path is Path.TCP else " A cache may show a change only minutes after it was made."
    yield (
        f"{what}; {_INSTEAD[zone.path]}.{delay}",
        "Nothing is wrong with the domain. To see changes at once, check from another network, or allow "
        "outgoing traffic on port 53 (UDP and TCP).",
        {"path": str(zone.path), "servers": [server.address for server in addressed]},
    )


@zone_wide("no-mx", Severity.WARNS)
def _no_mx(seen: WholeZone) -> Iterator[Problem]:
    """The domain has no MX record, so replies bounce."""
    zone = seen.zone
    answer = seen.answers.get(Question(zone.domain, "MX"))
    if zone.apex is None or answer is None or not answer.tells:
        return
    if not any(isinstance(rdata, Mx) and rdata.host.strip(".") for rdata in answer.rdatas):
        yield (
            f"{zone.domain} has no MX record, so replies to mail from it bounce.",
            "Set up a mail provider for the domain and add its MX records, or use a Reply-To address at "
            "another domain.",
            {"domain": zone.domain},
        )


@zone_wide("idn", Severity.INFO)
def _idn(seen: WholeZone) -> Iterator[Problem]:
    """The domain is internationalised; the message gives its A-label form."""
    zone = seen.zone
    if any(label.startswith("xn--") for label in zone.domain.split(".")):
        yield (
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


def _listed(answers: list[Answer]) -> str:
    more = f" and {len(answers) - 4} more" if len(answers) > 4 else ""
    return ", ".join(_words_of(answer) for answer in answers[:4]) + more


def _words_of(answer: Answer) -> str:
    return f"{answer.question.type} {printable(answer.question.name)}"


def _intercepted(zone: ZoneReport) -> bool:
    """Whether every server seems to answer from a cache: they would not all be resolvers."""
    outcomes = {server.outcome for server in zone.servers if server.address}
    return outcomes == {Outcome.CACHE}


def _judgeable(zone: ZoneReport) -> Iterator[ServerReport]:
    """The servers but those of an IP version that is silent as a whole: that is our own network's doing."""
    answering = {_version(server) for server in zone.servers if server.outcome is not Outcome.SILENT}
    for server in zone.servers:
        if server.outcome is not Outcome.SILENT or _version(server) in answering or answering <= {0}:
            yield server


def _version(server: ServerReport) -> int:
    return ipaddress.ip_address(server.address).version if server.address else 0


def _words(server: ServerReport) -> str:
    return f"{printable(server.name)}{f' ({server.address})' if server.address else ''}"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{printable(name)}`" for name in list(names)[:4])
