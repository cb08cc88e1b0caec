"""Commands: what a key does, declared once, for bindings, buttons, the footer, F1 and the palette."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.dom import DOMNode

if TYPE_CHECKING:
    from textual.widgets import Button
    from textual.widgets.button import ButtonVariant

_NAMES = {"escape": "Esc", "pageup": "Page Up", "pagedown": "Page Down", "up": "↑", "down": "↓"}


def key_name(key: str) -> str:
    """A key as a person reads it: ``Esc`` for ``escape``."""
    return _NAMES.get(key) or (key.title() if key.replace("+", "").isalpha() else key.upper())


def always(page: Any) -> bool:
    """A command that works at all times."""
    return True


def never(page: Any) -> bool:
    """A command of every page that this page does without."""
    return False


def in_demo(page: Any) -> bool:
    """A command of the demo alone."""
    return bool(page.wizard.demo)


@dataclass(frozen=True)
class Command:
    """What ``keys``, separated by commas, do on a page. Letters also work with Shift or Caps Lock.

    ``action`` is a Textual action: ``answer(True)`` calls ``action_answer``. ``label`` is on its button and
    in the footer, ``help`` (or else the label) in F1 and in the palette. ``footer``: in the last row of the
    screen; ``button``: in the page's row of buttons. It works only ``when`` that is true of the page.
    ``priority``: the page gets the key before the widget with the focus.
    """

    keys: str
    action: str
    label: str
    help: str = ""
    footer: bool = False
    button: bool = False
    priority: bool = False
    when: Callable[[Any], bool] = always

    @property
    def words(self) -> str:
        """What F1 and the palette say."""
        return self.help or self.label

    @property
    def id(self) -> str:
        """The id of its button: ``answer-true``."""
        return re.sub(r"\W+", "-", self.action.replace("_", "-")).strip("-").lower()

    @property
    def key(self) -> str:
        """The key to name on a button: the first one, but both arrows."""
        keys = self.keys.split(",")
        return "↑ ↓" if keys[:2] == ["up", "down"] else key_name(keys[0])

    @property
    def key_names(self) -> str:
        """All keys, as a person reads them: ``F2 or Esc``."""
        return " or ".join(key_name(key) for key in self.keys.split(","))

    @property
    def binding(self) -> Binding:
        """Textual's own form of it."""
        keys = [
            form
            for key in self.keys.split(",")
            for form in ((key, key.upper()) if len(key) == 1 and key.isalpha() else (key,))
        ]
        return Binding(",".join(keys), self.action, self.label, show=False, priority=self.priority)


class Commands(DOMNode):
    """A screen or widget with commands: those in ``KEYS`` of its class, and of its bases."""

    KEYS: ClassVar[list[Command]] = []

    def __init_subclass__(cls, **more: Any) -> None:
        if "KEYS" in vars(cls):
            bindings: list[BindingType] = [command.binding for command in cls.KEYS if command.keys]
            cls.BINDINGS = bindings
        super().__init_subclass__(**more)

    @classmethod
    def all_commands(cls) -> list[Command]:
        """Each command once, in the order of the bases; a class may declare a base's command anew."""
        found: dict[str, Command] = {}
        for kind in reversed(cls.__mro__):
            found |= {command.action: command for command in vars(kind).get("KEYS", ())}
        return list(found.values())

    @property
    def commands(self) -> list[Command]:
        """The commands that work now."""
        return [command for command in self.all_commands() if command.when(self)]

    def button(self, action: str, label: str = "", *, variant: ButtonVariant = "default") -> Button:
        """A button for the command with ``action``: its label, or another one, and its key."""
        from textual.widgets import Button

        command = next(command for command in self.all_commands() if command.action == action)
        return Button(
            f"{label or command.label}  {command.key}", id=command.id, variant=variant, compact=True
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether the command with ``action`` works now."""
        named = [one for one in self.all_commands() if one.action.partition("(")[0] == action]
        return not named or any(command.when(self) for command in named)

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """A command's button does what its key does."""
        for command in self.all_commands():
            if command.id == event.button.id:
                event.stop()
                await self.run_action(command.action)  # type: ignore[attr-defined]
