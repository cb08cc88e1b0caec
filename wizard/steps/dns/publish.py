"""Publishing the records where the wizard can write, or as a file for the DNS host to import."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from wizard.aws.route53 import RecordSet
from wizard.dns.findings import Round, Row, RowStatus
from wizard.dns.publish import cloudflare, import_files, route53
from wizard.dns.publish import plan as changes_of
from wizard.dns.publish.plan import ZoneChange
from wizard.dns.publish.protocol import Publisher, Zone, refuse_if_changed
from wizard.dns.txt_notation import AS_TYPED
from wizard.errors import WizardError
from wizard.steps.model import Change, ChangeKind, Event, Plan, Progress, Report, StepName
from wizard.text import printable
from wizard.world import Panel, World

ExportKind = Literal["zone", "cloudflare", "csv"]


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """What publishing would do: ``plan`` to show, ``changes`` to apply in ``zone``.

    ``notes`` are sentences to show with it. ``zone`` is None, and nothing changes, if the domain is not
    delegated to the zone of its name, or a token is missing.
    """

    plan: Plan
    zone: Publisher | None
    changes: tuple[ZoneChange, ...] = ()
    notes: tuple[str, ...] = ()


def doubled(row: Row, seen: Round) -> Row:
    """The row as a DNS panel enters it that adds the zone to a full name: the commonest mistake."""
    record = replace(row.record, name=f"{row.record.name}.{seen.zone.apex or seen.domain}")
    return replace(row, record=record, status=RowStatus.MISSING, found=(), findings=())


def plan(world: World, seen: Round, rows: Sequence[Row] | None = None) -> PublishPlan | None:
    """Return what publishing ``rows`` would change, by default all missing and incorrect records: at
    Cloudflare if the zone is there, in the demo's DNS panel, or in this account's Route 53.

    None if no public hosted zone of the account can hold the domain: then the user has to add the records.
    Raises WizardError if the host cannot be read.
    """
    rows = changes_of.publishable(seen) if rows is None else tuple(rows)
    panel = world.stage.panel(seen.domain) if world.stage else None
    found: Zone | None
    if seen.provider == "cloudflare" and world.dns.cloudflare:
        found = cloudflare.find(world.dns.cloudflare, seen.zone)
    elif panel:
        found = _PanelPublisher(panel), ()
    else:
        found = route53.find(world.aws, seen.zone)
    if found is None:
        return None
    zone, notes = found
    if zone is None:
        return PublishPlan(Plan(StepName.DNS, ()), None, notes=notes)
    held = {name: zone.records(name) for name in changes_of.names_to_read(rows, zone.name)}
    made = changes_of.zone_changes(rows, zone.name, held, zone.notation)
    shown = (
        *(_shown(change, zone.operation) for change in made.changes),
        *(Change(ChangeKind.KEEP, f"{r.type} {printable(r.name)}", f"is in {zone.host}") for r in made.kept),
    )
    return PublishPlan(Plan(StepName.DNS, shown), zone, made.changes, (*notes, *made.notes))


def act(publish_plan: PublishPlan, report: Report) -> None:
    """Carry the plan out, all or nothing, if the zone is still as it was shown.

    Raises WizardError if the zone has changed or its host refuses; then nothing was changed.
    """
    zone, changes = publish_plan.zone, publish_plan.changes
    if zone is None or not changes:
        return
    for change in changes:
        report(Event(_subject(change), Progress.STARTED))
    try:
        zone.publish(changes)
    except WizardError as error:
        for change in changes:
            report(Event(_subject(change), Progress.FAILED, error.what))
        raise
    for change in changes:
        report(Event(_subject(change), Progress.DONE, zone.done))


@dataclass(frozen=True, slots=True)
class _PanelPublisher:
    """The demo's DNS panel as a ``Publisher``."""

    panel: Panel
    host = "the DNS panel"
    operation = "(demo DNS panel)"
    done = "in the DNS panel"
    notation = AS_TYPED

    @property
    def name(self) -> str:
        return self.panel.name

    def records(self, name: str) -> tuple[RecordSet, ...]:
        return self.panel.records(name)

    def publish(self, changes: Sequence[ZoneChange]) -> None:
        refuse_if_changed(changes, {c.after.name: self.panel.records(c.after.name) for c in changes})
        self.panel.change(changes)


def export(seen: Round, kind: ExportKind, existing: bool = False) -> str:
    """The records still to be entered, as the text of a file: ``zone`` (BIND zone file), ``csv``, or
    ``cloudflare``, a zone file that keeps DKIM out of Cloudflare's proxy when it is imported there. With
    ``existing``, the file also names the correct records, marked as such.
    """
    return _EXPORTS[kind](seen, existing)


_EXPORTS: Mapping[ExportKind, Callable[[Round, bool], str]] = {
    "zone": import_files.zone_file,
    "cloudflare": import_files.cloudflare_file,
    "csv": import_files.csv_file,
}


def _shown(change: ZoneChange, operation: str) -> Change:
    after = ", ".join(map(printable, change.after.values))
    if change.before is None:
        return Change(ChangeKind.CREATE, _subject(change), after, operation)
    before = ", ".join(map(printable, change.before.values))
    return Change(ChangeKind.CHANGE, _subject(change), f"{before} → {after}", operation)


def _subject(change: ZoneChange) -> str:
    return f"{change.after.type} {printable(change.after.name)}"
