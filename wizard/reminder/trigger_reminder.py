"""TriggerReminder: each run of the schedule becomes one personal mail to each recipient.

This one file is the whole Lambda function; it needs what Lambda brings. Without a QUEUE a run writes to all
by itself, and hands on what it has no time for. With one it only fans out chunks of people, and a few workers
write to them: the same function, called with the queue's messages.

Once: before a mail is sent, (run, address) is claimed by a conditional write. A run is named by its scheduled
time, for EventBridge Scheduler may deliver it twice. Mail that SES clearly did not take gives its claim back;
mail without a clear answer is "unsure" and never repeated. A crash loses one call's mail at worst, a second's
worth and at most 50: its claims stay "claimed" until somebody finds them too old to be anybody's ("unsure").

Everyone: a run goes through the recipients page by page, and notes the next page only when nobody on this one
is left, or claimed by a call still at work, which may give claims back. "resume" goes on with what was left.

No address and no message is logged: failures stand with their claims, which expire.
"""

from __future__ import annotations

import html
import json
import os
import re
import time
import unicodedata
from collections import Counter
from functools import cache
from typing import Any
from urllib.parse import quote

Row = dict[str, Any]
CHUNK = 50
"""The most people in a claim, a message of the queue and a call of SES: SendBulkEmail takes no more."""
MAX_BYTES = 200_000
"""The largest chunk, and the largest batch of chunks: SQS takes 256 KiB."""
PAUSES = (0.5, 1, 2, 4, 8, 16, 0)
"""Seconds to wait, one after the other, while a service says it is too fast."""
SPARE_MS = 60_000
"""With less time than this left, the rest is handed on."""
SILENT = 16 * 60
"""Seconds: a function lives for 15 minutes at most, and has ended if it gave no sign of life for longer."""
RESUMED, KEEP_CLAIM, KEEP_RUN = (days * 86_400 for days in (3, 30, 400))
"""For how many seconds runs are resumed, and claims and runs are kept."""
CLOSED = 300
"""For how many seconds a worker takes SES's no, such as at the quota, for an answer to other people too."""
HIDE = {"time": 0, "throttled": 60}
"""After how many seconds a message that could not be worked off comes again; for other reasons in an hour."""
OUTCOMES = ("sent", "failed", "unsure", "opted_out")
MEANING = {
    status: meaning
    for meaning, statuses in {
        "sent": "SUCCESS",
        "failed": "MESSAGE_REJECTED INVALID_PARAMETER FAILED MessageRejected BadRequestException",
        "throttled": "ACCOUNT_THROTTLED TRANSIENT_FAILURE TooManyRequestsException ThrottlingException",
        "quota": "ACCOUNT_DAILY_QUOTA_EXCEEDED LimitExceededException",
        "paused": "ACCOUNT_SUSPENDED ACCOUNT_SENDING_PAUSED CONFIGURATION_SET_SENDING_PAUSED"
        " AccountSuspendedException SendingPausedException",
        "gave_up": "CONFIGURATION_SET_NOT_FOUND TEMPLATE_NOT_FOUND MAIL_FROM_DOMAIN_NOT_VERIFIED"
        " INVALID_SENDING_POOL_NAME",
    }.items()
    for status in statuses.split()
}
"""What SES's statuses and error codes mean: an outcome of one mail, or a reason to stop or to wait."""

_PART = r'[^\s\0-\x1f\x7f-\x9f@<>()[\]\\,;:"]+'
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z){_PART}@{_PART}")
_FIELD = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_slot, _closed = 0.0, (0.0, "")
"""When this function may send again, and until when SES takes nothing and why, on the monotonic clock. They
outlive the call."""


class UnfinishedError(Exception):
    """Not everybody is written yet. Lambda repeats the event, and claims keep it from repeating mail."""


