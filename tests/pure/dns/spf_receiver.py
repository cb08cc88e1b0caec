"""SPF as a receiver evaluates it, check_host() of RFC 7208 §4: what tests judge the wizard's records by."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Protocol
from urllib.parse import quote

from wizard.dns.answers import Address, Answer, Host, Mx, Question, Rdata, Txt
from wizard.dns.judge.spf import (
    LOOKUP_LIMIT,
    VOID_LIMIT,
    Mechanism,
    Qualifier,
    SpfError,
    SpfRecord,
    is_spf,
    parse,
)


class Lookup(Protocol):
    """Where DNS answers come from. An rcode but NOERROR and NXDOMAIN is a temporary failure."""

    async def __call__(self, question: Question) -> Answer:
        """The answer to one question, CNAMEs followed."""


class SpfResult(StrEnum):
    """The results of RFC 7208 §2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_RESULT_OF = {
    Qualifier.PASS: SpfResult.PASS,
    Qualifier.FAIL: SpfResult.FAIL,
    Qualifier.SOFTFAIL: SpfResult.SOFTFAIL,
    Qualifier.NEUTRAL: SpfResult.NEUTRAL,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A result, the domain owner's explanation of a fail (empty where there is none), and what it cost."""

    result: SpfResult
    explanation: str = ""
    lookups: int = 0
    voids: int = 0


async def check_host(ip: str, sender: str, helo: str, lookup: Lookup) -> Verdict:
    """What SPF says of a mail from ``sender`` (may be empty: then the HELO name counts) sent by ``ip``.

    ``ip`` is an IPv4 or IPv6 literal. Raises nothing for anything DNS may hold.
    """
    address = ip_address(ip)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    local, at, domain = (sender or f"postmaster@{helo}").rpartition("@")
    if not at:
        local, domain = "postmaster", sender
    local = local or "postmaster"
    check = _Check(address, f"{local}@{domain}", helo, lookup)
    try:
        result, explanation = await check.of(domain)
    except _EndError as stop:
        result, explanation = stop.result, ""
    return Verdict(result, explanation, check.lookups, check.voids)


class _EndError(Exception):
    """An error result, which ends the whole check at once (RFC 7208 §2.6.6, §2.6.7)."""

    def __init__(self, result: SpfResult) -> None:
        super().__init__(result)
        self.result = result


@dataclass
class _Check:
    """One run of check_host, with the counts that all its recursion shares."""

    ip: IPv4Address | IPv6Address
    sender: str
    helo: str
    lookup: Lookup
    lookups: int = 0
    voids: int = 0
    _validated: dict[str, str] = field(default_factory=dict)

    async def of(self, domain: str) -> tuple[SpfResult, str]:
        if not _askable(domain) or "." not in domain.strip("."):
            return SpfResult.NONE, ""
        record = await self._record(domain)
        if record is None:
            return SpfResult.NONE, ""
        for mechanism in record.mechanisms:
            if await self._matches(mechanism, domain):
                result = _RESULT_OF[mechanism.qualifier]
                explained = result is SpfResult.FAIL
                return result, await self._explanation(record, domain) if explained else ""
        redirect = record.modifier("redirect")
        if redirect is None or record.all:
            return SpfResult.NEUTRAL, ""
        self._count_lookup()
        result, explanation = await self.of(await self._expanded(redirect, domain))
        if result is SpfResult.NONE:
            raise _EndError(SpfResult.PERMERROR)
        return result, explanation

    async def _record(self, domain: str) -> SpfRecord | None:
        texts = [rdata.text for rdata in await self._ask(domain, "TXT") if isinstance(rdata, Txt)]
        records = [text for text in texts if is_spf(text)]
        if len(records) > 1:
            raise _EndError(SpfResult.PERMERROR)
        try:
            return parse(records[0]) if records else None
        except SpfError:
            raise _EndError(SpfResult.PERMERROR) from None

    async def _matches(self, mechanism: Mechanism, domain: str) -> bool:
        if mechanism.looks_up:
            self._count_lookup()
        if mechanism.name == "all":
            return True
        if mechanism.network is not None:
            return self.ip in mechanism.network
        target = await self._expanded(mechanism.domain, domain) if mechanism.domain else domain
        match mechanism.name:
            case "include":
                result, _ = await self.of(target)
                if result is SpfResult.NONE:
                    raise _EndError(SpfResult.PERMERROR)
                return result is SpfResult.PASS
            case "a":
                return await self._has_address(target, mechanism)
            case "mx":
                return await self._mail_host_has_address(target, mechanism)
            case "exists":
                return bool(await self._ask(target, "A", counted=True))
            case _:
                return any(
                    name == target.lower().rstrip(".") or name.endswith("." + target.lower().rstrip("."))
                    for name in await self._validated_names()
                )

    async def _has_address(self, name: str, mechanism: Mechanism) -> bool:
        rdtype = "A" if self.ip.version == 4 else "AAAA"
        prefix = mechanism.prefix4 if self.ip.version == 4 else mechanism.prefix6
        addresses = [r.address for r in await self._ask(name, rdtype, counted=True) if isinstance(r, Address)]
        return any(self.ip in ip_network(f"{address}/{prefix}", strict=False) for address in addresses)

    async def _mail_host_has_address(self, name: str, mechanism: Mechanism) -> bool:
        exchanges = [rdata for rdata in await self._ask(name, "MX", counted=True) if isinstance(rdata, Mx)]
        if len(exchanges) > LOOKUP_LIMIT:
            raise _EndError(SpfResult.PERMERROR)
        for exchange in sorted(exchanges, key=lambda rdata: rdata.preference):
            if await self._has_address(exchange.host, mechanism):
                return True
        return False

    async def _validated_names(self) -> list[str]:
        """Names that the address points back to and that point to the address, at most ten (§5.5)."""
        try:
            pointers = await self._ask(self.ip.reverse_pointer, "PTR", counted=True)
        except _EndError:
            return []
        names = [rdata.name.lower().rstrip(".") for rdata in pointers if isinstance(rdata, Host)]
        rdtype = "A" if self.ip.version == 4 else "AAAA"
        validated = []
        for name in names[:LOOKUP_LIMIT]:
            try:
                addresses = await self._ask(name, rdtype)
            except _EndError:
                continue
            if any(isinstance(r, Address) and ip_address(r.address) == self.ip for r in addresses):
                validated.append(name)
        return validated

    async def _explanation(self, record: SpfRecord, domain: str) -> str:
        """The text that exp= leads to, expanded; empty where anything about it fails (§6.2)."""
        spec = record.modifier("exp")
        if spec is None:
            return ""
        try:
            texts = await self._ask(await self._expanded(spec, domain), "TXT")
            if len(texts) != 1 or not isinstance(texts[0], Txt) or not texts[0].text.isascii():
                return ""
            return await self._expanded(texts[0].text, domain, explanation=True)
        except (_EndError, SpfError):
            return ""

    def _count_lookup(self) -> None:
        self.lookups += 1
        if self.lookups > LOOKUP_LIMIT:
            raise _EndError(SpfResult.PERMERROR)

    async def _ask(self, name: str, rdtype: str, *, counted: bool = False) -> tuple[Rdata, ...]:
        """Records of that name and type. ``counted`` where finding none is a void lookup."""
        if not _askable(name):
            return ()
        answer = await self.lookup(Question(name.rstrip(".").lower(), rdtype))
        if not answer.tells:
            raise _EndError(SpfResult.TEMPERROR)
        if counted and not answer.rdatas:
            self.voids += 1
            if self.voids > VOID_LIMIT:
                raise _EndError(SpfResult.PERMERROR)
        return answer.rdatas

    async def _expanded(self, spec: str, domain: str, *, explanation: bool = False) -> str:
        """``spec`` with its macros replaced (§7). A name too long loses labels on the left (§7.3)."""
        parts: list[str] = []
        position = 0
        for match in re.finditer(r"%(?:\{([a-z])([0-9]*)(r?)([.\-+,/_=]*)\}|(.))", spec, re.IGNORECASE):
            parts.append(spec[position : match.start()])
            position = match.end()
            letter, digits, reverse, delimiters, escape = match.groups()
            if escape:
                if escape not in "%_-":
                    raise SpfError(spec, match.start() + 1, "a percent sign that begins no macro")
                parts.append({"%": "%", "_": " ", "-": "%20"}[escape])
                continue
            value = await self._macro(letter.lower(), domain, spec, explanation)
            parts.append(_transformed(value, digits, bool(reverse), delimiters, letter.isupper()))
        parts.append(spec[position:])
        text = "".join(parts)
        if explanation:
            return text
        name = text.removesuffix(".")
        return name if len(name) <= 253 else name[-254:].partition(".")[2]

    async def _macro(self, letter: str, domain: str, spec: str, explanation: bool) -> str:
        local, _, sender_domain = self.sender.rpartition("@")
        plain = {"s": self.sender, "l": local, "o": sender_domain, "d": domain, "h": self.helo}
        if letter in plain:
            return plain[letter]
        if letter == "i":
            return (
                str(self.ip) if self.ip.version == 4 else ".".join(self.ip.exploded.replace(":", "").upper())
            )
        if letter == "v":
            return "in-addr" if self.ip.version == 4 else "ip6"
        if letter == "p":
            names = await self._validated_names()
            inside = [name for name in names if name.endswith("." + domain.lower())]
            exact = [name for name in names if name == domain.lower()]
            return next(iter([*exact, *inside, *names]), "unknown")
        if explanation and letter in "crt":
            return {"c": str(self.ip), "r": "unknown", "t": str(int(time.time()))}[letter]
        raise SpfError(spec, 1, f"there is no macro {letter} here")


def _transformed(value: str, digits: str, reverse: bool, delimiters: str, escaped: bool) -> str:
    """One macro's value, split, reversed, cut and joined again as its transformers say (§7.3)."""
    labels = re.split(f"[{re.escape(delimiters or '.')}]", value)
    if reverse:
        labels.reverse()
    if digits:
        labels = labels[-int(digits.lstrip("0")[:4]) :]
    text = ".".join(labels)
    return quote(text, safe="-._~") if escaped else text


def _askable(name: str) -> bool:
    """Whether ``name`` can stand in a DNS question: labels of 1 to 63 characters, 253 in all."""
    labels = name.removesuffix(".").split(".")
    return len(name.removesuffix(".")) <= 253 and all(
        0 < len(label) <= 63 and label.isascii() for label in labels
    )
