"""The request for production access: a form, what one asserts, what is not ready, exactly what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Select, Static

from screens.commands import Command
from screens.frame.dialogs import Ask
from screens.frame.over import OverPage
from screens.frame.page import PAGES_CSS
from screens.messages import Decided, GoTo
from screens.pages.production.again import AgainDialog
from screens.pages.production.case import CasePage
from screens.pages.production.words import point_row
from screens.state import AppState
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns
from screens.widgets.tick import Tick
from screens.workers import acts, reads
from wizard.project.schema import Project
from wizard.steps.model import Plan, StepName
from wizard.steps.production import readiness
from wizard.steps.production import step as production
from wizard.steps.production.readiness import Point
from wizard.steps.production.step import Form, ProductionReport, assertion, filled_in, first_form, problems
from wizard.world import World

MAIL_TYPES = (
    ("transactional: each mail answers to one person", "TRANSACTIONAL"),
    ("marketing: the same news or offer to many", "MARKETING"),
)
EXPLAINED = {
    "TRANSACTIONAL": "Reminders, receipts, sign-ups: mail that somebody waits for.",
    "MARKETING": "News and offers: each needs one-click unsubscribe (step 5).",
}
LANGUAGES = (("English", "EN"), ("Japanese", "JA"))
FIELDS = {
    "mail_type": "Mail type",
    "website": "Website",
    "contacts": "Contacts",
    "language": "Answers in",
    "consent": "Consent",
}
"""What is filled in, in the page's order, by the ids of the fields."""


