"""The embedded EventBridge Scheduler: what it refuses, when it fires, where undelivered events go."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.stacks import ACCOUNT_ID, LAMBDA_TRUST, SCHEDULER_TRUST, eventually, role
from wizard.demo import Demo

GROUP_ARN = f"arn:aws:scheduler:us-east-1:{ACCOUNT_ID}:schedule-group/default"
EVENT = {"at": "<aws.scheduler.scheduled-time>", "of": "<aws.scheduler.schedule-arn>"}


class Queue:
    """A queue as a target: what was sent to it can be read at once, and nothing has to run."""

    def __init__(self, account: Demo, name: str = "target") -> None:
        self.sqs = account.world.aws.client("sqs")
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:{name}"

    def messages(self) -> list[Any]:
        """Messages that were not read yet; they are deleted."""
        found: list[Any] = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def events(self) -> list[Any]:
        return [json.loads(message["Body"]) for message in self.messages()]


@pytest.fixture
def queue(account: Demo) -> Queue:
    return Queue(account)


def wanted(account: Demo, queue: Queue, **more: Any) -> dict[str, Any]:
    """The parameters of a schedule for the queue; its role is made if need be."""
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/scheduler"
    iam = account.world.aws.client("iam")
    if not any(found["RoleName"] == "scheduler" for found in iam.list_roles()["Roles"]):
        role(account.world.aws, "scheduler", SCHEDULER_TRUST)
    target = {"Arn": queue.arn, "RoleArn": arn, "Input": json.dumps(EVENT), **more.pop("Target", {})}
    return {
        "Name": "daily",
        "ScheduleExpression": "cron(0 9 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
        **more,
    }


def refusal(account: Demo, queue: Queue, **more: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        account.world.aws.client("scheduler").create_schedule(**wanted(account, queue, **more))
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_pushing_the_clock_fires_each_run_once(account: Demo, queue: Queue) -> None:
    assert account.skip_to_next_run() is None
    scheduler = account.world.aws.client("scheduler")
    arn = scheduler.create_schedule(**wanted(account, queue))["ScheduleArn"]
    first, second = account.skip_to_next_run(), account.skip_to_next_run()
    assert first is not None
    assert second is not None
    assert timedelta(hours=23) <= second - first <= timedelta(hours=25)
    assert second <= account.now() < second + timedelta(minutes=1)
    assert sorted(event["at"] for event in queue.events()) == [
        f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (first, second)
    ]
    assert queue.events() == []
    assert scheduler.get_schedule(Name="daily")["Arn"] == arn


def test_a_schedule_fires_by_itself_when_it_is_due(account: Demo, queue: Queue) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=2)
    account.world.aws.client("scheduler").create_schedule(
        **wanted(
            account,
            queue,
            ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            ActionAfterCompletion="DELETE",
        )
    )
    (event,) = eventually(queue.events)
    assert event["at"] == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    eventually(lambda: account.world.aws.client("scheduler").list_schedules()["Schedules"] == [])


def test_a_rate_without_start_fires_at_once(account: Demo, queue: Queue) -> None:
    account.world.aws.client("scheduler").create_schedule(
        **wanted(account, queue, ScheduleExpression="rate(2 hours)")
    )
    assert len(eventually(queue.events)) == 1
    due = account.skip_to_next_run()
    assert due is not None
    assert len(queue.events()) == 1


def test_disabled_and_ended_schedules_rest(account: Demo, queue: Queue) -> None:
    scheduler = account.world.aws.client("scheduler")
    scheduler.create_schedule(**wanted(account, queue, State="DISABLED"))
    scheduler.create_schedule(
        **wanted(account, queue, Name="ended", EndDate=account.now() + timedelta(seconds=1))
    )
    assert account.skip_to_next_run() is None
    scheduler.update_schedule(**wanted(account, queue, ScheduleExpression="rate(1 day)"))
    assert scheduler.get_schedule(Name="daily")["State"] == "ENABLED"
    assert len(eventually(queue.events)) == 1


def test_begin_and_end_bound_a_schedule(account: Demo, queue: Queue) -> None:
    begin, end = account.now() + timedelta(days=3), account.now() + timedelta(days=5)
    scheduler = account.world.aws.client("scheduler")
    scheduler.create_schedule(**wanted(account, queue, StartDate=begin, EndDate=end))
    runs = [account.skip_to_next_run() for _ in range(3)]
    assert runs.pop() is None
    assert all(run is not None and begin <= run <= end for run in runs)
    moment = account.now() + timedelta(days=9)
    scheduler.create_schedule(
        **wanted(
            account,
            queue,
            Name="once",
            ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            StartDate=moment + timedelta(days=1),
            EndDate=account.now() + timedelta(days=1),
        )
    )
    assert account.skip_to_next_run() == moment.replace(microsecond=0)


def test_a_flexible_window_is_used_at_its_beginning(account: Demo, queue: Queue) -> None:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    account.world.aws.client("scheduler").create_schedule(
        **wanted(account, queue, FlexibleTimeWindow=window, ScheduleExpressionTimezone="UTC")
    )
    due = account.skip_to_next_run()
    assert due is not None
    assert (due.hour, due.minute) == (9, 0)
    assert [event["at"] for event in queue.events()] == [f"{due:%Y-%m-%dT%H:%M:%SZ}"]


def test_a_push_goes_to_the_next_run_and_lets_each_other_schedule_fire_once(
    account: Demo, queue: Queue
) -> None:
    night = (account.now() + timedelta(days=1)).replace(hour=1, minute=0)
    account.account.kept.clock.push_to(night)
    scheduler = account.world.aws.client("scheduler")
    scheduler.create_schedule(
        **wanted(account, queue, Name="daily-resume", ScheduleExpression="cron(30 * * * ? *)")
    )
    assert account.skip_to_next_run() is None
    scheduler.create_schedule(**wanted(account, queue, ScheduleExpressionTimezone="UTC"))
    for _ in range(2):
        due = account.skip_to_next_run()
        assert due is not None
        assert (due.hour, due.minute) == (9, 0)
        fired = {event["of"].rpartition("/")[2]: event["at"] for event in queue.events()}
        assert fired == {
            "daily": f"{due:%Y-%m-%dT%H:%M:%SZ}",
            "daily-resume": f"{due - timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}",
        }


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(account: Demo, queue: Queue) -> None:
    dead = Queue(account, "dead")
    target = {"Arn": f"{queue.arn}-gone", "DeadLetterConfig": {"Arn": dead.arn}}
    account.world.aws.client("scheduler").create_schedule(**wanted(account, queue, Target=target))
    account.skip_to_next_run()
    (message,) = dead.messages()
    attributes = {name: found["StringValue"] for name, found in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "QueueDoesNotExist"
    assert attributes["TARGET_ARN"] == f"{queue.arn}-gone"
    assert json.loads(message["Body"])["of"].endswith(":schedule/default/daily")


def test_a_role_without_the_right_delivers_nothing(account: Demo, queue: Queue) -> None:
    narrow = role(account.world.aws, "narrow", SCHEDULER_TRUST, "lambda:InvokeFunction")
    dead = Queue(account, "dead")
    target = {"RoleArn": narrow, "DeadLetterConfig": {"Arn": dead.arn}}
    account.world.aws.client("scheduler").create_schedule(**wanted(account, queue, Target=target))
    account.skip_to_next_run()
    (message,) = dead.messages()
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "AccessDeniedException"
    assert queue.events() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"ScheduleExpression": "cron(0 9 * * *)"},
        {"ScheduleExpressionTimezone": "Europe/Atlantis"},
        {"StartDate": datetime(2020, 1, 1, tzinfo=UTC)},
        {"EndDate": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
def test_impossible_schedules_are_refused(account: Demo, queue: Queue, wrong: dict[str, Any]) -> None:
    code, message = refusal(account, queue, **wrong)
    assert code == "ValidationException"
    assert message
    assert account.world.aws.client("scheduler").list_schedules()["Schedules"] == []


def trust(source_arn: str) -> dict[str, Any]:
    (statement,) = SCHEDULER_TRUST["Statement"]
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID, "aws:SourceArn": source_arn}}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("document", "accepted"),
    [
        (trust(GROUP_ARN), True),
        (trust(f"arn:aws:scheduler:us-east-1:{ACCOUNT_ID}:schedule/default/daily"), False),
        (LAMBDA_TRUST, False),
    ],
)
def test_the_role_must_trust_the_schedulers_group(
    account: Demo, queue: Queue, document: dict[str, Any], accepted: bool
) -> None:
    arn = role(account.world.aws, "own", document)
    if accepted:
        parameters = wanted(account, queue, Target={"RoleArn": arn})
        assert account.world.aws.client("scheduler").create_schedule(**parameters)["ScheduleArn"]
    else:
        code, message = refusal(account, queue, Target={"RoleArn": arn})
        assert code == "ValidationException"
        assert message == (
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        )
