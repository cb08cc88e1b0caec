"""Schedules: expressions from plain choices, the next runs, and schedules in words. Pure.

As in EventBridge Scheduler, a cron time that the spring clock change skips does not run, and one that the
autumn change repeats runs once.
"""

from __future__ import annotations

import calendar
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from wizard.reminder.schedule.expressions import (
    FIRST_YEAR,
    LAST_YEAR,
    RATE_UNITS,
    At,
    Cron,
    Rate,
    ScheduleError,
    parse,
)

_DAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def daily(at: time) -> str:
    """The expression for every day at ``at``."""
    return f"cron({at.minute} {at.hour} * * ? *)"


def on_weekdays(at: time) -> str:
    """The expression for Monday to Friday at ``at``."""
    return weekly(("MON-FRI",), at)


def weekly(days: tuple[str, ...], at: time) -> str:
    """The expression for the same ``days`` (of WEEKDAYS) of every week at ``at``."""
    return f"cron({at.minute} {at.hour} ? * {','.join(days)} *)"


def monthly(day: int | None, at: time) -> str:
    """The expression for one ``day`` of every month (None: the last) at ``at``.

    A month without that day has no run.
    """
    return f"cron({at.minute} {at.hour} {'L' if day is None else day} * ? *)"


def once(moment: datetime) -> str:
    """The expression for a single run, by the clocks of the schedule's time zone."""
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def zone(name: str) -> ZoneInfo:
    """The time zone called ``name`` (IANA, such as ``Europe/Berlin``). Raises ScheduleError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(None, f"There is no time zone {name!r}: use one like Europe/Berlin.") from error


def zone_or_utc(name: str) -> ZoneInfo:
    """The time zone called ``name``; UTC if there is none."""
    try:
        return zone(name)
    except ScheduleError:
        return ZoneInfo("UTC")


@cache
def zone_names() -> tuple[str, ...]:
    """The names of all time zones to choose from, sorted; UTC comes first."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return ("UTC", *sorted(places))


def zone_named(text: str) -> str:
    """The time zone's name for a name or a city such as ``tokyo``, in any case; else ``text`` itself."""
    wanted = "_".join(text.split()).lower()
    same = [name for name in zone_names() if name.lower() == wanted]
    cities = same or [name for name in zone_names() if name.lower().rpartition("/")[2] == wanted]
    return cities[0] if len(cities) == 1 else text.strip()


def local_zone(link: Path = Path("/etc/localtime")) -> str:
    """The IANA name of the local time zone: ``TZ`` if it is one, else where ``link`` leads, else UTC."""
    named = os.environ.get("TZ", "").removeprefix(":")
    linked = link.resolve().as_posix().rpartition("/zoneinfo/")[2]
    return next((name for name in (named, linked) if name in zone_names()), "UTC")


def next_runs(
    expression: str,
    timezone: str,
    after: datetime,
    n: int = 5,
    start: datetime | None = None,
    end: datetime | None = None,
) -> tuple[datetime, ...]:
    """The next ``n`` runs later than ``after``, in UTC; fewer if the schedule ends before.

    ``start`` is the schedule's StartDate: no run is earlier, and a rate counts from it (its first run is
    ``start`` itself); without a start it counts from ``after``. ``end`` is the EndDate: no run is later.
    Raises ScheduleError.
    """
    found = runs(expression, timezone, after, start)
    return tuple(islice(takewhile(lambda run: end is None or run <= end, found), n))


def runs(
    expression: str, timezone: str, after: datetime, start: datetime | None = None
) -> Iterator[datetime]:
    """All runs later than ``after``, in UTC: see ``next_runs``. Raises ScheduleError at once."""
    parsed, place, after = parse(expression), zone(timezone), after.astimezone(UTC)
    start = start.astimezone(UTC) if start else None
    if isinstance(parsed, Rate):
        return _rate_runs(parsed, after, start or after)
    if start and start > after:
        after = start - timedelta(microseconds=1)
    if isinstance(parsed, Cron):
        return _cron_runs(parsed, place, after)
    moment = _in_utc(parsed.moment, place)
    return iter(() if moment is None or moment <= after else (moment,))


def moment_words(moment: datetime, place: ZoneInfo) -> str:
    """A moment in the time zone ``place``, which is named: ``Wed 25 Nov 2026 09:00 CET``."""
    return f"{moment.astimezone(place):%a %d %b %Y %H:%M %Z}"


def words(expression: str, timezone: str) -> str:
    """``expression`` in English, such as "every day at 09:00, Europe/Berlin time". Raises ScheduleError."""
    parsed = parse(expression)
    clock = "UTC" if zone(timezone).key == "UTC" else f"{timezone} time"
    match parsed:
        case Rate(every):
            unit, length = next(
                (unit, length)
                for unit, length in reversed(RATE_UNITS.items())
                if every % length == timedelta()
            )
            count = every // length
            return f"every {unit}" if count == 1 else f"every {count} {unit}s"
        case At(moment):
            return f"once, on {_date_words(moment)} at {moment:%H:%M}, {clock}"
        case Cron():
            return f"{_days_words(parsed)}{_years_words(parsed)} {_times_words(parsed)}, {clock}"


