"""The embedded account as a whole: who reaches it, what it keeps across a quit, what it lets in and out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.engine.stacks import LAMBDA_TRUST, SCHEDULER_TRUST, eventually, function, role
from wizard import demo
from wizard.cli import main as cli
from wizard.demo import Demo
from wizard.demo.aws.schedules.ticker import Ticker
from wizard.dns.records import wanted_records
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project, save
from wizard.steps.account import step as sign_in


def opened(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of a page, as a browser gets it."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_nothing_is_due_before_the_account_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looked for it found moto's backends while they were made anew: KeyError."""
    from moto.core.base_backend import BackendDict

    order: list[str] = []

    def noted(what: str, method: Callable[..., None]) -> Callable[..., None]:
        def note_and_do(*arguments: Any) -> None:
            order.append(what)
            method(*arguments)

        return note_and_do

    monkeypatch.setattr(BackendDict, "reset", noted("made anew", BackendDict.reset))
    monkeypatch.setattr(Ticker, "start", noted("ticking", Ticker.start))
    with demo.start(None, pace=demo.AT_ONCE) as running:
        running.world.aws.client("sts").get_caller_identity()
    assert order == ["made anew", "ticking"]


# --- reaching it -------------------------------------------------------------------------------------------


def test_any_aws_client_with_any_keys_sees_the_same_account(account: Demo) -> None:
    account.world.aws.client("sesv2").create_email_identity(EmailIdentity="example.com")
    other = boto3.client(
        "sesv2",
        endpoint_url=account.account.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="somebody",
        aws_secret_access_key="else",
    )
    assert other.list_email_identities()["EmailIdentities"][0]["IdentityName"] == "example.com"
    caller = account.world.aws.client("sts").get_caller_identity()
    assert (caller["Account"], caller["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/demo")


def test_no_web_page_and_nobody_unsigned_gets_in(account: Demo) -> None:
    for path in ("/moto-api/data.json", "/v2/email/account", "/"):
        assert opened(account.account.endpoint_url + path) == (403, "MissingAuthenticationToken")
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20261124/us-east-1/ses/aws4_request"}
    rebound = opened(f"{account.account.endpoint_url}/v2/email/account", Host="example.com", **signed)
    assert rebound == (403, "WrongHost")


def test_only_one_runs_in_a_process(account: Demo) -> None:
    with pytest.raises(RuntimeError, match="already"):
        demo.start(None)
    assert account.world.aws.client("sesv2").get_account()["SendingEnabled"]


def test_the_next_one_is_new() -> None:
    with demo.start(None, pace=demo.AT_ONCE) as first:
        first.world.aws.client("sqs").create_queue(QueueName="mine")
        first.world.aws.client("sesv2").create_email_identity(EmailIdentity="example.com")
    with demo.start(None, pace=demo.AT_ONCE) as second:
        assert second.world.aws.client("sqs").list_queues().get("QueueUrls", []) == []
        assert second.world.aws.client("sesv2").list_email_identities()["EmailIdentities"] == []


def test_what_the_account_does_not_know_is_refused_plainly(account: Demo) -> None:
    with pytest.raises(ClientError, match="does not know CreateContactList"):
        account.world.aws.client("sesv2").create_contact_list(ContactListName="list")


# --- an address that its owner confirms --------------------------------------------------------------------


def test_an_address_is_verified_by_its_link(account: Demo) -> None:
    ses = account.world.aws.client("sesv2")
    ses.create_email_identity(EmailIdentity="me@example.net")
    assert not ses.get_email_identity(EmailIdentity="me@example.net")["VerifiedForSendingStatus"]
    (mail,) = account.inbox()
    assert mail.recipient == "me@example.net"
    link = next(line for line in mail.text.splitlines() if line.startswith("http"))
    assert opened(f"{link}x") == (200, "This link is not valid.")
    assert opened(link) == (200, "Congratulations! You have successfully verified me@example.net.")
    seen = ses.get_email_identity(EmailIdentity="me@example.net")
    assert (seen["VerifiedForSendingStatus"], seen["VerificationStatus"]) == (True, "SUCCESS")


def test_a_link_lives_for_a_day(account: Demo) -> None:
    account.world.aws.client("sesv2").create_email_identity(EmailIdentity="me@example.net")
    link = next(line for line in account.inbox()[0].text.splitlines() if line.startswith("http"))
    account.account.kept.clock.push_to(account.now() + timedelta(hours=25))
    assert "expired" in opened(link)[1]


# --- across a quit -----------------------------------------------------------------------------------------


def settled(running: Demo) -> dict[str, Any]:
    """What must be the same after a quit."""
    aws = running.world.aws
    ses = aws.client("sesv2")
    return {
        "identity": _plain(ses.get_email_identity(EmailIdentity="example.com")),
        "account": _plain(ses.get_account()),
        "zones": _plain(aws.client("route53").list_hosted_zones()),
        "stack": _plain(aws.client("cloudformation").describe_stacks(StackName="mine")),
        "events": _plain(aws.client("cloudformation").describe_stack_events(StackName="mine")),
        "groups": _plain(aws.client("scheduler").list_schedule_groups()),
        "items": _plain(aws.client("dynamodb").scan(TableName="people"))["Items"],
        "role": aws.client("iam").get_role(RoleName="mine")["Role"]["RoleId"],
        "inbox": running.inbox(),
        "endpoint": running.account.endpoint_url,
    }


def _plain(answer: Any) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def set_up(running: Demo) -> None:
    aws = running.world.aws
    ses = aws.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="bounce.example.com"
    )
    seen = ses.get_email_identity(EmailIdentity="example.com")
    running.publish(
        wanted_records(
            "example.com",
            tokens=tuple(seen["DkimAttributes"]["Tokens"]),
            mail_from="bounce.example.com",
            region="us-east-1",
        )
    )
    assert ses.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]
    ses.send_email(
        FromEmailAddress="a@example.com",
        Destination={"ToAddresses": ["b@example.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    )
    ses.put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )
    role(aws, "mine", LAMBDA_TRUST)
    queue = {"Type": "AWS::SQS::Queue"}
    group = {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "mine"}}
    body = json.dumps({"Resources": {"Queue": queue, "Group": group}})
    aws.client("cloudformation").create_stack(StackName="mine", TemplateBody=body)
    aws.client("dynamodb").create_table(
        TableName="people",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "email", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "email", "KeyType": "HASH"}],
    )
    aws.client("dynamodb").put_item(TableName="people", Item={"email": {"S": "b@example.com"}})


