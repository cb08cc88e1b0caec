"""When the mail leaves: a plain choice or an expression, a time zone, and the next five runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Label, Select, Static

from screens.commands import key_name
from screens.pages.reminder.form_page import Decision, Page, Problem
from screens.pages.reminder.limits import Limits, limits_of
from screens.state import AppState
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns
from screens.widgets.tick import Tick
from wizard.reminder.schedule.expressions import ScheduleError, parse
from wizard.reminder.schedule.plain_choice import Choice, ChoiceError, HowOften, choice_of
from wizard.reminder.schedule.schedules import moment_words, next_runs, words, zone, zone_named

if TYPE_CHECKING:
    from wizard.project.schema import Project

RUNS = 5
FEW_RUNS = 3
"""How many of the next runs are shown, and how many where there is little room."""

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
LIMITS = {
    "start": ("Not before", "2027-01-31, or 2027-01-31 09:00; empty: from now on"),
    "end": ("Not after", "2027-12-31; empty: for good"),
    "window": ("Within", "minutes, to spread the load; empty: on the minute"),
}
"""The folded fields, their labels and examples."""


@dataclass(frozen=True)
class When:
    """The choice, the time zone and what bounds the schedule, as typed."""

    choice: Choice
    timezone: str
    limits: Limits

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """The project with the schedule, and what is wrong with it."""
        from msgspec.structs import replace as with_settings

        problems = self.problems(now)
        if problems:
            return Decision(project, problems, complete=False)
        span = self.limits.span(zone(self.timezone))
        changed = with_settings(
            project.reminder,
            schedule=self.choice.expression(),
            timezone=self.timezone,
            start=span.start,
            end=span.end,
            window_minutes=self.limits.minutes(),
            paused=self.limits.paused,
        )
        return Decision(with_settings(project, reminder=changed), (), complete=True)

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
            place = zone(self.timezone)
        except ScheduleError as error:
            found.append(Problem("timezone", str(error)))
        else:
            found += [Problem(wrong.field, wrong.words) for wrong in self.limits.mistakes(place, now)]
        return found or self._never(now)

    def coming(self, now: datetime, n: int) -> tuple[datetime, ...]:
        """The next ``n`` runs of a choice without a mistake, within its start and end."""
        start, end = self.limits.span(zone(self.timezone))
        return next_runs(self.choice.expression(), self.timezone, now, n, start, end)

    def _never(self, now: datetime) -> list[Problem]:
        """What to mend where a choice without a mistake has no run to come."""
        if self.coming(now, 1):
            return []
        if next_runs(self.choice.expression(), self.timezone, now, 1):
            return [Problem("end", "No run falls between start and end.")]
        named = (field for field in ("date", "own", "day") if field in FIELDS[self.choice.how_often])
        field = next(named, "time")
        return [Problem(field, "This time never comes (again): choose one that is still to come.")]


class WhenPage(Page):
    """The fields that the choice needs, and what they come to."""

    NAME = "When"
    QUESTION = "When does it leave?"
    WHY = "EventBridge Scheduler starts each run, by the clocks of the time zone you name."
    FIRST = "#how-often"
    KEYS: ClassVar[Mapping[str, str]] = {"f6": "Start, end, window, pause"}
    HELP = """
- A plain choice, or a `cron(…)`, `rate(…)` or `at(…)` expression of EventBridge Scheduler's own. A mistake
  is said at its character.
- **Next runs** are told by the clocks of the time zone, across daylight-saving changes: a time that the
  spring change skips does not run, one that the autumn change repeats runs once.
- **Limits**: no run before a start or after an end; a window in which EventBridge chooses the moment, which
  spreads the load; and a pause.
