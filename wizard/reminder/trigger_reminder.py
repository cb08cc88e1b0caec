"""TriggerReminder: a run of the schedule becomes one personal mail to each recipient.

This one file is the whole Lambda function. It needs what Lambda brings: Python and boto3.

Nobody is written twice in one run. Before a mail is sent, (run, address) is claimed in a table by a
conditional write; who is claimed already is left out. A run is named by its scheduled time, because
EventBridge Scheduler may deliver it more than once, with another execution id each time, and Lambda repeats
a run that failed. What a crash loses at worst is the one mail between its claim and its sending; the claim
stays ``claimed`` and tells whose. The same holds where SES gave no clear answer: the claim says ``unsure``.

No address and no message is ever logged: failures stand with their claim, and claims expire.
"""

from __future__ import annotations

import html
import json
import os
import time
import unicodedata
from functools import cache
from typing import Any

PAUSES = (0.5, 1, 2, 4, 8, 16)
"""Seconds to wait, one after the other, while SES says it is too fast."""
SPARE_MS = 60_000
"""With less time than this left, a run ends and Lambda goes on with it in a new one."""
KEEP_SECONDS = 30 * 24 * 3600
"""How long claims are kept."""
TOO_FAST = "TooManyRequestsException"
STOPPING = {TOO_FAST, "AccountSuspendedException", "SendingPausedException"}
"""After these refusals every further mail would be refused too."""


class UnfinishedError(Exception):
    """Not everybody is written yet. Lambda repeats the event, and claims keep it from repeating mail."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Run the schedule's event, or send one test mail, and say what became of it in numbers.

    ``{"run": "2027-01-31T09:00:00Z", "execution": "…"}`` writes to all recipients and gives how many were
    ``sent``, ``failed``, ``unsure`` or written ``before``; ``stopped`` says why where a run ended early.
    ``{"test": {"address": "…", "recipient": "…"}}`` sends one mail to that address alone, with the fields of
    that recipient (or of any), claims nothing, and gives ``message_id`` or ``refused`` and ``reason``.
    """
    if "test" in event:
        return _test(event["test"]["address"], event["test"].get("recipient"))
    return _run(event["run"], event.get("execution", ""), context)


def _run(run: str, execution: str, context: Any) -> dict[str, Any]:
    claims, counts, stopped = _table("CLAIMS"), {"sent": 0, "failed": 0, "unsure": 0, "before": 0}, ""
    for person in _recipients():
        if context.get_remaining_time_in_millis() < SPARE_MS:
            stopped = "time"
            break
        key = {"run": run, "email": person["email"]}
        if not _claimed(claims, key):
            counts["before"] += 1
            continue
        outcome, detail, _ = _send(person["email"], person)
        if outcome == "stopped":
            claims.delete_item(Key=key)
            stopped = detail
            break
        claims.update_item(
            Key=key,
            UpdateExpression="SET outcome = :outcome, detail = :detail",
            ExpressionAttributeValues={":outcome": outcome, ":detail": detail},
        )
        counts[outcome] += 1
    result = {**counts, "stopped": stopped}
    print(json.dumps({"run": run, "execution": execution, **result}))
    if stopped in ("time", TOO_FAST):
        raise UnfinishedError("The next try goes on from here.")
    return result


def _test(address: str, recipient: str | None) -> dict[str, Any]:
    table = _table("RECIPIENTS")
    try:
        if recipient:
            person = table.get_item(Key={"email": recipient}).get("Item", {})
        else:
            person = next(_recipients(), {})
    except table.meta.client.exceptions.ClientError as error:
        return {"refused": error.response["Error"]["Code"], "reason": "The recipients' table refused."}
    outcome, detail, reason = _send(address, person)
    return {"message_id": detail} if outcome == "sent" else {"refused": detail, "reason": reason}


def _send(address: str, person: dict[str, Any]) -> tuple[str, str, str]:
    """Send one mail, slower where SES says so. Gives what _try gives."""
    for pause in PAUSES:
        tried = _try(address, person)
        if tried[1] != TOO_FAST:
            return tried
        time.sleep(pause)
    return _try(address, person)


def _try(address: str, person: dict[str, Any]) -> tuple[str, str, str]:
    """Ask SES once. Gives the outcome, the message id or SES's error code, and SES's words.

    Neither this nor the client repeats a request without a clear answer: the mail may have left.
    """
    try:
        answer = _ses().send_email(
            FromEmailAddress=os.environ["SENDER"],
            Destination={"ToAddresses": [address]},
            Content={"Template": {"TemplateName": os.environ["TEMPLATE"], "TemplateData": _data(person)}},
            ConfigurationSetName=os.environ["CONFIGURATION_SET"],
        )
    except _ses().exceptions.ClientError as error:
        code, words = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            return "unsure", code, words
        stop = code in STOPPING or "daily message quota" in words.lower()
        return "stopped" if stop else "failed", code, words
    except Exception as error:
        return "unsure", type(error).__name__, "SES gave no clear answer."
    return "sent", answer["MessageId"], ""


def _data(person: dict[str, Any]) -> str:
    """The values of the template's fields, each raw and, for the HTML part, escaped: SES escapes nothing.

    A field nobody filled is empty; if it were left out, SES would accept the mail and never send it.
    """
    data = {}
    for name in os.environ["FIELDS"].split():
        line = " ".join(str(person.get(name, "")).split())
        value = "".join(char for char in line if unicodedata.category(char) != "Cc")
        data[name], data[f"{name}__html"] = value, html.escape(value)
    return json.dumps(data)


def _recipients() -> Any:
    """All recipients, page by page."""
    page: dict[str, Any] = {}
    while True:
        answer = _table("RECIPIENTS").scan(**page)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _claimed(claims: Any, key: dict[str, str]) -> bool:
    """Claim one mail; False where somebody did before."""
    try:
        claims.put_item(
            Item={**key, "outcome": "claimed", "expires": int(time.time()) + KEEP_SECONDS},
            ConditionExpression="attribute_not_exists(email)",
        )
    except claims.meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


@cache
def _ses() -> Any:
    import boto3
    from botocore.config import Config

    once = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
    return boto3.client("sesv2", config=once)


@cache
def _table(variable: str) -> Any:
    import boto3

    return boto3.resource("dynamodb").Table(os.environ[variable])
