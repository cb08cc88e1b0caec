"""Who gets the mail: what an import would change in the stack's own table, carrying it out, counting.

Only the table that the stack itself made is ever written. A table of the user's is asked for its description,
and nothing else. Neither the file nor the table is held in memory: they are read row by row, and remembered
as digests. Two million recipients take 180 MB and half a minute for a plan, 250 MB and a minute for an
import, beside the time that DynamoDB takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from wizard.aws import cloudformation, dynamodb
from wizard.aws.cloudformation import Stack
from wizard.aws.dynamodb import Row
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder import draft
from wizard.reminder.message.fields import fields_of
from wizard.reminder.recipients import parse as recipients
from wizard.reminder.recipients.csv_file import opened, recipients_file
from wizard.reminder.recipients.digests import DigestTable, digest
from wizard.reminder.recipients.parse import Recipient
from wizard.reminder.recipients.reach import Reach
from wizard.steps.model import Event, Progress, Report
from wizard.steps.reminder.own_stack import output
from wizard.steps.reminder.user_table import described
from wizard.text import printable
from wizard.world import World

COUNTED = 100_000
"""Up to so many rows a table is counted row by row; beyond, DynamoDB's own count will do."""
COMPARED = 10_000
"""Up to so many rows the stack's own table is compared with the file at each look; beyond, their numbers."""
_TOLD = 500
"""After how many rows an import tells how far it has come, at the earliest."""


@dataclass(frozen=True, slots=True)
class Import:
    """What the recipients are, and what carrying this out does to the rows of the stack's own table.

    ``file`` is the CSV file that they stand in, None for a table of the user's: of that there are ``about``
    so many ``recipients``, and ``table_key`` is the ARN of its KMS key. ``blank`` says for how many each
    field of the message is empty. ``covering`` are those SES identities, of the verified ones, that cover a
    recipient (all of them where nobody reads the rows); ``refused`` is how many recipients none of them
    covers. ``seal`` stands for the content of the file.
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
    """How many recipients a table has; ``about`` where DynamoDB's own count of some hours ago says so.

    ``changed``: the project's file has other recipients than the table, as far as they are compared.
    """

    number: int
    about: bool = False
    changed: bool = False


def plan_import(
    world: World, project: Project, base: Path, stack: Stack | None, verified: Collection[str] = ()
) -> Import:
    """What carrying out the project's recipients would change. ``base`` is the project file's folder.

    ``verified`` are the SES identities whose mail the sandbox lets through; none outside of it. Raises
    WizardError, also for the first line of the file that has a problem.
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
    met = Counter(wanted.meet(row) for row in _rows(world, stack))
    return Import(
        file=path,
        recipients=len(wanted),
        added=len(wanted) - met[_Met.CHANGED] - met[_Met.KEPT],
        changed=met[_Met.CHANGED],
        removed=met[_Met.GONE],
        kept=met[_Met.KEPT],
        blank={name: blank[name] for name in names if blank[name]},
        covering=reach.covering,
        refused=reach.refused,
        seal=wanted.seal,
    )


def carry_out(world: World, stack: Stack, planned: Import, report: Report) -> None:
    """Bring the stack's own table to what ``planned`` says, and tell how far it has come.

    The whole file is read before the first row is written: nothing is taken over from one with a problem, or
    one that has changed since the plan. It is not one transaction: where the connection breaks, what was
    written stays, the next plan shows what is still missing, and carrying that out ends the same. Opt-outs
    stand in a table of their own and are left alone. Raises WizardError.
    """
    if planned.file is None:
        return
    table = _own_table(world, stack)
    if table is None:
        raise WizardError(
            f"The stack {stack.name} is not as this version makes it",
            "It has no table for the recipients.",
            "Plan and carry out this step again.",
        )
    report(Event("recipients", Progress.STARTED, "reading the file"))
    wanted = _Wanted()
    with opened(planned.file) as file:
        for person in recipients.people(file):
            wanted.add(person)
        if wanted.seal != planned.seal:
            raise _file_changed(planned.file)
        gone = (
            {"email": row["email"]}
            for row in dynamodb.scan(world.aws, table)
            if wanted.meet(row) is _Met.GONE
        )
        dynamodb.write(
            world.aws, table, deletes=gone, done=_telling(report, planned.removed, "old rows removed")
        )
        missing = (person.fields for person in recipients.people(file) if wanted.lacks(person))
        dynamodb.write(
            world.aws, table, missing, done=_telling(report, planned.added + planned.changed, "rows written")
        )
    report(Event("recipients", Progress.DONE, f"{len(wanted):,} in the table"))