def test_everything_comes_back_the_same(tmp_path: Path) -> None:
    state = tmp_path / "new folder" / "demo"
    with demo.start(state, pace=demo.AT_ONCE) as first:
        set_up(first)
        first.account.kept.clock.push_to(first.now() + timedelta(days=2))
        before, now = settled(first), first.now()
    assert state.stat().st_mode & 0o077 == 0
    with demo.start(state, pace=demo.AT_ONCE) as second:
        assert second.put_aside is None
        assert settled(second) == before
        assert now <= second.now() < now + timedelta(minutes=5)
        second.answer_review(granted=True)
        seen = second.world.aws.client("sesv2").get_account()
        assert seen["Details"]["ReviewDetails"]["Status"] == "GRANTED"
        # What came back is alive: it can be changed and deleted.
        second.world.aws.client("cloudformation").delete_stack(StackName="mine")
        assert second.world.aws.client("sqs").list_queues().get("QueueUrls", []) == []
        function(second.world.aws, "def handler(event, context):\n    return 1\n")
    with demo.start(state, pace=demo.AT_ONCE) as third:
        answer = third.world.aws.client("lambda").invoke(FunctionName="worker")
        assert json.loads(answer["Payload"].read()) == 1


def test_the_zone_is_served_again_before_any_aws_call(tmp_path: Path) -> None:
    import dns.message
    import dns.query

    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as first:
        first.publish(wanted_records("example.com", tokens=("t" * 32,))[:1])
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as second:
        query = dns.message.make_query(f"{'t' * 32}._domainkey.example.com", "CNAME")
        reply = dns.query.udp(query, "127.0.0.1", port=second.account.dns.port, timeout=2)
        assert len(reply.answer) == 1


