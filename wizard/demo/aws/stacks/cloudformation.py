"""CloudFormation's operations: change sets checked and explained as by the real one, stacks, their resources.

moto keeps the stacks. What happens to one, step by step, is in ``stack_work``.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from moto.cloudformation.models import Change, ChangeSet, Event, Stack, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id
from moto.core.responses import ActionResult, EmptyResult

from wizard.demo.aws.account import ACCOUNT_ID, current
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.stacks import drift as stack_drift
from wizard.demo.aws.stacks import resources as stack_resources
from wizard.demo.aws.stacks import state as stack_state
from wizard.demo.aws.stacks import templates as stack_templates
from wizard.demo.aws.stacks import work as stack_work

MAX_BODY = 51_200
"""The largest template in a request, in bytes."""

_AT_REST = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
"""The statuses in which a stack can be updated."""


class Stacks(CloudFormationResponse):
    """moto's CloudFormation, with the work on stacks replaced."""

    def create_stack(self) -> ActionResult:
        """CreateStack: as a change set that is executed at once."""
        change_set = self._change_set("CREATE", "at-once")
        stack_work.create(current(), change_set)
        return ActionResult({"StackId": change_set.stack_id})

    def create_change_set(self) -> ActionResult:
        """CreateChangeSet, of type CREATE (the default is UPDATE) or UPDATE; also one that reverts drift."""
        change_set = self._change_set(
            self._get_param("ChangeSetType") or "UPDATE", self._get_param("ChangeSetName")
        )
        self.cloudformation_backend.change_sets[change_set.change_set_id] = change_set
        return ActionResult({"Id": change_set.change_set_id, "StackId": change_set.stack_id})

    def describe_change_set(self) -> ActionResult:
        """DescribeChangeSet, by ARN or by name and stack."""
        return ActionResult(self._found_change_set())

    def list_change_sets(self) -> ActionResult:
        """ListChangeSets of one stack."""
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        sets = self.cloudformation_backend.change_sets.values()
        return ActionResult({"Summaries": [found for found in sets if found.stack_id == stack.stack_id]})

    def delete_change_set(self) -> ActionResult:
        """DeleteChangeSet."""
        change_set = self._found_change_set()
        del self.cloudformation_backend.change_sets[change_set.change_set_id]
        return EmptyResult()

    def execute_change_set(self) -> ActionResult:
        """ExecuteChangeSet: begins the work and returns."""
        change_set = self._found_change_set()
        if change_set.execution_status != "AVAILABLE":
            raise Refusal(
                "InvalidChangeSetStatus",
                f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
                f"[{change_set.status}]",
            )
        change_set.execution_status = "EXECUTE_COMPLETE"
        work = stack_work.create if change_set.change_set_type == "CREATE" else stack_work.update
        work(current(), change_set)
        return EmptyResult()

    def delete_stack(self) -> ActionResult:
        """DeleteStack: begins the work and returns. A stack that is not there is no error."""
        name = self._get_param("StackName")
        for stack in list(self.cloudformation_backend.stacks.values()):
            if name in (stack.name, stack.stack_id):
                stack_work.delete(current(), stack)
        return EmptyResult()

    def list_stack_resources(self) -> ActionResult:
        """ListStackResources, each with its own status."""
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        return ActionResult(
            {
                "StackResourceSummaries": [
                    _resource(stack, event) for event in stack_state.last_events(stack).values()
                ]
            }
        )

    def detect_stack_drift(self) -> ActionResult:
        """DetectStackDrift: of all resources, or some."""
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        if stack.status not in _AT_REST:
            raise _invalid(
                f"Drift detection cannot be performed on stack [{stack.stack_id}] in status {stack.status}"
            )
        detection = stack_drift.detect(current(), stack, self._get_param("LogicalResourceIds", []))
        return ActionResult({"StackDriftDetectionId": detection.id})

    def describe_stack_drift_detection_status(self) -> ActionResult:
        """DescribeStackDriftDetectionStatus. A detection takes as long as work on one resource."""
        wanted, account = self._get_param("StackDriftDetectionId"), current()
        for stack in self.cloudformation_backend.stacks.values():
            detection = stack_drift.last(stack)
            if detection is None or detection.id != wanted:
                continue
            known = {"StackId": stack.stack_id, "StackDriftDetectionId": wanted, "Timestamp": detection.at}
            if (account.now() - detection.at).total_seconds() < account.pace.resource:
                return ActionResult({**known, "DetectionStatus": "DETECTION_IN_PROGRESS"})
            return ActionResult(
                {
                    **known,
                    "DetectionStatus": "DETECTION_COMPLETE",
                    "StackDriftStatus": detection.stack_status,
                    "DriftedStackResourceCount": detection.drifted,
                }
            )
        raise _invalid(f"Drift detection id {wanted} does not exist")

    def describe_stack_resource_drifts(self) -> ActionResult:
        """DescribeStackResourceDrifts, as the last detection found them."""
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        wanted, detection = self._get_param("StackResourceDriftStatusFilters"), stack_drift.last(stack)
        if detection is None:
            return ActionResult({"StackResourceDrifts": []})
        found = [drift for drift in detection.drifts if not wanted or drift.status in wanted]
        told = [_drift(stack, drift, detection.at) for drift in found]
        return ActionResult({"StackResourceDrifts": told})

    def _change_set(self, kind: str, name: str) -> ChangeSet:
        """What the request's template would do to the stack it names. Refuses templates that cannot work."""
        body = self._get_param("TemplateBody")
        if self._get_param("UsePreviousTemplate"):
            body = self.cloudformation_backend.get_stack(self._get_param("StackName")).template
        if not body:
            raise _invalid("Either Template URL or Template Body must be specified.")
        if len(body.encode()) > MAX_BODY:
            raise _invalid(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member "
                f"must have length less than or equal to {MAX_BODY}"
            )
        parameters = self._parameters()
        tags = {item["Key"]: item["Value"] for item in self._get_param("Tags", [])}
        stack_templates.check(body, parameters, self._get_param("Capabilities", []))
        stack = self._stack(kind, name, parameters, tags)
        change_set = ChangeSet(
            change_set_type=kind,
            change_set_id=generate_changeset_id(name, self.region, ACCOUNT_ID),
            change_set_name=name,
            stack=stack,
            template=body,
            parameters=parameters,
            description=self._get_param("Description"),
            tags=tags,
        )
        change_set.deployment_mode = self._get_param("DeploymentMode")  # type: ignore[attr-defined]
        change_set.imports = str(self._get_param("ImportExistingResources")).lower() == "true"  # type: ignore[attr-defined]
        _explain(change_set)
        if not change_set.changes:
            change_set.status, change_set.execution_status = "FAILED", "UNAVAILABLE"
            change_set.status_reason = (
                "The submitted information didn't contain changes. Submit different information to create a "
                "change set."
            )
        else:
            change_set.status, change_set.execution_status = "CREATE_COMPLETE", "AVAILABLE"
        return change_set

    def _parameters(self) -> dict[str, str]:
        """The values of the parameters that the request names, or those of the stack it names."""
        given, before = self._get_param("Parameters", []), {}
        if any("ParameterValue" not in item for item in given):
            before = self.cloudformation_backend.get_stack(self._get_param("StackName")).parameters
        return {
            item["ParameterKey"]: item.get("ParameterValue", before.get(item["ParameterKey"]))
            for item in given
        }

    def _stack(self, kind: str, change_set: str, parameters: dict[str, str], tags: dict[str, str]) -> Stack:
        """The stack that a change set is for: a new one under review, or the one that is there."""
        backend, name = self.cloudformation_backend, self._get_param("StackName")
        found = next(
            (stack for stack in backend.stacks.values() if name in (stack.name, stack.stack_id)), None
        )
        if kind == "CREATE":
            if found is not None and found.status != "REVIEW_IN_PROGRESS":
                raise Refusal(
                    "AlreadyExistsException",
                    f"Stack [{name}] already exists and cannot be created again with the changeSet "
                    f"[{change_set}].",
                )
            return found or _new_stack(self.region, name, parameters, tags)
        if found is None or found.status == "REVIEW_IN_PROGRESS":
            raise _invalid(f"Stack [{name}] does not exist")
        if found.status not in _AT_REST:
            raise _invalid(f"Stack:{found.stack_id} is in {found.status} state and can not be updated.")
        return found

    def _found_change_set(self) -> ChangeSet:
        name, stack = self._get_param("ChangeSetName"), self._get_param("StackName")
        for change_set in self.cloudformation_backend.change_sets.values():
            if name == change_set.change_set_id or (
                name == change_set.change_set_name and stack in (change_set.stack_name, change_set.stack_id)
            ):
                return change_set
        raise Refusal("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")


