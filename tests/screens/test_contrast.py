"""Everything can be read, in every state: on rendered styles, with and without colours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem
from rich.style import Style
from textual.geometry import Offset
from textual.widget import Widget
from textual.widgets import DataTable, Input, OptionList, TextArea

from screens.widgets.choice_list import MARK
from tests.screens.conftest import Outside
from tests.screens.pages import Opened, opened
from tests.screens.tour import PARTS, all_begun, deployed, registrar, scenery, ses, walked
from wizard.project.schema import Project
from wizard.steps.model import StepName

__all__ = ["all_begun", "deployed", "registrar", "scenery", "ses"]

LEAST = 4.5
"""WCAG 2.2, 1.4.3: contrast of text with what is behind it."""

NO_TEXT = {chr(number) for number in range(0x2500, 0x25A0)}
"""Frames, rules and scroll bars are drawn with these, and no text is."""


def luminance(color: Color) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [part / 255 for part in color.get_truecolor()]
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours(style: Style) -> tuple[Color, Color]:
    """Text and background as a terminal shows them."""
    assert style.color
    assert style.bgcolor
    assert not style.dim
    return (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)


def texts(page: Opened) -> dict[tuple[Color, Color], str]:
    """A text for each pair of colours on the screen that one has."""
    found: dict[tuple[Color, Color], str] = {}
    for strip in page.app.screen._compositor.render_strips():
        for segment in strip:
            if set(segment.text) - NO_TEXT - {" "} and segment.style:
                found.setdefault(colours(segment.style), segment.text.strip())
    return found


def unreadable(page: Opened) -> Iterator[str]:
    """What on the screen cannot be told well from its background."""
    for (text, behind), words in texts(page).items():
        ratio = contrast(text, behind)
        if ratio < LEAST:
            yield f"{words!r} {ratio:.2f} ({text.name} on {behind.name})"
        if text.downgrade(ColorSystem.STANDARD) == behind.downgrade(ColorSystem.STANDARD):
            yield f"{words!r} in 16 colours ({text.name} on {behind.name})"


def unmarked(page: Opened) -> Iterator[str]:
    """The lists on the screen whose highlighted row is told by nothing but its colour."""
    screen = page.app.screen
    for shown in screen.query("OptionList, Checklist"):
        cursor = shown.highlighted if isinstance(shown, OptionList) else 0
        if cursor is None or not shown.is_on_screen or not shown.region.area:
            continue
        rows = [shown.render_line(y).text for y in range(shown.content_size.height)]
        if sum(row.startswith(MARK) for row in rows) != 1:
            yield f"{type(shown).__name__}#{shown.id} marks no row, or several"


def kind(widget: Widget) -> tuple[object, ...]:
    """Widgets of one kind look alike: one of them is tried. Of lists and long texts each page has its own."""
    own = type(widget.screen) if isinstance(widget, OptionList | DataTable | TextArea) else None
    return (own, type(widget), *sorted(widget.classes))


async def each_state(page: Opened, tried: set[tuple[object, ...]]) -> AsyncIterator[str]:
    """Give each widget the focus with its text selected, the mouse, neither, and disable it."""
    screen, before = page.app.screen, page.app.focused
    for widget in list(screen.query(Widget)):
        shown = widget.display and screen.region.contains_region(widget.region) and widget.region.area
        if not shown or not widget.can_focus or kind(widget) in tried:
            continue
        tried.add(kind(widget))
        name = f"{type(widget).__name__}#{widget.id}"
        widget.focus(scroll_visible=False)
        if isinstance(widget, Input):
            widget.action_select_all()
        elif isinstance(widget, TextArea):
            widget.select_all()
        await page.pilot.pause()
        yield f"{name} with the focus"
        rows = min(2, widget.region.height) if isinstance(widget, OptionList | DataTable) else 1
        for row in range(rows):
            await page.pilot.hover(offset=widget.region.offset + Offset(0, row))
            yield f"{name} under the mouse"
        screen.set_focus(None)
        widget.disabled = True
        await page.pilot.pause()
        yield f"{name} disabled"
        widget.disabled = False
        await page.pilot.pause()
        yield f"{name} without the focus"
    screen.set_focus(before, scroll_visible=False)
    await page.pilot.pause()


@pytest.mark.parametrize("part", PARTS)
async def test_every_text_stands_out_in_every_state(
    scenery: Outside, all_begun: Project, tmp_path: Path, part: str
) -> None:
    found: dict[str, str] = {}
    tried: set[tuple[object, ...]] = set()
    async with walked(part, scenery, all_begun, tmp_path, (120, 36)) as (page, names):
        async for name in names:
            for one in (*unreadable(page), *unmarked(page)):
                found.setdefault(one, name)
            async for state in each_state(page, tried):
                for one in unreadable(page):
                    found.setdefault(one, f"{name}, {state}")
    assert not found, "\n".join(f"{where}: {one}" for one, where in found.items())


async def test_without_colours_the_selected_row_and_the_focus_are_marked(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        assert f"{MARK}example.com" in page.text
        await page.press("tab", "tab")
        assert page.app.focused is not None
        assert page.app.focused.id == "back"
        strips = page.app.screen._compositor.render_strips()
        reversed_texts = {s.text.strip() for strip in strips for s in strip if s.style and s.style.reverse}
        assert "Back  F2" in reversed_texts
