"""What a stack's resources are in truth, in CloudFormation's words: for the types whose drift is detected."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.events.models import events_backends
from moto.iam.models import Role
from moto.logs.models import LogGroup, logs_backends
from moto.scheduler.models import scheduler_backends
from moto.sqs.models import Queue, sqs_backends

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.functions import run as functions
from wizard.demo.aws.iam.policies import role_of
from wizard.demo.aws.stacks.functions import EventSourceMapping
from wizard.demo.aws.stacks.resource import Properties
from wizard.demo.aws.stacks.schedules import Rule, Schedule
from wizard.demo.aws.stacks.ses import Template


def is_detected(resource: Any) -> bool:
    """Whether drift of the resource's type is detected."""
    return getattr(resource, "cf_resource_type", "") in _READERS


def read(resource: Any) -> Properties | None:
    """The properties of a resource whose drift is detected, None for one that was deleted.

    A property that is not there is none of the type, or one that CloudFormation does not compare, like a
    function's code; one that is None is not set.
    """
    return _READERS[resource.cf_resource_type](resource)


def is_gone(resource: Any) -> bool:
    """Whether a resource was deleted by somebody else than CloudFormation, as far as that is known."""
    return is_detected(resource) and read(resource) is None


def _schedule(resource: Schedule) -> Properties | None:
    group = scheduler_backends[ACCOUNT_ID][resource.region].schedule_groups.get(resource.group)
    found = group.schedules.get(resource.name) if group else None
    if found is None:
        return None
    return {
        "Name": found.name,
        "GroupName": resource.group,
        "Description": found.description,
        "ScheduleExpression": found.schedule_expression,
        "ScheduleExpressionTimezone": found.schedule_expression_timezone,
        "FlexibleTimeWindow": found.flexible_time_window,
        "State": found.state,
        "StartDate": _moment(found.start_date),
        "EndDate": _moment(found.end_date),
        "Target": found.target,
    }


def _moment(seconds: Any) -> str | None:
    return None if seconds is None else f"{datetime.fromtimestamp(float(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _rule(resource: Rule) -> Properties | None:
    rules = events_backends[ACCOUNT_ID][resource.region].event_buses["default"].rules
    found = rules.get(resource.name)
    if found is None:
        return None
    pattern = found.event_pattern.dump()
    return {
        "Name": found.name,
        "Description": found.description,
        "EventPattern": json.loads(pattern) if pattern else None,
        "ScheduleExpression": found.scheduled_expression,
        "State": found.state,
        "Targets": found.targets,
    }


def _function(resource: LambdaFunction) -> Properties | None:
    name = resource.function_name
    if not functions.exists(resource.region, name):
        return None
    found = functions.found(resource.region, name)
    dead_letters = getattr(found, "dead_letter_arn", None)
    return {
        "FunctionName": found.function_name,
        "Description": found.description,
        "Handler": found.handler,
        "Runtime": found.run_time,
        "Role": found.role,
        "Timeout": found.timeout,
        "MemorySize": found.memory_size,
        "Architectures": found.architectures,
        "Environment": {"Variables": dict(found.environment_vars)},
        "DeadLetterConfig": {"TargetArn": dead_letters} if dead_letters else None,
    }


def _mapping(resource: EventSourceMapping) -> Properties | None:
    found = lambda_backends[ACCOUNT_ID][resource.region].get_event_source_mapping(resource.name)
    if found is None:
        return None
    return {
        "BatchSize": found.batch_size,
        "Enabled": found.enabled,
        "EventSourceArn": found.event_source_arn,
        "FunctionResponseTypes": found.function_response_types,
        "MaximumBatchingWindowInSeconds": found.max_batch_window,
        "ScalingConfig": found.scaling_config,
    }


def _role(resource: Role) -> Properties | None:
    found = role_of(resource.arn)
    if found is None:
        return None
    return {
        "RoleName": found.name,
        "AssumeRolePolicyDocument": json.loads(found.assume_role_policy_document),
        "Policies": [
            {"PolicyName": name, "PolicyDocument": json.loads(document)}
            for name, document in found.policies.items()
        ],
        "ManagedPolicyArns": list(found.managed_policies),
    }


def _log_group(resource: LogGroup) -> Properties | None:
    found = logs_backends[ACCOUNT_ID][resource.region].groups.get(resource.name)
    if found is None:
        return None
    return {"LogGroupName": found.name, "RetentionInDays": found.retention_in_days}


def _queue(resource: Queue) -> Properties | None:
    found = sqs_backends[ACCOUNT_ID][resource.region].queues.get(resource.name)
    if found is None:
        return None
    attributes = found.attributes
    names = (
        "DelaySeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    )
    return {
        "QueueName": found.name,
        "RedrivePolicy": found.redrive_policy,
        **{name: attributes.get(name) for name in names},
    }


def _table(resource: Table) -> Properties | None:
    found = dynamodb_backends[ACCOUNT_ID][resource.region_name].tables.get(resource.name)
    if found is None:
        return None
    recovery = found.continuous_backups["PointInTimeRecoveryDescription"]
    expires = found.ttl["TimeToLiveStatus"] == "ENABLED"
    return {
        "TableName": found.name,
        "AttributeDefinitions": found.attr,
        "BillingMode": found.billing_mode or "PROVISIONED",
        "DeletionProtectionEnabled": bool(found.deletion_protection_enabled),
        "KeySchema": found.schema,
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": recovery["PointInTimeRecoveryStatus"] == "ENABLED"
        },
        "TimeToLiveSpecification": {
            "AttributeName": found.ttl.get("AttributeName") if expires else None,
            "Enabled": expires,
        },
    }


def _template(resource: Template) -> Properties | None:
    found = current().ses(resource.region).templates.get(resource.name)
    if found is None:
        return None
    parts = {"SubjectPart": "Subject", "TextPart": "Text", "HtmlPart": "Html"}
    content = {name: found.get(part) for name, part in parts.items()}
    return {"Template": {"TemplateName": resource.name, **content}}


_READERS: dict[str, Callable[[Any], Properties | None]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SES::Template": _template,
    "AWS::SQS::Queue": _queue,
    "AWS::Scheduler::Schedule": _schedule,
}
