"""Changes to a reminder that stands: paused, alerted, outgrown, out of the sandbox, from another table."""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engine.reminder_setup import STACK, Setup, line, setup_in, wait_for
from wizard.demo import Demo
from wizard.errors import WizardError
from wizard.project.schema import Observation, Table
from wizard.reminder import capacity
from wizard.reminder.template.build import FUNCTION_NAME
from wizard.steps.model import ChangeKind, Status
from wizard.steps.reminder import drift as reminder_drift
from wizard.steps.reminder import runs as reminder_runs
from wizard.steps.reminder import step
from wizard.steps.reminder import trial as reminder_trial


@pytest.fixture
def setup(account: Demo, tmp_path: Path) -> Setup:
    return setup_in(account, tmp_path)


def tested(setup: Setup) -> None:
    """Let the step be done."""
    setup.change(tested=Observation(at=setup.demo.now(), words="to me@example.com"))


def role_of(setup: Setup) -> list[dict[str, Any]]:
    """The statements of the deployed function's role."""
    iam = setup.demo.world.aws.client("iam")
    name = next(made.physical_id for made in setup.look().resources if made.logical_id == "FunctionRole")
    policy = iam.get_role_policy(RoleName=name, PolicyName="this-stack-only")["PolicyDocument"]
    statements: list[dict[str, Any]] = (json.loads(policy) if isinstance(policy, str) else policy)[
        "Statement"
    ]
    return statements


def test_a_pause_is_a_change_like_any_other_and_is_taken_back_by_one(setup: Setup) -> None:
    setup.act()
    tested(setup)
    setup.change(paused=True)
    assert setup.standing() == (
        Status.ATTENTION,
        "Changed, not deployed: pause (F4 on Create)",
    )
    planned = setup.plan()
    assert line(planned, "schedule").detail.startswith("is paused; once resumed, it starts the function")
    assert planned.plan.cost.startswith("Once it is resumed: ")
    setup.act(planned)
    assert setup.look().paused
    assert setup.look().next_run is None
    status, words = setup.standing()
    assert (status, words.rpartition("; ")[2]) == (Status.DONE, "paused: no run until you resume it")
    assert setup.demo.skip_to_next_run() is None

    setup.change(paused=False)
    assert setup.standing()[1] == "Changed, not deployed: pause (F4 on Create)"
    setup.act()
    assert setup.look().next_run
    assert setup.standing()[0] is Status.DONE


def test_what_is_changed_and_not_deployed_is_told_until_it_is(setup: Setup) -> None:
    setup.act()
    tested(setup)
    assert setup.standing()[0] is Status.DONE
    setup.change(subject="News for {{name}}", schedule="cron(0 8 * * ? *)")
    setup.people("email,name\nana@example.com,Ana\n")
    words = "Changed, not deployed: subject, schedule, recipients (F4 on Create)"
    assert setup.standing() == (Status.ATTENTION, words)
    assert step.judge(setup.look(), setup.project).brief == "not deployed"
    assert setup.look().subject == "Hello {{name}}, a small reminder"
    result = reminder_trial.test_run(setup.demo.world, setup.project, "me@example.com", setup.events.append)
    assert "The test sent the version deployed " in result.words
    assert ", without your changes: subject, schedule. " in result.words
    assert setup.demo.inbox()[0].subject == "Hello Ana, a small reminder"
    setup.act()
    assert setup.standing()[0] is Status.DONE
    assert setup.look().subject == "News for {{name}}"


@pytest.mark.parametrize(
    ("settings", "people", "words"),
    [
        ({"timezone": "Mars/Phobos"}, None, "not valid, so not deployed: reminder.timezone: "),
        ({"text": "Hi {{nickname}}"}, None, "but there is no column nickname"),
        ({}, "email,first_name\nana@example.com,Ana\n", "but there is no column name"),
        ({}, "email,name\nnobody,Ana\n", "not valid, so not deployed: reminder.recipients: Line 2: "),
        ({"recipients": "gone.csv"}, None, "not valid, so not deployed: reminder.recipients: "),
    ],
)
def test_a_value_that_cannot_be_deployed_is_never_done(
    setup: Setup, settings: dict[str, Any], people: str | None, words: str
) -> None:
    setup.act()
    tested(setup)
    setup.change(**settings)
    if people:
        setup.people(people)
    status, found = setup.standing()
    assert status is Status.ATTENTION
    assert words in found


