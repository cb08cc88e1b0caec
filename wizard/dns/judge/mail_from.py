"""What can be wrong with the MX record of the MAIL FROM domain, where bounces go to SES."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from wizard.dns.answers import Mx
from wizard.dns.findings import Severity
from wizard.dns.judge.case import Case, cleaned, shown
from wizard.dns.judge.registry import MX, Problem, fault
from wizard.dns.judge.targets import without_zone
from wizard.dns.records import FEEDBACK_HOST
from wizard.text import printable

WANTED_PREFERENCE = 10


def found(case: Case) -> tuple[str, ...]:
    """The MX records as published."""
    return tuple(shown(mx) for mx in _mxs(case))


@fault("mx-region", Severity.BLOCKS, MX)
def mx_region(case: Case) -> Iterator[Problem]:
    """The MX record leads to another Region's feedback host."""
    for mx in _mxs(case):
        match = FEEDBACK_HOST.fullmatch(_typed(case, mx))
        if match and _typed(case, mx) != case.target:
            yield (
                f"Bounces go to SES in {match.group(1)}, but this setup is in {_region(case)}.",
                _changed(case),
                {"region": match.group(1), "expected": _region(case)},
            )


@fault("wrong-target", Severity.BLOCKS, MX)
def wrong_target(case: Case) -> Iterator[Problem]:
    """A host that was surely meant to be the feedback host, and is not."""
    for mx in _mxs(case):
        if _is_misspelt(case, mx):
            yield (
                f"The MX record points to {printable(mx.host)}, not to {case.target}.",
                _changed(case),
                {"value": printable(shown(mx)), "expected": case.target},
            )


@fault("mx-multiple", Severity.BLOCKS, MX)
def mx_multiple(case: Case) -> Iterator[Problem]:
    """There is more than one MX record."""
    if len(_mxs(case)) > 1:
        yield (
            f"{case.record.name} has {len(_mxs(case))} MX records; SES accepts exactly one.",
            _only_ours(case),
            {"values": [printable(value) for value in found(case)]},
        )


@fault("mail-from-in-use", Severity.BLOCKS, MX)
def mail_from_in_use(case: Case) -> Iterator[Problem]:
    """The name already receives other mail."""
    others = _others(case)
    if others:
        yield (
            f"{case.record.name} already receives mail at {', '.join(others)}; SES needs a name of its own "
            "for bounces.",
            _only_ours(case),
            {"hosts": others},
        )


@fault("mx-preference", Severity.WARNS, MX)
def mx_preference(case: Case) -> Iterator[Problem]:
    """The preference is not 10."""
    for mx in _mxs(case):
        if mx.host == case.target and mx.preference != WANTED_PREFERENCE:
            yield (
                f"The MX record's priority is {mx.preference}; SES asks for {WANTED_PREFERENCE}.",
                f"Change it to: {case.entry_words()}.",
                {"preference": mx.preference},
            )


def _mxs(case: Case) -> list[Mx]:
    return [rdata for rdata in (case.answer.rdatas if case.answer else ()) if isinstance(rdata, Mx)]


def _others(case: Case) -> list[str]:
    """The hosts that receive other mail for the name."""
    return [
        printable(mx.host)
        for mx in _mxs(case)
        if not FEEDBACK_HOST.fullmatch(_typed(case, mx)) and not _is_misspelt(case, mx)
    ]


def _changed(case: Case) -> str:
    """What to do with a wrong MX record: it is changed, unless the right one is beside it."""
    beside = any(mx.host == case.target for mx in _mxs(case))
    return _only_ours(case) if beside else f"Change it to: {case.entry_words()}."


def _only_ours(case: Case) -> str:
    """How to get to the one MX record that SES accepts, without losing anybody's mail."""
    name, wanted = case.record.name, case.entry_words()
    if not _others(case):
        return f"Delete the other MX records of {name}. The name needs only this one: {wanted}."
    return (
        f"Choose another subdomain as MAIL FROM domain. Or, if nobody needs the mail for {name}, delete its "
        f"other MX records. The name needs only this one: {wanted}."
    )


def _typed(case: Case, mx: Mx) -> str:
    """The host as somebody typed it: without quotes, scheme, or the zone's name that the DNS host added."""
    return without_zone(case, mx.host) or cleaned(mx.host)


def _region(case: Case) -> str:
    match = FEEDBACK_HOST.fullmatch(case.target)
    return match.group(1) if match else (case.context.region or "")


def _is_misspelt(case: Case, mx: Mx) -> bool:
    """Whether the host is nearly the wanted one, or nothing at all (``.``, RFC 7505)."""
    host = _typed(case, mx)
    if FEEDBACK_HOST.fullmatch(host):
        return False
    return not host or SequenceMatcher(None, host[:253], case.target).ratio() > 0.8
