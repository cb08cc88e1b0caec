"""A schedule as people choose it (weekly, on Monday, at nine), to and from EventBridge's language. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from wizard.reminder.schedule import schedules
from wizard.reminder.schedule.expressions import WEEKDAYS


class HowOften(StrEnum):
    """The plain choices, and OWN for any other expression."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    ONCE = "once"
    OWN = "own"


class ChoiceError(ValueError):
    """What was typed is no time, day or date. ``field`` is the one to mend: ``time``, ``day`` or ``date``."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field
        self.words = words


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen and typed, not checked yet: ``expression`` does that.

    ``weekday`` is one of EventBridge's names (WEEKLY), ``day`` a number or ``last`` (MONTHLY), ``date`` is in
    ISO form (ONCE), ``own`` an expression (OWN).
    """

    how_often: HowOften = HowOften.WEEKDAYS
    time: str = "09:00"
    weekday: str = "MON"
    day: str = "1"
    date: str = ""
    own: str = ""

    def expression(self) -> str:
        """The expression. Raises ChoiceError; one of the user's own is handed on as it is."""
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
    """The plain choice that gives ``expression``, or it as one of the user's own."""
    if found := re.fullmatch(r"cron\((\d{1,2}) (\d{1,2}) (\S+) \* (\S+) \*\)", expression):
        minute, hour, day, weekday = found.groups()
        at = f"{int(hour):02}:{int(minute):02}"
        choices = [
            Choice(HowOften.DAILY, at),
            Choice(HowOften.WEEKDAYS, at),
            Choice(HowOften.MONTHLY, at, day="last" if day == "L" else day),
        ]
        if weekday in WEEKDAYS:
            choices.append(Choice(HowOften.WEEKLY, at, weekday=weekday))
        for choice in choices:
            if _gives(choice, expression):
                return choice
    if found := re.fullmatch(r"at\((\d{4}-\d\d-\d\d)T(\d\d:\d\d):00\)", expression):
        return Choice(HowOften.ONCE, found[2], date=found[1])
    return Choice(HowOften.OWN, own=expression)


def _gives(choice: Choice, expression: str) -> bool:
    try:
        return choice.expression() == expression
    except ChoiceError:
        return False


def _time(text: str) -> time:
    found = re.fullmatch(r"\s*(\d{1,2})(?:[:.](\d\d))?\s*", text, re.ASCII)
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise ChoiceError("time", "Write the time like 09:00, from 00:00 to 23:59.")
    return time(int(found[1]), int(found[2] or 0))


def _day(text: str) -> int | None:
    if text.strip().lower() == "last":
        return None
    if not re.fullmatch(r"\s*\d{1,2}\s*", text, re.ASCII) or not 1 <= int(text) <= 31:
        raise ChoiceError("day", "Write a day of the month from 1 to 31, or last.")
    return int(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ChoiceError("date", "Write the date like 2027-01-31.") from error
