"""Every finding code, from zones on paper: the right code on the right record, and what to type."""

from __future__ import annotations

import time

import pytest

from tests.pure.dns.zones import GOOD, KEY_768, Entries, checked, provider
from wizard.dns.answers import Rdata, Txt
from wizard.dns.findings import RowStatus, Severity
from wizard.dns.records import RecordId

DKIM = ("tok1._domainkey.example.com", "CNAME")
DKIM_TARGET = "tok1.dkim.amazonses.com"
KEY = (DKIM_TARGET, "TXT")
MX = ("mail.example.com", "MX")
FEEDBACK = "feedback-smtp.us-east-1.amazonses.com"
MF_SPF = ("mail.example.com", "TXT")
SPF = ("example.com", "TXT")
DMARC = ("_dmarc.example.com", "TXT")
SES_SPF = "v=spf1 include:amazonses.com ~all"


def zone(*without: tuple[str, str]) -> Entries:
    return {key: list(values) for key, values in GOOD.items() if key not in without}


def changed(key: tuple[str, str], *values: str) -> Entries:
    return {**zone(), key: list(values)}


def moved(key: tuple[str, str], to: tuple[str, str], *values: str) -> Entries:
    return {**zone(key), to: list(values) or list(GOOD[key])}


CASES: list[tuple[str, RecordId, Entries, list[str], RowStatus, str]] = [
    # what, record, zone, codes in order, status, a piece of the first fix
    ("dkim absent", RecordId.DKIM1, zone(DKIM), ["absent", "negative-cache"], RowStatus.MISSING, DKIM_TARGET),
    (
        "spf absent beside a MAIL FROM",
        RecordId.SPF,
        {**zone(SPF), SPF: ["other"]},
        ["absent"],
        RowStatus.OPTIONAL,
        SES_SPF,
    ),
    (
        "dmarc absent",
        RecordId.DMARC,
        zone(DMARC),
        ["absent", "negative-cache"],
        RowStatus.MISSING,
        "`v=DMARC1; p=none;`",
    ),
    (
        "dkim doubled",
        RecordId.DKIM1,
        moved(DKIM, ("tok1._domainkey.example.com.example.com", "CNAME")),
        ["doubled-name", "negative-cache"],
        RowStatus.MISSING,
        "host `tok1._domainkey`, ",
    ),
    (
        "mx doubled",
        RecordId.MAIL_FROM_MX,
        moved(MX, ("mail.example.com.example.com", "MX")),
        ["doubled-name", "negative-cache"],
        RowStatus.MISSING,
        "host `mail`, ",
    ),
    (
        "mail from spf doubled",
        RecordId.MAIL_FROM_SPF,
        moved(MF_SPF, ("mail.example.com.example.com", "TXT")),
        ["doubled-name", "negative-cache"],
        RowStatus.MISSING,
        SES_SPF,
    ),
    (
        "spf doubled",
        RecordId.SPF,
        moved(SPF, ("example.com.example.com", "TXT")),
        ["doubled-name", "negative-cache"],
        RowStatus.OPTIONAL,
        "host `@`, ",
    ),
    (
        "dmarc doubled",
        RecordId.DMARC,
        moved(DMARC, ("_dmarc.example.com.example.com", "TXT")),
        ["doubled-name", "negative-cache"],
        RowStatus.MISSING,
        "host `_dmarc`, ",
    ),
    (
        "dkim underscore lost",
        RecordId.DKIM1,
        moved(DKIM, ("tok1.domainkey.example.com", "CNAME")),
        ["underscore-lost", "negative-cache"],
        RowStatus.MISSING,
        "tok1._domainkey",
    ),
    (
        "dmarc underscore lost",
        RecordId.DMARC,
        moved(DMARC, ("dmarc.example.com", "TXT")),
        ["underscore-lost", "negative-cache"],
        RowStatus.MISSING,
        "`_dmarc`",
    ),
    (
        "dmarc at the domain itself",
        RecordId.DMARC,
        {**zone(DMARC), SPF: [SES_SPF, "v=DMARC1; p=reject"]},
        ["wrong-host", "negative-cache"],
        RowStatus.MISSING,
        "`_dmarc`",
    ),
    (
        "dkim without _domainkey",
        RecordId.DKIM1,
        moved(DKIM, ("tok1.example.com", "CNAME")),
        ["wrong-host", "negative-cache"],
        RowStatus.MISSING,
        "tok1._domainkey",
    ),
    (
        "mail from mx at the domain",
        RecordId.MAIL_FROM_MX,
        moved(MX, ("example.com", "MX")),
        ["wrong-host", "negative-cache"],
        RowStatus.MISSING,
        "`mail`",
    ),
    (
        "dkim target without its dot",
        RecordId.DKIM1,
        changed(DKIM, f"{DKIM_TARGET}.example.com"),
        ["relative-target"],
        RowStatus.WRONG,
        f"`{DKIM_TARGET}.`",
    ),
    (
        "mx target without its dot",
        RecordId.MAIL_FROM_MX,
        changed(MX, f"10 {FEEDBACK}.example.com"),
        ["relative-target"],
        RowStatus.WRONG,
        f"`{FEEDBACK}.`",
    ),
    (
        "dkim target of another row, without its dot",
        RecordId.DKIM1,
        changed(DKIM, "tok2.dkim.amazonses.com.example.com"),
        ["relative-target", "wrong-target"],
        RowStatus.WRONG,
        f"`{DKIM_TARGET}.`",
    ),
    (
        "dkim in quotes",
        RecordId.DKIM1,
        changed(DKIM, f'\\"{DKIM_TARGET}\\"'),
        ["quoted-value"],
        RowStatus.WRONG,
        f"`{DKIM_TARGET}`",
    ),
    (
        "dkim with a scheme",
        RecordId.DKIM1,
        changed(DKIM, f"https://{DKIM_TARGET}"),
        ["quoted-value"],
        RowStatus.WRONG,
        f"`{DKIM_TARGET}`",
    ),
    (
        "dkim in quotes and without its dot",
        RecordId.DKIM1,
        changed(DKIM, f'"{DKIM_TARGET}".example.com'),
        ["quoted-value", "relative-target"],
        RowStatus.WRONG,
        f"`{DKIM_TARGET}`",
    ),
    (
        "mx in quotes",
        RecordId.MAIL_FROM_MX,
        changed(MX, f'10 "{FEEDBACK}"'),
        ["quoted-value"],
        RowStatus.WRONG,
        f"`{FEEDBACK}`",
    ),
    (
        "spf in quotes",
        RecordId.SPF,
        changed(SPF, '"v=spf1 include:_spf.example.net include:amazonses.com -all"'),
        ["quoted-value"],
        RowStatus.WRONG,
        "`v=spf1 include:_spf.example.net include:amazonses.com -all`",
    ),
    (
        "dmarc in quotes",
        RecordId.DMARC,
        changed(DMARC, '"v=DMARC1; p=quarantine"'),
        ["quoted-value"],
        RowStatus.WRONG,
        "`v=DMARC1; p=quarantine`",
    ),
    (
        "dkim leads to another row's key",
        RecordId.DKIM1,
        changed(DKIM, "tok2.dkim.amazonses.com"),
        ["wrong-target"],
        RowStatus.WRONG,
        f"`{DKIM_TARGET}`",
    ),
    (
        "dkim leads to another signing zone",
        RecordId.DKIM1,
        changed(DKIM, "tok1.dkim.eu-south-1.amazonses.com"),
        ["wrong-target"],
        RowStatus.WRONG,
        f"`{DKIM_TARGET}`",
    ),
    (
        "mx is misspelt",
        RecordId.MAIL_FROM_MX,
        changed(MX, "10 feedback-smtp.us-east-1.amazonaws.com"),
        ["wrong-target"],
        RowStatus.WRONG,
        f"`{FEEDBACK}`",
    ),
    (
        "dkim as TXT",
        RecordId.DKIM1,
        moved(DKIM, ("tok1._domainkey.example.com", "TXT")),
        ["wrong-type", "negative-cache"],
        RowStatus.WRONG,
        "type CNAME",
    ),
    (
        "mx as TXT",
        RecordId.MAIL_FROM_MX,
        {**zone(MX), MF_SPF: [f"10 {FEEDBACK}", SES_SPF]},
        ["wrong-type", "negative-cache"],
        RowStatus.WRONG,
        "type MX",
    ),
    (
        "spf as type 99",
        RecordId.MAIL_FROM_SPF,
        moved(MF_SPF, ("mail.example.com", "SPF")),
        ["wrong-type", "negative-cache"],
        RowStatus.WRONG,
        "type TXT",
    ),
    (
        "dkim proxied",
        RecordId.DKIM1,
        moved(DKIM, ("tok1._domainkey.example.com", "A"), "104.16.0.1"),
        ["proxied", "negative-cache"],
        RowStatus.WRONG,
        "DNS only",
    ),
    (
        "dkim flattened to IPv6",
        RecordId.DKIM1,
        moved(DKIM, ("tok1._domainkey.example.com", "AAAA"), "2606:4700::1"),
        ["proxied", "negative-cache"],
        RowStatus.WRONG,
        DKIM_TARGET,
    ),
    (
        "a wildcard address in dkim's place",
        RecordId.DKIM1,
        {("*.example.com", "A"): ["192.0.2.7"], ("example.com", "MX"): ["1 mx.example.net"]},
        ["absent", "wildcard", "negative-cache"],
        RowStatus.MISSING,
        DKIM_TARGET,
    ),
    (
        "a wildcard CNAME in dkim's place",
        RecordId.DKIM1,
        {("*.example.com", "CNAME"): ["shop.example.net"]},
        ["absent", "wildcard"],
        RowStatus.MISSING,
        DKIM_TARGET,
    ),
    (
        "a wildcard TXT in dmarc's place",
        RecordId.DMARC,
        {("*.example.com", "TXT"): ["v=spf1 -all"]},
        ["absent", "wildcard"],
        RowStatus.MISSING,
        "`_dmarc`",
    ),
    (
        "mail from is an alias",
        RecordId.MAIL_FROM_MX,
        {**zone(MX, MF_SPF), ("mail.example.com", "CNAME"): ["ghs.example.net"]},
        ["cname-conflict"],
        RowStatus.MISSING,
        "Delete the CNAME",
    ),
    (
        "mail from is an alias to a host that receives mail",
        RecordId.MAIL_FROM_MX,
        {
            **zone(MX, MF_SPF),
            ("mail.example.com", "CNAME"): ["mx.example.net"],
            ("mx.example.net", "MX"): ["5 mx.example.net"],
        },
        ["cname-conflict", "mail-from-in-use"],
        RowStatus.WRONG,
        "Delete the CNAME",
    ),
    (
        "the domain is an alias to another with its own SPF",
        RecordId.SPF,
        {
            **zone(SPF),
            ("example.com", "CNAME"): ["shop.example.net"],
            ("shop.example.net", "TXT"): ["v=spf1 -all"],
        },
        ["cname-conflict", "spf-include-missing"],
        RowStatus.WRONG,
        "Delete the CNAME",
    ),
    (
        "dmarc is an alias to nothing",
        RecordId.DMARC,
        {**zone(DMARC), ("_dmarc.example.com", "CNAME"): ["d.example.net"]},
        ["cname-conflict"],
        RowStatus.MISSING,
        "Delete the CNAME",
    ),
    (
        "two records of SPF",
        RecordId.SPF,
        changed(SPF, "v=spf1 include:_spf.example.net ~all", SES_SPF),
        ["spf-multiple"],
        RowStatus.WRONG,
        "`v=spf1 include:_spf.example.net include:amazonses.com ~all`",
    ),
    (
        "two records of SPF, neither with SES",
        RecordId.MAIL_FROM_SPF,
        changed(MF_SPF, "v=spf1 a -all", "v=spf1 mx ~all"),
        ["spf-multiple", "spf-include-missing"],
        RowStatus.WRONG,
        "`v=spf1 a mx include:amazonses.com -all`",
    ),
    (
        "spf without SES",
        RecordId.SPF,
        changed(SPF, "v=spf1 include:_spf.example.net -all"),
        ["spf-include-missing"],
        RowStatus.WRONG,
        "`v=spf1 include:_spf.example.net include:amazonses.com -all`",
    ),
    (
        "spf that only hands over",
        RecordId.SPF,
        {**changed(SPF, "v=spf1 redirect=_spf.example.net"), ("_spf.example.net", "TXT"): ["v=spf1 mx -all"]},
        ["spf-include-missing"],
        RowStatus.WRONG,
        "`v=spf1 include:amazonses.com redirect=_spf.example.net`",
    ),
    (
        "spf says neutral of SES",
        RecordId.MAIL_FROM_SPF,
        changed(MF_SPF, "v=spf1 ?include:amazonses.com -all"),
        ["spf-include-missing"],
        RowStatus.WRONG,
        "`v=spf1 include:amazonses.com -all`",
    ),
    (
        "SES behind all",
        RecordId.SPF,
        changed(SPF, "v=spf1 mx -all include:amazonses.com"),
        ["spf-unreachable"],
        RowStatus.WRONG,
        "`v=spf1 mx include:amazonses.com -all`",
    ),
    (
        "spf with a mistyped mechanism",
        RecordId.SPF,
        changed(SPF, "v=spf1 ipv4:192.0.2.1 include:amazonses.com ~all"),
        ["spf-syntax"],
        RowStatus.WRONG,
        "`v=spf1 ip4:192.0.2.1 include:amazonses.com ~all`",
    ),
    (
        "spf with a term that nobody can guess",
        RecordId.SPF,
        changed(SPF, "v=spf1 foo:bar include:amazonses.com ~all"),
        ["spf-syntax"],
        RowStatus.WRONG,
        "correct or remove `foo:bar`",
    ),
    (
        "spf version run into the first term",
        RecordId.MAIL_FROM_SPF,
        changed(MF_SPF, "v=spf1include:amazonses.com ~all"),
        ["spf-syntax"],
        RowStatus.WRONG,
        f"`{SES_SPF}`",
    ),
    (
        "spf for everybody",
        RecordId.SPF,
        changed(SPF, "v=spf1 include:amazonses.com +all"),
        ["spf-permissive"],
        RowStatus.OK,
        f"`{SES_SPF}`",
    ),
    (
        "spf that ends neutral",
        RecordId.SPF,
        changed(SPF, "v=spf1 include:amazonses.com ?all"),
        ["spf-permissive"],
        RowStatus.OK,
        f"`{SES_SPF}`",
    ),
    (
        "spf with ptr",
        RecordId.SPF,
        changed(SPF, "v=spf1 ptr include:amazonses.com ~all"),
        ["spf-ptr"],
        RowStatus.OK,
        f"`{SES_SPF}`",
    ),
    (
        "an include that leads nowhere",
        RecordId.SPF,
        changed(SPF, "v=spf1 include:gone.example.net include:amazonses.com ~all"),
        ["spf-syntax"],
        RowStatus.WRONG,
        f"`{SES_SPF}`",
    ),
    (
        "an include whose own include has two records",
        RecordId.SPF,
        {
            **changed(SPF, "v=spf1 include:a.example.net include:amazonses.com ~all"),
            ("a.example.net", "TXT"): ["v=spf1 include:b.example.net -all"],
            ("b.example.net", "TXT"): ["v=spf1 -all", "v=spf1 ~all"],
        },
        ["spf-syntax"],
        RowStatus.WRONG,
        f"`{SES_SPF}`",
    ),
    (
        "eleven lookups",
        RecordId.SPF,
        {
            **changed(SPF, "v=spf1 mx include:a.example.net include:amazonses.com ~all"),
            ("a.example.net", "TXT"): ["v=spf1 a mx include:b.example.net -all a"],
            ("a.example.net", "A"): ["192.0.2.1"],
            ("a.example.net", "MX"): ["1 a.example.net"],
            ("b.example.net", "TXT"): ["v=spf1 a:a.example.net" + " exists:a.example.net" * 4],
        },
        ["spf-lookups"],
        RowStatus.WRONG,
        "`include:a.example.net` alone takes 9. If you no longer send through it, remove it: "
        "host `@` (panels that want full names: `example.com`), value `v=spf1 mx include:amazonses.com ~all`",
    ),
    (
        "an include of itself",
        RecordId.SPF,
        changed(SPF, "v=spf1 include:example.com include:amazonses.com ~all"),
        ["spf-lookups"],
        RowStatus.WRONG,
        f"`{SES_SPF}`",
    ),
    (
        "three names that do not exist",
        RecordId.MAIL_FROM_SPF,
        changed(
            MF_SPF, "v=spf1 a:a.example.org mx:b.example.org exists:c.example.org include:amazonses.com ~all"
        ),
        ["spf-voids"],
        RowStatus.WRONG,
        f"`{SES_SPF}`",
    ),
    (
        "redirect to nowhere",
        RecordId.SPF,
        changed(SPF, "v=spf1 include:amazonses.com redirect=gone.example.net"),
        ["spf-redirect"],
        RowStatus.WRONG,
        f"`{SES_SPF}`",
    ),
    (
        "redirect twice",
        RecordId.SPF,
        changed(SPF, "v=spf1 include:amazonses.com redirect=a.example redirect=b.example"),
        ["spf-redirect"],
        RowStatus.WRONG,
        "redirect=b.example",
    ),
    (
        "spf in strings that join wrongly",
        RecordId.MAIL_FROM_SPF,
        changed(MF_SPF, "v=spf1 include:_spf.example.net|include:amazonses.com ~all"),
        ["txt-split", "spf-include-missing"],
        RowStatus.WRONG,
        "`v=spf1 include:_spf.example.net include:amazonses.com ~all`",
    ),
    (
        "dmarc in strings that join wrongly",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1|p=reject"),
        ["txt-split", "dmarc-ignored"],
        RowStatus.WRONG,
        "`v=DMARC1; p=reject`",
    ),
    (
        "two records of DMARC",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1; p=none; rua=mailto:a@example.com", "v=DMARC1; p=reject"),
        ["dmarc-multiple"],
        RowStatus.WRONG,
        "`v=DMARC1; p=reject; rua=mailto:a@example.com`",
    ),
    (
        "dmarc version not first",
        RecordId.DMARC,
        changed(DMARC, "p=quarantine; v=DMARC1"),
        ["dmarc-ignored"],
        RowStatus.WRONG,
        "`v=DMARC1; p=quarantine`",
    ),
    (
        "dmarc in lower case",
        RecordId.DMARC,
        changed(DMARC, "v=dmarc1; p=reject"),
        ["dmarc-ignored"],
        RowStatus.WRONG,
        "`v=DMARC1; p=reject`",
    ),
    (
        "dmarc without its semicolon",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1 p=reject"),
        ["dmarc-ignored"],
        RowStatus.WRONG,
        "`v=DMARC1; p=reject`",
    ),
    (
        "dmarc policy misspelt",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1; p=quarantin; sp=non"),
        ["dmarc-policy", "dmarc-policy"],
        RowStatus.WRONG,
        "`v=DMARC1; p=quarantine",
    ),
    (
        "dmarc policy missing",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1; rua=mailto:a@example.com"),
        ["dmarc-policy"],
        RowStatus.WRONG,
        "`v=DMARC1; p=none; rua=mailto:a@example.com`",
    ),
    (
        "dmarc with removed and unknown tags",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1; p=reject; pct=50; foo=1; adkim=x"),
        ["dmarc-tag", "dmarc-tag", "dmarc-tag"],
        RowStatus.OK,
        "`v=DMARC1; p=reject`",
    ),
    (
        "dmarc of a registry",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1; p=reject; psd=y"),
        ["dmarc-psd"],
        RowStatus.OK,
        "`v=DMARC1; p=reject`",
    ),
    (
        "dmarc reports to a bare address",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1; p=reject; rua=me@example.com"),
        ["dmarc-rua"],
        RowStatus.OK,
        "`v=DMARC1; p=reject; rua=mailto:me@example.com`",
    ),
    (
        "dmarc reports to somebody who does not want them",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1; p=reject; rua=mailto:a@news.example.com,mailto:b@example.net"),
        ["dmarc-rua"],
        RowStatus.OK,
        "`example.com._report._dmarc.example.net`",
    ),
    (
        "dmarc strict",
        RecordId.DMARC,
        changed(DMARC, "v=DMARC1; p=reject; aspf=s; adkim=s"),
        ["dmarc-strict", "dmarc-strict"],
        RowStatus.OK,
        "",
    ),
    (
        "two MX",
        RecordId.MAIL_FROM_MX,
        changed(MX, f"10 {FEEDBACK}", "20 feedback-smtp.eu-west-1.amazonses.com"),
        ["mx-region", "mx-multiple"],
        RowStatus.WRONG,
        f"`{FEEDBACK}`",
    ),
    (
        "an MX beside the right one",
        RecordId.MAIL_FROM_MX,
        changed(MX, f"10 {FEEDBACK}", "20 mx.example.net"),
        ["mx-multiple", "mail-from-in-use"],
        RowStatus.WRONG,
        f"`{FEEDBACK}`",
    ),
    (
        "MX of another Region",
        RecordId.MAIL_FROM_MX,
        changed(MX, "10 feedback-smtp.eu-west-1.amazonses.com"),
        ["mx-region"],
        RowStatus.WRONG,
        f"`{FEEDBACK}`",
    ),
    (
        "MX preference",
        RecordId.MAIL_FROM_MX,
        changed(MX, f"0 {FEEDBACK}"),
        ["mx-preference"],
        RowStatus.OK,
        "priority `10`",
    ),
    (
        "MAIL FROM receives other mail",
        RecordId.MAIL_FROM_MX,
        changed(MX, "1 aspmx.l.google.com"),
        ["mail-from-in-use"],
        RowStatus.WRONG,
        "another subdomain",
    ),
    (
        "dkim aliases in a circle",
        RecordId.DKIM1,
        {
            **changed(DKIM, "a.example.net"),
            ("a.example.net", "CNAME"): ["b.example.net"],
            ("b.example.net", "CNAME"): ["a.example.net"],
        },
        ["wrong-target", "cname-chain"],
        RowStatus.WRONG,
        DKIM_TARGET,
    ),
    (
        "dkim aliases to a dead end",
        RecordId.DKIM1,
        {**changed(DKIM, "a.example.net"), ("a.example.net", "CNAME"): ["gone.example.org"]},
        ["wrong-target", "cname-chain"],
        RowStatus.WRONG,
        DKIM_TARGET,
    ),
    (
        "dkim by a detour",
        RecordId.DKIM1,
        {**changed(DKIM, "k.example.net"), ("k.example.net", "CNAME"): [DKIM_TARGET]},
        ["cname-chain"],
        RowStatus.OK,
        f"`{DKIM_TARGET}`",
    ),
    (
        "dkim with a slash behind",
        RecordId.DKIM1,
        changed(DKIM, f"{DKIM_TARGET}/"),
        ["quoted-value"],
        RowStatus.WRONG,
        f"`{DKIM_TARGET}`",
    ),
    (
        "mx with its priority in the host",
        RecordId.MAIL_FROM_MX,
        changed(MX, f"10 10\\032{FEEDBACK}"),
        ["quoted-value", "wrong-target"],
        RowStatus.WRONG,
        f"`{FEEDBACK}`",
    ),
    ("no key", RecordId.DKIM1, zone(KEY), ["key-missing"], RowStatus.WRONG, "wait"),
    (
        "key revoked",
        RecordId.DKIM1,
        changed(KEY, "v=DKIM1; p="),
        ["key-revoked"],
        RowStatus.WRONG,
        "new DKIM",
    ),
    ("key too short", RecordId.DKIM1, changed(KEY, KEY_768), ["key-weak"], RowStatus.OK, "2048"),
]


