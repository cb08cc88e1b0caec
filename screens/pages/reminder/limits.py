"""What bounds a schedule: its start and end, its flexible window, its pause; as typed, and as settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from wizard.reminder.schedule.schedules import zone_or_utc

if TYPE_CHECKING:
    from wizard.project.schema import Reminder

LONGEST_WINDOW = 1440
"""Minutes: the longest flexible time window that EventBridge Scheduler takes."""

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T]+(\d{1,2}):(\d\d))?", re.ASCII)


class LimitError(ValueError):
    """What was typed is no such limit. ``field`` is the one to mend: ``start``, ``end`` or ``window``."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field
        self.words = words


class Span(NamedTuple):
    """Between which moments runs leave; None is no bound."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Limits:
    """The fields as typed. Empty ones bound nothing."""

    start: str = ""
    end: str = ""
    window: str = ""
    paused: bool = False

    @property
    def any(self) -> bool:
        """Whether one of them is set."""
        return self != Limits()

    def span(self, place: ZoneInfo) -> Span:
        """Start and end by the clocks of ``place``; an end without a time is the end of that day.

        Raises LimitError.
        """
        start = _moment("start", self.start, place, time(0, 0))
        end = _moment("end", self.end, place, time(23, 59))
        if start and end and end <= start:
            raise LimitError("end", "The end must be later than the start.")
        return Span(start, end)

    def minutes(self) -> int:
        """The flexible window. Raises LimitError."""
        text = self.window.strip()
        if not text:
            return 0
        if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or int(text) > LONGEST_WINDOW:
            raise LimitError("window", f"Write the minutes of the window: 0 to {LONGEST_WINDOW:,}.")
        return int(text)

    def mistakes(self, place: ZoneInfo, now: datetime) -> list[LimitError]:
        """All that is wrong, each with its field."""
        found = []
        try:
            end = self.span(place).end
            if end and end <= now:
                found.append(LimitError("end", "The end is over already: choose one that is still to come."))
        except LimitError as error:
            found.append(error)
        try:
            self.minutes()
        except LimitError as error:
            found.append(error)
        return found

    def words(self) -> str:
        """What is set, for the line where the fields are folded away."""
        span = " ".join(f"{word} {text}" for word, text in (("from", self.start), ("to", self.end)) if text)
        window = f"within {self.window.strip()} min" if self.window.strip() not in ("", "0") else ""
        parts = ["paused" if self.paused else "", span, window]
        return ", ".join(filter(None, parts)) or "no start, end, window or pause"

    def with_pause(self, paused: bool) -> Limits:
        """These, paused or not."""
        return replace(self, paused=paused)


def limits_of(reminder: Reminder) -> Limits:
    """What the file says, as one would type it, by the clocks of the schedule's time zone."""
    place = zone_or_utc(reminder.timezone)
    return Limits(
        start=_typed(reminder.start, place),
        end=_typed(reminder.end, place),
        window=str(reminder.window_minutes or ""),
        paused=reminder.paused,
    )


def _typed(moment: datetime | None, place: ZoneInfo) -> str:
    return f"{moment.astimezone(place):%Y-%m-%d %H:%M}" if moment else ""


def _moment(field: str, text: str, place: ZoneInfo, default: time) -> datetime | None:
    if not text.strip():
        return None
    error = LimitError(field, f"Write the {field} like 2027-01-31, or 2027-01-31 09:00.")
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        raise error
    try:
        at = time(int(found[2]), int(found[3])) if found[2] else default
        return datetime.combine(datetime.fromisoformat(found[1]), at, place)
    except ValueError as wrong:
        raise error from wrong
