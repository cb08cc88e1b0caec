"""Step 4: are the records right? The live checklist, publishing where we may, and SES's own view."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wizard.aws import route53
from wizard.aws.route53 import HostedZone, RecordSet
from wizard.aws.sesv2 import SesIdentity
from wizard.dns import cloudflare, publish
from wizard.dns.causes import Context
from wizard.dns.cloudflare import CloudflareZone
from wizard.dns.publish import ZoneChange
from wizard.dns.records import DEFAULT_SIGNING_ZONE, Record, wanted_records
from wizard.dns.verdict import Round, Row, RowStatus, Severity
from wizard.errors import WizardError
from wizard.project import Project
from wizard.steps.identity import chosen_domain
from wizard.steps.model import Change, ChangeKind, Event, Plan, Progress, Report, Standing, Status, StepName
from wizard.text import ago, printable
from wizard.world import World

ExportKind = Literal["zone", "cloudflare", "csv"]

_ROUTE53 = "route53:ChangeResourceRecordSets"
_CLOUDFLARE = "cloudflare:dns_records/batch"


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """What publishing would do: ``plan`` to show, ``changes`` to carry out in ``zone``.

    ``notes`` are sentences to show with it. ``zone`` is None, and nothing is changed, where there is a zone
    of that name but the world asks other servers, or where a token is missing.
    """

    plan: Plan
    zone: HostedZone | CloudflareZone | None
    changes: tuple[ZoneChange, ...] = ()
    notes: tuple[str, ...] = ()


def records(project: Project, identity: SesIdentity) -> tuple[Record, ...]:
    """The records that should stand for the project's domain, as SES says its side (tokens, signing zone).

    Without DKIM rows where the keys are not SES's own. The MAIL FROM MX needs ``project.account.region``.
    """
    return wanted_records(
        chosen_domain(project),
        tokens=identity.tokens if identity.signs_itself else (),
        signing_zone=identity.signing_zone or DEFAULT_SIGNING_ZONE,
        mail_from=identity.mail_from or project.identity.mail_from,
        region=project.account.region,
    )


async def watch(
    world: World, project: Project, identity: SesIdentity, wake: asyncio.Event
) -> AsyncGenerator[Round, None]:
    """Rounds of the checklist without end; ``wake`` starts the next at once. See ``checklist.watch``.

    Which zones the user could have edited by mistake is found out meanwhile: no round waits for it.
    """
    from wizard.dns import checklist

    wanted = records(project, identity)
    domain = chosen_domain(project)
    context = Context(
        domain=domain,
        mail_from=identity.mail_from or project.identity.mail_from,
        region=project.account.region,
        signing_zone=identity.signing_zone or DEFAULT_SIGNING_ZONE,
        records=wanted,
        own_keys=not identity.signs_itself,
    )
    looking = asyncio.create_task(asyncio.to_thread(zones_of_the_user, world, domain))
    rounds = checklist.watch(
        world.dns, wanted, context, world.now, wake, lambda: looking.result() if looking.done() else ()
    )
    try:
        async for seen in rounds:
            yield seen
    finally:
        looking.cancel()
        await rounds.aclose()


def zones_of_the_user(world: World, domain: str) -> tuple[tuple[str, ...], ...]:
    """The name servers of each zone that the user has for ``domain`` in Route 53 and at Cloudflare.

    What cannot be asked is left out. Raises nothing.
    """
    found: list[tuple[str, ...]] = []
    with suppress(WizardError):
        zones = publish.candidates(route53.hosted_zones(world.aws), domain)
        found += [route53.name_servers(world.aws, zone.id) for zone in zones]
    with suppress(WizardError):
        if world.dns.cloudflare and cloudflare.has_token():
            found += [zone.name_servers for zone in cloudflare.zones(world.dns.cloudflare, domain)]
    return tuple(found)


def judge(seen: Round, identity: SesIdentity) -> Standing:
    """Where the step stands. Done is SES's to say: verified, DKIM and MAIL FROM ``SUCCESS`` in one answer."""
    status, words = _judged(seen, identity)
    return Standing(StepName.DNS, status, words)


