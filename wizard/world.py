"""What lies outside: AWS, DNS, the web, the clock. Made once and handed in, never global."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from wizard.aws.access import AwsAccess
from wizard.dns.access import DnsAccess
from wizard.dns.records import Record
from wizard.web.access import WebAccess


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that the embedded account delivered."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    sent_at: datetime

    @property
    def head(self) -> str:
        """The headers as its recipient would copy them."""
        return "".join(f"{name}: {value}\n" for name, value in self.headers)


class Stage(Protocol):
    """What only the demo has: a hand behind the curtain. Every call is quick; none asks the network."""

    @property
    def put_aside(self) -> Path | None:
        """Where the account's file went that could not be taken up, so that this is a new account."""

    def publish(self, records: Sequence[Record]) -> None:
        """Put the records into the embedded zone, as the user would in a DNS panel."""

    def publish_wrongly(self, record: Record) -> str:
        """Publish one record with the commonest mistake, the doubled name, and say what was done."""

    def inbox(self) -> tuple[Mail, ...]:
        """All mail delivered so far, the newest first."""

    def open_link(self, address: str) -> str:
        """Open the link that SES sent to ``address``, as its owner would, and say what its page says."""

    def now(self) -> datetime:
        """The embedded account's clock, in UTC."""

    def skip_to_next_run(self) -> datetime | None:
        """Push the clock to the next due time of a schedule, so that it fires; None where none is set."""

    def review_takes(self) -> float | None:
        """Seconds after which an open review is granted by itself; None where it waits for an answer."""

    def answer_review(self, granted: bool) -> None:
        """Answer a production access request as AWS's reviewer would, also one that was denied before."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class World:
    """The outside as one value. ``stage`` is set in the demo and None everywhere else."""

    aws: AwsAccess = field(default_factory=AwsAccess)
    dns: DnsAccess = field(default_factory=DnsAccess)
    web: WebAccess = field(default_factory=WebAccess)
    now: Callable[[], datetime] = _utc_now
    stage: Stage | None = None

    @property
    def demo(self) -> bool:
        """Whether this is the embedded world."""
        return self.stage is not None

    def choose(self, profile: str | None, region: str | None) -> World:
        """The same world with another AWS profile and Region."""
        return replace(self, aws=self.aws.choose(profile, region))
