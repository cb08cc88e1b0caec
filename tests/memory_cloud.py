# ruff: noqa: N803 - boto3 names its parameters like that.
"""AWS in memory, as far as TriggerReminder uses it: tables, SES, a queue and Lambda, on a clock of their own.

Every call goes through ``Cloud.gate``, before and after its effect, where a test may hold it, let it fail or
end the function that makes it; ``Cloud.troubles`` are services that fail for a while. It behaves as DynamoDB,
SES and SQS document, and its clients repeat calls as botocore's do; what needs no look, such as rights and
the form of parameters, is left to the embedded account.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import md5
from heapq import heappop, heappush
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from wizard.reminder.function import trigger_reminder

Item = dict[str, Any]
KEYS = {
    "recipients": ("email",),
    "claims": ("run", "email"),
    "runs": ("reminder", "run"),
    "opt-outs": ("email",),
}
ENVIRONMENT = {
    "RECIPIENTS": "recipients",
    "CLAIMS": "claims",
    "RUNS": "runs",
    "OPT_OUTS": "opt-outs",
    "TEMPLATE": "message",
    "FIELDS": "name",
    "SENDER": "Reminders <reminders@example.com>",
    "CONFIGURATION_SET": "ses-wizard",
    "AWS_LAMBDA_FUNCTION_NAME": "TriggerReminder",
    "EMAIL": "email",
    "OPTED_OUT": "opted_out",
    "MAPPING": "{}",
    "QUEUE": "",
    "WORKERS": "2",
    "UNSUBSCRIBE": "",
    "REMINDER": "ses-wizard-reminder",
    "PAUSED": "",
}
"""What the stack's template gives the function."""
DAY = 24 * 3600
SOURCE = Path(str(trigger_reminder.__file__))
SIMULATOR = "@simulator.amazonses.com"
MAX_RECEIVES = 200
"""How often the stack's queue delivers a message, before it becomes a dead letter."""
PARTITIONS = 4
"""How many partitions a new table on demand has: it takes 4,000 write units a second ("Initial throughput
for on-demand capacity mode"), and a partition 1,000."""
WRITES, READS = 1_000, 3_000
"""Units a second that a partition takes ("Designing partition keys to distribute your workload")."""
UNHEARD_OF = "SOMETHING_NEW"
"""A status that nobody knows: it may stand for anything, also for a mail that left."""


class ConditionFailedError(ClientError):
    """DynamoDB's ConditionalCheckFailedException."""


class CanceledError(ClientError):
    """DynamoDB's TransactionCanceledException."""


EXCEPTIONS = SimpleNamespace(
    ClientError=ClientError,
    ConditionalCheckFailedException=ConditionFailedError,
    TransactionCanceledException=CanceledError,
)


def refusal(code: str, words: str = "", status: int = 400) -> ClientError:
    """The error a client raises where AWS answers with ``code``."""
    answer: Any = {"Error": {"Code": code, "Message": words}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "")


@dataclass
class Message:
    """A message of the queue: it can be received from ``visible`` on, and was ``receives`` times."""

    id: str
    body: str
    visible: float = 0.0
    receives: int = 0


@dataclass
class Trouble:
    """A service that fails from one moment to another: what ``kind`` says. ``hits`` are calls it met.

    Unclear answers of SES: ``refused`` (503, no mail leaves), ``taken`` (500, all mails leave), ``lost``
    (they leave, and no answer comes). Clear ones: ``too fast``, ``busy`` (TRANSIENT_FAILURE for each),
    ``quota``, ``paused``, ``no template``, ``rejected`` (each recipient), ``sender`` (not verified).
    ``tables`` and ``tables late`` are DynamoDB's 500 before and after the effect, ``conflict`` a transaction
    at the same time, ``queue`` SQS's 500.
    """

    kind: str
    begins: float = 0.0
    ends: float = float("inf")
    hits: int = 0


UNCLEAR = ("refused", "taken", "lost")
"""The troubles after which nobody knows whether a mail left."""


