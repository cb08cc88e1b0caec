"""The demo's hand behind the curtain, on paper: a zone, an inbox and a clock that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.pure.dns.zones import KEY_2048, Entries, checked, provider
from tests.screens.conftest import NOW, Outside
from wizard.aws.route53 import RecordSet
from wizard.aws.sesv2 import SesIdentity
from wizard.dns.answers import ZoneReport
from wizard.dns.findings import Round
from wizard.dns.publish.plan import ZoneChange
from wizard.dns.records import Record
from wizard.project.schema import Project
from wizard.world import Mail, World

TOKENS = tuple(f"{letter}bcdefghijklmnopqrstuvwxyzabcdef" for letter in "abc")
SERVERS = ("dns1.registrar-servers.com", "dns2.registrar-servers.com")


FIRST: Entries = {
    ("example.com", "TXT"): ["v=spf1 mx ~all"],
    **{(f"{token}.dkim.amazonses.com", "TXT"): [KEY_2048] for token in TOKENS},
}
"""What stands in the DNS at first: SES's side, and an SPF record to be joined with SES's."""


@dataclass
class PaperPanel:
    """What ``wizard.world.Panel`` asks for."""

    entries: Entries
    name: str = "example.com"

    def records(self, name: str) -> tuple[RecordSet, ...]:
        here = {rdtype: values for (at, rdtype), values in self.entries.items() if at == name}
        return tuple(RecordSet(name, rdtype, 300, tuple(map(str, values))) for rdtype, values in here.items())

    def change(self, changes: Sequence[ZoneChange]) -> None:
        for change in changes:
            self.entries[change.after.name, change.after.type] = list(change.after.values)


@dataclass
class Stage:
    """What ``wizard.world.Stage`` asks for. ``rounds`` counts how often the zone was asked."""

    entries: Entries = field(default_factory=lambda: dict(FIRST))
    registered: bool = True
    mails: tuple[Mail, ...] = ()
    next_run: datetime | None = None
    clock: datetime = NOW
    rounds: int = 0
    servers: tuple[str, ...] = SERVERS
    review: float | None = None
    put_aside: Path | None = None
    opened: list[str] = field(default_factory=list)
    remedy: str = ""

    def publish(self, records: Sequence[Record]) -> None:
        """Let the zone have ``records``: what a test begins with."""
        for record in records:
            self.entries[record.name, record.type] = [record.value]

    def panel(self, domain: str) -> PaperPanel:
        return PaperPanel(self.entries)

    def inbox(self) -> tuple[Mail, ...]:
        return self.mails

    def open_link(self, address: str) -> str:
        self.opened.append(address)
        return f"Congratulations! You have successfully verified {address}."

    def open_mail_link(self, mail: Mail) -> str:
        return self.open_link(mail.recipient)

    def now(self) -> datetime:
        return self.clock

    def skip_to_next_run(self) -> datetime | None:
        if self.next_run:
            self.clock = self.next_run
            self.mails = (mail("ana@example.com", "Hello Ana", sent_at=self.clock), *self.mails)
        return self.next_run

    def review_takes(self) -> float | None:
        return self.review

    def fix(self) -> None:
        self.remedy = ""

    def answer_review(self, granted: bool) -> None:
        raise AssertionError("no review on these pages")

    async def watch(
        self, world: World, project: Project, identity: SesIdentity, wake: asyncio.Event
    ) -> AsyncIterator[Round]:
        """In place of ``wizard.steps.dns.step.watch``: the same judging, and a round only when woken."""
        apex = "example.com" if self.registered else None
        host = provider(self.servers[0])
        while True:
            wake.clear()
            self.rounds += 1
            rows, findings, _ = checked(
                self.entries,
                apex=apex,
                mail_from=identity.mail_from,
                tokens=identity.tokens,
                provider=host,
            )
            zone = ZoneReport("example.com", apex, self.servers, ("192.0.2.1", "192.0.2.2"))
            at = NOW + timedelta(seconds=self.rounds)
            yield Round("example.com", at, zone, host.key, tuple(rows.values()), findings)
            await wake.wait()


def pending(outside: Outside) -> SesIdentity:
    """The identity while SES has found nothing yet."""
    return replace(
        outside.verified(),
        verified=False,
        tokens=TOKENS,
        verification_status="PENDING",
        dkim_status="PENDING",
        mail_from_status="PENDING",
        error_type="HOST_NOT_FOUND",
        last_checked=NOW - timedelta(minutes=12),
    )


def mail(recipient: str, subject: str, text: str = "Hello,\n\nhere it is.", sent_at: datetime = NOW) -> Mail:
    """One that was delivered."""
    return Mail(
        sender="Reminders <reminders@example.com>",
        recipient=recipient,
        subject=subject,
        text=text,
        html="<p>Hello</p>",
        headers=(("Message-ID", "<1@email.amazonses.com>"), ("Subject", subject)),
        sent_at=sent_at,
    )
