"""The two roles of the reminder's stack: what the function and the schedules may do. Pure.

Every statement names exact resources and is there only where the set-up needs it.
"""

from __future__ import annotations

from typing import Any

from wizard.reminder.intrinsics import allow, arn, attribute, role
from wizard.reminder.setup import Setup


def function_role(setup: Setup, function: str) -> dict[str, Any]:
    """The role of the function called ``function``."""
    return role(
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        _sending(setup),
        allow(["ses:GetEmailTemplate"], arn("ses", f"template/{setup.template_name}")),
        # GetAccount knows no resource to name.
        allow(["ses:GetAccount"], "*"),
        *_recipients(setup),
        allow(["dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query"], attribute("ClaimsTable")),
        allow(["dynamodb:UpdateItem", "dynamodb:Query"], attribute("RunsTable")),
        allow(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], attribute("OptOutsTable")),
        # By its name: the function itself refers to this role.
        allow(["lambda:InvokeFunction"], arn("lambda", f"function:{function}")),
        # The group's Arn ends in ":*", which stands for its log streams.
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], attribute("LogGroup")),
        allow(["sqs:SendMessage"], attribute("DeadLetterQueue")),
        *([allow(_QUEUE_ACTIONS, attribute("Queue"))] if setup.workers else []),
    )


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
        *(f"identity/{name}" for name in setup.identities),
        f"configuration-set/{setup.configuration_set}",
        f"template/{setup.template_name}",
    ]
    return allow(_SENDING_ACTIONS, [arn("ses", resource) for resource in resources])


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
