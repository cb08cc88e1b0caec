"""Step 1's page: choosing, looking, fixing, recording."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Button, Select

from tests.screens.conftest import ACCOUNT_ID, Outside, seen_so
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import Stage
from wizard.aws.access import AwsAccess, EmbeddedKeys
from wizard.aws.iam import Decision
from wizard.errors import CodeNeededError, ExitCode, SignInNeededError, WizardError
from wizard.project.schema import Account, Project
from wizard.steps.account import step as account
from wizard.steps.account.permissions import Missing
from wizard.steps.account.regions import RegionReport, RegionState
from wizard.steps.model import StepName

OTHER_ID = "999999999999"
EMBEDDED = AwsAccess(region="us-east-1", keys=EmbeddedKeys("key", "secret"))
EXPIRED = WizardError("Your sign-in has expired", "AWS said no.", "Run `aws sso login`.", ExitCode.OUTSIDE)


def read(page: Opened) -> str:
    """The words on the screen without the frames around them."""
    return " ".join(page.text.translate(str.maketrans("│▌╭╮╰╯─", " " * 7)).split())


@pytest.mark.parametrize("size", SIZES)
async def test_says_who_calls_and_how_ses_stands(
    outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world, size=size) as page:
        await page.press("enter")
        assert page.text == snapshot


async def test_step_mark_is_what_the_page_found(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert "✓ [Account]" in page.text
        await page.pilot.resize_terminal(120, 40)
        await page.shows("▸ 1  Account")
        rows = page.text.splitlines()
        under = next(number for number, row in enumerate(rows) if "▸ 1  Account" in row) + 1
        assert rows[under].split()[:2] == ["✓", "done"]


async def test_demo_ends_what_its_story_has_aws_refuse(outside: Outside, tmp_path: Path) -> None:
    outside.error = WizardError("This computer's clock is wrong: 12 min behind", "AWS refuses.", "Set it.")
    stage = Stage(remedy="sets this computer's clock")
    async with opened(tmp_path, replace(outside.world, stage=stage)) as page:
        await page.press("enter")
        await page.shows("! This computer's clock is wrong")
        assert "Demo: D sets this computer's clock." in page.text
        outside.error = None
        await page.press("d")
        await page.shows("account 123456789012 in us-east-1")
        assert "clock" not in page.text


async def test_help_of_the_demo_is_about_its_own_account(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, replace(outside.world, aws=EMBEDDED, stage=Stage())) as page:
        await page.press("enter")
        await page.press("f1")
        assert "The account is the demo's own" in page.text
        assert "~/.aws" not in page.text


async def test_going_on_records_account_and_region(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        await page.press("enter")
        assert "Which of your domains" in page.text
        assert page.saved.account == Account(region="us-east-1", id=ACCOUNT_ID)
        assert (
            page.saved.progress[StepName.ACCOUNT].words
            == f"account {ACCOUNT_ID} in us-east-1, in the sandbox"
        )


async def test_going_on_before_the_answer_waits_for_it(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.pilot.press("enter", "f3")
        await page.shows("Which of your domains")
        await page.settle()
        assert page.saved.account.id == ACCOUNT_ID


async def test_another_region_is_looked_at_and_used(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        page.app.screen.query_one("#region", Select).focus()
        await page.press("enter")
        await page.press("up", "enter")
        assert outside.asked == [(None, "us-east-1"), (None, "eu-central-1")]
        await page.press("f3")
        assert page.saved.account.region == "eu-central-1"
        state = page.app.state
        assert state is not None
        assert state.world.aws.region == "eu-central-1"
        assert "eu-central-1" in page.text.splitlines()[0]


async def test_region_that_is_only_tried_changes_nothing(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.ACCOUNT)
        page.app.screen.query_one("#region", Select).value = "eu-central-1"
        await page.settle()
        assert f"✓ done  account {ACCOUNT_ID} in eu-central-1" in page.text
        state = page.app.state
        assert state is not None
        assert "eu-central-1" not in state.standings[StepName.ACCOUNT].words


async def test_profile_that_does_not_exist_is_changed_at_once(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the Region too, so neither is chosen yet; and the profile is what is wrong."""
    choices = account.AccountChoices(("work",), ("eu-central-1", "us-east-1"), "wrok", None)
    monkeypatch.setattr(account, "choices", lambda world: choices)
    outside.error = EXPIRED
    outside.region = "us-east-1"
    async with opened(tmp_path, outside.world.choose(None, None)) as page:
        await page.press("enter")
        assert page.app.focused is page.app.screen.query_one("#profile")
        await page.press("f3")
        assert "The other steps need a working AWS connection" in page.text
        outside.error = None
        page.app.screen.query_one("#profile", Select).value = "work"
        await page.settle()
        assert "The other steps need" not in page.text, "AWS has answered"
        assert page.app.screen.query_one("#region", Select).value == "us-east-1"


