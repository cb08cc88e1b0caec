"""Step 1 against the embedded account, and what the AWS environment says."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.engine.refusal import refuse
from wizard.aws.access import AwsAccess
from wizard.demo import Demo
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Account, Domain, Identity, Observation, Production, Project, Sandbox
from wizard.steps.account import regions as account_regions
from wizard.steps.account import step
from wizard.steps.account.regions import RegionState
from wizard.steps.model import Status, StepName
from wizard.world import World


def test_look_judge_act(account: Demo) -> None:
    seen = step.look(account.world)
    assert (seen.account_id, seen.region, seen.sandbox) == ("123456789012", "us-east-1", True)
    assert seen.caller_arn.startswith("arn:aws:")
    assert (seen.ses.max_24_hour_send, seen.ses.max_send_rate) == (200, 1)
    standing = step.judge(seen, Project())
    assert standing.status is Status.DONE
    assert standing.words == "account 123456789012 in us-east-1, in the sandbox"

    decided = step.act(account.world, Project(), seen)
    assert decided.account == Account(None, "us-east-1", "123456789012")
    assert decided.progress[StepName.ACCOUNT].words == standing.words
    assert step.act(account.world, decided, step.look(account.world)).account == decided.account


def test_another_account_is_not_taken(account: Demo) -> None:
    project = Project(account=Account(id="999999999999"))
    seen = step.look(account.world)
    standing = step.judge(seen, project)
    assert standing.status is Status.ATTENTION
    assert "999999999999" in standing.words
    with pytest.raises(WizardError, match="another AWS account"):
        step.act(account.world, project, seen)


def test_another_account_is_taken_knowingly(account: Demo) -> None:
    """What the user decided stays; nothing is left of what was seen in the other account."""
    now = account.world.now()
    project = Project(
        account=Account(id="999999999999", region="us-east-1"),
        domain=Domain("example.com"),
        identity=Identity(mail_from="bounce.example.com", dkim_tokens=("a", "b", "c"), signing_zone="x.com"),
        sandbox=Sandbox(address="me@example.net", sent=Observation(now, "to me@example.net"), passed=True),
        production=Production("MARKETING", asked=now),
    )
    for done in ("account", "domain", "identity"):
        project = project.seen_done(done, "seen there", now)
    seen = step.look(account.world)
    assert set(step.judge(seen, project).holds) == set(StepName) - {StepName.ACCOUNT}
    taken = step.act(account.world, project, seen, take_another=True)
    assert taken.account.id == "123456789012"
    assert (taken.domain, taken.identity) == (Domain("example.com"), Identity(mail_from="bounce.example.com"))
    assert taken.sandbox == Sandbox(address="me@example.net")
    assert taken.production == Production("MARKETING")
    assert list(taken.progress) == ["account"]
    assert taken.progress[StepName.ACCOUNT].words == "account 123456789012 in us-east-1, in the sandbox"
    assert step.judge(seen, taken).holds == ()


SENDING = {StepName.REMINDER, StepName.PRODUCTION}


@pytest.mark.parametrize(
    ("enforcement", "enabled", "words", "holds"),
    [
        ("SHUTDOWN", False, "shut SES down", SENDING),
        ("PROBATION", True, "under review", {StepName.PRODUCTION}),
        ("HEALTHY", False, "sending is paused", SENDING),
        ("PAUSED_\x1b[31m", True, r"PAUSED_\x1b", {StepName.PRODUCTION}),
    ],
)
def test_account_that_may_not_send(
    account: Demo, enforcement: str, enabled: bool, words: str, holds: set[StepName]
) -> None:
    ses = account.account.ses("us-east-1")
    ses.enforcement, ses.sending_enabled = enforcement, enabled
    seen = step.look(account.world)
    standing = step.judge(seen, Project())
    assert standing.status is Status.ATTENTION
    assert words in standing.words
    assert set(standing.holds) == holds
    before = Project().seen_done("account", "was fine", account.world.now())
    assert "account" not in step.act(account.world, before, seen).progress


def test_production_access_is_said(account: Demo) -> None:
    account.account.ses("us-east-1").production = True
    assert step.judge(step.look(account.world), Project()).words.endswith("production access")


def test_each_region_stands_for_itself(account: Demo) -> None:
    account.account.ses("us-east-1").production = True
    seen = step.look(account.world.choose(None, "eu-west-1"))
    assert (seen.region, seen.sandbox) == ("eu-west-1", True)


def test_another_region_takes_the_evidence_of_the_old_one_away(account: Demo) -> None:
    now = account.world.now()
    before = step.act(account.world, Project(domain=Domain("example.com")), step.look(account.world))
    before = before.seen_done("domain", "d", now).seen_done("identity", "i", now)
    before = replace(
        before,
        identity=Identity(mail_from="bounce.example.com", dkim_tokens=("a", "b", "c"), signing_zone="x.com"),
        sandbox=Sandbox(asked=now),
        production=Production(
            "MARKETING", asked=now, refused=Observation(at=now, words="case 17"), put_off=now
        ),
    )
    there = account.world.choose(None, "eu-west-1")
    after = step.act(there, before, step.look(there))
    assert set(after.progress) == {"account", "domain"}
    assert after.account.region == "eu-west-1"
    assert after.identity == Identity(mail_from="bounce.example.com"), "each Region has keys of its own"
    assert after.sandbox == Sandbox(), "addresses are verified in one Region"
    assert after.production == Production(mail_type="MARKETING"), "AWS decides for one Region"


def test_choices_of_the_embedded_account(account: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    choices = step.choices(account.world)
    assert (choices.profiles, choices.profile, choices.region) == ((), None, "us-east-1")
    assert {"us-east-1", "eu-central-1"} <= set(choices.regions)


@pytest.fixture
def aws_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's AWS files: three profiles."""
    (tmp_path / "config").write_text(
        "[default]\nregion = us-west-2\n[profile work]\nregion = eu-central-1\n[profile bare]\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.mark.usefixtures("aws_files")
@pytest.mark.parametrize(
    ("said", "environment", "profile", "region"),
    [
        (AwsAccess(), {}, None, "us-west-2"),
        (AwsAccess(profile="work"), {}, "work", "eu-central-1"),
        (AwsAccess(profile="bare"), {}, "bare", None),
        (AwsAccess(profile="gone"), {}, "gone", None),
        (AwsAccess(), {"AWS_PROFILE": "gone"}, "gone", None),
        (AwsAccess(), {"AWS_PROFILE": "work"}, "work", "eu-central-1"),
        (AwsAccess(profile="work"), {"AWS_PROFILE": "bare"}, "work", "eu-central-1"),
        (AwsAccess(), {"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIA1"}, None, "eu-central-1"),
        (AwsAccess(profile="work"), {"AWS_ACCESS_KEY_ID": "AKIA1"}, "work", "eu-central-1"),
        (AwsAccess(), {"AWS_DEFAULT_REGION": "eu-west-3"}, None, "eu-west-3"),
        (AwsAccess(), {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-3"}, None, "eu-west-1"),
        (AwsAccess(profile="work"), {"AWS_REGION": "eu-west-1"}, "work", "eu-west-1"),
        (AwsAccess(region="ca-central-1"), {"AWS_REGION": "eu-west-1"}, None, "ca-central-1"),
    ],
)
def test_what_the_environment_says_is_preselected(
    said: AwsAccess,
    environment: dict[str, str],
    profile: str | None,
    region: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    choices = step.choices(World(aws=said))
    assert choices.profiles == ("default", "work", "bare")
    assert (choices.profile, choices.region) == (profile, region)
    if profile != "gone":
        assert said.region_in_use() == region, "what is shown is what is used"


def test_no_region_is_said_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(WizardError, match="No AWS Region is chosen") as raised:
        step.look(World(aws=AwsAccess()))
    assert raised.value.exit_code is ExitCode.OUTSIDE


def test_try_again_after_credentials_were_fixed(
    account: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same process, the same world: only the credentials file changes in between."""
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.account.endpoint_url)
    world = World(aws=AwsAccess(profile="work", region="us-east-1"))
    with pytest.raises(WizardError, match="There is no AWS profile work"):
        step.look(world)
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = AKIA1\n")
    with pytest.raises(WizardError, match="incomplete"):
        step.look(world.choose("work", "us-east-1"))
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = AKIA1\naws_secret_access_key = x\n")
    assert step.look(world.choose("work", "us-east-1")).account_id == "123456789012"


def test_how_the_credentials_come_and_where_they_lead(
    account: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(
        "[profile work]\naws_access_key_id = AKIA1\naws_secret_access_key = x\nregion = us-east-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.account.endpoint_url)
    seen = step.look(World(aws=AwsAccess(profile="work")))
    assert seen.how == "profile work: keys in AWS's files"
    assert seen.endpoints == (("AWS_ENDPOINT_URL", account.account.endpoint_url),)
    own = step.look(account.world)
    assert (own.how, own.endpoints) == ("", ()), "nothing of the user's environment is the demo's"


def test_region_that_is_not_switched_on_is_told_from_wrong_credentials(account: Demo) -> None:
    there = account.world.choose(None, "af-south-1")
    refuse(there.aws, "sts", "GetCallerIdentity", "InvalidClientTokenId")
    with pytest.raises(WizardError, match="The Region af-south-1 is not switched on"):
        step.look(there)
    refuse(there.aws, "sts", "GetCallerIdentity", "InvalidClientTokenId", region="us-east-1")
    with pytest.raises(WizardError, match="AWS does not know these credentials"):
        step.look(there)


def test_every_region_is_asked_and_one_that_fails_spoils_nothing(account: Demo) -> None:
    from botocore.exceptions import EndpointConnectionError

    aws = account.world.aws
    account.account.ses("eu-west-1").production = True
    account.account.ses("eu-west-2").sending_enabled = False
    aws.client("sesv2", "eu-central-1").create_email_identity(EmailIdentity="example.com")
    refuse(aws, "sesv2", "GetAccount", "UnrecognizedClientException", region="af-south-1")
    refuse(aws, "sesv2", "GetAccount", "AccessDeniedException", "an explicit deny", region="us-west-1")

    def no_network(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://email.us-east-2.amazonaws.com")

    silent = aws.client("sesv2", "us-east-2", brief=True)
    silent.meta.events.register("before-call.sesv2.GetAccount", no_network)
    seen = step.look(account.world)
    regions = step.choices(account.world).regions
    found = list(account_regions.ask_all(account.world, seen, regions, "example.com"))
    by_name = {region.region: region for region in found}
    assert set(regions) - set(by_name) == {"us-gov-east-1", "us-gov-west-1", "eusc-de-east-1"}, (
        "other partitions have accounts of their own"
    )
    assert {name: by_name[name].state for name in ("us-east-1", "eu-west-1", "eu-west-2")} == {
        "us-east-1": RegionState.SANDBOX,
        "eu-west-1": RegionState.PRODUCTION,
        "eu-west-2": RegionState.STOPPED,
    }
    assert by_name["us-east-1"].words == "0 of 200 in 24 h"
    assert by_name["eu-west-2"].words == "sending is paused"
    assert {name: by_name[name].state for name in ("af-south-1", "us-west-1", "us-east-2")} == {
        "af-south-1": RegionState.OFF,
        "us-west-1": RegionState.CLOSED,
        "us-east-2": RegionState.SILENT,
    }
    assert account_regions.worth_knowing("us-east-1", found, "example.com") == (
        "example.com is set up in SES of eu-central-1 (not verified yet), not in us-east-1. "
        "To go on with it, choose that Region.",
        "SES is out of the sandbox in eu-west-1, not in us-east-1.",
    )
    assert account_regions.worth_knowing("eu-central-1", found, "example.com") == (
        "SES is out of the sandbox in eu-west-1, not in eu-central-1.",
    )
    assert account_regions.worth_knowing("eu-west-1", found, None) == ()


def test_without_region_and_credentials_the_credentials_come_first() -> None:
    with pytest.raises(WizardError, match="No AWS credentials were found") as raised:
        step.look(World(aws=AwsAccess()))
    assert "https://aws.amazon.com/cli/" in raised.value.todo
    assert raised.value.exit_code is ExitCode.OUTSIDE
