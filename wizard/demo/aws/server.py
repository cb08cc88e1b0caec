"""The HTTP endpoint of the embedded account: bound at once, answering as soon as moto is imported."""

from __future__ import annotations

import logging
import os
import socket
import threading
import warnings
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from wizard.aws.access import AwsAccess, EmbeddedKeys
from wizard.demo.aws.account import Account
from wizard.demo.aws.iam import identity_center
from wizard.demo.aws.ses import links
from wizard.world import CONFIRM_PATH

if TYPE_CHECKING:
    import boto3
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication
    from werkzeug.serving import BaseWSGIServer

LOOPBACK = "127.0.0.1"

POLL_SECONDS = 0.02
"""How often the server sees whether it shall stop: so long closing takes at the most."""


_OURS = {
    "sesv2": ("wizard.demo.aws.ses.service", "Sesv2"),
    "sts": ("wizard.demo.aws.iam.callers", "Callers"),
    "iam": ("wizard.demo.aws.iam.simulation", "Identities"),
    "route53": ("wizard.demo.aws.route53", "HostedZones"),
    "route53domains": ("wizard.demo.aws.route53domains", "Registrations"),
    "dynamodb": ("wizard.demo.aws.tables", "Tables"),
    "sqs": ("wizard.demo.aws.queues", "Queues"),
    "cloudwatch": ("wizard.demo.aws.alarms.alarms", "Alarms"),
    "sns": ("wizard.demo.aws.alarms.topics", "Topics"),
    "scheduler": ("wizard.demo.aws.schedules.scheduler", "Schedules"),
    "awslambda": ("wizard.demo.aws.functions.operations", "Functions"),
    "cloudformation": ("wizard.demo.aws.stacks.cloudformation", "Stacks"),
}
"""For each service of moto's: the module and the class that answer in its place."""


