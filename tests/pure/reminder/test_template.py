"""The stack's template: right for CloudFormation in every variant, small enough, and with exact rights."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from wizard.project.schema import Table
from wizard.reminder.function import trigger_reminder
from wizard.reminder.function.code import function_source
from wizard.reminder.message.fields import EXAMPLE, Message
from wizard.reminder.setup import Setup
from wizard.reminder.template.build import (
    MAX_BODY,
    MAX_ENVIRONMENT,
    PURPOSES,
    RUNTIME,
    environment_bytes,
    template,
)
from wizard.reminder.template.parts import MAX_PARAMETER, MAX_PARAMETERS, body, in_a_call, whole

SETUP = Setup(
    stack="ses-wizard-reminder",
    sender="reminders@example.com",
    sender_name="",
    configuration_set="ses-wizard",
    message=EXAMPLE,
    schedule="cron(0 9 ? * MON-FRI *)",
    timezone="Europe/Berlin",
    identities=("example.com",),
)
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
USERS = Table(
    "users", email="EmailAddress", opted_out="NoMail", fields={"name": "First Name", "city": "City"}
)
VARIANTS = {
    "plain": SETUP,
    "in the sandbox": replace(
        SETUP,
        identities=("ana@example.org", "example.com", "example.org"),
        message=Message("Hello", "Hello", ""),
        schedule="rate(1 day)",
        start=datetime(2027, 1, 31, 9, tzinfo=UTC),
    ),
    "once": replace(
        SETUP,
        sender_name='Bücher & Söhne, "Mail"',
        message=Message("Hello {{name}}", "{{Name}} ${x} é", "<p>{{name}}, {{city}} ${x} é</p>"),
        schedule="at(2027-01-31T09:00:00)",
        timezone="UTC",
        end=datetime(2028, 1, 1, tzinfo=UTC),
    ),
    "with a queue": replace(SETUP, workers=2, alerts="owner@example.com"),
    "from a table of one's own": replace(SETUP, stack="x" * 40, table=USERS, paused=True),
    "with everything": replace(
        SETUP,
        start=datetime(2027, 1, 1, tzinfo=UTC),
        end=datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC),
        window_minutes=15,
        paused=True,
        table=USERS,
        table_key=KEY,
        unsubscribe="https://example.com/unsubscribe?who={{Email}}&code={{code}}",
        alerts="owner@example.com",
        workers=50,
    ),
}


def resources(setup: Setup) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(body(setup))["Resources"]
    return made


def properties(setup: Setup, name: str) -> dict[str, Any]:
    found: dict[str, Any] = resources(setup)[name]["Properties"]
    return found


def environment(setup: Setup) -> dict[str, Any]:
    found: dict[str, Any] = properties(setup, "TriggerReminder")["Environment"]["Variables"]
    return found


def statements(setup: Setup) -> list[dict[str, Any]]:
    """What the function may do."""
    role = properties(setup, "FunctionRole")
    found: list[dict[str, Any]] = role["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def found_by_cfn_lint(text: str) -> list[str]:
    from cfnlint import api
    from cfnlint.config import ManualArgs

    found = api.lint(text, config=ManualArgs(regions=["us-east-1", "eu-central-1"]))
    return [f"{match.rule.id} {match.message}" for match in found]


@pytest.mark.xdist_group("cfn-lint")
@pytest.mark.parametrize("setup", VARIANTS.values(), ids=VARIANTS)
def test_cfn_lint_finds_nothing_in_any_variant(setup: Setup) -> None:
    assert found_by_cfn_lint(body(setup)) == []


@pytest.mark.xdist_group("cfn-lint")
def test_cfn_lint_would_find_something() -> None:
    wrong = template(SETUP)
    del wrong["Resources"]["Schedule"]["Properties"]["FlexibleTimeWindow"]
    assert found_by_cfn_lint(json.dumps(wrong))


MESSAGES = {
    "small": EXAMPLE,
    "designed": Message("Hello", "Hello", '<p class="x">Grüße  {{name}}</p>\n' * 3_000),
    "as large as SES takes": Message("Hello", "é " * 80_000, "<p>\n\t€</p>\n" * 18_000),
    "one line without a space": Message("Hello", "x" * 60_000, ""),
    "white space alone": Message("Hello", "x" + " " * 60_000 + "x", ""),
}


@pytest.mark.parametrize("setup", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_a_message_that_ses_takes_fits_into_a_call(setup: Setup, message: Message) -> None:
    setup = replace(setup, message=message)
    sent, values = in_a_call(setup)
    assert len(sent.encode()) <= MAX_BODY
    assert len(json.loads(sent)["Parameters"]) <= MAX_PARAMETERS
    assert all(len(value.encode()) <= MAX_PARAMETER for value in values.values())
    found = whole(json.loads(sent), values)
    assert found["Resources"] == template(setup)["Resources"]


def test_white_space_is_never_at_the_end_of_a_parameter() -> None:
    _, values = in_a_call(replace(SETUP, message=MESSAGES["designed"]))
    code = [value for name, value in values.items() if name.startswith("Code")]
    assert len(code) > 1
    assert all(value == value.lstrip() for value in values.values())
    assert all(value == value.rstrip() for value in code[:-1])


@pytest.mark.xdist_group("cfn-lint")
def test_cfn_lint_finds_nothing_in_a_template_with_its_texts_as_parameters() -> None:
    sent, _ = in_a_call(replace(SETUP, message=MESSAGES["designed"]))
    assert found_by_cfn_lint(sent) == []


@pytest.mark.parametrize("setup", VARIANTS.values(), ids=VARIANTS)
def test_every_resource_has_a_purpose_and_comes_after_what_it_needs(setup: Setup) -> None:
    made = list(resources(setup))
    assert made == [name for name in PURPOSES if name in made]


@pytest.mark.parametrize("setup", VARIANTS.values(), ids=VARIANTS)
def test_the_schedule_comes_after_all_else(setup: Setup) -> None:
    """What fails before it needs no StartDate taken back that has passed meanwhile."""
    made = resources(setup)

    def before(name: str) -> set[str]:
        written = json.dumps(made[name])
        direct = {other for other in made if other != name and f'"{other}"' in written}
        return direct.union(*map(before, direct))

    assert before("Schedule") == made.keys() - {"Schedule"}


def test_only_what_the_set_up_needs_is_made() -> None:
    plain = PURPOSES.keys() - {"Queue", "Worker", "AlertsTopic", "AlertsSubscription"}
    assert resources(SETUP).keys() == plain
    assert resources(VARIANTS["with a queue"]).keys() == PURPOSES.keys()
    assert resources(VARIANTS["from a table of one's own"]).keys() == plain - {"RecipientsTable"}
    assert resources(VARIANTS["with everything"]).keys() == PURPOSES.keys() - {"RecipientsTable"}


@pytest.mark.parametrize("setup", VARIANTS.values(), ids=VARIANTS)
def test_no_right_is_wider_than_needed(setup: Setup) -> None:
    wide = [
        statement["Action"]
        for resource in resources(setup).values()
        for policy in resource["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if "*" in json.dumps(statement)
    ]
    assert wide == [["ses:GetAccount"]]


RIGHTS = {
    "SendMessageBatch": {"sqs:SendMessage"},
    "TransactWriteItems": {"dynamodb:UpdateItem"},
}
"""Where the right has not the operation's name: a transaction needs those of the writes in it."""


