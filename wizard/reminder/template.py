"""The CloudFormation template of the reminder flow: what gets deployed, and what each piece is for. Pure.

One stack holds everything. The SES identity and the configuration set are outside: they may be older than the
stack, and outlive it. Roles get exact ARNs. The Lambda's code is ``trigger_reminder.py``, inline.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from wizard.reminder.message import Message, fields_of, for_ses, from_header

FUNCTION_NAME = "TriggerReminder"
"""The Lambda's name, and so one reminder set-up for each account and Region."""
RUNTIME = "python3.14"
LOG_DAYS = 30
MAX_BODY = 51_200
"""The largest template that CloudFormation takes in a call, in bytes (quota "Template body size").

It bounds the inline code too: CloudFormation's limit for ``ZipFile`` (4 MB) is far above.
"""
SCHEDULE_INPUT = {"run": "<aws.scheduler.scheduled-time>", "execution": "<aws.scheduler.execution-id>"}
"""What the function is called with. The scheduled time names the run: the execution id is another one at each
delivery of the same run."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """A resource in words: what it is, and what it is for."""

    name: str
    words: str


PURPOSES = {
    "RecipientsTable": Purpose("recipients table", "keeps who gets mail (DynamoDB, paid by use)"),
    "ClaimsTable": Purpose(
        "claims table", "remembers for 30 days who was written in which run, so that nobody is written twice"
    ),
    "MessageTemplate": Purpose("mail template", "the subject and the message in SES"),
    "LogGroup": Purpose("log group", f"the function's log: numbers only, kept for {LOG_DAYS} days"),
    "FunctionRole": Purpose(
        "function's role", "lets the function send this template from this domain and use its own tables"
    ),
    "TriggerReminder": Purpose(FUNCTION_NAME, "the Lambda function that sends the mail of each run"),
    "DeadLetterQueue": Purpose("dead-letter queue", "keeps for 14 days the runs that could not be started"),
    "ScheduleRole": Purpose("schedule's role", "lets the schedule start this function and nothing else"),
    "ScheduleGroup": Purpose("schedule group", "holds the schedule"),
    "Schedule": Purpose("schedule", "starts the function at the chosen times"),
}
"""Every resource of the template, by its logical id, in the order in which they depend on each other."""


@dataclass(frozen=True, slots=True)
class Setup:
    """All that the template depends on.

    ``identities`` are the SES identities that the function may use: the domain, and whatever else SES checks
    (in the sandbox, the recipients' own). ``start`` is the first run of a rate, which would run at once
    without it; None for the other expressions.
    """

    stack: str
    sender: str
    sender_name: str
    configuration_set: str
    message: Message
    schedule: str
    timezone: str
    identities: tuple[str, ...]
    start: datetime | None = None

    @property
    def template_name(self) -> str:
        """The name of the SES template."""
        return f"{self.stack}-message"


def body(setup: Setup) -> str:
    """The template as the JSON that CloudFormation gets. It may be larger than MAX_BODY."""
    return json.dumps(template(setup), ensure_ascii=False, separators=(",", ":"))


def template(setup: Setup) -> dict[str, Any]:
    """The template for ``setup``."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Personal mail on a schedule, by ses-wizard",
        "Resources": {
            "RecipientsTable": _table({"email": "HASH"}),
            "ClaimsTable": _table({"run": "HASH", "email": "RANGE"}, expires=True),
            "MessageTemplate": _message_template(setup),
            "LogGroup": {
                "Type": "AWS::Logs::LogGroup",
                **_gone_with_the_stack(),
                "Properties": {
                    "LogGroupName": f"/ses-wizard/{setup.stack}/{FUNCTION_NAME}",
                    "RetentionInDays": LOG_DAYS,
                },
            },
            "FunctionRole": _function_role(setup),
            "TriggerReminder": _function(setup),
            "DeadLetterQueue": {
                "Type": "AWS::SQS::Queue",
                **_gone_with_the_stack(),
                "Properties": {"MessageRetentionPeriod": 14 * 24 * 3600, "SqsManagedSseEnabled": True},
            },
            "ScheduleRole": _schedule_role(),
            "ScheduleGroup": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": setup.stack}},
            "Schedule": _schedule(setup),
        },
        "Outputs": {
            "RecipientsTable": _output("The table of recipients", {"Ref": "RecipientsTable"}),
            "ClaimsTable": _output("The table of claims", {"Ref": "ClaimsTable"}),
            "Function": _output("The Lambda function", {"Ref": "TriggerReminder"}),
            "Schedule": _output("The schedule, in the group of the same name", {"Ref": "Schedule"}),
            "DeadLetterQueue": _output("The queue of runs that failed", {"Ref": "DeadLetterQueue"}),
            "LogGroup": _output("The function's log", {"Ref": "LogGroup"}),
        },
    }


