"""DNS over HTTPS (RFC 8484), for where port 53 is closed. Uses the environment's proxy where one is set."""

from __future__ import annotations

import asyncio
import http.client
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from dns.message import Message

from wizard.dns.seen import Question
from wizard.dns.transport import make_query, parsed

SECONDS = 3.0
AT_ONCE = 16
CLOSED_SECONDS = 60.0
"""How long HTTPS is left alone once no endpoint answered: waiting for each question would take minutes."""

_MEDIA_TYPE = "application/dns-message"
_MAX_BYTES = 65535


class Https:
    """Asks the endpoints in turn until one answers. They are public recursive resolvers."""

    def __init__(self, endpoints: Sequence[str]) -> None:
        self._endpoints = endpoints
        self._threads: ThreadPoolExecutor | None = None
        self._closed_until = 0.0

    async def exchange(self, question: Question) -> Message | None:
        """The reply to ``question``, or None where no endpoint is known, reachable and sound."""
        if not self._endpoints or time.monotonic() < self._closed_until:
            return None
        if self._threads is None:
            self._threads = ThreadPoolExecutor(AT_ONCE, "dns-over-https")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, question)

    def _ask(self, question: Question) -> Message | None:
        query = make_query(question, recursive=True)
        query.id = 0  # so that caches on the way can tell that two questions are the same (RFC 8484 §4.1)
        wire = query.to_wire()
        for endpoint in self._endpoints:
            body = _posted(endpoint, wire) if time.monotonic() >= self._closed_until else None
            message = None if body is None else parsed(body)
            if message is not None and query.is_response(message):
                return message
        self._closed_until = max(self._closed_until, time.monotonic() + CLOSED_SECONDS)
        return None


def _posted(endpoint: str, wire: bytes) -> bytes | None:
    headers = {"Content-Type": _MEDIA_TYPE, "Accept": _MEDIA_TYPE}
    request = urllib.request.Request(endpoint, wire, headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            found: bytes = reply.read(_MAX_BYTES)
            return found if reply.headers.get_content_type() == _MEDIA_TYPE else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
