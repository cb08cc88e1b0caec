"""Looking at a web page as a stranger would: no cookies, no credentials, nothing kept.

Only http and https, a bounded size, time and number of redirects, and certificates are checked. Addresses
that are not public (RFC 6890: private networks, loopback, link-local) are not asked: whoever reviews the site
looks from outside and could not see them, and no redirect leads into the network of whoever runs the wizard.
No proxy is used, for the same reason: the page is looked at by the plain way.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from html.parser import HTMLParser
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from wizard.text import printable

SECONDS = 8.0
"""How long one page may take, with all that it leads to."""
MAX_BYTES = 500_000
"""How much of a page is read."""
MAX_REDIRECTS = 5
MAX_LINKS = 2000
"""How many links of a page are looked at."""

_CHUNK = 16_384
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
_CERTIFICATE = {
    # OpenSSL's X509_V_ERR_* numbers (x509_vfy.h).
    10: "its certificate has expired",
    9: "its certificate is not valid yet",
    18: "its certificate is signed by itself, so no browser trusts it",
    19: "its certificate is signed by itself, so no browser trusts it",
    20: "its certificate is not from an authority that browsers know, or the server leaves out a part of it",
    21: "its certificate is not from an authority that browsers know, or the server leaves out a part of it",
    62: "its certificate is for another name",
}


class WebError(Exception):
    """The page could not be had. The message says why: words that go on after the address."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link on a page: where it leads, absolute, and the words one clicks on."""

    url: str
    words: str


@dataclass(frozen=True, slots=True)
class WebPage:
    """What came back. ``url`` is where the last redirect led; ``redirects`` are the addresses before it."""

    url: str
    status: int
    redirects: tuple[str, ...] = ()
    text: str = ""

    @property
    def secure(self) -> bool:
        """Whether it came over HTTPS, by a certificate that was checked."""
        return self.url.startswith("https://")

    @property
    def host(self) -> str:
        """The name of the server that answered."""
        return urlsplit(self.url).hostname or ""

    def links(self) -> tuple[Link, ...]:
        """The links to other pages on it, in order."""
        reader = _Links(self.url)
        reader.feed(self.text)
        reader.close()
        return tuple(reader.found)


