"""From what was seen in the DNS to what is wrong, why, and what to type to mend it. Pure.

The asking side goes round like this: ask ``questions`` and ``asides`` of every record and ``zone_questions``;
then ask what ``probes`` returns, put the answers with the others, and so on until it returns nothing. It
returns nothing at once for a record that is simply right. Names outside the zone (an SPF include, a CNAME's
target) are among them: those are for a recursive resolver. Then ``judge_all`` gives the rows, and
``with_opinions`` adds what others say than the zone's own servers.
"""

from __future__ import annotations

from wizard.dns.causes.case import Case, Context
from wizard.dns.causes.kinds import asides, judged, questions, unknown_dkim
from wizard.dns.causes.opinions import with_opinions
from wizard.dns.causes.zone import zone_findings, zone_questions
from wizard.dns.records import Record
from wizard.dns.seen import Answers, Question, ZoneSeen
from wizard.dns.verdict import Row

__all__ = [
    "Context",
    "asides",
    "judge",
    "judge_all",
    "probes",
    "questions",
    "with_opinions",
    "zone_findings",
    "zone_questions",
]


def probes(record: Record, zone: ZoneSeen, answers: Answers) -> tuple[Question, ...]:
    """What else must be asked to tell what is wrong with ``record``; empty where nothing is or all is known.

    Call it again with the new answers added, until it returns nothing: one answer may lead to another
    question.
    """
    case = Case(record, zone, answers, Context(zone.domain))
    judged(case)
    return case.unanswered


def judge(record: Record, answers: Answers, zone: ZoneSeen, context: Context) -> Row:
    """The row for ``record``: where it stands and, worst first, why."""
    return judged(Case(record, zone, answers, context))


def judge_all(
    records: tuple[Record, ...], answers: Answers, zone: ZoneSeen, context: Context
) -> tuple[Row, ...]:
    """All rows in the checklist's order. Where the DKIM tokens are not known, their rows are UNKNOWN."""
    rows = tuple(judge(record, answers, zone, context) for record in records)
    if context.own_keys or any(record.type == "CNAME" for record in records):
        return rows
    return (*unknown_dkim(zone, context), *rows)
