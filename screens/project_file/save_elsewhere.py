"""The dialog before leaving when the project file cannot be written: save elsewhere, or lose it knowingly."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from screens.commands import Command
from screens.frame.dialogs import Ask, Dialog
from screens.widgets.columns import Cells, Columns
from screens.widgets.flow import Buttons
from wizard.errors import WizardError
from wizard.text import printable

if TYPE_CHECKING:
    from wizard.project.schema import Project


TITLE = "The project file is not saved"


class QuitUnsaved(Ask):
    """Dismissed with True to quit without saving."""

    def __init__(self, error: WizardError) -> None:
        super().__init__(TITLE, _rows(error), yes="Quit without saving", no="Stay", careful=True)


class SaveElsewhere(Dialog["Path | bool"]):
    """Dismissed with the path that ``project`` was saved to, True to quit without saving, False to stay.

    Letters belong to the field.
    """

    heading = TITLE
    KEYS: ClassVar[list[Command]] = [
        Command("enter", "save", "Save there", footer=True),
        Command("f10", "dismiss(True)", "Quit without saving", footer=True),
        Command("f2,escape", "dismiss(False)", "Stay", footer=True),
    ]

    def __init__(self, error: WizardError, project: Project, path: Path) -> None:
        super().__init__()
        self._error = error
        self._project = project
        self._path = path

    def compose_body(self) -> ComposeResult:
        """What happened and what to do about it."""
        yield Columns(_rows(self._error))

    def compose_foot(self) -> ComposeResult:
        """The field with another path, and the buttons."""
        yield Static("Or save it in a new file:", id="ask", classes="block", markup=False)
        yield Input(str(Path.home() / self._path.name), id="elsewhere", compact=True)
        with Buttons():
            yield self.button("save", variant="primary")
            yield self.button("dismiss(True)")
            yield self.button("dismiss(False)")

    def on_mount(self) -> None:
        """Enter saves what would be lost."""
        self.query_one("#elsewhere").focus()

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self.action_save()

    async def action_save(self) -> None:
        """Save in the file that the field names, or say why that cannot be."""
        from wizard.project.store import save_copy

        typed = self.query_one("#elsewhere", Input).value.strip()
        try:
            path = await asyncio.to_thread(save_copy, self._project, self._path, typed)
        except WizardError as error:
            words = Content.styled(f"✗ {printable(f'{error.title}. {error.what}', 400)}", "$text-error")
            self.query_one("#ask", Static).update(words)
            self.query_one("#elsewhere").focus()
        else:
            self.dismiss(path)


def _rows(error: WizardError) -> list[Cells]:
    return [(Content(f"{error.title}."),), (Content(error.what),), (Content(error.todo),)]
