"""DKIM keys: what is in the TXT record, and how long the key is."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.dns.zones import KEY_768, KEY_2048
from wizard.dns.judge.dkim_key import DkimError, DkimKey, parse_key

KEY_1024_BARE = (
    "p="
    "MIGJAoGBAM/oxAqo1sDTUe3BzrYardQTeZSmzVQ8toEYEffobYaoH/9uOw5PDYWIkOjEZ42Q/RF0mZLV29pjovkcjB"
    "GhZTPkG3XQPDXHleGWtffhKxHb9b5K+9/sUs8w1VKzRwS7vV9DLsF037Xyz2/z6/taZk1SmSbacrptHdbanya9SxxD"
    "AgMBAAE="
)
"""An RSAPublicKey without the SubjectPublicKeyInfo around it, as some publish it."""


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (KEY_2048, DkimKey("rsa", 2048, revoked=False)),
        (KEY_768, DkimKey("rsa", 768, revoked=False)),
        (KEY_1024_BARE, DkimKey("rsa", 1024, revoked=False)),
        (f"v=DKIM1; t=s; {KEY_2048[:60]} {KEY_2048[60:]};", DkimKey("rsa", 2048, revoked=False)),
        ("v=DKIM1; k=rsa; p=", DkimKey("rsa", None, revoked=True)),
        (
            "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            DkimKey("ed25519", None, revoked=False),
        ),
    ],
)
def test_a_key_is_read_and_measured(text: str, key: DkimKey) -> None:
    assert parse_key(text) == key


@pytest.mark.parametrize("text", ["", "v=spf1 -all", "v=DKIM2; p=AAAA", "p=?", "p=AAAA", "p=MIIB", "k=rsa"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(DkimError):
        parse_key(text)


@settings(deadline=None)
@given(st.binary(max_size=60).map(lambda der: f"p={base64.b64encode(der).decode()}") | st.text(max_size=80))
def test_no_text_makes_the_parser_fail_in_another_way(text: str) -> None:
    with suppress(DkimError):
        key = parse_key(text)
        assert key.revoked or key.kind
