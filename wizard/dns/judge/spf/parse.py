"""The text of an SPF record as terms, each with its column (RFC 7208 §4.5, §5, §6, §7, §12). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Network, IPv6Network, NetmaskValueError

from wizard.dns.judge.characters import plain

VERSION = "v=spf1"

MOST_FAULTS = 20
"""How many wrong terms of one record are reported."""

LONGEST_END = 80
"""Characters at a term's end that are searched for its last label (at most 63) or its prefix length."""


class SpfError(Exception):
    """A term that RFC 7208's grammar does not allow: a permerror for receivers.

    ``term`` is the term as written, ``column`` where it begins (1 is the first character of the
    record), ``reason`` what is wrong with it, in words.
    """

    def __init__(self, term: str, column: int, reason: str) -> None:
        super().__init__(term, column, reason)
        self.term = term
        self.column = column
        self.reason = reason

    def __str__(self) -> str:
        return f"column {self.column}: {self.term}: {self.reason}"


class Qualifier(StrEnum):
    """What a matching mechanism says of the sender (RFC 7208 §4.6.2)."""

    PASS = "+"
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism. ``domain`` is its domain-spec with macros unexpanded; empty means the domain itself.

    ``network`` is set for ip4 and ip6; ``prefix4`` and ``prefix6`` are the prefix lengths of a and mx.
    """

    text: str
    column: int
    qualifier: Qualifier
    name: str
    domain: str = ""
    network: IPv4Network | IPv6Network | None = None
    prefix4: int = 32
    prefix6: int = 128

    @property
    def looks_up(self) -> bool:
        """Whether it counts against the ten DNS lookups (RFC 7208 §4.6.4)."""
        return self.name in ("include", "a", "mx", "ptr", "exists")


@dataclass(frozen=True, slots=True)
class Modifier:
    """One modifier: ``redirect=``, ``exp=``, or one that receivers ignore. ``name`` is in lower case."""

    text: str
    column: int
    name: str
    value: str


Term = Mechanism | Modifier


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A whole record, grammatically right."""

    text: str
    terms: tuple[Term, ...]

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """The mechanisms, in the order they are tried."""
        return tuple(term for term in self.terms if isinstance(term, Mechanism))

    @property
    def all(self) -> Mechanism | None:
        """The first ``all``; terms after it are never reached."""
        return next((term for term in self.mechanisms if term.name == "all"), None)

    def modifier(self, name: str) -> str | None:
        """The value of a modifier, or None."""
        return next(
            (term.value for term in self.terms if isinstance(term, Modifier) and term.name == name), None
        )


def is_spf(text: str) -> bool:
    """Whether receivers take this text for an SPF record (RFC 7208 §4.5)."""
    return bool(re.match(r"v=spf1( |$)", text, re.IGNORECASE))


def intended(text: str) -> bool:
    """Whether somebody meant this text to be an SPF record, if perhaps in a way that no receiver sees."""
    return bool(_INTENDED.match(plain(text[:80])))


def inner(text: str) -> str:
    """The terms of an intended record in plain characters: without its version, quotes and backslashes."""
    body = plain(text)
    if match := _INTENDED.match(body[:80]):
        body = body[match.end() :]
    return re.sub("[\"']", " ", body.replace("\\", ""))


@lru_cache(maxsize=256)
def parse(text: str) -> SpfRecord:
    """The record in ``text``. Raises SpfError at the first term that is not right.

    The last ones are kept: judging comes back to a text several times, and many domains have the same.
    """
    if not is_spf(text):
        raise SpfError(text[:40], 1, f"the text does not begin with `{VERSION}` and a space")
    terms = tuple(_term(word, column) for word, column in words(text))
    _refuse_twice(terms)
    return SpfRecord(text, terms)


@lru_cache(maxsize=256)
def faults(text: str) -> tuple[SpfError, ...]:
    """What ``parse`` would refuse, in order, at most the first 20; empty for a right record."""
    if not is_spf(text):
        return (SpfError(text[:40], 1, f"the text does not begin with `{VERSION}` and a space"),)
    found: list[SpfError] = []
    terms: list[Term] = []
    for word, column in words(text):
        try:
            terms.append(_term(word, column))
        except SpfError as error:
            found.append(error)
            if len(found) == MOST_FAULTS:
                return tuple(found)
    try:
        _refuse_twice(tuple(terms))
    except SpfError as error:
        found.append(error)
    return tuple(sorted(found, key=lambda fault: fault.column))


def words(text: str) -> Iterator[tuple[str, int]]:
    """The terms behind the version as written, each with its column (from 1)."""
    for match in re.finditer(r"[^ ]+", text):
        if match.start() > 0:
            yield match.group(), match.start() + 1


def _refuse_twice(terms: tuple[Term, ...]) -> None:
    """redirect= and exp= may appear once each (RFC 7208 §6)."""
    seen: set[str] = set()
    for term in terms:
        if isinstance(term, Modifier) and term.name in ("redirect", "exp"):
            if term.name in seen:
                raise SpfError(term.text, term.column, f"{term.name}= appears twice")
            seen.add(term.name)


