"""CloudFormation's resource types: ours, which moto has not, and what moto leaves out of those it has."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import get_model_map
from moto.dynamodb.models import dynamodb_backends
from moto.logs.models import LogGroup
from moto.sqs.models import sqs_backends

from wizard.demo.aws import queues
from wizard.demo.aws.account import ACCOUNT_ID
from wizard.demo.aws.functions import run as functions
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.stacks import alerts as stack_alerts
from wizard.demo.aws.stacks import functions as stack_lambda
from wizard.demo.aws.stacks import queues as stack_queues
from wizard.demo.aws.stacks import schedules as stack_scheduler
from wizard.demo.aws.stacks import ses as stack_ses
from wizard.demo.aws.stacks.resource import Properties, StackResource

OURS = (stack_alerts, stack_lambda, stack_queues, stack_scheduler, stack_ses)
"""The modules of our resource types: moto finds them, and prefers them to its own, once they are imported."""

_REPLACING = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema"),
    "AWS::IAM::Role": ("RoleName", "Path"),
    "AWS::Lambda::Function": ("FunctionName", "PackageType"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
}
"""For moto's own types: the properties whose change makes a new resource (template reference)."""


def is_replacement(before: Properties, after: Properties) -> bool:
    """Whether a change from one state of a resource in a template to another makes a new resource."""
    kind = get_model_map().get(after["Type"])
    if kind is not None and issubclass(kind, StackResource):
        names: tuple[str, ...] = kind.REPLACING
    else:
        names = _REPLACING.get(after["Type"], ())
    old, new = before.get("Properties") or {}, after.get("Properties") or {}
    return before["Type"] != after["Type"] or any(old.get(name) != new.get(name) for name in names)


def check(resource_type: str, name: str, properties: Properties, region: str) -> None:
    """Refuse what the service would refuse and moto's model of it does not."""
    if resource_type == "AWS::Lambda::Function":
        functions.check_configuration(properties)
        if functions.exists(region, name):
            raise Refusal("ResourceConflictException", f"Function already exist: {name}")
    if resource_type == "AWS::SQS::Queue":
        queues.check(properties)
        if name in sqs_backends[ACCOUNT_ID][region].queues:
            raise Refusal("QueueNameExists", f"A queue already exists with the name {name}.")


def adopted(stack_id: str, resource_type: str, wanted: Properties, region: str) -> Any:
    """What ImportExistingResources imports in place of making a resource; None for nothing.

    As CloudFormation has it: a static name, a policy that retains, and no other stack that holds it. Only
    tables are imported here.
    """
    name = (wanted.get("Properties") or {}).get("TableName")
    retained = wanted.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
    if resource_type != "AWS::DynamoDB::Table" or not isinstance(name, str) or not retained:
        return None
    found = dynamodb_backends[ACCOUNT_ID][region].tables.get(name)
    stacks = cloudformation_backends[ACCOUNT_ID][region].stacks.values()
    held = any(
        found is resource or getattr(resource, "physical_resource_id", None) == name
        for stack in stacks
        if stack.stack_id != stack_id
        for resource in stack.resource_map._parsed_resources.values()
    )
    return None if held else found


def _log_group_attribute(group: LogGroup, name: str) -> str:
    """GetAtt of a log group: its Arn stands for its streams too, which moto's does not."""
    if name == "Arn":
        return f"{group.arn}:*"
    raise UnformattedGetAttTemplateException


LogGroup.get_cfn_attribute = _log_group_attribute  # type: ignore[method-assign,assignment]


def prepared_for_update(resolved: Properties) -> Properties:
    """A resolved resource as moto's model wants it for an update: inline code as a ZIP file.

    Refuses what the service would refuse.
    """
    if resolved["Type"] == "AWS::Lambda::Function":
        functions.check_configuration(resolved["Properties"])
    code = resolved["Properties"].get("Code")
    if resolved["Type"] == "AWS::Lambda::Function" and "ZipFile" in code:
        packed = LambdaFunction._create_zipfile_from_plaintext_code(code["ZipFile"])
        code["ZipFile"] = base64.b64encode(packed)
    return resolved


def complete(resource: Any, resource_type: str, properties: Properties) -> None:
    """Give a resource of moto's the properties that moto leaves out, when it is new or changed."""
    finish = _COMPLETIONS.get(resource_type)
    if finish:
        finish(resource, properties)


def _complete_function(function: Any, properties: Properties) -> None:
    function.architectures = properties.get("Architectures", ["x86_64"])
    group = (properties.get("LoggingConfig") or {}).get("LogGroup")
    function.logs_group_name = group or f"/aws/lambda/{function.function_name}"
    function.dead_letter_arn = (properties.get("DeadLetterConfig") or {}).get("TargetArn")
    function.environment_vars = (properties.get("Environment") or {}).get("Variables", {})
    function.timeout = int(properties.get("Timeout", 3))
    function.memory_size = int(properties.get("MemorySize", 128))


def _complete_role(role: Any, properties: Properties) -> None:
    role.assume_role_policy_document = json.dumps(properties["AssumeRolePolicyDocument"])
    role.policies = {
        policy["PolicyName"]: json.dumps(policy["PolicyDocument"])
        for policy in properties.get("Policies") or []
    }


def _complete_table(table: Any, properties: Properties) -> None:
    table.billing_mode = properties.get("BillingMode", "PROVISIONED")
    table.deletion_protection_enabled = str(properties.get("DeletionProtectionEnabled")).lower() == "true"
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        enabled = str(recovery["PointInTimeRecoveryEnabled"]).lower() == "true"
        dynamodb_backends[ACCOUNT_ID][table.region_name].update_continuous_backups(
            table.name, {"PointInTimeRecoveryEnabled": enabled}
        )
    wanted = properties.get("TimeToLiveSpecification")
    if wanted:
        dynamodb_backends[ACCOUNT_ID][table.region_name].update_time_to_live(table.name, wanted)


def _complete_queue(queue: Any, properties: Properties) -> None:
    queues.configure(queue, properties)


def _complete_log_group(group: Any, properties: Properties) -> None:
    group.retention_in_days = properties.get("RetentionInDays")


_COMPLETIONS: dict[str, Callable[[Any, Properties], None]] = {
    "AWS::Lambda::Function": _complete_function,
    "AWS::IAM::Role": _complete_role,
    "AWS::DynamoDB::Table": _complete_table,
    "AWS::Logs::LogGroup": _complete_log_group,
    "AWS::SQS::Queue": _complete_queue,
}
