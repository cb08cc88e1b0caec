"""The way to AWS: which profile, Region and endpoint, and the clients made from them."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddedKeys:
    """Keys for an endpoint that is ours. With them, nothing of the user's AWS environment is read."""

    access_key: str
    secret_key: str


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
    _made: dict[tuple[str, str | None, bool], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False, compare=False)

    def choose(self, profile: str | None, region: str | None) -> AwsAccess:
        """The same way with another profile and Region, and no client made yet (so: fresh credentials)."""
        return replace(self, profile=profile, region=region)

    @cached_property
    def _session(self) -> boto3.Session:
        """The session that all clients of this access are made from: making one costs some 50 ms."""
        import boto3

        if self.keys is None:
            # boto3 itself reads AWS_DEFAULT_REGION alone; AWS's other tools let AWS_REGION go before it.
            region = self.region or os.environ.get("AWS_REGION")
            return boto3.Session(profile_name=self.profile, region_name=region)
        return boto3.Session(
            aws_access_key_id=self.keys.access_key,
            aws_secret_access_key=self.keys.secret_key,
            region_name=self.region,
            botocore_session=_session_without_environment(),
        )

    def session(self) -> boto3.Session:
        """The boto3 session for this access; sessions are not thread-safe, so hold on to what it makes.

        Raises botocore's ``ProfileNotFound`` where the profile does not exist.
        """
        with self._lock:
            return self._session

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

    def client(self, service: str, region: str | None = None, *, patient: bool = False) -> Any:
        """The client for ``service``, in ``region`` or else in this access's own Region.

        A ``patient`` one waits for an answer as long as a Lambda function may run, and never asks twice.
        """
        with self._lock:
            made = self._made.get((service, region, patient))
            if made is None:
                from botocore.config import Config

                config = Config(
                    connect_timeout=5,
                    read_timeout=910 if patient else 20,
                    retries={"mode": "standard", "total_max_attempts": 1 if patient else 4},
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
                self._made[(service, region, patient)] = made
            return made


def _log_call(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """One line a call, for --debug: the operation and how it ended, nothing that was in it."""
    outcome = parsed.get("Error", {}).get("Code", "ok")
    log.debug("%s:%s %s %s", model.service_model.service_name, model.name, http_response.status_code, outcome)


def _session_without_environment() -> Any:
    """A botocore session that reads no ``AWS_*`` variable and no file of the user's."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.session import Session

    defaults = {
        name: (None, None, default, convert)
        for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    for name in ("config_file", "credentials_file"):
        defaults[name] = (None, None, os.devnull, None)
    return Session(session_vars=defaults)
