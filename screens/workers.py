"""What takes time runs in workers: `reads`, `follows`, `acts` and `saves` name the rules that one follows.

A worker's method runs in a thread, or on the loop if it is ``async``; what it belongs to has ``run_worker``.
Read the app's state before it starts and hand in what it needs. It touches no widget: it calls
``self.tell(message)``, or ``self.post_message`` for what must not be lost (the result of an act). Its words
are shown while it runs. The page shows the error that it raises; an unexpected one is logged, too.

| | page left | quitting | F4 and F5 meanwhile | started again |
|---|---|---|---|---|
| `reads` | cancelled | does not wait | as usual | replaces the earlier one |
| `follows` | cancelled | does not wait | as usual; no words are shown | replaces the earlier one |
| `acts` | goes on | waits | do nothing | |
| `saves` | goes on | waits | as usual | |
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterable
from enum import StrEnum
from functools import partial, wraps
from types import MethodType
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.widget import Widget
from textual.worker import Worker

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Kind(StrEnum):
    """The rules that a worker follows."""

    READ = "read"
    FOLLOW = "follow"
    ACT = "act"
    SAVE = "save"


class Decorator(Protocol):
    """Turns a method into one that starts a worker and returns it."""

    @overload
    def __call__(
        self, method: Callable[Parameters, Coroutine[Any, Any, Result]], /
    ) -> Callable[Parameters, Worker[Result]]: ...
    @overload
    def __call__(self, method: Callable[Parameters, Result], /) -> Callable[Parameters, Worker[Result]]: ...


def reads(words: str, *, topic: str = "") -> Decorator:
    """Only reads. A newer worker of the same page and ``topic`` (default: method) replaces an older one."""
    return _worker(Kind.READ, words, topic)


def follows(words: str) -> Decorator:
    """Reads again and again for as long as the page is open."""
    return _worker(Kind.FOLLOW, words)


def acts(words: str) -> Decorator:
    """Changes something outside. It is never cut short."""
    return _worker(Kind.ACT, words)


def saves(words: str) -> Decorator:
    """Writes a file. It is never cut short."""
    return _worker(Kind.SAVE, words)


def _worker(kind: Kind, words: str, topic: str = "") -> Decorator:
    def decorate(method: Callable[..., Any]) -> Callable[..., Worker[Any]]:
        @wraps(method)
        def start(self: Any, *args: Any, **more: Any) -> Worker[Any]:
            worker: Worker[Any] = self.run_worker(
                partial(method, self, *args, **more),
                thread=not inspect.iscoroutinefunction(method),
                exclusive=kind in (Kind.READ, Kind.FOLLOW),
                exit_on_error=False,
                name=method.__qualname__,
                group=f"{kind} {topic or method.__qualname__}",
                description=words,
            )
            return worker

        return start

    return cast("Decorator", decorate)


def is_a(worker: Worker[Any], *kinds: Kind) -> bool:
    """Whether ``worker`` follows the rules of one of ``kinds``."""
    return worker.group.partition(" ")[0] in kinds


def running(workers: Iterable[Worker[Any]], *kinds: Kind, node: DOMNode | None = None) -> list[Worker[Any]]:
    """Those of ``workers`` that follow the rules of ``kinds`` and have not ended, of ``node`` if given."""
    return [
        worker
        for worker in workers
        if not worker.is_finished and is_a(worker, *kinds) and node in (None, worker.node)
    ]


def running_in(*methods: Callable[..., Worker[Any]]) -> list[Worker[Any]]:
    """The workers that were started by ``methods`` of one widget and go on."""
    owner = cast("MessagePump", cast("MethodType", methods[0]).__self__)
    node = owner.screen if isinstance(owner, Widget) else owner
    names = [cast("MethodType", method).__qualname__ for method in methods]
    return [
        worker
        for worker in owner.app.workers
        if worker.node is node and worker.name in names and not (worker.is_finished or worker.is_cancelled)
    ]


def cancel(method: Callable[..., Worker[Any]]) -> None:
    """Cancel the workers that ``method`` started."""
    for worker in running_in(method):
        worker.cancel()
