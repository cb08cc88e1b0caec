"""The Lambda's handler, run in this process against the embedded account: SES, DynamoDB, SQS and Lambda."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.memory_cloud import ENVIRONMENT
from tests.memory_cloud import KEYS as TABLES
from wizard import demo
from wizard.demo import Demo
from wizard.demo.stage import KEYS, REGION
from wizard.dns.records import wanted_records
from wizard.reminder.function import trigger_reminder
from wizard.reminder.function.trigger_reminder import handler
from wizard.reminder.message.fields import Message, fields_of, for_ses, preview
from wizard.world import Mail

MESSAGE = Message("Hello {{name}}", "{{name}} from {{city}}", "<p>{{name}} from {{city}}</p>")
PEOPLE = {
    "ana@example.com": {"name": "Ana", "city": "Bonn\r\nBcc: x@y.z"},
    "bo@example.com": {"name": "Bo <b> & 'Co'"},
    "cy@example.com": {"name": "Čyril \x00{{city}}\u2028", "city": "Łódź"},
}
RUN = "2027-01-31T09:00:00Z"
EVENT = {"run": RUN, "execution": "d32c5kddcf5bb8c3"}
TOO_FAST = ("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
QUOTA = ("LimitExceededException", "Daily message quota exceeded.", 400)
FAST = replace(demo.AT_ONCE, send_rate=1000.0, daily=-1, burst=1000.0)
Refusal = tuple[str, str, int]


@dataclass
class Context:
    """Lambda's context: the time that is left, in milliseconds, at each question."""

    left: Iterator[int] = field(default_factory=lambda: iter(lambda: 900_000, 0))
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return next(self.left)


@dataclass
class Flow:
    """The embedded account with what the stack would have made in it, and the function beside it."""

    running: Demo
    pauses: list[float]
    ahead: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)

    def run(self, **event: Any) -> dict[str, int | str]:
        """Numbers that are not 0, of a run."""
        return told(handler(EVENT | event, Context()))

    def put(self, table: str, **values: Any) -> None:
        self.client("dynamodb").put_item(
            TableName=table, Item={name: typed(value) for name, value in values.items()}
        )

    def rows(self, table: str) -> list[dict[str, str]]:
        items = self.client("dynamodb").scan(TableName=table)["Items"]
        return [{name: str(next(iter(value.values()))) for name, value in item.items()} for item in items]

    def outcomes(self) -> dict[str, str]:
        """The outcome of each claim, by address."""
        return {claim["email"]: claim["outcome"] for claim in self.rows("claims")}

    def record(self) -> dict[str, str]:
        """The record of the one run."""
        [record] = [row for row in self.rows("runs") if row["reminder"] == "runs"]
        return record

    def go_on(self, **time: int) -> dict[str, Any]:
        """Let time pass, and have what is stopped continued; the numbers of the one run that is."""
        self.pass_time(**time)
        self.handed_on()
        assert handler({"resume": True}, Context()) == {"resumed": [RUN]}
        return told(handler(self.events[0], Context(aws_request_id=f"request-{self.ahead}")))

    def mails(self) -> list[tuple[str, str]]:
        """Recipient and subject of each mail, the oldest first."""
        return [(mail.recipient, mail.subject) for mail in self.running.inbox()[::-1]]

    def mail(self, recipient: str) -> Mail:
        [mail] = [mail for mail in self.running.inbox() if mail.recipient == recipient]
        return mail

    def client(self, service: str) -> Any:
        return self.running.world.aws.client(service)

    def refuse(self, *answers: Refusal | BaseException | None) -> list[list[str]]:
        """Let the next calls for mail be answered like this (None: as always), and list who was asked for."""
        waiting = list(answers)
        return self.on_sending(lambda asked: waiting.pop(0) if waiting else None)

    def on_sending(self, react: Callable[[list[str]], Any]) -> list[list[str]]:
        """Answer each call for mail as ``react`` says: statuses, a refusal, an exception, None as always."""
        asked = []

        def answer(params: dict[str, Any], **_: Any) -> Any:
            entries = json.loads(params["body"])["BulkEmailEntries"]
            asked.append([entry["Destination"]["ToAddresses"][0] for entry in entries])
            reaction = react(asked[-1])
            if isinstance(reaction, BaseException):
                raise reaction
            if isinstance(reaction, list):
                results = [{"Status": status, "Error": "So it is."} for status in reaction]
                return SimpleNamespace(status_code=200), {"BulkEmailEntryResults": results}
            return reaction and refused(*reaction)

        trigger_reminder._ses(1).meta.events.register("before-call.sesv2.SendBulkEmail", answer)
        return asked

    def handed_on(self) -> list[dict[str, Any]]:
        """Keep what the function starts itself with from now on; nothing is started."""
        self.events = []

        def keep(params: dict[str, Any], **_: Any) -> Any:
            self.events.append(json.loads(params["body"]))
            return SimpleNamespace(status_code=202), {"StatusCode": 202}

        events = trigger_reminder._client("lambda").meta.events
        events.register("before-call.lambda.Invoke", keep, unique_id="keep")
        return self.events

    def queue(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """A queue, which the function fans out to from now on."""
        url = str(self.client("sqs").create_queue(QueueName="work")["QueueUrl"])
        monkeypatch.setenv("QUEUE", url)
        return url

    def work(self, url: str, context: Context | None = None, delete: bool = True) -> tuple[int, int]:
        """Hand the queue's messages to the function, as Lambda does; how many there were, and come again."""
        sqs = self.client("sqs")
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        records = [
            {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"]}
            for one in messages
        ]
        answer = handler({"Records": records}, context or Context())
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in records if delete else []:
            if record["messageId"] not in failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])
        return len(records), len(failed)

    def seen(self, url: str) -> tuple[int, int]:
        """How many messages can be seen, and how many are hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def sleep(self, seconds: float) -> None:
        """What stands for time.sleep: the function's clock moves on at once."""
        self.pauses.append(seconds)
        self.ahead += seconds

    def pass_time(self, **time: int) -> None:
        """Move both clocks on."""
        self.ahead += timedelta(**time).total_seconds()
        self.running.account.kept.clock.ahead += timedelta(**time)


