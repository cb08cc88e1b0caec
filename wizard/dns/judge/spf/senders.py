"""Whether an SPF record lets SES send: by its include, by one further on, or by its addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from itertools import islice

from wizard.dns.judge import spf
from wizard.dns.judge.case import Case
from wizard.dns.records import SES_SPF_INCLUDE

MOST_FOLLOWED = 10
"""How many further records are read; with more, receivers give up."""

MOST_NETWORKS = 500
"""How many networks of a record are looked at; a hostile one could list thousands."""

Network = IPv4Network | IPv6Network


def parsed(value: str) -> spf.SpfRecord | None:
    """The record in a text; None where receivers cannot read it."""
    try:
        return spf.parse(value)
    except spf.SpfError:
        return None


def authorises(case: Case, value: str) -> bool:
    """Whether the record lets SES send: by its include, by its addresses, or by letting everybody."""
    return _has_include(case, value) or is_flat(case, value)


def is_flat(case: Case, value: str) -> bool:
    """Whether the record has all of SES's addresses, itself or in what it includes, but not SES's include."""
    if _has_include(case, value):
        return False
    own = _networks(_followed(case, value))
    return bool(own) and _covers(own, _of_ses(case))


def flat_terms(case: Case, value: str) -> tuple[str, ...]:
    """The terms of the record itself that list addresses of SES and no others."""
    ses, record = _of_ses(case), parsed(value)
    terms = record.mechanisms if record else ()
    return tuple(
        term.text
        for term in terms
        if term.network and term.qualifier is spf.Qualifier.PASS and _covers(ses, [term.network])
    )


def _has_include(case: Case, value: str) -> bool:
    """Whether SES's include is reached, or one that leads to it, or everybody may send."""
    if spf.include_of(value, SES_SPF_INCLUDE) is spf.Include.REACHED:
        return True
    return any(
        SES_SPF_INCLUDE in _targets(record) or (record.all and record.all.qualifier is spf.Qualifier.PASS)
        for record in _followed(case, value)
    )


def _followed(case: Case, value: str) -> Iterator[spf.SpfRecord]:
    """The record in a text, and those it includes or hands over to."""
    visited: set[str] = set()
    texts = [value]
    while texts:
        record = parsed(texts.pop())
        if record is None:
            continue
        yield record
        for name in _targets(record):
            if "%" not in name and name not in visited and len(visited) < MOST_FOLLOWED:
                visited.add(name)
                found = [txt.text for txt in case.texts(name) if spf.is_spf(txt.text)]
                texts += found if len(found) == 1 else []


def _targets(record: spf.SpfRecord) -> list[str]:
    """The names whose records decide who passes, too."""
    names = [
        term.domain
        for term in _before_all(record)
        if term.name == "include" and term.qualifier is spf.Qualifier.PASS
    ]
    redirect = record.modifier("redirect")
    if redirect and not record.all:
        names.append(redirect)
    return [name.lower().rstrip(".") for name in names]


def _before_all(record: spf.SpfRecord) -> Iterator[spf.Mechanism]:
    for term in record.mechanisms:
        if term.name == "all":
            return
        yield term


def _networks(records: Iterable[spf.SpfRecord]) -> list[Network]:
    """The networks that surely pass: those in front of every exception of their record."""
    found: list[Network] = []
    for record in records:
        for term in _before_all(record):
            if term.qualifier is not spf.Qualifier.PASS:
                break
            if term.network:
                found.append(term.network)
    found = list(islice(found, MOST_NETWORKS))
    old = collapse_addresses(one for one in found if isinstance(one, IPv4Network))
    new = collapse_addresses(one for one in found if isinstance(one, IPv6Network))
    return [*old, *new]


def _of_ses(case: Case) -> list[Network]:
    """SES's networks, as its own record lists them; none where that could not be asked."""
    texts = [txt.text for txt in case.texts(SES_SPF_INCLUDE) if spf.is_spf(txt.text)]
    return _networks(_followed(case, texts[0])) if len(texts) == 1 else []


def _covers(wide: list[Network], narrow: list[Network]) -> bool:
    """Whether there are networks in ``narrow``, and each is within one of ``wide``."""
    return bool(narrow) and all(
        any(
            (isinstance(one, IPv4Network) and isinstance(other, IPv4Network) and one.subnet_of(other))
            or (isinstance(one, IPv6Network) and isinstance(other, IPv6Network) and one.subnet_of(other))
            for other in wide
        )
        for one in narrow
    )
