"""Keys: letters work in both cases, and each is named once."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import screens
from screens.keys import key_names, letter


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
    assert key_names(letter(keys, "act", "Act").key) == words