@pytest.mark.parametrize("damage", [b"", b"something else", b"torn"])
def test_a_file_that_cannot_be_used_is_put_aside(tmp_path: Path, damage: bytes) -> None:
    state = tmp_path / "demo"
    with demo.start(state, pace=demo.AT_ONCE) as first:
        first.world.aws.client("sesv2").create_email_identity(EmailIdentity="example.com")
    state.write_bytes(state.read_bytes()[:400] if damage == b"torn" else damage)
    kept = state.read_bytes()
    with demo.start(state, pace=demo.AT_ONCE) as second:
        assert second.world.aws.client("sesv2").list_email_identities()["EmailIdentities"] == []
        assert second.put_aside == tmp_path / "demo.unreadable"
    assert (tmp_path / "demo.unreadable").read_bytes() == kept
    with demo.start(state, pace=demo.AT_ONCE) as third:
        assert third.put_aside is None


def test_a_file_names_only_classes_of_the_account(tmp_path: Path) -> None:
    from wizard.demo.aws.snapshot import UnreadableError, read

    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE):
        pass
    head, _, _ = (tmp_path / "demo").read_bytes().partition(b"\n")
    for module, name in (("subprocess", "Popen"), ("wizard.demo.aws.server", "os"), ("moto.core", "system")):
        nodes = [["object", module, name, [], []]]
        saved = read(head + b"\n" + json.dumps({"nodes": nodes, "kept": [0], "backends": []}).encode())
        with pytest.raises(UnreadableError, match="does not belong there"):
            saved.kept()


def test_an_account_of_another_format_says_how_to_begin_anew(tmp_path: Path) -> None:
    (tmp_path / "demo").write_bytes(b"ses-wizard demo 4, moto 5.2.5\n\x80\x05")
    with pytest.raises(WizardError, match="saved by another version") as raised:
        demo.start(tmp_path / "demo")
    assert "`--fresh`" in raised.value.todo


def test_code_in_a_file_does_not_run_unless_it_is_the_programs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wizard.demo.aws.functions import run

    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as first:
        ran = f"open({str(tmp_path / 'ran')!r}, 'w')"
        function(first.world.aws, f"def handler(event, context):\n    {ran}\n")
    monkeypatch.setattr(run, "_given", set())  # as in another process
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as second:
        answer = second.world.aws.client("lambda").invoke(FunctionName="worker")
        assert json.loads(answer["Payload"].read())["errorType"] == "Runtime.CodeNotTrusted"
    assert not (tmp_path / "ran").exists()


