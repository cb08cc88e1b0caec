"""The embedded CloudFormation: change sets, events resource by resource, rollback, update, deletion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.stacks import LAMBDA_TRUST, SCHEDULER_TRUST, eventually
from wizard import demo
from wizard.demo import Demo

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STACK = "mine"
CODE = "def handler(event, context):\n    return 'one'\n"


@pytest.fixture
def stacks(account: Demo) -> CloudFormationClient:
    client: CloudFormationClient = account.world.aws.client("cloudformation")
    return client


def iam_role(trust: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}


def resources() -> dict[str, Any]:
    """A stack of every kind that the wizard needs, the dependent ones first."""
    return {
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "GroupName": {"Ref": "Group"},
                "ScheduleExpression": "cron(0 9 * * ? *)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": {"Fn::GetAtt": ["Function", "Arn"]},
                    "RoleArn": {"Fn::GetAtt": ["ScheduleRole", "Arn"]},
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}},
                },
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Handler": "index.handler",
                "Runtime": "python3.14",
                "Architectures": ["arm64"],
                "Code": {"ZipFile": CODE},
                "Role": {"Fn::GetAtt": ["FunctionRole", "Arn"]},
                "LoggingConfig": {"LogGroup": {"Ref": "Logs"}},
                "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
            },
        },
        "Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "group"}},
        "ScheduleRole": iam_role(SCHEDULER_TRUST),
        "FunctionRole": iam_role(LAMBDA_TRUST),
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "email", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            },
        },
        "Template": {
            "Type": "AWS::SES::Template",
            "Properties": {"Template": {"TemplateName": "hello", "SubjectPart": "Hi", "TextPart": "Hi"}},
        },
    }


def body(found: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Resources": found, **more})


def propose(
    stacks: CloudFormationClient, found: dict[str, Any], kind: Any = "CREATE", **more: Any
) -> dict[str, Any]:
    """A change set for the resources, described."""
    parameters: dict[str, Any] = {"Capabilities": ["CAPABILITY_IAM"], "TemplateBody": body(found), **more}
    made = stacks.create_change_set(
        StackName=STACK, ChangeSetName=f"{kind}-1".lower(), ChangeSetType=kind, **parameters
    )
    described: Any = stacks.describe_change_set(ChangeSetName=made["Id"])
    return dict(described)


def carry_out(stacks: CloudFormationClient, found: dict[str, Any], kind: str = "CREATE", **more: Any) -> str:
    """Execute a change set for the resources; the stack's status afterwards."""
    change_set = propose(stacks, found, kind, **more)
    stacks.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    stacks.delete_change_set(ChangeSetName=change_set["ChangeSetId"])
    return str(stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


def events(stacks: CloudFormationClient) -> list[tuple[str, str]]:
    """The stack's events, the oldest first, as logical id and status."""
    listed = stacks.describe_stack_events(StackName=STACK)["StackEvents"]
    return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(listed)]


def statuses(stacks: CloudFormationClient) -> dict[str, str]:
    listed = stacks.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    return {found["LogicalResourceId"]: found["ResourceStatus"] for found in listed}


def first_reason(stacks: CloudFormationClient) -> str:
    listed = stacks.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in reversed(listed) if event["ResourceStatus"].endswith("_FAILED")]
    return failed[0]["ResourceStatusReason"]


