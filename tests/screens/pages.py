"""How the tests of screens open the app, wait for it and read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from screens.app import Boot, WizardApp
from screens.messages import GoTo
from screens.pages.demo.demo import Demo
from screens.workers import Kind, is_a
from wizard.errors import WizardError
from wizard.project.schema import Project, load, save
from wizard.steps.model import StepName
from wizard.world import World

SIZES = [(80, 24), (200, 60)]
"""The smallest terminal that everything must fit, and a large one."""

STORIES = [("denied", "AWS has said no."), ("dns-wrong", "A record has the domain twice.")]

DEADLINE = 10.0
"""Seconds after which waiting for a screen has failed."""


@dataclass
class Opened:
    """A running app in a terminal of a given size."""

    app: WizardApp
    pilot: Pilot[WizardError]
    path: Path

    @property
    def text(self) -> str:
        """What stands on the screen, a line a row, without the space at the ends of lines."""
        rows = self.app.screen._compositor.render_strips()
        return "\n".join(row.text.rstrip() for row in rows)

    @property
    def words(self) -> str:
        """The words on the screen in one line, however they are wrapped."""
        return " ".join(self.text.split())

    @property
    def saved(self) -> Project:
        """The project in the file."""
        return load(self.path)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until ``holds`` is true and nothing is left to draw."""
        deadline = time.monotonic() + DEADLINE
        while not holds():
            assert time.monotonic() < deadline, f"not before the deadline:\n{self.text}"
            await asyncio.sleep(0.005)
        await self.pilot.pause()

    async def shows(self, words: str) -> None:
        """Wait until ``words`` stand on the screen."""
        await self.until(lambda: words in self.text)

    async def settle(self) -> None:
        """Wait until no worker runs and what they said is on the screen."""

        def at_rest() -> bool:
            return all(w.is_finished or w.is_cancelled or is_a(w, Kind.FOLLOW) for w in self.app.workers)

        await self.until(at_rest)
        while not at_rest():
            await self.until(at_rest)

    async def press(self, *keys: str) -> None:
        """Press ``keys`` and wait for what they set off."""
        await self.pilot.press(*keys)
        await self.settle()

    async def go(self, step: StepName | None) -> None:
        """Open a step's page, as a click on it does."""
        self.app.post_message(GoTo(step))
        await self.settle()

    def type(self, field: str, text: str) -> None:
        """Put ``text`` into the field with the id ``field``, with the focus on it."""
        self.app.screen.query_one(f"#{field}", Input).focus().value = text


@asynccontextmanager
async def opened(
    tmp_path: Path,
    boot: Boot | World,
    *,
    project: Project | None = None,
    size: tuple[int, int] = SIZES[0],
    start_over: Boot | None = None,
    story: tuple[str, str] | None = None,
    opens: StepName | None = None,
    exports: Path | None = None,
) -> AsyncIterator[Opened]:
    """The app on ``project`` in a file, settled on its first page."""
    path = tmp_path / "ses-wizard.yaml"
    if project:
        save(project, path)
    world = boot if isinstance(boot, World) else None
    make: Boot = (lambda: world) if world else boot  # type: ignore[assignment]
    demo = Demo(start_over or make, story, opens, STORIES)
    app = WizardApp(
        make,
        path,
        demo=demo if start_over or (world and world.demo) else None,
        exports=exports,
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        page = Opened(app, pilot, path)
        await page.settle()
        yield page
