"""Step 2's page: one domain, typed or chosen, and what the world knows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Button, Input, OptionList, Static
from textual.worker import get_current_worker

from screens.commands import Command
from screens.frame.page import fill_in
from screens.messages import Decided, GoTo, Looked
from screens.pages.domain import words
from screens.pages.domain.follow import FollowingScreen
from screens.pages.domain.offers import OffersScreen
from screens.widgets.choice_list import ChoiceList
from screens.widgets.columns import Columns, facts
from screens.workers import acts, reads
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.domain import in_use as domain_in_use
from wizard.steps.domain import registration as domain_registration
from wizard.steps.domain import step as domain
from wizard.steps.domain import typing as domain_typing
from wizard.steps.domain.in_use import Remark
from wizard.steps.domain.step import Choices, DomainReport
from wizard.steps.domain.typing import TypedDomain, read_typed
from wizard.steps.model import Status, StepName, StepState
from wizard.world import World


class DomainScreen(FollowingScreen):
    """Enter looks at a domain; going on, also by Enter once more, records it."""

    STEP = StepName.DOMAIN
    QUESTION = "Which of your domains should send?"
    WHY = "One whose DNS you can change; not a shared one, such as gmail.com."
    ACT = "Free names and prices"
    FIELD = "#name"
    HELP = """
Type the domain and press **Enter**: the wizard asks whether it is registered, who hosts its DNS, and which
mail it has already. **Enter** once more goes on with it; type to replace it.
Or choose one below: those are the domains in Route 53 and SES of this account, in every Region.

No domain yet? Type the name you would like. If it is available, **F4** shows what it costs under several
endings; AWS can register it here, or you buy it anywhere else.

