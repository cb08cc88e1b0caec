"""Trying it out, once it is deployed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.screens.conftest import Outside
from tests.screens.pages import opened
from tests.screens.paper import Stage
from tests.screens.reminder_paper import Flow, show
from wizard.project import Project


async def test_a_refused_mail_says_what_to_do(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.sent = False
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "enter")
        assert "✗ refused  SES does not write to this address yet." in page.text
        assert "→ to do    Verify it." in page.text
        made.sent = True
        page.type("address", "me@example.com")
        await page.press("enter")
        assert "✓ sent  SES took the mail to me@example.com." in page.text
        assert made.asked == ["test you@example.com", "test me@example.com"]


@pytest.mark.parametrize("key", ["f4", "enter"])
async def test_the_next_address_can_be_typed_at_once(
    outside: Outside, made: Flow, written: Project, tmp_path: Path, key: str
) -> None:
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", key)
        assert "✓ sent" in page.text
        address = page.app.screen.query_one("#address", Input)
        assert page.app.focused is address
        await page.press(*"b@c.de", key)
        assert made.asked == ["test you@example.com", "test b@c.de"]
        address.value = ""
        await page.press("tab", "f4")
        assert page.app.focused is address


async def test_a_mail_refused_again_shows_the_time_of_the_attempt(
    outside: Outside, made: Flow, written: Project, tmp_path: Path
) -> None:
    made.sent = False
    stage = outside.world.stage
    assert isinstance(stage, Stage)
    outside.world = replace(outside.world, now=stage.now)
    async with opened(tmp_path, outside.world, project=written) as page:
        await show(page, "f3", "f4")
        assert "at         10:00:00" in page.text
        stage.clock += timedelta(seconds=5)
        await page.press("f4")
        assert "at         10:00:05" in page.text
        assert "10:00:00" not in page.text
