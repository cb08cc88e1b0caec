"""The outside world: AWS, DNS, the web, the clock. Created once and passed in, never global."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wizard.aws.access import AwsAccess
from wizard.dns.resolve.access import DnsAccess
from wizard.web.access import WebAccess

if TYPE_CHECKING:
    from wizard.aws.route53 import RecordSet
    from wizard.dns.publish.plan import ZoneChange


CONFIRM_PATH = "/confirm/"
"""The path of confirmation links in the embedded account's mails."""


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail that the embedded account delivered."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    sent_at: datetime

    @property
    def confirms(self) -> bool:
        """Whether the mail has a link by which AWS lets its recipient confirm the address."""
        return CONFIRM_PATH in self.text

    @property
    def head(self) -> str:
        """The headers as the recipient would copy them."""
        return "".join(f"{name}: {value}\n" for name, value in self.headers)


class Panel(Protocol):
    """A zone at the demo's DNS host, where the user adds records by hand. Values are as typed."""

    @property
    def name(self) -> str:
        """The zone's own name."""

    def records(self, name: str) -> tuple[RecordSet, ...]:
        """The record sets at ``name``."""

    def change(self, changes: Sequence[ZoneChange]) -> None:
        """Apply ``changes``. They are served at once."""


class Stage(Protocol):
    """What only the demo has: its controls. Every call is quick and asks no network."""

    @property
    def put_aside(self) -> Path | None:
        """Where the account's unreadable file was moved, so that this is a new account."""

    def panel(self, domain: str) -> Panel | None:
        """The zone that holds ``domain`` at the demo's DNS host, or None."""

    def inbox(self) -> tuple[Mail, ...]:
        """All mail delivered so far, the newest first."""

    def open_link(self, address: str) -> str:
        """Open the link that SES sent to ``address``, as its owner would; return the page's text."""

    def open_mail_link(self, mail: Mail) -> str:
        """Open the confirmation link in ``mail``; return the page's text."""

    def now(self) -> datetime:
        """The embedded account's clock, in UTC."""

    def skip_to_next_run(self) -> datetime | None:
        """Move the clock to the next run of a schedule, so that it fires; None if there is none."""

    def review_takes(self) -> float | None:
        """Seconds until an open review is granted by itself; None if it waits for an answer."""

    @property
    def remedy(self) -> str:
        """What ``fix`` does about what the account refuses, as the end of a sentence; empty if nothing."""

    def fix(self) -> None:
        """End what ``remedy`` is about."""

    def answer_review(self, granted: bool) -> None:
        """Answer a production access request as AWS's reviewer would, also a denied one."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class World:
    """The outside world as one value. ``stage`` is set only in the demo."""

    aws: AwsAccess = field(default_factory=AwsAccess)
    dns: DnsAccess = field(default_factory=DnsAccess)
    web: WebAccess = field(default_factory=WebAccess)
    now: Callable[[], datetime] = _utc_now
    stage: Stage | None = None
    domains: tuple[str, ...] = ()
    """Domains to offer although no AWS account has them: the demo's, at its DNS host."""

    @property
    def demo(self) -> bool:
        """Whether this is the embedded world."""
        return self.stage is not None

    def choose(self, profile: str | None, region: str | None) -> World:
        """Return the same world with another AWS profile and Region."""
        return replace(self, aws=self.aws.choose(profile, region))
