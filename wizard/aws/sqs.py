"""Amazon SQS: counting, receiving, sending and deleting the messages of a queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call

_BATCH = 10
"""The most messages that one ReceiveMessage returns."""
_WAIT = 1
"""Seconds to wait for a message: a call that does not wait asks only some of SQS's servers."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A received message. ``handle`` deletes it, as long as the message is hidden from other receivers."""

    id: str
    handle: str
    body: str


def count(aws: AwsAccess, url: str) -> int:
    """Return about how many messages can be received. Raises WizardError."""
    name = "ApproximateNumberOfMessages"
    answer = call(aws, "sqs:GetQueueAttributes", QueueUrl=url, AttributeNames=[name])
    return int(answer.get("Attributes", {}).get(name, 0))


def receive_all(aws: AwsAccess, url: str, limit: int, hidden: int) -> Iterator[QueueMessage]:
    """Yield the messages that can be received, each once, about ``limit`` at most. Raises WizardError.

    Those that are not deleted can be received again after ``hidden`` seconds.
    """
    seen: set[str] = set()
    while len(seen) < limit:
        answer = call(
            aws,
            "sqs:ReceiveMessage",
            QueueUrl=url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=hidden,
            WaitTimeSeconds=_WAIT,
        )
        new = [
            QueueMessage(one["MessageId"], one["ReceiptHandle"], one.get("Body", ""))
            for one in answer.get("Messages", [])
            if {"MessageId", "ReceiptHandle"} <= one.keys() and one["MessageId"] not in seen
        ]
        if not new:
            return
        seen |= {message.id for message in new}
        yield from new


def send(aws: AwsAccess, url: str, body: str) -> None:
    """Send a message to a queue. Raises WizardError."""
    call(aws, "sqs:SendMessage", QueueUrl=url, MessageBody=body)


def delete(aws: AwsAccess, url: str, message: QueueMessage) -> None:
    """Delete a received message. Raises WizardError."""
    call(aws, "sqs:DeleteMessage", QueueUrl=url, ReceiptHandle=message.handle)