def events_in(printed: str, kind: str) -> list[dict[str, Any]]:
    """The events of one kind in what was logged."""
    logged = [json.loads(line) for line in printed.splitlines()]
    return [event for event in logged if event["event"] == kind]


def told(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if value}


def typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value} if isinstance(value, str) else value


def refused(code: str, words: str, status: int) -> Any:
    metadata = {"HTTPStatusCode": status}
    return SimpleNamespace(status_code=status), {
        "Error": {"Code": code, "Message": words},
        "ResponseMetadata": metadata,
    }


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    with demo.start(None, pace=FAST) as running:
        environment = ENVIRONMENT | {
            "AWS_ENDPOINT_URL": running.account.endpoint_url,
            "AWS_ACCESS_KEY_ID": KEYS.access_key,
            "AWS_SECRET_ACCESS_KEY": KEYS.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "FIELDS": " ".join(fields_of(MESSAGE)),
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        trigger_reminder._client.cache_clear()
        monkeypatch.setattr(trigger_reminder, "_slot", 0.0)
        flow = Flow(running, [])
        hasty = SimpleNamespace(
            sleep=flow.sleep,
            time=lambda: time.time() + flow.ahead,
            monotonic=lambda: time.monotonic() + flow.ahead,
            gmtime=time.gmtime,
            strftime=time.strftime,
        )
        monkeypatch.setattr(trigger_reminder, "time", hasty)
        furnish(flow)
        yield flow


def furnish(flow: Flow) -> None:
    """What the wizard and its stack would have made."""
    ses, content = flow.client("sesv2"), for_ses(MESSAGE)
    ses.create_email_template(
        TemplateName="message",
        TemplateContent={"Subject": content.subject, "Text": content.text, "Html": content.html},
    )
    ses.create_configuration_set(ConfigurationSetName="ses-wizard")
    for name, keys in TABLES.items():
        make_table(flow, name, *keys)
    for email, values in PEOPLE.items():
        flow.put("recipients", email=email, **values)
    tokens = ses.create_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"]
    flow.running.publish(wanted_records("example.com", tokens=tuple(tokens), region=REGION))
    assert ses.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]


def make_table(flow: Flow, name: str, *keys: str) -> None:
    flow.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )


# --- a run ----------------------------------------------------------------------------------------------


def test_everybody_gets_one_personal_mail_as_previewed(flow: Flow) -> None:
    asked = flow.refuse()
    assert flow.run() == {"people": 3, "sent": 3}
    assert [len(call) for call in asked] == [3]
    for email, values in PEOPLE.items():
        mail = flow.mail(email)
        assert Message(mail.subject, mail.text, mail.html) == preview(MESSAGE, {**values, "email": email})
        assert mail.sender == "Reminders <reminders@example.com>"
        assert len(mail.subject.splitlines()) == 1
    assert set(flow.outcomes().values()) == {"sent"}
    ids = {dict(mail.headers)["Message-ID"].partition("@")[0].lstrip("<") for mail in flow.running.inbox()}
    assert {claim["detail"] for claim in flow.rows("claims")} == ids
    record = flow.record()
    assert [record[name] for name in ("mode", "people", "sent", "stopped")] == ["direct", "3", "3", ""]
    assert record["began"] <= record["last"] <= record["ended"]


