"""The user's own website, as AWS's reviewers would see it: real HTTP and HTTPS on loopback.

The names are looked up in the embedded DNS, the certificates are made for them by an authority of our own,
and the wizard checks them by the same code as everybody's. Nothing is started, and no key is made, before the
first page is asked for.
"""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

from wizard.dns.resolve.access import Nameserver
from wizard.web.access import WebAccess, WebError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.02
"""How often the servers see whether they shall stop."""

PAGES = {
    "/": "<h1>Example Ltd</h1><p>We remind our customers of what they asked us to remind them of.</p>"
    '<p><a href="/sign-up">Sign up</a> · <a href="/privacy">Privacy</a></p>',
    "/sign-up": "<h1>Sign up</h1><p>Enter your address; we write to you once you have confirmed it.</p>",
    "/privacy": "<h1>Privacy</h1><p>We keep your address for the reminders, and for nothing else.</p>",
}
"""What stands on the website, by path."""


class Authority:
    """An authority for certificates whose key nobody keeps: it lasts as long as the process."""

    @cached_property
    def _root(self) -> tuple[EllipticCurvePrivateKey, Certificate]:
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        return key, _signed("the demo's own authority", key, None, timedelta(days=365))

    def trust(self) -> ssl.SSLContext:
        """A client's context that trusts this authority, and no other."""
        from cryptography.hazmat.primitives.serialization import Encoding

        _, certificate = self._root
        return ssl.create_default_context(cadata=certificate.public_bytes(Encoding.PEM).decode())

    def context(self, name: str, lasts: timedelta = timedelta(days=30)) -> ssl.SSLContext:
        """A server's context with a certificate for ``name``; a negative time is one that has expired."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(name, key, self._root, lasts)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.write(certificate.public_bytes(Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context


class Server(ThreadingHTTPServer):
    """A server on loopback that writes nothing onto the screen, whatever its clients do."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__((LOOPBACK, 0), handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Somebody hung up."""

    def start(self) -> Server:
        """Serve from now on, on a thread of its own."""
        serve = threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), name="website", daemon=True)
        serve.start()
        return self

    def secure(self, context: ssl.SSLContext) -> Server:
        """Speak HTTPS; the hands are shaken on the thread of each connection."""
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        return self


class Website:
    """One website for all names that the embedded DNS leads to loopback. ``access`` is the way to it."""

    def __init__(self, dns: Nameserver) -> None:
        self._dns = dns
        self._authority = Authority()
        self._lock = threading.Lock()
        self._servers: dict[int, Server] = {}
        self.access = WebAccess(self._connect, self._authority.trust)

    def close(self) -> None:
        """End what was started."""
        with self._lock:
            for server in self._servers.values():
                server.shutdown()
                server.server_close()
            self._servers = {}

    def _connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """In place of the way over the network. Raises WebError, OSError."""
        if LOOPBACK not in self._addresses(host):
            raise WebError("does not exist: its name has no address in the DNS")
        with self._lock:
            if not self._servers:
                secure = Server(_Pages).secure(self._by_name())
                self._servers = {443: secure.start(), 80: Server(_ToHttps).start()}
        if port not in self._servers:
            raise ConnectionRefusedError
        return socket.create_connection((LOOPBACK, self._servers[port].server_port), seconds)

    def _addresses(self, host: str) -> list[str]:
        import dns.exception
        import dns.resolver

        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [self._dns.address], self._dns.port
        try:
            return [rd.to_text() for rd in resolver.resolve(host, "A", lifetime=2)]
        except dns.exception.DNSException:
            return []

    def _by_name(self) -> ssl.SSLContext:
        """A context that has a certificate for whatever name is asked for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = self._authority.context(name or "example.com")

        context.sni_callback = cast(Any, choose)
        return context


class _Pages(BaseHTTPRequestHandler):
    """Answers with what is in ``PAGES``."""

    def do_GET(self) -> None:
        """A page, or 404."""
        body = PAGES.get(self.path.partition("?")[0])
        self.send_response(HTTPStatus.OK if body else HTTPStatus.NOT_FOUND)
        raw = f"<!doctype html><title>Example</title>{body or '<h1>Not found</h1>'}".encode()
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name it has there)
        """Nobody reads it."""


class _ToHttps(_Pages):
    """Sends everybody to HTTPS, as good sites do."""

    def do_GET(self) -> None:
        """The same address over HTTPS."""
        host = (self.headers.get("Host") or "example.com").partition(":")[0]
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        self.send_header("Location", f"https://{host}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()


def _signed(
    name: str,
    key: EllipticCurvePrivateKey,
    by: tuple[EllipticCurvePrivateKey, Certificate] | None,
    lasts: timedelta,
) -> Certificate:
    """A certificate for ``name``; one that is its own authority where nobody signs it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(UTC)
    signer, issuer = (by[0], by[1].subject) if by else (key, own)
    kind: x509.ExtensionType = (
        x509.SubjectAlternativeName([x509.DNSName(name)]) if by else x509.BasicConstraints(True, 0)
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + lasts) - timedelta(days=1))
        .not_valid_after(now + lasts)
        .add_extension(kind, critical=not by)
    )
    if by:
        # Python asks for both from 3.13 on (X509_V_FLAG_STRICT; RFC 5280 §4.2.1.1 and 4.2.1.2).
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(authority, critical=False)
    else:
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        ).add_extension(
            x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )  # fmt: skip
    return builder.sign(signer, hashes.SHA256())
