"""Step 6's page: what AWS's reviewers look for, the review, and what comes after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from screens.commands import Command, in_demo
from screens.frame.busy_line import BusyLine
from screens.frame.over import OverPage
from screens.frame.page import PAGES_CSS, StepScreen
from screens.messages import Decided, Looked
from screens.pages.production.case import CasePage
from screens.pages.production.request import FIELDS, RequestPage
from screens.pages.production.reviewer import Reviewer
from screens.pages.production.rights import SandboxRights
from screens.pages.production.sandbox import SandboxPage
from screens.pages.production.words import NO_WAY_BACK, act_words, point_line, point_words
from screens.pages.reminder.form_page import SectionRead as ReminderLooked
from screens.widgets.choice_list import ChoiceList
from screens.widgets.columns import Cells, Columns
from screens.widgets.flow import Buttons
from screens.workers import acts, reads
from wizard.project.schema import Project
from wizard.steps.model import StepName, StepState
from wizard.steps.production import readiness
from wizard.steps.production import step as production
from wizard.steps.production.case import QUESTIONS
from wizard.steps.production.readiness import Aid, Point
from wizard.steps.production.step import ProductionReport, noted, put_off
from wizard.world import World


class ProductionScreen(StepScreen):
    """The page tells how things stand; the request and the case text are pages over it."""

    STEP = StepName.PRODUCTION
    QUESTION = "Can SES send to anyone?"
    WHY = "The sandbox allows verified addresses only. AWS lifts it on request."
    ACT = "Ask AWS"
    NEXT = "Summary"
    HELP = """
AWS reads your request, looks at your website, and usually answers within a day. **F5** checks the state of
the review; so does every start of the wizard. Nothing else has to wait for it.

- **↑ ↓** choose what reviewers look for, **Enter** goes where it is fixed. The request also works
  without, after one more yes.
- **F4** does what comes next: the request, the answer to AWS, or, once granted, what the sandbox needed and
  nothing needs any more.