def _in_utc(local: datetime, place: ZoneInfo) -> datetime | None:
    """The first moment at which clocks in ``place`` show ``local``; None if they skip it."""
    try:
        moment = local.replace(tzinfo=place).astimezone(UTC)
        shown = moment.astimezone(place).replace(tzinfo=None)
    except OverflowError:
        return None
    return moment if shown == local else None


def _rate_runs(rate: Rate, after: datetime, start: datetime) -> Iterator[datetime]:
    steps = max(0, (after - start) // rate.every + 1)
    try:
        moment = start + steps * rate.every
        while True:
            yield moment
            moment += rate.every
    except OverflowError:
        return


def _cron_runs(cron: Cron, place: ZoneInfo, after: datetime) -> Iterator[datetime]:
    today = after.astimezone(place).date()
    for year in cron.years:
        for month in cron.months:
            if (year, month) < (today.year, today.month):
                continue
            for day in _days_of(cron, year, month):
                if date(year, month, day) >= today:
                    yield from _runs_of_day(cron, date(year, month, day), place, after)


def _runs_of_day(cron: Cron, day: date, place: ZoneInfo, after: datetime) -> Iterator[datetime]:
    for hour in cron.hours:
        for minute in cron.minutes:
            moment = _in_utc(datetime.combine(day, time(hour, minute)), place)
            if moment is not None and moment > after:
                yield moment


def _days_of(cron: Cron, year: int, month: int) -> list[int]:
    """The days of one month that match ``cron``, in order."""
    first, length = calendar.monthrange(year, month)
    first = (first + 1) % 7 + 1
    by_weekday = {weekday: range(1 + (weekday - first) % 7, length + 1, 7) for weekday in range(1, 8)}
    days = {day for day in cron.days if day <= length}
    if cron.last_day:
        days.add(length)
    for wish in cron.nearest_weekdays:
        if wish <= length:
            days.add(_nearest_weekday(wish, length, (first - 1 + wish - 1) % 7 + 1))
    for weekday in cron.weekdays:
        days.update(by_weekday[weekday])
    for weekday in cron.last_weekdays:
        days.add(by_weekday[weekday][-1])
    if cron.nth_weekday:
        weekday, number = cron.nth_weekday
        days.update(by_weekday[weekday][number - 1 : number])
    return sorted(days)


def _nearest_weekday(day: int, length: int, weekday: int) -> int:
    """The day from Monday to Friday nearest to ``day``, within the month."""
    if weekday == 7:
        return day - 1 if day > 1 else day + 2
    if weekday == 1:
        return day + 1 if day < length else day - 2
    return day


def _days_words(cron: Cron) -> str:
    if cron.nth_weekday:
        weekday, number = cron.nth_weekday
        return f"on the {_ordinal(number)} {_DAY_NAMES[weekday - 1]} of {_months_words(cron)}"
    if cron.weekdays or cron.last_weekdays:
        return _weekdays_words(cron)
    if len(cron.days) == 31:
        return "every day" if len(cron.months) == 12 else f"every day of {_months_words(cron)}"
    parts = [f"the {_ordinal(day)}" for day in cron.days]
    parts += [f"the weekday nearest to the {_ordinal(day)}" for day in cron.nearest_weekdays]
    parts += ["the last day"] if cron.last_day else []
    return f"on {_listed(parts)} of {_months_words(cron)}"


def _weekdays_words(cron: Cron) -> str:
    within = "" if len(cron.months) == 12 else f" of {_months_words(cron)}"
    last = [f"on the last {_DAY_NAMES[day - 1]} of {_months_words(cron)}" for day in cron.last_weekdays]
    match cron.weekdays:
        case ():
            return _listed(last)
        case (1, 2, 3, 4, 5, 6, 7):
            named = f"every day{within}"
        case (2, 3, 4, 5, 6):
            named = f"every weekday (Monday to Friday){within}"
        case days:
            named = f"every {_listed([_DAY_NAMES[day - 1] for day in days])}{within}"
    return _listed([named, *last])


def _months_words(cron: Cron) -> str:
    if len(cron.months) == 12:
        return "every month"
    return _listed([calendar.month_name[month] for month in cron.months])


def _years_words(cron: Cron) -> str:
    if len(cron.years) == LAST_YEAR - FIRST_YEAR + 1:
        return ""
    return f" in {_spanned(cron.years)}"


def _times_words(cron: Cron) -> str:
    times = [f"{hour:02}:{minute:02}" for hour in cron.hours[:5] for minute in cron.minutes[:5]]
    if len(cron.hours) * len(cron.minutes) <= 4:
        return f"at {_listed(times)}"
    minutes = "every minute" if len(cron.minutes) == 60 else f"minute {_spanned(cron.minutes)}"
    hours = "every hour" if len(cron.hours) == 24 else f"hour {_spanned(cron.hours)}"
    return f"at {minutes} of {hours}"


def _spanned(numbers: tuple[int, ...]) -> str:
    """Numbers in words: a range, a list, or a shortened list."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    if len(numbers) > 12:
        return f"{', '.join(map(str, numbers[:6]))} and so on to {numbers[-1]}"
    return _listed([str(number) for number in numbers])


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _date_words(moment: datetime) -> str:
    weekday = _DAY_NAMES[moment.isoweekday() % 7]
    return f"{weekday}, {moment.day} {calendar.month_name[moment.month]} {moment.year}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
