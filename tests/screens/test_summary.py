"""The page at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.screens.conftest import NOW, Outside, seen_so
from tests.screens.pages import SIZES, opened
from wizard.project import Project


@pytest.mark.parametrize("size", SIZES)
async def test_says_what_is_there_and_what_is_open(
    outside: Outside, begun: Project, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await page.go(None)
        assert page.text == snapshot


async def test_finished_set_up_opens_here_and_leaves_from_here(
    outside: Outside, begun: Project, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    for step in ("dns", "reminder", "production"):
        begun = begun.seen_done(step, "in order", NOW)
    outside.standings = seen_so(begun)
    async with opened(tmp_path, outside.world, project=begun) as page:
        assert "all 6 steps are done" in page.text
        await page.press("enter")
        assert page.text == snapshot
        await page.pilot.press("f3")
        await page.until(lambda: not page.app.is_running)
