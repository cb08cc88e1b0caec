"""The ``status`` command: where the set-up stands, step by step, found out by looking."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.errors import ExitCode, WizardError
from wizard.program import command
from wizard.text import printable

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.steps.account import AccountSeen
    from wizard.steps.model import Standing
    from wizard.world import World

SCHEMA = 1
"""The version of the JSON that ``--json`` prints. It may only grow."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options to ``parser``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace, world: World) -> int:
    """Look at every step and print where it stands. ``args`` has ``file`` and ``json``.

    Returns 0 when all steps are done, else 1. Raises WizardError: exit code 1 where there is no file, 2 where
    it is not valid, 3 where AWS cannot be asked.
    """
    if not args.file.exists():
        raise _nothing_begun(args.file)
    from wizard.project import load
    from wizard.steps import account
    from wizard.steps.model import Status
    from wizard.steps.survey import survey

    project = load(args.file)
    seen = account.look(world)
    standings = list({standing.step: standing for standing in survey(world, project, seen)}.values())
    print(as_json(project, seen, standings) if args.json else as_table(project, seen, standings))
    return ExitCode.OK if all(s.status is Status.DONE for s in standings) else ExitCode.NO


def _nothing_begun(file: Path) -> WizardError:
    """Without a file nothing was begun: that is said before anything is asked that only a set-up needs."""
    where = "in this folder" if file.parent == Path() else f"in {printable(str(file.parent), 200)}"
    return WizardError(
        "No set-up was begun here",
        f"There is no {printable(file.name, 200)} {where}, so there is nothing to tell about.",
        f"Begin with `{command()}`, or name the file of a set-up with `--file`. "
        f"`{command('demo')}` shows how it goes, without an account.",
        ExitCode.NO,
    )


def as_json(project: Project, seen: AccountSeen, standings: list[Standing]) -> str:
    """The result as one JSON object on one line."""
    steps = [{"step": s.step.value, "status": s.status.value, "words": s.words} for s in standings]
    return json.dumps(
        {
            "schema": SCHEMA,
            "domain": project.domain.name,
            "account": seen.account_id,
            "region": seen.region,
            "steps": steps,
        }
    )


def as_table(project: Project, seen: AccountSeen, standings: list[Standing]) -> str:
    """The result for people: a heading, then a line a step."""
    heading = f"{project.domain.name or 'no domain yet'} · account {seen.account_id} · {seen.region}"
    lines = [f"{s.step.number}  {s.step.value:<10}  {s.status.value:<9}  {s.words}" for s in standings]
    return "\n".join([heading, "", *lines])
