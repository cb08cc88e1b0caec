"""The demo's stories: each shows the state that it is named after, found by looking as everywhere."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec import structs

from tests.engine.demo.other_states import OTHER_STATES
from wizard import demo
from wizard.aws import sesv2
from wizard.aws.iam import Decision
from wizard.cli import main as cli
from wizard.cli import start
from wizard.demo import Demo
from wizard.demo.as_left import as_left
from wizard.demo.aws.iam.entrance import Entrance
from wizard.demo.computer import CODE
from wizard.demo.stories import setting
from wizard.demo.stories.stories import STORIES, Story, named
from wizard.errors import CodeNeededError, ExitCode, SignInNeededError, WizardError
from wizard.project.schema import Domain, Project, load, save
from wizard.steps.account import health as account_health
from wizard.steps.account import permissions
from wizard.steps.account import regions as account_regions
from wizard.steps.account import step as account
from wizard.steps.domain import in_use
from wizard.steps.domain import step as domain
from wizard.steps.identity import step as identity
from wizard.steps.model import Status, StepName
from wizard.steps.production import readiness, sandbox
from wizard.steps.production import step as production
from wizard.steps.production.sandbox import AddressState
from wizard.steps.reminder import step as reminder
from wizard.steps.survey import survey
from wizard.world import World

FILE = "ses-wizard-demo.yaml"
DONE = {StepName.ACCOUNT, StepName.DOMAIN, StepName.IDENTITY, StepName.DNS}

NOT_SIGNED_IN = {
    "no-credentials": ("No AWS credentials were found", "Run `aws configure`"),
    "profile-unknown": ("There is no AWS profile wrok", "Choose another profile"),
    "half-credentials": ("The AWS credentials are incomplete", "Choose a profile instead, or set `AWS_SEC"),
    "sso-expired": ("The AWS single sign-on has expired", "Run `aws sso login`"),
    "mfa": ("A code from your MFA device is needed", "Enter the code"),
}
"""What ends the look at the account, and what fixes it."""

STANDINGS = {
    "first-time": (set(), StepName.ACCOUNT, Status.DONE, "account 123456789012 in us-east-1, in the sandbox"),
    "assumed-role": (set(), StepName.ACCOUNT, Status.DONE, "account 123456789012"),
    "other-account": (set(), StepName.ACCOUNT, Status.ATTENTION, "was made in account 210987654321"),
    "other-region": ({StepName.DOMAIN}, StepName.IDENTITY, Status.ATTENTION, "in us-east-1 (verified)"),
    "no-permissions": (DONE, StepName.REMINDER, Status.ATTENTION, "cloudformation:DescribeStacks is missing"),
    "permissions-unknown": (set(), StepName.ACCOUNT, Status.DONE, "account 123456789012"),
    "scp": (set(), StepName.ACCOUNT, Status.DONE, "account 123456789012"),
    "paused": (DONE, StepName.ACCOUNT, Status.ATTENTION, "sending is paused"),
    "probation": (DONE, StepName.ACCOUNT, Status.ATTENTION, "under review"),
    "shutdown": (DONE, StepName.ACCOUNT, Status.ATTENTION, "AWS has shut SES down"),
    "quota": (DONE, StepName.ACCOUNT, Status.DONE, "account 123456789012"),
    "unregistered": (set(), StepName.DOMAIN, Status.ATTENTION, "example-not-yet.com is not registered"),
    "registering": (set(), StepName.DOMAIN, Status.WAITING, "example-not-yet.com is being registered"),
    "in-use": (set(), StepName.DOMAIN, Status.TODO, "comes after the domain is chosen"),
    "dns-wrong": (DONE - {StepName.DNS}, StepName.DNS, Status.ATTENTION, "1 record wrong"),
    "dns-ready": (DONE, StepName.REMINDER, Status.TODO, "nothing is set up yet"),
    "link-expired": (DONE | {StepName.REMINDER}, StepName.PRODUCTION, Status.TODO, "not requested yet"),
    "sandbox": (DONE | {StepName.REMINDER}, StepName.PRODUCTION, Status.TODO, "not requested yet"),
    "pending": (DONE | {StepName.REMINDER}, StepName.PRODUCTION, Status.WAITING, "AWS reviews the request"),
    "granting": (DONE | {StepName.REMINDER}, StepName.PRODUCTION, Status.WAITING, "is opening the Region"),
    "granted": (DONE | {StepName.REMINDER}, StepName.PRODUCTION, Status.DONE, "up to 50,000 recipients"),
    "denied": (DONE | {StepName.REMINDER}, StepName.PRODUCTION, Status.ATTENTION, "AWS said no"),
    "failed": (DONE | {StepName.REMINDER}, StepName.PRODUCTION, Status.ATTENTION, "send it again"),
}
"""Which steps are done, and how the one stands that the story is about."""
LATE = ("sandbox", "pending", "granting", "failed", "denied", "granted")
"""Those that begin with everything done within the sandbox."""


STATES = {story.name: story for story in (*STORIES, *OTHER_STATES)}


@contextmanager
def told(name: str, folder: Path) -> Iterator[tuple[Demo, World, Project]]:
    """The story of this name, begun in ``folder``: the demo, the world as the wizard opens it, the file."""
    story, file = STATES[name], folder / FILE
    with demo.start(None, story=story) as running:
        setting.set_up(running, story, file)
        project = load(file)
        chosen = project.account
        yield (
            running,
            running.world.choose(chosen.profile, chosen.region or running.world.aws.region),
            project,
        )


def test_status_of_a_kept_story_agrees_with_the_wizard(tmp_path: Path) -> None:
    story, file, state = named("no-permissions"), tmp_path / FILE, tmp_path / "demo.account"
    with demo.start(state, story=story) as running:
        setting.set_up(running, story, file)
        project = load(file)
        shown = [(one.step, one.status, one.words) for one in survey(running.world, project, tmp_path)]
    with as_left(state, "us-east-1") as world:
        told_later = [(one.step, one.status, one.words) for one in survey(world, project, tmp_path)]
    assert told_later == shown
    assert (StepName.REMINDER, Status.ATTENTION) in [one[:2] for one in shown]


def test_every_story_is_looked_at_here() -> None:
    assert {*NOT_SIGNED_IN, *STANDINGS} == STATES.keys()
    assert {*LATE} == {story.name for story in STATES.values() if story.reached is StepName.PRODUCTION}


@pytest.mark.parametrize("name", NOT_SIGNED_IN)
def test_story_of_a_sign_in_that_does_not_work(name: str, tmp_path: Path) -> None:
    title, todo = NOT_SIGNED_IN[name]
    with told(name, tmp_path) as (_, world, project):
        with pytest.raises(WizardError) as raised:
            list(survey(world, project, tmp_path))
        assert raised.value.title == title
        assert todo in raised.value.todo
        assert raised.value.exit_code is ExitCode.OUTSIDE
        if fixed := MENDED.get(name):
            seen = account.look(fixed(world, raised.value))
            assert (seen.account_id, seen.region) == ("123456789012", "us-east-1")


def test_every_service_refuses_in_its_own_protocol(tmp_path: Path) -> None:
    answers = {}
    with told("first-time", tmp_path) as (running, world, _project):
        running.account.kept.entrance = Entrance(allowed=())
        for service, operation in (
            ("sesv2", "get_account"),
            ("route53", "list_hosted_zones"),
            ("iam", "list_roles"),
            ("dynamodb", "list_tables"),
            ("sqs", "list_queues"),
            ("scheduler", "list_schedules"),
        ):
            with pytest.raises(ClientError) as raised:
                getattr(world.aws.client(service), operation)()
            assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
            assert raised.value.response["Error"]["Message"].startswith(
                "User: arn:aws:iam::123456789012:user/demo"
            )
            answers[service] = raised.value.response["Error"]["Code"]
    assert answers == {
        "sesv2": "AccessDeniedException",
        "route53": "AccessDenied",
        "iam": "AccessDenied",
        "dynamodb": "AccessDeniedException",
        "sqs": "AccessDeniedException",
        "scheduler": "AccessDeniedException",
    }


def _by_another_profile(world: World, error: WizardError) -> World:
    return world.choose("work", "us-east-1")


def _by_signing_in(world: World, error: WizardError) -> World:
    assert isinstance(error, SignInNeededError)
    said = subprocess.run(error.command, check=True, capture_output=True, text=True).stdout
    assert "the demo's own aws command" in said
    return world.choose(None, None)


def _by_a_code(world: World, error: WizardError) -> World:
    assert isinstance(error, CodeNeededError)
    world.aws.take_code("000000")
    with pytest.raises(CodeNeededError, match="AWS did not accept the code"):
        account.look(world.choose(None, None))
    world.aws.take_code(CODE)
    return world.choose(None, None)


MENDED = {
    "profile-unknown": _by_another_profile,
    "half-credentials": _by_another_profile,
    "sso-expired": _by_signing_in,
    "mfa": _by_a_code,
}
"""What one does about it."""


@pytest.mark.parametrize("name", sorted(STANDINGS.keys() - LATE))
def test_story_of_a_set_up(name: str, tmp_path: Path) -> None:
    with told(name, tmp_path) as (running, world, project):
        shows(name, world, project, tmp_path)
        if more := MORE.get(name):
            more(running, world, project)


def test_stories_of_the_way_out_of_the_sandbox(tmp_path: Path) -> None:
    """They differ in what AWS says to the request alone: the steps before it are taken once."""
    with told("sandbox", tmp_path) as (running, world, ready):
        shows("sandbox", world, ready, tmp_path)
        received = {mail.recipient for mail in running.inbox()}
        assert received == {"you@example.com", "you@example.net", "ana@example.net"}
        evidence = readiness.look(world, ready, production.look(world, ready))
        assert [point.words for point in readiness.judge(ready, evidence) if not point.ready] == []
        assert ready.sandbox.passed
        running.account.pace = demo.AT_ONCE
        for name in LATE[1:]:
            running.ses(ready).review, running.ses(ready).production = None, False
            shows(name, world, STATES[name].turn(running, ready), tmp_path)
            if name == "denied":
                running.answer_review(granted=True)
                shows("granted", world, ready, tmp_path)
        assert LATE[-1] == "granted"
        assert reminder.look(world, ready, tmp_path).spare == ("ana@example.net",)


def shows(name: str, world: World, project: Project, base: Path) -> None:
    """Let the looks at all steps find what the story is about."""
    done, step, status, words = STANDINGS[name]
    standings = {standing.step: standing for standing in survey(world, project, base)}
    assert done <= {one for one, standing in standings.items() if standing.status is Status.DONE} | {step}
    assert standings[step].status is status
    assert words in standings[step].words


def _assumed_role(running: Demo, world: World, project: Project) -> None:
    seen = account.look(world)
    assert seen.how == "profile default: role Admin, assumed by profile keys: keys in AWS's files"
    assert seen.caller_arn.startswith("arn:aws:sts::123456789012:assumed-role/Admin/")
    assert seen.endpoints == (), "the demo's own wires are not the user's doing"
    assert seen.command.endswith(running.account.endpoint_url), "commands that a page proposes lead there"
    assert permissions.look(world, project, seen).missing == ()


AWS = """\
#!{python}
import argparse
from botocore.session import Session

