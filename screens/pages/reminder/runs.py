"""The Runs page: the last runs, why mail failed, run now, send again, pause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import ClassVar, Literal

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, OptionList
from textual.widgets.option_list import Option

from screens.commands import key_name
from screens.frame.dialogs import Ask
from screens.pages.reminder.change import ChangePage
from screens.pages.reminder.dead_letters import DeadLetterNotice
from screens.pages.reminder.failures import Failures, Outcome
from screens.pages.reminder.run_words import detail, is_running, line, sent_again
from screens.state import AppState
from screens.widgets.choice_list import ChoiceList
from screens.widgets.columns import Cells, Columns, EventList
from screens.workers import acts, follows, reads, running_in
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder.schedule.schedules import moment_words, zone_or_utc
from wizard.steps.model import Event, Progress, StepName
from wizard.steps.reminder import audience as reminder_audience
from wizard.steps.reminder import runs as reminder_runs
from wizard.steps.reminder.audience import Audience
from wizard.steps.reminder.runs import FailedMail, RunReport
from wizard.steps.reminder.step import ReminderReport
from wizard.text import printable
from wizard.world import World

LOOK_EVERY = 2.0
"""Seconds between two looks while a run is running."""
EXPECTED_SECONDS = 30.0
"""Seconds for which a run started by hand is looked for."""
AGAIN_SECONDS = 960.0
"""Seconds for which the result of a resend is looked for: a call takes 15 minutes at most."""


UNSURE_RISK = (
    "SES gave no clear answer for these mails, and some of them may have arrived. "
    "Recipients who have the mail already get it twice."
)
"""The risk of sending unsure mail again."""


class RunsPage(ChangePage):
    """A list of runs, and the numbers of the highlighted one."""

    NAME = "Runs"
    QUESTION = "What was sent?"
    WHY = "The function's records: who was mailed, who was not, and why."
    ACT = "Run now"
    FIRST = "#last-runs"
    KEYS: ClassVar[Mapping[str, str]] = {
        "f6": "Pause, or resume",
        "f7": "Dead letters: retry or delete",
        "enter": "Mail that did not arrive, and why",
    }
    HELP = """
- **↑ ↓** choose a run, **Enter** shows its mail that did not arrive, with SES's reason. **R** there sends the
  failed mail again, each mail once.
- **Unsure**: SES gave no clear answer. The mail may have arrived, so only you can send it again (**U**).
- **Dead letters**: messages and events that could not be handled. **F7** retries or deletes them.
- **Skipped**: opted out, or without a valid address.
- **Run now** starts a run outside the schedule, after a question. **Pause** changes the stack, so a plan is
  shown first.
