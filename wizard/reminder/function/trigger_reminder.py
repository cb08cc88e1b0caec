"""TriggerReminder: each run of the schedule becomes one personal mail to each recipient.

This file is the whole Lambda function and needs only what Lambda provides. A *job* is a run, or a resend: the
mails of a run that have a certain outcome, once more. Without a QUEUE a job sends by itself and hands on what
it has no time for. With a QUEUE it only queues the recipients, and workers (the same function) send.

Claims: before a mail is sent, a conditional write claims (run, address), so nobody is mailed twice in a run.
A run is named by its scheduled time, because EventBridge Scheduler may deliver it twice. A mail that SES
clearly refused releases its claim; a mail without a clear answer is "unsure" and is repeated only on request.
A crash leaves the claims of one call "claimed" until they are too old to belong to a running call.

Gate: one record, read before each call of SES, shared by all jobs and workers. The first answer that stops
mail (unclear, throttled, quota, paused, refused) closes it, each time for longer. After an unclear answer,
the call that opens it asks SES for a mail to the simulator first: an outage costs only the calls in flight
when it began. Afterwards calls grow from one recipient to all.

Completeness: a job notes the next page of recipients only when nobody on this one is left. "resume", on a
schedule, continues stopped jobs until they end or expire. With a queue, a job ends when as many mails have an
outcome as were queued. If that never happens (a crash, a dead letter) and the queue is empty, the job goes
through all recipients again and queues those without an outcome.

Log: what stops, fails or expires is one JSON object a line, with an ``event``, for metric filters. It never
holds an address or a message: failures are kept with their claims, which expire.
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
from zlib import crc32

Row = dict[str, Any]
CHUNK = 50
"""Recipients in a message of the queue and in a call of SES, at most (SendBulkEmail's limit)."""
CYCLE = 1 / 3
"""Seconds that a call of SES, its claims and their outcomes take, as assumed by ``_largest_call``."""
SHARDS = 32
"""Partition keys for the claims of a run. DynamoDB writes 1,000 units a second to each; a mail takes 4."""
MAX_BYTES = 200_000
"""The largest chunk, and the largest batch of chunks (SQS: 256 KiB)."""
PAUSES = (0.5, 1, 2, 4, 8, 16, 0)
"""Seconds to wait, one after the other, while a service throttles."""
SPARE_MS = 60_000
"""With less time left, the rest is handed on."""
SILENT = 16 * 60
"""Seconds after which a call without a sign of life has ended: Lambda allows 15 minutes."""
RESUMED, KEEP_CLAIM, KEEP_RUN = (days * 86_400 for days in (4, 30, 400))
"""Seconds for which jobs are continued, and claims and runs are kept."""
MAX_CALLS = 1_500
"""Calls that one job may take: hand-ons and resumes come to about a thousand in four days."""
SHORTEST, LONGEST = 5, 600
"""Seconds: the gate is closed for twice the first, then twice as long each time, up to the second."""
PATIENCE = 120
"""Seconds that one call waits at the gate in all; a longer wait stops it."""
TRANSIENT = ("unsure", "throttled")
"""Reasons for a closed gate that are worth waiting for."""
EVENT = ("run", "resend", "id", "outcome", "execution")
"""What the event of a job keeps when it is handed on."""
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
"""SES's statuses and error codes: an outcome of one mail, or a reason to stop or to wait."""
SIMULATOR = "success@simulator.amazonses.com"
"""SES's own test mailbox, which can be written to in the sandbox, too."""
GATE = {"reminder": {"S": "gate"}, "run": {"S": "ses"}}
"""The key of the gate's record: ``why`` it is closed, ``until`` when, when it was ``opened`` again, and how
often it was closed in a row (``tries``)."""
OPEN = "(attribute_not_exists(#ended) OR #ended = :none)"
"""The condition of a job that has not ended. Its record has an empty ``ended`` from the start, so that code
from before the claims had shards takes it for ended and leaves it alone."""

_PART = r'[^\s\0-\x1f\x7f-\x9f@<>()[\]\\,;:"]+'
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z){_PART}@{_PART}")
"""Wider than the wizard's own rule (``wizard.addresses``): a table of the user's may hold what SES takes."""
_FIELD = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_slot, _lead = 0.0, 0.0
"""When this function may send again, on the monotonic clock, and how long the last mail took to prepare. They
outlive the call."""


class UnfinishedError(Exception):
    """AWS does not do what is asked. Lambda repeats the event, and claims keep mail from being repeated."""


# --- Events -------------------------------------------------------------------------------------------------


