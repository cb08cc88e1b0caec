"""The thread that lets schedules fire when the account's clock says so."""

from __future__ import annotations

import sys
import threading
from datetime import datetime

from wizard.demo.aws.account import Account

LONGEST_SLEEP = 3600.0


def schedules_exist() -> bool:
    """Whether there can be any schedule: not before moto's scheduler was imported, which takes a while."""
    return "moto.scheduler.models" in sys.modules


class Ticker:
    """Waits for the next due run of any schedule, again whenever ``wake`` says that something changed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aws-schedules", daemon=True)

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
        """Push the clock to the next due run, so that it fires now; None where no schedule has one."""
        if not schedules_exist():
            return None
        from wizard.demo.aws import scheduler

        with self._account.lock:
            due = scheduler.next_due(self._account)
            if due is None:
                return None
            self._account.kept.clock.push_to(due.at)
            scheduler.fire(self._account)
        self._account.changed()
        return due.at

    def _run(self) -> None:
        while not self._account.closing.is_set():
            self._woken.wait(self._tick() if schedules_exist() else LONGEST_SLEEP)
            self._woken.clear()

    def _tick(self) -> float:
        """Fire what is due; how many seconds until the next run."""
        from wizard.demo.aws import scheduler

        with self._account.lock:
            if self._account.closing.is_set():
                return 0
            delivered = scheduler.fire(self._account)
            due = scheduler.next_due(self._account)
            now = self._account.now()
        if delivered:
            self._account.changed()
        seconds = LONGEST_SLEEP if due is None else (due.at - now).total_seconds()
        return min(max(seconds, 0.0), LONGEST_SLEEP)
