"""What was seen in the DNS: questions, answers and the zone, as plain data that no socket touches. Pure.

The asking modules fill these, the judging ones read them. Names are lower case without a final dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Rcode(StrEnum):
    """How a question ended. NO_ANSWER is no usable packet from any server: timeouts, refusals, garbage."""

    NOERROR = "NOERROR"
    NXDOMAIN = "NXDOMAIN"
    SERVFAIL = "SERVFAIL"
    NO_ANSWER = "NO_ANSWER"


class Path(StrEnum):
    """The way an answer came (CONTRACT.md: ``asked``)."""

    AUTHORITATIVE = "authoritative"
    RESOLVER = "resolver"
    TCP = "tcp"
    HTTPS = "https"


@dataclass(frozen=True, slots=True)
class Question:
    """A name and a type, to be asked in class IN."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Txt:
    """The character strings of one TXT (or type 99 SPF) record, as bytes, never their printed form."""

    strings: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """The strings joined without a space (RFC 7208 §3.3), one character a byte."""
        return b"".join(self.strings).decode("latin-1")


@dataclass(frozen=True, slots=True)
class Mx:
    """One MX record."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class Host:
    """The one name in a CNAME, NS or PTR record."""

    name: str


@dataclass(frozen=True, slots=True)
class Address:
    """The address in an A or AAAA record."""

    address: str


@dataclass(frozen=True, slots=True)
class Soa:
    """What matters of a SOA record. ``negative_ttl`` is the smaller of its TTL and MINIMUM (RFC 2308 §5)."""

    zone: str
    serial: int
    negative_ttl: int


Rdata = Txt | Mx | Host | Address | Soa


@dataclass(frozen=True, slots=True)
class Answer:
    """What the servers of the zone say to one question.

    ``rdatas`` holds only records of the type asked for; ``cnames`` the chain of targets that led to them,
    where the name is an alias. ``agree`` is False where servers gave different answers: then this is the
    answer that has something, and ``servers`` the ones that gave it. ``soa`` comes with a negative answer.
    """

    question: Question
    rcode: Rcode
    rdatas: tuple[Rdata, ...] = ()
    cnames: tuple[str, ...] = ()
    ttl: int | None = None
    servers: tuple[str, ...] = ()
    agree: bool = True
    path: Path = Path.AUTHORITATIVE
    soa: Soa | None = None

    @property
    def absent(self) -> bool:
        """Whether the servers said that there is nothing: no such name, or none of this type."""
        return self.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN) and not self.rdatas and not self.cnames


Answers = Mapping[Question, Answer]


@dataclass(frozen=True, slots=True)
class ZoneSeen:
    """The zone that holds a domain. ``apex`` is None where the domain is not registered (zone-missing).

    ``nameservers`` are the names the registry delegates to, ``addresses`` theirs. ``reachable`` is False
    where nobody could be asked at all: then nothing is known, not even that the domain is missing.
    """

    domain: str
    apex: str | None
    nameservers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    reachable: bool = True
    path: Path = Path.AUTHORITATIVE
    soa: Soa | None = field(default=None)
