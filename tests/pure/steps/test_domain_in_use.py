"""Mail that a domain has already: who receives and sends it, and what must not be broken."""

from __future__ import annotations

import pytest

from wizard.dns.answers import Answer, Mx, Question, Rcode, Txt
from wizard.dns.judge import dmarc_record
from wizard.steps.domain.in_use import Care, InUse, questions, read, receiver, remarks, senders

GOOGLE = "v=spf1 include:_spf.google.com ~all"


def seen(entries: dict[str, list[str]], domain: str = "example.com") -> InUse:
    """What is read where these records stand: ``mx``, ``txt``, ``dmarc``, and ``above`` at the parent."""
    names = dmarc_record.walk(domain)
    place: dict[Question, list[Mx] | list[Txt]] = {
        Question(domain, "MX"): [Mx(int(v.split()[0]), v.split()[1]) for v in entries.get("mx", [])],
        Question(domain, "TXT"): [Txt((text.encode(),)) for text in entries.get("txt", [])],
        Question(names[0], "TXT"): [Txt((text.encode(),)) for text in entries.get("dmarc", [])],
        Question(names[1], "TXT"): [Txt((text.encode(),)) for text in entries.get("above", [])],
    }
    answers = {
        question: Answer(question, Rcode.NOERROR, tuple(place.get(question, ())))
        for question in questions(domain)
    }
    in_use = read(domain, answers)
    assert in_use is not None
    return in_use


def said(in_use: InUse) -> dict[str, tuple[Care, str]]:
    return {remark.subject: (remark.care, remark.words) for remark in remarks(in_use)}


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        (["aspmx.l.google.com", "alt1.aspmx.l.google.com"], "Google Workspace"),
        (["smtp.google.com"], "Google Workspace"),
        (["example-com.mail.protection.outlook.com"], "Microsoft 365"),
        (["in1-smtp.messagingengine.com"], "Fastmail"),
        (["inbound-smtp.eu-west-1.amazonaws.com"], "Amazon WorkMail or SES receiving"),
        (["eforward1.registrar-servers.com"], "Namecheap's mail forwarding"),
        (["mail.example.com"], None),
    ],
)
def test_who_receives(hosts: list[str], name: str | None) -> None:
    known = receiver(hosts)
    assert (known and known.name) == name


def test_who_sends() -> None:
    records = ["v=spf1 include:_spf.google.com include:SERVERS.mcsv.net. ?include:mail.example.net mx -all"]
    assert senders(records) == ("Google Workspace", "Mailchimp", "mail.example.net")


@pytest.mark.parametrize(
    ("entries", "care", "words"),
    [
        (
            {"mx": ["1 aspmx.l.google.com", "5 alt1.aspmx.l.google.com"]},
            Care.STAYS,
            "Google Workspace receives mail",
        ),
        ({"mx": ["1 smtp.google.com"]}, Care.STAYS, "that MX record stays untouched"),
        ({"mx": ["20 b.example.net", "10 a.example.net"]}, Care.STAYS, "a.example.net receives mail here"),
        ({"mx": ["10 eforward1.registrar-servers.com"]}, Care.CAREFUL, "Enter them again, at @ (eforward1"),
        ({"mx": ["10 mx1.privateemail.com"]}, Care.CAREFUL, "Enter them again, at @ (mx1 and mx2"),
        ({"mx": ["0 ."]}, Care.NOTE, "says that it receives no mail"),
        ({}, Care.NOTE, "Nobody receives mail here"),
    ],
)
def test_what_is_said_of_mx(entries: dict[str, list[str]], care: Care, words: str) -> None:
    assert said(seen(entries))["MX"][0] is care
    assert words in said(seen(entries))["MX"][1]


@pytest.mark.parametrize(
    ("texts", "care", "words"),
    [
        (
            [GOOGLE, "something else"],
            Care.CAREFUL,
            "It lets Google Workspace send: that stays. SES is merged",
        ),
        ([GOOGLE, "v=spf1 mx -all"], Care.CAREFUL, "2 SPF records"),
        (["v=spf1 include:amazonses.com include:_spf.google.com -all"], Care.STAYS, "already, beside Google"),
        (["v=spf1 include:amazonses.com -all"], Care.STAYS, "It names SES already: it stays"),
        (["v=spf1 -all"], Care.CAREFUL, "nobody sends from here"),
        (["v=spf1 include:amazonses.com –all"], Care.CAREFUL, "A repaired one that names SES"),
        (["v=spf1 foo:bar -all"], Care.CAREFUL, "Only you know what its text should be"),
        (["v=spf1 mx ~all"], Care.CAREFUL, "There is one: all it says stays."),
        ([], Care.NOTE, "None yet."),
        (
            [f"v=spf1 {' '.join(f'include:s{number}.example.net' for number in range(5))} ~all"],
            Care.CAREFUL,
            "s0.example.net, s1.example.net, s2.example.net and 2 more send",
        ),
    ],
)
def test_what_is_said_of_spf(texts: list[str], care: Care, words: str) -> None:
    assert said(seen({"txt": texts}))["SPF"][0] is care
    assert words in said(seen({"txt": texts}))["SPF"][1]


@pytest.mark.parametrize(
    ("entries", "care", "words"),
    [
        (
            {"dmarc": ["v=DMARC1; p=reject"]},
            Care.CAREFUL,
            "p=reject has receivers refuse mail that does not align",
        ),
        ({"dmarc": ["v=DMARC1; p=reject"]}, Care.CAREFUL, "only from addresses at news.example.com."),
        ({"dmarc": ["v=DMARC1; p=reject; adkim=s"]}, Care.CAREFUL, "news.example.com exactly, not below it"),
        ({"dmarc": ["v=DMARC1; p=quarantine"]}, Care.CAREFUL, "put into spam"),
        ({"dmarc": ["v=DMARC1; p=none"]}, Care.STAYS, "It only watches"),
        ({"dmarc": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, Care.CAREFUL, "There are 2"),
        (
            {"dmarc": ["v=DMARC1; p:reject"]},
            Care.CAREFUL,
            "cannot read its policy. A repaired one, no weaker",
        ),
        ({"dmarc": ["v=DMARC1; p=monitor"]}, Care.CAREFUL, "The DNS step says what to correct"),
        ({"dmarc": ["v=dmarc1 p=reject"]}, Care.CAREFUL, "do not take for a DMARC record"),
        (
            {"above": ["v=DMARC1; p=none; sp=reject"]},
            Care.CAREFUL,
            "That of example.com applies here. It stays: p=reject",
        ),
        (
            {"above": ["v=DMARC1; p=reject; sp=none"]},
            Care.STAYS,
            "That of example.com applies here. It only watches",
        ),
        ({}, Care.NOTE, "None yet."),
    ],
)
def test_what_is_said_of_dmarc(entries: dict[str, list[str]], care: Care, words: str) -> None:
    in_use = seen(entries, "news.example.com")
    assert said(in_use)["DMARC"][0] is care
    assert words in said(in_use)["DMARC"][1]


def test_nothing_is_said_where_nobody_answered() -> None:
    silent = {question: Answer(question, Rcode.NO_ANSWER) for question in questions("example.com")}
    assert read("example.com", silent) is None


def test_text_from_the_dns_is_shown_harmless() -> None:
    in_use = seen({"mx": ["1 \x1b[2J.example.net"], "txt": ["v=spf1 include:\x1b[2J ~all"]})
    assert not any("\x1b" in remark.words for remark in remarks(in_use))
    assert in_use.sends
