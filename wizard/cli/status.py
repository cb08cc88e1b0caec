"""The ``status`` command: the state of every step, found by looking."""

from __future__ import annotations

import argparse
import json

from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project, load
from wizard.steps.account import step as account
from wizard.steps.account.step import AccountReport
from wizard.steps.model import Status, StepState, last_known
from wizard.steps.survey import survey, without_aws
from wizard.world import World

SCHEMA = 1
"""The version of the JSON that ``--json`` prints; members are only ever added."""


def run(args: argparse.Namespace, world: World) -> int:
    """Look at every step and print its state (``args``: ``file``, ``json``).

    Returns 0 if all steps are done, else 1. If AWS cannot be asked, prints what was last known, with its
    date, and raises WizardError (exit code 3). Raises WizardError (exit code 2) if FILE is not valid.
    """
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
    project: Project, seen: AccountReport | None, standings: list[StepState], trouble: WizardError | None
) -> str:
    """Return the result as one JSON object on one line.

    ``as_of`` is when a step's state was last known, null if it was found now; ``error`` says why AWS could
    not be asked.
    """
    account_id, region = _account_and_region(project, seen)
    error = {"message": f"{trouble.title}. {trouble.what}", "fix": trouble.todo} if trouble else None
    return json.dumps(
        {
            "schema": SCHEMA,
            "domain": project.domain.name,
            "account": account_id,
            "region": region,
            "steps": [
                {
                    "step": s.step.value,
                    "status": s.status.value,
                    "words": s.words,
                    "as_of": s.as_of.isoformat(timespec="seconds") if s.as_of else None,
                }
                for s in standings
            ],
            "error": error,
        }
    )


def as_table(
    project: Project, seen: AccountReport | None, standings: list[StepState], trouble: WizardError | None
) -> str:
    """Return the result as text: a heading, then one line a step."""
    account_id, region = _account_and_region(project, seen)
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
    note = ["AWS could not be asked. This is what was last known, with its date."] if trouble else []
    return "\n".join([heading, *note, "", *lines])


def _account_and_region(project: Project, seen: AccountReport | None) -> tuple[str | None, str | None]:
    """Return account and Region as found, else as FILE names them."""
    return (seen.account_id, seen.region) if seen else (project.account.id, project.account.region)
