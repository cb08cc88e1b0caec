"""The zones of the story, and what SES itself has in the DNS."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wizard.aws.route53 import RecordSet
from wizard.demo.aws.account import Account
from wizard.demo.dns.server import DnsServer
from wizard.demo.dns.zone_data import DEFAULT_TTL, Resource
from wizard.dns.publish.plan import ZoneChange

PANEL_DOMAIN = "example.com"
"""The user's domain at a DNS host with a web panel."""

ROUTE53_DOMAIN = "example.org"
"""The user's domain in the account's own Route 53."""

EMPTY_DOMAIN = "example.net"
"""A registered domain with an empty zone."""

TAKEN_DOMAIN = "example-not-yet.net"
"""Somebody else's."""

PANEL_DOMAINS = (PANEL_DOMAIN, EMPTY_DOMAIN)
"""Those at a DNS host with a web panel, where the user adds records by hand."""

FREE_DOMAIN = "example-not-yet.com"
"""Nobody's: it can be registered."""

WEBSITE = "127.0.0.1"
"""Where the user's website is: it answers for both domains that are in use."""

PANEL_SERVERS = ("dns1.registrar-servers.com", "dns2.registrar-servers.com")
EMPTY_SERVERS = ("ns1.parkingcrew.net", "ns2.parkingcrew.net")
SES_SERVERS = ("ns-1021.awsdns-63.net", "ns-1513.awsdns-61.org")

SES_ZONE = "amazonses.com"
SES_SPF = (
    "v=spf1 ip4:199.255.192.0/22 ip4:199.127.232.0/22 ip4:54.240.0.0/18 ip4:69.169.224.0/20 "
    "ip4:23.249.208.0/20 ip4:23.251.224.0/19 ip4:76.223.176.0/20 ip4:54.240.64.0/18 ip4:76.223.128.0/19 "
    "ip4:216.221.160.0/19 ip4:206.55.144.0/20 -all"
)
SES_SELECTOR = "ug7nbtf4gccmlpwj322ax3p6ow6yfsug"
"""SES signs all mail a second time, as amazonses.com, with the key of this name."""
PANEL_SPF = "v=spf1 include:spf.efwd.registrar-servers.com ~all"
"""What this DNS host's mail forwarding puts at the domain, so the wizard has something to merge with."""

_KEY_HEAD = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a02820101")
_KEY_TAIL = bytes.fromhex("0203010001")


def panel_records() -> list[tuple[str, str, str]]:
    """What stands in the user's zones when the story begins: a web page, and mail forwarding with its SPF."""
    forwarding = [(10, "eforward1"), (10, "eforward2"), (15, "eforward4")]
    return [
        (PANEL_DOMAIN, "A", WEBSITE),
        (PANEL_DOMAIN, "TXT", PANEL_SPF),
        *((PANEL_DOMAIN, "MX", f"{order} {host}.registrar-servers.com") for order, host in forwarding),
    ]


def receive_mail_at_google(server: DnsServer, account: Account) -> None:
    """Let the user's domain have its mail at Google Workspace, as Google has one set it up, and a policy."""
    panel, key = PanelZone(server, account, PANEL_DOMAIN), public_key("google").removeprefix("p=")
    panel.replace(PANEL_DOMAIN, "MX", ["1 smtp.google.com"])
    panel.replace(PANEL_DOMAIN, "TXT", ["v=spf1 include:_spf.google.com ~all"])
    panel.replace(f"google._domainkey.{PANEL_DOMAIN}", "TXT", [f"v=DKIM1; k=rsa; p={key}"])
    report = f"mailto:dmarc@{PANEL_DOMAIN}"
    panel.replace(f"_dmarc.{PANEL_DOMAIN}", "TXT", [f"v=DMARC1; p=quarantine; rua={report}"])


