"""How the app keeps the project in its file: saves what is decided, takes over what others edit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.message_pump import MessagePump
from textual.reactive import reactive
from textual.worker import Worker, WorkerError

from screens.frame.page import StepScreen
from screens.messages import LookEverywhere
from screens.state import AppState
from screens.workers import Kind, reads, running, saves
from wizard.errors import ExitCode, WizardError
from wizard.log import as_wizard_error
from wizard.steps.model import StepName
from wizard.text import printable

if TYPE_CHECKING:
    from wizard.project.merge import Conflict, Merged
    from wizard.project.schema import Project
    from wizard.project.store import ProjectFile
    from wizard.world import World

FILE_LOOK_EVERY = 2.0
"""Seconds between two looks whether somebody edited the project file."""


class SavingApp(App[WizardError]):
    """An app whose state holds the project in the file at ``path``."""

    # Also where it is equal: two ways to AWS are, though their credentials were read at other times.
    state: reactive[AppState | None] = reactive(None, always_update=True)

    def __init__(self, path: Path, *, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.path = path
        self.saving = asyncio.Lock()
        """Held while the file is written."""
        self._file: ProjectFile | None = None
        self._unsaved: WizardError | None = None
        self._pages: dict[StepName | None, StepScreen] = {}

    def go_on_with(self, project: Project, world: World) -> None:
        """Take ``project`` into the state."""
        raise NotImplementedError

    def open_file(self) -> Project:
        """The project in the file, which is the one to save in from here on. From any thread."""
        from wizard.project.store import ProjectFile

        self._file = ProjectFile(self.path)
        return self._file.read()

    def keep_looking_at_file(self) -> None:
        """Look every now and then whether somebody edited the file."""
        self.set_interval(FILE_LOOK_EVERY, self._look_at_file)

    @saves("Saving")
    async def save(self, *, quietly: bool = False) -> None:
        """Save the project, and take over what somebody edited in the file meanwhile.

        ``quietly``: nobody decided anything, so a failure that was told already is not told again.
        """
        conflicts: Sequence[Conflict] = ()
        async with self.saving:
            if self.state is None or self._file is None:
                return
            mine = self.state.project
            try:
                merged = await asyncio.to_thread(self._file.save, mine)
            except Exception as error:
                self._tell_unsaved(as_wizard_error(error), quietly=quietly)
                return
            self._unsaved = None
            if merged.project != mine:
                # Within the lock: what is saved next must have what the file has by now.
                conflicts = await self._take_over(mine, merged)
        if conflicts:
            await self._ask_about(conflicts)

    async def _take_over(self, mine: Project, merged: Merged) -> Sequence[Conflict]:
        """Take over what somebody edited in the file: ``merged`` came of saving ``mine``.

        What is typed on the pages is ours. Of fields that both sides changed, the file's value is taken.
        """
        from wizard.project.merge import changes, merge

        pages = self.open_pages()
        for page in pages:
            await page.keep()
        for pump in (*pages, self):
            await caught_up(pump)
        if self.state is None:
            return ()
        before = self.state.project
        ours = merge(mine, before, merged.project)
        conflicts = {conflict.name: conflict for conflict in (*merged.conflicts, *ours.conflicts)}
        await self._go_on_with_edited(ours.project)
        taken = [name for name in changes(before, ours.project) if name not in conflicts]
        if taken:
            title = f"Edited in {printable(self.path.name, 100)}"
            self.notify(", ".join(taken), title=title, markup=False)
        return tuple(conflicts.values())

    async def _ask_about(self, conflicts: Sequence[Conflict]) -> None:
        """Ask about each field that was changed here and in the file, and save what was chosen."""
        from screens.project_file.conflict import FileConflict
        from wizard.project.merge import with_mine

        for conflict in conflicts:
            if await self.push_screen_wait(FileConflict(self.path, conflict)) and self.state:
                await self._go_on_with_edited(with_mine(self.state.project, (conflict,)))
        self.save()

    async def _go_on_with_edited(self, project: Project) -> None:
        """Take ``project`` into the state, the way to AWS that it names, and the fields of the pages.

        All steps are looked at anew: what was edited may not be deployed.
        """
        if self.state is None or project == self.state.project:
            return
        before = self.state.project
        self.go_on_with(project, _with_access(self.state.world, before, project))
        for page in self.open_pages():
            await page.edited_outside(before, project)
        if project.domain.name:
            self.post_message(LookEverywhere())

    def open_pages(self) -> tuple[StepScreen, ...]:
        """All pages that somebody may have typed on, those that stand over a step's own included."""
        over = [page for page in self.screen_stack if isinstance(page, StepScreen)]
        return tuple(page for page in dict.fromkeys((*self._pages.values(), *over)) if page.is_mounted)

    def _tell_unsaved(self, error: WizardError, *, quietly: bool) -> None:
        known, self._unsaved = self._unsaved, error
        if not (quietly and known and str(known) == str(error)):
            self.notify(
                f"{error.what} {error.todo}", title=error.title, severity="error", timeout=15, markup=False
            )

    @reads("Looking at the project file")
    async def _look_at_file(self) -> None:
        """Save again what could not be saved, and take over what somebody edited in the file."""
        if self.saving.locked() or self._file is None:
            return
        async with self.saving:
            try:
                wanted = self._unsaved is not None or await asyncio.to_thread(self._file.edited)
            except WizardError:
                wanted = True  # Saving says why.
        if wanted:
            self.save(quietly=True)

    async def leave_saved(self) -> None:
        """End the app once all is saved; else with exit code 1, or not at all: the user is asked."""
        self.save(quietly=True)
        while saving := running(self.workers, Kind.SAVE):
            await ended(saving)
            await caught_up(self)
        if self._unsaved is None:
            self.exit()
        else:
            await self._leave_unsaved(self._unsaved)

    async def _leave_unsaved(self, error: WizardError) -> None:
        """Leave although the file could not be written: with the project elsewhere, or without it."""
        from screens.project_file.save_elsewhere import QuitUnsaved, SaveElsewhere

        assert self.state is not None
        self.clear_notifications()
        if self.state.world.demo:  # It keeps its account beside its file, so elsewhere would be no demo's.
            answer: Path | bool | None = await self.push_screen_wait(QuitUnsaved(error))
        else:
            answer = await self.push_screen_wait(SaveElsewhere(error, self.state.project, self.path))
        if isinstance(answer, Path):
            from wizard.project.schema import load

            # Its paths are absolute now: this is what is gone on with.
            self.state = replace(self.state, project=await asyncio.to_thread(load, answer))
            self.path = answer
            self.exit()
        elif answer:
            self.exit(
                WizardError(
                    f"{printable(str(self.path), 200)} was not saved",
                    f"What was decided since the last save is lost. {error.title}: {error.what}",
                    error.todo,
                ),
                return_code=ExitCode.NO,
            )


async def ended(workers: list[Worker[Any]]) -> None:
    """Wait until none of ``workers`` runs, however they end."""
    for worker in workers:
        with suppress(WorkerError):
            await worker.wait()


async def caught_up(pump: MessagePump) -> None:
    """Wait until ``pump`` has handled the messages it has now."""
    done = asyncio.Event()
    pump.call_later(done.set)
    await done.wait()


def _with_access(world: World, before: Project, after: Project) -> World:
    """``world`` with the profile and Region of ``after``, where those of ``before`` were in use."""
    was, now, used = before.account, after.account, (world.aws.profile, world.aws.region)
    profile = now.profile if used[0] == was.profile else used[0]
    region = now.region if used[1] == was.region else used[1]
    return world if (profile, region) == used else world.choose(profile, region)
