"""The question when somebody edited a setting in the project file that was changed here, too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.content import Content

from screens.frame.dialogs import Ask
from screens.widgets.columns import Cells
from wizard.text import printable

if TYPE_CHECKING:
    from wizard.project.merge import Conflict

SHOWN = 300
"""The most characters of a value that are shown."""


class FileConflict(Ask):
    """Dismissed with True to keep the value from here. Until then the file keeps its own."""

    def __init__(self, path: Path, conflict: Conflict) -> None:
        rows: list[Cells] = [
            (Content.styled("Here", "$text-muted"), _words(conflict.mine)),
            (Content.styled("In the file", "$text-muted"), _words(conflict.theirs)),
        ]
        super().__init__(
            f"{conflict.name} was changed here and in {printable(path.name, 100)}",
            rows,
            yes="Keep mine",
            no="Use the file's",
            careful=True,
        )


def _words(values: tuple[Any, ...]) -> str:
    """The values of a conflict's fields as in the file, without those that are not set."""
    shown = [_word(value) for value in values if value not in (None, "", ())]
    return "; ".join(shown) or "not set"


def _word(value: Any) -> str:
    from wizard.project.schema import Observation, Table

    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return printable(", ".join(map(str, value)), SHOWN)
        case Table():
            return f"the table {printable(value.name, SHOWN)}"
        case Observation():
            return f"{value.words} ({value.at:%Y-%m-%d %H:%M})"
    return printable(str(value), SHOWN)