@dataclass
class Cloud:
    """The account. ``now`` is the time in seconds; ``latency`` passes with every call.

    SES takes ``rate`` mails a second, a second's worth at once, and ``daily`` within 24 hours; ``mails`` are
    those it took, as run, address and time, without mail to its simulator. ``results`` are the statuses of
    entries that it does not take, by address. ``page`` is the most rows that a scan gives. ``dead`` are the
    messages that were delivered more than ``max_receives`` times. ``source`` is the function's code. ``hot``
    says whether DynamoDB's limits for each partition hold: WRITES and READS a second, keys spread over
    PARTITIONS by a hash.
    """

    now: float = 1_800_000_000.0
    latency: float = 0.0
    rate: float = 50.0
    daily: float = -1
    page: int = 1000
    tables: dict[str, dict[tuple[str, ...], Item]] = field(
        default_factory=lambda: {name: {} for name in KEYS}
    )
    mails: list[tuple[str, str, float]] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    events: list[Item] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    gate: Callable[[str, bool], None] = lambda operation, done: None
    troubles: list[Trouble] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    max_receives: int = MAX_RECEIVES
    source: Path = SOURCE
    hot: bool = False
    throttled: int = 0
    _units: dict[tuple[str, int, int], tuple[float, float]] = field(default_factory=dict)
    _allowance: tuple[float, float] = (0.0, 0.0)
    _day: int = 0
    _sent: int = 0
    _shown: list[tuple[float, str]] = field(default_factory=list)
    _order: list[tuple[str, ...]] = field(default_factory=list)
    _places: dict[tuple[str, ...], int] = field(default_factory=dict)

    def people(self, *emails: str, **more: Item) -> None:
        """Put recipients into their table."""
        for email in emails:
            self.tables["recipients"][email,] = {"email": {"S": email}, **more}

    def outcomes(self, run: str) -> dict[str, str]:
        """The outcome of each claim of a run, by address."""
        claims = self.tables["claims"].items()
        return {
            key[1]: item["outcome"]["S"]
            for key, item in claims
            if key[0].partition("#")[0] == run and "outcome" in item
        }

    def run(self, run: str) -> dict[str, Any]:
        """The record of a run: numbers as numbers, the rest as text."""
        record = self.tables["runs"].get(("runs", run), {})
        return {
            name: int(value["N"]) if "N" in value else next(iter(value.values()))
            for name, value in record.items()
        }

    def deliver(self, most: int, visibility: float) -> list[Item]:
        """Receive at most ``most`` messages that can be seen, as a function gets them."""
        seen: list[Message] = []
        while len(seen) < most and (self.next_message() or self.now + 1) <= self.now:
            message = self.messages[heappop(self._shown)[1]]
            message.receives += 1
            if message.receives > self.max_receives:
                self.dead.append(self.messages.pop(message.id))
            else:
                seen.append(message)
        for message in seen:
            self.show(message, self.now + visibility)
        return [
            {
                "messageId": one.id,
                "receiptHandle": one.id,
                "body": one.body,
                "attributes": {"ApproximateReceiveCount": str(one.receives)},
            }
            for one in seen
        ]

    def next_message(self) -> float | None:
        """When the next message can be seen; None where there is none."""
        while self._shown:
            moment, name = self._shown[0]
            if name in self.messages and self.messages[name].visible == moment:
                return moment
            heappop(self._shown)
        return None

    def show(self, message: Message, moment: float) -> None:
        """Let a message be seen from a moment on."""
        message.visible = moment
        heappush(self._shown, (moment, message.id))

    def delete(self, records: list[Item], answer: Item) -> None:
        """Delete the messages that a function has worked off, by what it answered."""
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                self.messages.pop(record["messageId"], None)

    def function(self) -> ModuleType:
        """TriggerReminder in an environment of its own that sees this account and this clock."""
        module = ModuleType("index")
        exec(_code(self.source), module.__dict__)
        module.time = self.clock()  # type: ignore[attr-defined]
        module._client = self.client  # type: ignore[attr-defined]
        return module

    def clock(self) -> SimpleNamespace:
        """What stands for the module ``time``; to sleep moves the clock on."""

        def sleep(seconds: float) -> None:
            self.now += seconds

        return SimpleNamespace(
            time=lambda: self.now,
            monotonic=lambda: self.now,
            sleep=sleep,
            gmtime=time.gmtime,
            strftime=time.strftime,
        )

    def client(self, service: str, attempts: int = 6) -> Any:
        """A client of ``service`` that makes so many ``attempts`` at a call, as botocore's standard mode."""
        return _Client(self, attempts)

    def attempt(self, operation: str, params: Item, attempts: int) -> Item:
        """Carry out one call of a client's, again where it fails as botocore would, after the longest pause
        that botocore may make."""
        for pause in (1, 2, 4, 8, 16)[: attempts - 1]:
            try:
                return self.call(operation, params)
            except ReadTimeoutError:
                pass
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status < 500 and error.response["Error"]["Code"] != "ThrottlingException":
                    raise
            self.now += pause
        return self.call(operation, params)

    def call(self, operation: str, params: Item) -> Item:
        """Carry out one call."""
        self.calls[operation] = self.calls.get(operation, 0) + 1
        self.now += self.latency
        self.gate(operation, False)
        after = self._meet(operation, params) if self.troubles else None
        if self.hot:
            self._pay(operation, params)
        answer: Item = getattr(self, f"_{operation}")(**params)
        self.gate(operation, True)
        if after:
            raise after
        return answer

    def _meet(self, operation: str, params: Item) -> Exception | None:
        """Raise what a trouble does to a call now; give what is to be raised after its effect."""
        after: Exception | None = None
        self.results.clear()
        for trouble in self.troubles:
            if operation not in _MET[trouble.kind] or not trouble.begins <= self.now < trouble.ends:
                continue
            # A probe is no mail of anybody's.
            trouble.hits += SIMULATOR not in str(params.get("BulkEmailEntries", ""))
            before, later = _errors(trouble.kind)
            if before:
                raise before
            after = later or after
            status = {"busy": "TRANSIENT_FAILURE", "rejected": "MESSAGE_REJECTED"}.get(trouble.kind)
            for entry in params["BulkEmailEntries"] if status else ():
                self.results[entry["Destination"]["ToAddresses"][0]] = status or ""
        return after

    # --- DynamoDB's limits ------------------------------------------------------------------------------

    def _pay(self, operation: str, params: Item) -> None:
        """Take the units that a call costs from its partitions; raise where one has too few."""
        costs: dict[tuple[str, int, int], float] = {}
        for table, key, kind, units in _costs(operation, params):
            place = table, md5(f"{table} {key}".encode()).digest()[0] % PARTITIONS, kind
            costs[place] = costs.get(place, 0.0) + units
        left = {}
        for place in costs:
            most, since = self._units.get(place, (float(place[2]), self.now))
            left[place] = min(place[2], most + max(0.0, self.now - since) * place[2])
        if any(left[place] < units for place, units in costs.items()):
            self.throttled += 1
            if operation == "transact_write_items":
                raise canceled([{"Code": "ThrottlingError"} for _ in params["TransactItems"]])
            raise refusal("ThrottlingException", "Throughput exceeds the current capacity.")
        for place, units in costs.items():
            self._units[place] = left[place] - units, self.now

    # --- DynamoDB ---------------------------------------------------------------------------------------

    def _scan(
        self, TableName: str, Limit: int = 1000, ExclusiveStartKey: Item | None = None, **_: Any
    ) -> Item:
        table = self.tables[TableName]
        if len(self._order) != len(table):
            self._order = list(table)
            self._places = {key: place for place, key in enumerate(self._order)}
        first = self._places[_key_of(TableName, ExclusiveStartKey)] + 1 if ExclusiveStartKey else 0
        keys = self._order[first : first + min(Limit, self.page)]
        answer: Item = {"Items": [dict(table[key]) for key in keys]}
        if first + len(keys) < len(self._order):
            answer["LastEvaluatedKey"] = {name: {"S": part} for name, part in _named(TableName, keys[-1])}
        return answer

    def _query(self, TableName: str, KeyConditionExpression: str, **params: Any) -> Item:
        holds = _condition(KeyConditionExpression)
        values = params["ExpressionAttributeValues"]
        return {"Items": [dict(item) for item in self.tables[TableName].values() if holds(item, values)]}

    def _get_item(self, TableName: str, Key: Item) -> Item:
        item = self.tables[TableName].get(_key_of(TableName, Key))
        return {"Item": dict(item)} if item else {}

    def _batch_get_item(self, RequestItems: dict[str, Item]) -> Item:
        return {
            "Responses": {
                table: [found["Item"] for key in wanted["Keys"] if (found := self._get_item(table, key))]
                for table, wanted in RequestItems.items()
            }
        }

    def _update_item(self, **params: Any) -> Item:
        old = self._item(params)
        if not _holds(params, old):
            answer: Any = {
                "Error": {"Code": "ConditionalCheckFailedException"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ConditionFailedError(answer, "UpdateItem")
        return {"Attributes": dict(self._changed(params))}

    def _transact_write_items(self, TransactItems: list[dict[str, Item]]) -> Item:
        updates = [item["Update"] for item in TransactItems]
        assert len({(one["TableName"], _key_of(one["TableName"], one["Key"])) for one in updates}) == len(
            updates
        )
        olds = [self._item(update) for update in updates]
        held = [not _holds(update, old) for update, old in zip(updates, olds, strict=True)]
        if any(held):
            reasons = [
                {"Code": "ConditionalCheckFailed", "Item": dict(old or {})} if one else {"Code": "None"}
                for one, old in zip(held, olds, strict=True)
            ]
            raise canceled(reasons)
        for update in updates:
            self._changed(update)
        return {}

    def _item(self, params: Item) -> Item | None:
        return self.tables[params["TableName"]].get(_key_of(params["TableName"], params["Key"]))

    def _changed(self, params: Item) -> Item:
        table, key = self.tables[params["TableName"]], _key_of(params["TableName"], params["Key"])
        item = table.setdefault(key, dict(params["Key"]))
        values = params["ExpressionAttributeValues"]
        for verb, name, value in _update(params["UpdateExpression"]):
            given = values[f":{value}"]
            if verb == "SET" or (verb == "KEEP" and name not in item):
                item[name] = given
            elif verb == "ADD":
                item[name] = {"N": str(int(item.get(name, {}).get("N", 0)) + int(given["N"]))}
        return item

    # --- SES --------------------------------------------------------------------------------------------

    def _get_account(self) -> Item:
        return {"SendQuota": {"MaxSendRate": self.rate, "Max24HourSend": self.daily}}

    def _send_bulk_email(self, BulkEmailEntries: list[Item], DefaultEmailTags: list[Item], **_: Any) -> Item:
        run = DefaultEmailTags[0]["Value"].replace("_", ":")
        addresses = [entry["Destination"]["ToAddresses"][0] for entry in BulkEmailEntries]
        return {"BulkEmailEntryResults": [self._result(run, address) for address in addresses]}

    def _result(self, run: str, address: str) -> Item:
        status = self.results.get(address) or self._limit() or "SUCCESS"
        if status in ("SUCCESS", UNHEARD_OF) and not address.endswith(SIMULATOR):
            self.mails.append((run, address, self.now))
        return {"Status": status, "MessageId": f"{len(self.mails)}"}

    def _limit(self) -> str:
        while self._day < len(self.mails) and self.mails[self._day][2] <= self.now - DAY:
            self._day += 1
        if 0 <= self.daily <= len(self.mails) - self._day:
            return "ACCOUNT_DAILY_QUOTA_EXCEEDED"
        left, since = self._allowance
        most = max(self.rate, 1.0)
        left = most if not since else min(most, left + max(0.0, self.now - since) * self.rate)
        if left < 1 - 1e-6:
            return "ACCOUNT_THROTTLED"
        self._allowance = left - 1, max(self.now, since)
        return ""

    # --- SQS and Lambda ---------------------------------------------------------------------------------

    def _send_message_batch(self, QueueUrl: str, Entries: list[Item]) -> Item:
        for entry in Entries:
            self._sent += 1
            message = Message(f"message-{self._sent}", entry["MessageBody"])
            self.messages[message.id] = message
            self.show(message, self.now)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def _change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> Item:
        if ReceiptHandle in self.messages:
            self.show(self.messages[ReceiptHandle], self.now + VisibilityTimeout)
        return {}

    def _get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> Item:
        hidden = sum(message.visible > self.now for message in self.messages.values())
        counts = (len(self.messages) - hidden, hidden, 0)
        return {"Attributes": dict(zip(AttributeNames, map(str, counts), strict=True))}

    def _invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> Item:
        self.events.append(json.loads(Payload))
        return {"StatusCode": 202}


class _Client:
    """A client whose operations are the account's."""

    exceptions = EXCEPTIONS

    def __init__(self, cloud: Cloud, attempts: int) -> None:
        self._cloud, self._attempts = cloud, attempts

    def close(self) -> None:
        """There is no connection."""

    def __getattr__(self, operation: str) -> Any:
        return lambda **params: self._cloud.attempt(operation, params, self._attempts)


def canceled(reasons: list[Item]) -> CanceledError:
    """The error of a transaction that was not carried out."""
    answer: Any = {
        "Error": {"Code": "TransactionCanceledException"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
        "CancellationReasons": reasons,
    }
    return CanceledError(answer, "TransactWriteItems")


_SES = ("send_bulk_email",)
_WRITING = ("transact_write_items", "update_item")
_MET = {
    **dict.fromkeys((*UNCLEAR, "too fast", "busy", "quota", "paused", "no template"), _SES),
    **dict.fromkeys(("rejected", "sender"), _SES),
    "tables": (*_WRITING, "batch_get_item"),
    "tables late": (*_WRITING, "batch_get_item"),
    "conflict": ("transact_write_items",),
    "queue": ("send_message_batch",),
}
"""The operations that each trouble meets."""


_REFUSALS = {
    "refused": ("ServiceUnavailable", "", 503),
    "too fast": ("TooManyRequestsException", "", 429),
    "quota": ("LimitExceededException", "", 400),
    "paused": ("SendingPausedException", "", 400),
    "no template": ("NotFoundException", "", 404),
    "sender": (
        "MessageRejected",
        "Email address is not verified. The following identities failed the check in region US-EAST-1: "
        "Reminders <reminders@example.com>",
        400,
    ),
    "tables": ("InternalServerError", "", 500),
    "queue": ("InternalError", "", 500),
}
"""What is answered before a call has its effect: code, words and status."""
_LATE = {"taken": "InternalFailure", "tables late": "InternalServerError"}
"""The code of what is answered after it, with status 500."""


def _errors(kind: str) -> tuple[Exception | None, Exception | None]:
    """What is raised before a call has its effect, and what after it."""
    if kind == "conflict":
        return canceled([{"Code": "TransactionConflict"}]), None
    if kind == "lost":
        return None, ReadTimeoutError(endpoint_url="https://email.us-east-1.amazonaws.com")
    before = refusal(*_REFUSALS[kind]) if kind in _REFUSALS else None
    return before, refusal(_LATE[kind], status=500) if kind in _LATE else None


def _costs(operation: str, params: Item) -> Iterator[tuple[str, str, int, float]]:
    """Table, partition key, kind and number of the units that a call takes: all items are below 1 KB.

    A write in a transaction takes two units. A scan reads page by page from all partitions, and is left out.
    """
    if operation == "transact_write_items":
        for one in params["TransactItems"]:
            update = one["Update"]
            yield update["TableName"], _partition(update["TableName"], update["Key"]), WRITES, 2
    elif operation == "update_item":
        yield params["TableName"], _partition(params["TableName"], params["Key"]), WRITES, 1
    elif operation == "batch_get_item":
        for table, wanted in params["RequestItems"].items():
            units = 1.0 if wanted.get("ConsistentRead") else 0.5
            for key in wanted["Keys"]:
                yield table, _partition(table, key), READS, units


def _partition(table: str, key: Item) -> str:
    return str(key[KEYS[table][0]]["S"])


@cache
def _code(source: Path) -> CodeType:
    return compile(source.read_text(encoding="utf-8"), str(source), "exec")


def _named(table: str, key: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return zip(KEYS[table], key, strict=True)


def _key_of(table: str, key: Item) -> tuple[str, ...]:
    return tuple(key[name]["S"] for name in KEYS[table])


def _holds(params: Item, item: Item | None) -> bool:
    condition = params.get("ConditionExpression")
    return not condition or _condition(condition)(item or {}, params["ExpressionAttributeValues"])


@cache
def _condition(expression: str) -> Callable[[Item, Item], bool]:
    """A condition expression as a function of an item and values."""
    code = re.sub(
        r"attribute_(not_)?exists\(#(\w+)\)",
        lambda m: f"('{m[2]}' {'not ' if m[1] else ''}in item)",
        expression,
    )
    code = re.sub(r"#(\w+) (=|<>|<|>) :(\w+)", r"compared(item.get('\1'), '\2', values[':\3'])", code)
    code = code.replace(" AND ", " and ").replace(" OR ", " or ")
    return partial(_evaluated, compile(code, expression, "eval"))


def _evaluated(code: Any, item: Item, values: Item) -> bool:
    return bool(eval(code, {"item": item, "values": values, "compared": _compared}))


def _compared(left: Item | None, operator: str, right: Item) -> bool:
    """As DynamoDB compares: an attribute that is not there is unlike everything and beside every order."""
    if operator in ("=", "<>"):
        return (left == right) == (operator == "=")
    if left is None or left.keys() != right.keys():
        return False
    (kind, one), (_, other) = *left.items(), *right.items()
    order = (float(one), float(other)) if kind == "N" else (one, other)
    return bool(order[0] < order[1] if operator == "<" else order[0] > order[1])


@cache
def _update(expression: str) -> list[tuple[str, str, str]]:
    """An update expression as (verb, attribute, value); KEEP is SET with if_not_exists."""
    parts = re.split(r"\b(SET|ADD) ", expression)
    return [
        ("KEEP" if found[2] else verb, found[1], found[3])
        for verb, terms in zip(parts[1::2], parts[2::2], strict=True)
        for found in re.finditer(r"#(\w+) (?:= )?(if_not_exists\(#\w+, )?:(\w+)", terms)
    ]