- **F6** tries things in the sandbox: verify your own address, send a test mail, read what became of it.
- **C** is the text for AWS's questions in the case. **N** puts the request off, or takes it up again: until
  then nothing reminds you of it. **R** sends another request after a refusal, which rarely helps.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "production.tcss"]
    KEYS: ClassVar[list[Command]] = [
        Command("f6", "sandbox", "Sandbox", "Try it in the sandbox"),
        Command("c", "case", "Case text", "The text for AWS's questions"),
        Command("n", "not_now", "Not now", "Not now, or take it up again"),
        Command("r", "again", "Ask again", "Ask again after a refusal"),
        Command("f7", "answer(True)", "Grant the request", when=in_demo),
        Command("f8", "answer(False)", "Deny the request", when=in_demo),
    ]

    @dataclass
    class ProductionRead(Message):
        """AWS answered: how the review stands, why nothing may be sent (if so), and what comes next."""

        seen: ProductionReport
        standing: StepState
        gate: str
        what_next: str

    @dataclass
    class Ready(Message):
        """What reviewers look for was looked at."""

        points: tuple[Point, ...]

    def __init__(self) -> None:
        super().__init__()
        self._seen: ProductionScreen.ProductionRead | None = None
        self._points: tuple[Point, ...] = ()
        self._act_wanted = False
        self._test_address: dict[str, str] = {}
        """What was typed on the sandbox page, by domain."""
        self._unsaved: dict[str, str] = {}
        """What is typed in the request's form and cannot be saved, by field."""

    def compose_step(self) -> ComposeResult:
        """What comes next, the points, the ways on, and in the demo the reviewer's line."""
        yield Static("", id="what-next", markup=False)
        yield Columns(id="questions")
        yield ChoiceList(id="points", compact=True, markup=False)
        yield Static("", id="point", markup=False)
        yield SandboxRights(id="rights")
        with Buttons(id="tools", classes="block"):
            yield from (self.button(action) for action in ("sandbox", "case", "not_now", "again"))
        yield Reviewer()

    def on_mount(self) -> None:
        """Show nothing before AWS said how things stand."""
        for hidden in ("#questions", "#points", "#point", "#rights", "#tools", Reviewer):
            self.query_one(hidden).display = False

    def begin(self) -> None:
        """Ask how the sandbox and the review stand."""
        self._look(self.state.world, self.state.project)

    async def keep(self) -> Sequence[Cells]:
        """What is typed on a page over this one is kept by that page."""
        if any(isinstance(page, OverPage) for page in self.app.screen_stack):
            return ()

        words = "incorrect, so not saved"
        return [
            (Content.styled(f"! Request › {FIELDS[field]}", "$text-warning"), words)
            for field in self._unsaved
        ]

    # Workers

    @reads("Asking SES for the review")
    def _look(self, world: World, project: Project) -> None:
        self.tell(_look_at(world, project))

    @reads("Looking at what reviewers look at")
    def _look_at_points(self, world: World, project: Project, seen: ProductionReport) -> None:

        self.tell(self.Ready(readiness.judge(project, readiness.look(world, project, seen))))

    @acts("Answering the request")
    def _answer(self, world: World, project: Project, granted: bool) -> None:
        assert world.stage
        world.stage.answer_review(granted)
        self.tell(_look_at(world, project))

    # What workers say

    @on(ProductionRead)
    def _show_seen(self, message: ProductionRead) -> None:

        self._seen, seen = message, message.seen
        project = self.state.project
        if (after := noted(project, seen)) != project:
            self.post_message(Decided(project, after))
        asking = seen.open and not seen.put_off
        colour = "$text-warning" if message.gate and seen.open else ""
        self.query_one("#what-next", Static).update(Content.styled(message.what_next, colour))
        self._show_questions(seen)
        self._show_tools(seen)
        self.query_one(Reviewer).show(self.state.world.stage, seen.account.review_status)
        for shown in ("#points", "#point"):
            self.query_one(shown).display = asking
        if asking:
            self._look_at_points(self.state.world, project, seen)
        rights = self.query_one(SandboxRights)
        rights.display = seen.account.production_access
        self.query_one("#why").set_class(rights.display, "-past")
        if rights.display:
            rights.look(self.state.world, project)
        self._focus_first(asking)
        self.post_message(Looked(message.standing))
        if self._act_wanted:
            self.action_act()

    @on(Ready)
    def _show_ready(self, message: Ready) -> None:
        points, shown = message.points, self.query_one("#points", OptionList)
        before, self._points = shown.highlighted, points
        shown.clear_options()
        shown.add_options([Option(point_line(point)) for point in points])
        first_open = next((number for number, point in enumerate(points) if not point.ready), 0)
        shown.highlighted = first_open if before is None else before

    @on(ReminderLooked)
    def _reminder_looked(self, message: ReminderLooked) -> None:
        """The rights that only the sandbox needed: there, or gone."""
        self.post_message(Looked(message.standing))
        self.query_one(SandboxRights).show_seen(message.seen)
        self._show_act()

    @on(OptionList.OptionHighlighted, "#points")
    def _explain_point(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index < len(self._points):
            self.query_one("#point", Static).update(point_words(self._points[event.option_index]))

    @on(OptionList.OptionSelected, "#points")
    def _fix_point(self, event: OptionList.OptionSelected) -> None:
        """Go where the point is fixed."""
        event.stop()
        place = self._points[event.option_index].fixed_at
        if place is Aid.SANDBOX:
            self.action_sandbox()
        elif place is Aid.REQUEST:
            self.action_act()
        elif isinstance(place, StepName):
            self.go(place)

    # Keys

    def action_act(self) -> None:
        """Do what comes next, or as soon as AWS has said how things stand."""
        if self.acting:
            return
        self._act_wanted = self._seen is None
        if self._seen is None:
            self.say("Asking AWS first, then it goes on.")
        elif self._seen.seen.account.production_access:
            self.query_one(SandboxRights).act()
        elif self._seen.seen.put_off:
            self.action_not_now()
        elif self._seen.seen.account.review_status == "DENIED":
            self.action_case()
        elif self._seen.seen.open:
            self._open_request()

    def _open_request(self, *, again: bool = False) -> None:

        def left(_: None) -> None:
            self.begin()
            self.query_one(BusyLine).forget_said()
            if self._unsaved:
                names = " and ".join(FIELDS[field] for field in self._unsaved)
                words = f"{names}: incorrect, so not saved. The form keeps it until you quit."
                self.say(words, not_yet=True)

        assert self._seen
        self.app.push_screen(RequestPage(self._seen.seen, again=again, unsaved=self._unsaved), left)

    def action_again(self) -> None:
        """Ask again although AWS said no: the page asks for more than a yes."""
        if self._seen and self._seen.seen.account.review_status == "DENIED":
            self._open_request(again=True)

    def action_case(self) -> None:
        """Open the text for AWS's questions."""
        if self._seen:
            self._over(CasePage(self._seen.seen))

    def action_sandbox(self) -> None:
        """Open the page on which things are tried in the sandbox."""
        if self._seen and not self._seen.seen.account.production_access:
            self._over(SandboxPage(self._test_address))

    def action_not_now(self) -> None:
        """Put the request off, or take it up again."""
        if self._seen is None or self._seen.seen.account.production_access:
            return

        project, world, undone = self.state.project, self.state.world, bool(self._seen.seen.put_off)
        after = put_off(project, None if undone else world.now())
        self.post_message(Decided(project, after))
        self.say("Taken up again." if undone else "Put off. N undoes it.")
        self._look(world, after)

    def action_answer(self, granted: bool) -> None:
        """In the demo: answer as AWS's reviewer would; a request that was denied can only be granted."""
        if self.query_one(Reviewer).may(granted):
            self._answer(self.state.world, self.state.project, granted)

    @on(Reviewer.Answered)
    def _answered(self, message: Reviewer.Answered) -> None:
        message.stop()
        self.action_answer(message.granted)

    def _over(self, page: OverPage) -> None:
        """Open ``page`` over this one, and look again when it is left."""
        self.app.push_screen(page, lambda _: self.begin())

    # What is shown

    def _show_questions(self, seen: ProductionReport) -> None:
        """After a refusal: what reviewers ask."""
        shown = self.query_one("#questions", Columns)
        shown.display = seen.account.review_status == "DENIED" and not seen.put_off
        shown.show([("They ask:", QUESTIONS[0]), *(("", question) for question in QUESTIONS[1:])])

    def _show_tools(self, seen: ProductionReport) -> None:
        granted, status = seen.account.production_access, seen.account.review_status
        self.query_one("#tools").display = not granted
        not_now = self.query_one("#not-now", Button)
        not_now.display = status not in NO_WAY_BACK
        not_now.label = "Undo “not now”  N" if seen.put_off else "Not now  N"
        not_now.refresh(layout=True)
        self.query_one("#again", Button).display = status == "DENIED" and not seen.put_off
        self._show_act()

    def _show_act(self) -> None:
        """The words on the button for F4; none where there is nothing to do."""
        assert self._seen
        words = act_words(self._seen.seen, spare=bool(self.query_one(SandboxRights).spare))
        button = self.query_one("#act", Button)
        button.display = bool(words)
        button.label = f"{words}  F4"
        button.refresh(layout=True)

    def _focus_first(self, asking: bool) -> None:
        """Where one goes on, unless the focus is somewhere that is shown already."""
        reviewer = self.query_one(Reviewer)
        if reviewer.display:
            self.query_one("#grant").focus()
        elif asking:
            self.query_one("#points").focus()
        elif self.query_one("#act").display:
            self.query_one("#act").focus()
        else:
            self.query_one("#next").focus()


def _look_at(world: World, project: Project) -> ProductionScreen.ProductionRead:

    seen = production.look(world, project)
    return ProductionScreen.ProductionRead(
        seen, production.judge(seen), production.gate(seen) or "", production.what_next(seen)
    )