def handler(event: Row, context: Any) -> Row:
    """Do what the event says; what comes of it is given, and logged, in numbers.

    ``{"run": "2027-01-31T09:00:00Z", "execution": "…"}`` writes to everybody, or fans out.
    ``{"resend": run}`` writes once more to those of a run whose mail SES refused.
    ``{"resume": true}`` goes on with runs that nobody works on.
    ``{"Records": […]}`` are the queue's messages; it gives those that must be delivered again.
    ``{"source": "aws.ses", "detail": …}`` is a bounce or a complaint.
    ``{"test": {"address": "…", "recipient": "…"}}`` sends one mail there, with the fields of that recipient
    (or that address's own, or any's), claims nothing, and gives ``message_id`` and whose fields they were as
    ``recipient``, or ``refused`` and ``reason``.
    ``{"dry": true}`` fills in all mails and sends none.

    ``stopped`` says why a run ended early: the daily ``quota``; sending is ``paused``; it ``gave_up``, for
    SES refuses every mail; it was ``throttled``, and Lambda tries again; or ``time``, and it was handed on.
    """
    match event:
        case {"Records": records}:
            return _work(records, context)
        case {"source": "aws.ses", "detail": detail}:
            return _note(detail)
        case {"test": wish}:
            return _test(wish["address"], wish.get("recipient"))
        case {"dry": _}:
            return _dry(context)
        case {"resume": _}:
            return _resume()
    return _run(event, context)


def _run(event: Row, context: Any) -> Row:
    """Write to everybody, or again to those SES refused, or fan out: as far as this call gets."""
    again, queue, counts, stopped, whole = "resend" in event, _env("QUEUE"), Counter[str](), "", True
    run = event["resend"] if again else event["run"]
    refused = _refused(run) if again else set()
    state = {} if again else _opened(run, context.aws_request_id)
    if state is None or (again and not refused) or (queue and "fanned" in state):
        return _told(event, counts, "")
    _ses(1).close()  # A connection from before Lambda's freeze may be dead, and its answer unclear.
    pace = float(_ses().get_account()["SendQuota"]["MaxSendRate"]) or 1.0
    # Whom a queue that was taken away left unwritten is only to be found from the start.
    page, start = _number(state, "page"), None if "fanned" in state else state.get("next", {}).get("M")
    for people, tally, following in _pages(start):
        if queue and not again:
            _fan_out(run, people, pace / int(_env("WORKERS", "2")))
            people = []
        for chunk in _chunks([one for one in people if not again or one["email"].lower() in refused], pace):
            done, stopped = _write(run, chunk, pace, again)
            counts.update(done)
            stopped = stopped or _late(counts, context)
            if stopped:
                return _told(event, counts, stopped)
        if again:
            continue
        counts.update(tally)
        whole = whole and not counts["unsettled"]
        if whole and not _advanced(run, page, following, tally):
            break  # Another call is at work, and ahead.
        page += 1
        if queue and following and _late(Counter(sent=1), context):
            return _told(event, counts, "time")
    return _told(event, counts, "")


def _opened(run: str, request: str) -> Row | None:
    """Take the run's record, or None where the run has ended or another call is at work on it.

    Lambda repeats an event with the same request id, and only after the call before has ended.
    """
    mode, expires = "queue" if _env("QUEUE") else "direct", int(time.time()) + KEEP_RUN
    return _update_run(
        run,
        {"mode": mode, "last": _time(), "by": request, "stopped": "", "expires": expires},
        {"page": 0},
        "attribute_not_exists(#run) OR attribute_not_exists(#ended) AND "
        "(#by = :by OR #stopped <> :stopped OR #last < :silent)",
        keep={"began": _time()},
        silent=_time(-SILENT),
    )


def _advanced(run: str, page: int, following: Row | None, tally: Counter[str]) -> bool:
    """Note that ``page`` is done and where the next begins. False where another call did before."""
    assign: Row = {"page": page + 1, "last": _time()}
    assign |= {"next": following} if following else {"fanned": True} if _env("QUEUE") else {"ended": _time()}
    state = _update_run(run, assign, tally, "#page = :mine", mine=page)
    _end_if_done(run, state or {})
    return state is not None


def _count(run: str, counts: Counter[str], stopped: str) -> None:
    """Add to the run's numbers, and say why it stands still, or that it does not."""
    assign, add = {"last": _time(), "stopped": stopped}, {name: counts[name] for name in OUTCOMES}
    _end_if_done(run, _update_run(run, assign, add) or {})


