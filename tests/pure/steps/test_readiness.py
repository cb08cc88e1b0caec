"""What reviewers look for, judged by evidence alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as with_settings

from wizard.aws.sesv2 import EventDestination, SesAccount, SesIdentity
from wizard.dns.answers import ZoneReport
from wizard.dns.findings import Entry, Finding, Round, Row, RowStatus, Severity
from wizard.dns.judge import dmarc_record
from wizard.dns.records import Record, RecordId
from wizard.errors import WizardError
from wizard.project.schema import Domain, Observation, Production, Project, Reminder, Sandbox
from wizard.steps.domain.in_use import InUse
from wizard.steps.model import StepName
from wizard.steps.production.readiness import Aid, Evidence, Point, PointState, Site, Subject, judge
from wizard.steps.production.step import ProductionReport
from wizard.web.page import Link, WebPage

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
READY, NOT, UNKNOWN = PointState.READY, PointState.NOT_READY, PointState.UNKNOWN
IDENTITY = SesIdentity(
    "example.com", True, "SUCCESS", "SUCCESS", mail_from="bounce.example.com", mail_from_status="SUCCESS"
)
ACCOUNT = SesAccount(False, True, "HEALTHY", 200, 1, 0, suppressed_reasons=("BOUNCE", "COMPLAINT"))
PAGE = WebPage("https://www.example.com/", 200)
BUS = EventDestination("flow", True, ("BOUNCE", "COMPLAINT"), "EventBridge")
DENIED = WizardError("Your credentials may not do this", "No.", "Ask.")
POLICY = ("_dmarc.com", dmarc_record.parse("v=DMARC1; p=reject"))
ROUND = Round("example.com", NOW, ZoneReport("example.com", "example.com"), None, ())
DKIM = Record(RecordId.DKIM1, "tok1._domainkey.example.com", "CNAME", "tok1.dkim.amazonses.com")

PROJECT = Project(
    domain=Domain("example.com"),
    sandbox=Sandbox(sent=Observation(NOW - timedelta(hours=2), "to you@example.net")),
)
EVIDENCE = Evidence(
    seen=ProductionReport("example.com", ACCOUNT, IDENTITY, at=NOW),
    destinations=(BUS,),
    in_use=InUse("example.com", dmarc=("v=DMARC1; p=none;",)),
    site=Site("https://example.com", PAGE, link=Link("https://example.com/privacy", "Privacy")),
    records=ROUND,
)


def point(subject: Subject, evidence: Evidence = EVIDENCE, project: Project = PROJECT) -> Point:
    return next(one for one in judge(project, evidence) if one.subject is subject)


def test_where_all_is_well_all_is_ready() -> None:
    points = judge(PROJECT, EVIDENCE)
    assert [one.subject for one in points] == list(Subject)
    assert all(one.ready for one in points)
    assert point(Subject.TEST).told == "one was sent to you@example.net, 2 h ago"
    assert point(Subject.PRIVACY).words == "a link on the website leads to it"


@pytest.mark.parametrize(
    ("identity", "words", "fixed_at"),
    [
        (None, "SES does not know example.com yet", StepName.IDENTITY),
        (replace(IDENTITY, dkim_status="PENDING"), "DKIM is not confirmed", StepName.DNS),
        (
            replace(IDENTITY, verified=False, mail_from_status="FAILED"),
            "the domain is not verified, MAIL FROM is not confirmed",
            StepName.DNS,
        ),
    ],
)
def test_identity(identity: SesIdentity | None, words: str, fixed_at: StepName) -> None:
    found = point(Subject.IDENTITY, replace(EVIDENCE, seen=replace(EVIDENCE.seen, identity=identity)))
    assert found == Point(Subject.IDENTITY, NOT, words, fixed_at)


def test_a_record_that_is_wrong_now_is_not_ready_though_ses_has_verified_the_domain() -> None:
    gone = (Finding("absent", Severity.BLOCKS, "It is not there."),)
    missing = Row(DKIM, "tok1._domainkey", Entry("", "", ""), RowStatus.MISSING, findings=gone)
    found = point(Subject.IDENTITY, replace(EVIDENCE, records=replace(ROUND, rows=(missing,))))
    assert (found.verdict, found.words, found.fixed_at) == (NOT, "1 record missing", StepName.DNS)
    assert found.more == "SES still shows the domain as verified; mail will fail when it re-checks"
    silent = replace(missing, status=RowStatus.UNKNOWN, findings=())
    assert (
        point(Subject.IDENTITY, replace(EVIDENCE, records=replace(ROUND, rows=(silent,)))).verdict is UNKNOWN
    )
    assert point(Subject.IDENTITY, replace(EVIDENCE, records=DENIED)).verdict is UNKNOWN


@pytest.mark.parametrize(
    ("in_use", "verdict", "words"),
    [
        (InUse("example.com"), NOT, "there is no DMARC record"),
        (InUse("example.com", dmarc=("v=DMARC",)), NOT, "a TXT record exists that is not a DMARC record"),
        (InUse("example.com", dmarc=("v=DMARC1; p=none",) * 2), NOT, "there are 2"),
        (InUse("example.com", dmarc=("v=DMARC1; p=none\x1b[2J",)), READY, r"p=none\x1b[2J at _dmarc.example"),
        (InUse("example.com", policy=POLICY), READY, "v=DMARC1; p=reject at _dmarc.com"),
        (None, UNKNOWN, "DNS servers do not answer"),
        (DENIED, UNKNOWN, "Your credentials may not do this"),
    ],
)
def test_dmarc(in_use: InUse | WizardError | None, verdict: PointState, words: str) -> None:
    found = point(Subject.DMARC, replace(EVIDENCE, in_use=in_use))
    assert (found.verdict, found.fixed_at) == (verdict, StepName.DNS)
    assert words in found.words


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ((), "off for bounces and complaints"),
        (("BOUNCE",), "off for complaints: press F4 in step 3"),
    ],
)
def test_suppression(reasons: tuple[str, ...], words: str) -> None:
    account = replace(ACCOUNT, suppressed_reasons=reasons)
    found = point(Subject.SUPPRESSION, replace(EVIDENCE, seen=replace(EVIDENCE.seen, account=account)))
    assert (found.verdict, found.fixed_at) == (NOT, StepName.IDENTITY)
    assert words in found.words


@pytest.mark.parametrize(
    ("destinations", "forwards", "verdict", "words"),
    [
        ((BUS,), False, READY, "SES reports bounces"),
        ((replace(BUS, types=("BOUNCE",)), replace(BUS, types=("COMPLAINT",))), False, READY, "Bridge"),
        ((replace(BUS, enabled=False),), False, NOT, "not reported to anyone"),
        ((replace(BUS, types=("BOUNCE", "SEND")),), False, NOT, "not reported to anyone"),
        ((), True, READY, "someone must read them"),
        ((), False, NOT, "step 5 sets it up"),
        (DENIED, True, READY, "someone must read them"),
        (DENIED, False, UNKNOWN, "Your credentials may not do this"),
    ],
)  # fmt: skip
def test_events(destinations: Any, forwards: bool, verdict: PointState, words: str) -> None:
    seen = replace(EVIDENCE.seen, identity=replace(IDENTITY, forwards=forwards))
    found = point(Subject.EVENTS, replace(EVIDENCE, seen=seen, destinations=destinations))
    assert (found.verdict, found.fixed_at) == (verdict, StepName.REMINDER)
    assert words in found.told


def test_a_test_mail_leaves_evidence_of_either_kind() -> None:
    nothing = with_settings(PROJECT, sandbox=Sandbox())
    found = point(Subject.TEST, project=nothing)
    assert (found.verdict, found.fixed_at) == (NOT, Aid.SANDBOX)
    tested = with_settings(nothing, reminder=Reminder(tested=Observation(NOW, "to you@example.net")))
    assert point(Subject.TEST, project=tested).ready
    read = with_settings(
        PROJECT, sandbox=with_settings(PROJECT.sandbox, read=Observation(NOW, "SPF, DKIM pass"))
    )
    found = point(Subject.TEST, project=read)
    assert found.told == "one arrived, but does not pass all checks (SPF, DKIM pass)"
    assert found.verdict is NOT, "DMARC is not among what passed"
    passed = with_settings(PROJECT, sandbox=with_settings(read.sandbox, passed=True))
    assert point(Subject.TEST, project=passed).verdict is READY


@pytest.mark.parametrize(
    ("mail_type", "link", "verdict", "words"),
    [
        ("TRANSACTIONAL", None, READY, "mail is transactional"),
        ("MARKETING", None, NOT, "Add an unsubscribe address"),
        ("MARKETING", "mailto:stop@example.com", NOT, "is not one click"),
        ("MARKETING", "https://example.com/stop?who={{email}}", READY, "one click"),
    ],
)
def test_unsubscribe(mail_type: Any, link: str | None, verdict: PointState, words: str) -> None:
    project = with_settings(
        PROJECT, production=Production(mail_type=mail_type), reminder=Reminder(unsubscribe=link)
    )
    found = point(Subject.UNSUBSCRIBE, project=project)
    assert (found.verdict, found.fixed_at) == (verdict, StepName.REMINDER)
    assert words in found.words
    assert not found.words.endswith("."), "the page ends the sentence"


@pytest.mark.parametrize(
    ("page", "trouble", "words"),
    [
        (None, "did not answer within 8 seconds", "https://example.com did not answer within 8 seconds"),
        (replace(PAGE, status=404), "", "has no such page (404)"),
        (replace(PAGE, status=403), "", "refuses programs such as this one"),
        (replace(PAGE, status=503), "", "answers with an error (503)"),
        (replace(PAGE, url="http://example.com"), "", "answers without HTTPS"),
        (replace(PAGE, url="https://example.org"), "", "answers at example.org, which is not at example.com"),
        (replace(PAGE, url="https://a.github.io"), "", "a.github.io, which is not at example.com"),
    ],
)
def test_website(page: WebPage | None, trouble: str, words: str) -> None:
    found = point(Subject.WEBSITE, replace(EVIDENCE, site=replace(EVIDENCE.site, page=page, trouble=trouble)))
    assert (found.verdict, found.fixed_at) == (NOT, Aid.REQUEST)
    assert words in found.words


def test_privacy_page() -> None:
    none = replace(EVIDENCE, site=Site("https://example.com", PAGE))
    assert point(Subject.PRIVACY, none).verdict is NOT
    broken = replace(EVIDENCE, site=Site("https://example.com", PAGE, privacy_trouble="/privacy answers 404"))
    assert point(Subject.PRIVACY, broken).words == "/privacy answers 404"
    unread = replace(EVIDENCE, site=Site("https://example.com", trouble="is not known"))
    assert point(Subject.PRIVACY, unread).verdict is UNKNOWN
