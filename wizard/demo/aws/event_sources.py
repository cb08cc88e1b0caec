"""Lambda's event source mappings: what hands a queue's messages to a function."""

from __future__ import annotations

from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import EventSourceMapping, LambdaBackend, LambdaFunction, lambda_backends
from moto.sqs.models import Queue, sqs_backends

from wizard.demo.aws import functions
from wizard.demo.aws.account import ACCOUNT_ID
from wizard.demo.aws.roles import denial

DEFAULTS = {
    "BatchSize": 10,
    "Enabled": True,
    "FunctionResponseTypes": None,
    "MaximumBatchingWindowInSeconds": None,
    "ScalingConfig": None,
}
"""What a mapping has of which nothing is said."""

_NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What the function's role must be allowed on the queue."""


def create(region: str, wanted: dict[str, Any]) -> EventSourceMapping:
    """A new mapping with CreateEventSourceMapping's parameters. Refuses what Lambda refuses.

    It is kept from moto's queues, which would call the function inside SendMessage.
    """
    backend, function = _backend(region), functions.found(region, wanted.get("FunctionName") or "")
    spec = {**DEFAULTS, **_typed(wanted)}
    _check(region, function, queue_of(region, wanted.get("EventSourceArn") or ""), spec)
    for other in backend._event_source_mappings.values():
        if (other.event_source_arn, other.function_arn) == (spec["EventSourceArn"], function.function_arn):
            raise _ConflictError(
                f'An event source mapping with SQS arn (" {other.event_source_arn} ") and function (" '
                f'{function.function_name} ") already exists. Please update or delete the existing mapping '
                f"with UUID {other.uuid}"
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
    _check(region, function, queue_of(region, mapping.event_source_arn), {**_spec(mapping), **spec})
    backend.update_event_source_mapping(uuid, spec)
    return mapping


def delete(region: str, uuid: str) -> None:
    """Delete a mapping, where it is there."""
    _backend(region).delete_event_source_mapping(uuid)


def found(region: str, uuid: str) -> EventSourceMapping:
    """The mapping with this UUID. Refuses with ResourceNotFoundException."""
    mapping = _backend(region).get_event_source_mapping(uuid)
    if mapping is None:
        raise _NotFoundError("The resource you requested does not exist.")
    return mapping


def queue_of(region: str, arn: str) -> Queue:
    """The queue with this ARN. Refuses in Lambda's words."""
    for queue in sqs_backends[ACCOUNT_ID][region].queues.values():
        if queue.queue_arn == arn:
            return queue
    raise InvalidParameterValueException(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS "
        "Error Message: The specified queue does not exist."
    )


def _check(region: str, function: LambdaFunction, queue: Queue, spec: dict[str, Any]) -> None:
    """Refuse a mapping as Lambda does."""
    problem = _problem(function, queue, spec)
    if problem:
        raise InvalidParameterValueException(problem)


def _problem(function: LambdaFunction, queue: Queue, spec: dict[str, Any]) -> str | None:
    size, window = spec["BatchSize"], spec["MaximumBatchingWindowInSeconds"] or 0
    concurrency = (spec["ScalingConfig"] or {}).get("MaximumConcurrency")
    visibility, timeout = int(queue.visibility_timeout), int(function.timeout)  # type: ignore[attr-defined]
    lacking = [name for name in _NEEDED if denial(function.role, f"sqs:{name}", queue.queue_arn) is not None]
    checks = {
        "BatchSize must be 1 to 10000.": 1 <= size <= 10_000,
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10": (
            size <= 10 or window > 0
        ),
        "MaximumBatchingWindowInSeconds must be 0 to 300.": 0 <= window <= 300,
        "MaximumConcurrency must be 2 to 1000.": concurrency is None or 2 <= int(concurrency) <= 1000,
        "FunctionResponseTypes can only be ReportBatchItemFailures.": (
            (spec["FunctionResponseTypes"] or []) in ([], ["ReportBatchItemFailures"])
        ),
        f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds": (
            visibility >= timeout
        ),
        "The provided execution role does not have permissions to call "
        f"{', '.join(lacking[:1])} on SQS": not lacking,
    }
    return next((problem for problem, holds in checks.items() if not holds), None)


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


class _ConflictError(LambdaClientError):
    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


class _NotFoundError(LambdaClientError):
    code = 404

    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message)