def _end_if_done(run: str, state: Row) -> None:
    """Note the end of a run with a queue, once all that were fanned out have an outcome."""
    done = sum(_number(state, name) for name in OUTCOMES) >= _number(state, "people")
    if "fanned" in state and "ended" not in state and done:
        _update_run(run, {"ended": _time()})


def _told(event: Row, counts: Counter[str], stopped: str) -> Row:
    """Log the numbers and give them; let somebody go on where time or SES's patience ran out."""
    result = {name: counts[name] for name in ("people", *OUTCOMES, "invalid", "before")}
    about = {name: event[name] for name in ("run", "resend", "execution") if name in event}
    print(json.dumps({**about, **result, "stopped": stopped}))
    if "resend" in event:
        ended = {"again": _time(), "again_stopped": stopped}
        _update_run(event["resend"], ended, condition="attribute_exists(#run)")
    if stopped == "time":
        if "run" in event:
            _count(event["run"], Counter(), stopped)
        _hand_on(event)
    if stopped == "throttled":
        raise UnfinishedError("The next try goes on from here.")
    return {**result, "stopped": stopped}


def _late(counts: Counter[str], context: Any) -> str:
    """ "time" where the rest is left to another call. One with nothing done goes on: so would the next."""
    done = any(counts[name] > 0 for name in OUTCOMES)
    return "time" if done and context.get_remaining_time_in_millis() < SPARE_MS else ""


def _hand_on(event: Row) -> None:
    name, payload = os.environ["AWS_LAMBDA_FUNCTION_NAME"], json.dumps(event).encode()
    _client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def _resume() -> Row:
    """Start again the runs that nobody works on. Those in the queue end when it is empty."""
    resumed, silent, kinds = [], _time(-SILENT), ("", "NotVisible", "Delayed")
    recent = {"runs": "runs", "since": _time(-RESUMED)}
    for state in _query("RUNS", "#reminder = :runs AND #run > :since", **recent):
        run, last = state["run"]["S"], state["last"]["S"]
        if "ended" in state or last >= silent:
            continue
        if not ("fanned" in state and _env("QUEUE")):
            _hand_on({"run": run, "execution": "resumed"})
            resumed.append(run)
            continue
        names = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
        waiting = _client("sqs").get_queue_attributes(QueueUrl=_env("QUEUE"), AttributeNames=names)
        if not any(map(int, waiting["Attributes"].values())):
            _update_run(run, {"ended": last})
    print(json.dumps({"resumed": resumed}))
    return {"resumed": resumed}


def _refused(run: str) -> set[str]:
    """Who is to be written to again, and whose claim may stand there since a crash."""
    claims = _query("CLAIMS", "#run = :run", run=run)
    left = ({"S": "failed"}, {"S": "claimed"})
    return {claim["email"]["S"] for claim in claims if claim.get("outcome") in left}


def _fan_out(run: str, people: list[Row], pace: float) -> None:
    """Put the people into the queue, in chunks. A chunk that gets there twice does no harm."""
    bodies = [json.dumps({"run": run, "pace": pace, "people": chunk}) for chunk in _groups(people, CHUNK)]
    for batch in _groups(bodies, 10):
        left = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)]
        for pause in PAUSES:
            answer = _client("sqs").send_message_batch(QueueUrl=_env("QUEUE"), Entries=left)
            failed = {entry["Id"] for entry in answer.get("Failed", [])}
            left = [entry for entry in left if entry["Id"] in failed]
            if not left:
                break
            time.sleep(pause)
        else:
            raise UnfinishedError("The queue does not take the chunks.")


