"""What is allowed of all that the set-up needs: asked of IAM, and unknown where IAM may not say."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.engine.refusal import refuse
from tests.engine.stacks import LAMBDA_TRUST
from wizard.aws.iam import Decision
from wizard.demo import Demo
from wizard.policy.document import Scope, document
from wizard.project.schema import Domain, Project
from wizard.steps.account import permissions
from wizard.steps.account import step as first_step
from wizard.steps.account.permissions import PermissionsReport
from wizard.steps.account.step import AccountReport
from wizard.steps.model import StepName

PROJECT = Project(domain=Domain("example.org"))
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def look(account: Demo, *statements: dict[str, Any], project: Project = PROJECT) -> PermissionsReport:
    """The permissions of the demo's user, where it has only these statements."""
    if statements:
        iam = account.world.aws.client("iam")
        iam.create_user(UserName="demo")
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName="demo", PolicyName="own", PolicyDocument=document)
    return permissions.look(account.world, project, first_step.look(account.world))


def test_the_exported_policy_is_enough(account: Demo) -> None:
    zones = permissions.zones(account.world, "example.org")
    principal = "arn:aws:iam::123456789012:user/demo"
    made = document(Scope(PROJECT, "123456789012", "us-east-1", zones=zones or (), principal=principal))
    seen = look(account, *made["Statement"])
    assert seen.missing == ()
    assert seen.words == f"all {seen.asked} actions needed so far are allowed"
    assert seen.asked > 100


def test_what_is_missing_is_told_with_the_step_and_by_whose_word(account: Demo) -> None:
    deny = {"Effect": "Deny", "Action": "ses:PutAccountDetails", "Resource": "*"}
    narrow = {
        "Effect": "Deny",
        "Action": "ses:CreateEmailIdentity",
        "NotResource": "arn:aws:ses:*:*:identity/other.example",
    }
    seen = look(account, ALLOW_ALL, deny, narrow)
    assert [(one.action, one.step, one.verdict) for one in seen.missing] == [
        ("ses:CreateEmailIdentity", StepName.IDENTITY, Decision.DENIED),
        ("ses:PutAccountDetails", StepName.PRODUCTION, Decision.DENIED),
    ]
    assert "Let SES sign" in seen.missing[0].why
    assert seen.words == f"2 of {seen.asked} actions are missing"


def test_what_is_allowed_elsewhere_is_missing_here(account: Demo) -> None:
    """An Allow for other resources, another Region or another service to hand a role to is none."""
    ses = {"Effect": "Allow", "Action": "ses:*", "Resource": "arn:aws:ses:us-east-1:*:identity/x.example"}
    handed = {
        **ALLOW_ALL,
        "Action": "iam:PassRole",
        "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
    }
    others = {"Effect": "Allow", "NotAction": ["ses:*", "iam:PassRole"], "Resource": "*"}
    missing = {one.action: one.verdict for one in look(account, ses, handed, others).missing}
    assert missing["ses:CreateEmailIdentity"] is Decision.NOT_ALLOWED
    assert missing["iam:PassRole"] is Decision.NOT_ALLOWED
    assert not [action for action in missing if not action.startswith(("ses:", "iam:PassRole"))]


def test_what_a_condition_decides_is_not_called_missing(account: Demo) -> None:
    with_code = {**ALLOW_ALL, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    seen = look(account, with_code)
    assert (seen.missing, seen.unsure) == ((), ("aws:MultiFactorAuthPresent",))
    assert "some depend on aws:MultiFactorAuthPresent" in seen.words


def test_before_the_domain_is_chosen_the_rest_comes_later(account: Demo) -> None:
    seen = look(account, project=Project())
    assert seen.words.endswith("allowed; choosing a domain adds more")


def answer(account: Demo, **details: Any) -> None:
    """Have IAM answer every simulation with one refused action, with these details."""
    result = {"EvalActionName": "ses:GetAccount", "EvalDecision": "implicitDeny", **details}
    client = account.world.aws.client("iam")
    client.meta.events.register(
        "before-call.iam.SimulatePrincipalPolicy",
        lambda **_: (SimpleNamespace(status_code=200), {"EvaluationResults": [result]}),
    )


@pytest.mark.parametrize(
    ("details", "verdict"),
    [
        ({}, Decision.NOT_ALLOWED),
        ({"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}, Decision.ORGANISATION),
        (
            {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}},
            Decision.BOUNDARY,
        ),
        (
            {
                "EvalDecision": "allowed",
                "ResourceSpecificResults": [
                    {"EvalResourceName": "a", "EvalResourceDecision": "allowed"},
                    {"EvalResourceName": "b", "EvalResourceDecision": "explicitDeny"},
                ],
            },
            Decision.DENIED,
        ),
    ],
)
def test_who_says_no(account: Demo, details: dict[str, Any], verdict: Decision) -> None:
    answer(account, **details)
    seen = look(account)
    assert [(one.action, one.verdict) for one in seen.missing] == [("ses:GetAccount", verdict)]
    forbidden = ", 1 of them by the organisation" if verdict is Decision.ORGANISATION else ""
    assert seen.words == f"1 of 1 actions are missing{forbidden}"


def called_by(account: Demo, arn: str) -> AccountReport:
    return replace(first_step.look(account.world), caller_arn=arn)


def test_role_is_asked_for_with_its_path(account: Demo) -> None:
    aws = account.world.aws
    iam = aws.client("iam")
    iam.create_role(RoleName="Admin", Path="/ops/", AssumeRolePolicyDocument=json.dumps(LAMBDA_TRUST))
    allowed = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW_ALL]})
    iam.put_role_policy(RoleName="Admin", PolicyName="all", PolicyDocument=allowed)
    caller = called_by(account, "arn:aws:sts::123456789012:assumed-role/Admin/me")
    seen = permissions.look(account.world, PROJECT, caller)
    assert seen.scope.principal == "arn:aws:iam::123456789012:role/ops/Admin"
    assert (seen.missing, seen.unknown) == ((), "")
    refuse(aws, "iam", "GetRole", "AccessDenied")
    assert "does not find" in permissions.look(account.world, PROJECT, caller).unknown


SCP = (
    "is not authorized to perform: iam:SimulatePrincipalPolicy "
    "with an explicit deny in a service control policy"
)


@pytest.mark.parametrize(
    ("caller", "message", "words"),
    [
        ("arn:aws:iam::123456789012:root", "", "not known: you are the account's root user"),
        ("arn:aws:sts::123456789012:federated-user/ana", "", "not known: IAM tells nothing of"),
        (
            "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_1/ana",
            "no",
            "not known: the permission iam:GetRole is missing",
        ),
        (
            "arn:aws:iam::123456789012:user/demo",
            "no",
            "not known: the permission iam:SimulatePrincipalPolicy is missing",
        ),
        (
            "arn:aws:iam::123456789012:user/demo",
            SCP,
            "not known: the organisation forbids iam:SimulatePrincipalPolicy",
        ),
    ],
)
def test_unknown_where_iam_does_not_say(account: Demo, caller: str, message: str, words: str) -> None:
    for operation in ("SimulatePrincipalPolicy", "GetRole"):
        refuse(account.world.aws, "iam", operation, "AccessDenied", message)
    seen = permissions.look(account.world, PROJECT, called_by(account, caller))
    assert seen.words.startswith(words)
    assert (seen.missing, seen.asked) == ((), 0)
