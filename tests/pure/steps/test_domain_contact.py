"""The contact form of a registration: what registries ask for, checked before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.session import Session

from wizard.aws.route53domains import Contact
from wizard.steps.domain.contact import KINDS, countries, phone_number, problems

ANA = Contact(
    kind="PERSON",
    first_name="Ana",
    last_name="Moe",
    email="ana@example.com",
    phone="+49.30123456",
    address="Weg 1",
    city="Berlin",
    zip_code="10115",
    country="DE",
)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+49 30 123456", "+49.30123456"),
        ("+49.30123456", "+49.30123456"),
        ("0049 (30) 123-456", "+49.30123456"),
        ("+1 206 555 0100", "+1.2065550100"),
        ("+1.2065550100", "+1.2065550100"),
        ("+7 495 1234567", "+7.4951234567"),
        ("+351 21 123 4567", "+351.211234567"),
        ("+423 2361111", "+423.2361111"),
        ("+20 2 12345678", "+20.212345678"),
        ("030 123456", None),
        ("+49", None),
        ("+49 12", None),
        ("+1234.567890", None),
        ("+49 30 123456 ext. 7", None),
        ("", None),
        ("+٤٩ 30 123456", None),
    ],
)
def test_phone_numbers_as_people_write_them(typed: str, number: str | None) -> None:
    assert phone_number(typed) == number


def test_a_finished_form_has_no_problems() -> None:
    assert problems(ANA) == ()
    assert problems(replace(ANA, kind="COMPANY", organization="Moe Ltd")) == ()


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"first_name": ""}, "first_name", "missing"),
        ({"email": ""}, "email", "a link there that must be opened"),
        ({"email": "ana"}, "email", "not an e-mail address"),
        ({"email": "ana@example.com,b@example.com"}, "email", "not an e-mail address"),
        ({"phone": "030 123456"}, "phone", "the country's code"),
        ({"zip_code": ""}, "zip_code", "enter 00000"),
        ({"country": "XX"}, "country", "does not know"),
        ({"country": "US"}, "state", "such as WA"),
        ({"kind": "COMPANY"}, "organization", "The name of a company is missing"),
        ({"city": "Köln"}, "city", "write ö in another way"),
        ({"city": "Berlin\x1b"}, "city", r"write \x1b in another way"),
        ({"address": "x" * 256}, "address", "longer than 255"),
    ],
)
def test_what_has_to_be_fixed(change: dict[str, str], field: str, words: str) -> None:
    (found,) = problems(replace(ANA, **change))
    assert found[0] == field
    assert words in found[1]


def test_all_that_is_missing_is_said() -> None:
    empty = Contact("PERSON", "", "", "", "", "", "", "", "")
    assert [field for field, _ in problems(empty)] == [
        "first_name", "last_name", "email", "phone", "address", "city", "zip_code", "country",
    ]  # fmt: skip


def test_aws_takes_every_country_and_kind_offered() -> None:
    model: Any = Session().get_service_model("route53domains")
    assert {code for code, _ in countries()} <= set(model.shape_for("CountryCode").enum)
    assert set(KINDS) <= set(model.shape_for("ContactType").enum)
    assert len(countries()) == 248


def test_a_contact_shows_nothing_of_itself() -> None:
    assert "Ana" not in repr(ANA)
    assert "example.com" not in f"{ANA}"
