"""Before production access: what SES allows now, one's own address verified, a test mail sent to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Select, Static

from screens.commands import Command, in_demo
from screens.frame.over import OverPage
from screens.frame.page import PAGES_CSS, fill_in
from screens.messages import Decided, Happened
from screens.pages.production.headers import HeadersPage
from screens.state import AppState
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns, EventList
from screens.widgets.flow import Buttons
from screens.workers import acts, cancel, follows, reads, running_in
from wizard.addresses import typed_address
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.model import Plan
from wizard.steps.production import sandbox
from wizard.steps.production.sandbox import SandboxReport, unread
from wizard.text import printable
from wizard.world import Stage, World

LOOK_EVERY = 2.0
"""Seconds between two looks while the link is waited for (SES allows one GetEmailIdentity a second)."""

MOST_RECIPIENTS = 4
"""How many verified addresses and domains are named."""

OWN = "own"
"""What is chosen in the field of recipients for one's own address; the others are the simulator's."""
RECIPIENTS = (
    ("your address", OWN),
    ("SES's simulator: it arrives", "success"),
    ("SES's simulator: it bounces", "bounce"),
    ("SES's simulator: it is called spam", "complaint"),
)


OUTCOMES = {
    "success": ": nobody reads it there",
    "bounce": ": it bounces, and harms nothing",
    "complaint": ": it is called spam, and harms nothing",
}
"""What becomes of a mail to SES's simulator."""


