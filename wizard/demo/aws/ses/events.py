"""What happens to mail after it is accepted: the events, and the event destinations that they go to."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from wizard.demo.aws.account import ACCOUNT_ID, Account, SesRegion
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.ses.base import SesOperations, answer

EVENT_TYPES = (
    "SEND",
    "REJECT",
    "BOUNCE",
    "COMPLAINT",
    "DELIVERY",
    "OPEN",
    "CLICK",
    "RENDERING_FAILURE",
    "DELIVERY_DELAY",
    "SUBSCRIPTION",
)
"""What can happen to a mail, in the API's words."""

_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_PLACES = (
    "EventBridgeDestination",
    "SnsDestination",
    "KinesisFirehoseDestination",
    "CloudWatchDestination",
    "PinpointDestination",
)


class EventDestinations(SesOperations):
    """The operations on event destinations."""

    def create_configuration_set_event_destination(self) -> ActionResult:
        """CreateConfigurationSetEventDestination. An existing name is a conflict."""
        names = self._get_param("ConfigurationSetName"), self._get_param("EventDestinationName")
        create_destination(self.ses, *names, self._get_param("EventDestination") or {})
        return EmptyResult()

    def delete_configuration_set_event_destination(self) -> ActionResult:
        """DeleteConfigurationSetEventDestination."""
        names = self._get_param("ConfigurationSetName"), self._get_param("EventDestinationName")
        delete_destination(self.ses, *names)
        return EmptyResult()

    def get_configuration_set_event_destinations(self) -> ActionResult:
        """GetConfigurationSetEventDestinations."""
        found = _destinations(self.ses, self._get_param("ConfigurationSetName"))
        return answer(EventDestinations=[{"Name": name, **kept} for name, kept in found.items()])


def create_destination(
    ses: SesRegion, configuration_set: str, name: str, destination: dict[str, Any]
) -> None:
    """Keep a new event destination. Refuses taken and bad names, and what no event could reach."""
    destinations = _destinations(ses, configuration_set)
    if not _NAME.match(name):
        raise Refusal("BadRequestException", f"Invalid event destination name <{name}>.")
    if name in destinations:
        raise Refusal("AlreadyExistsException", f"Event destination <{name}> already exists.")
    destinations[name] = _valid(ses, destination)


def replace_destination(
    ses: SesRegion, configuration_set: str, name: str, destination: dict[str, Any]
) -> None:
    """Give an event destination another content. Refuses with NotFoundException, and invalid content."""
    _found(ses, configuration_set, name)
    ses.event_destinations[configuration_set][name] = _valid(ses, destination)


def delete_destination(ses: SesRegion, configuration_set: str, name: str) -> None:
    """Forget an event destination, where it is there."""
    ses.event_destinations.get(configuration_set, {}).pop(name, None)


def _destinations(ses: SesRegion, configuration_set: str) -> dict[str, dict[str, Any]]:
    if configuration_set not in ses.configuration_sets:
        raise Refusal("NotFoundException", f"Configuration set <{configuration_set}> does not exist.")
    return ses.event_destinations.setdefault(configuration_set, {})


def _found(ses: SesRegion, configuration_set: str, name: str) -> dict[str, Any]:
    found = _destinations(ses, configuration_set).get(name)
    if found is None:
        raise Refusal("NotFoundException", f"Event destination <{name}> does not exist.")
    return found


def _valid(ses: SesRegion, destination: dict[str, Any]) -> dict[str, Any]:
    types, places = destination.get("MatchingEventTypes") or [], [p for p in _PLACES if p in destination]
    bus = f"arn:aws:events:{ses.name}:{ACCOUNT_ID}:event-bus/default"
    if len(places) != 1:
        raise Refusal("BadRequestException", "Exactly one destination must be given.")
    if not types or not set(types) <= set(EVENT_TYPES):
        raise Refusal("BadRequestException", f"MatchingEventTypes must be of {', '.join(EVENT_TYPES)}.")
    if "EventBridgeDestination" in destination and destination["EventBridgeDestination"] != {
        "EventBusArn": bus
    }:
        raise Refusal("BadRequestException", f"Only the default event bus can receive events: {bus}.")
    return {"Enabled": False, **destination}


