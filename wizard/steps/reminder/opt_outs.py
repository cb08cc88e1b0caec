"""The opt-outs table, which every run checks. Complaints are added by the function, others here by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest

from wizard.addresses import typed_address
from wizard.aws import dynamodb
from wizard.project.schema import Project
from wizard.steps.reminder.own_stack import output, standing
from wizard.world import World

_TABLE = "OptOutsTable"


@dataclass(frozen=True, slots=True)
class OptOut:
    """An address in lower case that gets no mail since ``at``; ``why`` is "complaint" or "by hand"."""

    email: str
    at: datetime
    why: str


def opt_outs(world: World, project: Project, limit: int = 200) -> tuple[OptOut, ...]:
    """The latest opt-outs, the newest first, ``limit`` at most; reads the whole table.

    Raises WizardError, also if the stack is not complete.
    """
    rows = dynamodb.scan(world.aws, output(standing(world, project), _TABLE))
    latest = nlargest(limit, rows, key=lambda row: (row.get("at", ""), row["email"]))
    return tuple(OptOut(row["email"], _moment(row.get("at", "")), row.get("why", "")) for row in latest)


def opt_out(world: World, project: Project, address: str) -> bool:
    """Add ``address``. False if it had opted out before, which stays as it is.

    Raises WizardError, also if the address is not valid or the stack is not complete.
    """
    row = {
        "email": typed_address(address).lower(),
        "at": f"{world.now():%Y-%m-%dT%H:%M:%SZ}",
        "why": "by hand",
    }
    return dynamodb.put_new(world.aws, output(standing(world, project), _TABLE), row, key="email")


def opt_in(world: World, project: Project, address: str) -> bool:
    """Remove ``address``, which must be its owner's wish. False if it had not opted out.

    Raises WizardError, also if the address is not valid or the stack is not complete.
    """
    return dynamodb.delete(
        world.aws, output(standing(world, project), _TABLE), {"email": typed_address(address).lower()}
    )


def _moment(text: str) -> datetime:
    """A time of the table; ``datetime.min`` if it cannot be read."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
