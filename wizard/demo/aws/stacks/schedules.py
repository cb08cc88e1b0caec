"""EventBridge in stacks: schedules, their groups, and rules of the default event bus."""

from __future__ import annotations

import json
from typing import Self

from moto.core.common_models import CloudFormationModel
from moto.events.models import EventsBackend, events_backends

from wizard.demo.aws.account import ACCOUNT_ID
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.schedules import scheduler
from wizard.demo.aws.stacks.resource import Properties, StackResource


class ScheduleGroup(StackResource, CloudFormationModel):
    """AWS::Scheduler::ScheduleGroup."""

    TYPE, NAME, REPLACING = "AWS::Scheduler::ScheduleGroup", "Name", ("Name",)

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """CreateScheduleGroup."""
        return cls(name, region, scheduler.create_group(region, name).arn)

    def change(self, properties: Properties) -> None:
        """Nothing but the tags of a group can change."""

    def remove(self) -> None:
        """DeleteScheduleGroup."""
        scheduler.delete_group(self.region, self.name)


class Schedule(StackResource, CloudFormationModel):
    """AWS::Scheduler::Schedule."""

    TYPE, NAME, REPLACING = "AWS::Scheduler::Schedule", "Name", ("Name",)

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


class Rule(StackResource, CloudFormationModel):
    """AWS::Events::Rule, for events of the default event bus."""

    TYPE, NAME, REPLACING = "AWS::Events::Rule", "Name", ("Name", "EventBusName")

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """PutRule and PutTargets."""
        return cls(name, region, _put_rule(name, properties, region))

    def change(self, properties: Properties) -> None:
        """PutRule, RemoveTargets and PutTargets."""
        _put_rule(self.name, properties, self.region)

    def remove(self) -> None:
        """RemoveTargets and DeleteRule."""
        backend = _events(self.region)
        backend.event_buses["default"].rules[self.name].targets.clear()
        backend.delete_rule(self.name, "default")


def _put_rule(name: str, properties: Properties, region: str) -> str:
    """Let the rule be there with these properties and no other targets than these; its ARN."""
    if properties.get("EventBusName", "default") != "default":
        raise Refusal("ResourceNotFoundException", f"Event bus {properties['EventBusName']} does not exist.")
    backend = _events(region)
    rule = backend.put_rule(
        name,
        description=properties.get("Description"),
        event_bus_arn="default",
        event_pattern=json.dumps(properties["EventPattern"]) if "EventPattern" in properties else None,
        role_arn=properties.get("RoleArn"),
        scheduled_expression=properties.get("ScheduleExpression"),
        state=properties.get("State"),
    )
    rule.targets.clear()
    if properties.get("Targets"):
        backend.put_targets(name, "default", list(properties["Targets"]))
    return rule.arn


def _events(region: str) -> EventsBackend:
    return events_backends[ACCOUNT_ID][region]
