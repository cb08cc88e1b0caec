"""E-mail addresses as they are typed in fields."""

from __future__ import annotations

import pytest

from wizard.addresses import typed_address


@pytest.mark.parametrize(
    "text", ['"a@example.com"', "'a@example.com'", "<a@example.com>", " “a@example.com” "]
)
def test_quotes_around_a_typed_address_are_removed(text: str) -> None:
    assert typed_address(text) == "a@example.com"
