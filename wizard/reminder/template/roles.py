"""The two roles of the reminder's stack, for the function and for the schedules. Pure.

Every statement names exact resources, and only those that the set-up needs.
"""

from __future__ import annotations

import json
import re
from typing import Any

from wizard.reminder.setup import Setup
from wizard.reminder.template.intrinsics import allow, arn, attribute, role

MAX_ROLE_POLICY = 10_240
"""Characters of a role's inline policies together, without white space (IAM's quota)."""
_LONGEST = {
    "${AWS::Partition}": "aws-us-gov",
    "${AWS::Region}": "ap-southeast-2",
    "${AWS::AccountId}": "123456789012",
}
"""The longest values of CloudFormation's pseudo parameters."""
_LONG_ARN = 200
"""The longest ARN of a resource whose name CloudFormation chooses."""


def function_role(setup: Setup, function: str) -> dict[str, Any]:
    """The role of the function called ``function``."""
    return role(
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        _sending(setup),
        allow(["ses:GetEmailTemplate"], arn("ses", f"template/{setup.template_name}")),
        # GetAccount does not support resource ARNs.
        allow(["ses:GetAccount"], "*"),
        *_recipients(setup),
        allow(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], attribute("ClaimsTable")),
        allow(["dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:Query"], attribute("RunsTable")),
        allow(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], attribute("OptOutsTable")),
        # By name: the function refers to this role.
        allow(["lambda:InvokeFunction"], arn("lambda", f"function:{function}")),
        # The group's Arn ends in ":*" for its log streams.
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], attribute("LogGroup")),
        allow(["sqs:SendMessage"], attribute("DeadLetterQueue")),
        *([allow(_QUEUE_ACTIONS, attribute("Queue"))] if setup.workers else []),
    )


def room_for_identities(setup: Setup, function: str) -> int:
    """Characters left in the function's policy for further identities; below 0 it is too large."""
    policies = function_role(setup, function)["Properties"]["Policies"]
    return MAX_ROLE_POLICY - sum(_characters(policy["PolicyDocument"]) for policy in policies)


def identity_characters(name: str) -> int:
    """Characters of the policy that one further identity takes."""
    return _characters(_identity(name)) + len(",")


def _characters(policy: object) -> int:
    """The largest size of a part of a policy after CloudFormation has resolved it."""
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
        # EventBridge Scheduler passes the group here, not the schedule.
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
    """Reading the recipients; a table of the user's is read-only."""
    if setup.table is None:
        return [allow(["dynamodb:Scan", "dynamodb:GetItem"], attribute("RecipientsTable"))]
    reading = allow(["dynamodb:Scan", "dynamodb:GetItem"], arn("dynamodb", f"table/{setup.table.name}"))
    if setup.table_key is None:
        return [reading]
    through_dynamodb = {"kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}}
    return [reading, allow(["kms:Decrypt"], setup.table_key, StringEquals=through_dynamodb)]


_SENDING_ACTIONS = (
    # The operations' names in AWS's list, and those that SES really checks for templated mail.
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