def misplaced(row: Row) -> bool:
    """Whether a missing record is not simply missing: a mistake was found that explains it.

    Mostly it stands at another name. Such a row counts, and is shown, as wrong.
    """
    serious = (Severity.BLOCKS, Severity.HURTS)
    explained = any(f.severity in serious and f.code != "absent" for f in row.findings)
    return row.status is RowStatus.MISSING and explained


def plan(world: World, project: Project, seen: Round) -> PublishPlan | None:
    """What publishing the missing and wrong records would change: at Cloudflare, where the zone is there,
    else in this account's Route 53.

    None where no public hosted zone of the account can hold the domain: then the records are the user's to
    enter. Raises WizardError where the host cannot be read.
    """
    if seen.provider == "cloudflare" and world.dns.cloudflare:
        return _plan_at_cloudflare(world.dns.cloudflare, seen)
    zones = publish.candidates(route53.hosted_zones(world.aws), chosen_domain(project))
    if not zones:
        return None
    servers = {zone.id: route53.name_servers(world.aws, zone.id) for zone in zones}
    zone, notes = publish.chosen_zone(zones, servers, seen.zone)
    if zone is None:
        return PublishPlan(Plan(StepName.DNS, ()), None, notes=notes)
    rows = publish.publishable(seen)
    standing = {
        name: route53.record_sets(world.aws, zone.id, name) for name in publish.names_to_read(rows, zone.name)
    }
    return _planned(zone, publish.zone_changes(rows, zone.name, standing), "Route 53", _ROUTE53, notes)


def act(world: World, publish_plan: PublishPlan, report: Report) -> None:
    """Carry the plan out, all or nothing, if the zone still is as it was shown.

    Raises WizardError where it is not, or where its host refuses; then nothing was changed.
    """
    zone, changes = publish_plan.zone, publish_plan.changes
    if zone is None or not changes:
        return
    for change in changes:
        report(Event(_subject(change), Progress.STARTED))
    try:
        if isinstance(zone, CloudflareZone):
            _change_at_cloudflare(world.dns.cloudflare, zone, changes)
        else:
            _change_in_route53(world, zone, changes)
    except WizardError as error:
        for change in changes:
            report(Event(_subject(change), Progress.FAILED, error.what))
        raise
    host = "at Cloudflare" if isinstance(zone, CloudflareZone) else "in Route 53"
    for change in changes:
        report(Event(_subject(change), Progress.DONE, f"{host}; its servers have it within a minute"))


def _change_in_route53(world: World, zone: HostedZone, changes: Sequence[ZoneChange]) -> None:
    for change in changes:
        _still_as_shown(change, route53.record_sets(world.aws, zone.id, change.after.name))
    route53.change_record_sets(world.aws, zone.id, [(c.action, c.after) for c in changes])


def _change_at_cloudflare(endpoint: str, zone: CloudflareZone, changes: Sequence[ZoneChange]) -> None:
    names = dict.fromkeys(change.after.name for change in changes)
    standing = {name: cloudflare.records(endpoint, zone.id, name) for name in names}
    for change in changes:
        _still_as_shown(change, cloudflare.record_sets(standing[change.after.name]))
    cloudflare.change_records(endpoint, zone.id, changes, standing)


def _plan_at_cloudflare(endpoint: str, seen: Round) -> PublishPlan:
    """What would change at Cloudflare, or why nothing can."""
    nothing = Plan(StepName.DNS, ())
    if not cloudflare.has_token():
        note = (
            "The zone is at Cloudflare. To have the records entered there for you, start again with a token "
            f"in the environment ({cloudflare.TOKEN_VARIABLE}; permissions Zone:Read and DNS:Edit)."
        )
        return PublishPlan(nothing, None, notes=(note,))
    zones = cloudflare.zones(endpoint, seen.domain)
    asked = set(seen.zone.nameservers)
    zone = next((z for z in zones if z.name == seen.zone.apex and asked & set(z.name_servers)), None)
    if zone is None:
        others = ", ".join(
            f"{printable(z.name)} ({', '.join(map(printable, z.name_servers))})" for z in zones
        )
        known = f"It sees {others}, but the registry names other servers." if others else "It sees none."
        return PublishPlan(
            nothing, None, notes=(f"The token does not reach the zone the world asks. {known}",)
        )
    rows = publish.publishable(seen)
    standing = {
        name: cloudflare.record_sets(cloudflare.records(endpoint, zone.id, name))
        for name in publish.names_to_read(rows, zone.name)
    }
    found = publish.zone_changes(rows, zone.name, standing, cloudflare.cloudflare_value)
    return _planned(zone, found, "Cloudflare", _CLOUDFLARE)


