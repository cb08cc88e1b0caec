"""Whatever the wizard proposes: receivers can read it, and it is no weaker than what the text meant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from tests.pure.dns.mistyped import mistyped_spf
from tests.pure.dns.spf_receiver import SpfResult, check_host
from tests.pure.dns.zones import GOOD, Entries, PaperZone, checked, provider
from wizard.dns.answers import Answer, Question
from wizard.dns.findings import Row, RowStatus
from wizard.dns.judge.spf import intended, is_spf
from wizard.dns.records import RecordId

SPF = ("example.com", "TXT")
DMARC = ("_dmarc.example.com", "TXT")
SES_SENDER, STRANGER = "198.51.100.1", "203.0.113.9"
COSTLY = ("costly", "dear", "pricey")
WORLD: Entries = {
    **GOOD,
    ("amazonses.com", "TXT"): [f"v=spf1 ip4:{SES_SENDER} -all"],
    ("x.example", "TXT"): ["v=spf1 ip4:198.51.100.2 ~all"],
    ("y.example", "TXT"): ["v=spf1 ip4:198.51.100.3 ?all"],
    ("two.example", "TXT"): ["v=spf1 -all", "v=spf1 +all"],
    ("voids.example", "TXT"): ["v=spf1 a:n1.example a:n2.example a:n3.example -all"],
    **{(f"{name}.example", "TXT"): ["v=spf1" + " a:b.example" * 8 + " -all"] for name in COSTLY},
    ("b.example", "A"): ["198.51.100.5"],
    ("example.com", "A"): ["198.51.100.4"],
}
STRICTNESS = [SpfResult.FAIL, SpfResult.SOFTFAIL, SpfResult.NEUTRAL, SpfResult.PASS]


def spf_row(*texts: str) -> Row:
    rows, _, _ = checked({**WORLD, SPF: ["google-site-verification=x", *texts]})
    return rows[RecordId.SPF]


def proposed(row: Row) -> list[str]:
    """Every record that the row proposes: as the value to end with, as the entry, and in what to do."""
    in_words = [match for f in row.findings for match in re.findall(r"`(v=spf1[^`]*)`", f.fix)]
    return [value for value in dict.fromkeys((row.record.value, row.entry.value, *in_words)) if value]


async def result(record: str, sender: str) -> SpfResult:
    """What receivers make of a mail from ``sender`` with that record in place."""
    paper = PaperZone({**WORLD, SPF: [record]})

    async def lookup(question: Question) -> Answer:
        return paper.answer(question)

    return (await check_host(sender, "me@example.com", "mail.example.com", lookup)).result


@pytest.mark.parametrize(
    ("text", "strictest"),
    [
        ("v=spf1 include:amazonses.com –all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com —all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com −all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com all-", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com -  all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com -al", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com-all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com–all", SpfResult.FAIL),
        ("“v=spf1 include:amazonses.com –all”", SpfResult.FAIL),
        ("v=spf1 include=amazonses.com -all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com\u00a0-all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com -\u200ball", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com \udc96all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.com ˜all", SpfResult.SOFTFAIL),
        ("v=spf1 include:amazonses.com ～all", SpfResult.SOFTFAIL),
        ("v=spf1 include:amazonses.com ∼all", SpfResult.SOFTFAIL),
        ("v=spf1 include:amazonses.com _all", SpfResult.SOFTFAIL),
        ("v=spf1 include:amazonses.com ~ all", SpfResult.SOFTFAIL),
        ("v=spf1 include:amazonses.com al", SpfResult.SOFTFAIL),
        ("v=spf1 include:amazonses.com all;", SpfResult.SOFTFAIL),
        ("v=spf1 include:amazonses.com~all include:amazonses.com~all", SpfResult.SOFTFAIL),
        ("v=spf1, a, include:amazonses.com, ~all", SpfResult.SOFTFAIL),
        ("v=spf1 a;include:x.example;-all", SpfResult.FAIL),
        ("v=spf1 include:gone.example -all", SpfResult.FAIL),
        ("v=spf1 include:amazonses.comall", SpfResult.SOFTFAIL),
        ("v=spf1 include:two.example include:amazonses.com ~all", SpfResult.SOFTFAIL),
        ("v=spf1 include:amazonses.com redirect=gone.example", SpfResult.SOFTFAIL),
        ("v=spf1 a:n1.example mx:n2.example exists:n3.example include:amazonses.com -all", SpfResult.FAIL),
        ("v=spf1 redirect=x.example -all include:y.example", SpfResult.FAIL),
        ("v=spf1" + " include:amazonses.com" * 11 + " -all", SpfResult.FAIL),
        ("v=spf1" + " include:x.example" * 11 + " -all", SpfResult.FAIL),
    ],
)
async def test_the_proposed_record_can_be_read_and_is_as_strict_as_the_text(
    text: str, strictest: SpfResult
) -> None:
    row = spf_row(text)

    assert row.status is RowStatus.WRONG
    assert row.record.value
    for record in proposed(row):
        assert await result(record, SES_SENDER) is SpfResult.PASS
        assert await result(record, STRANGER) is strictest


@settings(deadline=None, max_examples=60)
@given(mistyped_spf())
async def test_no_proposal_authorises_more_than_was_meant_or_makes_receivers_give_up(
    records: tuple[str, str],
) -> None:
    meant, text = records
    for record in proposed(spf_row(text)):
        for sender in (
            STRANGER,
            "192.0.2.1",
            "192.0.2.9",
            *(f"198.51.100.{number}" for number in range(2, 6)),
        ):
            after = await result(record, sender)
            assert STRICTNESS.index(after) <= STRICTNESS.index(await result(meant, sender))


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["v=spf1 what:ever include:amazonses.com -all"], "correct or remove `what:ever`"),
        (["v=spf1 include:my—company.example -all"], "correct or remove `include:my—company.example`"),
        (["v=spf1 redirect=x.example redirect=y.example"], "`redirect=x.example`, `redirect=y.example`"),
        (["v=spf1 a -ip4:192.0.2.1 -all", "v=spf1 mx ~all"], "into one by hand, exceptions such as"),
        (
            ["v=spf1 include:voids.example include:amazonses.com -all"],
            "`include:voids.example` refers to 3 names",
        ),
        (["v=spf1 a mx include:costly.example -all"], "`include:costly.example` alone takes 9"),
        (
            ["v=spf1 include:costly.example include:dear.example include:pricey.example -all"],
            "then check again",
        ),
    ],
)
async def test_what_only_its_owner_can_repair_gets_advice_and_no_record(texts: list[str], words: str) -> None:
    row = spf_row(*texts)

    assert (row.record.value, row.entry.value) == ("", "")
    assert row.status is RowStatus.WRONG
    assert any(words in finding.fix for finding in row.findings)
    assert not any("``" in finding.fix for finding in row.findings)
    for record in proposed(row):
        assert await result(record, SES_SENDER) is SpfResult.PASS


def test_the_odd_character_is_named() -> None:
    message = spf_row("v=spf1 include:amazonses.com –all").findings[0].message

    assert "`–all` at column 30" in message
    assert "en dash (U+2013), in place of `-`" in message


def test_no_panel_wants_quotes_around_nothing() -> None:
    rows, _, _ = checked({**WORLD, SPF: ["v=spf1 foo:bar -all"]}, provider=provider("ns-1.awsdns-01.org"))

    assert rows[RecordId.SPF].entry.value == ""


def dmarc_row(*texts: str) -> Row:
    rows, _, _ = checked({**WORLD, DMARC: list(texts)})
    return rows[RecordId.DMARC]


REPORTS = "rua=mailto:a@example.com"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"v=DMARC1; p=reject {REPORTS}", "A `;` is missing in it"),
        (f"v=DMARC1; p:reject; {REPORTS}", "`p:reject` is not a tag"),
        (f"v=DMARC1; p-reject; {REPORTS}", "`p-reject` is not a tag"),
        (f"v=DMARC1; policy=reject; {REPORTS}", "`policy=reject` is not a DMARC tag"),
        (f"v=DMARC1\\; p=reject\\; {REPORTS}", "a backslash where `;` must follow"),
        (f"v=DMARC1； p=reject； {REPORTS}", "`；`, fullwidth semicolon (U+FF1B), in place of `;`"),
        (f"v=DMARC1; p=reject； {REPORTS}", "`；`, fullwidth semicolon (U+FF1B), in place of `;`"),
        (f"v=DMARC1; p＝reject; {REPORTS}", "`＝`, fullwidth equals sign (U+FF1D), in place of `=`"),
        (f"v=DMARC1\u037e p=reject\u037e {REPORTS}", "greek question mark (U+037E), in place of `;`"),
        (f"“v=DMARC1; p=reject; {REPORTS}”", "left double quotation mark (U+201C)"),
        (f"v=DMARC1; p=\u200breject; {REPORTS}", "an invisible zero width space (U+200B)"),
        (f"v=DMARC1;\u00a0p=reject; {REPORTS}", "no-break space (U+00A0)"),
        (f"v=DMARC1; p–reject; {REPORTS}", "`–`, en dash (U+2013), in place of `-`"),
        (f"v=DMARC1; p=none; p=reject; {REPORTS}", "appears twice"),
    ],
)
def test_a_repaired_dmarc_record_keeps_policy_and_reports_and_names_what_was_wrong(
    text: str, words: str
) -> None:
    row = dmarc_row(text)

    assert row.record.value == f"v=DMARC1; p=reject; {REPORTS}"
    assert words in " ".join(finding.message for finding in row.findings)
    assert f"`{row.record.value}`" in row.findings[0].fix


@pytest.mark.parametrize(
    "uris",
    [
        "mailto:a@example.com mailto:b@example.com",
        "mailto:<a@example.com>,mailto:<b@example.com>",
        "mailto://a@example.com,mailto:b@example.com",
        "a@example.com;b@example.com",
    ],
)
def test_a_report_address_that_no_report_reaches_is_told_and_repaired(uris: str) -> None:
    row = dmarc_row(f"v=DMARC1; p=reject; rua={uris}")

    assert "dmarc-rua" in [finding.code for finding in row.findings]
    assert row.record.value == "v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com"
    assert f"`{row.record.value}`" in row.findings[0].fix


def test_a_report_address_that_is_no_mail_address_is_kept_and_told() -> None:
    row = dmarc_row("v=DMARC1; p=reject; rua=https://example.com/reports")

    assert row.record.value == "v=DMARC1; p=reject; rua=https://example.com/reports"
    assert row.findings[0].fix == "Replace it with `mailto:` and an address that takes such reports."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v=DMARC1; p=monitor; rua=mailto:a@example.com", "correct or remove `p=monitor`"),
        ("v=DMARC1; p=none; sp=nope", "correct or remove `sp=nope`"),
        ("v=DMARC1; np=reject", "add `p=none`, `p=quarantine` or `p=reject`, whichever you mean"),
    ],
)
def test_a_policy_that_nobody_can_be_sure_of_is_asked_for_and_not_made_none(text: str, words: str) -> None:
    row = dmarc_row(text)

    assert (row.record.value, row.entry.value) == ("", "")
    assert row.status is RowStatus.WRONG
    assert words in row.findings[0].fix
    assert not any("v=DMARC1" in finding.fix for finding in row.findings)


def test_leaving_out_a_tag_that_does_nothing_is_advice_and_no_repair() -> None:
    row = dmarc_row("v=DMARC1; p=reject; pct=50; rau=mailto:a@example.com")

    assert row.record.value == row.found[0]
    assert row.status is RowStatus.OK
    assert row.findings[0].fix.startswith("Remove it: ")
    assert row.findings[1].fix.startswith("Correct its name if it is meant to be another tag, or remove it: ")


@pytest.mark.parametrize(
    ("own", "value"),
    [
        ({}, "v=DMARC1; p=quarantine; rua=mailto:a@example.com"),
        (
            {("_dmarc.news.example.com.example.com", "TXT"): ["v=DMARC1; p=none"]},
            "v=DMARC1; p=quarantine; rua=mailto:a@example.com",
        ),
    ],
)
def test_a_record_of_its_own_would_be_as_strict_as_the_policy_from_above(own: Entries, value: str) -> None:
    above = "v=DMARC1; p=reject; sp=quarantine; rua=mailto:a@example.com"
    rows, _, _ = checked({DMARC: [above], **own}, domain="news.example.com", mail_from=None)

    assert rows[RecordId.DMARC].record.value == value


@pytest.mark.parametrize("text", ["v=spf include:x.example -all", "spf1 a -all", "ｖ=spf1 a -all"])
def test_a_text_without_a_right_version_is_repaired_and_not_passed_over(text: str) -> None:
    assert intended(text)
    assert not is_spf(text)
    assert spf_row(text).record.value.endswith(" include:amazonses.com -all")
