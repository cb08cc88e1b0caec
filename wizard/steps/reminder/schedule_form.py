"""The schedule as typed on the When page: a plain choice or an expression, a time zone, and limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from wizard.project.schema import Project, Reminder
from wizard.reminder import draft
from wizard.reminder.schedule import schedules
from wizard.reminder.schedule.expressions import WEEKDAYS, ScheduleError
from wizard.reminder.schedule.schedules import zone, zone_or_utc
from wizard.steps.reminder.forms import Decision, FieldError, Problem, with_reminder

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T]+(\d{1,2}):(\d\d))?", re.ASCII)


class HowOften(StrEnum):
    """The plain choices, and OWN for any other expression."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    ONCE = "once"
    OWN = "own"


FIELDS = {
    HowOften.DAILY: {"time"},
    HowOften.WEEKDAYS: {"time"},
    HowOften.WEEKLY: {"time", "weekday"},
    HowOften.MONTHLY: {"time", "day"},
    HowOften.ONCE: {"time", "date"},
    HowOften.OWN: {"own"},
}
"""The fields of each choice."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen and typed, not checked yet.

    ``weekday`` is one of EventBridge's names (WEEKLY), ``day`` a number or ``last`` (MONTHLY), ``date`` is in
    ISO form (ONCE), ``own`` is an expression (OWN).
    """

    how_often: HowOften = HowOften.WEEKDAYS
    time: str = "09:00"
    weekday: str = "MON"
    day: str = "1"
    date: str = ""
    own: str = ""

    def expression(self) -> str:
        """The expression; an own one is not checked. Raises FieldError."""
        match self.how_often:
            case HowOften.DAILY:
                return schedules.daily(_time(self.time))
            case HowOften.WEEKDAYS:
                return schedules.on_weekdays(_time(self.time))
            case HowOften.WEEKLY:
                return schedules.weekly((self.weekday,), _time(self.time))
            case HowOften.MONTHLY:
                return schedules.monthly(_day(self.day), _time(self.time))
            case HowOften.ONCE:
                return schedules.once(datetime.combine(_date(self.date), _time(self.time)))
            case HowOften.OWN:
                return self.own.strip()


def choice_of(expression: str) -> Choice:
    """The plain choice that gives ``expression``, or ``expression`` as an own one."""
    choices = []
    if found := re.fullmatch(r"cron\((\d{1,2}) (\d{1,2}) (\S+) \* (\S+) \*\)", expression):
        minute, hour, day, weekday = found.groups()
        at = f"{int(hour):02}:{int(minute):02}"
        choices = [
            Choice(HowOften.DAILY, at),
            Choice(HowOften.WEEKDAYS, at),
            Choice(HowOften.MONTHLY, at, day="last" if day == "L" else day),
            *([Choice(HowOften.WEEKLY, at, weekday=weekday)] if weekday in WEEKDAYS else []),
        ]
    elif found := re.fullmatch(r"at\((\d{4}-\d\d-\d\d)T(\d\d:\d\d):00\)", expression):
        choices = [Choice(HowOften.ONCE, found[2], date=found[1])]
    for choice in choices:
        try:
            if choice.expression() == expression:
                return choice
        except FieldError:
            continue
    return Choice(HowOften.OWN, own=expression)


