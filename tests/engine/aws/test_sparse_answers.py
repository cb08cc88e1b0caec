"""AWS's answers as its models allow them: what no model marks as required may be missing, one or all.

botocore's service models say what an operation answers. From them come whole answers, all that lack one
optional member, and those that lack everything optional from some depth on.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.session import Session

import wizard.aws
from wizard.aws import (
    cloudformation,
    cloudwatch,
    dynamodb,
    iam,
    lambda_,
    route53,
    route53domains,
    scheduler,
    sesv2,
    sqs,
    sts,
)
from wizard.aws.access import AwsAccess
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Account, Domain, Identity, Project, Registration, Reminder, Sandbox, Table
from wizard.steps.account import permissions
from wizard.steps.account import regions as account_regions
from wizard.steps.account import step as account
from wizard.steps.domain import choices as domain_choices
from wizard.steps.domain import registration as domain_registration
from wizard.steps.identity import step as identity
from wizard.steps.production import sandbox
from wizard.steps.production import step as production
from wizard.steps.reminder import drift as reminder_drift
from wizard.steps.reminder import opt_outs, user_table
from wizard.steps.reminder import runs as reminder_runs
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder import trial as reminder_trial
from wizard.world import World

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
DEEPEST = 6
"""How deep answers are made: deeper than anything that is read of them."""
ORDER = route53domains.Order(
    "example.com", route53domains.Contact(*(["PERSON"] + ["x"] * 8)), route53domains.Price(12.0, "USD")
)

CALLS: dict[str, list[Callable[[AwsAccess], object]]] = {
    "cloudformation:CreateChangeSet": [
        lambda aws: cloudformation.create_change_set(
            aws, "stack", "plan", cloudformation.Template("{}"), {}, new=True
        )
    ],
    "cloudformation:DeleteChangeSet": [lambda aws: cloudformation.delete_change_set(aws, "arn")],
    "cloudformation:DeleteStack": [lambda aws: cloudformation.delete_stack(aws, "stack")],
    "cloudformation:DescribeChangeSet": [lambda aws: cloudformation.describe_change_set(aws, "arn")],
    "cloudformation:DescribeStackDriftDetectionStatus": [
        lambda aws: cloudformation.describe_drift_detection(aws, "id")
    ],
    "cloudformation:DescribeStackEvents": [
        lambda aws: cloudformation.describe_stack_events(aws, "stack", None)
    ],
    "cloudformation:DescribeStackResourceDrifts": [
        lambda aws: cloudformation.describe_stack_resource_drifts(aws, "stack")
    ],
    "cloudformation:DescribeStacks": [lambda aws: cloudformation.describe_stack(aws, "stack")],
    "cloudformation:DetectStackDrift": [lambda aws: cloudformation.detect_stack_drift(aws, "stack")],
    "cloudformation:ExecuteChangeSet": [lambda aws: cloudformation.execute_change_set(aws, "arn")],
    "cloudformation:GetTemplate": [lambda aws: cloudformation.get_template(aws, "stack")],
    "cloudformation:ListChangeSets": [lambda aws: cloudformation.list_change_sets(aws, "stack")],
    "cloudformation:ListStackResources": [lambda aws: cloudformation.list_stack_resources(aws, "stack")],
    "cloudwatch:DescribeAlarms": [lambda aws: cloudwatch.describe_alarms(aws, ["alarm"])],
    "dynamodb:BatchWriteItem": [lambda aws: dynamodb.write(aws, "table", [{"email": "a@example.com"}])],
    "dynamodb:DeleteItem": [lambda aws: dynamodb.delete(aws, "table", {"email": "a@example.com"})],
    "dynamodb:DescribeTable": [lambda aws: dynamodb.describe_table(aws, "table")],
    "dynamodb:GetItem": [lambda aws: dynamodb.get(aws, "table", {"email": "a@example.com"})],
    "dynamodb:ListTables": [dynamodb.list_tables],
    "dynamodb:PutItem": [lambda aws: dynamodb.put_new(aws, "table", {"email": "a@example.com"}, "email")],
    "dynamodb:Query": [lambda aws: dynamodb.query(aws, "table", {"run": "1"}, 10)],
    "dynamodb:Scan": [
        lambda aws: list(dynamodb.scan(aws, "table")),
        lambda aws: dynamodb.first_rows(aws, "table", 5),
        lambda aws: dynamodb.count(aws, "table"),
    ],
    "iam:GetRole": [lambda aws: iam.role_arn(aws, "role")],
    "iam:SimulatePrincipalPolicy": [lambda aws: iam.simulate(aws, "arn", ["ses:SendEmail"], ["*"], {})],
    "lambda:GetFunction": [lambda aws: lambda_.get_function_tags(aws, "name")],
    "lambda:Invoke": [
        lambda aws: lambda_.invoke(aws, "name", {}),
        lambda aws: lambda_.start(aws, "name", {}),
    ],
    "logs:FilterLogEvents": [lambda aws: cloudwatch.filter_log_events(aws, "group", NOW, 10)],
    "route53:ChangeResourceRecordSets": [lambda aws: route53.change_record_sets(aws, "Z1", [])],
    "route53:GetHostedZone": [lambda aws: route53.name_servers(aws, "Z1")],
    "route53:ListHostedZones": [route53.hosted_zones],
    "route53:ListResourceRecordSets": [lambda aws: route53.record_sets(aws, "Z1", "text")],
    "route53domains:CheckDomainAvailability": [lambda aws: route53domains.availability(aws, "example.com")],
    "route53domains:GetContactReachabilityStatus": [
        lambda aws: route53domains.owner_confirmed(aws, "example.com")
    ],
    "route53domains:GetDomainSuggestions": [lambda aws: route53domains.suggestions(aws, "example.com", 3)],
    "route53domains:GetOperationDetail": [lambda aws: route53domains.operation(aws, "op")],
    "route53domains:ListDomains": [route53domains.domains],
    "route53domains:ListOperations": [route53domains.registrations_under_way],
    "route53domains:ListPrices": [route53domains.prices],
    "route53domains:RegisterDomain": [lambda aws: route53domains.register(aws, ORDER)],
    "route53domains:ResendContactReachabilityEmail": [
        lambda aws: route53domains.mail_link_again(aws, "example.com")
    ],
    "scheduler:GetSchedule": [lambda aws: scheduler.get_schedule(aws, "group", "name")],
    "sesv2:CreateConfigurationSet": [lambda aws: sesv2.create_configuration_set(aws, "set")],
    "sesv2:CreateEmailIdentity": [
        lambda aws: sesv2.create_identity(aws, "example.com"),
        lambda aws: sesv2.create_address(aws, "a@example.com"),
    ],
    "sesv2:DeleteEmailIdentity": [lambda aws: sesv2.delete_identity(aws, "a@example.com")],
    "sesv2:GetAccount": [sesv2.get_account],
    "sesv2:GetConfigurationSet": [lambda aws: sesv2.get_configuration_set(aws, "set")],
    "sesv2:GetConfigurationSetEventDestinations": [lambda aws: sesv2.event_destinations(aws, "set")],
    "sesv2:GetEmailIdentity": [lambda aws: sesv2.get_identity(aws, "example.com")],
    "sesv2:ListEmailIdentities": [sesv2.list_identities],
    "sesv2:PutAccountDetails": [
        lambda aws: sesv2.put_account_details(
            aws,
            sesv2.account_details(
                mail_type="TRANSACTIONAL", website="https://example.com", contacts=(), language="EN"
            ),
        )
    ],
    "sesv2:PutAccountSuppressionAttributes": [sesv2.put_account_suppression],
    "sesv2:PutConfigurationSetReputationOptions": [lambda aws: sesv2.put_reputation_metrics(aws, "set")],
    "sesv2:PutEmailIdentityConfigurationSetAttributes": [
        lambda aws: sesv2.put_identity_configuration_set(aws, "example.com", "set")
    ],
    "sesv2:PutEmailIdentityDkimAttributes": [lambda aws: sesv2.put_dkim_enabled(aws, "example.com")],
    "sesv2:PutEmailIdentityDkimSigningAttributes": [lambda aws: sesv2.put_dkim_signing(aws, "example.com")],
    "sesv2:PutEmailIdentityMailFromAttributes": [
        lambda aws: sesv2.put_mail_from(aws, "example.com", "bounce.example.com")
    ],
    "sesv2:SendEmail": [
        lambda aws: sesv2.send_email(
            aws, sender="a@example.com", to="b@example.com", subject="", text="", configuration_set=None
        )
    ],
    "sns:ListSubscriptionsByTopic": [lambda aws: cloudwatch.list_subscriptions(aws, "arn")],
    "sqs:DeleteMessage": [lambda aws: sqs.delete(aws, "url", sqs.QueueMessage("1", "handle", ""))],
    "sqs:GetQueueAttributes": [lambda aws: sqs.count(aws, "url")],
    "sqs:ReceiveMessage": [lambda aws: list(sqs.receive_all(aws, "url", 1, 30))],
    "sqs:SendMessage": [lambda aws: sqs.send(aws, "url", "body")],
    "sts:GetCallerIdentity": [sts.get_caller_identity],
}
"""What calls each operation."""


@cache
def answer_shape(operation: str) -> StructureShape | None:
    """What ``operation`` answers, by botocore's model of the service."""
    service, _, name = operation.partition(":")
    model = _session().get_service_model(service).operation_model(name)
    return model.output_shape


