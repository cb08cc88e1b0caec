"""What an SPF record costs its readers: the lookups of its terms, as a tree (RFC 7208 §4.6.4). Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wizard.dns.answers import Answer, Txt
from wizard.dns.judge.spf.parse import Mechanism, Modifier, SpfError, SpfRecord, is_spf, parse

Ask = Callable[[str, str], Answer | None]
"""The answer to a name and type, or None while there is none."""

LOOKUP_LIMIT = 10
VOID_LIMIT = 2
"""RFC 7208 §4.6.4: how many terms may ask the DNS, and how many of the questions may find nothing."""

DEEPEST = LOOKUP_LIMIT + 1
"""How deep includes are followed: beyond this every record is over the limit."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One term that asks the DNS, what it leads to, and the terms behind it.

    ``void``: there is nothing at the name. ``broken``: it includes, or hands over to, a name without one
    right SPF record, which is a permerror. What is not answered yet, and what only a mail can fill in
    (macros, ``ptr``), is neither.
    """

    term: str
    name: str
    void: bool = False
    broken: bool = False
    behind: tuple[Cost, ...] = ()

    @property
    def lookups(self) -> int:
        """The lookups of this term and of all behind it."""
        return 1 + sum(cost.lookups for cost in self.behind)

    @property
    def voids(self) -> int:
        """How many of those lead to nothing."""
        return self.void + sum(cost.voids for cost in self.behind)

    @property
    def culprit(self) -> Cost | None:
        """The first broken term, this one or one behind it."""
        return self if self.broken else next((c for cost in self.behind if (c := cost.culprit)), None)


def costs(record: SpfRecord, domain: str, ask: Ask, known: frozenset[str] = frozenset()) -> tuple[Cost, ...]:
    """What each term of ``record`` at ``domain`` costs where no term matches, the most a reader can need.

    Names in ``known`` are taken for includes that cost one lookup, without asking.
    """
    return _Walk(ask, known).costs(record, domain, DEEPEST)


class _Walk:
    def __init__(self, ask: Ask, known: frozenset[str]) -> None:
        self._ask = ask
        self._known = known
        self._left = 4 * LOOKUP_LIMIT
        """Terms still to be followed: a bomb of includes is far over the limit by then."""

    def costs(self, record: SpfRecord, domain: str, depth: int) -> tuple[Cost, ...]:
        found = []
        for term in record.mechanisms:
            if term.name == "all":
                break
            if term.looks_up and self._left > 0:
                self._left -= 1
                found.append(self._cost(term, domain, depth))
        if not record.all:
            redirects = (t for t in record.terms if isinstance(t, Modifier) and t.name == "redirect")
            found += [self._record_at(term.text, term.value, depth) for term in redirects]
        return tuple(found)

    def _cost(self, term: Mechanism, domain: str, depth: int) -> Cost:
        name = (term.domain or domain).lower().rstrip(".")
        if term.name == "include":
            return self._record_at(term.text, name, depth)
        if "%" in name or term.name == "ptr":
            return Cost(term.text, name)
        rdtypes = {"mx": ("MX",), "exists": ("A",)}.get(term.name, ("A", "AAAA"))
        voids = [self._is_void(name, rdtype) for rdtype in rdtypes]
        return Cost(term.text, name, void=all(voids))

    def _is_void(self, name: str, rdtype: str) -> bool:
        answer = self._ask(name, rdtype)
        return answer is not None and answer.tells and not answer.rdatas

    def _record_at(self, term: str, target: str, depth: int) -> Cost:
        name = target.lower().rstrip(".")
        if name in self._known or "%" in name or not depth:
            return Cost(term, name)
        answer = self._ask(name, "TXT")
        if answer is None or not answer.tells:
            return Cost(term, name)
        texts = [rdata.text for rdata in answer.rdatas if isinstance(rdata, Txt) and is_spf(rdata.text)]
        try:
            record = parse(texts[0] if len(texts) == 1 else "")
        except SpfError:
            return Cost(term, name, void=not answer.rdatas, broken=True)
        return Cost(term, name, behind=self.costs(record, name, depth - 1))
