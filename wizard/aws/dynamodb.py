"""Amazon DynamoDB: rows as texts, read page by page and written in batches, however many there are."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import error_code, needed, throttled, translated
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import QueryInputPaginateTypeDef, WriteRequestTypeDef

Row = Mapping[str, str]
"""A row's values as texts, by the names of its attributes: see ``as_text``."""

_BATCH = 25
"""The most writes that one BatchWriteItem takes."""
_WRITERS = 8
"""How many batches are written at the same time; botocore keeps ten connections open."""
_TRIES = 10
"""How often writes that DynamoDB left undone are asked for again, with pauses: half a minute in all."""
_NOT_FOUND = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class TableDescription:
    """What DynamoDB says of a table (DescribeTable).

    ``items`` is how many rows DynamoDB counted, some six hours ago at most. ``key_arn`` is the KMS key that
    it is encrypted with, None where that is DynamoDB's own.
    """

    name: str
    status: str
    items: int
    key_arn: str | None = None


def as_text(value: Mapping[str, Any]) -> str | None:
    """A value of DynamoDB's as a text for a field of the message, just as the Lambda function makes it.

    Lists and sets are joined by commas. None for what fills no field: maps and bytes.
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
    """What DynamoDB says of ``table``, or None where there is none (dynamodb:DescribeTable).

    Raises WizardError.
    """
    from botocore.exceptions import ClientError

    with translated("dynamodb:DescribeTable", aws.profile):
        try:
            found = _client(aws).describe_table(TableName=table).get("Table", {})
        except ClientError as error:
            if error_code(error) == _NOT_FOUND:
                return None
            raise
    return TableDescription(
        name=found.get("TableName", table),
        status=found.get("TableStatus", ""),
        items=found.get("ItemCount", 0),
        key_arn=found.get("SSEDescription", {}).get("KMSMasterKeyArn"),
    )


def list_tables(aws: AwsAccess) -> tuple[str, ...]:
    """The names of all tables (dynamodb:ListTables). Raises WizardError."""
    with translated("dynamodb:ListTables", aws.profile):
        pages = _client(aws).get_paginator("list_tables").paginate()
        return tuple(name for page in pages for name in page.get("TableNames", ()))


def scan(aws: AwsAccess, table: str) -> Iterator[dict[str, str]]:
    """All rows, in no order, a page at a time (dynamodb:Scan). Raises WizardError."""
    with translated("dynamodb:Scan", aws.profile):
        for page in _client(aws).get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from map(_plain, page.get("Items", ()))


def first_rows(aws: AwsAccess, table: str, limit: int) -> tuple[dict[str, str], ...]:
    """Some rows, ``limit`` at most, in one call (dynamodb:Scan). Raises WizardError."""
    with translated("dynamodb:Scan", aws.profile):
        return tuple(map(_plain, _client(aws).scan(TableName=table, Limit=limit).get("Items", ())))


def count(aws: AwsAccess, table: str) -> int:
    """How many rows there are; all are read for it, page by page (dynamodb:Scan). Raises WizardError."""
    with translated("dynamodb:Scan", aws.profile):
        pages = (
            _client(aws).get_paginator("scan").paginate(TableName=table, Select="COUNT", ConsistentRead=True)
        )
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
    """Up to ``limit`` rows of one partition, in the order of their sort key (dynamodb:Query).

    ``partition`` is the partition key's name and value. ``condition`` is a filter expression, whose
    placeholders ``values`` fills; rows it leaves out are read, and paid, all the same. Raises WizardError.
    """
    ((name, value),) = partition.items()
    request: QueryInputPaginateTypeDef = {
        "TableName": table,
        "KeyConditionExpression": "#partition = :partition",
        "ExpressionAttributeNames": {"#partition": name},
        "ExpressionAttributeValues": _item({**(values or {}), ":partition": value}),
        "ScanIndexForward": not newest_first,
    }
    if condition:
        request["FilterExpression"] = condition
    else:
        request["PaginationConfig"] = {"PageSize": limit}
    rows: list[dict[str, str]] = []
    with translated("dynamodb:Query", aws.profile):
        for page in _client(aws).get_paginator("query").paginate(**request):
            rows += map(_plain, page.get("Items", ()))
            if len(rows) >= limit:
                break
    return tuple(rows[:limit])


def get(aws: AwsAccess, table: str, key: Row) -> dict[str, str] | None:
    """The row with this key, as it is now, or None (dynamodb:GetItem). Raises WizardError."""
    with translated("dynamodb:GetItem", aws.profile):
        answer = _client(aws).get_item(TableName=table, Key=_item(key), ConsistentRead=True)
    return _plain(answer["Item"]) if "Item" in answer else None


def put_new(aws: AwsAccess, table: str, row: Row, key: str) -> bool:
    """Put a row unless there is one of the same ``key`` attribute; whether there was none (dynamodb:PutItem).

    Raises WizardError.
    """
    client = _client(aws)
    with translated("dynamodb:PutItem", aws.profile):
        try:
            client.put_item(
                TableName=table,
                Item=_item(row),
                ConditionExpression="attribute_not_exists(#key)",
                ExpressionAttributeNames={"#key": key},
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
    return True


def delete(aws: AwsAccess, table: str, key: Row) -> bool:
    """Delete the row with this key; whether there was one (dynamodb:DeleteItem). Raises WizardError."""
    with translated("dynamodb:DeleteItem", aws.profile):
        answer = _client(aws).delete_item(TableName=table, Key=_item(key), ReturnValues="ALL_OLD")
    return bool(answer.get("Attributes"))


def write(
    aws: AwsAccess,
    table: str,
    puts: Iterable[Row] = (),
    deletes: Iterable[Row] = (),
    done: Callable[[int], None] = lambda count: None,
) -> int:
    """Put rows and delete those with the given keys; how many it were (dynamodb:BatchWriteItem).

    Both may be endless streams: only the batches under way are in memory. No key may come twice. ``done`` is
    told again and again how many are written. Not one transaction: after a failure some are written. Raises
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


def _requests(puts: Iterable[Row], deletes: Iterable[Row]) -> Iterator[WriteRequestTypeDef]:
    for row in puts:
        yield {"PutRequest": {"Item": _item(row)}}
    for key in deletes:
        yield {"DeleteRequest": {"Key": _item(key)}}


def _write_batch(aws: AwsAccess, table: str, batch: Sequence[WriteRequestTypeDef]) -> int:
    """Write one batch, as often as it takes until nothing is left of it; how many it were."""
    left: Mapping[str, Any] = {table: batch}
    for attempt in range(_TRIES):
        try:
            with translated("dynamodb:BatchWriteItem", aws.profile):
                left = _client(aws).batch_write_item(RequestItems=left).get("UnprocessedItems", {})
        except WizardError as error:
            if not throttled(error):
                raise
        if not left:
            return len(batch)
        time.sleep(0.03 * 2**attempt)
    raise WizardError(
        "DynamoDB does not keep up",
        "It left some rows unwritten, again and again.",
        "Wait a minute, then try again: what is written already stays.",
        ExitCode.OUTSIDE,
    )


def _plain(item: Mapping[str, Any]) -> dict[str, str]:
    """An item's values as texts, without those that are none."""
    texts = ((name, as_text(value)) for name, value in item.items())
    return {name: text for name, text in texts if text is not None}


def _item(row: Row) -> dict[str, Any]:
    """Texts as DynamoDB's strings."""
    return {name: {"S": value} for name, value in row.items()}


def _client(aws: AwsAccess) -> DynamoDBClient:
    client: DynamoDBClient = aws.client("dynamodb")
    return client
