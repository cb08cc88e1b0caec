"""A run of the reminder in words: its line in the list, what stands below it, and its failures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from screens.widgets.columns import Cells
from wizard.reminder.capacity import GOES_ON
from wizard.reminder.message.refusals import explain_stop
from wizard.reminder.schedule.schedules import moment_words
from wizard.text import printable

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from wizard.steps.reminder.runs import FailedMail, RunSeen

RESUMED_FOR = timedelta(days=GOES_ON)
"""Older runs are not continued by the resume schedule."""

Mark = tuple[str, str]
"""A symbol with its word, and the colour."""

ENDED: Mark = ("✓ ended", "$text-success")
GOING_ON: Mark = ("» going on", "$text-accent")
WAITING: Mark = ("… waiting", "$text-warning")
STANDS: Mark = ("! stands", "$text-warning")
GAVE_UP: Mark = ("✗ gave up", "$text-error")
EXPIRED: Mark = ("✗ expired", "$text-error")

STOPPED: dict[str, tuple[Mark, str]] = {
    "unsure": (
        WAITING,
        "SES gave an unclear answer. The run stopped, and continues by itself once SES answers again.",
    ),
    "throttled": (WAITING, "SES is too busy. The run continues by itself, after ten minutes at most."),
    "tables": (WAITING, "DynamoDB did not answer. The run continues by itself, within the hour."),
    "quota": (WAITING, "The daily quota is used up. The run continues by itself once SES takes mail again."),
    "time": (GOING_ON, "One call's time ran out; it handed the rest on to the next."),
    "paused": (STANDS, "AWS has paused sending. The run continues by itself once sending is allowed again."),
    "held": (STANDS, "The reminder is paused. The run continues once you resume it."),
    "gave_up": (
        GAVE_UP,
        "SES refuses every mail. The run continues by itself, after ten minutes at most, once that is fixed.",
    ),
    "expired": (EXPIRED, ""),
}
"""What is said of a run that stopped, by why."""

OUTCOMES: dict[str, Mark] = {
    "failed": ("✗ failed", "$text-error"),
    "bounced": ("! bounced", "$text-warning"),
    "complained": ("! complained", "$text-warning"),
    "unsure": ("? unsure", "$text-warning"),
    "claimed": ("? unsure", "$text-warning"),
}
"""Of a mail that did not arrive, as far as is known."""


def going_on(run: RunSeen, now: datetime) -> bool:
    """Whether it is worth looking again soon: a function is at work on the run."""
    return run.working(now) and run.stopped in ("", "time")


def standing_of(run: RunSeen, now: datetime, *, paused: bool = False) -> tuple[Mark, str]:
    """Where ``run`` stands, and why, in a sentence that may be empty; ``paused`` as the schedule is."""
    if run.left:
        people = "recipient has" if run.left == 1 else "recipients have"
        return EXPIRED, f"{run.left:,} {people} no mail: the run did not end within {GOES_ON} days."
    if run.ended:
        return ENDED, ""
    if paused and run.mode == "queue":
        return STANDS, "The pause holds the queue: it goes on once you resume."
    if run.stopped in STOPPED and run.stopped != "time":
        mark, words = STOPPED[run.stopped]
        return mark, f"{words} {explain_stop(run.said)}".rstrip()
    if run.working(now):
        return GOING_ON, STOPPED[run.stopped][1] if run.stopped else ""
    if now - run.began > RESUMED_FOR:
        return STANDS, f"The run did not end within {GOES_ON} days, and is not continued."
    return STANDS, "No function works on the run: the resume schedule continues it within ten minutes."


def line(run: RunSeen, now: datetime, place: ZoneInfo, *, paused: bool = False) -> Content:
    """The run in one line of the list: when by the clocks of ``place``, how it stands, what came of it."""
    (mark, colour), _ = standing_of(run, now, paused=paused)
    counts = [f"{run.sent:,} of {run.people:,} sent" if _counted(run) else f"{run.sent:,} sent"]
    others = {
        "failed": run.failed,
        "unsure": run.unsure,
        "skipped": run.opted_out + run.invalid,
        "bounced": run.bounced,
        "complained": run.complained,
    }
    counts += [f"{count:,} {name}" for name, count in others.items() if count]
    return Content.assemble(
        Content.styled(f"{run.began.astimezone(place):%a %d %b %H:%M %Z}  ", "bold"),
        Content.styled(f"{mark:<10}", colour),
        Content.styled(f"{took(run):>12}  ", "$text-muted"),
        ", ".join(counts),
    )


def _counted(run: RunSeen) -> bool:
    """Whether it is known to how many people it goes; a part of them is counted when it is done with."""
    return run.ended is None and run.people >= run.sent + run.failed + run.unsure + run.opted_out > 0


def detail(run: RunSeen, now: datetime, place: ZoneInfo, *, paused: bool = False) -> list[Cells]:
    """All numbers of ``run``, why it stands as it does, and when failed mails were sent again."""
    (mark, colour), why = standing_of(run, now, paused=paused)
    known = run.ended or _counted(run)
    people = f"{run.people:,} {'person' if run.people == 1 else 'people'}" if known else "So far"
    numbers = (
        f"{run.sent:,} sent, {run.failed:,} failed, {run.unsure:,} unsure, "
        f"{run.opted_out + run.invalid:,} skipped, {run.bounced:,} bounced, {run.complained:,} complained"
    )
    skipped = [f"{run.opted_out:,} opted out"] if run.opted_out else []
    skipped += [f"{run.invalid:,} without an address that SES takes"] if run.invalid else []
    rows: list[Cells] = [(Content.styled(people, "bold"), numbers)]
    rows += [(Content.styled("Skipped", "$text-muted"), ", ".join(skipped))] if skipped else []
    rows += [(Content.styled(mark, colour), why)] if why else []
    if run.again:
        rows += [(Content.styled("Again", "$text-muted"), f"sent again {moment_words(run.again, place)}")]
    mode = {"queue": "by a queue and its workers", "direct": "by the function itself"}.get(run.mode, "")
    return [
        *rows,
        (Content.styled("Run", "$text-muted"), ", ".join(filter(None, (printable(run.run), mode)))),
    ]


def sent_again(before: RunSeen, after: RunSeen, outcome: str) -> str:
    """What came of sending the failed or unsure mails of ``before`` again; nothing while that is not known.

    The run's numbers tell it: in ``before`` they are as they were when it was asked for.
    """
    if after.again is None or after.again == before.again:
        return ""
    failed = outcome == "failed"
    settled = {
        "sent": after.sent - before.sent,
        "unsure" if failed else "unsure again": after.unsure - (before.unsure if failed else 0),
        "skipped": after.opted_out - before.opted_out,
        "failed again: Enter shows why" if failed else "failed": after.failed
        - (0 if failed else before.failed),
    }
    told = ", ".join(f"{count:,} {name}" for name, count in settled.items() if count > 0)
    return f"of {before.failed if failed else before.unsure:,}: {told or 'none was left to send'}"


def took(run: RunSeen) -> str:
    """How long ``run`` took, or has been going on."""
    seconds = max(0, round(((run.ended or run.last) - run.began).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def failed_rows(mails: Sequence[FailedMail]) -> list[Cells]:
    """Why mails did not arrive, cause by cause: what became of them, what to do, and whose they were."""
    causes: dict[tuple[str, str, str], list[str]] = {}
    for mail in mails:
        causes.setdefault((mail.outcome, mail.words, mail.todo), []).append(printable(mail.email, 60))
    rows: list[Cells] = []
    for (outcome, words, todo), addresses in causes.items():
        mark, colour = OUTCOMES.get(outcome, (printable(outcome, 20), "$text-muted"))
        rows.append((Content.styled(mark, colour), printable(words, 500)))
        if todo:
            rows.append((Content.styled("→ to do", "bold"), printable(todo, 500)))
        rows.append(("", Content.styled(", ".join(addresses), "bold")))
    return rows
