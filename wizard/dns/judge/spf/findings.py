"""What can be wrong with an SPF record, at the MAIL FROM domain or at the domain itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.dns.answers import Txt
from wizard.dns.findings import Severity
from wizard.dns.judge import place, spf
from wizard.dns.judge import txt as text
from wizard.dns.judge.case import Case
from wizard.dns.judge.characters import odd_words
from wizard.dns.judge.registry import AS_RECORD, DOMAIN_SPF, SPF, Problem, fault
from wizard.dns.judge.spf.senders import authorises, flat_terms, is_flat, parsed
from wizard.dns.records import SES_SPF_INCLUDE
from wizard.text import printable

_STARTS_A_TERM = re.compile(
    rb"[+?~-]?(include:|a[ :/]|mx([ :/]|\Z)|ip4:|ip6:|exists:|ptr|all\b|redirect=|exp=)", re.IGNORECASE
)


def found(case: Case) -> tuple[str, ...]:
    """The texts that are, or were meant to be, SPF records."""
    return tuple(txt.text for txt in _records(case))


def repaired(case: Case) -> str:
    """The one record to end with: what is published, here or misplaced, as it is or merged and repaired.

    Receivers can read it, and it authorises nobody whom the texts did not mean to. Empty where only the user
    can decide what it should be: then ``_advice`` says what about.
    """
    record = _candidate(case)
    return record if _within_limits(_costs(case, record)) else ""


def _candidate(case: Case) -> str:
    """The record to end with if only it is within the limits; empty where its texts are unclear.

    Terms that make receivers ignore it and authorise nobody are gone.
    """
    texts = _meant(case) or _misplaced(case)
    as_it_is = len(texts) == 1 and spf.read(texts[0]).right and authorises(case, texts[0])
    record = texts[0] if as_it_is else spf.merged(texts, SES_SPF_INCLUDE) or ""
    for cost in _costs(case, record):
        record = spf.without(record, cost.term) if cost.culprit else record
    if not _within_limits(_costs(case, record)):
        record = " ".join(dict.fromkeys(record.split()))
    if sum(cost.voids for cost in _costs(case, record)) > spf.VOID_LIMIT:
        for cost in _costs(case, record):
            record = spf.without(record, cost.term) if cost.void else record
    return record


@fault("txt-split", Severity.HURTS, SPF)
def txt_split(case: Case) -> Iterator[Problem]:
    """The strings of a TXT record join without the separator between them (RFC 7208 §3.3)."""
    return text.txt_split(case, _records(case), _STARTS_A_TERM)


@fault("quoted-value", AS_RECORD, SPF)
def quoted_value(case: Case) -> Iterator[Problem]:
    """Quotes in the text."""
    return text.quoted_value(case, _records(case))


@fault("spf-multiple", Severity.HURTS, SPF)
def spf_multiple(case: Case) -> Iterator[Problem]:
    """There are two or more SPF records (RFC 7208 §4.5)."""
    texts = [value for value in found(case) if spf.is_spf(value)]
    if len(texts) > 1:
        yield (
            f"{case.record.name} has {len(texts)} SPF records; receivers then ignore them all.",
            _fix(case, f"Delete all {len(texts)} and add one in their place"),
            {"values": [printable(value) for value in texts]},
        )


@fault("spf-syntax", Severity.HURTS, SPF)
def spf_syntax(case: Case) -> Iterator[Problem]:
    """A term is a permerror by RFC 7208; the evidence names the term and its column."""
    for value in found(case):
        for wrong in _faults(case, value):
            if not _is_redirect(wrong):
                term = printable(wrong.term, 100)
                yield (
                    f"`{term}` at column {wrong.column} is invalid: {wrong.reason}. "
                    f"{_odd(wrong)}One invalid term makes receivers ignore the whole record.",
                    _fix(case, "Change the record to"),
                    {"term": term, "column": wrong.column, "record": printable(value)},
                )


@fault("spf-redirect", Severity.HURTS, SPF)
def spf_redirect(case: Case) -> Iterator[Problem]:
    """`redirect=` is empty, appears twice, or leads to no valid SPF record (RFC 7208 §6.1)."""
    for value in found(case):
        for wrong in _faults(case, value):
            if _is_redirect(wrong):
                yield (
                    f"`{printable(wrong.term, 100)}` at column {wrong.column} is invalid: {wrong.reason}. "
                    f"{_odd(wrong)}".rstrip(),
                    _fix(case, "Change the record to"),
                    {"term": printable(wrong.term, 100), "column": wrong.column},
                )
        for cost in _costs(case, value):
            if cost.culprit and cost.term.lower().startswith("redirect="):
                yield (
                    f"The record redirects to {printable(cost.name, 300)}, which has no valid SPF record.",
                    _fix(case, "Replace the redirect with `~all`, or correct its name"),
                    {"target": printable(cost.name, 300)},
                )


@fault("spf-unreachable", Severity.HURTS, SPF)
def spf_unreachable(case: Case) -> Iterator[Problem]:
    """The SES include comes after `all`."""
    for value in found(case):
        if spf.include_of(value, SES_SPF_INCLUDE) is spf.Include.BEHIND_ALL and not authorises(case, value):
            yield (
                f"`include:{SES_SPF_INCLUDE}` comes after `all`, where receivers stop reading.",
                _fix(case, "Put it before `all`"),
                {"record": printable(value)},
            )


@fault("spf-include-missing", Severity.HURTS, SPF)
def spf_include_missing(case: Case) -> Iterator[Problem]:
    """The record does not authorise SES, or only by a list of its addresses (info)."""
    texts = found(case)
    behind = (spf.include_of(value, SES_SPF_INCLUDE) is spf.Include.BEHIND_ALL for value in texts)
    if not any(behind) and not any(authorises(case, value) for value in texts):
        lookups = sum(cost.lookups for cost in _costs(case, _candidate(case)))
        takes = f" That takes {lookups} of {spf.LOOKUP_LIMIT} lookups." if case.record.value else ""
        yield (
            "The SPF record does not allow Amazon SES to send for this name.",
            _fix(case, "Change it to") + takes,
            {
                "records": [printable(value) for value in texts],
                "include": SES_SPF_INCLUDE,
                "lookups": lookups,
            },
        )


@fault("spf-include-missing", Severity.INFO, SPF)
def spf_flattened(case: Case) -> Iterator[Problem]:
    """SES's addresses themselves are listed: it works until Amazon adds one."""
    for value in found(case):
        if is_flat(case, value):
            rest = " ".join(part for part in value.split() if part not in flat_terms(case, value))
            record = spf.merged([rest], SES_SPF_INCLUDE) or ""
            shorter = record if _within_limits(_costs(case, record)) else ""
            yield (
                "The SPF record lists the addresses of Amazon SES instead of its include. That works until "
                "Amazon adds an address, which it does without notice.",
                f"Use the include: {case.entry_words(shorter)}." if shorter else "",
                {"records": [printable(value)], "include": SES_SPF_INCLUDE},
            )


