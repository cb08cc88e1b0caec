"""Amazon CloudWatch's alarms, and who is told of them by Amazon SNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import translated

_PENDING = "PendingConfirmation"
"""What a subscription that waits for its confirmation has in place of an ARN."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm (DescribeAlarms). ``state`` is OK, ALARM or INSUFFICIENT_DATA, ``reason`` why."""

    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who gets what a topic says (ListSubscriptionsByTopic); nobody before they have ``confirmed`` it."""

    endpoint: str
    confirmed: bool


def describe_alarms(aws: AwsAccess, names: Sequence[str]) -> tuple[Alarm, ...]:
    """The alarms with these names, up to a hundred (cloudwatch:DescribeAlarms). Raises WizardError."""
    with translated("cloudwatch:DescribeAlarms", aws.profile):
        client: Any = aws.client("cloudwatch")
        answer = client.describe_alarms(AlarmNames=list(names), AlarmTypes=["MetricAlarm"], MaxRecords=100)
    return tuple(
        Alarm(alarm["AlarmName"], alarm.get("StateValue", "INSUFFICIENT_DATA"), alarm.get("StateReason", ""))
        for alarm in answer.get("MetricAlarms", ())
        if "AlarmName" in alarm
    )


def list_subscriptions(aws: AwsAccess, topic: str) -> tuple[Subscription, ...]:
    """Up to a hundred subscriptions of the topic with this ARN (sns:ListSubscriptionsByTopic).

    Raises WizardError.
    """
    with translated("sns:ListSubscriptionsByTopic", aws.profile):
        client: Any = aws.client("sns")
        answer = client.list_subscriptions_by_topic(TopicArn=topic)
    return tuple(
        Subscription(found["Endpoint"], found.get("SubscriptionArn", _PENDING) != _PENDING)
        for found in answer.get("Subscriptions", ())
        if "Endpoint" in found
    )
