"""A Route 53 hosted zone as a ``Publisher``, and which hosted zone the domain is delegated to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wizard.aws import route53
from wizard.aws.access import AwsAccess
from wizard.aws.route53 import Action, HostedZone, RecordSet
from wizard.dns.answers import ZoneReport
from wizard.dns.publish.plan import ZoneChange, within
from wizard.dns.publish.protocol import Zone, refuse_if_changed
from wizard.dns.txt_notation import ROUTE53
from wizard.text import printable


@dataclass(frozen=True, slots=True)
class Route53Publisher:
    """One hosted zone of the account."""

    aws: AwsAccess
    id: str
    name: str
    host = "Route 53"
    operation = "route53:ChangeResourceRecordSets"
    done = "in Route 53; its servers have it within a minute"
    notation = ROUTE53

    def records(self, name: str) -> tuple[RecordSet, ...]:
        """Return the record sets at ``name``. Raises WizardError."""
        return route53.record_sets(self.aws, self.id, name)

    def publish(self, changes: Sequence[ZoneChange]) -> None:
        """Apply ``changes``, all or nothing, unless the zone has changed since. Raises WizardError.

        CREATE fails rather than overwrite a record set that was added in the meantime.
        """
        refuse_if_changed(changes, {c.after.name: self.records(c.after.name) for c in changes})
        actions = [(Action.UPSERT if change.before else Action.CREATE, change.after) for change in changes]
        route53.change_record_sets(self.aws, self.id, actions)


def candidates(zones: Iterable[HostedZone], domain: str) -> tuple[HostedZone, ...]:
    """Return the public hosted zones that can hold ``domain``, the closest name first."""
    above = [zone for zone in zones if not zone.private and within(domain, zone.name)]
    return tuple(sorted(above, key=lambda zone: -len(zone.name)))


def find(aws: AwsAccess, seen: ZoneReport) -> Zone | None:
    """Return the hosted zone that the domain is delegated to, or why there is none.

    None if no public hosted zone of the account can hold the domain. Raises WizardError.
    """
    zones = candidates(route53.hosted_zones(aws), seen.domain)
    if not zones:
        return None
    servers = {zone.id: set(route53.name_servers(aws, zone.id)) for zone in zones}
    asked = set(seen.nameservers)
    zone = next((zone for zone in zones if zone.name == seen.apex and asked & servers[zone.id]), None)
    if zone is None:
        others = ", ".join(printable(name) for name in seen.nameservers[:4]) or "no server at all"
        names = ", ".join(sorted({printable(zone.name) for zone in zones}))
        return None, (
            f"Route 53 has a hosted zone for {names}, but the domain is not delegated to it: "
            f"the registry names {others}.",
        )
    notes = []
    if len(zones) > 1:
        notes.append(
            f"Route 53 has {len(zones)} hosted zones that could hold this domain. "
            f"The domain is delegated to {printable(zone.name)} ({printable(zone.id)})."
        )
    if elsewhere := sorted(asked - servers[zone.id]):
        named = ", ".join(map(printable, elsewhere))
        notes.append(
            f"The registry also names servers that do not belong to this zone: {named}. "
            "Add the records there as well."
        )
    return Route53Publisher(aws, zone.id, zone.name), tuple(notes)
