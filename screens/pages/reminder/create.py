"""The Create page: a summary, problems to fix first, the deployment, and drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from screens.commands import key_name
from screens.messages import Happened
from screens.pages.reminder.change import ChangePage
from screens.pages.reminder.who import sandbox_rows
from screens.state import AppState
from screens.widgets.columns import Cells, Columns, EventList
from screens.workers import reads, running_in
from wizard.project.schema import Project, Reminder
from wizard.reminder import draft
from wizard.reminder.message.fields import shown_sender
from wizard.reminder.recipients.parse import Recipients
from wizard.reminder.schedule.expressions import ScheduleError
from wizard.reminder.schedule.schedules import moment_words, words, zone_or_utc
from wizard.steps.reminder import drift as reminder_drift
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder.drift import Drifted
from wizard.steps.reminder.forms import Problem, StackForm
from wizard.steps.reminder.step import ReminderReport
from wizard.text import printable
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
"""The page or the field of this page where a setting is fixed."""


class CreatePage(ChangePage):
    """F4 shows the plan, and carries it out after a yes."""

    NAME = "Create"
    QUESTION = "Deploy it?"
    WHY = "One CloudFormation stack: schedule, Lambda function, tables, alarms. F4 shows the plan first."
    ACT = "Deploy"
    FIRST = "#alerts"
    KEYS: ClassVar[Mapping[str, str]] = {
        "f6": "Check for drift (changes by hand)",
        "f7": "Restore what drifted",
    }
    HELP = """
- **F4** shows the plan: each resource with its purpose, how mail is sent, and the cost. The plan scrolls with
  **↑ ↓**. Nothing changes before your yes. Later changes are deployed in the same way.
- **Alerts** are sent to an address by Amazon SNS: failed runs, errors of the function, too many bounces or
  complaints. AWS first sends an e-mail to that address, which its owner must confirm.
- **Stack name** can be changed until the stack exists. If it is taken in this account and Region, another
  name is proposed.
- **F6** has CloudFormation compare the resources with the template, which takes a moment and changes nothing.
  **F7** plans to restore what differs.
