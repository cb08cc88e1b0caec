"""Looking at web pages: real servers on loopback, and every way in which a page cannot be had."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import pytest

from wizard.demo import Demo
from wizard.demo.website import Authority, Server
from wizard.web import page as web
from wizard.web.access import WebAccess, WebError
from wizard.web.page import Link, WebPage, fetch

AUTHORITY = Authority()


class Site(BaseHTTPRequestHandler):
    """Answers by path: a page, a redirect, or something else a server should not do."""

    to: ClassVar[dict[str, str]] = {
        "/moved": "/page",
        "/loop": "/loop",
        "/file": "file:///etc/passwd",
        "/inside": "http://169.254.169.254/latest/meta-data/",
        "/broken": "https://[",
    }
    stop = threading.Event()

    def do_GET(self) -> None:
        if self.path in self.to:
            self.send_response(302)
            self.send_header("Location", self.to[self.path])
            self.end_headers()
        elif self.path == "/trickle":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            while not self.stop.wait(0.02):
                self.wfile.write(b".")
        elif self.path == "/slow-headers":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.flush_headers()
            while not self.stop.wait(0.02):
                self.wfile.write(b"X")
        elif self.path == "/endless":
            self._answer(b"a" * (web.MAX_BYTES * 2))
        elif self.path == "/latin":
            self._answer("<a href=x>Café</a>".encode("latin-1"), "text/html; charset=latin-1")
        elif self.path.startswith("/odd/"):
            self._answer(b"caf\xc3\xa9", f"text/html; charset={self.path[5:]}")
        elif self.path == "/picture":
            self._answer(b"\x89PNG", "image/png")
        else:
            self._answer(f"<p>{self.path} {self.headers['Host']}".encode())

    def _answer(self, body: bytes, kind: str = "text/html") -> None:
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[int, int]]:
    """Where the site is, with and without a good certificate, by the port it would have in the world."""
    contexts = {
        443: AUTHORITY.context("example.com"),
        444: AUTHORITY.context("example.com", -timedelta(days=2)),
        445: AUTHORITY.context("other.example"),
        446: Authority().context("example.com"),
        80: None,
        447: None,
    }
    servers = {port: Server(Site) for port in contexts}
    for port, server in servers.items():
        if context := contexts[port]:
            server.secure(context)
        server.start()
    yield {port: server.server_port for port, server in servers.items()}
    Site.stop.set()
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture
def access(ports: dict[int, int]) -> WebAccess:
    def connect(host: str, port: int, seconds: float) -> socket.socket:
        if not host.endswith("example.com"):
            return WebAccess().connect(host, port, seconds)
        if port not in ports:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", ports[port]), seconds)

    return WebAccess(connect, AUTHORITY.trust)


def test_a_page_is_read_and_redirects_are_followed(access: WebAccess) -> None:
    page = fetch(access, "https://example.com/moved")
    assert (page.url, page.status, page.secure, page.host) == (
        "https://example.com/page",
        200,
        True,
        "example.com",
    )
    assert page.redirects == ("https://example.com/moved",)
    assert page.text == "<p>/page example.com"
    plain = fetch(access, "http://example.com/a b?q=ü#there")
    assert (plain.secure, plain.text) == (False, "<p>/a%20b?q=%C3%BC example.com")
    assert fetch(access, "https://example.com/gone").status == 404


def test_sizes_and_kinds_are_bounded(access: WebAccess) -> None:
    assert len(fetch(access, "http://example.com/endless").text) == web.MAX_BYTES
    assert fetch(access, "http://example.com/picture").text == ""
    for charset in ("no-such", "undefined", "punycode", '"a"'):
        assert fetch(access, f"http://example.com/odd/{charset}").text == "café"
    assert fetch(access, "http://example.com/latin").links() == (Link("http://example.com/x", "Café"),)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.com:444/", "cannot be trusted: its certificate has expired"),
        ("https://example.com:445/", "cannot be trusted: its certificate is for another name"),
        ("https://example.com:446/", "cannot be trusted: its certificate is not from an authority"),
        ("https://example.com:447/", "has no working HTTPS"),
        ("http://example.com:81/", "refuses connections at port 81"),
        ("http://example.com:443/", "could not be read"),
        ("http://example.com/loop", "redirects more than 5 times"),
        ("http://example.com/file", "leads to file:, which is not a web page"),
        ("http://example.com/inside", "leads to 169.254.169.254, which is not publicly reachable"),
        ("http://example.com/broken", "redirects to an invalid address"),
        ("http://localhost/", "which is not publicly reachable"),
        ("http://[::1]/", "leads to ::1, which is not publicly reachable"),
        ("http://10.1.2.3/", "leads to 10.1.2.3, which is not publicly reachable"),
        ("ftp://example.com/", "leads to ftp:, which is not a web page"),
        ("https://me:secret@example.com/", "contains a user name"),
        ("https://exa\x1bmple.com/", "is not a valid address"),
        ("http://example.com:99999/", "is not a valid address"),
        ("example.com", "leads to :, which is not a web page"),
    ],
)
def test_why_a_page_cannot_be_had_is_said(access: WebAccess, url: str, words: str) -> None:
    with pytest.raises(WebError) as refused:
        fetch(access, url)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/trickle",
        "https://example.com/trickle",
        "http://example.com/slow-headers",
        "https://example.com/slow-headers",
        "http://example.com/silent",
        "https://example.com/silent",
    ],
)
def test_nobody_waits_for_ever(access: WebAccess, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(web, "SECONDS", 0.2)
    silent = socket.create_server(("127.0.0.1", 0))
    if url.endswith("silent"):
        access = WebAccess(
            lambda host, port, seconds: socket.create_connection(silent.getsockname(), seconds),
            AUTHORITY.trust,
        )
    began = time.monotonic()
    with pytest.raises(WebError, match="did not answer within 0 seconds"):
        fetch(access, url)
    assert time.monotonic() - began < 2
    silent.close()


def lookup(answer: list[str] | OSError) -> Callable[..., Any]:
    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        if isinstance(answer, OSError):
            raise answer
        return [(0, 0, 0, "", (address, 443)) for address in answer]

    return getaddrinfo


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lookup(socket.gaierror(-2, "Name or service not known")))
    with pytest.raises(WebError, match="does not exist: its name has no address in the DNS"):
        fetch(WebAccess(), "https://example.com")


def test_only_public_addresses_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def create_connection(address: tuple[str, int], timeout: float) -> socket.socket:
        asked.append(address[0])
        raise ConnectionRefusedError

    inside = ["192.168.1.1", "fe80::1%eth0", "224.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::"]
    outside = ["93.184.216.34", "64:ff9b::5db8:d822"]
    monkeypatch.setattr(socket, "getaddrinfo", lookup([*inside, "64:ff9b::a00:1", *outside]))
    monkeypatch.setattr(socket, "create_connection", create_connection)
    with pytest.raises(WebError, match="refuses connections at port 443"):
        fetch(WebAccess(), "https://example.com")
    assert asked == outside


def test_links_are_found_in_what_people_write() -> None:
    text = """<A HREF='/privacy'>Our <b>privacy</b>
      policy</a><a href="//other.example/x#y" title="Imprint"></a><a name=here>no link</a>
      <abbr href=x>none</abbr><!-- <a href=/commented>out</a> --><script>"<a href=/script>"</script>
      <a href="mailto:me@example.com">Mail</a><a href="http://[">broken</a><a data-href=no href = last
      >open &amp; last"""
    assert WebPage("https://example.com/de/", 200, (), text).links() == (
        Link("https://example.com/privacy", "Our privacy policy"),
        Link("https://other.example/x", "Imprint"),
        Link("https://example.com/de/last", "open & last"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "<a href=x>" * 50_000,
        "<!--" * 125_000,
        "<" * web.MAX_BYTES,
        "<a " * 160_000,
        "<a href='" + "x" * web.MAX_BYTES,
        "<a href" + " " * web.MAX_BYTES,
        "<script>" * 60_000,
        "<![" * 160_000,
        "&" * web.MAX_BYTES,
        "<a href=x>" + "&#99999999999;" * 30_000,
    ],
    ids=range(10),
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    assert len(WebPage("https://example.com", 200, (), text).links()) <= web.MAX_LINKS
    assert time.process_time() - began < 2


def test_certificates_are_checked_by_the_worlds_authorities() -> None:
    context = WebAccess().trust()
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert len(context.get_ca_certs()) > 50


def test_the_demo_has_a_website_behind_the_same_code(account: Demo) -> None:
    page = fetch(account.world.web, "http://example.com")
    assert (page.url, page.secure, page.status) == ("https://example.com/", True, 200)
    assert [link.words for link in page.links()] == ["Sign up", "Privacy"]
    account.world.aws.client("route53").list_hosted_zones()
    assert fetch(account.world.web, "https://example.org").status == 200
    with pytest.raises(WebError, match="does not exist"):
        fetch(account.world.web, "https://example.net")
