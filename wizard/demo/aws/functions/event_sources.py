"""Lambda's event source mappings: what hands a queue's messages to a function, in batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import EventSourceMapping, LambdaBackend, LambdaFunction, lambda_backends
from moto.sqs.models import Message, Queue, sqs_backends

from wizard.demo.aws.account import ACCOUNT_ID, Account, Batch
from wizard.demo.aws.functions import run as functions
from wizard.demo.aws.iam.policies import denial
from wizard.demo.aws.refusal import rest_refusal

DEFAULTS = {
    "BatchSize": 10,
    "Enabled": True,
    "FunctionResponseTypes": None,
    "MaximumBatchingWindowInSeconds": None,
    "ScalingConfig": None,
}
"""What a mapping has of which nothing is said."""

CONCURRENCY = 10
"""How many batches one mapping has at work at a time, at most: so many runs a new AWS account may have."""

_NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What the function's role must be allowed on the queue."""


def create(region: str, wanted: dict[str, Any]) -> EventSourceMapping:
    """A new mapping with CreateEventSourceMapping's parameters. Refuses what Lambda refuses.

    It is kept from moto's queues, which would call the function inside SendMessage.
    """
    backend, function = _backend(region), functions.found(region, wanted.get("FunctionName") or "")
    spec = {**DEFAULTS, **_typed(wanted)}
    _check(function, queue_of(region, wanted.get("EventSourceArn") or ""), spec)
    for other in backend._event_source_mappings.values():
        if (other.event_source_arn, other.function_arn) == (spec["EventSourceArn"], function.function_arn):
            raise rest_refusal(
                "ResourceConflictException",
                f'An event source mapping with SQS arn (" {other.event_source_arn} ") and function (" '
                f'{function.function_name} ") already exists. Please update or delete the existing mapping '
                f"with UUID {other.uuid}",
                409,
            )
    mapping = EventSourceMapping(  # type: ignore[abstract]  # as moto itself does
        {**spec, "RegionName": region, "AccountId": ACCOUNT_ID, "FunctionArn": function.function_arn}
    )
    backend._event_source_mappings[mapping.uuid] = mapping
    return mapping


def update(region: str, uuid: str, wanted: dict[str, Any]) -> EventSourceMapping:
    """Change what is given of a mapping. Refuses what Lambda refuses."""
    backend, mapping, spec = _backend(region), found(region, uuid), _typed(wanted)
    function = functions.found(region, spec.get("FunctionName") or mapping.function_arn)
    _check(function, queue_of(region, mapping.event_source_arn), {**_spec(mapping), **spec})
    backend.update_event_source_mapping(uuid, spec)
    return mapping


def delete(region: str, uuid: str) -> None:
    """Delete a mapping, where it is there."""
    _backend(region).delete_event_source_mapping(uuid)


