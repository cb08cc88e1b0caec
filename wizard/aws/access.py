"""The way to AWS: which profile, Region and endpoint, and the clients made from them."""

from __future__ import annotations

import logging
import os
import shlex
import threading
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from wizard.aws.roles_taken import RolesTaken

if TYPE_CHECKING:
    import boto3
    from botocore.loaders import Loader
    from botocore.session import Session


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddedKeys:
    """Keys for an endpoint that is ours. With them, nothing of the user's AWS environment is read."""

    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    """How long to wait for a connection and for an answer, in seconds, and how often to ask."""

    connect: float
    read: float
    attempts: int


_USUAL = _Waiting(5, 20, 4)
_PATIENT = _Waiting(5, 910, 1)
_BRIEF = _Waiting(3, 5, 1)

_SHARED = threading.RLock()
"""Of all embedded accesses, which have one session together."""


@dataclass(frozen=True)
class AwsAccess:
    """How to reach one account in one Region.

    ``profile`` and ``region`` are None where the standard AWS environment shall decide, as with every AWS
    tool. ``endpoint_url`` is set for the embedded account only; for everybody else botocore itself reads
    ``AWS_ENDPOINT_URL``. Clients are made once and are safe to use from several threads.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    keys: EmbeddedKeys | None = None
    _roles: RolesTaken = field(default_factory=RolesTaken, repr=False, compare=False)
    _made: dict[tuple[str, str | None, _Waiting], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.keys is not None:
            object.__setattr__(self, "_lock", _SHARED)

    def choose(self, profile: str | None, region: str | None) -> AwsAccess:
        """The same way with another profile and Region, and no client made yet (so: fresh credentials)."""
        return replace(self, profile=profile, region=region)

    @property
    def command(self) -> str:
        """How a command of the AWS CLI begins that reaches the same account, typed in another terminal.

        The embedded account takes any keys; those of the user stay out of it, and so does AWS_PROFILE.
        """
        if self.endpoint_url:
            keys = "AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo"
            return f"env -u AWS_PROFILE {keys} aws --endpoint-url {self.endpoint_url}"
        return f"aws --profile {shlex.quote(self.profile)}" if self.profile else "aws"

    def take_code(self, code: str) -> None:
        """Have the next role that asks for one get ``code``, which its MFA device shows now."""
        self._roles.codes.put(code)

    @cached_property
    def _botocore(self) -> Session:
        """The session of botocore's. It never asks at the terminal: that is the screen's, or nobody's."""
        from botocore.session import Session

        session = Session()
        _share_models(session)
        if self.profile is not None:
            session.set_config_variable("profile", self.profile)
        # The names are botocore's own; the AWS command line sets its cache in the same way.
        by_role = session.get_component("credential_provider").get_provider("assume-role")
        by_role.cache = self._roles
        by_role._prompter = self._roles.prompter(self.profile)
        return session

    @cached_property
    def _session(self) -> boto3.Session:
        """The session that all clients of this access are made from: making one costs some 50 ms."""
        import boto3

        # boto3 itself reads AWS_DEFAULT_REGION alone; AWS's other tools let AWS_REGION go before it.
        region = self.region or os.environ.get("AWS_REGION")
        return boto3.Session(region_name=region, botocore_session=self._botocore)

    def session(self) -> boto3.Session:
        """The boto3 session for this access; sessions are not thread-safe, so hold on to what it makes.

        Raises botocore's ``ProfileNotFound`` where the profile does not exist.
        """
        with self._lock:
            return self._session if self.keys is None else _embedded_session(self.keys)

    def region_in_use(self) -> str | None:
        """The Region that calls go to: the one chosen, else the environment's, else the profile's, or None.

        Raises botocore's ``ProfileNotFound`` where the profile does not exist.
        """
        return self.region or self.session().region_name

    def has_credentials(self) -> bool:
        """Whether there are any to sign with, good or not; it may ask the machine's own metadata service.

        Raises what botocore raises for a profile that does not exist or cannot be read.
        """
        return self.session().get_credentials() is not None

    def client(
        self, service: str, region: str | None = None, *, patient: bool = False, brief: bool = False
    ) -> Any:
        """The client for ``service``, in ``region`` or else in this access's own Region.

        A ``patient`` one waits for an answer as long as a Lambda function may run, and never asks twice. A
        ``brief`` one is for what one can do without: it asks once, and not for long.
        """
        waiting = _PATIENT if patient else _BRIEF if brief else _USUAL
        with self._lock:
            made = self._made.get((service, region, waiting))
            if made is None:
                from botocore.config import Config

                config = Config(
                    connect_timeout=waiting.connect,
                    read_timeout=waiting.read,
                    retries={"mode": "standard", "total_max_attempts": waiting.attempts},
                    tcp_keepalive=patient,
                    user_agent_extra="ses-wizard",
                    proxies={} if self.keys else None,
                )
                made = self.session().client(
                    service,  # type: ignore[call-overload]
                    region_name=region or self.region,
                    endpoint_url=self.endpoint_url,
                    config=config,
                )
                made.meta.events.register("after-call", _log_call)
                self._made[(service, region, waiting)] = made
            return made


def _log_call(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """One line a call, for --debug: the operation and how it ended, nothing that was in it."""
    outcome = parsed.get("Error", {}).get("Code", "ok")
    log.debug("%s:%s %s %s", model.service_model.service_name, model.name, http_response.status_code, outcome)


@cache
def _embedded_session(keys: EmbeddedKeys) -> boto3.Session:
    """The session for ``keys``, of no Region. It reads no ``AWS_*`` variable and no file of the user's."""
    import boto3
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.session import Session

    defaults = {
        name: (None, None, default, convert)
        for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    for name in ("config_file", "credentials_file"):
        defaults[name] = (None, None, os.devnull, None)
    session = Session(session_vars=defaults)
    _share_models(session)
    return boto3.Session(keys.access_key, keys.secret_key, botocore_session=session)


def _share_models(session: Session) -> None:
    """Let ``session`` read AWS's descriptions of its services once a process: they take some 20 ms each."""
    session.lazy_register_component("data_loader", lambda: _loader(session.get_config_variable("data_path")))


@cache
def _loader(folders: str | None) -> Loader:
    """The one that remembers the descriptions under ``folders`` (``AWS_DATA_PATH``) and botocore's own."""
    from botocore.loaders import create_loader

    return create_loader(folders)
