"""The Test page: one mail to an address or to SES's simulator, or a dry run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Select

from screens.messages import Happened
from screens.pages.reminder.form_page import Page
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns, EventList
from screens.workers import acts, follows, running_in
from wizard.addresses import typed_address
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder.message.refusals import SIMULATOR_DOMAIN
from wizard.reminder.schedule.schedules import moment_words
from wizard.steps.reminder import trial as reminder_trial
from wizard.steps.reminder.forms import Problem
from wizard.steps.reminder.step import ReminderReport
from wizard.steps.reminder.trial import DryRun, LogLine, TestResult
from wizard.text import printable
from wizard.world import World

LOOK_EVERY = 1.0
"""Seconds between two looks at the log during a test."""
LOG_SECONDS = 20.0
"""Seconds for which the log is followed afterwards: its lines are some seconds late."""
CLOCKS = timedelta(seconds=10)
"""How far AWS's clock can be behind this computer's."""
LOG_ROWS, FEW_LOG_ROWS = 14, 6
"""Lines of the log that are shown, on a normal and on a short screen."""


class Trial(StrEnum):
    """A kind of test."""

    ADDRESS = "address"
    SUCCESS = "success"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DRY = "dry"


TRIALS = {
    Trial.ADDRESS: "one mail, to an address",
    Trial.SUCCESS: "one mail, to SES's simulator: it arrives",
    Trial.BOUNCE: "one mail, to SES's simulator: it bounces",
    Trial.COMPLAINT: "one mail, to SES's simulator: it is reported as spam",
    Trial.DRY: "a dry run: renders all mails, sends none",
}


class TryPage(Page):
    """The kind of test, its result, and the function's log."""

    NAME = "Test"
    QUESTION = "Does it arrive?"
    WHY = "The deployed function sends the test, independent of the schedule."
    ACT = "Send test"
    FIRST = "#address"
    HELP = """
- **One mail** is sent to the address you enter, with the fields of that recipient, or of another one; the
  result says whose. In the sandbox the address must be verified, or at your domain.
- **SES's simulator** costs a mail and does not harm your reputation. It can bounce or complain, which the
  function must record.
- **A dry run** renders the mail of every recipient and sends none: it finds empty fields, opt-outs and
  invalid addresses.

The function's log follows below. It has numbers, but no addresses and no text of the mail.
"""

    @dataclass
    class Tested(Message):
        """A test mail was sent or refused."""

        result: TestResult

    @dataclass
    class WentThrough(Message):
        """A dry run has ended."""

        found: DryRun

    @dataclass
    class LogRead(Message):
        """The lines of the function's log, or why they cannot be read."""

        lines: Sequence[LogLine]
        trouble: WizardError | None = None

    def __init__(self, *, demo: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._demo = demo
        self._since: datetime | None = None
        self._until = 0.0
        self._log: Mapping[str, LogLine] = {}
        self._earlier: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """The kind of test, the result, in the demo its inbox, the log."""
        with Horizontal(classes="field tight"):
            yield Label("Send", classes="label")
            trials = [(words, trial) for trial, words in TRIALS.items()]
            yield ChoiceField[Trial](trials, id="trial", allow_blank=False, value=Trial.ADDRESS, compact=True)
        with Horizontal(classes="field tight", id="to"):
            yield Label("To", classes="label")
            yield Input(placeholder="for example you@example.com", id="address", compact=True)
        yield Columns(id="version")
        yield EventList(id="trying", classes="block")
        yield Columns(id="result")
        yield Columns(classes="problems")
        if self._demo:
            with Horizontal(classes="field tight block"):
                yield Label("Demo: mail arrives in its own inbox.", classes="label wide")
                yield Button("Inbox  F9", id="inbox", compact=True)
        yield Columns(id="log", classes="block")

    def on_mount(self) -> None:
        """Follow the log from the first test on."""
        self.set_interval(LOOK_EVERY, self._follow_log)

    def load(self, address: str) -> None:
        """Propose ``address``, unless one was typed."""
        field = self.query_one("#address", Input)
        field.value = field.value or address

    def show_seen(self, seen: ReminderReport) -> None:
        """Show which version a test sends: the deployed one."""
        rows: list[Cells] = []
        if seen.stack and seen.stack.complete and seen.stack.updated:
            when = moment_words(seen.stack.updated, self.place)
            words = f"the version deployed {when}, with the subject “{printable(seen.subject, 100)}”"
            rows = [(Content.styled("Sends", "$text-muted"), words)]
        self.query_one("#version", Columns).show(rows)

    @property
    def trial(self) -> Trial:
        """The chosen kind."""
        return Trial(str(self.query_one("#trial", Select).value))

    def act(self) -> None:
        """Send the test."""
        self.step.retry = self.act
        world, project, trial = self.state.world, self.state.project, self.trial
        self._forget()
        field = self.query_one("#address", Input)
        if trial is Trial.ADDRESS:
            field.focus()
            field.action_select_all()
            self.show_problems(wrong := address_problems(field.value))
            if wrong:
                return
        self._begin_log(world.now())
        if trial is Trial.DRY:
            self._go_through(world, project)
        else:
            self._send(world, project, address_of(trial, field.value))

    # Workers

    @acts("Sending one mail")
    def _send(self, world: World, project: Project, address: str) -> None:

        result = reminder_trial.test_run(world, project, address, self.happened)
        if result.sent:
            self.decide(project, result.project)
            self.looked(world, result.project)
        self.tell(self.Tested(result))

    @acts("Rendering all mails")
    def _go_through(self, world: World, project: Project) -> None:

        self.tell(self.WentThrough(reminder_trial.dry_run(world, project, self.happened)))

    @follows("Reading the log")
    def _read_log(self, world: World, project: Project, since: datetime) -> None:

        try:
            self.tell(self.LogRead(reminder_trial.log_lines(world, project, since)))
        except WizardError as error:
            self.tell(self.LogRead((), error))

    # What they say

    @on(Happened)
    def _show_event(self, message: Happened) -> None:
        message.stop()
        self.query_one("#trying", EventList).add(message.event)

    @on(Tested)
    def _show_tested(self, message: Tested) -> None:
        """Show the result, with the time: the same words twice are two tests."""
        message.stop()
        self._show_result(_result(message.result, demo=self._demo))

    @on(WentThrough)
    def _show_found(self, message: WentThrough) -> None:
        message.stop()
        self._show_result(_found(message.found))

    def _show_result(self, rows: Sequence[Cells]) -> None:
        when: Cells = (Content.styled("at", "$text-muted"), self._clock(self.state.world.now()))
        self.query_one("#trying", EventList).clear()
        self.query_one("#result", Columns).show([*rows, when])
        self._until = monotonic() + LOG_SECONDS

    @on(LogRead)
    def _show_log(self, message: LogRead) -> None:
        message.stop()
        if message.trouble:
            self._since = None
            rows: list[Cells] = [(Content.styled("! no log", "$text-warning"), message.trouble.what)]
        else:
            self._log = {line.id: line for line in message.lines if line.id not in self._earlier}
            rows = [
                (Content.styled(self._clock(line.at), "$text-muted"), line.text)
                for line in self._log.values()
            ]
        most = FEW_LOG_ROWS if self.screen.has_class("-short") else LOG_ROWS
        head: list[Cells] = [(Content.styled("Log", "bold $text-accent"), "")]
        self.query_one("#log", Columns).show([*head, *rows[-most:]] if rows else [])

    def _clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.place):%H:%M:%S %Z}"

    # The log

    def _begin_log(self, now: datetime) -> None:
        """Follow the log from now on."""
        self._earlier |= self._log.keys()
        self._log = {}
        self._since, self._until = now - CLOCKS, monotonic() + LOG_SECONDS

    def _follow_log(self) -> None:
        reading = running_in(self._read_log)
        over = monotonic() > self._until and not self.step.acting
        if self._since and self.display and not over and not reading:
            self._read_log(self.state.world, self.state.project, self._since)

    # Keys

    @on(Select.Changed, "#trial")
    def _chosen(self, event: Select.Changed) -> None:
        """Clear the result of another kind."""
        event.stop()
        self.query_one("#to").display = self.trial is Trial.ADDRESS
        if not self.step.acting:
            self._forget()

    def _forget(self) -> None:
        """Clear the result of an earlier test."""
        self._since = None
        self.query_one("#trying", EventList).clear()
        for shown in ("#result", "#log"):
            self.query_one(shown, Columns).show([])
        self.warn(())

    @on(Input.Changed, "#address")
    def _typed(self) -> None:
        self.warn(())

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self.step.run_action("act")


