"""Parses EventBridge Scheduler's expressions, with the position of every error. Pure.

Source: EventBridge Scheduler user guide, "Schedule types": ``cron(minutes hours day-of-month month
day-of-week year)``, ``rate(value unit)`` and ``at(yyyy-mm-ddThh:mm:ss)``. What the guide does not allow is
refused, even if related schedulers accept it (``LW``, ``FRI-MON``, a step among weekdays).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""The names EventBridge knows; their numbers count from 1, so SUN is 1."""
FIRST_YEAR, LAST_YEAR = 1970, 2199
MAX_LENGTH = 256
"""The longest expression EventBridge takes, in characters."""

RATE_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}


class ScheduleError(ValueError):
    """An expression that EventBridge would refuse.

    ``position`` is the character of the error in the whole expression, from 1, and None for a time zone;
    ``expected`` says what is expected there.
    """

    def __init__(self, position: int | None, expected: str) -> None:
        self.position = position
        self.expected = expected
        super().__init__(expected if position is None else f"At character {position}: {expected}")


@dataclass(frozen=True, slots=True)
class Cron:
    """A ``cron(…)`` expression: the values of each field.

    One of the two day fields is ``?`` and empty. Weekdays count as in EventBridge: 1 is Sunday.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    days: tuple[int, ...] = ()
    last_day: bool = False
    nearest_weekdays: tuple[int, ...] = ()
    """Days of the month given with ``W``: the weekday nearest to each, within the month."""
    weekdays: tuple[int, ...] = ()
    last_weekdays: tuple[int, ...] = ()
    """Weekdays given with ``L``: the last one of the month."""
    nth_weekday: tuple[int, int] | None = None
    """Weekday and number given with ``#``: (3, 2) is the second Tuesday."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A ``rate(…)`` expression. The time between two runs does not change with the clocks."""

    every: timedelta


@dataclass(frozen=True, slots=True)
class At:
    """An ``at(…)`` expression: one moment, by the clocks of the schedule's time zone."""

    moment: datetime


Expression = Cron | Rate | At


def parse(text: str) -> Expression:
    """Parse ``text``. Raises ScheduleError with the character and what is expected."""
    if len(text) > MAX_LENGTH:
        raise ScheduleError(MAX_LENGTH + 1, f"an expression has at most {MAX_LENGTH} characters.")
    found = re.match(r"(cron|rate|at)\(", text)
    if not found:
        raise _bare(_Piece(text, 1))
    start = found.end()
    if not text.endswith(")"):
        raise ScheduleError(len(text) + 1, "expected a closing parenthesis.")
    body = _Piece(text[start:-1], start + 1)
    match found[1]:
        case "cron":
            return _cron(body)
        case "rate":
            return _rate(body)
        case _:
            return _at(body)


class _Piece(NamedTuple):
    """A part of the expression and the position of its first character, counted from 1."""

    text: str
    position: int

    def refuse(self, expected: str) -> ScheduleError:
        shown = f"found {self.text!r}, " if self.text else ""
        return ScheduleError(self.position, f"{shown}expected {expected}.")

    def split(self, separator: str) -> list[_Piece]:
        pieces, position = [], self.position
        for text in self.text.split(separator):
            pieces.append(_Piece(text, position))
            position += len(text) + len(separator)
        return pieces


class _Field(NamedTuple):
    """One cron field: its name, its range, and names for the range's values."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        named = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.name}: {self.low} to {self.high}{named}"

    def number(self, piece: _Piece) -> int:
        """The value of one number or name."""
        if piece.text.upper() in self.names:
            return self.names.index(piece.text.upper()) + 1
        if not re.fullmatch(r"[0-9]{1,4}", piece.text) or not self.low <= int(piece.text) <= self.high:
            raise piece.refuse(self.allowed)
        return int(piece.text)

    def values(self, piece: _Piece, steps: bool = True) -> set[int]:
        """The values of one comma-free piece: ``*``, ``n``, ``a-b``, and each of them with ``/step``."""
        whole, *step = piece.split("/")
        if step and not steps:
            raise step[0].refuse(f"no step: {self.name} does not allow steps (/)")
        if len(step) > 1:
            raise step[1].refuse("one step only")
        if step and (not re.fullmatch(r"[0-9]{1,4}", step[0].text) or int(step[0].text) == 0):
            raise step[0].refuse("a step: a whole number from 1")
        first, last = self._bounds(whole, open_ended=bool(step))
        return set(range(first, last + 1, int(step[0].text) if step else 1))

    def _bounds(self, piece: _Piece, open_ended: bool) -> tuple[int, int]:
        if piece.text == "*":
            return self.low, self.high
        ends = piece.split("-")
        if len(ends) > 2:
            raise ends[2].refuse("a range of two values")
        first = self.number(ends[0])
        if len(ends) == 1:
            return first, self.high if open_ended else first
        last = self.number(ends[1])
        if last < first:
            raise ends[1].refuse(f"an ascending range, so nothing below {ends[0].text}")
        return first, last


_MINUTES = _Field("minutes", 0, 59)
_HOURS = _Field("hours", 0, 23)
_DAYS = _Field("day of month", 1, 31)
_MONTHS = _Field("month", 1, 12, MONTHS)
_WEEKDAYS = _Field("day of week", 1, 7, WEEKDAYS)
_YEARS = _Field("year", FIRST_YEAR, LAST_YEAR)
_NTH = _Field("which one of the month", 1, 5)
_UNIX_WEEKDAYS = _Field("day of week", 0, 7, WEEKDAYS)
"""As Unix's cron counts them: 0 and 7 are both Sunday."""