def handler(event: Row, context: Any) -> Row:
    """Do what the event says, and return and log the result in numbers.

    ``{"run": "2027-01-31T09:00:00Z", "execution": "…"}`` sends to all recipients, or fills the queue; with
    ``"verify": true`` it starts again at the first page and takes the recipients without an outcome.
    ``{"resend": run, "id": time, "outcome": "failed"}`` sends the mail of that run with that outcome
    ("failed" or "unsure") once more; unsure mail may then arrive twice.
    ``{"resume": true}`` continues the jobs that no call works on.
    ``{"Records": […]}`` are the queue's messages; returns those to deliver again.
    ``{"source": "aws.ses", "detail": …}`` is a bounce or a complaint.
    ``{"test": {"address": "…", "recipient": "…"}}`` sends one mail to the address, with the fields of that
    recipient (or the address's own, or any), and claims nothing. Returns ``message_id`` and whose fields as
    ``recipient``, or ``refused`` and ``reason``.
    ``{"dry": true}`` renders every mail and sends none.

    ``stopped`` says why a job stopped early: SES's answer was ``unsure`` or ``throttled``; the daily
    ``quota`` is used up; AWS has ``paused`` sending; it ``gave_up``, because SES refuses every mail; it is
    ``held``, because the reminder is paused; or it ran out of ``time`` and was handed on. A worker also stops
    when the ``tables`` fail.
    """
    match event:
        case {"Records": records}:
            return _handle_queue(records, context)
        case {"source": "aws.ses", "detail": detail}:
            return _record_event(detail)
        case {"test": wish}:
            return _send_test(wish["address"], wish.get("recipient"))
        case {"dry": _}:
            return _dry_run(context)
        case {"resume": _}:
            return _resume(context)
        case {"resend": _, **rest} if "id" not in rest:
            event = {**event, "id": _time()}
    return _run(event, context)


# --- Runs and resends: the job's record, from its first call to its end -------------------------------------


def _run(event: Row, context: Any) -> Row:
    """Carry out a job as far as this call gets: send to the recipients, or put them into the queue."""
    counts, queue, whole = Counter[str](), _env("QUEUE"), True
    state = _open_job(event, context.aws_request_id)
    if state is None or (queue and _flag(state, "fanned")):
        return _finish_call(event, counts, "")
    job = _job(state)
    if job["began"] < _time(-RESUMED) or _number(state, "calls") > MAX_CALLS:
        return _finish_call(event, counts, "expired")
    if _env("PAUSED"):
        return _finish_call(event, counts, "held")
    _ses(1).close()  # A connection from before Lambda's freeze may be dead, and its answer unclear.
    pace, stopped = _sending_rate(job)
    if stopped:
        return _finish_call(event, counts, stopped)
    page, counted = _number(state, "page"), _number(state, "counted")
    # A job that was taken up again, and a resend, has recipients who have their mail already.
    some = job["again"] or counted or _number(state, "calls") > 1
    for people, tally, following in _recipient_pages(state.get("next", {}).get("M")):
        wanted = _without_outcome(job, people) if some else people
        if queue and wanted:
            # Counted first: what is counted and not queued is found later, the other way round is lost.
            _update("RUNS", _job_key(job), {}, {"found": len(wanted)})
            _fan_out(job, wanted, pace / int(_env("WORKERS", "2")))
        elif wanted:
            done, stopped = _send_all(job, wanted, pace, context)
            counts.update(done)
            if stopped:
                return _finish_call(event, counts, stopped)
        new = {} if job["again"] or page < counted else tally
        counts.update(new)
        whole = whole and not counts["unsettled"]
        if whole and not _note_page_done(job, page, following, new):
            break  # Another call is at work, and ahead.
        page += 1
        if following and _out_of_time(Counter(sent=1), context):
            return _finish_call(event, counts, "time")
    return _finish_call(event, counts, "")


def _open_job(event: Row, request: str) -> Row | None:
    """Take over the job's record. None if the job has ended or another call works on it.

    Lambda repeats an event with the same request id, and only after the earlier call has ended. If the
    function has got or lost its queue since, and to verify, the job starts at the first page: the queue's
    content is lost, and claims tell who has an outcome.
    """
    mode, now = "queue" if _env("QUEUE") else "direct", _time()
    job = {"run": event.get("resend") or event["run"], "again": event.get("id", ""), "free": "stopped"}
    job |= {"shards": SHARDS, "began": now}
    if job["again"]:
        [run] = _get_items({"RUNS": [_job_key({**job, "again": ""})]})["RUNS"] or [{}]
        if not run:
            return None
        job |= {"free": event.get("outcome", "failed"), "shards": _job(run)["shards"]}
    taken: Row = {"by": request, "last": now, "stopped": "", "waits": ""}
    taken |= {"expires": int(time.time()) + KEEP_RUN}
    new = {**taken, "job": json.dumps(job), "mode": mode, "began": now, "ended": ""}
    add, key = {"calls": 1}, _job_key(job)
    state = _update("RUNS", key, new, {**add, "page": 0}, "attribute_not_exists(#run)")
    if state:
        return state
    free = f"{OPEN} AND (#by = :by OR #stopped <> :none OR #last < :silent)"
    state = _update("RUNS", key, taken, add, free, none="", silent=_time(-SILENT))
    if state and (state["mode"]["S"] != mode or ("verify" in event and _flag(state, "fanned"))):
        anew: Row = {"mode": mode, "page": 0, "next": {}, "fanned": False, "found": 0, "done": 0}
        anew["counted"] = max(_number(state, "page"), _number(state, "counted"))
        state = _update("RUNS", key, anew)
    return state


def _job_key(job: Row) -> Row:
    """The key of the job's record."""
    if job["again"]:
        return _key(reminder="resends", run=f"{job['again']} {job['run']}")
    return _key(reminder="runs", run=job["run"])


def _job(state: Row) -> Row:
    """The job of a record: ``run``; ``again``, the id of a resend; ``free``, the outcome that lets a mail be
    claimed; ``shards`` of the run's claims, 0 in a run from before shards; and when it ``began``.
    """
    if "job" in state:
        return dict(json.loads(state["job"]["S"]))
    began = state.get("began", {}).get("S", _time())
    return {"run": state["run"]["S"], "again": "", "free": "stopped", "shards": 0, "began": began}


