"""Step 4's page: the live checklist. It asks the zone's own servers while somebody watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.message import Message
from textual.widgets import Button, Static

from screens.commands import Command, in_demo
from screens.frame.key_line import KeyLine
from screens.frame.page import PAGES_CSS, StepScreen
from screens.messages import Happened, Looked
from screens.pages.dns.checklist import LABELS, Checklist
from screens.pages.dns.outside import outside_rows, remarks
from screens.pages.dns.publisher import Publisher, may_write
from screens.pages.dns.record_detail import RecordCard, detail
from screens.pages.dns.watcher import RecordsChecked, Watcher
from screens.state import AppState
from screens.widgets.columns import Columns
from screens.workers import saves
from wizard.dns.findings import Round, Row, RowStatus
from wizard.project.schema import write_whole
from wizard.steps.dns import publish
from wizard.steps.dns import step as dns
from wizard.steps.dns.publish import ExportKind
from wizard.steps.model import Status, StepName

NO_IDENTITY = "Nothing to check yet: these records hold keys that SES makes with the identity (step 3)."
SET_UP_FIRST = "Press F2 to go to step 3, then F4 to set up the identity."


class DnsScreen(StepScreen):
    """Seven rows that follow the zone, the highlighted one explained; going on is always possible."""

    STEP = StepName.DNS
    QUESTION = "Are the records right?"
    WHY = "Add these records at your DNS host: they prove that the domain is yours."
    ACT = "Add the records"
    HELP = """
Each row is one DNS record. **↑ ↓** choose a row; the text below says what to enter, and what was found.
**Page Down** scrolls that text. Any key asks the zone's servers at once; otherwise they are asked every few
seconds.

- **DKIM** records hold the keys that receivers check the signature of your mail with.
- **MAIL FROM** is the domain that bounces go back to, a subdomain of yours. Its **MX** record names the mail
  server that takes these bounces: SES.
- **SPF** is a TXT record that lists who may send mail for a domain.
- **DMARC** tells receivers what to do with mail that fails these checks.

What the marks say:

- **✓ ok**: every server of the zone that answers has the right record
- **… missing**: add it · **✗ incorrect**: the record is wrong or at the wrong name; the text says how
- **· optional**: SES does not need it · **? unknown**: no server answered

SES checks by itself, for up to 72 hours, and cannot be hurried. You need not wait here: press **F3**.

**F4** adds the records if the zone is in Route 53 of the same account, or at Cloudflare with a token in the
environment (`CLOUDFLARE_API_TOKEN`). It shows what it would do first, and changes an existing record only
after showing its old value. **S** writes the records to files: a zone file to import (for Cloudflare one of
its own), and a CSV for whoever manages your DNS. The files say which records are added and which replace a
value: an import adds the former only.

