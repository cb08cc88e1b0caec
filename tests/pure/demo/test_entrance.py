"""Whom the embedded account lets in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wizard.demo.aws.iam.entrance import Entrance, action_of, turned_away

USER, ROLE = "arn:aws:iam::123456789012:user/demo", "arn:aws:sts::123456789012:assumed-role/worker/function"


def code(entrance: Entrance, action: str = "ses:GetAccount", *, key: str = "AKIA", caller: str = USER) -> str:
    """The error's code in XML; empty where the request is let in."""
    signed = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    turned = turned_away(
        entrance, key=key, signed=signed, action=action, caller=caller, by_user=caller == USER
    )
    return turned.xml if turned else ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, None),
        (4, None),
        (-4, None),
        (6, "Signature expired: "),
        (-6, "Signature not yet current: "),
    ],
)
def test_a_clock_may_be_five_minutes_off(minutes: int, words: str | None) -> None:
    entrance = Entrance(clock=timedelta(minutes=minutes))
    signed = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    turned = turned_away(entrance, key="", signed=signed, action="ses:GetAccount", caller=USER, by_user=True)
    assert (turned and turned.message.partition(signed)[0]) == words


def test_an_expired_key_alone_is_refused() -> None:
    entrance = Entrance(expired=frozenset({"ASIA1"}))
    assert code(entrance, key="ASIA1") == "ExpiredToken"
    assert code(entrance, key="ASIA2") == ""


def test_what_the_policy_allows_is_the_users_limit_and_the_organisations_word_is_everybodys() -> None:
    entrance = Entrance(allowed=("ses:*", "sqs:Get*"), forbidden=("ses:PutAccountDetails",))
    assert code(entrance) == ""
    assert code(entrance, "sqs:GetQueueUrl") == ""
    assert code(entrance, "sqs:SendMessage") == "AccessDenied"
    assert code(entrance, "sqs:SendMessage", caller=ROLE) == ""
    assert code(entrance, "ses:PutAccountDetails", caller=ROLE) == "AccessDenied"
    assert code(entrance, "sts:GetCallerIdentity") == "", "it needs no permission"


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("sesv2", "GetAccount", "ses:GetAccount"),
        ("awslambda", "Invoke", "lambda:InvokeFunction"),
        ("route53", "ListHostedZones", "route53:ListHostedZones"),
    ],
)
def test_actions_are_called_as_policies_call_them(service: str, operation: str, action: str) -> None:
    assert action_of(service, operation) == action