def _sending_rate(job: Row) -> tuple[float, str]:
    """Mails a second that SES accepts, or why that is not known now."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return float(_ses().get_account().get("SendQuota", {}).get("MaxSendRate") or 1.0), ""
    except ClientError as error:
        code, status = _error_code(error)
        why = "throttled" if status >= 500 else _outcome_of(code, "", "gave_up")[0]
    except BotoCoreError as error:
        code, why = type(error).__name__, "throttled"
    _close_gate(_opt_outs_and_gate([])[1], why, f"GetAccount {code}", job)
    return 0.0, why


def _note_page_done(job: Row, page: int, following: Row | None, tally: Counter[str] | Row) -> bool:
    """Note that ``page`` is done and where the next begins. False if another call did so first."""
    assign: Row = {"page": page + 1, "last": _time(), "next": following or {}}
    if not following:
        assign["fanned"] = True
    state = _update(
        "RUNS", _job_key(job), assign, dict(tally), f"#page = :mine AND {OPEN}", mine=page, none=""
    )
    _end_if_done(job, state or {})
    return state is not None


def _count_outcomes(job: Row, changes: Counter[str], why: str, words: str) -> None:
    """Add to the run's numbers; note why the job waits, if it does, and SES's code for it."""
    done, runs = sum(changes[name] for name in OUTCOMES), _key(reminder="runs", run=job["run"])
    if job["free"] in OUTCOMES:
        changes[job["free"]] -= done
    add = {name: changes[name] for name in OUTCOMES if changes[name]}
    if job["again"] and add:
        _update("RUNS", runs, {}, add)
    add = {"done": done} if job["again"] else {**add, "done": done}
    _end_if_done(
        job,
        _update("RUNS", _job_key(job), {"last": _time(), "waits": why, "said": words.partition(":")[0]}, add)
        or {},
    )


def _end_if_done(job: Row, state: Row) -> None:
    """End the job once all pages are done and all mails in the queue have an outcome."""
    short = state.get("mode") == {"S": "queue"} and _number(state, "done") < _number(state, "found")
    if _flag(state, "fanned") and not short and not state.get("ended", {}).get("S"):
        _end_job(job)


def _end_job(job: Row, **more: Any) -> None:
    """Note that the job has ended, unless it had, and log it with its numbers."""
    state = _update("RUNS", _job_key(job), {"ended": _time(), "waits": "", **more}, {}, OPEN, none="")
    if state and job["again"]:
        _update("RUNS", _key(reminder="runs", run=job["run"]), {"again": _time(), "again_stopped": ""})
    if state:
        numbers = {name: _number(state, name) for name in ("people", *OUTCOMES)}
        _log("expired" if more else "ended", job, **numbers, **more)


def _finish_call(event: Row, counts: Counter[str], stopped: str) -> Row:
    """Log and return what this call did; note why the job stopped; hand it on if time ran out."""
    result = {name: counts[name] for name in ("people", *OUTCOMES, "invalid", "before")}
    about: Row = {name: event[name] for name in EVENT if name in event}
    _log("call", about, **result, stopped=stopped)
    if stopped:
        job = {"run": event.get("resend") or event["run"], "again": event.get("id", "")}
        _update("RUNS", _job_key(job), {"last": _time(), "stopped": stopped})
        if job["again"]:
            _update("RUNS", _key(reminder="runs", run=job["run"]), {"again_stopped": stopped})
    if stopped == "time":
        _invoke_self(about)
    return {**result, "stopped": stopped}


def _out_of_time(counts: Counter[str], context: Any) -> str:
    """ "time" if the rest is left to another call. A call with nothing done goes on: so would the next."""
    done = any(counts[name] > 0 for name in OUTCOMES)
    return "time" if done and context.get_remaining_time_in_millis() < SPARE_MS else ""


def _invoke_self(event: Row) -> None:
    name, payload = os.environ["AWS_LAMBDA_FUNCTION_NAME"], json.dumps(event).encode()
    _client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)


# --- Resume: jobs that stopped ------------------------------------------------------------------------------


def _resume(context: Any) -> Row:
    """Continue the jobs that no call works on, and end those that are too old."""
    resumed, silent, old = [], _time(-SILENT), _time(-RESUMED)
    gate = _opt_outs_and_gate([])[1]
    closed = gate.get("why", {}).get("S") and time.time() < _number(gate, "until")
    for kind in ("runs", "resends"):
        for state in _query(
            "RUNS", "#reminder = :kind AND #run > :since", kind=kind, since=_time(-KEEP_CLAIM)
        ):
            job, stopped = _job(state), state.get("stopped", {}).get("S", "")
            event = {"resend": job["run"], "id": job["again"]} if job["again"] else {"run": job["run"]}
            if state.get("ended", {}).get("S"):
                continue
            if stopped in ("", "time") and state["last"]["S"] >= silent:
                continue  # A call is at work on it, or about to be.
            if job["began"] < old or _number(state, "calls") > MAX_CALLS:
                _expire_job(job, context)
                continue
            if (closed and stopped not in ("", "time")) or (_flag(state, "fanned") and _queue_has_messages()):
                continue
            if not _env("PAUSED"):
                _invoke_self({**event, "execution": "resumed", "verify": True})
                resumed.append(job["run"])
    _log("resume", {}, resumed=resumed)
    return {"resumed": resumed}


def _queue_has_messages() -> bool:
    """Whether there is a queue with messages in it."""
    if not _env("QUEUE"):
        return False
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    waiting = _client("sqs").get_queue_attributes(QueueUrl=_env("QUEUE"), AttributeNames=names)
    return any(map(int, waiting.get("Attributes", {}).values()))


def _expire_job(job: Row, context: Any) -> None:
    """End a job that is too old, and note how many recipients have no mail (at least, if time runs out)."""
    left = 0
    for people, _, _ in _recipient_pages():
        left += len(_without_outcome(job, people))
        if _out_of_time(Counter(sent=1), context):
            break
    _end_job(job, left=left)


# --- Queue: filling it, and the workers ---------------------------------------------------------------------


def _fan_out(job: Row, people: list[Row], pace: float) -> None:
    """Put the people into the queue, in chunks. A chunk that arrives twice does no harm."""
    # Whole calls of SES, and as many recipients in each: a small call takes hardly less time.
    calls = -(-len(people) // _largest_call(pace))
    even = -(-len(people) // calls)
    size = CHUNK // even * even
    # "to": code from before the claims had shards looks for "people", fails, and sends nothing.
    bodies = [json.dumps({"job": job, "pace": pace, "to": chunk}) for chunk in _in_groups(people, size)]
    for batch in _in_groups(bodies, 10):
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


def _handle_queue(records: list[Row], context: Any) -> Row:
    """Send to the people in the queue's messages. Returns the messages to deliver again."""
    from botocore.exceptions import BotoCoreError, ClientError

    _ses(1).close()  # As for a job.
    again, counts, stopped, old = [], Counter[str](), "", _time(-RESUMED)
    for record in records:
        body, done = json.loads(record["body"]), Counter[str]()
        # A message from before the claims had shards has no job.
        job = body.get("job") or _job({"run": {"S": body["run"]}})
        if job["began"] < old:
            continue  # The job expires, and tells who is left.
        stopped = stopped or _out_of_time(counts, context)
        if not stopped:
            try:
                done, stopped = _send_all(job, body.get("to") or body["people"], body["pace"], context)
                counts.update(done)
            except (UnfinishedError, ClientError, BotoCoreError) as error:
                # Raised, it would hide the whole batch for the queue's long timeout.
                stopped = "tables"
                _log("stopped", job, reason=stopped, detail=type(error).__name__)
        if not stopped and not done["unsettled"]:
            continue
        # For longer each time, up to an hour; but not for long where the trouble is new.
        tries = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        tries = min(tries, counts["closed"] or tries, 7)
        hidden = SILENT if not stopped else 0 if stopped == "time" else min(3600, 30 * 2**tries)
        handle = {"ReceiptHandle": record["receiptHandle"], "VisibilityTimeout": hidden}
        _client("sqs").change_message_visibility(QueueUrl=_env("QUEUE"), **handle)
        again.append({"itemIdentifier": record["messageId"]})
    result = {name: counts[name] for name in (*OUTCOMES, "before")}
    _log("work", {}, messages=len(records), again=len(again), **result, stopped=stopped)
    return {"batchItemFailures": again}


