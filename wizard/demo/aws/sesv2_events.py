"""Where a configuration set's events go: its event destinations."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from wizard.demo.aws.account import ACCOUNT_ID, SesRegion
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.sesv2 import SesOperations, answer

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
        create_destination(self.ses, *self._wanted())
        return EmptyResult()

    def update_configuration_set_event_destination(self) -> ActionResult:
        """UpdateConfigurationSetEventDestination: replaces it."""
        replace_destination(self.ses, *self._wanted())
        return EmptyResult()

    def delete_configuration_set_event_destination(self) -> ActionResult:
        """DeleteConfigurationSetEventDestination."""
        configuration_set, name, _ = self._wanted()
        _found(self.ses, configuration_set, name)
        delete_destination(self.ses, configuration_set, name)
        return EmptyResult()

    def get_configuration_set_event_destinations(self) -> ActionResult:
        """GetConfigurationSetEventDestinations."""
        found = _destinations(self.ses, self._get_param("ConfigurationSetName"))
        return answer(EventDestinations=[{"Name": name, **kept} for name, kept in found.items()])

    def _wanted(self) -> tuple[str, str, dict[str, Any]]:
        return (
            self._get_param("ConfigurationSetName"),
            self._get_param("EventDestinationName"),
            self._get_param("EventDestination") or {},
        )


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