@pytest.mark.parametrize(
    ("record_id", "entries", "codes", "status", "fix"),
    [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in CASES],
)
def test_each_mistake_is_named_on_its_record_with_what_to_type(
    record_id: RecordId, entries: Entries, codes: list[str], status: RowStatus, fix: str
) -> None:
    rows, _, _ = checked(entries)

    row = rows[record_id]
    assert [finding.code for finding in row.findings] == codes
    assert row.status is status
    assert fix in row.findings[0].fix


FLAT = {**zone(), ("amazonses.com", "TXT"): ["v=spf1 ip4:192.0.2.0/25 ip4:198.51.100.0/24 -all"]}
FLATTENED = [
    (
        "v=spf1 mx ip4:192.0.2.0/25 ip4:198.51.100.0/24 ip4:203.0.113.1 -all",
        "v=spf1 mx ip4:203.0.113.1 include:amazonses.com -all",
    ),
    ("v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/25 ip4:198.51.100.128/25 ~all", None),
    ("v=spf1 include:flat.example.net -all", "v=spf1 include:flat.example.net include:amazonses.com -all"),
]


@pytest.mark.parametrize(("text", "shorter"), FLATTENED)
def test_addresses_of_ses_in_place_of_its_include_are_only_worth_a_remark(
    text: str, shorter: str | None
) -> None:
    flat = {("flat.example.net", "TXT"): ["v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all"]}
    rows, _, _ = checked({**FLAT, **flat, SPF: [text]})

    row = rows[RecordId.SPF]
    assert [(finding.code, finding.severity) for finding in row.findings] == [
        ("spf-include-missing", Severity.INFO)
    ]
    assert "until Amazon adds an address" in row.findings[0].message
    assert (row.status, row.record.value) == (RowStatus.OK, text)
    assert f"`{shorter or 'v=spf1 ip4:192.0.2.0/24 include:amazonses.com ~all'}`" in row.findings[0].fix


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 ip4:192.0.2.0/25 ip4:198.51.100.0/25 -all",
        "v=spf1 -ip4:198.51.100.7 ip4:192.0.2.0/25 ip4:198.51.100.0/24 -all",
        "v=spf1 ip4:192.0.2.0/25 -all ip4:198.51.100.0/24",
        "v=spf1 ip4:192.0.2.0/25 ?ip4:198.51.100.0/24 -all",
    ],
)
def test_some_addresses_of_ses_are_not_enough(text: str) -> None:
    rows, _, _ = checked({**FLAT, SPF: [text]})

    assert rows[RecordId.SPF].findings[0].code == "spf-include-missing"
    assert rows[RecordId.SPF].findings[0].severity is Severity.HURTS


