"""AWS CloudFormation: stacks, change sets, events, resources and drift. A function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call, call_pages
from wizard.aws.failures import needed
from wizard.errors import WizardError

STACK_TYPE = "AWS::CloudFormation::Stack"
"""The resource type in events of the stack itself."""
_EVENT_PAGES = 5


@dataclass(frozen=True, slots=True)
class Template:
    """A template's body, and the values of its parameters that have no default."""

    body: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack (DescribeStacks). ``status`` is StackStatus, ``reason`` its reason, often empty.

    ``updated`` is when it was last changed, or created.
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
        """Whether an operation is in progress."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def complete(self) -> bool:
        """Whether all its resources exist: it was created, updated, or an update was rolled back."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One line of a change set. ``action`` is Add, Modify, Remove, Import or SyncWithActual.

    ``drift`` is the resource's drift status (MODIFIED, DELETED …), only in a change set that reverts drift.
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
        """Whether it failed because there is nothing to change, which only StatusReason says."""
        words = ("didn't contain changes", "No updates are to be performed")
        return self.status == "FAILED" and any(text in self.reason for text in words)


@dataclass(frozen=True, slots=True)
class DriftDetection:
    """The progress of drift detection (DescribeStackDriftDetectionStatus).

    ``status`` is DETECTION_IN_PROGRESS, DETECTION_COMPLETE or DETECTION_FAILED, ``reason`` why it failed.
    """

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class PropertyDifference:
    """One property that differs from the template. ``kind`` is ADD, REMOVE or NOT_EQUAL.

    ``path`` starts with a slash; ``expected`` and ``actual`` are text or JSON.
    """

    path: str
    kind: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class ResourceDrift:
    """A resource that was changed outside CloudFormation: ``status`` is MODIFIED or DELETED."""

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
    """Return the stack ``name`` (or id), or None if it does not exist. Raises WizardError."""
    try:
        stacks = call(aws, "cloudformation:DescribeStacks", StackName=name).get("Stacks")
    except WizardError as error:
        # A missing stack has no error code of its own.
        if "does not exist" in str(error.__cause__):
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
        outputs=_mapping(found, "Outputs", "OutputKey", "OutputValue"),
        tags=_mapping(found, "Tags", "Key", "Value"),
        parameters=_mapping(found, "Parameters", "ParameterKey", "ParameterValue"),
        updated=found.get("LastUpdatedTime") or found.get("CreationTime"),
    )


def get_template(aws: AwsAccess, stack: str) -> Mapping[str, Any]:
    """Return the stack's template, parsed from JSON. Raises WizardError.

    Empty for a stack without resources, and if the template is YAML.
    """
    # botocore parses JSON by itself; a string is what it could not parse.
    body = call(aws, "cloudformation:GetTemplate", StackName=stack, TemplateStage="Original").get(
        "TemplateBody"
    )
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
    """Create a change set for ``template`` and return its ARN. Raises WizardError.

    ``new``: the stack does not exist; it then appears as REVIEW_IN_PROGRESS, without resources, and imports
    retained resources of an earlier stack that have the same names. ``revert_drift``: compare with the actual
    resources instead of the last template, so that changes made by hand are reverted.
    """
    request: dict[str, Any] = {
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
    answer = call(aws, "cloudformation:CreateChangeSet", **request)
    return str(needed(answer, "Id", "cloudformation:CreateChangeSet"))


def describe_change_set(aws: AwsAccess, change_set: str) -> ChangeSet:
    """Return the change set with this ARN, all pages. Raises WizardError."""
    answer: Mapping[str, Any] = {}
    changes: list[ResourceChange] = []
    for answer in call_pages(aws, "cloudformation:DescribeChangeSet", ChangeSetName=change_set):
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
    """Start to execute a change set. Raises WizardError."""
    call(aws, "cloudformation:ExecuteChangeSet", ChangeSetName=change_set)


def list_change_sets(aws: AwsAccess, stack: str) -> Mapping[str, str]:
    """Return the ARNs of the stack's open change sets, by name. Raises WizardError."""
    answer = call(aws, "cloudformation:ListChangeSets", StackName=stack)
    arns = _mapping(answer, "Summaries", "ChangeSetName", "ChangeSetId")
    return {name: arn for name, arn in arns.items() if arn}


def delete_change_set(aws: AwsAccess, change_set: str) -> None:
    """Delete a change set. Raises WizardError."""
    call(aws, "cloudformation:DeleteChangeSet", ChangeSetName=change_set)


def delete_stack(aws: AwsAccess, name: str) -> None:
    """Start to delete a stack. Raises WizardError."""
    call(aws, "cloudformation:DeleteStack", StackName=name)


def describe_stack_events(aws: AwsAccess, name: str, back_to: str | None) -> tuple[StackEvent, ...]:
    """Return the newest events, newest first, at least back to the one with the id ``back_to``.

    At most five pages, of about a hundred events each. Raises WizardError.
    """
    events: list[StackEvent] = []
    pages = call_pages(aws, "cloudformation:DescribeStackEvents", StackName=name)
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
    """Return up to a hundred resources of a stack. Raises WizardError."""
    answer = call(aws, "cloudformation:ListStackResources", StackName=name)
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
    """Start to compare the stack's resources with its template; return the detection's id.

    Raises WizardError.
    """
    return str(call(aws, "cloudformation:DetectStackDrift", StackName=name)["StackDriftDetectionId"])


def describe_drift_detection(aws: AwsAccess, detection: str) -> DriftDetection:
    """Return the progress of the detection with this id. Raises WizardError."""
    answer = call(aws, "cloudformation:DescribeStackDriftDetectionStatus", StackDriftDetectionId=detection)
    return DriftDetection(answer["DetectionStatus"], answer.get("DetectionStatusReason", ""))


def describe_stack_resource_drifts(aws: AwsAccess, name: str) -> tuple[ResourceDrift, ...]:
    """Return up to a hundred resources that were changed or deleted by hand. Raises WizardError."""
    answer = call(
        aws,
        "cloudformation:DescribeStackResourceDrifts",
        StackName=name,
        StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
        MaxResults=100,
    )
    members = ("PropertyPath", "DifferenceType", "ExpectedValue", "ActualValue")
    return tuple(
        ResourceDrift(
            logical_id=found["LogicalResourceId"],
            type=found["ResourceType"],
            status=found["StackResourceDriftStatus"],
            differences=tuple(
                PropertyDifference(*(difference[member] for member in members))
                for difference in found.get("PropertyDifferences", [])
            ),
        )
        for found in answer["StackResourceDrifts"]
    )


def _mapping(answer: Mapping[str, Any], member: str, key: str, value: str) -> Mapping[str, str]:
    """Return a list of pairs, such as Outputs, as a mapping."""
    return {pair[key]: pair.get(value, "") for pair in answer.get(member, []) if key in pair}
