"""The Lambda's handler, run in this process against the embedded account's SES and DynamoDB."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from wizard.demo import Demo
from wizard.demo.stage import KEYS, REGION
from wizard.reminder import trigger_reminder
from wizard.reminder.message import Message, fields_of, for_ses, preview
from wizard.reminder.trigger_reminder import UnfinishedError, handler

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MESSAGE = Message("Hello {{name}}", "{{name}} from {{city}}", "<p>{{name}} from {{city}}</p>")
PEOPLE = {
    "ana@example.com": {"name": "Ana", "city": "Bonn\r\nBcc: x@y.z"},
    "bo@example.com": {"name": "Bo <b> & 'Co'"},
    "cy@example.com": {"name": "Čyril", "city": "Łódź"},
}
RUN = {"run": "2027-01-31T09:00:00Z", "execution": "d32c5kddcf5bb8c3"}


@dataclass
class Context:
    """Lambda's context: the time that is left, in milliseconds, at each question."""

    left: Iterator[int] = field(default_factory=lambda: iter(lambda: 900_000, 0))

    def get_remaining_time_in_millis(self) -> int:
        return next(self.left)


@dataclass
class Flow:
    """The embedded account with what the stack would have made in it."""

    demo: Demo
    pauses: list[float]

    def run(self, **event: Any) -> dict[str, Any]:
        return handler(RUN | event, Context())

    def claims(self) -> dict[str, str]:
        """The outcome of each claim, by address."""
        items = self._dynamodb.scan(TableName="claims")["Items"]
        assert all(int(item["expires"]["N"]) > 0 for item in items)
        return {item["email"]["S"]: item["outcome"]["S"] for item in items}

    def mails(self) -> list[tuple[str, str]]:
        """Recipient and subject of each mail, the oldest first."""
        return [(mail.recipient, mail.subject) for mail in self.demo.inbox()[::-1]]

    def refuse(self, *answers: tuple[str, str, int] | BaseException | None) -> list[str]:
        """Let the next mails be answered like this (None: as always), and list who was asked for."""
        waiting, asked = list(answers), []

        def answer(params: dict[str, Any], **_: Any) -> tuple[SimpleNamespace, dict[str, Any]] | None:
            asked.append(json.loads(params["body"])["Destination"]["ToAddresses"][0])
            now = waiting.pop(0) if waiting else None
            if isinstance(now, BaseException):
                raise now
            if now is None:
                return None
            code, message, status = now
            refusal = {
                "Error": {"Code": code, "Message": message},
                "ResponseMetadata": {"HTTPStatusCode": status},
            }
            return SimpleNamespace(status_code=status), refusal

        trigger_reminder._ses().meta.events.register("before-call.sesv2.SendEmail", answer)
        return asked

    @property
    def _dynamodb(self) -> DynamoDBClient:
        client: DynamoDBClient = self.demo.world.aws.client("dynamodb")
        return client

    def furnish(self) -> None:
        ses, tables = self.demo.world.aws.client("sesv2"), self.demo.world.aws.client("dynamodb")
        content = for_ses(MESSAGE)
        ses.create_email_template(
            TemplateName="message",
            TemplateContent={"Subject": content.subject, "Text": content.text, "Html": content.html},
        )
        ses.create_configuration_set(ConfigurationSetName="ses-wizard")
        for name, keys in {"recipients": ["email"], "claims": ["run", "email"]}.items():
            tables.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind}
                    for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
                ],
            )
        for email, values in PEOPLE.items():
            item = {"email": {"S": email}, **{name: {"S": value} for name, value in values.items()}}
            tables.put_item(TableName="recipients", Item=item)


