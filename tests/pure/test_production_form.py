"""The production access form, checked before AWS sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import tzset

import msgspec
import pytest
from msgspec.structs import replace as with_settings

from wizard.aws.sesv2 import SesAccount
from wizard.project.schema import Domain, Observation, Production, Project
from wizard.steps.model import Status
from wizard.steps.production.step import (
    Form,
    ProductionReport,
    assertion,
    filled_in,
    judge,
    noted,
    plan,
    problems,
    put_off,
    request,
    what_next,
)

GOOD = Form("MARKETING", "https://example.com/news?a=b", ("owner@example.com",), "JA")


@pytest.mark.parametrize(
    "form",
    [
        GOOD,
        Form("TRANSACTIONAL", "http://bücher.example.com", (), "EN"),
        replace(GOOD, contacts=tuple(f"o{number}@example.com" for number in range(4))),
        replace(GOOD, contacts=("first.last+tag@mail.example.co.uk",)),
    ],
)
def test_forms_that_may_be_sent(form: Form) -> None:
    assert problems(form) == ()
    msgspec.convert(
        {"mail_type": form.mail_type, "website": form.website, "contacts": form.contacts}, Production
    )


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"mail_type": ""}, "mail_type", "TRANSACTIONAL"),
        ({"mail_type": "transactional"}, "mail_type", "TRANSACTIONAL"),
        ({"website": ""}, "website", "Enter the address"),
        ({"website": "example.com"}, "website", "begin with https://"),
        ({"website": "ftp://example.com"}, "website", "begin with https://"),
        ({"website": "https://localhost:8000"}, "website", "public name"),
        ({"website": "https://127.0.0.1/"}, "website", "public name"),
        ({"website": "https://"}, "website", "public name"),
        ({"website": "https://[::1"}, "website", "cannot be read"),
        ({"website": "https://exa mple.com"}, "website", "a space"),
        ({"website": 'https://example.com/"'}, "website", "a space, a quote"),
        ({"website": "https://example.com/$(x)"}, "website", "a space, a quote"),
        ({"website": "https://example.com/" + "a" * 1000}, "website", "1000 characters"),
        ({"contacts": tuple(f"o{n}@example.com" for n in range(5))}, "contacts", "up to 4"),
        ({"contacts": ("owner",)}, "contacts", "owner is not an e-mail address"),
        ({"contacts": ("a@b",)}, "contacts", "not an e-mail address"),
        ({"contacts": ("a@b@c.com",)}, "contacts", "not an e-mail address"),
        ({"contacts": ("",)}, "contacts", "not an e-mail address"),
        ({"contacts": ("\N{PARTY POPPER}@example.com",)}, "contacts", "ASCII"),
        ({"contacts": ("a..b@example.com",)}, "contacts", "not an e-mail address"),
        ({"contacts": ("a@-example.com",)}, "contacts", "not an e-mail address"),
        ({"contacts": ("a$b@example.com",)}, "contacts", "cannot hold"),
        ({"contacts": ("a@b\u00fccher.example", "a@xn--bcher-kva.example")}, "contacts", "listed twice"),
        ({"website": "https://a..example.com"}, "website", "public name"),
        ({"website": "https://-.com"}, "website", "public name"),
        ({"contacts": ("a@example.com", "A@example.com")}, "contacts", "listed twice"),
        ({"contacts": ("success@simulator.amazonses.com",)}, "contacts", "simulator"),
        ({"language": "DE"}, "language", "EN"),
    ],
)
def test_forms_with_a_problem(changes: dict[str, object], field: str, words: str) -> None:
    ((found, sentence),) = problems(replace(GOOD, **changes))  # type: ignore[arg-type]
    assert found == field
    assert words in sentence


def test_an_empty_form_names_every_field_that_is_needed() -> None:
    assert [field for field, _ in problems(Form())] == ["mail_type", "website"]


def test_the_assertion_names_the_domain_and_what_is_promised() -> None:
    sentence = assertion(Project(domain=Domain("example.com")))
    assert all(words in sentence for words in ("example.com", "asked for it", "bounce", "complain", "case"))


SANDBOX = SesAccount(False, True, "HEALTHY", 200, 1, 0)


@pytest.mark.parametrize(
    ("changes", "status", "words", "next_words"),
    [
        ({"review_status": "PENDING", "case_id": "17"}, Status.WAITING, "(case 17)", "about a day"),
        ({"review_status": "PENDING"}, Status.WAITING, "AWS reviews the request,", "Do not send it again"),
        ({"review_status": "GRANTED"}, Status.WAITING, "opening the Region", "look again"),
        ({"review_status": "DENIED"}, Status.ATTENTION, "AWS said no", "support.console.aws.amazon.com"),
        ({"review_status": "FAILED"}, Status.ATTENTION, "never arrived", "send it again"),
        (
            {"production_access": True, "max_24_hour_send": -1},
            Status.DONE,
            "no daily limit",
            "anyone",
        ),
        (
            {"production_access": True, "max_24_hour_send": 50_000, "max_send_rate": 14},
            Status.DONE,
            "50,000",
            "14 a second",
        ),
        ({"production_access": True, "review_status": "DENIED"}, Status.DONE, "production", "anyone"),
        ({}, Status.TODO, "after step 4", "does not know example.com"),
    ],
)
def test_each_state_says_what_comes_next(
    changes: dict[str, object], status: Status, words: str, next_words: str
) -> None:
    seen = ProductionReport("example.com", replace(SANDBOX, **changes), None)  # type: ignore[arg-type]
    assert judge(seen).status is status
    assert words in judge(seen).words
    assert next_words in what_next(seen)


NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
OFF = Production(put_off=NOW, asked=NOW - timedelta(hours=3))


@pytest.mark.parametrize(
    ("status", "standing", "words"),
    [
        (None, Status.WAITING, "put off on 24 Nov 2026"),
        ("FAILED", Status.WAITING, "put off on 24 Nov 2026"),
        ("DENIED", Status.WAITING, "AWS said no, and you left it at that on 24 Nov 2026"),
        ("PENDING", Status.WAITING, "AWS reviews the request, sent on 24 Nov 2026, usually"),
        ("GRANTED", Status.WAITING, "AWS said yes"),
    ],
)
def test_what_was_put_off_is_not_asked_for(status: str | None, standing: Status, words: str) -> None:
    seen = ProductionReport("example.com", replace(SANDBOX, review_status=status), None, OFF, NOW)
    assert judge(seen).status is standing
    assert words in judge(seen).words
    assert (seen.put_off is None) is (status in ("PENDING", "GRANTED"))
    assert ("Take it up again" in what_next(seen)) is (
        standing is Status.WAITING and seen.put_off is not None
    )
    assert ": send it again" not in what_next(seen)


def test_not_now_was_said_on_the_users_own_day(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Honolulu")
        tzset()
        seen = ProductionReport("example.com", SANDBOX, None, Production(put_off=NOW.replace(hour=3)), NOW)
        assert judge(seen).words.startswith("put off on 23 Nov 2026")
    tzset()


def test_not_now_is_remembered_and_taken_back() -> None:
    project = Project(production=Production(mail_type="MARKETING"))
    later = put_off(project, NOW)
    assert later.production == Production(mail_type="MARKETING", put_off=NOW)
    assert put_off(later, None) == project


def test_a_refusal_is_remembered_until_it_is_over() -> None:
    denied = ProductionReport(
        "example.com", replace(SANDBOX, review_status="DENIED", case_id="17"), None, at=NOW
    )
    project = noted(Project(), denied)
    assert project.production.refused == Observation(NOW, "case 17")
    assert noted(project, replace(denied, at=NOW + timedelta(days=1))) is project
    other = replace(denied, account=replace(denied.account, case_id=None))
    assert noted(project, other).production.refused == Observation(NOW, "AWS names no case")
    granted = replace(denied, account=replace(SANDBOX, production_access=True))
    after = noted(put_off(project, NOW), granted)
    assert after.production == Production(granted=NOW)
    assert noted(after, replace(granted, at=NOW + timedelta(days=1))) == after
    assert noted(project, ProductionReport("example.com", SANDBOX, None)) is project


@pytest.mark.parametrize("status", [None, "GRANTED", "DENIED"])
def test_production_access_that_was_lost_is_not_waited_for(status: str | None) -> None:
    said = Production(granted=NOW - timedelta(days=12))
    lost = ProductionReport("example.com", replace(SANDBOX, review_status=status), None, said, NOW)
    assert judge(lost).status is Status.ATTENTION
    assert judge(lost).words == "production access, seen on 12 Nov 2026, is gone: check the Region in step 1"
    assert "ask in a case" in what_next(lost)
    asked = replace(lost, account=replace(lost.account, review_status="PENDING"))
    assert judge(asked).status is Status.WAITING


def test_what_is_shown_is_what_is_sent() -> None:
    assert request(GOOD) == {
        "MailType": "MARKETING",
        "WebsiteURL": "https://example.com/news?a=b",
        "ContactLanguage": "JA",
        "ProductionAccessEnabled": True,
        "AdditionalContactEmailAddresses": ["owner@example.com"],
    }
    (change,) = plan(GOOD, ProductionReport("example.com", SANDBOX, None)).changes
    for name, value in request(GOOD).items():
        assert f"{name}: {value[0] if isinstance(value, list) else value}" in change.detail


def test_after_a_refusal_only_a_knowing_wish_sends_again() -> None:
    seen = ProductionReport("example.com", replace(SANDBOX, review_status="DENIED"), None)
    assert not plan(GOOD, seen).changes_anything
    assert plan(GOOD, seen, again=True).changes_anything
    for status in ("PENDING", "GRANTED"):
        under_way = replace(seen, account=replace(SANDBOX, review_status=status))
        assert not plan(GOOD, under_way, again=True).changes_anything


def test_what_is_typed_is_kept_as_far_as_the_file_can_hold_it() -> None:
    before = Project(production=Production(audience="customers", website="https://example.com"))
    wrong = replace(GOOD, website="example", contacts=("nobody",))
    after = filled_in(before, wrong).production
    assert after == Production("MARKETING", "https://example.com", (), "JA", audience="customers")
    assert filled_in(before, GOOD).production == with_settings(
        before.production, mail_type="MARKETING", website=GOOD.website, contacts=GOOD.contacts, language="JA"
    )
