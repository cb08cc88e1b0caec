"""What people type as a domain, and what comes of it."""

from __future__ import annotations

import pytest

from wizard.errors import WizardError
from wizard.steps.domain.name import organizational, parse_name


@pytest.mark.parametrize(
    ("typed", "ascii_form", "unicode_form"),
    [
        ("example.com", "example.com", "example.com"),
        ("  Example.COM. ", "example.com", "example.com"),
        ("mail.example.com", "mail.example.com", "mail.example.com"),
        ("www.example.com", "example.com", "example.com"),
        ("https://www.example.com/a?b#c", "example.com", "example.com"),
        ("http://user:pw@example.com:8080/x", "example.com", "example.com"),
        ("//example.com/", "example.com", "example.com"),
        ("example.com:25", "example.com", "example.com"),
        ("me@example.com", "example.com", "example.com"),
        ("Me <me@example.com>", "example.com", "example.com"),
        ("mailto:me@example.com", "example.com", "example.com"),
        ("bücher.de", "xn--bcher-kva.de", "bücher.de"),
        ("BÜCHER.de", "xn--bcher-kva.de", "bücher.de"),
        ("xn--bcher-kva.de", "xn--bcher-kva.de", "bücher.de"),
        ("faß.de", "xn--fa-hia.de", "faß.de"),
        ("日本語。jp", "xn--wgv71a119e.jp", "日本語.jp"),
        ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com", "example.com"),
        ("shop.co.uk", "shop.co.uk", "shop.co.uk"),
        ("shop.us.com", "shop.us.com", "shop.us.com"),
        ("club.eu.org", "club.eu.org", "club.eu.org"),
        ("www.de", "www.de", "www.de"),
        ("city.kawasaki.jp", "city.kawasaki.jp", "city.kawasaki.jp"),
    ],
)
def test_accepted(typed: str, ascii_form: str, unicode_form: str) -> None:
    name = parse_name(typed)
    assert (name.ascii, name.unicode) == (ascii_form, unicode_form)
    assert parse_name(name.ascii) == name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Nothing was entered"),
        (" . ", "Nothing was entered"),
        ("example", "is missing"),
        ("com", "is missing"),
        ("127.0.0.1", "IP address"),
        ("[::1]:80", "IP address"),
        ("::1", "IP address"),
        ("1.2.3", "ending is a number"),
        ("a_b.com", "underscore"),
        ("ex ample.com", "a space"),
        ("example.com, example.org", "character ,"),
        ("*.example.com", "character *"),
        ("a..b", "two dots in a row"),
        (".example.com", "two dots in a row"),
        ("-a.com", "hyphen"),
        ("x" * 64 + ".com", "63 characters"),
        ("a." * 130 + "com", "253 characters"),
        ("xn--zzzz.com", "Invalid A-label"),
        ("\x1b[2J.com", r"\x1b"),
    ],
)
def test_no_domain_name(typed: str, words: str) -> None:
    with pytest.raises(WizardError) as refusal:
        parse_name(typed)
    assert words in f"{refusal.value.title} {refusal.value.what}"
    assert "\x1b" not in str(refusal.value)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("gmail.com", "gmail.com is a mail provider's"),
        ("me@gmail.com", "gmail.com is a mail provider's"),
        ("www.gmail.com", "gmail.com is a mail provider's"),
        ("mail.yahoo.co.uk", "yahoo.co.uk is a mail provider's"),
        ("github.io", "github.io belongs to a service"),
        ("me.github.io", "github.io belongs to a service"),
        ("shop.vercel.app", "vercel.app belongs to a service"),
        ("bucket.s3.amazonaws.com", "amazonaws.com belongs to a service"),
        ("amazonaws.com", "amazonaws.com belongs to a service"),
        ("company.onmicrosoft.com", "onmicrosoft.com belongs to a service"),
        ("co.uk", "belongs to none of them"),
        ("kawasaki.jp", "belongs to none of them"),
        ("us.com", "belongs to none of them"),
        ("printer.local", ".local is for devices in one local network"),
        ("shop.test", ".test is kept for tests"),
        ("shop.example", ".example is kept for documentation"),
        ("db.internal", ".internal is for private networks"),
        ("1.168.192.in-addr.arpa", ".arpa is for the DNS's own use"),
    ],
)
def test_not_ones_own(typed: str, words: str) -> None:
    with pytest.raises(WizardError) as refusal:
        parse_name(typed)
    assert words in refusal.value.what
    assert refusal.value.todo


def test_organizational_domain() -> None:
    assert organizational("a.b.example.co.uk") == "example.co.uk"
    assert organizational("example.com") == "example.com"
