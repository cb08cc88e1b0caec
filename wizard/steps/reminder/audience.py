"""Counts the recipients of a run before it is started."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.aws import cloudformation, dynamodb, sesv2
from wizard.project.schema import Project
from wizard.reminder.recipients.reach import Reach
from wizard.steps.account.health import UNLIMITED
from wizard.steps.reminder.identities import verified
from wizard.steps.reminder.own_stack import output, standing
from wizard.steps.reminder.recipients import COUNTED
from wizard.world import World

_YES = ("true", "yes", "1", "y")
"""Values of the opt-out attribute that the function takes for yes."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The recipients in the table, and how many of them get no mail.

    For a table that is large or the user's own, ``people`` is DynamoDB's own count (``about``), and
    ``unverified`` and ``opted_out`` are None. In the ``sandbox`` SES refuses mail to ``unverified``
    recipients. ``room`` is the rest of the daily quota, None if there is no quota.
    """

    people: int
    about: bool = False
    unverified: int | None = 0
    opted_out: int | None = 0
    sandbox: bool = False
    room: int | None = None

    @property
    def reached(self) -> int:
        """How many recipients the run can send to, as far as that is known."""
        return self.people - (self.unverified or 0) - (self.opted_out or 0)

    @property
    def words(self) -> str:
        """How many recipients there are, and how many get no mail or have to wait."""
        parts = [f"{'about ' if self.about else ''}{_count(self.people, 'recipient')}"]
        if self.unverified:
            parts.append(
                f"{_are(self.unverified)} unverified: SES refuses that mail until production access "
                "(step 6), which raises the alarm for failed mail"
            )
        elif self.sandbox and self.unverified is None:
            parts.append("SES refuses mail to unverified recipients until production access (step 6)")
        if self.opted_out:
            parts.append(f"{self.opted_out:,} opted out and get{'s' if self.opted_out == 1 else ''} none")
        elif self.opted_out is None:
            parts.append("opted-out recipients get none")
        if self.room is not None and self.room < self.reached:
            parts.append(f"SES's daily quota has room for {self.room:,}, the rest have to wait")
        return f"{'; '.join(parts)}."


def audience(world: World, project: Project) -> Audience:
    """Count the recipients of a run started now. Raises WizardError, also if nothing is deployed."""
    stack = standing(world, project)
    account = sesv2.get_account(world.aws)
    room = None
    if account.max_24_hour_send != UNLIMITED:
        room = max(0, int(account.max_24_hour_send - account.sent_last_24_hours))
    sandbox = not account.production_access
    table = output(stack, "RecipientsTable")
    own = [
        one.physical_id
        for one in cloudformation.list_stack_resources(world.aws, stack.name)
        if one.logical_id == "RecipientsTable"
    ]
    found = dynamodb.describe_table(world.aws, table)
    items = found.items if found else 0
    if table not in own or items > COUNTED:
        return Audience(items, True, None, None, sandbox, room)
    gone = {row["email"] for row in dynamodb.scan(world.aws, output(stack, "OptOutsTable"))}
    reach = Reach(verified(sesv2.list_identities(world.aws)) if sandbox else ())
    people = opted_out = 0
    for row in dynamodb.scan(world.aws, table) if found else ():
        people += 1
        if row["email"].lower() in gone or row.get("opted_out", "").strip().lower() in _YES:
            opted_out += 1
        elif sandbox:
            reach.add(row["email"])
    return Audience(people, False, reach.refused, opted_out, sandbox, room)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return f"{number:,} {'is' if number == 1 else 'are'}"
