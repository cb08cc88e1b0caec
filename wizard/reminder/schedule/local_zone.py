"""The time zone of this computer, by the name that EventBridge knows it by."""

from __future__ import annotations

import os
from pathlib import Path

from wizard.reminder.schedule.schedules import zone_names

_LINK = Path("/etc/localtime")


def local_zone(link: Path = _LINK) -> str:
    """The IANA name of the local time zone: ``TZ`` if it is one, else where ``link`` leads, else UTC."""
    named = os.environ.get("TZ", "").removeprefix(":")
    linked = link.resolve().as_posix().rpartition("/zoneinfo/")[2]
    return next((name for name in (named, linked) if name in zone_names()), "UTC")