@cache
def _session() -> Session:
    return Session()


def answer(shape: Shape | None, depth: int = DEEPEST) -> Any:
    """An answer of this ``shape``: with all members down to ``depth``, below it the required ones alone."""
    match shape:
        case None:
            return {}
        case StructureShape():
            names = [name for name in shape.members if depth > 0 or name in shape.required_members]
            names = [name for name in names if name not in PAGING]
            if shape.name == "AttributeValue":
                names = ["S"]  # A value of DynamoDB's always has one of the types.
            return {name: answer(shape.members[name], depth - 1) for name in names}
        case ListShape():
            one, key = answer(shape.member, depth - 1), KEYS.get(shape.name)
            return [{**one, key: name} for name in NAMED] if key and key in one else [one]
        case MapShape():
            keys = ROW if shape.name == "AttributeMap" else ("name",)
            return {key: answer(shape.value, depth - 1) for key in keys}
    if shape.name in SAID:
        return SAID[shape.name]
    if isinstance(shape, StringShape) and shape.enum:
        return shape.enum[0]
    if shape.type_name == "blob" and shape.name == "Blob":  # Lambda's, which is read from a stream
        return Stream(b"{}")
    return PLAIN[shape.type_name]


SAID = {
    "StackStatus": "UPDATE_COMPLETE",
    "TagKey": "ses-wizard",
    "TagValue": "example.com",
    "ScheduleExpression": "rate(1 day)",
    "ScheduleExpressionTimezone": "UTC",
    "StringAttributeValue": "2026-11-24T09:00:00Z",
}
"""What lets the steps read on, by shape."""
KEYS = {"Outputs": "OutputKey", "StackResourceSummaries": "LogicalResourceId", "MetricAlarms": "AlarmName"}
NAMED = ("RecipientsTable", "RunsTable", "ClaimsTable", "LogGroup", "DeadLetterAlarm", "AlertsTopic")
"""What a stack of ours has, by the member that names it."""
ROW = ("run", "email", "outcome")
"""What every row of our tables has: its keys, and for a mail what became of it."""


