"""Step 4's page: the live checklist. It asks the zone's own servers while somebody watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.commands import Command, in_demo
from screens.frame.key_line import KeyLine
from screens.frame.page import PAGES_CSS
from screens.messages import Looked
from screens.pages.dns.checklist import Checklist
from screens.pages.dns.outside import SERIOUS, published_at, remarks, ses_words, some_stand, zone_words
from screens.pages.dns.publishing import PublishingScreen
from screens.pages.dns.record_detail import detail
from screens.pages.dns.symbols import zone_finding
from screens.state import AppState
from screens.widgets.columns import Cells, Columns, EventList
from screens.workers import saves
from wizard.dns.findings import RowStatus
from wizard.steps.model import Status, StepName

if TYPE_CHECKING:
    from pathlib import Path

    from wizard.dns.findings import Round, Row
    from wizard.steps.dns.step import ExportKind

FIRST = "These records hold keys that SES has not made yet. Create the identity first: press F2."
"""What the page says while SES has no identity for the domain."""


class DnsScreen(PublishingScreen):
    """Seven rows that follow the zone, the highlighted one explained; going on is always possible."""

    STEP = StepName.DNS
    QUESTION = "Are the records right?"
    WHY = "Add these records at your DNS host: they prove that the domain is yours."
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
Cloudflare one of its own), and a CSV to hand to whoever keeps your DNS. They say which records are added and
which replace a value: an import adds the former alone.

In the demo you are the DNS host as well: **P** publishes the highlighted record, **F4** all of them, and
**W** adds one with the commonest mistake, to see it named. Each shows its plan and asks first.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "dns.tcss"]
    KEYS: ClassVar[list[Command]] = [
        Command("h,f6", "copy_host", "copy host"),
        Command("c,f7", "copy_value", "copy value"),
        Command("s,f8", "save_records", "save files"),
        Command("p", "publish", "publish", when=in_demo),
        Command("w", "publish_wrongly", "publish wrongly", when=in_demo),
    ]

    @dataclass
    class Saved(Message):
        """The records were written to files of these names."""

        names: Sequence[str]

    def compose_step(self) -> ComposeResult:
        """What the outside says, the list, the highlighted row, and this page's own keys."""
        yield Columns(id="outside")
        yield Static(FIRST, id="first", markup=False)
        with Vertical(id="board"):
            yield Checklist()
            with VerticalScroll(id="about", can_focus=False):
                yield Columns(id="detail")
                yield EventList(id="publishing")

    def compose_foot(self) -> ComposeResult:
        """The keys of this page."""
        own = (command for command in self.KEYS if command.when(self))
        yield KeyLine([replace(command, footer=True) for command in own], id="page-keys")

    def on_mount(self) -> None:
        """The list appears with its records, and F4 when it is known what it could do."""
        self.query_one("#act").display = False
        self.query_one("#first").display = False
        self._show_board(False)

    def begin(self) -> None:
        """Ask, with the keys in the list."""
        self.query_one(Checklist).focus()
        super().begin()

    # What was answered

    def ses_answered(self) -> None:
        """Show the list of the records that SES wants, and what it has found."""
        self._show_board(True)
        if self.known:
            self.query_one(Checklist).expect(self.known.records)
        self._judge()

    def ses_was_silent(self) -> None:
        """Say so; the list goes on following the zone."""
        self._draw_outside()

    def not_set_up(self) -> None:
        """Say what comes first."""
        self._clear()
        self._show_board(False)
        self.query_one("#first").display = True
        self.query_one("#next").focus()

    def zone_answered(self, before: Round | None, changed: Sequence[Row]) -> None:
        """Bring the rows up to date, and the text on the highlighted one: anew where that has changed."""
        assert self.round is not None
        self.query_one(Checklist).show(self.round.rows)
        if before is None:
            self._highlight_first_open(self.round)
        if self.round.ok and before is not None and not before.ok:
            self.app.bell()
            self.say("All records are right. SES checks them on its own.")
        self.offer_filling_in()
        self._draw_detail()
        if self.row in changed:
            self.query_one("#about").scroll_home(animate=False)
        self._judge()

    def _judge(self) -> None:
        """Tell the app where the step stands, if that is new."""
        from wizard.steps.dns import step as dns

        self._draw_outside()
        if self.round is None or self.known is None:
            return
        standing = dns.judge(self.round, self.known.identity)
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

    # Keys

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
        if self.round:
            self.retry = self.action_save_records
            at_cloudflare = self.provider is not None and self.provider.writable == "token"
            kinds: tuple[ExportKind, ...] = (
                ("zone", "csv", "cloudflare") if at_cloudflare else ("zone", "csv")
            )
            self._save(self.round, self.wizard.exports, kinds)

    @saves("Writing the files")
    def _save(self, round_: Round, folder: Path, kinds: tuple[ExportKind, ...]) -> None:
        from wizard.project.schema import write_whole
        from wizard.steps.dns import step as dns

        names = [f"{round_.domain}-records.{kind}" for kind in kinds]
        for kind, name in zip(kinds, names, strict=True):
            write_whole(folder / name, dns.export(round_, kind))
        self.post_message(self.Saved(names))

    @on(Saved)
    def _show_saved(self, message: Saved) -> None:
        first, *others = message.names
        endings = ", ".join(f".{name.rpartition('.')[2]}" for name in others)
        place = "beside the project file" if self.wizard.kept else "in this folder"
        self.say(f"Saved {place}: {first}, {endings}")

    def action_scroll_body(self, rows: int) -> None:
        """The list always fits: scroll what is said about the record."""
        self.query_one("#about").scroll_relative(y=rows, animate=False)

    # Drawing

    def redraw(self, state: AppState) -> None:
        """Another domain: what was seen is about the old one."""
        if self.round and self.round.domain != state.domain:
            self.forget()
            self._clear()
            self._show_board(False)

    def _clear(self) -> None:
        self.query_one("#detail", Columns).show([])
        self.query_one("#outside", Columns).show([])
        self.query_one(Checklist).expect(())
        self.query_one("#act").display = False

    @on(Checklist.Highlighted)
    def _highlighted(self) -> None:
        self.show_events(False)
        self.query_one("#about").scroll_home(animate=False)
        self._draw_detail()

    def _draw_detail(self) -> None:
        row = self.row
        if row and self.round:
            identity = self.known.identity if self.known else None
            rows = [
                *detail(row, self.round, self.provider, self.past(row), may_write=self.may_write),
                *remarks(self.round, identity),
            ]
            self.query_one("#detail", Columns).show(rows)

    def _draw_outside(self) -> None:
        rows: list[Cells] = []
        if self.round:
            rows.append(("Zone", zone_words(self.round, self.provider)))
            rows += [zone_finding(finding) for finding in self.round.findings if finding.severity in SERIOUS]
        if self.silent:
            words = f"could not be asked just now: {self.silent.title}"
            rows.append(("SES", Content.styled(words, "$text-warning")))
        elif self.known:
            seen = self.round.rows if self.round else ()
            published = published_at(self.past(row) for row in seen)
            some = self.round is not None and some_stand(self.round)
            rows.append(("SES", ses_words(self.known.identity, self.known.at, published, some=some)))
        self.query_one("#outside", Columns).show(rows)

    def _highlight_first_open(self, round_: Round) -> None:
        """Begin at the first record that is not right."""
        row = next((row for row in round_.rows if row.status is not RowStatus.OK), None)
        if row:
            self.query_one(Checklist).highlight(row.record.id)
