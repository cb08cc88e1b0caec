"""The server that the demo's mail arrives at: it looks into the DNS, and writes what it finds on the mail.

SPF, the DKIM key and DMARC are asked for as every receiver asks. The one thing that cannot be checked is the
arithmetic of a signature: nothing is signed here, so one passes where its key is found and can be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address, ip_network

from wizard.demo.aws.account import Account, Identity
from wizard.demo.dns.zones import SES_SELECTOR, SES_ZONE
from wizard.dns.answers import Address, Mx, Question, Txt
from wizard.dns.judge import dkim_key, dmarc_record
from wizard.dns.judge.spf import LOOKUP_LIMIT, Mechanism, Qualifier, SpfError, is_spf, parse
from wizard.dns.resolve.access import DnsAccess
from wizard.dns.resolve.servers import Network, Servers
from wizard.steps.domain.name import organizational

NAME = "mx.inbox.example"
"""What the server calls itself (its authserv-id, RFC 8601 §2.5)."""
SES_SERVER = "a8-31.smtp-out.amazonses.com"
SES_ADDRESS = "54.240.8.31"
"""Where SES sends from: one of the addresses in its SPF record."""


@dataclass(frozen=True)
class Receiver:
    """Checks the mail of one request: all of it has the same sender and the same MAIL FROM domain.

    ``identity`` is the one it was sent with; SES signs with its keys once it has found their records.
    """

    account: Account
    identity: Identity | None
    sender: str
    envelope: str

    def results(self) -> str:
        """The value of the Authentication-Results header (RFC 8601)."""
        return asyncio.run(_results(self))

    def received(self, recipient: str) -> str:
        """The value of the Received header (RFC 5321 §4.4)."""
        server, at = f"{SES_SERVER} ({SES_SERVER} [{SES_ADDRESS}])", format_datetime(self.account.now())
        return f"from {server} by {NAME} with ESMTPS for <{recipient}>; {at}"

    @property
    def signatures(self) -> tuple[tuple[str, str], ...]:
        """The domains that signed, each with its selector: the identity's own, then SES's."""
        own, ses = self.identity, (SES_ZONE, SES_SELECTOR)
        if own and own.is_domain and own.signing_enabled and own.dkim_status == "SUCCESS":
            return (own.name, own.tokens[0]), ses
        return (ses,)


async def _results(mail: Receiver) -> str:
    """Ask for everything at once, and put together what comes of it."""
    servers = Servers(Network(DnsAccess((mail.account.dns,))))
    author = parseaddr(mail.sender)[1].rpartition("@")[2].lower()
    spf, found, keys = await asyncio.gather(
        _spf(servers, mail.envelope),
        _dmarc_records(servers, author),
        _all_texts(servers, [f"{selector}._domainkey.{domain}" for domain, selector in mail.signatures]),
    )
    signed = [(domain, _signature(key)) for (domain, _), key in zip(mail.signatures, keys, strict=True)]
    passed = [domain for domain, result in signed if result == "pass"]
    spf_domain = mail.envelope if spf == "pass" else ""
    return "; ".join(
        [
            NAME,
            *(f"dkim={result} header.d={domain}" for domain, result in signed),
            f"spf={spf} (from {SES_ADDRESS}) smtp.mailfrom={mail.envelope}",
            f"dmarc={_dmarc(found, author, spf_domain, passed)} header.from={author}",
        ]
    )


_SPF_RESULTS = {Qualifier.FAIL: "fail", Qualifier.SOFTFAIL: "softfail", Qualifier.NEUTRAL: "neutral"}


async def _spf(servers: Servers, domain: str, depth: int = 0) -> str:
    """What the domain's SPF record says of SES's address (RFC 7208 §4), without macros, ptr and exists."""
    ((*texts,),) = await _all_texts(servers, [domain])
    records = [text for text in texts if is_spf(text)]
    if not records and not depth:
        return "none"
    try:
        (record,) = map(parse, records)
    except (SpfError, ValueError):
        return "permerror"
    if depth == LOOKUP_LIMIT:
        return "permerror"
    for mechanism in record.mechanisms:
        found = await _spf_match(servers, mechanism, domain, depth)
        if found == "permerror":
            return found
        if found == "pass":
            return _SPF_RESULTS.get(mechanism.qualifier, "pass")
    redirect = record.modifier("redirect")
    return await _spf(servers, redirect, depth + 1) if redirect else "neutral"


async def _spf_match(servers: Servers, mechanism: Mechanism, domain: str, depth: int) -> str:
    """``pass`` if the mechanism matches SES's address, or an error."""
    target, address = mechanism.domain or domain, ip_address(SES_ADDRESS)
    if mechanism.name == "include":
        return await _spf(servers, target, depth + 1)
    if mechanism.name == "all" or (mechanism.network and address in mechanism.network):
        return "pass"
    hosts = [target] if mechanism.name == "a" else []
    if mechanism.name == "mx":
        exchanges = await servers.by_resolvers(Question(target, "MX"))
        hosts = [one.host for one in exchanges.rdatas if isinstance(one, Mx)]
    for host in hosts:
        answer = await servers.by_resolvers(Question(host, "A"))
        networks = [f"{one.address}/{mechanism.prefix4}" for one in answer.rdatas if isinstance(one, Address)]
        if any(address in ip_network(network, strict=False) for network in networks):
            return "pass"
    return "no match"


def _signature(key: Sequence[str]) -> str:
    """What becomes of a signature whose key is in these texts."""
    try:
        usable = [text for text in key if not dkim_key.parse_key(text).revoked]
    except dkim_key.DkimError:
        usable = []
    return "pass" if usable else "permerror (no key for signature)"


async def _dmarc_records(servers: Servers, author: str) -> dict[str, Sequence[str]]:
    """The texts where a DMARC record for ``author`` may stand (RFC 9989 §4.10); above it only if need be."""
    own, *above = dmarc_record.walk(author)
    found: dict[str, Sequence[str]] = dict(zip([own], await _all_texts(servers, [own]), strict=True))
    if not any(map(dmarc_record.is_dmarc, found[own])):
        found |= zip(above, await _all_texts(servers, above), strict=True)
    return found


def _dmarc(found: dict[str, Sequence[str]], author: str, spf_domain: str, signers: Sequence[str]) -> str:
    """The result for ``author``: one of the domains that passed aligns, as its record asks."""
    own = [text for text in found[f"_dmarc.{author}"] if dmarc_record.is_dmarc(text)]
    if len(own) > 1:
        return "permerror (several records)"
    above = dmarc_record.inherited(found, author)
    record = dmarc_record.parse(own[0]) if own else above[1] if above else None
    if record is None:
        return "none (no record)"
    modes = record.working
    counts = _aligned(spf_domain, author, modes.get("aspf")) or any(
        _aligned(signer, author, modes.get("adkim")) for signer in signers
    )
    return f"{'pass' if counts else 'fail'} (p={(record.policy() or 'none').upper()})"


async def _all_texts(servers: Servers, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The TXT records of each name."""
    answers = await asyncio.gather(*(servers.by_resolvers(Question(name, "TXT")) for name in names))
    return [tuple(one.text for one in answer.rdatas if isinstance(one, Txt)) for answer in answers]


def _aligned(domain: str, author: str, mode: str | None) -> bool:
    """Whether ``domain`` aligns with ``author``: strict is the same, relaxed the same organization."""
    if (mode or "r").lower() == "s":
        return domain == author
    return bool(domain) and organizational(domain) == organizational(author)
