"""Several ways to the same end: the next one starts when those before it fail or take long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

LEAD_SECONDS = 0.8
"""How long a way may take before the next one is tried beside it."""

T = TypeVar("T")


async def first_good(
    ways: Sequence[Callable[[], Awaitable[T]]], good: Callable[[T], bool], lead: float = LEAD_SECONDS
) -> tuple[T | None, list[T]]:
    """The first result that is ``good``, or None, and all results before it that were not.

    Each way starts once the one before it has failed, or after ``lead`` seconds beside it. What still runs in
    the end is cancelled.
    """
    if len(ways) == 1:
        result = await ways[0]()
        return (result, []) if good(result) else (None, [result])
    running: set[asyncio.Future[T]] = set()
    failed: list[T] = []
    try:
        for number, way in enumerate(ways, start=1):
            running.add(asyncio.ensure_future(way()))
            last = number == len(ways)
            while running:
                done, running = await asyncio.wait(
                    running, timeout=None if last else lead, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    result = task.result()
                    if good(result):
                        return result, failed
                    failed.append(result)
                if not last:
                    break
        return None, failed
    finally:
        for task in running:
            task.cancel()
