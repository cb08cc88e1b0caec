"""How to reach AWS: profile, Region and endpoint, and the clients made from them."""

from __future__ import annotations

import logging
import os
import shlex
import threading
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from wizard.aws.role_sessions import RoleSessions

if TYPE_CHECKING:
    import boto3
    from botocore.loaders import Loader
    from botocore.session import Session


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddedKeys:
    """Keys for the demo's endpoint. With them, the user's AWS environment is not read."""

    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class _Timeouts:
    """Seconds to wait for a connection and for an answer, and the number of attempts."""

    connect: float
    read: float
    attempts: int


_USUAL = _Timeouts(5, 20, 4)
_PATIENT = _Timeouts(5, 910, 1)
_BRIEF = _Timeouts(3, 5, 1)

_SHARED = threading.RLock()
"""The lock of all embedded accesses, which share one session."""


@dataclass(frozen=True)
class AwsAccess:
    """How to reach one account in one Region.

    If ``profile`` or ``region`` is None, the standard AWS environment decides, as for every AWS tool.
    ``endpoint_url`` is set only for the embedded account; otherwise botocore reads ``AWS_ENDPOINT_URL``.
    Clients are created once and are thread-safe.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    keys: EmbeddedKeys | None = None
    _roles: RoleSessions = field(default_factory=RoleSessions, repr=False, compare=False)
    _made: dict[tuple[str, str | None, _Timeouts], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.keys is not None:
            object.__setattr__(self, "_lock", _SHARED)

    def choose(self, profile: str | None, region: str | None) -> AwsAccess:
        """Return an access with another profile and Region and with fresh credentials."""
        return replace(self, profile=profile, region=region)

    @property
    def command(self) -> str:
        """The start of an AWS CLI command that reaches the same account from another terminal.

        The embedded account accepts any keys; the user's keys and AWS_PROFILE are kept out of it.
        """
        if self.endpoint_url:
            keys = "AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo"
            return f"env -u AWS_PROFILE {keys} aws --endpoint-url {self.endpoint_url}"
        return f"aws --profile {shlex.quote(self.profile)}" if self.profile else "aws"

    def take_code(self, code: str) -> None:
        """Use ``code``, an MFA code, for the next role that requires one."""
        self._roles.codes.put(code)

    @cached_property
    def _botocore(self) -> Session:
        """The botocore session. It never prompts on the terminal, which belongs to the screen."""
        from botocore.session import Session

        session = Session()
        _share_models(session)
        if self.profile is not None:
            session.set_config_variable("profile", self.profile)
        # These names are botocore's own; the AWS CLI sets its cache in the same way.
        by_role = session.get_component("credential_provider").get_provider("assume-role")
        by_role.cache = self._roles
        by_role._prompter = self._roles.prompter(self.profile)
        return session

    @cached_property
    def _session(self) -> boto3.Session:
        """The session of all clients of this access: creating one takes about 50 ms."""
        import boto3

        # boto3 reads only AWS_DEFAULT_REGION; AWS's other tools prefer AWS_REGION.
        region = self.region or os.environ.get("AWS_REGION")
        return boto3.Session(region_name=region, botocore_session=self._botocore)

    def session(self) -> boto3.Session:
        """Return the boto3 session, which is not thread-safe.

        Raises botocore's ``ProfileNotFound`` if the profile does not exist.
        """
        with self._lock:
            return self._session if self.keys is None else _embedded_session(self.keys)

    def region_in_use(self) -> str | None:
        """Return the Region in use: the one chosen, else the environment's, else the profile's, or None.

        Raises botocore's ``ProfileNotFound`` if the profile does not exist.
        """
        return self.region or self.session().region_name

    def has_credentials(self) -> bool:
        """Whether credentials exist, valid or not; may ask the machine's metadata service.

        Raises what botocore raises for a profile that does not exist or cannot be read.
        """
        return self.session().get_credentials() is not None

    def client(
        self, service: str, region: str | None = None, *, patient: bool = False, brief: bool = False
    ) -> Any:
        """Return the client for ``service`` in ``region`` (default: this access's Region).

        ``patient``: wait for an answer as long as a Lambda function can run, without retries. ``brief``: one
        attempt with a short timeout.
        """
        timeouts = _PATIENT if patient else _BRIEF if brief else _USUAL
        with self._lock:
            made = self._made.get((service, region, timeouts))
            if made is None:
                from botocore.config import Config

                config = Config(
                    connect_timeout=timeouts.connect,
                    read_timeout=timeouts.read,
                    retries={"mode": "standard", "total_max_attempts": timeouts.attempts},
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
                self._made[(service, region, timeouts)] = made
            return made


def _log_call(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Log the operation and its outcome for --debug, without its content."""
    outcome = parsed.get("Error", {}).get("Code", "ok")
    log.debug("%s:%s %s %s", model.service_model.service_name, model.name, http_response.status_code, outcome)


@cache
def _embedded_session(keys: EmbeddedKeys) -> boto3.Session:
    """Return the session for ``keys``. It reads no ``AWS_*`` variable and no file of the user's."""
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
    """Make ``session`` read each service's description once a process: that takes about 20 ms each."""
    session.lazy_register_component("data_loader", lambda: _loader(session.get_config_variable("data_path")))


@cache
def _loader(folders: str | None) -> Loader:
    """Return the loader for descriptions in ``folders`` (``AWS_DATA_PATH``) and in botocore."""
    from botocore.loaders import create_loader

    return create_loader(folders)
