"""The runs of the reminder, from the flow's own records: what became of each, and starting one by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from wizard.aws import dynamodb, functions
from wizard.project import Project
from wizard.reminder.template import function_name
from wizard.steps.model import Event, Progress, Report
from wizard.steps.reminder_stack import output, standing
from wizard.world import World

QUIET = timedelta(minutes=16)
"""With no sign of life for so long nobody is at work on a run: a function runs for 15 minutes at most."""
_SAID = {
    "claimed": "the function ended after taking this address and before saying what became of the mail; "
    "it is not sent again, for it may have left",
}
"""Words for outcomes that the function could not explain itself."""


@dataclass(frozen=True, slots=True)
class RunSeen:
    """One run, named by its time. ``mode`` is direct or queue, ``ended`` None until it came to its end.

    Of the ``people`` found so far, ``sent`` were written to; for ``unsure`` ones SES gave no clear answer.
    ``bounced`` and ``complained`` are mails whose bounce or complaint came back. ``stopped`` is why the run
    waits: unsure, throttled, tables, quota, paused, gave_up, held (the reminder is paused), time, or nothing;
    ``said`` is SES's code for it.
    ``again`` is when the last resend ended; None before one did. ``again_stopped`` is why a resend waits.
    ``left`` is how many recipients have no mail because the run expired; None in a run that did not.
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
        """Whether a function is probably at work on it."""
        return self.ended is None and now - self.last < QUIET


@dataclass(frozen=True, slots=True)
class FailedMail:
    """A mail that did not arrive, as far as is known.

    ``outcome`` is failed, unsure, claimed, bounced or complained; ``detail`` says why.
    """

    email: str
    outcome: str
    detail: str


def runs(world: World, project: Project, limit: int = 10) -> tuple[RunSeen, ...]:
    """The last runs, the newest first. Raises WizardError, also where the stack is not complete."""
    table = output(standing(world, project), "RunsTable")
    rows = dynamodb.query(world.aws, table, {"reminder": "runs"}, limit, newest_first=True)
    return tuple(map(_run_seen, rows))


def failures(world: World, project: Project, run: str, limit: int = 200) -> tuple[FailedMail, ...]:
    """The mails of ``run`` that failed or came back, ``limit`` at most, by address. Raises WizardError."""
    stack = standing(world, project)
    found = dynamodb.get(world.aws, output(stack, "RunsTable"), {"reminder": "runs", "run": run})
    # What a run at work has claimed is no failure: it is being sent.
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
    return tuple(sorted(map(_failed_mail, rows), key=lambda mail: mail.email))


def run_now(world: World, project: Project, report: Report) -> str:
    """Have Lambda start a run, and give its name: this second, in UTC.

    Within that second a second one is the same run, and nobody gets its mail twice. Raises WizardError, also
    where the stack is not complete.
    """
    standing(world, project)
    run = f"{world.now():%Y-%m-%dT%H:%M:%SZ}"
    report(Event("run", Progress.STARTED))
    functions.start(world.aws, function_name(project.reminder.stack), {"run": run, "execution": "by hand"})
    report(Event("run", Progress.DONE, "Lambda has taken it"))
    return run


def resend(
    world: World,
    project: Project,
    run: str,
    report: Report,
    outcome: Literal["failed", "unsure"] = "failed",
) -> None:
    """Have Lambda send the mails of ``run`` with that outcome once more; ``RunSeen.again`` tells when it has.

    Unsure mail may have arrived: whoever has it gets it twice. Raises WizardError, also where the stack is
    not complete.
    """
    standing(world, project)
    moment = f"{world.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    event = {"resend": run, "id": moment, "outcome": outcome}
    functions.start(world.aws, function_name(project.reminder.stack), event)
    report(Event(f"{outcome} mails", Progress.STARTED, "Lambda sends them once more"))


def _partitions(run: str, record: Mapping[str, str]) -> list[str]:
    """The partition keys of a run's claims; one for all in a run from before they were spread."""
    shards = int(json.loads(record.get("job", "{}")).get("shards", 0))
    return [f"{run}#{shard}" for shard in range(shards)] or [run]


def _run_seen(row: Mapping[str, str]) -> RunSeen:
    began = row.get("began", row["run"])
    return RunSeen(
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
        **{
            name: int(row.get(name, 0))
            for name in (
                "people",
                "sent",
                "failed",
                "unsure",
                "opted_out",
                "invalid",
                "bounced",
                "complained",
            )
        },
    )


def _failed_mail(row: Mapping[str, str]) -> FailedMail:
    if row.get("event"):
        return FailedMail(row["email"], row["event"], row.get("event_detail", ""))
    return FailedMail(row["email"], row["outcome"], row.get("detail") or _SAID.get(row["outcome"], ""))
