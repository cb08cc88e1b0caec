"""The embedded SQS and Lambda together: batches, partial failures, redelivery, dead letters, concurrency."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engine.stacks import LAMBDA_TRUST, eventually, function, role
from wizard import demo
from wizard.demo import Demo

ANSWERING = """
import json
def handler(event, context):
    print(json.dumps([[r["body"], r["attributes"]["ApproximateReceiveCount"]] for r in event["Records"]]))
    if "crash" in event["Records"][0]["body"]:
        raise ValueError("crash")
    return {"batchItemFailures": [
        {"itemIdentifier": r["messageId"]} for r in event["Records"] if "again" in r["body"]
    ]}
"""


class Line:
    """A queue whose messages a function works off, and a dead-letter queue after three tries."""

    def __init__(self, running: Demo, code: str = ANSWERING, **mapping: Any) -> None:
        self.running, self.aws = running, running.world.aws
        self.sqs = self.aws.client("sqs")
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        redrive = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 2}
        self.url = self.sqs.create_queue(
            QueueName="work",
            Attributes={"VisibilityTimeout": "600", "RedrivePolicy": json.dumps(redrive)},
        )["QueueUrl"]
        function(self.aws, code)
        mapping.setdefault("FunctionResponseTypes", ["ReportBatchItemFailures"])
        self.mapping = self.aws.client("lambda").create_event_source_mapping(
            EventSourceArn="arn:aws:sqs:us-east-1:123456789012:work", FunctionName="worker", **mapping
        )["UUID"]

    def send(self, *bodies: str) -> None:
        entries: Any = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def received(self) -> list[list[list[str]]]:
        """The batches so far, each as its bodies and how often they were received."""
        return [json.loads(line) for line in log(self.running) if line.startswith("[[")]

    def idle(self) -> bool:
        """Whether no message can be seen and no function has any."""
        return count(self.sqs, self.url) == 0 and not self.running.account.kept.batches

    def handed_over(self) -> bool:
        """Whether there is anything to hand over to a function, now."""
        from wizard.demo.aws.functions import event_sources

        with self.running.account.lock:
            return event_sources.tick(self.running.account)[0]

    def push(self, **by: float) -> None:
        push(self.running, **by)


def log(running: Demo) -> list[str]:
    logs = running.world.aws.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/worker")["logGroups"]:
        return []
    events = logs.filter_log_events(logGroupName="/aws/lambda/worker", interleaved=True)["events"]
    return [event["message"] for event in events]


def count(sqs: Any, url: str, kind: str = "") -> int:
    name = f"ApproximateNumberOfMessages{kind}"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def push(running: Demo, **by: float) -> None:
    running.account.kept.clock.push_to(running.now() + timedelta(**by))
    running.account.changed()


def test_a_batch_is_handed_over_and_gone_when_the_function_returns(account: Demo) -> None:
    line = Line(account, BatchSize=5)
    line.send("a", "b", "c")
    assert eventually(line.received) == [[["a", "1"], ["b", "1"], ["c", "1"]]]
    eventually(line.idle)
    assert count(line.sqs, line.url, "NotVisible") == 0


def test_what_failed_comes_again_after_its_time_and_ends_in_the_dead_letter_queue(account: Demo) -> None:
    line = Line(account)
    line.send("a", "again")
    eventually(line.idle)
    assert line.received() == [[["a", "1"], ["again", "1"]]]
    assert count(line.sqs, line.url, "NotVisible") == 1
    line.push(seconds=599)
    assert count(line.sqs, line.url) == 0
    line.push(seconds=2)
    eventually(lambda: len(line.received()) == 2)
    eventually(line.idle)
    assert line.received()[1] == [["again", "2"]]
    line.push(seconds=601)
    eventually(lambda: count(line.sqs, line.dead) == 1)
    assert len(line.received()) == 2


def test_a_failed_run_leaves_its_whole_batch(account: Demo) -> None:
    line = Line(account)
    line.send("crash", "other")
    eventually(line.idle)
    assert count(line.sqs, line.url, "NotVisible") == 2


def test_an_answer_is_heard_only_if_the_mapping_says_so(account: Demo) -> None:
    line = Line(account, FunctionResponseTypes=[])
    line.send("again")
    eventually(lambda: line.received() and line.idle())
    assert count(line.sqs, line.url, "NotVisible") == 0


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ({"batchItemFailures": []}, 0),
        ({"batchItemFailures": None}, 0),
        ({}, 0),
        (None, 0),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, 2),
        ({"batchItemFailures": [{"identifier": "b"}]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": "of no message"}]}, 2),
    ],
)
def test_what_a_partial_answer_means(answer: Any, left: int) -> None:
    from wizard.demo.aws.functions.event_sources import _failed

    assert len(_failed(json.dumps(answer).encode(), ("a", "b"))) == left


WAITING = """
import pathlib, time, os
def handler(event, context):
    print("begun", time.time())
    time.sleep(0.15)
    print("ended", time.time())
