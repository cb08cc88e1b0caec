"""What tells of trouble: SES's events that reach the function, and the alarms. Pure."""

from __future__ import annotations

from typing import Any

from wizard.reminder.setup import Setup
from wizard.reminder.template.intrinsics import allow, arn, attribute, policy, ref

BOUNCE_RATE = 0.05
"""The share of bounces from which AWS reviews an account."""
COMPLAINT_RATE = 0.001
"""The share of complaints from which AWS reviews an account."""
EVENTS = ("Email Bounced", "Email Complaint Received")
"""The detail types of the events in EventBridge."""
RUNS = "Open Runs in step 5 of ses-wizard"
TROUBLE: dict[str, tuple[str, str]] = {
    "Stopped": (
        "1",
        f"a run stopped. {RUNS}: it shows the cause, such as an outage or the daily quota of SES, paused "
        "sending, or a sender or template that SES refuses. Fix what it names; the run continues by itself.",
    ),
    "Failed": ("$.count", f"SES refused mail. {RUNS}: Enter shows why, and sends the failed mail again."),
    "Unsure": (
        "$.count",
        "SES gave no clear answer to some mail. It may have arrived, so it is not sent again by itself. "
        f"{RUNS}: Enter shows which mail.",
    ),
    "Expired": ("1", f"a run was given up before all recipients had mail. {RUNS}: it shows how many."),
}
"""What a run logs as trouble: the name of its metric, the value of a log line, and the words of its alarm.

The event in the log line is the name in small letters: see ``trigger_reminder._log``.
"""
_HALF_AN_HOUR = 1800
"""A run that cannot go on is tried, and logs why it stopped, every twenty minutes at least."""
_FIVE_MINUTES = 300
_HOUR = 3600


def events(setup: Setup) -> dict[str, Any]:
    """SES tells the default event bus of bounces and complaints, and a rule hands them to the function."""
    return {
        "EventDestination": {
            "Type": "AWS::SES::ConfigurationSetEventDestination",
            "Properties": {
                "ConfigurationSetName": setup.configuration_set,
                "EventDestination": {
                    "Name": setup.stack,
                    "Enabled": True,
                    "MatchingEventTypes": ["bounce", "complaint"],
                    "EventBridgeDestination": {"EventBusArn": arn("events", "event-bus/default")},
                },
            },
        },
        "EventsRule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": "Bounces and complaints of this configuration set",
                "EventPattern": {
                    "source": ["aws.ses"],
                    "detail-type": list(EVENTS),
                    "detail": {"mail": {"tags": {"ses:configuration-set": [setup.configuration_set]}}},
                },
                "Targets": [
                    {
                        "Id": "function",
                        "Arn": attribute("TriggerReminder"),
                        "DeadLetterConfig": {"Arn": attribute("DeadLetterQueue")},
                    }
                ],
            },
        },
        "EventsQueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [ref("DeadLetterQueue")],
                "PolicyDocument": policy(
                    {
                        **allow(["sqs:SendMessage"], attribute("DeadLetterQueue")),
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Condition": {"ArnEquals": {"aws:SourceArn": attribute("EventsRule")}},
                    }
                ),
            },
        },
        "EventsPermission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("TriggerReminder"),
                "Principal": "events.amazonaws.com",
                "SourceArn": attribute("EventsRule"),
            },
        },
    }


def alarms(setup: Setup) -> dict[str, Any]:
    """The alarms; with an address to tell, the way to it comes first."""
    return {
        **(_way_to(setup.alerts) if setup.alerts else {}),
        "DeadLetterAlarm": _alarm(
            setup,
            "a run, a part of one, or a bounce could not be handled, and is in the dead-letter queue. Fix "
            f"what the function's log says. {RUNS}: F7 retries or deletes these events, and the alarm ends.",
            _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", _FIVE_MINUTES),
            {"Name": "QueueName", "Value": attribute("DeadLetterQueue", "QueueName")},
        ),
        "ErrorsAlarm": _alarm(
            setup,
            "the function failed. Its log says why; Lambda tries twice more by itself. Fix what it says.",
            _metric("AWS/Lambda", "Errors", "Sum", _FIVE_MINUTES),
            {"Name": "FunctionName", "Value": ref("TriggerReminder")},
        ),
        **_trouble(setup),
        "BounceAlarm": _alarm(
            setup,
            "5 % of the account's mail bounces: AWS reviews such accounts. Remove old and wrong addresses.",
            _reputation("BounceRate", BOUNCE_RATE),
        ),
        "ComplaintAlarm": _alarm(
            setup,
            "0.1 % of the account's mail is reported as spam: AWS reviews such accounts. Mail only those "
            "who asked for it.",
            _reputation("ComplaintRate", COMPLAINT_RATE),
        ),
    }


def _trouble(setup: Setup) -> dict[str, Any]:
    """A metric of each kind of trouble in the function's log, and its alarm, which ends with the trouble."""
    namespace, made = f"ses-wizard/{setup.stack}", dict[str, Any]()
    for name, (value, words) in TROUBLE.items():
        made[f"{name}Metric"] = {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": ref("LogGroup"),
                "FilterPattern": f'{{ $.event = "{name.lower()}" }}',
                "MetricTransformations": [
                    {"MetricNamespace": namespace, "MetricName": name, "MetricValue": value}
                ],
            },
        }
        made[f"{name}Alarm"] = _alarm(setup, words, _metric(namespace, name, "Sum", _HALF_AN_HOUR))
    return made


def _way_to(address: str) -> dict[str, Any]:
    return {
        "AlertsTopic": {"Type": "AWS::SNS::Topic", "Properties": {}},
        "AlertsSubscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": ref("AlertsTopic"), "Protocol": "email", "Endpoint": address},
        },
    }


def _alarm(setup: Setup, words: str, metric: dict[str, Any], *dimensions: dict[str, Any]) -> dict[str, Any]:
    properties = {"AlarmDescription": f"{setup.stack}: {words}", "EvaluationPeriods": 1, **metric}
    if dimensions:
        properties["Dimensions"] = list(dimensions)
    if setup.alerts:
        properties["AlarmActions"] = [ref("AlertsTopic")]
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def _metric(namespace: str, name: str, statistic: str, period: int) -> dict[str, Any]:
    """Anything above nothing within ``period`` seconds. No data means that nothing happened."""
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Statistic": statistic,
        "Period": period,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }


def _reputation(name: str, rate: float) -> dict[str, Any]:
    """The account's own rate, which SES says only now and then: without news the last one holds."""
    return {
        "Namespace": "AWS/SES",
        "MetricName": f"Reputation.{name}",
        "Statistic": "Average",
        "Period": _HOUR,
        "Threshold": rate,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
    }
