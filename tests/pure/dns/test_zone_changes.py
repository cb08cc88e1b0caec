"""What publishing would change: whatever the host holds, nothing there is replaced by a lesser record."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.dns.zones import Entries, checked
from wizard.aws.route53 import RecordSet
from wizard.dns.answers import ZoneReport
from wizard.dns.findings import Entry, Round, Row, RowStatus
from wizard.dns.judge import dmarc_record
from wizard.dns.publish.plan import ZoneChanges, names_to_read, zone_changes
from wizard.dns.records import Record, RecordId, wanted_records
from wizard.dns.txt_notation import AS_TYPED, MASTER_FILE, ROUTE53, Notation
from wizard.steps.dns.publish import doubled

APEX = "example.com"
SEEN = Round(APEX, datetime(2026, 11, 24, tzinfo=UTC), ZoneReport(APEX, APEX), None, ())
WANTED = {
    record.id: record
    for record in wanted_records(
        APEX, tokens=("t1", "t2", "t3"), mail_from="mail.example.com", region="us-east-1"
    )
}
NOTATIONS = pytest.mark.parametrize(
    "notation", [ROUTE53, MASTER_FILE, AS_TYPED], ids=["route 53", "cloudflare", "panel"]
)


def row(
    record: Record,
    *found: str,
    value: str = "",
    status: RowStatus = RowStatus.MISSING,
) -> Row:
    """The row of a round that saw ``found`` and proposes ``value``."""
    record = replace(record, value=value or record.value)
    entry = Entry(record.name, record.type, record.value)
    return Row(record, record.name, entry, status, found)


def held(name: str, rdtype: str, *values: str, ttl: int = 600, plain: bool = True) -> RecordSet:
    return RecordSet(name, rdtype, ttl, values, plain)


def texts(name: str, notation: Notation, *values: str) -> RecordSet:
    return held(name, "TXT", *map(notation.write, values))


def changes(wanted: Row, *sets: RecordSet, notation: Notation = ROUTE53, apex: str = APEX) -> ZoneChanges:
    by_name = {name: [one for one in sets if one.name == name] for name in names_to_read([wanted], apex)}
    return zone_changes([wanted], apex, by_name, notation)


@NOTATIONS
def test_spf_that_the_round_did_not_see_is_merged(notation: Notation) -> None:
    there = texts(APEX, notation, "v=spf1 include:_spf.google.com -all", "google-site-verification=abc")
    (change,) = changes(row(WANTED[RecordId.SPF]), there, notation=notation).changes
    assert change.before == there
    assert [notation.read(value) for value in change.after.values] == [
        "google-site-verification=abc",
        "v=spf1 include:_spf.google.com include:amazonses.com -all",
    ]
    assert change.after.ttl == 600


@NOTATIONS
@pytest.mark.parametrize(
    "policy",
    [
        "v=DMARC1; p=reject; rua=mailto:dmarc@example.com",
        "v=DMARC1; p=quarantine",
        "v=DMARC1;p=none; rua=mailto:a@example.com",
    ],
)
def test_dmarc_that_the_round_did_not_see_stays_as_it_is(notation: Notation, policy: str) -> None:
    found = changes(
        row(WANTED[RecordId.DMARC]), texts("_dmarc.example.com", notation, policy), notation=notation
    )
    assert found.changes == ()
    assert [record.id for record in found.kept] == [RecordId.DMARC]


@NOTATIONS
def test_of_two_dmarc_records_the_stricter_policy_and_all_reports_stay(notation: Notation) -> None:
    there = texts(
        "_dmarc.example.com",
        notation,
        "v=DMARC1; p=none; rua=mailto:a@example.com",
        "v=DMARC1; p=reject; rua=mailto:b@example.com",
    )
    (change,) = changes(row(WANTED[RecordId.DMARC]), there, notation=notation).changes
    (value,) = change.after.values
    record = dmarc_record.parse(notation.read(value))
    assert record.policy() == "reject"
    assert record.tag("rua") == "mailto:a@example.com,mailto:b@example.com"


@pytest.mark.parametrize("seen", [(), ("v=spf1 foo:bar -all",)])
def test_text_that_only_its_owner_can_correct_is_left_to_its_owner(seen: tuple[str, ...]) -> None:
    unclear = "v=spf1 foo:bar -all"
    wanted = row(WANTED[RecordId.SPF], *seen, status=RowStatus.WRONG)
    if seen:
        wanted = replace(wanted, record=replace(wanted.record, value=""))
    found = changes(wanted, texts(APEX, ROUTE53, unclear))
    assert not found.changes
    assert not found.kept
    assert "only you know what its text should be" in found.notes[0]


def test_what_the_round_judged_is_what_the_host_gets() -> None:
    """An include that leads to SES by another name is known to the round alone."""
    spf = "v=spf1 include:mail.example.net -all"
    judged = row(WANTED[RecordId.SPF], spf, value=f"{spf} ", status=RowStatus.WRONG)
    (change,) = changes(judged, texts(APEX, ROUTE53, spf)).changes
    assert change.after.values == (f'"{spf} "',)


def test_policy_that_a_wildcard_gives_goes_into_the_record_that_hides_it() -> None:
    policy = "v=DMARC1; p=reject"
    judged = row(WANTED[RecordId.DMARC], f"{policy}; x", value=policy, status=RowStatus.WRONG)
    (change,) = changes(judged).changes
    assert (change.before, change.after.values) == (None, (f'"{policy}"',))


@given(
    st.lists(st.text(string.printable.replace("\\", ""), max_size=300), max_size=5, unique=True),
    st.lists(st.sampled_from(["ip4:192.0.2.1", "include:a.example.net", "a", "mx"]), unique=True),
    st.sampled_from(["-all", "~all"]),
)
def test_no_other_text_and_no_sender_is_lost(others: list[str], terms: list[str], end: str) -> None:
    from wizard.dns.judge import spf

    others = [text for text in others if not spf.intended(text)]
    old = " ".join(["v=spf1", *terms, end])
    for notation in (ROUTE53, MASTER_FILE, AS_TYPED):
        there = texts(APEX, notation, old, *others)
        (change,) = changes(row(WANTED[RecordId.SPF]), there, notation=notation).changes
        *kept, new = map(notation.read, change.after.values)
        assert kept == [notation.read(notation.write(text)) for text in others]
        assert new.split() == ["v=spf1", *terms, "include:amazonses.com", end]


class TestLeftToTheUser:
    """A note says why; nothing is changed."""

    @staticmethod
    def note(wanted: Row, *sets: RecordSet, apex: str = APEX) -> str:
        found = changes(wanted, *sets, apex=apex)
        assert (found.changes, found.kept) == ((), ())
        (note,) = found.notes
        return note

    def test_mail_that_arrives_at_the_mail_from_name_though_the_round_saw_none(self) -> None:
        there = held("mail.example.com", "MX", "10 MX.example.net.")
        assert "receives other mail" in self.note(row(WANTED[RecordId.MAIL_FROM_MX]), there)

    def test_mail_beside_the_right_mx(self) -> None:
        there = held(
            "mail.example.com", "MX", "10 feedback-smtp.us-east-1.amazonses.com", "20 mx.example.net"
        )
        assert "receives other mail" in self.note(row(WANTED[RecordId.MAIL_FROM_MX]), there)

    @pytest.mark.parametrize("record", WANTED.values(), ids=list(WANTED))
    def test_what_is_more_than_values(self, record: Record) -> None:
        there = held(record.name, record.type, "anything", plain=False)
        assert "only its owner can judge" in self.note(row(record), there)

    @pytest.mark.parametrize("record", WANTED.values(), ids=list(WANTED))
    def test_what_stands_in_a_zone_below(self, record: Record) -> None:
        if record.name != APEX:
            there = held(record.name, "NS", "ns1.example.net")
            assert "a zone of its own" in self.note(row(record), there)

    def test_first_dmarc_record_below_a_stricter_policy_in_the_same_zone(self) -> None:
        record = replace(WANTED[RecordId.DMARC], name="_dmarc.shop.example.com")
        there = texts("_dmarc.example.com", ROUTE53, "v=DMARC1; p=reject")
        assert "_dmarc.example.com sets a policy" in self.note(row(record), there)
        assert len(changes(row(record)).changes) == 1

    def test_first_dmarc_record_if_nobody_said_what_applies(self) -> None:
        unknown = row(WANTED[RecordId.DMARC], status=RowStatus.UNKNOWN)
        assert "no DNS server said" in self.note(unknown)

    def test_spf_that_would_take_more_lookups_than_receivers_follow(self) -> None:
        names = [f"spf{number}.example.net" for number in range(10)]
        spf = " ".join(["v=spf1", *(f"include:{name}" for name in names), "-all"])
        entries: Entries = {(name, "TXT"): ["v=spf1 ip4:192.0.2.1 -all"] for name in names}
        rows, *_ = checked({**entries, (APEX, "TXT"): [spf]})
        assert "11 DNS lookups" in self.note(rows[RecordId.SPF], texts(APEX, ROUTE53, spf))


def test_feedback_host_of_another_region_is_replaced_and_shown() -> None:
    there = held("mail.example.com", "MX", "10 feedback-smtp.eu-west-1.amazonses.com.")
    found = changes(row(WANTED[RecordId.MAIL_FROM_MX]), there)
    (change,), (note,) = found.changes, found.notes
    assert "serves SES in eu-west-1 now" in note
    assert change.before == there
    assert change.after.values == ("10 feedback-smtp.us-east-1.amazonses.com",)


@pytest.mark.parametrize(
    ("record_id", "value"),
    [
        (RecordId.DKIM1, "T1.DKIM.amazonses.com."),
        (RecordId.MAIL_FROM_MX, "10  feedback-smtp.us-east-1.amazonses.com."),
        (RecordId.MAIL_FROM_SPF, '"v=spf1 include" ":amazonses.com \\176all"'),
    ],
)
def test_the_same_value_written_otherwise_is_kept(record_id: RecordId, value: str) -> None:
    record = WANTED[record_id]
    found = changes(row(record), held(record.name, record.type, value))
    assert (found.changes, found.kept) == ((), (record,))


def test_capital_letters_in_a_name_hide_nothing() -> None:
    record = replace(WANTED[RecordId.MAIL_FROM_MX], name="Mail.Example.com")
    there = held("mail.example.com", "MX", "10 mx.example.net")
    assert "receives other mail" in changes(row(record), there).notes[0]


@NOTATIONS
def test_doubled_name_is_added_beside_what_exists(notation: Notation) -> None:
    """The commonest mistake in a panel breaks nothing that was right."""
    spf = "v=spf1 include:_spf.google.com ~all"
    judged = row(WANTED[RecordId.SPF], spf, value=f"{spf} x", status=RowStatus.WRONG)
    (change,) = changes(doubled(judged, SEEN), texts(APEX, notation, spf), notation=notation).changes
    assert (change.after.name, change.before) == ("example.com.example.com", None)
    policy = texts("_dmarc.example.com", notation, "v=DMARC1; p=reject")
    (change,) = changes(doubled(row(WANTED[RecordId.DMARC]), SEEN), policy, notation=notation).changes
    assert (change.after.name, change.before) == ("_dmarc.example.com.example.com", None)