def _bare(body: _Piece) -> ScheduleError:
    """The error for text without cron(…), rate(…) or at(…), with the expression to type for cron fields.

    Raises ScheduleError if one of the fields is wrong.
    """
    pieces = _fields(body)
    example = None
    if len(pieces) in (5, 6) and re.match(r"[0-9*]", pieces[0].text):
        if len(pieces) == 5:
            example = _from_unix(pieces)
        else:
            _cron(body)
            example = f"cron({body.text.strip()})"
    typed = f"; type {example} instead" if example else ""
    return ScheduleError(1, f"expected cron(…), rate(…) or at(…){typed}.")


def _fields(body: _Piece) -> list[_Piece]:
    return [_Piece(found[0], body.position + found.start()) for found in re.finditer(r"[^ ]+", body.text)]


def _from_unix(pieces: list[_Piece]) -> str | None:
    """The expression for the five fields of Unix's cron (crontab(5)); None if there is none.

    Raises ScheduleError if a field has a value that Unix refuses, too.
    """
    minutes, hours, days, months, weekdays = pieces
    for field, piece in ((_MINUTES, minutes), (_HOURS, hours), (_MONTHS, months)):
        _all_values(field, piece)
    if days.text not in ("*", "?"):
        _all_values(_DAYS, days)
    if weekdays.text not in ("*", "?"):
        for part in weekdays.split(","):
            _UNIX_WEEKDAYS.values(part, steps=False)
    named = re.sub(r"[0-9]", lambda found: WEEKDAYS[int(found[0]) % 7], weekdays.text)
    day = "?" if days.text == "*" and named not in ("*", "?") else days.text.replace("?", "*")
    weekday = "?" if day != "?" and named == "*" else named
    example = f"cron({minutes.text} {hours.text} {day} {months.text} {weekday} *)"
    try:
        parse(example)
    except ScheduleError:
        return None
    return example


def _cron(body: _Piece) -> Cron:
    pieces = _fields(body)
    if len(pieces) != 6:
        position = pieces[6].position if len(pieces) > 6 else body.position + len(body.text)
        example = _from_unix(pieces) if len(pieces) == 5 else None
        raise ScheduleError(
            position,
            f"expected six fields (minutes, hours, day of month, month, day of week, year), "
            f"but found {len(pieces)}{f'; type {example} instead' if example else ''}.",
        )
    minutes, hours, days, months, weekdays, years = pieces
    if days.text == "?" and weekdays.text == "?":
        raise weekdays.refuse("a day of week, because the day of month is ?")
    if days.text != "?" and weekdays.text != "?":
        raise weekdays.refuse("?, because the day of month is given (or write ? there)")
    cron = Cron(
        minutes=_all_values(_MINUTES, minutes),
        hours=_all_values(_HOURS, hours),
        months=_all_values(_MONTHS, months),
        years=_all_values(_YEARS, years),
    )
    return _with_weekdays(cron, weekdays) if days.text == "?" else _with_days(cron, days)


def _all_values(field: _Field, piece: _Piece) -> tuple[int, ...]:
    return tuple(sorted(set().union(*(field.values(part) for part in piece.split(",")))))


def _with_days(cron: Cron, piece: _Piece) -> Cron:
    days: set[int] = set()
    nearest: set[int] = set()
    last_day = False
    for part in piece.split(","):
        if part.text.upper() == "L":
            last_day = True
        elif part.text.upper().endswith("W"):
            nearest.add(_DAYS.number(_Piece(part.text[:-1], part.position)))
        else:
            days |= _DAYS.values(part)
    return replace(cron, days=tuple(sorted(days)), last_day=last_day, nearest_weekdays=tuple(sorted(nearest)))


def _with_weekdays(cron: Cron, piece: _Piece) -> Cron:
    if "#" in piece.text:
        day, *number = piece.split("#")
        if "," in piece.text or len(number) > 1:
            raise piece.refuse("one weekday with # and nothing else, such as TUE#2")
        return replace(cron, nth_weekday=(_WEEKDAYS.number(day), _NTH.number(number[0])))
    weekdays: set[int] = set()
    last: set[int] = set()
    for part in piece.split(","):
        if part.text.upper() == "L":
            weekdays.add(7)
        elif part.text.upper().endswith("L"):
            last.add(_WEEKDAYS.number(_Piece(part.text[:-1], part.position)))
        else:
            weekdays |= _WEEKDAYS.values(part, steps=False)
    return replace(cron, weekdays=tuple(sorted(weekdays)), last_weekdays=tuple(sorted(last)))


def _rate(body: _Piece) -> Rate:
    found = re.fullmatch(r"([^ ]*) +([^ ]*)", body.text)
    if not found:
        raise body.refuse("a whole number, a space and a unit, such as 5 minutes")
    value, unit = found[1], _Piece(found[2], body.position + found.start(2))
    if not re.fullmatch(r"[1-9][0-9]{0,8}", value):
        raise _Piece(value, body.position).refuse("a whole number from 1")
    plural = "" if value == "1" else "s"
    units = [f"{name}{plural}" for name in RATE_UNITS]
    if unit.text not in units:
        raise unit.refuse(f"{units[0]}, {units[1]} or {units[2]}")
    try:
        return Rate(int(value) * RATE_UNITS[unit.text.removesuffix("s")])
    except OverflowError as error:
        raise _Piece(value, body.position).refuse("a smaller number") from error


def _at(body: _Piece) -> At:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", body.text, re.ASCII):
        raise body.refuse("a date and a time like 2027-01-31T09:00:00")
    try:
        return At(datetime.fromisoformat(body.text))
    except ValueError as error:
        raise body.refuse("a date and a time that exist") from error
