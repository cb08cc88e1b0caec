"""Everything about one record: what to enter and where, what was found, what is wrong, what it is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from screens.pages.dns.symbols import emphasised, row_words, severity_words
from screens.symbols import clock
from screens.widgets.columns import Cells, Columns, EventList
from wizard.dns.findings import Entry, Finding, Round, Row, RowStatus
from wizard.dns.judge.dmarc_record import alignment
from wizard.dns.providers import Provider, hosts
from wizard.dns.records import RecordId
from wizard.steps.model import Event
from wizard.text import printable

History = Sequence[tuple[datetime, "Row"]]
"""When the state of a row changed, and the row it then was, the oldest first."""

SIGNATURE = "SES signs every mail; receivers get the key from here to check it. All three are needed."

PURPOSES = {
    RecordId.DKIM1: SIGNATURE,
    RecordId.DKIM2: SIGNATURE,
    RecordId.DKIM3: SIGNATURE,
    RecordId.MAIL_FROM_MX: "Bounces go back to the MAIL FROM domain. Its MX record (mail server) is SES.",
    RecordId.MAIL_FROM_SPF: "SPF lists who may send for a domain. This lets SES send for MAIL FROM.",
    RecordId.SPF: "SPF lists who may send for a domain: here, your own. SES is added, nothing removed.",
    RecordId.DMARC: "Tells receivers what to do with mail that fails. Gmail and Yahoo ask for one.",
}
"""What each record is for, in a sentence or two."""


class RecordCard(VerticalScroll):
    """The text about the highlighted record; in its place, what happens while records are added."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, can_focus=False)

    def compose(self) -> ComposeResult:
        """Both, one at a time."""
        yield Columns(id="detail")
        yield EventList(id="publishing")

    def show(self, rows: Sequence[Cells], *, instead_of_events: bool = True) -> None:
        """Show ``rows``."""
        self.query_one("#detail", Columns).show(rows)
        if instead_of_events:
            self.end_events()

    def begin_events(self) -> None:
        """Show what happens from now on."""
        self.query_one(EventList).clear()
        self._show_events(True)

    def add_event(self, event: Event) -> None:
        """Show ``event``."""
        self.query_one(EventList).add(event)

    def end_events(self) -> None:
        """Show the record again."""
        self._show_events(False)

    def _show_events(self, shown: bool) -> None:
        self.query_one("#publishing").display = shown
        self.query_one("#detail").display = not shown


COPY_GAP = "   "

LONGEST_VALUE, LONGEST_FOUND = 600, 300
"""Characters shown of a value to enter, and of what was found: a zone may hold any length. C copies all."""


def detail(
    row: Row, round_: Round, provider: Provider | None, history: History, *, may_write: bool = False
) -> list[Cells]:
    """The lines about ``row``, what is needed most first: enter this, found that, wrong so, do this.

    What is wrong and what fixes it must be in sight where there are few lines. ``may_write``: the page may
    be able to add the record itself.
    """
    return [
        *_to_enter(row.entry, row, round_.zone.apex or round_.domain, provider),
        *_found(row),
        *(line for finding in row.findings for line in _finding(finding, provider, may_write)),
        *_past(history),
        ("What for", PURPOSES[row.record.id]),
        *_alignment(row, round_),
        *_panel(provider, row.record.type),
    ]


def _to_enter(entry: Entry, row: Row, apex: str, provider: Provider | None) -> Iterator[Cells]:

    forms = hosts(row.record.name, apex, provider)
    host = Content.styled(entry.host, "bold") if entry.host else Content("(leave the host field empty)")
    yield ("Host", host)
    if len(forms) > 1 and forms[1] != entry.host:
        full = Content.styled("   where the panel wants the whole name", "$text-muted")
        yield ("or", Content.assemble(Content.styled(forms[1], "bold"), full))
    if not entry.value:
        yield ("Value", "(none is proposed: correct your own text as said below)")
        return
    value = Content.styled(printable(entry.value, LONGEST_VALUE), "bold")
    if entry.priority:
        priority = Content.styled(entry.priority, "bold")
        value = Content.assemble(value, COPY_GAP, Content.styled("priority ", "$text-muted"), priority)
    yield ("Value", value)


def _found(row: Row) -> Iterator[Cells]:
    """What stands at the name. Where nothing does, what is wrong says so, and where it stands instead."""
    if row.found:
        yield ("Found", printable(" | ".join(row.found), LONGEST_FOUND))
    elif not row.findings:
        yield ("Found", "not known" if row.status is RowStatus.UNKNOWN else "nothing at this name")


def _finding(finding: Finding, provider: Provider | None, may_write: bool) -> list[Cells]:
    """What is wrong, and what fixes it."""
    wrong: Cells = (severity_words(finding.severity), emphasised(finding.message))
    if finding.code == "absent":
        place = (
            f"{provider.name}'s panel: {provider.panel}" if provider and provider.panel else "your DNS panel"
        )
        by_hand = f"nter the host and the value above in {place}"
        fix = Content(f"F4 adds it, if it may. Or e{by_hand}" if may_write else f"E{by_hand}")
    else:
        fix = emphasised(finding.fix)
    return [wrong, (Content.styled("→ to do", "bold"), fix)] if fix else [wrong]


def _past(history: History) -> Iterator[Cells]:
    if history:
        steps = [Content.assemble(f"{clock(at)} ", row_words(row)) for at, row in history]
        yield ("Since", Content("  ").join(steps))


def _alignment(row: Row, round_: Round) -> Iterator[Cells]:
    """Beside the DMARC record: which of the two checks count for it with this very MAIL FROM domain."""

    if row.record.id is RecordId.DMARC:
        mail_from = next((r.record.name for r in round_.rows if r.record.id is RecordId.MAIL_FROM_MX), None)
        published = row.found[0] if row.status is RowStatus.OK and row.found else None
        dkim, spf = alignment(round_.domain, mail_from, published)
        yield ("Aligned", dkim)
        yield ("", spf)


def _panel(provider: Provider | None, record_type: str) -> Iterator[Cells]:
    if provider:
        yield (
            "Panel",
            Content.assemble(provider.name, COPY_GAP, Content.styled(provider.panel, "$text-accent")),
        )
        for trap in (*provider.traps, *(provider.mx_traps if record_type == "MX" else ())):
            yield ("", f"· {trap}")
