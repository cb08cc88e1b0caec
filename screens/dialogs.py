"""Dialogs over a page: a yes or no, a plan to agree to, help. Each says what its keys are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Button, Static

from screens.symbols import CHANGE
from screens.widgets.columns import Cells, Columns
from wizard.steps.model import Change, Plan

SCROLLING: list[BindingType] = [
    Binding("up", "scroll_body(-1)", "Up", show=False),
    Binding("down", "scroll_body(1)", "Down", show=False),
    Binding("pageup", "scroll_body(-10)", "Page up", show=False),
    Binding("pagedown", "scroll_body(10)", "Page down", show=False),
]


class Dialog(ModalScreen[ScreenResultType]):
    """A box over the page whose body scrolls by the arrow keys."""

    def action_scroll_body(self, rows: int) -> None:
        """Scroll what does not fit."""
        self.query_one(".dialog-body").scroll_relative(y=rows, animate=False)


class Ask(Dialog[bool]):
    """A question with a yes and a no. Dismissed with True for yes.

    The focus is on yes, or on no where ``careful`` says that something would be lost.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,f2", "answer(False)", "No"),
        Binding("left,right", "app.focus_next", "Other button", show=False),
        *SCROLLING,
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

    def compose(self) -> ComposeResult:
        """The title, what it is about, and the two buttons."""
        with Vertical(classes="dialog"):
            yield Static(self.heading, classes="dialog-title", markup=False)
            with VerticalScroll(can_focus=False, classes="dialog-body"):
                yield Columns(self.body, id="dialog-text")
            with Horizontal(classes="buttons"):
                yield Button(f"{self.yes}  Y", id="yes", variant="primary", compact=True)
                yield Button(f"{self.no}  N", id="no", compact=True)

    def on_mount(self) -> None:
        """Enter alone must lose nothing."""
        self.query_one("#no" if self.careful else "#yes").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Either button answers."""
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Either key answers."""
        self.dismiss(answer)


class ConfirmPlan(Ask):
    """Shows exactly what a step would do, with ``notes``, and asks whether to do it."""

    def __init__(self, plan: Plan, *, yes: str = "Yes, do it", notes: Sequence[str] = ()) -> None:
        rows = plan_rows(plan, notes)
        super().__init__("This is what will happen", rows, yes=yes, no="No, leave it")


def plan_rows(plan: Plan, notes: Sequence[str] = ()) -> list[Cells]:
    """A plan in words: each change with its kind, thing, operation and purpose, the notes, the cost."""
    rows = [row for change in plan.changes for row in _change(change)]
    rows += [(Content.styled("! note", "$text-warning"), note) for note in notes]
    return [*rows, (Content.styled("  cost", "$text-muted"), plan.cost)]


class NothingToChange(Dialog[None]):
    """Shows the plan that keeps everything as it is: asked for, and answered by what is there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f2,f4,enter", "dismiss(None)", "Close"),
        *SCROLLING,
    ]

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan

    def compose(self) -> ComposeResult:
        """What is kept, line by line."""
        with Vertical(classes="dialog"):
            yield Static("Nothing to change", classes="dialog-title", markup=False)
            with VerticalScroll(can_focus=False, classes="dialog-body"):
                yield Columns([row for change in self.plan.changes for row in _change(change)])
            yield Static("Esc closes this, ↑ ↓ scroll", classes="dialog-foot", markup=False)


def _change(change: Change) -> list[Cells]:
    symbol, word, colour = CHANGE[change.kind]
    subject = Content.assemble(
        Content.styled(change.subject, "bold"), "  ", Content.styled(change.operation, "$text-muted")
    )
    return [(Content.styled(f"{symbol} {word}", colour), subject), ("", change.detail)]


class Help(Dialog[None]):
    """What this page is about, and every key that works on it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,f2,enter", "dismiss(None)", "Close"),
        *SCROLLING,
    ]

    def __init__(self, title: str, text: str, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.heading = title
        self.text = text
        self.keys = keys

    def compose(self) -> ComposeResult:
        """The page's own words, then the keys."""
        from textual.widgets import Markdown

        table = "\n".join(f"- **{key}** {description}" for key, description in self.keys)
        with Vertical(classes="dialog"):
            yield Static(self.heading, classes="dialog-title", markup=False)
            with VerticalScroll(can_focus=False, classes="dialog-body"):
                yield Markdown(f"{self.text.strip()}\n\n### Keys\n\n{table}", open_links=False)
            yield Static("Esc closes this, ↑ ↓ scroll", classes="dialog-foot", markup=False)
