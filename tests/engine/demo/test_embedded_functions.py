"""The embedded Lambda: deployed code that really runs, and what it may see and do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.stacks import LAMBDA_TRUST, SCHEDULER_TRUST, eventually, function, role
from wizard.demo import Demo


def invoke(account: Demo, event: Any = None, **more: Any) -> tuple[Any, str | None]:
    """The payload and the FunctionError of one run of ``worker``."""
    answer = account.world.aws.client("lambda").invoke(
        FunctionName="worker", Payload=json.dumps(event or {}), **more
    )
    raw = answer["Payload"].read()
    return json.loads(raw) if raw else None, answer.get("FunctionError")


def test_the_code_runs_on_the_event_with_its_variables(account: Demo) -> None:
    code = """
import os
def handler(event, context):
    print("printed", event["n"])
    left = context.get_remaining_time_in_millis()
    return {"n": event["n"] + 1, "mine": os.environ["MINE"], "left": left, "name": context.function_name}
"""
    function(account.world.aws, code, Environment={"Variables": {"MINE": "yes"}})
    answer = account.world.aws.client("lambda").invoke(FunctionName="worker", Payload=b'{"n": 1}')
    payload = json.loads(answer["Payload"].read())
    assert 0 < payload.pop("left") <= 20_000
    assert payload == {"n": 2, "mine": "yes", "name": "worker"}
    logged = account.world.aws.client("logs").filter_log_events(logGroupName="/aws/lambda/worker")["events"]
    assert "printed 1" in [event["message"] for event in logged]


def test_the_code_reaches_this_account_and_sees_nothing_of_the_user(
    account: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "the-users-own")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-users-own")
    monkeypatch.setenv("THE_USERS_SECRET", "the-users-own")
    code = """
import os
import boto3
def handler(event, context):
    return {
        "account": boto3.client("sts").get_caller_identity()["Account"],
        "region": boto3.client("sqs").meta.region_name,
        "leaked": [name for name, value in os.environ.items() if value == "the-users-own"],
    }
"""
    function(account.world.aws, code)
    assert invoke(account) == ({"account": "123456789012", "region": "us-east-1", "leaked": []}, None)


def test_failures_come_as_lambda_words_them(account: Demo) -> None:
    code = """
import os, time
def handler(event, context):
    if event["how"] == "raise":
        raise LookupError("nobody there")
    if event["how"] == "exit":
        os._exit(3)
    time.sleep(60)
"""
    function(account.world.aws, code, timeout=1)
    payload, error = invoke(account, {"how": "raise"})
    assert (error, payload["errorType"]) == ("Unhandled", "LookupError")
    assert payload["errorMessage"] == "nobody there"
    payload, error = invoke(account, {"how": "exit"})
    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.ExitError")
    payload, error = invoke(account, {"how": "sleep"})
    assert (error, payload["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert payload["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_a_run_finds_nothing_of_the_one_before_it(account: Demo) -> None:
    code = """
import os
import boto3
def handler(event, context):
    found = [os.environ.get("LEFT"), getattr(boto3, "left", None), "left" in os.listdir()]
    os.environ["LEFT"] = boto3.left = "something"
    open("left", "w").close()
    return [os.getpid(), *found]
"""
    function(account.world.aws, code)
    (first, *found), (second, *found_then) = invoke(account)[0], invoke(account)[0]
    assert found == found_then == [None, None, False]
    assert first != second


def test_what_python_reads_when_it_starts_can_be_a_functions_variable(account: Demo) -> None:
    code = "import sys\ndef handler(event, context):\n    return sys.flags.optimize\n"
    function(account.world.aws, code, Environment={"Variables": {"PYTHONOPTIMIZE": "2"}})
    assert invoke(account) == (2, None)


def test_an_unknown_function_is_not_found(account: Demo) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        invoke(account)


def test_an_asynchronous_event_is_repeated_while_it_fails(account: Demo) -> None:
    sqs = account.world.aws.client("sqs")
    queue = sqs.create_queue(QueueName="tries")["QueueUrl"]
    code = f"""
import boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl={queue!r}, MessageBody=context.aws_request_id)
    raise ValueError("again")
"""
    function(account.world.aws, code)
    assert invoke(account, InvocationType="Event") == (None, None)
    eventually(lambda: not account.account.kept.events)
    tries = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert len(tries) == 3
    assert len({one["Body"] for one in tries}) == 1


@pytest.mark.parametrize("trust", [SCHEDULER_TRUST, None])
def test_a_role_that_lambda_cannot_assume_is_refused(account: Demo, trust: dict[str, Any] | None) -> None:
    arn = role(account.world.aws, "other", trust) if trust else "arn:aws:iam::123456789012:role/nobody"
    with pytest.raises(ClientError, match="cannot be assumed by Lambda") as caught:
        function(account.world.aws, "", Role=arn)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"


SENDING = """
import boto3
def handler(event, context):
    try:
        boto3.client("sesv2").send_email(
            FromEmailAddress="a@example.com",
            Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
            Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
        )
        boto3.client("dynamodb").list_tables()
    except Exception as error:
        return error.response["Error"]
    return "done"
