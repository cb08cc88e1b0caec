"""The Textual app: opens the world, holds the state, shows one page at a time, saves what was decided.

Everything runs one way: key press → screen → worker → message → state (frozen, replaced here alone) → redraw.
Only light modules are imported before the first frame: no boto3, dnspython, YAML, and no step's page.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from importlib import import_module
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual._time import get_time
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen
from textual.worker import Worker, WorkerFailed, WorkerState, get_current_worker

from screens.frame.page import StepScreen
from screens.messages import (
    Decided,
    GoTo,
    GoToStart,
    Looked,
    LookEverywhere,
    Opened,
    Opening,
    StartOver,
    SurveyEnded,
)
from screens.pages.welcome.page import WelcomeScreen
from screens.project_file.saving import ProjectSaver, caught_up, ended
from screens.state import AppState
from screens.theme import WIZARD_THEME
from screens.threads import DaemonThreads
from screens.widgets.columns import Cells
from screens.workers import Kind, acts, cancel, follows, reads, running
from wizard.errors import WizardError
from wizard.log import as_wizard_error
from wizard.steps.model import StepName, last_known, remembered
from wizard.text import printable

if TYPE_CHECKING:
    from screens.pages.demo.demo import Demo
    from wizard.project.schema import Project
    from wizard.world import World

Boot = Callable[[], "World"]
"""Makes the world. Called in a thread after the first frame; what it takes down again is its maker's work."""

SUMMARY = "screens.pages.summary.page:SummaryScreen"


