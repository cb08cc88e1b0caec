"""E-mail templates and how their ``{{fields}}`` are filled in."""

from __future__ import annotations

import json
import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from wizard.demo.aws.account import SesRegion
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.ses.base import SesOperations, answer

_FIELD = re.compile(r"\{\{\{?\s*([\w.-]+)\s*\}?\}\}")
_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


class MissingFieldError(Exception):
    """The data has no value for a field of the template; ``args[0]`` is its name."""


class Templates(SesOperations):
    """CreateEmailTemplate and what is done with one."""

    def create_email_template(self) -> ActionResult:
        """CreateEmailTemplate. An existing name is a conflict."""
        create_template(self.ses, self._get_param("TemplateName"), self._get_param("TemplateContent"))
        return EmptyResult()

    def delete_email_template(self) -> ActionResult:
        """DeleteEmailTemplate."""
        name = self._get_param("TemplateName")
        found_template(self.ses, name)
        del self.ses.templates[name]
        return EmptyResult()

    def get_email_template(self) -> ActionResult:
        """GetEmailTemplate."""
        name = self._get_param("TemplateName")
        return answer(TemplateName=name, TemplateContent=found_template(self.ses, name))

    def update_email_template(self) -> ActionResult:
        """UpdateEmailTemplate: replaces the content."""
        replace_template(self.ses, self._get_param("TemplateName"), self._get_param("TemplateContent"))
        return EmptyResult()


def create_template(ses: SesRegion, name: str, content: dict[str, Any]) -> None:
    """Keep a new template. Refuses taken names and invalid ones."""
    if not _NAME.match(name or ""):
        raise Refusal("BadRequestException", f"Invalid template name <{name}>.")
    if name in ses.templates:
        raise Refusal("AlreadyExistsException", f"Template {name} already exists.")
    ses.templates[name] = _valid_content(content)


def replace_template(ses: SesRegion, name: str, content: dict[str, Any]) -> None:
    """Give the template ``name`` another content. Refuses unknown names and invalid content."""
    found_template(ses, name)
    ses.templates[name] = _valid_content(content)


def found_template(ses: SesRegion, name: str) -> dict[str, Any]:
    """The content of the template ``name``. Refuses with NotFoundException."""
    if name not in ses.templates:
        raise Refusal("NotFoundException", f"Template {name} does not exist.")
    return ses.templates[name]


def template_data(text: str | None) -> dict[str, Any]:
    """The fields in a request's TemplateData. Refuses what is not a JSON object."""
    try:
        data = json.loads(text or "{}")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise Refusal("BadRequestException", "Template data is not valid JSON.")
    return data


def render(text: str, data: dict[str, Any]) -> str:
    """``text`` with its fields filled in; a dot leads into an inner object. As in SES, HTML is not escaped.

    Raises MissingFieldError.
    """
    return _FIELD.sub(lambda found: _value(found[1], data), text)


def _value(path: str, data: dict[str, Any]) -> str:
    value: Any = data
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            raise MissingFieldError(path)
        value = value[key]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _valid_content(content: dict[str, Any] | None) -> dict[str, Any]:
    kept = {part: (content or {}).get(part) for part in ("Subject", "Text", "Html")}
    if not any(kept.values()):
        raise Refusal("BadRequestException", "The template has no subject and no body.")
    return {part: text for part, text in kept.items() if text is not None}
