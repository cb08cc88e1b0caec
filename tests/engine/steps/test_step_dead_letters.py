"""The dead-letter queue: what is in it is retried, without a second mail to anybody, or deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.reminder_setup import Setup, setup_in, wait_for
from wizard.demo import Demo
from wizard.reminder import capacity
from wizard.steps.model import Progress
from wizard.steps.reminder import dead_letters
from wizard.steps.reminder import runs as reminder_runs
from wizard.steps.reminder.dead_letters import Retried
from wizard.steps.reminder.runs import RunReport

RUN = "2026-11-24T09:00:00Z"
PEOPLE = [{"email": "ana@example.com", "name": "Ana"}, {"email": "bo@example.com", "name": "Bo"}]


@pytest.fixture
def setup(account: Demo, tmp_path: Path) -> Setup:
    return setup_in(account, tmp_path)


def put(setup: Setup, *bodies: Any) -> None:
    """Put messages into the dead-letter queue."""
    sqs, queue = setup.demo.world.aws.client("sqs"), setup.outputs()["DeadLetterQueue"]
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        sqs.send_message(QueueUrl=queue, MessageBody=text)


def ended(setup: Setup) -> RunReport:
    """The only run, once it has ended."""

    def look() -> tuple[RunReport, ...]:
        found = reminder_runs.runs(setup.demo.world, setup.project)
        return found if found and found[0].ended else ()

    found: tuple[RunReport, ...] = wait_for(look)
    return found[0]


def retry(setup: Setup) -> Retried:
    return dead_letters.retry(setup.demo.world, setup.project, setup.events.append)


def test_events_are_retried_and_what_nobody_knows_is_left(setup: Setup) -> None:
    setup.act()
    unfilled = {"run": "<aws.scheduler.scheduled-time>"}
    put(setup, {"run": RUN, "execution": "1"}, {"resume": True}, "{}", "no JSON", unfilled)
    assert dead_letters.count(setup.demo.world, setup.project) == 5
    assert retry(setup) == Retried(events=2, left=3)
    assert setup.events[-1].progress is Progress.DONE
    assert setup.events[-1].words == "2 events retried; 3 messages of unknown form left in the queue"
    assert ended(setup).sent == 2


def test_a_portion_is_retried_by_its_run_where_there_is_no_queue_any_more(setup: Setup) -> None:
    setup.act()
    put(setup, {"job": {"run": RUN}, "pace": 1.0, "to": PEOPLE})
    assert retry(setup) == Retried(portions=1, recipients=2)
    assert ended(setup).sent == 2
    put(setup, {"job": {"run": RUN}, "pace": 1.0, "to": PEOPLE})
    assert retry(setup).words == "1 portion with 2 recipients retried"
    assert dead_letters.count(setup.demo.world, setup.project) == 0
    assert len(setup.demo.inbox()) == 2


def test_a_portion_goes_back_into_the_queue_and_nobody_is_mailed_twice(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "DIRECT_SECONDS", 1)
    setup.act()
    run = reminder_runs.run_now(setup.demo.world, setup.project, setup.events.append)
    assert ended(setup).mode == "queue"
    record = setup.demo.world.aws.client("dynamodb").get_item(
        TableName=setup.outputs()["RunsTable"], Key={"reminder": {"S": "runs"}, "run": {"S": run}}
    )["Item"]
    late = {"email": "cy@example.com", "name": "Cy"}
    put(setup, {"job": json.loads(record["job"]["S"]), "pace": 1.0, "to": [*PEOPLE, late]})
    assert retry(setup) == Retried(portions=1, recipients=3)
    wait_for(lambda: len(setup.demo.inbox()) == 3)
    assert {mail.recipient for mail in setup.demo.inbox()} == {
        *(one["email"] for one in PEOPLE),
        late["email"],
    }


def test_all_can_be_deleted(setup: Setup) -> None:
    setup.act()
    put(setup, {"run": RUN}, "no JSON")
    assert dead_letters.clear(setup.demo.world, setup.project, setup.events.append) == 2
    assert dead_letters.count(setup.demo.world, setup.project) == 0
    assert setup.events[-1].words == "2 messages deleted"
    assert reminder_runs.runs(setup.demo.world, setup.project) == ()