class Stream(bytes):
    """A body that can be read again and again."""

    def read(self) -> bytes:
        return self


PAGING = {"NextToken", "nextToken", "NextPageMarker", "LastEvaluatedKey", "UnprocessedItems"}
"""What says that the same must be asked again for the rest: there is none."""
PLAIN = {
    "string": "text",
    "timestamp": NOW,
    "boolean": False,
    "integer": 1,
    "long": 1,
    "double": 1.0,
    "float": 1.0,
    "blob": b"",
}


def lacking(found: Any, shape: Shape | None) -> Iterator[Any]:
    """``found`` without one of its optional members, for each of them."""
    if isinstance(shape, StructureShape):
        for name, value in found.items():
            if name not in shape.required_members:
                yield {other: kept for other, kept in found.items() if other != name}
            yield from ({**found, name: less} for less in lacking(value, shape.members[name]))
    elif isinstance(shape, ListShape):
        yield from ([less] for value in found for less in lacking(value, shape.member))
    elif isinstance(shape, MapShape):
        yield from ({name: less} for name, value in found.items() for less in lacking(value, shape.value))


def answers(operation: str) -> Iterator[Any]:
    """Every answer to ``operation`` that is tried."""
    shape = answer_shape(operation)
    yield from (answer(shape, depth) for depth in range(DEEPEST + 1))
    yield from lacking(answer(shape), shape)


