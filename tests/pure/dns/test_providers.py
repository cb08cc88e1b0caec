"""Who hosts a zone, and the form its panel wants."""

from __future__ import annotations

import pytest

from tests.pure.dns.zones import provider
from wizard.dns.findings import Entry
from wizard.dns.providers import Provider, entry, hosts, providers, recognise
from wizard.dns.records import Record, RecordId

DKIM = Record(RecordId.DKIM1, "tok1._domainkey.example.com", "CNAME", "tok1.dkim.amazonses.com")
MX = Record(RecordId.MAIL_FROM_MX, "mail.example.com", "MX", "10 feedback-smtp.us-east-1.amazonses.com")
SPF = Record(RecordId.SPF, "example.com", "TXT", "v=spf1 include:amazonses.com ~all")

NAMECHEAP, ROUTE53, HETZNER = "dns1.registrar-servers.com", "ns-1.awsdns-01.co.uk", "helium.ns.hetzner.de"


@pytest.mark.parametrize(
    ("nameservers", "key"),
    [
        (["NS-1021.AWSDNS-63.net.", "ns-1.awsdns-01.org"], "route53"),
        (["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"], "cloudflare"),
        (["dns1.registrar-servers.com"], "namecheap"),
        (["ns01.domaincontrol.com"], "godaddy"),
        (["ns-cloud-a1.googledomains.com"], "google-cloud"),
        (["ns1.googledomains.com"], "squarespace"),
        (["dns1.p01.nsone.net"], "netlify"),
        (["ns1-01.azure-dns.com"], "azure"),
        (["ns.inwx.de"], "inwx"),
        (["ns1.first-ns.de", "helium.ns.hetzner.de", "ns1.digitalocean.com"], "hetzner"),
        (["ns1.example.net"], None),
        (["registrar-servers.com.example.net"], None),
        ([], None),
    ],
)
def test_a_provider_is_told_by_its_name_servers(nameservers: list[str], key: str | None) -> None:
    found = recognise(nameservers)

    assert (found.key if found else None) == key


@pytest.mark.parametrize(
    ("record", "nameserver", "typed"),
    [
        (DKIM, NAMECHEAP, Entry("tok1._domainkey", "CNAME", "tok1.dkim.amazonses.com")),
        (DKIM, HETZNER, Entry("tok1._domainkey", "CNAME", "tok1.dkim.amazonses.com.")),
        (MX, NAMECHEAP, Entry("mail", "MX", "feedback-smtp.us-east-1.amazonses.com", "10")),
        (MX, HETZNER, Entry("mail", "MX", "feedback-smtp.us-east-1.amazonses.com.", "10")),
        (SPF, NAMECHEAP, Entry("@", "TXT", "v=spf1 include:amazonses.com ~all")),
        (SPF, ROUTE53, Entry("", "TXT", '"v=spf1 include:amazonses.com ~all"')),
    ],
)
def test_a_record_is_typed_as_its_panel_wants_it(record: Record, nameserver: str, typed: Entry) -> None:
    assert entry(record, "example.com", provider(nameserver)) == typed


def test_where_the_habit_is_not_known_both_forms_are_given() -> None:
    assert hosts(DKIM.name, "example.com", None) == ("tok1._domainkey", DKIM.name)
    assert hosts("example.com", "example.com", None) == ("@", "example.com")
    assert hosts(DKIM.name, "example.com", provider(NAMECHEAP)) == ("tok1._domainkey",)
    assert entry(DKIM, "example.com", None) == Entry("tok1._domainkey", "CNAME", "tok1.dkim.amazonses.com")


def test_a_name_in_a_zone_of_a_longer_domain_keeps_its_own_labels() -> None:
    record = Record(RecordId.DMARC, "_dmarc.news.example.com", "TXT", "v=DMARC1; p=none;")

    assert entry(record, "example.com", None).host == "_dmarc.news"
    assert entry(record, "news.example.com", None).host == "_dmarc"


@pytest.mark.parametrize("row", [pytest.param(row, id=row.key) for row in providers()])
def test_every_row_of_the_table_can_be_recognised_and_reached(row: Provider) -> None:
    for pattern in row.nameservers:
        assert recognise([pattern.replace("*", "ns1")]) == row
    assert row.panel.startswith("https://")
    assert row.name
    assert all(trap.endswith(".") for trap in (*row.traps, *row.mx_traps))


def test_namecheaps_own_mail_is_not_lost_unsaid() -> None:
    found = recognise(["dns1.registrar-servers.com"])
    assert found is not None
    assert any("takes away the MX records" in trap for trap in found.mx_traps)


def test_keys_are_told_apart() -> None:
    keys = [row.key for row in providers()]

    assert len(keys) == len(set(keys)) == 35