def test_the_function_has_the_rights_for_the_calls_it_makes_and_few_more() -> None:
    setup, session = VARIANTS["with a queue"], botocore.session.get_session()
    words = set(re.findall(r"\w+", function_source()))
    needed: set[str] = set()
    for service, prefix in {"dynamodb": "dynamodb", "sesv2": "ses", "sqs": "sqs", "lambda": "lambda"}.items():
        for operation in session.get_service_model(service).operation_names:
            if xform_name(operation) in words:
                needed |= RIGHTS.get(operation, {f"{prefix}:{operation}"})
    needed = {"lambda:InvokeFunction" if right == "lambda:Invoke" else right for right in needed}
    allowed = {action for statement in statements(setup) for action in statement["Action"]}
    assert {"dynamodb:Scan", "ses:SendBulkEmail", "sqs:SendMessage", "lambda:InvokeFunction"} <= needed
    assert needed <= allowed
    assert allowed - needed == {
        # What SES asks for where a mail is made from a template.
        "ses:SendTemplatedEmail",
        "ses:SendBulkTemplatedEmail",
        # What the service that calls the function asks of its role.
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def test_in_the_sandbox_the_recipients_identities_are_covered() -> None:
    arns = [
        arn["Fn::Sub"].rpartition(":")[2] for arn in statements(VARIANTS["in the sandbox"])[0]["Resource"]
    ]
    assert arns == [
        "identity/ana@example.org",
        "identity/example.com",
        "identity/example.org",
        "configuration-set/ses-wizard",
        "template/ses-wizard-reminder-message",
    ]


def test_a_table_of_ones_own_is_only_read_and_its_key_used_through_dynamodb_alone() -> None:
    about_users = [
        (statement["Action"], statement.get("Condition"))
        for statement in statements(VARIANTS["with everything"])
        if "table/users" in json.dumps(statement) or statement["Resource"] == KEY
    ]
    through = {"kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}}
    assert about_users == [
        (["dynamodb:Scan", "dynamodb:GetItem"], None),
        (["kms:Decrypt"], {"StringEquals": through}),
    ]


def test_only_this_schedule_group_of_this_account_may_assume_the_schedules_role() -> None:
    trust = properties(SETUP, "ScheduleRole")["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Condition"]["StringEquals"] for statement in trust] == [
        {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "aws:SourceArn": {"Fn::GetAtt": ["ScheduleGroup", "Arn"]},
        }
    ]


def test_the_run_is_named_by_its_scheduled_time() -> None:
    assert json.loads(properties(SETUP, "Schedule")["Target"]["Input"]) == {
        "run": "<aws.scheduler.scheduled-time>",
        "execution": "<aws.scheduler.execution-id>",
    }
    assert json.loads(properties(SETUP, "ResumeSchedule")["Target"]["Input"]) == {"resume": True}


def test_the_schedule_begins_and_ends_and_leaves_some_room() -> None:
    plain, full = properties(SETUP, "Schedule"), properties(VARIANTS["with everything"], "Schedule")
    assert plain["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert not {"StartDate", "EndDate"} & plain.keys()
    assert full["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    assert (full["StartDate"], full["EndDate"]) == ("2027-01-01T00:00:00Z", "2027-12-31T23:59:59Z")
    assert "EndDate" not in properties(VARIANTS["once"], "Schedule")


@pytest.mark.parametrize(("paused", "state"), [(False, "ENABLED"), (True, "DISABLED")])
def test_a_pause_holds_the_schedules_and_the_queue(paused: bool, state: str) -> None:
    setup = replace(SETUP, paused=paused, workers=3)
    assert properties(setup, "Schedule")["State"] == properties(setup, "ResumeSchedule")["State"] == state
    assert properties(setup, "Worker")["Enabled"] is not paused


def test_the_workers_are_bounded_and_a_portion_is_not_given_to_two() -> None:
    setup = VARIANTS["with a queue"]
    worker, queue = properties(setup, "Worker"), properties(setup, "Queue")
    assert worker["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert worker["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["VisibilityTimeout"] >= properties(setup, "TriggerReminder")["Timeout"]
    # Put off for an hour at last, a portion outlasts its job in the queue, by its age and by its deliveries.
    assert queue["MessageRetentionPeriod"] > trigger_reminder.RESUMED
    assert queue["RedrivePolicy"]["maxReceiveCount"] > 1.5 * trigger_reminder.RESUMED / 3600


def test_opt_outs_outlive_the_stack_under_a_name_that_the_next_stack_knows() -> None:
    table = resources(SETUP)["OptOutsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["TableName"] == "ses-wizard-reminder-opt-outs-example.com"
    assert table["Properties"]["DeletionProtectionEnabled"]
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_an_opt_outs_table_without_a_name_of_our_own_is_not_renamed() -> None:
    assert "TableName" not in properties(replace(SETUP, opt_outs_name=None), "OptOutsTable")


def test_the_function_may_send_from_the_reminders_sender_alone() -> None:
    sending = [one for one in statements(SETUP) if "ses:SendBulkEmail" in one["Action"]]
    assert [one.get("Condition") for one in sending] == [
        {"StringEquals": {"ses:FromAddress": "reminders@example.com"}}
    ]


def test_an_event_that_cannot_be_delivered_becomes_a_dead_letter() -> None:
    queue = {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    assert properties(SETUP, "EventsRule")["Targets"][0]["DeadLetterConfig"] == {"Arn": queue}
    (statement,) = properties(SETUP, "EventsQueuePolicy")["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["sqs:SendMessage"],
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["EventsRule", "Arn"]}}},
    }


def test_the_template_is_for_one_domain() -> None:
    domain = json.loads(body(SETUP))["Parameters"]["Domain"]
    assert (domain["Default"], domain["AllowedValues"]) == ("example.com", ["example.com"])


def test_the_function_hears_of_bounces_and_complaints_of_this_configuration_set() -> None:
    pattern = properties(SETUP, "EventsRule")["EventPattern"]
    assert pattern["detail"] == {"mail": {"tags": {"ses:configuration-set": ["ses-wizard"]}}}
    destination = properties(SETUP, "EventDestination")["EventDestination"]
    assert (destination["Name"], destination["MatchingEventTypes"]) == (SETUP.stack, ["bounce", "complaint"])
    assert properties(SETUP, "EventsPermission")["SourceArn"] == {"Fn::GetAtt": ["EventsRule", "Arn"]}


def test_alarms_tell_the_address_where_there_is_one() -> None:
    alarms = [name for name in PURPOSES if name.endswith("Alarm")]
    assert len(alarms) == 8
    for name in alarms:
        assert "AlarmActions" not in properties(SETUP, name)
        told = properties(VARIANTS["with everything"], name)
        assert told["AlarmActions"] == [{"Ref": "AlertsTopic"}]
        assert told["AlarmDescription"].startswith("ses-wizard-reminder: ")
    assert properties(VARIANTS["with everything"], "AlertsSubscription")["Endpoint"] == "owner@example.com"


def test_the_function_is_told_all_it_must_know() -> None:
    assert environment(replace(VARIANTS["once"], sender_name="")) == {
        "RECIPIENTS": {"Ref": "RecipientsTable"},
        "EMAIL": "email",
        "OPTED_OUT": "opted_out",
        "MAPPING": "{}",
        "CLAIMS": {"Ref": "ClaimsTable"},
        "RUNS": {"Ref": "RunsTable"},
        "OPT_OUTS": {"Ref": "OptOutsTable"},
        "TEMPLATE": "ses-wizard-reminder-message",
        "FIELDS": "name city",
        "SENDER": "reminders@example.com",
        "CONFIGURATION_SET": "ses-wizard",
        "QUEUE": "",
        "WORKERS": "0",
        "REMINDER": "ses-wizard-reminder",
        "PAUSED": "",
        "UNSUBSCRIBE": "",
    }
    assert environment(replace(SETUP, paused=True))["PAUSED"]


def test_the_function_knows_the_names_in_a_table_of_ones_own() -> None:
    told = environment(VARIANTS["with everything"])
    assert {
        name: told[name] for name in ("RECIPIENTS", "EMAIL", "OPTED_OUT", "FIELDS", "QUEUE", "WORKERS")
    } == {
        "RECIPIENTS": "users",
        "EMAIL": "EmailAddress",
        "OPTED_OUT": "NoMail",
        "FIELDS": "name email code",
        "QUEUE": {"Ref": "Queue"},
        "WORKERS": "50",
    }
    assert json.loads(told["MAPPING"]) == {"name": "First Name"}
    assert told["UNSUBSCRIBE"] == "https://example.com/unsubscribe?who={{email}}&code={{code}}"


def test_what_the_function_knows_is_measured() -> None:
    assert 500 < environment_bytes(SETUP) < MAX_ENVIRONMENT / 2
    longer = replace(SETUP, unsubscribe="https://example.com/" + "é" * 100)
    assert environment_bytes(longer) == environment_bytes(SETUP) + 220


def test_the_senders_name_is_encoded_as_mail_wants_it() -> None:
    sender = environment(VARIANTS["once"])["SENDER"]
    assert sender.isascii()
    assert re.fullmatch(r"=\?utf-8\?.+\?= <reminders@example\.com>", sender)


def test_the_outputs_name_what_others_look_for() -> None:
    names = {"RecipientsTable", "ClaimsTable", "RunsTable", "OptOutsTable", "Function", "Schedule"}
    names |= {"DeadLetterQueue", "LogGroup", "Domain"}
    assert template(SETUP)["Outputs"].keys() == names
    outputs = template(VARIANTS["with everything"])["Outputs"]
    assert outputs.keys() == names | {"Queue"}
    assert outputs["RecipientsTable"]["Value"] == "users"


def test_the_runtime_is_the_newest_with_a_published_end_of_life() -> None:
    source = files("cfnlint.data") / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json"
    lifecycle = json.loads(source.read_text())
    pythons = [name for name in lifecycle if name.startswith("python3.")]
    assert max(pythons, key=lambda name: int(name.partition(".")[2])) == RUNTIME
