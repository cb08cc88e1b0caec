"""SPF records: read, repaired, merged. Evaluating is tested by the conformance suite."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.dns.mistyped import mistyped_spf
from tests.pure.dns.spf_receiver import SpfResult, check_host
from wizard.dns.answers import Address, Answer, Question, Rcode, Txt
from wizard.dns.judge.spf import (
    Include,
    Qualifier,
    SpfError,
    faults,
    include_of,
    intended,
    is_spf,
    merged,
    parse,
    read,
)
from wizard.dns.judge.spf.repair import meant

SES = "amazonses.com"


def test_a_record_is_read_term_by_term() -> None:
    record = parse(
        "v=spf1 +a:mail.example.com/24//64 ip6:2001:db8::/32 ?include:%{d2}.example.net -ALL exp=e.%{d}"
    )

    first, second, third, last = record.mechanisms
    assert (first.name, first.domain, first.prefix4, first.prefix6) == ("a", "mail.example.com", 24, 64)
    assert str(second.network) == "2001:db8::/32"
    assert (third.qualifier, third.domain, third.column) == (Qualifier.NEUTRAL, "%{d2}.example.net", 53)
    assert (last.name, last.qualifier, record.all) == ("all", Qualifier.FAIL, last)
    assert record.modifier("exp") == "e.%{d}"
    assert record.modifier("redirect") is None


@pytest.mark.parametrize(
    ("text", "term", "column"),
    [
        ("v=spf1 a mx foo -all", "foo", 13),
        ("v=spf1  include: -all", "include:", 9),
        ("v=spf1 ip4:300.1.1.1", "ip4:300.1.1.1", 8),
        ("v=spf1 ip4:1.2.3.4/33", "ip4:1.2.3.4/33", 8),
        ("v=spf1 ip6:1.2.3.4", "ip6:1.2.3.4", 8),
        ("v=spf1 a/ -all", "a/", 8),
        ("v=spf1 mx/33 -all", "mx/33", 8),
        ("v=spf1 include:example -all", "include:example", 8),
        ("v=spf1 exists:%{x}.example.com", "exists:%{x}.example.com", 8),
        ("v=spf1 exists:%{d0}.example.com", "exists:%{d0}.example.com", 8),
        ("v=spf1 all: a", "all:", 8),
        ("v=spf1 redirect= a", "redirect=", 8),
        ("v=spf1 redirect=a.example redirect=b.example", "redirect=b.example", 27),
        ("v=spf1 a; -all", "a;", 8),
        ("v=spf2 a", "v=spf2 a", 1),
    ],
)
def test_a_wrong_term_is_named_with_its_column(text: str, term: str, column: int) -> None:
    with pytest.raises(SpfError) as caught:
        parse(text)

    assert (caught.value.term, caught.value.column) == (term, column)
    assert caught.value.reason
    assert faults(text)[0].column == column


def test_all_wrong_terms_are_named() -> None:
    assert [fault.term for fault in faults("v=spf1 foo a bar: -all")] == ["foo", "bar:"]


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        ("v=spf1", True),
        ("V=SPF1 -all", True),
        ("v=spf1include:x", False),
        (" v=spf1 -all", False),
        ("v=spf10", False),
        ("spf2.0/pra", False),
    ],
)
def test_only_the_exact_version_makes_a_record(text: str, whether: bool) -> None:
    assert is_spf(text) is whether


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        ('"v=spf1 -all"', True),
        (" v=spf1 -all", True),
        ("v = spf1 -all", True),
        ("v=spf1include:x", True),
        ("“v=spf1 -all", True),
        ("google-site-verification=v=spf1", False),
        ("spf", False),
        ("", False),
    ],
)
def test_what_was_meant_to_be_a_record_is_told(text: str, whether: bool) -> None:
    assert intended(text) is whether


@pytest.mark.parametrize(
    ("texts", "record"),
    [
        ([], "v=spf1 include:amazonses.com ~all"),
        (["some-verification=1"], "v=spf1 include:amazonses.com ~all"),
        (["v=spf1 -all"], "v=spf1 include:amazonses.com -all"),
        (["v=spf1 a mx include:x.example ?all"], "v=spf1 a mx include:x.example include:amazonses.com ?all"),
        (["v=spf1 mx"], "v=spf1 mx include:amazonses.com"),
        (["v=spf1 mx redirect=x.example"], "v=spf1 mx include:amazonses.com redirect=x.example"),
        (
            ["v=spf1 redirect=x.example exp=e.example mx"],
            "v=spf1 include:amazonses.com redirect=x.example exp=e.example mx",
        ),
        (["v=spf1 -all include:amazonses.com a"], "v=spf1 include:amazonses.com -all a"),
        (["v=spf1 -include:amazonses.com mx -all"], "v=spf1 mx include:amazonses.com -all"),
        (["v=spf1 Include:AmazonSES.com -all"], "v=spf1 Include:AmazonSES.com -all"),
        (["v=spf1 a -all", "v=spf1 mx a ~all"], "v=spf1 a mx include:amazonses.com -all"),
        (["v=spf1 a", "v=spf1 mx -all"], "v=spf1 a mx include:amazonses.com -all"),
        (
            ["v=spf1 a -all", "v=spf1 redirect=x.example"],
            "v=spf1 a include:x.example include:amazonses.com -all",
        ),
        (
            ["v=spf1 redirect=x.example", "v=spf1 redirect=y.example"],
            "v=spf1 include:x.example include:y.example include:amazonses.com ~all",
        ),
        (
            ["v=spf1 redirect=x.example", "v=spf1 mx -all"],
            "v=spf1 include:x.example mx include:amazonses.com -all",
        ),
        (
            ["v=spf1 a -all include:y.example", "v=spf1 mx ~all redirect=x.example"],
            "v=spf1 a mx include:amazonses.com -all",
        ),
        (["v=spf1 a +all", "v=spf1 mx ?all"], "v=spf1 a mx include:amazonses.com ?all"),
        (["v=spf1 a all", "v=spf1 mx"], "v=spf1 a mx include:amazonses.com ~all"),
        (['"v=spf1 mx" "-all"'], "v=spf1 mx include:amazonses.com -all"),
        (
            ["v=spf1 include: x.example ipv4:192.0.2.1, ~all;"],
            "v=spf1 include:x.example ip4:192.0.2.1 include:amazonses.com ~all",
        ),
    ],
)
def test_ses_is_merged_into_what_exists(texts: list[str], record: str) -> None:
    assert merged(texts, SES) == record
    assert merged([record], SES) == record
    assert include_of(record, SES) is Include.REACHED


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("v=spf1 include:amazonses.com -all", Include.REACHED),
        ("v=spf1 +include:AMAZONSES.com. -all", Include.REACHED),
        ("v=spf1 -all include:amazonses.com", Include.BEHIND_ALL),
        ("v=spf1 ~include:amazonses.com -all", Include.WEAK),
        ("v=spf1 include:amazonses.com.example -all", Include.ABSENT),
    ],
)
def test_an_include_is_found_where_it_counts(text: str, how: Include) -> None:
    assert include_of(text, SES) is how


@pytest.mark.parametrize(
    ("wrong", "term"),
    [
        ("ipv4:192.0.2.1", "ip4:192.0.2.1"),
        ("ip4:2001:db8::1", "ip6:2001:db8::1"),
        ("ip:192.0.2.0/24", "ip4:192.0.2.0/24"),
        ("incldue:x.example", "include:x.example"),
        ("include::x.example", "include:x.example"),
        ("ip4:mail.example.com", "a:mail.example.com"),
        ("-all.", "-all"),
        ("~all;", "~all"),
        ("foo", None),
        ("mx/99", None),
        ("include:", None),
        ("a:", None),
        ("_include:x.example", None),
        ("redirect:x.example", "redirect=x.example"),
        ("include=x.example", "include:x.example"),
    ],
)
def test_obvious_slips_are_repaired(wrong: str, term: str | None) -> None:
    assert meant(wrong) == term


TERMS = st.one_of(
    st.sampled_from(
        [
            "a",
            "mx",
            "ptr",
            "-all",
            "~all",
            "?all",
            "+all",
            "all",
            "include:x.example",
            "ip4:192.0.2.0/24",
            "ip6:2001:db8::1",
            "exists:%{i}.x.example",
            "redirect=y.example",
            "exp=e.example",
            "a:b.example/24",
            "include:amazonses.com",
            "-include:amazonses.com",
            "include:",
            "foo",
            "op=x",
            "INCLUDE:Z.example",
        ]
    ),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), min_size=1, max_size=12),
)
RECORDS = st.lists(TERMS, max_size=8).map(lambda terms: " ".join(["v=spf1", *terms]))
TEXTS = st.one_of(st.text(max_size=60), RECORDS, RECORDS.map(lambda text: f'"{text}"'))


@settings(deadline=None)
@given(TEXTS)
def test_no_text_makes_the_parser_fail_in_another_way(text: str) -> None:
    found = faults(text)
    for fault in found:
        assert text[fault.column - 1 :].startswith(fault.term)
    if found:
        with pytest.raises(SpfError):
            parse(text)
    else:
        record = parse(text)
        assert (
            [term.text for term in record.terms] == text.split(" ")[1:] or "  " in text or text.endswith(" ")
        )


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=3))
def test_what_is_merged_can_be_read_lets_ses_send_and_is_not_changed_again(texts: list[str]) -> None:
    record = merged(texts, SES)

    if record is not None:
        assert merged([record], SES) == record
        assert is_spf(record)
        assert not faults(record)
        assert re.fullmatch(r"[\x20-\x7e]+", record)
        if record not in texts:  # One that is right already stays as it is, even `v=spf1 all`.
            assert include_of(record, SES) is Include.REACHED


NETWORKS = {
    SES: "v=spf1 ip4:198.51.100.1 -all",
    "x.example": "v=spf1 ip4:198.51.100.2 ~all",
    "y.example": "v=spf1 ip4:198.51.100.3 ?all",
}
HOSTS = {"example.com": "198.51.100.4", "b.example": "198.51.100.5"}
SENDERS = [*(f"198.51.100.{number}" for number in range(1, 8)), "192.0.2.1", "192.0.2.9"]


async def passing(record: str) -> dict[str, SpfResult]:
    """What receivers make of mail from each of SENDERS under ``record``."""

    async def lookup(question: Question) -> Answer:
        text = {**NETWORKS, "example.com": record}.get(question.name)
        if question.type == "TXT" and text:
            return Answer(question, Rcode.NOERROR, (Txt((text.encode(),)),))
        if question.type == "A" and question.name in HOSTS:
            return Answer(question, Rcode.NOERROR, (Address(HOSTS[question.name]),))
        return Answer(question, Rcode.NXDOMAIN)

    return {
        sender: (await check_host(sender, "user@example.com", "mail.example.com", lookup)).result
        for sender in SENDERS
    }


@settings(deadline=None, max_examples=100)
@given(mistyped_spf())
async def test_a_repaired_record_never_authorises_more_than_was_meant(records: tuple[str, str]) -> None:
    meant_, text = records
    record = merged([text], SES)
    if record is None:
        return
    assert not faults(record)
    before, after = await passing(meant_), await passing(record)
    assert SpfResult.PERMERROR not in after.values()
    for sender, result in after.items():
        if sender != "198.51.100.1":
            assert STRICTEST.index(result) <= STRICTEST.index(before[sender])


STRICTEST = [SpfResult.FAIL, SpfResult.SOFTFAIL, SpfResult.NEUTRAL, SpfResult.PASS]


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(["v=spf1 a include:amazonses.com {}all", "v=spf1 mx include:x.example {}all"]),
    st.sampled_from("-~"),
    st.sampled_from(["insert", "replace", "remove"]),
    st.integers(0, 40),
    st.characters(min_codepoint=0x20, max_codepoint=0x2212),
)
def test_one_wrong_character_never_makes_the_ending_weaker(
    shape: str, sign: str, how: str, place: int, character: str
) -> None:
    text = shape.format(sign)
    place %= len(text)
    text = text[:place] + ("" if how == "remove" else character) + text[place + (how != "insert") :]
    record = merged([text], SES)

    if record is not None and record != text:
        ending = parse(record).all
        assert ending is not None
        assert ending.qualifier in (Qualifier(sign), Qualifier.FAIL, Qualifier.SOFTFAIL)


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 what:ever -all",
        "v=spf1 _include:x.example -all",
        "v=spf1 - include:x.example -all",
        "v=spf1 include:my—company.example -all",
        "v=spf1 include:bücher.example -all",
        "v=spf1 include:x.example,y.example -all",
        "v=spf1 redirect=x.example redirect=y.example",
        "v=spf1 include:x.example -",
    ],
)
def test_a_record_that_only_its_owner_can_repair_is_left_to_the_owner(text: str) -> None:
    assert merged([text], SES) is None
    assert read(text).unclear


def test_records_whose_order_would_decide_are_left_to_their_owner() -> None:
    assert merged(["v=spf1 a -ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.0/24 -all"], SES) is None


@settings(deadline=None)
@given(TEXTS, TEXTS)
async def test_no_text_makes_the_evaluator_fail(first: str, second: str) -> None:
    texts = {"example.com": first, "x.example": second, "y.example": second}

    async def lookup(question: Question) -> Answer:
        if question.type == "TXT" and question.name in texts:
            return Answer(question, Rcode.NOERROR, (Txt((texts[question.name].encode("utf-8", "replace"),)),))
        return Answer(question, Rcode.NOERROR, (Address("192.0.2.1"),) if question.type == "A" else ())

    verdict = await check_host("192.0.2.1", "user@example.com", "mail.example.com", lookup)

    assert verdict.result in SpfResult
    assert verdict.lookups <= 11
