"""The template's part for trouble: SES's events for the function, and the alarms. Pure."""

from __future__ import annotations

from typing import Any

from wizard.reminder.setup import Setup
from wizard.reminder.template.intrinsics import allow, arn, attribute, policy, ref

BOUNCE_RATE = 0.05
"""The bounce rate from which AWS reviews an account."""
COMPLAINT_RATE = 0.001
"""The complaint rate from which AWS reviews an account."""
EVENTS = ("Email Bounced", "Email Complaint Received")
"""The detail types of SES's events in EventBridge."""
RUNS = "Open Runs in step 5 of ses-wizard"
TROUBLE: dict[str, tuple[str, str]] = {
    "Stopped": (
        "1",
        f"a run stopped. {RUNS} for the cause, such as an outage or the daily quota of SES, paused sending, "
        "or a sender or template that SES refuses. Fix the cause; the run continues by itself.",
    ),
    "Failed": ("$.count", f"SES refused mail. {RUNS}: Enter shows why and sends the failed mail again."),
    "Unsure": (
        "$.count",
        "SES gave no clear answer for some mail. It may have arrived, so it is not sent again automatically. "
        f"{RUNS}: Enter shows which mail.",
    ),
    "Expired": ("1", f"a run ended before all recipients had mail. {RUNS} for their number."),
}
"""Trouble in the log: the metric's name, the value of a log line, and the alarm's words.

The ``event`` of the log line is the name in lower case: see ``trigger_reminder._log``.
"""
_HALF_AN_HOUR = 1800
"""A stopped run is tried again, and logs why it stopped, at least every twenty minutes."""
_FIVE_MINUTES = 300
_HOUR = 3600


def events(setup: Setup) -> dict[str, Any]:
    """SES sends bounces and complaints to the default event bus, and a rule passes them to the function."""
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
    """The alarms, and before them the topic for alerts if there is an address."""
    return {
        **(_topic(setup.alerts) if setup.alerts else {}),
        "DeadLetterAlarm": _alarm(
            setup,
            "a run, a part of one, or a bounce could not be handled, and is in the dead-letter queue. Fix "
            f"the cause in the function's log. {RUNS}: F7 retries or deletes the messages.",
            _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", _FIVE_MINUTES),
            {"Name": "QueueName", "Value": attribute("DeadLetterQueue", "QueueName")},
        ),
        "ErrorsAlarm": _alarm(
            setup,
            "the function failed. Lambda tries twice more. Fix the cause in the function's log.",
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
            "0.1 % of the account's mail is reported as spam: AWS reviews such accounts. Mail only "
            "recipients who asked for it.",
            _reputation("ComplaintRate", COMPLAINT_RATE),
        ),
    }


def _trouble(setup: Setup) -> dict[str, Any]:
    """A metric and an alarm for each kind of trouble in the function's log."""
    namespace, resources = f"ses-wizard/{setup.stack}", dict[str, Any]()
    for name, (value, words) in TROUBLE.items():
        resources[f"{name}Metric"] = {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": ref("LogGroup"),
                "FilterPattern": f'{{ $.event = "{name.lower()}" }}',
                "MetricTransformations": [
                    {"MetricNamespace": namespace, "MetricName": name, "MetricValue": value}
                ],
            },
        }
        resources[f"{name}Alarm"] = _alarm(setup, words, _metric(namespace, name, "Sum", _HALF_AN_HOUR))
    return resources


def _topic(address: str) -> dict[str, Any]:
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
    """More than zero within ``period`` seconds. No data means zero."""
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
    """The account's rate, which SES reports irregularly: without data the state stays."""
    return {
        "Namespace": "AWS/SES",
        "MetricName": f"Reputation.{name}",
        "Statistic": "Average",
        "Period": _HOUR,
        "Threshold": rate,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
    }
