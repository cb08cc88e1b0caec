"""How keys are declared, so that a letter works in both cases, and how they are named for a person."""

from __future__ import annotations

from textual.binding import Binding


def letter(keys: str, action: str, description: str, *, show: bool = True) -> Binding:
    """A binding on ``keys``, separated by commas, whose letters also work with Shift or Caps Lock."""
    both = [case for key in keys.split(",") for case in ((key, key.upper()) if len(key) == 1 else (key,))]
    return Binding(",".join(both), action, description, show=show)


def key_name(key: str) -> str:
    """A key as a person reads it: ``Esc`` for ``escape``."""
    names = {"escape": "Esc", "pageup": "Page Up", "pagedown": "Page Down"}
    return names.get(key) or (key.title() if key.replace("+", "").isalpha() else key.upper())


def key_names(keys: str) -> str:
    """``f2,escape`` as a person reads it: F2 or Esc."""
    return " or ".join(dict.fromkeys(key_name(key) for key in keys.split(",")))
