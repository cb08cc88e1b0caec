"""The embedded CloudWatch and SNS: alarms go off, and tell addresses that were confirmed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.engine.stacks import function
from wizard.demo import Demo


def alarm(account: Demo, namespace: str, metric: str, dimension: tuple[str, str] | None, **more: Any) -> None:
    name, value = dimension or ("", "")
    account.world.aws.client("cloudwatch").put_metric_alarm(
        AlarmName="alarm",
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value}] if dimension else [],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        **{"TreatMissingData": "notBreaching", **more},
    )


def state(account: Demo) -> str:
    (found,) = account.world.aws.client("cloudwatch").describe_alarms(AlarmNames=["alarm"])["MetricAlarms"]
    return str(found["StateValue"])


def test_a_message_in_the_queue_sets_the_alarm_off_and_its_absence_ends_it(account: Demo) -> None:
    sqs = account.world.aws.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    alarm(account, "AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName", "dead"))
    assert state(account) == "OK"
    sqs.send_message(QueueUrl=url, MessageBody="lost")
    assert state(account) == "ALARM"
    alarm(account, "AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName", "dead"))
    assert state(account) == "ALARM"
    sqs.purge_queue(QueueUrl=url)
    assert state(account) == "OK"
    sqs.delete_queue(QueueUrl=url)
    assert state(account) == "OK"


def test_a_failed_run_sets_the_alarm_off_for_as_long_as_it_counts(account: Demo) -> None:
    function(account.world.aws, "def handler(event, context):\n    return 1 / event['by']\n")
    alarm(account, "AWS/Lambda", "Errors", ("FunctionName", "worker"))
    lambdas = account.world.aws.client("lambda")
    lambdas.invoke(FunctionName="worker", Payload=b'{"by": 1}')
    assert state(account) == "OK"
    lambdas.invoke(FunctionName="worker", Payload=b'{"by": 0}')
    assert state(account) == "ALARM"
    account.account.kept.clock.push_to(account.now() + timedelta(seconds=301))
    assert state(account) == "OK"


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("notBreaching", "OK"),
        ("breaching", "ALARM"),
        ("missing", "INSUFFICIENT_DATA"),
    ],
)
def test_what_no_data_means_the_alarm_says(account: Demo, missing: str, expected: str) -> None:
    alarm(account, "AWS/SES", "Reputation.BounceRate", None, TreatMissingData=missing)
    assert state(account) == expected
