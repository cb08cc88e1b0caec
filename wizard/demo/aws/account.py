"""What the embedded account holds that moto has no place for: SES of each Region, reviews, mail, the clock.

moto keeps its backends once in a process; so there is one embedded account in a process: ``current()``.
"""

from __future__ import annotations

import hashlib
import subprocess
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wizard.demo.aws.iam.entrance import OPEN, Entrance
from wizard.demo.aws.pace import Clock, Pace
from wizard.dns.resolve.access import Nameserver
from wizard.world import Mail

ACCOUNT_ID = "123456789012"


@dataclass
class Identity:
    """One SES identity: a domain or an address.

    SES searches for records for 72 hours from ``dkim_since`` and ``mail_from_since``.
    """

    name: str
    created_at: datetime
    tokens: tuple[str, ...] = ()
    signing_zone: str = ""
    dkim_status: str = "NOT_STARTED"
    dkim_since: datetime | None = None
    key_length: str = "RSA_2048_BIT"
    key_made_at: datetime | None = None
    signing_enabled: bool = True
    verified: bool = False
    mail_from: str | None = None
    mail_from_status: str | None = None
    mail_from_since: datetime | None = None
    on_mx_failure: str = "USE_DEFAULT_VALUE"
    configuration_set: str | None = None
    forwarding: bool = True
    tags: list[dict[str, str]] = field(default_factory=list)
    looked_at: datetime | None = None
    succeeded_at: datetime | None = None
    error: str | None = None
    soa: dict[str, Any] | None = None
    link: str | None = None
    """The secret in the link that confirms an address."""

    @property
    def is_domain(self) -> bool:
        """Whether this is a domain, not one address."""
        return "@" not in self.name


@dataclass
class Review:
    """A production access request, from its sending to AWS's answer."""

    opened_at: datetime
    case_id: str
    status: str = "PENDING"


@dataclass
class SesRegion:
    """SES in one Region. ``sent`` is when each recipient of the last 24 hours was written to, in order.

    ``event_destinations`` are those of each configuration set, by name.
    """

    name: str
    identities: dict[str, Identity] = field(default_factory=dict)
    configuration_sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    event_destinations: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    suppressed_reasons: list[str] = field(default_factory=list)
    sending_enabled: bool = True
    enforcement: str = "HEALTHY"
    production: bool = False
    details: dict[str, Any] | None = None
    review: Review | None = None
    sent: deque[datetime] = field(default_factory=deque)


@dataclass(frozen=True)
class FunctionEvent:
    """One asynchronous call of a Lambda function. Lambda repeats it with the same request id."""

    region: str
    function: str
    payload: bytes
    request: str


@dataclass(frozen=True)
class Batch:
    """Messages that an event source mapping has handed to its function."""

    region: str
    mapping: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A run of a Lambda function that ended in an error."""

    region: str
    function: str
    at: datetime


@dataclass
class Kept:
    """What survives a quit. ``records`` are the user's zones in the DNS panel: name, type, value.

    ``entrance`` is whom the account lets in.
    """

    clock: Clock = field(default_factory=Clock)
    entrance: Entrance = OPEN
    port: int = 0
    """Where the account answered last, so that it does so again if the port is still free."""
    ses: dict[str, SesRegion] = field(default_factory=dict)
    inbox: list[Mail] = field(default_factory=list)
    records: list[tuple[str, str, str]] = field(default_factory=list)
    handled: dict[str, datetime] = field(default_factory=dict)
    """Up to when the runs of each schedule, by ARN, were taken care of."""
    events: list[FunctionEvent] = field(default_factory=list)
    """What functions were started with and have not finished."""
    batches: list[Batch] = field(default_factory=list)
    """What functions have of their queues and have not finished."""
    failures: list[Failure] = field(default_factory=list)
    """The failed runs of the last days."""


@dataclass
class Account:
    """The running account. ``lock`` is held while a request changes anything; ``dns`` is where SES asks.

    ``changed`` is called after every change, ``delegate`` with a domain that was registered: its registry
    then refers to its hosted zone. ``closing`` is set when the account ends; ``processes`` are the functions
    that run now.
    """

    pace: Pace
    kept: Kept = field(default_factory=Kept)
    restored: bool = False
    """Whether ``kept`` and moto's backends come from a file."""
    dns: Nameserver = field(default_factory=lambda: Nameserver("127.0.0.1", 0))
    endpoint_url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    changed: Callable[[], None] = lambda: None
    delegate: Callable[[str], None] = lambda name: None
    closing: threading.Event = field(default_factory=threading.Event)
    threads: set[threading.Thread] = field(default_factory=set)
    processes: set[subprocess.Popen[bytes]] = field(default_factory=set)
    allowance: dict[str, tuple[float, float]] = field(default_factory=dict)
    """For each Region: how many recipients SES accepts at once, and since when; on the monotonic clock."""
    at_work: Counter[str] = field(default_factory=Counter)
    """How many batches of each event source mapping are being worked on."""
    transactions: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """DynamoDB's transactions of the last minutes, by the client's token: what was asked, and when."""
    role_keys: dict[str, str] = field(default_factory=dict)
    """The access key ids of running functions, and their roles."""

    def ses(self, region: str) -> SesRegion:
        """SES of ``region``."""
        return self.kept.ses.setdefault(region, SesRegion(region))

    def daily_quota(self, ses: SesRegion) -> float:
        """How many recipients SES takes in 24 hours; -1 for any number."""
        given = 50_000.0 if ses.production else 200.0
        return given if self.pace.daily is None else self.pace.daily

    def send_rate(self, ses: SesRegion) -> float:
        """How many recipients SES takes in a second."""
        given = 14.0 if ses.production else 1.0
        return given if self.pace.send_rate is None else self.pace.send_rate

    def spawn(self, name: str, work: Callable[[], None]) -> None:
        """Do ``work`` on a thread of its own, which ``close`` waits for."""

        def tracked() -> None:
            try:
                work()
            finally:
                self.threads.discard(threading.current_thread())

        thread = threading.Thread(target=tracked, name=name, daemon=True)
        self.threads.add(thread)
        thread.start()

    def close(self) -> None:
        """End what is running: functions are killed, threads see ``closing`` and end."""
        with self.lock:
            self.closing.set()
        for process in list(self.processes):
            process.kill()
        for thread in list(self.threads):
            thread.join()

    def keys_of_role(self, arn: str) -> str:
        """An access key id whose requests are made as the role ``arn``."""
        key = "ASIA" + hashlib.sha256(arn.encode()).hexdigest()[:16].upper()
        self.role_keys[key] = arn
        return key

    def now(self) -> datetime:
        """The time in the account."""
        return self.kept.clock.now()


_current: Account | None = None


def current() -> Account:
    """The running account. Raises RuntimeError where none is running."""
    if _current is None:
        raise RuntimeError("no embedded account is running in this process")
    return _current


def enter(account: Account) -> None:
    """Make ``account`` the running one. Raises RuntimeError where another one is running."""
    global _current
    if _current is not None:
        raise RuntimeError("an embedded account is running in this process already")
    _current = account


def leave() -> None:
    """End the running account."""
    global _current
    _current = None
