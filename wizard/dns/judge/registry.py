"""The finding codes: each is declared once, by the decorator of the function that detects it.

A detector yields ``Problem``s, and its decorator makes ``Finding``s of them. The first line of its docstring
says when the code is reported; ``reference`` prints all codes for docs/findings.md. To add a code, write one
detector: ``@fault`` if the record exists, ``@elsewhere`` if it is not at its place, ``@zone_wide`` for the
zone as a whole. A ``@remark`` is called by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import update_wrapper, wraps
from typing import Concatenate, ParamSpec

from wizard.dns.answers import Answers, Opinions, ZoneSeen
from wizard.dns.findings import Finding, Severity
from wizard.dns.judge.case import Case
from wizard.dns.records import RecordId

DKIM = (RecordId.DKIM1, RecordId.DKIM2, RecordId.DKIM3)
MX = (RecordId.MAIL_FROM_MX,)
SPF = (RecordId.SPF, RecordId.MAIL_FROM_SPF)
DOMAIN_SPF = (RecordId.SPF,)
DMARC = (RecordId.DMARC,)
ANY = tuple(RecordId)
ZONE = ()

AS_RECORD = None
"""The severity of a code that matters as much as its record does (``Case.severity``)."""

Problem = tuple[str, str, Mapping[str, object]]
"""The message, the fix and the evidence of a finding."""


@dataclass(frozen=True, slots=True)
class WholeZone:
    """What detectors of the zone as a whole look at."""

    zone: ZoneSeen
    answers: Answers
    opinions: Opinions


@dataclass(slots=True)
class Code:
    """A finding code. ``records`` is empty for the zone as a whole; ``severities`` has None for AS_RECORD."""

    code: str
    meaning: str
    records: tuple[RecordId, ...] = ()
    severities: tuple[Severity | None, ...] = ()


CODES: dict[str, Code] = {}
FAULTS: defaultdict[RecordId, list[Callable[[Case], Iterator[Finding]]]] = defaultdict(list)
ELSEWHERE: defaultdict[RecordId, list[Callable[[Case], Iterator[Finding]]]] = defaultdict(list)
ZONE_WIDE: list[Callable[[WholeZone], Iterator[Finding]]] = []

P = ParamSpec("P")
Detector = Callable[Concatenate[Case, P], Iterator[Problem]]
Decorated = Callable[Concatenate[Case, P], Iterator[Finding]]


def remark(
    code: str, severity: Severity | None, records: tuple[RecordId, ...]
) -> Callable[[Detector[P]], Decorated[P]]:
    """Declare ``code`` by a detector that the judging modules call by name."""

    def decorate(detector: Detector[P]) -> Decorated[P]:
        _declare(code, severity, records, detector.__doc__)

        def detect(case: Case, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Finding]:
            for message, fix, evidence in detector(case, *args, **kwargs):
                yield Finding(code, severity or case.severity, message, fix, evidence)

        update_wrapper(detect, detector)
        return detect

    return decorate


def fault(
    code: str, severity: Severity | None, records: tuple[RecordId, ...]
) -> Callable[[Detector[[]]], Decorated[[]]]:
    """Declare ``code`` by a detector for ``records`` that exist at their place. The order declared counts."""
    return _listed(FAULTS, code, severity, records)


def elsewhere(
    code: str, severity: Severity | None, records: tuple[RecordId, ...]
) -> Callable[[Detector[[]]], Decorated[[]]]:
    """Declare ``code`` by a detector for ``records`` that do not exist at their place."""
    return _listed(ELSEWHERE, code, severity, records)


def zone_wide(
    code: str, severity: Severity
) -> Callable[[Callable[[WholeZone], Iterator[Problem]]], Callable[[WholeZone], Iterator[Finding]]]:
    """Declare ``code`` by a detector for the zone as a whole."""

    def decorate(
        detector: Callable[[WholeZone], Iterator[Problem]],
    ) -> Callable[[WholeZone], Iterator[Finding]]:
        _declare(code, severity, ZONE, detector.__doc__)

        @wraps(detector)
        def detect(seen: WholeZone) -> Iterator[Finding]:
            return (Finding(code, severity, *problem) for problem in detector(seen))

        ZONE_WIDE.append(detect)
        return detect

    return decorate


def _listed(
    lists: defaultdict[RecordId, list[Callable[[Case], Iterator[Finding]]]],
    code: str,
    severity: Severity | None,
    records: tuple[RecordId, ...],
) -> Callable[[Detector[[]]], Decorated[[]]]:
    def decorate(detector: Detector[[]]) -> Decorated[[]]:
        detect = remark(code, severity, records)(detector)
        for record in records:
            lists[record].append(detect)
        return detect

    return decorate


def _declare(
    code: str, severity: Severity | None, records: tuple[RecordId, ...], meaning: str | None
) -> None:
    known = CODES.setdefault(code, Code(code, " ".join((meaning or "").partition("\n\n")[0].split())))
    known.records = tuple(one for one in RecordId if one in (*known.records, *records))
    known.severities = tuple(dict.fromkeys((*known.severities, severity)))