"""


@pytest.mark.parametrize(
    ("actions", "resource", "refused"),
    [
        ("*", "*", None),
        ("ses:*", "*", "dynamodb:ListTables"),
        ("*", "arn:aws:ses:us-east-1:123456789012:identity/example.org", "ses:SendEmail"),
        ("ses:Get*", "*", "ses:SendEmail"),
    ],
)
def test_a_function_may_do_what_its_role_allows(
    account: Demo, actions: str, resource: str, refused: str | None
) -> None:
    account.world.aws.client("sesv2").create_email_identity(EmailIdentity="example.com")
    account.account.ses("us-east-1").identities["example.com"].verified = True
    arn = role(account.world.aws, "narrow", LAMBDA_TRUST, actions, resource)
    function(account.world.aws, SENDING, Role=arn)
    payload, _ = invoke(account)
    if refused is None:
        assert payload == "done"
    else:
        assert payload["Code"] == "AccessDeniedException"
        assert (
            f"role/narrow/function is not authorized to perform: {refused} on resource" in payload["Message"]
        )


def test_a_function_sees_the_accounts_time(account: Demo) -> None:
    code = """
import datetime, time
def handler(event, context):
    made = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return [
        time.time(),
        datetime.datetime.now(datetime.UTC).timestamp(),
        datetime.datetime.utcnow().replace(tzinfo=datetime.UTC).timestamp(),
        time.mktime(time.gmtime()),
        datetime.date.today().toordinal(),
        isinstance(made + datetime.timedelta(1), datetime.datetime),
    ]
"""
    function(account.world.aws, code)
    account.account.kept.clock.push_to(account.now() + timedelta(days=40))
    now = account.now()
    (*moments, day, is_datetime), _ = invoke(account)
    assert all(-1 < moment - now.timestamp() < 60 for moment in moments)
    assert day - now.date().toordinal() in (0, 1)
    assert is_datetime


def test_log_lines_come_while_the_function_runs_on_the_accounts_clock(account: Demo) -> None:
    code = """
import time
def handler(event, context):
    print("first")
    time.sleep(20)
"""
    function(account.world.aws, code)
    account.account.kept.clock.push_to(account.now() + timedelta(days=40))
    invoke(account, InvocationType="Event")
    logs, since = account.world.aws.client("logs"), int(account.now().timestamp() - 60) * 1000
    eventually(lambda: logs.describe_log_groups()["logGroups"])

    def found() -> list[str]:
        events = logs.filter_log_events(logGroupName="/aws/lambda/worker", startTime=since)["events"]
        return [event["message"] for event in events]

    eventually(lambda: "first" in found())
    assert not any(line.startswith("END") for line in found())


def test_a_role_without_the_right_to_log_leaves_no_log(account: Demo) -> None:
    narrow = role(account.world.aws, "narrow", LAMBDA_TRUST, "sqs:*")
    function(account.world.aws, "def handler(event, context):\n    print('said')\n", Role=narrow)
    assert invoke(account) == (None, None)
    assert account.world.aws.client("logs").describe_log_groups()["logGroups"] == []


CALLING_ITSELF = """
import json
import boto3
def handler(event, context):
    if event["left"]:
        try:
            boto3.client("lambda").invoke(
                FunctionName=context.function_name,
                InvocationType="Event",
                Payload=json.dumps({"left": event["left"] - 1}),
            )
        except Exception as error:
            return error.response["Error"]
    print("left", event["left"], "as", context.aws_request_id)
"""


def test_a_function_can_hand_on_to_itself_where_its_role_says_so(account: Demo) -> None:
    function(account.world.aws, CALLING_ITSELF)
    assert invoke(account, {"left": 2}) == (None, None)
    logs = account.world.aws.client("logs")

    def said() -> list[str]:
        found = logs.filter_log_events(logGroupName="/aws/lambda/worker")["events"]
        return sorted(event["message"][:6] for event in found if event["message"].startswith("left"))

    eventually(lambda: said() == ["left 0", "left 1", "left 2"])
    narrow = role(account.world.aws, "narrow", LAMBDA_TRUST, "sqs:*")
    arn = function(account.world.aws, CALLING_ITSELF, name="narrow", Role=narrow)
    answer = account.world.aws.client("lambda").invoke(FunctionName="narrow", Payload=b'{"left": 1}')
    refused = json.loads(answer["Payload"].read())
    assert refused["Code"] == "AccessDeniedException"
    assert f"not authorized to perform: lambda:InvokeFunction on resource: {arn}" in refused["Message"]