async def test_missing_region_is_chosen_at_once(outside: Outside, tmp_path: Path) -> None:
    outside.world = outside.world.choose(None, None)
    outside.error = WizardError("No AWS Region is chosen", "Nothing names one.", "Choose one.")
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert "! No AWS Region is chosen" in page.text
        outside.error = None
        await page.press("enter")
        await page.press("down", "enter")
        assert "✓ done" in page.text


async def test_another_profile_is_looked_at(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        page.app.screen.query_one("#profile", Select).value = "work"
        await page.settle()
        assert outside.asked[-1] == ("work", "us-east-1")


async def test_expired_sign_in_can_be_fixed_without_a_restart(
    outside: Outside, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    outside.error = EXPIRED
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert page.text == snapshot
        await page.press("f3")
        assert "Which AWS account" in page.text
        assert "! The other steps need a working AWS connection." in page.text
        assert not page.app.screen.query("Toast")
        assert page.saved.account.id is None
        outside.error = None
        await page.press("f5")
        assert "expired" not in page.text
        assert f"✓ done  account {ACCOUNT_ID} in us-east-1" in page.text


@pytest.mark.parametrize("size", SIZES)
async def test_another_account_stops_and_asks(
    outside: Outside, begun: Project, tmp_path: Path, size: tuple[int, int]
) -> None:
    outside.account_id = OTHER_ID
    world, seen = outside.world, account.look(outside.world)
    outside.standings = {**seen_so(begun), StepName.ACCOUNT: account.judge(seen, begun)}
    async with opened(tmp_path, world, project=begun, size=size) as page:
        await page.go(StepName.DNS)
        assert "This is another AWS account" in page.text
        await page.press("n")
        assert "Which AWS account" in page.text, "no other step's page opens"
        assert "! action required these credentials are of account 999999999999" in page.words
        await page.press("f3")
        assert "This is another AWS account" in page.text, "going on asks again"
        await page.press("enter")
        assert page.saved.account.id == ACCOUNT_ID, "Enter alone takes nothing"


async def test_another_account_that_is_taken_forgets_what_was_seen(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings, outside.account_id = seen_so(begun), OTHER_ID
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.ACCOUNT)
        outside.standings = {}
        await page.press("y")
        await page.until(lambda: page.saved.account.id == OTHER_ID)
        assert not page.saved.done("identity")
        assert page.saved.domain.name == "example.com"
        state = page.app.state
        assert state is not None
        assert not state.another_account
        await page.go(StepName.IDENTITY)
        assert "How is the mail" in page.text


async def test_trouble_with_sending_is_explained_and_holds_the_steps_that_send(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.ses, outside.identity = replace(outside.ses, sending_enabled=False), outside.verified()
    paused = account.judge(account.look(outside.world), begun)
    outside.standings = {**seen_so(begun), StepName.ACCOUNT: paused}
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.ACCOUNT)
        assert "! action required  sending is paused" in page.text
        assert "aws sesv2 put-account-sending-attributes --sending-enabled" in read(page)
        await page.press("c")
        assert page.app.clipboard.endswith("--sending-enabled --region us-east-1")
        await page.go(StepName.PRODUCTION)
        assert "! held" in page.text
        asked = len(outside.asked)
        await page.press("f4")
        assert len(outside.asked) == asked
        assert page.app.screen.query_one("#act", Button).disabled
        await page.go(StepName.IDENTITY)
        assert "! held" not in page.text, "an identity can be made while nothing is sent"


async def test_quota_that_is_used_up_is_said(outside: Outside, tmp_path: Path) -> None:
    outside.ses = replace(outside.ses, sent_last_24_hours=200)
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert "200 of 200 recipients in 24 hours" in page.text
        assert "! The quota is used up" in read(page)


@pytest.mark.parametrize("size", SIZES)
async def test_all_regions_are_shown_and_one_can_be_chosen(
    outside: Outside, begun: Project, tmp_path: Path, size: tuple[int, int]
) -> None:
    outside.standings = seen_so(begun)
    outside.regions = {
        "us-east-1": RegionReport("us-east-1", RegionState.SANDBOX, "0 of 200 in 24 h"),
        "eu-central-1": RegionReport(
            "eu-central-1", RegionState.PRODUCTION, "9 of 50,000 in 24 h", True, "SUCCESS"
        ),
    }
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await page.go(StepName.ACCOUNT)
        assert "2 asked, 1 production, 1 sandbox" in page.text
        await page.pilot.press("pagedown")
        assert "example.com is set up in SES of eu-central-1 (verified), not in us-east-1." in read(page)
        await page.press("f6")
        rows = [row for row in page.text.splitlines() if re.search(r"in 24 h\b", row)]
        assert ["us-east-1" in rows[0], "eu-central-1" in rows[1]] == [True, True]
        assert "✓ production    9 of 50,000 in 24 h      domain here" in rows[1]
        await page.press("down", "enter")
        assert outside.asked[-1] == (None, "eu-central-1")
        await page.press("f6")
        await page.press("escape")
        assert "Which AWS account" in page.text


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_not_allowed_is_shown_with_the_policy_to_save(
    outside: Outside, begun: Project, tmp_path: Path, size: tuple[int, int]
) -> None:
    outside.standings = seen_so(begun)
    why = "Have SES sign the domain's mail."
    outside.missing = (
        Missing("ses:CreateEmailIdentity", StepName.IDENTITY, why, Decision.NOT_ALLOWED),
        Missing("ses:GetEmailIdentity", StepName.IDENTITY, why, Decision.NOT_ALLOWED),
        Missing("ses:PutAccountDetails", StepName.PRODUCTION, "Ask AWS.", Decision.ORGANISATION),
    )
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await page.go(StepName.ACCOUNT)
        assert "! 3 of 100 actions are missing, 1 of them by the organisation" in read(page)
        assert "in the sandbox; 3 of 100 permissions are missing (step 1, F7)" in read(page)
        await page.press("f7")
        assert f"! step 3, Identity {why}" in read(page)
        assert "not allowed: ses:CreateEmailIdentity," in read(page)
        assert page.text.count(why) == 1
        assert "forbidden by the organisation:" in read(page)
        await page.press("s")
        await page.shows("✓ saved: ses-wizard.policy-1.json, ses-wizard.policy-2.json")
        parts = [json.loads((tmp_path / f"ses-wizard.policy-{part}.json").read_text()) for part in (1, 2)]
        names = {one["Sid"] for part in parts for one in part["Statement"]}
        assert {"SetUpIdentity", "StackTables", "AskForProductionAccess"} <= names
        (tmp_path / "ses-wizard.policy-1.json").unlink()
        (tmp_path / "ses-wizard.policy-1.json").mkdir()
        await page.press("s")
        await page.shows("! ")
        assert "could not be written" in read(page)
        await page.press("escape")
        assert "Which AWS account" in page.text


async def test_permissions_that_are_not_known_are_said_to_be(outside: Outside, tmp_path: Path) -> None:
    outside.unknown = "the permission iam:SimulatePrincipalPolicy is missing"
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        assert "? not known: the permission iam:SimulatePrincipalPolicy is missing" in page.words
        await page.press("f7")
        assert "The least policy" in page.text, "the policy is there all the same"


SIGN_IN = SignInNeededError("Over", "It is over.", "Run it.", ("aws", "sso", "login", "--profile", "work"))
CODE = CodeNeededError("A code is needed", "The role asks for one.", "Enter it.", "arn:aws:iam::1:mfa/ana")


async def test_sign_in_runs_awss_own_command_and_goes_on(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Suspending is the terminal driver's; here it is only noted that it was done around the command."""
    outside.error, suspended = SIGN_IN, []

    @contextmanager
    def suspend(_: object) -> Iterator[None]:
        suspended.append("began")
        yield
        suspended.append("ended")

    command = tmp_path / "bin" / "aws"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/ran\n[ -f {tmp_path}/fails ] && exit 3\nexit 0\n')
    command.chmod(0o755)
    (tmp_path / "fails").touch()
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("builtins.input", lambda _: "")
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        await page.press("s")
        assert "The wizard cannot step aside here. Run `aws sso login --profile work`" in read(page)
        monkeypatch.setattr(type(page.app), "suspend", suspend)
        await page.press("s")
        assert "ended with code 3" in read(page)
        (tmp_path / "fails").unlink()
        outside.error = None
        await page.press("enter")
        assert suspended == ["began", "ended"] * 2
        assert (tmp_path / "ran").read_text().splitlines() == ["sso login --profile work"] * 2
        assert "✓ done  account" in page.text
        assert "ended with code" not in page.text


async def test_sign_in_says_where_the_command_is_not_installed(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.error = SIGN_IN
    monkeypatch.setenv("PATH", str(tmp_path))
    async with opened(tmp_path, outside.world) as page:
        await page.press("enter")
        await page.press("s")
        assert "The `aws` command is not installed here" in read(page)


async def test_demo_offers_no_sign_in_of_the_users_own(outside: Outside, tmp_path: Path) -> None:
    outside.error = SIGN_IN
    async with opened(tmp_path, replace(outside.world, aws=EMBEDDED, stage=Stage())) as page:
        await page.press("enter")
        assert "Sign in" not in page.text
        assert "Try again" in page.text


@pytest.mark.parametrize("size", SIZES)
async def test_code_of_an_mfa_device_is_entered_on_the_page(
    outside: Outside, tmp_path: Path, size: tuple[int, int]
) -> None:
    outside.error = CODE
    async with opened(tmp_path, outside.world, size=size) as page:
        await page.press("enter")
        await page.press("s")
        assert "arn:aws:iam::1:mfa/ana" in page.words
        await page.press(*"12ab3", "enter")
        assert "A code has 6 digits." in page.text
        await page.press("escape")
        assert "! A code is needed" in page.text
        await page.press("s")
        outside.error = None
        await page.press(*"123456", "enter")
        assert "✓ done  account" in page.text
        state = page.app.state
        assert state is not None
        prompter = state.world.aws._roles.prompter(None)
        assert prompter("Enter MFA code for x: ") == "123456"


@pytest.mark.parametrize("stage", [None, Stage()])
async def test_help_says_how_to_get_to_the_region(
    outside: Outside, tmp_path: Path, stage: Stage | None
) -> None:
    async with opened(tmp_path, replace(outside.world, stage=stage)) as page:
        await page.press("enter")
        await page.press("f1")
        assert "Tab leads to the" in read(page)