class RequestPage(OverPage):
    """Over step 6's page. Left by itself once the request is sent."""

    STEP = StepName.PRODUCTION
    QUESTION = "What do you ask AWS for?"
    WHY = "A person at AWS reads this and looks at the website. It is sent once."
    ACT = "Send the request"
    HELP = """
- **Mail type**: transactional for reminders and receipts, marketing for newsletters and offers.
- **Website**: where a reviewer sees what you do. The wizard looks at it first, as they would.
- **Contacts**: up to four addresses of your own, with a comma between them. AWS writes to them.

**F4** looks once more at what reviewers look for. What is not ready is named, and needs a yes of its own.
Then exactly what is sent is shown. Sending opens a case with AWS in your account's name. What you type is
kept when you leave: in the file, or, where it is not right yet, in this form until you quit.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "production.tcss"]
    KEYS: ClassVar[list[Command]] = [
        Command("f6", "case", "Case text", "The text for AWS's questions", button=True)
    ]

    @dataclass
    class Judged(Message):
        """The form has problems, or it is too early, or this is what sending does and what reviewers find."""

        form: Form
        problems: tuple[tuple[str, str], ...]
        gate: str = ""
        plan: Plan | None = None
        points: tuple[Point, ...] = ()

    class Sent(Message):
        """AWS has the request."""

    def __init__(
        self, seen: ProductionReport, *, again: bool = False, unsaved: dict[str, str] | None = None
    ) -> None:
        """``unsaved`` is what was typed before that the file cannot hold, by field; it is kept up to date."""
        super().__init__()
        self._unsaved = {} if unsaved is None else unsaved
        self._seen = seen
        self._again_wanted = again
        self._problems: tuple[tuple[str, str], ...] = ()

    def compose_step(self) -> ComposeResult:
        """The form with the consent."""
        form = first_form(self.state.project, self._seen)
        yield Columns(id="problems")
        with Vertical(id="form"):
            with Horizontal(classes="field tight"):
                yield Label(FIELDS["mail_type"], classes="label")
                yield ChoiceField[str](
                    MAIL_TYPES, id="mail_type", allow_blank=False, value=form.mail_type, compact=True
                )
            with Horizontal(id="hint", classes="field tight"):
                yield Label("", classes="label")
                yield Static(EXPLAINED[form.mail_type], id="explained", classes="hint", markup=False)
            with Horizontal(classes="field tight"):
                yield Label(FIELDS["website"], classes="label")
                yield Input(
                    self._unsaved.get("website", form.website),
                    placeholder="https://… where a reviewer sees what you do",
                    id="website",
                    compact=True,
                )
            with Horizontal(classes="field tight"):
                yield Label(FIELDS["contacts"], classes="label")
                yield Input(
                    self._unsaved.get("contacts", ", ".join(form.contacts)),
                    placeholder="up to four addresses of your own, with commas",
                    id="contacts",
                    compact=True,
                )
            with Horizontal(classes="field tight"):
                yield Label(FIELDS["language"], classes="label")
                yield ChoiceField[str](
                    LANGUAGES, id="language", allow_blank=False, value=form.language, compact=True
                )
            yield Static("", id="assertion", classes="block", markup=False)
            yield Tick("This is true, and I agree", id="consent", compact=True)

    def on_mount(self) -> None:
        """Nothing is wrong yet."""
        self.query_one("#problems").display = False

    async def keep(self) -> Sequence[Cells]:
        """Put what is typed into the file, as far as it can hold it."""
        return self._kept()

    async def edited_outside(self, before: Project, after: Project) -> None:
        """Show what the file says now, except where something is typed that it cannot hold."""
        form = self._begun_with(after)
        inputs = {"website": form.website, "contacts": ", ".join(form.contacts)}
        for field in inputs.keys() - self._unsaved.keys():
            self.query_one(f"#{field}", Input).value = inputs[field]
        for field in ("mail_type", "language"):
            self.query_one(f"#{field}", Select).value = getattr(form, field)

    def _kept(self) -> Sequence[Cells]:

        typed, before = self._typed(), self.state.project
        wrong = dict(problems(typed))
        self._unsaved.clear()
        self._unsaved |= {one.id: one.value for one in self.query(Input) if one.id and one.id in wrong}
        if typed == self._begun_with(before):
            return ()
        after = filled_in(before, typed)
        if after != before:
            self.post_message(Decided(before, after))
        return [
            (Content.styled(f"! Request › {FIELDS[field]}", "$text-warning"), words)
            for field, words in wrong.items()
        ]

    def _begun_with(self, project: Project) -> Form:

        return first_form(project, self._seen)

    # Workers

    @reads("Looking at what reviewers look at")
    def _judge(self, world: World, project: Project, form: Form) -> None:

        if problems := production.problems(form):
            self.tell(self.Judged(form, problems))
            return
        filled = production.filled_in(project, form)
        seen = production.look(world, filled)
        if gate := production.gate(seen):
            self.tell(self.Judged(form, (), gate))
            return
        plan = production.plan(form, seen, again=self._again_wanted)
        points = readiness.judge(filled, readiness.look(world, filled, seen))
        self.tell(self.Judged(form, (), plan=plan, points=points))

    @acts("Sending the request")
    def _act(self, world: World, project: Project, form: Form) -> None:

        decided = production.act(world, project, form, again=self._again_wanted)
        self.post_message(Decided(project, decided))
        self.tell(self.Sent())

    @on(Judged)
    def _show_judged(self, message: Judged) -> None:
        problems = list(message.problems)
        if not self.query_one("#consent", Tick).value:
            problems.append(("consent", "tick the box if the sentence above it is true"))
        self._show_problems(problems)
        if problems:
            self.query_one(f"#{problems[0][0]}").focus()
        elif message.gate:
            self.notify(message.gate, title="Not yet", severity="warning", markup=False)
        elif message.plan and not message.plan.changes_anything:
            # Nothing is to be agreed to, so nothing may be sent, however that stands by then.
            self._say_why_not(message.plan)
        else:
            self._ask_about_points(message)

    def _say_why_not(self, plan: Plan) -> None:
        """AWS has answered meanwhile, or has the request: back to the page that tells how it stands."""
        (change,) = plan.changes
        self.notify(f"{change.subject}: {change.detail}.", title="Nothing is sent", markup=False)
        self.dismiss()

    def _ask_about_points(self, message: Judged) -> None:
        """What is not ready is named, and going on without it needs a yes of its own."""
        missing = [point_row(point) for point in message.points if not point.ready]
        if not missing:
            self._ask_again(message)
            return
        title = f"Not ready: {len(missing)} of {len(message.points)} points that reviewers check"

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._ask_again(message)

        question = Ask(title, missing, yes="Go on without", no="Fix it first", careful=True)
        self.app.push_screen(question, answered)

    def _ask_again(self, message: Judged) -> None:
        """After a refusal: more than a yes."""

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._confirm(message)

        if self._again_wanted:
            self.app.push_screen(AgainDialog(self._seen.account.case_id or ""), answered)
        else:
            self._confirm(message)

    def _confirm(self, message: Judged) -> None:
        assert message.plan
        self.confirm(message.plan, lambda: self._send(message.form), yes="Yes, send it")

    def _send(self, form: Form) -> None:
        self._act(self.state.world, self.state.project, form)

    @on(Sent)
    def _sent(self, message: Sent) -> None:
        message.stop()
        self._unsaved.clear()
        self.dismiss()

    # Keys

    def action_act(self) -> None:
        """Check form, consent and readiness, show what sending it does, and send it after a yes."""
        if self.acting:
            return
        self.clear_error()
        self._show_problems([])
        self.retry = self.action_act
        self._judge(self.state.world, self.state.project, self._typed())

    def action_look_again(self) -> None:
        """The form has nothing to look at; F4 looks at everything afresh."""
        self.say("F4 looks at everything once more before anything is sent.")

    def action_back(self) -> None:
        """Return to the page below, with what is typed kept."""
        if not self.acting:
            self._kept()
        super().action_back()

    @on(GoTo)
    def _keep_before_leaving(self) -> None:
        """Another step was clicked."""
        self._kept()

    def action_case(self) -> None:
        """Open the text for AWS's questions; it says what is typed here, too."""
        self._kept()
        self.app.push_screen(CasePage(self._seen))

    def redraw(self, state: AppState) -> None:
        """What is asserted names the domain."""
        self.query_one("#assertion", Static).update(Content(assertion(state.project)))

    # The form

    def _show_problems(self, problems: Sequence[tuple[str, str]]) -> None:
        self._problems = tuple(problems)
        shown = self.query_one("#problems", Columns)
        shown.show(
            [(Content.styled(f"! {FIELDS[field]}", "$text-error"), words) for field, words in problems]
        )
        shown.display = bool(problems)
        self.set_class(bool(problems), "-wrong")

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Tick.Changed)
    def _fixed(self, event: Input.Changed | Select.Changed | Tick.Changed) -> None:
        """What was wrong in a field is said until something else stands there."""
        event.stop()
        left = [problem for problem in self._problems if problem[0] != event.control.id]
        if len(left) < len(self._problems):
            self._show_problems(left)
        if event.control.id == "mail_type":
            self.query_one("#explained", Static).update(EXPLAINED.get(str(event.value), ""))

    def _typed(self) -> Form:

        mail_type, language = (
            self.query_one(f"#{field}", Select).value for field in ("mail_type", "language")
        )
        contacts = self.query_one("#contacts", Input).value.split(",")
        return Form(
            mail_type=mail_type if isinstance(mail_type, str) else "",
            website=self.query_one("#website", Input).value.strip(),
            contacts=tuple(contact.strip() for contact in contacts if contact.strip()),
            language=language if isinstance(language, str) else "",
        )
