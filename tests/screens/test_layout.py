"""Nothing is cut at any size: buttons, keys, fields and the line that says what a page is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from textual.widget import Widget
from textual.widgets import Button, Input, Select, Static, TextArea

from screens.commands import Commands
from screens.frame.key_line import KeyLine
from screens.frame.page import StepScreen
from screens.frame.rail import StepLine
from screens.frame.top_bar import TopBar
from screens.pages.production.headers import HeadersPage
from tests.screens.conftest import Outside
from tests.screens.pages import Opened
from tests.screens.tour import PARTS, all_begun, deployed, registrar, scenery, ses, walked
from wizard.project.schema import Project

__all__ = ["all_begun", "deployed", "registrar", "scenery", "ses"]

Kind = TypeVar("Kind", bound=Widget)

SIZES = [(80, 24), (60, 20), (100, 30), (120, 36), (200, 60)]


@pytest.mark.parametrize("part", PARTS)
async def test_nothing_is_cut_at_any_size(
    part: str, scenery: Outside, all_begun: Project, tmp_path: Path
) -> None:
    wrong: list[str] = []
    async with walked(part, scenery, all_begun, tmp_path, SIZES[0]) as (page, places):
        async for place in places:
            for size in [*SIZES[1:], SIZES[0]]:
                await page.pilot.resize_terminal(*size)
                await page.pilot.pause()
                wrong += [f"{place} at {size[0]}×{size[1]}: {what}" for what in cut(page)]
    assert not wrong, "\n".join(wrong)


def cut(page: Opened) -> Iterator[str]:
    """What is not shown whole on the screen."""
    screen = page.app.screen
    if not isinstance(screen, Commands):
        return
    width, height = page.app.size
    for line in screen.query(KeyLine):
        shown = " ".join(str(line.render()).split())
        rows = line.region
        if line.display and (rows.right > width or rows.bottom > height or not rows.height):
            yield f"keys are off the screen: {shown}"
        if line.display and any(len(row) > line.content_size.width for row in str(line.render()).split("\n")):
            yield f"a row of keys is cut: {shown}"
    for button in shown_widgets(screen, Button):
        container = button.parent
        assert isinstance(container, Widget)
        if button.region.right > container.region.right:
            yield f"the button {button.label} is cut"
    for field in (
        *shown_widgets(screen, Input),
        *shown_widgets(screen, Select),
        *shown_widgets(screen, TextArea),
    ):
        edge = screen.query_one("#body, .dialog")
        if field.region.right > edge.region.right:
            yield f"the field {field.id} runs past the right edge"
    for steps in shown_widgets(screen, StepLine):
        if steps.render().cell_length > steps.content_size.width:
            yield "the steps are cut"
    if screen.query_one(TopBar).render().cell_length > width:
        yield "the top bar is cut"
    if isinstance(screen, StepScreen) and screen.WHY:
        why = screen.query_one("#why", Static)
        said_before = isinstance(screen, HeadersPage) or why.has_class("-past") or screen.has_class("-wrong")
        if not said_before and not (why.display and why.region.height and why.region.bottom <= height):
            yield "the line that says what the page is for is not shown"


def shown_widgets(screen: Widget, kind: type[Kind]) -> Iterator[Kind]:
    """Those of ``kind`` that have a place on the page, scrolled into sight or not."""
    for widget in screen.query(kind):
        if widget.display and all(one.display for one in widget.ancestors if isinstance(one, Widget)):
            yield widget
