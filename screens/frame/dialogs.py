"""Dialogs in a page's place: a yes or no, a plan to agree to, help. Each says what its keys are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import OptionList, Static
from textual.worker import Worker, WorkerState

from screens.commands import Command, Commands
from screens.frame.key_line import KeyLine
from screens.frame.rail import NO_RAIL, StepLine, StepRail
from screens.frame.top_bar import TopBar
from screens.symbols import CHANGE
from screens.widgets.columns import Cells, Columns
from screens.widgets.flow import Buttons
from wizard.log import as_wizard_error
from wizard.steps.model import Change, Plan

if TYPE_CHECKING:
    from screens.app import WizardApp
    from screens.frame.page import StepScreen
    from screens.state import AppState

SCROLL = Command("up,down", "scroll_body(1)", "Scroll", footer=True)
"""Named in the last row while there is something to scroll."""


class Dialog(ModalScreen[ScreenResultType], Commands):
    """A box in the place of the page, whose body scrolls by the arrow keys; its own keys are in the last row.

    The page's frame stays around it: account, Region and step are in sight. Only the body gives way where the
    rows are few: title, foot and buttons always show.
    """

    CSS_PATH = Path(__file__).with_name("dialogs.tcss")
    KEYS: ClassVar[list[Command]] = [
        Command("up", "scroll_body(-1)", "Up"),
        Command("down", "scroll_body(1)", "Down"),
        Command("pageup", "scroll_body(-10)", "Page up"),
        Command("pagedown", "scroll_body(10)", "Page down"),
        Command("home", "scroll_body_to(False)", "To the beginning"),
        Command("end", "scroll_body_to(True)", "To the end"),
    ]
    heading = ""

    def compose(self) -> ComposeResult:
        """The page's frame, in it the title, the body, what stands below it; then the keys."""
        wizard, page = cast("WizardApp", self.app), self._page
        self.update_classes({**wizard.size_classes(), NO_RAIL: page.has_class(NO_RAIL)}, update=False)
        yield TopBar(badge=wizard.badge)
        yield StepLine(page.STEP)
        with Horizontal(id="frame"):
            yield StepRail(page.STEP)
            with Vertical(id="page"), Vertical(classes="dialog"):
                yield Static(self.heading, classes="dialog-title", markup=False)
                with VerticalScroll(can_focus=False, classes="dialog-body"):
                    yield from self.compose_body()
                yield from self.compose_foot()
        yield KeyLine(self.commands)

    @property
    def _page(self) -> StepScreen:
        """The page that this stands over."""
        return cast("StepScreen", [one for one in self.app.screen_stack if not isinstance(one, Dialog)][-1])

    def compose_body(self) -> ComposeResult:
        """What scrolls."""
        yield from ()

    def compose_foot(self) -> ComposeResult:
        """What stands below it and does not scroll."""
        yield from ()

    def on_mount(self) -> None:
        """Follow the app's state in the frame, and fit the body again when it has grown (Markdown does)."""
        self.watch(self.app, "state", self._show_state)
        body = self.query_one(".dialog-body")
        self.watch(body, "virtual_size", self._fit_later, init=False)

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """Say what failed in a worker of this dialog."""
        if event.state is WorkerState.ERROR and event.worker.error:
            error = as_wizard_error(event.worker.error)
            self.notify(f"{error.what} {error.todo}", title=error.title, severity="error", markup=False)

    def _show_state(self, state: AppState | None) -> None:
        if state is not None:
            self.query_one(TopBar).show(state)
            shown = self._page.shown(state)
            self.query_one(StepRail).show(shown)
            self.query_one(StepLine).show(shown)

    def on_resize(self) -> None:
        """Fit the body between the rest, once that is as high as it will be."""
        # Small at first: what would lie off the screen has no height to go by.
        self.query_one(".dialog-body").styles.max_height = None
        self._fit_later()

    def _fit_later(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        box, body, keys = self.query_one(".dialog"), self.query_one(".dialog-body"), self.query_one(KeyLine)
        rest = sum(
            child.outer_size.height + child.styles.margin.height
            for child in box.children
            if child is not body
        )
        rows = max(1, self.query_one("#page").content_size.height - box.gutter.height - rest)
        body.styles.max_height = rows
        for choices in body.query(OptionList):
            choices.styles.max_height = rows
        keys.show([*self.commands, *([SCROLL] if body.virtual_size.height > rows else [])])

    def action_scroll_body(self, rows: int) -> None:
        """Scroll what does not fit."""
        self.query_one(".dialog-body").scroll_relative(y=rows, animate=False)

    def action_scroll_body_to(self, end: bool) -> None:
        """Go to the beginning or to the end of what does not fit."""
        body = self.query_one(".dialog-body")
        (body.scroll_end if end else body.scroll_home)(animate=False)


class Ask(Dialog[bool]):
    """A question with a yes and a no. Dismissed with True for yes.

    The focus is on yes, or on no where ``careful`` says that something would be lost.
    """

    KEYS: ClassVar[list[Command]] = [
        Command("y", "answer(True)", "Yes", footer=True),
        Command("n,escape,f2", "answer(False)", "No", footer=True),
        Command("left,right", "app.focus_next", "Other button"),
    ]

    def __init__(
        self,
        title: str,
        body: Sequence[Cells] | str,
        *,
        yes: str = "Yes",
        no: str = "No",
        careful: bool = False,
    ) -> None:
        super().__init__()
        self.heading = title
        self.body: Sequence[Cells] = [(body,)] if isinstance(body, str) else body
        self.yes = yes
        self.no = no
        self.careful = careful

    def compose_body(self) -> ComposeResult:
        """What it is about."""
        yield Columns(self.body, id="dialog-text")

    def compose_foot(self) -> ComposeResult:
        """The two buttons."""
        with Buttons():
            yield self.button("answer(True)", self.yes, variant="primary")
            yield self.button("answer(False)", self.no)

    def on_mount(self) -> None:
        """Enter alone must lose nothing."""
        self.query_one("#answer-false" if self.careful else "#answer-true").focus()

    def action_answer(self, answer: bool) -> None:
        """Either key or button answers."""
        self.dismiss(answer)


class ConfirmPlan(Ask):
    """Shows exactly what a step would do, with ``notes``, and asks whether to do it.

    What it costs stands below the changes and always shows, however many they are.
    """

    def __init__(self, plan: Plan, *, yes: str = "Yes, do it", notes: Sequence[str] = ()) -> None:
        rows = plan_rows(plan.changes)
        rows += [(Content.styled("! note", "$text-warning"), note) for note in notes]
        super().__init__("This is what will happen", rows, yes=yes, no="No, leave it")
        self.cost = plan.cost

    def compose_foot(self) -> ComposeResult:
        """What it costs, and the two buttons."""
        yield Columns([(Content.styled("  cost  ", "$text-muted"), self.cost)], classes="dialog-cost")
        yield from super().compose_foot()


class NothingToChange(Dialog[None]):
    """Shows the plan that keeps everything as it is: asked for, and answered by what is there."""

    KEYS: ClassVar[list[Command]] = [Command("escape,f2,f4,enter", "dismiss(None)", "Close", footer=True)]

    heading = "Nothing to change"

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan

    def compose_body(self) -> ComposeResult:
        """What is kept, line by line."""
        yield Columns(plan_rows(self.plan.changes))


def plan_rows(changes: Sequence[Change]) -> list[Cells]:
    """Each change with what it is for; an operation is named once, where it comes first."""
    named = [change.operation for change in changes]
    rows: list[Cells] = []
    for number, change in enumerate(changes):
        symbol, word, colour = CHANGE[change.kind]
        operation = change.operation if change.operation not in named[:number] else ""
        subject = Content.assemble(
            Content.styled(change.subject, "bold"), "  ", Content.styled(operation, "$text-muted")
        )
        rows += [(Content.styled(f"{symbol} {word}", colour), subject), ("", change.detail)]
    return rows


class Help(Dialog[None]):
    """What this page is about, and every key that works on it."""

    KEYS: ClassVar[list[Command]] = [Command("escape,f1,f2,enter", "dismiss(None)", "Close", footer=True)]

    def __init__(self, title: str, text: str, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.heading = title
        self.text = text
        self.keys = keys

    def compose_body(self) -> ComposeResult:
        """The page's own words, then the keys."""
        from textual.widgets import Markdown

        table = "\n".join(f"- **{key}** {description}" for key, description in self.keys)
        yield Markdown(f"{self.text.strip()}\n\n### Keys\n\n{table}", open_links=False)
