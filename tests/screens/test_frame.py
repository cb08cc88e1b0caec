"""The frame: opening, going on, keys that work everywhere, errors, leaving."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion
from textual.events import Key

from screens.app import WizardApp
from screens.frame.busy_line import BusyLine
from screens.frame.dialogs import ConfirmPlan
from screens.frame.page import StepScreen
from screens.pages.demo.demo import Demo
from screens.theme import WIZARD_THEME
from tests.screens.conftest import NOW, Outside, seen_so
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import Stage
from wizard.errors import ExitCode, SignInNeededError, WizardError
from wizard.project import schema as projects
from wizard.project.schema import Domain, Observation, Production, Project, Registration, StepObservation
from wizard.steps import survey
from wizard.steps.account import step as account
from wizard.steps.model import Change, ChangeKind, Plan, Status, StepName, StepState, remembered
from wizard.world import World

EXPIRED = WizardError("Your sign-in has expired", "AWS said no.", "Run `aws sso login`.", ExitCode.OUTSIDE)


@pytest.mark.parametrize("size", SIZES)
async def test_first_page_says_what_this_is(
    outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world, size=size) as page:
        assert page.text == snapshot


async def test_garbage_is_collected_again_after_the_first_frame(outside: Outside, tmp_path: Path) -> None:
    gc.disable()  # As the command line does before it imports Textual.
    try:
        async with opened(tmp_path, outside.world):
            assert gc.isenabled()
    finally:
        gc.enable()


async def test_the_wizards_own_colours_are_used(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        assert page.app.screen.styles.background.hex == WIZARD_THEME.background


@pytest.mark.parametrize("size", SIZES)
async def test_begun_set_up_says_where_it_goes_on(
    outside: Outside, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        assert "Continuing example.com, step 4 of 6" in page.text
        assert page.text == snapshot


async def test_registration_that_is_under_way_is_gone_on_with(outside: Outside, tmp_path: Path) -> None:
    project = Project(domain=Domain(registration=Registration("not-yet.org", "op-1", NOW)))
    project = project.seen_done("account", "account 123456789012 in us-east-1", NOW)
    outside.standings = seen_so(project)
    async with opened(tmp_path, outside.world, project=project) as page:
        assert "Continuing not-yet.org, step 2 of 6" in page.text
        assert "Continue  F3" in page.text
        await page.press("f3")
        assert "Which of your domains should send?" in page.text


async def test_long_words_of_what_a_key_has_done_are_not_cut(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        name = "a-rather-long-company-name.mail.example.com"
        page.app.screen.query_one(BusyLine).say(f"Saved beside the project file: {name}-records.zone, .csv")
        await page.pilot.pause()
        assert f"{name}-records.zone, .csv" in page.words


async def test_what_the_survey_sees_goes_before_what_the_file_says(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    gone = StepState(StepName.IDENTITY, Status.TODO, "SES has no identity example.com yet")
    outside.standings = {**seen_so(begun), StepName.IDENTITY: gone}
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert "Continuing example.com, step 3 of 6" in page.text
        assert not page.saved.done("identity")
        assert page.saved.done("domain")


async def test_a_demos_account_that_could_not_be_taken_up_is_told(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    stage = Stage(put_aside=tmp_path / "demo.account.unreadable")
    world = dataclasses.replace(outside.world, stage=stage)
    async with opened(tmp_path, world, project=begun) as page:
        await page.shows("This is a new account")
        assert "demo.account.unreadable" in page.text


async def test_refusal_that_the_survey_sees_is_remembered(
    outside: Outside, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(
        _: World, before: Project, _base: Path, *, noted: Callable[[Project, Project], object]
    ) -> Iterator[StepState]:
        noted(before, replace(before, production=Production(refused=Observation(NOW, "case 4711"))))
        yield from seen_so(begun).values()

    monkeypatch.setattr(survey, "survey", refused)
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert page.saved.production.refused == Observation(NOW, "case 4711")


async def test_in_another_account_the_evidence_stays(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    others = tuple(step for step in StepName if step is not StepName.ACCOUNT)
    words = "these credentials are of account 999999999999"
    other = StepState(StepName.ACCOUNT, Status.ATTENTION, words, others)
    unseen = {step: StepState(step, Status.TODO, "not looked at") for step in StepName}
    outside.standings = {**unseen, StepName.ACCOUNT: other}
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert "step 1 of 6" in page.text
        assert {"domain", "identity"} <= page.saved.progress.keys()


@pytest.mark.parametrize("size", SIZES)
async def test_without_credentials_the_first_page_shows_what_was_last_known_and_when(
    outside: Outside, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    outside.error = EXPIRED
    waiting = StepState(StepName.DNS, Status.WAITING, "all records are right; waiting for SES")
    begun = remembered(begun, waiting, NOW)
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        assert "? done, 24 Nov 2026" in page.text
        assert "? waiting, 24 Nov 2026" in page.text
        assert "✓ done" not in page.text
        assert "Continuing example.com, step 4 of 6  (? marks what was last known)" in page.text
        assert page.text == snapshot
        await page.go(StepName.IDENTITY)
        assert "✓" not in page.text


async def test_a_set_up_that_was_done_is_not_called_so_while_nobody_can_be_asked(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    for step in ("dns", "reminder", "production"):
        begun = begun.seen_done(step, "in order", NOW)
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun, size=SIZES[1]) as page:
        assert "all 6 steps are done" in page.text
        outside.error = EXPIRED
        await page.press("f5")
        assert "all that was to be done was done on 24 Nov 2026" in page.text
        assert "✓ done" not in page.text
        await page.go(None)
        assert "is ready" not in page.text
        assert "? done, 24 Nov 2026  DNS: in order" in page.text


async def test_what_is_seen_not_to_be_done_is_remembered_too(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    wrong = StepState(StepName.DNS, Status.ATTENTION, "1 record wrong")
    outside.standings = {**seen_so(begun), StepName.DNS: wrong}
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert page.saved.progress[StepName.DNS] == StepObservation(
            at=NOW, words="1 record wrong", status="attention"
        )


async def test_survey_that_fails_stays_on_the_page_and_can_be_tried_again(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings, outside.error = seen_so(begun), EXPIRED
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert "Your sign-in has expired" in page.text
        assert "aws sso login" in page.text
        outside.error = None
        await page.press("enter")
        assert "expired" not in page.text
        assert "step 4 of 6" in page.text


async def test_sign_in_that_is_over_is_made_anew_from_the_first_page(
    outside: Outside, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.standings = seen_so(begun)
    outside.error = SignInNeededError("Over", "It is over.", "Run it.", ("aws", "sso", "login"))
    ran: list[tuple[str, ...]] = []

    def run(app: object, command: tuple[str, ...]) -> str:
        ran.append(command)
        outside.error = None
        return ""

    monkeypatch.setattr("screens.pages.account.signing_in.run_in_terminal", run)
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert "Sign in  S" in page.text
        await page.press("s")
        assert ran == [("aws", "sso", "login")]
        assert "step 4 of 6" in page.text


async def test_going_on_opens_the_first_step_that_is_not_done(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    begun = replace(begun, progress={})
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.press("enter")
        assert "Which AWS account" in page.text


async def test_steps_stand_in_a_line_or_in_a_rail(outside: Outside, begun: Project, tmp_path: Path) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.ACCOUNT)
        assert "✓ [Account]  ✓ Domain  ✓ Identity  · DNS  · Reminder  · Production" in page.text
        await page.pilot.resize_terminal(120, 40)
        await page.shows("▸ 1  Account")
        assert "✓ [Account]" not in page.text


async def test_escape_and_f2_lead_back_to_the_first_page(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.IDENTITY)
        await page.press("escape")
        assert "Which of your domains" in page.text
        await page.press("f2")
        assert "Which AWS account" in page.text
        await page.press("escape")
        assert "Continuing example.com" in page.text
        await page.press("escape")
        assert "Continuing example.com" in page.text


async def test_first_page_offers_no_way_back(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        assert "Back" not in page.text.splitlines()[-1]
        await page.press("f1")
        assert "Back" not in page.text
        await page.press("escape")
        await page.go(StepName.ACCOUNT)
        assert "F2 Back" in page.text.splitlines()[-1]


async def test_help_has_the_pages_words_and_its_keys(
    outside: Outside, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.ACCOUNT)
        before = page.text
        await page.press("f1")
        assert page.text == snapshot
        await page.press("escape")
        assert page.text == before


async def test_an_open_dialog_shows_its_own_keys(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, size=(80, 24)) as page:
        await page.go(StepName.ACCOUNT)
        await page.press("f1")
        assert page.text.splitlines()[-1].strip() == "Esc Close   ↑ ↓ Scroll"
        await page.pilot.resize_terminal(120, 60)
        await page.until(lambda: page.text.splitlines()[-1].strip() == "Esc Close")
        await page.press("escape")
        assert page.text.splitlines()[-1].split()[:2] == ["F1", "Help"]


async def test_what_is_asked_first_shows_however_few_the_rows(outside: Outside, tmp_path: Path) -> None:
    changes = tuple(Change(ChangeKind.CREATE, f"Thing {number}", "words " * 30) for number in range(12))
    cost = "about $1.00 in the next 30 days, and " * 5
    async with opened(tmp_path, outside.world, size=(80, 24)) as page:
        page.app.push_screen(ConfirmPlan(Plan(StepName.REMINDER, changes, cost)))
        await page.until(lambda: "Scroll" in page.text and page.text.count("$1.00") == 5)
        assert "This is what will happen" in page.text
        assert "Yes, do it  Y" in page.text
        assert page.text.splitlines()[-1].strip() == "Y Yes   N No   ↑ ↓ Scroll"
        await page.press(*["pagedown"] * 8)
        assert "Thing 11" in page.text
        assert page.text.count("$1.00") == 5


async def test_enter_starts_wherever_the_focus_is(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        page.app.screen.set_focus(None)
        await page.press("enter")
        assert "Which AWS account" in page.text


async def test_enter_before_the_world_is_open_starts_when_it_is(outside: Outside, tmp_path: Path) -> None:
    go_on = threading.Event()

    def slow() -> World:
        assert go_on.wait(30)
        return outside.world

    path = tmp_path / "ses-wizard.yaml"
    app = WizardApp(slow, path)
    async with app.run_test(size=SIZES[0]) as pilot:
        page = Opened(app, pilot, path)
        await page.shows("Opening …")
        await pilot.press("enter")
        go_on.set()
        await page.shows("Which AWS account")


async def test_what_nobody_expected_is_shown_as_an_error(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: World) -> account.AccountReport:
        raise KeyError("[bold]not markup[/]")

    monkeypatch.setattr(account, "look", broken)
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.ACCOUNT)
        assert "! Something unexpected happened" in page.text
        assert "KeyError: '[bold]not markup[/]'" in page.text


async def test_text_from_outside_is_never_markup(outside: Outside, begun: Project, tmp_path: Path) -> None:
    words = "[red]found[/] [@click=app.quit]here[/]"
    outside.standings = {step: StepState(step, Status.ATTENTION, words) for step in StepName}
    outside.account_id = "[b]1[/b]"
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert page.text.count(words) == len(StepName)
        await page.go(StepName.ACCOUNT)
        assert "arn:aws:iam::[b]1[/b]:user/owner" in page.text


async def test_leaving_returns_nothing_and_lets_go_of_the_file(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.pilot.press("f10")
        await page.until(lambda: not page.app.is_running)
    assert page.app.return_value is None
    with projects.only_wizard(page.path):
        pass


async def test_invalid_file_ends_the_app_with_the_error(outside: Outside, tmp_path: Path) -> None:
    path = tmp_path / "ses-wizard.yaml"
    path.write_text("schema: 1\ndomain:\n  name: 7\n")
    app = WizardApp(lambda: outside.world, path)
    error = await app.run_async(headless=True)
    assert isinstance(error, WizardError)
    assert (error.exit_code, app.return_code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "Line 3" in error.what
    assert path.read_text().endswith("name: 7\n")


async def test_second_wizard_on_one_file_is_refused(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        error = await WizardApp(lambda: outside.world, page.path).run_async(headless=True)
        assert isinstance(error, WizardError)
        assert "Another ses-wizard is open" in error.title


async def test_world_that_cannot_be_made_ends_the_app_with_the_error(tmp_path: Path) -> None:
    def boot() -> World:
        raise EXPIRED

    app = WizardApp(boot, tmp_path / "ses-wizard.yaml")
    assert await app.run_async(headless=True) is EXPIRED
    assert app.return_code == ExitCode.OUTSIDE


def test_quitting_does_not_wait_for_an_answer_that_never_comes(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, release = threading.Event(), threading.Event()

    def never(_: World) -> account.AccountReport:
        asked.set()
        release.wait(60)
        raise EXPIRED

    monkeypatch.setattr(account, "look", never)

    async def open_and_quit() -> None:
        async with opened(tmp_path, outside.world) as page:
            await page.pilot.press("enter")
            await page.until(asked.is_set)
            await page.pilot.press("f10")
            await page.until(lambda: not page.app.is_running)

    try:
        # The loop's end is part of it: asyncio.run joins the threads of an ordinary executor.
        runner = threading.Thread(target=asyncio.run, args=(open_and_quit(),), daemon=True)
        runner.start()
        runner.join(20)
        assert asked.is_set()
        assert not runner.is_alive()
    finally:
        release.set()


async def test_a_long_domain_never_cuts_the_region(outside: Outside, begun: Project, tmp_path: Path) -> None:
    project = replace(begun, domain=Domain("a-rather-long-name.example.com"))
    world = dataclasses.replace(outside.world, stage=Stage())
    async with opened(tmp_path, world, project=project, story=("unregistered", "Nobody has it.")) as page:
        first = page.text.splitlines()[0]
        assert "a-rather-long-name.example.com  ·  us-east-1" in first
        assert first.endswith("DEMO: unregistered")
        await page.pilot.resize_terminal(120, 30)
        await page.until(lambda: "·  account 123456789012  ·  us-east-1" in page.text)


async def test_the_demos_story_is_told_on_the_first_page_and_named_on_every_one(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)
    world, words = dataclasses.replace(outside.world, stage=Stage()), "AWS has said no."
    async with opened(tmp_path, world, project=begun, story=("no-permissions", words)) as page:
        assert "Story no-permissions: AWS has said no." in page.text
        assert "us-east-1   DEMO: no-permissions" in page.text, "the Region stays in sight at 80×24"
        await page.go(StepName.DOMAIN)
        assert "DEMO: no-permissions" in page.text


async def test_a_story_opens_at_the_step_that_shows_it(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    """Later it goes on where the set-up stands, as everything does."""
    outside.standings = seen_so(begun)
    world = dataclasses.replace(outside.world, stage=Stage())
    story = ("quota", "Nearly all of it is used.")
    async with opened(tmp_path, world, project=begun, story=story, opens=StepName.ACCOUNT) as page:
        assert "step 1 of 6" in page.text
        await page.press("f3")
        await page.shows("Which AWS account and Region should send?")
        await page.press("f2")
        assert "step 4 of 6" in page.text
        await page.press("f3")
        await page.shows("[DNS]")


async def test_a_story_writes_what_is_asked_for_into_the_current_folder(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    own = tmp_path / "current"
    own.mkdir()
    world = dataclasses.replace(outside.world, stage=Stage())
    async with opened(tmp_path, world, project=begun, story=("denied", "No."), exports=own) as page:
        await page.go(StepName.ACCOUNT)
        await page.press("f7")
        await page.shows("The least policy")
        await page.press("s")
        await page.shows("✓ saved: ses-wizard.policy-1.json")
        assert (own / "ses-wizard.policy-1.json").exists()
        await page.press("escape")
        await page.go(None)
        await page.shows("none: a story leaves none behind")


async def test_what_is_set_up_is_said_while_there_is_nothing_to_go_on_with(
    outside: Outside, tmp_path: Path
) -> None:
    go_on = threading.Event()

    def boot() -> World:
        app.tell_opening("Setting up the story: account …")
        go_on.wait(30)
        return outside.world

    app = WizardApp(boot, tmp_path / "ses-wizard.yaml", demo=Demo(boot))
    async with app.run_test(size=SIZES[0]) as pilot:
        page = Opened(app, pilot, app.path)
        await page.shows("Setting up the story: account …")
        assert "Opening …" not in page.text
        go_on.set()
        await page.settle()
        assert "Setting up the story" not in page.text


async def test_start_over_makes_a_new_world_and_begins_with_the_file_it_left(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)

    def start_over() -> World:
        (tmp_path / "ses-wizard.yaml").unlink()
        return outside.world

    async with opened(tmp_path, outside.world, project=begun, start_over=start_over) as page:
        await page.press("f4")
        assert "Start the demo over?" in page.text
        await page.press("n")
        assert page.saved.domain.name == "example.com"
        await page.press("f4")
        await page.press("y")
        assert "which AWS account and Region send" in page.text
        assert page.saved == Project()


async def test_another_domain_is_looked_at_from_the_start(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", "example.org")
        await page.press("enter")
        outside.standings = {}
        await page.press("f3")
        state = page.app.state
        assert state is not None
        assert state.domain == "example.org"
        assert not state.done(StepName.IDENTITY)
        assert page.saved.domain == Domain("example.org")
        assert outside.asked.count("survey") == 2


async def test_first_field_has_the_focus(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        assert page.app.focused is not None
        assert page.app.focused.id == "name"


async def test_the_survey_may_be_slow_without_blocking_anything(
    outside: Outside, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(_world: World, _project: Project, _base: Path, **_: object) -> Iterator[StepState]:
        go_on.wait(30)
        yield from seen_so(begun).values()

    monkeypatch.setattr(survey, "survey", slow)
    path = tmp_path / "ses-wizard.yaml"
    projects.save(begun, path)
    app = WizardApp(lambda: outside.world, path)
    async with app.run_test(size=SIZES[0]) as pilot:
        page = Opened(app, pilot, path)
        await page.shows("Checking AWS and DNS again")
        await pilot.press("f1")
        await page.shows("Esc Close")
        await pilot.press("escape")
        go_on.set()
        await page.settle()
        assert "Checking AWS and DNS again" not in page.text


async def test_a_key_pressed_before_a_page_is_shown_does_not_act_on_it(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        early, late = Key("f3", None), Key("f3", None)
        page.app.post_message(early)
        await page.until(lambda: _step(page) is StepName.DNS)
        await page.settle()
        late.time = early.time
        page.app.post_message(late)
        await page.settle()
        assert _step(page) is StepName.DNS
        await page.press("f3")
        assert _step(page) is StepName.REMINDER


def _step(page: Opened) -> StepName | None:
    return page.app.screen.STEP if isinstance(page.app.screen, StepScreen) else None
