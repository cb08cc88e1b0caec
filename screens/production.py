"""Step 6's page: the request to leave the sandbox, and the review that follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Select, Static

from screens.base import StepScreen
from screens.messages import Decided, Looked
from screens.state import AppState
from screens.widgets.columns import Columns
from screens.widgets.tick import Tick
from wizard.steps.model import Plan, Standing, StepName

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.steps.production import Form, ProductionSeen
    from wizard.world import Stage, World

MAIL_TYPES = (
    ("transactional: each mail answers to one person", "TRANSACTIONAL"),
    ("marketing: the same news or offer to many", "MARKETING"),
)
LANGUAGES = (("English", "EN"), ("Japanese", "JA"))
FIELDS = {
    "mail_type": "Mail type",
    "website": "Website",
    "contacts": "Contacts",
    "language": "Answers in",
    "consent": "Consent",
}
"""What is filled in, in the page's order, by the ids of the fields."""


class ProductionScreen(StepScreen):
    """The form is open while a request may be sent; afterwards the page tells how the review stands."""

    STEP = StepName.PRODUCTION
    QUESTION = "May SES write to everybody?"
    WHY = "The sandbox allows verified addresses only. AWS lifts it on request."
    ACT = "Send the request"
    NEXT = "Summary"
    HELP = """
AWS reads what you fill in and usually answers within a day. **F5** asks how the review stands; so does every
start of the wizard. Nothing else has to wait for it.

- **Mail type**: transactional for reminders and receipts, marketing for newsletters and offers.
- **Website**: where a reviewer sees what you do.
- **Contacts**: up to four addresses of your own, with a comma between them. AWS writes to them.

Sending the request opens a case with AWS in your account's name. It is sent once, after your consent and a
yes.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *StepScreen.BINDINGS,
        Binding("f7", "answer(True)", "Demo: grant the request", show=False),
        Binding("f8", "answer(False)", "Demo: deny the request", show=False),
    ]

    class Seen(Message):
        """AWS answered. ``first_form`` is what to fill the form with, if nobody has yet."""

        def __init__(
            self, seen: ProductionSeen, standing: Standing, first_form: Form, gate: str, what_next: str
        ) -> None:
            super().__init__()
            self.seen = seen
            self.standing = standing
            self.first_form = first_form
            self.gate = gate
            self.what_next = what_next

    class Judged(Message):
        """The form was checked: it has problems, or this is what sending it does."""

        def __init__(self, form: Form, problems: tuple[tuple[str, str], ...], plan: Plan | None) -> None:
            super().__init__()
            self.form = form
            self.problems = problems
            self.plan = plan

    def __init__(self) -> None:
        super().__init__()
        self._seen: ProductionScreen.Seen | None = None
        self._filled_for: str | None = None
        self._problems: tuple[tuple[str, str], ...] = ()

    def compose_step(self) -> ComposeResult:
        """The form with the consent, and in the demo the reviewer's two keys."""
        yield Static("", id="what-next", markup=False)
        yield Columns(id="problems")
        with Vertical(id="form"):
            with Horizontal(classes="field tight"):
                yield Label(FIELDS["mail_type"], classes="label")
                yield Select[str](MAIL_TYPES, id="mail_type", allow_blank=True, prompt="choose", compact=True)
            with Horizontal(classes="field tight"):
                yield Label(FIELDS["website"], classes="label")
                yield Input(
                    placeholder="https://… where a reviewer sees what you do", id="website", compact=True
                )
            with Horizontal(classes="field tight"):
                yield Label(FIELDS["contacts"], classes="label")
                yield Input(
                    placeholder="up to four addresses of your own, with commas", id="contacts", compact=True
                )
            with Horizontal(classes="field tight"):
                yield Label(FIELDS["language"], classes="label")
                yield Select[str](LANGUAGES, id="language", allow_blank=False, value="EN", compact=True)
            yield Static("", id="assertion", classes="block", markup=False)
            yield Tick("This is true, and I agree", id="consent", compact=True)
        with Horizontal(id="reviewer", classes="field block"):
            yield Label("", id="reviewer-words", classes="label wide", markup=False)
            yield Button("Grant it  F7", id="grant", compact=True)
            yield Button("Deny it  F8", id="deny", compact=True)
        yield Static("", id="alone", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show no form before AWS said how things stand."""
        super().on_mount()
        for hidden in ("#form", "#problems", "#reviewer", "#alone"):
            self.query_one(hidden).display = False

    def begin(self) -> None:
        """Ask how the sandbox and the review stand."""
        self._look(self.state.world, self.state.project)

    @work(
        thread=True, exclusive=True, exit_on_error=False, group="aws", description="Asking SES for the review"
    )
    def _look(self, world: World, project: Project) -> None:
        self.tell(_look_at(world, project))

    @work(thread=True, exclusive=True, exit_on_error=False, group="aws", description="Checking the form")
    def _judge(self, project: Project, seen: ProductionSeen, form: Form) -> None:
        from wizard.steps import production

        problems = production.problems(form)
        self.tell(self.Judged(form, problems, None if problems else production.plan(form, seen)))

    @work(thread=True, exclusive=True, exit_on_error=False, group="act", description="Sending the request")
    def _act(self, world: World, project: Project, form: Form) -> None:
        from wizard.steps import production

        decided = production.act(world, project, form)
        self.post_message(Decided(project, decided))
        message = _look_at(world, decided)
        self.post_message(Looked(message.standing))
        self.tell(message)

    @work(thread=True, exclusive=True, exit_on_error=False, group="act", description="Answering the request")
    def _answer(self, world: World, project: Project, stage: Stage, granted: bool) -> None:
        stage.answer_review(granted)
        self.tell(_look_at(world, project))

    @on(Seen)
    def _show_seen(self, message: Seen) -> None:
        self._seen = message
        account = message.seen.account
        asked = account.production_access or account.review_status in ("PENDING", "GRANTED", "DENIED")
        self.query_one("#form").display = not asked
        colour = "$text-warning" if message.gate and not asked else ""
        self.query_one("#what-next", Static).update(Content.styled(message.what_next, colour))
        self.query_one("#what-next").display = asked or bool(message.gate)
        self.query_one("#act").display = not asked
        self._show_reviewer()
        if self._filled_for != self.state.domain and not asked:
            self._fill_in(message.first_form)
        if self._reviewable:
            self.query_one("#grant").focus()
        elif asked:
            self.query_one("#next").focus()
        self.post_message(Looked(message.standing))

    @on(Judged)
    def _show_judged(self, message: Judged) -> None:
        problems = list(message.problems)
        if not self.query_one("#consent", Tick).value:
            problems.append(("consent", "tick the box if the sentence above it is true"))
        self._show_problems(problems)
        if problems:
            self.query_one(f"#{problems[0][0]}").focus()
        elif message.plan:
            self.confirm(message.plan, lambda: self._send(message.form), yes="Yes, send it")

    def _send(self, form: Form) -> None:
        self._act(self.state.world, self.state.project, form)

    def action_act(self) -> None:
        """Check the form and the consent, show what sending it does, and send it after a yes."""
        if self.acting or self._seen is None or not self.query_one("#form").display:
            return
        if self._seen.gate:
            self.notify(self._seen.gate, title="Not yet", severity="warning", markup=False)
            return
        self.clear_error()
        self._show_problems([])
        self.retry = self.action_act
        self._judge(self.state.project, self._seen.seen, self._typed())

    def action_answer(self, granted: bool) -> None:
        """In the demo: answer as AWS's reviewer would; a request that was denied can only be granted."""
        if self._reviewable and self.state.world.stage and (granted or not self._denied):
            self._answer(self.state.world, self.state.project, self.state.world.stage, granted)

    @on(Button.Pressed, "#grant, #deny")
    def _answered(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_answer(event.button.id == "grant")

    def redraw(self, state: AppState) -> None:
        """What is asserted names the domain."""
        if state.domain:
            from wizard.steps.production import assertion

            self.query_one("#assertion", Static).update(Content(assertion(state.project)))

    @property
    def _reviewable(self) -> bool:
        """Whether the demo's presenter may answer a review now."""
        return bool(self.state.world.stage and self._seen) and (
            self._denied or self._review_status == "PENDING"
        )

    @property
    def _denied(self) -> bool:
        """Whether AWS said no: its last word, until the user has answered in the case."""
        return self._review_status == "DENIED"

    @property
    def _review_status(self) -> str | None:
        return self._seen.seen.account.review_status if self._seen else None

    def _show_reviewer(self) -> None:
        """The demo's line: both answers to a request, and the second look after an answer in the case."""
        words = (
            "Demo: you answered in the case, and AWS looks again."
            if self._denied
            else "Demo: you are AWS's reviewer now."
        )
        self.query_one("#reviewer-words", Label).update(words)
        self.query_one("#deny").display = not self._denied
        self.query_one("#reviewer").display = self._reviewable
        seconds = self.state.world.stage.review_takes() if self.state.world.stage else None
        alone = self.query_one("#alone", Static)
        alone.display = self._reviewable and not self._denied and seconds is not None
        if seconds is not None:
            alone.update(f"Left alone, the demo grants it after {seconds:.0f} seconds; F5 then shows it.")

    def _show_problems(self, problems: Sequence[tuple[str, str]]) -> None:
        self._problems = tuple(problems)
        shown = self.query_one("#problems", Columns)
        shown.show(
            [(Content.styled(f"! {FIELDS[field]}", "$text-error"), words) for field, words in problems]
        )
        shown.display = bool(problems)

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Tick.Changed)
    def _mended(self, event: Input.Changed | Select.Changed | Tick.Changed) -> None:
        """What was wrong in a field is said until something else stands there."""
        event.stop()
        left = [problem for problem in self._problems if problem[0] != event.control.id]
        if len(left) < len(self._problems):
            self._show_problems(left)

    def _fill_in(self, form: Form) -> None:
        self._filled_for = self.state.domain
        self.query_one("#mail_type", Select).value = form.mail_type or Select.NULL
        self.query_one("#website", Input).value = form.website
        self.query_one("#contacts", Input).value = ", ".join(form.contacts)
        self.query_one("#language", Select).value = form.language
        self.query_one("#consent", Tick).value = False

    def _typed(self) -> Form:
        from wizard.steps.production import Form

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


def _look_at(world: World, project: Project) -> ProductionScreen.Seen:
    from wizard.steps import production

    seen = production.look(world, project)
    return ProductionScreen.Seen(
        seen,
        production.judge(seen),
        first_form=production.first_form(project, seen),
        gate=production.gate(seen) or "",
        what_next=production.what_next(seen),
    )