@fault("spf-syntax", Severity.HURTS, SPF)
def spf_broken_include(case: Case) -> Iterator[Problem]:
    """An include that leads to no right record: a permerror for the whole (RFC 7208 §5.2)."""
    for value in _meant(case):
        for cost in _costs(case, value):
            culprit = cost.culprit
            if culprit and spf.sound(cost.term) and not cost.term.lower().startswith("redirect="):
                by = "" if culprit is cost else f" (through {printable(culprit.name, 100)})"
                yield (
                    f"`{printable(cost.term, 100)}` points to a name without exactly one valid SPF "
                    f"record{by}, so receivers ignore the whole record.",
                    _fix(
                        case,
                        "Remove it: it authorises nobody. If you send through that service, ask it for "
                        "the right name. Until then use",
                    ),
                    {
                        "term": printable(cost.term, 100),
                        "column": value.find(cost.term) + 1,
                        "name": printable(culprit.name, 300),
                        "record": printable(value),
                    },
                )


@fault("spf-lookups", Severity.HURTS, SPF)
def spf_lookups(case: Case) -> Iterator[Problem]:
    """The record takes more than 10 DNS lookups (RFC 7208 §4.6.4)."""
    for value in found(case):
        costs = _costs(case, value)
        total = sum(cost.lookups for cost in costs)
        if total > spf.LOOKUP_LIMIT:
            yield (
                f"Reading the record takes {total} DNS lookups; receivers give up after "
                f"{spf.LOOKUP_LIMIT} and then ignore it.",
                _fix(case, "Change the record to"),
                {"lookups": total, "limit": spf.LOOKUP_LIMIT, "terms": _as_json(costs)},
            )


@fault("spf-voids", Severity.HURTS, SPF)
def spf_voids(case: Case) -> Iterator[Problem]:
    """More than 2 lookups of the record find nothing (RFC 7208 §4.6.4)."""
    for value in found(case):
        costs = _costs(case, value)
        total = sum(cost.voids for cost in costs)
        if total > spf.VOID_LIMIT:
            yield (
                f"{total} names in the record, or in records it includes, do not exist; receivers give up "
                f"after {spf.VOID_LIMIT} and then ignore the record.",
                _fix(case, "Remove the terms that find nothing"),
                {"voids": total, "limit": spf.VOID_LIMIT, "terms": _as_json(costs)},
            )


@fault("spf-permissive", Severity.WARNS, DOMAIN_SPF)
def spf_permissive(case: Case) -> Iterator[Problem]:
    """The record ends in `+all` or `?all`."""
    for value in found(case):
        record = parsed(value)
        everyone = record.all if record else None
        if everyone and everyone.qualifier in (spf.Qualifier.PASS, spf.Qualifier.NEUTRAL):
            stricter = re.sub(r"(?i)(?<= )[+?]?all(?= |\Z)", "~all", case.record.value)
            yield (
                f"`{everyone.text}` allows anybody to send as {case.record.name}.",
                f"End the record with `~all`: {case.entry_words(stricter)}.",
                {"term": everyone.text, "column": everyone.column},
            )


