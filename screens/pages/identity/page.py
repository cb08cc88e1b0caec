"""The page of step 3: the SES identity of the domain, and the plan that sets it up."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label, Static

from screens.frame.dialogs import NothingToChange
from screens.frame.page import StepScreen, fill_in
from screens.messages import Decided, Happened, Looked
from screens.state import AppState
from screens.widgets.columns import Columns, EventList, facts
from screens.workers import acts, reads
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.identity import step as identity
from wizard.steps.identity.step import IdentityReport, parse_mail_from, suggest_mail_from
from wizard.steps.model import Plan, Status, StepName, StepState
from wizard.world import World

KEYS = {"RSA_2048_BIT": "2048-bit key", "RSA_1024_BIT": "1024-bit key"}
"""SES's names for key lengths, in words."""


class IdentityScreen(StepScreen):
    """Asks for the MAIL FROM subdomain, shows the plan, creates or adopts."""

    STEP = StepName.IDENTITY
    QUESTION = "How is the mail signed?"
    WHY = "SES signs with DKIM keys of its own. Bounces return to a subdomain: the MAIL FROM domain."
    ACT = "Set it up"
    FIELD = "#mail-from"
    HELP = """
**F4** shows exactly what would be created or changed in SES, and does it after you say yes:

- the domain as an **identity**, signed by SES with 2048-bit keys (Easy DKIM); an existing one is adopted;
- a **MAIL FROM** subdomain, so that SPF passes under your own name. It must not receive other mail;
- a **configuration set** with reputation metrics, and the suppression list that stops mail to addresses that
  bounced or complained.

None of this costs anything or changes your DNS: that is the next step.
"""

    @dataclass
    class IdentityRead(Message):
        """SES answered. ``wrong`` says why the typed MAIL FROM domain is refused."""

        seen: IdentityReport
        standing: StepState
        mail_from: str
        wrong: WizardError | None = None

    @dataclass
    class RegionsRead(Message):
        """SES has no identity for the domain in this Region; the other Regions have answered."""

        seen: IdentityReport
        standing: StepState

    @dataclass
    class PlanReady(Message):
        """The plan is ready."""

        plan: Plan
        mail_from: str

    def __init__(self) -> None:
        super().__init__()
        self._seen: IdentityReport | None = None
        self._act_when_seen = False

    def compose_step(self) -> ComposeResult:
        """The MAIL FROM field, the identity as SES has it, and the progress of the changes."""
        with Horizontal(classes="field tight"):
            yield Label("MAIL FROM", classes="label")
            yield Input(id="mail-from", compact=True)
        yield Static("", id="advice", classes="hint", markup=False)
        yield Columns(id="facts", classes="block")
        yield EventList(id="events", classes="block")

    def begin(self) -> None:
        """Read the identity from SES."""
        self._act_when_seen = False
        self._look(self.state.world, self.state.project, self.query_one("#mail-from", Input).value)

    async def edited_outside(self, before: Project, after: Project) -> None:
        """Show the MAIL FROM domain that the file names now, unless another one is typed."""
        field = self.query_one("#mail-from", Input)
        if field.value == (before.identity.mail_from or ""):
            field.value = after.identity.mail_from or ""
        await super().edited_outside(before, after)

    @reads("Asking SES for the domain", topic="aws")
    def _look(self, world: World, project: Project, typed: str) -> None:

        seen = identity.look(world, project)
        found = seen.identity.mail_from if seen.identity else None
        mail_from = project.identity.mail_from or found or identity.suggest_mail_from(seen.domain)
        wrong = None
        try:
            identity.parse_mail_from(seen.domain, typed or mail_from)
        except WizardError as error:
            wrong = error
        self.tell(self.IdentityRead(seen, identity.judge(seen, project), mail_from, wrong))
        closer = identity.look_elsewhere(world, seen)
        if closer is not seen:
            self.tell(self.RegionsRead(closer, identity.judge(closer, project)))

    @reads("Planning the changes", topic="aws")
    def _plan(self, world: World, project: Project, seen: IdentityReport, text: str) -> None:

        mail_from = identity.parse_mail_from(seen.domain, text)
        plan = identity.plan(project, identity.look_elsewhere(world, seen), mail_from)
        self.tell(self.PlanReady(plan, mail_from))

    @acts("Setting up the identity")
    def _act(self, world: World, project: Project, mail_from: str) -> None:

        decided = identity.act(world, project, mail_from, self.happened)
        self.post_message(Decided(project, decided))
        seen = identity.look(world, decided)
        standing = identity.judge(seen, decided)
        self.post_message(Looked(standing))
        self.tell(self.IdentityRead(seen, standing, mail_from))

    @on(IdentityRead)
    def _show_seen(self, message: IdentityRead) -> None:
        self._seen = message.seen
        field = self.query_one("#mail-from", Input)
        if not field.value:
            with field.prevent(Input.Changed):
                fill_in(field, message.mail_from)
        self.query_one("#events").display = False
        shown = self.query_one("#facts", Columns)
        shown.show(facts(_facts(message.seen)))
        shown.display = True
        self.post_message(Looked(message.standing))
        if message.standing.status is Status.DONE:
            self.query_one("#next").focus()
        if self._act_when_seen:
            self._act_when_seen = False
            self.action_act()
        elif message.wrong:
            self.show_error(message.wrong, focus=self.FIELD)

    @on(RegionsRead)
    def _show_elsewhere(self, message: RegionsRead) -> None:
        self._seen = message.seen
        self.post_message(Looked(message.standing))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_act()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.clear_refusal()

    def action_next(self) -> None:
        """Go to the next step, unless the typed domain is refused: it would be taken for the one in use."""
        typed = self.query_one("#mail-from", Input).value
        if self._seen and typed.strip():
            try:
                parse_mail_from(self._seen.domain, typed)
            except WizardError as error:
                self.show_error(error, focus=self.FIELD)
                return
        super().action_next()

    def action_act(self) -> None:
        """Show the plan, as soon as SES has answered."""
        if self._seen is None:
            self._act_when_seen = True
        if self.acting or self._seen is None:
            return
        self.clear_error()
        self.retry = self.action_act
        text = self.query_one("#mail-from", Input).value
        self._plan(self.state.world, self.state.project, self._seen, text)

    @on(PlanReady)
    def _confirm(self, message: PlanReady) -> None:
        fill_in(self.query_one("#mail-from", Input), message.mail_from)
        self.confirm(message.plan, lambda: self._carry_out(message.mail_from))
        if not message.plan.changes_anything:
            self.app.push_screen(NothingToChange(message.plan))

    def _carry_out(self, mail_from: str) -> None:
        events = self.query_one("#events", EventList)
        events.clear()
        events.display = True
        self.query_one("#facts").display = False
        self._act(self.state.world, self.state.project, mail_from)

    @on(Happened)
    def _show_event(self, message: Happened) -> None:
        message.stop()
        self.query_one("#events", EventList).add(message.event)

    def redraw(self, state: AppState) -> None:
        """Propose a name; forget what was read and typed for another domain."""
        if state.domain:
            proposal = suggest_mail_from(state.domain)
            self.query_one("#mail-from", Input).placeholder = proposal
            self.query_one("#advice", Static).update(
                f"It must receive no other mail. {proposal} is a good choice."
            )
        if self._seen and self._seen.domain != state.domain:
            self._seen = None
            self.query_one("#mail-from", Input).value = ""
            self.query_one("#facts", Columns).show([])
            self.query_one("#events").display = False


def _facts(seen: IdentityReport) -> list[tuple[str, str]]:
    identity = seen.identity
    if identity is None:
        return []
    signed = "by SES (Easy DKIM)" if identity.signs_itself else f"by {identity.signing_origin}: not changed"
    key = KEYS.get(identity.key_length or "", "key length not known yet")
    mail_from = (
        f"{identity.mail_from}, {_words(identity.mail_from_status)}" if identity.mail_from else "not set"
    )
    return [
        ("Identity", f"{identity.name}, {'verified' if identity.verified else 'not verified yet'}"),
        ("Signed", f"{signed}, {key}, {_words(identity.dkim_status)}"),
        ("MAIL FROM", mail_from),
        ("Config. set", seen.configuration_set.name if seen.configuration_set else "none yet"),
    ]


def _words(status: str | None) -> str:
    """SES's status in words: a pending status waits for the DNS records of the next step."""
    words = {"PENDING": "waiting for the DNS records", "SUCCESS": "confirmed"}
    return words.get(status or "", (status or "not started").lower().replace("_", " "))
