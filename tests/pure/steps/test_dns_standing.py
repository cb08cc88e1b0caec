"""Where the DNS step stands: never better than the records are now, whatever SES has found before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.dns.zones import DOMAIN, GOOD, MAIL_FROM, REGION, TOKENS, Entries, checked
from wizard.aws.sesv2 import SesIdentity
from wizard.dns.answers import ZoneReport
from wizard.dns.findings import Finding, Round, RowStatus, Severity
from wizard.dns.records import wanted_records
from wizard.steps.dns.step import judge
from wizard.steps.model import Status

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
VERIFIED = SesIdentity(
    DOMAIN, True, "SUCCESS", "SUCCESS", tokens=TOKENS, mail_from=MAIL_FROM, mail_from_status="SUCCESS"
)
PENDING = replace(VERIFIED, verified=False, dkim_status="PENDING", mail_from_status="PENDING")
DKIM1, DKIM2 = (f"{token}._domainkey.{DOMAIN}" for token in TOKENS[:2])
MX = (MAIL_FROM, "MX")


def looked(*gone: tuple[str, str], instead: Entries | None = None) -> Round:
    """A round in the good zone without the records ``gone``, and with others ``instead``."""
    entries: Entries = {place: list(values) for place, values in GOOD.items() if place not in gone}
    rows, findings, _ = checked({**entries, **(instead or {})})
    zone = ZoneReport(DOMAIN, DOMAIN, ("ns1.example.net",), ("192.0.2.1",))
    return Round(DOMAIN, NOW, zone, None, tuple(rows.values()), findings)


def test_done_needs_right_records_and_the_whole_word_of_ses() -> None:
    assert judge(looked(), VERIFIED).status is Status.DONE
    waiting = judge(looked(), replace(PENDING, last_checked=NOW))
    assert waiting.status is Status.WAITING
    assert waiting.words.startswith(
        "all records are correct; waiting for SES, which last checked on 24 Nov at "
    )


@pytest.mark.parametrize(
    ("identity", "status", "words"),
    [
        (PENDING, Status.WAITING, "which has not checked yet"),
        (replace(PENDING, dkim_status="FAILED"), Status.ATTENTION, "repeat step 3"),
        (replace(PENDING, mail_from=None, mail_from_status=None), Status.ATTENTION, "no MAIL FROM domain"),
        (replace(VERIFIED, dkim_status="TEMPORARY_FAILURE"), Status.WAITING, "waiting for SES"),
    ],
)
def test_right_records_wait_for_ses(identity: SesIdentity, status: Status, words: str) -> None:
    standing = judge(looked(), identity)
    assert standing.status is status
    assert words in standing.words


def test_a_misplaced_record_counts_as_wrong() -> None:
    doubled: Entries = {(f"{DKIM1}.{DOMAIN}", "CNAME"): ["tok1.dkim.amazonses.com"]}
    seen = looked((DKIM1, "CNAME"), (DKIM2, "CNAME"), instead=doubled)
    assert judge(seen, PENDING).words == "1 record missing, 1 wrong"


def test_records_that_broke_after_verification_are_not_covered_by_what_ses_found() -> None:
    elsewhere: Entries = {(name, "CNAME"): ["other.dkim.amazonses.com"] for name in (DKIM1, DKIM2)}
    standing = judge(looked(instead=elsewhere), VERIFIED)
    assert standing.status is Status.ATTENTION
    assert standing.words == (
        "2 records wrong. SES still shows the domain as verified; mail will fail when it re-checks."
    )
    assert standing.brief == "2 wrong"


@pytest.mark.parametrize(
    ("seen", "identity", "words"),
    [
        (
            looked((DKIM1, "CNAME")),
            VERIFIED,
            "1 record missing. SES still shows the domain as verified; mail w",
        ),
        (looked((DKIM1, "CNAME")), PENDING, "1 record missing"),
        (looked(MX), VERIFIED, "it will use its own MAIL FROM domain when it re-checks."),
        (
            looked(MX),
            replace(VERIFIED, mail_from_on_failure="REJECT_MESSAGE"),
            "it will reject mail when it re-checks.",
        ),
        (
            looked(("_dmarc.example.com", "TXT")),
            VERIFIED,
            "1 record missing. SES still shows the domain as verified, but delivery suffers.",
        ),
    ],
)
def test_what_follows_from_a_broken_record(seen: Round, identity: SesIdentity, words: str) -> None:
    standing = judge(seen, identity)
    assert standing.status is Status.ATTENTION
    assert words in standing.words
    assert standing.words.endswith(words) or standing.words.startswith(words)


def test_a_zone_that_cannot_be_asked_is_not_done() -> None:
    unknown = tuple(replace(row, status=RowStatus.UNKNOWN) for row in looked().rows)
    silent = replace(looked(), zone=ZoneReport(DOMAIN, None, reachable=False), rows=unknown)
    standing = judge(silent, VERIFIED)
    assert standing.status is Status.ATTENTION
    assert standing.words == (
        "no DNS server answers from here: check the network connection. "
        "SES still shows the domain as verified."
    )
    some = replace(looked(), rows=(unknown[0], *looked().rows[1:]))
    assert judge(some, PENDING).words == "1 record could not be checked"


def test_trouble_with_the_whole_zone_is_told_too() -> None:
    refused = Finding("dnssec-bogus", Severity.BLOCKS, "Resolvers refuse it.")
    standing = judge(replace(looked(), findings=(refused,)), VERIFIED)
    assert standing.words.startswith("resolvers that validate DNSSEC refuse the zone. SES still shows")
    assert judge(replace(looked(), zone=ZoneReport(DOMAIN, None)), VERIFIED).status is Status.ATTENTION


RECORDS = wanted_records(DOMAIN, tokens=TOKENS, mail_from=MAIL_FROM, region=REGION)
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(["absent", "wrong-target", "ttl-high"]),
        st.sampled_from(Severity),
        st.just(""),
    ),
    max_size=2,
)


@given(st.lists(st.tuples(st.sampled_from(RowStatus), FINDINGS), min_size=7, max_size=7), FINDINGS)
def test_done_is_what_check_calls_ok(
    judged: list[tuple[RowStatus, list[Finding]]], zone: list[Finding]
) -> None:
    rows = tuple(
        replace(row, record=record, status=status, findings=tuple(findings))
        for row, record, (status, findings) in zip(looked().rows, RECORDS, judged, strict=True)
    )
    seen = replace(looked(), rows=rows, findings=tuple(zone))
    assert (judge(seen, VERIFIED).status is Status.DONE) is seen.ok
