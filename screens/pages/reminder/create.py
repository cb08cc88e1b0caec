"""What is about to be created, what it needs first, how far CloudFormation has come, and what drifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from screens.commands import key_name
from screens.messages import Happened
from screens.pages.reminder.change import ChangePage
from screens.pages.reminder.form_page import Decision, Problem
from screens.pages.reminder.who import sandbox_rows
from screens.state import AppState
from screens.widgets.columns import Cells, Columns, EventList
from screens.workers import reads, running_in
from wizard.reminder.schedule.expressions import ScheduleError
from wizard.reminder.schedule.schedules import moment_words, words, zone_or_utc
from wizard.text import printable

if TYPE_CHECKING:
    from wizard.project.schema import Project, Reminder
    from wizard.reminder.recipients.parse import Recipients
    from wizard.steps.reminder.drift import Drifted
    from wizard.steps.reminder.step import ReminderSeen
    from wizard.world import World

SETTINGS = {
    "sender": "What",
    "sender_name": "What",
    "subject": "What",
    "text": "What",
    "html": "What",
    "unsubscribe": "What",
    "recipients": "Who",
    "table": "Who",
    "schedule": "When",
    "timezone": "When",
    "start": "When",
    "end": "When",
    "window_minutes": "When",
    "alerts": "Alerts",
    "stack": "Stack name",
}
"""Where a setting is mended: on a page before, or in a field of this one."""

NO_ADDRESS = Problem("alerts", "Alerts cannot be sent to this address.")
NO_NAME = Problem("stack", "Use a letter, then up to 39 letters, digits and hyphens.")


@dataclass(frozen=True)
class Own:
    """What is typed on this page: who is told of failures (nobody if empty), and the name of the stack."""

    address: str
    stack: str

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """The project with the address, and what is wrong with it."""
        from wizard.project.schema import Table, takes
        from wizard.reminder.draft import problems

        named = replace(project, reminder=replace(project.reminder, stack=self.stack))
        if not takes(named):
            return Decision(project, [NO_NAME], complete=False)
        kept = replace(named, reminder=replace(named.reminder, alerts=self.address or None))
        if not takes(kept):
            return Decision(project, [NO_ADDRESS], complete=False)
        # As if they came from a table: the file of recipients is not what this is about.
        unread = replace(kept, reminder=replace(kept.reminder, recipients=None, table=Table("any")))
        found = [Problem(*problem) for problem in problems(unread, base, now) if problem[0] == "alerts"]
        return Decision(kept, found, complete=True)


class CreatePage(ChangePage):
    """F4 shows the change set, and carries it out after a yes."""

    NAME = "Create"
    QUESTION = "Set it up?"
    WHY = "One CloudFormation stack: schedule, Lambda function, tables, alarms. F4 shows it all first."
    ACT = "Set it up"
    FIRST = "#alerts"
    KEYS: ClassVar[Mapping[str, str]] = {
        "f6": "Look whether somebody changed it by hand (drift)",
        "f7": "Put back what drifted",
    }
    HELP = """
- **F4** has CloudFormation work out what it would do: each resource with its purpose, how mails are sent and
  why so, what it costs. Nothing is made before your yes. Afterwards every change goes the same way.
- **Alerts** go to an address by Amazon SNS: runs that failed, errors of the function, too many bounces or
  complaints. AWS sends a mail to that address first, which its owner must confirm.
- **Stack name** can be changed until the stack exists. If another set-up in this account and Region has that
  name, a free one is proposed.
- **F6** has CloudFormation compare what there is with what was made, which takes a moment and changes
  nothing. What differs is told, and **F7** plans to put it back.
