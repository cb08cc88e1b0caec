"""Route 53: batches that the real one refuses, the story's hosted zone, and its records for the DNS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.route53.models import FakeZone, RecordSet, Route53Backend, route53_backends
from moto.route53.responses import Route53

from wizard.demo.aws.account import ACCOUNT_ID
from wizard.demo.aws.refusal import Refusal
from wizard.demo.dns.zone_data import Resource
from wizard.demo.dns.zones import ROUTE53_DOMAIN, WEBSITE

MAX_RECORDS = 1000
"""Records in a batch; those of an UPSERT count twice."""

_Key = tuple[str, str, str | None]
"""Name with its final dot, type, set identifier: what makes a record set one of its own."""


class HostedZones(Route53):
    """moto's Route 53, but for batches of changes, which moto accepts however impossible they are."""

    def change_resource_record_sets(self) -> ActionResult:
        """ChangeResourceRecordSets: all of the batch or nothing, with the reasons in Route 53's words."""
        zone = self.backend.get_hosted_zone(self._get_param("HostedZoneId"))
        zone.rrsets = changed(zone, self._get_param("ChangeBatch.Changes"))
        return ActionResult(
            {
                "ChangeInfo": {
                    "Id": "/change/C2682N5HXP0BZ4",
                    "Status": "INSYNC",
                    "SubmittedAt": utcnow(),
                }
            }
        )


def changed(zone: FakeZone, changes: list[dict[str, Any]]) -> list[RecordSet]:
    """The zone's record sets after a batch. Refuses with InvalidChangeBatch, and every problem named."""
    standing = {_key(found.name, found.type, found.set_identifier): found for found in zone.rrsets}
    count = sum(
        len(change["ResourceRecordSet"].get("ResourceRecords") or ()) * (1 + (change["Action"] == "UPSERT"))
        for change in changes
    )
    problems = [] if count <= MAX_RECORDS else [f"Number of records limit of {MAX_RECORDS} exceeded."]
    for change in changes:
        action, wanted = change["Action"], _record_set(change["ResourceRecordSet"])
        key = _key(wanted.name, wanted.type, wanted.set_identifier)
        problem = _problem(zone, standing, action, key, wanted)
        if problem:
            problems.append(problem)
        elif action == "DELETE":
            del standing[key]
        else:
            standing[key] = wanted
    if problems:
        raise Refusal("InvalidChangeBatch", f"[{', '.join(problems)}]")
    return list(standing.values())


def _problem(
    zone: FakeZone, standing: dict[_Key, RecordSet], action: str, key: _Key, wanted: RecordSet
) -> str | None:
    """Why Route 53 would refuse one change of a batch, in its words."""
    name, rdtype, _ = key
    shown = f"resource record set [name='{name}', type='{rdtype}']"
    if not f".{name}".endswith(f".{zone.name}"):
        return f"RRSet with DNS name {name} is not permitted in zone {zone.name}"
    if action == "DELETE":
        return _deletion_problem(zone, standing.get(key), wanted, shown)
    if action == "CREATE" and key in standing:
        return f"Tried to create {shown} but it already exists"
    others = {kind for at, kind, _ in standing if at == name and kind != rdtype}
    if (rdtype == "CNAME" and others) or "CNAME" in others:
        return (
            f"RRSet of type {rdtype} with DNS name {name} is not permitted as it conflicts with other "
            f"records with the same DNS name in zone {zone.name}"
        )
    bare = next((value for value in wanted.records if rdtype in ("TXT", "SPF") and not _quoted(value)), None)
    if bare is not None:
        return (
            "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in "
            f"quotation marks) encountered with '{bare}''"
        )
    return None


def _deletion_problem(zone: FakeZone, found: RecordSet | None, wanted: RecordSet, shown: str) -> str | None:
    if found is None:
        return f"Tried to delete {shown} but it was not found"
    if found.name == zone.name and found.type in ("NS", "SOA"):
        return f"A HostedZone must contain at least one NS record and one SOA record for the zone: {shown}"
    if (sorted(found.records), str(found.ttl)) != (sorted(wanted.records), str(wanted.ttl)):
        return f"Tried to delete {shown} but the values provided do not match the current values"
    return None


def furnish(name: str) -> FakeZone:
    """The hosted zone of a domain, made if it is not there; the story's leads to a website."""
    backend = route53_backend()
    if found := backend.get_hosted_zone_by_name(f"{name}."):
        return found
    made = backend.create_hosted_zone(
        name=f"{name}.", private_zone=False, comment="The demo's domain in Route 53"
    )
    if name == ROUTE53_DOMAIN:
        made.add_rrset({"Name": f"{name}.", "Type": "A", "TTL": 300, "ResourceRecords": [WEBSITE]})
    return made


def name_servers(zone: FakeZone) -> tuple[str, ...]:
    """The servers that answer for a hosted zone."""
    return tuple(value for found in zone.rrsets if found.type == "NS" for value in found.records)


def resources(name: str) -> Iterable[Resource]:
    """All records of the hosted zone ``name``, for the DNS server. Nothing where it is gone."""
    zone = route53_backend().get_hosted_zone_by_name(f"{name}.")
    for found in list(zone.rrsets) if zone else ():
        for value in found.records or ():
            yield Resource(found.name, str(found.type), value, int(found.ttl or 300))


@dataclass(frozen=True)
class Route53Zone:
    """The hosted zone of ``domain``, edited by its owner as in the console."""

    domain: str

    def values(self, name: str, rdtype: str) -> list[str]:
        """The values of the records of one name and type; texts without their quotes."""
        return [
            _unquoted(value) if rdtype == "TXT" else value
            for found in furnish(self.domain).rrsets
            if (found.name, found.type) == (f"{name}.", rdtype)
            for value in found.records
        ]

    def replace(self, name: str, rdtype: str, values: list[str]) -> None:
        """Let exactly ``values`` stand at one name and type."""
        zone = furnish(self.domain)
        zone.rrsets = [found for found in zone.rrsets if (found.name, found.type) != (f"{name}.", rdtype)]
        if values:
            entered = [_in_quotes(value) if rdtype == "TXT" else value for value in values]
            zone.add_rrset({"Name": f"{name}.", "Type": rdtype, "TTL": 300, "ResourceRecords": entered})


def route53_backend() -> Route53Backend:
    """moto's Route 53 of the embedded account."""
    return route53_backends[ACCOUNT_ID]["aws"]


def _record_set(wanted: dict[str, Any]) -> RecordSet:
    records = [row["Value"] for row in wanted.get("ResourceRecords") or ()]
    name = f"{wanted['Name'].rstrip('.').lower()}."
    return RecordSet(  # type: ignore[abstract]  # as moto itself does
        {**wanted, "Name": name, "ResourceRecords": records}
    )


def _key(name: str, rdtype: str | None, identifier: str | None) -> _Key:
    return f"{name.rstrip('.').lower()}.", str(rdtype), identifier


def _quoted(value: str) -> bool:
    return len(value) > 1 and value.startswith('"') and value.endswith('"')


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return " ".join(f'"{escaped[start : start + 255]}"' for start in range(0, len(escaped), 255))


def _unquoted(value: str) -> str:
    return "".join(value[1:-1].split('" "')).replace('\\"', '"').replace("\\\\", "\\")
