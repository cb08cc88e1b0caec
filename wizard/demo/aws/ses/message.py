"""A message as a request describes it: simple, raw or from a template; its tags; its headers on arrival."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from wizard.demo.aws.account import SesRegion
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.ses.templates import found_template, render

MAX_HEADERS = 15
MAX_HEADER = 996
"""The most characters of a header's name and value together."""

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_HEADER_NAME = re.compile(r"[!-9;-@A-~]{1,126}")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Content:
    """The parts of a message, filled in."""

    subject: str
    text: str
    html: str
    headers: Headers = ()


def simple(content: dict[str, Any]) -> Content:
    """A message that the request has in parts."""
    body = content["Body"]
    return Content(
        content["Subject"]["Data"],
        (body.get("Text") or {}).get("Data", ""),
        (body.get("Html") or {}).get("Data", ""),
        headers(content.get("Headers")),
    )


def filled(ses: SesRegion, template: dict[str, Any], data: dict[str, Any], replaced: Headers) -> Content:
    """The message a template gives; ``replaced`` are headers in place of, or besides, the template's own.

    Raises MissingFieldError where a field has no value: SES then accepts the message and sends nothing.
    """
    content = template.get("TemplateContent") or found_template(ses, template.get("TemplateName") or "")
    names = {name.lower() for name, _ in replaced}
    kept = tuple(header for header in headers(template.get("Headers")) if header[0].lower() not in names)
    subject, text, html = (render(content.get(part) or "", data) for part in ("Subject", "Text", "Html"))
    return Content(
        subject, text, html, tuple((name, render(value, data)) for name, value in (*kept, *replaced))
    )


def headers(listed: list[dict[str, str]] | None) -> Headers:
    """The headers of a request. Refuses what the API's model does not allow."""
    found = tuple((header["Name"], header["Value"]) for header in listed or ())
    for name, value in found:
        if (
            not _HEADER_NAME.fullmatch(name)
            or not _HEADER_VALUE.fullmatch(value)
            or len(name + value) > MAX_HEADER
        ):
            raise Refusal("BadRequestException", f"Invalid header <{name}>.")
    if len(found) > MAX_HEADERS:
        raise Refusal("BadRequestException", f"There can be {MAX_HEADERS} headers at the most.")
    return found


def tags(*lists: list[dict[str, str]] | None) -> dict[str, str]:
    """The message tags of the lists, the later in place of the earlier. Refuses what is not allowed."""
    found = {tag["Name"]: tag["Value"] for listed in lists for tag in listed or ()}
    for name, value in found.items():
        if not _TAG.fullmatch(name) or not _TAG.fullmatch(value):
            raise Refusal(
                "BadRequestException",
                f"Invalid tag <{name}>: only alphanumeric ASCII characters, '_' and '-' are allowed.",
            )
    return found