In the demo you are the DNS host as well: **P** publishes the highlighted record, **F4** all of them, and
**W** adds a wrong one on purpose, with the domain twice, to show how it is found. Each shows its plan and
asks first.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "dns.tcss"]
    KEYS: ClassVar[list[Command]] = [
        Command("h,f6", "copy_host", "copy host"),
        Command("c,f7", "copy_value", "copy value"),
        Command("s,f8", "save_records", "save files"),
        Command("p", "publish", "publish", when=in_demo),
        Command("w", "publish_wrongly", "publish wrongly", when=in_demo),
        # Also while the focus is on a button.
        Command("up", "move(-1)", ""),
        Command("down", "move(1)", ""),
    ]
    SCROLLS = "#about"

    @dataclass
    class Saved(Message):
        """The records were written to files of these names."""

        names: Sequence[str]

    def compose_step(self) -> ComposeResult:
        """What SES and the zone's servers say, the list, and the card of the highlighted record."""
        yield Watcher()
        yield Publisher()
        yield Columns(id="outside")
        yield Static(f"{NO_IDENTITY}\n{SET_UP_FIRST}", id="first", markup=False)
        with Vertical(id="board"):
            yield Checklist()
            yield RecordCard(id="about")

    def compose_foot(self) -> ComposeResult:
        """The keys of this page."""
        own = (command for command in self.KEYS if command.label and command.when(self))
        yield KeyLine([replace(command, footer=True) for command in own], id="page-keys")

    def on_mount(self) -> None:
        """The list appears with its records, and F4 when it is known what it could do."""
        self.query_one("#act").display = False
        self.query_one("#first").display = False
        self._show_board(False)

    def begin(self) -> None:
        """Ask, with the keys in the list."""
        self.query_one(Checklist).focus()
        self.watcher.look()

    def on_key(self, event: Key) -> None:
        """Somebody is here: ask at once."""
        self.watcher.nudge()

    def on_screen_suspend(self) -> None:
        """A page that is left asks nobody."""
        if self not in self.app.screen_stack:
            self.watcher.stop()

    @property
    def watcher(self) -> Watcher:
        """The part that asks."""
        return self.query_one(Watcher)

    @property
    def seen(self) -> RecordsChecked:
        """What is known of the records."""
        return self.watcher.seen

    @property
    def row(self) -> Row | None:
        """The highlighted row, as last seen."""
        return self.seen.row(self.query_one(Checklist).record_id)

    @property
    def may_write(self) -> bool:
        """Whether the wizard may be able to add the records itself."""
        return may_write(self.seen.provider, self.state.world)

    # What was seen

    @on(Watcher.Changed)
    def _show_seen(self, message: Watcher.Changed) -> None:
        """Bring the page up to date; the card starts at its top if the highlighted record has news."""
        seen, before = self.seen, message.before
        if seen.no_identity:
            self._clear()
            self.query_one("#first").display = True
            self.query_one("#next").focus()
        elif seen.round is not None and seen.round is not before.round:
            self._show_round(seen.round, before.round, message.changed)
        elif seen.ses is not None and seen.silent is None:
            self._show_board(True)
            if seen.round is None:
                self.query_one(Checklist).expect(seen.ses.records)
        self._judge(seen)

    def _show_round(self, round_: Round, before: Round | None, changed: Sequence[Row]) -> None:
        self._show_board(True)
        checklist = self.query_one(Checklist)
        checklist.show(round_.rows)
        if before is None:
            wrong = next((row for row in round_.rows if row.status is not RowStatus.OK), None)
            if wrong:
                checklist.highlight(wrong.record.id)
        if round_.ok and before is not None and not before.ok:
            self.app.bell()
            self.say("All records are right. SES checks them on its own.")
        self._offer_adding()
        self._draw_card()
        if self.row in changed:
            self.query_one(RecordCard).scroll_home(animate=False)

    def _judge(self, seen: RecordsChecked) -> None:
        """Tell the app where the step stands, if that is new."""
        self.query_one("#outside", Columns).show(outside_rows(seen))
        if seen.round is None or seen.ses is None:
            return
        standing = dns.judge(seen.round, seen.ses.identity)
        before = self.state.standings[StepName.DNS]
        if standing != before:
            self.post_message(Looked(standing))
        if standing.status is Status.DONE and before.status is not Status.DONE:
            self.query_one("#next").focus()

    def _show_board(self, shown: bool) -> None:
        """The list and its keys; they come up with the focus on the list."""
        board = self.query_one("#board")
        came_up = shown and not board.display
        board.display = self.query_one("#page-keys").display = shown
        if shown:
            self.query_one("#first").display = False
        if came_up:
            self.query_one(Checklist).focus()

    def _offer_adding(self) -> None:
        """Show F4 while there is something to add, where anything can be added from here."""
        button = self.query_one("#act", Button)
        unfinished = any(row.status is not RowStatus.OK for row in self.seen.rows)
        if button.has_focus and not unfinished:
            self.query_one(Checklist).focus()
        button.display = unfinished and (self.may_write or in_demo(self))
        button.label = f"{self.ACT if self.may_write else 'Publish all'}  F4"
        button.refresh(layout=True)

    def redraw(self, state: AppState) -> None:
        """Another domain: what was seen is about the old one."""
        if self.seen.round and self.seen.round.domain != state.domain:
            self.watcher.forget()
            self._clear()

    def _clear(self) -> None:
        self.query_one(RecordCard).show(())
        self.query_one("#outside", Columns).show([])
        self.query_one(Checklist).expect(())
        self.query_one("#act").display = False
        self._show_board(False)

    @on(Checklist.Highlighted)
    def _draw_card(self, event: Checklist.Highlighted | None = None) -> None:
        row, seen, card = self.row, self.seen, self.query_one(RecordCard)
        if event:
            card.scroll_home(animate=False)
        if row and seen.round:
            about = detail(row, seen.round, seen.provider, seen.past(row), may_write=self.may_write)
            notes = remarks(seen.round, seen.ses.identity if seen.ses else None)
            card.show([*about, *notes], instead_of_events=event is not None)

    # Publishing

    def action_act(self) -> None:
        """Plan the publishing of all records and show it."""
        if self.seen.round and self.query_one("#act").display:
            later = "The records are added. Their servers have them within a minute."
            done = later if self.may_write else "The records are published."
            self.query_one(Publisher).publish(self.seen.round, None, done=done, again=self.action_act)

    def action_publish(self) -> None:
        """In the demo: publish the highlighted record as it should be."""
        row = self.row
        if row and row.status is RowStatus.OK:
            self.say(f"{LABELS[row.record.id]} is right already.", not_yet=True)
        elif row:
            self._publish_one(row, f"{LABELS[row.record.id]} is published.")

    def action_publish_wrongly(self) -> None:
        """In the demo: publish the highlighted record with the commonest mistake."""
        if self.row and self.seen.round:
            words = "Published with the domain twice, as some DNS panels do."
            self._publish_one(publish.doubled(self.row, self.seen.round), words)

    def _publish_one(self, row: Row, done: str) -> None:
        if self.seen.round and not self.acting:
            again = self.action_publish if row is self.row else self.action_publish_wrongly
            self.query_one(Publisher).publish(self.seen.round, [row], done=done, again=again)

    @on(Publisher.Begun)
    def _show_begun(self) -> None:
        self.query_one(RecordCard).begin_events()

    @on(Happened)
    def _show_event(self, message: Happened) -> None:
        message.stop()
        self.query_one(RecordCard).add_event(message.event)

    @on(Publisher.Published)
    def _show_published(self, message: Publisher.Published) -> None:
        self.query_one(RecordCard).end_events()
        self.say(message.words)
        self.watcher.nudge()
        self.watcher.ask_ses_soon()

    def action_move(self, rows: int) -> None:
        """Highlight another row."""
        self.query_one(Checklist).move_cursor(row=self.query_one(Checklist).cursor_row + rows)

    # Copies

    def action_copy_host(self) -> None:
        """Hand the host to the terminal's clipboard."""
        if row := self.row:
            self._copy("Host", row.entry.host)

    def action_copy_value(self) -> None:
        """Hand the value to the terminal's clipboard."""
        if row := self.row:
            self._copy("Value", row.entry.value)

    def _copy(self, what: str, text: str) -> None:
        if not text:
            self.say(f"{what}: nothing to copy")
            return
        self.app.copy_to_clipboard(text)
        self.say(f"{what} sent to the terminal's clipboard; S writes files if it does not arrive")

    def action_save_records(self) -> None:
        """Write the records beside the project file."""
        if self.seen.round:
            self.retry = self.action_save_records
            at_cloudflare = self.seen.provider is not None and self.seen.provider.writable == "token"
            kinds: tuple[ExportKind, ...] = ("zone", "csv")
            self._save(
                self.seen.round, self.wizard.exports, (*kinds, "cloudflare") if at_cloudflare else kinds
            )

    @saves("Writing the files")
    def _save(self, round_: Round, folder: Path, kinds: tuple[ExportKind, ...]) -> None:

        names = [f"{round_.domain}-records.{kind}" for kind in kinds]
        for kind, name in zip(kinds, names, strict=True):
            write_whole(folder / name, publish.export(round_, kind))
        self.post_message(self.Saved(names))

    @on(Saved)
    def _show_saved(self, message: Saved) -> None:
        first, *others = message.names
        endings = ", ".join(f".{name.rpartition('.')[2]}" for name in others)
        place = "beside the project file" if self.wizard.kept else "in this folder"
        self.say(f"Saved {place}: {first}, {endings}")
