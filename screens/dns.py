"""Step 4's page: the live checklist. It asks the zone's own servers while somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Button, Static

from screens.base import PAGES_CSS, StepScreen
from screens.dns_outside import SERIOUS, published_at, remarks, ses_words, some_stand, zone_words
from screens.dns_symbols import zone_finding
from screens.messages import Happened, Looked
from screens.state import AppState
from screens.widgets.checklist import LABELS, Checklist
from screens.widgets.columns import Cells, Columns, EventList
from screens.widgets.key_line import KeyLine
from screens.widgets.record_detail import detail
from wizard.dns.records import RecordId
from wizard.dns.verdict import RowStatus
from wizard.errors import WizardError
from wizard.steps.model import Status, StepName

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from wizard.aws.sesv2 import SesIdentity
    from wizard.dns.providers import Provider
    from wizard.dns.records import Record
    from wizard.dns.verdict import Round, Row
    from wizard.project import Project
    from wizard.steps.dns import ExportKind, PublishPlan
    from wizard.world import Stage, World

ASK_SES_AFTER = (2, 5, 10, 20, 40, 60)
"""Seconds until SES is asked again, longer each time; a change in the zone or a key starts over."""


FIRST = "First SES makes the keys that these records hold. That is the step before this one: F2 goes there."
"""What the page says while SES has no identity for the domain."""


class DnsScreen(StepScreen):
    """Seven rows that follow the zone, the highlighted one explained; going on is always possible."""

    STEP = StepName.DNS
    QUESTION = "Are the records right?"
    WHY = "They prove that the domain is yours, and let receivers trust its mail. Add them at its DNS host."
    ACT = "Fill in for me"
    HELP = """
Each row is one DNS record. **↑ ↓** choose a row; below it stands what to enter, and what was found.
**Page Down** reads on in a long text. Any key asks the zone's servers at once; else they are asked every
few seconds.

- **✓ found**: all of the zone's servers that answer have it, and it is right
- **… missing**: add it · **✗ mistake**, **✗ differs**: it is there, but not so; see below the list
- **· optional**: not needed for SES · **? unknown**: no server answered

SES looks by itself, for up to 72 hours, and cannot be hurried. You need not wait here: go on with **F3**.

**F4** adds the records for you where the zone is in Route 53 of the same account, or at Cloudflare with a
token in the environment (`CLOUDFLARE_API_TOKEN`), after showing what it would do. What stands in its place is
changed only after you saw the old value. **S** writes the records to files: a zone file to import (for
Cloudflare one of its own), and a CSV to hand to whoever keeps your DNS.

