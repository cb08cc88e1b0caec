"""The policy against the calls of a whole set-up: each is allowed, and nothing is there for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from tests.engine.aws.recorded_calls import Call, bought_domain, recorded, whole_set_up
from wizard import demo
from wizard.aws import cloudformation
from wizard.demo.aws.iam.policies import decide, statements
from wizard.policy.document import (
    LARGEST,
    ROLE_STATEMENTS,
    Scope,
    document,
    grants,
    parts,
    roles_note,
    size,
)
from wizard.project.schema import Domain, Identity, Project, Registration, Reminder, Sandbox, Table
from wizard.reminder.message.fields import EXAMPLE
from wizard.reminder.setup import Setup
from wizard.reminder.template import build as template

pytestmark = pytest.mark.xdist_group("policy")

NOT_IN_EVERY_SET_UP = {
    "ses:PutEmailIdentityDkimAttributes": "only where somebody switched DKIM signing off",
    "ses:PutEmailIdentityDkimSigningAttributes": "only where SES gave up looking for the records",
    "ses:PutConfigurationSetReputationOptions": "only where the set was there before, and counts nothing",
    "cloudformation:TagResource": "no call of its own: CloudFormation checks it where a stack has tags",
}
"""What no whole set-up from nothing calls, and why it is in the policy all the same."""

OTHER_PROPERTIES = {
    "AWS::DynamoDB::Table": (
        "kms:", "kinesis:", "s3:", "logs:", "iam:", "dynamodb:DescribeImport", "dynamodb:ImportTable",
        "dynamodb:UpdateContributorInsights",
        "dynamodb:EnableKinesis", "dynamodb:DisableKinesis", "dynamodb:UpdateKinesis",
        "dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy", "dynamodb:CreateTableReplica",
        "dynamodb:AssociateTableReplica", "dynamodb:Scan", "dynamodb:Query", "dynamodb:UpdateItem",
        "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem",
    ),
    "AWS::Logs::LogGroup": (
        "s3:", "firehose:", "logs:PutDataProtectionPolicy", "logs:DeleteDataProtectionPolicy",
        "logs:CreateLogDelivery", "logs:PutResourcePolicy", "logs:DeleteResourcePolicy",
        "logs:PutIndexPolicy", "logs:DeleteIndexPolicy", "logs:PutBearerTokenAuthentication",
        "logs:AssociateKmsKey", "logs:DisassociateKmsKey", "logs:DeleteRetentionPolicy",
        "logs:PutLogGroupDeletionProtection",
    ),
    "AWS::IAM::Role": (
        "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
        "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary",
    ),
    "AWS::Lambda::Function": (
        "s3:", "ec2:", "elasticfilesystem:", "s3files:", "kms:", "lambda:PutFunctionConcurrency",
        "lambda:DeleteFunctionConcurrency", "lambda:GetCodeSigningConfig", "lambda:GetLayerVersion",
        "lambda:PutRuntimeManagementConfig", "lambda:PutFunctionScalingConfig",
        "lambda:PassCapacityProvider", "lambda:AssociateRuntimeAlias", "lambda:PublishVersion",
        "lambda:PutFunctionCodeSigningConfig", "lambda:DeleteFunctionCodeSigningConfig",
    ),
    "AWS::Lambda::EventSourceMapping": ("kms:",),
    "AWS::Events::Rule": ("iam:PassRole",),
    "AWS::SES::ConfigurationSetEventDestination": ("iam:PassRole",),
    "AWS::SNS::Topic": ("iam:", "sns:PutDataProtectionPolicy"),
    "AWS::SNS::Subscription": ("iam:",),
}  # fmt: skip
"""What CloudFormation calls only for properties that our template does not use, by resource type."""

NAMES_NO_RESOURCE = {
    "ses:GetAccount": "it is about the account",
    "ses:ListEmailIdentities": "it lists",
    "ses:PutAccountDetails": "it is about the account",
    "ses:PutAccountSuppressionAttributes": "it is about the account",
    "route53:ListHostedZones": "it lists",
    "route53domains:CheckDomainAvailability": "Route 53 Domains names none",
    "route53domains:GetContactReachabilityStatus": "Route 53 Domains names none",
    "route53domains:GetDomainSuggestions": "Route 53 Domains names none",
    "route53domains:GetOperationDetail": "Route 53 Domains names none",
    "route53domains:ListDomains": "Route 53 Domains names none",
    "route53domains:ListOperations": "Route 53 Domains names none",
    "route53domains:ListPrices": "Route 53 Domains names none",
    "route53domains:RegisterDomain": "Route 53 Domains names none",
    "route53domains:ResendContactReachabilityEmail": "Route 53 Domains names none",
    "cloudformation:DescribeStackDriftDetectionStatus": "it is about a detection, not a stack",
    "lambda:CreateEventSourceMapping": "the mapping has no name before it is created",
    "dynamodb:ListTables": "it lists",
    "logs:DescribeIndexPolicies": "it lists",
    "logs:DescribeLogGroups": "it lists",
    "logs:DescribeResourcePolicies": "it lists",
    "ses:CreateTemplate": "SES's first API names none",
    "ses:DeleteTemplate": "SES's first API names none",
    "ses:DescribeConfigurationSet": "SES's first API names none",
    "ses:GetTemplate": "SES's first API names none",
    "ses:UpdateTemplate": "SES's first API names none",
}
"""Actions that no policy can narrow to a resource, and why (AWS's Service Authorization Reference)."""


def policy(*scope: Any, **more: Any) -> dict[str, Any]:
    """The policy for a ``Scope`` of these arguments."""
    return document(Scope(*scope, **more))


def by_cloudformation(scope: Scope) -> set[str]:
    """The actions that CloudFormation needs for the stack."""
    return {action for grant in grants(scope) if grant.by_cloudformation for action in grant.actions}


@dataclass(frozen=True)
class Made:
    """A whole set-up: its calls, its policy, and the physical names of the stack's resources.

    ``buying`` are the calls of another one, which buys its domain.
    """

    buying: tuple[Call, ...]
    calls: tuple[Call, ...]
    scope: Scope
    policy: dict[str, Any]
    resources: tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with demo.start(None, pace=demo.AT_ONCE) as running:
        with recorded() as buying:
            assert bought_domain(running.world, "example-not-yet.com").domain.name
        with recorded() as calls:
            project, seen = whole_set_up(running.world, tmp_path_factory.mktemp("set-up"))
        assert seen.missing == ()
        assert seen.scope.zones, "the zone in Route 53 is found"
        scope = seen.scope
        resources = cloudformation.list_stack_resources(running.world.aws, project.reminder.stack)
        document = policy(project, scope.account, scope.region, zones=scope.zones, principal=scope.principal)
        # GetCallerIdentity needs no permission.
        asked = tuple(call for call in calls if call.service != "sts")
        yield Made(
            tuple(buying), asked, scope, document, tuple((one.type, one.physical_id) for one in resources)
        )


def test_every_call_of_a_whole_set_up_is_allowed(made: Made) -> None:
    refused = {
        (call.action, resource)
        for call in made.calls
        for resource in call.resources
        if decide([made.policy], call.action, resource, call.context).outcome != "allowed"
    }
    assert refused == set()


def test_nothing_is_allowed_that_no_set_up_needs(made: Made) -> None:
    stack = by_cloudformation(made.scope)
    calls = made.calls + made.buying
    called = {call.action for call in calls}
    granted = {action for grant in grants(made.scope) for action in grant.actions}
    assert granted - called - stack == set(NOT_IN_EVERY_SET_UP)
    for grant in grants(made.scope):
        used = [
            call
            for call in calls
            if call.action in grant.actions
            and decide([{"Statement": grant.statement}], call.action, call.resources[0], call.context).outcome
            == "allowed"
        ]
        assert used or set(grant.actions) <= stack, f"nothing needs {grant.name}"


BUYS = {
    "route53domains:CheckDomainAvailability",
    "route53domains:GetDomainSuggestions",
    "route53domains:GetOperationDetail",
    "route53domains:ListPrices",
    "route53domains:RegisterDomain",
}


def test_buying_a_domain_is_allowed_until_there_is_one(made: Made) -> None:
    def refused(domain: Domain, *zones: str) -> set[str]:
        document = policy(Project(domain=domain), "1" * 12, "us-east-1", zones=zones)
        return {
            call.action
            for call in made.buying
            if decide([document], call.action, call.resources[0], call.context).outcome != "allowed"
        }

    under_way = Registration("example.com", "op-1", datetime(2026, 11, 24, tzinfo=UTC))
    (zone,) = {call.resources[0] for call in made.buying if call.action == "route53:GetHostedZone"}
    here = zone.rpartition("/")[2]
    assert refused(Domain()) == set()
    assert refused(Domain("example.org", under_way), here) == set()
    assert refused(Domain("example.org"), here) == BUYS
    assert refused(Domain("example.org")) == BUYS | {
        "route53:GetHostedZone",
        "route53domains:ResendContactReachabilityEmail",
    }


def test_others_resources_are_out_of_reach(made: Made) -> None:
    """The same calls on what belongs to somebody else in the account, or in another Region."""
    for call in made.calls:
        for resource in call.resources:
            for name in ("ses-wizard", "TriggerReminder", "example.org", "user/demo", "hostedzone/"):
                other = resource.replace(name, name[:-1] + "X" if name[-1] != "/" else "hostedzone/X")
                if other != resource:
                    outcome = decide([made.policy], call.action, other, call.context).outcome
                    assert outcome == "implicitDeny", (call.action, other)


def test_star_stands_only_where_nothing_narrower_can(made: Made) -> None:
    on_star = {
        action for one in statements(made.policy) if one["Resource"] == "*" for action in one["Action"]
    }
    assert on_star <= set(NAMES_NO_RESOURCE)
    everywhere = {"ses:GetAccount", "ses:ListEmailIdentities", "route53:ListHostedZones"}
    for one in statements(made.policy):
        at_one_place = all(action.startswith("route53domains:") for action in one["Action"])
        if one["Resource"] == "*" and not at_one_place and not set(one["Action"]) & everywhere:
            assert "Condition" in one, "what knows no resource is bound to the Region, or to the function"


def test_roles_are_handed_to_their_services_alone(made: Made) -> None:
    handed = [one for one in statements(made.policy) if one["Action"] == ["iam:PassRole"]]
    assert [one["Condition"]["StringEquals"]["iam:PassedToService"] for one in handed] == [
        "lambda.amazonaws.com",
        "scheduler.amazonaws.com",
    ]
    assert all(one["Resource"].endswith("Role-*") for one in handed)


def test_what_makes_an_administrator_is_named_and_can_be_left_out(made: Made) -> None:
    """The note names each statement by which its holder could get any permission, and no other has one."""
    note = roles_note(made.scope)
    named = [one for one in statements(made.policy) if one["Sid"] in note]
    assert [one["Sid"] for one in named] == list(ROLE_STATEMENTS)
    assert all(one["Resource"][0].rpartition("/")[2] in note for one in named[:1])
    left = [one for one in statements(made.policy) if one not in named]
    reads = ("iam:Get", "iam:List", "iam:Simulate")
    actions = {action for one in left for action in one["Action"]}
    assert not [action for action in actions if action.startswith("iam:") and not action.startswith(reads)]


def test_record_names_that_are_not_the_wizards_are_out_of_reach(made: Made) -> None:
    zone = f"arn:aws:route53:::hostedzone/{made.scope.zones[0]}"
    prefix = "route53:changeresourcerecordsets"

    def outcome(name: str, kind: str, change: str) -> str:
        context = {
            f"{prefix}normalizedrecordnames": [name],
            f"{prefix}recordtypes": [kind],
            f"{prefix}actions": [change],
        }
        return decide([made.policy], "route53:ChangeResourceRecordSets", zone, context).outcome

    assert outcome("abc._domainkey.example.org", "CNAME", "CREATE") == "allowed"
    assert outcome("bounce.example.org", "MX", "UPSERT") == "allowed"
    assert outcome("www.example.org", "CNAME", "UPSERT") == "implicitDeny"
    assert outcome("example.org", "A", "UPSERT") == "implicitDeny"
    assert outcome("example.org", "TXT", "DELETE") == "implicitDeny"


def handlers(resource_type: str) -> Mapping[str, Any]:
    """What CloudFormation's registry says that it calls for a type, as cfn-lint ships it."""
    schemas = files("cfnlint") / "data" / "schemas"
    index = json.loads((schemas / "providers" / "us-east-1.json").read_text())
    schema = json.loads((schemas / "resources" / f"{index[resource_type]}.json").read_text())
    found: Mapping[str, Any] = schema
    return found


def test_all_that_cloudformation_calls_for_the_stack_is_allowed_and_nothing_else() -> None:
    setup = Setup(
        stack="ses-wizard-reminder",
        sender="a@example.org",
        sender_name="",
        configuration_set="ses-wizard",
        message=EXAMPLE,
        schedule="rate(1 day)",
        timezone="UTC",
        identities=("example.org",),
        alerts="me@example.org",
        workers=2,
    )
    types = {one["Type"] for one in template.template(setup)["Resources"].values()}
    called: set[str] = set()
    for kind in types:
        schema = handlers(kind)
        tags = schema.get("tagging", {}).get("permissions", [])
        own = {
            action
            for name, handler in schema["handlers"].items()
            if name != "list"
            for action in [*handler["permissions"], *tags]
        }
        called |= {action for action in own if not action.startswith(OTHER_PROPERTIES.get(kind, ("none",)))}
    project = Project(domain=Domain("example.org"), reminder=Reminder(alerts="me@example.org"))
    granted = by_cloudformation(Scope(project, "123456789012", "us-east-1"))
    assert granted == called


DELETED_BY = {
    "AWS::DynamoDB::Table": ("dynamodb:DeleteTable", "arn:aws:dynamodb:us-east-1:123456789012:table/"),
    "AWS::SES::Template": ("ses:DeleteEmailTemplate", "arn:aws:ses:us-east-1:123456789012:template/"),
    "AWS::Logs::LogGroup": ("logs:DeleteLogGroup", "arn:aws:logs:us-east-1:123456789012:log-group:"),
    "AWS::IAM::Role": ("iam:DeleteRole", "arn:aws:iam::123456789012:role/"),
    "AWS::Lambda::Function": (
        "lambda:DeleteFunction", "arn:aws:lambda:us-east-1:123456789012:function:"
    ),
    "AWS::SQS::Queue": ("sqs:DeleteQueue", "arn:aws:sqs:us-east-1:123456789012:"),
    "AWS::CloudWatch::Alarm": (
        "cloudwatch:DeleteAlarms", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
    ),
    "AWS::Scheduler::ScheduleGroup": (
        "scheduler:DeleteScheduleGroup", "arn:aws:scheduler:us-east-1:123456789012:schedule-group/"
    ),
    "AWS::SNS::Topic": ("sns:DeleteTopic", ""),
}  # fmt: skip


def test_names_that_cloudformation_makes_are_covered(made: Made) -> None:
    seen = set()
    for kind, physical in made.resources:
        if kind in DELETED_BY:
            seen.add(kind)
            action, prefix = DELETED_BY[kind]
            arn = prefix + physical.rpartition("/")[2] if kind == "AWS::SQS::Queue" else prefix + physical
            assert decide([made.policy], action, arn, {}).outcome == "allowed", arn
    assert seen == set(DELETED_BY)


@pytest.mark.parametrize("name", ["ses-wizard-reminder", "a" * 40])
def test_policy_comes_in_parts_that_iam_takes(name: str) -> None:
    project = Project(
        domain=Domain("mail.a-rather-long-company-name.example.com"),
        identity=Identity(mail_from="bounce.mail.a-rather-long-company-name.example.com"),
        reminder=Reminder(stack=name, alerts="me@example.org"),
    )
    whole = policy(project, "123456789012", "ap-southeast-1", zones=("Z0123456789ABCDEFGHIJ",))
    pieces = parts(whole)
    assert [one for piece in pieces for one in piece["Statement"]] == whole["Statement"]
    assert all(size(piece) <= LARGEST for piece in pieces)
    assert len(pieces) <= 3
    assert len({one["Sid"] for one in whole["Statement"]}) == len(whole["Statement"])


def test_policy_follows_the_settings() -> None:
    def names(project: Project, **more: Any) -> set[str]:
        return {one["Sid"] for one in policy(project, "1" * 12, "us-east-1", **more)["Statement"]}

    nothing = names(Project())
    assert "BuyDomain" in nothing
    assert not {"SetUpIdentity", "AddRecords", "StackAlerts", "SeeOwnPermissions"} & nothing
    chosen = Project(domain=Domain("example.org"))
    assert "SetUpIdentity" in names(chosen)
    assert not {"BuyDomain", "MailOwnersLink"} & names(chosen)
    assert {"AddRecords", "MailOwnersLink"} <= names(chosen, zones=("Z1",))
    own = names(Project(domain=Domain("example.org"), reminder=Reminder(table=Table("people"))))
    assert "ReadRecipients" in own
    assert "FillRecipients" not in own
    key = "arn:aws:kms:us-east-1:111111111111:key/1"
    table = Project(reminder=Reminder(table=Table("people")))
    assert "DecryptRecipients" in names(table, table_key=key)
    assert "DecryptRecipients" not in names(Project(), table_key=key)
    assert not {"VerifyOwnAddress", "SendTestMail"} & names(chosen)
    tried = names(Project(domain=Domain("example.org"), sandbox=Sandbox(address="me@example.net")))
    assert {"VerifyOwnAddress", "SendTestMail"} <= tried
    assert "StackAlerts" in names(Project(reminder=Reminder(alerts="me@example.org")))
    role = policy(chosen, "1" * 12, "us-east-1", principal="arn:aws:iam::111111111111:role/ops/Admin")
    (own_rights,) = [one for one in role["Statement"] if one["Sid"] == "SeeOwnPermissions"]
    assert own_rights["Action"] == ["iam:GetRole", "iam:SimulatePrincipalPolicy"]
