"""DNS over HTTPS (RFC 8484), for where port 53 is closed. Uses the environment's proxy where one is set."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress

from wizard.dns.answers import Question
from wizard.dns.resolve import wire
from wizard.dns.resolve.racing import first_good
from wizard.dns.resolve.wire import Message, Query

SECONDS = 3.0
AT_ONCE = 32
CLOSED_SECONDS = 60.0
"""How long HTTPS is skipped once no endpoint answered: waiting for each question would take minutes."""

_MEDIA_TYPE = "application/dns-message"
_MAX_BYTES = 65535


class Https:
    """Asks the endpoints, which are public recursive resolvers, until one answers. Serves one event loop."""

    def __init__(self, endpoints: Sequence[str]) -> None:
        self._endpoints = endpoints
        self._room = asyncio.Semaphore(AT_ONCE)
        self._closed_until = 0.0

    def forget_silence(self) -> None:
        """Ask again, even if no endpoint answered recently."""
        self._closed_until = 0.0

    async def exchange(self, question: Question, until: float, *, unchecked: bool = False) -> Message | None:
        """Return the reply to ``question``, or None if no endpoint gives a valid one.

        Ends by ``until`` (event loop time) and within 3 s.
        """
        closed = not self._endpoints or time.monotonic() < self._closed_until
        if closed or not wire.is_name(question.name):
            return None
        # The id is 0, so that caches on the way can tell that two questions are the same (RFC 8484 §4.1).
        query = wire.query(question, 0, recursive=True, unchecked=unchecked)
        clock = asyncio.get_running_loop().time
        fair_until = clock() + SECONDS
        ways = [lambda endpoint=endpoint: self._ask(endpoint, query) for endpoint in self._endpoints]
        message = None
        with suppress(TimeoutError):
            async with asyncio.timeout_at(min(until, fair_until)):
                message, _ = await first_good(ways, lambda found: found is not None)
        if message is None and (clock() < until or fair_until <= until):
            self._closed_until = time.monotonic() + CLOSED_SECONDS
        return message

    async def _ask(self, endpoint: str, query: Query) -> Message | None:
        await self._room.acquire()
        loop = asyncio.get_running_loop()
        body: asyncio.Future[bytes | None] = loop.create_future()

        def finish(found: bytes | None) -> None:
            self._room.release()
            if not body.done():
                body.set_result(found)

        def ask() -> None:
            found = _posted(endpoint, query.wire)
            with suppress(RuntimeError):  # the loop has ended in the meantime
                loop.call_soon_threadsafe(finish, found)

        # A daemon thread: at exit Python would wait for the threads of a pool, however long a server takes.
        threading.Thread(target=ask, name="dns-over-https", daemon=True).start()
        found = await body
        message = None if found is None else wire.reply(found, query)
        return None if message is None or message.truncated else message


def _posted(endpoint: str, packet: bytes) -> bytes | None:
    headers = {"Content-Type": _MEDIA_TYPE, "Accept": _MEDIA_TYPE}
    request = urllib.request.Request(endpoint, packet, headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            found: bytes = reply.read(_MAX_BYTES)
            return found if reply.headers.get_content_type() == _MEDIA_TYPE else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
