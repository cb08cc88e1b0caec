"""What is said while a domain is typed, and which use a domain or a subdomain of it is right for."""

from __future__ import annotations

import pytest

from wizard.steps.domain.name import parse_name
from wizard.steps.domain.typing import Tone, advice, read_typed


@pytest.mark.parametrize(
    "typed", ["", " ", "e", "exam", "ex-", "bü", "example.", "com", "127", "me@", "me@exa"]
)
def test_what_is_begun_is_not_scolded(typed: str) -> None:
    said = read_typed(typed)
    assert said.tone is Tone.UNFINISHED
    assert said.name is None
    assert said.words == ("" if not typed.strip() else "The ending is still missing, such as .com or .org.")


@pytest.mark.parametrize(
    ("typed", "name", "words"),
    [
        ("example.com", "example.com", "the domain itself"),
        ("shop.co.uk", "shop.co.uk", "the domain itself"),
        ("news.example.com", "news.example.com", "a subdomain of example.com"),
        ("bücher.de", "bücher.de", "the domain itself"),
        ("https://www.example.com/x", "example.com", "The domain in it is example.com."),
        ("www.example.com", "example.com", "The domain in it is example.com."),
        ("me@example.com", "example.com", "me@example.com is one address. SES sends for whole domains"),
        ("mailto:me@example.com", "example.com", "Enter takes example.com"),
        ("https://user:pw@example.com/", "example.com", "The domain in it is example.com."),
    ],
)
def test_what_can_be_looked_at(typed: str, name: str, words: str) -> None:
    said = read_typed(typed)
    assert said.tone is Tone.GOOD
    assert said.name is not None
    assert said.name.unicode == name
    assert words in said.words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("gmail.com", "gmail.com is a mail provider's, shared by all its users."),
        ("me@gmail.com", "You have me@gmail.com, but gmail.com is a mail provider's"),
        ("me@gmail.com", "Sending needs a domain of your own."),
        ("me.github.io", "github.io belongs to a service"),
        ("co.uk", "Many people's domains end in it"),
        ("a_b", "has no underscore"),
        ("1.2.3.4", "It is an IP address."),
        ("ex ample", "a space"),
        ("a..b", "two dots in a row"),
        ("me@\x1b[2J", r"has the character \x1b."),
    ],
)
def test_what_is_refused(typed: str, words: str) -> None:
    said = read_typed(typed)
    assert said.tone is Tone.REFUSED
    assert said.name is None
    assert words in said.words
    assert "\x1b" not in said.words


@pytest.mark.parametrize(
    ("name", "mail_type", "words"),
    [
        ("example.com", None, "For newsletters news.example.com is better"),
        ("example.com", "TRANSACTIONAL", "Right for reminders and receipts."),
        ("example.com", "MARKETING", "For newsletters and offers news.example.com is the better name"),
        ("news.example.co.uk", None, "A subdomain: right for newsletters."),
        ("news.example.com", "MARKETING", "right for newsletters"),
        ("news.example.com", "TRANSACTIONAL", "example.com itself is the better name"),
        ("news.bücher.de", None, "bücher.de itself is better: people know it"),
    ],
)
def test_advice_by_use(name: str, mail_type: str | None, words: str) -> None:
    assert words in advice(parse_name(name), mail_type)