@cache
def function_code() -> str:
    """The Lambda's one file."""
    return (files("wizard.reminder") / "trigger_reminder.py").read_text(encoding="utf-8")


def _table(keys: dict[str, str], expires: bool = False) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in keys],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    }
    if expires:
        properties["TimeToLiveSpecification"] = {"AttributeName": "expires", "Enabled": True}
    return {"Type": "AWS::DynamoDB::Table", **_gone_with_the_stack(), "Properties": properties}


def _message_template(setup: Setup) -> dict[str, Any]:
    message = for_ses(setup.message)
    content = {"TemplateName": setup.template_name, "SubjectPart": message.subject}
    if message.text:
        content["TextPart"] = message.text
    if message.html:
        content["HtmlPart"] = message.html
    return {"Type": "AWS::SES::Template", "Properties": {"Template": content}}


def _function_role(setup: Setup) -> dict[str, Any]:
    sending = [
        *(f"identity/{name}" for name in setup.identities),
        f"configuration-set/{setup.configuration_set}",
        f"template/{setup.template_name}",
    ]
    return _role(
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        # SES authorises a mail made from a template as ses:SendTemplatedEmail, whichever operation sends it.
        _allow(["ses:SendEmail", "ses:SendTemplatedEmail"], [_arn("ses", resource) for resource in sending]),
        _allow(["dynamodb:Scan", "dynamodb:GetItem"], _attribute("RecipientsTable", "Arn")),
        _allow(
            ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
            _attribute("ClaimsTable", "Arn"),
        ),
        # The group's Arn ends in ":*", which stands for its log streams.
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], _attribute("LogGroup", "Arn")),
        _allow(["sqs:SendMessage"], _attribute("DeadLetterQueue", "Arn")),
    )


def _function(setup: Setup) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": FUNCTION_NAME,
            "Description": "Sends each recipient one personal mail for each run of the schedule",
            "Runtime": RUNTIME,
            "Architectures": ["arm64"],
            "Handler": "index.handler",
            "Code": {"ZipFile": function_code()},
            "Role": _attribute("FunctionRole", "Arn"),
            "Timeout": 900,
            "MemorySize": 256,
            "LoggingConfig": {"LogGroup": {"Ref": "LogGroup"}},
            "DeadLetterConfig": {"TargetArn": _attribute("DeadLetterQueue", "Arn")},
            "Environment": {
                "Variables": {
                    "RECIPIENTS": {"Ref": "RecipientsTable"},
                    "CLAIMS": {"Ref": "ClaimsTable"},
                    "TEMPLATE": setup.template_name,
                    "FIELDS": " ".join(fields_of(setup.message)),
                    "SENDER": from_header(setup.sender_name, setup.sender),
                    "CONFIGURATION_SET": setup.configuration_set,
                }
            },
        },
    }


def _schedule_role() -> dict[str, Any]:
    trust = {
        "Principal": {"Service": "scheduler.amazonaws.com"},
        # EventBridge Scheduler names the group here, never the schedule.
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": {"Ref": "AWS::AccountId"},
                "aws:SourceArn": _attribute("ScheduleGroup", "Arn"),
            }
        },
    }
    return _role(
        trust,
        _allow(["lambda:InvokeFunction"], _attribute("TriggerReminder", "Arn")),
        _allow(["sqs:SendMessage"], _attribute("DeadLetterQueue", "Arn")),
    )


def _schedule(setup: Setup) -> dict[str, Any]:
    properties = {
        "Name": setup.stack,
        "GroupName": {"Ref": "ScheduleGroup"},
        "ScheduleExpression": setup.schedule,
        "ScheduleExpressionTimezone": setup.timezone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": _attribute("TriggerReminder", "Arn"),
            "RoleArn": _attribute("ScheduleRole", "Arn"),
            "Input": json.dumps(SCHEDULE_INPUT),
            "RetryPolicy": {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 3600},
            "DeadLetterConfig": {"Arn": _attribute("DeadLetterQueue", "Arn")},
        },
    }
    if setup.start:
        properties["StartDate"] = setup.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"Type": "AWS::Scheduler::Schedule", "Properties": properties}


def _role(trust: dict[str, Any], *statements: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **trust}],
            },
            "Policies": [
                {
                    "PolicyName": "this-stack-only",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
                }
            ],
        },
    }


def _allow(actions: list[str], resource: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def _arn(service: str, resource: str) -> dict[str, str]:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"}


def _attribute(resource: str, name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, name]}


def _output(description: str, value: object) -> dict[str, Any]:
    return {"Description": description, "Value": value}


def _gone_with_the_stack() -> dict[str, str]:
    """What the resource holds is a copy or a trace: the project file and its CSV are the originals."""
    return {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
