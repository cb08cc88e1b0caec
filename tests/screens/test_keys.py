"""Keys: letters work in both cases, and each is named once."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import screens
from screens.commands import Command
from screens.frame.page import StepScreen
from tests.screens.conftest import Outside
from tests.screens.pages import opened
from wizard.steps.model import StepName


def bindings_of_the_screens() -> Iterator[tuple[str, Binding]]:
    """Every binding that a class of the screens declares, with the name of the class."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        for name, kind in vars(importlib.import_module(module.name)).items():
            if isinstance(kind, type) and issubclass(kind, DOMNode) and kind.__module__.startswith("screens"):
                for binding in vars(kind).get("BINDINGS", ()):
                    assert isinstance(binding, Binding)
                    yield name, binding


def test_every_letter_key_works_in_both_cases() -> None:
    letters = 0
    for name, binding in bindings_of_the_screens():
        keys = binding.key.split(",")
        single = [key for key in keys if len(key) == 1 and key.isalpha()]
        letters += len(single)
        assert {key.swapcase() for key in single} <= set(keys), f"{name}: {binding.key}"
    assert letters > 20


@pytest.mark.parametrize(
    ("keys", "words"), [("n,escape,f2", "N or Esc or F2"), ("s,f8", "S or F8"), ("p", "P")]
)
def test_a_letter_is_named_once(keys: str, words: str) -> None:
    assert Command(keys, "act", "Act").key_names == words


async def test_the_palette_offers_what_the_page_can_do(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, size=(100, 40)) as page:
        await page.go(StepName.ACCOUNT)
        await page.pilot.press("ctrl+p")
        await page.pilot.press(*"every region")
        await page.shows("SES in every Region")
        assert "inbox" not in page.text
        await page.pilot.press("enter")
        await page.shows("SES in every Region of this account")


async def test_commands_of_the_demo_are_not_elsewhere(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.ACCOUNT)
        screen = page.app.screen
        assert isinstance(screen, StepScreen)
        assert not {"inbox", "fix"} & {command.action for command in screen.commands}
        await page.press("f9")
        assert page.app.screen is screen
