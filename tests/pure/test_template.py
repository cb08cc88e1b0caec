"""The stack's template: right for CloudFormation in every variant, small enough, and with exact rights."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
from cfnlint import api, data
from cfnlint.config import ManualArgs

from wizard.reminder.message import EXAMPLE, Message
from wizard.reminder.template import (
    MAX_BODY,
    PURPOSES,
    RUNTIME,
    Setup,
    body,
    function_code,
    template,
)

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
VARIANTS = {
    "plain": SETUP,
    "in the sandbox": replace(SETUP, identities=("ana@example.org", "example.com", "example.org")),
    "at a rate": replace(SETUP, schedule="rate(1 day)", start=datetime(2027, 1, 31, 9, tzinfo=UTC)),
    "once": replace(SETUP, schedule="at(2027-01-31T09:00:00)", timezone="UTC"),
    "text alone": replace(SETUP, message=Message("Hello", "Hello", "")),
    "HTML alone": replace(SETUP, message=Message("Hello {{name}}", "", "<p>{{name}}, {{city}} ${x} é</p>")),
    "with a sender's name": replace(SETUP, sender_name='Bücher & Söhne, "Mail"'),
    "under another name": replace(SETUP, stack="x" * 40),
}


def resources(setup: Setup) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(body(setup))["Resources"]
    return made


@pytest.mark.parametrize("setup", VARIANTS.values(), ids=VARIANTS)
def test_cfn_lint_finds_nothing(setup: Setup) -> None:
    found = api.lint(body(setup), config=ManualArgs(regions=["us-east-1", "eu-central-1", "ap-northeast-1"]))
    assert [f"{match.rule.id} {match.message}" for match in found] == []


def test_cfn_lint_would_find_something() -> None:
    wrong = template(SETUP)
    del wrong["Resources"]["Schedule"]["Properties"]["FlexibleTimeWindow"]
    assert api.lint(json.dumps(wrong), config=ManualArgs(regions=["us-east-1"]))


def test_it_leaves_room_for_a_long_message() -> None:
    assert len(body(SETUP).encode()) < MAX_BODY / 3


def test_every_resource_has_a_purpose_in_words() -> None:
    assert list(PURPOSES) == list(resources(SETUP))


def test_no_right_is_wider_than_needed() -> None:
    for resource in resources(VARIANTS["in the sandbox"]).values():
        for policy in resource["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in json.dumps(statement)


def test_in_the_sandbox_the_recipients_identities_are_covered() -> None:
    role = resources(VARIANTS["in the sandbox"])["FunctionRole"]
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    arns = [arn["Fn::Sub"].rpartition(":")[2] for arn in statements[0]["Resource"]]
    assert arns == [
        "identity/ana@example.org",
        "identity/example.com",
        "identity/example.org",
        "configuration-set/ses-wizard",
        "template/ses-wizard-reminder-message",
    ]


def test_only_this_schedule_group_of_this_account_may_assume_the_schedules_role() -> None:
    trust = resources(SETUP)["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Condition"]["StringEquals"] for statement in trust] == [
        {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "aws:SourceArn": {"Fn::GetAtt": ["ScheduleGroup", "Arn"]},
        }
    ]


def test_the_run_is_named_by_its_scheduled_time() -> None:
    target = resources(SETUP)["Schedule"]["Properties"]["Target"]
    assert json.loads(target["Input"])["run"] == "<aws.scheduler.scheduled-time>"


def test_only_a_rate_has_a_start() -> None:
    assert resources(VARIANTS["at a rate"])["Schedule"]["Properties"]["StartDate"] == "2027-01-31T09:00:00Z"
    assert "StartDate" not in resources(SETUP)["Schedule"]["Properties"]


def test_the_function_is_our_file_and_knows_the_fields() -> None:
    function = resources(VARIANTS["HTML alone"])["TriggerReminder"]["Properties"]
    assert function["Code"]["ZipFile"] == function_code()
    assert function["Environment"]["Variables"]["FIELDS"] == "name city"
    assert function["Environment"]["Variables"]["SENDER"] == "reminders@example.com"


def test_the_senders_name_is_encoded_as_mail_wants_it() -> None:
    function = resources(VARIANTS["with a sender's name"])["TriggerReminder"]["Properties"]
    sender = function["Environment"]["Variables"]["SENDER"]
    assert sender.isascii()
    assert re.fullmatch(r"=\?utf-8\?.+\?= <reminders@example\.com>", sender)


def test_the_function_needs_nothing_that_lambda_does_not_bring() -> None:
    imported = set(re.findall(r"^\s*(?:import|from) ([\w]+)", function_code(), re.MULTILINE))
    assert imported <= {"__future__", "html", "json", "os", "time", "unicodedata", "functools", "typing"} | {
        "boto3",
        "botocore",
    }


def test_the_runtime_is_the_newest_with_a_published_end_of_life() -> None:
    source = files(data) / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json"
    lifecycle = json.loads(source.read_text())
    pythons = [name for name in lifecycle if name.startswith("python3.")]
    assert max(pythons, key=lambda name: int(name.partition(".")[2])) == RUNTIME
