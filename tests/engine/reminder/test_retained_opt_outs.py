"""Opt-outs outlive their stack: the next stack of the same reminder uses the table that was left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.reminder_setup import STACK, Setup, line, setup_in, wait_for
from wizard.demo import Demo
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.stacks import resources
from wizard.errors import WizardError
from wizard.reminder import draft
from wizard.reminder.template import parts as template_parts
from wizard.steps.reminder.opt_outs import opt_out, opt_outs

TABLE = "ses-wizard-reminder-opt-outs-example.com"


@pytest.fixture
def setup(account: Demo, tmp_path: Path) -> Setup:
    return setup_in(account, tmp_path)


def delete_stack(setup: Setup) -> None:
    setup.demo.world.aws.client("cloudformation").delete_stack(StackName=STACK)


def test_a_stack_that_is_deployed_again_mails_nobody_who_opted_out(setup: Setup) -> None:
    setup.act()
    opt_out(setup.demo.world, setup.project, "ana@example.com")
    delete_stack(setup)
    planned = setup.plan()
    assert "is reused" in line(planned, "opt-outs table").detail
    setup.act(planned)
    assert [one.email for one in opt_outs(setup.demo.world, setup.project)] == ["ana@example.com"]
    assert setup.outputs()["OptOutsTable"] == TABLE
    assert setup.demo.skip_to_next_run()
    wait_for(setup.demo.inbox)
    assert [mail.recipient for mail in setup.demo.inbox()] == ["bo@example.com"]
    assert not setup.plan().plan.changes_anything


def test_nobody_deletes_the_opt_outs_by_mistake_and_they_can_be_restored(setup: Setup) -> None:
    setup.act()
    tables = setup.demo.world.aws.client("dynamodb")
    with pytest.raises(ClientError, match="DeletionProtectionEnabled"):
        tables.delete_table(TableName=TABLE)
    backups = tables.describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_creation_that_fails_leaves_a_table_that_the_next_try_uses(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = resources.complete

    def failing(resource: Any, resource_type: str, properties: Any) -> None:
        if resource_type == "AWS::Scheduler::Schedule":
            raise Refusal("ValidationException", "not now")
        complete(resource, resource_type, properties)

    with monkeypatch.context() as patched:
        patched.setattr(resources, "complete", failing)
        with pytest.raises(WizardError, match="could not be created"):
            setup.act()
    assert setup.status() == "ROLLBACK_COMPLETE"
    setup.act()
    assert setup.status() == "CREATE_COMPLETE"
    assert setup.outputs()["OptOutsTable"] == TABLE


@pytest.fixture
def of_an_earlier_version(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stack whose opt-outs table has a name that CloudFormation gave: that name."""
    with monkeypatch.context() as patched:
        patched.setattr("wizard.steps.reminder.plan.opt_outs_name", lambda *_: None)
        setup.act()
    name = setup.outputs()["OptOutsTable"]
    assert name.startswith(f"{STACK}-OptOutsTable-")
    return name


def test_a_table_that_aws_named_keeps_its_name(setup: Setup, of_an_earlier_version: str) -> None:
    """A new name would be a new, empty table."""
    assert not setup.plan().plan.changes_anything
    setup.change(schedule="cron(0 8 * * ? *)")
    setup.act()
    assert setup.outputs()["OptOutsTable"] == of_an_earlier_version


def test_a_table_that_an_earlier_version_left_is_used_again(setup: Setup, of_an_earlier_version: str) -> None:
    opt_out(setup.demo.world, setup.project, "ana@example.com")
    delete_stack(setup)
    setup.act()
    assert setup.outputs()["OptOutsTable"] == of_an_earlier_version
    assert [one.email for one in opt_outs(setup.demo.world, setup.project)] == ["ana@example.com"]
    assert not setup.plan().plan.changes_anything


def test_of_several_tables_that_are_left_none_is_chosen_blindly(setup: Setup) -> None:
    tables = setup.demo.world.aws.client("dynamodb")
    for end in ("AAA", "BBB"):
        tables.create_table(
            TableName=f"{STACK}-OptOutsTable-{end}",
            AttributeDefinitions=[{"AttributeName": "email", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "email", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    with pytest.raises(WizardError, match="Earlier stacks left several opt-outs tables") as refused:
        setup.plan()
    assert "OptOutsTable-AAA" in refused.value.what
    assert setup.status() is None


def test_the_exported_template_of_another_domain_cannot_take_the_stack(setup: Setup) -> None:
    """As `aws cloudformation deploy` does it: parameters keep their values."""
    setup.act()
    setup.change(sender="reminders@example.org")
    other = template_parts.body(draft.setup_of(setup.project, ("example.org",)))
    stacks = setup.demo.world.aws.client("cloudformation")
    with pytest.raises(ClientError, match=r"example\.org, and the stack belongs to another domain"):
        stacks.create_change_set(
            StackName=STACK,
            ChangeSetName="deploy",
            TemplateBody=other,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": "Domain", "UsePreviousValue": True}],
        )


def test_an_exported_template_does_not_make_a_second_table_beside_the_one_that_is_left(setup: Setup) -> None:
    """Deployed without an import it fails, and nobody is mailed."""
    setup.act()
    delete_stack(setup)
    stacks = setup.demo.world.aws.client("cloudformation")
    body = template_parts.body(draft.setup_of(setup.project, ("example.com",)))
    stacks.create_stack(StackName=STACK, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    assert setup.status() == "ROLLBACK_COMPLETE"


def test_the_function_may_not_send_as_anybody_else(setup: Setup) -> None:
    from wizard.demo.aws.account import current
    from wizard.demo.aws.iam.policies import denial

    setup.act()
    aws = setup.demo.world.aws
    role = aws.client("lambda").get_function(FunctionName="TriggerReminder")["Configuration"]["Role"]
    identity = f"arn:aws:ses:{aws.region}:123456789012:identity/example.com"
    with current().lock:
        found = [
            denial(role, "ses:SendEmail", identity, {"ses:fromaddress": sender})
            for sender in ("reminders@example.com", "ceo@example.com")
        ]
    assert found[0] is None
    assert "not authorized to perform: ses:SendEmail" in str(found[1])
