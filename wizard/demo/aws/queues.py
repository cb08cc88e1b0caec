"""Messages that AWS services themselves put into SQS queues: dead letters."""

from __future__ import annotations

from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends

from wizard.demo.aws.account import ACCOUNT_ID


def send(arn: str, body: str, **attributes: str) -> bool:
    """Send ``body`` with string attributes to the queue ``arn``. False where there is no such queue."""
    region, name = arn.split(":")[3], arn.split(":")[5]
    typed = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items() if value}
    try:
        sqs_backends[ACCOUNT_ID][region].send_message(name, body, message_attributes=typed)
    except QueueDoesNotExist:
        return False
    return True
