"""Recipients against the embedded DynamoDB: importing a file, a table of one's own, opt-outs, counting."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count as counted
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from msgspec.structs import replace

from tests.engine.refusal import refuse
from wizard import demo
from wizard.aws import cloudformation, dynamodb
from wizard.aws.cloudformation import Stack
from wizard.demo import Demo
from wizard.errors import WizardError
from wizard.project.schema import Domain, Project, Reminder, Table
from wizard.reminder.function import trigger_reminder
from wizard.reminder.recipients.parse import Recipient
from wizard.steps.model import Event, Progress
from wizard.steps.reminder import opt_outs, plan, recipients, user_table
from wizard.steps.reminder.own_stack import TAG
from wizard.steps.reminder.recipients import Import, Present
from wizard.world import World

pytestmark = pytest.mark.xdist_group("recipients")
_NUMBERS = counted(1)


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    with demo.start(None, pace=demo.AT_ONCE) as account:
        yield account


@dataclass
class Flow:
    """A stack that has nothing but the two tables, and a project with a file."""

    world: World
    base: Path
    project: Project
    events: list[Event] = field(default_factory=list)

    @property
    def client(self) -> Any:
        return self.world.aws.client("dynamodb")

    @property
    def stack(self) -> Stack:
        found = cloudformation.describe_stack(self.world.aws, self.project.reminder.stack)
        assert found
        return found

    @property
    def table(self) -> str:
        return self.stack.outputs["RecipientsTable"]

    def people(self, *lines: str) -> None:
        (self.base / "people.csv").write_text("\n".join(["email,name", *lines, ""]))

    def plan(self, *verified: str) -> Import:
        return recipients.plan_import(self.world, self.project, self.base, self.stack, verified)

    def carry_out(self, planned: Import | None = None) -> None:
        recipients.carry_out(self.world, self.stack, planned or self.plan(), self.events.append)

    def present(self, table: str | None = None) -> Present:
        """What a look finds in the stack's own table, or in one of the user's."""
        stack = dataclasses.replace(self.stack, outputs={"RecipientsTable": table or self.table})
        return recipients.present(self.world, self.project, self.base, stack, self.table)

    def names(self) -> dict[str, str]:
        return {row["email"]: row["name"] for row in dynamodb.scan(self.world.aws, self.table)}


def make_stack(world: World, name: str, resources: dict[str, Any], outputs: dict[str, Any]) -> None:
    body = {
        "Resources": resources,
        "Outputs": {output: {"Value": value} for output, value in outputs.items()},
    }
    world.aws.client("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps(body), Tags=[{"Key": TAG, "Value": "example.com"}]
    )


def a_table() -> dict[str, Any]:
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "email", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


@pytest.fixture
def world(running: Demo) -> World:
    """The embedded account through clients of one's own, which a test may disturb."""
    return running.world.choose(None, running.world.aws.region)


@pytest.fixture
def flow(world: World, tmp_path: Path) -> Flow:
    name = f"flow-{next(_NUMBERS)}"
    tables = ("RecipientsTable", "OptOutsTable")
    make_stack(
        world, name, {table: a_table() for table in tables}, {table: {"Ref": table} for table in tables}
    )
    reminder = Reminder(stack=name, recipients="people.csv", text="Hello {{name}}")
    made = Flow(world, tmp_path, Project(domain=Domain(name="example.com"), reminder=reminder))
    made.people("ana@example.com,Ana", "bo@example.com,Bo")
    return made


@pytest.fixture
def customers(world: World) -> str:
    """A table of the user's own, with names and types of its own."""
    name = f"customers-{next(_NUMBERS)}"
    client = world.aws.client("dynamodb")
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "CustomerId", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "CustomerId", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number, address in enumerate(("Ana@Example.com", "bo@example.com", "nobody")):
        item = {
            "CustomerId": {"N": str(number)},
            "Mail": {"S": address},
            "ManagerMail": {"S": "boss@example.com"},
            "FirstName": {"S": "Ana\x1b[31m"},
            "plan": {"S": "gold"},
            "tags": {"SS": ["a", "b"]},
            "parts": {"L": [{"N": "1"}, {"S": "x"}, {"M": {}}]},
            "gone": {"NULL": True},
            "Unsubscribed": {"BOOL": number == 1},
            "picture": {"B": b"\x00"},
            "more": {"M": {"a": {"S": "b"}}},
        }
        client.put_item(TableName=name, Item=item)
    return name