parser = argparse.ArgumentParser()
parser.add_argument("--endpoint-url")
parser.add_argument("service")
parser.add_argument("operation", choices=["put-account-sending-attributes"])
parser.add_argument("--sending-enabled", action="store_true")
parser.add_argument("--region")
args = parser.parse_args()
client = Session().create_client(args.service, args.region, endpoint_url=args.endpoint_url)
client.put_account_sending_attributes(SendingEnabled=args.sending_enabled)
"""
"""The AWS CLI, as far as a story proposes it: like the real one it finds its keys by botocore."""


def _paused(running: Demo, world: World, project: Project) -> None:
    """The proposed command works as printed, in a terminal of the user's with whatever is set there."""
    trouble = account.look(world).trouble
    assert trouble is not None
    own = {"AWS_PROFILE": "not-there", "AWS_SESSION_TOKEN": "of another session"}
    with TemporaryDirectory() as folder:
        aws = Path(folder, "aws")
        aws.write_text(AWS.format(python=sys.executable))
        aws.chmod(0o755)
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, **own, "PATH": path}
        subprocess.run(trouble.command, shell=True, check=True, env=env, timeout=30)
    assert account.look(world).trouble is None


def _other_region(running: Demo, world: World, project: Project) -> None:
    seen = account.look(world)
    regions = list(account_regions.ask_all(world, seen, ("eu-central-1", "us-east-1"), "example.com"))
    assert account_regions.worth_knowing("eu-central-1", regions, "example.com") == (
        "example.com is set up in SES of us-east-1 (verified), not in eu-central-1. To go on with it, choose "
        "that Region.",
        "SES is out of the sandbox in us-east-1, not in eu-central-1.",
    )
    known = identity.look_elsewhere(world, identity.look(world, project))
    assert known.elsewhere == ("us-east-1 (verified)",)
    assert (
        "a second one: us-east-1 (verified) already has it"
        in identity.plan(project, known, "b").changes[0].detail
    )