"""


def test_never_more_at_a_time_than_the_mapping_allows(account: Demo) -> None:
    line = Line(account, WAITING, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    line.send(*"abcdef")
    eventually(lambda: sum(said.startswith("ended") for said in log(account)) == 6)
    said = [words.split() for words in log(account) if words.startswith(("begun", "ended"))]
    steps = sorted((float(moment), 1 if word == "begun" else -1) for word, moment in said)
    at_work = [sum(step for _, step in steps[: number + 1]) for number in range(len(steps))]
    assert max(at_work) == 2


def test_a_disabled_mapping_waits(account: Demo) -> None:
    line = Line(account, Enabled=False)
    line.send("a")
    lambdas = account.world.aws.client("lambda")
    assert lambdas.get_event_source_mapping(UUID=line.mapping)["State"] == "Disabled"
    assert not line.handed_over()
    lambdas.update_event_source_mapping(UUID=line.mapping, Enabled=True)
    assert eventually(line.received) == [[["a", "1"]]]
    lambdas.delete_event_source_mapping(UUID=line.mapping)
    line.send("b")
    assert not line.handed_over()


def test_a_role_that_lost_its_right_gets_nothing(account: Demo) -> None:
    line = Line(account)
    iam = account.world.aws.client("iam")
    iam.delete_role_policy(RoleName="worker-role", PolicyName="policy")
    line.send("a")
    assert not line.handed_over()
    assert count(line.sqs, line.url) == 1


HIDING = """
import boto3
def handler(event, context):
    (record,) = event["Records"]
    boto3.client("sqs").change_message_visibility(
        QueueUrl=%r, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=3600
    )
    print("hidden")
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
"""


def test_a_function_can_put_a_message_off(account: Demo) -> None:
    line = Line(account, HIDING % "work")
    line.send("a")
    eventually(lambda: log(account).count("hidden") == 1 and line.idle())
    line.push(minutes=59)
    assert count(line.sqs, line.url, "NotVisible") == 1
    line.push(minutes=2)
    eventually(lambda: log(account).count("hidden") == 2)


def test_what_was_at_work_at_a_quit_is_delivered_again(tmp_path: Path) -> None:
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as first:
        line = Line(first, "import time\ndef handler(event, context):\n    time.sleep(60)\n")
        line.send("a")
        eventually(lambda: first.account.processes)
        line.aws.client("lambda").update_function_code(
            FunctionName="worker", ZipFile=packed("def handler(event, context):\n    print('[[]]')\n")
        )
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as second:
        second.world.aws.client("sts").get_caller_identity()
        eventually(lambda: "[[]]" in log(second))
        sqs = second.world.aws.client("sqs")
        eventually(lambda: count(sqs, "work", "NotVisible") == 0)
        assert count(sqs, "work") == 0
        assert second.account.kept.failures == []


def packed(code: str) -> bytes:
    import io
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("index.py", code)
    return file.getvalue()


ASKING = """
import boto3
def handler(event, context):
    sqs, refused = boto3.client("sqs"), []
    entries = [{"Id": "1", "MessageBody": "b"}]
    for call, parameters in {
        "send_message_batch": {"Entries": entries},
        "receive_message": {},
        "get_queue_attributes": {"AttributeNames": ["All"]},
    }.items():
        try:
            getattr(sqs, call)(QueueUrl="work", **parameters)
        except sqs.exceptions.ClientError as error:
            refused.append((error.response["Error"]["Code"], error.response["Error"]["Message"]))
    return refused
"""


def test_a_function_may_do_with_a_queue_what_its_role_allows(account: Demo) -> None:
    account.world.aws.client("sqs").create_queue(QueueName="work")
    queue = "arn:aws:sqs:us-east-1:123456789012:work"
    narrow = role(account.world.aws, "narrow", LAMBDA_TRUST, "sqs:SendMessage", queue)
    function(account.world.aws, ASKING, Role=narrow)
    answer = account.world.aws.client("lambda").invoke(FunctionName="worker")["Payload"].read()
    refused = json.loads(answer)
    assert [code for code, _ in refused] == ["AccessDenied", "AccessDenied"]
    assert f"not authorized to perform: sqs:ReceiveMessage on resource: {queue}" in refused[0][1]
    assert "sqs:GetQueueAttributes" in refused[1][1]
