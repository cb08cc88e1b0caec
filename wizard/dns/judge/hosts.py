"""Which DNS hosts serve a zone: servers that copy from each other, and servers that never will."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wizard.dns.answers import Answer, Outcome, ServerReport, ZoneReport
from wizard.dns.providers import recognise
from wizard.dns.suffixes import registry_suffixes
from wizard.text import printable

SHOWN = 4
"""How many name servers of one host a sentence names."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Two DNS hosts that the registry lists for one zone, by name servers, and that answer differently.

    ``having`` gave the answer, ``others`` did not. ``certain``: their zones come from different sources, so
    neither copies from the other; else the names alone tell them apart.
    """

    having: tuple[str, ...]
    others: tuple[str, ...]
    certain: bool


def apart(zone: ZoneReport, answer: Answer) -> Apart | None:
    """The two hosts behind an answer on which the zone's servers disagree; None where it is one host.

    Servers that copy from each other name the same source in their SOA (MNAME, RFC 1035 §3.3.13).
    """
    answering = [server for server in zone.servers if server.outcome is Outcome.ANSWERS and server.address]
    having = [server for server in answering if server.address in answer.servers]
    others = [server for server in answering if server.address not in answer.servers]
    for told_by, certain in ((_source, True), (_brand, False)):
        known = {told_by(server) for server in having}
        away = [server for server in others if told_by(server) and told_by(server) not in known]
        if having and away and all(known):
            return Apart(_names(having), _names(away), certain)
    return None


def host_words(nameservers: tuple[str, ...]) -> str:
    """The DNS host in words: its name, where it is known, and its servers."""
    provider = recognise(nameservers)
    servers = ", ".join(printable(name) for name in nameservers[:SHOWN])
    return f"{provider.name} ({servers})" if provider else servers


def _source(server: ServerReport) -> str:
    """What the server's zone comes from: its primary at a known host, else the domain that is in.

    Some operators let each server name itself as the primary.
    """
    primary = server.soa.primary if server.soa else ""
    return primary if recognise([primary]) else registry_suffixes().privatesuffix(primary) or primary


def _brand(server: ServerReport) -> str:
    """Whose name the server has: ``example`` of both ``ns1.example.com`` and ``ns2.example.net``."""
    provider = recognise([server.name])
    registered = registry_suffixes().privatesuffix(server.name) or server.name
    return provider.key if provider else registered.partition(".")[0]


def _names(servers: Iterable[ServerReport]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(server.name for server in servers))
