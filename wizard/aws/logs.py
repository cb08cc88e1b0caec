"""Amazon CloudWatch Logs: reading what a function printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wizard.aws.access import AwsAccess
from wizard.aws.failures import translated

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef

_PAGES = 20
"""How many pages one look reads at most: some come empty although more follow."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of a log group (FilterLogEvents); ``id`` is its own alone."""

    id: str
    at: datetime
    message: str


def filter_log_events(aws: AwsAccess, group: str, since: datetime, limit: int) -> tuple[LogEvent, ...]:
    """The lines of ``group`` from ``since`` on, the oldest first, ``limit`` at most.

    (logs:FilterLogEvents.) None where there is no such group. Raises WizardError.
    """
    found: list[LogEvent] = []
    with translated("logs:FilterLogEvents", aws.profile):
        client: CloudWatchLogsClient = aws.client("logs")
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since.timestamp() * 1000)
        )
        try:
            for number, page in enumerate(pages, start=1):
                found += [_event(event, since) for event in page.get("events", ())]
                if len(found) >= limit or number == _PAGES:
                    break
        except client.exceptions.ResourceNotFoundException:
            return ()
    return tuple(found[:limit])


def _event(event: FilteredLogEventTypeDef, since: datetime) -> LogEvent:
    """One event. Other implementations of the API give it no id: then its place and its words are one."""
    millis, message = event.get("timestamp"), event.get("message", "")
    return LogEvent(
        id=event.get("eventId") or f"{event.get('logStreamName', '')} {millis} {message}",
        at=since if millis is None else datetime.fromtimestamp(millis / 1000, UTC),
        message=message,
    )
