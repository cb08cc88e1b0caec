"""SES in stacks: templates, configuration sets and where their events go."""

from __future__ import annotations

import secrets
from typing import Any, Self

from moto.core.common_models import CloudFormationModel

from wizard.demo.aws.account import current
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.ses.events import (
    EVENT_TYPES,
    create_destination,
    delete_destination,
    replace_destination,
)
from wizard.demo.aws.ses.templates import create_template, replace_template
from wizard.demo.aws.stacks.resource import Properties, StackResource


class Template(StackResource, CloudFormationModel):
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


class EventDestination(StackResource, CloudFormationModel):
    """AWS::SES::ConfigurationSetEventDestination."""

    TYPE, REPLACING = "AWS::SES::ConfigurationSetEventDestination", ("ConfigurationSetName",)

    def __init__(self, name: str, region: str, configuration_set: str) -> None:
        super().__init__(name, region)
        self.configuration_set = configuration_set
        self.id = secrets.token_hex(16)

    @classmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """CreateConfigurationSetEventDestination."""
        name, destination = _destination(name, properties)
        configuration_set = properties["ConfigurationSetName"]
        create_destination(current().ses(region), configuration_set, name, destination)
        return cls(name, region, configuration_set)

    def change(self, properties: Properties) -> None:
        """UpdateConfigurationSetEventDestination."""
        _, destination = _destination(self.name, properties)
        replace_destination(current().ses(self.region), self.configuration_set, self.name, destination)

    def remove(self) -> None:
        """DeleteConfigurationSetEventDestination; one that went with its configuration set is no error."""
        delete_destination(current().ses(self.region), self.configuration_set, self.name)

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives: an id."""
        return self.id


def _destination(name: str, properties: Properties) -> tuple[str, dict[str, Any]]:
    """Name and content of an event destination as the API has them, from CloudFormation's words.

    CloudFormation says ``renderingFailure`` where the API says RENDERING_FAILURE.
    """
    wanted = properties.get("EventDestination") or {}
    spelled = {_camel(kind): kind for kind in EVENT_TYPES}
    types = wanted.get("MatchingEventTypes") or []
    unknown = [kind for kind in types if kind not in spelled]
    if unknown:
        raise Refusal("InvalidEventDestination", f"Invalid event types: {', '.join(map(str, unknown))}.")
    others = {key: value for key, value in wanted.items() if key not in ("Name", "MatchingEventTypes")}
    enabled = str(wanted.get("Enabled", False)).lower() == "true"
    return wanted.get("Name") or name, {
        **others,
        "Enabled": enabled,
        "MatchingEventTypes": [spelled[kind] for kind in types],
    }


def _camel(words: str) -> str:
    first, *rest = words.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def _template_content(content: Properties) -> Properties:
    """A template as the API has it, from CloudFormation's words for its parts."""
    parts = {"Subject": "SubjectPart", "Text": "TextPart", "Html": "HtmlPart"}
    return {part: content[name] for part, name in parts.items() if name in content}