class SandboxPage(OverPage):
    """Stands over the page it was opened from; the headers of a received mail have a page of their own."""

    QUESTION = "What can be sent now?"
    WHY = "A test mail to yourself shows whether receivers believe that it is yours."
    ACT = "Verify address"
    FIELD = "#own"
    HELP = """
- **F4** makes SES send a link to your address. Opening it within 24 hours verifies the address. SES cannot
  resend a link: the wizard deletes the address and adds it again, and the earlier link stops working.
- **F6** sends a test mail from your domain, to your address or to **SES's simulator**, which counts as a mail
  and does not affect your reputation.
- **F7** reads the headers of the mail that arrived: SPF, DKIM and DMARC, and what to do about each.

While the link is pending, the page checks again by itself.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "sandbox.tcss"]
    KEYS: ClassVar[list[Command]] = [
        Command("f6", "send", "Send test mail", button=True),
        Command("f7", "headers", "Read headers", "Read the headers of what arrived", button=True),
        Command("f8", "open_link", "Open the link", when=in_demo),
    ]

    @dataclass
    class SandboxRead(Message):
        """SES answered; ``allowed`` is what it allows, in words."""

        seen: SandboxReport
        allowed: str

    @dataclass
    class VerificationPlanned(Message):
        """This would have to be done before mail can go to the address that was typed."""

        project: Project
        plan: Plan

    @dataclass
    class Said(Message):
        """Something was done, in words, or (``not_yet``) could not be done yet."""

        words: str
        not_yet: bool = False

    def __init__(self, typed: dict[str, str]) -> None:
        """``typed`` keeps what is in the address field, by domain, while the page is closed."""
        super().__init__()
        self._kept = typed
        self._seen: SandboxReport | None = None
        self._filled_for: str | None = None

    def compose_step(self) -> ComposeResult:
        """What is allowed, the address, who gets the test mail, and what became of both."""
        yield Static("", id="allowed", markup=False)
        with Horizontal(classes="field tight"):
            yield Label("Your address", classes="label")
            yield Input(placeholder="you@example.com, where you can read mail", id="own", compact=True)
        with Horizontal(classes="field"):
            yield Label("Send to", classes="label")
            yield ChoiceField[str](RECIPIENTS, id="to", allow_blank=False, value=OWN, compact=True)
        yield Columns(id="state")
        yield EventList(id="doing", classes="block")
        if self.wizard.demo:
            with Buttons(id="demo", classes="block"):
                yield Label("Demo: mail arrives in its inbox.", classes="label wide")
                yield self.button("inbox")
                yield self.button("open_link")

    def on_mount(self) -> None:
        """While the link is waited for, look by ourselves."""
        self.set_interval(LOOK_EVERY, self._follow)

    def begin(self) -> None:
        """Ask SES what it allows, and how the address stands."""
        self._look(self.state.world, self.state.project)

    async def edited_outside(self, before: Project, after: Project) -> None:
        """Show the address that the file names now, unless another one is typed."""
        field = self.query_one("#own", Input)
        if field.value.strip() in ("", before.sandbox.address) and after.sandbox.address:
            field.value = after.sandbox.address
        await super().edited_outside(before, after)

    def redraw(self, state: AppState) -> None:
        """Begin with the address that the file has, or one that is the user's own for sure."""
        project = state.project
        if self._filled_for != state.domain:
            self._filled_for = state.domain
            contacts = (*project.production.contacts, project.reminder.alerts or "")
            typed = self._kept.get(state.domain or "")
            fill_in(self.query_one("#own", Input), typed or project.sandbox.address or contacts[0])
        self._draw()

    # Workers

    @reads("Asking SES", topic="aws")
    def _look(self, world: World, project: Project) -> None:
        self.tell(_look_at(world, project))

    @follows("Asking SES")
    def _look_after(self, world: World, project: Project, seen: SandboxReport) -> None:

        self.tell(self.SandboxRead(sandbox.follow(world, project, seen), sandbox.allowed(seen)))

    @reads("Asking SES", topic="aws")
    def _plan(self, world: World, project: Project, typed: str) -> None:

        chosen = self._chosen(project, typed)
        seen = sandbox.look(world, chosen)
        self.tell(self.SandboxRead(seen, sandbox.allowed(seen)))
        self.tell(self.VerificationPlanned(chosen, sandbox.plan(seen)))

    @acts("Having the link sent")
    def _act(self, world: World, project: Project, agreed: Plan) -> None:

        decided = sandbox.act(world, project, self.happened, agreed)
        self.wizard.post_message(Decided(project, decided))
        self.tell(_look_at(world, decided))

    @acts("Sending one mail")
    def _send(self, world: World, project: Project, mailbox: str) -> None:

        address = project.sandbox.address if mailbox == OWN else sandbox.simulator(mailbox)
        sent = sandbox.send(world, project, address or "")
        self.wizard.post_message(Decided(project, sent.project))
        self.post_message(self.Said(f"SES accepted the mail to {sent.address}{OUTCOMES.get(mailbox, '')}."))
        self.tell(_look_at(world, sent.project))

    @acts("Opening the link")
    def _open(self, world: World, project: Project, stage: Stage, address: str) -> None:
        said, after = stage.open_link(address), _look_at(world, project)
        self.post_message(self.Said(said, not_yet=not after.seen.state.usable))
        self.tell(after)

    def _chosen(self, project: Project, typed: str) -> Project:
        """The project with the address that was typed: kept before SES is asked, for the policy names it."""
        chosen = sandbox.choose(project, typed)
        if chosen is not project:
            self.wizard.post_message(Decided(project, chosen))
        return chosen

    # What they say

    @on(SandboxRead)
    def _show_seen(self, message: SandboxRead) -> None:
        message.stop()
        self._seen = message.seen
        self.query_one("#allowed", Static).update(message.allowed)
        self._draw()

    @on(VerificationPlanned)
    def _show_planned(self, message: VerificationPlanned) -> None:
        message.stop()
        if message.plan.changes_anything:
            world, project = self.state.world, message.project
            self.confirm(
                message.plan, lambda: self._act(world, project, message.plan), yes="Yes, send the link"
            )
        else:
            self.say(f"Nothing to do: SES can send to {message.project.sandbox.address}.")

    @on(Said)
    def _say(self, message: Said) -> None:
        message.stop()
        self.say(message.words, not_yet=message.not_yet)

    @on(Happened)
    def _show_event(self, message: Happened) -> None:
        message.stop()
        self.query_one("#doing", EventList).add(message.event)

    def _draw(self) -> None:
        seen, typed = self._seen, self.query_one("#own", Input).value.strip()
        rows = [*_address_rows(seen, typed), *_recipient_rows(seen), *_evidence_rows(self.state.project)]
        self.query_one("#state", Columns).show(rows)
        again = seen is not None and _asked_about(seen, typed) and seen.state in ("waiting", "expired")
        button = self.query_one("#act", Button)
        button.label = f"{'Send link again' if again else self.ACT}  F4"
        button.refresh(layout=True)

    def _follow(self) -> None:
        """Look whether the link was opened, as long as somebody waits for that here."""
        waiting = self._seen is not None and self._seen.state == "waiting"
        asking = running_in(self._look, self._plan, self._look_after)
        if self._seen and waiting and self.is_current and not self.acting and not asking:
            self._look_after(self.state.world, self.state.project, self._seen)

    # Keys

    def action_act(self) -> None:
        """Show what would be done for the address, and do it after a yes."""
        if self.acting:
            return
        self._anew()
        self.retry = self.action_act
        self._plan(self.state.world, self.state.project, self.query_one("#own", Input).value)

    def action_send(self) -> None:
        """Send a test mail to whom was chosen."""
        if self.acting:
            return
        self._anew()
        self.retry = self.action_send
        mailbox, project = str(self.query_one("#to", Select).value), self.state.project
        if mailbox == OWN:
            try:
                project = self._chosen(project, self.query_one("#own", Input).value)
            except WizardError as refusal:
                self.show_error(refusal, focus=self.FIELD)
                return
        self._send(self.state.world, project, mailbox)

    def action_headers(self) -> None:
        """Read the headers of a mail that arrived."""
        if not self.acting:
            self.app.push_screen(HeadersPage())

    def action_open_link(self) -> None:
        """In the demo: open the link in SES's mail, as the address's owner would."""
        world, project = self.state.world, self.state.project
        if not project.sandbox.address:
            self.say("No link has been sent yet: press F4.", not_yet=True)
        elif world.stage and not self.acting:
            self._anew()
            self._open(world, project, world.stage, project.sandbox.address)

    @on(Input.Changed, "#own")
    def _typed(self, event: Input.Changed) -> None:
        """What is said below is about the address that SES was asked about."""
        event.stop()
        self._kept[self.state.domain or ""] = event.value
        self.clear_refusal()
        self._draw()

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        usable = self._seen is not None and self._seen.state.usable and event.value == self._seen.address
        await self.run_action("send" if usable else "act")

    def _anew(self) -> None:
        # What is still being asked is about the address as it was.
        cancel(self._look_after)
        self.clear_error()
        self.query_one("#doing", EventList).clear()


