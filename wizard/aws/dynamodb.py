"""Amazon DynamoDB: tables of plain strings, read whole and changed in batches."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import translated
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputPaginateTypeDef, WriteRequestTypeDef

Row = Mapping[str, str]

_BATCH = 25
"""The most writes that one BatchWriteItem takes."""
_TRIES = 8
"""How often writes that DynamoDB left undone are asked for again, with growing pauses."""


def scan(aws: AwsAccess, table: str) -> tuple[dict[str, str], ...]:
    """All rows, all pages; values that are no strings are left out (dynamodb:Scan). Raises WizardError."""
    rows: list[dict[str, str]] = []
    with translated("dynamodb:Scan", aws.profile):
        for page in _client(aws).get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            rows += [
                {name: value["S"] for name, value in item.items() if "S" in value} for item in page["Items"]
            ]
    return tuple(rows)


def count(aws: AwsAccess, table: str) -> int:
    """How many rows there are (dynamodb:Scan). Raises WizardError."""
    with translated("dynamodb:Scan", aws.profile):
        pages = (
            _client(aws).get_paginator("scan").paginate(TableName=table, Select="COUNT", ConsistentRead=True)
        )
        return sum(page["Count"] for page in pages)


def query(
    aws: AwsAccess,
    table: str,
    partition: Row,
    limit: int,
    *,
    newest_first: bool = False,
    condition: str = "",
    values: Row | None = None,
) -> tuple[dict[str, str], ...]:
    """Up to ``limit`` rows of one partition, in the order of their sort key (dynamodb:Query).

    ``partition`` is the partition key's name and value. ``condition`` is a filter expression, whose
    placeholders ``values`` fills; rows it leaves out are read, and paid, all the same. Raises WizardError.
    """
    ((name, value),) = partition.items()
    request: QueryInputPaginateTypeDef = {
        "TableName": table,
        "KeyConditionExpression": "#partition = :partition",
        "ExpressionAttributeNames": {"#partition": name},
        "ExpressionAttributeValues": {
            key: {"S": text} for key, text in {**(values or {}), ":partition": value}.items()
        },
        "ScanIndexForward": not newest_first,
    }
    if condition:
        request["FilterExpression"] = condition
    else:
        request["PaginationConfig"] = {"PageSize": limit}
    rows: list[dict[str, str]] = []
    with translated("dynamodb:Query", aws.profile):
        for page in _client(aws).get_paginator("query").paginate(**request):
            rows += map(_plain, page["Items"])
            if len(rows) >= limit:
                break
    return tuple(rows[:limit])


def get(aws: AwsAccess, table: str, key: Row) -> dict[str, str] | None:
    """The row with this key, as it is now, or None (dynamodb:GetItem). Raises WizardError."""
    with translated("dynamodb:GetItem", aws.profile):
        answer = _client(aws).get_item(
            TableName=table, Key={name: {"S": value} for name, value in key.items()}, ConsistentRead=True
        )
    return _plain(answer["Item"]) if "Item" in answer else None


def write(aws: AwsAccess, table: str, puts: Iterable[Row], deletes: Iterable[Row]) -> None:
    """Put rows and delete those with the given keys (dynamodb:BatchWriteItem).

    Not one transaction: after a failure some are written. Raises WizardError.
    """
    requests: list[WriteRequestTypeDef] = [
        {"PutRequest": {"Item": {name: {"S": value} for name, value in row.items()}}} for row in puts
    ]
    requests += [
        {"DeleteRequest": {"Key": {name: {"S": value} for name, value in key.items()}}} for key in deletes
    ]
    waiting = iter(requests)
    while batch := list(islice(waiting, _BATCH)):
        _write_batch(aws, table, batch)


def _write_batch(aws: AwsAccess, table: str, batch: Sequence[WriteRequestTypeDef]) -> None:
    left: Mapping[str, Any] = {table: batch}
    for attempt in range(_TRIES):
        with translated("dynamodb:BatchWriteItem", aws.profile):
            left = _client(aws).batch_write_item(RequestItems=left).get("UnprocessedItems", {})
        if not left:
            return
        time.sleep(0.05 * 2**attempt)
    raise WizardError(
        "DynamoDB does not keep up",
        "It left some rows unwritten, again and again.",
        "Wait a minute, then try again: what is written already stays.",
        ExitCode.OUTSIDE,
    )


def _plain(item: Mapping[str, Any]) -> dict[str, str]:
    """An item's texts and numbers, as texts; what is neither is left out."""
    return {
        name: value.get("S", value.get("N")) for name, value in item.items() if "S" in value or "N" in value
    }


def _client(aws: AwsAccess) -> DynamoDBClient:
    client: DynamoDBClient = aws.client("dynamodb")
    return client