"""

    def compose(self) -> ComposeResult:
        """How often, then the fields, then the next runs."""
        with Horizontal(classes="field tight"):
            yield Label("How often", classes="label")
            often = [(text, choice) for choice, text in OFTEN.items()]
            yield ChoiceField[HowOften](
                often, id="how-often", allow_blank=False, value=HowOften.WEEKDAYS, compact=True
            )
        with Horizontal(classes="field tight weekday"):
            yield Label("On", classes="label")
            days = [(name, day) for day, name in DAYS.items()]
            yield ChoiceField[str](days, id="weekday", allow_blank=False, value="MON", compact=True)
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
        with Horizontal(classes="field tight"):
            yield Button(f"Limits  {key_name('f6')}", id="fold", compact=True)
            yield Static("", id="folded", classes="hint", markup=False)
        with Vertical(id="limits"):
            for field, (label, example) in LIMITS.items():
                with Horizontal(classes="field tight"):
                    yield Label(label, classes="label")
                    yield Input(placeholder=example, id=field, compact=True)
            yield Tick("Paused: nothing leaves until it is resumed", id="paused", compact=True)
        yield Columns(id="next-runs", classes="block")
        yield Columns(classes="problems")

    def load(self, when: When, zones: Sequence[str]) -> None:
        """Begin with ``when``; ``zones`` are the time zones to complete from."""
        choice, limits, timezone = when.choice, when.limits, self.query_one("#timezone", Input)
        timezone.suggester = SuggestFromList(zones, case_sensitive=False)
        with self.prevent(Select.Changed, Input.Changed, Tick.Changed):
            self.query_one("#how-often", Select).value = choice.how_often
            self.query_one("#weekday", Select).value = choice.weekday
            for field in ("day", "date", "time", "own"):
                self.query_one(f"#{field}", Input).value = getattr(choice, field)
            timezone.value = when.timezone
            for field in LIMITS:
                self.query_one(f"#{field}", Input).value = getattr(limits, field)
            self.query_one("#paused", Tick).value = limits.paused
        self._unfold(limits.any)
        self._follow()

    def redraw(self, state: AppState) -> None:
        """Paused or resumed on another page: so it stands here too, as saved."""
        paused = state.project.reminder.paused
        if isinstance(self.saved, When) and self.saved.limits.paused != paused:
            self.saved = replace(self.saved, limits=self.saved.limits.with_pause(paused))
            self.query_one("#paused", Tick).value = paused

    def press(self, key: str) -> None:
        """Fold the limits away, or show them."""
        self._unfold(not self.query_one("#limits").display)
        if self.query_one("#limits").display:
            self.query_one("#start").focus()
        else:
            self.query_one("#fold").focus()
        self._follow()

    def reveal(self, field: str) -> None:
        """A problem in what is folded away: show it."""
        if field in LIMITS:
            self._unfold(True)

    def _unfold(self, shown: bool) -> None:
        self.query_one("#limits").display = shown
        self.query_one("#folded").display = not shown

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
        start, end, window = (self.query_one(f"#{field}", Input).value.strip() for field in LIMITS)
        limits = Limits(start, end, window, self.query_one("#paused", Tick).value)
        return When(choice, zone_named(timezone), limits)

    @on(Input.Blurred, "#timezone")
    @on(Input.Submitted, "#timezone")
    def _zone_entered(self, event: Input.Blurred | Input.Submitted) -> None:
        """A city becomes the time zone that is meant by it."""
        event.control.value = zone_named(event.value)

    @on(Button.Pressed, "#fold")
    def _fold_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.press("f6")

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
    @on(Tick.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self._follow()

    def _follow(self) -> None:
        """Show the fields of the choice, and what they come to."""
        when = self.entered()
        wanted = FIELDS[when.choice.how_often]
        for field in set().union(*FIELDS.values()):
            self.query_one(f".{field}").display = field in wanted
        now = self.state.world.now()
        problems = when.problems(now)
        self.query_one("#folded", Static).update(when.limits.words())
        narrow = self.query_one("#limits").display and self.screen.has_class("-short")
        self.query_one("#next-runs", Columns).show([] if problems else _runs(when, now, short=narrow))
        self.warn(problems)


def first_choice(project: Project, timezone: str) -> When:
    """What the file says, else weekdays at nine in this computer's time zone."""
    reminder = project.reminder
    if reminder.schedule:
        return When(choice_of(reminder.schedule), reminder.timezone, limits_of(reminder))
    return When(Choice(), timezone, limits_of(reminder))


def _runs(when: When, now: datetime, *, short: bool) -> list[Cells]:
    """What a choice without a problem comes to; ``short`` where there is little room."""
    expression, paused = when.choice.expression(), when.limits.paused
    place, count = ZoneInfo(when.timezone), FEW_RUNS if short else RUNS
    rows: list[Cells] = [("In words", Content.styled(words(expression, when.timezone), "bold"))]
    if when.choice.how_often is not HowOften.OWN and not short:
        rows.append(("Expression", Content.styled(expression, "$text-muted")))
    if paused:
        rows.append((Content.styled("! paused", "$text-warning"), "No run leaves until you resume it."))
    titles = ["Skipped" if paused else "Next runs", *[""] * count]
    coming = zip(titles, when.coming(now, count), strict=False)
    return [*rows, *((title, moment_words(moment, place)) for title, moment in coming)]
