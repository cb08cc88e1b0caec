"""Metrics made from log lines, as far as the reminder's stack needs them: CloudWatch Logs' metric filters.

A pattern is one comparison of a JSON property with a text, `{ $.name = "text" }`; others match nothing. The
value of a line is a number or one of its properties.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from moto.logs.models import LogGroup, logs_backends

from wizard.demo.aws.account import ACCOUNT_ID

_PATTERN = re.compile(r'\{ \$\.(\w+) = "([^"]*)" \}')


def put(region: str, group: str, name: str, pattern: str, transformations: list[dict[str, Any]]) -> None:
    """A metric filter of the log group, in place of one with that name. ``transformations`` as in the API."""
    delete(region, group, name)
    logs_backends[ACCOUNT_ID][region].put_metric_filter(name, pattern, group, transformations)  # type: ignore[arg-type]


def delete(region: str, group: str, name: str) -> None:
    """Delete a metric filter, where it is there."""
    filters = logs_backends[ACCOUNT_ID][region].filters
    filters.metric_filters = [
        found
        for found in filters.metric_filters
        if (found["logGroupName"], found["filterName"]) != (group, name)
    ]


def values(region: str, namespace: str, metric: str, since: datetime) -> list[tuple[datetime, float]] | None:
    """The moments and values of a metric since a moment; None where no filter makes that metric."""
    backend, found = logs_backends[ACCOUNT_ID][region], list[tuple[datetime, float]]()
    known = False
    for one in backend.filters.metric_filters:
        for made in one["metricTransformations"]:
            if (made["metricNamespace"], made["metricName"]) != (namespace, metric):
                continue
            known = True
            if one["logGroupName"] in backend.groups:
                group = backend.groups[one["logGroupName"]]
                found += _matching(group, one["filterPattern"], made["metricValue"], since)
    return found if known else None


def _matching(group: LogGroup, pattern: str, value: str, since: datetime) -> Iterator[tuple[datetime, float]]:
    wanted = _PATTERN.fullmatch(pattern)
    for stream in group.streams.values() if wanted else ():
        for event in reversed(stream.events):
            at = datetime.fromtimestamp(event.timestamp / 1000, since.tzinfo)
            if at <= since:
                break
            line = _parsed(event.message)
            if wanted and line.get(wanted[1]) == wanted[2]:
                number = line.get(value[2:]) if value.startswith("$.") else value
                if number is not None:
                    yield at, float(number)


def _parsed(message: str) -> dict[str, Any]:
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