class Answering:
    """An access on which one operation is called and gets this answer."""

    profile = None

    def __init__(self, operation: str, found: Any) -> None:
        self.operation, self.found = operation, found
        self.asked = 0

    def client(self, service: str, region: str | None = None, **_: bool) -> Answering:
        assert service == self.operation.partition(":")[0]
        return self

    @property
    def exceptions(self) -> Any:
        """None of the service's errors is raised."""

        class NeverError(Exception):
            pass

        return type("Errors", (), {"__getattr__": lambda *_: NeverError})()

    def get_paginator(self, name: str) -> Any:
        """The pages of an answer: one."""
        return type("Paginator", (), {"paginate": lambda *_, **__: [getattr(self, name)()]})()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        assert name == xform_name(self.operation.partition(":")[2])
        self.asked += 1
        assert self.asked < 10, "asked for pages without an end"
        return lambda **_: self.found


def use(result: Any) -> None:
    """Use everything in ``result``, as the steps do."""
    if dataclasses.is_dataclass(result):
        for name, value in inspect.getmembers(type(result)):
            if isinstance(value, property):
                getattr(result, name)
        assert repr(result)
    elif isinstance(result, Mapping):
        use(list(result.items()))
    elif isinstance(result, list | tuple):
        for one in result:
            use(one)


@pytest.mark.parametrize("operation", CALLS)
def test_optional_members_can_be_missing(operation: str) -> None:
    for call in CALLS[operation]:
        for found in answers(operation):
            aws = Answering(operation, found)
            refused: WizardError | None = None
            try:
                use(call(cast("AwsAccess", aws)))
            except WizardError as error:
                refused = error
            if refused and "FunctionError" not in found:
                assert refused.exit_code is ExitCode.OUTSIDE, found
                assert operation in refused.what, found
            assert aws.asked == 1


def test_complete_answers_are_understood() -> None:
    for operation, calls in CALLS.items():
        for call in calls:
            whole = answer(answer_shape(operation))
            whole.pop("FunctionError", None)
            use(call(cast("AwsAccess", Answering(operation, whole))))


def test_every_operation_in_use_is_tested() -> None:
    sources = [path.read_text() for path in Path(wizard.aws.__file__).parent.glob("*.py")]
    calling = [source for source in sources if "from wizard.aws.calls import" in source]
    used = {name for source in calling for name in re.findall(r'"([a-z0-9]+:[A-Z]\w+)"', source)}
    assert used == set(CALLS)


def test_every_function_that_calls_aws_is_tested() -> None:
    names = {path.stem for path in Path(wizard.aws.__file__).parent.glob("*.py")} - {"__init__", "calls"}
    modules = [import_module(f"wizard.aws.{name}") for name in sorted(names)]
    asking = {
        name
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), "") == "aws"
    }
    called = {name for calls in CALLS.values() for call in calls for name in _names(call)}
    assert asking <= called


def _names(call: Any) -> set[str]:
    return {call.__name__, *call.__code__.co_names}


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        ("sesv2:ListEmailIdentities", {"NextToken": "again"}),
        ("route53:ListResourceRecordSets", {"ResourceRecordSets": [], "IsTruncated": True}),
        (
            "route53:ListResourceRecordSets",
            {"ResourceRecordSets": [], "IsTruncated": True, "NextRecordName": "again"},
        ),
    ],
)
def test_a_listing_that_repeats_itself_ends(operation: str, found: Mapping[str, Any]) -> None:
    for call in CALLS[operation]:
        assert call(cast("AwsAccess", Answering(operation, found))) == ()


