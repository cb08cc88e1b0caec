"""The two roles of the reminder's stack: what the function and the schedules may do. Pure.

Every statement names exact resources and is there only where the set-up needs it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from wizard.reminder.setup import Setup
from wizard.reminder.template.intrinsics import allow, arn, attribute, role

MAX_ROLE_POLICY = 10_240
"""What a role's inline policies may have together, in characters but for white space (IAM's quota)."""
_LONGEST = {
    "${AWS::Partition}": "aws-us-gov",
    "${AWS::Region}": "ap-southeast-2",
    "${AWS::AccountId}": "123456789012",
}
"""What stands in a policy for CloudFormation's own parameters, at its longest."""
_LONG_ARN = 200
"""How long the ARN of a resource becomes, at most, where CloudFormation gives its name."""


def function_role(setup: Setup, function: str) -> dict[str, Any]:
    """The role of the function called ``function``."""
    return role(
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        _sending(setup),
        allow(["ses:GetEmailTemplate"], arn("ses", f"template/{setup.template_name}")),
        # GetAccount knows no resource to name.
        allow(["ses:GetAccount"], "*"),
        *_recipients(setup),
        allow(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], attribute("ClaimsTable")),
        allow(["dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:Query"], attribute("RunsTable")),
        allow(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], attribute("OptOutsTable")),
        # By its name: the function itself refers to this role.
        allow(["lambda:InvokeFunction"], arn("lambda", f"function:{function}")),
        # The group's Arn ends in ":*", which stands for its log streams.
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], attribute("LogGroup")),
        allow(["sqs:SendMessage"], attribute("DeadLetterQueue")),
        *([allow(_QUEUE_ACTIONS, attribute("Queue"))] if setup.workers else []),
    )


def room_for_identities(setup: Setup, function: str) -> int:
    """How many characters the function's policy has left for further identities; below 0 it is too large."""
    policies = function_role(setup, function)["Properties"]["Policies"]
    return MAX_ROLE_POLICY - sum(_characters(policy["PolicyDocument"]) for policy in policies)


def identity_characters(name: str) -> int:
    """How many characters of the policy one further identity takes."""
    return _characters(_identity(name)) + len(",")


def _characters(policy: object) -> int:
    """How large a part of a policy becomes, at most, once CloudFormation has filled it in."""
    written = json.dumps(policy, separators=(",", ":"))
    written = re.sub(r'\{"Fn::Sub":("[^"]*")\}', r"\1", written)
    written = re.sub(r'\{"Fn::GetAtt":\[[^]]*\]\}', "x" * (_LONG_ARN + len('""')), written)
    for parameter, value in _LONGEST.items():
        written = written.replace(parameter, value)
    return len(written)


def schedule_role() -> dict[str, Any]:
    """The role of both schedules."""
    trust = {
        "Principal": {"Service": "scheduler.amazonaws.com"},
        # EventBridge Scheduler names the group here, never the schedule.
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": {"Ref": "AWS::AccountId"},
                "aws:SourceArn": attribute("ScheduleGroup"),
            }
        },
    }
    return role(
        trust,
        allow(["lambda:InvokeFunction"], attribute("TriggerReminder")),
        allow(["sqs:SendMessage"], attribute("DeadLetterQueue")),
    )


def _sending(setup: Setup) -> dict[str, Any]:
    resources = [
        *map(_identity, setup.identities),
        arn("ses", f"configuration-set/{setup.configuration_set}"),
        arn("ses", f"template/{setup.template_name}"),
    ]
    return allow(_SENDING_ACTIONS, resources, StringEquals={"ses:FromAddress": setup.sender})


def _identity(name: str) -> dict[str, str]:
    return arn("ses", f"identity/{name}")


def _recipients(setup: Setup) -> list[dict[str, Any]]:
    """What reading the recipients needs: of a table of the user's nothing but reading."""
    if setup.table is None:
        return [allow(["dynamodb:Scan", "dynamodb:GetItem"], attribute("RecipientsTable"))]
    reading = allow(["dynamodb:Scan", "dynamodb:GetItem"], arn("dynamodb", f"table/{setup.table.name}"))
    if setup.table_key is None:
        return [reading]
    through_dynamodb = {"kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}}
    return [reading, allow(["kms:Decrypt"], setup.table_key, StringEquals=through_dynamodb)]


_SENDING_ACTIONS = (
    # The operations' own names, as AWS lists them, and those SES really asks for where mail is made from a
    # template.
    "ses:SendBulkEmail",
    "ses:SendBulkTemplatedEmail",
    "ses:SendEmail",
    "ses:SendTemplatedEmail",
)
_QUEUE_ACTIONS = (
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ChangeMessageVisibility",
)
