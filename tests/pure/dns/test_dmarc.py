"""DMARC records by RFC 9989: read, repaired, inherited."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.dns.mistyped import mistyped_dmarc
from wizard.dns.judge.dmarc_record import (
    DEFAULT_RECORD,
    POLICIES,
    POLICY_TAGS,
    DmarcError,
    DmarcRecord,
    TagFault,
    alignment,
    destinations,
    inherited,
    intended,
    is_dmarc,
    parse,
    walk,
)
from wizard.dns.judge.dmarc_repair import read, repaired


def test_a_record_is_read_tag_by_tag() -> None:
    record = parse("v=DMARC1; P=Reject ;sp=quarantine;rua=mailto:a@example.com;")

    assert record.tags == (("p", "Reject"), ("sp", "quarantine"), ("rua", "mailto:a@example.com"))
    assert (record.policy(), record.policy("sp"), record.policy("np")) == ("reject", "quarantine", None)
    assert not record.faults
    assert not record.bad_policies


@pytest.mark.parametrize("text", ["v=DMARC1", "v=DMARC1;", "V = DMARC1 ; p=none", "v=DMARC1;p=none"])
def test_these_are_records(text: str) -> None:
    assert is_dmarc(text)
    assert parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("p=none; v=DMARC1", "does not begin"),
        (" v=DMARC1; p=none", "space before"),
        ("v=dmarc1; p=none", "capital letters"),
        ("v=DMARC1 p=none", "no `;`"),
        ("v=DMARC2; p=none", "version"),
        ("v=DMARC10; p=none", "no `;`"),
        ("", "does not begin"),
    ],
)
def test_these_are_none_and_it_is_said_why(text: str, why: str) -> None:
    assert not is_dmarc(text)
    with pytest.raises(DmarcError, match=why):
        parse(text)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("v=DMARC1; p=none; pct=100; rf=afrf; ri=86400", [TagFault.REMOVED] * 3),
        ("v=DMARC1; p=none; x=1", [TagFault.UNKNOWN]),
        ("v=DMARC1; p=none; adkim=relaxed; aspf=q; fo=9; t=maybe; psd=x; rua=", [TagFault.VALUE] * 6),
        ("v=DMARC1; p=none; adkim=r; adkim=s", [TagFault.TWICE]),
        ("v=DMARC1; p=none; fo=1:d:s; adkim=S; psd=u; t=y", []),
    ],
)
def test_tags_that_do_nothing_are_told(text: str, faults: list[TagFault]) -> None:
    assert [fault for _, _, fault in parse(text).faults] == faults


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("v=DMARC1; p=rejct", [("p", "rejct")]),
        ("v=DMARC1; rua=mailto:a@example.com", [("p", None)]),
        ("v=DMARC1; p=none; sp=all; np=", [("sp", "all"), ("np", "")]),
        ("v=DMARC1; p=NONE; np=reject", []),
    ],
)
def test_policies_without_a_valid_value_are_told(text: str, bad: list[tuple[str, str | None]]) -> None:
    assert list(parse(text).bad_policies) == bad


@pytest.mark.parametrize(
    ("texts", "record"),
    [
        ([], DEFAULT_RECORD),
        (["something else"], DEFAULT_RECORD),
        (["v=DMARC1;p=reject;  rua=mailto:a@example.com"], "v=DMARC1;p=reject;  rua=mailto:a@example.com"),
        (["v=DMARC1 p=reject rua=mailto:a@example.com"], "v=DMARC1; p=reject; rua=mailto:a@example.com"),
        (["v=DMARC1, p=reject, sp=quarantine"], "v=DMARC1; p=reject; sp=quarantine"),
        (["p=quarantine; v=DMARC1"], "v=DMARC1; p=quarantine"),
        (["v=DMARC1p=reject"], "v=DMARC1; p=reject"),
        (['"v=DMARC1; p=quarantine"'], "v=DMARC1; p=quarantine"),
        (["v=DMARC1; p=quarentine; pct=50; x=1"], "v=DMARC1; p=quarantine; pct=50; x=1"),
        (
            ["v=DMARC1; p=none; rua=mailto:a+x=y@example.com; pct=9"],
            "v=DMARC1; p=none; rua=mailto:a+x=y@example.com; pct=9",
        ),
        (["v=DMARC1; p=reject; psd=y"], "v=DMARC1; p=reject; psd=y"),
        (["v=DMARC1; p=none; p=reject"], "v=DMARC1; p=reject"),
        (["v=DMARC1; p=none quarantine"], "v=DMARC1; p=quarantine"),
        (["v=DMARC1; p=reject; adkim=strict; t=yes"], "v=DMARC1; p=reject; adkim=s; t=y"),
        (["v=DMARC1; p=reject; t=y; pct=50", "v=DMARC1; p=reject"], "v=DMARC1; p=reject"),
        (
            ["v=DMARC1; p=none; aspf=r; pct=5; t=y", "v=DMARC1; p=none; aspf=s; pct=50; t=n"],
            "v=DMARC1; p=none; aspf=s; pct=50; t=n",
        ),
        (
            [
                "v=DMARC1; p=none; rua=mailto:a@example.com; adkim=s",
                "v=DMARC1; p=reject; rua=mailto:b@example.com",
            ],
            "v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com; adkim=s",
        ),
        (["v=DMARC1; p=none; sp=reject", "v=DMARC1; p=quarantine"], "v=DMARC1; p=quarantine; sp=reject"),
    ],
)
def test_a_record_is_repaired_and_never_weaker(texts: list[str], record: str) -> None:
    assert repaired(texts) == record
    assert repaired([record]) == record


def test_the_walk_goes_up_and_asks_at_most_eight_names() -> None:
    assert walk("example.com") == ("_dmarc.example.com", "_dmarc.com")
    deep = walk("a.b.c.d.e.f.g.h.i.example.com")
    assert len(deep) == 8
    assert deep[:2] == ("_dmarc.a.b.c.d.e.f.g.h.i.example.com", "_dmarc.e.f.g.h.i.example.com")
    assert deep[-1] == "_dmarc.com"


ORGANISATION = ["v=DMARC1; p=reject"]


@pytest.mark.parametrize(
    ("found", "source"),
    [
        ({}, None),
        ({"_dmarc.example.com": ORGANISATION}, "_dmarc.example.com"),
        (
            {"_dmarc.b.example.com": ["v=DMARC1; p=none"], "_dmarc.example.com": ORGANISATION},
            "_dmarc.example.com",
        ),
        (
            {"_dmarc.b.example.com": ["v=DMARC1; p=none; psd=n"], "_dmarc.example.com": ORGANISATION},
            "_dmarc.b.example.com",
        ),
        (
            {"_dmarc.example.com": ORGANISATION, "_dmarc.com": ["v=DMARC1; p=none; psd=y"]},
            "_dmarc.example.com",
        ),
        ({"_dmarc.com": ["v=DMARC1; p=none; psd=y"]}, "_dmarc.com"),
        ({"_dmarc.example.com": ORGANISATION * 2}, None),
        ({"_dmarc.example.com": ["v=spf1 -all", *ORGANISATION]}, "_dmarc.example.com"),
    ],
)
def test_a_policy_is_inherited_from_the_organizational_domain(
    found: dict[str, list[str]], source: str | None
) -> None:
    heir = inherited(found, "a.b.example.com")

    assert (heir[0] if heir else None) == source


TAGS = st.sampled_from(
    [
        "p=none",
        "p=reject",
        "p=quarantine",
        "sp=reject",
        "np=none",
        "p=rejekt",
        "rua=mailto:a@example.com",
        "adkim=s",
        "pct=50",
        "psd=y",
        "t=y",
        "fo=1",
        "x=y",
        "p",
        "=",
        "P=REJECT",
        "rua=",
        "sp=nöne",
    ]
)
RECORDS = st.lists(TAGS, max_size=6).map(lambda tags: "; ".join(["v=DMARC1", *tags]))
TEXTS = st.one_of(st.text(max_size=60), RECORDS, RECORDS.map(lambda text: text.replace(";", "")))


@settings(deadline=None)
@given(TEXTS)
def test_no_text_makes_the_parser_fail_in_another_way(text: str) -> None:
    if not is_dmarc(text):
        with pytest.raises(DmarcError):
            parse(text)
    else:
        record = parse(text)
        assert intended(text)
        assert len(record.faults) <= len(record.tags)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=3))
def test_what_is_repaired_is_valid_stays_and_is_never_weaker(texts: list[str]) -> None:
    text = repaired(texts)
    if text is None:
        return
    record = parse(text)

    assert repaired([record.text]) == record.text
    assert not record.bad_policies
    assert text.isascii()
    for before in map(parse, filter(is_dmarc, texts)):
        for tag in POLICY_TAGS:
            if was := before.policy(tag):
                assert POLICIES.index(effective(record, tag)) >= POLICIES.index(was)


def effective(record: DmarcRecord, tag: str) -> str:
    """The policy that counts for the domain, its subdomains, or names that do not exist."""
    return record.policy(tag) or (tag == "np" and record.policy("sp")) or record.policy() or "none"


@settings(deadline=None)
@given(mistyped_dmarc())
def test_a_mistyped_record_keeps_its_policy_and_every_tag(records: tuple[str, str]) -> None:
    meant, text = records

    record = repaired([text])

    assert record is not None
    assert sorted((name, value.lower()) for name, value in parse(record).tags) == sorted(parse(meant).tags)


@settings(deadline=None)
@given(
    st.sampled_from(["v=DMARC1; p=reject; rua=mailto:a@example.com", "v=DMARC1; p=quarantine; sp=reject"]),
    st.sampled_from(["insert", "replace", "remove"]),
    st.integers(0, 60),
    st.characters(min_codepoint=0x20, max_codepoint=0x2212),
)
def test_one_wrong_character_never_weakens_a_policy(shape: str, how: str, place: int, character: str) -> None:
    place %= len(shape)
    text = shape[:place] + ("" if how == "remove" else character) + shape[place + (how != "insert") :]
    record = repaired([text])

    if record is not None and intended(text) and record != text:
        for tag in POLICY_TAGS:
            was, now = effective(parse(shape), tag), effective(parse(record), tag)
            assert POLICIES.index(now) >= POLICIES.index(was)


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1; p=monitor",
        "v=DMARC1; p=",
        "v=DMARC1; p=reject; fo=1 p",
        "v=DMARC1; p=none (reject later)",
        "v=DMARC1; p=reject; hello world",
        "v=DMARC1; p=reject; rua=mailto:nobody",
        "v=DMARC1; p=reject; rua=mailto:a—b@example.com",
    ],
)
def test_a_record_that_only_its_owner_can_repair_is_left_to_the_owner(text: str) -> None:
    assert repaired([text]) is None
    assert read(text).unclear


@pytest.mark.parametrize("tag", ["np", "sp", "pp", "t", "polcy"])
def test_a_policy_under_another_tag_does_not_make_p_none(tag: str) -> None:
    assert repaired([f"v=DMARC1; {tag}=reject; rua=mailto:a@example.com"]) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("mailto:a@x.example, mailto:b@y.example!10m", ["x.example", "y.example"]),
        ("mailto:a@x.example?subject=report", ["x.example"]),
        ("mailto:a@x.example mailto:b@y.example", [None]),
        ("mailto:<a@x.example>", [None]),
        ("mailto://a@x.example", [None]),
        ("a@x.example", [None]),
        ("https://x.example/a@b", [None]),
    ],
)
def test_only_a_mailto_uri_is_a_destination(value: str, found: list[str | None]) -> None:
    assert [domain for _, domain in destinations(value)] == found


@pytest.mark.parametrize(
    ("mail_from", "published", "spf"),
    [
        (None, "v=DMARC1; p=none", "SPF does not: mail leaves as a subdomain of amazonses.com"),
        ("bounce.example.com", None, "SPF counts too: mail leaves as bounce.example.com"),
        ("bounce.example.com", "v=DMARC1; p=none; aspf=r", "SPF counts too"),
        (
            "bounce.example.com",
            "v=DMARC1; p=none; aspf=S",
            "SPF does not: aspf=s asks",
        ),
    ],
)
def test_alignment_is_told_for_the_mail_from_domain_in_use(
    mail_from: str | None, published: str | None, spf: str
) -> None:
    told = alignment("example.com", mail_from, published)
    assert told[0].startswith("DKIM counts for DMARC")
    assert told[1].startswith(spf)