def _work(records: list[Row], context: Any) -> Row:
    """Write to the people in the queue's messages; gives the messages that must be delivered again."""
    global _closed
    _ses(1).close()  # As for a run.
    again, counts = [], Counter[str]()
    stopped = _closed[1] if time.monotonic() < _closed[0] else ""
    for record in records:
        chunk, unsettled = json.loads(record["body"]), counts["unsettled"]
        for people in _chunks(chunk["people"], chunk["pace"]):
            stopped = stopped or _late(counts, context)
            if stopped:
                break
            done, stopped = _write(chunk["run"], people, chunk["pace"])
            counts.update(done)
            if stopped and stopped not in HIDE:
                _closed = time.monotonic() + CLOSED, stopped
        if stopped:
            hidden = {"ReceiptHandle": record["receiptHandle"], "VisibilityTimeout": HIDE.get(stopped, 3600)}
            _client("sqs").change_message_visibility(QueueUrl=_env("QUEUE"), **hidden)
        if stopped or counts["unsettled"] > unsettled:
            again.append({"itemIdentifier": record["messageId"]})
    result = {name: counts[name] for name in (*OUTCOMES, "before")}
    print(json.dumps({"messages": len(records), "again": len(again), **result, "stopped": stopped}))
    return {"batchItemFailures": again}


def _write(run: str, chunk: list[Row], pace: float, again: bool = False) -> tuple[Counter[str], str]:
    """Write to those of one call's people whose mail is free to claim, at ``pace`` mails a second.

    Gives counts, and why some were left unwritten, if so. ``unsettled`` are the claims of another call that
    may yet be given back. ``again`` takes up failed mails.
    """
    global _slot
    people, free = {one["email"].lower(): one for one in chunk}, "failed" if again else "stopped"
    gone = _opted_out(list(people))
    time.sleep(max(0.0, _slot - time.monotonic()))
    claimed, counts = _claim(run, list(people), gone, free)
    waiting = {address: people[address] for address in claimed if address not in gone}
    _slot = time.monotonic() + len(waiting) / pace
    outcomes, stopped = _send(run, waiting) if waiting else ({}, "")
    outcomes |= {address: (free, stopped) for address in waiting if address not in outcomes}
    _transact(
        [_claim_of(run, who, {"outcome": what, "detail": why}) for who, (what, why) in outcomes.items()]
    )
    counts.update(what for what, _ in outcomes.values())
    changes = counts.copy()
    changes["failed"] -= len(claimed) if again else 0
    if stopped or any(changes[name] for name in OUTCOMES):
        _count(run, changes, stopped)
    return counts, stopped


def _claim(run: str, wanted: list[str], gone: set[str], free: str) -> tuple[list[str], Counter[str]]:
    """Claim the mails to these addresses. Gives those that were free, and counts of the others."""
    now, counts = int(time.time()), Counter[str]()
    condition = "attribute_not_exists(#outcome) OR #outcome = :free"
    while wanted:
        outcomes = ["opted_out" if who in gone else "claimed" for who in wanted]
        assign = [{"outcome": outcome, "expires": now + KEEP_CLAIM} for outcome in outcomes]
        pairs = zip(wanted, assign, strict=True)
        held = _transact([_claim_of(run, who, what, condition, free=free) for who, what in pairs])
        for number, claim in held.items():
            counts["before"] += 1
            if claim.get("outcome") != {"S": "claimed"}:
                continue
            if _number(claim, "expires") - KEEP_CLAIM >= now - SILENT:
                counts["unsettled"] += 1
                continue
            unsure = {"outcome": "unsure", "detail": "The function ended between claim and answer."}
            dead = _claim_of(run, wanted[number], unsure, "#outcome = :claimed", claimed="claimed")
            counts["unsure"] += not _transact([dead])
        wanted = [who for number, who in enumerate(wanted) if number not in held]
        if not held:
            break
    counts["opted_out"] += len(gone.intersection(wanted))
    return wanted, counts


