"""Records at a wrong place, of a wrong type, behind an alias or a wildcard: what is said and how to fix it.

Each fix must be possible to carry out, speak only of what exists, and take nothing down.
"""

from __future__ import annotations

import pytest

from tests.pure.dns.zones import GOOD, KEY_768, KEY_2048, Entries, checked, provider
from wizard.dns.findings import Finding, Row, RowStatus, Severity
from wizard.dns.records import RecordId

DKIM, MAIL_FROM, DMARC = "tok1._domainkey.example.com", "mail.example.com", "_dmarc.example.com"
NAMECHEAP, GANDI = provider("dns1.registrar-servers.com"), provider("ns-1-a.gandi.net")


def zone(*without: tuple[str, str]) -> Entries:
    return {key: list(values) for key, values in GOOD.items() if key not in without}


def at(entries: Entries, record_id: RecordId, domain: str = "example.com") -> Row:
    """The row of a record, as it is said to a customer of Namecheap, whose panel wants relative hosts."""
    rows, _, _ = checked(entries, provider=NAMECHEAP, domain=domain)
    return rows[record_id]


def first(row: Row, code: str) -> Finding:
    assert row.findings, row
    assert row.findings[0].code == code
    return row.findings[0]


def codes(row: Row) -> list[str]:
    return [finding.code for finding in row.findings]


class TestAliasBesideOtherRecords:
    @pytest.mark.parametrize(
        ("name", "record_id", "types"),
        [
            (MAIL_FROM, RecordId.MAIL_FROM_MX, ["MX", "TXT"]),
            (MAIL_FROM, RecordId.MAIL_FROM_SPF, ["MX", "TXT"]),
            ("example.com", RecordId.SPF, ["MX", "TXT", "NS", "SOA"]),
            (DMARC, RecordId.DMARC, ["TXT"]),
        ],
    )
    def test_it_blocks_though_the_record_is_right(
        self, name: str, record_id: RecordId, types: list[str]
    ) -> None:
        row = at({**zone(), (name, "CNAME"): ["host.example.net"]}, record_id)
        finding = first(row, "cname-conflict")
        assert (finding.severity, row.status) == (Severity.BLOCKS, RowStatus.WRONG)
        assert finding.evidence == {"cname": "host.example.net", "beside": types}
        assert f"Delete the CNAME (host `{row.entry.host}`)" in finding.fix
        assert f"value `{row.entry.value}`" in finding.fix

    def test_one_beside_the_mx_of_the_domain_counts_without_an_spf_record(self) -> None:
        row = at(
            {**zone(("example.com", "TXT")), ("example.com", "CNAME"): ["host.example.net"]}, RecordId.SPF
        )
        assert "MX" in str(first(row, "cname-conflict").evidence["beside"])

    def test_the_web_site_at_the_domain_stays_reachable(self) -> None:
        row = at({**zone(), ("example.com", "CNAME"): ["site.example.net"]}, RecordId.SPF)
        assert "A and AAAA records" in first(row, "cname-conflict").fix

    def test_a_name_in_use_is_left_alone(self) -> None:
        row = at({**zone(), (MAIL_FROM, "CNAME"): ["web.example.net"]}, RecordId.MAIL_FROM_MX)
        fix = first(row, "cname-conflict").fix
        assert "if nobody uses mail.example.com for anything else" in fix
        assert "choose another subdomain as MAIL FROM domain" in fix
        assert "alias's target" not in fix

    def test_the_policy_behind_the_alias_is_kept(self) -> None:
        row = at(
            {
                **zone(),
                (DMARC, "CNAME"): ["d.example.net"],
                ("d.example.net", "TXT"): ["v=DMARC1; p=reject; rua=mailto:a@example.com"],
            },
            RecordId.DMARC,
        )
        assert "p=reject; rua=mailto:a@example.com" in first(row, "cname-conflict").fix

    def test_an_alias_that_leads_to_the_right_record_is_right(self) -> None:
        entries: Entries = {
            **zone((DMARC, "TXT")),
            (DMARC, "CNAME"): ["d.example.net"],
            ("d.example.net", "TXT"): ["v=DMARC1; p=reject"],
        }
        assert at(entries, RecordId.DMARC).findings == ()

    def test_an_alias_in_place_of_a_record_that_ses_does_without_blocks_nothing(self) -> None:
        """Such as the domain of a web site at a host that wants an alias."""
        entries: Entries = {
            ("app.example.com", "CNAME"): ["site.example.net"],
            ("site.example.net", "TXT"): ["v=spf1 -all"],
        }
        row = at(entries, RecordId.SPF, domain="app.example.com")
        assert (codes(row), row.status) == (["absent"], RowStatus.OPTIONAL)
        assert "SES does not need this record" in row.findings[0].fix
        assert "A and AAAA records" in row.findings[0].fix


