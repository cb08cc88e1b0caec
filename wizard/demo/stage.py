"""The demo: the embedded account, the embedded DNS and the hand behind the curtain, as one ``World``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from wizard.aws.access import AwsAccess, EmbeddedKeys
from wizard.demo.aws import account as accounts
from wizard.demo.aws.account import Account, Kept, SesRegion
from wizard.demo.aws.iam.entrance import OPEN
from wizard.demo.aws.pace import Pace
from wizard.demo.aws.schedules.ticker import Ticker
from wizard.demo.aws.server import AccountServer
from wizard.demo.aws.ses import links
from wizard.demo.aws.snapshot import Keeper
from wizard.demo.computer import Computer, used
from wizard.demo.dns import zones
from wizard.demo.dns.server import DnsServer
from wizard.demo.stories.stories import FIRST, Story
from wizard.demo.website import Website
from wizard.dns.records import Record
from wizard.dns.resolve.access import DnsAccess, Nameserver
from wizard.world import Mail, World

if TYPE_CHECKING:
    from wizard.demo.aws.route53 import Route53Zone
    from wizard.project.schema import Project

KEYS = EmbeddedKeys("AKIADEMODEMODEMODEMO", "only-for-the-embedded-account")
REGION = "us-east-1"


def start(state: Path | None, *, pace: Pace | None = None, story: Story = FIRST) -> Demo:
    """A running demo, to be used with ``with`` or ended with ``close``.

    ``pace`` is the story's, unless it is given. With a ``state`` file, everything comes back as it was when a
    demo with the same file ended. It returns before moto is imported: the first AWS calls wait for that.
    Raises WizardError where the file cannot be used, RuntimeError where another demo runs in this process.
    """
    kept = Kept(records=zones.panel_records(), entrance=story.entrance)
    account = Account(pace or story.pace, kept)
    accounts.enter(account)
    try:
        return Demo(account, state, story.computer)
    except BaseException:
        accounts.leave()
        raise


class Demo:
    """A running demo, as ``start`` makes it; it is the ``stage`` of its own ``world``.

    ``owner`` is the way of the account's own user, which the world goes too where the story has no computer.
    """

    def __init__(self, account: Account, state: Path | None, computer: Computer | None) -> None:
        self.account = account
        self._computer = ExitStack()
        self._keeper = Keeper(self.account, state) if state else None
        self._ticker = Ticker(self.account)
        self.account.changed = self._changed
        self.account.delegate = self._delegate
        self.dns_server = DnsServer().start()
        self.account.dns = Nameserver(self.dns_server.address, self.dns_server.port)
        zones.furnish(self.dns_server, self.account)
        self.website = Website(self.account.dns)
        self._server = AccountServer(self.account, self._furnish_account)
        self._server.start()
        if self._keeper:
            self._keeper.start()
        self.owner = AwsAccess(region=REGION, endpoint_url=self.account.endpoint_url, keys=KEYS)
        if computer:
            self._computer.enter_context(used(computer, self.account.endpoint_url))
        self.world = World(
            domains=(zones.PANEL_DOMAIN,),
            aws=AwsAccess(endpoint_url=self.account.endpoint_url) if computer else self.owner,
            dns=DnsAccess((self.account.dns,)),
            web=self.website.access,
            now=self.account.now,
            stage=self,
        )

    @property
    def put_aside(self) -> Path | None:
        """Where the account's file went that could not be taken up, so that this is a new account."""
        return self._keeper.put_aside if self._keeper else None

    def ses(self, project: Project) -> SesRegion:
        """SES in the project's Region, as AWS itself has it at hand."""
        return self.account.ses(project.account.region or REGION)

    def close(self) -> None:
        """End it: servers stopped, ports free, the state written. Raises WizardError if it was not."""
        self.account.close()
        self._ticker.stop()
        self._server.stop()
        self.website.close()
        self.dns_server.stop()
        self._computer.close()
        try:
            if self._keeper:
                self._keeper.stop()
        finally:
            with self.account.lock:
                accounts.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _furnish_account(self) -> None:
        """Give moto the account's state: what was kept, or the story's beginning."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()
        if self._keeper:
            self._keeper.restore_backends()
        self._delegate(zones.ROUTE53_DOMAIN)
        self._take_up_work()
        # Not before: what is due would be looked for in backends that are just being replaced.
        self._ticker.start()
        self._changed()

    def _take_up_work(self) -> None:
        """Go on with stacks and functions that were left in the middle of something."""
        if "moto.route53domains.models" in sys.modules:
            from wizard.demo.aws import route53domains

            route53domains.go_on(self.account)
        if "moto.cloudformation.models" in sys.modules:
            from wizard.demo.aws.stacks import work as stack_work

            stack_work.go_on(self.account)
        if self.account.kept.events:
            from wizard.demo.aws.functions import run as functions

            functions.go_on(self.account)
        if self.account.kept.batches:
            from wizard.demo.aws.functions import event_sources

            event_sources.go_on(self.account)

    def _delegate(self, domain: str) -> None:
        """Let the registry refer to the domain's hosted zone, and the DNS server answer from that."""
        from wizard.demo.aws import route53

        servers = route53.name_servers(route53.furnish(domain))
        self.dns_server.set_zone(domain, servers, source=lambda: route53.resources(domain))

    def _changed(self) -> None:
        self._ticker.wake()
        if self._keeper:
            self._keeper.changed()

    # --- the Stage protocol ----------------------------------------------------------------------------

    def panel(self, domain: str) -> zones.PanelZone | None:
        """The zone that holds ``domain`` at the demo's DNS host; None if it is not there."""
        name = zones.zone_of(domain)
        return self._panel(name) if name in zones.PANEL_DOMAINS else None

    def _panel(self, name: str) -> zones.PanelZone:
        return zones.PanelZone(self.dns_server, self.account, name)

    def inbox(self) -> tuple[Mail, ...]:
        """All mail delivered so far, the newest first."""
        return tuple(self.account.kept.inbox)[::-1]

    def open_link(self, address: str) -> str:
        """Open the link that SES sent to ``address``, as its owner would, and say what its page says."""
        with self.account.lock:
            said = links.open_latest(self.account, address)
        self._changed()
        return said

    def open_mail_link(self, mail: Mail) -> str:
        """Open the confirmation link in ``mail``, and return what its page says."""
        with self.account.lock:
            said = links.open_mail(self.account, mail)
        self._changed()
        return said

    def now(self) -> datetime:
        """The embedded account's clock, in UTC."""
        return self.account.now()

    def skip_to_next_run(self) -> datetime | None:
        """Push the clock to the next due time of a schedule, so that it fires; None where none is set."""
        self._server.wait()
        return self._ticker.skip()

    def review_takes(self) -> float | None:
        """Seconds after which an open review is granted by itself; None where it waits for an answer."""
        return self.account.pace.review

    @property
    def remedy(self) -> str:
        """What ``fix`` does about what the account refuses, as the end of a sentence; empty if nothing."""
        entrance = self.account.kept.entrance
        if entrance.allowed != OPEN.allowed:
            return "has an administrator allow what is missing"
        return "has the organization lift its policy" if entrance.forbidden else ""

    def fix(self) -> None:
        """End what ``remedy`` is about."""
        with self.account.lock:
            self.account.kept.entrance = OPEN
        self._changed()

    def answer_review(self, granted: bool) -> None:
        """Answer a production access request as AWS's reviewer would, also one that was denied before."""
        from wizard.demo.aws.ses.account import answer_review

        with self.account.lock:
            for ses in self.account.kept.ses.values():
                answer_review(ses, granted)
        self._changed()

    # --- what stories and tests begin with ----------------------------------------------------------------

    def publish(self, records: Sequence[Record]) -> None:
        """Let the domain's zone have the records as they are given, wherever it is.

        An earlier edition of a record goes. Raises ValueError for a record in none of the demo's domains.
        """
        with self.account.lock:
            for record in records:
                host = self._host(record)
                values = host.values(record.name, record.type)
                others = [value for value in values if not _same_kind(record, value)]
                host.replace(record.name, record.type, [*others, record.value])
        self._changed()

    def _host(self, record: Record) -> zones.PanelZone | Route53Zone:
        """Where the record's domain is edited."""
        domain = _domain(record)
        if domain in zones.PANEL_DOMAINS:
            return self._panel(domain)
        self._server.wait()
        from wizard.demo.aws.route53 import Route53Zone

        return Route53Zone(domain)


def _domain(record: Record) -> str:
    domain = zones.zone_of(record.name) or _registered_zone(record.name)
    if domain is None:
        raise ValueError(f"{record.name} is in none of the demo's domains")
    return domain


def _registered_zone(name: str) -> str | None:
    """Which domain that was registered in the embedded account ``name`` is in."""
    if "moto.route53domains.models" not in sys.modules:
        return None
    from wizard.demo.aws import route53domains

    return next((one for one in route53domains.registered() if f".{name}".endswith(f".{one}")), None)


def _same_kind(record: Record, value: str) -> bool:
    """Whether ``value``, at the record's place and of its type, is an earlier edition of it."""
    if record.type != "TXT":
        return True
    return (
        value == record.value or value.split(" ")[0].split(";")[0] == record.value.split(" ")[0].split(";")[0]
    )
