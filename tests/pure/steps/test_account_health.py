"""What is said of the quota, and what an account in trouble is told to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from screens.pages.account.words import note_rows, seen_rows
from wizard.aws.sesv2 import SesAccount
from wizard.project.schema import Production
from wizard.steps.account.health import quota, quota_note, trouble
from wizard.steps.account.step import AccountReport
from wizard.steps.model import Status
from wizard.steps.production.step import ProductionReport, judge, what_next


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


@pytest.mark.parametrize(
    ("ses", "sandbox", "status", "words"),
    [
        (account(200, 0), "no: SES can send to anyone", Status.DONE, "production access, up to"),
        (
            account(200, 0, enforcement="PROBATION"),
            "no: SES can still send to anyone",
            Status.DONE,
            "; but AWS has SES under review",
        ),
        (
            account(200, 0, enforcement="SHUTDOWN"),
            "no: production access was granted, but now nothing is sent",
            Status.ATTENTION,
            "production access, but AWS has shut SES down: see step 1",
        ),
        (
            account(200, 0, enabled=False),
            "no: production access was granted, but now nothing is sent",
            Status.ATTENTION,
            "production access, but sending is paused: see step 1",
        ),
    ],
)
def test_nothing_says_that_mail_is_sent_while_it_is_not(
    ses: SesAccount, sandbox: str, status: Status, words: str
) -> None:
    rows = seen_rows(AccountReport("1", "arn:aws:iam::1:user/owner", None, "us-east-1", ses))
    assert [str(row[1]) for row in rows if str(row[0]) == "Sandbox"] == [sandbox]
    seen = ProductionReport("example.com", ses, None, Production())
    assert judge(seen).status is status
    assert words in judge(seen).words
    assert ("You can send to anyone" in what_next(seen)) is (status is Status.DONE)


def test_an_endpoint_that_is_not_awss_is_explained() -> None:
    seen = AccountReport("1", "arn", None, "us-east-1", account(200, 0))
    assert note_rows(seen, ()) == []
    by_variable = replace(seen, endpoints=(("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),))
    assert "run `unset AWS_ENDPOINT_URL` and start again" in str(note_rows(by_variable, ())[0][1])
    by_profile = replace(seen, endpoints=(("endpoint_url of profile work", "http://127.0.0.1:1"),))
    assert "take it out there" in str(note_rows(by_profile, ())[0][1])


def test_paused_sending_names_the_command_that_fixes_it() -> None:
    paused = trouble(account(200, 0, enabled=False), "eu-west-1", "account 1 in eu-west-1")
    assert paused is not None
    assert paused.command == ("aws sesv2 put-account-sending-attributes --sending-enabled --region eu-west-1")
    by_profile = trouble(account(200, 0, enabled=False), "eu-west-1", "account 1", "aws --profile work")
    assert by_profile is not None
    assert by_profile.command.startswith("aws --profile work sesv2 put-account-sending-")
    shut = trouble(account(200, 0, enabled=False, enforcement="SHUTDOWN"), "eu-west-1", "account 1")
    assert shut is not None
    assert not shut.command, "what AWS has ended, no command brings back"
    assert trouble(account(200, 0), "eu-west-1", "account 1") is None
