"""When each way is started, and which result counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from wizard.dns.resolve.racing import first_good


class Ways:
    """Ways that end when told to; ``started`` and ``cancelled`` keep their order."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.ends: dict[str, asyncio.Future[int]] = {}
        self.begun = asyncio.Event()
        """Set when the second has started."""

    def way(self, name: str, result: int | None = None) -> Callable[[], Awaitable[int]]:
        async def go() -> int:
            self.started.append(name)
            if len(self.started) == 2:
                self.begun.set()
            end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            self.ends[name] = end
            if result is not None:
                return result
            try:
                return await end
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise

        return go


def good(result: int) -> bool:
    return result > 0


@pytest.mark.parametrize("lead", [60.0, 0.0])
async def test_a_failure_starts_the_next_way_at_once(lead: float) -> None:
    ways = Ways()
    async with asyncio.timeout(5):
        found = await first_good([ways.way("a", -1), ways.way("b", 2), ways.way("c", 3)], good, lead)
    assert found == (2, [-1])
    assert ways.started[:2] == ["a", "b"]
    if lead:
        assert "c" not in ways.started


async def test_a_slow_way_is_joined_and_may_still_win() -> None:
    ways = Ways()
    racing = asyncio.create_task(first_good([ways.way("a"), ways.way("b")], good, 0.01))
    async with asyncio.timeout(5):
        await ways.begun.wait()
        ways.ends["a"].set_result(1)
        assert await racing == (1, [])
        await asyncio.sleep(0)
    assert ways.cancelled == ["b"]


async def test_nothing_good_leaves_what_there_was() -> None:
    ways = Ways()
    async with asyncio.timeout(5):
        assert await first_good([ways.way("a", -1), ways.way("b", -2)], good) == (None, [-1, -2])
        assert await first_good([ways.way("a", -1)], good) == (None, [-1])
        assert await first_good([ways.way("a", 1)], good) == (1, [])
        assert await first_good([], good) == (None, [])


async def test_cancelling_cancels_all_ways() -> None:
    ways = Ways()
    racing = asyncio.create_task(first_good([ways.way("a"), ways.way("b")], good, 0.0))
    async with asyncio.timeout(5):
        await ways.begun.wait()
        racing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await racing
        await asyncio.sleep(0)
    assert sorted(ways.cancelled) == ["a", "b"]
