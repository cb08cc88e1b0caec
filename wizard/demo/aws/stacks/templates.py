"""CloudFormation templates: what they refer to, in which order their resources come, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from moto.cloudformation.models import ChangeSet, Stack
from moto.cloudformation.parsing import get_model_map

from wizard.demo.aws.refusal import Refusal

_IN_SUB = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")

MAX_PARAMETER = 4_096
"""The longest value of a parameter, in bytes."""

_read_by_moto = Stack.parse_template


def _read(body: str) -> Any:
    """The template as moto reads it, but JSON as JSON: moto's YAML takes a hundred times as long for it."""
    try:
        return json.loads(body)
    except ValueError:
        return _read_by_moto(body)


def _read_own(self: ChangeSet) -> None:
    self.template_dict = _read(self.template)


Stack.parse_template = staticmethod(_read)  # type: ignore[assignment]
ChangeSet._parse_template = _read_own  # type: ignore[method-assign]


def check(body: str, parameters: dict[str, str], capabilities: list[str]) -> None:
    """Refuse a template as CreateChangeSet and CreateStack do, before anything is made."""
    template = parsed(body)
    resources = template["Resources"]
    unknown = sorted({str(resource.get("Type")) for resource in resources.values()} - set(get_model_map()))
    if unknown:
        raise _invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    declared = template.get("Parameters") or {}
    names = {*resources, *declared}
    lost = sorted({name for resource in resources.values() for name in references(resource)} - names)
    if lost:
        raise _invalid(
            f"Template format error: Unresolved resource dependencies [{', '.join(lost)}] in the Resources "
            "block of the template"
        )
    missing = sorted(
        name for name, slot in declared.items() if "Default" not in slot and name not in parameters
    )
    if missing:
        raise _invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, slot in declared.items():
        value = parameters.get(name, slot.get("Default"))
        if "AllowedValues" in slot and value not in slot["AllowedValues"]:
            words = slot.get("ConstraintDescription")
            raise _invalid(
                f"Parameter {name} failed to satisfy constraint: {words}"
                if words
                else f"Parameter '{name}' must be one of AllowedValues"
            )
        if len(str(value).encode()) > MAX_PARAMETER:
            raise _invalid(f"Parameter '{name}' must contain at most {MAX_PARAMETER} characters")
    order(resources)
    _check_capabilities(resources, capabilities)


def parsed(body: str) -> dict[str, Any]:
    """The template in ``body``, JSON or YAML. Refuses what is not one."""
    try:
        template = Stack.parse_template(body)
    except (ValueError, yaml.YAMLError) as error:
        raise _invalid("Template format error: JSON not well-formed.") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise _invalid("Template format error: At least one Resources member must be defined.")
    return template


def order(resources: dict[str, Any]) -> list[str]:
    """The names of the resources, each after those it depends on. Refuses a circle."""
    done: list[str] = []
    open_names: list[str] = []

    def visit(name: str) -> None:
        if name in done or name not in resources:
            return
        if name in open_names:
            circle = ", ".join(open_names[open_names.index(name) :])
            raise _invalid(f"Circular dependency between resources: [{circle}]")
        open_names.append(name)
        for other in references(resources[name]):
            visit(other)
        open_names.pop()
        done.append(name)

    for name in resources:
        visit(name)
    return done


def references(node: Any) -> Iterator[str]:
    """The names of resources and parameters that a piece of a template refers to."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Ref":
            yield from () if str(value).startswith("AWS::") else (str(value),)
        elif key == "Fn::GetAtt":
            yield value[0] if isinstance(value, list) else str(value).split(".")[0]
        elif key == "Fn::Sub":
            text, given = (value, {}) if isinstance(value, str) else value
            yield from (name for name in _IN_SUB.findall(text) if name not in given)
            yield from references(given)
        elif key == "DependsOn":
            yield from [value] if isinstance(value, str) else value
        else:
            yield from references(value)


def _check_capabilities(resources: dict[str, Any], capabilities: list[str]) -> None:
    roles = [resource for resource in resources.values() if resource["Type"].startswith("AWS::IAM::")]
    named = any(
        name.endswith("Name") and name != "PolicyName"
        for role in roles
        for name in role.get("Properties") or {}
    )
    needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
    if roles and not {needed, "CAPABILITY_NAMED_IAM"} & set(capabilities):
        raise Refusal("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")


def _invalid(message: str) -> Refusal:
    return Refusal("ValidationError", message)
