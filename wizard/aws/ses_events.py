"""Where SES's events go: the event destinations of a configuration set (API v2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wizard.aws.access import AwsAccess
from wizard.aws.failures import translated

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client

_PLACES = {
    "EventBridgeDestination": "EventBridge",
    "SnsDestination": "SNS",
    "KinesisFirehoseDestination": "Firehose",
    "CloudWatchDestination": "CloudWatch",
    "PinpointDestination": "Pinpoint",
}


@dataclass(frozen=True, slots=True)
class EventDestination:
    """Where a configuration set's events go (GetConfigurationSetEventDestinations).

    ``types`` are the events' in the API's words (BOUNCE, COMPLAINT); ``place`` is the service they go to.
    """

    name: str
    enabled: bool
    types: tuple[str, ...]
    place: str


def event_destinations(aws: AwsAccess, name: str) -> tuple[EventDestination, ...]:
    """Where the events of the configuration set ``name`` go; none where there is no such set.

    (sesv2:GetConfigurationSetEventDestinations.) Raises WizardError.
    """
    with translated("sesv2:GetConfigurationSetEventDestinations", aws.profile):
        client: SESV2Client = aws.client("sesv2")
        try:
            answer = client.get_configuration_set_event_destinations(ConfigurationSetName=name)
        except client.exceptions.NotFoundException:
            return ()
    return tuple(
        EventDestination(
            name=found["Name"],
            enabled=found.get("Enabled", False),
            types=tuple(found["MatchingEventTypes"]),
            place=next((words for key, words in _PLACES.items() if key in found), "elsewhere"),
        )
        for found in answer.get("EventDestinations", ())
    )
