"""Where the set-up stands: the survey over all steps, and the ``status`` command."""

from __future__ import annotations

import argparse
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.refusal import refuse
from wizard.aws import sesv2
from wizard.aws.access import AwsAccess
from wizard.cli import status
from wizard.demo import Demo
from wizard.dns.records import wanted_records
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Account, Domain, Production, Project, save
from wizard.steps.identity import step as identity
from wizard.steps.model import Status, StepName, StepState, last_known, remembered
from wizard.steps.survey import survey
from wizard.world import World

TODO, DONE, ATTENTION, WAITING = Status.TODO, Status.DONE, Status.ATTENTION, Status.WAITING
PROJECT = Project(domain=Domain("example.com"))
HERE = Path()


def statuses(standings: list[StepState]) -> list[Status]:
    assert [standing.step for standing in standings] == list(StepName)
    assert all(standing.words for standing in standings)
    return [standing.status for standing in standings]


def test_a_new_project(account: Demo) -> None:
    standings = list(survey(account.world, Project(), HERE))
    assert statuses(standings) == [DONE, TODO, TODO, TODO, TODO, TODO]
    assert standings[3].words == "comes after the domain is chosen"


def test_a_domain_alone(account: Demo) -> None:
    standings = list(survey(account.world, PROJECT, HERE))
    assert statuses(standings) == [DONE, DONE, TODO, TODO, TODO, TODO]
    assert standings[3].words.startswith("comes after the identity")


def test_an_identity_and_then_its_records(account: Demo) -> None:
    project = identity.act(account.world, PROJECT, "bounce.example.com", lambda _: None)
    standings = list(survey(account.world, project, HERE))
    assert statuses(standings) == [DONE, DONE, DONE, ATTENTION, TODO, TODO]
    assert "missing" in standings[3].words
    made = sesv2.get_identity(account.world.aws, "example.com")
    assert made is not None
    account.publish(
        wanted_records("example.com", tokens=made.tokens, mail_from="bounce.example.com", region="us-east-1")
    )
    standings = list(survey(account.world, project, HERE))
    assert statuses(standings) == [DONE, DONE, DONE, DONE, TODO, TODO]
    assert standings[5].words == "in the sandbox; production access is not requested yet"


