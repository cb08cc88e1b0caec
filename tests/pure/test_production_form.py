"""The production access form, checked before AWS sees it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from wizard.aws.sesv2 import SesAccount
from wizard.project import Domain, Production, Project
from wizard.steps.model import Status
from wizard.steps.production import Form, ProductionSeen, assertion, judge, problems, what_next

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
        ({"contacts": ("a@example.com", "A@example.com")}, "contacts", "stands twice"),
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
        ({"review_status": "DENIED"}, Status.ATTENTION, "AWS said no", "Support Center"),
        ({"review_status": "FAILED"}, Status.ATTENTION, "never arrived", "send it again"),
        (
            {"production_access": True, "max_24_hour_send": -1},
            Status.DONE,
            "no daily limit",
            "everyone",
        ),
        ({"production_access": True, "review_status": "DENIED"}, Status.DONE, "production", "everyone"),
        ({}, Status.TODO, "after step 4", "does not know example.com"),
    ],
)
def test_each_state_says_what_comes_next(
    changes: dict[str, object], status: Status, words: str, next_words: str
) -> None:
    seen = ProductionSeen("example.com", replace(SANDBOX, **changes), None)  # type: ignore[arg-type]
    assert judge(seen).status is status
    assert words in judge(seen).words
    assert next_words in what_next(seen)
