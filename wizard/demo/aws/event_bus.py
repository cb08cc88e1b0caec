"""EventBridge's default event bus: what AWS services tell it goes to the functions of matching rules."""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.events.models import events_backends

from wizard.demo.aws import functions
from wizard.demo.aws.account import ACCOUNT_ID, Account
from wizard.demo.aws.roles import admits


def publish(
    account: Account, region: str, source: str, kind: str, resources: list[str], detail: dict[str, Any]
) -> None:
    """Put an event of the service ``source`` on the bus; ``kind`` is its detail-type.

    Functions are the only targets that get it, whole or as the target's constant Input, and only where
    their own policy lets the rule in; what cannot be delivered is lost. To be called with the account's lock.
    """
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT_ID,
        "time": f"{account.now():%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": resources,
        "detail": detail,
    }
    for rule in list(events_backends[ACCOUNT_ID][region].event_buses["default"].rules.values()):
        pattern = rule.event_pattern
        if rule.state == "ENABLED" and pattern.get_pattern() and pattern.matches_event(event):  # type: ignore[arg-type]
            for target in rule.targets:
                _deliver(account, region, rule.arn, target, event)


def _deliver(account: Account, region: str, rule: str, target: dict[str, Any], event: dict[str, Any]) -> None:
    try:
        function = functions.found(region, target["Arn"])
    except UnknownFunctionException:
        return
    if admits(function.policy.statements, "events.amazonaws.com", rule):
        functions.start(account, function, (target.get("Input") or json.dumps(event)).encode())
