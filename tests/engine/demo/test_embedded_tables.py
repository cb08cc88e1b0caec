"""The embedded DynamoDB: transactions, and what a function's role allows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.stacks import ACCOUNT_ID, LAMBDA_TRUST, function, role
from wizard.demo import Demo

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/claims"


@pytest.fixture
def tables(account: Demo) -> DynamoDBClient:
    client: DynamoDBClient = account.world.aws.client("dynamodb")
    create(client)
    return client


def create(client: DynamoDBClient, **more: Any) -> None:
    client.create_table(
        TableName="claims",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("run", "email")],
        KeySchema=[
            {"AttributeName": "run", "KeyType": "HASH"},
            {"AttributeName": "email", "KeyType": "RANGE"},
        ],
        **more,
    )


def claim(email: str, **more: Any) -> Any:
    item = {"run": {"S": "one"}, "email": {"S": email}, **{key: {"S": text} for key, text in more.items()}}
    return {
        "Put": {
            "TableName": "claims",
            "Item": item,
            "ConditionExpression": "attribute_not_exists(email)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def kept(tables: DynamoDBClient) -> dict[str, str | None]:
    items = tables.scan(TableName="claims")["Items"]
    return {item["email"]["S"]: item.get("by", {}).get("S") for item in items}


def test_a_transaction_writes_all_or_nothing_and_says_why(tables: DynamoDBClient) -> None:
    tables.transact_write_items(TransactItems=[claim("a", by="first"), claim("b", by="first")])
    with pytest.raises(tables.exceptions.TransactionCanceledException) as caught:
        tables.transact_write_items(TransactItems=[claim("b", by="second"), claim("c", by="second")])
    reasons: Any = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["ConditionalCheckFailed", "None"]
    assert reasons[0]["Item"]["by"] == {"S": "first"}
    assert kept(tables) == {"a": "first", "b": "first"}


def test_what_cannot_be_written_undoes_its_transaction(tables: DynamoDBClient) -> None:
    tables.transact_write_items(TransactItems=[claim("a", by="first")])
    change = {"TableName": "claims", "Key": {"run": {"S": "one"}, "email": {"S": "a"}}}
    wrong: Any = {
        "Update": {
            **change,
            "UpdateExpression": "SET #by = #by + :one",
            "ExpressionAttributeNames": {"#by": "by"},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    with pytest.raises(ClientError, match="ValidationException"):
        tables.transact_write_items(TransactItems=[claim("b"), wrong])
    assert kept(tables) == {"a": "first"}
    with pytest.raises(ClientError, match="multiple operations on one item"):
        tables.transact_write_items(TransactItems=[claim("b"), deletion("b")])
    tables.transact_write_items(TransactItems=[claim("b"), deletion("a")])
    assert kept(tables) == {"b": None}


def deletion(email: str) -> Any:
    return {"Delete": {"TableName": "claims", "Key": {"run": {"S": "one"}, "email": {"S": email}}}}


def test_a_repeated_request_is_carried_out_once(tables: DynamoDBClient) -> None:
    for _ in range(2):
        tables.transact_write_items(TransactItems=[claim("a")], ClientRequestToken="token")
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        tables.transact_write_items(TransactItems=[claim("b")], ClientRequestToken="token")
    with pytest.raises(ClientError, match="TransactionCanceled"):
        tables.transact_write_items(TransactItems=[claim("a")], ClientRequestToken="another")


ASKING = """
import boto3
def handler(event, context):
    table = boto3.client("dynamodb")
    item, refused = {"run": {"S": "two"}, "email": {"S": "a"}}, []
    calls = {
        "transact_write_items": {"TransactItems": [{"Put": {"TableName": "claims", "Item": item}}]},
        "batch_get_item": {"RequestItems": {"claims": {"Keys": [item]}}},
        "query": {
            "TableName": "claims",
            "KeyConditionExpression": "run = :run",
            "ExpressionAttributeValues": {":run": item["run"]},
        },
        "batch_write_item": {"RequestItems": {"claims": [{"PutRequest": {"Item": item}}]}},
    }
    for call, parameters in calls.items():
        try:
            getattr(table, call)(**parameters)
        except table.exceptions.ClientError as error:
            refused.append(error.response["Error"]["Message"].split("perform: ")[1].split(" because")[0])
    return refused
"""


def refused(account: Demo, *statements: tuple[str, str]) -> list[str]:
    """What a function is refused whose role allows these actions on these resources."""
    (first, resource), *others = statements
    arn = role(account.world.aws, "narrow", LAMBDA_TRUST, first, resource)
    for number, (action, place) in enumerate(others):
        statement = {"Effect": "Allow", "Action": action, "Resource": place}
        account.world.aws.client("iam").put_role_policy(
            RoleName="narrow",
            PolicyName=f"more-{number}",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
    function(account.world.aws, ASKING, Role=arn)
    answer = account.world.aws.client("lambda").invoke(FunctionName="worker")["Payload"].read()
    found: list[str] = json.loads(answer)
    return found


def test_a_transaction_needs_the_rights_of_its_parts(account: Demo, tables: DynamoDBClient) -> None:
    said = refused(account, ("dynamodb:PutItem", TABLE), ("dynamodb:Query", TABLE))
    assert said == [
        f"dynamodb:{action} on resource: {TABLE}" for action in ("BatchGetItem", "BatchWriteItem")
    ]
    assert list(kept(tables)) == ["a"]


def test_a_table_with_a_key_of_ones_own_needs_the_right_to_decrypt(account: Demo) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:key/mine"
    create(
        account.world.aws.client("dynamodb"),
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    assert refused(account, ("dynamodb:*", TABLE)) == [f"kms:Decrypt on resource: {key}"] * 4


def test_attributes_are_set_beside_those_that_stand_there_but_never_keys(tables: DynamoDBClient) -> None:
    def setting(email: str, name: str) -> Any:
        return {
            "Update": {
                "TableName": "claims",
                "Key": {"run": {"S": "one"}, "email": {"S": email}},
                "UpdateExpression": "SET #by = :by, #name = :value",
                "ExpressionAttributeNames": {"#by": "by", "#name": name},
                "ExpressionAttributeValues": {":by": {"S": "second"}, ":value": {"S": "x"}},
            }
        }

    tables.transact_write_items(TransactItems=[claim("a", by="first", event="bounced")])
    tables.transact_write_items(TransactItems=[setting("a", "detail"), setting("b", "detail")])
    items = {item["email"]["S"]: set(item) for item in tables.scan(TableName="claims")["Items"]}
    assert items["a"] == {"run", "email", "by", "event", "detail"}
    assert items["b"] == {"run", "email", "by", "detail"}
    with pytest.raises(ClientError, match="ValidationException"):
        tables.transact_write_items(TransactItems=[setting("c", "detail"), setting("a", "email")])
    assert kept(tables) == {"a": "second", "b": "second"}
