"""What was seen in the DNS: questions, answers and the zone, as plain data that no socket touches. Pure.

The asking modules fill these, the judging ones read them. Names are lower case without a final dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


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


class Outcome(StrEnum):
    """What became of asking one server of a zone: the values are the ends of sentences."""

    ANSWERS = "answers"
    REFUSES = "refuses to answer for it"
    OTHER_ZONE = "does not hold it (answers without authority)"
    FAILS = "fails (SERVFAIL)"
    CACHE = "answers from a cache, as a resolver does"
    SILENT = "does not answer, or only after seconds"
    NO_ADDRESS = "has no address"


class Question(NamedTuple):
    """A name and a type, to be asked in class IN. A tuple, because it is hashed very often."""

    name: str
    type: str


def decoded(octets: bytes) -> str:
    """The text in ``octets``: UTF-8, and each byte that is none as a lone surrogate (PEP 383).

    ``printable`` shows such a byte as ``\\xNN``, and ``encoded`` undoes this without loss.
    """
    return octets.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The bytes of a text as ``decoded`` gives it."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Txt:
    """The character strings of one TXT (or type 99 SPF) record, as bytes, never their printed form."""

    strings: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """The strings joined without a space (RFC 7208 §3.3), as ``decoded`` gives them."""
        return decoded(b"".join(self.strings))


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
    """What matters of a SOA record. ``negative_ttl`` is the smaller of its TTL and MINIMUM (RFC 2308 §5).

    ``primary`` is the server that the record names as the source of the zone (MNAME): servers that copy from
    each other name the same one.
    """

    zone: str
    serial: int
    negative_ttl: int
    primary: str = ""


Rdata = Txt | Mx | Host | Address | Soa


@dataclass(frozen=True, slots=True)
class Cut:
    """A delegation: the zone that begins at ``name``, and the servers it is handed to."""

    name: str
    nameservers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the servers of the zone say to one question.

    ``rdatas`` holds only records of the type asked for; ``cnames`` the chain of targets that led to them,
    where the name is an alias. ``agree`` is False where servers gave different answers: then this is the
    answer that has something, ``servers`` the ones that gave it, and ``lacking`` those that have nothing.
    ``soa`` comes with a negative answer.
    ``cut`` is set where the name lies in another zone below this one; then its servers were asked.
    ``extended`` is the extended error (RFC 8914) that came with a failure, as the server worded it.
    """

    question: Question
    rcode: Rcode
    rdatas: tuple[Rdata, ...] = ()
    cnames: tuple[str, ...] = ()
    ttl: int | None = None
    servers: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    agree: bool = True
    path: Path = Path.AUTHORITATIVE
    soa: Soa | None = None
    cut: Cut | None = None
    extended: str = ""

    @property
    def tells(self) -> bool:
        """Whether it says what exists or that nothing does, so it is neither a failure nor silence."""
        return self.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN)

    @property
    def absent(self) -> bool:
        """Whether the servers said that there is nothing: no such name, or none of this type."""
        return self.tells and not self.rdatas and not self.cnames


Answers = Mapping[Question, Answer]


@dataclass(frozen=True, slots=True)
class ServerReport:
    """One server that the zone is delegated to, and how it answered for the zone's SOA."""

    name: str
    address: str
    outcome: Outcome
    soa: Soa | None = None


@dataclass(frozen=True, slots=True)
class ZoneReport:
    """The zone that holds a domain. ``apex`` is None where the domain is not registered (zone-missing).

    ``nameservers`` are the names the registry delegates to, ``addresses`` theirs; ``servers`` says how each
    answered, empty while none was asked. ``own_nameservers`` are the names that the zone itself lists: they
    differ where somebody edits another zone of that name. ``reachable`` is False where nobody could be asked
    at all: then nothing is known, not even that the domain is missing. ``path`` is the way the zone was
    reached; it is None if no server answered. ``registry_answers`` is False where the registry's servers did
    not answer and a resolver was believed. ``bogus`` is set where a validating resolver refuses the zone and
    has it when told not to validate: its reason, as far as it gives one.
    """

    domain: str
    apex: str | None
    nameservers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    reachable: bool = True
    path: Path | None = Path.AUTHORITATIVE
    soa: Soa | None = field(default=None)
    servers: tuple[ServerReport, ...] = ()
    own_nameservers: tuple[str, ...] = ()
    registry_answers: bool = True
    bogus: str | None = None

    def holds(self, question: Question) -> bool:
        """Whether the question's name is in this zone or in one below it."""
        return self.apex is not None and f".{question.name}".endswith(f".{self.apex}")


@dataclass(frozen=True, slots=True)
class PublicSight:
    """What one public resolver says to a question that the zone answers.

    ``has``: the same as the zone. ``seconds``: how long what it says instead may stay in its cache; None
    where it does not say. ``bogus`` as in ``ZoneReport``.
    """

    resolver: str
    question: Question
    has: bool
    seconds: int | None = None
    bogus: str | None = None


@dataclass(frozen=True, slots=True)
class Opinions:
    """What others say than the servers that the registry names.

    ``elsewhere``: the servers ``elsewhere_servers``, where somebody thinks the zone is. ``local``: the
    resolver of this network. Both are asked only for what the zone lacks. ``public``: only for what it has.
    """

    elsewhere_servers: tuple[str, ...] = ()
    elsewhere: Answers = field(default_factory=dict)
    local: Answers = field(default_factory=dict)
    public: tuple[PublicSight, ...] = ()