@pytest.fixture
def flow(account: Demo, monkeypatch: pytest.MonkeyPatch) -> Flow:
    environment = {
        "AWS_ENDPOINT_URL": account.account.endpoint_url,
        "AWS_ACCESS_KEY_ID": KEYS.access_key,
        "AWS_SECRET_ACCESS_KEY": KEYS.secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "RECIPIENTS": "recipients",
        "CLAIMS": "claims",
        "TEMPLATE": "message",
        "FIELDS": " ".join(fields_of(MESSAGE)),
        "SENDER": "Reminders <reminders@example.com>",
        "CONFIGURATION_SET": "ses-wizard",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    trigger_reminder._ses.cache_clear()
    trigger_reminder._table.cache_clear()
    flow = Flow(account, [])
    flow.furnish()
    verify(account)
    hasty = SimpleNamespace(sleep=flow.pauses.append, time=time.time)
    monkeypatch.setattr(trigger_reminder, "time", hasty)
    return flow


def verify(account: Demo) -> None:
    """Have SES know example.com, as after step 4."""
    from wizard.dns.records import wanted_records

    ses = account.world.aws.client("sesv2")
    tokens = ses.create_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"]
    account.publish(wanted_records("example.com", tokens=tuple(tokens), region=REGION))
    assert ses.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]


def test_everybody_gets_one_personal_mail_as_previewed(flow: Flow) -> None:
    assert flow.run() == {"sent": 3, "failed": 0, "unsure": 0, "before": 0, "stopped": ""}
    mails = {mail.recipient: mail for mail in flow.demo.inbox()}
    assert len(flow.demo.inbox()) == 3
    for email, values in PEOPLE.items():
        expected = preview(MESSAGE, {**values, "email": email})
        assert Message(mails[email].subject, mails[email].text, mails[email].html) == expected
        assert mails[email].sender == "Reminders <reminders@example.com>"
    assert set(flow.claims().values()) == {"sent"}


def test_a_run_delivered_twice_writes_nobody_twice(flow: Flow) -> None:
    flow.run()
    assert flow.run(execution="another")["before"] == 3
    assert len(flow.mails()) == 3
    assert flow.run(run="2027-02-01T09:00:00Z")["sent"] == 3
    assert len(flow.mails()) == 6