def _send(run: str, people: dict[str, Row]) -> tuple[dict[str, tuple[str, str]], str]:
    """Ask SES for the mails, slower where it says so.

    Gives outcome and detail by address, and why the others were not sent, if there are any.
    """
    outcomes: dict[str, tuple[str, str]] = {}
    said, waiting, reasons = outcomes, people, {""}
    for pause in PAUSES:
        said = _ask(run, waiting)
        outcomes |= {who: answer for who, answer in said.items() if answer[0] in OUTCOMES}
        waiting = {who: people[who] for who in said if who not in outcomes}
        reasons = {said[who][0] for who in waiting} or {""}
        if reasons != {"throttled"}:
            break
        time.sleep(pause)
    # One recipient whom SES never gets done must not keep the others from their mail.
    busy = {who: ("failed", said[who][1]) for who in waiting if said[who][1].startswith("TRANSIENT")}
    if len(busy) == len(waiting):
        return outcomes | busy, ""
    return outcomes, min(reasons, key=("quota", "paused", "gave_up", "throttled").index)


def _ask(run: str, people: dict[str, Row]) -> dict[str, tuple[str, str]]:
    """Ask SES once. Gives by address what the answer means, and its words.

    Neither this nor the client repeats a request without a clear answer: the mails may have left. A call that
    is refused as a whole may be wrong about one of them only: its halves are asked for by themselves.
    """
    from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

    try:
        results = _ses(1).send_bulk_email(
            FromEmailAddress=_env("SENDER"),
            ConfigurationSetName=_env("CONFIGURATION_SET"),
            DefaultEmailTags=[{"Name": "run", "Value": run.replace(":", "_")}],
            DefaultContent={"Template": {"TemplateName": _env("TEMPLATE"), "TemplateData": _data({})}},
            BulkEmailEntries=[
                {
                    "Destination": {"ToAddresses": [one["email"]]},
                    "ReplacementEmailContent": {
                        "ReplacementTemplate": {"ReplacementTemplateData": _data(one)}
                    },
                    "ReplacementHeaders": _headers(one),
                }
                for one in people.values()
            ],
        )["BulkEmailEntryResults"]
        return {
            who: _meaning(result["Status"], result.get("MessageId") or result.get("Error", ""), "unsure")
            for who, result in zip(people, results, strict=True)
        }
    except ClientError as error:
        refused = error.response["Error"]
        answer = _meaning(refused["Code"], refused.get("Message", ""), "gave_up")
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            answer = "unsure", refused["Code"]
    except (ConnectTimeoutError, EndpointConnectionError) as error:
        answer = "throttled", type(error).__name__
    except Exception as error:
        answer = "unsure", type(error).__name__
    if answer[0] != "failed" or len(people) == 1:
        return dict.fromkeys(people, answer)
    everybody, half = list(people.items()), len(people) // 2
    return _ask(run, dict(everybody[:half])) | _ask(run, dict(everybody[half:]))


def _meaning(status: str, words: str, unknown: str) -> tuple[str, str]:
    """What SES's answer means, and says. What it has against the sender, it has against every mail."""
    meaning, sender = MEANING.get(status, unknown), _env("SENDER").rpartition("<")[2].rstrip(">")
    meaning = "gave_up" if meaning == "failed" and sender in words else meaning
    return meaning, words if meaning == "sent" else f"{status}: {words}"[:500]


def _test(address: str, recipient: str | None) -> Row:
    from botocore.exceptions import ClientError

    try:
        row = _row(recipient) if recipient else _row(address, scan=False) or _row(None)
        person = _person(row, _attributes())
        template = {
            "TemplateName": _env("TEMPLATE"),
            "TemplateData": _data(person),
            "Headers": _headers(person),
        }
        answer = _ses(1).send_email(
            FromEmailAddress=_env("SENDER"),
            Destination={"ToAddresses": [address]},
            Content={"Template": template},
            ConfigurationSetName=_env("CONFIGURATION_SET"),
            EmailTags=[{"Name": "run", "Value": "test"}],
        )
    except ClientError as error:
        refused = error.response["Error"]
        return {"refused": refused["Code"], "reason": refused.get("Message", "")}
    except Exception as error:
        return {
            "refused": type(error).__name__,
            "reason": "There was no clear answer: the mail may have left.",
        }
    return {"message_id": answer["MessageId"], "recipient": person["email"]}


