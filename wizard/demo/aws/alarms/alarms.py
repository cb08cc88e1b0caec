"""CloudWatch alarms, evaluated as far as the embedded account has figures of its own.

Those are a queue's visible messages (AWS/SQS ApproximateNumberOfMessagesVisible), as they are now, a
function's failed runs (AWS/Lambda Errors, Sum) and the sums of metrics made from log lines over the alarm's
whole time. Every other metric, also SES's
Reputation.BounceRate and ComplaintRate, which AWS computes over a volume of mail it does not disclose, is one
without data: what that means the alarm says itself (TreatMissingData). Metric math, anomaly detection,
composite alarms and "M out of N" are not evaluated.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from moto.cloudwatch.models import Alarm, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.sqs.models import sqs_backends

from wizard.demo.aws.account import ACCOUNT_ID, Account, current
from wizard.demo.aws.alarms import log_metrics, topics

_COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
_MISSING = {"notBreaching": "OK", "breaching": "ALARM"}
"""The state of an alarm without data, where the alarm says so."""


class Alarms(CloudWatchResponse):
    """moto's CloudWatch, with alarms that have a state."""

    def describe_alarms(self) -> ActionResult:
        """DescribeAlarms, each as it is now."""
        tick(current())
        return super().describe_alarms()


def put(region: str, name: str, wanted: dict[str, Any]) -> Alarm:
    """An alarm with PutMetricAlarm's parameters; one that is there keeps its state."""
    backend = cloudwatch_backends[ACCOUNT_ID][region]
    before = backend.alarms.get(name)
    alarm = backend.put_metric_alarm(
        name=name,
        namespace=wanted.get("Namespace", ""),
        metric_name=wanted.get("MetricName", ""),
        comparison_operator=wanted["ComparisonOperator"],
        evaluation_periods=int(wanted["EvaluationPeriods"]),
        datapoints_to_alarm=wanted.get("DatapointsToAlarm"),
        period=int(wanted.get("Period", 0)),
        threshold=float(wanted.get("Threshold", 0)),
        statistic=wanted.get("Statistic", ""),
        description=wanted.get("AlarmDescription", ""),
        dimensions=list(wanted.get("Dimensions") or []),
        alarm_actions=list(wanted.get("AlarmActions") or []),
        ok_actions=list(wanted.get("OKActions") or []),
        insufficient_data_actions=list(wanted.get("InsufficientDataActions") or []),
        unit=wanted.get("Unit"),
        actions_enabled=str(wanted.get("ActionsEnabled", True)).lower() == "true",
        treat_missing_data=wanted.get("TreatMissingData"),
    )
    _begin(alarm, before)
    return alarm


def delete(region: str, name: str) -> None:
    """Delete an alarm, where it is there."""
    cloudwatch_backends[ACCOUNT_ID][region].delete_alarms([name])


def tick(account: Account) -> tuple[bool, float]:
    """Give every alarm the state it has now, and carry out its actions where that is another than before.

    Gives whether any is, and the seconds until a failed run is too old to count. To be called with the
    account's lock.
    """
    changed = False
    for region, backend in list(cloudwatch_backends[ACCOUNT_ID].items()):
        for alarm in list(backend.alarms.values()):
            state, reason = _judged(alarm, _figure(account, region, alarm))
            if state != alarm.state_value:
                alarm.update_state(reason, "{}", state)
                alarm.state_updated_timestamp = account.now().replace(tzinfo=None)
                _act(account, region, alarm)
                changed = True
    return changed, _seconds_to_recovery(account)


def _begin(alarm: Alarm, before: Alarm | None) -> None:
    """Let a new alarm have no state yet, and a changed one the state it had."""
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
        return
    alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
    alarm.state_updated_timestamp = before.state_updated_timestamp


def _figure(account: Account, region: str, alarm: Alarm) -> float | None:
    """What an alarm's metric is now; None where there is no data."""
    subject = {dimension.name: dimension.value for dimension in alarm.dimensions}
    metric = alarm.namespace, alarm.metric_name
    if metric == ("AWS/SQS", "ApproximateNumberOfMessagesVisible"):
        queue = sqs_backends[ACCOUNT_ID][region].queues.get(subject.get("QueueName") or "")
        return None if queue is None else float(len(queue.messages))
    if metric == ("AWS/Lambda", "Errors"):
        since, function = account.now() - _span(alarm), subject.get("FunctionName")
        failures = [failure for failure in account.kept.failures if failure.function == function]
        return float(sum(failure.at > since and failure.region == region for failure in failures))
    made = log_metrics.values(region, *metric, account.now() - _span(alarm))
    return sum(value for _, value in made) if made else None


def _span(alarm: Alarm) -> timedelta:
    return timedelta(seconds=alarm.period * alarm.evaluation_periods)


def _judged(alarm: Alarm, figure: float | None) -> tuple[str, str]:
    """The state that a figure means, and why, in CloudWatch's words."""
    comparison = _COMPARISONS.get(alarm.comparison_operator)
    if figure is None or comparison is None:
        missing = alarm.treat_missing_data
        if missing == "ignore":
            return alarm.state_value, alarm.state_reason
        if missing in _MISSING:
            treated = f"{missing[0].upper()}{missing[1:]}"
            return _MISSING[missing], (
                "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
                f"treated as [{treated}]."
            )
        return "INSUFFICIENT_DATA", "Insufficient Data: 1 datapoint was unknown."
    breaching = comparison[0](figure, alarm.threshold)
    return "ALARM" if breaching else "OK", (
        f"Threshold Crossed: 1 datapoint [{figure}] was {'' if breaching else 'not '}{comparison[1]} the "
        f"threshold ({alarm.threshold})."
    )


def _act(account: Account, region: str, alarm: Alarm) -> None:
    """Carry out the actions of an alarm's new state: those that are topics are told."""
    actions = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }[alarm.state_value]
    subject = f'{alarm.state_value}: "{alarm.name}" in {region}'
    text = (
        f'You are receiving this email because your Amazon CloudWatch Alarm "{alarm.name}" in the {region} '
        f"region has entered the {alarm.state_value} state, because: {alarm.state_reason}\n\n"
        f"{alarm.description or ''}"
    )
    for action in actions if alarm.actions_enabled else ():
        if ":sns:" in action:
            topics.publish(account, action, subject, text)


def _seconds_to_recovery(account: Account) -> float:
    """Until when the next state can change by time alone: a failed run or a log line that is too old counts
    no more."""
    alarms = [
        alarm for backend in cloudwatch_backends[ACCOUNT_ID].values() for alarm in backend.alarms.values()
    ]
    now, spans = account.now(), {_span(alarm) for alarm in alarms if alarm.metric_name == "Errors"}
    ages = [now - failure.at for failure in account.kept.failures]
    left = [(span - age).total_seconds() for span in spans for age in ages if age < span]
    for region, backend in cloudwatch_backends[ACCOUNT_ID].items():
        for alarm in backend.alarms.values():
            span = _span(alarm)
            made = log_metrics.values(region, alarm.namespace, alarm.metric_name, now - span) or ()
            left += [(span - (now - at)).total_seconds() for at, _ in made]
    return min(left, default=float("inf"))