@pytest.mark.parametrize("crash", [0, 1, 2])
def test_a_crash_loses_one_mail_at_worst_and_repeats_none(flow: Flow, crash: int) -> None:
    asked = flow.refuse(*[None] * crash, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        flow.run()
    lost = asked[crash]
    assert flow.claims()[lost] == "claimed"
    counts = flow.run()
    assert (counts["sent"], counts["before"]) == (2 - crash, crash + 1)
    assert sorted(email for email, _ in flow.mails()) == sorted(set(PEOPLE) - {lost})


def test_a_crash_after_the_mail_left_does_not_repeat_it(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = trigger_reminder._table("CLAIMS")

    def crash(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(claims, "update_item", crash)
        with pytest.raises(KeyboardInterrupt):
            flow.run()
    assert flow.run()["sent"] == 2
    assert sorted(email for email, _ in flow.mails()) == sorted(PEOPLE)


@pytest.mark.parametrize(
    "unclear",
    [("InternalFailure", "", 500), ("ServiceUnavailable", "", 503), ConnectionError("the line dropped")],
)
def test_a_mail_without_a_clear_answer_is_never_asked_for_again(
    flow: Flow, unclear: tuple[str, str, int] | Exception
) -> None:
    asked = flow.refuse(unclear)
    assert flow.run() == {"sent": 2, "failed": 0, "unsure": 1, "before": 0, "stopped": ""}
    flow.run()
    assert len(asked) == 3
    assert flow.claims()[asked[0]] == "unsure"


def test_too_fast_is_tried_again_more_slowly(flow: Flow) -> None:
    too_fast = ("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
    asked = flow.refuse(too_fast, too_fast)
    assert flow.run()["sent"] == 3
    assert len(asked) == 5
    assert flow.pauses == [0.5, 1]


def test_too_fast_for_too_long_leaves_the_rest_to_the_next_try(flow: Flow) -> None:
    too_fast = ("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
    flow.refuse(None, *[too_fast] * 7)
    with pytest.raises(UnfinishedError):
        flow.run()
    assert list(flow.claims().values()) == ["sent"]
    assert flow.run()["sent"] == 2
    assert len(flow.mails()) == 3


def test_the_daily_quota_ends_the_run_in_order(flow: Flow) -> None:
    asked = flow.refuse(None, ("LimitExceededException", "Daily message quota exceeded.", 400))
    assert flow.run()["stopped"] == "LimitExceededException"
    assert len(asked) == 2
    assert flow.claims() == {asked[0]: "sent"}


def test_a_refusal_is_kept_with_its_recipient_and_stops_nobody_else(flow: Flow) -> None:
    flow._dynamodb.put_item(TableName="recipients", Item={"email": {"S": "dee@elsewhere.example"}})
    assert flow.run() == {"sent": 3, "failed": 1, "unsure": 0, "before": 0, "stopped": ""}
    key = {"run": {"S": RUN["run"]}, "email": {"S": "dee@elsewhere.example"}}
    claim = flow._dynamodb.get_item(TableName="claims", Key=key)["Item"]
    assert (claim["outcome"]["S"], claim["detail"]["S"]) == ("failed", "MessageRejected")


def test_when_time_runs_out_the_next_try_goes_on(flow: Flow) -> None:
    with pytest.raises(UnfinishedError):
        handler(RUN, Context(iter([900_000, 59_000])))
    assert len(flow.mails()) == 1
    counts = flow.run()
    assert (counts["sent"], counts["before"]) == (2, 1)


def test_recipients_are_read_page_by_page(flow: Flow) -> None:
    events = trigger_reminder._table("RECIPIENTS").meta.client.meta.events
    pages = []

    def one_a_page(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 1
        pages.append(params.get("ExclusiveStartKey"))

    events.register("before-parameter-build.dynamodb.Scan", one_a_page)
    assert flow.run()["sent"] == 3
    assert len(pages) >= 3


def test_a_test_mail_goes_to_the_named_address_alone_and_claims_nothing(flow: Flow) -> None:
    wish = {"address": "me@example.com", "recipient": "cy@example.com"}
    assert set(handler({"test": wish}, Context())) == {"message_id"}
    assert flow.mails() == [("me@example.com", "Hello Čyril")]
    assert flow.claims() == {}


@pytest.mark.parametrize("recipient", [None, "nobody@example.com"])
def test_a_test_mail_needs_no_recipient(flow: Flow, recipient: str | None) -> None:
    handler({"test": {"address": "me@example.com", "recipient": recipient}}, Context())
    assert [email for email, _ in flow.mails()] == ["me@example.com"]


def test_a_refused_test_mail_gives_sess_own_words(flow: Flow) -> None:
    answer = handler({"test": {"address": "me@elsewhere.example"}}, Context())
    assert answer["refused"] == "MessageRejected"
    assert "me@elsewhere.example" in answer["reason"]


def test_a_test_mail_without_rights_to_the_table_is_a_refusal(flow: Flow) -> None:
    denied = (
        SimpleNamespace(status_code=400),
        {
            "Error": {"Code": "AccessDeniedException"},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        },
    )
    events = trigger_reminder._table("RECIPIENTS").meta.client.meta.events
    events.register("before-call.dynamodb.Scan", lambda **_: denied)
    answer = handler({"test": {"address": "me@example.com"}}, Context())
    assert answer["refused"] == "AccessDeniedException"


def test_the_log_has_numbers_and_nobodys_address(flow: Flow, capsys: pytest.CaptureFixture[str]) -> None:
    flow._dynamodb.put_item(TableName="recipients", Item={"email": {"S": "dee@elsewhere.example"}})
    flow.run()
    printed = capsys.readouterr().out
    assert json.loads(printed)["sent"] == 3
    assert "@" not in printed
    assert not any(values["name"] in printed for values in PEOPLE.values())
