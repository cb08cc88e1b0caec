"""What is said of the quota, and what an account in trouble is told to do."""

from __future__ import annotations

import pytest

from wizard.aws.sesv2 import SesAccount
from wizard.steps.account_health import quota, quota_note, trouble


def account(day: float, sent: float, *, enabled: bool = True, enforcement: str = "HEALTHY") -> SesAccount:
    return SesAccount(True, enabled, enforcement, day, 14, sent)


@pytest.mark.parametrize(
    ("day", "sent", "words", "note"),
    [
        (200, 0, "0 of 200 recipients in 24 hours, 14 a second", ""),
        (50_000, 39_999, "39,999 of 50,000 recipients in 24 hours, 14 a second", ""),
        (50_000, 40_000, "40,000 of 50,000 recipients in 24 hours, 14 a second", "Only 10,000 recipients"),
        (200, 200, "200 of 200 recipients in 24 hours, 14 a second", "The quota is used up"),
        (200, 240, "240 of 200 recipients in 24 hours, 14 a second", "The quota is used up"),
        (-1, 9_000_000, "no daily limit, 14 a second; 9,000,000 recipients in the last 24 hours", ""),
    ],
)
def test_quota(day: float, sent: float, words: str, note: str) -> None:
    assert quota(account(day, sent)) == words
    assert quota_note(account(day, sent)).startswith(note)
    assert bool(quota_note(account(day, sent))) is bool(note)


def test_paused_sending_names_the_command_that_mends_it() -> None:
    paused = trouble(account(200, 0, enabled=False), "eu-west-1", "account 1 in eu-west-1")
    assert paused is not None
    assert "`aws sesv2 put-account-sending-attributes --sending-enabled --region eu-west-1`" in paused.todo
    embedded = trouble(account(200, 0, enabled=False), "eu-west-1", "account 1", "http://127.0.0.1:5000")
    assert embedded is not None
    assert "`aws --endpoint-url http://127.0.0.1:5000 sesv2 put-account-sending-" in embedded.todo
    shut = trouble(account(200, 0, enabled=False, enforcement="SHUTDOWN"), "eu-west-1", "account 1")
    assert shut is not None
    assert "put-account" not in shut.todo, "what AWS has ended, no command brings back"
    assert trouble(account(200, 0), "eu-west-1", "account 1") is None