def _public_connection(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to a public address of ``host``. Raises WebError, OSError."""
    until = time.monotonic() + seconds
    addresses = _addresses(host, port, seconds)
    public = [address for address in addresses if ipaddress.ip_address(address).is_global]
    if not public:
        raise WebError(f"leads to {addresses[0]}, which nobody can reach from outside")
    for number, address in enumerate(public):
        # The last one takes all the time that is left; the ones before it a fair part.
        left = max(0.1, until - time.monotonic()) / (len(public) - number)
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError:
            if number == len(public) - 1:
                raise
    raise AssertionError("there is a last one")


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of ``host``, as the system finds them. Raises WebError."""
    found: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(info[4][0]).partition("%")[0] for info in infos)))
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError(str(error)))

    # No timeout can be given to getaddrinfo: the thread may go on, and nobody waits for it.
    Thread(target=ask, name="looking-up", daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except Empty:
        raise WebError(f"did not answer: looking its name up took more than {seconds:.0f} seconds") from None
    if isinstance(answer, OSError):
        raise WebError("is not known: its name has no address in the DNS") from answer
    return answer


@cache
def _authorities() -> ssl.SSLContext:
    """Those of the system, and those that botocore brings: not every Python finds the system's."""
    from pathlib import Path

    import botocore

    context = ssl.create_default_context()
    context.load_verify_locations(Path(botocore.__file__).with_name("cacert.pem"))
    return context


@dataclass(frozen=True, slots=True)
class WebAccess:
    """The way to web servers: how to connect to a host and port, and whose certificates to trust."""

    connect: Callable[[str, int, float], socket.socket] = _public_connection
    trust: Callable[[], ssl.SSLContext] = field(default=_authorities)


def fetch(access: WebAccess, url: str) -> WebPage:
    """The page at ``url``, redirects followed, whatever its status. Raises WebError."""
    until = time.monotonic() + SECONDS
    before: list[str] = []
    while True:
        answer = _asked(access, url, until)
        if answer.redirect is None:
            return WebPage(url, answer.status, tuple(before), answer.text)
        before.append(url)
        url = _joined(url, answer.redirect)
        if len(before) > MAX_REDIRECTS:
            raise WebError(f"redirects more than {MAX_REDIRECTS} times, in the end to {printable(url, 100)}")


def _joined(base: str, target: str) -> str:
    """Where ``target`` leads on the page ``base``. Raises WebError."""
    try:
        return urldefrag(urljoin(base, target.strip())).url
    except ValueError as error:
        raise WebError("leads to what is no web address") from error


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str = ""
    redirect: str | None = None


def _asked(access: WebAccess, url: str, until: float) -> _Answer:
    """One request, without what it redirects to."""
    scheme, host, port, target = _parts(url)
    connection = _Connection(access, host, port, until, secure=scheme == "https")
    headers = {"User-Agent": "ses-wizard", "Accept": "text/html, */*;q=0.1", "Accept-Encoding": "identity"}
    try:
        connection.request("GET", target, headers=headers)
        reply = connection.getresponse()
        location = reply.getheader("Location")
        if reply.status in _REDIRECTS and location:
            return _Answer(reply.status, redirect=location)
        kind = reply.headers.get_content_type()
        raw = _read(reply, until) if kind in ("text/html", "application/xhtml+xml", "text/plain") else b""
        charset = reply.headers.get_content_charset("utf-8")
    except WebError:
        raise
    except TimeoutError:
        raise WebError(f"did not answer within {SECONDS:.0f} seconds") from None
    except ssl.SSLCertVerificationError as error:
        why = _CERTIFICATE.get(error.verify_code, printable(error.verify_message, 100))
        raise WebError(f"cannot be trusted: {why}") from error
    except ssl.SSLError as error:
        raise WebError(
            f"speaks no HTTPS that works ({printable(error.reason or 'TLS failed', 60)})"
        ) from error
    except ConnectionRefusedError as error:
        raise WebError(f"refuses connections at port {port}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise WebError(f"could not be read ({printable(str(why), 100)})") from error
    finally:
        connection.close()
    try:
        return _Answer(reply.status, raw.decode(charset, "replace"))
    except LookupError:
        return _Answer(reply.status, raw.decode("utf-8", "replace"))


def _read(reply: http.client.HTTPResponse, until: float) -> bytes:
    """The body, as far as it is read at all. Raises TimeoutError for one that trickles."""
    chunks: list[bytes] = []
    while (size := sum(map(len, chunks))) < MAX_BYTES:
        if time.monotonic() > until:
            raise TimeoutError
        chunk = reply.read1(min(_CHUNK, MAX_BYTES - size))
        if not chunk:
            break
        chunks.append(chunk)
    return b"".join(chunks)


def _parts(url: str) -> tuple[str, str, int, str]:
    """Scheme, host in A-label form, port, and path with query, each as HTTP wants it. Raises WebError."""
    import idna

    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS:
            raise WebError(f"leads to {printable(parts.scheme, 20)}:, which is no web page")
        host, port = parts.hostname or "", parts.port
        ascii_host = host if ":" in host else idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, idna.IDNAError) as error:
        raise WebError("is no web address") from error
    if parts.username is not None:
        raise WebError("has a user name in it, which nobody from outside has")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    target = f"{path}?{query}" if query else path
    return parts.scheme, ascii_host, port or _PORTS[parts.scheme], target


class _Connection(http.client.HTTPConnection):
    """One connection by the given way, with TLS where it is ``secure``, and no longer than ``until``."""

    def __init__(self, access: WebAccess, host: str, port: int, until: float, *, secure: bool) -> None:
        super().__init__(host, port)
        self.default_port = _PORTS["https" if secure else "http"]
        self._way = partial(access.connect, host, port)
        self._trust = access.trust if secure else None
        self._until = until

    def connect(self) -> None:
        """Connect, and have the certificate checked."""
        plain = self._way(self._left())
        plain.settimeout(self._left())
        self.sock = self._trust().wrap_socket(plain, server_hostname=self.host) if self._trust else plain
        self.sock.settimeout(self._left())

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Links(HTMLParser):
    """Collects the links of a page, with the words between ``<a>`` and ``</a>``."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Link] = []
        self._base = url
        self._open: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link begins, with what is said of it where it has no words of its own."""
        if tag != "a":
            return
        self._end()
        given = {name: value or "" for name, value in attrs}
        if given.get("href"):
            self._open = (given["href"], [given.get("aria-label") or given.get("title") or ""])

    def handle_data(self, data: str) -> None:
        """Words, of a link or not."""
        if self._open:
            self._open[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        """A link ends."""
        if tag == "a":
            self._end()

    def close(self) -> None:
        """The page ends, and with it what is open."""
        super().close()
        self._end()

    def _end(self) -> None:
        if self._open and len(self.found) < MAX_LINKS:
            self.found += _link(self._base, *self._open)
        self._open = None


def _link(base: str, href: str, words: list[str]) -> Iterator[Link]:
    """The link, if it leads to a page of the web."""
    try:
        url = _joined(base, href)
    except WebError:
        return
    if re.match(r"https?://", url, re.IGNORECASE):
        yield Link(url, " ".join(" ".join(words).split()))