RIGHT: list[tuple[str, Entries, RecordId]] = [
    ("everything as wanted", zone(), RecordId.DKIM1),
    ("spf in upper case", changed(SPF, "V=SPF1 INCLUDE:AmazonSES.com ~ALL"), RecordId.SPF),
    ("spf in several strings", changed(SPF, "v=spf1 include:ama|zonses.com ~all"), RecordId.SPF),
    (
        "spf with macros",
        changed(SPF, "v=spf1 exists:%{i}._spf.%{d} include:amazonses.com -all"),
        RecordId.SPF,
    ),
    (
        "spf of exactly ten lookups",
        {
            **changed(SPF, "v=spf1" + " mx" * 7 + " include:a.example.net include:amazonses.com ~all"),
            ("a.example.net", "TXT"): ["v=spf1 a -all"],
            ("a.example.net", "A"): ["192.0.2.1"],
        },
        RecordId.SPF,
    ),
    (
        "spf with two names that do not exist",
        changed(SPF, "v=spf1 a:a.example.org a:b.example.org include:amazonses.com ~all"),
        RecordId.SPF,
    ),
    (
        "spf by another's include",
        {**changed(SPF, "v=spf1 include:a.example.net -all"), ("a.example.net", "TXT"): [SES_SPF]},
        RecordId.SPF,
    ),
    (
        "spf by redirect",
        {**changed(SPF, "v=spf1 redirect=a.example.net"), ("a.example.net", "TXT"): [SES_SPF]},
        RecordId.SPF,
    ),
    (
        "dmarc as an alias",
        {
            **zone(DMARC),
            ("_dmarc.example.com", "CNAME"): ["d.example.net"],
            ("d.example.net", "TXT"): ["v=DMARC1; p=reject"],
        },
        RecordId.DMARC,
    ),
    (
        "dmarc reports to somebody who accepts them",
        {
            **changed(DMARC, "v=DMARC1; p=reject; rua=mailto:b@example.net!10m"),
            ("example.com._report._dmarc.example.net", "TXT"): ["v=DMARC1"],
        },
        RecordId.DMARC,
    ),
    ("dmarc stricter than wanted", changed(DMARC, "v=DMARC1;p=reject;np=reject;t=y"), RecordId.DMARC),
]


