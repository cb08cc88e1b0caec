"""Who wants no more mail: a table of the stack's own that survives every import, and that each run respects.

Complaints come into it by themselves; here others are put in, or taken out, by hand.
"""

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
    """An address, in small letters, that gets no mail since ``at``; ``why`` is complaint or by hand."""

    email: str
    at: datetime
    why: str


def opt_outs(world: World, project: Project, limit: int = 200) -> tuple[OptOut, ...]:
    """The latest opt-outs, the newest first, ``limit`` at most; the whole table is read for it.

    Raises WizardError, also where the stack is not complete.
    """
    rows = dynamodb.scan(world.aws, output(standing(world, project), _TABLE))
    latest = nlargest(limit, rows, key=lambda row: (row.get("at", ""), row["email"]))
    return tuple(OptOut(row["email"], _moment(row.get("at", "")), row.get("why", "")) for row in latest)


def opt_out(world: World, project: Project, address: str) -> bool:
    """Write no more to ``address``. Whether that is new: an earlier opt-out stays as it is.

    Raises WizardError, also where it is no address or the stack is not complete.
    """
    row = {
        "email": typed_address(address).lower(),
        "at": f"{world.now():%Y-%m-%dT%H:%M:%SZ}",
        "why": "by hand",
    }
    return dynamodb.put_new(world.aws, output(standing(world, project), _TABLE), row, key="email")


def opt_in(world: World, project: Project, address: str) -> bool:
    """Write to ``address`` again, which must be its owner's wish. Whether it had opted out.

    Raises WizardError, also where it is no address or the stack is not complete.
    """
    return dynamodb.delete(
        world.aws, output(standing(world, project), _TABLE), {"email": typed_address(address).lower()}
    )


def _moment(text: str) -> datetime:
    """A time of the table's; one that cannot be read is very long ago."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