def test_log_lines_without_ids_are_distinct() -> None:
    events = [{"timestamp": 1, "message": "a"}, {"timestamp": 1, "message": "b"}, {"timestamp": 2}]
    aws = Answering("logs:FilterLogEvents", {"events": events})
    lines = cloudwatch.filter_log_events(cast("AwsAccess", aws), "group", NOW, 10)
    assert len({line.id for line in lines}) == len(lines) == 3


def test_a_registration_without_an_operation_id_may_have_happened() -> None:
    aws = cast("AwsAccess", Answering("route53domains:RegisterDomain", {}))
    with pytest.raises(WizardError, match="incomplete") as caught:
        route53domains.register(aws, ORDER)
    assert "may have made the change" in caught.value.what


def test_a_function_can_return_something_else_than_json() -> None:
    aws = cast("AwsAccess", Answering("lambda:Invoke", {"Payload": Stream(b"<html>")}))
    with pytest.raises(WizardError, match="failed"):
        lambda_.invoke(aws, "name", {})


@dataclasses.dataclass(frozen=True)
class Sparse(AwsAccess):
    """An access with all answers complete down to ``depth``."""

    depth: int = 0

    def client(self, service: str, region: str | None = None, **_: bool) -> Any:
        return SparseClient(service, self.depth)


class SparseClient(Answering):
    """A client of one service whose answers are complete down to ``depth``."""

    def __init__(self, service: str, depth: int) -> None:
        self.service, self.depth = service, depth

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operations = _session().get_service_model(self.service).operation_names
        operation = next(one for one in operations if xform_name(one) == name)
        return lambda **_: answer(answer_shape(f"{self.service}:{operation}"), self.depth)


def looks(world: World, project: Project) -> Iterator[Callable[[], object]]:
    """Yield what the steps read from AWS, and what they make of it."""
    ses = sesv2.get_account(world.aws)
    seen = account.AccountReport(
        "123456789012", "arn:aws:iam::123456789012:user/owner", None, "us-east-1", ses
    )
    registration = Registration("example.com", "op", NOW)

    yield lambda: account.judge(account.look(world), project)
    yield lambda: list(account_regions.ask_all(world, seen, ["eu-west-1"], "example.com"))
    yield lambda: permissions.look(world, project, seen)
    yield lambda: list(domain_choices.choices(world))
    yield lambda: domain_choices.elsewhere(world, "example.com")
    yield lambda: domain_registration.judge(domain_registration.look(world, registration))
    yield lambda: domain_registration.under_way(world, "example.com")
    yield lambda: domain_registration.owner_link(world, "example.com")
    yield lambda: identity.judge(identity.look(world, project), project)
    yield lambda: production.judge(production.look(world, project))
    yield lambda: reminder.judge(reminder.look(world, project, Path()), project)
    yield lambda: sandbox.look(world, project)
    yield lambda: identity.look_elsewhere(world, identity.look(world, project))
    yield lambda: reminder_runs.runs(world, project)
    yield lambda: reminder_runs.failures(world, project, "1")
    yield lambda: opt_outs.opt_outs(world, project)
    yield lambda: user_table.table_seen(world, "table")
    yield lambda: reminder_trial.log_lines(world, project, NOW)
    yield lambda: reminder_drift.drift(world, project, lambda event: None, lambda seconds: None)


@pytest.mark.parametrize("depth", range(DEEPEST + 1))
def test_the_steps_accept_sparse_answers(depth: int) -> None:
    world = World(aws=Sparse(region="us-east-1", depth=depth), now=lambda: NOW)
    project = Project(
        account=Account(region="us-east-1", id="123456789012"),
        domain=Domain("example.com"),
        identity=Identity(mail_from="bounce.example.com"),
        sandbox=Sandbox(address="me@example.com"),
        reminder=Reminder(
            sender="me@example.com", subject="Hi", text="Hello", table=Table("table"), schedule="rate(1 day)"
        ),
    )
    for look in looks(world, project):
        with suppress(WizardError):
            use(look())
