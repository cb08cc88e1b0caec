"""DMARC records by RFC 9989: reading one, and finding the one that applies. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from wizard.dns.judge.characters import odd_words, plain

DEFAULT_RECORD = "v=DMARC1; p=none;"
WALK_LIMIT = 8
"""RFC 9989 §4.10: how many names a tree walk asks at most."""

MOST_DESTINATIONS = 8
"""How many report addresses of one tag are looked at."""

POLICIES = ("none", "quarantine", "reject")
"""The policies of RFC 9989 §4.7, from the weakest to the strictest."""
POLICY_TAGS = ("p", "sp", "np")
REPORT_TAGS = ("rua", "ruf")
REMOVED_TAGS = ("pct", "rf", "ri")
"""Tags of RFC 7489 that RFC 9989 removed. Receivers ignore them."""

_TAG_VALUES = {
    "adkim": re.compile(r"[rs]\Z", re.IGNORECASE),
    "aspf": re.compile(r"[rs]\Z", re.IGNORECASE),
    "t": re.compile(r"[yn]\Z", re.IGNORECASE),
    "psd": re.compile(r"[ynu]\Z", re.IGNORECASE),
    "fo": re.compile(r"[01ds](\s*:\s*[01ds])*\Z", re.IGNORECASE),
    "rua": re.compile(r".+\Z"),
    "ruf": re.compile(r".+\Z"),
}
KNOWN_TAGS = (*POLICY_TAGS, *_TAG_VALUES, *REMOVED_TAGS)
"""All tags that DMARC has or had, without ``v``."""

_MAILTO = re.compile(
    r"mailto:(?!//)[^\s@<>\"\\,;]+@([a-z0-9.-]+)(?:\?[^\s!]*)?(?:![0-9]+[kmgt]?)?\Z", re.IGNORECASE
)
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(;|\Z)")
_INTENDED = re.compile(
    r"\bv[^a-z0-9]{0,4}dmarc|^[^a-z0-9]*dmarc\W?1"
    r"|(?:^|[;\s])p(?:olicy)?\s*[=:-]\s*[\"']?(?:none|quarantine|reject)\b",
    re.IGNORECASE,
)
_BLANKS = " \t\r\n"
"""The blanks that may be around a tag (RFC 6376 §3.2). No others: a no-break space makes another tag."""


class DmarcError(Exception):
    """The text is no DMARC record: receivers pass over it. The message says why, in words."""


class TagFault(StrEnum):
    """Why a tag of a valid record does nothing."""

    REMOVED = "removed"
    UNKNOWN = "unknown"
    VALUE = "bad value"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A record that receivers take for one. ``tags`` are in order, names in lower case, without ``v``."""

    text: str
    tags: tuple[tuple[str, str], ...]

    def tag(self, name: str) -> str | None:
        """The value of a tag, the first if it appears twice; None if it is absent."""
        return next((value for key, value in self.tags if key == name), None)

    def policy(self, tag: str = "p") -> str | None:
        """The value of ``p``, ``sp`` or ``np`` where it is a valid one, in lower case."""
        value = (self.tag(tag) or "").lower()
        return value if value in POLICIES else None

    @property
    def working(self) -> dict[str, str]:
        """The tags beside policies that receivers heed; of one that appears twice, the first."""
        firsts: dict[str, str] = {}
        for name, value in self.tags:
            firsts.setdefault(name, value)
        return {
            name: value
            for name, value in firsts.items()
            if name in _TAG_VALUES and _TAG_VALUES[name].match(value)
        }

    @property
    def bad_policies(self) -> tuple[tuple[str, str | None], ...]:
        """``p`` where it has no valid value or is missing, ``sp`` and ``np`` where theirs is not valid.

        RFC 9989 reads a missing ``p`` as none; receivers by RFC 7489 pass over such a record.
        """
        return tuple(
            (tag, self.tag(tag))
            for tag in POLICY_TAGS
            if self.policy(tag) is None and (tag == "p" or self.tag(tag) is not None)
        )

    @property
    def faults(self) -> tuple[tuple[str, str, TagFault], ...]:
        """Tags that do nothing: name, value, why. Policies are not among them."""
        found = []
        seen: set[str] = set()
        for name, value in self.tags:
            if name in seen:
                found.append((name, value, TagFault.TWICE))
            elif name in REMOVED_TAGS:
                found.append((name, value, TagFault.REMOVED))
            elif name in _TAG_VALUES and not _TAG_VALUES[name].match(value):
                found.append((name, value, TagFault.VALUE))
            elif name not in _TAG_VALUES and name not in POLICY_TAGS:
                found.append((name, value, TagFault.UNKNOWN))
            seen.add(name)
        return tuple(found)