In the demo you are the DNS host as well: **P** publishes the highlighted record, **F4** all of them, and
**W** publishes one with the commonest mistake, to see it named.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "dns.tcss"]
    UNENDING = frozenset({"dns"})
    BINDINGS: ClassVar[list[BindingType]] = [
        *StepScreen.BINDINGS,
        Binding("h,f6", "copy_host", "copy host", show=False),
        Binding("c,f7", "copy_value", "copy value", show=False),
        Binding("s,f8", "save_records", "save files", show=False),
        Binding("p", "publish", "Demo: publish", show=False),
        Binding("w", "publish_wrongly", "Demo: publish wrongly", show=False),
    ]

    class Known(Message):
        """SES answered; these are the records it wants."""

        def __init__(self, identity: SesIdentity, records: tuple[Record, ...], at: datetime) -> None:
            super().__init__()
            self.identity = identity
            self.records = records
            self.at = at

    class NotSetUp(Message):
        """SES has no identity for the domain yet, so there are no records."""

    class SesSilent(Message):
        """SES could not be asked this time."""

        def __init__(self, error: WizardError) -> None:
            super().__init__()
            self.error = error

    class Asked(Message):
        """One round of asking the zone's servers."""

        def __init__(self, round_: Round) -> None:
            super().__init__()
            self.round = round_

    class Planned(Message):
        """What filling in would do; None where the wizard may not write to the zone."""

        def __init__(self, publish_plan: PublishPlan | None) -> None:
            super().__init__()
            self.publish_plan = publish_plan

    class Published(Message):
        """Records were put into the zone; ``words`` say how."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Saved(Message):
        """The records were written to files of these names."""

        def __init__(self, names: Sequence[str]) -> None:
            super().__init__()
            self.names = names

    def __init__(self) -> None:
        super().__init__()
        self._wake = asyncio.Event()
        self._known: DnsScreen.Known | None = None
        self._silent: WizardError | None = None
        self._round: Round | None = None
        self._watched: tuple[str, tuple[Record, ...]] | None = None
        self._history: dict[tuple[RecordId, str], list[tuple[datetime, Row]]] = {}
        """By the record's kind and full name: it outlives a visit to other pages, and to other domains."""
        self._ses_timer: Timer | None = None
        self._ses_patience = 0

    def compose_step(self) -> ComposeResult:
        """What the outside says, the list, the highlighted row, and this page's own keys."""
        yield Columns(id="outside")
        yield Static(FIRST, id="first", markup=False)
        with Vertical(id="board"):
            yield Checklist()
            with VerticalScroll(id="about", can_focus=False):
                yield Columns(id="detail")
                yield EventList(id="publishing")
        yield self._key_line()

    def on_mount(self) -> None:
        """The list appears with its records, and F4 when it is known what it could do."""
        self.query_one("#act").display = False
        self.query_one("#first").display = False
        self._show_board(False)

    def begin(self) -> None:
        """Ask SES what it wants and has found, and the zone at once. The list has the keys."""
        self._nudge()
        self.query_one(Checklist).focus()
        self._look(self.state.world, self.state.project)

    def on_screen_suspend(self) -> None:
        """A page that is left asks nobody."""
        if self not in self.app.screen_stack:
            self._watched = None
            if self._ses_timer:
                self._ses_timer.stop()

    # Asking, in workers

    @work(thread=True, exclusive=True, exit_on_error=False, group="ses", description="Asking SES")
    def _look(self, world: World, project: Project, *, again: bool = False) -> None:
        from wizard.dns.providers import providers
        from wizard.steps import dns, identity

        # The DNS library and the providers' table are loaded here, where no key waits for them.
        import_module("wizard.dns.checklist")
        providers()
        try:
            seen = identity.look(world, project).identity
        except WizardError as error:
            if not again:
                raise
            self.tell(self.SesSilent(error))
        else:
            self.tell(self.Known(seen, dns.records(project, seen), world.now()) if seen else self.NotSetUp())

    @work(exclusive=True, exit_on_error=False, group="dns", description="Watching the zone")
    async def _watch(self, world: World, project: Project, identity: SesIdentity) -> None:
        from wizard.steps import dns

        async for round_ in dns.watch(world, project, identity, self._wake):
            self.post_message(self.Asked(round_))

    @on(Known)
    def _show_known(self, message: Known) -> None:
        self._known, self._silent = message, None
        self._show_board(True)
        domain = self.state.domain
        if self._watched != (domain, message.records):
            if self._watched is None or self._watched[0] != domain:
                self._round = None
            self._watched = (domain, message.records)
            self.query_one(Checklist).expect(message.records)
            self._watch(self.state.world, self.state.project, message.identity)
        self._judge()
        self._ask_ses_later()

    @on(NotSetUp)
    def _show_not_set_up(self) -> None:
        self._forget()
        self._show_board(False)
        self.query_one("#first").display = True
        self.query_one("#back").focus()

    def _show_board(self, shown: bool) -> None:
        """The list and its keys; they come up with the focus on the list."""
        board = self.query_one("#board")
        came_up = shown and not board.display
        board.display = self.query_one("#page-keys").display = shown
        if shown:
            self.query_one("#first").display = False
        if came_up:
            self.query_one(Checklist).focus()

    @on(SesSilent)
    def _show_silent(self, message: SesSilent) -> None:
        self._silent = message.error
        self._draw_outside()
        self._ask_ses_later()

    @on(Asked)
    def _show_round(self, message: Asked) -> None:
        before, self._round = self._round, message.round
        changed = [row for row in message.round.rows if self._changed(row)]
        for row in changed:
            self._past(row).append((message.round.checked_at, row))
        checklist = self.query_one(Checklist)
        checklist.show(message.round.rows)
        if before is None:
            self._highlight_first_open(message.round)
        elif changed:
            self._ask_ses_soon()
        if message.round.ok and before is not None and not before.ok:
            self.app.bell()
            self.say("All records are right: SES finds them by itself.")
        self._offer_filling_in()
        self._draw_detail()
        self._judge()

    def _past(self, row: Row) -> list[tuple[datetime, Row]]:
        """When the state of ``row`` changed in this run of the program, and what it then was."""
        return self._history.setdefault((row.record.id, row.record.name), [])

    def _changed(self, row: Row) -> bool:
        """Whether ``row`` says something else than at its last change."""
        past = self._past(row)
        if not past:
            return True
        last = past[-1][1]
        return (last.status, last.found, [f.code for f in last.findings]) != (
            row.status,
            row.found,
            [f.code for f in row.findings],
        )

    def _judge(self) -> None:
        """Tell the app where the step stands, if that is new."""
        from wizard.steps import dns

        self._draw_outside()
        if self._round is None or self._known is None:
            return
        standing = dns.judge(self._round, self._known.identity)
        before = self.state.standings[StepName.DNS]
        if standing != before:
            self.post_message(Looked(standing))
        if standing.status is Status.DONE and before.status is not Status.DONE:
            self.query_one("#next").focus()

    # SES is asked again and again, ever more slowly

    def _ask_ses_later(self) -> None:
        if self._ses_timer:
            self._ses_timer.stop()
        if self._known is None or not self._known.identity.complete:
            delay = ASK_SES_AFTER[min(self._ses_patience, len(ASK_SES_AFTER) - 1)]
            self._ses_patience += 1
            self._ses_timer = self.set_timer(delay, self._ask_ses_again)

    def _ask_ses_soon(self) -> None:
        self._ses_patience = 0
        self._ask_ses_later()

    def _ask_ses_again(self) -> None:
        self._look(self.state.world, self.state.project, again=True)

    # Keys

    def on_key(self, event: Key) -> None:
        """Somebody is here: ask at once."""
        self._nudge()

    def _nudge(self) -> None:
        self._ses_patience = 0
        self._wake.set()

    def action_copy_host(self) -> None:
        """Hand the host to the terminal's clipboard."""
        if row := self._row:
            self._copy("Host", row.entry.host)

    def action_copy_value(self) -> None:
        """Hand the value to the terminal's clipboard."""
        if row := self._row:
            self._copy("Value", row.entry.value)

    def _copy(self, what: str, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.say(f"{what} sent to the terminal's clipboard; S writes files if it does not arrive")

    def action_save_records(self) -> None:
        """Write the records beside the project file."""
        if self._round:
            self.retry = self.action_save_records
            at_cloudflare = self._provider is not None and self._provider.writable == "token"
            kinds: tuple[ExportKind, ...] = (
                ("zone", "csv", "cloudflare") if at_cloudflare else ("zone", "csv")
            )
            self._save(self._round, self.wizard.path, kinds)

    @work(thread=True, exclusive=True, exit_on_error=False, group="file", description="Writing the files")
    def _save(self, round_: Round, path: Path, kinds: tuple[ExportKind, ...]) -> None:
        from wizard.project import write_whole
        from wizard.steps import dns

        names = [f"{round_.domain}-records.{kind}" for kind in kinds]
        for kind, name in zip(kinds, names, strict=True):
            write_whole(path.with_name(name), dns.export(round_, kind))
        self.post_message(self.Saved(names))

    @on(Saved)
    def _show_saved(self, message: Saved) -> None:
        first, *others = message.names
        endings = ", ".join(f".{name.rpartition('.')[2]}" for name in others)
        self.say(f"Saved beside the project file: {first}, {endings}")

    def action_scroll_body(self, rows: int) -> None:
        """The list always fits: scroll what is said about the record."""
        self.query_one("#about").scroll_relative(y=rows, animate=False)

    # Filling in

    def action_act(self) -> None:
        """Plan the filling in and show it; in the demo's panel zone, publish everything."""
        if self._round is None or self.acting or not self.query_one("#act").display:
            return
        self.clear_error()
        self.retry = self.action_act
        if self._writable:
            self._plan(self.state.world, self.state.project, self._round)
        else:
            self._publish_on_stage([row.record for row in self._round.rows], "All records are published.")

    @work(
        thread=True, exclusive=True, exit_on_error=False, group="aws", description="Working out what to add"
    )
    def _plan(self, world: World, project: Project, round_: Round) -> None:
        from wizard.steps import dns

        self.tell(self.Planned(dns.plan(world, project, round_)))

    @on(Planned)
    def _confirm(self, message: Planned) -> None:
        publish_plan = message.publish_plan
        if publish_plan is None or publish_plan.zone is None:
            self.show_error(_not_ours(publish_plan.notes if publish_plan else ()))
        elif not publish_plan.changes:
            self.show_error(_nothing_to_add(publish_plan.notes))
        else:
            carry_out = partial(self._carry_out, publish_plan)
            self.confirm(publish_plan.plan, carry_out, yes="Yes, add them", notes=publish_plan.notes)

    def _carry_out(self, publish_plan: PublishPlan) -> None:
        self.query_one("#publishing", EventList).clear()
        self._show_events(True)
        self._fill_in(self.state.world, publish_plan)

    def _show_events(self, shown: bool) -> None:
        """Let what happens while records are added stand where the highlighted row's text does, or not."""
        self.query_one("#publishing").display = shown
        self.query_one("#detail").display = not shown

    @work(thread=True, exclusive=True, exit_on_error=False, group="act", description="Adding the records")
    def _fill_in(self, world: World, publish_plan: PublishPlan) -> None:
        from wizard.steps import dns

        dns.act(world, publish_plan, self.happened)
        self.post_message(self.Published("The records are added. Their servers have them within a minute."))

    @on(Happened)
    def _show_event(self, message: Happened) -> None:
        message.stop()
        self.query_one("#publishing", EventList).add(message.event)

    @on(Published)
    def _show_published(self, message: Published) -> None:
        self._show_events(False)
        self.say(message.words)
        self._nudge()
        self._ask_ses_soon()

    # The demo's DNS panel

    def action_publish(self) -> None:
        """In the demo: the highlighted record, as it should be."""
        row = self._row
        if row and not self.acting:
            self._publish_on_stage([row.record], f"{LABELS[row.record.id]} is published.")

    def action_publish_wrongly(self) -> None:
        """In the demo: the highlighted record, with the commonest mistake."""
        stage, row = self.state.world.stage, self._row
        if stage and row and not self.acting:
            record = row.record
            self._publish(lambda: stage.publish_wrongly(record))

    def _publish_on_stage(self, records: Sequence[Record], words: str) -> None:
        stage = self.state.world.stage
        if stage:
            self._publish(lambda: _published(stage, records, words))

    @work(thread=True, exclusive=True, exit_on_error=False, group="act", description="Publishing")
    def _publish(self, publish: Callable[[], str]) -> None:
        self.post_message(self.Published(publish()))

    # Drawing

    def redraw(self, state: AppState) -> None:
        """Another domain: what was seen is about the old one."""
        if self._round and self._round.domain != state.domain:
            self._forget()
            self._show_board(False)

    def _forget(self) -> None:
        """What was seen is about nothing that is there now."""
        for worker in self.workers:
            if worker.node is self and worker.group == "dns":
                worker.cancel()
        self._round, self._known, self._watched = None, None, None
        self.query_one("#detail", Columns).show([])
        self.query_one("#outside", Columns).show([])
        self.query_one(Checklist).expect(())
        self.query_one("#act").display = False

    @on(Checklist.Highlighted)
    def _highlighted(self) -> None:
        self._show_events(False)
        self.query_one("#about").scroll_home(animate=False)
        self._draw_detail()

    def _draw_detail(self) -> None:
        row = self._row
        if row and self._round:
            identity = self._known.identity if self._known else None
            rows = [
                *detail(row, self._round, self._provider, self._past(row)),
                *remarks(self._round, identity),
            ]
            self.query_one("#detail", Columns).show(rows)

    def _draw_outside(self) -> None:
        rows: list[Cells] = []
        if self._round:
            rows.append(("Zone", zone_words(self._round, self._provider)))
            rows += [zone_finding(finding) for finding in self._round.findings if finding.severity in SERIOUS]
        if self._silent:
            words = f"could not be asked just now: {self._silent.title}"
            rows.append(("SES", Content.styled(words, "$text-warning")))
        elif self._known:
            seen = self._round.rows if self._round else ()
            published = published_at(self._past(row) for row in seen)
            some = self._round is not None and some_stand(self._round)
            rows.append(("SES", ses_words(self._known.identity, self._known.at, published, some=some)))
        self.query_one("#outside", Columns).show(rows)

    def _highlight_first_open(self, round_: Round) -> None:
        """Begin at the first record that is not right."""
        row = next((row for row in round_.rows if row.status is not RowStatus.OK), None)
        if row:
            self.query_one(Checklist).highlight(row.record.id)

    def _offer_filling_in(self) -> None:
        button = self.query_one("#act", Button)
        rows = self._round.rows if self._round else ()
        open_rows = any(row.status is not RowStatus.OK for row in rows)
        button.display = open_rows and (self._writable or self.state.world.demo)
        button.label = f"{self.ACT if self._writable else 'Publish all'}  F4"
        button.refresh(layout=True)

    @property
    def _row(self) -> Row | None:
        """The highlighted row, as last seen."""
        record_id = self.query_one(Checklist).record_id
        rows = self._round.rows if self._round else ()
        return next((row for row in rows if row.record.id is record_id), None)

    @property
    def _provider(self) -> Provider | None:
        from wizard.dns.providers import providers

        key = self._round.provider if self._round else None
        return next((provider for provider in providers() if provider.key == key), None)

    @property
    def _writable(self) -> bool:
        """Whether the wizard may be able to add the records itself."""
        writable = self._provider.writable if self._provider else ""
        return writable == "aws" or (writable == "token" and bool(self.state.world.dns.cloudflare))

    def _key_line(self) -> KeyLine:
        actions = ["copy_host", "copy_value", "save_records"]
        if self.wizard.demo:
            actions += ["publish", "publish_wrongly"]
        bindings = [binding for binding in self.BINDINGS if isinstance(binding, Binding)]
        line = KeyLine([_shown(binding) for binding in bindings if binding.action in actions])
        line.id = "page-keys"
        return line


def _not_ours(notes: Sequence[str]) -> WizardError:
    return WizardError(
        "The zone cannot be filled in from here",
        " ".join(notes) or "It is in Route 53, but these credentials see no zone for the domain.",
        "Start with the account or the token that holds the zone, or enter the records there by hand.",
    )


def _nothing_to_add(notes: Sequence[str]) -> WizardError:
    return WizardError(
        "Nothing can be added for you here",
        " ".join(notes) or "What is missing stands there already, or has something in its place.",
        "Look at the rows that are not right: what is said below the list is yours to do.",
    )


def _published(stage: Stage, records: Sequence[Record], words: str) -> str:
    stage.publish(records)
    return words


def _shown(binding: Binding) -> Binding:
    return Binding(binding.key, binding.action, binding.description.removeprefix("Demo: "))
