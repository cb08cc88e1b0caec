"""How to reach web servers: allowed addresses, and trusted certificates.

Addresses that are not public (RFC 6890: private networks, loopback, link-local) are refused, also inside IPv6
addresses (RFC 6052, RFC 3056): a reviewer could not reach them, and no redirect may lead into the user's own
network. For the same reason no proxy is used.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    import ssl


class WebError(Exception):
    """The page could not be fetched. The message is a phrase that continues after the address."""


def _public_connection(host: str, port: int, seconds: float) -> socket.socket:
    """Connect to a public address of ``host``. Raises WebError, OSError."""
    import socket

    until = time.monotonic() + seconds
    addresses = _addresses(host, port, seconds)
    public = [address for address in addresses if _is_public(address)]
    if not public:
        raise WebError(f"leads to {addresses[0]}, which is not publicly reachable")
    for number, address in enumerate(public):
        # The last one gets all the remaining time, the others an equal share.
        left = max(0.1, until - time.monotonic()) / (len(public) - number)
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError:
            if number == len(public) - 1:
                raise
    raise AssertionError("there is a last one")


def _is_public(address: str) -> bool:
    """Whether ``address``, and the IPv4 address inside it, if any, is publicly reachable."""
    import ipaddress

    found = ipaddress.ip_address(address)
    within = None
    if isinstance(found, ipaddress.IPv6Address):
        translated = found in ipaddress.ip_network("64:ff9b::/96") or int(found) < 2**32
        within = ipaddress.IPv4Address(int(found) % 2**32) if translated else found.sixtofour
    public = found.is_global and not found.is_multicast
    return public and (within is None or within.is_global)


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of ``host`` from the system's resolver. Raises WebError."""
    import socket
    from queue import Empty, SimpleQueue
    from threading import Thread

    found: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(info[4][0]).partition("%")[0] for info in infos)))
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError(str(error)))

    # getaddrinfo has no timeout: the thread may continue, without anybody waiting for it.
    Thread(target=ask, name="looking-up", daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except Empty:
        raise WebError(f"did not answer: the DNS lookup took more than {seconds:.0f} seconds") from None
    if isinstance(answer, OSError):
        raise WebError("does not exist: its name has no address in the DNS") from answer
    return answer


@cache
def _authorities() -> ssl.SSLContext:
    """Trust the system's authorities and botocore's: not every Python finds the system's."""
    import ssl
    from pathlib import Path

    import botocore

    context = ssl.create_default_context()
    context.load_verify_locations(Path(botocore.__file__).with_name("cacert.pem"))
    return context


@dataclass(frozen=True, slots=True)
class WebAccess:
    """How to connect to a host and port, and which certificates to trust."""

    connect: Callable[[str, int, float], socket.socket] = _public_connection
    trust: Callable[[], ssl.SSLContext] = field(default=_authorities)