def address_problems(typed: str) -> list[Problem]:
    """The problems of a typed address."""

    try:
        typed_address(typed)
    except WizardError as error:
        return [Problem("address", error.what if typed.strip() else "Enter an address.")]
    return []


def address_of(trial: Trial, typed: str) -> str:
    """The address for ``trial``."""

    return typed.strip() if trial is Trial.ADDRESS else f"{trial}@{SIMULATOR_DOMAIN}"


def _result(result: TestResult, *, demo: bool) -> list[Cells]:
    if not result.sent:
        return [
            (Content.styled("✗ refused", "$text-error"), result.words),
            (Content.styled("→ to do", "bold"), result.todo),
        ]
    if result.recorded is False:
        return [
            (Content.styled("! nothing back", "$text-warning"), result.words),
            (Content.styled("→ to do", "bold"), result.todo),
        ]
    head = Content.styled("✓ recorded" if result.recorded else "✓ sent", "$text-success")
    return [(head, f"{result.words} F9 opens it." if demo else result.words)]


def _found(found: DryRun) -> list[Cells]:
    """The result of a dry run, then what to check."""
    mails = f"{found.people - found.opted_out:,} of {found.people:,} recipients would be mailed now."
    empty = ", ".join(f"{{{{{name}}}}} for {count:,}" for name, count in found.blank.items() if count)
    sandbox = "SES was not asked: it refuses mail to unverified recipients."
    told = [
        ("✓ none sent", "$text-success", f"{mails} The largest is {_size(found.largest)}."),
        ("! not all", "$text-warning", "" if found.whole else "There was not enough time for the others."),
        ("! sandbox", "$text-warning", sandbox if found.sandbox else ""),
        ("· opted out", "$text-muted", _if(found.opted_out, "get no mail.")),
        ("! no address", "$text-warning", _if(found.invalid, "rows without a valid address.")),
        (
            "! not filled",
            "$text-warning",
            _if(found.unrendered, "mails lack a field, and would fail."),
        ),
        ("! empty", "$text-warning", empty),
    ]
    return [(Content.styled(head, colour), words) for head, colour, words in told if words]


def _if(count: int, words: str) -> str:
    """The number in words, or nothing for 0."""
    return f"{count:,} {words}" if count else ""


def _size(count: int) -> str:
    """Bytes in words."""
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1000:,.0f} KB"
