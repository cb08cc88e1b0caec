"""When the mail leaves: a plain choice or an expression, a time zone, and the next five runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label, Select

from screens.reminder_page import Decision, Page, Problem
from screens.widgets.columns import Cells, Columns
from wizard.reminder.expressions import ScheduleError, parse
from wizard.reminder.plain_choice import Choice, ChoiceError, HowOften, choice_of
from wizard.reminder.schedules import next_runs, words, zone

if TYPE_CHECKING:
    from wizard.project import Project

RUNS = 5

OFTEN = {
    HowOften.DAILY: "every day",
    HowOften.WEEKDAYS: "on weekdays, Monday to Friday",
    HowOften.WEEKLY: "every week",
    HowOften.MONTHLY: "every month",
    HowOften.ONCE: "once",
    HowOften.OWN: "by my own cron or rate expression",
}
DAYS = {
    "MON": "Monday",
    "TUE": "Tuesday",
    "WED": "Wednesday",
    "THU": "Thursday",
    "FRI": "Friday",
    "SAT": "Saturday",
    "SUN": "Sunday",
}
FIELDS = {
    HowOften.DAILY: {"time"},
    HowOften.WEEKDAYS: {"time"},
    HowOften.WEEKLY: {"time", "weekday"},
    HowOften.MONTHLY: {"time", "day"},
    HowOften.ONCE: {"time", "date"},
    HowOften.OWN: {"own"},
}
"""Which fields a choice has."""


@dataclass(frozen=True)
class When:
    """The choice and the time zone, as typed."""

    choice: Choice
    timezone: str

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """The project with the schedule, and what is wrong with it."""
        from msgspec.structs import replace

        problems = self.problems(now)
        if problems:
            return Decision(project, problems, complete=False)
        expression = self.choice.expression()
        changed = replace(project.reminder, schedule=expression, timezone=self.timezone)
        return Decision(replace(project, reminder=changed), (), complete=True)

    def problems(self, now: datetime) -> list[Problem]:
        """The fields to mend, and what is wrong there."""
        found = []
        try:
            parse(self.choice.expression())
        except ChoiceError as error:
            found.append(Problem(error.field, error.words))
        except ScheduleError as error:
            found.append(Problem("own", str(error)))
        try:
            zone(self.timezone)
        except ScheduleError as error:
            found.append(Problem("timezone", str(error)))
        return found or self._never(now)

    def _never(self, now: datetime) -> list[Problem]:
        """What to mend where a choice without a mistake has no run to come."""
        if next_runs(self.choice.expression(), self.timezone, now, 1):
            return []
        named = (field for field in ("date", "own", "day") if field in FIELDS[self.choice.how_often])
        field = next(named, "time")
        return [Problem(field, "This time never comes (again): choose one that is still to come.")]


class WhenPage(Page):
    """The fields that the choice needs, and what they come to."""

    NAME = "When"
    QUESTION = "When does it leave?"
    WHY = "EventBridge Scheduler starts each run, by the clocks of the time zone you name."
    FIRST = "#how-often"

    def compose(self) -> ComposeResult:
        """How often, then the fields, then the next runs."""
        with Horizontal(classes="field tight"):
            yield Label("How often", classes="label")
            often = [(text, choice) for choice, text in OFTEN.items()]
            yield Select[HowOften](
                often, id="how-often", allow_blank=False, value=HowOften.WEEKDAYS, compact=True
            )
        with Horizontal(classes="field tight weekday"):
            yield Label("On", classes="label")
            days = [(name, day) for day, name in DAYS.items()]
            yield Select[str](days, id="weekday", allow_blank=False, value="MON", compact=True)
        with Horizontal(classes="field tight day"):
            yield Label("On day", classes="label")
            yield Input(placeholder="1 to 31, or last", id="day", compact=True)
        with Horizontal(classes="field tight date"):
            yield Label("On", classes="label")
            yield Input(placeholder="2027-01-31", id="date", compact=True)
        with Horizontal(classes="field tight time"):
            yield Label("At", classes="label")
            yield Input(placeholder="09:00", id="time", compact=True)
        with Horizontal(classes="field tight own"):
            yield Label("Expression", classes="label")
            yield Input(placeholder="cron(0 9 ? * MON-FRI *) or rate(2 days)", id="own", compact=True)
        with Horizontal(classes="field tight"):
            yield Label("Time zone", classes="label")
            yield Input(placeholder="Europe/Berlin", id="timezone", compact=True)
        yield Columns(id="runs", classes="block")
        yield Columns(classes="problems")

    def load(self, when: When, zones: Sequence[str]) -> None:
        """Begin with ``when``; ``zones`` are the time zones to complete from."""
        choice, timezone = when.choice, self.query_one("#timezone", Input)
        timezone.suggester = SuggestFromList(zones, case_sensitive=False)
        with self.prevent(Select.Changed, Input.Changed):
            self.query_one("#how-often", Select).value = choice.how_often
            self.query_one("#weekday", Select).value = choice.weekday
            for field in ("day", "date", "time", "own"):
                self.query_one(f"#{field}", Input).value = getattr(choice, field)
            timezone.value = when.timezone
        self._follow()

    def entered(self) -> When:
        """The fields as they stand."""
        how_often, weekday = (
            self.query_one("#how-often", Select).value,
            self.query_one("#weekday", Select).value,
        )
        day, date, time, own, timezone = (
            self.query_one(f"#{field}", Input).value for field in ("day", "date", "time", "own", "timezone")
        )
        choice = Choice(HowOften(str(how_often)), time, str(weekday), day, date, own)
        return When(choice, timezone.strip())

    @on(Select.Changed, "#how-often")
    def _often_changed(self, event: Select.Changed) -> None:
        """One's own expression begins with what was chosen before."""
        event.stop()
        own = self.query_one("#own", Input)
        if event.value is HowOften.OWN and not own.value:
            own.value = Choice(time=self.query_one("#time", Input).value).expression()
        self._follow()

    @on(Select.Changed)
    @on(Input.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self._follow()

    def _follow(self) -> None:
        """Show the fields of the choice, and what they come to."""
        when = self.entered()
        wanted = FIELDS[when.choice.how_often]
        for field in set().union(*FIELDS.values()):
            self.query_one(f".{field}").display = field in wanted
        problems = when.problems(self.state.world.now())
        self.query_one("#runs", Columns).show([] if problems else _runs(when, self.state.world.now()))
        self.warn(problems)


def first_choice(project: Project, timezone: str) -> When:
    """What the file says, else weekdays at nine in this computer's time zone."""
    if project.reminder.schedule:
        return When(choice_of(project.reminder.schedule), project.reminder.timezone)
    return When(Choice(), timezone)


def _runs(when: When, now: datetime) -> list[Cells]:
    """What a choice without a problem comes to."""
    expression = when.choice.expression()
    place = ZoneInfo(when.timezone)
    coming = next_runs(expression, when.timezone, now, RUNS)
    rows: list[Cells] = [("In words", Content.styled(words(expression, when.timezone), "bold"))]
    if when.choice.how_often is not HowOften.OWN:
        rows.append(("Expression", Content.styled(expression, "$text-muted")))
    titles = ["Next runs", *[""] * RUNS]
    rows += [(title, run_words(moment, place)) for title, moment in zip(titles, coming, strict=False)]
    return rows


def run_words(moment: datetime, place: ZoneInfo) -> str:
    """A run as people read it: weekday, date, time and the zone's own short name."""
    return f"{moment.astimezone(place):%a %d %b %Y  %H:%M %Z}"
