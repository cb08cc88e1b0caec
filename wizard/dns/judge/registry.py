"""The finding codes: each is declared once, by the decorator of the function that detects it.

A detector yields ``Problem``s, and its decorator makes ``Finding``s of them. The first line of its docstring
says when the code is reported; ``reference`` prints all codes for docs/findings.md. To add a code, write one
detector: ``@fault`` if the record exists, ``@elsewhere`` if it is not at its place, ``@zone_wide`` for the
zone as a whole. A ``@remark`` is called by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial, update_wrapper
from typing import Concatenate, ParamSpec

from wizard.dns.answers import Answers, Opinions, ZoneReport
from wizard.dns.findings import Finding, Severity
from wizard.dns.judge.case import Case
from wizard.dns.records import RecordId

DKIM = (RecordId.DKIM1, RecordId.DKIM2, RecordId.DKIM3)
MX = (RecordId.MAIL_FROM_MX,)
SPF = (RecordId.SPF, RecordId.MAIL_FROM_SPF)
DOMAIN_SPF = (RecordId.SPF,)
DMARC = (RecordId.DMARC,)
ANY = tuple(RecordId)

AS_RECORD = None
"""The severity of a code that matters as much as its record does (``Case.severity``)."""

Problem = tuple[str, str, Mapping[str, object]]
"""The message, the fix and the evidence of a finding."""


@dataclass(frozen=True, slots=True)
class WholeZone:
    """What detectors of the zone as a whole look at."""

    zone: ZoneReport
    answers: Answers
    opinions: Opinions


@dataclass(slots=True)
class Code:
    """A finding code. ``records`` is empty for the zone as a whole; ``severities`` has None for AS_RECORD."""

    code: str
    meaning: str
    records: tuple[RecordId, ...] = ()
    severities: tuple[Severity | None, ...] = ()


RecordDetector = Callable[[Case], Iterator[Finding]]
ZoneDetector = Callable[[WholeZone], Iterator[Finding]]

CODES: dict[str, Code] = {}
FAULTS: dict[RecordId, list[RecordDetector]] = {record: [] for record in RecordId}
ELSEWHERE: dict[RecordId, list[RecordDetector]] = {record: [] for record in RecordId}
ZONE_WIDE: list[ZoneDetector] = []

P = ParamSpec("P")
Detector = Callable[Concatenate[Case, P], Iterator[Problem]]
Decorated = Callable[Concatenate[Case, P], Iterator[Finding]]


def remark(
    code: str, severity: Severity | None, records: tuple[RecordId, ...]
) -> Callable[[Detector[P]], Decorated[P]]:
    """Declare ``code`` by a detector that the judging modules call by name."""

    def decorate(detector: Detector[P]) -> Decorated[P]:
        def detect(case: Case, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Finding]:
            for problem in detector(case, *args, **kwargs):
                yield Finding(code, severity or case.severity, *problem)

        _declare(code, severity, records, detector.__doc__)
        update_wrapper(detect, detector)
        return detect

    return decorate


def _listed(
    lists: dict[RecordId, list[RecordDetector]],
    code: str,
    severity: Severity | None,
    records: tuple[RecordId, ...],
) -> Callable[[Detector[[]]], RecordDetector]:
    def decorate(detector: Detector[[]]) -> RecordDetector:
        detect = remark(code, severity, records)(detector)
        for record in records:
            lists[record].append(detect)
        return detect

    return decorate


fault = partial(_listed, FAULTS)
"""Declare a code by a detector for ``records`` that exist at their place; they run in the order declared."""

elsewhere = partial(_listed, ELSEWHERE)
"""Declare a code by a detector for ``records`` that do not exist at their place."""


def zone_wide(
    code: str, severity: Severity
) -> Callable[[Callable[[WholeZone], Iterator[Problem]]], ZoneDetector]:
    """Declare ``code`` by a detector for the zone as a whole."""

    def decorate(detector: Callable[[WholeZone], Iterator[Problem]]) -> ZoneDetector:
        def detect(seen: WholeZone) -> Iterator[Finding]:
            return (Finding(code, severity, *problem) for problem in detector(seen))

        _declare(code, severity, (), detector.__doc__)
        ZONE_WIDE.append(detect)
        return detect

    return decorate


def _declare(
    code: str, severity: Severity | None, records: tuple[RecordId, ...], meaning: str | None
) -> None:
    known = CODES.setdefault(code, Code(code, " ".join((meaning or "").partition("\n\n")[0].split())))
    known.records = tuple(one for one in RecordId if one in (*known.records, *records))
    known.severities = tuple(dict.fromkeys((*known.severities, severity)))
