"""AWS CloudFormation: a function for each operation in use, typed; its errors become WizardError."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import needed, translated

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import CreateChangeSetInputTypeDef

STACK_TYPE = "AWS::CloudFormation::Stack"
"""The resource type of the events that are about the stack itself."""
_EVENT_PAGES = 5


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it is sent: its body, and the values of its parameters that have no default."""

    body: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack (DescribeStacks). ``status`` is StackStatus, ``reason`` why it is so, often empty.

    ``updated`` is when it was last changed, or made.
    """

    id: str
    name: str
    status: str
    reason: str
    outputs: Mapping[str, str]
    tags: Mapping[str, str]
    updated: datetime | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether CloudFormation is at work on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def complete(self) -> bool:
        """Whether all its resources stand, after a creation, an update or an update taken back."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One line of a change set. ``action`` is Add, Modify, Remove, Import or SyncWithActual.

    ``drift`` is the resource's drift status (MODIFIED, DELETED …), in a change set that mends drift alone.
    """

    action: str
    logical_id: str
    type: str
    replaces: bool
    drift: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set (DescribeChangeSet). ``status`` is CREATE_COMPLETE when it can be executed."""

    id: str
    status: str
    reason: str
    changes: tuple[ResourceChange, ...]

    @property
    def empty(self) -> bool:
        """Whether it failed because there is nothing to change, which CloudFormation says only in words."""
        words = ("didn't contain changes", "No updates are to be performed")
        return self.status == "FAILED" and any(text in self.reason for text in words)


