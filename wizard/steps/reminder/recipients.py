"""The recipients' table: what an import would change in the stack's own table, the import, and counts.

Only the table that the stack created is ever written. Of a table of the user's, DescribeTable is all that is
called. File and table are read row by row, and remembered in an ``AddressIndex``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from wizard.aws import cloudformation, dynamodb
from wizard.aws.cloudformation import Stack
from wizard.aws.dynamodb import Row
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder import draft
from wizard.reminder.message.fields import fields_of
from wizard.reminder.recipients import parse as recipients
from wizard.reminder.recipients.csv_file import opened, recipients_file
from wizard.reminder.recipients.index import AddressIndex
from wizard.reminder.recipients.parse import Recipient
from wizard.reminder.recipients.reach import Reach
from wizard.steps.model import Event, Progress, Report
from wizard.steps.reminder.own_stack import output
from wizard.steps.reminder.user_table import described
from wizard.text import printable
from wizard.world import World

COUNTED = 100_000
"""Tables of up to so many rows are counted row by row; for larger ones DynamoDB's own count is used."""
COMPARED = 10_000
"""Tables of up to so many rows are compared with the file at each look; of larger ones only the numbers."""
_REPORTED = 500
"""Rows after which an import reports its progress, at the earliest."""


@dataclass(frozen=True, slots=True)
class Import:
    """The recipients of the project, and what importing them does to the rows of the stack's own table.

    ``file`` is their CSV file, None for a table of the user's: that has ``about`` so many ``recipients``, and
    ``table_key`` is the ARN of its KMS key. ``blank`` is how many recipients lack a value, by field of the
    message. ``covering`` are the verified SES identities that cover a recipient (all of them for a table of
    the user's); ``refused`` is how many recipients none of them covers. ``seal`` changes with the file.
    """

    file: Path | None
    recipients: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    blank: Mapping[str, int] = field(default_factory=dict)
    covering: frozenset[str] = frozenset()
    refused: int = 0
    seal: int = 0
    about: bool = False
    table_key: str | None = None

    @property
    def changes_anything(self) -> bool:
        """Whether a row would be written or removed."""
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class Present:
    """How many recipients a table has; ``about`` if that is DynamoDB's own count, some hours old.

    ``changed``: the project's file has other recipients than the table, as far as they are compared.
    """

    number: int
    about: bool = False
    changed: bool = False


def plan_import(
    world: World, project: Project, base: Path, stack: Stack | None, verified: Collection[str] = ()
) -> Import:
    """What importing the project's recipients would change. ``base`` is the project file's folder.

    ``verified`` are the SES identities that the sandbox accepts; none outside of it. Raises WizardError, also
    for the first line of the file that has a problem.
    """
    if project.reminder.table:
        table = described(world, project.reminder.table.name)
        return Import(None, table.items, covering=frozenset(verified), about=True, table_key=table.key_arn)
    path = recipients_file(project, base)
    wanted, reach = _Wanted(), Reach(verified)
    blank: Counter[str] = Counter()
    names = fields_of(draft.message_of(project))
    with opened(path) as file:
        for person in recipients.people(file):
            wanted.add(person)
            reach.add(person.email)
            blank.update(name for name in names if not person.fields.get(name))
    own = _own_table(world, stack)
    met = Counter(wanted.compare(row) for row in (dynamodb.scan(world.aws, own) if own else ()))
    return Import(
        file=path,
        recipients=len(wanted),
        added=len(wanted) - met["changed"] - met["kept"],
        changed=met["changed"],
        removed=met["removed"],
        kept=met["kept"],
        blank={name: blank[name] for name in names if blank[name]},
        covering=reach.covering,
        refused=reach.refused,
        seal=wanted.seal,
    )