"""

    @dataclass
    class Checked(Message):
        """What is wrong with what the pages before decided."""

        problems: Sequence[Problem]

    @dataclass
    class Refused(Message):
        """The field of this page has a mistake."""

        problems: Sequence[Problem]

    class Watched(Message):
        """What CloudFormation did since an earlier run has come to its end."""

    @dataclass
    class Compared(Message):
        """What somebody changed by hand, and what the project says that is not deployed."""

        drifted: Sequence[Drifted]
        changed: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._read: Recipients | None = None
        self._seen: ReminderSeen | None = None

    def compose(self) -> ComposeResult:
        """The decisions, what is wrong with them, what drifted, and what happens."""
        yield Columns(id="decided")
        with Horizontal(classes="field tight"):
            yield Label("Alerts to", classes="label")
            yield Input(placeholder="you@example.com, or nobody", id="alerts", compact=True)
        with Horizontal(classes="field tight", id="naming"):
            yield Label("Stack name", classes="label")
            yield Input(placeholder="a name of its own in this account and Region", id="stack", compact=True)
        yield Static("", id="taken", classes="hint", markup=False)
        with Horizontal(classes="field tight block", id="by-key"):
            yield Button(f"Look for drift  {key_name('f6')}", id="drift", compact=True)
            yield Button(f"Put it back  {key_name('f7')}", id="put-back", compact=True)
        yield Columns(classes="problems")
        yield Columns(id="drifted", classes="block")
        yield EventList(id="events")

    def on_mount(self) -> None:
        """Nothing drifted yet, and nothing is known of the name."""
        self._show_drift([])
        self._show_name(None)

    def load(self, address: str, stack: str) -> None:
        """Begin with the alerts' ``address`` and the name of the ``stack``."""
        self.query_one("#alerts", Input).value = address
        self.query_one("#stack", Input).value = stack

    def offer(self, read: Recipients) -> None:
        """These are the recipients."""
        self._read = read
        self._draw()

    def show_seen(self, seen: ReminderSeen) -> None:
        """To whom mail may go in the sandbox; what CloudFormation does since an earlier run is watched."""
        self._seen = seen
        self._show_name(seen)
        self._draw()
        if self.display:
            self._watch_on()

    def _watch_on(self) -> None:
        watching = running_in(self._watch)
        stack = self._seen.stack if self._seen else None
        at_work = stack and stack.running and not stack.status.startswith("DELETE")
        if at_work and not watching and not self.step.acting:
            self.query_one("#events", EventList).clear()
            self._watch(self.state.world, self.state.project)

    def entered(self) -> Own:
        """The fields as they are."""
        address, stack = (self.query_one(field, Input).value.strip() for field in ("#alerts", "#stack"))
        return Own(address, stack)

    def focus_first(self) -> None:
        """Most have nothing to type here."""
        self.step.query_one("#act").focus()

    def came_up(self) -> None:
        """Check what the pages before decided."""
        self._draw()
        self._check(self.state.project, self.base, self.state.world.now())
        self._watch_on()

    def redraw(self, state: AppState) -> None:
        """Something was saved: the address of alerts with a plan, or what the pages before decided."""
        if self.saved is not None:
            self.saved = Own(state.project.reminder.alerts or "", state.project.reminder.stack)
        if self.display:
            self.came_up()

    def act(self) -> None:
        """Plan; what comes of it is asked about."""
        self.step.retry = self.act
        self._begin_plan()

    def press(self, key: str) -> None:
        """Look for drift, or plan to put it back."""
        if key == "f6":
            self.step.clear_error()
            self.step.retry = lambda: self.press(key)
            self._show_drift([])
            self._compare(self.state.world, self.state.project)
        elif self.query_one("#put-back").display:
            self.step.retry = lambda: self.press(key)
            self._begin_plan(revert_drift=True)
        else:
            self.step.say("Nothing was found that drifted: F6 looks for it.", not_yet=True)

    def _begin_plan(self, *, revert_drift: bool = False) -> None:
        before, now = self.state.project, self.state.world.now()
        self._decide_and_plan(self.state.world, before, self.base, now, self.entered(), revert_drift)

    # Workers

    @reads("Checking")
    def _check(self, project: Project, base: Path, now: datetime) -> None:
        from wizard.reminder import draft

        found = [Problem(*problem) for problem in draft.problems(project, base, now)]
        self.tell(self.Checked(found))

    @reads("CloudFormation is working out what it would do", topic="aws")
    def _decide_and_plan(
        self, world: World, before: Project, base: Path, now: datetime, entered: Own, revert_drift: bool
    ) -> None:
        from wizard.steps.reminder import step as reminder

        decision = entered.decided(before, base, now)
        if decision.problems:
            self.tell(self.Refused(decision.problems))
            return
        planned = reminder.plan(world, decision.project, base, revert_drift=revert_drift)
        self.tell(self.Planned(before, decision.project, planned))

    @reads("CloudFormation is at work since an earlier run")
    def _watch(self, world: World, project: Project) -> None:
        from wizard.steps.reminder import step as reminder

        try:
            reminder.watch(world, project, lambda event: self.tell(Happened(event)))
        finally:
            self.looked(world, project)
            self.tell(self.Watched())

    @reads("CloudFormation compares", topic="aws")
    def _compare(self, world: World, project: Project) -> None:
        from wizard.steps.reminder import drift as reminder_drift
        from wizard.steps.reminder import step as reminder

        drifted = reminder_drift.drift(world, project, lambda _: None)
        seen = reminder.look(world, project, self.base)
        self.tell(self.Compared(drifted, reminder.changed_words(seen)))

    # What they say

    @on(Checked)
    def _show_checked(self, message: Checked) -> None:
        """What must be mended, and where."""
        message.stop()
        self._say(
            [
                (Content.styled(f"! {SETTINGS.get(problem.field, '')}", "$text-error"), problem.words)
                for problem in message.problems
            ]
        )

    @on(Refused)
    def _show_refused(self, message: Refused) -> None:
        message.stop()
        self.show_problems(message.problems)

    @on(Watched)
    def _show_watched(self, message: Watched) -> None:
        """How it stands now is told above all that was done."""
        message.stop()
        if self.display:
            self.step.query_one("#body").scroll_home(animate=False)

    @on(Compared)
    def _show_compared(self, message: Compared) -> None:
        message.stop()
        self._show_drift(message.drifted)
        if message.drifted:
            self.query_one("#put-back").focus()
        else:
            self.step.say(f"Nobody changed the deployed stack by hand. {message.changed}".rstrip())

    @on(ChangePage.Made)
    def _say_how_it_goes_on(self) -> None:
        self._show_drift([])
        if self.display and not self.state.project.reminder.tested:
            self.step.say("Deployed. F3 goes on: send a test e-mail.")

    def _show_drift(self, drifted: Sequence[Drifted]) -> None:
        head = Content.styled("! drifted", "$text-warning")
        rows: list[Cells] = [
            (head, Content.styled(one.resource, "bold"), printable(one.words, 500)) for one in drifted
        ]
        shown = self.query_one("#drifted", Columns)
        shown.show(rows)
        shown.display = self.query_one("#put-back").display = bool(rows)

    def _show_name(self, seen: ReminderSeen | None) -> None:
        """The stack's name can be chosen until there is a stack of that name; a taken one is replaced."""
        self.query_one("#naming").display = seen is not None and (seen.stack is None or bool(seen.instead))
        field, hint = self.query_one("#stack", Input), self.query_one("#taken", Static)
        hint.display = seen is not None and bool(seen.instead)
        if seen and seen.instead and field.value == self.state.project.reminder.stack:
            hint.update(f"{field.value} is taken by another set-up in this account and Region.")
            field.value = seen.instead

    def _draw(self) -> None:
        open_to = self._seen.open_to if self._seen else None
        rows = [*_decided(self.state.project, self._read), *sandbox_rows(self._read, open_to)]
        self.query_one("#decided", Columns).show(rows)

    # Keys

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self.step.run_action("act")

    @on(Button.Pressed, "#by-key Button")
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        await self.step.run_action(f"press('{'f6' if event.button.id == 'drift' else 'f7'}')")


