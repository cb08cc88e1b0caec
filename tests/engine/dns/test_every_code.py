"""Every finding code about a record or its domain, in two shapes at the least, against a real DNS server.

What lies between the registry, the servers and us is in ``test_zone_wide``.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pytest

from tests.engine.dns_servers import NAMESERVERS, access
from tests.engine.example_domain import CONTEXT, DMARC, RECORDS, Clock, codes, furnish, publish, row
from tests.pure.dns.zones import KEY_768, KEY_2048
from wizard.demo.dns.server import DnsServer
from wizard.demo.dns.zone_data import Resource
from wizard.dns.checklist import check_once
from wizard.dns.findings import RowStatus, Severity
from wizard.dns.judge.rows import Context
from wizard.dns.records import RecordId, wanted_records

DKIM, MX, MF_SPF = RecordId.DKIM1, RecordId.MAIL_FROM_MX, RecordId.MAIL_FROM_SPF
SPF, DM = RecordId.SPF, RecordId.DMARC
SES = "v=spf1 include:amazonses.com"
VOIDS = "a:x.example.com a:y.example.com exists:z.example.com"
NAMES = {record.id: record.name for record in RECORDS}
VALUES = {record.id: record.value for record in RECORDS}
TYPES = {record.id: record.type for record in RECORDS}
BLOCKS, HURTS, WARNS, INFO = Severity


class Case(NamedTuple):
    """``instead`` of the record itself these stand: (name, type, value), or a value in the record's place."""

    code: str
    record: RecordId
    severity: Severity
    instead: tuple[Resource | str, ...]
    beside: bool = False


def at(name: str, rdtype: str, value: str, ttl: int = 300) -> Resource:
    """One record. A TXT value with quotes is in master-file form; else it is the text."""
    text = value if rdtype not in ("TXT", "SPF") or value.startswith('"') else f'"{value}"'
    return Resource(name, rdtype, text, ttl)


def includes(count: int) -> tuple[Resource, ...]:
    """``count`` SPF records that can be included, and each of which looks one name up itself."""
    included = (at(f"i{n}.example.com", "TXT", "v=spf1 a:www.example.com ~all") for n in range(count))
    return (*included, at("www.example.com", "A", "192.0.2.80"))


def including(count: int) -> str:
    return " ".join(f"include:i{n}.example.com" for n in range(count))


