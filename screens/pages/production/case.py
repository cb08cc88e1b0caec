"""The text for the questions of AWS's reviewers: built, edited, saved beside the file, copied."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static, TextArea
from textual.widgets.text_area import Selection

from screens.commands import Command
from screens.frame.dialogs import Ask
from screens.frame.over import OverPage
from screens.frame.page import PAGES_CSS
from screens.messages import Decided, GoTo
from screens.widgets.columns import Cells
from screens.workers import acts, reads
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.model import StepName
from wizard.steps.production import case as production_case
from wizard.steps.production import readiness
from wizard.steps.production.case import CaseText, Flow, build, case_file, gaps, next_gap, save
from wizard.steps.production.readiness import Evidence, Point
from wizard.steps.production.step import ProductionReport
from wizard.world import World


@dataclass(frozen=True)
class Facts:
    """What the text is built from."""

    evidence: Evidence
    points: tuple[Point, ...]
    flow: Flow


class CasePage(OverPage):
    """Over step 6's page, or over the request."""

    STEP = StepName.PRODUCTION
    QUESTION = "What do you answer AWS?"
    WHY = "Reviewers ask how often, to whom, how they signed up, and about bounces."
    ACT = "Save"
    HELP = """
The text says what is set up, and nothing else. **[TO FILL IN: …]** marks what the wizard does not know:
change it here, or do the step that it is about. AWS takes no description with the request any more; it asks
in the case, and this is the answer.

- **F4** saves it beside the project file. What you changed stays yours: it is not written over.
- **F6** builds it anew from what is set up now. **F7** goes to the next place to fill in.
- **F8** copies it, where your terminal allows that; else it is in the file.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "production.tcss"]
    KEYS: ClassVar[list[Command]] = [
        # A TextArea has uses of its own for F6 and F7.
        Command("f6", "anew", "Rebuild", button=True, priority=True),
        Command("f7", "next_gap", "Next gap", footer=True, priority=True),
        Command("f8", "copy", "Copy", button=True, priority=True),
    ]

    @dataclass
    class Built(Message):
        """What is known, the text that it makes, and the text as it stands: whose it is."""

        facts: Facts
        built: str
        stands: CaseText

    @dataclass
    class Saved(Message):
        """The text is in its file."""

        text: str

    def __init__(self, seen: ProductionReport) -> None:
        super().__init__()
        self._seen = seen
        self._facts: Facts | None = None
        self._built = ""
        self._shown = ""
        self._in_file: str | None = None
        self._then: Callable[[], object] | None = None

    def compose_step(self) -> ComposeResult:
        """The one question that nothing else answers, what is missing, the text."""
        with Horizontal(classes="field tight"):
            yield Label("Who gets it?", classes="label")
            yield Input(
                self.state.project.production.audience,
                placeholder="who they are, and how they signed up or agreed",
                id="audience",
                compact=True,
            )
        yield Static("", id="gaps", markup=False)
        yield TextArea(id="text", soft_wrap=True, show_line_numbers=False, disabled=True)

    @property
    def _file(self) -> Path:

        return case_file(self.wizard.path)

    def begin(self) -> None:
        """Find out what is set up, and build the text, or take the user's own."""
        if not self._dirty:
            self._build(self.state.world, self._project(), self.wizard.path.parent, self._file)

    async def edited_outside(self, before: Project, after: Project) -> None:
        """Show the answer that the file has now; what is typed here was kept before."""
        self.query_one("#audience", Input).value = after.production.audience
        await super().edited_outside(before, after)

    async def keep(self) -> Sequence[Cells]:
        """Write what is typed; what cannot be written is told, and asked about before all is left."""
        if not self._dirty:
            return ()
        before, text = self.state.project, self.query_one(TextArea).text
        try:
            after = await asyncio.to_thread(
                save, self._file, self._project(), text, self._built, self._in_file
            )
        except WizardError as error:
            return [(Content.styled("! Case text", "$text-warning"), f"{error.title}. {error.what}")]
        self._shown = self._in_file = text
        self.post_message(Decided(before, after))
        return ()

    # Workers

    @reads("Looking at what is set up")
    def _build(self, world: World, project: Project, base: Path, file: Path) -> None:

        evidence = readiness.look(world, project, self._seen)
        points = readiness.judge(project, evidence)
        facts = Facts(evidence, points, production_case.flow(world, project, base))
        built = production_case.build(project, evidence, points, facts.flow)
        stands = production_case.current(file, project, built)
        self.tell(self.Built(facts, built, stands))

    @acts("Saving the text")
    def _save(
        self, before: Project, project: Project, file: Path, text: str, built: str, in_file: str | None
    ) -> None:

        self.post_message(Decided(before, production_case.save(file, project, text, built, in_file)))
        self.tell(self.Saved(text))

    @on(Built)
    def _show_built(self, message: Built) -> None:
        self._facts, self._built, stands = message.facts, message.built, message.stands
        self._shown, self._in_file = stands.text, stands.in_file
        text = self.query_one(TextArea)
        text.disabled = False
        text.text = stands.text
        if stands.edited:
            self.say("This is your edited text. F6 rebuilds it.")

    @on(Saved)
    def _show_saved(self, message: Saved) -> None:
        message.stop()
        self._shown = self._in_file = message.text
        if self._then:
            self._then()
        else:
            self.say(f"Saved in {self._file.name}.")

    # What is typed

    def _project(self) -> Project:
        """The project with the answer that stands in the field."""
        project = self.state.project
        audience = " ".join(self.query_one("#audience", Input).value.split())
        return replace(project, production=replace(project.production, audience=audience))

    @property
    def _dirty(self) -> bool:
        """Whether something was typed that no file has."""
        typed = self.query_one(TextArea).text != self._shown
        return self._facts is not None and (typed or self._project() != self.state.project)

    @on(Input.Changed, "#audience")
    def _answered(self, event: Input.Changed) -> None:
        """The text follows the answer, as long as nobody has changed the text itself."""
        event.stop()
        text = self.query_one(TextArea)
        if self._facts and text.text == self._built:
            self._rebuild()

    @on(TextArea.Changed)
    def _count_gaps(self, event: TextArea.Changed) -> None:

        event.stop()
        found = gaps(event.text_area.text)
        if not self._facts:
            return
        words = f"✗ {len(found)} to fill in (F7): {found[0]}" if found else "✓ nothing is left to fill in"
        colour = "$text-error" if found else "$text-success"
        self.query_one("#gaps", Static).update(Content.styled(words, colour))

    def _rebuild(self) -> None:

        assert self._facts
        self._built = build(self._project(), self._facts.evidence, self._facts.points, self._facts.flow)
        self.query_one(TextArea).text = self._built

    # Keys

    def action_act(self) -> None:
        """Save the text."""
        self._save_and(None)

    def _save_and(self, then: Callable[[], object] | None) -> None:
        """Save the text; once that is done, and not where it failed, do ``then``."""
        if self._facts and not self.acting:
            self.clear_error()
            self._then = then
            self.retry = partial(self._save_and, then)
            text = self.query_one(TextArea).text
            self._save(self.state.project, self._project(), self._file, text, self._built, self._in_file)

    def action_anew(self) -> None:
        """Build the text anew; what the user changed is given up only after a yes."""
        if self._facts is None or self.acting:
            return

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._rebuild()

        if self.query_one(TextArea).text == self._built:
            self._rebuild()
            self.say("Rebuilt from the current set-up.")
        else:
            words = "Your changes to the text are dropped here. The file keeps them until you save."
            self.app.push_screen(Ask("Rebuild the text?", words, yes="Rebuild", careful=True), answered)

    def action_next_gap(self) -> None:
        """Select the next place to fill in: what is typed then replaces it."""
        text = self.query_one(TextArea)
        if found := next_gap(text.text, _offset(text)):
            text.focus()
            text.selection = Selection(*(_location(text.text, at) for at in found))

    def action_copy(self) -> None:
        """Put the text into the clipboard, as far as the terminal takes it there (OSC 52)."""
        if self._facts:
            self.app.copy_to_clipboard(self.query_one(TextArea).text)
            self.say("Copied, if your terminal allows it; F4 saves it into a file.")

    def action_back(self) -> None:
        """Return to the page below, with what is typed saved; a second time without, where that failed."""
        if self._dirty and not self.acting and not self.query("ErrorPanel"):
            self._save_and(self.dismiss)
        else:
            super().action_back()

    @on(GoTo)
    def _save_before_leaving(self, event: GoTo) -> None:
        """Another step was clicked: go there once the text is saved."""
        if self._dirty and not self.acting and not self.query("ErrorPanel"):
            event.stop()
            event.prevent_default()
            self._save_and(lambda: self._go_on_to(event.step))

    def _go_on_to(self, step: StepName | None) -> None:
        self.app.pop_screen()
        self.app.screen.post_message(GoTo(step))


def _offset(text: TextArea) -> int:
    """How many characters stand before the end of what is selected."""
    row, column = text.selection.end
    return sum(len(line) + 1 for line in text.text.split("\n")[:row]) + column


def _location(text: str, offset: int) -> tuple[int, int]:
    """Row and column of a character."""
    before = text[:offset]
    return before.count("\n"), offset - (before.rfind("\n") + 1)