class TestWildcards:
    @pytest.mark.parametrize(
        ("wildcard", "value"),
        [("CNAME", "shop.example.net"), ("CNAME", "gone.example.net"), ("TXT", "v=spf1 -all")],
    )
    @pytest.mark.parametrize(
        ("name", "record_id"),
        [(MAIL_FROM, RecordId.MAIL_FROM_MX), (MAIL_FROM, RecordId.MAIL_FROM_SPF), (DMARC, RecordId.DMARC)],
    )
    def test_no_fix_speaks_of_a_record_that_only_the_wildcard_makes(
        self, wildcard: str, value: str, name: str, record_id: RecordId
    ) -> None:
        entries: Entries = {
            **{key: values for key, values in zone().items() if key[0] != name},
            ("*.example.com", wildcard): [value],
            ("shop.example.net", "TXT"): ["v=spf1 mx -all"],
            ("shop.example.net", "MX"): ["1 mx.example.net"],
        }
        row = at(entries, record_id)
        assert row.status is RowStatus.MISSING
        assert first(row, "absent").fix.startswith("Add this record: ")
        assert not any("Delete" in finding.fix or "Change it" in finding.fix for finding in row.findings)
        if wildcard == "CNAME" or record_id is not RecordId.MAIL_FROM_MX:
            (remark,) = [finding for finding in row.findings if finding.code == "wildcard"]
            assert remark.evidence["type"] == wildcard
            assert "add the record beside it" in remark.fix

    def test_a_record_beside_a_wildcard_is_right(self) -> None:
        entries: Entries = {**zone(), ("*.example.com", "CNAME"): ["shop.example.net"]}
        rows, _, _ = checked(entries)
        assert {row.status for row in rows.values()} == {RowStatus.OK}
        assert not any(row.findings for row in rows.values())

    def test_what_the_wildcard_authorises_stays_authorised_beside_it(self) -> None:
        entries: Entries = {
            **zone((MAIL_FROM, "MX"), (MAIL_FROM, "TXT")),
            ("*.example.com", "TXT"): ["v=spf1 include:_spf.example.net -all"],
        }
        fix = first(at(entries, RecordId.MAIL_FROM_SPF), "absent").fix
        assert "`v=spf1 include:_spf.example.net include:amazonses.com -all`" in fix


class TestFlattenedKeys:
    @pytest.mark.parametrize(
        "text", [KEY_2048, KEY_768, f'"{KEY_2048}"', "v=DKIM1; k=rsa; p=broken!", f"v=DKIM1; {KEY_2048}"]
    )
    def test_the_key_as_text_is_of_the_wrong_type(self, text: str) -> None:
        row = at({**zone((DKIM, "CNAME")), (DKIM, "TXT"): [text]}, RecordId.DKIM1)
        finding = first(row, "wrong-type")
        assert (finding.severity, row.status) == (Severity.BLOCKS, RowStatus.WRONG)
        assert "absent" not in codes(row)
        assert "delete the TXT record (host `tok1._domainkey`, " in finding.fix
        assert "add: host `tok1._domainkey`, value `tok1.dkim.amazonses.com`, type CNAME." in finding.fix
        assert "CNAME flattening" in finding.fix

    @pytest.mark.parametrize("text", ["hello", "v=spf1 -all", "v=DMARC1; p=none", "p=none"])
    def test_another_text_is_not(self, text: str) -> None:
        row = at({**zone((DKIM, "CNAME")), (DKIM, "TXT"): [text]}, RecordId.DKIM1)
        assert "wrong-type" not in codes(row)


