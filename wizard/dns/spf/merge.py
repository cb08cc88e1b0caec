"""Putting SES into the SPF record that stands there, without taking anything away. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from wizard.dns.spf.mend import mended
from wizard.dns.spf.parse import VERSION, inner, intended


class Include(StrEnum):
    """How a record treats an include: REACHED counts, BEHIND_ALL never does, WEAK does not say pass."""

    REACHED = "reached"
    BEHIND_ALL = "behind all"
    WEAK = "weak"
    ABSENT = "absent"


def include_of(text: str, domain: str) -> Include:
    """What the record says of ``include:domain``, by itself and without asking anything."""
    terms = inner(text).split()
    before = terms[: _end(terms, "all")]
    if any(_passes(term, domain) for term in before):
        return Include.REACHED
    if any(_names(term, domain) for term in before):
        return Include.WEAK
    return Include.BEHIND_ALL if any(_names(term, domain) for term in terms) else Include.ABSENT


def merged(texts: Iterable[str], include: str) -> str:
    """The one record to end with: all that is SPF in ``texts``, and ``include:`` that domain.

    Terms keep their order. A wrong one is mended where it is sure what was meant, and kept where not. The
    include stands before ``all`` and ``redirect=``. Of several records the first keeps its place, its ``all``
    and its ``redirect=``. The terms of the others follow its own; a further ``redirect=x`` becomes
    ``include:x``, which authorises the same. Without any SPF in ``texts`` it is a new record that ends in
    ``~all``.
    """
    records = [mended(inner(text).split()) for text in texts if intended(text)]
    if not records:
        return f"{VERSION} include:{include} ~all"
    terms = records[0]
    for other in records[1:]:
        terms = _joined(terms, other)
    if not any(_passes(term, include) for term in terms[: _end(terms, "all")]):
        terms = [term for term in terms if not _names(term, include)]
        end = _end(terms, "all", "redirect")
        terms = [*terms[:end], f"include:{include}", *terms[end:]]
    return " ".join([VERSION, *terms])


def _joined(terms: list[str], other: list[str]) -> list[str]:
    """The terms of two records as those of one."""
    have = {term.lower() for term in terms}
    ended = _end(terms, "all", "redirect") < len(terms)
    moved = [
        f"include:{term.partition('=')[2]}" if _name(term) == "redirect" and ended else term
        for term in other
        if not (_name(term) == "all" and ended) and not (_name(term) == "exp" and "exp" in map(_name, terms))
    ]
    new = [term for term in moved if term.lower() not in have]
    end = _end(terms, "all", "redirect")
    return [*terms[:end], *new, *terms[end:]]


def _end(terms: list[str], *names: str) -> int:
    """Where the first term with one of these names stands; the length where none does."""
    return next((index for index, term in enumerate(terms) if _name(term) in names), len(terms))


def _name(term: str) -> str:
    """``all`` of ``-all``, ``redirect`` of ``redirect=x``, ``include`` of ``?include:x``."""
    return term.lower().lstrip("+?~-").partition(":")[0].partition("=")[0].partition("/")[0]


def _names(term: str, domain: str) -> bool:
    return term.lower().lstrip("+?~-").rstrip(".") == f"include:{domain}"


def _passes(term: str, domain: str) -> bool:
    return _names(term, domain) and term[0] not in "?~-"