_INTENDED = re.compile(
    r"[^a-z]{0,40}(?:v\W{0,3}=?\W{0,3}spf\W?1|v\s?=\s?spf(?=[\s;,\"']|\Z)|(?<![a-z0-9])spf1(?=[\s;,\"']))"
    r"[\"' ,;:.\\]*",
    re.IGNORECASE | re.ASCII,
)
_MACRO = r"%(?:\{[slodiphcrtv](?:0*[1-9][0-9]*)?r?[.\-+,/_=]*\}|%|_|-)"
_LITERAL = r"[\x21-\x24\x26-\x7e]"
_MACRO_STRING = re.compile(rf"(?:{_MACRO}|{_LITERAL})*\Z", re.IGNORECASE)
_TOP_LABEL = r"(?:[a-z0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])"
_DOMAIN_END = re.compile(rf"(?:\.{_TOP_LABEL}\.?|{_MACRO})\Z", re.IGNORECASE)
_EXP_ONLY = re.compile(r"%\{[crt]", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)\Z", re.IGNORECASE | re.DOTALL)
_MECHANISM = re.compile(r"([+?~-]?)([a-z0-9_.-]*)(.*)\Z", re.IGNORECASE | re.DOTALL)
_DUAL_PREFIX = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?\Z")


def _term(word: str, column: int) -> Term:
    modifier = _MODIFIER.match(word)
    if modifier:
        return _modifier(word, column, modifier.group(1).lower(), modifier.group(2))
    match = _MECHANISM.match(word)
    sign, name, rest = match.groups() if match else ("", "", word)
    qualifier = Qualifier(sign or "+")
    match name.lower():
        case "all":
            if rest:
                raise SpfError(word, column, "nothing may follow `all`")
            return Mechanism(word, column, qualifier, "all")
        case "include" | "exists" as known:
            if not rest.startswith(":"):
                raise SpfError(word, column, f"{known} needs a colon and a name")
            return Mechanism(word, column, qualifier, known, _domain_spec(word, column, rest[1:]))
        case "ptr":
            if not rest:
                return Mechanism(word, column, qualifier, "ptr")
            if not rest.startswith(":"):
                raise SpfError(word, column, "after ptr only a colon and a name may follow")
            return Mechanism(word, column, qualifier, "ptr", _domain_spec(word, column, rest[1:]))
        case "a" | "mx" as known:
            return _address_mechanism(word, column, qualifier, known, rest)
        case "ip4" | "ip6" as known:
            network = _network(word, column, known, rest)
            return Mechanism(word, column, qualifier, known, network=network)
        case _:
            raise SpfError(word, column, "SPF has no such mechanism")


def _modifier(word: str, column: int, name: str, value: str) -> Modifier:
    if name in ("redirect", "exp"):
        return Modifier(word, column, name, _domain_spec(word, column, value))
    if not _MACRO_STRING.match(value):
        raise SpfError(word, column, "a percent sign or character that is not allowed there")
    return Modifier(word, column, name, value)


def _domain_spec(word: str, column: int, spec: str) -> str:
    if not spec:
        raise SpfError(word, column, "the name is missing")
    if not _MACRO_STRING.match(spec):
        raise SpfError(word, column, "the name contains a character or macro that is not allowed there")
    if _EXP_ONLY.search(spec):
        raise SpfError(word, column, "the macros c, r and t are allowed only in explanations")
    if not _DOMAIN_END.search(spec[-LONGEST_END:]):
        raise SpfError(word, column, "the name does not end as a domain name does")
    return spec


def _address_mechanism(word: str, column: int, qualifier: Qualifier, name: str, rest: str) -> Mechanism:
    domain, slash, prefixes = rest, "", ""
    tail = re.search(r"/[0-9/]*\Z", rest[-LONGEST_END:])
    if tail:
        domain, prefixes, slash = rest.removesuffix(tail.group()), tail.group(), "/"
    if domain and not domain.startswith(":"):
        raise SpfError(word, column, f"after {name} only a colon and a name, or a prefix length, may follow")
    spec = _domain_spec(word, column, domain[1:]) if domain else ""
    match = _DUAL_PREFIX.match(prefixes)
    if not match or (slash and not any(match.groups())):
        raise SpfError(word, column, "the prefix length is invalid")
    prefix4 = int(match.group(1)) if match.group(1) else 32
    prefix6 = int(match.group(2)) if match.group(2) else 128
    if prefix4 > 32 or prefix6 > 128:
        raise SpfError(word, column, "the prefix length is too large")
    return Mechanism(word, column, qualifier, name, spec, prefix4=prefix4, prefix6=prefix6)


def _network(word: str, column: int, name: str, rest: str) -> IPv4Network | IPv6Network:
    if not rest.startswith(":"):
        raise SpfError(word, column, f"{name} needs a colon and an address")
    address, slash, prefix = rest[1:].partition("/")
    if slash and not re.fullmatch(r"0|[1-9][0-9]{0,2}", prefix):
        raise SpfError(word, column, "the prefix length is invalid")
    kind = IPv4Network if name == "ip4" else IPv6Network
    try:
        return kind(f"{address}{slash}{prefix}", strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        what = "IPv4" if name == "ip4" else "IPv6"
        raise SpfError(word, column, f"that is not an {what} address or network") from None