STRAYS: list[tuple[RecordId, tuple[str, str], str, str, str]] = [
    # record, where it is instead, its value, the code, what is to be deleted
    (
        RecordId.DKIM1,
        (f"{DKIM}.example.com", "CNAME"),
        "tok1.dkim.amazonses.com",
        "doubled-name",
        "delete the CNAME record (host `tok1._domainkey.example.com`, value `tok1.dkim.amazonses.com`)",
    ),
    (
        RecordId.MAIL_FROM_MX,
        ("mail.example.com.example.com", "MX"),
        "10 feedback-smtp.us-east-1.amazonses.com",
        "doubled-name",
        "delete the MX record (host `mail.example.com`, value `10 feedback-smtp.us-east-1.amazonses.com`)",
    ),
    (
        RecordId.DMARC,
        ("dmarc.example.com", "TXT"),
        "v=DMARC1; p=reject; rua=mailto:a@example.com",
        "underscore-lost",
        "delete the TXT record (host `dmarc`, value `v=DMARC1; p=reject; rua=mailto:a@example.com`)",
    ),
    (
        RecordId.DMARC,
        ("example.com", "TXT"),
        "v=DMARC1; p=quarantine",
        "wrong-host",
        "delete the TXT record (host `@`, value `v=DMARC1; p=quarantine`; keep the other TXT records)",
    ),
    (
        RecordId.DKIM1,
        ("tok1.example.com", "CNAME"),
        "tok1.dkim.amazonses.com",
        "wrong-host",
        "delete the CNAME record (host `tok1`, value `tok1.dkim.amazonses.com`)",
    ),
    (
        RecordId.MAIL_FROM_MX,
        ("example.com", "MX"),
        "10 feedback-smtp.us-east-1.amazonses.com",
        "wrong-host",
        "delete the MX record (host `@`, value `10 feedback-smtp.us-east-1.amazonses.com`; "
        "keep the other MX records), unless example.com is the MAIL FROM domain of another SES identity",
    ),
    (
        RecordId.SPF,
        ("_spf.example.com", "TXT"),
        "v=spf1 include:_spf.example.net include:amazonses.com -all",
        "wrong-host",
        "-all`), unless `include:_spf.example.com` is part of another SPF record",
    ),
    (
        RecordId.MAIL_FROM_SPF,
        ("mail.example.com", "SPF"),
        "v=spf1 include:_spf.example.net include:amazonses.com -all",
        "wrong-type",
        "delete the SPF record (host `mail`, value `v=spf1 include:_spf.example.net include:amazonses.com "
        "-all`)",
    ),
    (
        RecordId.MAIL_FROM_MX,
        ("mail.example.com", "TXT"),
        "10 feedback-smtp.us-east-1.amazonses.com",
        "wrong-type",
        "delete the TXT record (host `mail`, value `10 feedback-smtp.us-east-1.amazonses.com`; "
        "keep the other TXT records)",
    ),
]


@pytest.mark.parametrize(
    ("record_id", "place", "value", "code", "deletion"),
    [pytest.param(*case, id=f"{case[3]}-{case[0]}-{number}") for number, case in enumerate(STRAYS)],
)
def test_the_stray_record_is_to_be_deleted_and_its_content_kept(
    record_id: RecordId, place: tuple[str, str], value: str, code: str, deletion: str
) -> None:
    own = {
        RecordId.DKIM1: (DKIM, "CNAME"),
        RecordId.MAIL_FROM_MX: (MAIL_FROM, "MX"),
        RecordId.MAIL_FROM_SPF: (MAIL_FROM, "TXT"),
        RecordId.SPF: ("example.com", "TXT"),
        RecordId.DMARC: (DMARC, "TXT"),
    }[record_id]
    entries = zone(own)
    row = at({**entries, place: [*entries.get(place, []), value]}, record_id)
    finding = next(finding for finding in row.findings if finding.code == code)
    assert deletion in finding.fix
    wanted = value.rpartition(" ")[2] if record_id is RecordId.MAIL_FROM_MX else value
    assert f"host `{row.entry.host}`" in finding.fix
    assert f"value `{wanted}`" in finding.fix
    assert row.record.value == value


def test_what_an_alias_leads_to_is_no_stray_record() -> None:
    """There is no record of that type to delete at `_spf`, and the target is somebody else's."""
    entries: Entries = {
        **zone(("example.com", "TXT")),
        ("_spf.example.com", "CNAME"): ["spf.example.net"],
        ("spf.example.net", "TXT"): ["v=spf1 include:amazonses.com -all"],
    }
    assert codes(at(entries, RecordId.SPF))[0] == "absent"


def test_a_policy_for_another_name_is_not_taken_for_this_one() -> None:
    """A policy at `_dmarc.www` is that of the web site's name alone."""
    row = at(
        {**zone((DMARC, "TXT")), ("_dmarc.www.example.com", "TXT"): ["v=DMARC1; p=reject"]}, RecordId.DMARC
    )
    assert codes(row)[0] == "absent"


def test_an_mx_record_beside_ours_is_not_deleted_while_mail_goes_there() -> None:
    entries: Entries = {
        **zone(),
        (MAIL_FROM, "MX"): ["10 feedback-smtp.us-east-1.amazonses.com", "20 mx.example.net"],
    }
    row = at(entries, RecordId.MAIL_FROM_MX)
    assert codes(row) == ["mx-multiple", "mail-from-in-use"]
    for finding in row.findings:
        assert finding.fix.startswith("Choose another subdomain as MAIL FROM domain.")
        assert "if nobody needs the mail for mail.example.com" in finding.fix


@pytest.mark.parametrize(
    "host", ["feedback-smtp.eu-west-1.amazonses.com", "feedback-smtp.us-east-1.amazonses.co"]
)
def test_a_wrong_mx_record_beside_the_right_one_is_deleted_and_not_changed(host: str) -> None:
    entries: Entries = {
        **zone(),
        (MAIL_FROM, "MX"): ["10 feedback-smtp.us-east-1.amazonses.com", f"20 {host}"],
    }
    row = at(entries, RecordId.MAIL_FROM_MX)
    assert "mx-multiple" in codes(row)
    assert {finding.fix.partition(".")[0] for finding in row.findings} == {
        "Delete the other MX records of mail"
    }