def carry_out(world: World, stack: Stack, planned: Import, report: Report) -> None:
    """Import the recipients into the stack's own table as ``planned``, and report the progress.

    The whole file is read before the first row is written: nothing is imported from a file that has a problem
    or has changed since the plan. If the connection breaks, the rows written stay, and the next plan shows
    what is missing. The opt-outs' table is not touched. Raises WizardError.
    """
    if planned.file is None:
        return
    table = _own_table(world, stack)
    if table is None:
        raise WizardError(
            f"The stack {stack.name} does not match this version of ses-wizard",
            "It has no table for the recipients.",
            "Plan and deploy this step again.",
        )
    report(Event("recipients", Progress.STARTED, "reading the file"))
    with opened(planned.file) as file:
        wanted = _wanted(file)
        if wanted.seal != planned.seal:
            raise WizardError(
                f"{printable(planned.file.name, 200)} changed since the plan",
                "The file changed after you approved the plan. Nothing was imported.",
                "Plan again, and check the plan.",
            )
        rows = dynamodb.scan(world.aws, table)
        gone = ({"email": row["email"]} for row in rows if wanted.compare(row) == "removed")
        removed, written = planned.removed, planned.added + planned.changed
        dynamodb.write(world.aws, table, deletes=gone, done=_progress(report, removed, "old rows removed"))
        missing = (person.fields for person in recipients.people(file) if wanted.lacks(person))
        dynamodb.write(world.aws, table, missing, done=_progress(report, written, "rows written"))
    report(Event("recipients", Progress.DONE, f"{len(wanted):,} in the table"))


def present(world: World, project: Project, base: Path, stack: Stack, own_table: str) -> Present:
    """The recipients in the table that the stack uses, compared with the project's file.

    ``own_table`` is the stack's own table, empty if it uses one of the user's: that is only described. If the
    file cannot be read, nothing is compared (``draft.problems`` says why). Raises WizardError.
    """
    table = output(stack, "RecipientsTable")
    found = dynamodb.describe_table(world.aws, table)
    if found is None:
        return Present(0)
    items = found.items
    if table != own_table or items > COUNTED:
        return Present(items, about=True)
    if project.reminder.table:
        return Present(dynamodb.count(world.aws, table))
    try:
        with opened(recipients_file(project, base)) as file:
            wanted = _wanted(file)
    except WizardError:
        return Present(dynamodb.count(world.aws, table))
    if items > COMPARED:
        number = dynamodb.count(world.aws, table)
        return Present(number, changed=number != len(wanted))
    met = Counter(wanted.compare(row) for row in dynamodb.scan(world.aws, table))
    return Present(met.total(), changed=met["kept"] != met.total() or met.total() != len(wanted))


def _wanted(file: BinaryIO) -> _Wanted:
    """The recipients in the CSV file. Raises LineError for the first line with a problem."""
    wanted = _Wanted()
    for person in recipients.people(file):
        wanted.add(person)
    return wanted


class _Wanted:
    """The recipients that the table must have, by a hash of each row, and which of them it has already."""

    _FOUND = 0
    """Replaces the hash of a row that the table has."""

    def __init__(self) -> None:
        self._rows = AddressIndex()
        self.seal = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, person: Recipient) -> None:
        """Add a recipient."""
        content = _hash(person.fields)
        self._rows.add(person.email, content)
        self.seal = (self.seal + content) % 2**64

    def compare(self, row: Row) -> Literal["kept", "changed", "removed"]:
        """What an import does with a row of the table; a row to keep is no longer lacking."""
        content = self._rows.get(row["email"])
        if content is None:
            return "removed"
        if content != _hash(row):
            return "changed"
        self._rows.replace(row["email"], self._FOUND)
        return "kept"

    def lacks(self, person: Recipient) -> bool:
        """Whether the table does not have this recipient's row."""
        return self._rows.get(person.email) != self._FOUND


def _hash(row: Row) -> int:
    """A hash of a row, the same within this process."""
    return hash(frozenset(row.items())) or 1


def _own_table(world: World, stack: Stack | None) -> str | None:
    """The table of recipients that the stack created; None if it has none."""
    if stack is None or not stack.complete:
        return None
    for resource in cloudformation.list_stack_resources(world.aws, stack.name):
        if resource.logical_id == "RecipientsTable" and resource.status != "DELETE_COMPLETE":
            return resource.physical_id
    return None


def _progress(report: Report, total: int, words: str) -> Callable[[int], None]:
    """Reports the number of rows done, every hundredth of the way."""
    step = max(_REPORTED, total // 100)
    reported = 0

    def count(done: int) -> None:
        nonlocal reported
        if done // step > reported:
            reported = done // step
            report(Event("recipients", Progress.STARTED, f"{done:,} of {total:,} {words}"))

    return count