def on_call(flow: Flow, operation: str, answer: Callable[[int], Any]) -> None:
    """Have each call of ``operation`` get ``answer`` of its number, from 1; None lets it through."""
    numbers = counted(1)
    flow.client.meta.events.register(f"before-call.dynamodb.{operation}", lambda **_: answer(next(numbers)))


def answered(parsed: dict[str, Any], status: int = 200) -> tuple[Any, dict[str, Any]]:
    """An answer in place of DynamoDB's."""
    return SimpleNamespace(status_code=status), {**parsed, "ResponseMetadata": {"HTTPStatusCode": status}}


def described_as(world: World, **table: Any) -> None:
    """Have DescribeTable say this of any table."""
    events = world.aws.client("dynamodb").meta.events
    events.register("before-call.dynamodb.DescribeTable", lambda **_: answered({"Table": table}))


# Importing


def test_what_differs_is_planned_and_only_that_is_done(flow: Flow) -> None:
    first = flow.plan()
    assert (first.recipients, first.added, first.changes_anything) == (2, 2, True)
    assert recipients.plan_import(flow.world, flow.project, flow.base, None).added == 2
    flow.carry_out(first)
    assert flow.names() == {"ana@example.com": "Ana", "bo@example.com": "Bo"}
    again = flow.plan()
    assert (again.kept, again.changes_anything) == (2, False)
    flow.people("bo@example.com,Robert", "cy@example.com,", "ana@example.com,Ana")
    planned = flow.plan()
    assert (planned.added, planned.changed, planned.removed, planned.kept) == (1, 1, 0, 1)
    assert planned.blank == {"name": 1}
    flow.carry_out(planned)
    flow.people("cy@example.com,Cy")
    assert (flow.plan().changed, flow.plan().removed) == (1, 2)
    flow.carry_out()
    assert flow.names() == {"cy@example.com": "Cy"}


