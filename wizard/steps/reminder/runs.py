"""Runs: their records, the mail that failed, starting a run, and sending failed mail again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from wizard.aws import dynamodb, lambda_, sesv2
from wizard.project.schema import Project
from wizard.reminder.message.refusals import Refusal, explain_failure, explain_return
from wizard.reminder.template.build import function_name
from wizard.steps.model import Event, Progress, Report
from wizard.steps.reminder.own_stack import output, standing
from wizard.text import printable
from wizard.world import World

QUIET = timedelta(minutes=16)
"""After so long without a sign of life no function works on a run: it has 15 minutes at most."""
_UNSURE = {
    "claimed": "The function ended before it could note what became of the mail.",
    "unsure": "SES gave no clear answer.",
}
"""Why the result of a mail is unknown, by its outcome."""
_NUMBERS = ("people", "sent", "failed", "unsure", "opted_out", "invalid", "bounced", "complained")
_MAY_HAVE_LEFT = "The mail may have arrived. Send it again (U) only if twice is better than never."


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run, named by its time. ``mode`` is direct or queue; ``ended`` is None until the run ends.

    ``people`` are the recipients found so far; for ``unsure`` mail SES gave no clear answer. ``stopped`` is
    why the run waits: unsure, throttled, tables, quota, paused, gave_up, held (the reminder is paused), time,
    or nothing; ``said`` is SES's code for it. ``again`` is when the last resend ended, ``again_stopped`` why
    one waits. ``left`` is how many recipients have no mail because the run expired, None if it did not.
    """

    run: str
    began: datetime
    last: datetime
    ended: datetime | None
    mode: str
    people: int
    sent: int
    failed: int
    unsure: int
    opted_out: int
    bounced: int
    complained: int
    stopped: str
    invalid: int = 0
    again: datetime | None = None
    again_stopped: str = ""
    left: int | None = None
    said: str = ""

    def working(self, now: datetime) -> bool:
        """Whether a function is probably working on it."""
        return self.ended is None and now - self.last < QUIET


@dataclass(frozen=True, slots=True)
class FailedMail:
    """A mail that did not arrive, as far as is known: why (``words``), and what to do (``todo``).

    ``outcome`` is failed, unsure, claimed, bounced or complained.
    """

    email: str
    outcome: str
    words: str
    todo: str = ""


def runs(world: World, project: Project, limit: int = 10) -> tuple[RunReport, ...]:
    """The last runs, the newest first. Raises WizardError, also if the stack is not complete."""
    table = output(standing(world, project), "RunsTable")
    rows = dynamodb.query(world.aws, table, {"reminder": "runs"}, limit, newest_first=True)
    return tuple(map(_run_seen, rows))


def failures(world: World, project: Project, run: str, limit: int = 200) -> tuple[FailedMail, ...]:
    """The mails of ``run`` that failed, bounced or were reported as spam, by address. Raises WizardError."""
    stack = standing(world, project)
    found = dynamodb.get(world.aws, output(stack, "RunsTable"), {"reminder": "runs", "run": run})
    # The claims of a working run are being sent.
    taken = not (found and _run_seen(found).working(world.now()))
    rows: list[Mapping[str, str]] = []
    for partition in _partitions(run, found or {}):
        rows += dynamodb.query(
            world.aws,
            output(stack, "ClaimsTable"),
            {"run": partition},
            limit - len(rows),
            condition="outcome IN (:failed, :unsure, :claimed) OR attribute_exists(event)",
            values={":failed": "failed", ":unsure": "unsure", ":claimed": "claimed" if taken else "failed"},
        )
        if len(rows) >= limit:
            break
    if not rows:
        return ()
    sandboxed = not sesv2.get_account(world.aws).production_access
    mails = (_failed_mail(row, project.reminder.sender or "", sandboxed) for row in rows)
    return tuple(sorted(mails, key=lambda mail: mail.email))


def run_now(world: World, project: Project, report: Report) -> str:
    """Start a run, and return its name: this second, in UTC. Within a second, a second start is the same run.

    Raises WizardError, also if the stack is not complete.
    """
    standing(world, project)
    run = f"{world.now():%Y-%m-%dT%H:%M:%SZ}"
    report(Event("run", Progress.STARTED))
    lambda_.start(world.aws, function_name(project.reminder.stack), {"run": run, "execution": "by hand"})
    report(Event("run", Progress.DONE, "Lambda accepted it"))
    return run


def resend(
    world: World,
    project: Project,
    run: str,
    report: Report,
    outcome: Literal["failed", "unsure"] = "failed",
) -> None:
    """Start sending the mails of ``run`` with that outcome once more; ``RunReport.again`` is when that ended.

    Unsure mail may arrive twice. Raises WizardError, also if the stack is not complete.
    """
    standing(world, project)
    moment = f"{world.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    event = {"resend": run, "id": moment, "outcome": outcome}
    lambda_.start(world.aws, function_name(project.reminder.stack), event)
    report(Event(f"{outcome} mails", Progress.STARTED, "Lambda sends them again"))


def _partitions(run: str, record: Mapping[str, str]) -> list[str]:
    """The partition keys of a run's claims; a single one in a run of an earlier version."""
    shards = int(json.loads(record.get("job", "{}")).get("shards", 0))
    return [f"{run}#{shard}" for shard in range(shards)] or [run]


def _run_seen(row: Mapping[str, str]) -> RunReport:
    began = row.get("began", row["run"])
    return RunReport(
        run=row["run"],
        began=datetime.fromisoformat(began),
        last=datetime.fromisoformat(row.get("last", began)),
        ended=datetime.fromisoformat(row["ended"]) if row.get("ended") else None,
        mode=row.get("mode", ""),
        stopped="" if row.get("ended") else row.get("stopped") or row.get("waits", ""),
        again=datetime.fromisoformat(row["again"]) if row.get("again") else None,
        again_stopped=row.get("again_stopped", ""),
        left=int(row["left"]) if "left" in row else None,
        said=row.get("said", ""),
        **{name: int(row.get(name, 0)) for name in _NUMBERS},
    )


def _failed_mail(row: Mapping[str, str], sender: str, sandboxed: bool) -> FailedMail:
    outcome, detail = row.get("event") or row["outcome"], row.get("detail", "")
    if row.get("event"):
        cause = explain_return(outcome, row.get("event_detail", ""))
    elif outcome == "failed":
        cause = explain_failure(detail, sender, sandboxed)
    else:
        cause = Refusal(_UNSURE.get(outcome, printable(detail, 200)), _MAY_HAVE_LEFT)
    return FailedMail(row["email"], outcome, cause.words, cause.todo)
