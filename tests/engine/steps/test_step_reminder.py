"""Step 5 against the embedded account: plan, act, test run, the schedule firing, failures and resuming."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.engine.reminder_setup import STACK, Setup, setup_in, wait_for
from wizard import demo
from wizard.demo import Demo, Pace
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.stacks import resources
from wizard.errors import WizardError
from wizard.project.schema import Domain, Observation
from wizard.steps.model import ChangeKind, Event, Progress, Status
from wizard.steps.reminder import step
from wizard.steps.reminder import trial as reminder_trial


@pytest.fixture
def setup(account: Demo, tmp_path: Path) -> Setup:
    return setup_in(account, tmp_path)


@pytest.fixture
def slow_setup(tmp_path: Path) -> Iterator[Setup]:
    """The same in an account where CloudFormation takes its time."""
    with demo.start(None, pace=Pace(look=0, resource=0.05)) as running:
        yield setup_in(running, tmp_path)


def test_a_plan_shows_every_resource_and_leaves_nothing_once_it_is_declined(setup: Setup) -> None:
    planned = setup.plan()
    creates = [change.subject for change in planned.plan.changes if change.kind is ChangeKind.CREATE]
    assert sorted(creates) == sorted([*setup.resources(), "recipients"])
    schedule = next(change for change in planned.plan.changes if change.subject == "schedule")
    assert "every weekday (Monday to Friday) at 09:00, Europe/Berlin time; first on " in schedule.detail
    assert "runs × 2 recipients" in planned.plan.cost
    assert setup.status() == "REVIEW_IN_PROGRESS"
    assert setup.standing() == (Status.TODO, "ready to deploy (F4 on Create)")
    assert setup.demo.world.aws.client("dynamodb").list_tables()["TableNames"] == []
    step.decline(setup.demo.world, setup.project)
    assert setup.status() is None
    step.decline(setup.demo.world, setup.project)


def test_a_plan_for_another_domain_is_no_obstacle(setup: Setup) -> None:
    setup.plan()
    setup.project = replace(setup.project, domain=Domain(name="example.org"))
    setup.change(sender="reminders@example.org")
    setup.act()
    assert setup.standing()[0] is Status.ATTENTION
    assert setup.status() == "CREATE_COMPLETE"


def test_a_plan_can_be_made_again_before_it_is_carried_out(setup: Setup) -> None:
    setup.plan()
    setup.change(schedule="cron(0 8 * * ? *)")
    setup.act()
    seen = setup.look()
    assert seen.schedule
    assert seen.schedule.expression == "cron(0 8 * * ? *)"


def test_acting_makes_everything_tells_each_resource_and_leaves_nothing_to_change(setup: Setup) -> None:
    # What was seen of an earlier stack is no evidence of this one.
    setup.change(tested=Observation(at=datetime(2026, 1, 1, tzinfo=UTC), words="to me@example.com"))
    setup.act()
    done = [event.subject for event in setup.events if event.progress is Progress.DONE]
    assert sorted(done) == sorted([*setup.resources(), "recipients"])
    assert setup.rows() == {"ana@example.com": "Ana", "bo@example.com": "Bo"}
    assert setup.standing() == (
        Status.ATTENTION,
        "deployed: send a test e-mail to finish this step",
    )
    planned = setup.plan()
    assert not planned.plan.changes_anything
    setup.act(planned)
    assert setup.status() == "CREATE_COMPLETE"


def test_the_schedule_writes_to_everybody_once_each_run(setup: Setup) -> None:
    setup.act()
    for run in (1, 2):
        assert setup.demo.skip_to_next_run()
        wait_for(lambda wanted=2 * run: len(setup.demo.inbox()) == wanted)
    names = sorted((mail.recipient, mail.subject.split()[1]) for mail in setup.demo.inbox())
    assert names == sorted([("ana@example.com", "Ana,"), ("bo@example.com", "Bo,")] * 2)


def test_only_what_differs_is_changed(setup: Setup) -> None:
    setup.act()
    setup.change(schedule="cron(0 8 * * ? *)")
    setup.people("email,name\nbo@example.com,Robert\ncy@example.com,Cy\n")
    planned = setup.plan()
    assert [(change.kind, change.subject) for change in planned.plan.changes] == [
        (ChangeKind.CHANGE, "schedule"),
        (ChangeKind.KEEP, "sending"),
        (ChangeKind.CHANGE, "recipients"),
    ]
    assert planned.plan.changes[-1].detail == "1 added, 1 changed, 1 removed"
    setup.act(planned)
    assert setup.rows() == {"bo@example.com": "Robert", "cy@example.com": "Cy"}
    assert setup.status() == "UPDATE_COMPLETE"


def test_a_declined_change_leaves_the_stack_as_it_is(setup: Setup) -> None:
    setup.act()
    setup.change(schedule="cron(0 8 * * ? *)")
    setup.plan()
    step.decline(setup.demo.world, setup.project)
    assert setup.status() == "CREATE_COMPLETE"
    summaries = setup.demo.world.aws.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    assert [found for found in summaries if found["ExecutionStatus"] == "AVAILABLE"] == []


def test_a_rate_keeps_its_start_until_it_is_changed(setup: Setup) -> None:
    setup.change(schedule="rate(2 hours)")
    now = setup.demo.now()
    setup.act()
    start = setup.look().next_run
    assert start
    assert timedelta(hours=2, minutes=-1) <= start - now <= timedelta(hours=2)
    assert not setup.plan().plan.changes_anything
    setup.change(schedule="rate(3 hours)")
    setup.act()
    assert setup.look().next_run != start


def test_who_cannot_be_written_to_in_the_sandbox_is_counted(setup: Setup) -> None:
    setup.people("email,name\na@example.com,A\nb@mail.example.com,B\nc@x.example,C\nd@x.example,D\n")
    ses = setup.demo.world.aws.client("sesv2")
    ses.create_email_identity(EmailIdentity="c@x.example")
    lines = [change.detail for change in setup.plan().plan.changes if change.subject == "sandbox"]
    assert [line.split(":")[0] for line in lines] == ["mail to 2 of 4 recipients will fail"]


def test_many_recipients_and_blank_fields(setup: Setup) -> None:
    setup.people("email,name\n" + "".join(f"p{number}@example.com,\n" for number in range(60)))
    planned = setup.plan()
    assert planned.plan.changes[-1].detail == "60 added; 60 without name: it stays empty"
    setup.act(planned)
    assert len(setup.rows()) == 60


def test_a_failed_stack_says_why_and_can_be_tried_again(setup: Setup) -> None:
    ses = setup.demo.world.aws.client("sesv2")
    name = f"{STACK}-message"
    ses.create_email_template(TemplateName=name, TemplateContent={"Subject": "x", "Text": "x"})
    with pytest.raises(WizardError) as caught:
        setup.act()
    assert caught.value.title == "The stack could not be created"
    assert "The mail template: the name is already in use" in caught.value.what
    failed = [event.subject for event in setup.events if event.progress is Progress.FAILED]
    assert failed == ["mail template", "stack"]
    assert setup.status() == "ROLLBACK_COMPLETE"
    assert setup.standing() == (
        Status.ATTENTION,
        "the stack failed (rollback complete): deploy it again on Create (F4)",
    )
    ses.delete_email_template(TemplateName=name)
    planned = setup.plan()
    assert planned.work.clear
    assert planned.plan.changes[0].operation == "cloudformation:DeleteStack"
    setup.act(planned)
    assert setup.status() == "CREATE_COMPLETE"
    assert len(setup.rows()) == 2


def test_a_role_that_is_too_new_is_tried_again(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    too_new = ["AWS::Lambda::Function"]
    check = resources.check

    def checked(resource_type: str, *rest: Any) -> None:
        if resource_type in too_new:
            too_new.remove(resource_type)
            raise Refusal(
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            )
        check(resource_type, *rest)

    monkeypatch.setattr(resources, "check", checked)
    setup.act()
    assert too_new == []
    assert setup.status() == "CREATE_COMPLETE"
    assert any("not known yet" in event.words for event in setup.events)


def test_an_interrupted_run_is_found_and_gone_on_with(slow_setup: Setup) -> None:
    setup = slow_setup
    planned = setup.plan()
    setup.demo.world.aws.client("cloudformation").execute_change_set(ChangeSetName=planned.work.change_set)
    assert setup.standing()[0] is Status.WORKING
    again = setup.plan()
    assert again.work.running
    seen: list[Event] = []
    step.watch(setup.demo.world, setup.project, seen.append)
    assert setup.status() == "CREATE_COMPLETE"
    setup.act(again)
    assert len(setup.rows()) == 2
    for events, made in ((seen, setup.resources()), (setup.events, [*setup.resources(), "recipients"])):
        done = [event.subject for event in events if event.progress is Progress.DONE]
        assert sorted(done) == sorted(made)


def test_a_crash_before_the_recipients_were_written_is_fixed_by_the_next_plan(setup: Setup) -> None:
    planned = setup.plan()
    setup.demo.world.aws.client("cloudformation").execute_change_set(ChangeSetName=planned.work.change_set)
    assert setup.standing() == (
        Status.ATTENTION,
        "the recipients table is empty: deploy again on Create (F4) to fill it",
    )
    again = setup.plan()
    assert [change.subject for change in again.plan.changes if change.operation] == ["recipients"]
    setup.act(again)
    assert len(setup.rows()) == 2


def test_somebody_elses_stack_is_left_alone(setup: Setup) -> None:
    cloudformation = setup.demo.world.aws.client("cloudformation")
    body = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    cloudformation.create_stack(StackName=STACK, TemplateBody=body)
    with pytest.raises(WizardError, match="is taken"):
        setup.plan()
    step.decline(setup.demo.world, setup.project)
    assert setup.status() == "CREATE_COMPLETE"
    assert setup.standing()[0] is Status.ATTENTION


def test_a_second_set_up_fits_into_the_same_region(setup: Setup) -> None:
    setup.act()
    first = setup.project
    setup.change(stack="another", tested=None)
    assert setup.standing()[0] is Status.TODO
    setup.act()
    lambdas = setup.demo.world.aws.client("lambda").list_functions()["Functions"]
    assert sorted(one["FunctionName"] for one in lambdas) == ["TriggerReminder", "TriggerReminder-another"]
    assert reminder_trial.dry_run(setup.demo.world, setup.project, lambda _: None).people == 2
    setup.project = first
    assert setup.look().instead == ""


def test_a_taken_name_is_noticed_and_another_proposed(setup: Setup) -> None:
    setup.act()
    setup.project = replace(setup.project, domain=Domain(name="example.org"))
    setup.change(sender="reminders@example.org")
    with pytest.raises(WizardError, match=r"belongs to the set-up of example\.com"):
        setup.plan()
    assert setup.look().instead == "reminder-example-org"
    assert setup.standing()[0] is Status.ATTENTION
    setup.change(stack="reminder-example-org")
    assert setup.look().instead == ""


def test_a_function_of_that_name_outside_of_any_stack_is_noticed(setup: Setup) -> None:
    setup.act()
    functions = setup.demo.world.aws.client("lambda")
    role = functions.get_function(FunctionName="TriggerReminder")["Configuration"]["Role"]
    functions.create_function(
        FunctionName="TriggerReminder-mine",
        Role=role,
        Runtime="python3.13",
        Handler="a.b",
        Code={"ZipFile": b"PK"},
    )
    setup.change(stack="mine")
    assert setup.look().instead == "reminder-example-com"
    with pytest.raises(WizardError, match="A function called TriggerReminder-mine already exists"):
        setup.plan()
