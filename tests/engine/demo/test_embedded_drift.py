"""The embedded CloudFormation's drift: found where somebody changed or deleted resources, and put back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.stacks import LAMBDA_TRUST, SCHEDULER_TRUST
from wizard import demo
from wizard.demo import Demo

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STACK = "mine"


def arn(resource: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, "Arn"]}


def role(trust: dict[str, Any]) -> dict[str, Any]:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn("Queue")}],
    }
    policies = [{"PolicyName": "own", "PolicyDocument": document}]
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies},
    }


def resources() -> dict[str, Any]:
    return {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1_209_600}},
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "logs", "RetentionInDays": 30},
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "email", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            },
        },
        "FunctionRole": role(LAMBDA_TRUST),
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "worker",
                "Handler": "index.handler",
                "Runtime": "python3.14",
                "Timeout": 900,
                "MemorySize": 256,
                "Code": {"ZipFile": "def handler(event, context):\n    return None\n"},
                "Role": arn("FunctionRole"),
                "Environment": {"Variables": {"TABLE": {"Ref": "Table"}, "MODE": "direct"}},
            },
        },
        "ScheduleRole": role(SCHEDULER_TRUST),
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "daily",
                "ScheduleExpression": "cron(0 9 * * ? *)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "State": "ENABLED",
                "Target": {"Arn": arn("Function"), "RoleArn": arn("ScheduleRole"), "Input": "{}"},
            },
        },
    }


@pytest.fixture
def stacks(account: Demo) -> CloudFormationClient:
    """The stack, made."""
    client: CloudFormationClient = account.world.aws.client("cloudformation")
    body = json.dumps({"Resources": resources()})
    client.create_stack(StackName=STACK, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    assert client.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    return client


def drift(stacks: CloudFormationClient) -> dict[str, Any]:
    """What has drifted: its differences by path, or that it was deleted."""
    detection = stacks.detect_stack_drift(StackName=STACK)["StackDriftDetectionId"]
    status = stacks.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert status["DetectionStatus"] == "DETECTION_COMPLETE"
    found = stacks.describe_stack_resource_drifts(
        StackName=STACK, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
    )["StackResourceDrifts"]
    assert status["DriftedStackResourceCount"] == len(found)
    assert status["StackDriftStatus"] == ("DRIFTED" if found else "IN_SYNC")
    return {
        one["LogicalResourceId"]: "gone"
        if one["StackResourceDriftStatus"] == "DELETED"
        else {
            each["PropertyPath"]: (each["DifferenceType"], each["ExpectedValue"], each["ActualValue"])
            for each in one["PropertyDifferences"]
        }
        for one in found
    }


def physical(stacks: CloudFormationClient) -> dict[str, str]:
    listed = stacks.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    return {found["LogicalResourceId"]: found["PhysicalResourceId"] for found in listed}


def meddle(account: Demo, made: dict[str, str]) -> None:
    """What a hand in the console may do."""
    aws = account.world.aws
    aws.client("lambda").update_function_configuration(
        FunctionName="worker",
        Timeout=60,
        Environment={"Variables": {"TABLE": made["Table"], "MODE": "queue", "MORE": "1"}},
    )
    schedule: Any = aws.client("scheduler").get_schedule(Name="daily")
    names = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    aws.client("scheduler").update_schedule(**{name: schedule[name] for name in names}, State="DISABLED")
    iam = aws.client("iam")
    iam.delete_role_policy(RoleName=made["FunctionRole"], PolicyName="own")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_role_policy(
        RoleName=made["FunctionRole"],
        PolicyName="wide",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    aws.client("logs").put_retention_policy(logGroupName="logs", retentionInDays=1)
    aws.client("sqs").set_queue_attributes(
        QueueUrl=made["Queue"], Attributes={"MessageRetentionPeriod": "60"}
    )
    aws.client("dynamodb").update_time_to_live(
        TableName=made["Table"], TimeToLiveSpecification={"AttributeName": "expires", "Enabled": False}
    )


def revert(stacks: CloudFormationClient) -> dict[str, dict[str, Any]]:
    """Put back what drifted; the changes that the change set says, by resource."""
    made = stacks.create_change_set(
        StackName=STACK,
        ChangeSetName="back",
        UsePreviousTemplate=True,
        DeploymentMode="REVERT_DRIFT",
        Capabilities=["CAPABILITY_IAM"],
    )
    described: Any = stacks.describe_change_set(ChangeSetName=made["Id"])
    assert (described["DeploymentMode"], described["StackDriftStatus"]) == ("REVERT_DRIFT", "DRIFTED")
    stacks.execute_change_set(ChangeSetName=made["Id"])
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    return {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]
        for change in described["Changes"]
    }


def test_a_stack_as_it_was_made_is_in_sync(stacks: CloudFormationClient) -> None:
    assert drift(stacks) == {}
    checked = stacks.describe_stack_resource_drifts(StackName=STACK)["StackResourceDrifts"]
    assert {one["LogicalResourceId"] for one in checked} == set(resources())
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"


def test_every_change_by_hand_is_found_and_put_back(account: Demo, stacks: CloudFormationClient) -> None:
    made = physical(stacks)
    meddle(account, made)
    found = drift(stacks)
    own, wide = found["FunctionRole"].pop("/Policies/0"), found["FunctionRole"].pop("/Policies/1")
    assert (own[0], json.loads(own[1])["PolicyName"]) == ("REMOVE", "own")
    assert (wide[0], json.loads(wide[2])["PolicyName"]) == ("ADD", "wide")
    assert found == {
        "FunctionRole": {},
        "Function": {
            "/Timeout": ("NOT_EQUAL", "900", "60"),
            "/Environment/Variables/MODE": ("NOT_EQUAL", "direct", "queue"),
            "/Environment/Variables/MORE": ("ADD", "", "1"),
        },
        "Schedule": {"/State": ("NOT_EQUAL", "ENABLED", "DISABLED")},
        "Logs": {"/RetentionInDays": ("NOT_EQUAL", "30", "1")},
        "Queue": {"/MessageRetentionPeriod": ("NOT_EQUAL", "1209600", "60")},
        "Table": {
            "/TimeToLiveSpecification/AttributeName": ("REMOVE", "expires", ""),
            "/TimeToLiveSpecification/Enabled": ("NOT_EQUAL", "true", "false"),
        },
    }
    changes = revert(stacks)
    assert set(changes) == set(found)
    assert {(change["Action"], change["ResourceDriftStatus"]) for change in changes.values()} == {
        ("Modify", "MODIFIED")
    }
    (detail,) = changes["Schedule"]["Details"]
    target = detail["Target"]
    assert (target["Path"], target["BeforeValue"], target["AfterValue"]) == ("/State", "DISABLED", "ENABLED")
    assert (target["BeforeValueFrom"], target["AfterValueFrom"]) == ("ACTUAL_STATE", "TEMPLATE")
    assert drift(stacks) == {}
    assert physical(stacks) == made


def test_what_was_deleted_is_made_anew_for_whoever_uses_it(
    account: Demo, stacks: CloudFormationClient
) -> None:
    aws, made = account.world.aws, physical(stacks)
    aws.client("scheduler").delete_schedule(Name="daily")
    aws.client("dynamodb").delete_table(TableName=made["Table"])
    aws.client("logs").delete_log_group(logGroupName="logs")
    assert drift(stacks) == {"Schedule": "gone", "Table": "gone", "Logs": "gone"}
    changes = revert(stacks)
    assert {name: change["Action"] for name, change in changes.items()} == {
        "Schedule": "Add",
        "Table": "Add",
        "Logs": "Add",
        "Function": "Modify",
    }
    assert changes["Table"]["ResourceDriftStatus"] == "DELETED"
    assert drift(stacks) == {}
    table = physical(stacks)["Table"]
    assert aws.client("dynamodb").list_tables()["TableNames"] == [table]
    configuration = aws.client("lambda").get_function_configuration(FunctionName="worker")
    assert configuration["Environment"]["Variables"]["TABLE"] == table


def test_a_stack_is_deleted_although_parts_of_it_are_gone(
    account: Demo, stacks: CloudFormationClient
) -> None:
    aws = account.world.aws
    aws.client("scheduler").delete_schedule(Name="daily")
    aws.client("lambda").delete_function(FunctionName="worker")
    stacks.delete_stack(StackName=STACK)
    with pytest.raises(ClientError, match="does not exist"):
        stacks.describe_stacks(StackName=STACK)
    assert aws.client("iam").list_roles()["Roles"] == []


def test_without_drift_there_is_nothing_to_put_back(stacks: CloudFormationClient) -> None:
    stacks.create_change_set(
        StackName=STACK,
        ChangeSetName="back",
        UsePreviousTemplate=True,
        DeploymentMode="REVERT_DRIFT",
        Capabilities=["CAPABILITY_IAM"],
    )
    described = stacks.describe_change_set(StackName=STACK, ChangeSetName="back")
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")


def test_a_detection_takes_its_time_and_none_is_made_up(account: Demo, stacks: CloudFormationClient) -> None:
    account.account.pace = demo.Pace(resource=60)
    detection = stacks.detect_stack_drift(StackName=STACK)["StackDriftDetectionId"]
    status = stacks.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert status["DetectionStatus"] == "DETECTION_IN_PROGRESS"
    with pytest.raises(ClientError, match="does not exist"):
        stacks.describe_stack_drift_detection_status(StackDriftDetectionId="none")
