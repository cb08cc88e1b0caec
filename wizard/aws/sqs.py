"""Amazon SQS: the messages of a queue, read, passed on and deleted one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wizard.aws.access import AwsAccess
from wizard.aws.failures import translated

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_BATCH = 10
"""The most messages that one ReceiveMessage gives."""
_WAIT = 1
"""Seconds to wait for a message: a call that does not wait asks some of SQS's servers only."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message of a queue. ``handle`` deletes it, as long as it is hidden from others."""

    id: str
    handle: str
    body: str


def count(aws: AwsAccess, url: str) -> int:
    """About how many messages can be received (sqs:GetQueueAttributes). Raises WizardError."""
    with translated("sqs:GetQueueAttributes", aws.profile):
        answer = _client(aws).get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
    return int(answer.get("Attributes", {}).get("ApproximateNumberOfMessages", 0))


def receive_all(aws: AwsAccess, url: str, limit: int, hidden: int) -> Iterator[QueueMessage]:
    """The messages that can be received, each once, ``limit`` at most (sqs:ReceiveMessage).

    Those that are not deleted can be received again after ``hidden`` seconds. Raises WizardError.
    """
    seen: set[str] = set()
    while len(seen) < limit:
        with translated("sqs:ReceiveMessage", aws.profile):
            answer = _client(aws).receive_message(
                QueueUrl=url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=hidden, WaitTimeSeconds=_WAIT
            )
        found = [
            QueueMessage(one["MessageId"], one["ReceiptHandle"], one.get("Body", ""))
            for one in answer.get("Messages", [])
            if "MessageId" in one and "ReceiptHandle" in one
        ]
        new = [message for message in found if message.id not in seen]
        if not new:
            return
        seen |= {message.id for message in new}
        yield from new


def send(aws: AwsAccess, url: str, body: str) -> None:
    """Put a message into a queue (sqs:SendMessage). Raises WizardError."""
    with translated("sqs:SendMessage", aws.profile):
        _client(aws).send_message(QueueUrl=url, MessageBody=body)


def delete(aws: AwsAccess, url: str, message: QueueMessage) -> None:
    """Delete a message that was received (sqs:DeleteMessage). Raises WizardError."""
    with translated("sqs:DeleteMessage", aws.profile):
        _client(aws).delete_message(QueueUrl=url, ReceiptHandle=message.handle)


def _client(aws: AwsAccess) -> SQSClient:
    client: SQSClient = aws.client("sqs")
    return client
