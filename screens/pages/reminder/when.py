"""The When page: a plain choice or an expression, a time zone, limits, and the next runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Label, Select, Static

from screens.commands import key_name
from screens.pages.reminder.form_page import Page
from screens.state import AppState
from screens.widgets.choice_field import ChoiceField
from screens.widgets.columns import Cells, Columns
from screens.widgets.tick import Tick
from wizard.reminder.schedule.schedules import moment_words, words, zone_named
from wizard.steps.reminder.schedule_form import FIELDS, Choice, HowOften, ScheduleForm

RUNS, FEW_RUNS = 5, 3
"""Next runs that are shown, on a normal and on a short screen."""
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
TEXTS = {
    "day": ("On day", "for example 15, or last"),
    "date": ("On", "for example 2027-01-31"),
    "time": ("At", "for example 09:00"),
    "own": ("Expression", "for example cron(0 9 ? * MON-FRI *) or rate(2 days)"),
}
LIMITS = {
    "start": ("Not before", "for example 2027-01-31 or 2027-01-31 09:00; empty: from now on"),
    "end": ("Not after", "for example 2027-12-31; empty: no end"),
    "window": ("Within", "minutes, to spread the load; empty: on the minute"),
}
"""The typed fields, with labels and examples."""


class WhenPage(Page):
    """The fields of the choice, and the runs that they give."""

    NAME = "When"
    QUESTION = "When is it sent?"
    WHY = "EventBridge Scheduler starts each run in the time zone you name."
    FIRST = "#how-often"
    KEYS: ClassVar[Mapping[str, str]] = {"f6": "Start, end, window, pause"}
    HELP = """
- A plain choice, or a `cron(…)`, `rate(…)` or `at(…)` expression of EventBridge Scheduler. Errors show the
  character position.
- **Next runs** are in the schedule's time zone. A time that the spring clock change skips does not run; one
  that the autumn change repeats runs once.
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
        yield from (_field(name, *words, kind=name) for name, words in TEXTS.items())
        yield _field("timezone", "Time zone", "for example Europe/Berlin")
        with Horizontal(classes="field tight"):
            yield Button(f"Limits  {key_name('f6')}", id="fold", compact=True)
            yield Static("", id="folded", classes="hint", markup=False)
        with Vertical(id="limits"):
            yield from (_field(name, *words) for name, words in LIMITS.items())
            yield Tick("Paused: no mail is sent until you resume", id="paused", compact=True)
        yield Columns(id="next-runs", classes="block")
        yield Columns(classes="problems")

    def load(self, form: ScheduleForm, zones: Sequence[str]) -> None:
        """Show ``form``; ``zones`` complete the time zone."""
        self.query_one("#timezone", Input).suggester = SuggestFromList(zones, case_sensitive=False)
        with self.prevent(Select.Changed, Input.Changed, Tick.Changed):
            self.query_one("#how-often", Select).value = form.choice.how_often
            self.query_one("#weekday", Select).value = form.choice.weekday
            for name in TEXTS:
                self.query_one(f"#{name}", Input).value = getattr(form.choice, name)
            for name in ("timezone", *LIMITS):
                self.query_one(f"#{name}", Input).value = getattr(form, name)
            self.query_one("#paused", Tick).value = form.paused
        self._unfold(bool(form.start or form.end or form.window or form.paused))
        self._follow()

    def redraw(self, state: AppState) -> None:
        """Follow a pause or resume on the Runs page."""
        paused = state.project.reminder.paused
        if isinstance(self.saved, ScheduleForm) and self.saved.paused != paused:
            self.saved = replace(self.saved, paused=paused)
            self.query_one("#paused", Tick).value = paused

    def press(self, key: str) -> None:
        """Fold or unfold the limits."""
        self._unfold(not self.query_one("#limits").display)
        self.query_one("#start" if self.query_one("#limits").display else "#fold").focus()
        self._follow()

    def reveal(self, field: str) -> None:
        """Unfold the limits for a problem in one of them."""
        if field in LIMITS:
            self._unfold(True)

    def _unfold(self, shown: bool) -> None:
        self.query_one("#limits").display = shown
        self.query_one("#folded").display = not shown

    def entered(self) -> ScheduleForm:
        """The form as typed."""
        text = {name: self.query_one(f"#{name}", Input).value for name in ("timezone", *TEXTS, *LIMITS)}
        how_often, weekday = (self.query_one(f"#{name}", Select).value for name in ("how-often", "weekday"))
        return ScheduleForm(
            Choice(HowOften(str(how_often)), weekday=str(weekday), **{name: text[name] for name in TEXTS}),
            zone_named(text["timezone"]),
            **{name: text[name].strip() for name in LIMITS},
            paused=self.query_one("#paused", Tick).value,
        )

    @on(Input.Blurred, "#timezone")
    @on(Input.Submitted, "#timezone")
    def _zone_entered(self, event: Input.Blurred | Input.Submitted) -> None:
        """Replace a city by its time zone."""
        event.control.value = zone_named(event.value)

    @on(Button.Pressed, "#fold")
    def _fold_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.press("f6")

    @on(Select.Changed, "#how-often")
    def _often_changed(self, event: Select.Changed) -> None:
        """Propose an expression of the user's own."""
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
        """Show the fields of the choice, and the next runs or the problems."""
        form = self.entered()
        for name in set().union(*FIELDS.values()):
            self.query_one(f".{name}").display = name in FIELDS[form.choice.how_often]
        now = self.state.world.now()
        problems = form.problems(now)
        limits = "check the limits" if any(one.field in LIMITS for one in problems) else form.limits_words()
        self.query_one("#folded", Static).update(limits)
        short = self.query_one("#limits").display and self.screen.has_class("-short")
        self.query_one("#next-runs", Columns).show([] if problems else _runs(form, now, short=short))
        self.warn(problems)


def _field(name: str, label: str, example: str, kind: str = "") -> Horizontal:
    """A row with a label and a field."""
    classes = f"field tight {kind}".strip()
    return Horizontal(
        Label(label, classes="label"), Input(placeholder=example, id=name, compact=True), classes=classes
    )


def _runs(form: ScheduleForm, now: datetime, *, short: bool) -> list[Cells]:
    """A schedule without problems in words, and its next runs."""
    expression, place, count = form.choice.expression(), ZoneInfo(form.timezone), FEW_RUNS if short else RUNS
    rows: list[Cells] = [("In words", Content.styled(words(expression, form.timezone), "bold"))]
    if form.choice.how_often is not HowOften.OWN and not short:
        rows.append(("Expression", Content.styled(expression, "$text-muted")))
    if form.paused:
        rows.append((Content.styled("! paused", "$text-warning"), "No run until you resume."))
    titles = ["Skipped" if form.paused else "Next runs", *[""] * count]
    coming = zip(titles, form.next_runs(now, count), strict=False)
    return [*rows, *((title, moment_words(moment, place)) for title, moment in coming)]