def test_a_demos_file_is_read_with_its_own_account_which_stays_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else AWS was asked, with credentials that nobody has, for an account that is not there."""
    file, state = tmp_path / "mine.yaml", tmp_path / "mine.account"
    with demo.start(state, pace=demo.AT_ONCE) as first:
        save(sign_in.act(first.world, Project(), sign_in.look(first.world)), file)
    before = state.read_bytes()
    assert cli.run(["status", "--json", "--file", str(file)]) == ExitCode.NO
    told = capsys.readouterr()
    assert json.loads(told.out)["steps"][0]["status"] == "done"
    assert f"{file} belongs to the demo" in told.err
    assert state.read_bytes() == before
    state.write_bytes(b"something else")
    assert cli.run(["check", "--file", str(file)]) == ExitCode.OUTSIDE
    assert "cannot be taken up" in capsys.readouterr().err
    assert state.read_bytes() == b"something else"
    assert {path.name for path in tmp_path.iterdir()} == {file.name, state.name}


def test_a_place_that_cannot_be_used_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WizardError, match="cannot be saved"):
        demo.start(tmp_path / "file" / "demo")
    with demo.start(None, pace=demo.AT_ONCE) as running:
        assert running.world.aws.client("sesv2").get_account()["SendingEnabled"]


def test_a_stack_in_the_middle_is_finished_next_time(tmp_path: Path) -> None:
    slow = demo.Pace(resource=0.2)
    found = {f"Queue{number}": {"Type": "AWS::SQS::Queue"} for number in range(4)}
    with demo.start(tmp_path / "demo", pace=slow) as first:
        stacks = first.world.aws.client("cloudformation")
        stacks.create_stack(StackName="mine", TemplateBody=json.dumps({"Resources": found}))
        eventually(lambda: first.world.aws.client("sqs").list_queues().get("QueueUrls"))
        assert stacks.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as second:
        stacks = second.world.aws.client("cloudformation")
        assert stacks.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
        assert len(second.world.aws.client("sqs").list_queues()["QueueUrls"]) == 4


SENDER = """
import boto3, time
def handler(event, context):
    time.sleep(event.get("wait", 0))
    boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody="ran")
"""


def test_a_run_that_was_done_is_not_done_again_and_one_that_was_not_is(tmp_path: Path) -> None:
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as first:
        aws = first.world.aws
        queue = aws.client("sqs").create_queue(QueueName="runs")["QueueUrl"]
        arn = function(aws, SENDER)
        target = {
            "Arn": arn,
            "RoleArn": role(aws, "schedule", SCHEDULER_TRUST),
            "Input": json.dumps({"queue": queue}),
        }
        aws.client("scheduler").create_schedule(
            Name="daily",
            ScheduleExpression="cron(0 9 * * ? *)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
        )
        first.skip_to_next_run()
        eventually(lambda: not first.account.kept.events)
        aws.client("lambda").invoke(
            FunctionName="worker",
            InvocationType="Event",
            Payload=json.dumps({"queue": queue, "wait": 0.5}),
        )
    with demo.start(tmp_path / "demo", pace=demo.AT_ONCE) as second:
        second.world.aws.client("sts").get_caller_identity()
        eventually(lambda: not second.account.kept.events)
        attributes = second.world.aws.client("sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        assert attributes["ApproximateNumberOfMessages"] == "2"


CHILD = """
import sys
from pathlib import Path
from wizard import demo
running = demo.start(Path(sys.argv[1]), pace=demo.AT_ONCE)
running.world.aws.client("sesv2").create_email_identity(EmailIdentity=sys.argv[2])
print(running.account.endpoint_url, flush=True)
sys.stdin.read()
"""


def child(state: Path, domain: str) -> tuple[subprocess.Popen[str], str]:
    """A demo in a process of its own, and its endpoint."""
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(state), domain],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "AWS_PROFILE": "nobody", "MOTO_ACCOUNT_ID": "1" * 12},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_crash_loses_nothing_that_was_settled_and_two_processes_are_two_accounts(tmp_path: Path) -> None:
    first, one = child(tmp_path / "one", "example.com")
    second, two = child(tmp_path / "two", "example.org")
    try:
        for endpoint, domain in ((one, "example.com"), (two, "example.org")):
            ses = boto3.client(
                "sesv2",
                endpoint_url=endpoint,
                region_name="us-east-1",
                aws_access_key_id="any",
                aws_secret_access_key="any",
            )
            listed = ses.list_email_identities()["EmailIdentities"]
            assert [found["IdentityName"] for found in listed] == [domain]
        kept = tmp_path / "one"
        eventually(lambda: kept.exists() and b'"Identity"' in kept.read_bytes())
    finally:
        for process in (first, second):
            process.send_signal(signal.SIGKILL)
            process.communicate()
    with demo.start(tmp_path / "one", pace=demo.AT_ONCE) as again:
        listed = again.world.aws.client("sesv2").list_email_identities()["EmailIdentities"]
        assert [found["IdentityName"] for found in listed] == ["example.com"]