def _no_permissions(running: Demo, world: World, project: Project) -> None:
    missing = permissions.look(world, project, account.look(world)).missing
    assert {one.step for one in missing} == {StepName.REMINDER}
    assert {one.verdict for one in missing} == {Decision.NOT_ALLOWED}
    standing = [one for one in survey(world, project, Path()) if one.step is StepName.ACCOUNT][-1]
    assert standing.status is Status.DONE
    assert "permissions are missing (step 1, F7)" in standing.words
    assert world.stage
    assert world.stage.remedy == "has an administrator allow what is missing"
    world.stage.fix()
    assert permissions.look(world, project, account.look(world)).missing == ()
    standings = {one.step: one for one in survey(world, project, Path())}
    assert standings[StepName.REMINDER].words == "nothing is set up yet"


def _scp(running: Demo, world: World, project: Project) -> None:
    missing = permissions.look(world, project, account.look(world)).missing
    assert {one.verdict for one in missing} == {Decision.ORGANISATION}
    assert "ses:PutAccountDetails" in {one.action for one in missing}
    with pytest.raises(WizardError, match="The organisation forbids ses:PutAccountDetails"):
        sesv2.put_account_details(
            world.aws,
            sesv2.account_details(
                mail_type="TRANSACTIONAL", website="https://example.com", contacts=(), language="EN"
            ),
        )


