"""SQS: queues on the account's clock, and the messages that AWS services themselves send: dead letters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.sqs import models
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import Queue, sqs_backends
from moto.sqs.responses import SQSResponse

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.iam.policies import denial
from wizard.demo.aws.refusal import Refusal

_RANGES = {
    "DelaySeconds": (0, 900, 0),
    "MaximumMessageSize": (1024, 1_048_576, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600, 345_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20, 0),
    "VisibilityTimeout": (0, 43_200, 30),
}
"""Least, most and default of a queue's attributes (SetQueueAttributes)."""

MAX_RECEIVES = 1000


class Queues(SQSResponse):
    """moto's SQS, asking first whether a function's role allows the operation."""

    def call_action(self) -> Any:
        """The answer, or AccessDenied for a function whose role has no right to it."""
        role = current().role_keys.get(self.access_key)
        if role is not None:
            # A batch needs the right to the operation on one message.
            action = self._get_action().removesuffix("Batch")
            words = denial(role, f"sqs:{action}", self._determine_resource())
            if words:
                return self.serialized(ActionResult(Refusal("AccessDenied", words)))
        return super().call_action()

    def receive_message(self) -> ActionResult:
        """ReceiveMessage. It never waits for a message: the account answers one request at a time."""
        self.params["WaitTimeSeconds"] = 0
        return super().receive_message()


_CLOCK: dict[str, Callable[[], float]] = {
    "unix_time": lambda: current().now().timestamp(),
    "unix_time_millis": lambda: current().now().timestamp() * 1000,
}
"""moto's queues go by the account's clock: what is hidden is seen again when that is pushed."""

for _name, _now in _CLOCK.items():
    setattr(models, _name, _now)


def check(properties: dict[str, Any]) -> None:
    """Refuse attributes that no queue can have."""
    for name, (least, most, _) in _RANGES.items():
        if name in properties and not least <= int(properties[name]) <= most:
            raise Refusal("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    redrive = properties.get("RedrivePolicy")
    if redrive and not 1 <= int(redrive.get("maxReceiveCount", 0)) <= MAX_RECEIVES:
        raise Refusal(
            "InvalidParameterValue",
            f"Value {redrive} for parameter RedrivePolicy is invalid. Reason: Invalid value for "
            f"maxReceiveCount: {redrive.get('maxReceiveCount')}, valid values are from 1 to {MAX_RECEIVES} "
            "both inclusive.",
        )


def configure(queue: Queue, properties: dict[str, Any]) -> None:
    """Let the queue have these attributes, and the default of every other. Refuses impossible ones."""
    check(properties)
    attributes: dict[str, Any] = {name: default for name, (_, _, default) in _RANGES.items()}
    attributes |= {name: value for name, value in properties.items() if name in (*_RANGES, "RedrivePolicy")}
    attributes["SqsManagedSseEnabled"] = str(properties.get("SqsManagedSseEnabled", True)).lower() == "true"
    queue.dead_letter_queue, queue.redrive_policy = None, None
    queue._set_attributes({**attributes, "Policy": queue.policy})


def policy(arn: str) -> list[dict[str, Any]]:
    """The statements of the policy of the queue ``arn``; none where there is no such queue."""
    region, name = arn.split(":")[3], arn.split(":")[5]
    found = sqs_backends[ACCOUNT_ID][region].queues.get(name)
    return list(json.loads(found.policy)["Statement"]) if found and found.policy else []


def send(arn: str, body: str, **attributes: str) -> bool:
    """Send ``body`` with string attributes to the queue ``arn``. False where there is no such queue."""
    region, name = arn.split(":")[3], arn.split(":")[5]
    typed = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items() if value}
    try:
        sqs_backends[ACCOUNT_ID][region].send_message(name, body, message_attributes=typed)
    except QueueDoesNotExist:
        return False
    return True