def _row(address: str | None, *, scan: bool = True) -> Row:
    """The recipient's row, or any; by the table's key, or (``scan``) by reading all."""
    client, attribute = _client("dynamodb"), _env("EMAIL", "email")
    if address:
        try:
            found = client.get_item(TableName=os.environ["RECIPIENTS"], Key=_key(**{attribute: address}))
            return dict(found.get("Item", {}))
        except client.exceptions.ClientError:
            pass  # The table has another key.
    if not scan:
        return {}
    rows = (row for page in _answers("scan", "RECIPIENTS") for row in page["Items"])
    return next((row for row in rows if not address or row.get(attribute) == {"S": address}), {})


def _dry(context: Any) -> Row:
    """Fill in everybody's mail as SES would, and send none."""
    content = _ses().get_email_template(TemplateName=_env("TEMPLATE"))["TemplateContent"]
    parts = [content.get(part) or "" for part in ("Subject", "Text", "Html")]
    names = [name for part in parts for name in _FIELD.findall(part)]
    fixed = sum(len(_FIELD.sub("", part).encode()) for part in parts)
    counts, blank, largest, stopped = Counter[str](), Counter[str](), 0, ""
    for people, tally, following in _pages():
        counts.update(tally)
        for chunk in _groups(people, CHUNK):
            gone = _opted_out([one["email"].lower() for one in chunk])
            counts["opted_out"] += len(gone)
            for values in (json.loads(_data(one)) for one in chunk if one["email"].lower() not in gone):
                blank.update(name for name in _fields() if not values[name])
                counts["unrendered"] += any(name not in values for name in names)
                largest = max(largest, fixed + sum(len(values.get(name, "").encode()) for name in names))
        stopped = _late(Counter(sent=1), context) if following else ""
        if stopped:
            break
    numbers = {name: counts[name] for name in ("people", "opted_out", "invalid", "unrendered")}
    result = {**numbers, "blank": dict(blank), "largest": largest, "stopped": stopped}
    print(json.dumps({"dry": True, **result}))
    return result


def _note(detail: Row) -> Row:
    """Note a bounce or a complaint with its claim. Who complains gets no more of this mail."""
    run = (detail["mail"].get("tags", {}).get("run") or [""])[0].replace("_", ":")
    kind = {"Bounce": "bounced", "Complaint": "complained"}.get(detail["eventType"])
    if not run or not kind:
        return {}
    about = detail.get(detail["eventType"].lower(), {})
    names = ("bounceType", "bounceSubType", "complaintFeedbackType")
    noted = {"event": kind, "event_detail": " ".join(about[name] for name in names if about.get(name))}
    new = "attribute_not_exists(#event)" + (" OR #event <> :event" if kind == "complained" else "")
    for address in {address.lower() for address in detail["mail"]["destination"]}:
        if kind == "complained" and run != "test":
            _update("OPT_OUTS", _key(email=address), {}, keep={"at": _time(), "why": "complaint"})
        expires = {"expires": int(time.time()) + KEEP_CLAIM}
        if _update("CLAIMS", _key(run=run, email=address), noted, {}, new, keep=expires):
            _update_run(run, {}, {kind: 1}, "attribute_exists(#run)")
    return {}


def _pages(start: Row | None = None) -> Any:
    """The recipients, page by page: who can be written to, the page's numbers, where the next one starts.

    An address that stands there twice, in whatever case, is one. ``people`` has those who opted out in it,
    but not the rows that are ``invalid``: no address, or more than fits into a message of the queue.
    """
    opted_out, fields = _env("OPTED_OUT", "opted_out"), _attributes()
    wanted = dict.fromkeys(filter(None, [_env("EMAIL", "email"), opted_out, *fields.values()]))
    names = {f"#{number}": name for number, name in enumerate(wanted)}
    more = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    for answer in _answers("scan", "RECIPIENTS", start, Limit=10 * CHUNK, **more):
        people: dict[str, Row] = {}
        tally = Counter(invalid=0)
        for row in answer["Items"]:
            person = _person(row, fields)
            address = person["email"].lower()
            if not _ADDRESS.fullmatch(address) or len(json.dumps(person)) > MAX_BYTES:
                tally["invalid"] += 1
            elif _text(row.get(opted_out, {})).strip().lower() in ("true", "yes", "1", "y"):
                people[address] = {}
            else:
                people.setdefault(address, person)
        tally.update(people=len(people), opted_out=sum(not one for one in people.values()))
        yield [one for one in people.values() if one], tally, answer.get("LastEvaluatedKey")


