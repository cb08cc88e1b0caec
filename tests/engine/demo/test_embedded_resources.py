"""The embedded CloudFormation's resource types: each is made, changed and deleted as its service would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.stacks import LAMBDA_TRUST
from wizard import demo
from wizard.demo import Demo
from wizard.demo.aws.account import current

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STACK = "mine"


def arn(resource: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, "Arn"]}


def resources() -> dict[str, Any]:
    """What hands messages and events to a function, and tells of trouble."""
    everything = {"Effect": "Allow", "Action": "sqs:*", "Resource": arn("Work")}
    return {
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Work": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "VisibilityTimeout": 120,
                "RedrivePolicy": {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 3},
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": LAMBDA_TRUST,
                "Policies": [{"PolicyName": "queue", "PolicyDocument": {"Statement": [everything]}}],
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Handler": "index.handler",
                "Runtime": "python3.14",
                "Timeout": 60,
                "Code": {"ZipFile": "def handler(event, context):\n    return None\n"},
                "Role": arn("Role"),
            },
        },
        "Worker": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": arn("Work"),
                "FunctionName": {"Ref": "Function"},
                "BatchSize": 5,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": 2},
            },
        },
        "Destination": {
            "Type": "AWS::SES::ConfigurationSetEventDestination",
            "Properties": {
                "ConfigurationSetName": "set",
                "EventDestination": {
                    "Name": "bus",
                    "Enabled": True,
                    "MatchingEventTypes": ["bounce", "renderingFailure"],
                    "EventBridgeDestination": {
                        "EventBusArn": {
                            "Fn::Sub": "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"
                        }
                    },
                },
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["aws.ses"]},
                "Targets": [{"Id": "function", "Arn": arn("Function")}],
            },
        },
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Function"},
                "Principal": "events.amazonaws.com",
                "SourceArn": arn("Rule"),
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "email",
                "Endpoint": "first@example.net",
            },
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Dead", "QueueName"]}}],
                "Statistic": "Maximum",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": 0,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": [{"Ref": "Topic"}],
            },
        },
    }


@pytest.fixture
def stacks(account: Demo) -> CloudFormationClient:
    client: CloudFormationClient = account.world.aws.client("cloudformation")
    return client


def create(stacks: CloudFormationClient, found: dict[str, Any]) -> str:
    """Make a stack; its status, and the first reason where it failed."""
    body = json.dumps({"Resources": found})
    current().ses("us-east-1").configuration_sets.setdefault("set", {})
    stacks.create_stack(StackName=STACK, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    events = stacks.describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = [
        event.get("ResourceStatusReason", "") for event in events if "FAILED" in event["ResourceStatus"]
    ]
    status = stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
    return f"{status} {reasons[-1]}" if reasons else status


def update(stacks: CloudFormationClient, found: dict[str, Any]) -> dict[str, str]:
    """Update the stack by a change set; which resources it says are replaced."""
    made = stacks.create_change_set(
        StackName=STACK,
        ChangeSetName="change",
        TemplateBody=json.dumps({"Resources": found}),
        Capabilities=["CAPABILITY_IAM"],
    )
    changes = [
        change["ResourceChange"]
        for change in stacks.describe_change_set(ChangeSetName=made["Id"])["Changes"]
        if change["ResourceChange"]["Action"] == "Modify"
    ]
    stacks.execute_change_set(ChangeSetName=made["Id"])
    stacks.delete_change_set(ChangeSetName=made["Id"])
    return {change["LogicalResourceId"]: change["Replacement"] for change in changes}


def physical(stacks: CloudFormationClient) -> dict[str, str]:
    listed = stacks.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    return {found["LogicalResourceId"]: found["PhysicalResourceId"] for found in listed}


def test_every_type_is_made_as_its_service_shows_it(account: Demo, stacks: CloudFormationClient) -> None:
    assert create(stacks, resources()) == "CREATE_COMPLETE"
    aws, made = account.world.aws, physical(stacks)
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=made["Work"], AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "120"
    redrive = json.loads(attributes["Attributes"]["RedrivePolicy"])
    assert (redrive["maxReceiveCount"], redrive["deadLetterTargetArn"].split("/")[-1]) == (
        3,
        f"arn:aws:sqs:us-east-1:123456789012:{made['Dead'].rpartition('/')[2]}",
    )
    mapping = aws.client("lambda").get_event_source_mapping(UUID=made["Worker"])
    assert mapping["State"] == "Enabled"
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (5, {"MaximumConcurrency": 2})
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    policy = json.loads(aws.client("lambda").get_policy(FunctionName=made["Function"])["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"].endswith(f":rule/{made['Rule']}")
    (destination,) = aws.client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName="set")[
        "EventDestinations"
    ]
    assert (destination["Name"], destination["Enabled"]) == ("bus", True)
    assert destination["MatchingEventTypes"] == ["BOUNCE", "RENDERING_FAILURE"]
    rule = aws.client("events").describe_rule(Name=made["Rule"])
    assert (json.loads(rule["EventPattern"]), rule["State"]) == ({"source": ["aws.ses"]}, "ENABLED")
    (target,) = aws.client("events").list_targets_by_rule(Rule=made["Rule"])["Targets"]
    assert target["Arn"].endswith(f":function:{made['Function']}")
    (alarm,) = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["AlarmActions"]) == (made["Alarm"], [made["Topic"]])
    (subscription,) = aws.client("sns").list_subscriptions_by_topic(TopicArn=made["Topic"])["Subscriptions"]
    assert subscription["Endpoint"] == "first@example.net"


def test_changes_keep_what_is_there_or_make_a_new_one(account: Demo, stacks: CloudFormationClient) -> None:
    create(stacks, resources())
    before, changed = physical(stacks), resources()
    changed["Work"]["Properties"] = {"VisibilityTimeout": 240}
    changed["Worker"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] = 7
    del changed["Worker"]["Properties"]["BatchSize"]
    changed["Rule"]["Properties"]["State"] = "DISABLED"
    changed["Destination"]["Properties"]["EventDestination"]["MatchingEventTypes"] = ["complaint"]
    changed["Alarm"]["Properties"]["Threshold"] = 5
    changed["Subscription"]["Properties"]["Endpoint"] = "second@example.net"
    replaced = update(stacks, changed)
    assert {name for name, said in replaced.items() if said == "True"} == {"Subscription"}
    after, aws = physical(stacks), account.world.aws
    assert {name for name in before if before[name] != after[name]} == {"Subscription"}
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=after["Work"], AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "240"
    assert "RedrivePolicy" not in attributes["Attributes"]
    mapping = aws.client("lambda").get_event_source_mapping(UUID=after["Worker"])
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (10, {"MaximumConcurrency": 7})
    assert aws.client("events").describe_rule(Name=after["Rule"])["State"] == "DISABLED"
    assert len(aws.client("events").list_targets_by_rule(Rule=after["Rule"])["Targets"]) == 1
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["Threshold"] == 5
    (subscription,) = aws.client("sns").list_subscriptions()["Subscriptions"]
    assert subscription["Endpoint"] == "second@example.net"
    listed = stacks.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    status = {found["LogicalResourceId"]: found["ResourceStatus"] for found in listed}
    assert status["Subscription"] == "UPDATE_COMPLETE"


def test_a_failing_update_brings_back_what_was_replaced(account: Demo, stacks: CloudFormationClient) -> None:
    create(stacks, resources())
    before, changed = physical(stacks), resources()
    changed["Subscription"]["Properties"]["Endpoint"] = "second@example.net"
    changed["Worker"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] = 1
    changed["Worker"]["DependsOn"] = "Subscription"
    update(stacks, changed)
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert physical(stacks) == before
    (subscription,) = account.world.aws.client("sns").list_subscriptions()["Subscriptions"]
    assert subscription["Endpoint"] == "first@example.net"


def test_a_table_with_another_key_is_a_new_table_for_whoever_uses_it(
    account: Demo, stacks: CloudFormationClient
) -> None:
    found = resources()
    found["Table"] = {"Type": "AWS::DynamoDB::Table", "Properties": table_properties("email")}
    found["Function"]["Properties"]["Environment"] = {"Variables": {"TABLE": {"Ref": "Table"}}}
    create(stacks, found)
    found["Table"]["Properties"] = table_properties("address")
    replaced = update(stacks, found)
    assert (replaced["Table"], replaced["Function"]) == ("True", "False")
    aws, made = account.world.aws, physical(stacks)
    assert aws.client("dynamodb").list_tables()["TableNames"] == [made["Table"]]
    configuration = aws.client("lambda").get_function_configuration(FunctionName=made["Function"])
    assert configuration["Environment"]["Variables"] == {"TABLE": made["Table"]}
    found["Table"]["Properties"]["TableName"] = "named"
    update(stacks, found)
    found["Table"]["Properties"] = {**table_properties("email"), "TableName": "named"}
    update(stacks, found)
    events = stacks.describe_stack_events(StackName=STACK)["StackEvents"]
    (reason,) = [event["ResourceStatusReason"] for event in events if "FAILED" in event["ResourceStatus"]]
    assert "custom-named resource requires replacing. Rename named" in reason


def table_properties(key: str) -> dict[str, Any]:
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
    }


def test_what_is_to_be_kept_outlives_its_stack(account: Demo, stacks: CloudFormationClient) -> None:
    policies = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    table = {"Type": "AWS::DynamoDB::Table", **policies, "Properties": table_properties("email")}
    failing = {"Type": "AWS::SQS::Queue", "DependsOn": "Kept", "Properties": {"DelaySeconds": -1}}
    tables = account.world.aws.client("dynamodb")
    create(stacks, {"Kept": table, "Failing": failing})
    assert tables.list_tables()["TableNames"] == []
    stacks.delete_stack(StackName=STACK)
    create(stacks, {"Kept": table, "Queue": {"Type": "AWS::SQS::Queue"}})
    first = physical(stacks)["Kept"]
    update(stacks, {"Kept": {**table, "Properties": table_properties("address")}})
    second = physical(stacks)["Kept"]
    assert set(tables.list_tables()["TableNames"]) == {first, second}
    stacks.delete_stack(StackName=STACK)
    assert set(tables.list_tables()["TableNames"]) == {first, second}


def test_every_type_comes_back_after_a_quit(tmp_path: Path) -> None:
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as first:
        stacks = first.world.aws.client("cloudformation")
        create(stacks, resources())
        made = physical(stacks)
        first.world.aws.client("sqs").send_message(QueueUrl=made["Dead"], MessageBody="lost")
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as second:
        assert second.put_aside is None
        aws, stacks = second.world.aws, second.world.aws.client("cloudformation")
        assert physical(stacks) == made
        assert aws.client("lambda").get_event_source_mapping(UUID=made["Worker"])["BatchSize"] == 5
        assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
        assert "confirmed" in second.open_mail_link(second.inbox()[-1])
        changed = resources()
        changed["Worker"]["Properties"]["BatchSize"] = 6
        changed["Alarm"]["Properties"]["Threshold"] = 1
        update(stacks, changed)
        assert aws.client("lambda").get_event_source_mapping(UUID=made["Worker"])["BatchSize"] == 6
        assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["StateValue"] == "OK"
        stacks.delete_stack(StackName=STACK)
        assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def test_deletion_leaves_nothing(account: Demo, stacks: CloudFormationClient) -> None:
    create(stacks, resources())
    stacks.delete_stack(StackName=STACK)
    aws = account.world.aws
    assert aws.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert aws.client("events").list_rules()["Rules"] == []
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert aws.client("sns").list_topics()["Topics"] == []
    assert aws.client("sns").list_subscriptions()["Subscriptions"] == []
    assert account.account.ses("us-east-1").event_destinations == {"set": {}}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "Work",
        {"VisibilityTimeout": 59},
        "Queue visibility timeout: 59 seconds is less than Function timeout: 60 seconds",
    ),
    ("Work", {"VisibilityTimeout": 43_201}, "Invalid value for the parameter VisibilityTimeout."),
    ("Worker", {"ScalingConfig": {"MaximumConcurrency": 1}}, "MaximumConcurrency must be 2 to 1000."),
    ("Worker", {"BatchSize": 50}, "Maximum batch window in seconds must be greater than 0"),
    ("Worker", {"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:no"}, "queue does not exist"),
    (
        "Role",
        {"Policies": []},
        "The provided execution role does not have permissions to call ReceiveMessage on SQS",
    ),
    ("Function", {"Environment": {"Variables": {"LONG": "x" * 4096}}}, "exceeded the 4KB limit"),
    (
        "Function",
        {"DeadLetterConfig": {"TargetArn": arn("Dead")}},
        "The provided execution role does not have permissions to call SendMessage on SQS",
    ),
    ("Destination", {"ConfigurationSetName": "no"}, "Configuration set <no> does not exist."),
    (
        "Destination",
        {"EventDestination": {"MatchingEventTypes": ["BOUNCE"]}},
        "Invalid event types: BOUNCE.",
    ),
    ("Rule", {"EventPattern": {"source": "aws.ses"}}, "must be an object or an array"),
    ("Subscription", {"Endpoint": "nobody"}, "Invalid parameter: Email address"),
]


def test_what_the_services_refuse_fails_with_their_reason(stacks: CloudFormationClient) -> None:
    for resource, properties, words in REFUSED:
        found = resources()
        found[resource]["Properties"].update(properties)
        said = create(stacks, found)
        assert said.startswith("ROLLBACK_COMPLETE"), (resource, properties)
        assert words in said
        stacks.delete_stack(StackName=STACK)