def _planned(
    zone: HostedZone | CloudflareZone,
    found: publish.ZoneChanges,
    host: str,
    operation: str,
    notes: Sequence[str] = (),
) -> PublishPlan:
    shown = (
        *(_shown(change, operation) for change in found.changes),
        *(Change(ChangeKind.KEEP, f"{r.type} {printable(r.name)}", f"is in {host}") for r in found.kept),
    )
    return PublishPlan(Plan(StepName.DNS, shown), zone, found.changes, (*notes, *found.notes))


def export(seen: Round, kind: ExportKind) -> str:
    """The records still to be entered, as the text of a file: ``zone`` (BIND zone file), ``csv``, or
    ``cloudflare``, a zone file that keeps DKIM out of Cloudflare's proxy when it is imported there.
    """
    return _EXPORTS[kind](seen)


_EXPORTS: Mapping[ExportKind, Callable[[Round], str]] = {
    "zone": publish.zone_file,
    "cloudflare": publish.cloudflare_file,
    "csv": publish.csv_file,
}


def _judged(seen: Round, identity: SesIdentity) -> tuple[Status, str]:
    if identity.complete:
        return Status.DONE, "SES has verified the domain, DKIM and MAIL FROM"
    if not seen.zone.reachable:
        return Status.ATTENTION, "no DNS server answers from here: check the network connection"
    if seen.zone.apex is None:
        return Status.ATTENTION, f"{printable(seen.domain)} does not exist in the DNS"
    open_rows = [row for row in seen.rows if row.status in (RowStatus.MISSING, RowStatus.WRONG)]
    if open_rows:
        wrong = sum(row.status is RowStatus.WRONG or misplaced(row) for row in open_rows)
        counts = [f"{len(open_rows) - wrong} missing"] if len(open_rows) > wrong else []
        counts += [f"{wrong} wrong"] if wrong else []
        return Status.ATTENTION, f"records: {' and '.join(counts)} of {len(seen.rows)}"
    unknown = sum(row.status is RowStatus.UNKNOWN for row in seen.rows)
    if unknown:
        return Status.ATTENTION, f"{unknown} of {len(seen.rows)} records could not be looked up"
    if identity.mail_from is None:
        return Status.ATTENTION, "the records are right, but SES has no MAIL FROM domain: see step 3"
    if "FAILED" in (identity.dkim_status, identity.mail_from_status):
        return (
            Status.ATTENTION,
            "the records are right, but SES had given up: do step 3 again, so that it looks",
        )
    return Status.WAITING, f"all records are right; waiting for SES, {_looked(identity, seen.checked_at)}"


def _looked(identity: SesIdentity, now: datetime) -> str:
    if identity.last_checked is None:
        return "which has not looked yet (it can take up to 72 hours, and is mostly quicker)"
    return f"which last looked {ago(now - identity.last_checked)}"


def _still_as_shown(change: ZoneChange, sets: Sequence[RecordSet]) -> None:
    now = next((found for found in sets if found.type == change.after.type), None)
    if now != change.before:
        raise WizardError(
            "The zone has changed since you saw the plan",
            f"{_subject(change)} is not as it was shown. Nothing was changed.",
            "Look at the plan again, then publish.",
        )


def _shown(change: ZoneChange, operation: str) -> Change:
    after = ", ".join(map(printable, change.after.values))
    if change.before is None:
        return Change(ChangeKind.CREATE, _subject(change), after, operation)
    before = ", ".join(map(printable, change.before.values))
    return Change(ChangeKind.CHANGE, _subject(change), f"{before} → {after}", operation)


def _subject(change: ZoneChange) -> str:
    return f"{change.after.type} {printable(change.after.name)}"