# --- Claims: one mail for each recipient and run ------------------------------------------------------------


def _claim_mails(job: Row, wanted: list[str], gone: set[str]) -> tuple[list[str], Counter[str]]:
    """Claim the mails to these addresses: the conditional write that keeps mail from being sent twice.

    Returns the addresses that were free, and counts of the others.
    """
    now, counts, me = int(time.time()), Counter[str](), os.urandom(8).hex()
    values: Row = {"free": job["free"]}
    if job["again"]:
        # Each mail once in a resend; and none that was never tried.
        condition = "#outcome = :free AND (attribute_not_exists(#again) OR #again <> :again)"
    else:
        condition = "attribute_not_exists(#outcome) OR #outcome = :free"
    while wanted:
        outcomes = ["opted_out" if who in gone else "claimed" for who in wanted]
        assign = [{"outcome": what, "expires": now + KEEP_CLAIM, "by": me} for what in outcomes]
        assign = [one | ({"again": job["again"]} if job["again"] else {}) for one in assign]
        pairs = zip(wanted, assign, strict=True)
        # "by": a transaction whose answer was lost is repeated, and may find its own claims.
        held = _transact(
            [_claim_update(job, who, what, f"{condition} OR #by = :by", **values) for who, what in pairs]
        )
        for number, claim in held.items():
            counts["before"] += 1
            if claim.get("outcome") != {"S": "claimed"}:
                continue
            if _number(claim, "expires") - KEEP_CLAIM >= now - SILENT:
                counts["unsettled"] += 1
                continue
            unsure = {"outcome": "unsure", "detail": "The function ended between claim and answer."}
            dead = _claim_update(job, wanted[number], unsure, "#outcome = :claimed", claimed="claimed")
            counts["unsure"] += not _transact([dead])
        wanted = [who for number, who in enumerate(wanted) if number not in held]
        if not held:
            break
    counts["opted_out"] += len(gone.intersection(wanted))
    return wanted, counts


def _claim_update(job: Row, address: str, assign: Row, condition: str = "", **values: Any) -> Row:
    used = {name: value for name, value in values.items() if f":{name}" in condition}
    return _change("CLAIMS", _claim_key(job, address), assign, {}, condition, **used)


def _claim_key(job: Row, address: str) -> Row:
    """The key of a claim. The run's claims are spread over its shards, by address."""
    shard = f"#{crc32(address.encode()) % job['shards']}" if job["shards"] else ""
    return _key(run=f"{job['run']}{shard}", email=address)


