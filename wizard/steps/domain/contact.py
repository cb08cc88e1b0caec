"""Whose the domain will be: what RegisterDomain asks for, checked before anything is sent. Pure.

Registries take contacts in ASCII (RFC 5733 §2.4, postal addresses of the type "int"). What is typed here goes
to AWS and nowhere else: not into the project file, not into a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from wizard.addresses import AddressError, normal_address
from wizard.aws.route53domains import Contact
from wizard.text import printable

KINDS = {
    "PERSON": "a person",
    "COMPANY": "a company",
    "ASSOCIATION": "an association",
    "PUBLIC_BODY": "a public body",
}
"""ContactType, in words. With anything but a person goes the organisation's name."""

REQUIRED = {
    "first_name": "The first name is missing.",
    "last_name": "The last name is missing.",
    "email": "The e-mail address is missing: AWS sends a link there that must be opened.",
    "phone": "The phone number is missing.",
    "address": "Street and number are missing.",
    "city": "The city is missing.",
    "zip_code": "The postal code is missing. Where there are none, enter 00000.",
    "country": "The country is missing.",
}
"""What every registry asks for, by field, and how to say that it is missing."""

WITH_STATE = ("US", "CA", "AU")
"""Countries for which AWS asks for the state or province."""

LONGEST = 255
_SHORT_CALLING_CODE = re.compile(r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
"""Country calling codes of one or two digits; all others have three (ITU-T E.164)."""


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """The countries AWS takes, code and name, by name."""
    path = Path(__file__).with_name("countries.yaml")
    table = msgspec.yaml.decode(path.read_bytes(), type=dict[str, str])
    return tuple(sorted(table.items(), key=lambda row: row[1]))


def phone_number(text: str) -> str | None:
    """A phone number as AWS wants it, ``+49.30123456``, out of how people write one; None where it is none.

    It has to begin with the country's code: ``+49 30 123456``, ``0049…`` or ``+49.…``.
    """
    compact = re.sub(r"[\s()/-]", "", text)
    match = re.fullmatch(r"(?:\+|00)([1-9]\d*)(?:\.(\d+))?", compact)
    if match is None:
        return None
    code, number = match.group(1), match.group(2)
    if number is None:
        digits = code
        short = _SHORT_CALLING_CODE.match(digits)
        code = short.group() if short else digits[:3]
        number = digits[len(code) :]
    if len(code) > 3 or not 4 <= len(number) <= 14:
        return None
    return f"+{code}.{number}"


def problems(contact: Contact) -> tuple[tuple[str, str], ...]:
    """What has to be fixed before ``contact`` can be sent: the field and a sentence, in the form's order."""
    return tuple(_problems(contact))


def _problems(contact: Contact) -> Iterator[tuple[str, str]]:
    if contact.kind != "PERSON" and not contact.organization:
        yield "organization", f"The name of {KINDS.get(contact.kind, 'the organisation')} is missing."
    for field in Contact.__dataclass_fields__:
        value = getattr(contact, field)
        if not value and field in REQUIRED:
            yield field, REQUIRED[field]
        elif not value.isascii() or not value.isprintable():
            odd = next(char for char in value if not (char.isascii() and char.isprintable()))
            yield field, f"Registries read plain letters only: write {printable(odd)} in another way."
        elif len(value) > LONGEST:
            yield field, f"It is longer than {LONGEST} characters."
    if contact.email:
        try:
            normal_address(contact.email)
        except AddressError as error:
            yield "email", f"This is not an e-mail address: {error}."
    if contact.phone and contact.phone != phone_number(contact.phone):
        yield "phone", "Begin with + and the country's code, as in +49 30 123456 or +1 206 5550100."
    if contact.country and contact.country not in dict(countries()):
        yield "country", "AWS does not know that country."
    if contact.country in WITH_STATE and not contact.state:
        yield "state", "The state or province is missing: its two or three letters, such as WA."