def test_a_run_that_was_the_last_one_is_no_mistake(setup: Setup) -> None:
    setup.change(end=setup.demo.now() + timedelta(days=3))
    setup.act()
    tested(setup)
    late = dataclasses.replace(setup.demo.world, now=lambda: setup.demo.now() + timedelta(days=9))
    standing = step.judge(step.look(late, setup.project, setup.base), setup.project)
    assert standing.status is Status.DONE
    assert standing.words.endswith("no further run")
    setup.change(end=setup.demo.now() + timedelta(days=4))
    assert "not valid" in step.judge(step.look(late, setup.project, setup.base), setup.project).words


def test_a_stack_that_somebody_deleted_or_switched_off_is_not_done(setup: Setup) -> None:
    setup.act()
    tested(setup)
    scheduler = setup.demo.world.aws.client("scheduler")
    schedule: Any = scheduler.get_schedule(Name=STACK, GroupName=STACK)
    kept = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone")
    more = {name: schedule[name] for name in (*kept, "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(**more, State="DISABLED")
    assert "disabled outside this wizard" in setup.standing()[1]
    scheduler.update_schedule(**{**more, "ScheduleExpressionTimezone": "UTC"}, State="ENABLED")
    assert setup.standing() == (
        Status.ATTENTION,
        "the schedule was changed by hand: check for drift on Create (F6)",
    )
    setup.demo.world.aws.client("sesv2").put_account_sending_attributes(SendingEnabled=False)
    assert setup.standing() == (Status.ATTENTION, "sending is paused: SES sends no mail (step 1)")
    setup.demo.world.aws.client("cloudformation").delete_stack(StackName=STACK)
    wait_for(lambda: setup.look().stack is None)
    assert setup.standing() == (
        Status.ATTENTION,
        f"the stack {STACK} is gone: deploy it again on Create (F4)",
    )


def test_alerts_wait_for_a_confirmation_and_an_alarm_that_rings_is_told(setup: Setup) -> None:
    setup.act()
    tested(setup)
    setup.change(alerts="me@example.com")
    planned = setup.plan()
    assert line(planned, "alerts topic").kind is ChangeKind.CREATE
    setup.act(planned)
    assert setup.look().unconfirmed == "me@example.com"
    status, words = setup.standing()
    assert (status, words.rpartition("; ")[2]) == (
        Status.DONE,
        "no alerts until me@example.com confirms the address",
    )
    link = re.search(r"http://\S+", setup.demo.inbox()[0].text)
    assert link
    urllib.request.urlopen(link[0]).close()
    assert setup.look().unconfirmed == ""

    sqs = setup.demo.world.aws.client("sqs")
    sqs.send_message(QueueUrl=setup.outputs()["DeadLetterQueue"], MessageBody="{}")
    assert setup.standing() == (
        Status.ATTENTION,
        "an alarm is active: the dead-letter queue has runs or mail that could not be handled",
    )
    wait_for(lambda: "alarm" in setup.demo.inbox()[0].subject.lower())

    setup.change(alerts=None)
    assert line(setup.plan(), "alerts address").detail == "is deleted: no address is set for alerts"


def test_out_of_the_sandbox_the_rights_that_only_it_needed_fall_away(setup: Setup) -> None:
    setup.people("email,name\nana@example.com,Ana\ncy@partner.example,Cy\n")
    ses = setup.demo.world.aws.client("sesv2")
    ses.create_email_identity(EmailIdentity="cy@partner.example")
    link = re.search(r"http://\S+", setup.demo.inbox()[0].text)
    assert link
    urllib.request.urlopen(link[0]).close()
    setup.act()
    tested(setup)
    assert "identity/cy@partner.example" in json.dumps(role_of(setup))
    assert setup.look().spare == ()
    assert setup.standing()[0] is Status.DONE

    ses.put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )
    setup.demo.answer_review(granted=True)
    status, words = setup.standing()
    assert status is Status.DONE, "the way out of the sandbox reopens nothing"
    assert words.endswith("permissions that only the sandbox needed remain (step 6, F4)")
    planned = setup.plan()
    assert line(planned, "permissions").detail.endswith("loses permission to use cy@partner.example")
    assert line(planned, "function's role").kind is ChangeKind.CHANGE
    setup.act(planned)
    assert "identity/cy@partner.example" not in json.dumps(role_of(setup))
    assert setup.standing()[0] is Status.DONE
    assert not setup.plan().plan.changes_anything


def test_a_queue_comes_when_a_run_has_become_too_much_for_one_call_and_goes_again(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.act()
    tested(setup)
    assert setup.look().mode == "direct"
    assert not setup.look().outgrown

    # At one mail a second (the sandbox's rate) two recipients are too many for one second.
    monkeypatch.setattr(capacity, "DIRECT_SECONDS", 1)
    assert setup.standing() == (
        Status.ATTENTION,
        "one call of the function is no longer enough: deploy again on Create (F4) for a queue",
    )
    planned = setup.plan()
    assert line(planned, "sending").detail.startswith("from now on with a queue. 2 recipients at 1 a second")
    assert (line(planned, "queue").kind, line(planned, "workers").kind) == (ChangeKind.CREATE,) * 2
    setup.act(planned)
    assert setup.look().mode == "queue"
    assert setup.standing()[0] is Status.DONE

    run = reminder_runs.run_now(setup.demo.world, setup.project, setup.events.append)
    wait_for(lambda: any(seen.ended for seen in reminder_runs.runs(setup.demo.world, setup.project)))
    (seen,) = reminder_runs.runs(setup.demo.world, setup.project)
    assert (seen.run, seen.mode, seen.people, seen.sent) == (run, "queue", 2, 2)
    assert len(setup.demo.inbox()) == 2

    # What waits in the queue would go with it: so it stays until the run has ended.
    monkeypatch.undo()
    table = setup.demo.world.aws.client("dynamodb")
    key = {"reminder": {"S": "runs"}, "run": {"S": run}}
    state = table.get_item(TableName=setup.outputs()["RunsTable"], Key=key)["Item"]
    table.put_item(
        TableName=setup.outputs()["RunsTable"],
        Item={name: value for name, value in state.items() if name != "ended"},
    )
    planned = setup.plan()
    assert "The queue stays while an unfinished run may have mails in it" in line(planned, "sending").detail
    assert not planned.plan.changes_anything

    table.put_item(TableName=setup.outputs()["RunsTable"], Item=state)
    planned = setup.plan()
    assert line(planned, "sending").detail.startswith("from now on without a queue. One call")
    assert line(planned, "queue").detail == "is deleted: one call of the function is enough for a run"
    setup.act(planned)
    assert setup.look().mode == "direct"


def test_a_table_of_the_users_is_read_with_its_key_and_never_written(setup: Setup) -> None:
    setup.act()
    tables = setup.demo.world.aws.client("dynamodb")
    key = setup.demo.world.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    tables.create_table(
        TableName="customers",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    rows = [{"id": "1", "Mail": "ana@example.com", "First": "Ana"}, {"id": "2", "Mail": "bo@example.com"}]
    for row in rows:
        tables.put_item(TableName="customers", Item={name: {"S": value} for name, value in row.items()})
    setup.change(recipients=None, table=Table(name="customers", email="Mail", fields={"name": "First"}))
    planned = setup.plan()
    assert line(planned, "recipients").kind is ChangeKind.KEEP
    assert line(planned, "recipients").detail == (
        "about 2 in your table customers, which is read-only; the function can decrypt it, "
        "only through DynamoDB"
    )
    assert line(planned, "recipients table").detail.startswith("is deleted with its rows")
    setup.act(planned)
    tested(setup)
    assert setup.standing()[1].startswith("about 2 recipients")
    message = setup.project.reminder.text
    setup.change(text="Hello {{nickname}}")
    assert "there is no column nickname" in setup.standing()[1], "no row of the table has that"
    setup.change(text=message)
    rights = [statement for statement in role_of(setup) if statement["Action"] == ["kms:Decrypt"]]
    assert [statement["Resource"] for statement in rights] == [key]

    reminder_runs.run_now(setup.demo.world, setup.project, setup.events.append)
    wait_for(lambda: len(setup.demo.inbox()) == 2)
    assert {mail.recipient for mail in setup.demo.inbox()} == {"ana@example.com", "bo@example.com"}
    left = tables.scan(TableName="customers")["Items"]
    assert sorted(item["id"]["S"] for item in left) == ["1", "2"]
    assert all(set(item) <= {"id", "Mail", "First"} for item in left)


def test_a_begin_that_has_passed_is_no_reason_for_a_change(setup: Setup) -> None:
    setup.change(start=setup.demo.now() + timedelta(days=30), end=setup.demo.now() + timedelta(days=90))
    setup.act()
    assert not setup.plan().plan.changes_anything
    begin = setup.project.reminder.start
    assert begin
    first = setup.look().next_run
    assert first
    assert first >= begin

    late = dataclasses.replace(setup.demo.world, now=lambda: begin + timedelta(days=1))
    assert not step.plan(late, setup.project, setup.base).plan.changes_anything
    # EventBridge takes no StartDate that has passed, neither with a change nor in putting one back.
    assert "StartDate" not in planned_schedule(step.plan(late, setup.project, setup.base, revert_drift=True))
    setup.change(paused=True)
    body = planned_schedule(step.plan(late, setup.project, setup.base))
    assert "StartDate" not in body
    assert body["State"] == "DISABLED"


def test_a_plan_whose_begin_has_come_meanwhile_is_not_carried_out(setup: Setup) -> None:
    setup.change(schedule="rate(5 minutes)")
    planned = setup.plan()
    assert "StartDate" in planned_schedule(planned)
    assert "pile up" not in line(planned, "sending").detail
    setup.people("email,name\n" + "".join(f"p{n}@example.com,P\n" for n in range(301)))
    planned = setup.plan()
    assert "runs overlap and pile up" in line(planned, "sending").detail
    late = dataclasses.replace(setup.demo.world, now=lambda: setup.demo.now() + timedelta(minutes=6))
    with pytest.raises(WizardError, match="plan is too old"):
        step.act(late, setup.project, planned, setup.events.append)
    assert setup.status() == "REVIEW_IN_PROGRESS"


def planned_schedule(planned: step.ReminderPlan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(planned.work.template.body)["Resources"]["Schedule"]["Properties"]
    return found


def test_what_somebody_changed_or_deleted_is_told_and_put_back(setup: Setup) -> None:
    setup.act()
    tested(setup)
    assert reminder_drift.drift(setup.demo.world, setup.project, setup.events.append) == ()

    scheduler = setup.demo.world.aws.client("scheduler")
    schedule: Any = scheduler.get_schedule(Name=STACK, GroupName=STACK)
    kept = ("Name", "GroupName", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(
        **{name: schedule[name] for name in kept}, ScheduleExpression="cron(0 9 1 1 ? 2199)", State="ENABLED"
    )
    tables = setup.demo.world.aws.client("dynamodb")
    tables.delete_table(TableName=setup.outputs()["RecipientsTable"])
    setup.demo.world.aws.client("lambda").delete_function(FunctionName=FUNCTION_NAME)
    found = reminder_drift.drift(setup.demo.world, setup.project, setup.events.append)
    assert {(drifted.resource, drifted.words) for drifted in found} == {
        (
            "schedule",
            "ScheduleExpression is cron(0 9 1 1 ? 2199); it should be cron(0 9 ? * MON-FRI *)",
        ),
        ("recipients table", "it was deleted"),
        ("Lambda function", "it was deleted"),
    }
    assert setup.standing()[1].startswith("the function was deleted: check for drift")
    with pytest.raises(WizardError, match="TriggerReminder was deleted") as gone:
        reminder_trial.test_run(
            setup.demo.world, setup.project, "success@simulator.amazonses.com", setup.events.append
        )
    assert "press F6 to detect drift, then F7 to restore the function" in gone.value.todo
    with pytest.raises(WizardError, match="TriggerReminder was deleted"):
        reminder_runs.run_now(setup.demo.world, setup.project, setup.events.append)
    with pytest.raises(WizardError, match="recipients table is missing"):
        setup.plan()

    planned = setup.plan(revert_drift=True)
    assert line(planned, "schedule").detail.startswith("was changed by hand, and is restored")
    assert line(planned, "recipients table").detail.startswith("was deleted, and is created again")
    assert line(planned, "recipients").detail == "2 added"
    setup.act(planned)
    assert setup.rows() == {"ana@example.com": "Ana", "bo@example.com": "Bo"}
    assert reminder_drift.drift(setup.demo.world, setup.project, setup.events.append) == ()
    assert setup.standing()[0] is Status.DONE