@dataclass(frozen=True, slots=True)
class DriftDetection:
    """How far a look for drift has come (DescribeStackDriftDetectionStatus).

    ``status`` is DETECTION_IN_PROGRESS, DETECTION_COMPLETE or DETECTION_FAILED, ``reason`` why it failed.
    """

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class PropertyDifference:
    """One property that is not as the template has it. ``kind`` is ADD, REMOVE or NOT_EQUAL.

    ``path`` begins with a slash; ``expected`` and ``actual`` are texts or JSON.
    """

    path: str
    kind: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class ResourceDrift:
    """What became of one resource behind CloudFormation's back: ``status`` is MODIFIED or DELETED."""

    logical_id: str
    type: str
    status: str
    differences: tuple[PropertyDifference, ...]


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One event of a stack (DescribeStackEvents)."""

    id: str
    logical_id: str
    type: str
    status: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StackResource:
    """One resource of a stack (ListStackResources)."""

    logical_id: str
    physical_id: str
    type: str
    status: str


def describe_stack(aws: AwsAccess, name: str) -> Stack | None:
    """The stack ``name`` (or id), or None (cloudformation:DescribeStacks). Raises WizardError."""
    from botocore.exceptions import ClientError

    with translated("cloudformation:DescribeStacks", aws.profile):
        try:
            stacks = _client(aws).describe_stacks(StackName=name).get("Stacks")
        except ClientError as error:
            # A stack that is not there has no error code of its own.
            if "does not exist" in error.response.get("Error", {}).get("Message", ""):
                return None
            raise
    if not stacks:
        return None
    found = stacks[0]
    return Stack(
        id=found.get("StackId", name),
        name=found["StackName"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        outputs={
            output["OutputKey"]: output.get("OutputValue", "")
            for output in found.get("Outputs", [])
            if "OutputKey" in output
        },
        tags={tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
        parameters={
            parameter["ParameterKey"]: parameter.get("ParameterValue", "")
            for parameter in found.get("Parameters", [])
            if "ParameterKey" in parameter
        },
        updated=found.get("LastUpdatedTime") or found.get("CreationTime"),
    )


def get_template(aws: AwsAccess, stack: str) -> Mapping[str, Any]:
    """The template that the stack was last made from, read as JSON (cloudformation:GetTemplate).

    It is empty for a stack without resources, and for one whose template is YAML. Raises WizardError.
    """
    with translated("cloudformation:GetTemplate", aws.profile):
        # botocore reads JSON by itself; a text is what it could not read.
        answer = _client(aws).get_template(StackName=stack, TemplateStage="Original")
    body: Any = answer.get("TemplateBody")
    return body if isinstance(body, dict) else {}


def create_change_set(
    aws: AwsAccess,
    stack: str,
    name: str,
    template: Template,
    tags: Mapping[str, str],
    *,
    new: bool,
    revert_drift: bool = False,
) -> str:
    """Have CloudFormation work out what ``template`` would change, and give the change set's ARN.

    (cloudformation:CreateChangeSet.) ``new``: the stack is not there yet; it then appears as
    REVIEW_IN_PROGRESS, without a resource. ``revert_drift``: compare with what is there in truth, not with
    the template before, so that what was changed by hand is put back. A new stack imports what an
    earlier one left, if it has the same name there and is retained again. Raises WizardError.
    """
    request: CreateChangeSetInputTypeDef = {
        "StackName": stack,
        "ChangeSetName": name,
        "ChangeSetType": "CREATE" if new else "UPDATE",
        "TemplateBody": template.body,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in template.parameters.items()
        ],
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    if new:
        request["ImportExistingResources"] = True
    if revert_drift:
        request["DeploymentMode"] = "REVERT_DRIFT"
    with translated("cloudformation:CreateChangeSet", aws.profile):
        answer = _client(aws).create_change_set(**request)
    return str(needed(answer, "Id", "cloudformation:CreateChangeSet"))


def describe_change_set(aws: AwsAccess, change_set: str) -> ChangeSet:
    """The change set with this ARN, all pages (cloudformation:DescribeChangeSet). Raises WizardError."""
    changes: list[ResourceChange] = []
    with translated("cloudformation:DescribeChangeSet", aws.profile):
        answer: Mapping[str, Any] = {}
        pages = _client(aws).get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
        for answer in pages:
            for change in answer.get("Changes", []):
                resource = change.get("ResourceChange", {})
                changes.append(
                    ResourceChange(
                        action=resource.get("Action", "Modify"),
                        logical_id=resource.get("LogicalResourceId", ""),
                        type=resource.get("ResourceType", ""),
                        replaces=resource.get("Replacement") == "True",
                        drift=resource.get("ResourceDriftStatus", ""),
                    )
                )
    status = needed(answer, "Status", "cloudformation:DescribeChangeSet")
    return ChangeSet(change_set, status, answer.get("StatusReason", ""), tuple(changes))


def execute_change_set(aws: AwsAccess, change_set: str) -> None:
    """Let a change set happen (cloudformation:ExecuteChangeSet). Raises WizardError."""
    with translated("cloudformation:ExecuteChangeSet", aws.profile):
        _client(aws).execute_change_set(ChangeSetName=change_set)


def list_change_sets(aws: AwsAccess, stack: str) -> dict[str, str]:
    """The ARNs of the stack's open change sets, by name (cloudformation:ListChangeSets).

    Raises WizardError.
    """
    with translated("cloudformation:ListChangeSets", aws.profile):
        answer = _client(aws).list_change_sets(StackName=stack)
    return {
        found["ChangeSetName"]: found["ChangeSetId"]
        for found in answer.get("Summaries", [])
        if "ChangeSetName" in found and "ChangeSetId" in found
    }


def delete_change_set(aws: AwsAccess, change_set: str) -> None:
    """Throw a change set away (cloudformation:DeleteChangeSet). Raises WizardError."""
    with translated("cloudformation:DeleteChangeSet", aws.profile):
        _client(aws).delete_change_set(ChangeSetName=change_set)


def delete_stack(aws: AwsAccess, name: str) -> None:
    """Begin to delete a stack (cloudformation:DeleteStack). Raises WizardError."""
    with translated("cloudformation:DeleteStack", aws.profile):
        _client(aws).delete_stack(StackName=name)


def describe_stack_events(aws: AwsAccess, name: str, back_to: str | None) -> tuple[StackEvent, ...]:
    """The newest events, the newest first, at least back to the one with the id ``back_to``.

    (cloudformation:DescribeStackEvents.) A page holds a hundred or so; with None, and where there is no such
    event, it is the newest five pages. Raises WizardError.
    """
    events: list[StackEvent] = []
    with translated("cloudformation:DescribeStackEvents", aws.profile):
        pages = _client(aws).get_paginator("describe_stack_events").paginate(StackName=name)
        for page in islice(pages, _EVENT_PAGES):
            events += [
                StackEvent(
                    id=event["EventId"],
                    logical_id=event.get("LogicalResourceId", ""),
                    type=event.get("ResourceType", ""),
                    status=event.get("ResourceStatus", ""),
                    reason=event.get("ResourceStatusReason", ""),
                    at=event["Timestamp"],
                )
                for event in page.get("StackEvents", [])
            ]
            if any(event.id == back_to for event in events):
                break
    return tuple(events)


def list_stack_resources(aws: AwsAccess, name: str) -> tuple[StackResource, ...]:
    """The resources of a stack, up to a hundred (cloudformation:ListStackResources). Raises WizardError."""
    with translated("cloudformation:ListStackResources", aws.profile):
        answer = _client(aws).list_stack_resources(StackName=name)
    return tuple(
        StackResource(
            logical_id=resource["LogicalResourceId"],
            physical_id=resource.get("PhysicalResourceId", ""),
            type=resource["ResourceType"],
            status=resource["ResourceStatus"],
        )
        for resource in answer.get("StackResourceSummaries", [])
    )


def detect_stack_drift(aws: AwsAccess, name: str) -> str:
    """Begin to compare the stack's resources with its template; an id to ask by.

    (cloudformation:DetectStackDrift.) Raises WizardError.
    """
    with translated("cloudformation:DetectStackDrift", aws.profile):
        return _client(aws).detect_stack_drift(StackName=name)["StackDriftDetectionId"]


def describe_drift_detection(aws: AwsAccess, detection: str) -> DriftDetection:
    """How far that has come (cloudformation:DescribeStackDriftDetectionStatus). Raises WizardError."""
    with translated("cloudformation:DescribeStackDriftDetectionStatus", aws.profile):
        answer = _client(aws).describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    return DriftDetection(answer["DetectionStatus"], answer.get("DetectionStatusReason", ""))


def describe_stack_resource_drifts(aws: AwsAccess, name: str) -> tuple[ResourceDrift, ...]:
    """The resources that the last look found changed or deleted, up to a hundred.

    (cloudformation:DescribeStackResourceDrifts.) Raises WizardError.
    """
    with translated("cloudformation:DescribeStackResourceDrifts", aws.profile):
        answer = _client(aws).describe_stack_resource_drifts(
            StackName=name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"], MaxResults=100
        )
    return tuple(
        ResourceDrift(
            logical_id=found["LogicalResourceId"],
            type=found["ResourceType"],
            status=found["StackResourceDriftStatus"],
            differences=tuple(
                PropertyDifference(
                    path=differs["PropertyPath"],
                    kind=differs["DifferenceType"],
                    expected=differs["ExpectedValue"],
                    actual=differs["ActualValue"],
                )
                for differs in found.get("PropertyDifferences", [])
            ),
        )
        for found in answer["StackResourceDrifts"]
    )


def _client(aws: AwsAccess) -> CloudFormationClient:
    client: CloudFormationClient = aws.client("cloudformation")
    return client