def _without_outcome(job: Row, people: list[Row]) -> list[Row]:
    """The people whose mail the job has yet to send, or whose claim has no outcome."""
    claims: dict[str, Row] = {}
    for some in _in_groups(people, 2 * CHUNK):
        keys = [_claim_key(job, one["email"].lower()) for one in some]
        claims |= {claim["email"]["S"]: claim for claim in _get_items({"CLAIMS": keys})["CLAIMS"]}
    return [one for one in people if _is_free(job, claims.get(one["email"].lower(), {}))]


def _is_free(job: Row, claim: Row) -> bool:
    """Whether the job may claim the mail of this ``claim``, or finds it without an outcome."""
    outcome, again = (claim.get(name, {}).get("S", "") for name in ("outcome", "again"))
    if outcome == job["free"]:
        return not job["again"] or again != job["again"]
    return outcome == "claimed" or not (outcome or job["again"])


# --- Sending: chunks of claimed mail, and what SES answers --------------------------------------------------


def _send_all(job: Row, people: list[Row], pace: float, context: Any) -> tuple[Counter[str], str]:
    """Send to the people whose mail is free to claim, chunk by chunk, at ``pace`` mails a second.

    Returns counts, and why some were left, if any. ``unsettled`` counts claims of another call that may yet
    be released; ``closed`` is how often in a row the gate was closed that stopped this call.
    """
    counts, stopped, most = Counter[str](), "", _largest_call(pace)
    while people and not stopped:
        time.sleep(max(0.0, _slot - _lead - time.monotonic()))
        begun = time.monotonic()
        stopped, size, gone, gate = _wait_at_gate([one["email"].lower() for one in people[:most]], context)
        counts["closed"] = _number(gate, "tries") if stopped else 0
        if not stopped:
            chunk = next(_in_groups(people[: min(most, size)], CHUNK))
            done, left = _send_chunk(job, chunk, gone, gate, pace, begun)
            counts.update(done)
            people = left + people[len(chunk) :]
            stopped = _out_of_time(counts, context) if people else ""
    return counts, stopped


def _largest_call(pace: float) -> int:
    """How many recipients one call of SES has at most, for a worker that sends ``pace`` mails a second.

    An outage costs the mail in flight when it begins: over all workers 50 recipients at most, or what the
    account sends in a CYCLE if that is more. Fewer in flight could not keep up with the account's rate.
    """
    workers = int(_env("WORKERS", "1")) if _env("QUEUE") else 1
    return max(1, int(min(CHUNK, pace, max(CHUNK / workers, pace * CYCLE))))


def _send_chunk(
    job: Row, chunk: list[Row], gone: set[str], gate: Row, pace: float, begun: float
) -> tuple[Counter[str], list[Row]]:
    """Claim the mails of one chunk, send them, and note the outcomes. Returns counts, and who was left."""
    global _slot, _lead
    people = {one["email"].lower(): one for one in chunk}
    claimed, counts = _claim_mails(job, list(people), gone)
    waiting = {address: people[address] for address in claimed if address not in gone}
    _lead = min(0.2, time.monotonic() - begun)
    time.sleep(max(0.0, _slot - time.monotonic()))
    _slot = time.monotonic() + len(waiting) / pace
    outcomes, why, words = _ask_with_retries(job, waiting) if waiting else ({}, "", "")
    given_back = {"outcome": job["free"], "again": ""}
    noted = {
        who: {"outcome": outcomes[who][0], "detail": outcomes[who][1]} if who in outcomes else given_back
        for who in waiting
    }
    trouble = None
    try:
        if why:
            _close_gate(gate, why, words, job)  # First of all: the other workers are about to send.
    except Exception as error:
        trouble = error
    _transact([_claim_update(job, who, assign) for who, assign in noted.items()], 10 * PAUSES)
    if trouble:
        raise trouble
    counts.update(what for what, _ in outcomes.values())
    for what in ("failed", "unsure"):
        codes = Counter(said.partition(":")[0] for outcome, said in outcomes.values() if outcome == what)
        for code, count in codes.items():
            _log(what, job, count=count, reason=code)
    if why or any(counts[name] for name in OUTCOMES):
        _count_outcomes(job, counts.copy(), why, words)
    return counts, [one for who, one in waiting.items() if who not in outcomes]


def _ask_with_retries(job: Row, people: dict[str, Row]) -> tuple[dict[str, tuple[str, str]], str, str]:
    """Ask SES for the mails, more slowly when SES throttles.

    Returns outcome and detail by address; why sending must stop for now, if so; and SES's code for that.
    """
    outcomes: dict[str, tuple[str, str]] = {}
    said, waiting, reasons = outcomes, people, dict[str, str]()
    for pause in PAUSES:
        said = _ask_ses(job, waiting)
        outcomes |= {who: answer for who, answer in said.items() if answer[0] in OUTCOMES}
        waiting = {who: people[who] for who in said if who not in outcomes}
        reasons = {said[who][0]: said[who][1] for who in waiting}
        reasons |= {what: words for what, words in outcomes.values() if what == "unsure"}
        if set(reasons) != {"throttled"}:
            break
        time.sleep(pause)
    # One recipient whom SES never gets done must not keep the others from their mail.
    busy = {who: ("failed", said[who][1]) for who in waiting if said[who][1].startswith("TRANSIENT")}
    if len(busy) == len(waiting) and set(reasons) == {"throttled"} and (outcomes or _probe_ses() == "sent"):
        outcomes, reasons = outcomes | busy, {}
    why = min(reasons, key=("unsure", "quota", "paused", "gave_up", "throttled").index, default="")
    return outcomes, why, reasons.get(why, "")