def furnish(server: DnsServer, account: Account) -> None:
    """Put the story's zones into ``server``, and the user's records as ``account`` kept them."""
    server.set_zone("registrar-servers.com", PANEL_SERVERS)
    server.add(
        "spf.efwd.registrar-servers.com", "TXT", "v=spf1 ip4:162.255.118.0/24 ip4:198.54.114.0/24 ~all"
    )
    server.set_zone(PANEL_DOMAIN, PANEL_SERVERS)
    for host in ("eforward1", "eforward2", "eforward4"):
        server.add(f"{host}.registrar-servers.com", "A", "127.0.0.1")
    server.set_zone("google.com", ("ns1.google.com", "ns2.google.com"))
    server.add("smtp.google.com", "A", "127.0.0.1")
    server.add("_spf.google.com", "TXT", "v=spf1 ip4:74.125.0.0/16 ip4:209.85.128.0/17 ~all")
    server.set_zone(EMPTY_DOMAIN, EMPTY_SERVERS)
    server.set_zone(TAKEN_DOMAIN, EMPTY_SERVERS)
    server.set_zone(SES_ZONE, SES_SERVERS, source=lambda: _ses_records(account))
    for name, rdtype, value in account.kept.records:
        server.add(name, rdtype, value)


def _ses_records(account: Account) -> Iterable[Resource]:
    """What SES publishes: its SPF records, its mail servers, its own key, one for each DKIM token."""
    yield Resource(SES_ZONE, "TXT", _quoted(SES_SPF))
    yield Resource(f"{SES_SELECTOR}._domainkey.{SES_ZONE}", "TXT", _quoted(public_key(SES_SELECTOR)))
    for region in list(account.kept.ses.values()):
        yield Resource(f"{region.name}.{SES_ZONE}", "TXT", _quoted(SES_SPF))
        yield Resource(f"feedback-smtp.{region.name}.{SES_ZONE}", "A", "127.0.0.1")
        for identity in list(region.identities.values()):
            for token in identity.tokens:
                yield Resource(f"{token}.{identity.signing_zone}", "TXT", _quoted(public_key(token)))


def public_key(token: str) -> str:
    """The DKIM key record of ``token`` (RFC 6376 §3.6.1): RSA, 2048 bits, always the same for one token.

    Nothing is signed here, so nobody has the private half: the modulus is made of the token's hash.
    """
    modulus = bytearray(hashlib.shake_256(token.encode()).digest(256))
    modulus[0] |= 0x80
    modulus[-1] |= 1
    key = base64.b64encode(_KEY_HEAD + b"\x00" + bytes(modulus) + _KEY_TAIL)
    return f"p={key.decode()}"


@dataclass(frozen=True)
class PanelZone:
    """A zone of the user's in the DNS panel: a change is served at once and kept by the account."""

    server: DnsServer
    account: Account
    name: str

    def records(self, name: str) -> tuple[RecordSet, ...]:
        """The record sets at ``name``, with the values as they were typed."""
        types = dict.fromkeys(kind for at, kind, _ in self.account.kept.records if at == name)
        return tuple(RecordSet(name, one, DEFAULT_TTL, tuple(self.values(name, one))) for one in types)

    def change(self, changes: Sequence[ZoneChange]) -> None:
        """Carry ``changes`` out, as the user would by typing."""
        with self.account.lock:
            for change in changes:
                self.replace(change.after.name, change.after.type, list(change.after.values))
        self.account.changed()

    def values(self, name: str, rdtype: str) -> list[str]:
        """The values of the records of one name and type."""
        return [value for at, kind, value in self.account.kept.records if (at, kind) == (name, rdtype)]

    def replace(self, name: str, rdtype: str, values: list[str]) -> None:
        """Let one name and type have exactly ``values``."""
        others = [row for row in self.account.kept.records if row[:2] != (name, rdtype)]
        self.account.kept.records[:] = [*others, *((name, rdtype, value) for value in values)]
        self.server.remove(name, rdtype)
        for value in values:
            self.server.add(name, rdtype, value)


def zone_of(name: str) -> str | None:
    """Which of the user's domains ``name`` is in."""
    domains = (PANEL_DOMAIN, ROUTE53_DOMAIN, EMPTY_DOMAIN)
    return next((domain for domain in domains if name == domain or name.endswith(f".{domain}")), None)


def _quoted(text: str) -> str:
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))
