"""Amazon EventBridge Scheduler: reading one schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wizard.aws.access import AwsAccess
from wizard.aws.failures import needed, translated

if TYPE_CHECKING:
    from types_boto3_scheduler import EventBridgeSchedulerClient


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule (GetSchedule). ``start`` and ``end`` are its StartDate and EndDate, where it has them."""

    expression: str
    timezone: str
    enabled: bool
    start: datetime | None
    end: datetime | None = None


def get_schedule(aws: AwsAccess, group: str, name: str) -> Schedule | None:
    """The schedule ``name`` in ``group``, or None (scheduler:GetSchedule). Raises WizardError."""
    with translated("scheduler:GetSchedule", aws.profile):
        client: EventBridgeSchedulerClient = aws.client("scheduler")
        try:
            found = client.get_schedule(GroupName=group, Name=name)
        except client.exceptions.ResourceNotFoundException:
            return None
    return Schedule(
        expression=needed(found, "ScheduleExpression", "scheduler:GetSchedule"),
        timezone=found.get("ScheduleExpressionTimezone", "UTC"),
        enabled=found.get("State", "ENABLED") == "ENABLED",
        start=found.get("StartDate"),
        end=found.get("EndDate"),
    )
