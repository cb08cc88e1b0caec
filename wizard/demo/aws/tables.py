"""DynamoDB: moto's own, asking first whether a function's role allows the operation; and its transactions."""

from __future__ import annotations

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


_by_moto = DynamoDBBackend.transact_write_items


def _transact(backend: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
    """All the writes, or none and why. moto copies whole tables to be able to go back, and is slow.

    So plain updates, such as the reminder's, are checked first and then written here.
    """
    updates = [item["Update"] for item in items if "Update" in item]
    if len(updates) < len(items) or not all(_PLAIN.fullmatch(one["UpdateExpression"]) for one in updates):
        _by_moto(backend, items)
        return
    if len(items) > 100:
        raise TooManyTransactionsException
    if len({json.dumps([one["TableName"], one["Key"]], sort_keys=True) for one in updates}) < len(updates):
        raise MultipleTransactionsException
    changes = [_changes(one) for one in updates]
    reasons = [_reason(backend, one) for one in updates]
    if any(code for code, _, _ in reasons):
        raise TransactionCanceledException(reasons)
    for one, changed in zip(updates, changes, strict=True):
        found = backend.get_item(one["TableName"], one["Key"])
        before = found.to_json()["Attributes"] if found else one["Key"]
        backend.put_item(one["TableName"], {**before, **changed})


def _changes(update: dict[str, Any]) -> dict[str, Any]:
    """The attributes that an update sets."""
    names, values = update["ExpressionAttributeNames"], update["ExpressionAttributeValues"]
    changes = {names[name]: values[value] for name, value in _TERM.findall(update["UpdateExpression"])}
    if changes.keys() & update["Key"].keys():
        raise MockValidationException("Cannot update attribute: this attribute is part of the key")
    return changes


def _reason(
    backend: DynamoDBBackend, update: dict[str, Any]
) -> tuple[str | None, str | None, dict[str, Any] | None]:
    """Why an update cancels its transaction: code, message and, if asked for, the existing item."""
    found = backend.get_item(update["TableName"], update["Key"])
    condition = update.get("ConditionExpression")
    if condition is None or get_filter_expression(
        condition, update.get("ExpressionAttributeNames"), update.get("ExpressionAttributeValues")
    ).expr(found):
        return None, None, None
    told = found if update.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else None
    item = told.to_json()["Attributes"] if told else None
    return "ConditionalCheckFailed", "The conditional request failed", item


DynamoDBBackend.transact_write_items = _transact  # type: ignore[assignment,method-assign]