TARGET = VALUES[DKIM]
FEEDBACK = VALUES[MX].partition(" ")[2]
CASES = [
    Case("absent", DKIM, BLOCKS, ()),
    Case("absent", MX, BLOCKS, ()),
    Case("absent", MF_SPF, HURTS, ()),
    Case("absent", DM, HURTS, ()),
    Case("absent", SPF, WARNS, ()),
    Case("doubled-name", DKIM, BLOCKS, (at(f"{NAMES[DKIM]}.example.com", "CNAME", TARGET),)),
    Case("doubled-name", DM, HURTS, (at(f"{DMARC.name}.example.com", "TXT", DMARC.value),)),
    Case("underscore-lost", DKIM, BLOCKS, (at("t1.domainkey.example.com", "CNAME", TARGET),)),
    Case("underscore-lost", DM, HURTS, (at("dmarc.example.com", "TXT", "v=DMARC1; p=reject"),)),
    Case("wrong-host", DKIM, BLOCKS, (at("t1.example.com", "CNAME", TARGET),)),
    Case("wrong-host", DM, HURTS, (at("example.com", "TXT", "v=DMARC1; p=none"),)),
    Case("wrong-host", MF_SPF, HURTS, (at("_spf.m.example.com", "TXT", VALUES[MF_SPF]),)),
    Case("relative-target", DKIM, BLOCKS, (f"{TARGET}.example.com.",)),
    Case("relative-target", MX, BLOCKS, (f"10 {FEEDBACK}.example.com.",)),
    Case("quoted-value", DKIM, BLOCKS, (f'\\"{TARGET}\\".',)),
    Case("quoted-value", MF_SPF, HURTS, ('"\\"v=spf1 include:amazonses.com ~all\\""',)),
    Case("quoted-value", DM, HURTS, ('"\\"v=DMARC1; p=none;\\""',)),
    Case("wrong-target", DKIM, BLOCKS, (VALUES[RecordId.DKIM2],)),
    Case("wrong-target", DKIM, BLOCKS, ("t1.dkim.eu-west-1.amazonses.com",)),
    Case("wrong-target", MX, BLOCKS, ("10 feedback-smtp.us-east-1.amazonaws.com.",)),
    Case("wrong-type", DKIM, BLOCKS, (at(NAMES[DKIM], "TXT", TARGET),)),
    Case("wrong-type", DKIM, BLOCKS, (at(NAMES[DKIM], "TXT", f'"{KEY_2048[:200]}" "{KEY_2048[200:]}"'),)),
    Case("wrong-type", MF_SPF, HURTS, (at(NAMES[MF_SPF], "SPF", VALUES[MF_SPF]),)),
    Case("proxied", DKIM, BLOCKS, (at(NAMES[DKIM], "A", "104.16.0.1"),)),
    Case("proxied", DKIM, BLOCKS, (at(NAMES[DKIM], "AAAA", "2606:4700::1"),)),
    Case("wildcard", DKIM, WARNS, (at("*._domainkey.example.com", "A", "192.0.2.7"),)),
    Case("wildcard", DM, WARNS, (at("*.example.com", "TXT", "hello"),)),
    Case("cname-conflict", MX, BLOCKS, (at(NAMES[MX], "CNAME", "host.example.net."),)),
    Case("cname-conflict", DM, BLOCKS, (at(DMARC.name, "CNAME", "www.example.com."),)),
    Case("cname-conflict", MX, BLOCKS, (at(NAMES[MX], "CNAME", "host.example.net."),), beside=True),
    Case("cname-conflict", MF_SPF, BLOCKS, (at(NAMES[MX], "CNAME", "host.example.net."),), beside=True),
    Case("cname-conflict", SPF, BLOCKS, (at("example.com", "CNAME", "host.example.net."),), beside=True),
    Case("cname-conflict", DM, BLOCKS, (at(DMARC.name, "CNAME", "www.example.com."),), beside=True),
    Case("cname-chain", DKIM, WARNS, ("hop.example.com.", at("hop.example.com", "CNAME", TARGET))),
    Case("cname-chain", DKIM, WARNS, ("a.example.com.", at("a.example.com", "CNAME", f"{NAMES[DKIM]}."))),
    Case("key-missing", DKIM, BLOCKS, (at(f"x.{TARGET}", "TXT", "below"),), beside=True),
    Case("key-missing", DKIM, BLOCKS, (at(TARGET, "A", "192.0.2.1"),), beside=True),
    Case("key-revoked", DKIM, BLOCKS, (at(TARGET, "TXT", "p="),), beside=True),
    Case("key-revoked", DKIM, BLOCKS, (at(TARGET, "TXT", "v=DKIM1; k=rsa; p="),), beside=True),
    Case("key-weak", DKIM, WARNS, (at(TARGET, "TXT", KEY_768),), beside=True),
    Case("key-weak", DKIM, WARNS, (at(TARGET, "TXT", KEY_768[16:]),), beside=True),
    Case("spf-multiple", SPF, HURTS, (at("example.com", "TXT", "v=spf1 mx -all"),), beside=True),
    Case("spf-multiple", MF_SPF, HURTS, (at(NAMES[MF_SPF], "TXT", "v=spf1 -all"),), beside=True),
    Case("spf-include-missing", SPF, HURTS, ("v=spf1 ip4:192.0.2.1 -all",)),
    Case("spf-include-missing", MF_SPF, HURTS, ("v=spf1 mx ~all",)),
    Case("spf-lookups", SPF, HURTS, (f"v=spf1 include:amazonses.com {including(6)} ~all", *includes(6))),
    Case("spf-lookups", MF_SPF, HURTS, (f"v=spf1 {including(9)} include:amazonses.com -all", *includes(9))),
    Case("spf-voids", SPF, HURTS, (f"v=spf1 {VOIDS} include:amazonses.com ~all",)),
    Case("spf-voids", MF_SPF, HURTS, (f"v=spf1 mx:u.example.com {VOIDS} include:amazonses.com",)),
    Case("spf-syntax", SPF, HURTS, ("v=spf1 include:amazonses.com ip4:192.0.2 -all",)),
    Case("spf-syntax", MF_SPF, HURTS, ("v=spf1 include:amazonses.com include: ~all",)),
    Case("spf-unreachable", SPF, HURTS, ("v=spf1 ~all include:amazonses.com",)),
    Case("spf-unreachable", MF_SPF, HURTS, ("v=spf1 mx -all ip4:192.0.2.1 include:amazonses.com",)),
    Case("spf-permissive", SPF, WARNS, ("v=spf1 include:amazonses.com +all",)),
    Case("spf-permissive", SPF, WARNS, ("v=spf1 include:amazonses.com ?all",)),
    Case("spf-ptr", SPF, WARNS, ("v=spf1 ptr include:amazonses.com -all",)),
    Case("spf-ptr", SPF, WARNS, ("v=spf1 include:amazonses.com ptr:example.com ~all",)),
    Case("spf-redirect", SPF, HURTS, ("v=spf1 include:amazonses.com redirect=nowhere.example.com",)),
    Case("spf-redirect", MF_SPF, HURTS, (f"{SES} redirect=i0.example.com redirect=i0.example.com",)),
    Case("txt-split", SPF, HURTS, ('"v=spf1 include:i0.example.com" "include:amazonses.com ~all"',)),
    Case("txt-split", DM, HURTS, ('"v=DMARC1" "p=reject"',)),
    Case("dmarc-multiple", DM, HURTS, (at(DMARC.name, "TXT", "v=DMARC1; p=reject"),), beside=True),
    Case("dmarc-multiple", DM, HURTS, ("v=DMARC1; p=none", at(DMARC.name, "TXT", "v=DMARC1; p=reject"))),
    Case("dmarc-ignored", DM, HURTS, ("p=none; v=DMARC1",)),
    Case("dmarc-ignored", DM, HURTS, ("v=dmarc1; p=none",)),
    Case("dmarc-ignored", DM, HURTS, ("v=DMARC1 p=none",)),
    Case("dmarc-policy", DM, HURTS, ("v=DMARC1; p=monitor",)),
    Case("dmarc-policy", DM, HURTS, ("v=DMARC1; p=none; np=no",)),
    Case("dmarc-tag", DM, WARNS, ("v=DMARC1; p=none; pct=50",)),
    Case("dmarc-tag", DM, WARNS, ("v=DMARC1; p=none; colour=red",)),
    Case("dmarc-psd", DM, WARNS, ("v=DMARC1; p=none; psd=y",)),
    Case("dmarc-psd", DM, WARNS, ("v=DMARC1; psd=y; p=reject; sp=none",)),
    Case("dmarc-rua", DM, WARNS, ("v=DMARC1; p=none; rua=https://example.com/reports",)),
    Case("dmarc-rua", DM, WARNS, ("v=DMARC1; p=none; rua=mailto:dmarc@amazonses.com",)),
    Case("dmarc-strict", DM, INFO, ("v=DMARC1; p=none; aspf=s",)),
    Case("dmarc-strict", DM, INFO, ("v=DMARC1; p=none; adkim=s",)),
    Case("mx-multiple", MX, BLOCKS, (at(NAMES[MX], "MX", f"20 {FEEDBACK}."),), beside=True),
    Case("mx-multiple", MX, BLOCKS, (at(NAMES[MX], "MX", "20 mx.example.net."),), beside=True),
    Case("mx-region", MX, BLOCKS, ("10 feedback-smtp.eu-west-1.amazonses.com.",)),
    Case("mx-region", MX, BLOCKS, ("0 feedback-smtp.ap-south-1.amazonses.com.",)),
    Case("mx-preference", MX, WARNS, (f"20 {FEEDBACK}.",)),
    Case("mx-preference", MX, WARNS, (f"0 {FEEDBACK}.",)),
    Case("mail-from-in-use", MX, BLOCKS, ("10 mx.example.net.",)),
    Case("mail-from-in-use", MX, BLOCKS, ("1 aspmx.l.google.com.",)),
    Case("negative-cache", DKIM, INFO, ()),
    Case("negative-cache", DM, INFO, (at(f"x.{DMARC.name}", "TXT", "below"),)),
    Case("ttl-high", DKIM, WARNS, (at(NAMES[DKIM], "CNAME", "t9.dkim.amazonses.com.", 86400),)),
    Case("ttl-high", SPF, WARNS, (at("example.com", "TXT", "v=spf1 mx -all", 7200),)),
]  # fmt: skip


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.code}-{case.record}-{number}" for number, case in enumerate(CASES)]
)
async def test_it_is_named_on_its_record_and_on_no_other(case: Case) -> None:
    with furnish(DnsServer()) as server:
        publish(server, *RECORDS)
        for record in RECORDS[:3]:
            server.remove(record.value)
            server.add(record.value, "TXT", KEY_2048)
        name, rdtype = NAMES[case.record], TYPES[case.record]
        if not case.beside:
            server.remove(name, rdtype)
        for one in case.instead:
            standing = one if isinstance(one, Resource) else at(name, rdtype, one)
            if standing.name.endswith(TARGET):
                server.remove(TARGET)
            server.add_resource(standing)
        seen = await check_once(access(server), RECORDS, CONTEXT, Clock())
    found = row(seen, case.record)
    finding = next((finding for finding in found.findings if finding.code == case.code), None)
    assert finding, codes(found.findings)
    assert finding.severity is case.severity
    assert finding.message
    bad = (BLOCKS, HURTS)
    assert (found.status is RowStatus.OK) == (not any(f.severity in bad for f in found.findings)) or (
        case.record is SPF and found.status is RowStatus.OPTIONAL
    )
    if case.severity in bad:
        assert finding.fix
        assert "`" in finding.fix or case.code in ("key-missing", "key-revoked")
    same_place = {record.id for record in RECORDS if record.name == name} | {case.record}
    others = [other for other in seen.rows if other.record.id not in same_place]
    if case.code not in ("wildcard", "key-missing", "key-revoked"):
        assert [other.status for other in others] == [RowStatus.OK] * len(others)


