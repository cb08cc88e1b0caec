"""The ``status`` command: where the set-up stands, step by step, found out by looking."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from wizard.project.schema import Project
    from wizard.steps.account.step import AccountSeen
    from wizard.steps.model import Standing
    from wizard.world import World

SCHEMA = 1
"""The version of the JSON that ``--json`` prints. It may only grow."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options to ``parser``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace, world: World) -> int:
    """Look at every step and print where it stands. ``args`` has ``file`` and ``json``.

    Returns 0 when all steps are done, else 1. Where AWS cannot be asked, what was last known is printed, with
    its date. Raises WizardError: exit code 2 where the file is not valid, 3 where AWS cannot be asked.
    """
    from wizard.project.schema import load
    from wizard.steps.account import step as account
    from wizard.steps.model import Status, last_known
    from wizard.steps.survey import survey, without_aws

    project = load(args.file)
    standings, seen, trouble = last_known(project), None, None
    try:
        seen = account.look(world)
        for standing in survey(world, project, args.file.parent, seen):
            standings[standing.step] = standing
    except WizardError as error:
        if error.exit_code is not ExitCode.OUTSIDE:
            raise
        trouble = error
        if seen is None:
            standings |= {standing.step: standing for standing in without_aws(world, project)}
    show = as_json if args.json else as_table
    print(show(project, seen, list(standings.values()), trouble), flush=True)
    if trouble:
        raise trouble
    return ExitCode.OK if all(s.status is Status.DONE for s in standings.values()) else ExitCode.NO


def as_json(
    project: Project, seen: AccountSeen | None, standings: list[Standing], trouble: WizardError | None
) -> str:
    """The result as one JSON object on one line.

    ``as_of`` is when a step's state was last known, null where it was found now; ``error`` is why AWS could
    not be asked.
    """
    steps = [
        {
            "step": s.step.value,
            "status": s.status.value,
            "words": s.words,
            "as_of": s.as_of.isoformat(timespec="seconds") if s.as_of else None,
        }
        for s in standings
    ]
    error = {"message": f"{trouble.title}. {trouble.what}", "fix": trouble.todo} if trouble else None
    account_id, region = _place(project, seen)
    return json.dumps(
        {
            "schema": SCHEMA,
            "domain": project.domain.name,
            "account": account_id,
            "region": region,
            "steps": steps,
            "error": error,
        }
    )


def as_table(
    project: Project, seen: AccountSeen | None, standings: list[Standing], trouble: WizardError | None
) -> str:
    """The result for people: a heading, then a line a step."""
    account_id, region = _place(project, seen)
    place = [f"account {account_id}" if account_id else "", region or ""]
    heading = " · ".join(filter(None, (project.domain.name or "no domain yet", *place)))
    states = [
        f"last known: {s.status.value}, {s.as_of.astimezone():%d %b %Y}"
        if s.as_of
        else s.status.value
        if s.words
        else "not known"
        for s in standings
    ]
    width = max(9, *map(len, states))
    lines = [
        f"{s.step.number}  {s.step.value:<10}  {state:<{width}}  {s.words}".rstrip()
        for s, state in zip(standings, states, strict=True)
    ]
    note = ["AWS could not be asked. What was last known is told with its date."] if trouble else []
    return "\n".join([heading, *note, "", *lines])


def _place(project: Project, seen: AccountSeen | None) -> tuple[str | None, str | None]:
    """Account and Region: as they were found, else as the file names them."""
    return (seen.account_id, seen.region) if seen else (project.account.id, project.account.region)
