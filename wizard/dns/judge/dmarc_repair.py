"""What the text of a DMARC record was meant to say, and the one record to end with. Pure.

The rule: no policy gets weaker and no tag is lost. Ambiguous parts are ``unclear``; then only the
owner can repair the record. A tag that does nothing stays, too: leaving it out is advice of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from wizard.dns.judge.characters import plain
from wizard.dns.judge.dmarc_record import (
    DEFAULT_RECORD,
    KNOWN_TAGS,
    POLICIES,
    POLICY_TAGS,
    REPORT_TAGS,
    intended,
    is_dmarc,
    is_report_uri,
    parse,
)

LONGEST_REPAIRED = 4000
"""Characters of a text that are read again. One that is longer is right or its owner's to repair."""

_NAMES = {
    **{tag: tag for tag in KNOWN_TAGS},
    "policy": "p",
    "subdomain_policy": "sp",
    "subdomain-policy": "sp",
}
_NAME = f"(?:{'|'.join(sorted(_NAMES, key=len, reverse=True))})"
_VALUES = {"relaxed": "r", "strict": "s", "yes": "y", "no": "n"}
"""Words for what a tag has a letter for."""

_VERSION = re.compile(r"(?:^\W*|(?<=[;,\s]))v[\W_]{0,4}dmarc\W?1?|^\W*dmarc\W?1", re.IGNORECASE)
_POLICY_ENDS = re.compile(rf"\b({'|'.join(POLICIES)})\W*(?={_NAME}\s*[=:])", re.IGNORECASE)
_ODD_SIGNS = r"[\s:>~_.\u2013-\u2015-]+"
_TAG_BEGINS = re.compile(
    rf"[\s,|]+(?={_NAME}\s*[=:]|(?:[sn]?p|policy){_ODD_SIGNS}(?:{'|'.join(POLICIES)})\b)", re.IGNORECASE
)
_TAG = re.compile(r"([a-z][a-z0-9_-]*?)\s*=+[\s=:>]*(.*)\Z", re.IGNORECASE | re.DOTALL)
_ODD_TAG = re.compile(rf"({_NAME}){_ODD_SIGNS}(.*)\Z", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(
    r"(?:mailto:)*(?://)?<?(?:mailto:)*([^\s@<>\"\\,;:]+@[a-z0-9.-]+(?:![0-9]+[kmgt]?)?)>?\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The tags that a text says or was meant to say, in order, without ``v``; and what is unclear in it."""

    tags: tuple[tuple[str, str], ...]
    unclear: tuple[str, ...] = ()

    def values(self, name: str) -> list[str]:
        """All values of a tag."""
        return [value for key, value in self.tags if key == name]


def read(text: str) -> Reading:
    """What ``text`` was meant to say, however it is put together."""
    if len(text) > LONGEST_REPAIRED:
        return Reading(parse(text).tags) if is_dmarc(text) else Reading((), (text,))
    tags: list[tuple[str, str]] = []
    unclear: list[str] = []
    for part in _parts(text):
        name, value = _tag(part)
        if not name and "@" in part and tags and tags[-1][0] in REPORT_TAGS:
            name, value = tags[-1][0], part
        meant = _value(name, value) if name else None
        if meant is None or re.search(r"[^\x20-\x7e]", f"{name}{meant}"):
            unclear.append(part)
        else:
            tags.append((name, meant))
    return Reading(tuple(tags), tuple(unclear))


def repaired(texts: Iterable[str]) -> str | None:
    """The one valid record to end with; None where only its owner can say what it should be.

    A text that is already right is returned as it is. Of several texts, or tags that appear twice, the
    strictest policy and alignment stay, everybody who got reports goes on getting them, and of other tags the
    first counts. ``t`` and ``pct``, which weaken a policy, stay if no text goes without them. A text that
    names no policy at all gets ``p=none``, which is how receivers read it.
    """
    meant = [text for text in texts if intended(text)]
    if not meant:
        return DEFAULT_RECORD
    if len(meant) == 1 and is_right(meant[0]):
        return meant[0]
    readings = [read(text) for text in meant]
    if any(reading.unclear for reading in readings) or _hides_policy(readings):
        return None
    tags = dict(_policies(readings))
    for name in dict.fromkeys(name for reading in readings for name, _ in reading.tags):
        values = [value for reading in readings for value in reading.values(name)]
        if name not in POLICY_TAGS and not (
            name in ("t", "pct") and any(not reading.values(name) for reading in readings)
        ):
            tags[name] = _together(name, values)
    return "; ".join(["v=DMARC1", *(f"{name}={value}" for name, value in tags.items())])


def is_right(text: str) -> bool:
    """Whether receivers can read the text, and every tag of it means what it seems to."""
    if not is_dmarc(text) or re.fullmatch(r"[\x20-\x7e]*", text) is None:
        return False
    record, reading = parse(text), read(text)
    return (
        not record.bad_policies
        and not reading.unclear
        and [(name, _compact(value)) for name, value in record.tags]
        == [(name, _compact(value)) for name, value in reading.tags]
        and len({name for name, _ in record.tags}) == len(record.tags)
    )


def without(text: str, *tags: str) -> str:
    """A valid record without some of its tags."""
    kept = [(name, value) for name, value in parse(text).tags if name not in tags]
    return "; ".join(["v=DMARC1", *(f"{name}={value}" for name, value in kept)])


def closest_policy(value: str) -> str | None:
    """The policy that a mistyped value was meant to be, or None. Of several policies the strictest."""
    words = re.findall(r"[a-z]+", value.lower()[:80])
    for reading in (words, ["".join(words)]):
        near = [get_close_matches(word, POLICIES, n=1, cutoff=0.8) for word in reading]
        if near and all(near):
            return _strictest(policy for (policy,) in near)
    return None


def _parts(text: str) -> Iterator[str]:
    """The tags of a text as they are written, parted also where no ``;`` is between them."""
    clean = re.sub(r"\"|(?<!\w)'|'(?!\w)", " ", plain(text).replace("\\", ""))
    clean = _TAG_BEGINS.sub(";", _POLICY_ENDS.sub(r"\1;", _VERSION.sub(";", clean)))
    for part in clean.split(";"):
        if bare := part.strip(" \t\r\n.,:|/"):
            yield bare


def _tag(part: str) -> tuple[str, str]:
    """The name and the value in one part; no name where that is not clear."""
    if part.lower() in POLICIES:
        return "p", part
    if glued := re.fullmatch(rf"p({'|'.join(POLICIES)})", part, re.IGNORECASE):
        return "p", glued[1]
    match = _TAG.match(part) or _ODD_TAG.match(part)
    if match is None:
        return "", ""
    name, value = match[1].lower(), match[2].strip()
    if name not in _NAMES and closest_policy(value):
        return "", ""
    return _NAMES.get(name, name), value


def _value(name: str, value: str) -> str | None:
    """The value that a tag was meant to have; None where nobody can tell."""
    if name in POLICY_TAGS:
        return closest_policy(value)
    if name in REPORT_TAGS:
        return _uris(value)
    if name in ("adkim", "aspf", "t", "psd"):
        return _VALUES.get(value.lower(), value)
    return None if re.search(r"\s", value) else value


def _uris(value: str) -> str | None:
    """The report addresses of a tag in the form that receivers read; None where one of them is unclear."""
    found = []
    apart = re.sub(r"(?<=[a-z0-9>])(?=mailto:)", ",", value, flags=re.IGNORECASE)
    for word in filter(None, re.split(r"[,;\s]+", apart)):
        if re.fullmatch(r"<?mailto:(//)?", word, re.IGNORECASE):
            continue
        address = _ADDRESS.match(word)
        if address is None and not is_report_uri(word):
            return None
        found.append(f"mailto:{address[1]}" if address else word)
    return ",".join(dict.fromkeys(found))


def _hides_policy(readings: list[Reading]) -> bool:
    """Whether no tag is ``p``, but another has a policy: it may be ``p`` mistyped."""
    tags = [tag for reading in readings for tag in reading.tags]
    return not any(name == "p" for name, _ in tags) and any(
        closest_policy(value) for name, value in tags if name not in REPORT_TAGS
    )


def _policies(readings: list[Reading]) -> Iterator[tuple[str, str]]:
    """The strictest p, sp and np of any text, each with what it falls back to."""
    said = [
        {tag: _strictest(reading.values(tag)) for tag in POLICY_TAGS if reading.values(tag)}
        for reading in readings
    ]
    for tag, falls_back_to in (("p", "p"), ("sp", "p"), ("np", "sp")):
        effective = [one.get(tag) or one.get(falls_back_to) or one.get("p") or "none" for one in said]
        if tag == "p" or any(tag in one for one in said):
            yield tag, _strictest(effective)


def _strictest(values: Iterable[str]) -> str:
    return max(values, key=POLICIES.index)


def _together(name: str, values: list[str]) -> str:
    """One value for a tag that has several."""
    if name in REPORT_TAGS:
        return ",".join(dict.fromkeys(uri for value in values for uri in value.split(",") if uri))
    if name == "pct" and all(map(str.isdigit, values)):
        return max(values, key=int)
    strict = {"adkim": "s", "aspf": "s", "t": "n"}.get(name)
    return next((value for value in values if value.lower() == strict), values[0])


def _compact(value: str) -> str:
    return re.sub(r"\s*,\s*", ",", value).lower()
