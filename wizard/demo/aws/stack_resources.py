"""CloudFormation resource types that moto has not, and what it leaves out of those it has."""

from __future__ import annotations

import base64
import json
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

from moto.awslambda.models import LambdaFunction
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel
from moto.dynamodb.models import dynamodb_backends

from wizard.demo.aws import functions, scheduler
from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.sesv2_account import create_configuration_set
from wizard.demo.aws.sesv2_templates import create_template, replace_template

Properties = dict[str, Any]


class _Resource:
    """One resource of ours in a stack, in the form that moto's CloudFormation wants."""

    TYPE: ClassVar[str]
    NAME: ClassVar[str]

    def __init__(self, name: str, region: str, arn: str = "") -> None:
        self.name = name
        self.region = region
        self.arn = arn

    @classmethod
    @abstractmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """Make the resource called ``name``."""

    @abstractmethod
    def change(self, properties: Properties) -> None:
        """Change it to ``properties``."""

    @abstractmethod
    def remove(self) -> None:
        """Delete it."""

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives: the name."""
        return self.name

    @classmethod
    def cloudformation_type(cls) -> str:
        """The resource type."""
        return cls.TYPE

    @classmethod
    def cloudformation_name_type(cls) -> str:
        """The property that names the resource."""
        return cls.NAME

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether GetAtt knows ``attr``."""
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """What GetAtt gives."""
        if attribute_name == "Arn" and self.arn:
            return self.arn
        raise UnformattedGetAttTemplateException

    def is_created(self) -> bool:
        """It is, as soon as it is there."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Self:
        """Make the resource."""
        return cls.make(resource_name, cloudformation_json.get("Properties", {}), region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Self:
        """Change the resource to new properties."""
        original_resource.change(cloudformation_json.get("Properties", {}))
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the resource."""
        self.remove()


class ScheduleGroup(_Resource, CloudFormationModel):
    """AWS::Scheduler::ScheduleGroup."""

    TYPE, NAME = "AWS::Scheduler::ScheduleGroup", "Name"

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """CreateScheduleGroup."""
        return cls(name, region, scheduler.create_group(region, name).arn)

    def change(self, properties: Properties) -> None:
        """Nothing but the tags of a group can change."""

    def remove(self) -> None:
        """DeleteScheduleGroup."""
        scheduler.delete_group(self.region, self.name)


class Schedule(_Resource, CloudFormationModel):
    """AWS::Scheduler::Schedule."""

    TYPE, NAME = "AWS::Scheduler::Schedule", "Name"

    def __init__(self, name: str, region: str, arn: str, group: str) -> None:
        super().__init__(name, region, arn)
        self.group = group

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """CreateSchedule."""
        arn = scheduler.create(region, name, properties).arn
        return cls(name, region, arn, properties.get("GroupName") or "default")

    def change(self, properties: Properties) -> None:
        """UpdateSchedule."""
        scheduler.update(self.region, self.name, properties)

    def remove(self) -> None:
        """DeleteSchedule."""
        scheduler.delete(self.region, self.group, self.name)


class Template(_Resource, CloudFormationModel):
    """AWS::SES::Template."""

    TYPE, NAME = "AWS::SES::Template", "TemplateName"

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """CreateEmailTemplate; the name stands inside the property Template."""
        content = properties.get("Template") or {}
        name = content.get("TemplateName") or name
        create_template(current().ses(region), name, _template_content(content))
        return cls(name, region)

    def change(self, properties: Properties) -> None:
        """UpdateEmailTemplate."""
        replace_template(current().ses(self.region), self.name, _template_content(properties["Template"]))

    def remove(self) -> None:
        """DeleteEmailTemplate."""
        current().ses(self.region).templates.pop(self.name, None)


class ConfigurationSet(_Resource, CloudFormationModel):
    """AWS::SES::ConfigurationSet."""

    TYPE, NAME = "AWS::SES::ConfigurationSet", "Name"

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """CreateConfigurationSet."""
        create_configuration_set(
            current().ses(region), {**_options(properties), "ConfigurationSetName": name}
        )
        return cls(name, region)

    def change(self, properties: Properties) -> None:
        """The PutConfigurationSet operations."""
        current().ses(self.region).configuration_sets[self.name].update(_options(properties))

    def remove(self) -> None:
        """DeleteConfigurationSet."""
        current().ses(self.region).configuration_sets.pop(self.name, None)


def _template_content(content: Properties) -> Properties:
    """A template as the API has it, from CloudFormation's words for its parts."""
    parts = {"Subject": "SubjectPart", "Text": "TextPart", "Html": "HtmlPart"}
    return {part: content[name] for part, name in parts.items() if name in content}


def _options(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if name not in ("Name", "Tags")}


# --- moto's own types --------------------------------------------------------------------------------------


def check(resource_type: str, name: str, properties: Properties, region: str) -> None:
    """Refuse what the service would refuse and moto's model of it does not."""
    if resource_type == "AWS::Lambda::Function":
        functions.check_role(properties.get("Role") or "")
        if functions.exists(region, name):
            raise Refusal("ResourceConflictException", f"Function already exist: {name}")


def prepared_for_update(resolved: Properties) -> Properties:
    """A resolved resource as moto's model wants it for an update: inline code as a ZIP file."""
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


def _complete_role(role: Any, properties: Properties) -> None:
    role.assume_role_policy_document = json.dumps(properties["AssumeRolePolicyDocument"])
    role.policies = {
        policy["PolicyName"]: json.dumps(policy["PolicyDocument"])
        for policy in properties.get("Policies") or []
    }


def _complete_table(table: Any, properties: Properties) -> None:
    wanted = properties.get("TimeToLiveSpecification")
    if wanted:
        dynamodb_backends[ACCOUNT_ID][table.region_name].update_time_to_live(table.name, wanted)


def _complete_log_group(group: Any, properties: Properties) -> None:
    group.retention_in_days = properties.get("RetentionInDays")


_COMPLETIONS: dict[str, Callable[[Any, Properties], None]] = {
    "AWS::Lambda::Function": _complete_function,
    "AWS::IAM::Role": _complete_role,
    "AWS::DynamoDB::Table": _complete_table,
    "AWS::Logs::LogGroup": _complete_log_group,
}
