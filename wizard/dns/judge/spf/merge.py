"""Putting SES into the SPF record that exists: nothing is taken away, nobody else is let in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache

from wizard.dns.judge.spf.parse import VERSION, Qualifier, faults, intended
from wizard.dns.judge.spf.repair import STRICTEST, Reading, name_of, read, sound


class Include(StrEnum):
    """How a record treats an include: REACHED counts, BEHIND_ALL never does, WEAK does not say pass."""

    REACHED = "reached"
    BEHIND_ALL = "behind all"
    WEAK = "weak"
    ABSENT = "absent"


@lru_cache(maxsize=256)
def include_of(text: str, domain: str) -> Include:
    """What the record says of ``include:domain``, by itself and without asking anything."""
    reading = read(text)
    if any(_passes(term, domain) for term in reading.before):
        return Include.REACHED
    if any(_names(term, domain) for term in reading.before):
        return Include.WEAK
    return Include.BEHIND_ALL if any(_names(term, domain) for term in reading.behind) else Include.ABSENT


def merged(texts: Iterable[str], include: str) -> str | None:
    """The one record to end with: all that is SPF in ``texts``, and ``include:`` that domain.

    None where a word of a text is unclear, or where the order of several records would decide who may send:
    then only their owner can write it. Without any SPF in ``texts`` it is a new record that ends in ``~all``.

    A text that is right and lets the domain send is returned as it is. Else the terms keep their order, the
    include is put before ``all`` and ``redirect=``, and of several texts the first one's terms come first.
    The record never authorises anybody whom no text authorises, and its ``all`` is the strictest of any text,
    ``~all`` where that is not clear: a bare ``all`` becomes ``~all``, too.
    """
    records = [text for text in texts if intended(text)]
    readings = [read(text) for text in records]
    if not readings:
        return f"{VERSION} include:{include} ~all"
    if len(readings) == 1 and readings[0].right and _lets_in(readings[0], include):
        return records[0]
    if any(reading.unclear for reading in readings):
        return None
    whole = readings[0] if len(readings) == 1 else _together(readings, include)
    if whole is None:
        return None
    before = list(whole.before)
    if not any(_passes(term, include) for term in before):
        before = [term for term in before if not _names(term, include)]
        end = next((i for i, term in enumerate(before) if name_of(term) == "redirect"), len(before))
        before.insert(end, f"include:{include}")
    behind = [term for term in whole.behind if not _names(term, include)]
    record = " ".join([VERSION, *before, *_all(whole.ending), *behind])
    return record if not faults(record) and all(map(sound, record.split()[1:])) else None


def without(record: str, term: str) -> str:
    """The record without a term that authorises nobody or redirects nowhere.

    Where a redirect goes, or ``all`` may have run into the term, what becomes of everybody else is not clear:
    then the record ends in ``~all``.
    """
    words = [word for word in record.split() if word != term]
    unclear = name_of(term) == "redirect" or term.lower().rstrip(".").endswith("all")
    if unclear and not {"all", "redirect"} & set(map(name_of, words)):
        words.append("~all")
    return " ".join(words)


def _together(readings: Sequence[Reading], include: str) -> Reading | None:
    """Several records as one; None where they have exceptions, whose order decides.

    A ``redirect=x`` becomes ``include:x``, which authorises the same, unless it alone says what becomes of
    everybody else. One beside ``all`` does nothing, and neither do terms behind ``all``.
    """
    terms: list[str] = []
    endings = [reading.ending for reading in readings if reading.ending]
    for reading in readings:
        ignored = ("redirect",) if reading.ending else ()
        heard = [*reading.before, *(term for term in reading.behind if name_of(term) in ("redirect", "exp"))]
        terms += [term for term in heard if name_of(term) not in ignored]
    if any(term[0] in "-~?" and not _names(term, include) for term in terms):
        return None
    redirects = list(dict.fromkeys(term.lower() for term in terms if name_of(term) == "redirect"))
    if len(redirects) > 1 and not endings:
        endings = [Qualifier.SOFTFAIL]
    if endings:
        terms = [f"include:{t.partition('=')[2]}" if name_of(t) == "redirect" else t for t in terms]
    explained = next((term for term in terms if name_of(term) == "exp"), None)
    terms = [term for term in terms if name_of(term) != "exp" or term == explained]
    once: dict[str, str] = {}
    for term in sorted(terms, key=lambda term: name_of(term) in ("redirect", "exp")):
        once.setdefault(term.lower(), term)
    return Reading(tuple(once.values()), min(endings, key=STRICTEST.index, default=None), ())


def _all(ending: Qualifier | None) -> tuple[str, ...]:
    if ending is None:
        return ()
    return ("~all" if ending is Qualifier.PASS else f"{ending}all",)


def _lets_in(reading: Reading, domain: str) -> bool:
    return reading.ending is Qualifier.PASS or any(_passes(term, domain) for term in reading.before)


def _names(term: str, domain: str) -> bool:
    return term.lower().lstrip("+?~-").rstrip(".") == f"include:{domain}"


def _passes(term: str, domain: str) -> bool:
    return _names(term, domain) and term[0] not in "?~-"