def destinations(value: str) -> tuple[tuple[str, str | None], ...]:
    """The first URIs of a ``rua`` or ``ruf`` value, each with its domain; None where it is no ``mailto:``."""
    found = []
    for uri in (part.strip() for part in value.split(",")[:MOST_DESTINATIONS]):
        match = _MAILTO.match(uri)
        found.append((uri, match.group(1).lower() if match else None))
    return tuple(found)


def is_report_uri(text: str) -> bool:
    """Whether the text has the form of a URI (RFC 3986), if perhaps of one that receivers send nothing to."""
    return bool(
        _MAILTO.match(text) or re.match(r"(?!mailto:)[a-z][a-z0-9+.-]*:[!-~]+\Z", text, re.IGNORECASE)
    )


def is_dmarc(text: str) -> bool:
    """Whether receivers take this text for a DMARC record (RFC 9989 §4.7: ``v`` first, in this case)."""
    return bool(_VERSION.match(text))


def intended(text: str) -> bool:
    """Whether somebody meant this text to be a DMARC record, if perhaps in a way that no receiver sees."""
    return bool(_INTENDED.search(plain(text[:1000])))


def parse(text: str) -> DmarcRecord:
    """The record in ``text``. Raises DmarcError where receivers do not take it for one."""
    if not is_dmarc(text):
        raise DmarcError(_why_ignored(text))
    pairs = [part.partition("=") for part in text.split(";")[1:] if part.strip(_BLANKS)]
    tags = [(name.strip(_BLANKS).lower(), value.strip(_BLANKS)) for name, _, value in pairs]
    return DmarcRecord(text, tuple(tags))


def alignment(domain: str, mail_from: str | None, published: str | None) -> tuple[str, str]:
    """How DKIM and SPF align with a From address at ``domain`` (RFC 9989 §4.4), a sentence each.

    ``mail_from`` is the MAIL FROM domain at SES, None for SES's own; ``published`` is the record that
    applies, None where there is none (then alignment is relaxed, as by default).
    """
    strict = parse(published).working.get("aspf", "").lower() == "s" if published else False
    dkim = f"DKIM counts for DMARC, also where adkim=s: SES signs as {domain} itself."
    if mail_from is None:
        return dkim, "SPF does not: mail leaves as a subdomain of amazonses.com. DKIM alone must pass."
    if strict and mail_from != domain:
        return dkim, f"SPF does not: aspf=s asks for {domain} itself, and mail leaves as {mail_from}."
    return dkim, f"SPF counts too: mail leaves as {mail_from}, which belongs to {domain}."


def walk(domain: str) -> tuple[str, ...]:
    """The names to ask for a domain's policy, its own first, then upwards, at most eight (RFC 9989 §4.10)."""
    labels = domain.split(".")
    parents = [labels[start:] for start in range(1, len(labels))]
    steps = [labels, *parents[-(WALK_LIMIT - 1) :]]
    return tuple(f"_dmarc.{'.'.join(step)}" for step in steps)


def inherited(found: Mapping[str, Iterable[str]], domain: str) -> tuple[str, DmarcRecord] | None:
    """The name and record that apply to ``domain`` from above it, or None (RFC 9989 §4.10.2).

    ``found`` maps names of ``walk`` to the texts there. A name with several records counts as one without.
    """
    best: tuple[str, DmarcRecord] | None = None
    for name in walk(domain)[1:]:
        records = [parse(text) for text in found.get(name, ()) if is_dmarc(text)]
        if len(records) != 1:
            continue
        psd = (records[0].tag("psd") or "").lower()
        if psd == "y":
            return best or (name, records[0])
        best = (name, records[0])
        if psd == "n":
            break
    return best


def _why_ignored(text: str) -> str:
    if odd := odd_words(text[:40]):
        return f"it does not begin with `v=DMARC1;` because {odd[:1].lower()}{odd[1:].rstrip('.')}"
    if not re.match(r"\s*v\s*=", text, re.IGNORECASE):
        return "it does not begin with `v=DMARC1`"
    if re.match(r"\s", text):
        return "there is a space before `v=DMARC1`"
    if re.match(r"v\s*=\s*DMARC1", text, re.IGNORECASE) and not re.match(r"[vV]\s*=\s*DMARC1", text):
        return "`DMARC1` must be in capital letters"
    if re.match(r"[vV]\s*=\s*DMARC1\s*\\", text):
        return "there is a backslash where `;` must follow `v=DMARC1`"
    if re.match(r"[vV]\s*=\s*DMARC1", text):
        return "there is no `;` after `v=DMARC1`"
    return "its version is not `DMARC1`"
