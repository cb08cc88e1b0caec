"""Step 6 against the embedded account: the gate, the form, one request, the review."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from tests.engine.refusal import refuse
from wizard.aws import sesv2
from wizard.demo import Demo
from wizard.dns.records import Record, RecordId, wanted_records
from wizard.errors import WizardError
from wizard.project.schema import Domain, Production, Project
from wizard.steps.identity import step as identity
from wizard.steps.model import Status, StepName
from wizard.steps.production import readiness, step
from wizard.steps.production.readiness import Subject

FORM = step.Form("TRANSACTIONAL", "https://example.com", ("owner@example.com",), "EN")


@pytest.fixture
def ready(account: Demo) -> Project:
    """A project whose identity is complete."""
    project = Project(domain=Domain("example.com"))
    project = identity.act(account.world, project, "bounce.example.com", lambda _: None)
    made = sesv2.get_identity(account.world.aws, "example.com")
    assert made is not None
    account.publish(
        wanted_records("example.com", tokens=made.tokens, mail_from="bounce.example.com", region="us-east-1")
    )
    return project


def test_the_gate_is_closed_until_ses_sees_the_records(account: Demo) -> None:
    project = Project(domain=Domain("example.com"))
    assert "does not know example.com" in (step.gate(step.look(account.world, project)) or "")
    project = identity.act(account.world, project, "bounce.example.com", lambda _: None)
    seen = step.look(account.world, project)
    closed = step.gate(seen) or ""
    assert all(words in closed for words in ("not verified", "DKIM", "MAIL FROM"))
    assert step.judge(seen).words == "in the sandbox; request production access after step 4"
    with pytest.raises(WizardError, match="cannot be sent yet"):
        step.act(account.world, project, FORM)
    assert step.look(account.world, project).account.review_status is None


def test_asked_reviewed_granted(account: Demo, ready: Project) -> None:
    seen = step.look(account.world, ready)
    assert step.gate(seen) is None
    assert (step.judge(seen).status, step.judge(seen).words) == (
        Status.TODO,
        "in the sandbox; production access is not requested yet",
    )
    change = step.plan(FORM, seen).changes[0]
    assert change.operation == "sesv2:PutAccountDetails"
    assert "https://example.com" in change.detail

    asked = step.act(account.world, ready, FORM)
    said = asked.production
    assert said.asked is not None
    assert replace(said, asked=None) == Production(
        "TRANSACTIONAL", "https://example.com", ("owner@example.com",), "EN"
    )
    assert not asked.done("production")
    seen = step.look(account.world, asked)
    assert step.judge(seen).status is Status.WAITING
    assert seen.account.case_id is not None
    assert f"(case {seen.account.case_id}), sent on " in step.judge(seen).words
    assert "Do not send it again" in step.what_next(seen)
    assert not step.plan(FORM, seen).changes_anything

    account.answer_review(granted=True)
    done = step.act(account.world, asked, FORM)
    assert (
        done.progress[StepName.PRODUCTION].words == "production access, up to 50,000 recipients in 24 hours"
    )
    assert "send to anyone" in step.what_next(step.look(account.world, done))


def test_denied(account: Demo, ready: Project) -> None:
    step.act(account.world, ready, FORM)
    account.answer_review(granted=False)
    seen = step.look(account.world, ready)
    assert step.judge(seen).status is Status.ATTENTION
    assert "answer there" in step.what_next(seen)
    step.act(account.world, ready, FORM)
    assert step.look(account.world, ready) == seen, "no second request"

    again = step.act(account.world, step.put_off(ready, account.world.now()), FORM, again=True)
    assert again.production.put_off is None
    assert step.judge(step.look(account.world, again)).status is Status.WAITING


def test_a_review_that_is_open_is_not_asked_for_again(account: Demo, ready: Project) -> None:
    step.act(account.world, ready, FORM)
    before = step.look(account.world, ready)
    other = dataclasses.replace(FORM, website="https://example.com/other")
    step.act(account.world, ready, other)
    assert step.look(account.world, ready) == before


def test_a_review_opened_meanwhile_is_no_failure(account: Demo, ready: Project) -> None:
    """Another window sent the request between the look and the call: AWS answers with a conflict."""
    world = account.world.choose(None, "us-east-1")
    refuse(world.aws, "sesv2", "PutAccountDetails", "ConflictException", "There is already a review.")
    assert step.act(world, ready, FORM).production.website == "https://example.com"


def test_a_request_that_never_arrived_may_be_sent_again(account: Demo, ready: Project) -> None:
    step.act(account.world, ready, FORM)
    review = account.account.ses("us-east-1").review
    assert review is not None
    review.status = "FAILED"
    seen = step.look(account.world, ready)
    assert step.judge(seen).status is Status.ATTENTION
    assert step.plan(FORM, seen).changes_anything
    step.act(account.world, ready, FORM)
    assert step.look(account.world, ready).account.review_status == "PENDING"


def test_granted_and_not_open_yet_is_waited_for(account: Demo, ready: Project) -> None:
    """ReviewDetails says GRANTED a while before ProductionAccessEnabled does."""
    step.act(account.world, ready, FORM)
    review = account.account.ses("us-east-1").review
    assert review is not None
    review.status = "GRANTED"
    seen = step.look(account.world, ready)
    assert step.judge(seen).status is Status.WAITING
    assert not step.plan(FORM, seen, again=True).changes_anything
    assert "production" not in step.act(account.world, ready, FORM).progress


def test_a_form_with_problems_never_reaches_aws(account: Demo, ready: Project) -> None:
    with pytest.raises(WizardError, match="not complete"):
        step.act(account.world, ready, dataclasses.replace(FORM, website="ftp://example.com"))
    assert step.look(account.world, ready).account.review_status is None


def test_sending_suspended_closes_the_gate(account: Demo, ready: Project) -> None:
    account.account.ses("us-east-1").sending_enabled = False
    assert "paused" in (step.gate(step.look(account.world, ready)) or "")


def test_contacts_may_be_left_out(account: Demo, ready: Project) -> None:
    step.act(account.world, ready, dataclasses.replace(FORM, contacts=()))
    assert step.look(account.world, ready).account.review_status == "PENDING"


def test_the_first_form(account: Demo, ready: Project) -> None:
    seen = step.look(account.world, ready)
    assert step.first_form(ready, seen) == step.Form("TRANSACTIONAL", "https://example.com", (), "EN")
    filed = replace(ready, production=Production("MARKETING", "https://x.example.com", ("a@x.org",), "JA"))
    assert step.first_form(filed, seen) == step.Form("MARKETING", "https://x.example.com", ("a@x.org",), "JA")
    step.act(account.world, ready, dataclasses.replace(FORM, language="JA"))
    assert step.first_form(ready, step.look(account.world, ready)) == dataclasses.replace(FORM, language="JA")


def test_readiness_comes_from_the_account_the_dns_and_the_website(account: Demo, ready: Project) -> None:
    evidence = readiness.look(account.world, ready, step.look(account.world, ready))
    points = readiness.judge(ready, evidence)
    assert [point.subject for point in points if not point.ready] == [Subject.TEST]
    assert points[3].words == "SES e-mails them to the sender: someone must read them"


def test_a_set_without_destinations_and_an_account_without_suppression_are_seen(
    account: Demo, ready: Project
) -> None:
    ses = account.account.ses("us-east-1")
    ses.suppressed_reasons = []
    ses.identities["example.com"].forwarding = False
    account.publish([Record(RecordId.DMARC, "_dmarc.example.com", "TXT", "v=DMARC1; p=reject;")])
    elsewhere = replace(ready, production=Production("TRANSACTIONAL", "https://example.com/none"))
    evidence = readiness.look(account.world, elsewhere, step.look(account.world, elsewhere))
    words = {point.subject: point.words for point in readiness.judge(elsewhere, evidence)}
    assert words[Subject.SUPPRESSION].startswith("off for bounces and complaints")
    assert words[Subject.EVENTS].startswith("not reported to anyone")
    assert words[Subject.DMARC].startswith("v=DMARC1; p=reject;")
    assert words[Subject.WEBSITE] == "https://example.com/none has no such page (404)"
    assert words[Subject.PRIVACY] == "the website could not be read"
