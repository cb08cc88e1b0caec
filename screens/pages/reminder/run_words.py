"""A run in words: its line in the list, its details, and its failures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from textual.content import Content

from screens.widgets.columns import Cells
from wizard.reminder.capacity import GOES_ON
from wizard.reminder.message.refusals import explain_stop
from wizard.reminder.schedule.schedules import moment_words
from wizard.steps.reminder.runs import FailedMail, RunReport
from wizard.text import printable

RESUMED_FOR = timedelta(days=GOES_ON)
"""The resume schedule does not continue older runs."""

Mark = tuple[str, str]
"""A symbol with its word, and the colour."""

ENDED: Mark = ("✓ ended", "$text-success")
RUNNING: Mark = ("» running", "$text-accent")
WAITING: Mark = ("… waiting", "$text-warning")
STOPPED: Mark = ("! stopped", "$text-warning")
GAVE_UP: Mark = ("✗ gave up", "$text-error")
EXPIRED: Mark = ("✗ expired", "$text-error")

REASONS: dict[str, tuple[Mark, str]] = {
    "unsure": (
        WAITING,
        "SES gave no clear answer. The run continues by itself once SES answers again.",
    ),
    "throttled": (WAITING, "SES throttles the mail. The run continues by itself within ten minutes."),
    "tables": (WAITING, "DynamoDB did not answer. The run continues by itself within the hour."),
    "quota": (
        WAITING,
        "The daily quota is used up. The run continues once SES accepts mail again.",
    ),
    "time": (RUNNING, "One call's time ran out; the next call continues."),
    "paused": (STOPPED, "AWS has paused sending. The run continues by itself once sending is allowed again."),
    "held": (STOPPED, "The reminder is paused. The run continues once you resume it."),
    "gave_up": (
        GAVE_UP,
        "SES refuses every mail. The run continues by itself within ten minutes after you fix that.",
    ),
    "expired": (EXPIRED, ""),
}
"""The mark and the words for a stopped run, by the reason."""

OUTCOMES: dict[str, Mark] = {
    "failed": ("✗ failed", "$text-error"),
    "bounced": ("! bounced", "$text-warning"),
    "complained": ("! complained", "$text-warning"),
    "unsure": ("? unsure", "$text-warning"),
    "claimed": ("? unsure", "$text-warning"),
}
"""The marks of mail that did not arrive, by outcome."""


def is_running(run: RunReport, now: datetime) -> bool:
    """Whether a function is working on the run."""
    return run.working(now) and run.stopped in ("", "time")


def run_status(run: RunReport, now: datetime, *, paused: bool = False) -> tuple[Mark, str]:
    """The status of ``run``, and the reason in a sentence or nothing; ``paused`` is the schedule's."""
    if run.left:
        people = "recipient has" if run.left == 1 else "recipients have"
        return EXPIRED, f"{run.left:,} {people} no mail: the run did not end within {GOES_ON} days."
    if run.ended:
        return ENDED, ""
    if paused and run.mode == "queue":
        return STOPPED, "The reminder is paused. The run continues once you resume it."
    if run.stopped in REASONS and run.stopped != "time":
        mark, words = REASONS[run.stopped]
        return mark, f"{words} {explain_stop(run.said)}".rstrip()
    if run.working(now):
        return RUNNING, REASONS[run.stopped][1] if run.stopped else ""
    if now - run.began > RESUMED_FOR:
        return STOPPED, f"The run did not end within {GOES_ON} days, and is not continued."
    return STOPPED, "No function is working on the run: the resume schedule continues it within ten minutes."


def line(run: RunReport, now: datetime, place: ZoneInfo, *, paused: bool = False) -> Content:
    """The run in one line of the list: time, status, duration, numbers."""
    (mark, colour), _ = run_status(run, now, paused=paused)
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


def _counted(run: RunReport) -> bool:
    """Whether the number of recipients is known."""
    return run.ended is None and run.people >= run.sent + run.failed + run.unsure + run.opted_out > 0


def detail(run: RunReport, now: datetime, place: ZoneInfo, *, paused: bool = False) -> list[Cells]:
    """All numbers of ``run``, the reason of its status, and the last resend."""
    (mark, colour), why = run_status(run, now, paused=paused)
    known = run.ended or _counted(run)
    people = f"{run.people:,} recipient{'' if run.people == 1 else 's'}" if known else "So far"
    numbers = (
        f"{run.sent:,} sent, {run.failed:,} failed, {run.unsure:,} unsure, "
        f"{run.opted_out + run.invalid:,} skipped, {run.bounced:,} bounced, {run.complained:,} complained"
    )
    skipped = [f"{run.opted_out:,} opted out"] if run.opted_out else []
    skipped += [f"{run.invalid:,} without a valid address"] if run.invalid else []
    rows: list[Cells] = [(Content.styled(people, "bold"), numbers)]
    rows += [(Content.styled("Skipped", "$text-muted"), ", ".join(skipped))] if skipped else []
    rows += [(Content.styled(mark, colour), why)] if why else []
    if run.again:
        rows += [(Content.styled("Again", "$text-muted"), f"sent again {moment_words(run.again, place)}")]
    mode = {"queue": "with a queue and workers", "direct": "in one call of the function"}.get(run.mode, "")
    return [
        *rows,
        (Content.styled("Run", "$text-muted"), ", ".join(filter(None, (printable(run.run), mode)))),
    ]


def sent_again(before: RunReport, after: RunReport, outcome: str) -> str:
    """The result of sending the failed or unsure mails of ``before`` again, or nothing while it is unknown.

    It is the difference of the run's numbers ``before`` and ``after``.
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
    result = ", ".join(f"{count:,} {name}" for name, count in settled.items() if count > 0)
    return f"of {before.failed if failed else before.unsure:,}: {result or 'none was left to send'}"


def took(run: RunReport) -> str:
    """How long ``run`` took, or has been running."""
    seconds = max(0, round(((run.ended or run.last) - run.began).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def failed_rows(mails: Sequence[FailedMail]) -> list[Cells]:
    """Why mails did not arrive, by cause: what to do, and the addresses."""
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