@pytest.mark.parametrize(
    ("entries", "record_id"), [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in RIGHT]
)
def test_a_right_record_in_an_unusual_shape_raises_nothing_above_info(
    entries: Entries, record_id: RecordId
) -> None:
    rows, _, _ = checked(entries)

    assert rows[record_id].status is RowStatus.OK
    assert {finding.severity for finding in rows[record_id].findings} <= {Severity.INFO}
    if record_id is not RecordId.DKIM1:
        (value,) = (text for text in rows[record_id].found)
        assert rows[record_id].record.value == value


def test_a_good_domain_is_asked_each_record_once_and_nothing_more() -> None:
    rows, findings, paper = checked(zone())

    assert {row.status for row in rows.values()} == {RowStatus.OK}
    assert not findings
    assert len(paper.asked) == len(set(paper.asked)) == 14


def test_a_resolver_that_does_not_know_amazons_zone_says_nothing_about_keys() -> None:
    entries: Entries = {key: values for key, values in zone().items() if not key[0].endswith("amazonses.com")}
    rows, _, _ = checked(entries, soa_zone="com")

    assert not rows[RecordId.DKIM1].findings


def test_a_subdomain_inherits_the_policy_above_it() -> None:
    rows, _, _ = checked(
        {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject; sp=quarantine"]},
        domain="news.example.com",
        mail_from=None,
    )

    row = rows[RecordId.DMARC]
    assert row.status is RowStatus.OK
    assert [finding.code for finding in row.findings] == ["dmarc-inherited"]
    assert row.findings[0].evidence["policy"] == "quarantine"
    assert row.host == "_dmarc.news"


def test_a_mistake_goes_before_inheriting() -> None:
    rows, _, _ = checked(
        {
            ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"],
            ("_dmarc.news.example.com.example.com", "TXT"): ["v=DMARC1; p=none"],
        },
        domain="news.example.com",
        mail_from=None,
    )

    assert [finding.code for finding in rows[RecordId.DMARC].findings][:2] == [
        "doubled-name",
        "dmarc-inherited",
    ]


def test_without_a_mail_from_domain_a_missing_spf_hurts() -> None:
    rows, _, _ = checked(zone(SPF), mail_from=None)

    assert rows[RecordId.SPF].status is RowStatus.MISSING
    assert rows[RecordId.SPF].findings[0].severity is Severity.HURTS


def test_severities_are_those_of_the_contract() -> None:
    rows, _, _ = checked({("example.com", "NS"): ["ns1.example.net"]})

    assert {record_id: row.findings[0].severity for record_id, row in rows.items()} == {
        RecordId.DKIM1: Severity.BLOCKS,
        RecordId.DKIM2: Severity.BLOCKS,
        RecordId.DKIM3: Severity.BLOCKS,
        RecordId.MAIL_FROM_MX: Severity.BLOCKS,
        RecordId.MAIL_FROM_SPF: Severity.HURTS,
        RecordId.SPF: Severity.WARNS,
        RecordId.DMARC: Severity.HURTS,
    }


def test_nobody_answering_is_unknown_and_not_missing() -> None:
    rows, findings, _ = checked(zone(), silent=True)

    assert {row.status for row in rows.values()} == {RowStatus.UNKNOWN}
    assert {finding.code for row in rows.values() for finding in row.findings} == {"unreachable"}
    assert not findings


def test_an_unregistered_domain_is_said_once() -> None:
    rows, findings, paper = checked({}, apex=None)

    assert [finding.code for finding in findings] == ["zone-missing"]
    assert {row.status for row in rows.values()} == {RowStatus.MISSING}
    assert not any(row.findings for row in rows.values())
    assert not paper.asked


def test_without_tokens_the_dkim_rows_are_unknown() -> None:
    rows, _, _ = checked(zone(), tokens=())

    for record_id in (RecordId.DKIM1, RecordId.DKIM2, RecordId.DKIM3):
        assert rows[record_id].status is RowStatus.UNKNOWN
        assert [finding.code for finding in rows[record_id].findings] == ["dkim-tokens-unknown"]
    assert rows[RecordId.DMARC].status is RowStatus.OK


def test_where_others_sign_no_dkim_row_is_missing() -> None:
    rows, _, _ = checked(zone(), tokens=(), own_keys=True)

    assert [record_id.value for record_id in rows] == ["mail_from_mx", "mail_from_spf", "spf", "dmarc"]


def test_a_tag_that_does_nothing_asks_nothing_more() -> None:
    _, _, paper = checked(changed(DMARC, "v=DMARC1; p=reject; pct=100"))

    assert len(paper.asked) == 14


def test_servers_that_disagree_are_mentioned() -> None:
    rows, _, _ = checked(zone(), agree=False)

    assert [finding.code for finding in rows[RecordId.DKIM1].findings] == ["servers-disagree"]
    assert "1 of the zone's 2 servers" in rows[RecordId.DKIM1].findings[0].message


def test_a_wrong_value_with_a_long_life_is_mentioned() -> None:
    rows, _, _ = checked(changed(DKIM, "elsewhere.example.net"), ttl=86400)

    assert [finding.code for finding in rows[RecordId.DKIM1].findings] == ["wrong-target", "ttl-high"]
    assert not rows[RecordId.DKIM2].findings


def test_a_domain_that_receives_no_mail_and_has_a_foreign_name() -> None:
    _, findings, _ = checked({("xn--bcher-kva.example", "A"): ["192.0.2.1"]}, domain="xn--bcher-kva.example")

    assert [finding.code for finding in findings] == ["no-mx", "idn"]
    assert findings[1].evidence == {"ascii": "xn--bcher-kva.example", "unicode": "bücher.example"}


def test_what_to_type_is_in_the_panels_own_form() -> None:
    at_namecheap, _, _ = checked(zone(DKIM, DMARC), provider=provider("dns1.registrar-servers.com"))
    at_route53, _, _ = checked(zone(DKIM, MX, SPF), provider=provider("ns-1.awsdns-01.org"))
    at_gandi, _, _ = checked(zone(DKIM), provider=provider("ns-1-a.gandi.net"))
    anywhere, _, _ = checked(zone(DKIM))

    assert "host `_dmarc`, value" in at_namecheap[RecordId.DMARC].findings[0].fix
    assert "host field left empty" in at_route53[RecordId.SPF].findings[0].fix
    assert f'value `"{SES_SPF}"`' in at_route53[RecordId.SPF].findings[0].fix
    assert f"`{DKIM_TARGET}.`" in at_gandi[RecordId.DKIM1].findings[0].fix
    assert (
        "host `tok1._domainkey` (panels that want full names: `tok1._domainkey.example.com`)"
        in anywhere[RecordId.DKIM1].findings[0].fix
    )


def test_other_peoples_bytes_are_escaped_everywhere() -> None:
    evil = "v=spf1 include:\x1b[31mx\u202e -all"
    rows, _, _ = checked({**changed(SPF, evil), DMARC: ["v=DMARC1; p=\x1b]0;x\x07"]})

    for record_id in (RecordId.SPF, RecordId.DMARC):
        row = rows[record_id]
        shown = [row.record.value, row.entry.value, *row.found]
        shown += [
            text for finding in row.findings for text in (finding.message, finding.fix, str(finding.evidence))
        ]
        assert row.findings
        assert not any(char in text for text in shown for char in "\x1b\x07\u202e")


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        ("v=spf1 include:bücher.example –all".encode(), "v=spf1 include:bücher.example –all"),
        (b"v=spf1 a \x96all \xe9", r"v=spf1 a \x96all \xe9"),
        ("v=spf1 a\u200b ".encode() + b"\x1b\xff -all", r"v=spf1 a\u200b \x1b\xff -all"),
    ],
)
def test_a_text_is_shown_as_utf8_and_every_other_byte_by_its_number(octets: bytes, shown: str) -> None:
    published: list[Rdata] = [Txt((octets,))]
    rows, _, _ = checked({**zone(), SPF: published})

    assert rows[RecordId.SPF].found == (shown,)