def _attributes() -> dict[str, str]:
    """The attribute of the recipients' table for each field."""
    mapping = json.loads(_env("MAPPING", "{}"))
    return {name: mapping.get(name, name) for name in _fields()}


def _person(row: Row, attributes: dict[str, str]) -> Row:
    """The fields of one row of the recipients' table, and the address as ``email``."""
    fields = {name: _text(row.get(attribute, {})) for name, attribute in attributes.items()}
    return fields | {"email": _text(row.get(_env("EMAIL", "email"), {})).strip()}


def _text(value: Row) -> str:
    """A value of DynamoDB's as text: lists and sets with commas; nothing for maps, bytes and NULL."""
    kind, inner = next(iter(value.items()), ("", ""))
    if kind in ("SS", "NS", "L"):
        return ", ".join(map(_text, inner) if kind == "L" else inner)
    return str(inner).lower() if kind == "BOOL" else inner if kind in ("S", "N") else ""


def _opted_out(addresses: list[str]) -> set[str]:
    """Those of these lower-case addresses, at most 100, that want no mail."""
    table, found = os.environ["OPT_OUTS"], set[str]()
    keys = [_key(email=address) for address in dict.fromkeys(addresses)]
    for pause in PAUSES:
        answer = _client("dynamodb").batch_get_item(
            RequestItems={table: {"Keys": keys, "ConsistentRead": True}}
        )
        found |= {item["email"]["S"] for item in answer["Responses"].get(table, [])}
        keys = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys")
        if not keys:
            return found
        time.sleep(pause)
    raise UnfinishedError("The table of opt-outs does not answer.")


def _chunks(people: list[Row], pace: float) -> Any:
    """The people in calls of a second's worth at most."""
    return _groups(people, min(CHUNK, max(1, int(pace))))


def _groups(things: list[Any], most: int) -> Any:
    """The things in lists of at most ``most``, and of at most MAX_BYTES as JSON if there is more than one."""
    group: list[Any] = []
    used = 0
    for thing in things:
        size = len(json.dumps(thing))
        if group and (len(group) == most or used + size > MAX_BYTES):
            yield group
            group, used = [], 0
        group.append(thing)
        used += size
    if group:
        yield group


def _fields() -> list[str]:
    """The fields of the message and of the unsubscribe address."""
    return list(dict.fromkeys([*_env("FIELDS").split(), *_FIELD.findall(_env("UNSUBSCRIBE"))]))


def _data(person: Row) -> str:
    """The values of the template's fields, each raw and, for the HTML part, escaped: SES escapes nothing.

    A field nobody filled is empty; if it were left out, SES would accept the mail and never send it.
    """
    values = {name: _line(person.get(name, "")) for name in _fields()}
    return json.dumps(values | {f"{name}__html": html.escape(value) for name, value in values.items()})


