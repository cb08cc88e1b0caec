"""The thread that lets happen what is due: schedules, messages for functions, alarms."""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from importlib import import_module
from typing import Protocol

from wizard.demo.aws.account import Account

LONGEST_SLEEP = 3600.0

_TICKING = {
    "moto.scheduler.models": "wizard.demo.aws.schedules.scheduler",
    "moto.awslambda.models": "wizard.demo.aws.functions.event_sources",
    "moto.cloudwatch.models": "wizard.demo.aws.alarms.alarms",
}
"""What can be due: from when on, a module of moto's that takes a while to import, and what then looks."""


class _Ticking(Protocol):
    def tick(self, account: Account) -> tuple[bool, float]:
        """Do what is due; whether there was anything, and the seconds until there is more."""


class Ticker:
    """Waits for what is due next, again whenever ``wake`` says that something changed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aws-clock", daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def wake(self) -> None:
        """Look anew at what is due. Quick, and safe from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread; the account's ``closing`` must be set."""
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def skip(self) -> datetime | None:
        """Push the clock to the next due run, so that it fires now; None where no schedule has one.

        The hourly schedule that goes on with cut runs does not count: it would always be the next. It fires
        along, once, like every other schedule that has become due by the push.
        """
        if "moto.scheduler.models" not in sys.modules:
            return None
        from wizard.demo.aws.schedules import scheduler
        from wizard.reminder.template.build import RESUME_SUFFIX

        with self._account.lock:
            due = scheduler.next_due(self._account, besides=RESUME_SUFFIX)
            if due is None:
                return None
            self._account.kept.clock.push_to(due.at)
            scheduler.fire(self._account)
        self._account.changed()
        return due.at

    def _run(self) -> None:
        while not self._account.closing.is_set():
            self._woken.wait(self._tick())
            self._woken.clear()

    def _tick(self) -> float:
        """Do what is due; how many seconds until something is again."""
        looking: list[_Ticking] = [
            import_module(module) for needed, module in _TICKING.items() if needed in sys.modules
        ]
        with self._account.lock:
            if self._account.closing.is_set():
                return 0
            ticks = [part.tick(self._account) for part in looking]
        if any(done for done, _ in ticks):
            self._account.changed()
        return min(max(min((seconds for _, seconds in ticks), default=LONGEST_SLEEP), 0.0), LONGEST_SLEEP)
