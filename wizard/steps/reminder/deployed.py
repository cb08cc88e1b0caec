"""What the reminder's stack was last made from, as far as the next plan depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from wizard.aws import cloudformation, dynamodb
from wizard.aws.cloudformation import Stack
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder import draft
from wizard.reminder.capacity import GOES_ON, MIN_WORKERS, Capacity
from wizard.reminder.schedule.expressions import Rate, parse
from wizard.reminder.setup import opt_outs_table
from wizard.reminder.template import build as template
from wizard.reminder.template.parts import whole
from wizard.steps.reminder.identities import spare_identities
from wizard.steps.reminder.runs import runs
from wizard.world import World

_RESUMED = timedelta(days=GOES_ON)
"""A run that has not ended by then is not continued."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack's template, empty where it is not complete, and its mode: direct, queue, or nothing."""

    template: Mapping[str, Any] = field(default_factory=dict)
    mode: str = ""

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """A resource's properties; none where the template has no such resource."""
        found: Mapping[str, Any] = (
            self.template.get("Resources", {}).get(logical_id, {}).get("Properties", {})
        )
        return found

    @property
    def subject(self) -> str:
        """The subject of the deployed message, with its fields."""
        return str(self.properties("MessageTemplate").get("Template", {}).get("SubjectPart", ""))

    def spare(self, project: Project) -> tuple[str, ...]:
        """The identities that the function may use, and needs only in the sandbox."""
        return spare_identities(project, self.template)

    def start(self, project: Project, now: datetime, *, keep: bool = True) -> datetime | None:
        """The StartDate of a schedule that shall not change only because time goes by.

        EventBridge takes no StartDate that has passed; but one that stands there may stay, as long as nothing
        else about the schedule changes either. Where it may be written anew, do not ``keep`` it.
        """
        reminder = project.reminder
        properties = self.properties("Schedule")
        same_times = (
            properties.get("ScheduleExpression") == reminder.schedule
            and properties.get("ScheduleExpressionTimezone") == reminder.timezone
        )
        if not same_times or "StartDate" not in properties:
            return draft.start_date(reminder, now)
        since = datetime.fromisoformat(properties["StartDate"])
        chosen = reminder.start is not None and reminder.start > now
        parsed = parse(reminder.schedule or "")
        # One that lies farther ahead was chosen once, and is not any more.
        latest = now + parsed.every if isinstance(parsed, Rate) else now
        kept = template.template(draft.setup_of(project, start=since))["Resources"]["Schedule"]["Properties"]
        if keep and not chosen and since <= latest and kept == properties:
            return since
        return draft.start_date(reminder, now, since if since <= latest else None)


def deployed(world: World, stack: Stack | None) -> Deployed:
    """What ``stack`` was last made from. Raises WizardError."""
    if stack is None or not stack.complete:
        return Deployed()
    mode = "queue" if "Queue" in stack.outputs else "direct"
    made = cloudformation.get_template(world.aws, stack.name)
    return Deployed(whole(made, stack.parameters) if made else {}, mode)


def opt_outs_name(world: World, project: Project, before: Deployed) -> str | None:
    """The name that the opt-outs table keeps: see ``Setup.opt_outs_name``.

    A stack of an earlier version left its table under a name that CloudFormation gave. A new stack uses that
    table again. Raises WizardError, also where several are left.
    """
    if before.template:
        name: str | None = before.properties("OptOutsTable").get("TableName")
        return name
    stack = project.reminder.stack
    if dynamodb.describe_table(world.aws, opt_outs_table(stack, project.domain.name or "")):
        return ""
    left = [name for name in dynamodb.list_tables(world.aws) if name.startswith(f"{stack}-OptOutsTable-")]
    if len(left) > 1:
        raise WizardError(
            "Several opt-outs tables are left of earlier stacks",
            f"They are {', '.join(left[:5])}. Only one can be used again.",
            "Copy the rows of all into one in the DynamoDB console, delete the others, then plan again.",
        )
    return left[0] if left else ""


def without_loss(world: World, project: Project, before: Deployed, wanted: Capacity) -> Capacity:
    """``wanted``, or the queue as it is while there may be mails of a run in it: they would go with it.

    Raises WizardError.
    """
    if before.mode != "queue" or wanted.mode == "queue":
        return wanted
    now = world.now()
    if not any(run.ended is None and now - run.began < _RESUMED for run in runs(world, project, 3)):
        return wanted
    words = "A run that has not ended may have mails in the queue, so it stays: plan again after that."
    return Capacity("queue", MIN_WORKERS, wanted.seconds, f"{wanted.words} {words}")
