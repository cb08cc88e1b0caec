"""The ``export`` command: the stack from FILE alone, the records as they are still to be entered."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.engine.dns_servers import world
from wizard.cli.main import run
from wizard.demo.dns.server import DnsServer
from wizard.errors import ExitCode
from wizard.project.schema import Account, Domain, Identity, Project, Reminder, Table, save

PROJECT = Project(
    account=Account(region="us-east-1"),
    domain=Domain(name="example.com"),
    identity=Identity(mail_from="bounce.example.com", dkim_tokens=("tok1", "tok2", "tok3")),
    reminder=Reminder(
        sender="reminders@example.com", subject="Hello", text="Hello {{name}}", schedule="rate(1 day)"
    ),
)
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd"

Export = Callable[..., tuple[int, str, str]]


@pytest.fixture
def export(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Export:
    """Runs ``export`` on a project's file: (exit code, standard output, standard error)."""

    def exported(*arguments: str, project: Project = PROJECT) -> tuple[int, str, str]:
        save(project, tmp_path / "x.yaml")
        code = run(["export", *arguments, "--file", str(tmp_path / "x.yaml")])
        return code, *capsys.readouterr()

    return exported


def with_reminder(**changes: Any) -> Project:
    return replace(PROJECT, reminder=replace(PROJECT.reminder, **changes))


def test_the_stack_needs_no_recipients(export: Export) -> None:
    code, out, err = export("stack")
    resources = json.loads(out)["Resources"]
    assert code == ExitCode.OK
    assert "Queue" not in resources
    # A rate without a date would start at once.
    start = datetime.fromisoformat(resources["Schedule"]["Properties"]["StartDate"])
    assert f"Deploy the template before {start:%Y-%m-%d %H:%M} UTC" in err
    assert "identity/example.com" in json.dumps(resources["FunctionRole"])


def test_a_short_rate_leaves_an_hour_to_deploy_it(export: Export) -> None:
    before = datetime.now(UTC).replace(second=0, microsecond=0)
    _, out, _ = export("stack", project=with_reminder(schedule="rate(1 minute)"))
    start = datetime.fromisoformat(json.loads(out)["Resources"]["Schedule"]["Properties"]["StartDate"])
    assert start >= before + timedelta(hours=1)


@pytest.mark.parametrize("recipients", [None, "missing.csv"])
def test_the_size_is_checked_without_recipients_too(export: Export, recipients: str | None) -> None:
    code, out, err = export("stack", project=with_reminder(recipients=recipients, html="x" * 500_000))
    assert (code, out) == (ExitCode.USAGE, "")
    assert "html: Shorten the message" in err


def test_a_large_template_says_that_it_needs_a_bucket(export: Export) -> None:
    code, out, err = export("stack", project=with_reminder(html="x" * 60_000))
    message = json.loads(out)["Resources"]["MessageTemplate"]["Properties"]["Template"]
    assert (code, message["HtmlPart"]) == (ExitCode.OK, "x" * 60_000)
    assert "add `--s3-bucket NAME` to `aws cloudformation deploy`" in err


def test_a_template_too_large_for_a_bucket_is_refused(export: Export) -> None:
    code, out, err = export("stack", project=with_reminder(html='"' * 490_000))
    assert (code, out) == (ExitCode.USAGE, "")
    assert "Deploy the reminder in the wizard" in err


