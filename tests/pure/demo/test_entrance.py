"""What the embedded account lets in."""

from __future__ import annotations

import pytest

from wizard.demo.aws.iam.callers import action_of
from wizard.demo.aws.iam.entrance import Entrance


def test_the_users_policy_limits_the_user_and_the_organisation_everybody() -> None:
    entrance = Entrance(allowed=("ses:*", "sqs:Get*"), forbidden=("ses:PutAccountDetails",))
    assert entrance.denial("ses:GetAccount", by_user=True) is None
    assert entrance.denial("sqs:GetQueueUrl", by_user=True) is None
    assert "no identity-based policy" in (entrance.denial("sqs:SendMessage", by_user=True) or "")
    assert entrance.denial("sqs:SendMessage", by_user=False) is None
    assert "service control policy" in (entrance.denial("ses:PutAccountDetails", by_user=False) or "")
    assert entrance.denial("sts:GetCallerIdentity", by_user=True) is None, "it needs no permission"


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("sesv2", "GetAccount", "ses:GetAccount"),
        ("awslambda", "Invoke", "lambda:InvokeFunction"),
        ("route53", "ListHostedZones", "route53:ListHostedZones"),
    ],
)
def test_actions_have_the_names_that_policies_use(service: str, operation: str, action: str) -> None:
    assert action_of(service, operation) == action