def _headers(person: Row) -> list[dict[str, str]]:
    """The headers by which a mail program unsubscribes, with one click over HTTPS (RFC 2369, RFC 8058)."""
    address = _FIELD.sub(lambda found: quote(_line(person.get(found[1], "")), safe=""), _env("UNSUBSCRIBE"))
    headers = {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    kept = list(headers)[: 2 if address.startswith("https:") else bool(address)]
    return [{"Name": name, "Value": headers[name]} for name in kept]


def _line(value: str) -> str:
    """The value without control characters and line breaks: each run of white space is one space."""
    line = " ".join(value.split())
    return line if line.isprintable() else "".join(c for c in line if unicodedata.category(c) != "Cc")


def _transact(changes: list[Row]) -> dict[int, Row]:
    """Make all changes; or none where conditions fail, and give by number what stands there instead.

    The client marks its request, so that one it has to repeat is carried out once.
    """
    client, telling = _client("dynamodb"), {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    for pause in (0.05, 0.1, 0.2, *PAUSES):
        try:
            if changes:
                client.transact_write_items(TransactItems=[{"Update": one | telling} for one in changes])
            return {}
        except client.exceptions.TransactionCanceledException as error:
            reasons = enumerate(error.response["CancellationReasons"])
        held = {
            number: why.get("Item", {}) for number, why in reasons if why["Code"] == "ConditionalCheckFailed"
        }
        if held:
            return held
        time.sleep(pause * (0.5 + time.time() % 1))  # Not in step with the other side of a conflict.
    raise UnfinishedError("The table of claims does not take the writes.")


def _claim_of(run: str, address: str, assign: Row, condition: str = "", **values: Any) -> Row:
    return _change("CLAIMS", _key(run=run, email=address), assign, {}, condition, **values)


def _update_run(run: str, *parts: Any, **more: Any) -> Row | None:
    return _update("RUNS", _key(reminder="runs", run=run), *parts, **more)


def _update(table: str, key: Row, *parts: Any, **more: Any) -> Row | None:
    """Change one item, as _change says, and give it; None where the condition does not hold."""
    client, change = _client("dynamodb"), _change(table, key, *parts, **more)
    try:
        changed: Row = client.update_item(**change, ReturnValues="ALL_NEW")["Attributes"]
    except client.exceptions.ConditionalCheckFailedException:
        return None
    return changed


def _change(
    table: str,
    key: Row,
    assign: Row,
    add: Row | None = None,
    condition: str = "",
    *,
    keep: Row | None = None,
    **values: Any,
) -> Row:
    """An update of one item: attributes to ``assign``, to ``add`` to, and to ``keep`` where they are there.

    In the condition ``#name`` is an attribute, ``:name`` its new value or one of the further ``values``.
    """
    sets = [f"#{name} = :{name}" for name in assign]
    sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in keep or {}]
    adds = [f"#{name} :{name}" for name in add or {}]
    update = " ".join(f"{verb} {', '.join(terms)}" for verb, terms in (("SET", sets), ("ADD", adds)) if terms)
    given = {**assign, **(add or {}), **(keep or {}), **values}
    return {
        "TableName": os.environ[table],
        "Key": key,
        "UpdateExpression": update,
        "ExpressionAttributeNames": {name: name[1:] for name in re.findall(r"#\w+", update + condition)},
        "ExpressionAttributeValues": {f":{name}": _typed(value) for name, value in given.items()},
        **({"ConditionExpression": condition} if condition else {}),
    }


def _typed(value: Any) -> Row:
    kinds = {bool: "BOOL", str: "S", dict: "M"}
    return {kinds[type(value)]: value} if type(value) in kinds else {"N": str(value)}


def _key(**names: str) -> Row:
    return {name: {"S": value} for name, value in names.items()}


def _number(item: Row, name: str) -> int:
    return int(item.get(name, {}).get("N", 0))


def _query(table: str, condition: str, **values: str) -> Any:
    """All items that the condition, on a table's keys, finds."""
    ask: Row = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {name: name[1:] for name in re.findall(r"#\w+", condition)},
        "ExpressionAttributeValues": {f":{name}": {"S": value} for name, value in values.items()},
    }
    return (item for page in _answers("query", table, **ask) for item in page["Items"])


def _answers(operation: str, table: str, start: Row | None = None, **ask: Any) -> Any:
    """The answers to a scan or a query, page by page."""
    while True:
        more = {"ExclusiveStartKey": start} if start else {}
        answer = getattr(_client("dynamodb"), operation)(TableName=os.environ[table], **ask, **more)
        yield answer
        start = answer.get("LastEvaluatedKey")
        if not start:
            return


def _env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def _time(seconds: int = 0) -> str:
    """The time so many seconds from now, as runs are named."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def _ses(attempts: int = 6) -> Any:
    """SES's client; the one that sends mail asks once and no more."""
    return _client("sesv2", attempts)


@cache
def _client(service: Any, attempts: int = 6) -> Any:
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    return boto3.client(service, config=Config(retries=retries, connect_timeout=5, read_timeout=20))