CONTRACT = """
absent doubled-name underscore-lost wrong-host relative-target quoted-value wrong-target wrong-type proxied
wildcard cname-conflict cname-chain key-missing key-revoked key-weak spf-multiple spf-include-missing
spf-lookups spf-voids spf-syntax spf-unreachable spf-permissive spf-ptr spf-redirect txt-split dmarc-multiple
dmarc-ignored dmarc-policy dmarc-tag dmarc-psd dmarc-rua dmarc-strict mx-multiple mx-region mx-preference
mail-from-in-use negative-cache ttl-high
"""


def test_each_code_is_here_twice() -> None:
    counted = Counter(case.code for case in CASES)
    assert {code: counted[code] for code in CONTRACT.split() if counted[code] < 2} == {}
    assert set(counted) <= set(CONTRACT.split())


@pytest.mark.parametrize("above", ["v=DMARC1; p=reject", "v=DMARC1; p=none; sp=quarantine"])
async def test_dmarc_inherited(above: str) -> None:
    records = wanted_records("news.example.com", tokens=("t1", "t2", "t3"))
    context = Context("news.example.com", records=records)
    with furnish(DnsServer()) as server:
        publish(server, *records[:-1])
        server.add(DMARC.name, "TXT", above)
        seen = await check_once(access(server), records, context, Clock())
    found = row(seen, DM)
    assert [(f.code, f.severity) for f in found.findings] == [("dmarc-inherited", INFO)]
    assert found.status is RowStatus.OK


@pytest.mark.parametrize("mx", [None, "0 ."])
async def test_no_mx(mx: str | None) -> None:
    with furnish(DnsServer()) as server:
        publish(server, *RECORDS)
        server.remove("example.com", "MX")
        if mx:
            server.add("example.com", "MX", mx)
        seen = await check_once(access(server), RECORDS, CONTEXT, Clock())
    assert [(f.code, f.severity) for f in seen.findings] == [("no-mx", WARNS)]
    assert seen.ok


@pytest.mark.parametrize(
    ("domain", "words"), [("xn--bcher-kva.com", "bücher.com"), ("mail.xn--p1b6ci4b4b3a.com", "mail.")]
)
async def test_idn(domain: str, words: str) -> None:
    records = wanted_records(domain, tokens=("t1", "t2", "t3"))
    with furnish(DnsServer()) as server:
        server.set_zone(domain, NAMESERVERS)
        server.add(domain, "MX", "10 mx.example.net")
        publish(server, *records)
        seen = await check_once(access(server), records, Context(domain, records=records), Clock())
    assert [(f.code, f.severity) for f in seen.findings] == [("idn", INFO)]
    assert words in seen.findings[0].message
    assert domain in seen.findings[0].message