"""

    @dataclass
    class Checked(Message):
        """The problems and warnings of all pages."""

        problems: Sequence[Problem]
        warnings: Sequence[Problem]

    @dataclass
    class Refused(Message):
        """A field of this page has a problem."""

        problems: Sequence[Problem]

    class Watched(Message):
        """CloudFormation's work since an earlier run has ended."""

    @dataclass
    class Compared(Message):
        """What drifted, and which settings are not deployed."""

        drifted: Sequence[Drifted]
        changed: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._read: Recipients | None = None
        self._seen: ReminderReport | None = None

    def compose(self) -> ComposeResult:
        """The summary, the fields, problems, drift, and progress."""
        yield Columns(id="decided")
        with Horizontal(classes="field tight"):
            yield Label("Alerts to", classes="label")
            yield Input(placeholder="for example you@example.com; empty: none", id="alerts", compact=True)
        with Horizontal(classes="field tight", id="naming"):
            yield Label("Stack name", classes="label")
            yield Input(placeholder="for example ses-wizard-reminder", id="stack", compact=True)
        yield Static("", id="taken", classes="hint", markup=False)
        with Horizontal(classes="field tight block", id="by-key"):
            yield Button(f"Check for drift  {key_name('f6')}", id="drift", compact=True)
            yield Button(f"Restore  {key_name('f7')}", id="put-back", compact=True)
        yield Columns(classes="problems")
        yield Columns(id="drifted", classes="block")
        yield EventList(id="events")

    def on_mount(self) -> None:
        """Begin without drift, and hide the name."""
        self._show_drift([])
        self._show_name(None)

    def load(self, address: str, stack: str) -> None:
        """Show the ``address`` for alerts and the name of the ``stack``."""
        self.query_one("#alerts", Input).value = address
        self.query_one("#stack", Input).value = stack

    def offer(self, read: Recipients) -> None:
        """Show the number of recipients."""
        self._read = read
        self._draw()

    def show_seen(self, seen: ReminderReport) -> None:
        """Show the stack's name and the sandbox; follow CloudFormation's work since an earlier run."""
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

    def entered(self) -> StackForm:
        """The form as typed."""
        address, stack = (self.query_one(field, Input).value.strip() for field in ("#alerts", "#stack"))
        return StackForm(address, stack)

    def focus_first(self) -> None:
        """Focus the button: the fields are optional."""
        self.step.query_one("#act").focus()

    def came_up(self) -> None:
        """Check all pages."""
        self._draw()
        self._check(self.state.project, self.base, self.state.world.now())
        self._watch_on()

    def redraw(self, state: AppState) -> None:
        """The project changed: check again."""
        if self.saved is not None:
            self.saved = StackForm(state.project.reminder.alerts or "", state.project.reminder.stack)
        if self.display:
            self.came_up()

    def act(self) -> None:
        """Plan, then ask."""
        self.step.retry = self.act
        self._begin_plan()

    def press(self, key: str) -> None:
        """Check for drift, or plan to restore it."""
        if not (self._seen and self._seen.stack):
            self.step.say("Nothing is deployed yet: press F4.", not_yet=True)
        elif key == "f6":
            self.step.clear_error()
            self.step.retry = lambda: self.press(key)
            self._show_drift([])
            self._compare(self.state.world, self.state.project)
        elif self.query_one("#put-back").display:
            self.step.retry = lambda: self.press(key)
            self._begin_plan(revert_drift=True)
        else:
            self.step.say("No drift was found: F6 checks for it.", not_yet=True)

    def _begin_plan(self, *, revert_drift: bool = False) -> None:
        before, now = self.state.project, self.state.world.now()
        self._decide_and_plan(self.state.world, before, self.base, now, self.entered(), revert_drift)

    # Workers

    @reads("Checking")
    def _check(self, project: Project, base: Path, now: datetime) -> None:

        found = [
            [Problem(*problem) for problem in problems]
            for problems in (draft.problems(project, base, now), draft.warnings(project))
        ]
        self.tell(self.Checked(*found))

    @reads("CloudFormation is planning the change", topic="aws")
    def _decide_and_plan(
        self, world: World, before: Project, base: Path, now: datetime, entered: StackForm, revert_drift: bool
    ) -> None:

        decision = entered.decided(before, base, now)
        if decision.problems:
            self.tell(self.Refused(decision.problems))
            return
        planned = reminder.plan(world, decision.project, base, revert_drift=revert_drift)
        self.tell(self.Planned(before, decision.project, planned))

    @reads("CloudFormation is working since an earlier run")
    def _watch(self, world: World, project: Project) -> None:

        try:
            reminder.watch(world, project, lambda event: self.tell(Happened(event)))
        finally:
            self.looked(world, project)
            self.tell(self.Watched())

    @reads("CloudFormation is checking for drift", topic="aws")
    def _compare(self, world: World, project: Project) -> None:

        drifted = reminder_drift.drift(world, project, lambda _: None)
        seen = reminder.look(world, project, self.base)
        self.tell(self.Compared(drifted, reminder.changed_words(seen)))

    # What they say

    @on(Checked)
    def _show_checked(self, message: Checked) -> None:
        """Show what must be fixed, and where; warnings once the message is written."""
        message.stop()
        written = self.state.project.reminder.subject
        self._say(
            [
                (Content.styled(f"! {SETTINGS.get(problem.field, '')}", colour), problem.words)
                for problems, colour in (
                    (message.problems, "$text-error"),
                    (message.warnings if written else (), "$text-warning"),
                )
                for problem in problems
            ]
        )

    @on(Refused)
    def _show_refused(self, message: Refused) -> None:
        message.stop()
        self.show_problems(message.problems)

    @on(Watched)
    def _show_watched(self, message: Watched) -> None:
        """Scroll to the status, which is above the progress."""
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
            self.step.say(f"No drift: the stack is as deployed. {message.changed}".rstrip())

    @on(ChangePage.Made)
    def _say_how_it_goes_on(self) -> None:
        self._show_drift([])
        if self.display and not self.state.project.reminder.tested:
            self.step.say("Deployed. Send a test e-mail to finish this step (F3).")

    def _show_drift(self, drifted: Sequence[Drifted]) -> None:
        head = Content.styled("! drifted", "$text-warning")
        rows: list[Cells] = [
            (head, Content.styled(one.resource, "bold"), printable(one.words, 500)) for one in drifted
        ]
        shown = self.query_one("#drifted", Columns)
        shown.show(rows)
        shown.display = self.query_one("#put-back").display = bool(rows)

    def _show_name(self, seen: ReminderReport | None) -> None:
        """Show the stack's name until the stack exists; replace a name that is taken."""
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

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """A problem of an earlier text is not one of this text."""
        event.stop()
        if self._refused:
            self.warn(())

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self.step.run_action("act")

    @on(Button.Pressed, "#by-key Button")
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        await self.step.run_action(f"press('{'f6' if event.button.id == 'drift' else 'f7'}')")


def _decided(project: Project, read: Recipients | None) -> list[Cells]:
    """A summary of the earlier pages."""
    reminder = project.reminder
    sender = reminder.sender or ""
    try:
        when = words(reminder.schedule or "", reminder.timezone)
    except ScheduleError:
        when = "not chosen yet"
    rows: list[Cells] = [
        ("From", shown_sender(reminder.sender_name, sender)),
        ("To", _to(project, read)),
        ("Subject", reminder.subject),
        ("When", when),
        *_limits(reminder),
    ]
    if reminder.unsubscribe:
        rows.append(("Unsubscribe", reminder.unsubscribe))
    if reminder.paused:
        resume = "No run until you resume on the Runs page."
        rows.append((Content.styled("! paused", "$text-warning"), resume))
    return rows


def _limits(reminder: Reminder) -> list[Cells]:
    """The limits of the schedule, in its time zone."""
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
