"""Who gets the mail: what an import would change in the stack's table, and carrying it out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wizard.aws import dynamodb
from wizard.aws.cloudformation import Stack
from wizard.errors import WizardError
from wizard.project import Project
from wizard.reminder import draft
from wizard.reminder.message import fields_of
from wizard.reminder.recipients import covering_identities
from wizard.reminder.refusals import SIMULATOR
from wizard.steps.model import Event, Progress, Report
from wizard.world import World


@dataclass(frozen=True, slots=True)
class Import:
    """What the recipients are, and what carrying this out does to the rows of the table.

    ``file`` is the CSV file that they stand in. ``blank`` says for how many each field of the message is
    empty. ``covering`` are those SES identities, of the verified ones, that cover a recipient; ``refused``
    is how many recipients none of them covers.
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

    @property
    def changes_anything(self) -> bool:
        """Whether a row would be written or removed."""
        return bool(self.added or self.changed or self.removed)


def plan_import(
    world: World, project: Project, base: Path, stack: Stack | None, verified: Collection[str] = ()
) -> Import:
    """What carrying out the project's recipients would change. ``base`` is the project file's folder.

    ``verified`` are the SES identities whose mail the sandbox lets through. Raises WizardError.
    """
    people = draft.read_recipients(project, base)
    present = _rows(world, stack)
    reachable = {*verified, SIMULATOR.partition("@")[2]}
    used = [covering_identities(person.email) & reachable for person in people.people]
    changed = sum(present.get(person.email, person.fields) != person.fields for person in people.people)
    added = sum(person.email not in present for person in people.people)
    return Import(
        file=draft.recipients_file(project, base),
        recipients=len(people.people),
        added=added,
        changed=changed,
        removed=len(present.keys() - {person.email for person in people.people}),
        kept=len(people.people) - added - changed,
        blank={name: len(people.without(name)) for name in fields_of(draft.message_of(project))},
        covering=frozenset().union(*used) & frozenset(verified),
        refused=sum(not names for names in used),
    )


def carry_out(world: World, stack: Stack, planned: Import, report: Report) -> None:
    """Bring the table to what the planned recipients are, and tell how far it has come.

    Nothing is told where nothing is to be done. Raises WizardError; what was written before a broken
    connection stays, and the next plan shows what is missing.
    """
    if planned.file is None:
        return
    people = draft.read_file(planned.file)
    present = _rows(world, stack)
    puts = [person.fields for person in people.people if present.get(person.email) != person.fields]
    deletes = sorted(present.keys() - {person.email for person in people.people})
    if not puts and not deletes:
        return
    report(Event("recipients", Progress.STARTED))
    dynamodb.write(
        world.aws, table_of(stack, "RecipientsTable"), puts, [{"email": email} for email in deletes]
    )
    report(Event("recipients", Progress.DONE))


def count(world: World, stack: Stack) -> int:
    """How many recipients there are in the stack's table. Raises WizardError."""
    return dynamodb.count(world.aws, table_of(stack, "RecipientsTable"))


def table_of(stack: Stack, output: str) -> str:
    """The name of one of the stack's tables, by its output. Raises WizardError where the stack has none."""
    if output not in stack.outputs:
        raise WizardError(
            f"The stack {stack.name} is not as this wizard makes it",
            f"It has no output called {output}.",
            "Plan and carry out this step again.",
        )
    return stack.outputs[output]


def _rows(world: World, stack: Stack | None) -> dict[str, dict[str, str]]:
    """The rows of the recipients' table by address; none where the stack is not complete."""
    if stack is None or not stack.complete:
        return {}
    return {row["email"]: row for row in dynamodb.scan(world.aws, table_of(stack, "RecipientsTable"))}