def test_a_run_delivered_twice_writes_nobody_twice(flow: Flow) -> None:
    flow.run()
    assert flow.run(execution="another") == {}
    assert len(flow.mails()) == 3
    assert flow.run(run="2027-02-01T09:00:00Z") == {"people": 3, "sent": 3}
    assert len(flow.mails()) == 6


def test_two_runs_at_once_write_nobody_twice(flow: Flow) -> None:
    """The same event, delivered twice at once, and a second delivery by the scheduler."""
    nested: list[dict[str, Any]] = []

    def again(asked: list[str]) -> None:
        if not nested:
            nested.append({})
            nested[0] = told(handler(EVENT, Context(aws_request_id="request-2")))
            nested.append(told(handler(EVENT, Context())))

    flow.on_sending(again)
    assert flow.run()["sent"] == 3
    assert nested == [{}, {"people": 3, "before": 3}]
    assert len(flow.mails()) == 3


def test_what_a_crash_leaves_is_one_call_and_known_as_unsure_later(flow: Flow) -> None:
    flow.refuse(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        flow.run()
    assert set(flow.outcomes().values()) == {"claimed"}
    flow.put("recipients", email="dee@example.com")
    assert flow.run() == {"people": 4, "sent": 1, "before": 3}
    assert not flow.record()["ended"]
    assert handler({"resume": True}, Context()) == {"resumed": []}
    assert flow.go_on(minutes=17) == {"people": 4, "before": 3, "unsure": 3}
    assert Counter(flow.outcomes().values()) == {"unsure": 3, "sent": 1}
    assert "ended" in flow.record()
    assert flow.mails() == [("dee@example.com", "Hello ")]


@pytest.mark.parametrize(
    "unclear",
    [("InternalFailure", "", 500), ("ServiceUnavailable", "", 503), ConnectionError("the line dropped")],
)
def test_after_an_unclear_answer_a_mail_to_nobody_is_tried_first(flow: Flow, unclear: Any) -> None:
    """The people of that call are never asked for again; the others are, one at first, then more."""
    for number in range(60):
        flow.put("recipients", email=f"p{number}@example.com")
    asked = flow.refuse(unclear, unclear, unclear)
    assert flow.run() == {"people": 63, "sent": 13, "unsure": 50}
    assert [len(call) for call in asked[:4]] == [50, 1, 1, 1]
    assert [call[0] for call in asked[1:4]] == [trigger_reminder.SIMULATOR] * 3
    assert sum(flow.pauses) == pytest.approx(10 + 20 + 40, abs=5)
    times = Counter(address for call in asked for address in call)
    assert {address for address, count in times.items() if count > 1} == {trigger_reminder.SIMULATOR}
    assert Counter(flow.outcomes().values()) == {"sent": 13, "unsure": 50}
    flow.run()
    assert [len(call) for call in asked][4] == 1


def test_an_outage_that_lasts_stops_the_run_until_the_resume(flow: Flow) -> None:
    down = True
    asked = flow.on_sending(lambda asked: ("ServiceUnavailable", "", 503) if down else None)
    for number in range(60):
        flow.put("recipients", email=f"p{number}@example.com")
    assert flow.run() == {"unsure": 50, "stopped": "unsure"}
    assert flow.record()["stopped"] == "unsure"
    assert handler({"resume": True}, Context()) == {"resumed": []}
    assert flow.go_on(hours=1) == {"stopped": "unsure"}
    down = False
    assert flow.go_on(hours=1) == {"people": 63, "sent": 13}
    times = Counter(address for call in asked for address in call)
    assert {address for address, count in times.items() if count > 1} == {trigger_reminder.SIMULATOR}
    assert flow.record()["ended"]


def test_answers_are_taken_entry_by_entry(flow: Flow) -> None:
    """Too fast or busy: asked again. Refused: kept with SES's words."""
    for name in ("dee", "eve"):
        flow.put("recipients", email=f"{name}@example.com")
    statuses = ["SUCCESS", "ACCOUNT_THROTTLED", "FAILED", "TRANSIENT_FAILURE", "MESSAGE_REJECTED"]
    asked = flow.on_sending(lambda asked: statuses if len(asked) == 5 else None)
    assert flow.run() == {"people": 5, "sent": 3, "failed": 2}
    order = asked[0]
    assert asked[1:] == [[order[1], order[3]]]
    details = {claim["email"]: claim["detail"] for claim in flow.rows("claims")}
    assert [details[order[place]] for place in (2, 4)] == [
        f"{status}: So it is." for status in ("FAILED", "MESSAGE_REJECTED")
    ]


def test_an_unknown_status_is_an_unclear_answer(flow: Flow) -> None:
    """That mail may have left; the others are given back, and asked for after a pause."""
    statuses = ["SUCCESS", "NEVER_SEEN", "ACCOUNT_THROTTLED"]
    asked = flow.on_sending(lambda asked: statuses if len(asked) == 3 else None)
    assert flow.run() == {"people": 3, "sent": 2, "unsure": 1}
    assert asked[1:] == [[trigger_reminder.SIMULATOR], [asked[0][2]]]
    [unsure] = [claim for claim in flow.rows("claims") if claim["outcome"] == "unsure"]
    assert (unsure["email"], unsure["detail"]) == (asked[0][1], "NEVER_SEEN: So it is.")


def test_one_whom_ses_never_gets_done_does_not_hold_up_the_others(flow: Flow) -> None:
    """Where SES takes a mail to its simulator meanwhile, the recipient is the reason."""
    busy = ["TRANSIENT_FAILURE"]
    asked = flow.on_sending(lambda asked: busy if asked == ["bo@example.com"] else None)
    flow.put("opt-outs", email="ana@example.com")
    flow.put("opt-outs", email="cy@example.com")
    assert flow.run() == {"people": 3, "failed": 1, "opted_out": 2}
    assert asked == [["bo@example.com"]] * 7 + [[trigger_reminder.SIMULATOR]]
    assert [pause for pause in flow.pauses if pause] == [0.5, 1, 2, 4, 8, 16]


def test_where_ses_gets_nobody_done_the_run_waits(flow: Flow) -> None:
    flow.on_sending(lambda asked: ["TRANSIENT_FAILURE"] * len(asked))
    assert flow.run() == {"stopped": "throttled"}
    assert set(flow.outcomes().values()) == {"stopped"}


def test_a_call_refused_for_one_of_them_is_asked_in_halves(flow: Flow) -> None:
    bad = ("BadRequestException", "Domain contains illegal character", 400)
    asked = flow.on_sending(lambda asked: bad if "cy@example.com" in asked else None)
    assert flow.run() == {"people": 3, "sent": 2, "failed": 1}
    assert flow.outcomes()["cy@example.com"] == "failed"
    assert len(asked) <= 5


def test_too_fast_is_asked_again_more_slowly(flow: Flow) -> None:
    asked = flow.refuse(TOO_FAST, TOO_FAST)
    assert flow.run()["sent"] == 3
    assert len(asked) == 3
    assert [pause for pause in flow.pauses if pause] == [0.5, 1]


def test_too_fast_for_too_long_stops_the_run_and_is_no_error(flow: Flow) -> None:
    """Lambda repeats nothing, and no dead letter is left: the resume continues the run."""
    busy = True
    flow.on_sending(lambda asked: TOO_FAST if busy else None)
    assert flow.run() == {"stopped": "throttled"}
    assert set(flow.outcomes().values()) == {"stopped"}
    assert flow.record()["stopped"] == "throttled"
    busy = False
    assert flow.go_on(hours=1) == {"people": 3, "sent": 3}
    assert (flow.record()["stopped"], flow.record()["waits"], flow.record()["sent"]) == ("", "", "3")


def test_the_daily_quota_stops_a_run_and_the_next_day_it_goes_on(flow: Flow) -> None:
    flow.running.account.pace = replace(FAST, daily=2)
    assert flow.run() == {"sent": 2, "stopped": "quota"}
    assert Counter(flow.outcomes().values()) == {"sent": 2, "stopped": 1}
    assert not flow.record()["ended"]
    assert flow.go_on(hours=25) == {"people": 3, "sent": 1}
    assert flow.record()["ended"]
    assert sorted(email for email, _ in flow.mails()) == sorted(PEOPLE)


@pytest.mark.parametrize(
    ("refusal", "stopped"),
    [
        (QUOTA, "quota"),
        (("SendingPausedException", "Sending is paused for this account.", 400), "paused"),
        (("AccountSuspendedException", "", 400), "paused"),
        (("NotFoundException", "Template message does not exist.", 404), "gave_up"),
        (("AccessDeniedException", "", 403), "gave_up"),
        (("MessageRejected", "… failed the check …: reminders@example.com", 400), "gave_up"),
        (("MessageRejected", "… failed the check …: Me <Reminders@Example.com>, x@y.z", 400), "gave_up"),
    ],
)
def test_what_meets_every_mail_stops_the_run_before_the_next(
    flow: Flow, capsys: pytest.CaptureFixture[str], refusal: Refusal, stopped: str
) -> None:
    asked = flow.refuse(refusal)
    assert flow.run() == {"stopped": stopped}
    assert len(asked) == 1
    assert set(flow.outcomes().values()) == {"stopped"}
    [logged] = events_in(capsys.readouterr().out, "stopped")
    about = {"event": "stopped", "reminder": "ses-wizard-reminder", "run": RUN}
    assert logged == about | {"reason": stopped, "detail": refusal[0]}
    assert flow.go_on(minutes=10)["sent"] == 3


@pytest.mark.parametrize("address", ["reminders@example.com.au", "more-reminders@example.com"])
def test_a_recipient_whose_address_contains_the_senders_is_no_sender(flow: Flow, address: str) -> None:
    rejected = ("MessageRejected", f"… failed the check in region US-EAST-1: {address}", 400)
    flow.put("recipients", email=address)
    flow.on_sending(lambda asked: rejected if address in asked else None)
    assert flow.run() == {"people": 4, "sent": 3, "failed": 1}
    assert flow.outcomes()[address] == "failed"


def test_a_refusal_is_kept_with_its_recipient_and_can_be_sent_again(flow: Flow) -> None:
    flow.put("recipients", email="Dee@Elsewhere.example")
    assert flow.run() == {"people": 4, "sent": 3, "failed": 1}
    [claim] = [claim for claim in flow.rows("claims") if claim["outcome"] == "failed"]
    assert claim["email"] == "dee@elsewhere.example"
    assert claim["detail"].startswith("MESSAGE_REJECTED: Email address is not verified.")
    flow.running.account.ses(REGION).production = True
    assert "again" not in flow.record()
    again = {"resend": RUN, "id": "2027-01-31T10:00:00Z", "outcome": "failed"}
    assert told(handler(again, Context())) == {"sent": 1}
    assert flow.record()["last"] <= flow.record()["again"] <= trigger_reminder._time()
    assert flow.record()["again_stopped"] == ""
    assert flow.mails()[-1][0] == "Dee@Elsewhere.example"
    assert told(handler(again, Context())) == {}
    assert told(handler({"resend": RUN}, Context())) == {}
    assert [flow.record()[name] for name in ("sent", "failed", "people")] == ["4", "0", "4"]
    assert len(flow.mails()) == 4


def test_when_time_runs_short_another_call_goes_on(flow: Flow) -> None:
    flow.running.account.pace = replace(FAST, send_rate=1.0)
    events = flow.handed_on()
    assert told(handler(EVENT, Context(iter([900_000, 59_000])))) == {"sent": 2, "stopped": "time"}
    assert events == [EVENT]
    assert flow.record()["stopped"] == "time"
    assert told(handler(events[0], Context(aws_request_id="request-2"))) == {"people": 3, "sent": 1}
    assert len(flow.mails()) == 3


def test_mail_leaves_as_fast_as_the_account_may_send(flow: Flow) -> None:
    """A second's worth a call at most, and each call after the time that the last one's mail takes."""
    flow.running.account.pace = replace(FAST, send_rate=2.0)
    asked = flow.refuse()
    flow.run()
    assert [len(call) for call in asked] == [2, 1]
    assert max(flow.pauses) == pytest.approx(1.0, abs=0.2)


# --- recipients -----------------------------------------------------------------------------------------


def test_a_run_goes_from_page_to_page_and_notes_where_it_is(flow: Flow) -> None:
    starts = []

    def one_a_page(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = 1
        starts.append(params.get("ExclusiveStartKey"))

    events = trigger_reminder._client("dynamodb").meta.events
    events.register("provide-client-params.dynamodb.Scan", one_a_page)
    flow.refuse(None, QUOTA)
    assert flow.run() == {"people": 1, "sent": 1, "stopped": "quota"}
    assert flow.record()["page"] == "1"
    first = len(starts)
    assert flow.go_on(minutes=10) == {"people": 2, "sent": 2}
    assert starts[first] == starts[1] is not None
    assert flow.record()["people"] == "3"


def test_a_table_of_the_users_own_is_read_by_its_own_names(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows without address, addresses twice or that are no address, values of every type, and no mail."""
    make_table(flow, "customers", "id")
    rows: list[dict[str, Any]] = [
        {"mail": "Uma@example.com ", "first name": "Uma", "place": 7, "no_mail": "no"},
        {"mail": "uma@EXAMPLE.com", "first name": "Uma again"},
        {
            "mail": "vic@example.com",
            "first name": {"L": [{"S": "Vic"}, {"N": "1.5"}, {"M": {}}]},
            "place": True,
        },
        {"mail": "wil@example.com", "first name": {"SS": ["Wil"]}, "place": {"NULL": True}, "no_mail": "Yes"},
        {"first name": "Nobody"},
        {"mail": ""},
        {"mail": "ana@example.com, bo@example.com"},
        {"mail": "Ana <ana@example.com>"},
        {"mail": "ana@example.com\r\nBcc: bo@example.com"},
        {"mail": f"{'x' * 250}@example.com"},
        {"mail": "big@example.com", "place": "x" * 200_000},
        {"mail": {"M": {"S": {"S": "ana@example.com"}}}},
    ]
    for number, row in enumerate(rows):
        flow.put("customers", id=str(number), **row)
    monkeypatch.setenv("RECIPIENTS", "customers")
    monkeypatch.setenv("EMAIL", "mail")
    monkeypatch.setenv("OPTED_OUT", "no_mail")
    monkeypatch.setenv("MAPPING", json.dumps({"name": "first name", "city": "place"}))
    assert flow.run() == {"people": 3, "sent": 2, "opted_out": 1, "invalid": 8}
    texts = {mail.recipient.lower(): mail.text for mail in flow.running.inbox()}
    assert texts["vic@example.com"] == "Vic, 1.5, from true"
    assert texts["uma@example.com"] in ("Uma from 7", "Uma again from ")
    wish = {"address": "me@example.com", "recipient": "vic@example.com"}
    assert handler({"test": wish}, Context())["recipient"] == "vic@example.com"
    assert flow.mail("me@example.com").text == "Vic, 1.5, from true"


def test_who_opted_out_is_left_alone(flow: Flow) -> None:
    flow.put("recipients", email="dee@example.com", opted_out="TRUE")
    flow.put("recipients", email="eve@example.com", opted_out=True)
    flow.put("recipients", email="Bo@Example.com")
    flow.put("opt-outs", email="bo@example.com", why="by hand")
    assert flow.run() == {"people": 5, "sent": 2, "opted_out": 3}
    assert sorted(email for email, _ in flow.mails()) == ["ana@example.com", "cy@example.com"]
    assert flow.outcomes()["bo@example.com"] == "opted_out"
    assert flow.record()["opted_out"] == "3"


@pytest.mark.parametrize("bulk", [True, False], ids=["a run", "a test mail"])
def test_one_click_ends_it_whatever_stands_in_the_values(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, bulk: bool
) -> None:
    monkeypatch.setenv("UNSUBSCRIBE", "https://example.com/off?to={{email}}&name={{ name }}&list={{group}}")
    flow.put("recipients", email="a+b@example.com", name="<b>\r\nBcc: x@y.z>,& {{name}}", group="é/?#")
    if bulk:
        flow.run()
        mail = flow.mail("a+b@example.com")
    else:
        handler({"test": {"address": "me@example.com", "recipient": "a+b@example.com"}}, Context())
        mail = flow.mail("me@example.com")
    headers = dict(mail.headers)
    assert headers["List-Unsubscribe"] == (
        "<https://example.com/off?to=a%2Bb%40example.com"
        "&name=%3Cb%3E%20Bcc%3A%20x%40y.z%3E%2C%26%20%7B%7Bname%7D%7D&list=%C3%A9%2F%3F%23>"
    )
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_an_unsubscribe_address_of_mail_has_no_one_click(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNSUBSCRIBE", "mailto:off@example.com?subject={{city}}")
    flow.run()
    headers = dict(flow.mail("cy@example.com").headers)
    assert headers["List-Unsubscribe"] == "<mailto:off@example.com?subject=%C5%81%C3%B3d%C5%BA>"
    assert "List-Unsubscribe-Post" not in headers


# --- the queue ------------------------------------------------------------------------------------------


def test_a_queue_is_filled_by_the_run_and_emptied_by_workers(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger_reminder, "CHUNK", 2)
    url = flow.queue(monkeypatch)
    flow.put("recipients", email="dee@example.com", opted_out="yes")
    assert flow.run() == {"people": 4, "opted_out": 1}
    assert flow.run(execution="another") == {}
    assert flow.seen(url) == (2, 0)
    while flow.seen(url)[0]:
        assert flow.work(url)[1] == 0
    record = flow.record()
    assert [record[name] for name in ("mode", "people", "sent", "opted_out")] == ["queue", "4", "3", "1"]
    assert record["ended"]
    assert sorted(email for email, _ in flow.mails()) == sorted(PEOPLE)


def test_a_message_delivered_again_writes_nobody_again(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    url = flow.queue(monkeypatch)
    flow.run()
    assert flow.work(url, delete=False) == (1, 0)
    flow.pass_time(hours=2)
    assert flow.work(url) == (1, 0)
    assert len(flow.mails()) == 3
    assert flow.record()["sent"] == "3"


def test_a_worker_at_the_quota_puts_its_messages_off(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trigger_reminder, "CHUNK", 1)
    url = flow.queue(monkeypatch)
    flow.run()
    flow.running.account.pace = replace(FAST, daily=1)
    taken = failed = 0
    while flow.seen(url)[0]:
        worked = flow.work(url)
        taken, failed = taken + worked[0], failed + worked[1]
    assert (taken, failed) == (3, 2)
    assert flow.seen(url) == (0, 2)
    assert (flow.record()["waits"], flow.record()["sent"]) == ("quota", "1")
    flow.running.account.pace = FAST
    flow.pass_time(hours=1)
    while flow.seen(url)[0]:
        assert flow.work(url)[1] == 0
    assert sorted(email for email, _ in flow.mails()) == sorted(PEOPLE)
    assert flow.record()["ended"]


def test_a_worker_short_of_time_hands_its_messages_back(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    url = flow.queue(monkeypatch)
    flow.running.account.pace = replace(FAST, send_rate=2.0)
    flow.run()
    assert flow.work(url, Context(iter([59_000]))) == (1, 1)
    assert flow.seen(url) == (1, 0)
    assert len(flow.mails()) == 1
    assert flow.work(url) == (1, 0)
    assert sorted(email for email, _ in flow.mails()) == sorted(PEOPLE)


def test_what_a_dead_worker_had_claimed_is_unsure_and_the_rest_is_written(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = flow.queue(monkeypatch)
    flow.running.account.pace = replace(FAST, send_rate=2.0)
    flow.run()
    lost = flow.refuse(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        flow.work(url)
    flow.pass_time(seconds=31)
    assert flow.work(url) == (1, 1)
    flow.pass_time(minutes=17)
    assert flow.work(url) == (1, 0)
    assert flow.outcomes()[lost[0][0]] == "unsure"
    assert len(flow.mails()) == 2
    assert flow.record()["ended"]


def test_people_who_are_lost_with_their_messages_are_queued_again(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where messages became dead letters. A run has ended when a look at everybody finds nobody left."""
    url = flow.queue(monkeypatch)
    flow.run()
    flow.pass_time(minutes=17)
    assert handler({"resume": True}, Context()) == {"resumed": []}
    flow.client("sqs").purge_queue(QueueUrl=url)
    assert flow.go_on(minutes=1) == {}
    assert not flow.record()["ended"]
    assert flow.work(url) == (1, 0)
    assert sorted(email for email, _ in flow.mails()) == sorted(PEOPLE)
    assert flow.record()["ended"]
    assert flow.record()["people"] == "3"


def test_numbers_that_a_crash_left_too_low_do_not_keep_a_run_from_its_end(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = flow.queue(monkeypatch)
    flow.run()
    monkeypatch.setattr(trigger_reminder, "_count_outcomes", lambda *_: None)
    assert flow.work(url) == (1, 0)
    assert not flow.record()["ended"]
    assert flow.go_on(minutes=17) == {}
    assert flow.record()["ended"]


# --- everything else ------------------------------------------------------------------------------------


def test_a_test_mail_goes_to_the_named_address_alone_and_claims_nothing(flow: Flow) -> None:
    wish = {"address": "me@example.com", "recipient": "bo@example.com"}
    assert set(handler({"test": wish}, Context())) == {"message_id", "recipient"}
    assert flow.mails() == [("me@example.com", "Hello Bo <b> & 'Co'")]
    assert flow.outcomes() == {}


def test_a_test_mail_to_a_recipient_has_that_recipients_fields(flow: Flow) -> None:
    answer = handler({"test": {"address": "bo@example.com"}}, Context())
    assert answer["recipient"] == "bo@example.com"
    assert flow.mails() == [("bo@example.com", "Hello Bo <b> & 'Co'")]


def test_a_test_mail_to_anybody_else_says_whose_fields_it_has(flow: Flow) -> None:
    answer = handler({"test": {"address": "me@example.com"}}, Context())
    recipient = {"ana@example.com": "Ana", "bo@example.com": "Bo <b> & 'Co'"}.get(answer["recipient"])
    assert recipient
    assert flow.mails() == [("me@example.com", f"Hello {recipient}")]


@pytest.mark.parametrize("recipient", [None, "nobody@example.com"])
def test_a_test_mail_needs_no_recipient(flow: Flow, recipient: str | None) -> None:
    handler({"test": {"address": "me@example.com", "recipient": recipient}}, Context())
    assert [email for email, _ in flow.mails()] == ["me@example.com"]


def test_a_refused_test_mail_gives_sess_own_words(flow: Flow) -> None:
    answer = handler({"test": {"address": "me@elsewhere.example"}}, Context())
    assert answer["refused"] == "MessageRejected"
    assert "me@elsewhere.example" in answer["reason"]


def test_a_test_mail_without_rights_to_the_table_is_a_refusal(flow: Flow) -> None:
    denied = refused("AccessDeniedException", "", 400)
    trigger_reminder._client("dynamodb").meta.events.register("before-call.dynamodb.Scan", lambda **_: denied)
    assert handler({"test": {"address": "me@example.com"}}, Context())["refused"] == "AccessDeniedException"


def test_a_dry_run_tells_what_a_run_would_find(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNSUBSCRIBE", "https://example.com/off?list={{group}}")
    flow.put("recipients", email="no address")
    flow.put("recipients", email="dee@example.com", opted_out="yes")
    flow.put("opt-outs", email="ana@example.com")
    found = handler({"dry": True}, Context())
    sent = [
        preview(MESSAGE, {**PEOPLE[email], "email": email}) for email in ("bo@example.com", "cy@example.com")
    ]
    assert found == {
        "people": 4,
        "opted_out": 2,
        "invalid": 1,
        "blank": {"city": 1, "group": 2},
        "largest": max(len(f"{mail.subject}{mail.text}{mail.html}".encode()) for mail in sent),
        "unrendered": 0,
        "stopped": "",
    }
    assert (flow.mails(), flow.rows("claims"), flow.rows("runs")) == ([], [], [])
    monkeypatch.setenv("FIELDS", "name")
    assert handler({"dry": True}, Context())["unrendered"] == 2


def ses_event(kind: str, run: str | None, address: str = "Bo@example.com") -> dict[str, Any]:
    about = {"Bounce": {"bounceType": "Permanent", "bounceSubType": "General"}, "Complaint": {}}[kind]
    tags = {"run": [run.replace(":", "_")]} if run else {}
    tags |= {"shards": [str(trigger_reminder.SHARDS)]} if run == RUN else {}
    detail = {"eventType": kind, "mail": {"destination": [address], "tags": tags}, kind.lower(): about}
    return {"source": "aws.ses", "detail-type": f"Email {kind}", "detail": detail}


def test_bounces_and_complaints_are_noted_once_and_complaints_respected(flow: Flow) -> None:
    flow.run()
    for kind in ("Bounce", "Bounce", "Complaint", "Complaint", "Bounce"):
        assert handler(ses_event(kind, RUN), Context()) == {}
    [claim] = [claim for claim in flow.rows("claims") if claim["email"] == "bo@example.com"]
    assert (claim["outcome"], claim["event"]) == ("sent", "complained")
    assert [flow.record()[name] for name in ("bounced", "complained")] == ["1", "1"]
    assert [(row["email"], row["why"]) for row in flow.rows("opt-outs")] == [("bo@example.com", "complaint")]
    assert flow.run(run="2027-02-01T09:00:00Z") == {"people": 3, "sent": 2, "opted_out": 1}


def test_an_event_of_another_reminder_on_the_same_configuration_set_is_ignored(flow: Flow) -> None:
    flow.run()
    event = ses_event("Complaint", RUN)
    event["detail"]["mail"]["tags"]["reminder"] = ["another-reminder"]
    assert handler(event, Context()) == {}
    assert flow.rows("opt-outs") == []
    assert "complained" not in flow.record()
    event["detail"]["mail"]["tags"]["reminder"] = ["ses-wizard-reminder"]
    handler(event, Context())
    assert [row["email"] for row in flow.rows("opt-outs")] == ["bo@example.com"]


def test_an_event_of_a_test_mail_opts_nobody_out(flow: Flow) -> None:
    handler(ses_event("Complaint", "test"), Context())
    handler(ses_event("Complaint", None, "cy@example.com"), Context())
    assert [(row["run"], row["event"]) for row in flow.rows("claims")] == [("test", "complained")]
    assert flow.rows("opt-outs") == flow.rows("runs") == []


def test_the_log_has_events_and_numbers_and_nobodys_address(
    flow: Flow, capsys: pytest.CaptureFixture[str]
) -> None:
    flow.put("recipients", email="dee@elsewhere.example")
    flow.run()
    handler({"resend": RUN, "id": "2027-01-31T10:00:00Z"}, Context())
    handler({"dry": True}, Context())
    handler({"resume": True}, Context())
    printed = capsys.readouterr().out
    logged = [json.loads(line) for line in printed.splitlines()]
    assert [line.get("event") for line in logged] == ["failed", "ended", "call"] * 2 + ["dry", "resume"]
    assert {line["reminder"] for line in logged} == {"ses-wizard-reminder"}
    assert logged[0]["count"] == logged[3]["count"] == 1
    assert logged[0]["reason"] == "MESSAGE_REJECTED"
    assert [logged[place]["sent"] for place in (1, 2, 5)] == [3, 3, 0]
    assert "@" not in printed
    assert not any(values["name"] in printed for values in PEOPLE.values())


def test_ten_thousand_recipients_are_written_once_each(flow: Flow) -> None:
    addresses = [f"p{number}@example.com" for number in range(10_000)]
    rows = [{"PutRequest": {"Item": {"email": {"S": one}, "name": {"S": "Person"}}}} for one in addresses]
    for start in range(0, len(rows), 25):
        flow.client("dynamodb").batch_write_item(RequestItems={"recipients": rows[start : start + 25]})
    result = handler(EVENT, Context())
    everybody = {*addresses, *PEOPLE}
    assert told(result)["sent"] == len(everybody)
    assert Counter(mail.recipient for mail in flow.running.account.kept.inbox) == dict.fromkeys(everybody, 1)
