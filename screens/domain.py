"""Step 2's page: one domain, typed or chosen, and what the world knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.base import StepScreen, fill_in
from screens.messages import Decided, GoTo, Looked
from screens.widgets.columns import Columns, facts
from wizard.errors import WizardError
from wizard.steps.model import Standing, Status, StepName
from wizard.text import printable

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.steps.domain import DomainChoice, DomainSeen
    from wizard.world import World


class DomainScreen(StepScreen):
    """Enter looks at a domain; going on, also by Enter once more, records it."""

    STEP = StepName.DOMAIN
    QUESTION = "Which domain of yours shall send?"
    WHY = "One whose DNS you can change; not a shared one, such as gmail.com."
    FIELD = "#name"
    HELP = """
Type the domain and press **Enter**: the wizard asks whether it is registered and who hosts its DNS.
**Enter** once more goes on with it; typing replaces it by another.
Or choose one below: those are the domains already in Route 53 or SES of this account.

Use the domain people know you by, without `www`. Internationalised names may be typed as they are read.
Going on (**F3**) writes the domain into the project file; nothing is changed anywhere else.
"""

    class Offered(Message):
        """There is this to choose from."""

        def __init__(self, choices: tuple[DomainChoice, ...]) -> None:
            super().__init__()
            self.choices = choices

    class Seen(Message):
        """What was found out about the domain that was typed as ``text``."""

        def __init__(self, text: str, seen: DomainSeen, standing: Standing) -> None:
            super().__init__()
            self.text = text
            self.seen = seen
            self.standing = standing

    def __init__(self) -> None:
        super().__init__()
        self._offered: tuple[DomainChoice, ...] | None = None
        self._seen: DomainScreen.Seen | None = None

    def compose_step(self) -> ComposeResult:
        """The field, what was found, and the domains already in the account."""
        yield Input(placeholder="example.com", id="name", compact=True)
        yield Columns(id="facts", classes="block")
        yield Static("Already in this account:", id="offer", classes="label block", markup=False)
        yield OptionList(id="choices", compact=True, markup=False)

    def on_mount(self) -> None:
        """Begin with the domain in the file; show the list only when there is one."""
        super().on_mount()
        self.query_one("#name", Input).value = self.state.domain
        self._show_choices(())

    def begin(self) -> None:
        """Ask what is in the account, and look at the domain in the field."""
        self._look(self.state.world, self.query_one("#name", Input).value)

    @work(
        thread=True, exclusive=True, exit_on_error=False, group="aws", description="Asking about the domain"
    )
    def _look(self, world: World, text: str) -> None:
        from wizard.steps import domain

        trouble = None
        if self._offered is None:
            try:
                self.tell(self.Offered(domain.choices(world)))
            except WizardError as error:
                trouble = error  # a domain can be typed all the same
        if text.strip():
            seen = domain.look(world, domain.parse_name(text))
            self.tell(self.Seen(text, seen, domain.judge(seen)))
        if trouble:
            raise trouble

    @work(thread=True, exclusive=True, exit_on_error=False, group="aws", description="Saving the choice")
    def _decide(self, world: World, project: Project, seen: DomainSeen) -> None:
        from wizard.steps import domain

        decided = domain.act(world, project, seen)
        self.post_message(Decided(project, decided))
        self.post_message(Looked(domain.judge(seen)))
        self.tell(GoTo(StepName.IDENTITY))

    @on(Offered)
    def _fill_in_choices(self, message: Offered) -> None:
        self._offered = message.choices
        self._show_choices(message.choices)

    @on(Seen)
    def _show_seen(self, message: Seen) -> None:
        field = self.query_one("#name", Input)
        if message.text != field.value:
            return
        self._seen = message
        fill_in(field, message.seen.name.unicode)
        self.query_one("#facts", Columns).show(facts(_facts(message.seen)))
        self.show_standing(message.standing)
        if message.seen.name.ascii == self.state.domain:
            self.post_message(Looked(message.standing))
        if not self.query_one("#choices").has_focus:
            field.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Go on with what was looked at and is right; look at anything else."""
        event.stop()
        if self._seen and self._seen.standing.status is Status.DONE:
            self.action_next()
        else:
            self.action_look_again()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._seen is None or event.value != self._seen.seen.name.unicode:
            self._forget()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one("#name", Input).focus().value = event.option.id or ""
        self.action_look_again()

    def show_error(self, error: WizardError, *, focus: str | None = None) -> None:
        """Let the error alone say what is wrong: not the line above it as well."""
        if self._seen and self._seen.standing.status is not Status.DONE:
            self.show_standing(replace(self._seen.standing, words=""))
        super().show_error(error, focus=focus)

    def action_next(self) -> None:
        """Record the domain that was looked at; look first where that has not been done."""
        text = self.query_one("#name", Input).value
        if not text.strip():
            self.show_error(
                WizardError(
                    "No domain yet",
                    "The steps that follow are about one domain.",
                    "Type it above, or choose one from the list.",
                ),
                focus="#name",
            )
        elif self._seen is None:
            self.action_look_again()
        elif self._seen.seen.name.ascii == self.state.domain and self.state.done(StepName.DOMAIN):
            super().action_next()
        else:
            self._decide(self.state.world, self.state.project, self._seen.seen)

    def _forget(self) -> None:
        """Another name stands in the field: what was seen is about the one before."""
        self._seen = None
        self.query_one("#facts", Columns).show([])
        chosen = self.query_one("#name", Input).value == self.state.domain
        self.show_standing(None if chosen else Standing(StepName.DOMAIN, Status.TODO, ""))

    def _show_choices(self, choices: tuple[DomainChoice, ...]) -> None:
        shown = self.query_one("#choices", OptionList)
        shown.display = self.query_one("#offer").display = bool(choices)
        shown.clear_options()
        shown.add_options([_option(choice) for choice in choices])
        shown.highlighted = 0 if choices else None


def _option(choice: DomainChoice) -> Option:
    prompt = Content.assemble(
        Content.styled(f"{choice.name.unicode:<28} ", "bold"), Content.styled(choice.words, "$text-muted")
    )
    return Option(prompt, id=choice.name.ascii)


def _facts(seen: DomainSeen) -> list[tuple[str, str]]:
    known = {True: "yes", False: "no", None: "nobody could be asked"}
    rows: list[tuple[str, str]] = [("Registered", known[seen.registered])]
    if seen.name.ascii != seen.name.unicode:
        rows.insert(0, ("In DNS", seen.name.ascii))
    if seen.zone.apex:
        host = seen.provider.name if seen.provider else "not one the wizard knows"
        rows.append(("DNS host", host))
        rows.append(("Name servers", printable(", ".join(seen.zone.nameservers))))
        if seen.zone.apex != seen.name.ascii:
            rows.append(("Its zone", seen.zone.apex))
    if seen.hosted_zone:
        rows.append(("Route 53", f"zone {seen.hosted_zone} of this account: records can be added for you"))
    return rows
