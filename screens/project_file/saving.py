"""How the app keeps the project in its file: saves what is decided, takes over what others edit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerError

from screens.messages import LookEverywhere
from screens.workers import Kind, reads, running, saves
from wizard.errors import ExitCode, WizardError
from wizard.log import as_wizard_error
from wizard.text import printable

if TYPE_CHECKING:
    from screens.app import WizardApp
    from screens.frame.dialogs import Dialog
    from wizard.project.merge import Conflict, Merged
    from wizard.project.schema import Project
    from wizard.project.store import ProjectFile
    from wizard.world import World

FILE_LOOK_EVERY = 2.0
"""Seconds between two looks whether somebody edited the project file."""


class ProjectSaver:
    """The part of the app that keeps the project of its state in the project file."""

    def __init__(self, app: WizardApp) -> None:
        self.app = app
        self.run_worker = app.run_worker
        self.lock = asyncio.Lock()
        """Held while the file is written."""
        self._file: ProjectFile | None = None
        self._unsaved: WizardError | None = None

    def open_file(self) -> Project:
        """The project in the file, which is the one to save in from here on. From any thread."""
        from wizard.project.store import ProjectFile

        self._file = ProjectFile(self.app.path)
        return self._file.read()

    def watch_file(self) -> None:
        """Check every now and then whether somebody edited the file."""
        self.app.set_interval(FILE_LOOK_EVERY, self._look_at_file)

    @saves("Saving")
    async def save(self, *, quietly: bool = False) -> None:
        """Save the project, and take over what somebody edited in the file meanwhile.

        ``quietly``: nobody decided anything, so a failure that was told already is not told again.
        """
        conflicts: Sequence[Conflict] = ()
        async with self.lock:
            if self.app.state is None or self._file is None:
                return
            mine = self.app.state.project
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

        pages = self.app.open_pages()
        for page in pages:
            await page.keep()
        for pump in (*pages, self.app):
            await caught_up(pump)
        if self.app.state is None:
            return ()
        before = self.app.state.project
        ours = merge(mine, before, merged.project)
        conflicts = {conflict.name: conflict for conflict in (*merged.conflicts, *ours.conflicts)}
        await self._go_on_with_edited(ours.project)
        taken = [name for name in changes(before, ours.project) if name not in conflicts]
        if taken:
            title = f"Edited in {printable(self.app.path.name, 100)}"
            self.app.notify(", ".join(taken), title=title, markup=False)
        return tuple(conflicts.values())

    async def _ask_about(self, conflicts: Sequence[Conflict]) -> None:
        """Ask about each field that was changed here and in the file, and save what was chosen."""
        from screens.project_file.conflict import FileConflict
        from wizard.project.merge import with_mine

        for conflict in conflicts:
            if await self.app.push_screen_wait(FileConflict(self.app.path, conflict)) and self.app.state:
                await self._go_on_with_edited(with_mine(self.app.state.project, (conflict,)))
        self.save()

    async def _go_on_with_edited(self, project: Project) -> None:
        """Take ``project`` into the state, the way to AWS that it names, and the fields of the pages.

        All steps are looked at anew: what was edited may not be deployed.
        """
        if self.app.state is None or project == self.app.state.project:
            return
        before = self.app.state.project
        self.app.go_on_with(project, _with_access(self.app.state.world, before, project))
        for page in self.app.open_pages():
            await page.edited_outside(before, project)
        if project.domain.name:
            self.app.post_message(LookEverywhere())

    def _tell_unsaved(self, error: WizardError, *, quietly: bool) -> None:
        known, self._unsaved = self._unsaved, error
        if not (quietly and known and str(known) == str(error)):
            self.app.notify(
                f"{error.what} {error.todo}", title=error.title, severity="error", timeout=15, markup=False
            )

    @reads("Looking at the project file")
    async def _look_at_file(self) -> None:
        """Save again what could not be saved, and take over what somebody edited in the file."""
        if self.lock.locked() or self._file is None:
            return
        async with self.lock:
            try:
                wanted = self._unsaved is not None or await asyncio.to_thread(self._file.edited)
            except WizardError:
                wanted = True  # Saving says why.
        if wanted:
            self.save(quietly=True)

    async def leave_saved(self) -> None:
        """End the app once all is saved; else with exit code 1, or not at all: the user is asked."""
        self.save(quietly=True)
        while saving := running(self.app.workers, Kind.SAVE):
            await ended(saving)
            await caught_up(self.app)
        if self._unsaved is None:
            self.app.exit()
        else:
            await self._leave_unsaved(self._unsaved)

    async def _leave_unsaved(self, error: WizardError) -> None:
        """Leave although the file could not be written: with the project elsewhere, or without it."""
        from screens.project_file.save_elsewhere import QuitUnsaved, SaveElsewhere

        assert self.app.state is not None
        self.app.clear_notifications()
        elsewhere = SaveElsewhere(error, self.app.state.project, self.app.path)
        # The demo keeps its account beside its file, so a file elsewhere would not be the demo's.
        dialog: Dialog[Any] = QuitUnsaved(error) if self.app.demo else elsewhere
        answer = await self.app.push_screen_wait(dialog)
        if isinstance(answer, Path):
            from wizard.project.schema import load

            # Its paths are absolute now: this is what is gone on with.
            self.app.state = replace(self.app.state, project=await asyncio.to_thread(load, answer))
            self.app.path = answer
            self.app.exit()
        elif answer:
            self.app.exit(
                WizardError(
                    f"{printable(str(self.app.path), 200)} was not saved",
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