- The page updates while a run is running.
"""

    @dataclass
    class RunsRead(Message):
        """The last runs, the newest first."""

        runs: Sequence[RunReport]

    class RunsUnreadable(Message):
        """The runs could not be read."""

    @dataclass
    class Counted(Message):
        """The recipients of a run started now were counted."""

        audience: Audience

    @dataclass
    class FailuresRead(Message):
        """The mails of ``run`` that did not arrive were read."""

        run: RunReport
        mails: Sequence[FailedMail]

    class Done(Message):
        """A run was started, or the mails of ``again`` with ``outcome`` are sent again."""

        def __init__(self, again: RunReport | None = None, outcome: Outcome = "") -> None:
            super().__init__()
            self.again, self.outcome = again, outcome

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._seen: ReminderReport | None = None
        self._runs: Sequence[RunReport] = ()
        self._going_on = False
        self._expected_until = 0.0
        self._again: RunReport | None = None
        self._outcome: Outcome = ""

    def compose(self) -> ComposeResult:
        """Notices, the list, buttons, the highlighted run, progress."""
        yield Columns(id="to-know")
        yield DeadLetterNotice()
        yield ChoiceList(id="last-runs", compact=True, markup=False)
        with Horizontal(classes="field tight", id="by-hand"):
            yield Button(f"Failures  {key_name('enter')}", id="failures", compact=True)
            yield Button(f"Pause  {key_name('f6')}", id="pause", compact=True)
        yield Columns(id="run")
        yield EventList(id="events")
        yield Columns(classes="problems")

    def on_mount(self) -> None:
        """Follow a running run."""
        self.set_interval(LOOK_EVERY, self._follow)
        self._draw()

    # Looking

    @property
    def _deployed(self) -> bool:
        """Whether the stack is complete."""
        return bool(self._seen and self._seen.stack and self._seen.stack.complete)

    @property
    def _paused(self) -> bool:
        return bool(self._seen and self._seen.paused)

    def came_up(self) -> None:
        """Read the runs if the stack is complete."""
        if self._deployed:
            self._read(self.state.world, self.state.project)
            self.query_one(DeadLetterNotice).look()

    def came_back(self) -> None:
        """Look again: a run may have started meanwhile."""
        if not self.step.acting:
            self.step.begin()

    def show_seen(self, seen: ReminderReport) -> None:
        """Show the notices, then read the runs."""
        self._seen = seen
        self._draw()
        if self.display:
            self.came_up()

    def redraw(self, state: AppState) -> None:
        """Show the next run unless the status does."""
        self._draw()

    def _follow(self) -> None:
        reading = running_in(self._read)
        wanted = self._going_on or monotonic() < self._expected_until
        # A changing stack is not complete.
        if wanted and self._deployed and self.display and not reading and not self.step.acting:
            self._read(self.state.world, self.state.project)

    # Workers

    @follows("Reading the last runs")
    def _read(self, world: World, project: Project) -> None:

        try:
            self.tell(self.RunsRead(reminder_runs.runs(world, project)))
        except WizardError:
            self.tell(self.RunsUnreadable())
            raise

    @reads("Reading what failed")
    def _read_failures(self, world: World, project: Project, run: RunReport) -> None:

        self.tell(self.FailuresRead(run, reminder_runs.failures(world, project, run.run)))

    @reads("Counting the recipients")
    def _count(self, world: World, project: Project) -> None:

        self.tell(self.Counted(reminder_audience.audience(world, project)))

    @acts("Starting a run")
    def _run_now(self, world: World, project: Project) -> None:

        reminder_runs.run_now(world, project, self.happened)
        self.tell(self.Done())

    @acts("Sending again")
    def _resend(
        self, world: World, project: Project, run: RunReport, outcome: Literal["failed", "unsure"]
    ) -> None:

        reminder_runs.resend(world, project, run.run, self.happened, outcome)
        self.tell(self.Done(run, outcome))

    # Their results

    @on(RunsRead)
    def _show_runs(self, message: RunsRead) -> None:
        message.stop()
        now = self.state.world.now()
        self._runs = message.runs
        self._going_on = any(is_running(run, now) for run in message.runs)
        self._tell_what_came_of_it()
        self._draw_list(now)
        self._draw()

    @on(RunsUnreadable)
    def _stop_following(self, message: RunsUnreadable) -> None:
        message.stop()
        self._going_on, self._expected_until = False, 0.0

    def _tell_what_came_of_it(self) -> None:
        """Show the result of a resend, once it is recorded."""
        before = self._again
        after = next((run for run in self._runs if before and run.run == before.run), None)
        words = sent_again(before, after, self._outcome) if before and after else ""
        if words:
            self._again, self._expected_until = None, 0.0
            self.query_one("#events", EventList).add(Event(f"{self._outcome} mails", Progress.DONE, words))

    @on(FailuresRead)
    def _show_failures(self, message: FailuresRead) -> None:
        message.stop()
        if not message.mails:
            self.step.say("All mail of this run arrived, as far as is known.")
            return

        def send(outcome: Literal["failed", "unsure"]) -> None:
            self.query_one("#events", EventList).clear()
            self._resend(self.state.world, self.state.project, message.run, outcome)

        def answered(outcome: Outcome | None) -> None:
            if outcome and self._paused:
                self.step.say(f"The reminder is paused. Resume it ({key_name('f6')}), then send again.")
            elif outcome == "unsure":
                question = Ask("Send unsure mail again?", UNSURE_RISK, yes="Send again", careful=True)
                self.app.push_screen(question, lambda yes: send("unsure") if yes else None)
            elif outcome:
                send(outcome)

        self.app.push_screen(Failures(message.run, message.mails, self.place), answered)

    @on(Done)
    def _look_for_it(self, message: Done) -> None:
        """Look for the new record."""
        message.stop()
        self._again, self._outcome = message.again, message.outcome
        self._expected_until = monotonic() + (AGAIN_SECONDS if message.again else EXPECTED_SECONDS)
        self.came_up()
        self.go_on()

    # Drawing

    def _draw(self) -> None:
        self.query_one("#to-know", Columns).show(self._about())
        self.query_one("#by-hand").display = self._deployed
        self.query_one("#failures").display = bool(self._runs)
        pause = self.query_one("#pause", Button)
        pause.label = f"{'Resume' if self._paused else 'Pause'}  {key_name('f6')}"
        pause.refresh(layout=True)
        run = self._highlighted
        now, place = self.state.world.now(), self.place
        self.query_one("#run", Columns).show(detail(run, now, place, paused=self._paused) if run else [])

    def _about(self) -> list[Cells]:
        """The notices above the runs."""
        seen = self._seen
        if seen is None:
            return []
        if not self._deployed:
            return [("Not deployed yet. Deploy it on the Create page (F2 twice).",)]
        rows: list[Cells] = []  # Active alarms are in the status above.
        if seen.unconfirmed:
            address = printable(seen.unconfirmed, 100)
            words = f"AWS sent an e-mail to {address}: confirm the link in it to get alerts."
            rows.append((Content.styled("! confirm", "$text-warning"), words))
        if seen.paused:
            words = f"No run until you resume ({key_name('f6')})."
            rows.append((Content.styled("! paused", "$text-warning"), words))
        elif seen.next_run and seen.schedule and not self.state.done(StepName.REMINDER):
            coming = moment_words(seen.next_run, zone_or_utc(seen.schedule.timezone))
            rows.append((Content.styled("Next run", "$text-muted"), f"{coming}, to {_people(seen)}"))
        if not self._runs:
            rows.append((Content.styled("Runs", "$text-muted"), "None yet. F4 starts one by hand."))
        return rows

    def _draw_list(self, now: datetime) -> None:
        """Update the lines in place, and keep the highlighted run."""
        shown, chosen = self.query_one("#last-runs", OptionList), self._highlighted
        lines = {run.run: line(run, now, self.place, paused=self._paused) for run in self._runs}
        if [option.id for option in shown.options] == list(lines):
            for run, words in lines.items():
                shown.replace_option_prompt(run, words)
            return
        at_top = not shown.highlighted
        shown.clear_options()
        shown.add_options([Option(words, id=run) for run, words in lines.items()])
        if lines:
            index = 0 if at_top or not chosen else list(lines).index(chosen.run)
            shown.highlighted = index

    @property
    def _highlighted(self) -> RunReport | None:
        shown = self.query_one("#last-runs", OptionList)
        option = shown.highlighted_option
        return next((run for run in self._runs if option and run.run == option.id), None)

    @on(OptionList.OptionHighlighted)
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._draw()

    # Keys

    def act(self) -> None:
        """Run now, after a question with the number of recipients."""
        if not self._deployed or self._seen is None:
            self.step.show_error(
                WizardError(
                    "Nothing to run", "The reminder is not deployed.", "Deploy it on Create (F2 twice)."
                )
            )
            return
        if self._paused:
            self.step.say(f"The reminder is paused. Resume it ({key_name('f6')}), then run it.")
            return
        self.step.retry = self.act
        self._count(self.state.world, self.state.project)

    @on(Counted)
    def _ask(self, message: Counted) -> None:
        message.stop()

        def answered(yes: bool | None) -> None:
            if yes:
                self.query_one("#events", EventList).clear()
                self._run_now(self.state.world, self.state.project)

        found, changed = message.audience, self._seen.changed if self._seen else ()
        about = "about " if found.about else ""
        number = f"{found.reached:,} recipient{'' if found.reached == 1 else 's'}"
        rows: list[Cells] = [(f"{found.words[0].upper()}{found.words[1:]}",)]
        rows.append(("Sends to everyone now, including recipients already mailed today.",))
        if changed:
            rows.append((f"Sends the deployed version, without your changes: {', '.join(changed)}.",))
        question = Ask(
            f"Send to {about}{number} now?" if found.reached else "Start a run without recipients?",
            rows,
            yes=f"Send to {about}{number}" if found.reached else "Start",
            no="No",
            careful=True,
        )
        self.app.push_screen(question, answered)

    def go_on(self) -> None:
        """Focus the list: Enter must not lead to the next step."""
        self.query_one("#last-runs").focus()

    def press(self, key: str) -> None:
        """Plan a pause or resume, or open the dead letters."""
        if key == "f7":
            self.query_one(DeadLetterNotice).ask()
        elif self._deployed and self._seen:
            project = self.state.project
            reminder = replace(project.reminder, paused=not self._seen.paused)
            self.step.retry = partial(self.press, key)
            wanted = replace(project, reminder=reminder)
            by_hand = self._seen.paused != project.reminder.paused
            self.plan(self.state.world, project, wanted, self.base, revert_drift=by_hand)
        else:
            self.step.say("Nothing is deployed yet.", not_yet=True)

    @on(OptionList.OptionSelected)
    @on(Button.Pressed, "#failures")
    def _failures_wanted(self, event: Message) -> None:
        event.stop()
        run = self._highlighted
        if run:
            self._read_failures(self.state.world, self.state.project, run)

    @on(Button.Pressed, "#pause")
    async def _pause_wanted(self, event: Button.Pressed) -> None:
        event.stop()
        await self.step.run_action("press('f6')")


def _people(seen: ReminderReport) -> str:
    """The recipients of a run."""
    about = "about " if seen.about else ""
    return f"{about}{seen.recipients:,} recipient{'' if seen.recipients == 1 else 's'}"
