"""A stack as it stands: its template, the resources that are there, its events, and what would change."""

from __future__ import annotations

import copy
from typing import Any, Literal

from moto.cloudformation.models import Event, Stack
from moto.cloudformation.parsing import parse_resource_and_generate_name

from wizard.demo.aws.stacks import resources
from wizard.demo.aws.stacks.templates import references

STACK_TYPE = "AWS::CloudFormation::Stack"

Changes = dict[Literal["Add", "Modify", "Remove"], list[str]]
"""Names of resources, by what would be done with them."""


def difference(stack: Stack, template: dict[str, Any], parameters: dict[str, str]) -> Changes:
    """Which resources a template would add, modify and remove.

    What refers to a resource that gets a new one in its place is modified too.
    """
    found = stack.resource_map.build_resource_diff(template, parameters)
    modified = list(found["Modify"])
    for name in replacements(stack, template, modified):
        modified += [
            other
            for other, resource in template["Resources"].items()
            if other not in (*modified, *found["Add"]) and name in references(resource)
        ]
    return {"Add": found["Add"], "Modify": modified, "Remove": found["Remove"]}


def replacements(stack: Stack, template: dict[str, Any], modified: list[str]) -> list[str]:
    """Which of the modified resources get a new one in their place."""
    before, after = stack.template_dict.get("Resources", {}), template["Resources"]
    return [name for name in modified if resources.is_replacement(before[name], after[name])]


def last_events(stack: Stack) -> dict[str, Event]:
    """The last event of each resource, by logical id; not of those that were replaced."""
    return {
        event.logical_resource_id: event
        for event in stack.events
        if event.resource_type != STACK_TYPE and not hasattr(event, "cleaned")
    }


def stack_event(stack: Stack, status: str, reason: str | None = None) -> None:
    """Give the stack a status, and say so in an event."""
    stack.status = status
    stack.status_reason = reason  # type: ignore[attr-defined]  # DescribeStacks tells it
    stack._add_stack_event(status, reason)


def load(stack: Stack, template: tuple[str, dict[str, str]]) -> None:
    """Let the stack, and moto's map of its resources, have this template and these parameters."""
    stack.template, stack.parameters = template[0], dict(template[1])
    stack._parse_template()
    stack.description = stack.template_dict.get("Description")
    made = stack.resource_map
    made._template, made._resource_json_map = stack.template_dict, stack.template_dict["Resources"]
    made.input_parameters, made.resolved_parameters = stack.parameters, {}
    made.load()


def made(stack: Stack) -> dict[str, Any]:
    """The resources that are there (and parameters and such), by logical id."""
    return stack.resource_map._parsed_resources


def resolved(stack: Stack, name: str) -> tuple[Any, dict[str, Any], str]:
    """The model, the resource with all references filled in, and its physical name.

    The model is None where the resource's condition does not hold.
    """
    wanted = copy.deepcopy(stack.template_dict["Resources"][name])
    condition = wanted.get("Condition")
    if condition and not stack.resource_map.lazy_condition_map[condition]:
        return None, wanted, ""
    wanted.setdefault("Properties", {})
    return parse_resource_and_generate_name(name, wanted, stack.resource_map)


def resource_event(stack: Stack, resource: Any, name: str, status: str, reason: str | None) -> None:
    """Say in an event what has become of a resource."""
    wanted = stack.template_dict["Resources"].get(name)
    event = Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=name,
        physical_resource_id=getattr(resource, "physical_resource_id", "") or "",
        resource_type=wanted["Type"] if wanted else resource.cf_resource_type if resource else "",
        resource_status=status,
        resource_status_reason=reason,
        resource_properties=None,
    )
    stack.events.append(event)