@fault("spf-ptr", Severity.WARNS, DOMAIN_SPF)
def spf_ptr(case: Case) -> Iterator[Problem]:
    """The record uses `ptr`."""
    for value in found(case):
        record = parsed(value)
        for term in record.mechanisms if record else ():
            if term.name == "ptr":
                yield (
                    f"`{printable(term.text, 100)}` is slow and unreliable, and large receivers skip it.",
                    "List the sending servers with `ip4`, `ip6`, `a` or `include` instead, then remove it: "
                    f"{case.entry_words(_without(case.record.value, term.text))}.",
                    {"term": printable(term.text, 100), "column": term.column},
                )


def _records(case: Case) -> tuple[Txt, ...]:
    return tuple(txt for txt in case.texts(case.record.name) if spf.intended(txt.text))


def _meant(case: Case) -> list[str]:
    """The texts with the spaces that are missing between their strings."""
    return [text.joined(txt, _STARTS_A_TERM, b" ") for txt in _records(case)]


def _misplaced(case: Case) -> list[str]:
    """The same for texts at another name or of another type."""
    return [text.joined(txt, _STARTS_A_TERM, b" ") for txt in place.strays(case)]


def _is_redirect(fault: spf.SpfError) -> bool:
    return fault.term.lower().startswith("redirect")


def _faults(case: Case, value: str) -> list[spf.SpfError]:
    """The terms of a text that are not right, or not meant so though the grammar allows them."""
    written = text.unquoted(value)
    faults = list(spf.faults(written))
    if not faults and value in _meant(case):
        for term, column in spf.words(written):
            if not spf.sound(term):
                why = "receivers read all of it as one name"
                why = "a mechanism needs a colon; with `=` receivers ignore it" if "=" in term else why
                faults.append(spf.SpfError(term, column, why))
    return faults[: spf.MOST_FAULTS]


def _odd(fault: spf.SpfError) -> str:
    """What is odd about the characters of a wrong term, as a sentence and a blank."""
    words = odd_words(fault.term)
    return f"{words} " if words else ""


def _fix(case: Case, action: str) -> str:
    """The action and the record to end with; where none can be proposed, what the user has to decide."""
    return f"{action}: {case.entry_words()}." if case.record.value else _advice(case)


def _advice(case: Case) -> str:
    """Why no record is proposed, and what to do."""
    readings = [spf.read(value) for value in _meant(case) or _misplaced(case)]
    if unclear := [term for reading in readings for term in reading.unclear]:
        return text.correct_words(case, unclear)
    record = _candidate(case)
    if not record:
        return (
            f"Merge the records with {case.host_words()} into one by hand, exceptions such as `-ip4:` "
            f"first: their order decides who can send. Put `include:{SES_SPF_INCLUDE}` before `all`, "
            "then check again."
        )
    costs = [cost for cost in _costs(case, record) if cost.name != SES_SPF_INCLUDE]
    lookups = sum(cost.lookups for cost in _costs(case, record))
    if lookups > spf.LOOKUP_LIMIT:
        costly = max(costs, key=lambda cost: cost.lookups)
        why = f"With SES the record takes {lookups} lookups of {spf.LOOKUP_LIMIT} allowed; "
        why += f"`{printable(costly.term, 100)}` alone takes {costly.lookups}."
    else:
        costly = max(costs, key=lambda cost: cost.voids)
        why = f"`{printable(costly.term, 100)}` refers to {costly.voids} names that do not exist."
    rest = spf.without(record, costly.term)
    if _within_limits(_costs(case, rest)):
        return f"{why} If you no longer send through it, remove it: {case.entry_words(rest)}."
    return (
        f"{why} Edit the record with {case.host_words()}: remove this and other terms that you no longer "
        "send through, then check again."
    )


def _within_limits(costs: tuple[spf.Cost, ...]) -> bool:
    lookups, voids = sum(cost.lookups for cost in costs), sum(cost.voids for cost in costs)
    return lookups <= spf.LOOKUP_LIMIT and voids <= spf.VOID_LIMIT


def _costs(case: Case, value: str) -> tuple[spf.Cost, ...]:
    record = parsed(value)
    if record is None:
        return ()
    return spf.costs(record, case.record.name, case.ask, known=frozenset({SES_SPF_INCLUDE}))


def _as_json(costs: tuple[spf.Cost, ...]) -> list[dict[str, object]]:
    """The tree for the evidence."""
    return [
        {
            "term": printable(cost.term, 100),
            "lookups": cost.lookups,
            "voids": cost.voids,
            "behind": _as_json(cost.behind),
        }
        for cost in costs
    ]


def _without(value: str, term: str) -> str:
    return " ".join(part for part in value.split() if part != term)