def _look_at(world: World, project: Project) -> SandboxPage.SandboxRead:

    seen = sandbox.look(world, project)
    return SandboxPage.SandboxRead(seen, sandbox.allowed(seen))


def _asked_about(seen: SandboxReport, typed: str) -> bool:
    """Whether SES was asked about the address that is typed."""

    try:
        return typed_address(typed) == seen.address
    except WizardError:
        return False


def _address_rows(seen: SandboxReport | None, typed: str) -> list[Cells]:
    """How the address stands that is typed."""
    if seen is None or not typed:
        return []
    if not _asked_about(seen, typed):
        return [(Content.styled("· not asked", "$text-muted"), "F4 asks SES about the address above.")]
    if seen.account.production_access:
        return [(Content.styled("✓ allowed", "$text-success"), f"{seen.address}: SES can send to anyone.")]
    lives = f"It is valid until {_moment(seen.dies_at)}." if seen.dies_at else "It is valid for 24 hours."
    head, colour, words = {
        "unknown": ("· not asked", "$text-muted", f"SES does not know {seen.address} yet: F4 asks it."),
        "waiting": ("… waiting", "$text-warning", f"Open the link that SES sent to {seen.address}. {lives}"),
        "expired": (
            "✗ expired",
            "$text-error",
            f"The link to {seen.address} has expired. F4 sends another.",
        ),
        "verified": ("✓ verified", "$text-success", f"{seen.address}: test mail may go there."),
        "covered": ("✓ verified", "$text-success", f"{seen.address}, as part of {seen.covered_by}."),
    }[seen.state]
    return [(Content.styled(head, colour), words)]


def _recipient_rows(seen: SandboxReport | None) -> list[Cells]:
    """Whom the sandbox lets one write to."""
    if seen is None or seen.account.production_access or not seen.recipients:
        return []
    first, more = seen.recipients[:MOST_RECIPIENTS], len(seen.recipients) - MOST_RECIPIENTS
    named = [printable(name if "@" in name else f"all of {name}", 60) for name in first]
    words = f"{', '.join(named)}{f' and {more:,} more' if more > 0 else ''}."
    return [(Content.styled("i allowed", "$text-accent"), words)]


def _evidence_rows(project: Project) -> list[Cells]:
    """What was sent and read so far."""

    sent, read = project.sandbox.sent, project.sandbox.read
    rows: list[Cells] = []
    if sent:
        rows.append((Content.styled("✓ sent", "$text-success"), f"{_moment(sent.at)}, {sent.words}"))
    if unread(project):
        words = "The headers of this mail are not read yet: F7 reads them."
        rows.append((Content.styled("· not read", "$text-muted"), words))
    elif read and project.sandbox.passed:
        rows.append((Content.styled("✓ read", "$text-success"), read.words))
    elif read:
        rows.append((Content.styled("! read", "$text-warning"), read.words))
    return rows


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%a %d %b %H:%M}"
