"""Try several ways to get a result: start the next one when the ones before it fail or are slow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

LEAD_SECONDS = 0.8
"""Seconds after which the next way is started while the first still runs."""

T = TypeVar("T")


async def first_good(
    ways: Sequence[Callable[[], Awaitable[T]]], good: Callable[[T], bool], lead: float = LEAD_SECONDS
) -> tuple[T | None, list[T]]:
    """Return the first result that is ``good``, or None, and all results before it that were not.

    Each way starts when the one before it has failed, or ``lead`` seconds after it. Ways still running at the
    end are cancelled.
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