HOSTILE = {
    "wrong terms": "v=spf1" + " x" * 30000,
    "slashes": "v=spf1 a:" + "/" * 60000 + "x -all",
    "one long label": "v=spf1 include:x." + "a" * 60000 + "! -all",
    "macros": "v=spf1 exists:" + "%{i}" * 15000 + " -all",
    "quotes": '"' * 60000 + "v=spf1 -all",
    "spaces": "v=DMARC1 p=" + " " * 60000 + "x",
    "tags": "v=DMARC1" + ";a=b" * 15000,
    "addresses": "v=DMARC1; p=none" + "; rua=mailto:a@b.example" * 2500,
    "equals": "v=DMARC1 " + "=" * 60000,
}


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=what.replace(" ", "-")) for what, text in HOSTILE.items()]
)
def test_a_hostile_text_costs_little_and_says_little(text: str) -> None:
    started = time.process_time()
    rows, _, _ = checked({**zone(), SPF: [text], DMARC: [text], MF_SPF: [text]})

    assert time.process_time() - started < 3
    for row in rows.values():
        assert len(row.findings) < 30


def test_thousands_of_mail_exchangers_cost_little_and_say_little() -> None:
    started = time.process_time()
    rows, _, _ = checked(
        changed(MX, *(f"{number} feedback-smtp.x{number}.example" for number in range(3000)))
    )

    assert time.process_time() - started < 3
    assert len(rows[RecordId.MAIL_FROM_MX].findings) < 30
