"""EventBridge's default event bus: what AWS services tell it goes to the functions of matching rules."""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.events.models import events_backends

from wizard.demo.aws import queues
from wizard.demo.aws.account import ACCOUNT_ID, Account
from wizard.demo.aws.functions import run as functions
from wizard.demo.aws.iam.policies import admits

SERVICE = "events.amazonaws.com"


def publish(
    account: Account, region: str, source: str, kind: str, resources: list[str], detail: dict[str, Any]
) -> None:
    """Put an event of the service ``source`` on the bus; ``kind`` is its detail-type.

    Functions are the only targets that get it, whole or as the target's constant Input, and only where
    their own policy lets the rule in. What cannot be delivered goes to the target's dead-letter queue, where
    that has a policy that lets the rule in, and is lost otherwise. To be called with the account's lock.
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
    body = target.get("Input") or json.dumps(event)
    try:
        function = functions.found(region, target["Arn"])
    except UnknownFunctionException:
        _bury(rule, target, body, "NO_RESOURCE")
        return
    if admits(function.policy.statements, SERVICE, rule):
        functions.start(account, function, body.encode())
    else:
        _bury(rule, target, body, "NO_PERMISSIONS")


def _bury(rule: str, target: dict[str, Any], body: str, code: str) -> None:
    """Put an event into the target's dead-letter queue, with EventBridge's attributes."""
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters and admits(queues.policy(dead_letters), SERVICE, rule):
        queues.send(dead_letters, body, RULE_ARN=rule, TARGET_ARN=target["Arn"], ERROR_CODE=code)