def _new_stack(region: str, name: str, parameters: dict[str, str], tags: dict[str, str]) -> Stack:
    """A stack without resources, under review."""
    stack = Stack(  # type: ignore[abstract]  # as moto itself does
        stack_id=generate_stack_id(name, region, ACCOUNT_ID),
        name=name,
        template={},
        parameters=parameters,
        account_id=ACCOUNT_ID,
        region_name=region,
        tags=tags,
    )
    cloudformation_backends[ACCOUNT_ID][region].stacks[stack.stack_id] = stack
    stack_state.stack_event(stack, "REVIEW_IN_PROGRESS", "User Initiated")
    return stack


def _explain(change_set: ChangeSet) -> None:
    """Let the change set say of each change what the real one says."""
    stack = change_set.stack
    events = stack_state.last_events(stack)
    difference = stack_drift.difference(change_set)
    drifts = (
        {drift.name: drift for drift in stack_drift.compared(stack)}
        if stack_drift.reverts(change_set)
        else {}
    )
    if stack_drift.reverts(change_set):
        drifted = any(drift.status != "IN_SYNC" for drift in drifts.values())
        change_set.stack_drift_status = "DRIFTED" if drifted else "IN_SYNC"  # type: ignore[attr-defined]
    replaced = stack_state.replacements(stack, change_set.template_dict, difference["Modify"])
    change_set.changes = []
    for action, names in difference.items():
        resources = stack.template_dict if action == "Remove" else change_set.template_dict
        for name in names:
            change: Any = Change(action, name, resources["Resources"][name]["Type"])
            if action == "Add" and change_set.imports:  # type: ignore[attr-defined]
                wanted = resources["Resources"][name]
                found = stack_resources.adopted(stack.stack_id, wanted["Type"], wanted, stack.region_name)
                if found is not None:
                    change.action, change.physical_resource_id = "Import", found.name
            if action != "Add":
                change.physical_resource_id = events[name].physical_resource_id if name in events else None
            if action == "Modify":
                change.scope = ["Properties"]
                change.replacement = str(name in replaced)
            if name in drifts:
                change.resource_drift_status = drifts[name].status
                change.details = stack_drift.details(drifts[name], current().now())
            change_set.changes.append(change)


def _resource(stack: Stack, event: Event) -> dict[str, Any]:
    """One resource, as its last event left it."""
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical_resource_id,
        "PhysicalResourceId": event.physical_resource_id or None,
        "ResourceType": event.resource_type,
        "ResourceStatus": event.resource_status,
        "ResourceStatusReason": event.resource_status_reason,
        "Timestamp": event.timestamp,
        "LastUpdatedTimestamp": event.timestamp,
    }


def _drift(stack: Stack, drift: stack_drift.Drift, at: datetime) -> dict[str, Any]:
    """One resource, as StackResourceDrift has it; of a deleted one there are no properties."""
    told = {
        "StackId": stack.stack_id,
        "LogicalResourceId": drift.name,
        "PhysicalResourceId": drift.physical,
        "ResourceType": drift.kind,
        "StackResourceDriftStatus": drift.status,
        "Timestamp": at,
    }
    if drift.status == "DELETED":
        return told
    return {
        **told,
        "ExpectedProperties": json.dumps(drift.expected),
        "ActualProperties": json.dumps(drift.actual),
        "PropertyDifferences": list(drift.differences),
    }


def _invalid(message: str) -> Refusal:
    return Refusal("ValidationError", message)
