"""Acts: they are not begun where they must not be, and leaving, a page or the wizard, cuts none short."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.messages import GoTo, Looked
from screens.workers import Kind, running
from tests.screens.conftest import Outside, seen_so
from tests.screens.pages import Opened, opened
from wizard.project.schema import Identity, Project
from wizard.steps.identity import step as identity
from wizard.steps.model import Report, Status, StepName, StepState
from wizard.world import World

HELD = StepState(StepName.ACCOUNT, Status.ATTENTION, "sending is paused", holds=(StepName.IDENTITY,))


@pytest.fixture
def gate(outside: Outside, begun: Project, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until it is set, setting up the identity goes on."""
    outside.standings, opened = seen_so(begun), threading.Event()

    def act(world: World, project: Project, mail_from: str, report: Report) -> Project:
        outside.asked.append("act")
        assert opened.wait(20)
        outside.asked.append("acted")
        return replace(project, identity=Identity(mail_from=mail_from))

    monkeypatch.setattr(identity, "act", act)
    return opened


async def begin(page: Opened, outside: Outside) -> None:
    """Open the identity's page and agree to its plan."""
    await page.go(StepName.IDENTITY)
    await page.press("f4")
    await page.pilot.press("y")
    await page.until(lambda: "act" in outside.asked)


async def test_what_is_agreed_to_is_not_begun_once_the_account_holds_the_page(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.IDENTITY)
        await page.press("f4")
        assert "This is what will happen" in page.text
        page.app.post_message(Looked(HELD))
        await page.pilot.pause()
        await page.press("y")
        assert ("act", "bounce.example.com") not in outside.asked
        assert "! held" in page.text
        page.app.post_message(Looked(seen_so(begun)[StepName.ACCOUNT]))
        await page.pilot.pause()
        await page.press("f4", "y")
        assert ("act", "bounce.example.com") in outside.asked


@pytest.mark.parametrize("away", [(), ("f2",), ("f3",), ("f2", "f2", "f2")])
async def test_quitting_waits_for_an_act_from_whatever_page(
    outside: Outside, begun: Project, tmp_path: Path, gate: threading.Event, away: tuple[str, ...]
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await begin(page, outside)
        await page.pilot.press(*away)
        await page.pilot.press("f10")
        await page.shows("Finishing what was")
        await page.pilot.pause(0.05)
        assert page.app.is_running
        assert "acted" not in outside.asked
        gate.set()
        await page.until(lambda: not page.app.is_running)
    assert page.saved.identity == Identity(mail_from="bounce.example.com")


async def test_an_act_goes_on_when_its_page_is_left_and_what_it_decided_is_saved(
    outside: Outside, begun: Project, tmp_path: Path, gate: threading.Event
) -> None:
    begun = replace(begun, identity=Identity(dkim_tokens=("old",)))
    async with opened(tmp_path, outside.world, project=begun) as page:
        await begin(page, outside)
        await page.pilot.press("f2")
        await page.shows("Which of your domains")
        acting = running(page.app.workers, Kind.ACT)
        assert [worker.is_cancelled for worker in acting] == [False]
        gate.set()
        await page.settle()
        assert page.saved.identity == Identity(mail_from="bounce.example.com", dkim_tokens=())


@pytest.mark.parametrize("key", ["f4", "f5"])
async def test_f4_and_f5_do_nothing_while_an_act_runs(
    outside: Outside, begun: Project, tmp_path: Path, gate: threading.Event, key: str
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await begin(page, outside)
        asked = len(outside.asked)
        await page.pilot.press(key, key)
        await page.pilot.pause(0.05)
        assert len(outside.asked) == asked
        assert "This is what will happen" not in page.text
        gate.set()
        await page.settle()
        assert outside.asked.count("act") == 1


async def test_leaving_a_page_cancels_what_it_reads_and_quitting_does_not_wait_for_that(
    outside: Outside, begun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.standings, answered = seen_so(begun), threading.Event()

    def look(world: World, project: Project) -> identity.IdentityReport:
        assert answered.wait(20)
        return identity.IdentityReport(identity.chosen_domain(project), None, None)

    monkeypatch.setattr(identity, "look", look)
    async with opened(tmp_path, outside.world, project=begun) as page:
        page.app.post_message(GoTo(StepName.IDENTITY))
        await page.until(lambda: running(page.app.workers, Kind.READ))
        reading = running(page.app.workers, Kind.READ)
        await page.pilot.press("f2")
        await page.shows("Which of your domains")
        assert all(worker.is_cancelled for worker in reading)
        await page.pilot.press("f10")
        await page.until(lambda: not page.app.is_running)
        answered.set()