def test_what_only_aws_knows_is_an_option(export: Export) -> None:
    project = with_reminder(table=Table("users"))
    _, out, _ = export("stack", "--workers", "4", "--table-key", KEY, project=project)
    resources = json.loads(out)["Resources"]
    assert resources["Worker"]["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 4}
    assert KEY in json.dumps(resources["FunctionRole"])
    assert "RecipientsTable" not in resources


def test_an_incomplete_file_gives_no_stack(export: Export) -> None:
    code, out, err = export("stack", project=with_reminder(schedule=None, sender=None))
    assert (code, out) == (ExitCode.USAGE, "")
    assert "reminder.sender: Enter the sender's address" in err
    assert "reminder.schedule: Choose when" in err


def test_every_problem_of_the_file_is_named_with_its_line(export: Export) -> None:
    wrong = with_reminder(schedule="cron(soon)", subject="{{", text="}}", sender=None)
    code, _, err = export("stack", project=wrong)
    assert code == ExitCode.USAGE
    for setting in ("schedule", "subject", "text"):
        assert re.search(rf"^Line \d+: reminder\.{setting}: ", err, re.MULTILINE), err
    assert re.search(r"^reminder\.sender: ", err, re.MULTILINE), err


@pytest.mark.parametrize(
    "arguments", [("stack", "--workers", "1"), ("stack", "--table-key", "alias/x"), ("tack",), ()]
)
def test_wrong_options_are_refused(export: Export, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        export(*arguments)
    assert caught.value.code == ExitCode.USAGE


@pytest.fixture
def asking() -> Iterator[tuple[DnsServer, tuple[str, ...]]]:
    """A zone with one DKIM record and an SPF record of somebody else's, and the options that ask it."""
    with world() as server:
        server.add("tok1.dkim.amazonses.com", "TXT", f"p={'MIIB' + 'q' * 388}")
        server.add("tok1._domainkey.example.com", "CNAME", "tok1.dkim.amazonses.com")
        server.add("example.com", "TXT", "v=spf1 ip4:192.0.2.1 ~all")
        yield server, ("--no-aws", "--nameserver", f"{server.address}:{server.port}")


def test_only_missing_records_are_exported(export: Export, asking: tuple[DnsServer, tuple[str, ...]]) -> None:
    code, out, err = export("records", *asking[1])
    assert (code, err) == (ExitCode.OK, "")
    assert "tok1._domainkey" not in out
    assert "tok2._domainkey.example.com. 300 IN CNAME tok2.dkim.amazonses.com." in out
    assert "bounce.example.com. 300 IN MX 10 feedback-smtp.us-east-1.amazonses.com." in out
    assert '"v=spf1 ip4:192.0.2.1 include:amazonses.com ~all"' in out


def test_all_records_in_another_format(export: Export, asking: tuple[DnsServer, tuple[str, ...]]) -> None:
    _, out, _ = export("records", "--all", "--format", "csv", *asking[1])
    actions = {row["name"]: row["action"] for row in csv.DictReader(out.splitlines())}
    assert actions["tok1._domainkey.example.com"] == "keep"
    assert actions["tok2._domainkey.example.com"] == "add"
    _, out, _ = export("records", "--all", "--format", "cloudflare", *asking[1])
    assert "IN CNAME tok1.dkim.amazonses.com. ; cf_tags=cf-proxied:false" in out


def test_records_that_exist_are_not_offered_for_an_import(
    export: Export, asking: tuple[DnsServer, tuple[str, ...]]
) -> None:
    _, out, _ = export("records", "--all", *asking[1])
    added, kept = out.split("; NOT added by an import: these exist and are correct.")
    assert "tok1._domainkey" not in added
    assert "\n; tok1._domainkey.example.com. 300 IN CNAME" in kept
    assert all(line.startswith(";") for line in kept.splitlines()[1:])


def test_without_a_domain_there_are_no_records(export: Export) -> None:
    code, out, _ = export("records", "--no-aws", project=Project())
    assert (code, out) == (ExitCode.USAGE, "")


def test_a_missing_recipients_file_is_a_warning(export: Export) -> None:
    code, out, err = export("stack", project=with_reminder(recipients="missing.csv"))
    assert code == ExitCode.OK
    assert json.loads(out)["Resources"]
    assert "Warning: Line " in err
    assert "reminder.recipients: " in err
    assert "missing.csv" in err


def test_without_dns_the_file_gives_the_records_that_only_ses_uses(export: Export) -> None:
    """SPF and DMARC depend on existing records, so they are left out."""
    with world() as server:
        gone = f"{server.address}:{server.port}"
    code, out, err = export("records", "--no-aws", "--nameserver", gone)
    assert code == ExitCode.OK
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(";")] == [
        *(f"tok{number}._domainkey.example.com." for number in (1, 2, 3)),
        *("bounce.example.com.", "bounce.example.com."),
    ]
    assert "SPF and DMARC are not among them" in err
    code, out, err = export(
        "records", "--no-aws", "--nameserver", gone, project=Project(domain=Domain("example.com"))
    )
    assert (code, out) == (ExitCode.OUTSIDE, "")
    assert "The DNS could not be asked" in err


def test_the_demo_file_is_suggested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["export", "records", "--no-aws"]) == ExitCode.USAGE
    assert "demo" not in capsys.readouterr().err
    save(PROJECT, tmp_path / "ses-wizard-demo.yaml")
    assert run(["export", "records", "--no-aws"]) == ExitCode.USAGE
    assert "`--file ses-wizard-demo.yaml`" in capsys.readouterr().err


def test_the_policy_comes_from_the_file_if_aws_cannot_be_asked(export: Export) -> None:
    project = replace(PROJECT, account=Account(region="eu-west-1", id="123456789012"))
    code, out, err = export("policy", project=project)
    assert code == ExitCode.OK
    assert "Route 53 could not be asked" in err
    assert "--part 1 to --part 2" in err
    assert "This policy can create roles with any permission: ses-wizard-reminder-FunctionRole-*" in err
    statements = json.loads(out)["Statement"]
    (identity,) = [one for one in statements if one["Sid"] == "SetUpIdentity"]
    assert identity["Resource"] == "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
    first, second = (json.loads(export("policy", "--part", part, project=project)[1]) for part in "12")
    assert first["Statement"] + second["Statement"] == statements
    arn = "arn:aws:iam::123456789012:role/ops/Admin"
    named = export("policy", "--principal", arn, "--part", "1", project=project)[1]
    assert f'"Resource": "{arn}"' in named


def test_the_principal_gives_the_account_if_the_profile_does_not_exist(export: Export) -> None:
    project = replace(PROJECT, account=Account(profile="elsewhere", region="us-east-1"))
    arn = "arn:aws:iam::123456789012:user/ana"
    code, out, _ = export("policy", "--principal", arn, project=project)
    assert code == ExitCode.OK
    assert "arn:aws:ses:us-east-1:123456789012:identity/example.com" in out


@pytest.mark.parametrize(
    ("arguments", "account", "code", "message"),
    [
        (
            ("--part", "3"),
            Account(region="us-east-1", id="123456789012"),
            ExitCode.USAGE,
            "There is no part 3",
        ),
        (
            (),
            Account(region="us-east-1"),
            ExitCode.OUTSIDE,
            "does not name it (account.id), and AWS could not",
        ),
    ],
)
def test_no_policy_without_an_account(
    export: Export, arguments: tuple[str, ...], account: Account, code: ExitCode, message: str
) -> None:
    """The account comes from the file or the credentials; here neither names one."""
    printed = export("policy", *arguments, project=replace(PROJECT, account=account))
    assert printed[0] == code
    assert printed[1] == ""
    assert message in printed[2]
