"""Amazon DynamoDB: tables and rows. A row's values are strings here; large tables are streamed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call, call_pages, call_unless
from wizard.aws.failures import needed, throttled
from wizard.errors import ExitCode, WizardError

Row = Mapping[str, str]
"""A row's values as strings, by attribute name: see ``as_text``."""

_BATCH = 25
"""The most writes in one BatchWriteItem."""
_WRITERS = 8
"""Batches written at the same time; botocore keeps ten connections open."""
_TRIES = 10
"""Tries to write what DynamoDB left unprocessed, with pauses: half a minute in total."""


@dataclass(frozen=True, slots=True)
class TableDescription:
    """A table (DescribeTable).

    ``items`` is the number of rows, which DynamoDB updates every six hours. ``key_arn`` is the KMS key that
    encrypts the table, None if that is DynamoDB's own.
    """

    name: str
    status: str
    items: int
    key_arn: str | None = None


def as_text(value: Mapping[str, Any]) -> str | None:
    """Return a DynamoDB value as text for a field of the message, as the Lambda function does.

    Lists and sets are joined by commas. None for maps and bytes, which fill no field.
    """
    if not value:
        return None
    ((kind, content),) = value.items()
    match kind:
        case "S" | "N":
            return str(content)
        case "BOOL":
            return str(content).lower()
        case "NULL":
            return ""
        case "SS" | "NS":
            return ", ".join(content)
        case "L":
            return ", ".join(as_text(one) or "" for one in content)
    return None


def describe_table(aws: AwsAccess, table: str) -> TableDescription | None:
    """Return the description of ``table``, or None if it does not exist. Raises WizardError."""
    answer = call_unless(aws, "ResourceNotFoundException", "dynamodb:DescribeTable", TableName=table)
    if answer is None:
        return None
    found = answer.get("Table", {})
    return TableDescription(
        name=found.get("TableName", table),
        status=found.get("TableStatus", ""),
        items=found.get("ItemCount", 0),
        key_arn=found.get("SSEDescription", {}).get("KMSMasterKeyArn"),
    )


def list_tables(aws: AwsAccess) -> tuple[str, ...]:
    """Return the names of all tables. Raises WizardError."""
    return tuple(
        name for page in call_pages(aws, "dynamodb:ListTables") for name in page.get("TableNames", ())
    )


def scan(aws: AwsAccess, table: str) -> Iterator[dict[str, str]]:
    """Yield all rows, unordered, reading page by page. Raises WizardError."""
    for page in call_pages(aws, "dynamodb:Scan", TableName=table, ConsistentRead=True):
        yield from map(_plain, page.get("Items", ()))


def first_rows(aws: AwsAccess, table: str, limit: int) -> tuple[dict[str, str], ...]:
    """Return some rows, ``limit`` at most, in one call. Raises WizardError."""
    return tuple(map(_plain, call(aws, "dynamodb:Scan", TableName=table, Limit=limit).get("Items", ())))


def count(aws: AwsAccess, table: str) -> int:
    """Return the number of rows, by reading them all. Raises WizardError."""
    pages = call_pages(aws, "dynamodb:Scan", TableName=table, Select="COUNT", ConsistentRead=True)
    return sum(needed(page, "Count", "dynamodb:Scan") for page in pages)


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
    """Return up to ``limit`` rows of one partition, in the order of their sort key. Raises WizardError.

    ``partition`` is the partition key's name and value. ``condition`` is a filter expression, with ``values``
    for its placeholders; the rows it filters out are read and paid for, too.
    """
    ((name, value),) = partition.items()
    request: dict[str, Any] = {"FilterExpression": condition} if condition else {}
    pages = call_pages(
        aws,
        "dynamodb:Query",
        TableName=table,
        KeyConditionExpression="#partition = :partition",
        ExpressionAttributeNames={"#partition": name},
        ExpressionAttributeValues=_item({**(values or {}), ":partition": value}),
        ScanIndexForward=not newest_first,
        PaginationConfig={} if condition else {"PageSize": limit},
        **request,
    )
    rows: list[dict[str, str]] = []
    for page in pages:
        rows += map(_plain, page.get("Items", ()))
        if len(rows) >= limit:
            break
    return tuple(rows[:limit])


def get(aws: AwsAccess, table: str, key: Row) -> dict[str, str] | None:
    """Return the row with this key, by a consistent read, or None. Raises WizardError."""
    answer = call(aws, "dynamodb:GetItem", TableName=table, Key=_item(key), ConsistentRead=True)
    return _plain(answer["Item"]) if "Item" in answer else None


def put_new(aws: AwsAccess, table: str, row: Row, key: str) -> bool:
    """Add a row and return True; return False if one has the same ``key`` attribute. Raises WizardError."""
    answer = call_unless(
        aws,
        "ConditionalCheckFailedException",
        "dynamodb:PutItem",
        TableName=table,
        Item=_item(row),
        ConditionExpression="attribute_not_exists(#key)",
        ExpressionAttributeNames={"#key": key},
    )
    return answer is not None


def delete(aws: AwsAccess, table: str, key: Row) -> bool:
    """Delete the row with this key; return whether it existed. Raises WizardError."""
    answer = call(aws, "dynamodb:DeleteItem", TableName=table, Key=_item(key), ReturnValues="ALL_OLD")
    return bool(answer.get("Attributes"))


def write(
    aws: AwsAccess,
    table: str,
    puts: Iterable[Row] = (),
    deletes: Iterable[Row] = (),
    done: Callable[[int], None] = lambda count: None,
) -> int:
    """Put rows, delete those with the given keys, and return how many were written.

    Both may be endless streams: only the current batches are in memory. No key may occur twice. ``done`` gets
    the number written so far. This is no transaction: after a failure, some rows are written. Raises
    WizardError, and what ``puts`` and ``deletes`` raise.
    """
    requests = _requests(puts, deletes)
    written = 0
    under_way: deque[Future[int]] = deque()
    with ThreadPoolExecutor(_WRITERS, "writing") as pool:
        try:
            while (batch := list(islice(requests, _BATCH))) or under_way:
                if batch:
                    under_way.append(pool.submit(_write_batch, aws, table, batch))
                if not batch or len(under_way) == 2 * _WRITERS:
                    written += under_way.popleft().result()
                    done(written)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return written


def _requests(puts: Iterable[Row], deletes: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in puts:
        yield {"PutRequest": {"Item": _item(row)}}
    for key in deletes:
        yield {"DeleteRequest": {"Key": _item(key)}}


def _write_batch(aws: AwsAccess, table: str, batch: Sequence[dict[str, Any]]) -> int:
    """Write one batch, retrying what DynamoDB leaves unprocessed; return its size."""
    left: Mapping[str, Any] = {table: batch}
    for attempt in range(_TRIES):
        try:
            left = call(aws, "dynamodb:BatchWriteItem", RequestItems=left).get("UnprocessedItems", {})
        except WizardError as error:
            if not throttled(error):
                raise
        if not left:
            return len(batch)
        time.sleep(0.03 * 2**attempt)
    raise WizardError(
        "DynamoDB is too slow",
        "It left some rows unwritten after several tries.",
        "Wait a minute, then try again. Rows that were written stay.",
        ExitCode.OUTSIDE,
    )


def _plain(item: Mapping[str, Any]) -> dict[str, str]:
    """Return an item's values as text, without those that have none."""
    texts = ((name, as_text(value)) for name, value in item.items())
    return {name: text for name, text in texts if text is not None}


def _item(row: Row) -> dict[str, Any]:
    """Return a row as a DynamoDB item of strings."""
    return {name: {"S": value} for name, value in row.items()}
