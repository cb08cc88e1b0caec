"""Amazon Route 53: the hosted zones of the account and the record sets in them. A function an operation.

Route 53 is global: no Region plays a part. Names here are lower case and without a final dot, values in
master-file form as Route 53 has them (TXT in quotes).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import translated

if TYPE_CHECKING:
    from types_boto3_route53 import Route53Client


@dataclass(frozen=True, slots=True)
class HostedZone:
    """One hosted zone. ``id`` is without ``/hostedzone/``; a private zone is seen inside its VPCs alone."""

    id: str
    name: str
    private: bool
    record_count: int = 0


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All values of one name and type.

    ``plain`` is False for sets that are more than values (aliases, routing policies, health checks, those of
    a traffic policy): writing one anew would lose that. ``ttl`` is in seconds.
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    plain: bool = True


class Action(StrEnum):
    """What a change does to a record set. CREATE fails where it exists, UPSERT replaces it."""

    CREATE = "CREATE"
    UPSERT = "UPSERT"


def hosted_zones(aws: AwsAccess) -> tuple[HostedZone, ...]:
    """All hosted zones of the account, all pages (route53:ListHostedZones). Raises WizardError."""
    with translated("route53:ListHostedZones", aws.profile):
        pages = _client(aws).get_paginator("list_hosted_zones").paginate()
        return tuple(
            HostedZone(
                id=_plain_id(zone["Id"]),
                name=_plain_name(zone["Name"]),
                private=zone.get("Config", {}).get("PrivateZone", False),
                record_count=zone.get("ResourceRecordSetCount", 0),
            )
            for page in pages
            for zone in page["HostedZones"]
        )


def name_servers(aws: AwsAccess, zone_id: str) -> tuple[str, ...]:
    """The name servers Route 53 gave a public zone (route53:GetHostedZone). Raises WizardError."""
    with translated("route53:GetHostedZone", aws.profile):
        answer = _client(aws).get_hosted_zone(Id=zone_id)
    return tuple(_plain_name(name) for name in answer.get("DelegationSet", {}).get("NameServers", ()))


def record_sets(aws: AwsAccess, zone_id: str, name: str) -> tuple[RecordSet, ...]:
    """The record sets at ``name`` (route53:ListResourceRecordSets). Raises WizardError."""
    found: list[RecordSet] = []
    start: dict[str, str] = {"StartRecordName": name}
    with translated("route53:ListResourceRecordSets", aws.profile):
        client: Any = _client(aws)
        while True:
            answer = client.list_resource_record_sets(HostedZoneId=zone_id, **start)
            for item in answer["ResourceRecordSets"]:
                # The listing is sorted: behind the name nothing more of it comes.
                if _plain_name(item["Name"]) != name.lower():
                    return tuple(found)
                found.append(_record_set(item))
            if not answer.get("IsTruncated"):
                return tuple(found)
            following = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
            start, before = (
                {key.replace("Next", "Start"): answer[key] for key in following if key in answer},
                start,
            )
            if not start or start == before:
                return tuple(found)


def change_record_sets(aws: AwsAccess, zone_id: str, changes: Iterable[tuple[Action, RecordSet]]) -> None:
    """Carry out changes, all or none (route53:ChangeResourceRecordSets). Raises WizardError."""
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
    with translated("route53:ChangeResourceRecordSets", aws.profile):
        client: Any = _client(aws)
        client.change_resource_record_sets(
            HostedZoneId=zone_id, ChangeBatch={"Comment": "ses-wizard", "Changes": batch}
        )


_PLAIN_MEMBERS = {"Name", "Type", "TTL", "ResourceRecords"}
"""What ``change_record_sets`` writes of a record set."""


def _client(aws: AwsAccess) -> Route53Client:
    client: Route53Client = aws.client("route53")
    return client


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
    r"""A name as Route 53 writes it (``\052`` for an asterisk) in the usual form."""
    return name.rstrip(".").lower().replace("\\052", "*")