def test_a_change_set_says_what_will_be_and_changes_nothing(stacks: CloudFormationClient) -> None:
    change_set = propose(stacks, resources())
    assert (change_set["Status"], change_set["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    changes = {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]["Action"]
        for change in change_set["Changes"]
    }
    assert changes == dict.fromkeys(resources(), "Add")
    assert stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert statuses(stacks) == {}


def test_every_resource_is_really_made_in_order(account: Demo, stacks: CloudFormationClient) -> None:
    values = {"Arn": "Schedule", "Logs": "Logs"}
    output = {"Outputs": {key: {"Value": {"Fn::GetAtt": [name, "Arn"]}} for key, name in values.items()}}
    assert carry_out(stacks, resources(), TemplateBody=body(resources(), **output)) == "CREATE_COMPLETE"
    assert statuses(stacks) == dict.fromkeys(resources(), "CREATE_COMPLETE")
    told = events(stacks)
    for name, needs in {
        "Schedule": ("Function", "Group", "ScheduleRole", "Queue"),
        "Function": ("Table",),
    }.items():
        begun = told.index((name, "CREATE_IN_PROGRESS"))
        assert all(told.index((need, "CREATE_COMPLETE")) < begun for need in needs)
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    aws = account.world.aws
    (schedule,) = aws.client("scheduler").list_schedules(GroupName="group")["Schedules"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["Arn"] == schedule["Arn"]
    assert outputs["Logs"].startswith("arn:aws:logs:us-east-1:123456789012:log-group:mine-Logs-")
    assert outputs["Logs"].endswith(":*")
    (configuration,) = aws.client("lambda").list_functions()["Functions"]
    assert (configuration["Architectures"], configuration["FunctionArn"]) == (
        ["arm64"],
        schedule["Target"]["Arn"],
    )
    table = configuration["Environment"]["Variables"]["TABLE"]
    ttl = aws.client("dynamodb").describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert ttl == {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"}
    assert aws.client("sesv2").get_email_template(TemplateName="hello")["TemplateContent"]["Subject"] == "Hi"


def test_a_failing_resource_rolls_everything_back(account: Demo, stacks: CloudFormationClient) -> None:
    found = resources()
    found["Schedule"]["Properties"]["ScheduleExpression"] = "cron(nonsense)"
    assert carry_out(stacks, found) == "ROLLBACK_COMPLETE"
    assert "Invalid Schedule Expression cron(nonsense)" in first_reason(stacks)
    left = statuses(stacks)
    assert left.pop("Schedule") == "CREATE_FAILED"
    assert set(left.values()) == {"DELETE_COMPLETE"}
    aws = account.world.aws
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("dynamodb").list_tables()["TableNames"] == []
    assert account.account.ses("us-east-1").templates == {}


def test_a_rolled_back_stack_is_deleted_before_the_next_try(stacks: CloudFormationClient) -> None:
    found = resources()
    del found["Group"]["Properties"]["Name"]
    found["Function"]["Properties"]["Role"] = "arn:aws:iam::123456789012:role/nobody"
    assert carry_out(stacks, found) == "ROLLBACK_COMPLETE"
    assert "cannot be assumed by Lambda" in first_reason(stacks)
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        propose(stacks, resources(), "UPDATE")
    with pytest.raises(ClientError, match="already exists and cannot be created again"):
        propose(stacks, resources())
    stacks.delete_stack(StackName=STACK)
    assert carry_out(stacks, resources()) == "CREATE_COMPLETE"


def test_an_update_changes_adds_and_removes(account: Demo, stacks: CloudFormationClient) -> None:
    carry_out(stacks, resources())
    found = resources()
    del found["Template"]
    found["Second"] = {"Type": "AWS::SQS::Queue"}
    found["Schedule"]["Properties"]["ScheduleExpression"] = "cron(0 10 * * ? *)"
    found["Function"]["Properties"]["Code"]["ZipFile"] = CODE.replace("one", "two")
    found["FunctionRole"]["Properties"]["Policies"] = [
        {
            "PolicyName": "new",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
            },
        }
    ]
    changes = {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]["Action"]
        for change in propose(stacks, found, "UPDATE")["Changes"]
    }
    assert changes == {
        "Second": "Add",
        "Schedule": "Modify",
        "Function": "Modify",
        "FunctionRole": "Modify",
        "Template": "Remove",
    }
    assert carry_out(stacks, found, "UPDATE") == "UPDATE_COMPLETE"
    aws = account.world.aws
    (schedule,) = aws.client("scheduler").list_schedules()["Schedules"]
    seen = aws.client("scheduler").get_schedule(GroupName="group", Name=schedule["Name"])
    assert seen["ScheduleExpression"] == "cron(0 10 * * ? *)"
    (configuration,) = aws.client("lambda").list_functions()["Functions"]
    payload = aws.client("lambda").invoke(FunctionName=configuration["FunctionName"])["Payload"].read()
    assert json.loads(payload) == "two"
    (name,) = [
        role["RoleName"] for role in aws.client("iam").list_roles()["Roles"] if "Function" in role["RoleName"]
    ]
    assert aws.client("iam").list_role_policies(RoleName=name)["PolicyNames"] == ["new"]
    assert account.account.ses("us-east-1").templates == {}


def test_a_failing_update_goes_back(account: Demo, stacks: CloudFormationClient) -> None:
    carry_out(stacks, resources())
    found = resources()
    found["Second"] = {"Type": "AWS::SQS::Queue"}
    found["Template"]["Properties"]["Template"]["SubjectPart"] = "Changed"
    found["Schedule"]["DependsOn"] = ["Second", "Template"]
    found["Schedule"]["Properties"]["ScheduleExpressionTimezone"] = "Europe/Atlantis"
    assert carry_out(stacks, found, "UPDATE") == "UPDATE_ROLLBACK_COMPLETE"
    assert "Europe/Atlantis" in first_reason(stacks)
    assert ("Second", "DELETE_COMPLETE") in events(stacks)
    template = account.world.aws.client("sesv2").get_email_template(TemplateName="hello")
    assert template["TemplateContent"]["Subject"] == "Hi"
    assert propose(stacks, resources(), "UPDATE")["Status"] == "FAILED"


def test_an_update_without_changes_says_so(stacks: CloudFormationClient) -> None:
    carry_out(stacks, resources())
    change_set = propose(stacks, resources(), "UPDATE")
    assert (change_set["Status"], change_set["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "didn't contain changes" in change_set["StatusReason"]
    with pytest.raises(ClientError, match="InvalidChangeSetStatus"):
        stacks.execute_change_set(ChangeSetName=change_set["ChangeSetId"])


def test_a_deleted_stack_takes_everything_along(account: Demo, stacks: CloudFormationClient) -> None:
    carry_out(stacks, resources())
    stacks.delete_stack(StackName=STACK)
    with pytest.raises(ClientError, match="does not exist"):
        stacks.describe_stacks(StackName=STACK)
    aws = account.world.aws
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("scheduler").list_schedules()["Schedules"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert aws.client("logs").describe_log_groups()["logGroups"] == []


@pytest.mark.parametrize(
    ("template", "code", "words"),
    [
        ('{"Resources": ', "ValidationError", "not well-formed"),
        (body({"A": {"Type": "AWS::Nobody::Knows"}}), "ValidationError", "Unrecognized resource types"),
        (
            body({"A": {"Type": "AWS::SQS::Queue", "DependsOn": "B"}}),
            "ValidationError",
            r"Unresolved resource dependencies \[B\]",
        ),
        (
            body({name: {"Type": "AWS::SQS::Queue", "DependsOn": other} for name, other in ("AB", "BA")}),
            "ValidationError",
            "Circular dependency",
        ),
        (
            body({"A": {"Type": "AWS::SQS::Queue"}}, Parameters={"P": {"Type": "String"}}),
            "ValidationError",
            r"Parameters: \[P\] must have values",
        ),
        (body({"A": iam_role(LAMBDA_TRUST)}), "InsufficientCapabilities", "CAPABILITY_IAM"),
        (body({"A": {"Type": "AWS::SQS::Queue"}}, Description="x" * 51_200), "ValidationError", "51200"),
    ],
)
def test_templates_that_cannot_work_are_refused(
    stacks: CloudFormationClient, template: str, code: str, words: str
) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        propose(stacks, {}, TemplateBody=template, Capabilities=[])
    assert caught.value.response["Error"]["Code"].startswith(code)
    assert stacks.list_stacks()["StackSummaries"] == []


def test_a_template_may_be_yaml_with_its_short_forms(stacks: CloudFormationClient) -> None:
    template = """
        Resources:
          Jobs: {Type: "AWS::SQS::Queue", Properties: {QueueName: jobs}}
        Outputs:
          Arn: {Value: !GetAtt Jobs.Arn}
    """
    change_set = propose(stacks, {}, TemplateBody=template)
    stacks.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == "arn:aws:sqs:us-east-1:123456789012:jobs"


def test_progress_is_seen_resource_by_resource(account: Demo, stacks: CloudFormationClient) -> None:
    account.account.pace = demo.Pace(resource=0.03)
    change_set = propose(stacks, resources())
    stacks.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    eventually(lambda: "CREATE_COMPLETE" in statuses(stacks).values())
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_IN_PROGRESS"
    with pytest.raises(ClientError, match="CREATE_IN_PROGRESS"):
        propose(stacks, resources(), "UPDATE")
    eventually(
        lambda: stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    )
    assert statuses(stacks) == dict.fromkeys(resources(), "CREATE_COMPLETE")