def _in_use(running: Demo, world: World, project: Project) -> None:
    name = domain.parse_name("example.com")
    seen = in_use.look(world, name, domain.look(world, name).zone)
    assert seen is not None
    said = " ".join(remark.words for remark in in_use.remarks(seen))
    assert "Google" in said
    assert "quarantine" in said


def test_keys_of_a_sign_in_last_an_hour_by_every_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from time import tzset

    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Kiritimati")
        tzset()
        with told("sso-expired", tmp_path) as (_, world, _project):
            subprocess.run(["aws", "sso", "login"], check=True, capture_output=True)
            keys: Any = world.choose(None, None).aws.session().get_credentials()
            keys.get_frozen_credentials()
            assert not keys.refresh_needed(refresh_in=3000)
    tzset()


def test_nothing_of_the_users_own_is_read_or_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEUSERSOWN000")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    before = dict(os.environ)
    with told("assumed-role", tmp_path) as (_, world, _project):
        assert "AWS_SESSION_TOKEN" not in os.environ
        assert account.look(world).account_id == "123456789012"
    assert dict(os.environ) == before


@dataclass
class Opening:
    """The command line up to where the wizard opens: what it would be opened with."""

    folder: Path
    args: argparse.Namespace = field(default_factory=argparse.Namespace)
    story: Story | None = None
    said: list[str] = field(default_factory=list)
    begun: Project = field(default_factory=Project)

    def project(self, *arguments: str) -> Project:
        """The file once the world is there, for ``ses-wizard demo`` with ``arguments``."""
        assert cli.run(["demo", *arguments]) == ExitCode.OK
        return self.begun

    @property
    def files(self) -> set[str]:
        return {file.name for file in self.folder.iterdir()}

    def open(
        self, args: argparse.Namespace, boot: start.Maker, start_over: start.Maker, story: Story | None
    ) -> int:
        self.args, self.story = args, story
        with ExitStack() as stack:
            boot(stack, self.said.append).aws.client("sts").get_caller_identity()
            self.begun = load(args.file)
        return ExitCode.OK


