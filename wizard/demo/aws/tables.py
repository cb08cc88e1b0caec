"""DynamoDB: moto's own, asking first whether a function's role allows the operation; and its transactions."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.exceptions import (
    MockValidationException,
    MultipleTransactionsException,
    TooManyTransactionsException,
    TransactionCanceledException,
)
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.iam.policies import denial
from wizard.demo.aws.refusal import Refusal

TOKEN_LIFE = timedelta(minutes=10)
"""How long the same ClientRequestToken stands for the same transaction."""

_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
"""The right that each part of a transaction needs: a transaction itself needs none."""


_TERM = re.compile(r"(#\w+) = (:\w+)")
_PLAIN = re.compile(rf"SET {_TERM.pattern}(, {_TERM.pattern})*")
"""An update expression that only sets attributes to values."""


class Tables(DynamoHandler):
    """Every operation of DynamoDB that moto knows."""

    def call_action(self) -> Any:
        """The answer, or AccessDeniedException for a function whose role has no right to it."""
        role = current().role_keys.get(self.access_key)
        if role is not None:
            for action, resource in self._needed():
                words = denial(role, action, resource)
                if words:
                    return self.serialized(ActionResult(Refusal("AccessDeniedException", words)))
        return super().call_action()

    def transact_write_items(self) -> ActionResult:
        """TransactWriteItems. One with the token of an earlier one is that one: nothing happens again."""
        account, token = current(), self.body.get("ClientRequestToken")
        if not token:
            return super().transact_write_items()
        now, asked = account.now(), json.dumps(self.body["TransactItems"], sort_keys=True)
        account.transactions = {
            known: done for known, done in account.transactions.items() if now - done[1] < TOKEN_LIFE
        }
        done = account.transactions.get(token)
        if done is None:
            answer = super().transact_write_items()
            account.transactions[token] = asked, now
            return answer
        if done[0] != asked:
            raise Refusal(
                "IdempotentParameterMismatchException",
                "The request was retried with a different payload, but the same idempotency token.",
            )
        return ActionResult({})

    def _needed(self) -> Iterator[tuple[str, str]]:
        """The rights that the request needs, each with what it is needed for."""
        action, params = self._get_action(), self.params
        if "TransactItems" in params:
            for item in params["TransactItems"]:
                for kind, part in item.items():
                    yield from self._for_table(_TRANSACTION[kind], part["TableName"])
        elif "TableName" in params:
            yield from self._for_table(action, params["TableName"])
        else:
            for table in params.get("RequestItems") or ["*"]:
                yield from self._for_table(action, table)

    def _for_table(self, action: str, table: str) -> Iterator[tuple[str, str]]:
        """The right to the table, and to decrypt it where its key is the customer's own."""
        name = table.rpartition("/")[2]
        yield f"dynamodb:{action}", f"arn:aws:dynamodb:{self.region}:{ACCOUNT_ID}:table/{name}"
        found = dynamodb_backends[ACCOUNT_ID][self.region].tables.get(name)
        key = (found.sse_specification or {}).get("KMSMasterKeyId") if found else None
        if key:
            yield "kms:Decrypt", key


def _transact(backend: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
    """All the writes, or none and why. moto's own copies whole tables, to be able to go back."""
    if len(items) > 100:
        raise TooManyTransactionsException
    parts = [next(iter(item.items())) for item in items]
    places = [_place(backend, kind, part) for kind, part in parts]
    if len({json.dumps(place, sort_keys=True) for place in places}) < len(places):
        raise MultipleTransactionsException
    reasons = [
        _reason(backend, part, table, key) for (_, part), (table, key) in zip(parts, places, strict=True)
    ]
    if any(code for code, _, _ in reasons):
        raise TransactionCanceledException(reasons)
    before = [copy.deepcopy(backend.get_item(table, key)) for table, key in places]
    try:
        for (kind, part), (table, key) in zip(parts, places, strict=True):
            _write(backend, kind, part, table, key)
    except Exception:
        for (table, key), item in zip(places, before, strict=True):
            backend.delete_item(table, key)
            if item is not None:
                backend.put_item(table, item.to_json()["Attributes"])
        raise


def _place(backend: DynamoDBBackend, kind: str, part: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The table and the key that a part of a transaction is about."""
    if kind != "Put":
        return part["TableName"], part["Key"]
    table = backend.get_table(part["TableName"])
    return part["TableName"], {name: part["Item"][name] for name in table.table_key_attrs}


def _reason(
    backend: DynamoDBBackend, part: dict[str, Any], table: str, key: dict[str, Any]
) -> tuple[str | None, str | None, dict[str, Any] | None]:
    """Why a part cancels its transaction: code, message and, if asked for, the item that is there."""
    found = backend.get_item(table, key)
    condition = part.get("ConditionExpression")
    holds = condition is None or get_filter_expression(
        condition, part.get("ExpressionAttributeNames"), part.get("ExpressionAttributeValues")
    ).expr(found)
    if holds:
        return None, None, None
    told = part.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and found is not None
    item = found.to_json()["Attributes"] if told and found else None
    return "ConditionalCheckFailed", "The conditional request failed", item


def _write(
    backend: DynamoDBBackend, kind: str, part: dict[str, Any], table: str, key: dict[str, Any]
) -> None:
    if kind == "Put":
        backend.put_item(table, part["Item"])
    elif kind == "Delete":
        backend.delete_item(table, key)
    elif kind == "Update" and _PLAIN.fullmatch(part["UpdateExpression"]):
        _assign(backend, part, table, key)
    elif kind == "Update":
        backend.update_item(
            table,
            key,
            update_expression=part["UpdateExpression"],
            expression_attribute_names=part.get("ExpressionAttributeNames", {}),
            expression_attribute_values=part.get("ExpressionAttributeValues", {}),
        )


def _assign(backend: DynamoDBBackend, part: dict[str, Any], table: str, key: dict[str, Any]) -> None:
    """What an update does that only sets attributes. moto reads its expression anew for each item, slowly."""
    names, values = part["ExpressionAttributeNames"], part["ExpressionAttributeValues"]
    changes = {names[name]: values[value] for name, value in _TERM.findall(part["UpdateExpression"])}
    if changes.keys() & key.keys():
        raise MockValidationException("Cannot update attribute: this attribute is part of the key")
    found = backend.get_item(table, key)
    before = found.to_json()["Attributes"] if found else key
    backend.put_item(table, {**before, **changes})


DynamoDBBackend.transact_write_items = _transact  # type: ignore[assignment,method-assign]