def _ask_ses(job: Row, people: dict[str, Row]) -> dict[str, tuple[str, str]]:
    """Ask SES once. Returns by address what the answer means, and its words.

    A request without a clear answer is never repeated: the mails may have left. A call that SES refuses as a
    whole may be wrong about a single mail: its halves are asked for separately.
    """
    from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

    tags = {"run": job["run"].replace(":", "_"), "shards": str(job["shards"]), "reminder": _env("REMINDER")}
    try:
        results = _ses(1).send_bulk_email(
            FromEmailAddress=_env("SENDER"),
            ConfigurationSetName=_env("CONFIGURATION_SET"),
            DefaultEmailTags=[{"Name": name, "Value": value} for name, value in tags.items()],
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
            who: _outcome_of(
                result.get("Status", ""), result.get("MessageId") or result.get("Error", ""), "unsure"
            )
            for who, result in zip(people, results, strict=True)
        }
    except ClientError as error:
        code, status = _error_code(error)
        answer = _outcome_of(code, error.response["Error"].get("Message", ""), "gave_up")
        if status >= 500:
            answer = "unsure", code
    except (ConnectTimeoutError, EndpointConnectionError) as error:
        answer = "throttled", type(error).__name__
    except Exception as error:
        answer = "unsure", type(error).__name__
    if answer[0] != "failed" or len(people) == 1:
        return dict.fromkeys(people, answer)
    everybody, half = list(people.items()), len(people) // 2
    first = _ask_ses(job, dict(everybody[:half]))
    if {what for what, _ in first.values()} & {"unsure"}:
        return first | dict.fromkeys(dict(everybody[half:]), ("throttled", "not asked for"))
    return first | _ask_ses(job, dict(everybody[half:]))


def _error_code(error: Any) -> tuple[str, int]:
    """The code of a client's error, and the HTTP status."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code, int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))


def _outcome_of(status: str, words: str, unknown: str) -> tuple[str, str]:
    """What SES's answer means, and its words. What it says against the sender concerns every mail."""
    meaning, sender = MEANING.get(status, unknown), _env("SENDER").rpartition("<")[2].rstrip(">").lower()
    named = {word.strip(".:'").lower() for word in re.split(r'[\s<>()\[\],;"]+', words)}
    meaning = "gave_up" if meaning == "failed" and sender in named else meaning
    return meaning, words if meaning == "sent" else f"{status}: {words}"[:500]


def _data(person: Row) -> str:
    """The template's values, each raw and, for the HTML part, escaped: SES escapes nothing.

    An empty field is passed as empty: if it were missing, SES would accept the mail and never send it.
    """
    values = {name: _one_line(person.get(name, "")) for name in _fields()}
    return json.dumps(values | {f"{name}__html": html.escape(value) for name, value in values.items()})