def found(region: str, uuid: str) -> EventSourceMapping:
    """The mapping with this UUID. Refuses with ResourceNotFoundException."""
    mapping = _backend(region).get_event_source_mapping(uuid)
    if mapping is None:
        raise rest_refusal("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    return mapping


def queue_of(region: str, arn: str) -> Queue:
    """The queue with this ARN. Refuses in Lambda's words."""
    queue = _queue(region, arn)
    if queue is None:
        raise InvalidParameterValueException(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist."
        )
    return queue


def _queue(region: str, arn: str) -> Queue | None:
    queues = sqs_backends[ACCOUNT_ID][region].queues.values()
    return next((queue for queue in queues if queue.queue_arn == arn), None)


# --- handing over ------------------------------------------------------------------------------------------


def tick(account: Account) -> tuple[bool, float]:
    """Hand waiting messages to the functions, as far as each mapping's MaximumConcurrency allows.

    Gives whether there were any, and the seconds until one that is hidden now will be seen again. To be
    called with the account's lock. A batch is handed over as soon as there is any message: the batching
    window, the longest time to wait for more, is never used up.
    """
    handed, seconds = False, float("inf")
    for region, mapping in list(_enabled()):
        queue = _queue(region, mapping.event_source_arn)
        if queue is None or not functions.exists(region, mapping.function_arn):
            continue
        function = functions.found(region, mapping.function_arn)
        while account.at_work[mapping.uuid] < _most(mapping) and _may_receive(function, queue):
            messages = _received(queue, mapping.batch_size)
            if not messages:
                break
            _hand_over(account, mapping, function, queue, messages)
            handed = True
        now = account.now().timestamp() * 1000
        hidden = [max(message.visible_at, message.delayed_until) for message in queue._messages]
        seconds = min([seconds, *((moment - now) / 1000 for moment in hidden if moment > now)])
    return handed, seconds


def go_on(account: Account) -> None:
    """Deliver again what functions were working on when the account ended: nobody else will."""
    left, account.kept.batches = account.kept.batches, []
    for batch in left:
        mapping = _backend(batch.region).get_event_source_mapping(batch.mapping)
        queue = _queue(batch.region, mapping.event_source_arn) if mapping else None
        for message in queue._messages if queue else ():
            if message.id in batch.messages:
                message.change_visibility(0)


def _enabled() -> Iterator[tuple[str, EventSourceMapping]]:
    for region, backend in list(lambda_backends[ACCOUNT_ID].items()):
        for mapping in list(backend._event_source_mappings.values()):
            if mapping.enabled:
                yield region, mapping


def _most(mapping: EventSourceMapping) -> int:
    return min(CONCURRENCY, int((mapping.scaling_config or {}).get("MaximumConcurrency", CONCURRENCY)))


def _may_receive(function: LambdaFunction, queue: Queue) -> bool:
    """Whether there is a message, and the function's role may have it."""
    return bool(queue.messages) and not any(
        denial(function.role, f"sqs:{name}", queue.queue_arn) for name in _NEEDED
    )


def _received(queue: Queue, size: int) -> list[Message]:
    """At most ``size`` messages, hidden from now on; those received too often go to the dead-letter queue."""
    timeout = int(queue.visibility_timeout)  # type: ignore[attr-defined]
    return sqs_backends[ACCOUNT_ID][queue.region].receive_message(queue.name, size, 0, timeout, ["All"])


def _hand_over(
    account: Account,
    mapping: EventSourceMapping,
    function: LambdaFunction,
    queue: Queue,
    messages: list[Message],
) -> None:
    batch = Batch(queue.region, mapping.uuid, tuple(message.id for message in messages))
    event = json.dumps({"Records": [_record(queue, message) for message in messages]}).encode()
    partly = bool(mapping.function_response_types)
    account.kept.batches.append(batch)
    account.at_work[mapping.uuid] += 1

    def work() -> None:
        outcome = functions.run(account, function, event)
        with account.lock:
            account.at_work[mapping.uuid] -= 1
            if outcome.error and account.closing.is_set():
                return
            account.kept.batches.remove(batch)
            if outcome.error is None:
                failed = _failed(outcome.payload, batch.messages) if partly else frozenset()
                _delete(queue, [message for message in messages if message.id not in failed])
        account.changed()

    account.spawn(f"lambda-{function.function_name}-batch", work)


def _delete(queue: Queue, messages: list[Message]) -> None:
    """Delete the messages that are still there."""
    there = {handle for message in queue._messages for handle in message.all_receipt_handles}
    for message in messages:
        if message.receipt_handle in there:
            queue.delete_message(message.receipt_handle or "")


def _failed(payload: bytes, messages: tuple[str, ...]) -> frozenset[str]:
    """Which messages of a batch a function's answer says are to be delivered again.

    All of them where the answer has an identifier that is null, empty, misnamed or of no message; none
    where it says nothing (Lambda, "Implementing partial batch responses").
    """
    answer = json.loads(payload)
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    named = {item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures or ()}
    return frozenset(messages).intersection(named if named <= set(messages) else messages)


def _record(queue: Queue, message: Message) -> dict[str, Any]:
    """A message as Lambda's function gets it."""
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }


# --- what is refused ---------------------------------------------------------------------------------------


def _check(function: LambdaFunction, queue: Queue, spec: dict[str, Any]) -> None:
    """Refuse a mapping as Lambda does."""
    size, window = spec["BatchSize"], spec["MaximumBatchingWindowInSeconds"] or 0
    concurrency = (spec["ScalingConfig"] or {}).get("MaximumConcurrency")
    visibility, timeout = int(queue.visibility_timeout), int(function.timeout)  # type: ignore[attr-defined]
    lacking = [name for name in _NEEDED if denial(function.role, f"sqs:{name}", queue.queue_arn) is not None]
    checks = {
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10": (
            size <= 10 or window > 0
        ),
        "MaximumConcurrency must be 2 to 1000.": concurrency is None or 2 <= int(concurrency) <= 1000,
        f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds": (
            visibility >= timeout
        ),
        "The provided execution role does not have permissions to call "
        f"{', '.join(lacking[:1])} on SQS": not lacking,
    }
    for problem, holds in checks.items():
        if not holds:
            raise InvalidParameterValueException(problem)


def _typed(wanted: dict[str, Any]) -> dict[str, Any]:
    """Parameters with their types: CloudFormation takes numbers and truth values as text too."""
    typed = dict(wanted)
    for name in ("BatchSize", "MaximumBatchingWindowInSeconds"):
        if typed.get(name) is not None:
            typed[name] = int(typed[name])
    if "Enabled" in typed:
        typed["Enabled"] = str(typed["Enabled"]).lower() == "true"
    return typed


def _spec(mapping: EventSourceMapping) -> dict[str, Any]:
    return {
        "BatchSize": mapping.batch_size,
        "Enabled": mapping.enabled,
        "FunctionResponseTypes": mapping.function_response_types,
        "MaximumBatchingWindowInSeconds": mapping.max_batch_window,
        "ScalingConfig": mapping.scaling_config,
    }


def _backend(region: str) -> LambdaBackend:
    return lambda_backends[ACCOUNT_ID][region]