def test_many_are_told_as_they_go_and_read_by_the_page(flow: Flow) -> None:
    flow.people(*(f"p{number}@example.com,P{number}" for number in range(1_100)))
    flow.carry_out()
    words = [event.words for event in flow.events]
    assert words[0] == "reading the file"
    assert words[1:-1] == ["500 of 1,100 rows written", "1,000 of 1,100 rows written"]
    assert (flow.events[-1].progress, words[-1]) == (Progress.DONE, "1,100 in the table")
    pages = list[int]()

    def a_page_of_300(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 300
        pages.append(1)

    flow.client.meta.events.register("before-parameter-build.dynamodb.Scan", a_page_of_300)
    flow.people(*(f"p{number}@example.com,P{number}" for number in range(550, 1_110)))
    planned = flow.plan()
    assert (planned.added, planned.changed, planned.removed, planned.kept) == (10, 0, 550, 550)
    assert len(pages) == 4
    flow.events.clear()
    flow.carry_out(planned)
    assert flow.events[1].words == "500 of 550 old rows removed"
    assert flow.present() == Present(560)


@pytest.mark.parametrize("line", ["nobody", "ANA@example.com,Twice", "dee@example.com,D,E"])
def test_nothing_is_taken_over_from_a_file_with_a_problem(flow: Flow, line: str) -> None:
    planned = flow.plan()
    flow.people("ana@example.com,Ana", "new@example.com,New", line)
    with pytest.raises(WizardError, match="Line 4: "):
        flow.plan()
    with pytest.raises(WizardError, match="Line 4: "):
        flow.carry_out(planned)
    assert flow.names() == {}


def test_a_file_that_has_changed_since_the_plan_is_refused(flow: Flow) -> None:
    planned = flow.plan()
    flow.people("ana@example.com,Ana", "bo@example.com,Bob")
    with pytest.raises(WizardError, match="changed since the plan"):
        flow.carry_out(planned)
    (flow.base / "people.csv").unlink()
    with pytest.raises(WizardError, match="could not be read"):
        flow.carry_out(planned)
    assert flow.names() == {}


def test_the_order_of_lines_is_no_change(flow: Flow) -> None:
    planned = flow.plan()
    flow.people("bo@example.com,Bo", "ana@example.com,Ana")
    flow.carry_out(planned)
    assert len(flow.names()) == 2


def test_a_broken_connection_is_fixed_by_the_next_plan(flow: Flow) -> None:
    flow.people(*(f"p{number}@example.com,P" for number in range(500)))
    broken = EndpointConnectionError(endpoint_url="https://dynamodb.example")

    def breaks(number: int) -> None:
        if number > 4 and number < 50:
            raise broken

    on_call(flow, "BatchWriteItem", breaks)
    with pytest.raises(WizardError, match="cannot be reached"):
        flow.carry_out()
    assert flow.events[-1].progress is Progress.STARTED
    flow.world = flow.world.choose(None, flow.world.aws.region)
    written = len(flow.names())
    assert 0 < written < 500
    rest = flow.plan()
    assert (rest.kept, rest.added) == (written, 500 - written)
    flow.carry_out(rest)
    assert not flow.plan().changes_anything


def test_what_dynamodb_leaves_undone_or_refuses_as_too_much_is_asked_again(flow: Flow) -> None:
    row = {"email": "p7@example.com", "name": "P"}
    undone = {flow.table: [{"PutRequest": {"Item": {name: {"S": text} for name, text in row.items()}}}]}
    answers = {
        1: answered({"UnprocessedItems": undone}),
        2: answered({"Error": {"Code": "ThrottlingException"}}, 400),
    }
    on_call(flow, "BatchWriteItem", answers.get)
    assert dynamodb.write(flow.world.aws, flow.table, [row]) == 1
    assert flow.names() == {"p7@example.com": "P"}


def test_dynamodb_that_never_keeps_up_is_given_up(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    refuse(flow.world.aws, "dynamodb", "BatchWriteItem", "ProvisionedThroughputExceededException")
    with pytest.raises(WizardError, match="too slow"):
        flow.carry_out()


def test_in_the_sandbox_it_is_known_who_can_be_written_to(flow: Flow) -> None:
    flow.people(
        "a@example.com,A",
        "b@mail.example.com,B",
        "c@x.example,C",
        "d@x.example,D",
        "success@simulator.amazonses.com,S",
    )
    planned = flow.plan("example.com", "c@x.example", "other.example")
    assert planned.covering == {"example.com", "c@x.example"}
    assert planned.refused == 1
    (line,) = plan.sandbox_lines(planned)
    assert line.detail.startswith("mail to 1 of 5 recipients will fail")


# Opt-outs


def test_opt_outs_by_hand_survive_imports_and_those_of_the_file_are_carried_along(flow: Flow) -> None:
    address = "Bo@example.com"
    assert opt_outs.opt_out(flow.world, flow.project, address)
    assert not opt_outs.opt_out(flow.world, flow.project, " bo@EXAMPLE.com ")
    (flow.base / "people.csv").write_text(
        "email,name,Opted out\nana@example.com,Ana,yes\nbo@example.com,Bo,\n"
    )
    flow.carry_out()
    rows = {row["email"]: row["opted_out"] for row in dynamodb.scan(flow.world.aws, flow.table)}
    assert rows == {"ana@example.com": "yes", "bo@example.com": ""}
    (found,) = opt_outs.opt_outs(flow.world, flow.project)
    assert (found.email, found.why, found.at.tzinfo is not None) == ("bo@example.com", "by hand", True)
    assert opt_outs.opt_in(flow.world, flow.project, address)
    assert not opt_outs.opt_in(flow.world, flow.project, address)
    assert opt_outs.opt_outs(flow.world, flow.project) == ()


def test_the_latest_opt_outs_come_first_and_a_complaint_stays_one(flow: Flow) -> None:
    table = flow.stack.outputs["OptOutsTable"]
    complaints = [
        {"email": f"p{day}@example.com", "at": f"2026-01-0{day}T10:00:00Z", "why": "complaint"}
        for day in (2, 3, 1)
    ]
    dynamodb.write(flow.world.aws, table, [*complaints, {"email": "odd@example.com", "at": "soon"}])
    assert not opt_outs.opt_out(flow.world, flow.project, "p3@example.com")
    found = opt_outs.opt_outs(flow.world, flow.project, limit=3)
    assert [one.email for one in found] == ["odd@example.com", "p3@example.com", "p2@example.com"]
    assert found[1].why == "complaint"


def test_an_opt_out_needs_an_address_and_a_stack(flow: Flow) -> None:
    with pytest.raises(WizardError, match="not an e-mail address"):
        opt_outs.opt_out(flow.world, flow.project, "bo")
    without = replace(flow.project, reminder=replace(flow.project.reminder, stack="none"))
    with pytest.raises(WizardError, match="not deployed yet"):
        opt_outs.opt_outs(flow.world, without)


# A table of one's own


def test_a_table_is_looked_at_and_a_mapping_proposed(world: World, customers: str) -> None:
    seen = user_table.table_seen(world, customers)
    assert (seen.name, seen.items, seen.key_arn, len(seen.rows)) == (customers, 3, None, 3)
    assert dict(seen.attributes) == {
        "CustomerId": seen.attributes["CustomerId"],
        "Mail": seen.attributes["Mail"],
        "ManagerMail": "boss@example.com",
        "FirstName": "Ana\\x1b[31m",
        "plan": "gold",
        "tags": "a, b",
        "parts": "1, x, ",
        "gone": "",
        "Unsubscribed": seen.attributes["Unsubscribed"],
    }
    assert seen.proposal == Table(
        customers,
        "Mail",
        "Unsubscribed",
        {"customer_id": "CustomerId", "manager_mail": "ManagerMail", "first_name": "FirstName"},
    )


def test_what_was_looked_at_can_be_previewed(world: World, customers: str) -> None:
    seen = user_table.table_seen(world, customers)
    read = seen.read(seen.proposal)
    assert set(read.columns) == {
        "email",
        "customer_id",
        "manager_mail",
        "first_name",
        "plan",
        "tags",
        "parts",
        "gone",
    }
    assert (read.columns[0], read.count) == ("email", 3)
    ana = next(person for person in read.sample if person.email == "Ana@example.com")
    assert isinstance(ana, Recipient)
    assert (ana.fields["first_name"], ana.fields["tags"], ana.fields["gone"]) == ("Ana[31m", "a, b", "")
    assert sorted(person.email for person in read.sample) == ["Ana@example.com", "bo@example.com"]


def test_a_key_of_ones_own_is_named(world: World, customers: str) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    encryption = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    described_as(world, TableName=customers, TableStatus="ACTIVE", ItemCount=7, SSEDescription=encryption)
    assert user_table.table_seen(world, customers).key_arn == key


def test_a_table_that_does_not_do_says_why(world: World, customers: str) -> None:
    with pytest.raises(WizardError, match="There is no table nowhere"):
        user_table.table_seen(world, "nowhere")
    client = world.aws.client("dynamodb")
    for number in range(3):
        client.update_item(
            TableName=customers,
            Key={"CustomerId": {"N": str(number)}},
            UpdateExpression="REMOVE Mail, ManagerMail",
        )
    with pytest.raises(WizardError, match="has no e-mail addresses") as caught:
        user_table.table_seen(world, customers)
    assert "FirstName" in caught.value.what
    for number in range(3):
        client.delete_item(TableName=customers, Key={"CustomerId": {"N": str(number)}})
    with pytest.raises(WizardError, match="is empty"):
        user_table.table_seen(world, customers)
    refuse(
        world.aws,
        "dynamodb",
        "DescribeTable",
        "AccessDeniedException",
        "User: x is not authorized to perform: dynamodb:DescribeTable on resource: y",
    )
    with pytest.raises(WizardError, match="permission dynamodb:DescribeTable is missing"):
        user_table.table_seen(world, customers)


def test_a_table_that_is_not_active_is_not_read(world: World, customers: str) -> None:
    described_as(world, TableName=customers, TableStatus="INACCESSIBLE_ENCRYPTION_CREDENTIALS")
    with pytest.raises(WizardError, match="inaccessible encryption credentials"):
        user_table.table_seen(world, customers)


def test_a_plan_with_a_table_of_ones_own_reads_none_of_its_rows(flow: Flow, customers: str) -> None:
    for operation in ("Scan", "Query", "GetItem", "BatchGetItem", "BatchWriteItem", "PutItem"):
        refuse(flow.world.aws, "dynamodb", operation, "AccessDeniedException")
    flow.project = replace(flow.project, reminder=replace(flow.project.reminder, table=Table(customers)))
    planned = flow.plan("example.com")
    assert (planned.recipients, planned.about, planned.file) == (3, True, None)
    assert planned.covering == {"example.com"}
    assert not planned.changes_anything
    flow.carry_out(planned)
    assert flow.events == []
    assert flow.present(customers) == Present(3, about=True)


def test_a_table_that_the_stack_only_names_is_never_written(world: World, flow: Flow, customers: str) -> None:
    name = f"named-{next(_NUMBERS)}"
    make_stack(world, name, {"Other": a_table()}, {"RecipientsTable": customers})
    flow.project = replace(flow.project, reminder=replace(flow.project.reminder, stack=name))
    planned = flow.plan()
    assert (planned.added, planned.removed) == (2, 0)
    with pytest.raises(WizardError, match="does not match this version"):
        flow.carry_out(planned)
    assert len(list(dynamodb.scan(world.aws, customers))) == 3


VALUES: tuple[dict[str, Any], ...] = (
    {"S": "x"},
    {"N": "1.50"},
    {"BOOL": True},
    {"BOOL": False},
    {"NULL": True},
    {"SS": ["b", "a"]},
    {"NS": ["1"]},
    {"L": [{"S": "a"}, {"BOOL": True}, {"L": [{"N": "1"}]}]},
    {"M": {}},
    {"B": b"x"},
)


def test_values_are_shown_as_the_function_fills_them_in() -> None:
    shown = [dynamodb.as_text(value) or "" for value in VALUES]
    assert shown == [trigger_reminder._text(value) for value in VALUES]


# What a look finds


def test_rows_that_differ_from_the_file_are_not_deployed(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    assert flow.present() == Present(0, changed=True)
    flow.carry_out()
    assert flow.present() == Present(2)
    for others in (
        ["ana@example.com,Anna", "bo@example.com,Bo"],
        ["ana@example.com,Ana"],
        ["c@example.com,C"],
    ):
        flow.people(*others)
        assert flow.present() == Present(2, changed=True)
    flow.people("nobody")
    assert flow.present() == Present(2), "what is wrong with the file is told by its problems"
    (flow.base / "people.csv").unlink()
    assert flow.present() == Present(2)
    flow.people("c@example.com,C", "d@example.com,D")
    monkeypatch.setattr(recipients, "COMPARED", 1)
    assert flow.present() == Present(2), "of a large table only the numbers are compared"
    flow.people("c@example.com,C")
    assert flow.present() == Present(2, changed=True)


def test_a_table_that_somebody_deleted_has_no_recipients(flow: Flow) -> None:
    assert flow.present("deleted") == Present(0)


def test_a_large_own_table_is_counted_by_dynamodb(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    flow.carry_out()
    monkeypatch.setattr(recipients, "COUNTED", 1)
    assert flow.present() == Present(2, about=True)
