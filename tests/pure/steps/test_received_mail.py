"""Reading what receivers wrote, however it was pasted, and judging it for the domain."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.steps import received_mails as mails
from tests.pure.steps.received_mails import results
from wizard.errors import WizardError
from wizard.project.schema import Domain, Identity, Project
from wizard.steps.domain.name import organizational
from wizard.steps.model import StepName
from wizard.steps.production import authentication_results
from wizard.steps.production.received_mail import Grade, MailCheck, Reading, read

PROJECT = Project(domain=Domain("example.com"), identity=Identity(mail_from="bounce.example.com"))
SPF = "spf=pass smtp.mailfrom=x@bounce.example.com"
DKIM = "dkim=pass header.d=example.com"
SES = "dkim=pass header.d=amazonses.com"
DMARC = "dmarc=pass header.from=example.com"


def verdict(reading: Reading, subject: str) -> MailCheck:
    return next(one for one in reading.verdicts if one.subject == subject)


@pytest.mark.parametrize(("receiver", "text"), [*mails.ALL.items(), ("mail.recipient.example", mails.RSPAMD)])
def test_receivers_of_all_kinds_are_read(receiver: str, text: str) -> None:
    reading = read(text, PROJECT)
    assert reading.receiver == receiver
    assert [(one.subject, one.grade) for one in reading.verdicts] == [
        (subject, Grade.PASS) for subject in ("From", "SPF", "DKIM", "Alignment", "DMARC")
    ]
    assert reading.passed
    assert reading.words == f"SPF, DKIM and DMARC pass for example.com, says {receiver}"
    assert "bounce.example.com" in verdict(reading, "SPF").words
    assert "second signature is as it should be" in verdict(reading, "DKIM").why
    assert len(reading.notes) == 1, "the receiver's own ARC set is no forwarder"


@pytest.mark.parametrize(
    "pasted",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: indent(text, "    "),
        lambda text: indent(text, "\t"),
        lambda text: indent(text, "> "),
        lambda text: f"\n\n  \n{text}",
        lambda text: text.replace("\n", "\r\r\n"),
        lambda text: mails.GMAIL_SUMMARY + text,
        lambda text: f"{text}\nDear reader,\n\n{results('spf=fail', 'dkim=fail', 'dmarc=fail')}",
        lambda text: text.upper().replace("AUTHENTICATION-RESULTS: I=1", "ARC-Authentication-Results: i=1"),
    ],
    ids=[
        "CRLF",
        "CR",
        "spaces",
        "tabs",
        "quoted",
        "blank lines",
        "spaced out",
        "Gmail",
        "whole mail",
        "capitals",
    ],
)
@pytest.mark.parametrize("text", [mails.GMAIL, mails.OUTLOOK, mails.POSTFIX])
def test_however_it_was_pasted(text: str, pasted: Callable[[str], str]) -> None:
    assert read(pasted(text), PROJECT).passed


def test_continuations_that_lost_their_indentation_are_taken_up() -> None:
    lost = "\n".join(line.strip() for line in mails.RSPAMD.splitlines())
    assert read(lost, PROJECT).passed


def test_the_topmost_header_counts_and_others_below_do_not() -> None:
    forged = results(SPF, DKIM, DMARC, sender="a@example.com")
    above = "Authentication-Results: mx.recipient.example; spf=none; dkim=none; dmarc=none\n"
    below = forged.replace("mx.recipient.example", "mx.elsewhere.example")
    reading = read(above + below, PROJECT)
    assert verdict(reading, "DMARC").grade is Grade.FAIL
    assert any("mx.elsewhere.example are further down" in note for note in reading.notes)


def test_headers_of_one_server_are_read_together_the_upper_first() -> None:
    upper = "Authentication-Results: mx.recipient.example 1; spf=softfail smtp.mailfrom=bounce.example.com\n"
    reading = read(upper + results(SPF, DKIM, DMARC), PROJECT)
    assert verdict(reading, "SPF").grade is Grade.FAIL
    assert verdict(reading, "DKIM").grade is Grade.PASS


def test_a_forwarder_is_told_apart() -> None:
    arc = "ARC-Authentication-Results: i=1; mx.forwarder.example; spf=pass smtp.mailfrom=bounce.example.com\n"
    clauses = "spf=pass smtp.mailfrom=srs0=x@forwarder.example", DKIM, DMARC
    reading = read(results(*clauses, more=arc), PROJECT)
    assert verdict(reading, "SPF").words == "is about forwarder.example"
    assert "does not forward" in verdict(reading, "SPF").todo
    assert verdict(reading, "Alignment").words == "DKIM matches From, SPF does not"
    assert verdict(reading, "DMARC").grade is Grade.PASS
    assert any("forwarded by mx.forwarder.example" in note for note in reading.notes)
    assert not reading.passed


F, W, P, U = Grade.FAIL, Grade.WEAK, Grade.PASS, Grade.UNKNOWN


@pytest.mark.parametrize(
    ("clauses", "subject", "grade", "words", "step"),
    [
        (["spf=pass smtp.mailfrom=1@amazonses.com", DKIM], "SPF", W, "but for amazonses.com", StepName.DNS),
        (["spf=pass smtp.mailfrom=eu-west-1.amazonses.com"], "SPF", W, "but for eu-west", StepName.DNS),
        (["spf=none smtp.mailfrom=x@bounce.example.com"], "SPF", F, "no record", StepName.DNS),
        (["spf=none smtp.helo=a8.amazonses.com", SPF], "SPF", P, "passes for bounce.example.com", None),
        (["spf=softfail smtp.mailfrom=x@bounce.example.com"], "SPF", F, "doubted", StepName.DNS),
        (["spf=fail smtp.mailfrom=x@bounce.example.com"], "SPF", F, "fails", StepName.DNS),
        (["spf=hardfail smtp.mailfrom=bounce.example.com"], "SPF", F, "fails", StepName.DNS),
        (["spf=neutral smtp.mailfrom=x@bounce.example.com"], "SPF", F, "neither yes nor no", StepName.DNS),
        (["spf=permerror smtp.mailfrom=bounce.example.com"], "SPF", F, "record is broken", StepName.DNS),
        (["spf=temperror smtp.mailfrom=bounce.example.com"], "SPF", U, "could not be checked", None),
        (["spf=pass smtp.mailfrom=x@example.net"], "SPF", W, "is about example.net", None),
        ([DKIM], "SPF", U, "does not say", None),
        (["dkim=none (message not signed)"], "DKIM", F, "not signed", StepName.IDENTITY),
        ([SES], "DKIM", F, "signed by amazonses.com only", StepName.DNS),
        ([SES, "dkim=fail (no key for signature) header.i=@example.com"], "DKIM", F, "key not", StepName.DNS),
        ([SES, "dkim=permerror header.d=example.com", DKIM], "DKIM", P, "passes for example.com", None),
        (["dkim=fail (body hash did not verify) header.d=example.com"], "DKIM", F, "text was changed", None),
        (["dkim=fail header.d=example.com reason=\"bad\""], "DKIM", F, "fails for example", StepName.DNS),
        (["dkim=temperror header.d=example.com"], "DKIM", U, "could not be checked", None),
        (["dkim=pass header.d=example.net"], "DKIM", F, "signed by example.net only", None),
        ([SPF], "DKIM", U, "does not say", None),
        ([SPF, SES], "Alignment", W, "SPF matches From, DKIM does not", None),
        ([SES, "spf=fail smtp.mailfrom=x@bounce.example.com"], "Alignment", F, "nothing matches", None),
        (["dkim=pass header.d=mail.example.com", SPF], "Alignment", P, "SPF and DKIM match", None),
        ([SPF, DKIM, "dmarc=none header.from=example.com"], "DMARC", F, "no record", StepName.DNS),
        ([SPF, DKIM, "dmarc=bestguesspass action=none"], "DMARC", F, "no record", StepName.DNS),
        ([SPF, DKIM, "dmarc=fail header.from=example.com"], "DMARC", F, "fails for", StepName.DNS),
        ([SES, "dmarc=fail header.from=example.com"], "DMARC", F, "fails for", StepName.DNS),
        ([SPF, DKIM, "dmarc=permerror header.from=example.com"], "DMARC", F, "broken", StepName.DNS),
        ([SES, DMARC], "DMARC", W, "cannot be so", None),
        ([SPF, DKIM], "DMARC", U, "does not say", None),
        ([SPF, DKIM, "dmarc=fail header.from=other.org"], "DMARC", U, "is about other.org", None),
        ([SPF, DKIM, "dmarc=pass header.from=other.org"], "DMARC", U, "is about other.org", None),
        ([DKIM, "dmarc=pass header.from=mail.example.com"], "DMARC", P, "passes for", None),
    ],
)  # fmt: skip
def test_each_result_is_judged(
    clauses: list[str], subject: str, grade: Grade, words: str, step: StepName | None
) -> None:
    reading = read(results(*clauses), PROJECT)
    found = verdict(reading, subject)
    assert (found.grade, found.step) == (grade, step)
    assert words in found.words
    assert found.why.endswith(".")
    assert found.todo or grade in (Grade.PASS, Grade.UNKNOWN)
    assert reading.passed is False


def test_why_dmarc_fails_although_something_counts() -> None:
    reading = read(results(SPF, SES, "dmarc=fail header.from=example.com"), PROJECT)
    assert "aspf=s" in verdict(reading, "DMARC").why


def test_without_a_mail_from_domain_the_identity_step_fixes() -> None:
    project = Project(domain=Domain("example.com"))
    reading = read(results("spf=pass smtp.mailfrom=1@amazonses.com", DKIM, DMARC), project)
    assert verdict(reading, "SPF").step is StepName.IDENTITY
    assert reading.words == "DKIM and DMARC pass, SPF is weak for example.com, says mx.recipient.example"


def test_another_mail_is_recognised() -> None:
    reading = read(results(SPF, DKIM, DMARC, sender="news@example.net"), PROJECT)
    assert verdict(reading, "From").words == "example.net, not example.com"
    assert reading.words == "the mail is not from example.com"


def test_a_header_alone_is_enough() -> None:
    reading = read(f"authentication-results:mx.recipient.example;{SPF};{DKIM};{DMARC}", PROJECT)
    assert reading.passed, "the From domain stands in DMARC's result"
    alone = read(f"Authentication-Results: mx.recipient.example; {SPF}", PROJECT)
    assert verdict(alone, "From").grade is Grade.UNKNOWN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" \n ", "Nothing was pasted"),
        ("Hello,\nhere it is.", "No line in it is an e-mail header"),
        ("Received: from a by b\nSubject: x", "this receiver adds none"),
        (mails.GMAIL_SUMMARY, "This is the summary"),
        ("Received: x\n\nAuthentication-Results: mx.forged.example; spf=pass", "this receiver adds none"),
        ("ARC-Authentication-Results: i=1; mx.a.example; spf=pass", "only a forwarder's results"),
        ("Authentication-Results: mx.a.example; spf", "cut off or changed"),
        ("Authentication-Results: mx.a.example 2; spf=pass", "cut off or changed"),
        ("Authentication-Results:", "cut off or changed"),
    ],
)
def test_what_holds_no_results_is_explained(text: str, said: str) -> None:
    with pytest.raises(WizardError) as caught:
        read(text, PROJECT)
    assert said in caught.value.what


def test_comments_and_quoted_strings_divide_nothing() -> None:
    clause = 'spf=pass (a; b (nested; "c\\)") d) smtp.mailfrom="a;b(c"@bounce.example.com'
    received = authentication_results.read(results(clause, DKIM))
    spf = received.first("spf")
    assert spf is not None
    assert spf.domain("smtp.mailfrom") == "bounce.example.com"
    assert spf.comment.startswith("a; b")
    assert received.first("dkim") is not None


def test_what_others_wrote_reaches_no_terminal() -> None:
    hostile = results("spf=\x1b[31mpass (\x1b]0;x\x07) smtp.mailfrom=\u202ea@bounce.example.com", DKIM)
    reading = read(hostile, PROJECT)
    for one in reading.verdicts:
        assert (one.words + one.why + one.todo + one.written).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "Authentication-Results: x; " + "(" * 100_000,
        "Authentication-Results: x; dkim=pass " + "a=b c." * 20_000,
        "Authentication-Results: x; dkim=pass header.d=example.com;" * 10_000,
        "Authentication-Results: x; dkim=pass header.d=example.com\n" * 10_000,
        "a:\n" * 100_000,
        "\n" * 5_000_000,
        mails.GMAIL + "x" * 5_000_000,
    ],
    ids=["comments", "properties", "results", "headers", "fields", "blank", "megabytes"],
)
def test_large_pastes_are_bounded(text: str) -> None:
    received = authentication_results.read(text)
    assert len(received.results) <= authentication_results.MOST_HEADERS * authentication_results.MOST_CLAUSES
    assert all(len(one.written) <= authentication_results.LONGEST_FIELD for one in received.results)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from('abd=;.@"()\\ \n\t\x00ü/1'), max_size=80))
def test_nothing_that_is_pasted_breaks_it(text: str) -> None:
    received = authentication_results.read(
        f"Authentication-Results: mx.a{text}.example; spf=pass {text}; {DKIM}", organizational
    )
    assert authentication_results.RESULTS in received.names
