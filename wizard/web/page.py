"""Fetching a web page as a stranger would: without cookies or credentials.

Only http and https; size, time and redirects are limited; certificates are checked; no compression.
"""

from __future__ import annotations

import html
import http.client
import re
import socket
import ssl
import time
from codecs import lookup
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from threading import Timer
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from wizard.text import printable
from wizard.web.access import WebAccess, WebError

SECONDS = 8.0
"""The time limit for one page, including redirects."""
MAX_BYTES = 500_000
"""How much of a page is read."""
MAX_REDIRECTS = 5
MAX_LINKS = 2000
"""How many links of a page are examined."""

_CHUNK = 16_384
_NO_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
"""Python codecs that no web page uses; some take minutes for a page, or always fail."""
_LONGEST_WORDS = 500
_ANCHOR = re.compile(r"<a(?=\s)([^<>]{0,4000})>", re.IGNORECASE)
_END = re.compile(r"</?a(?=[\s>])", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_UNSEEN = (
    (re.compile("<!--"), re.compile("-->")),
    (re.compile("<script", re.IGNORECASE), re.compile("</script", re.IGNORECASE)),
)
"""What readers do not see. html.parser is not used: some pages take it minutes, and it refuses others."""
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
_CERTIFICATE = {
    # OpenSSL's X509_V_ERR_* numbers (x509_vfy.h).
    10: "its certificate has expired",
    9: "its certificate is not valid yet",
    18: "its certificate is self-signed, so no browser trusts it",
    19: "its certificate is self-signed, so no browser trusts it",
    20: "its certificate is not from an authority that browsers trust, or an intermediate one is missing",
    21: "its certificate is not from an authority that browsers trust, or an intermediate one is missing",
    62: "its certificate is for another name",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link on a page: its absolute URL and its text."""

    url: str
    words: str


@dataclass(frozen=True, slots=True)
class WebPage:
    """A fetched page. ``url`` is the target of the last redirect; ``redirects`` are the URLs before it."""

    url: str
    status: int
    redirects: tuple[str, ...] = ()
    text: str = ""

    @property
    def secure(self) -> bool:
        """Whether it came over HTTPS, with a valid certificate."""
        return self.url.startswith("https://")

    @property
    def host(self) -> str:
        """The name of the server that answered."""
        return urlsplit(self.url).hostname or ""

    def links(self) -> tuple[Link, ...]:
        """The page's links to other pages, in order."""
        return tuple(_links(self.url, self.text))


def fetch(access: WebAccess, url: str) -> WebPage:
    """Fetch the page at ``url``, following redirects, whatever its status. Raises WebError."""
    until = time.monotonic() + SECONDS
    before: list[str] = []
    while True:
        answer = _asked(access, url, until)
        if answer.redirect is None:
            return WebPage(url, answer.status, tuple(before), answer.text)
        before.append(url)
        url = _joined(url, answer.redirect)
        if len(before) > MAX_REDIRECTS:
            raise WebError(f"redirects more than {MAX_REDIRECTS} times, finally to {printable(url, 100)}")


def _joined(base: str, target: str) -> str:
    """Return the absolute URL of ``target`` on the page ``base``. Raises WebError."""
    try:
        return urldefrag(urljoin(base, target.strip())).url
    except ValueError as error:
        raise WebError("redirects to an invalid address") from error


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str = ""
    redirect: str | None = None


def _asked(access: WebAccess, url: str, until: float) -> _Answer:
    """Make one request, without following redirects."""
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
        raw = _read(reply) if kind in ("text/html", "application/xhtml+xml", "text/plain") else b""
        if connection.out_of_time:
            raise TimeoutError
        return _Answer(reply.status, _decoded(raw, reply.headers.get_content_charset("utf-8")))
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = connection.out_of_time or isinstance(error, TimeoutError)
        why = f"did not answer within {SECONDS:.0f} seconds" if late else _why(error, port)
        raise WebError(why) from error
    finally:
        connection.end()


def _why(error: Exception, port: int) -> str:
    """Return why the request failed, as a phrase that continues after the address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _CERTIFICATE.get(error.verify_code, printable(error.verify_message, 100))
        return f"cannot be trusted: {known}"
    if isinstance(error, ssl.SSLError):
        return f"has no working HTTPS ({printable(error.reason or 'TLS failed', 60)})"
    if isinstance(error, ConnectionRefusedError):
        return f"refuses connections at port {port}"
    said = getattr(error, "strerror", None) or type(error).__name__
    return f"could not be read ({printable(str(said), 100)})"


def _decoded(raw: bytes, charset: str) -> str:
    """Return the text of a page, as UTF-8 if its character set is unknown."""
    try:
        known = lookup(charset).name not in _NO_CHARSETS
        return raw.decode(charset if known else "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _read(reply: http.client.HTTPResponse) -> bytes:
    """Read the body, up to the limit."""
    chunks: list[bytes] = []
    while (size := sum(map(len, chunks))) < MAX_BYTES:
        chunk = reply.read1(min(_CHUNK, MAX_BYTES - size))
        if not chunk:
            break
        chunks.append(chunk)
    return b"".join(chunks)


def _parts(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host in A-label form, port, and path with query, encoded for HTTP. Raises WebError."""
    import idna

    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS:
            raise WebError(f"leads to {printable(parts.scheme, 20)}:, which is not a web page")
        host, port = parts.hostname or "", parts.port
        ascii_host = host if ":" in host else idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, idna.IDNAError) as error:
        raise WebError("is not a valid address") from error
    if parts.username is not None:
        raise WebError("contains a user name, which the public does not have")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    target = f"{path}?{query}" if query else path
    return parts.scheme, ascii_host, port or _PORTS[parts.scheme], target


class _Connection(http.client.HTTPConnection):
    """A connection that ends at ``until``, with TLS if it is ``secure``.

    A socket's own timeout restarts with each byte, so a slow server could take forever: a timer hangs up.
    """

    def __init__(self, access: WebAccess, host: str, port: int, until: float, *, secure: bool) -> None:
        super().__init__(host, port)
        self.default_port = _PORTS["https" if secure else "http"]
        self._way = partial(access.connect, host, port)
        self._trust = access.trust if secure else None
        self._until = until
        self._end: Timer | None = None

    @property
    def out_of_time(self) -> bool:
        """Whether ``until`` has passed."""
        return time.monotonic() >= self._until

    def connect(self) -> None:
        """Connect and check the certificate."""
        plain = self._way(self._left())
        self.sock = plain
        if self._trust:
            self.sock = self._trust().wrap_socket(
                plain, server_hostname=self.host, do_handshake_on_connect=False
            )
        self.sock.settimeout(self._left())
        self._end = Timer(self._left(), _hang_up, (self.sock,))
        self._end.daemon = True
        self._end.start()
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def end(self) -> None:
        """Close it and stop the timer. (http.client calls ``close`` before the page is read.)"""
        if self._end:
            self._end.cancel()
        self.close()

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _hang_up(connected: socket.socket) -> None:
    """Shut the socket down, so that a blocked read ends."""
    with suppress(OSError):
        # Not SSLSocket's own, which would remove TLS from a read in progress.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _links(base: str, text: str) -> Iterator[Link]:
    """Yield the links to web pages, in time linear in the text's length."""
    for begin, end in _UNSEEN:
        text = _without(text, begin, end)
    for found in islice(_ANCHOR.finditer(text), MAX_LINKS):
        attributes, rest = found[1], text[found.end() : found.end() + _LONGEST_WORDS]
        href = _attribute(attributes, "href")
        if not href:
            continue
        try:
            url = _joined(base, html.unescape(href))
        except WebError:
            continue
        if re.match(r"https?://", url, re.IGNORECASE):
            said = _attribute(attributes, "aria-label") or _attribute(attributes, "title")
            words = _TAG.sub(" ", _END.split(rest, maxsplit=1)[0])
            yield Link(url, " ".join(html.unescape(f"{said} {words}").split()))


def _attribute(attributes: str, name: str) -> str:
    """Return the value of one attribute of a tag, with or without quotes, or nothing."""
    value = r"""\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
    found = re.search(rf"(?<![\w-]){name}{value}", attributes, re.IGNORECASE)
    return next((group for group in found.groups() if group), "") if found else ""


def _without(text: str, begin: re.Pattern[str], end: re.Pattern[str]) -> str:
    """Return the text without everything from ``begin`` to ``end`` (or to the end of the text)."""
    kept, at = [], 0
    while opened := begin.search(text, at):
        kept.append(text[at : opened.start()])
        closed = end.search(text, opened.end())
        at = closed.end() if closed else len(text)
    return "".join([*kept, text[at:]])
