"""The deployed template: what the next plan depends on, and the settings that are not deployed yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from wizard.addresses import AddressError
from wizard.aws import cloudformation, dynamodb
from wizard.aws.cloudformation import Stack
from wizard.errors import WizardError
from wizard.project.schema import Project, Reminder
from wizard.reminder import draft
from wizard.reminder.capacity import GOES_ON, MIN_WORKERS, Capacity
from wizard.reminder.schedule.expressions import At, Rate, ScheduleError, parse
from wizard.reminder.setup import opt_outs_table
from wizard.reminder.template import build as template
from wizard.reminder.template.parts import whole
from wizard.steps.reminder.identities import spare_identities
from wizard.steps.reminder.runs import runs
from wizard.world import World

_RESUMED = timedelta(days=GOES_ON)
"""Older runs are not continued."""
TIMES = frozenset({"schedule", "time zone", "start", "end"})
"""The settings that say when runs start."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack's template, empty if the stack is not complete, and its mode: direct, queue, or nothing."""

    template: Mapping[str, Any] = field(default_factory=dict)
    mode: str = ""

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """A resource's properties; empty if the template has no such resource."""
        return _properties(self.template, logical_id)

    @property
    def subject(self) -> str:
        """The subject of the deployed message, with its fields."""
        return str(self.properties("MessageTemplate").get("Template", {}).get("SubjectPart", ""))

    def spare(self, project: Project) -> tuple[str, ...]:
        """The identities that the function can use, and needs only in the sandbox."""
        return spare_identities(project, self.template)

    def start(self, project: Project, now: datetime, *, keep: bool = True) -> datetime | None:
        """The StartDate to deploy, such that the schedule does not change only because time passes.

        EventBridge refuses a StartDate in the past, but an unchanged schedule can ``keep`` the deployed one.
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
        latest = _latest_default_start(reminder, now)
        kept = template.template(draft.setup_of(project, start=since))["Resources"]["Schedule"]["Properties"]
        if keep and not chosen and since <= latest and kept == properties:
            return since
        return draft.start_date(reminder, now, since if since <= latest else None)


def deployed(world: World, stack: Stack | None) -> Deployed:
    """The template and mode of ``stack``. Raises WizardError."""
    if stack is None or not stack.complete:
        return Deployed()
    mode = "queue" if "Queue" in stack.outputs else "direct"
    made = cloudformation.get_template(world.aws, stack.name)
    return Deployed(whole(made, stack.parameters) if made else {}, mode)


def opt_outs_name(world: World, project: Project, before: Deployed) -> str | None:
    """The name that the opt-outs table keeps: see ``Setup.opt_outs_name``.

    A stack of an earlier version left its table under a name chosen by CloudFormation; a new stack uses that
    table again. Raises WizardError, also if several are left.
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
            "Earlier stacks left several opt-outs tables",
            f"{', '.join(left[:5])}: only one can be used again.",
            "Copy the rows of all into one in the DynamoDB console, delete the others, then plan again.",
        )
    return left[0] if left else ""


def without_loss(world: World, project: Project, before: Deployed, wanted: Capacity) -> Capacity:
    """``wanted``, or the present queue while mails of an unfinished run may be in it. Raises WizardError."""
    if before.mode != "queue" or wanted.mode == "queue":
        return wanted
    now = world.now()
    if not any(run.ended is None and now - run.began < _RESUMED for run in runs(world, project, 3)):
        return wanted
    words = "The queue stays while an unfinished run may have mails in it: plan again after the run."
    return Capacity("queue", MIN_WORKERS, wanted.seconds, f"{wanted.words} {words}")


def changed(project: Project, template_body: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """The settings that differ from the deployed template, by their plain names.

    Empty if nothing is deployed, or if an address or the schedule is invalid (see ``draft.problems``). The
    recipients' rows are not in the template: see ``recipients.present``.
    """
    if not template_body:
        return ()
    present = _settings(template_body)
    try:
        wanted = _settings(template.template(draft.setup_of(project)))
        wanted["start"] = _wanted_start(project.reminder, present, now)
    except (AddressError, ScheduleError):
        return ()
    return tuple(name for name, value in wanted.items() if value != present[name])


def _wanted_start(reminder: Reminder, present: Mapping[str, object], now: datetime) -> object:
    """The StartDate that the project asks for, or the deployed one if only the passing time differs."""
    start = present["start"]
    if isinstance(parse(reminder.schedule or ""), At) or present["schedule"] != reminder.schedule:
        return start
    if reminder.start and reminder.start > now:
        return reminder.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    latest = _latest_default_start(reminder, now)
    return start if isinstance(start, str) and datetime.fromisoformat(start) <= latest else None


def _latest_default_start(reminder: Reminder, now: datetime) -> datetime:
    """The latest StartDate that ``draft.start_date`` gives by itself; a later one was chosen by the user."""
    parsed = parse(reminder.schedule or "")
    return now + parsed.every if isinstance(parsed, Rate) else now


def _properties(body: Mapping[str, Any], logical_id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = body.get("Resources", {}).get(logical_id, {}).get("Properties", {})
    return found


def _settings(body: Mapping[str, Any]) -> dict[str, object]:
    """The settings in a template, by their plain names."""
    message = _properties(body, "MessageTemplate").get("Template", {})
    variables = _properties(body, "TriggerReminder").get("Environment", {}).get("Variables", {})
    schedule = _properties(body, "Schedule")
    table = [variables.get(name) for name in ("RECIPIENTS", "EMAIL", "OPTED_OUT", "MAPPING")]
    return {
        "subject": message.get("SubjectPart"),
        "text": message.get("TextPart"),
        "HTML": message.get("HtmlPart"),
        "sender": variables.get("SENDER"),
        "unsubscribe address": variables.get("UNSUBSCRIBE"),
        "recipients": table,
        "schedule": schedule.get("ScheduleExpression"),
        "time zone": schedule.get("ScheduleExpressionTimezone"),
        "start": schedule.get("StartDate"),
        "end": schedule.get("EndDate"),
        "window": schedule.get("FlexibleTimeWindow"),
        "pause": schedule.get("State"),
        "alerts": _properties(body, "AlertsSubscription").get("Endpoint"),
        "configuration set": variables.get("CONFIGURATION_SET"),
    }