def _decided(project: Project, read: Recipients | None) -> list[Cells]:
    """The decisions of the pages before."""
    reminder = project.reminder
    sender = reminder.sender or ""
    try:
        when = words(reminder.schedule or "", reminder.timezone)
    except ScheduleError:
        when = "not chosen yet"
    rows: list[Cells] = [
        ("From", f"{reminder.sender_name} <{sender}>" if reminder.sender_name else sender),
        ("To", _to(project, read)),
        ("Subject", reminder.subject),
        ("When", when),
        *_limits(reminder),
    ]
    if reminder.unsubscribe:
        rows.append(("Unsubscribe", reminder.unsubscribe))
    if reminder.paused:
        resume = "No run leaves until you resume it, on Runs."
        rows.append((Content.styled("! paused", "$text-warning"), resume))
    return rows


def _limits(reminder: Reminder) -> list[Cells]:
    """What bounds the schedule, by its own clocks."""
    place, window = zone_or_utc(reminder.timezone), reminder.window_minutes
    span = [
        f"{word} {moment_words(moment, place)}"
        for word, moment in (("not before", reminder.start), ("not after", reminder.end))
        if moment
    ]
    if window:
        span.append(f"within {window:,} minute{'' if window == 1 else 's'}")
    return [("", ", ".join(span))] if span else []


def _to(project: Project, read: Recipients | None) -> str:
    count = read.count if read else 0
    people = f"{count:,} recipient{'' if count == 1 else 's'}"
    if project.reminder.table:
        return f"{f'about {people}' if read else 'recipients'}, from your table {project.reminder.table.name}"
    return f"{people}, from {project.reminder.recipients or 'nowhere yet'}"