class WizardApp(App[WizardError]):
    """The wizard on one project file.

    ``run()`` returns None where the user quit, or the WizardError that ended the app: the caller prints it
    and ends with its exit code. ``boot`` makes the world. ``exports`` is the folder for files that the user
    asks for, by default that of ``path``; if it is given, ``path`` itself is not kept.
    """

    TITLE = "ses-wizard"
    CSS_PATH = Path(__file__).with_name("frame") / "frame.tcss"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (App declares it so)
        (0, "-narrow"),
        (100, "-wide"),
        (150, "-roomy"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (40, "-tall")]  # noqa: RUF012 (App declares it so)
    # Also where it is equal: two ways to AWS are, though their credentials were read at other times.
    state: reactive[AppState | None] = reactive(None, always_update=True)

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "say_how_to_quit", show=False, system=True)]

    def __init__(
        self,
        boot: Boot,
        path: Path,
        *,
        demo: Demo | None = None,
        exports: Path | None = None,
    ) -> None:
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.path = path
        self.saver = ProjectSaver(self)
        self._shown_at = 0.0
        self._pages: dict[StepName | None, StepScreen] = {}
        self.boot = boot
        self.demo = demo
        self.opens = demo.opens if demo else None
        """The step to open first, where that is not the first open one."""
        self._exports = exports
        self._held = ExitStack()
        self._failure: WizardError | None = None
        self._leaving: Worker[None] | None = None
        self._fresh: set[StepName] = set()
        """The steps that were looked at since the last survey began."""
        self.register_theme(WIZARD_THEME)
        # The theme's watcher would parse and apply all styles twice. Without it the variables are set here.
        self.set_reactive(WizardApp.theme, WIZARD_THEME.name)
        self.stylesheet.set_variables(self.get_css_variables())

    @property
    def kept(self) -> bool:
        """Whether the project file is there after quitting."""
        return self._exports is None

    @property
    def exports(self) -> Path:
        """The folder for files that the user asks for."""
        return self._exports or self.path.parent

    @property
    def badge(self) -> str:
        """What marks the demo on every page: with the story that it shows. Empty for the real thing."""
        if self.demo is None:
            return ""
        return f"DEMO: {self.demo.story[0]}" if self.demo.story else "DEMO"

    def size_classes(self) -> dict[str, bool]:
        """Which of the classes that tell the terminal's size a page has."""
        found: dict[str, bool] = {}
        for size, breakpoints in zip(
            self.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True
        ):
            fitting = max(least for least, _ in breakpoints if least <= size)
            found |= {name: least == fitting for least, name in breakpoints}
        return found

    def get_default_screen(self) -> Screen[None]:
        """The first page, on the first frame."""
        return WelcomeScreen()

    def on_load(self) -> None:
        """Before anything runs: workers get threads that nobody has to wait for."""
        asyncio.get_running_loop().set_default_executor(DaemonThreads())

    def on_ready(self) -> None:
        """The first frame is out: now the slow things."""
        gc.enable()
        self._open()
        self._load_pages()
        self.saver.watch_file()

    def on_unmount(self) -> None:
        """Let go of the project file."""
        self._held.close()

    async def on_event(self, event: Event) -> None:
        """Drop keys that were pressed before the page was shown: they were meant for the one before.

        Quitting is meant for every page.
        """
        if isinstance(event, Key) and event.time < self._shown_at and event.key not in ("f10", "ctrl+q"):
            return
        await super().on_event(event)

    def page_shown(self) -> None:
        """A page is on the screen: keys are meant for it from just before now on."""
        self._shown_at = get_time() - 0.05

    # Opening and saving, in threads

    @follows("Loading the pages")
    def _load_pages(self) -> None:
        """Import the pages before somebody opens them: they import their steps."""
        for step in StepName:
            import_module(step.page.partition(":")[0])

    @reads("Opening the project")
    def _open(self) -> None:
        from wizard.project import schema as project

        self._held.enter_context(project.only_wizard(self.path))
        project.load(self.path)
        world = self.boot()
        self._say_open(world)

    def _say_open(self, world: World) -> None:
        """Open ``world`` on the file as it is now: in the demo, making the world may have written it."""
        settings = self.saver.open_file()
        self.post_message(Opened(_as_chosen(settings, world) if self.demo else world, settings))

    def tell_opening(self, words: str) -> None:
        """Say what is going on before the world is open. From any thread."""
        self.post_message(Opening(words))

    @on(Opening)
    def _show_opening(self, message: Opening) -> None:
        if isinstance(self.screen, WelcomeScreen):
            self.screen.show_opening(message.words)

    def _look_at_all(self, world: World, settings: Project) -> None:
        self._fresh.clear()
        self._survey(world, settings)

    @reads("Looking everywhere")
    def _survey(self, world: World, settings: Project) -> None:
        from wizard.steps.survey import survey

        worker = get_current_worker()
        trouble = None

        def noted(before: Project, after: Project) -> None:
            if not worker.is_cancelled:
                self.post_message(Decided(before, after))

        try:
            for standing in survey(world, settings, self.path.parent, noted=noted):
                if worker.is_cancelled:
                    return
                self.post_message(Looked(standing))
        except Exception as error:
            trouble = as_wizard_error(error)
        if not worker.is_cancelled:
            self.post_message(SurveyEnded(trouble))

    @acts("Starting over")
    async def _begin_anew(self, start_over: Boot) -> None:
        async with self.saver.lock:
            world = await asyncio.to_thread(start_over)
            await asyncio.to_thread(self._say_open, world)

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """Say what failed in a worker of the app's own. Before the world is open nothing can go on."""
        if event.state is not WorkerState.ERROR or not event.worker.error:
            return
        error = as_wizard_error(event.worker.error)
        if self.state is None:
            self.exit(error, return_code=error.exit_code)
        else:
            self.notify(f"{error.what} {error.todo}", title=error.title, severity="error", markup=False)

    def _handle_exception(self, error: Exception) -> None:
        """End with what the log has to say; Textual calls this for what is raised in a handler."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        self._failure = as_wizard_error(cause)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Print the error without Textual's own traceback, which has the values of variables."""
        self.panic(Text(str(self._failure)))

    # The one place that changes the state

    @on(Opened)
    def _opened(self, message: Opened) -> None:
        for page in self._pages.values():
            self.uninstall_screen(page)
            page.remove()
        self._pages = {}
        chosen = message.project.domain
        continuing = chosen.name is not None or chosen.registration is not None
        self.state = AppState(message.world, message.project, last_known(message.project), looking=continuing)
        if message.world.stage and (aside := message.world.stage.put_aside):
            words = f"The one before cannot be used any more: it is kept as {printable(aside.name, 100)}. "
            words += "Start over (F4) to begin its file anew, too."
            self.notify(words, title="This is a new account", severity="warning", timeout=20, markup=False)
        if continuing:
            self._look_at_all(message.world, message.project)

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        """What is seen is remembered; but in another account nothing seen says anything."""
        if self.state is None:
            return
        standing, project = message.standing, self.state.project
        self._fresh.add(standing.step)
        self.state = self.state.standing(standing)
        if not self.state.another_account:
            project = remembered(project, standing, self.state.world.now())
        changed = project is not self.state.project
        self.state = replace(self.state, project=project)
        if changed:
            self.saver.save(quietly=True)
        if self.state.another_account and isinstance(self.screen, StepScreen) and self.screen.STEP:
            self.post_message(GoTo(self.screen.STEP))

    @on(SurveyEnded)
    def _survey_ended(self, message: SurveyEnded) -> None:
        if self.state is not None:
            known = self.state if message.trouble is None else self.state.outdated(self._fresh)
            self.state = replace(known, looking=False, trouble=message.trouble)

    @on(Decided)
    def _decided(self, message: Decided) -> None:
        """Something was decided. What else was decided meanwhile stays; the later word on one field holds."""
        if self.state is None:
            return
        from wizard.project.merge import merge

        project = merge(message.before, message.after, self.state.project).with_mine
        self.go_on_with(project, message.world or self.state.world)
        self.saver.save()

    def go_on_with(self, project: Project, world: World) -> None:
        """Take ``project`` into the state; with another account or domain all steps are looked at anew."""
        assert self.state is not None
        known = self.state.project
        state = replace(self.state, project=project, world=world)
        elsewhere = (project.account, project.domain) != (known.account, known.domain)
        if elsewhere:
            state = replace(state, standings=last_known(project))
        self.state = state
        if elsewhere and project.domain.name:
            self._look_at_all(state.world, project)

    def renew_access(self) -> None:
        """Make the clients anew: credentials fixed outside are then read without a restart."""
        if self.state is not None:
            aws = self.state.world.aws
            self.state = replace(self.state, world=self.state.world.choose(aws.profile, aws.region))

    # Pages

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers (Ctrl+P): the commands of the page that work now."""
        for command in screen.commands if isinstance(screen, StepScreen) else ():
            if command.words and command.action != "app.command_palette":
                yield SystemCommand(command.words, command.key, partial(screen.run_action, command.action))

    @on(GoTo)
    def _go(self, message: GoTo) -> None:
        """One page at a time, over the first one; none while a dialog waits for its answer.

        With the credentials of another account no step's page is open but the first: it asks what shall be.
        """
        if self.state is None or isinstance(self.screen, ModalScreen):
            return
        step = StepName.ACCOUNT if message.step and self.state.another_account else message.step
        page = self._page(step)
        if page is self.screen:
            return
        self._shown_at = inf
        if isinstance(self.screen, WelcomeScreen):
            self.push_screen(page)
        else:
            self.switch_screen(page)

    @on(GoToStart)
    def _go_to_start(self) -> None:
        if not isinstance(self.screen, WelcomeScreen | ModalScreen):
            self.pop_screen()

    @on(LookEverywhere)
    def _look_everywhere(self) -> None:
        if self.state is not None:
            self.state = replace(self.state, looking=True, trouble=None)
            self._look_at_all(self.state.world, self.state.project)

    @on(StartOver)
    def _start_over(self) -> None:
        if self.demo is None or self.state is None:
            return
        if running(self.workers, Kind.ACT):
            self.notify("One moment: this is being finished.")
            return
        cancel(self._survey)
        self.state = None
        while not isinstance(self.screen, WelcomeScreen):
            self.pop_screen()
        self.screen.show_opening("Starting over …")
        self._begin_anew(self.demo.start_over)

    def _page(self, step: StepName | None) -> StepScreen:
        if step not in self._pages:
            module, name = (step.page if step else SUMMARY).split(":")
            page: StepScreen = getattr(import_module(module), name)()
            self.install_screen(page, step or "summary")
            self._pages[step] = page
        return self._pages[step]

    def open_pages(self) -> tuple[StepScreen, ...]:
        """All pages that somebody may have typed on, those over a step's own page included."""
        over = [page for page in self.screen_stack if isinstance(page, StepScreen)]
        return tuple(page for page in dict.fromkeys((*self._pages.values(), *over)) if page.is_mounted)

    async def action_quit(self) -> None:
        """Leave: what was begun is finished, what is typed is saved, what would be lost is asked about."""
        if self._leaving is None or self._leaving.is_finished:
            self._leaving = self._leave()

    @work(description="Finishing what was begun")
    async def _leave(self) -> None:
        pages = self.open_pages()
        lost = [row for page in pages for row in await page.keep()]
        if lost and not await self._leave_without(lost):
            return
        acting = running(self.workers, Kind.ACT)
        if acting:
            self.notify("Finishing what was begun, then leaving.")
        await ended(acting)
        for pump in (*pages, self):
            await caught_up(pump)
        await self.saver.leave_saved()

    async def _leave_without(self, lost: Sequence[Cells]) -> bool:
        from screens.frame.dialogs import Ask

        question = Ask("Quit without saving what is typed here?", lost, yes="Quit", no="Stay", careful=True)
        return await self.push_screen_wait(question)

    def action_say_how_to_quit(self) -> None:
        """Ctrl+C copies in a field; here it says what quits."""
        self.notify("F10 quits. What is finished is saved.", timeout=4)


def _as_chosen(project: Project, world: World) -> World:
    """The demo's ``world`` with the profile and in the Region that were chosen in it."""
    profile = project.account.profile or world.aws.profile
    region = project.account.region or world.aws.region
    return (
        world if (profile, region) == (world.aws.profile, world.aws.region) else world.choose(profile, region)
    )