def _headers(person: Row) -> list[dict[str, str]]:
    """The headers for unsubscribing, with one click over HTTPS (RFC 2369, RFC 8058)."""
    address = _FIELD.sub(
        lambda found: quote(_one_line(person.get(found[1], "")), safe=""), _env("UNSUBSCRIBE")
    )
    headers = {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    kept = list(headers)[: 2 if address.startswith("https:") else bool(address)]
    return [{"Name": name, "Value": headers[name]} for name in kept]


def _fields() -> list[str]:
    """The fields of the message and of the unsubscribe address."""
    return list(dict.fromkeys([*_env("FIELDS").split(), *_FIELD.findall(_env("UNSUBSCRIBE"))]))


def _one_line(value: str) -> str:
    """The value without control characters and line breaks: each run of white space is one space."""
    line = " ".join(value.split())
    return line if line.isprintable() else "".join(c for c in line if unicodedata.category(c) != "Cc")


# --- Gate: stops all jobs and workers when SES does not take mail -------------------------------------------


def _opt_outs_and_gate(addresses: list[str]) -> tuple[set[str], Row]:
    """The lower-case addresses, of 50 at most, that opted out; and the gate's record."""
    keys = [_key(email=address) for address in dict.fromkeys(addresses)]
    found = _get_items({"OPT_OUTS": keys, "RUNS": [GATE]})
    return {item["email"]["S"] for item in found["OPT_OUTS"]}, next(iter(found["RUNS"]), {})


def _wait_at_gate(addresses: list[str], context: Any) -> tuple[str, int, set[str], Row]:
    """Wait at the gate, if waiting is worthwhile, before a call of SES.

    Returns why the call must not be made, if so; how many recipients it may have; who opted out; the gate.
    """
    patience = float(PATIENCE)
    while True:
        gone, gate = _opt_outs_and_gate(addresses)
        now, until, why = int(time.time()), _number(gate, "until"), gate.get("why", {}).get("S", "")
        if not why:
            return "", 2 ** max(0, min(6, (now - _number(gate, "opened")) // 5)), gone, gate
        if now >= until:
            _open_gate(gate, why, now)
            continue
        wait = min(until - now, 10)
        if why not in TRANSIENT or until - now > patience or _time_is_short(context, until - now):
            return why, 0, gone, gate
        patience -= wait
        time.sleep(wait)


def _time_is_short(context: Any, seconds: float) -> bool:
    return bool(context.get_remaining_time_in_millis() < SPARE_MS + seconds * 1000)


def _open_gate(gate: Row, why: str, now: int) -> None:
    """Open the gate when its time is over. One call does; the others wait. After an unclear answer, that call
    first asks SES for a mail to its simulator.
    """
    mine = now + 60
    seen, taken = "#until = :seen", {"until": {"N": str(mine)}}
    if _update("RUNS", GATE, {"until": mine}, {}, seen, seen=_number(gate, "until")) is None:
        return
    if why == "unsure" and _probe_ses() == "unsure":
        _close_gate({**gate, **taken}, why, "", {})
    else:
        _update("RUNS", GATE, {"why": "", "opened": int(time.time())}, {}, seen, seen=mine)


def _close_gate(gate: Row, why: str, words: str, about: Row) -> None:
    """Close the gate, unless another call has; for longer if it was closed shortly before."""
    now, shut_before = int(time.time()), gate.get("why", {}).get("S")
    again = shut_before or now - _number(gate, "opened") < LONGEST
    tries = _number(gate, "tries") + 1 if again else 1
    condition, values = "attribute_not_exists(#why) OR #why = :none", Row(none="")
    if shut_before:
        condition, values = "#until = :seen", Row(seen=_number(gate, "until"))
    shut = {"why": why, "until": now + min(LONGEST, SHORTEST * 2 ** min(tries, 10)), "tries": tries}
    _update("RUNS", GATE, shut, {}, condition, **values)
    _log("stopped", about, reason=why, detail=words.partition(":")[0])


def _probe_ses() -> str:
    """What SES's answer to a mail to its own simulator means."""
    job: Row = {"run": "test", "shards": 0}
    return _ask_ses(job, {SIMULATOR: {"email": SIMULATOR}})[SIMULATOR][0]


# --- Bounces and complaints ---------------------------------------------------------------------------------


def _record_event(detail: Row) -> Row:
    """Record a bounce or a complaint with its claim. A complaint adds the recipient to the opt-outs."""
    tags = detail["mail"].get("tags", {})
    run, shards = (tags.get("run") or [""])[0].replace("_", ":"), int((tags.get("shards") or ["0"])[0])
    kind = {"Bounce": "bounced", "Complaint": "complained"}.get(detail["eventType"])
    # Two reminders may share a configuration set. Mail from before the tag was added has none.
    foreign = _env("REMINDER") not in tags.get("reminder", [_env("REMINDER")])
    if not run or not kind or foreign:
        return {}
    about = detail.get(detail["eventType"].lower(), {})
    names = ("bounceType", "bounceSubType", "complaintFeedbackType")
    noted = {"event": kind, "event_detail": " ".join(about[name] for name in names if about.get(name))}
    new = "attribute_not_exists(#event)" + (" OR #event <> :event" if kind == "complained" else "")
    for address in {address.lower() for address in detail["mail"]["destination"]}:
        if kind == "complained" and run != "test":
            _update("OPT_OUTS", _key(email=address), {}, keep={"at": _time(), "why": "complaint"})
        expires = {"expires": int(time.time()) + KEEP_CLAIM}
        claim = _claim_key({"run": run, "shards": shards}, address)
        if _update("CLAIMS", claim, noted, {}, new, keep=expires):
            _update("RUNS", _key(reminder="runs", run=run), {}, {kind: 1}, "attribute_exists(#run)")
    return {}


# --- Test mail and dry run ----------------------------------------------------------------------------------


def _send_test(address: str, recipient: str | None) -> Row:
    """Send one mail to ``address`` and claim nothing."""
    from botocore.exceptions import ClientError

    try:
        row = _find_row(recipient) if recipient else _find_row(address, scan=False) or _find_row(None)
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
            EmailTags=[{"Name": "run", "Value": "test"}, {"Name": "reminder", "Value": _env("REMINDER")}],
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


def _find_row(address: str | None, *, scan: bool = True) -> Row:
    """The recipient's row, or any; by the table's key, or (``scan``) by reading all rows."""
    client, attribute = _client("dynamodb"), _env("EMAIL", "email")
    if address:
        try:
            found = client.get_item(TableName=os.environ["RECIPIENTS"], Key=_key(**{attribute: address}))
            return dict(found.get("Item", {}))
        except client.exceptions.ClientError:
            pass  # The table has another key.
    if not scan:
        return {}
    rows = (row for page in _answer_pages("scan", "RECIPIENTS") for row in page["Items"])
    return next((row for row in rows if not address or row.get(attribute) == {"S": address}), {})


def _dry_run(context: Any) -> Row:
    """Render every recipient's mail as SES would, and send none."""
    content = _ses().get_email_template(TemplateName=_env("TEMPLATE"))["TemplateContent"]
    parts = [content.get(part) or "" for part in ("Subject", "Text", "Html")]
    names = [name for part in parts for name in _FIELD.findall(part)]
    fixed = sum(len(_FIELD.sub("", part).encode()) for part in parts)
    counts, blank, largest, stopped = Counter[str](), Counter[str](), 0, ""
    for people, tally, following in _recipient_pages():
        counts.update(tally)
        for chunk in _in_groups(people, CHUNK):
            gone, _ = _opt_outs_and_gate([one["email"].lower() for one in chunk])
            counts["opted_out"] += len(gone)
            for values in (json.loads(_data(one)) for one in chunk if one["email"].lower() not in gone):
                blank.update(name for name in _fields() if not values[name])
                counts["unrendered"] += any(name not in values for name in names)
                largest = max(largest, fixed + sum(len(values.get(name, "").encode()) for name in names))
        stopped = _out_of_time(Counter(sent=1), context) if following else ""
        if stopped:
            break
    numbers = {name: counts[name] for name in ("people", "opted_out", "invalid", "unrendered")}
    result = {**numbers, "blank": dict(blank), "largest": largest, "stopped": stopped}
    _log("dry", {}, **result)
    return result


# --- Recipients: reading the table --------------------------------------------------------------------------


def _recipient_pages(start: Row | None = None) -> Any:
    """The recipients, page by page: who can be written to, the page's numbers, where the next page starts.

    An address that occurs twice on a page, in any case, counts once. ``people`` includes opted-out
    recipients, but not ``invalid`` rows: no address, or more than fits into a message of the queue.
    """
    opted_out, fields = _env("OPTED_OUT", "opted_out"), _attributes()
    wanted = dict.fromkeys(filter(None, [_env("EMAIL", "email"), opted_out, *fields.values()]))
    names = {f"#{number}": name for number, name in enumerate(wanted)}
    more = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    for answer in _answer_pages("scan", "RECIPIENTS", start, Limit=10 * CHUNK, **more):
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
    """A DynamoDB value as text: lists and sets with commas; nothing for maps, bytes and NULL."""
    kind, inner = next(iter(value.items()), ("", ""))
    if kind in ("SS", "NS", "L"):
        return ", ".join(map(_text, inner) if kind == "L" else inner)
    return str(inner).lower() if kind == "BOOL" else inner if kind in ("S", "N") else ""


def _in_groups(things: list[Any], most: int) -> Any:
    """Lists of at most ``most`` things, and of at most MAX_BYTES as JSON if there is more than one."""
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


# --- DynamoDB -----------------------------------------------------------------------------------------------


def _transact(changes: list[Row], pauses: tuple[float, ...] = PAUSES) -> dict[int, Row]:
    """Make all changes; or none if conditions fail, and return by number the items as they are.

    Throttled, conflicting and unanswered transactions are repeated: the changes must allow for that.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    client, telling = _client("dynamodb"), {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    for pause in (0.05, 0.1, 0.2, *pauses):
        try:
            if changes:
                client.transact_write_items(TransactItems=[{"Update": one | telling} for one in changes])
            return {}
        except client.exceptions.TransactionCanceledException as error:
            reasons = enumerate(error.response["CancellationReasons"])
            held = {
                number: why.get("Item", {})
                for number, why in reasons
                if why.get("Code") == "ConditionalCheckFailed"
            }
            if held:
                return held
        except ClientError as error:
            code, status = _error_code(error)
            if status < 500 and not re.search("Thrott|Throughput|Limit|InProgress", code):
                raise
        except BotoCoreError:
            pass
        time.sleep(pause * (0.5 + time.time() % 1))  # Not in step with the other side of a conflict.
    raise UnfinishedError("The table of claims does not take the writes.")


def _update(table: str, key: Row, *parts: Any, **more: Any) -> Row | None:
    """Change one item, as ``_change`` says, and return it; None if the condition does not hold."""
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
    """An update of one item: attributes to ``assign``, to ``add`` to, and to ``keep`` if they exist.

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


def _flag(item: Row, name: str) -> bool:
    return bool(item.get(name, {}).get("BOOL"))


def _get_items(keys: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The current items with these keys, at most 100, by table."""
    found: dict[str, list[Row]] = {table: [] for table in keys}
    wanted = {os.environ[name]: {"Keys": some, "ConsistentRead": True} for name, some in keys.items() if some}
    for pause in PAUSES:
        answer = _client("dynamodb").batch_get_item(RequestItems=wanted)
        for name, items in found.items():
            items += answer.get("Responses", {}).get(os.environ[name], [])
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return found
        time.sleep(pause)
    raise UnfinishedError("DynamoDB leaves reads undone.")


def _query(table: str, condition: str, **values: str) -> Any:
    """All items that match the condition on the table's keys."""
    ask: Row = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {name: name[1:] for name in re.findall(r"#\w+", condition)},
        "ExpressionAttributeValues": {f":{name}": {"S": value} for name, value in values.items()},
    }
    return (item for page in _answer_pages("query", table, **ask) for item in page["Items"])


def _answer_pages(operation: str, table: str, start: Row | None = None, **ask: Any) -> Any:
    """The answers to a scan or a query, page by page."""
    while True:
        more = {"ExclusiveStartKey": start} if start else {}
        answer = getattr(_client("dynamodb"), operation)(TableName=os.environ[table], **ask, **more)
        yield answer
        start = answer.get("LastEvaluatedKey")
        if not start:
            return


# --- Log, clock, clients ------------------------------------------------------------------------------------


def _log(event: str, about: Row, **more: Any) -> None:
    """Log one event as a JSON object on a line."""
    about = {name: about[name] for name in ("run", "resend", "id", "again", "execution") if about.get(name)}
    print(json.dumps({"event": event, "reminder": _env("REMINDER"), **about, **more}))


def _env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def _time(seconds: int = 0) -> str:
    """The time so many seconds from now, in the form that names runs."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def _ses(attempts: int = 6) -> Any:
    """SES's client; the one that sends mail (``attempts=1``) never repeats a request."""
    return _client("sesv2", attempts)


@cache
def _client(service: Any, attempts: int = 6) -> Any:
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    return boto3.client(service, config=Config(retries=retries, connect_timeout=5, read_timeout=20))
