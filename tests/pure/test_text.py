"""Words for people."""

from __future__ import annotations

import pytest

from wizard.text import clause, sentence


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("no website answers", "No website answers"),
        ("https://example.com does not answer", "https://example.com does not answer"),
        ("example.com does not answer", "example.com does not answer"),
        ("ana@example.com bounced", "ana@example.com bounced"),
        ("`x` is missing", "`x` is missing"),
        ("pending.", "Pending."),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_unless_a_value_stands_there(words: str, said: str) -> None:
    assert sentence(words) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("No AWS credentials were found", "no AWS credentials were found"),
        ("AWS cannot be reached", "AWS cannot be reached"),
        ("IAM Identity Center does not answer", "IAM Identity Center does not answer"),
        ("A", "a"),
        ("", ""),
    ],
)
def test_a_clause_begins_with_a_small_letter_unless_a_name_does(words: str, said: str) -> None:
    assert clause(words) == said