@pytest.fixture
def opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opening:
    there = Opening(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(start, "open_wizard", there.open)
    return there


def test_a_story_leaves_no_files_behind(opening: Opening) -> None:
    begun = opening.project("--story", "unregistered")
    assert begun.domain.name == "example-not-yet.com"
    assert opening.said == ["Setting up the story unregistered: account …"]
    assert opening.story == named("unregistered")
    assert opening.files == set()
    assert not opening.args.file.parent.exists()


def test_a_story_is_kept_in_a_file_that_is_named_and_goes_on_there(opening: Opening) -> None:
    kept = ("--story", "unregistered", "--file", "mine.yaml")
    assert opening.project(*kept).domain.name == "example-not-yet.com"
    files = {"mine.yaml", "mine.account"}
    assert opening.files == files
    save(structs.replace(opening.begun, domain=Domain("example.org")), opening.args.file)
    assert opening.project(*kept).domain.name == "example.org"
    assert opening.project(*kept, "--fresh").domain.name == "example-not-yet.com"
    assert opening.project() == Project()
    assert opening.files == {*files, "ses-wizard-demo.account"}


def test_the_users_own_recipients_are_not_written_over(tmp_path: Path) -> None:
    people = tmp_path / "ses-wizard-demo-recipients.csv"
    people.write_text("email,name\nme@example.com,Me\n")
    with told("sandbox", tmp_path):
        assert people.read_text() == "email,name\nme@example.com,Me\n"


def test_setting_up_that_was_cut_short_begins_again(opening: Opening) -> None:
    kept = ("--story", "unregistered", "--file", "mine.yaml")
    opening.project(*kept)
    opening.args.file.unlink()
    assert opening.project(*kept).domain.name == "example-not-yet.com"


def test_demo_that_is_not_installed_says_how_to_install_it(
    opening: Opening, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)
    assert cli.run(["demo"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "needs packages that are not installed: moto." in said
    assert "pip install 'ses-wizard[demo]'" in said


@pytest.mark.parametrize("arguments", [("--story", "unregistered"), ("--fresh",), ()])
def test_file_of_a_real_set_up_is_left_alone(
    arguments: tuple[str, ...], opening: Opening, capsys: pytest.CaptureFixture[str]
) -> None:
    file = opening.folder / "ses-wizard.yaml"
    save(Project(domain=Domain("example.dev")), file)
    before = file.read_bytes()
    assert cli.run(["demo", *arguments, "--file", str(file)]) == ExitCode.USAGE
    assert "is not the demo's" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_readme_has_the_table_of_stories() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    rows = [f"| `{story.name}` | {story.words} |" for story in STORIES]
    assert "\n".join(["| story | what it shows |", "|---|---|", *rows, ""]) in readme


def _permissions_unknown(running: Demo, world: World, project: Project) -> None:
    unknown = permissions.look(world, project, account.look(world)).unknown
    assert unknown == "the permission iam:SimulatePrincipalPolicy is missing"


def _link_expired(running: Demo, world: World, project: Project) -> None:
    assert sandbox.look(world, project).state is AddressState.EXPIRED


def _quota(running: Demo, world: World, project: Project) -> None:
    assert account_health.quota_note(account.look(world).ses).startswith("Only 10 recipients are left")


MORE = {
    "assumed-role": _assumed_role,
    "other-region": _other_region,
    "no-permissions": _no_permissions,
    "paused": _paused,
    "scp": _scp,
    "permissions-unknown": _permissions_unknown,
    "link-expired": _link_expired,
    "quota": _quota,
    "in-use": _in_use,
}
"""What else there is to see in a story."""
