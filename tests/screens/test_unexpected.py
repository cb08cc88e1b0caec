"""What nobody expected, wherever it happens on a screen, leaves its traceback in the log and names it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual import work
from textual.pilot import Pilot

from screens.app import WizardApp
from screens.frame.dialogs import Ask
from tests.screens.conftest import Outside
from tests.screens.pages import Opened, opened
from wizard.errors import WizardError
from wizard.steps.account import step as account
from wizard.steps.model import StepName
from wizard.world import World


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the log of this test will be."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "ses-wizard" / "errors.log"


def noted(log: Path) -> str:
    return log.read_text()


async def test_in_a_pages_worker(
    outside: Outside, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: World) -> account.AccountReport:
        raise KeyError("eventId")

    monkeypatch.setattr(account, "look", broken)
    async with opened(tmp_path, outside.world, size=(200, 60)) as page:
        await page.go(StepName.ACCOUNT)
        assert str(log) in page.text
    assert "in broken" in noted(log)


async def test_in_a_dialogs_worker(outside: Outside, tmp_path: Path, log: Path) -> None:
    class Broken(Ask):
        @work(thread=True, exit_on_error=False)
        def fail(self) -> None:
            raise KeyError("eventId")

    async with opened(tmp_path, outside.world, size=(200, 60)) as page:
        dialog = Broken("?", "")
        await page.app.push_screen(dialog)
        dialog.fail()
        await page.shows("Something unexpected happened")
    assert "in fail" in noted(log)


async def test_when_saving(
    outside: Outside, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("eventId")

    async with opened(tmp_path, outside.world, size=(200, 60)) as page:
        monkeypatch.setattr("wizard.project.store.ProjectFile.save", broken)
        page.app.call_later(page.app.saver.save)
        await page.shows("Something unexpected happened")
    assert "in broken" in noted(log)


async def test_when_opening(tmp_path: Path, log: Path) -> None:
    def boot() -> World:
        raise KeyError("eventId")

    error = await WizardApp(boot, tmp_path / "ses-wizard.yaml").run_async(headless=True)
    assert isinstance(error, WizardError)
    assert error.todo.endswith(str(log))
    assert "in boot" in noted(log)


@pytest.mark.parametrize("in_worker", [False, True])
async def test_in_a_handler_the_app_ends_and_prints_no_values_of_variables(
    outside: Outside, tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str], in_worker: bool
) -> None:
    def handler() -> None:
        secret = "do not print me"
        raise KeyError("eventId" if secret else "")

    async def worker() -> None:
        handler()

    async def press(pilot: Pilot[Any]) -> None:
        await Opened(app, pilot, app.path).settle()
        if in_worker:
            app.run_worker(worker())
        else:
            app.call_later(handler)
        await asyncio.sleep(30)

    app = WizardApp(lambda: outside.world, tmp_path / "ses-wizard.yaml")
    assert await app.run_async(headless=True, auto_pilot=press) is None
    told = "".join(capsys.readouterr())
    assert app.return_code == 1
    assert "Something unexpected happened" in told
    assert str(log) in "".join(told.split())
    assert "do not print me" not in told
    assert "in handler" in noted(log)
