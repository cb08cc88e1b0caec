"""The threads that workers run in: quitting never waits for a network that does not answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class DaemonThreads(ThreadPoolExecutor):
    """A thread of its own for each call, and nobody waits for it when the loop or the process ends.

    asyncio takes nothing but a ThreadPoolExecutor as a loop's default, and joins its threads at the end: a
    call to AWS that hangs would keep the terminal after the wizard has closed.
    """

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        """Run ``fn`` in a new daemon thread."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        Thread(target=run, daemon=True, name=getattr(fn, "__name__", "worker")).start()
        return future
