"""The six steps and where they stand: a rail beside the page, or one line above it."""

from __future__ import annotations

from textual.content import Content
from textual.events import Click
from textual.widget import Widget
from textual.widgets import Static

from screens.messages import GoTo
from screens.state import AppState
from screens.symbols import brief_words, lines, mark
from wizard.steps.model import StepName

NO_RAIL = "-no-rail"
"""The class of screens that show the steps in no rail."""


class StepRail(Static):
    """The steps one below the other, for wide terminals. A click opens a step."""

    ROWS_PER_STEP = 3

    def __init__(self, current: StepName | None) -> None:
        super().__init__("", markup=False)
        self.current = current

    def show(self, state: AppState) -> None:
        """Show where the steps stand in ``state``."""
        self.update(lines([self._step(state, step) for step in StepName]))

    def _step(self, state: AppState, step: StepName) -> Content:
        here = step is self.current
        name = Content.styled(f"{'▸' if here else ' '} {step.number}  {step.label}", "bold" if here else "")
        return Content.assemble(name, "\n", "     ", brief_words(state.standings[step]), "\n")

    def on_click(self, event: Click) -> None:
        """Open the step that was clicked."""
        index = event.get_content_offset(self)
        if index is not None and index.y // self.ROWS_PER_STEP < len(StepName):
            self.post_message(GoTo(list(StepName)[index.y // self.ROWS_PER_STEP]))


class StepLine(Widget):
    """All six steps in one row, for narrow terminals: symbol and name, the current one marked.

    Where not all names fit, the others have their numbers.
    """

    def __init__(self, current: StepName | None) -> None:
        super().__init__()
        self.current = current
        self._state: AppState | None = None

    def show(self, state: AppState) -> None:
        """Show the status of the steps in ``state``."""
        self._state = state
        self.refresh()

    def render(self) -> Content:
        """The steps at the width there is."""
        if self._state is None:
            return Content("")
        row = Content("  ").join([self._step(self._state, step, step.label) for step in StepName])
        if row.cell_length <= self.content_size.width:
            return row
        return Content(" ").join([self._step(self._state, step, str(step.number)) for step in StepName])

    def _step(self, state: AppState, step: StepName, name: str) -> Content:
        symbol, _, colour = mark(state.standings[step])
        sign = Content.styled(symbol, colour)
        if step is self.current:
            return Content.assemble(sign, " ", Content.styled(f"[{step.label}]", "bold"))
        return Content.assemble(sign, " ", Content.styled(name, "$text-muted"))
