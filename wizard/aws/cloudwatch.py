"""Amazon CloudWatch: alarms, the SNS subscriptions that get them, and the lines of a log group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call, call_pages
from wizard.aws.failures import error_code
from wizard.errors import WizardError

_PENDING = "PendingConfirmation"
"""The SubscriptionArn of a subscription that is not confirmed."""
_PAGES = 20
"""The most pages of log events to read: some are empty although more follow."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm (DescribeAlarms). ``state`` is OK, ALARM or INSUFFICIENT_DATA; ``reason`` says why."""

    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription of an SNS topic (ListSubscriptionsByTopic): no mail before it is ``confirmed``."""

    endpoint: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of a log group (FilterLogEvents), with an ``id`` of its own."""

    id: str
    at: datetime
    message: str


def describe_alarms(aws: AwsAccess, names: Sequence[str]) -> tuple[Alarm, ...]:
    """Return the alarms with these names, up to a hundred. Raises WizardError."""
    answer = call(
        aws,
        "cloudwatch:DescribeAlarms",
        AlarmNames=list(names),
        AlarmTypes=["MetricAlarm"],
        MaxRecords=100,
    )
    return tuple(
        Alarm(alarm["AlarmName"], alarm.get("StateValue", "INSUFFICIENT_DATA"), alarm.get("StateReason", ""))
        for alarm in answer.get("MetricAlarms", ())
        if "AlarmName" in alarm
    )


def list_subscriptions(aws: AwsAccess, topic: str) -> tuple[Subscription, ...]:
    """Return up to a hundred subscriptions of the topic with this ARN. Raises WizardError."""
    answer = call(aws, "sns:ListSubscriptionsByTopic", TopicArn=topic)
    return tuple(
        Subscription(found["Endpoint"], found.get("SubscriptionArn", _PENDING) != _PENDING)
        for found in answer.get("Subscriptions", ())
        if "Endpoint" in found
    )


def filter_log_events(aws: AwsAccess, group: str, since: datetime, limit: int) -> tuple[LogEvent, ...]:
    """Return at most ``limit`` lines of ``group`` from ``since`` on, the oldest first.

    None if the group does not exist. Raises WizardError.
    """
    start = int(since.timestamp() * 1000)
    pages = call_pages(aws, "logs:FilterLogEvents", logGroupName=group, startTime=start)
    found: list[LogEvent] = []
    try:
        for page in islice(pages, _PAGES):
            found += [_event(event, since) for event in page.get("events", ())]
            if len(found) >= limit:
                break
    except WizardError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
    return tuple(found[:limit])


def _event(event: Mapping[str, Any], since: datetime) -> LogEvent:
    """Return one event. If it has no eventId (other implementations of the API), its content is the id."""
    millis, message = event.get("timestamp"), event.get("message", "")
    return LogEvent(
        id=event.get("eventId") or f"{event.get('logStreamName', '')} {millis} {message}",
        at=since if millis is None else datetime.fromtimestamp(millis / 1000, UTC),
        message=message,
    )