def present(world: World, project: Project, base: Path, stack: Stack, own_table: str) -> Present:
    """The recipients in the table that the stack uses, beside those in the project's file.

    ``own_table`` is the stack's own, empty where it uses one of the user's: that is asked for its description
    alone. Where the file cannot be read, nothing is compared: ``draft.problems`` tells why. Raises
    WizardError.
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
        wanted = _wanted(project, base)
    except WizardError:
        return Present(dynamodb.count(world.aws, table))
    if items > COMPARED:
        number = dynamodb.count(world.aws, table)
        return Present(number, changed=number != len(wanted))
    met = Counter(wanted.meet(row) for row in dynamodb.scan(world.aws, table))
    return Present(met.total(), changed=met[_Met.KEPT] != met.total() or met.total() != len(wanted))


def _wanted(project: Project, base: Path) -> _Wanted:
    """The recipients in the project's file. Raises WizardError for the first line with a problem."""
    wanted = _Wanted()
    with opened(recipients_file(project, base)) as file:
        for person in recipients.people(file):
            wanted.add(person)
    return wanted


class _Met(Enum):
    """What a row of the table is to the recipients wanted."""

    KEPT = auto()
    CHANGED = auto()
    GONE = auto()


class _Wanted:
    """The recipients that shall be in the table, as digests, and which of them are there already."""

    _THERE = 0
    """In place of the digest of a row that was found in the table."""

    def __init__(self) -> None:
        self._rows = DigestTable()
        self.seal = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, person: Recipient) -> None:
        """One more that is wanted."""
        content = _content(person.fields)
        self._rows.setdefault(person.email, content)
        self.seal = (self.seal + content) % 2**64

    def meet(self, row: Row) -> _Met:
        """What a row of the table is; one that is as it should be is lacking no more."""
        content = self._rows.get(row["email"])
        if content is None:
            return _Met.GONE
        if content != _content(row):
            return _Met.CHANGED
        self._rows.replace(row["email"], self._THERE)
        return _Met.KEPT

    def lacks(self, person: Recipient) -> bool:
        """Whether the table does not have this recipient's row as it should be."""
        return self._rows.get(person.email) != self._THERE


def _content(row: Row) -> int:
    """A digest of all that stands in a row."""
    return digest("\0".join(f"{name}\0{row[name]}" for name in sorted(row)))


def _rows(world: World, stack: Stack | None) -> Iterator[Row]:
    """The rows of the stack's own table of recipients; none where there is no such table yet."""
    table = _own_table(world, stack)
    return dynamodb.scan(world.aws, table) if table else iter(())


def _own_table(world: World, stack: Stack | None) -> str | None:
    """The table of recipients that the stack itself made, and none of the user's; None where it has none."""
    if stack is None or not stack.complete:
        return None
    for resource in cloudformation.list_stack_resources(world.aws, stack.name):
        if resource.logical_id == "RecipientsTable" and resource.status != "DELETE_COMPLETE":
            return resource.physical_id
    return None


def _telling(report: Report, total: int, words: str) -> Callable[[int], None]:
    """Something to tell how many rows are done, which reports it every hundredth of the way."""
    step = max(_TOLD, total // 100)
    told = 0

    def tell(count: int) -> None:
        nonlocal told
        if count // step > told:
            told = count // step
            report(Event("recipients", Progress.STARTED, f"{count:,} of {total:,} {words}"))

    return tell


def _file_changed(path: Path) -> WizardError:
    return WizardError(
        f"{printable(path.name, 200)} has changed since the plan",
        "Something else stands in it than what you agreed to. Nothing of it was taken over.",
        "Plan again, and look at the plan.",
    )
