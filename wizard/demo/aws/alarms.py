"""CloudWatch alarms."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import Alarm, cloudwatch_backends

from wizard.demo.aws.account import ACCOUNT_ID


def put(region: str, name: str, wanted: dict[str, Any]) -> Alarm:
    """An alarm with PutMetricAlarm's parameters; of one that is there, the state stays."""
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
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
        alarm.state_updated_timestamp = before.state_updated_timestamp
    return alarm


def delete(region: str, name: str) -> None:
    """Delete an alarm, where it is there."""
    cloudwatch_backends[ACCOUNT_ID][region].delete_alarms([name])
