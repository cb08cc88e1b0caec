"""What can be wrong with a DKIM record: a CNAME to the key that SES keeps."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from wizard.dns.answers import Answer, Host, Rcode, Txt
from wizard.dns.findings import Severity
from wizard.dns.judge.case import CHAIN_LIMIT, Case, cleaned
from wizard.dns.judge.dkim_key import WEAK_BELOW, DkimError, DkimKey, parse_key
from wizard.dns.judge.registry import DKIM, Problem, fault
from wizard.dns.judge.targets import AMAZON, targets, without_zone
from wizard.text import printable


def found(case: Case) -> tuple[str, ...]:
    """The CNAME's target as published."""
    return targets(case)


@fault("wrong-target", Severity.BLOCKS, DKIM)
def wrong_target(case: Case) -> Iterator[Problem]:
    """The target is another name: another identity's, another record's or another Region's."""
    for target in targets(case):
        name = without_zone(case, target) or cleaned(target)
        if name == case.target or _followed(case, target)[1] is _End.RIGHT:
            continue
        yield (
            f"The record points to {printable(target)}, not to {case.target}: {_whose(case, name)}.",
            f"Change it to: {case.entry_words()}.",
            {"value": printable(target), "expected": case.target},
        )


@fault("cname-chain", Severity.WARNS, DKIM)
def cname_chain(case: Case) -> Iterator[Problem]:
    """The CNAME leads in a loop, to a name that does not exist, or to its target by a detour."""
    for target in targets(case):
        if cleaned(target) == case.target or without_zone(case, target):
            continue
        names, end = _followed(case, target)
        chain = " → ".join(printable(name) for name in (case.record.name, *names))
        evidence = {"chain": [printable(name) for name in names]}
        if end is _End.RIGHT:
            yield (
                f"The record reaches its target through other CNAME records: {chain}. DKIM fails if one of "
                "them changes.",
                f"Point the record directly at the target: {case.entry_words()}.",
                evidence,
            )
        elif end is not _End.ELSEWHERE:
            what = "is a loop" if end is _End.LOOP else "ends at a name that does not exist"
            yield (
                f"The chain of CNAME records {what}: {chain}.",
                f"Point the record directly at the target: {case.entry_words()}.",
                evidence,
            )


class _End(Enum):
    RIGHT = "the wanted target"
    LOOP = "a name already visited, or too many"
    DEAD = "a name that does not exist"
    ELSEWHERE = "another name"


def _followed(case: Case, target: str) -> tuple[list[str], _End]:
    """The aliases from ``target`` on, at most eight, and how they end."""
    names = [target]
    while cleaned(names[-1]) != case.target:
        answer = case.ask(names[-1], "CNAME")
        if answer is None:
            return names, _End.ELSEWHERE
        further = next((rdata.name for rdata in answer.rdatas if isinstance(rdata, Host)), None)
        if further is None:
            dead = answer.rcode is Rcode.NXDOMAIN and len(names) > 1
            return names, _End.DEAD if dead else _End.ELSEWHERE
        if further in (*names, case.record.name) or len(names) >= CHAIN_LIMIT:
            return [*names, further], _End.LOOP
        names.append(further)
    return names, _End.RIGHT


def _whose(case: Case, target: str) -> str:
    """Whose the target is, as far as known."""
    token, _, zone = target.partition(".")
    wanted_token, _, wanted_zone = case.target.partition(".")
    for other in case.context.records:
        if other.id is not case.record.id and other.value == target:
            return f"that value belongs to the record at {other.name}"
    if token == wanted_token and target.endswith(AMAZON):
        return f"the token is right, but SES keeps its key in {wanted_zone}, not in {zone} (another Region)"
    if target.endswith(AMAZON):
        return "that token belongs to another SES identity, another Region or an earlier setup"
    return "that is not an Amazon SES name"


@fault("key-missing", Severity.BLOCKS, DKIM)
def key_missing(case: Case) -> Iterator[Problem]:
    """There is no key at the CNAME's target."""
    answer = case.ask(case.target, "TXT")
    if _is_right(case) and answer and answer.absent and _by_its_owner(answer):
        wait = answer.soa.negative_ttl if answer.soa else 0
        yield (
            f"The record is correct, but SES has no key at {case.target} yet (this answer may be up to "
            f"{wait} seconds old).",
            "Change nothing in the zone and wait a few minutes. If this finding stays, the tokens may belong "
            "to a deleted identity: compare them with those that SES shows.",
            {"name": case.target, "seconds": wait},
        )


@fault("key-revoked", Severity.BLOCKS, DKIM)
def key_revoked(case: Case) -> Iterator[Problem]:
    """The key at the CNAME's target is empty."""
    if any(key.revoked for key in _keys(case)):
        yield (
            f"The key at {case.target} is empty: SES has revoked it.",
            "Create new DKIM tokens for the identity in SES, then replace these records with the new ones.",
            {"name": case.target},
        )


@fault("key-weak", Severity.WARNS, DKIM)
def key_weak(case: Case) -> Iterator[Problem]:
    """The key at the CNAME's target is shorter than 1024 bits (RFC 8301 §3.2)."""
    for key in _keys(case):
        if key.bits is not None and key.bits < WEAK_BELOW:
            yield (
                f"The key at {case.target} has {key.bits} bits; receivers require at least {WEAK_BELOW}.",
                "Switch the identity to a 2048-bit key in SES.",
                {"name": case.target, "bits": key.bits},
            )


def _is_right(case: Case) -> bool:
    return any(_followed(case, target)[1] is _End.RIGHT for target in targets(case))


def _by_its_owner(answer: Answer) -> bool:
    """Whether a denial comes from the zone the key belongs to, not from one that knows no such zone."""
    zone = answer.soa.zone if answer.soa else ""
    return zone.count(".") > 0 and f".{answer.question.name}".endswith(f".{zone}")


def _keys(case: Case) -> list[DkimKey]:
    answer = case.ask(case.target, "TXT") if _is_right(case) else None
    keys = []
    for rdata in answer.rdatas if answer else ():
        if isinstance(rdata, Txt):
            try:
                keys.append(parse_key(rdata.text))
            except DkimError:
                continue
    return keys
