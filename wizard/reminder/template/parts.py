"""The template for a call of CloudFormation: in one piece, or with its long texts as parameters. Pure.

A call takes 51,200 bytes of template, and 200 parameters of 4,096 bytes each. In a larger template the
message and the function's code become parameters, which the template joins again. This needs no S3 bucket
and no further permissions.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.reminder.setup import Setup
from wizard.reminder.template.build import MAX_BODY, template

MAX_PARAMETER = 4_096
"""The longest value of a parameter, in bytes (CloudFormation's quota)."""
MAX_PARAMETERS = 200
"""The most parameters of a template (CloudFormation's quota)."""
MAX_IN_BUCKET = 1_000_000
"""The largest template that CloudFormation reads from a bucket in S3, in bytes (quota: 1 MB)."""

_LONG = {
    "Text": ("MessageTemplate", "Template", "TextPart"),
    "Html": ("MessageTemplate", "Template", "HtmlPart"),
    "Code": ("TriggerReminder", "Code", "ZipFile"),
}
"""The long texts in the properties of resources, by the names of their parameters."""


def body(setup: Setup) -> str:
    """The whole template as JSON, of any size, for an export."""
    return _json(template(setup))


def in_a_call(setup: Setup) -> tuple[str, dict[str, str]]:
    """The template as JSON of at most MAX_BODY bytes, and the values of its parameters.

    A draft without ``draft.problems`` always fits.
    """
    whole = body(setup)
    if len(whole.encode()) <= MAX_BODY:
        return whole, {}
    made, values = template(setup), dict[str, str]()
    for name, (resource, group, key) in _LONG.items():
        texts = made["Resources"][resource]["Properties"][group]
        pieces = {f"{name}{number}": piece for number, piece in enumerate(_pieces(texts.get(key, "")), 1)}
        if pieces:
            texts[key] = {"Fn::Join": ["", [{"Ref": piece} for piece in pieces]]}
        values |= pieces
    made["Parameters"] |= {name: {"Type": "String"} for name in values}
    return _json(made), values


def whole(made: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The template of a stack with the parameters ``values``, with its long texts in place again."""
    resources = copy.deepcopy(made.get("Resources", {}))
    for resource, group, key in _LONG.values():
        texts = resources.get(resource, {}).get("Properties", {}).get(group, {})
        match texts.get(key):
            case {"Fn::Join": ["", [*pieces]]}:
                texts[key] = "".join(values.get(piece.get("Ref", ""), "") for piece in pieces)
    return {**made, "Resources": resources}


def _pieces(text: str) -> Iterator[str]:
    """``text`` in pieces for parameters, none of which begins or ends with white space."""
    while text:
        longest = len(text.encode()[:MAX_PARAMETER].decode(errors="ignore"))
        end = longest
        while 0 < end < len(text) and (text[end - 1].isspace() or text[end].isspace()):
            end -= 1
        end = end or longest
        yield text[:end]
        text = text[end:]


def _json(made: dict[str, Any]) -> str:
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))
