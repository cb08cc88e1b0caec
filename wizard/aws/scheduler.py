"""Amazon EventBridge Scheduler: reading one schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call_unless
from wizard.aws.failures import needed


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule (GetSchedule). ``start`` and ``end`` are its StartDate and EndDate, if set."""

    expression: str
    timezone: str
    enabled: bool
    start: datetime | None
    end: datetime | None = None


def get_schedule(aws: AwsAccess, group: str, name: str) -> Schedule | None:
    """Return the schedule ``name`` in ``group``, or None if it does not exist. Raises WizardError."""
    found = call_unless(aws, "ResourceNotFoundException", "scheduler:GetSchedule", GroupName=group, Name=name)
    if found is None:
        return None
    return Schedule(
        expression=needed(found, "ScheduleExpression", "scheduler:GetSchedule"),
        timezone=found.get("ScheduleExpressionTimezone", "UTC"),
        enabled=found.get("State", "ENABLED") == "ENABLED",
        start=found.get("StartDate"),
        end=found.get("EndDate"),
    )