Use the domain people know you by (no `www` in front). A subdomain, such as `news.example.com`, is right for
newsletters. Type an internationalised name, such as `bücher.example`, as it is written.
Going on (**F3**) writes the domain into the project file; nothing is changed anywhere else.
"""

    KEYS: ClassVar[list[Command]] = [Command("down", "into_list", "Into the list")]

    @dataclass
    class DomainParsed(Message):
        """This is what the text in the field comes to, without asking anybody."""

        text: str
        typed: TypedDomain

    @dataclass
    class Offered(Message):
        """There is this to choose from, so far."""

        choices: Choices

    @dataclass
    class DomainRead(Message):
        """What was found out about the domain that was typed as ``text``."""

        text: str
        seen: DomainReport
        standing: StepState

    @dataclass
    class SeenCloser(Message):
        """What its mail looks like today, which use it is right for, and how its owner's link stands."""

        seen: DomainReport
        remarks: tuple[Remark, ...]
        advice: str
        link: str

    @dataclass
    class Mailed(Message):
        """What came of having the owner's link mailed again."""

        words: str

    def __init__(self) -> None:
        super().__init__()
        self._offered: Choices | None = None
        self._asked_in: tuple[str | None, ...] = ()
        self._seen: DomainScreen.DomainRead | None = None
        self._link = ""
        self._form: dict[str, str] = {}

    def compose_step(self) -> ComposeResult:
        """The field, what was found, and the domains already in the account."""
        yield Input(placeholder="type it here, such as yourname.org", id="name", compact=True)
        yield Static("", id="typed", classes="hint", markup=False)
        yield Columns(id="facts", classes="block")
        yield Columns(id="mail", classes="block")
        yield Static("Choose one of these, or type another:", id="offer", classes="label block", markup=False)
        yield ChoiceList(id="choices", compact=True, markup=False)
        yield Static("", id="asking", classes="hint", markup=False)

    def action_into_list(self) -> None:
        """From the field into the list below it."""
        shown = self.query_one("#choices")
        if self.query_one("#name").has_focus and shown.display:
            shown.focus()

    def on_mount(self) -> None:
        """Begin with the domain in the file; show each thing only when there is one."""
        coming = self.state.project.domain.registration
        self.query_one("#name", Input).value = self.state.domain or (coming.name if coming else "")
        for hidden in ("#act", "#facts", "#mail", "#typed"):
            self.query_one(hidden).display = False
        self._show_choices(None)

    def begin(self) -> None:
        """Ask what is in the account, look at the domain in the field, follow a registration."""
        world, project = self.state.world, self.state.project
        place = (project.account.id, world.aws.profile, self.state.region)
        if self._offered is None or self._offered.left or self._offered.trouble or place != self._asked_in:
            self._asked_in = place
            self._offer(world)
        self._look(world, project, self.query_one("#name", Input).value)
        super().begin()

    async def edited_outside(self, before: Project, after: Project) -> None:
        """Show the domain that the file names now, unless another one is typed."""
        field = self.query_one("#name", Input)
        shown = self._seen.seen.name.ascii if self._seen else field.value
        if before.domain.name != after.domain.name and shown in ("", before.domain.name):
            field.value = after.domain.name or ""
        await super().edited_outside(before, after)

    # Workers

    @reads("Reading the name")
    def _read(self, text: str) -> None:

        self.tell(self.DomainParsed(text, read_typed(text)))

    @reads("Looking for domains in this account")
    def _offer(self, world: World) -> None:

        for choices in domain.choices(world):
            if get_current_worker().is_cancelled:
                return
            self.tell(self.Offered(choices))

    @reads("Asking about the domain", topic="aws")
    def _look(self, world: World, project: Project, text: str) -> None:

        if not text.strip():
            return
        seen = domain.look(world, domain.parse_name(text))
        self.tell(self.DomainRead(text, seen, domain.judge(seen)))
        if seen.here is domain.Here.REGISTERING and project.domain.registration is None:
            running = domain_registration.under_way(world, domain.registrable(seen.name))
            if running:
                self.post_message(Decided(project, domain_registration.adopted(project, running, world)))
        ours = seen.hosted_zone or seen.here is domain.Here.SWITCHED_OFF
        link = domain_registration.owner_link(world, domain.registrable(seen.name)) if ours else ""
        in_use = domain_in_use.look(world, seen.name, seen.zone)
        remarks = domain_in_use.remarks(in_use) if in_use else ()
        advice = domain_typing.advice(seen.name, project.production.mail_type) if seen.registered else ""
        self.tell(self.SeenCloser(seen, remarks, advice, link))

    @acts("Having the link mailed")
    def _mail_link(self, world: World, seen: DomainReport) -> None:

        self.tell(self.Mailed(domain_registration.mail_link_again(world, domain.registrable(seen.name))))

    @reads("Saving the choice", topic="aws")
    def _decide(self, world: World, project: Project, seen: DomainReport) -> None:

        decided = domain.act(world, project, seen)
        self.post_message(Decided(project, decided))
        self.post_message(Looked(domain.judge(seen)))
        self.tell(GoTo(StepName.IDENTITY))

    # What they say

    @on(DomainParsed)
    def _show_read(self, message: DomainParsed) -> None:
        if message.text == self.query_one("#name", Input).value and self._seen is None:
            shown = self.query_one("#typed", Static)
            shown.update(words.typed(message.typed))
            shown.display = bool(message.typed.words)

    @on(Offered)
    def _fill_in_choices(self, message: Offered) -> None:
        self._offered = message.choices
        self._show_choices(message.choices)
        self._show_facts()
        if message.choices.trouble and not message.choices.left:
            self.show_error(message.choices.trouble)

    @on(DomainRead)
    def _show_seen(self, message: DomainRead) -> None:
        field = self.query_one("#name", Input)
        if message.text != field.value:
            return
        self._seen, self._link = message, ""
        if message.standing.status is Status.DONE:
            self.clear_refusal()
        fill_in(field, message.seen.name.unicode)
        self.query_one("#typed").display = False
        self._show_facts()
        self._show_act()
        waiting = self.progress if self._is_coming(message.seen) else None
        self.show_standing(waiting or message.standing)
        if message.seen.name.ascii == self.state.domain:
            self.post_message(Looked(message.standing))
        if not self.query_one("#choices").has_focus:
            field.focus()

    @on(SeenCloser)
    def _show_seen_closer(self, message: SeenCloser) -> None:
        if self._seen is None or self._seen.seen is not message.seen:
            return
        self._link = message.link
        self._show_act()
        shown = self.query_one("#mail", Columns)
        rows = words.mail(self._is_coming(message.seen), message.remarks, message.advice, message.link)
        shown.show(rows)
        shown.display = bool(rows)

    @on(Mailed)
    def _say_mailed(self, message: Mailed) -> None:
        self.say(message.words)

    def progressed(self, standing: StepState) -> None:
        """Show how far a registration is, where the field has its name."""
        if self._seen is None or self._is_coming(self._seen.seen):
            self.show_standing(standing)

    def registration_changed(self, name: str) -> None:
        """Look at the domain that is being registered, unless another name is in the field."""
        field = self.query_one("#name", Input)
        if field.value in ("", name):
            # Nobody has typed: what is said of the registration stays.
            with field.prevent(Input.Changed):
                field.value = name
            self._look(self.state.world, self.state.project, name)

    def _is_coming(self, seen: DomainReport) -> bool:
        """Whether the account is about to have a domain that the registry does not know yet."""
        registration = self.state.project.domain.registration
        return seen.registered is False and (
            bool(seen.here) or (registration is not None and words.is_or_is_below(seen, registration.name))
        )

    # The field, the list, the keys

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Go on with what was looked at and is right, or say that nothing is there; look at anything else."""
        event.stop()
        if not event.value.strip() or (self._seen and self._seen.standing.status is Status.DONE):
            self.action_next()
        else:
            self.action_look_again()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.clear_refusal()
        if self._seen is None or event.value != self._seen.seen.name.unicode:
            self._forget()
            self._read(event.value)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one("#name", Input).focus().value = event.option.id or ""
        self.action_look_again()

    def show_error(self, error: WizardError, *, focus: str | None = None) -> None:
        """Let the error alone say what is wrong: not the lines about the same as well."""
        self.query_one("#typed").display = False
        if self._seen and self._seen.standing.status is not Status.DONE:
            self.show_standing(replace(self._seen.standing, words=""))
        super().show_error(error, focus=focus)

    def action_next(self) -> None:
        """Record the domain that was looked at; look first where that has not been done."""
        text = self.query_one("#name", Input).value
        registration = self.state.project.domain.registration
        if registration and (not text.strip() or (self._seen and self._is_coming(self._seen.seen))):
            name = registration.name
            self.say(f"{name} is being registered. It is taken here as soon as it is there.", not_yet=True)
        elif not text.strip():
            self.show_error(
                WizardError(
                    "No domain yet",
                    "The steps that follow are about one domain.",
                    "Type it into the field, or choose one from the list. "
                    "If you have none, type the name you would like.",
                ),
                focus="#name",
            )
        elif self._seen is None:
            self.action_look_again()
        elif self._seen.seen.name.ascii == self.state.domain and self.state.done(StepName.DOMAIN):
            super().action_next()
        else:
            self._decide(self.state.world, self.state.project, self._seen.seen)

    def action_act(self) -> None:
        """Show free names and what they cost; or have the owner's link mailed again."""
        if self._seen is None or self.acting:
            return
        seen = self._seen.seen
        if words.link_is_open(self._link):
            self._mail_link(self.state.world, seen)
        elif self._is_free(seen):
            self.clear_error()
            self.show_standing(self._seen.standing)
            self.app.push_screen(OffersScreen(seen.name, self._form))

    def _is_free(self, seen: DomainReport) -> bool:
        """Whether nobody has the domain, as far as the registry and the account say."""
        return seen.registered is False and not self._is_coming(seen)

    def _show_act(self) -> None:
        """Offer what F4 does for the domain that was looked at, if it does anything."""
        button = self.query_one("#act", Button)
        seen = self._seen.seen if self._seen else None
        link = words.link_is_open(self._link)
        button.display = seen is not None and (link or self._is_free(seen))
        button.label = f"{'Mail the link again' if link else self.ACT}  F4"
        button.refresh(layout=True)

    def _forget(self) -> None:
        """Another name stands in the field: what was seen is about the one before."""
        self._seen, self._link = None, ""
        self.query_one("#facts").display = self.query_one("#mail").display = False
        self._show_act()
        chosen = self.query_one("#name", Input).value == self.state.domain
        self.show_standing(None if chosen else StepState(StepName.DOMAIN, Status.TODO, ""))

    def _show_facts(self) -> None:
        """What is known of the domain that was looked at, with what the account has of it."""
        if self._seen is None:
            return
        name = self._seen.seen.name
        known = self._offered.choices if self._offered else ()
        choice = next((choice for choice in known if choice.name == name), None)
        shown = self.query_one("#facts", Columns)
        rows = facts(words.facts(self._seen.seen, choice, coming=self._is_coming(self._seen.seen)))
        shown.show(rows)
        shown.display = bool(rows)

    def _show_choices(self, offered: Choices | None) -> None:
        shown = self.query_one("#choices", OptionList)
        choices = offered.choices if offered else ()
        before = shown.get_option_at_index(shown.highlighted).id if shown.highlighted is not None else None
        shown.display = self.query_one("#offer").display = bool(choices)
        shown.clear_options()
        shown.add_options([words.option(choice) for choice in choices])
        names = [choice.name.ascii for choice in choices]
        shown.highlighted = (names.index(before) if before in names else 0) if names else None
        asking = words.asking(offered) if offered else ""
        self.query_one("#asking", Static).update(asking)
        self.query_one("#asking").display = bool(asking)
