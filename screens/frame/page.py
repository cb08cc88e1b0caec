"""What every step's screen stands on: the frame that stays, and the way from a key to a worker and back.

How to write a step's screen:

- Subclass `StepScreen`; set `STEP`, `QUESTION`, `WHY` and `HELP` (Markdown); yield the page's own widgets
  from `compose_step`. Give the act button its words by `ACT` (None for a step with nothing to do on F4).
- `begin()` is called each time the page comes up and for F5 and "Try again": start looking there.
- Look, plan and act in workers: `@reads("Asking SES")`, `@acts("Deploying the stack")` (`screens.workers`).
- Tell the app: `Looked(standing)` after judging, `Decided(before, after)` after an act. An act's `report` is
  `self.happened`; the `Happened` messages that come are shown in an `EventList`.
- `confirm(plan, act)` shows a plan and calls `act` after a yes.
- `keep()` is called on every page before the app is left, for what is typed and not saved yet. It is also
  called when somebody edited the project file; then `edited_outside` brings the fields up to it.
- Errors: let a worker raise `WizardError`. The page shows it with "Try again", which calls `retry`: `begin`
  by default, or what you set in `self.retry` before starting the worker. While a worker runs, its
  description is shown.
- `redraw(state)` is called when the app's state changed (and once at the start): update widgets in place.
- F2 and Esc, F3, F4, F5 call `action_back`, `action_next`, `action_act`, `action_look_again`. Override
  `action_next` where going on is what finishes the step, and call `self.go(step)` when done.
- Textual calls the `on_…` method of every class, the page's own before the frame's: no `super().on_mount()`.
- Text from outside goes into widgets as `Content(text)` or with ``markup=False``, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState, get_current_worker

from screens.commands import Command, Commands, in_demo, never
from screens.frame.busy_line import BusyLine
from screens.frame.key_line import KeyLine
from screens.frame.rail import NO_RAIL, StepLine, StepRail
from screens.frame.top_bar import TopBar
from screens.messages import GoTo, GoToStart, Happened, StartOver
from screens.state import AppState
from screens.symbols import status_words
from screens.widgets.columns import Cells, Columns
from screens.widgets.flow import Buttons
from screens.workers import Kind, is_a, running
from wizard.errors import ExitCode, WizardError
from wizard.log import as_wizard_error
from wizard.steps.model import Event, Plan, StepName, StepState

if TYPE_CHECKING:
    from textual.widgets import Input

    from screens.app import WizardApp
    from screens.frame.error_panel import ErrorPanel
    from wizard.project.schema import Project


def fill_in(field: Input, text: str) -> None:
    """Put ``text`` into ``field`` as if it had just been entered by Tab.

    The cursor stands at the end and all is selected: what is typed next replaces it.
    """
    field.value = text
    field.action_select_all()


PAGES_CSS = Path(__file__).with_name("pages.tcss")
"""The look of what pages are filled in with. Only the first page does without: it is there at once."""


class StepScreen(Screen[None], Commands):
    """The frame: top bar, steps, a question with its page, the line of what runs, buttons, keys."""

    CSS_PATH: ClassVar[Path | list[str | PurePath] | None] = PAGES_CSS
    STEP: ClassVar[StepName | None] = None
    QUESTION: ClassVar[str] = ""
    WHY: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    ACT: ClassVar[str | None] = None
    """The words on the button for F4; None where there is nothing to do on it."""
    NEXT: ClassVar[str] = "Next"
    BACK: ClassVar[str] = "Back"
    RAIL: ClassVar[bool] = True
    """Whether the steps stand in a rail beside the page, where there is room for one."""
    SCROLLS: ClassVar[str] = "#body"
    """Selects what Page Up and Page Down scroll."""
    FIELD: ClassVar[str | None] = None
    """Selects the field that answers the page's question; what is refused puts the focus there."""

    KEYS: ClassVar[list[Command]] = [
        Command("f1", "help", "Help", footer=True),
        Command("f2,escape", "back", "Back", footer=True),
        Command("f3", "next", "Next", footer=True),
        Command("f4", "act", "", when=lambda page: page.may_act),
        Command("f5", "look_again", "Look again", footer=True, when=lambda page: not page.acting),
        Command("f9", "inbox", "Inbox", "The demo: its inbox and its clock", footer=True, when=in_demo),
        Command("", "stories", "Stories", "The demo: its stories", when=in_demo),
        Command("", "start_over", "Start over", "The demo: start over", when=in_demo),
        Command("f10,ctrl+q", "app.quit", "Quit", footer=True),
        Command("pageup", "scroll_body(-8)", "Scroll up"),
        Command("pagedown", "scroll_body(8)", "Scroll down"),
        Command("ctrl+p", "app.command_palette", "All commands"),
    ]

    AUTO_FOCUS = "#body *, #act, #next"

    def __init__(self) -> None:
        super().__init__()
        self.retry: Callable[[], object] = self.begin
        """What "Try again" does."""
        self._covered = False
        self._own_standing: StepState | None = None

    @property
    def wizard(self) -> WizardApp:
        """The app, by its own type."""
        return cast("WizardApp", self.app)

    @property
    def acting(self) -> bool:
        """Whether an act of this page is under way."""
        return bool(running(self.wizard.workers, Kind.ACT, node=self))

    @property
    def state(self) -> AppState:
        """The app's state. Read it on the loop, not in a worker."""
        state = self.wizard.state
        assert state is not None, "no page but the first is shown before the world is open"
        return state

    def compose(self) -> ComposeResult:
        """The frame around `compose_step`."""
        # Textual says it too, but only when all is styled, and then it styles all of it once more.
        self.update_classes({**self.wizard.size_classes(), NO_RAIL: not self.RAIL}, update=False)
        yield TopBar(badge=self.wizard.badge)
        yield StepLine(self.STEP)
        with Horizontal(id="frame"):
            yield StepRail(self.STEP)
            with Vertical(id="page"):
                yield Static(self.QUESTION, id="question", markup=False)
                if self.WHY:
                    yield Static(self.WHY, id="why", markup=False)
                with VerticalScroll(id="body", can_focus=False):
                    yield Columns(id="standing")
                    yield from self.compose_step()
                yield from self.compose_foot()
                yield BusyLine()
                with Buttons():
                    yield from self.compose_buttons()
        yield KeyLine(self.commands)

    def compose_step(self) -> ComposeResult:
        """The page's own widgets."""
        yield from ()

    def compose_foot(self) -> ComposeResult:
        """What stays below them and does not scroll."""
        yield from ()

    def compose_buttons(self) -> ComposeResult:
        """Back, the act of this page, what else it can do, Next."""
        offered = self.all_commands()
        yield self.button("back", self.BACK)
        if self.ACT:
            yield self.button("act", self.ACT, variant="primary")
        yield from (self.button(command.action) for command in offered if command.button)
        if any(command.action == "next" and command.when is not never for command in offered):
            yield self.button("next", self.NEXT, variant="default" if self.ACT else "primary")

    async def keep(self) -> Sequence[Cells]:
        """Put what is typed here into the project file: the app is about to be left.

        What cannot be kept is told in rows, each a place and what is wrong there; then the app asks first.
        """
        return ()

    def begin(self) -> None:
        """Called when the page comes up, for F5 and for "Try again": start looking."""

    async def edited_outside(self, before: Project, after: Project) -> None:
        """Somebody edited the project file: show what it says now in fields that show what it said before.

        ``keep`` was called before, so what is typed and can be kept is in ``after``.
        """
        if self.is_current:
            self._again()

    def help_text(self) -> str:
        """What F1 says, in Markdown, before the keys."""
        return self.HELP

    def redraw(self, state: AppState) -> None:
        """The app's state changed: bring the page's own widgets up to it."""

    def tell(self, message: Message) -> None:
        """From a worker: post ``message`` here, unless the worker was cancelled meanwhile."""
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    def happened(self, event: Event) -> None:
        """The `Report` for an act: from any thread, tell this page what happened."""
        self.post_message(Happened(event))

    def focus_first(self) -> None:
        """Put the focus where one begins."""
        self.set_focus(None)  # While the page comes up, Textual then follows AUTO_FOCUS.

    def say(self, words: str, *, not_yet: bool = False) -> None:
        """Say in the page's own line, where it covers nothing, what a key has done or why it did nothing."""
        self.query_one(BusyLine).say(words, not_yet=not_yet)

    def go(self, step: StepName | None) -> None:
        """Open another step; None is the summary."""
        self.post_message(GoTo(step))

    def show_error(self, error: WizardError, *, focus: str | None = None) -> None:
        """Put ``error`` on the page and the focus on "Try again", or on the widget that ``focus`` selects.

        Where that is a field, what stands in it is refused: it is to be changed, not tried again.
        """
        from textual.widgets import Input

        from screens.frame.error_panel import ErrorPanel
        from screens.pages.account.signing_in import offer

        self.clear_error()
        field = self.query_one(focus) if focus else None
        # With the embedded account's own keys there is nothing of the user's to sign in with.
        embedded = self.wizard.state is not None and self.state.world.aws.keys is not None
        panel = ErrorPanel(
            error,
            focus=field is None,
            fix="" if embedded else offer(error),
            refusal=isinstance(field, Input),
        )
        self.query_one("#body").mount(panel, after="#standing")
        if field:
            field.focus()
        if isinstance(field, Input):
            field.action_select_all()

    def clear_error(self) -> None:
        """Take the error off the page: what failed is being tried again."""
        self.query("ErrorPanel").remove()

    def clear_refusal(self) -> None:
        """Take off the page what was refused: the field is being changed. Other errors stay."""
        self.query("ErrorPanel.refusal").remove()

    def show_standing(self, standing: StepState | None) -> None:
        """Show ``standing`` on this page, its mark among the steps included, though it is not the app's yet.

        None is for the app's again.
        """
        self._own_standing = standing
        if self.wizard.state is not None:
            self._draw_standing(self.state)

    def confirm(
        self,
        plan: Plan,
        act: Callable[[], object],
        *,
        yes: str = "Yes, do it",
        notes: Sequence[str] = (),
        declined: Callable[[], object] = lambda: None,
    ) -> None:
        """Show ``plan`` with the sentences in ``notes`` and call ``act`` after a yes, else ``declined``.

        A plan that changes nothing asks nothing.
        """
        from screens.frame.dialogs import ConfirmPlan

        def answered(agreed: bool | None) -> None:
            # Meanwhile it may have turned out that this page must not act.
            (act if agreed and not self._held else declined)()

        if plan.changes_anything:
            self.app.push_screen(ConfirmPlan(plan, yes=yes, notes=notes), answered)
        else:
            act()

    # Keys

    def action_back(self) -> None:
        """Go to the page before; from the first step to the start."""
        assert self.STEP is not None
        before = self.STEP.number - 2
        self.post_message(GoTo(list(StepName)[before]) if before >= 0 else GoToStart())

    def action_next(self) -> None:
        """Go to the page after; from the last step to the summary."""
        assert self.STEP is not None
        after = self.STEP.number
        self.go(list(StepName)[after] if after < len(StepName) else None)

    def action_act(self) -> None:
        """Do what the button for F4 says. Pages that have one override this."""

    def action_look_again(self) -> None:
        """Try again what failed, or else look afresh."""
        if self.query("ErrorPanel").exclude(".refusal"):
            self.try_again()
        else:
            self.wizard.renew_access()
            self._again()

    def action_inbox(self) -> None:
        """Open the demo's inbox over this page."""
        from screens.pages.demo.inbox import InboxScreen

        if self.wizard.state:
            self.app.push_screen(InboxScreen())

    def action_stories(self) -> None:
        """List the demo's stories."""
        from screens.pages.demo.stories import Stories

        if self.wizard.demo:
            self.app.push_screen(Stories(self.wizard.demo.stories))

    def action_start_over(self) -> None:
        """Begin the demo anew, after a yes."""
        from screens.frame.dialogs import Ask

        def answered(yes: bool | None) -> None:
            if yes:
                self.post_message(StartOver())

        if self.wizard.state:
            words = "The demo's account, DNS zone and project file become what they were at first."
            self.app.push_screen(
                Ask("Start the demo over?", words, yes="Start over", no="Go on", careful=True), answered
            )

    def action_scroll_body(self, rows: int) -> None:
        """Scroll what does not fit."""
        self.query_one(self.SCROLLS).scroll_relative(y=rows, animate=False)

    def action_help(self) -> None:
        """Show what this page is about and its keys."""
        from screens.frame.dialogs import Help

        rows = [(one.key_names, one.words) for one in self.commands if one.keys and one.words]
        self.app.push_screen(Help(self.QUESTION, self.help_text(), rows))

    @property
    def commands(self) -> list[Command]:
        """The commands that work now; F4 in the words of its button."""
        return [
            replace(one, label=self.ACT or "") if one.action == "act" else one for one in super().commands
        ]

    # How the frame works

    def on_mount(self) -> None:
        """Follow the app's state from here on."""
        self.watch(self.app, "state", self._state_changed)

    def on_screen_resume(self) -> None:
        """Look, each time the page comes up; not when a dialog over it closes."""
        self.call_after_refresh(self.wizard.page_shown)
        covered, self._covered = self._covered, False
        if not covered and self.focused is not None and self.focused.id == "back":
            # Left by it: who comes again by Next goes on with Enter, and does not turn round.
            self.focus_first()
        if not covered and self.wizard.state is not None:
            self._again()

    def on_screen_suspend(self) -> None:
        """Stop what reads for a page that is left; under a dialog it goes on, and so does what writes."""
        self._covered = self in self.app.screen_stack
        if not self._covered:
            for worker in running(self.workers, Kind.READ, Kind.FOLLOW, node=self):
                worker.cancel()

    def on_error_panel_try_again(self, event: Message) -> None:
        """Do again what failed."""
        event.stop()
        self.try_again()

    def on_error_panel_fix(self, event: ErrorPanel.Fix) -> None:
        """Sign in from here, and go on with what failed."""
        from screens.pages.account.signing_in import fix

        event.stop()
        fix(self, event.error)

    def try_again(self) -> None:
        """Do again what failed, with credentials read afresh."""
        self.clear_error()
        self.wizard.renew_access()
        self.retry()

    @on(Worker.StateChanged)
    def _follow_worker(self, event: Worker.StateChanged) -> None:
        event.stop()
        worker, busy = event.worker, self.query_one(BusyLine)
        if event.state is WorkerState.RUNNING and not is_a(worker, Kind.FOLLOW):
            busy.start(worker)
        busy.forget_ended()
        if event.state is WorkerState.ERROR and worker.error and not worker.is_cancelled:
            error = as_wizard_error(worker.error)
            refused = error.exit_code is not ExitCode.OUTSIDE and not is_a(worker, Kind.ACT)
            self.show_error(error, focus=self.FIELD if refused else None)

    def _state_changed(self, state: AppState | None) -> None:
        if state is None:
            return
        self.query_one(TopBar).show(state)
        self._draw_standing(state)
        self.redraw(state)

    def shown(self, state: AppState) -> AppState:
        """``state`` as this page shows it: with what the page alone has seen."""
        return state.standing(self._own_standing) if self._own_standing else state

    def _draw_standing(self, state: AppState) -> None:
        seen = self.shown(state)
        self.query_one(StepRail).show(seen)
        self.query_one(StepLine).show(seen)
        if self.STEP is None:
            return
        standing, held = seen.standings[self.STEP], self._held
        rows: list[Cells] = [(status_words(standing), standing.words)] if standing.words else []
        if held:
            rows.append((Content.styled("! held", "$text-error"), f"{held} (step 1)"))
        shown = self.query_one("#standing", Columns)
        shown.display = bool(rows)
        shown.show(rows)
        for button in self.query("#act"):
            button.disabled = bool(held)

    @property
    def _held(self) -> str:
        """Why this page must not act, or nothing."""
        return self.state.held(self.STEP) if self.STEP else ""

    @property
    def may_act(self) -> bool:
        """Whether F4 works now: not while an act runs, and not while the page is held."""
        held = self.wizard.state is not None and self._held
        return self.ACT is not None and not held and not self.acting

    def _again(self) -> None:
        if self.acting:
            return
        self.clear_error()
        self.retry = self.begin
        self.begin()
