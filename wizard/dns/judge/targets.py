"""What can be wrong with the host name that a CNAME or MX record leads to."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.dns.answers import Host, Mx
from wizard.dns.findings import Severity
from wizard.dns.judge.case import Case, cleaned
from wizard.dns.judge.registry import AS_RECORD, DKIM, MX, Problem, fault
from wizard.text import printable

AMAZON = (".amazonses.com", ".amazonaws.com")


def targets(case: Case) -> tuple[str, ...]:
    """The host names that the record at this place leads to, as published."""
    answer = case.answer
    if answer is None:
        return ()
    if case.record.type == "CNAME" and not answer.rdatas:
        return answer.cnames[:1]
    return tuple(
        rdata.name if isinstance(rdata, Host) else rdata.host
        for rdata in answer.rdatas
        if isinstance(rdata, Host | Mx)
    )


@fault("quoted-value", AS_RECORD, (*DKIM, *MX))
def quoted_value(case: Case) -> Iterator[Problem]:
    """The value contains literal quotes or parts of a URL."""
    for target in targets(case):
        if cleaned(target) != target.lower().rstrip("."):
            yield (
                f"The value {printable(target)} contains quotes or parts of a URL.",
                f"Enter only the name: {case.entry_words()}.",
                {"value": printable(target)},
            )


@fault("relative-target", Severity.BLOCKS, (*DKIM, *MX))
def relative_target(case: Case) -> Iterator[Problem]:
    """The target ends in the zone's own name because the final dot is missing."""
    for target in targets(case):
        if without_zone(case, target):
            provider = case.context.provider
            dot = "" if provider and provider.final_dot else "."
            yield (
                f"The value became {printable(target)} because the DNS host adds {case.apex} to a value "
                "without a final dot.",
                f"End the value with a dot: {case.entry_words(f'{case.record.value}{dot}')}.",
                {"value": printable(target)},
            )


def without_zone(case: Case, target: str) -> str | None:
    """What was typed, where the DNS host added the zone's name to a target at Amazon; None elsewhere."""
    typed = cleaned(target).removesuffix(f".{case.apex}").rstrip(".")
    return typed if typed != cleaned(target) and typed.endswith(AMAZON) else None