class AccountServer:
    """Serves ``account`` on a port of 127.0.0.1, on threads of its own.

    ``start`` returns when the port is bound; requests wait there until moto, which takes a while to import,
    is ready. ``prepare`` is called then, before the first request is answered.
    """

    def __init__(self, account: Account, prepare: Callable[[], None]) -> None:
        self._account = account
        self._prepare = prepare
        self._socket = _bound(account.kept.port)
        self._ready = threading.Event()
        self._server: BaseWSGIServer | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="aws-account", daemon=True)
        account.kept.port = self._socket.getsockname()[1]
        account.endpoint_url = f"http://{LOOPBACK}:{account.kept.port}"

    def start(self) -> None:
        """Begin to import and to serve."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until requests are answered. Raises what went wrong where they never will be."""
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop serving and free the port; the account's ``closing`` must be set."""
        self._ready.wait()
        if self._server is not None:
            self._server.shutdown()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        try:
            _isolate()
            self._server = _http_server(self._socket, self._gate(_moto_application()))
            self._prepare()
        except Exception as error:
            self._failure = error
            self._socket.close()
            self._ready.set()
            return
        self._ready.set()
        self._server.serve_forever(poll_interval=POLL_SECONDS)

    def _gate(self, applications: DomainDispatcherApplication) -> WSGIApplication:
        """One request at a time, but for Invoke, whose function calls back while it runs.

        The first request of a service imports it: nothing else waits for that.

        What is not signed by an AWS client, or not meant for this host, is refused: so no web page reaches
        the account, and nobody moto's own interface.
        """

        def gated(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ.get("HTTP_HOST", "").partition(":")[0] not in (LOOPBACK, "localhost"):
                return _refuse(start_response, "403 Forbidden", "WrongHost")
            if environ["PATH_INFO"].startswith(CONFIRM_PATH):
                return self._confirm(environ["PATH_INFO"], start_response)
            if environ["PATH_INFO"] == identity_center.PATH:
                return self._sign_in(environ, start_response)
            if "AWS4-HMAC-SHA256" not in environ.get("HTTP_AUTHORIZATION", ""):
                return _refuse(start_response, "403 Forbidden", "MissingAuthenticationToken")
            application = applications.get_application(environ)
            if environ["PATH_INFO"].endswith("/invocations"):
                return application(environ, start_response)
            with self._account.lock:
                if self._account.closing.is_set():
                    return _refuse(start_response, "503 Service Unavailable", "ServiceUnavailable")
                reply = application(environ, start_response)
            if environ["REQUEST_METHOD"] != "GET":
                self._account.changed()
            return reply

        return gated

    def _sign_in(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """A role's keys for a token of IAM Identity Center, which needs no signature."""
        with self._account.lock:
            status, headers, body = identity_center.role_credentials(
                environ["QUERY_STRING"], environ[identity_center.TOKEN_HEADER]
            )
        self._account.changed()
        start_response(status, headers)
        return [body]

    def _confirm(self, path: str, start_response: StartResponse) -> Iterable[bytes]:
        """The page behind the link in a verification mail, for a browser."""
        with self._account.lock:
            words = links.opened(self._account, path)
        self._account.changed()
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        return [words.encode()]


def _bound(port: int) -> socket.socket:
    """A listening socket on ``port``, or on any free one where that is taken."""
    try:
        return socket.create_server((LOOPBACK, port), backlog=128)
    except OSError:
        return socket.create_server((LOOPBACK, 0), backlog=128)


def _refuse(start_response: StartResponse, status: str, error: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain"), ("x-amzn-errortype", error)])
    return [error.encode()]


@cache
def _moto_application() -> DomainDispatcherApplication:
    """moto's server application with our operations in it. It knows no account: one is enough a process."""
    from moto.moto_server import werkzeug_app

    from wizard.demo.aws.iam import callers

    callers.install()

    def create(service: Any) -> Any:
        _install(service)
        return werkzeug_app.create_backend_app(service)

    werkzeug_app.DISABLE_GLOBAL_CORS = True  # type: ignore[attr-defined]
    application = werkzeug_app.DomainDispatcherApplication(create)
    # moto reads its own folder to tell what a request is for: once a host will do.
    found = lru_cache(maxsize=256)(application.get_backend_for_host)
    application.get_backend_for_host = found  # type: ignore[method-assign]
    return application


def _isolate() -> None:
    """Let nothing of the user's environment into moto, and nothing of moto's onto the user's terminal."""
    for name in [name for name in os.environ if name.startswith(("MOTO_", "INITIAL_NO_AUTH_"))]:
        del os.environ[name]
    for logger in ("moto", "werkzeug"):
        logging.getLogger(logger).addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", category=UserWarning, module=r"moto\.")
    from moto.core.base_backend import AccountSpecificBackend

    AccountSpecificBackend.get_session = staticmethod(_session)  # type: ignore[assignment]


@cache
def _session() -> boto3.Session:
    """What moto reads AWS's descriptions of services with; it knows nothing of the user's."""
    return AwsAccess(region="us-east-1", keys=EmbeddedKeys("none", "none")).session()


def _http_server(bound: socket.socket, application: WSGIApplication) -> BaseWSGIServer:
    """A threaded HTTP/1.1 server on a bound socket that keeps connections open and writes no log."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    class QuietHandler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
            """Write nothing: the terminal is the user's."""

        def make_environ(self) -> WSGIEnvironment:
            """The request, with the one header that werkzeug leaves out for the underscore in its name."""
            token = self.headers.get(identity_center.TOKEN_HEADER, "")
            return {**super().make_environ(), identity_center.TOKEN_HEADER: token}

    host, port = bound.getsockname()
    return make_server(
        host, port, application, threaded=True, request_handler=QuietHandler, fd=bound.fileno()
    )


def _install(service: str) -> None:
    """Let our operations answer for ``service``, if we have some, when it is first used.

    moto finds a method by the operation's name, so a class of ours at a service's addresses is enough.
    """
    package = "awslambda" if service == "lambda" else service
    if package not in _OURS:
        return
    module, name = _OURS[package]
    operations: Any = getattr(import_module(module), name)
    urls: Any = import_module(f"moto.{package}.urls")
    paths = ["{0}/v2/(?P<path>.+)$"] if package == "sesv2" else list(urls.url_paths)
    urls.url_paths = dict.fromkeys(paths, operations.dispatch)
