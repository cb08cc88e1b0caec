"""What the project file says that is not deployed yet, by the template that the stack was made from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wizard.addresses import AddressError
from wizard.project.schema import Project, Reminder
from wizard.reminder import draft
from wizard.reminder.schedule.expressions import At, Rate, ScheduleError, parse
from wizard.reminder.template import build as template

TIMES = frozenset({"schedule", "time zone", "start", "end"})
"""The settings that say when runs start."""


def changed(project: Project, deployed: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """The settings that differ from the ``deployed`` template, as a person calls them.

    None where nothing is deployed, or where the project has an address or a schedule that cannot be read:
    ``draft.problems`` tells those. The recipients' rows are not in the template: see ``reminder_recipients``.
    """
    if not deployed:
        return ()
    there = _settings(deployed)
    try:
        wanted = _settings(template.template(draft.setup_of(project)))
        wanted["start"] = _start(project.reminder, there, now)
    except (AddressError, ScheduleError):
        return ()
    return tuple(name for name, value in wanted.items() if value != there[name])


def _start(reminder: Reminder, there: Mapping[str, object], now: datetime) -> object:
    """The StartDate that the project asks for: as deployed, where that only differs because time goes by.

    EventBridge takes none that has passed, and a rate has one that nobody chose (``draft.start_date``).
    """
    parsed, deployed = parse(reminder.schedule or ""), there["start"]
    if isinstance(parsed, At) or there["schedule"] != reminder.schedule:
        return deployed
    if reminder.start and reminder.start > now:
        return reminder.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    latest = now + parsed.every if isinstance(parsed, Rate) else now
    # One that lies farther ahead was chosen once, and is not any more.
    return deployed if isinstance(deployed, str) and datetime.fromisoformat(deployed) <= latest else None


def _settings(body: Mapping[str, Any]) -> dict[str, object]:
    """The settings that a template holds, by what a person calls them."""
    resources = body.get("Resources", {})

    def properties(logical_id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = resources.get(logical_id, {}).get("Properties", {})
        return found

    message = properties("MessageTemplate").get("Template", {})
    variables = properties("TriggerReminder").get("Environment", {}).get("Variables", {})
    schedule = properties("Schedule")
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
        "alerts": properties("AlertsSubscription").get("Endpoint"),
        "configuration set": variables.get("CONFIGURATION_SET"),
    }