# --- events ------------------------------------------------------------------------------------------------

_DIAGNOSES = {
    "General": ("5.1.1", "smtp; 550 5.1.1 user unknown"),
    "Suppressed": ("5.1.1", "Amazon SES has suppressed sending to this address"),
}
"""Status and diagnostic code of a bounce, by its sub-type."""


@dataclass(frozen=True)
class Sent:
    """A message that SES accepted, as its events describe it. ``tags`` are SES's own and the sender's."""

    configuration_set: str | None
    message_id: str
    sender: str
    identity: str
    destination: tuple[str, ...]
    subject: str
    headers: tuple[tuple[str, str], ...]
    tags: dict[str, str]
    at: datetime


def bounced(account: Account, ses: SesRegion, sent: Sent, recipients: list[str], kind: str) -> None:
    """Tell of a permanent bounce; ``kind`` is its sub-type."""
    status, diagnosis = _DIAGNOSES[kind]
    about = {
        "feedbackId": _feedback_id(),
        "bounceType": "Permanent",
        "bounceSubType": kind,
        "bouncedRecipients": [
            {
                "emailAddress": parseaddr(address)[1],
                "action": "failed",
                "status": status,
                "diagnosticCode": diagnosis,
            }
            for address in recipients
        ],
        "timestamp": _iso(account.now()),
        "reportingMTA": "dns; amazonses.com",
    }
    _tell(account, ses, sent, "BOUNCE", "Email Bounced", {"eventType": "Bounce", "bounce": about})


def complained(account: Account, ses: SesRegion, sent: Sent, recipients: list[str]) -> None:
    """Tell of a complaint."""
    now = _iso(account.now())
    about = {
        "feedbackId": _feedback_id(),
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": parseaddr(address)[1]} for address in recipients],
        "timestamp": now,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": now,
    }
    detail = {"eventType": "Complaint", "complaint": about}
    _tell(account, ses, sent, "COMPLAINT", "Email Complaint Received", detail)


def not_rendered(account: Account, ses: SesRegion, sent: Sent, field: str) -> None:
    """Tell that a message was not sent because its data has no value for ``field``."""
    words = f"Attribute '{field}' is not present in the rendering data."
    detail = {"eventType": "Rendering Failure", "failure": {"errorMessage": words}}
    _tell(account, ses, sent, "RENDERING_FAILURE", "Email Rendering Failed", detail)


def _tell(account: Account, ses: SesRegion, sent: Sent, kind: str, name: str, detail: dict[str, Any]) -> None:
    """Send an event to the destinations that want it; of their kinds, EventBridge alone gets any here."""
    wanted = [
        destination
        for destination in ses.event_destinations.get(sent.configuration_set or "", {}).values()
        if destination["Enabled"] and kind in destination["MatchingEventTypes"]
    ]
    if any("EventBridgeDestination" in destination for destination in wanted):
        from wizard.demo.aws.schedules import event_bus  # it takes a while: not before there is any event

        resource = f"arn:aws:ses:{ses.name}:{ACCOUNT_ID}:configuration-set/{sent.configuration_set}"
        event_bus.publish(account, ses.name, "aws.ses", name, [resource], {**detail, "mail": _mail(sent)})


def _mail(sent: Sent) -> dict[str, Any]:
    """The message, as every event has it ("Mail object")."""
    common = dict(sent.headers)
    return {
        "timestamp": _iso(sent.at),
        "source": sent.sender,
        "sourceArn": sent.identity,
        "sendingAccountId": ACCOUNT_ID,
        "messageId": sent.message_id,
        "destination": [parseaddr(address)[1] for address in sent.destination],
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in sent.headers],
        "commonHeaders": {
            "from": [sent.sender],
            "to": [common[name] for name in ("To",) if name in common],
            "date": common.get("Date", ""),
            "messageId": sent.message_id,
            "subject": sent.subject,
        },
        "tags": {name: [value] for name, value in sent.tags.items()},
    }


def _feedback_id() -> str:
    return f"0100{secrets.token_hex(6)}-{secrets.token_hex(16)}-000000"


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
