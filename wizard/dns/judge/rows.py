"""From what was seen in the DNS to what is wrong, why, and what to enter to fix it. Pure.

The asking side goes round like this: ask ``questions`` and ``asides`` of every record and ``zone_questions``.
``judge_all`` gives the rows and what else is to be asked; put those answers with the others and judge again,
until there is nothing else. There is nothing at once where all records are simply right. Names outside the
zone (an SPF include, a CNAME's target) are among them: those are for a recursive resolver. Then
``with_opinions`` adds what others say than the zone's own servers.
"""

from __future__ import annotations

from wizard.dns.answers import Answers, Question, ZoneSeen
from wizard.dns.findings import Row
from wizard.dns.judge.case import Case, Context
from wizard.dns.judge.kinds import asides, judged, questions, unknown_dkim
from wizard.dns.judge.second_opinions import with_opinions
from wizard.dns.judge.zone import zone_findings, zone_questions
from wizard.dns.records import Record

__all__ = [
    "Context",
    "asides",
    "judge",
    "judge_all",
    "questions",
    "with_opinions",
    "zone_findings",
    "zone_questions",
]


def judge(record: Record, answers: Answers, zone: ZoneSeen, context: Context) -> Row:
    """The row for ``record``: where it stands and, worst first, why."""
    return judged(Case(record, zone, answers, context))


def judge_all(
    records: tuple[Record, ...], answers: Answers, zone: ZoneSeen, context: Context
) -> tuple[tuple[Row, ...], tuple[Question, ...]]:
    """All rows in the checklist's order, and what else must be asked to be sure of them.

    Call it again with the new answers added, until nothing else is to be asked: one answer may lead to
    another question. Where the DKIM tokens are not known, their rows are UNKNOWN.
    """
    cases = [Case(record, zone, answers, context) for record in records]
    rows = tuple(judged(case) for case in cases)
    further = tuple(dict.fromkeys(question for case in cases for question in case.unanswered))
    if context.own_keys or any(record.type == "CNAME" for record in records):
        return rows, further
    return (*unknown_dkim(zone, context), *rows), further