def test_a_record_that_breaks_after_verification_is_not_done(
    account: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = identity.act(account.world, PROJECT, "bounce.example.com", lambda _: None)
    made = sesv2.get_identity(account.world.aws, "example.com")
    assert made is not None
    records = wanted_records(
        "example.com", tokens=made.tokens, mail_from="bounce.example.com", region="us-east-1"
    )
    account.publish(records)
    assert statuses(list(survey(account.world, project, HERE)))[3] is DONE
    for record in records[:2]:
        account.dns_server.remove(record.name, record.type)
        account.dns_server.add(record.name, record.type, "elsewhere.dkim.amazonses.com")
    save(project, tmp_path / "ses-wizard.yaml")
    assert run(account.world, tmp_path / "ses-wizard.yaml") == ExitCode.NO
    line = capsys.readouterr().out.splitlines()[5]
    assert line == (
        "4  dns         attention  2 records wrong. SES still shows the domain as verified; mail will fail "
        "when it re-checks."
    )


def test_the_file_is_not_believed(account: Demo) -> None:
    """AWS and DNS are the truth: old evidence does not make a step done, it makes what is gone known."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    project = PROJECT.seen_done("identity", "was there", now).seen_done("production", "was granted", now)
    project = replace(project, production=Production(granted=now))
    standings = list(survey(account.world, project, HERE))
    assert statuses(standings) == [DONE, DONE, ATTENTION, TODO, TODO, ATTENTION]
    assert standings[2].words.startswith("SES no longer has the identity example.com in this Region")
    assert standings[5].words.startswith("production access, seen on 2")
    assert standings[5].words.endswith("is gone: check the Region in step 1")


def test_a_refusal_is_to_be_remembered(account: Demo) -> None:
    told: list[tuple[Project, Project]] = []
    sesv2.put_account_details(
        account.world.aws,
        sesv2.account_details(
            mail_type="MARKETING", website="https://example.com", contacts=(), language="EN"
        ),
    )
    account.answer_review(granted=False)
    list(survey(account.world, PROJECT, HERE, noted=lambda before, after: told.append((before, after))))
    ((before, after),) = told
    assert before.production.refused is None
    assert after.production.refused is not None
    assert after.production.refused.words.startswith("case 17")
    list(survey(account.world, after, HERE, noted=lambda *_: told.append((after, after))))
    assert len(told) == 1, "what is known is not noted again"


def test_another_account_is_not_looked_into(account: Demo) -> None:
    project = Project(domain=Domain("example.com"), account=Account(id="999999999999"))
    standings = list(survey(account.world, project, HERE))
    assert statuses(standings) == [ATTENTION, TODO, TODO, TODO, TODO, TODO]
    assert "999999999999" in standings[2].words


def test_a_missing_permission_leaves_the_other_steps_alone(account: Demo) -> None:
    world = account.world.choose(None, "us-east-1")
    refuse(world.aws, "cloudformation", "DescribeStacks", "AccessDenied")
    standings = list(survey(world, PROJECT, HERE))
    assert statuses(standings) == [DONE, DONE, TODO, TODO, ATTENTION, TODO]
    assert standings[4].words == "The permission cloudformation:DescribeStacks is missing"


def test_a_domain_of_others_in_the_file(account: Demo) -> None:
    standings = list(survey(account.world, Project(domain=Domain("gmail.com")), HERE))
    assert standings[1] == StepState(StepName.DOMAIN, ATTENTION, "gmail.com is not your own domain")


def test_credentials_that_expire_on_the_way(account: Demo) -> None:
    world = account.world.choose(None, "us-east-1")
    refuse(world.aws, "sesv2", "GetEmailIdentity", "ExpiredTokenException")
    seen: list[StepState] = []
    with pytest.raises(WizardError, match="has expired") as raised:
        seen.extend(survey(world, PROJECT, HERE))
    assert raised.value.exit_code is ExitCode.OUTSIDE


def run(world: World, path: Path, *options: str) -> int:
    return status.run(argparse.Namespace(file=path, json="--json" in options), world)


def test_status_for_people(account: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ses-wizard.yaml"
    save(PROJECT, path)
    assert run(account.world, path) == ExitCode.NO
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "example.com · account 123456789012 · us-east-1"
    assert lines[2:4] == [
        "1  account     done       account 123456789012 in us-east-1, in the sandbox",
        "2  domain      done       example.com, DNS at Namecheap",
    ]
    assert len(lines) == 8


def test_status_for_programs(account: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ses-wizard.yaml"
    save(PROJECT, path)
    assert run(account.world, path, "--json") == ExitCode.NO
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert (printed.out.count("\n"), printed.err) == (1, "")
    assert [result[key] for key in ("schema", "domain", "account", "region")] == [
        1,
        "example.com",
        "123456789012",
        "us-east-1",
    ]
    assert [step["step"] for step in result["steps"]] == list(StepName)
    assert result["steps"][1] == {
        "step": "domain",
        "status": "done",
        "words": "example.com, DNS at Namecheap",
        "as_of": None,
    }
    assert result["error"] is None


def test_status_when_all_is_done(
    account: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = [StepState(step, DONE, "fine") for step in StepName]
    monkeypatch.setattr(status, "survey", lambda *_: iter(done))
    save(Project(), tmp_path / "ses-wizard.yaml")
    assert run(account.world, tmp_path / "ses-wizard.yaml") == ExitCode.OK
    assert capsys.readouterr().out.startswith("no domain yet")


def test_status_of_a_file_that_is_not_valid(account: Demo, tmp_path: Path) -> None:
    path = tmp_path / "ses-wizard.yaml"
    path.write_text("schema: 1\ndomain: [\n")
    with pytest.raises(WizardError) as raised:
        run(account.world, path)
    assert raised.value.exit_code is ExitCode.USAGE


def known(account: Demo) -> Project:
    """A set-up whose identity is made, with the states that a look on 12 November left."""
    project = identity.act(account.world, PROJECT, "bounce.example.com", lambda _: None)
    on = datetime(2026, 11, 12, 9, tzinfo=UTC)
    for step, found, words in (
        (StepName.ACCOUNT, DONE, "account 123456789012 in us-east-1, in the sandbox"),
        (StepName.DNS, DONE, "SES has verified the domain, DKIM and MAIL FROM"),
        (StepName.PRODUCTION, WAITING, "AWS reviews the request, usually about a day"),
    ):
        project = remembered(project, StepState(step, found, words), on)
    return project


def signed_out(account: Demo) -> World:
    """The demo's DNS, and no credentials for AWS."""
    return World(aws=AwsAccess(region="us-east-1"), dns=account.world.dns, now=account.world.now)


def test_without_credentials_status_shows_what_was_last_known_and_when(
    account: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = known(account)
    account.publish(
        wanted_records(
            "example.com",
            tokens=project.identity.dkim_tokens,
            mail_from="bounce.example.com",
            region="us-east-1",
        )
    )
    save(project, tmp_path / "ses-wizard.yaml")
    with pytest.raises(WizardError, match="No AWS credentials") as raised:
        run(signed_out(account), tmp_path / "ses-wizard.yaml")
    assert raised.value.exit_code is ExitCode.OUTSIDE
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "AWS could not be asked. This is what was last known, with its date."
    assert lines[6] == (
        "4  dns         last known: done, 12 Nov 2026     SES has verified the domain, DKIM and MAIL FROM"
    )
    assert lines[7] == "5  reminder    not known"
    assert lines[8].startswith("6  production  last known: waiting, 12 Nov 2026  AWS reviews")
    with pytest.raises(WizardError):
        run(signed_out(account), tmp_path / "ses-wizard.yaml", "--json")
    result = json.loads(capsys.readouterr().out)
    assert result["steps"][3]["as_of"] == "2026-11-12T09:00:00+00:00"
    assert result["error"]["fix"].startswith("Run `aws configure`")


def test_a_record_that_is_wrong_now_is_told_without_credentials_too(
    account: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(known(account), tmp_path / "ses-wizard.yaml")
    with pytest.raises(WizardError):
        run(signed_out(account), tmp_path / "ses-wizard.yaml")
    line = capsys.readouterr().out.splitlines()[6]
    assert line.split("  ")[1] == "dns"
    assert "last known" not in line
    assert line.endswith(". SES could not be asked.")
    assert "records missing" in line


def test_credentials_that_expire_on_the_way_leave_the_rest_as_last_known(
    account: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = account.world.choose(None, "us-east-1")
    save(known(account), tmp_path / "ses-wizard.yaml")
    refuse(world.aws, "sesv2", "GetEmailIdentity", "ExpiredTokenException")
    with pytest.raises(WizardError, match="has expired"):
        run(world, tmp_path / "ses-wizard.yaml")
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].split()[2] == "done"
    assert "last known: done, 12 Nov 2026" in lines[6]


def test_what_was_seen_is_dated_once_a_day() -> None:
    morning = datetime(2026, 11, 12, 9, tzinfo=UTC)
    standing = StepState(StepName.DNS, ATTENTION, "1 record wrong")
    project = remembered(PROJECT, standing, morning)
    assert project.progress[StepName.DNS].at == morning
    assert not project.done("dns")
    assert last_known(project)[StepName.DNS] == dataclasses.replace(standing, as_of=morning)
    assert remembered(project, standing, morning + timedelta(hours=3)) is project
    assert remembered(project, standing, morning + timedelta(days=1)).progress[StepName.DNS].at > morning
    assert (
        remembered(project, StepState(StepName.DNS, TODO, "not begun"), morning).progress[StepName.DNS].status
        == "todo"
    )
