"""Amazon Route 53: the account's hosted zones and their record sets. A function an operation.

Route 53 is global and has no Regions. Names are lower case without a final dot; values are in master-file
form (TXT in quotes).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.calls import call, call_pages


@dataclass(frozen=True, slots=True)
class HostedZone:
    """One hosted zone. ``id`` is without ``/hostedzone/``; a private zone is visible only inside its VPCs."""

    id: str
    name: str
    private: bool


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All values of one name and type.

    ``plain`` is False for aliases and for sets with a routing policy, health check or traffic policy, which a
    rewrite would lose. ``ttl`` is in seconds.
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    plain: bool = True


class Action(StrEnum):
    """What a change does to a record set. CREATE fails if it exists, UPSERT replaces it."""

    CREATE = "CREATE"
    UPSERT = "UPSERT"


def hosted_zones(aws: AwsAccess) -> tuple[HostedZone, ...]:
    """Return all hosted zones of the account. Raises WizardError."""
    return tuple(
        HostedZone(
            id=_plain_id(zone["Id"]),
            name=_plain_name(zone["Name"]),
            private=zone.get("Config", {}).get("PrivateZone", False),
        )
        for page in call_pages(aws, "route53:ListHostedZones")
        for zone in page["HostedZones"]
    )


def name_servers(aws: AwsAccess, zone_id: str) -> tuple[str, ...]:
    """Return the name servers Route 53 gave a public zone. Raises WizardError."""
    answer = call(aws, "route53:GetHostedZone", Id=zone_id)
    return tuple(_plain_name(name) for name in answer.get("DelegationSet", {}).get("NameServers", ()))


def record_sets(aws: AwsAccess, zone_id: str, name: str) -> tuple[RecordSet, ...]:
    """Return the record sets at ``name``. Raises WizardError."""
    found: list[RecordSet] = []
    start: dict[str, Any] = {"StartRecordName": name}
    while True:
        answer = call(aws, "route53:ListResourceRecordSets", HostedZoneId=zone_id, **start)
        for item in answer["ResourceRecordSets"]:
            # The listing is sorted: no further record set has this name.
            if _plain_name(item["Name"]) != name.lower():
                return tuple(found)
            found.append(_record_set(item))
        following = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
        before, start = (
            start,
            {key.replace("Next", "Start"): answer[key] for key in following if key in answer},
        )
        if not answer.get("IsTruncated") or not start or start == before:
            return tuple(found)


def change_record_sets(aws: AwsAccess, zone_id: str, changes: Iterable[tuple[Action, RecordSet]]) -> None:
    """Apply the changes, all or none. Raises WizardError."""
    batch = [
        {
            "Action": action.value,
            "ResourceRecordSet": {
                "Name": f"{record_set.name}.",
                "Type": record_set.type,
                "TTL": record_set.ttl,
                "ResourceRecords": [{"Value": value} for value in record_set.values],
            },
        }
        for action, record_set in changes
    ]
    call(
        aws,
        "route53:ChangeResourceRecordSets",
        HostedZoneId=zone_id,
        ChangeBatch={"Comment": "ses-wizard", "Changes": batch},
    )


_PLAIN_MEMBERS = {"Name", "Type", "TTL", "ResourceRecords"}
"""The members that ``change_record_sets`` writes."""


def _record_set(item: Any) -> RecordSet:
    return RecordSet(
        name=_plain_name(item["Name"]),
        type=item["Type"],
        ttl=item.get("TTL", 0),
        values=tuple(record["Value"] for record in item.get("ResourceRecords", ())),
        plain=item.keys() <= _PLAIN_MEMBERS,
    )


def _plain_id(zone_id: str) -> str:
    return zone_id.removeprefix("/hostedzone/")


def _plain_name(name: str) -> str:
    r"""Return a name as Route 53 writes it (``\052`` for an asterisk) in the usual form."""
    return name.rstrip(".").lower().replace("\\052", "*")