@dataclass(frozen=True)
class ScheduleForm:
    """The choice, the time zone, and the limits as typed; empty limits do not apply."""

    choice: Choice
    timezone: str
    start: str = ""
    end: str = ""
    window: str = ""
    paused: bool = False

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """``project`` with the schedule, and what must be fixed."""
        settings, problems = self._read(now)
        if problems:
            return Decision(project, problems, complete=False)
        return Decision(with_reminder(project, **settings), (), complete=True)

    def problems(self, now: datetime) -> list[Problem]:
        """The fields to fix."""
        return self._read(now)[1]

    def next_runs(self, now: datetime, count: int) -> tuple[datetime, ...]:
        """The next runs of a schedule without problems, within its limits."""
        settings, _ = self._read(now)
        limits = (settings[name] for name in ("start", "end"))
        return schedules.next_runs(settings["schedule"], self.timezone, now, count, *limits)

    def limits_words(self) -> str:
        """The limits in words."""
        span = " ".join(f"{word} {text}" for word, text in (("from", self.start), ("to", self.end)) if text)
        window = f"within {self.window.strip()} min" if self.window.strip() not in ("", "0") else ""
        parts = ["paused" if self.paused else "", span, window]
        return ", ".join(filter(None, parts)) or "no start, end, window or pause"

    def _read(self, now: datetime) -> tuple[dict[str, Any], list[Problem]]:
        """The settings of the project file, and what must be fixed; each field is read by itself."""
        problems: list[Problem] = []

        def attempt(read: Callable[[], Any]) -> Any:
            try:
                return read()
            except FieldError as error:
                problems.append(error.problem)
                return None

        schedule = attempt(self.choice.expression)
        place = attempt(self._place) or ZoneInfo("UTC")
        settings = {
            "schedule": schedule,
            "timezone": self.timezone,
            "start": attempt(lambda: _moment("start", "Not before", self.start, place, time(0, 0))),
            "end": attempt(lambda: _moment("end", "Not after", self.end, place, time(23, 59))),
            "window_minutes": attempt(self._minutes),
            "paused": self.paused,
        }
        if not problems:
            found = draft.schedule_problems(Reminder(**settings), now)
            problems = [Problem(self._field(setting), words) for setting, words in found]
        return settings, problems

    def _field(self, setting: str) -> str:
        """The field to fix for a setting of the project file."""
        if setting != "schedule":
            return setting.removesuffix("_minutes")
        named = (field for field in ("date", "own", "day") if field in FIELDS[self.choice.how_often])
        return next(named, "time")

    def _place(self) -> ZoneInfo:
        try:
            return zone(self.timezone)
        except ScheduleError as error:
            raise FieldError("timezone", str(error)) from error

    def _minutes(self) -> int:
        text = self.window.strip() or "0"
        if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or int(text) > draft.MAX_WINDOW:
            raise FieldError("window", f"Write “Within” in minutes: 0 to {draft.MAX_WINDOW:,}.")
        return int(text)


def schedule_form(reminder: Reminder, local_timezone: str) -> ScheduleForm:
    """The file's schedule as it would be typed, else weekdays at nine in the local time zone."""
    place = zone_or_utc(reminder.timezone)
    start, end = (
        f"{moment.astimezone(place):%Y-%m-%d %H:%M}" if moment else ""
        for moment in (reminder.start, reminder.end)
    )
    return ScheduleForm(
        choice_of(reminder.schedule) if reminder.schedule else Choice(),
        reminder.timezone if reminder.schedule else local_timezone,
        start,
        end,
        str(reminder.window_minutes or ""),
        reminder.paused,
    )


def _time(text: str) -> time:
    found = re.fullmatch(r"\s*(\d{1,2})(?:[:.](\d\d))?\s*", text, re.ASCII)
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise FieldError("time", "Write the time like 09:00, from 00:00 to 23:59.")
    return time(int(found[1]), int(found[2] or 0))


def _day(text: str) -> int | None:
    if text.strip().lower() == "last":
        return None
    if not re.fullmatch(r"\s*\d{1,2}\s*", text, re.ASCII) or not 1 <= int(text) <= 31:
        raise FieldError("day", "Write a day of the month from 1 to 31, or last.")
    return int(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise FieldError("date", "Write the date like 2027-01-31.") from error


def _moment(field: str, label: str, text: str, place: ZoneInfo, default: time) -> datetime | None:
    """A typed date, with or without a time, by the clocks of ``place``."""
    if not text.strip():
        return None
    error = FieldError(field, f"Write “{label}” like 2027-01-31, or 2027-01-31 09:00.")
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        raise error
    try:
        at = time(int(found[2]), int(found[3])) if found[2] else default
        return datetime.combine(datetime.fromisoformat(found[1]), at, place)
    except ValueError as wrong:
        raise error from wrong
