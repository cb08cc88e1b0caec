"""Step 5 in six pages: Who, What, When, Create, Test, Runs. F3 saves a page and opens the next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, ContentSwitcher, Static

from screens.commands import Command
from screens.frame.busy_line import BusyLine
from screens.frame.page import PAGES_CSS, StepScreen
from screens.messages import Decided, Looked
from screens.pages.reminder.create import CreatePage
from screens.pages.reminder.form_page import Page, SectionRead
from screens.pages.reminder.runs import RunsPage
from screens.pages.reminder.test_mail import TryPage
from screens.pages.reminder.what import WhatPage
from screens.pages.reminder.when import WhenPage
from screens.pages.reminder.who import WhoPage
from screens.state import AppState
from screens.widgets.columns import Cells, EventList
from screens.workers import reads, saves
from wizard.errors import WizardError
from wizard.project.schema import Project, Reminder
from wizard.reminder import draft
from wizard.reminder.recipients.csv_file import TypedFile
from wizard.reminder.schedule.schedules import local_zone, zone_names
from wizard.steps.identity.step import chosen_domain
from wizard.steps.model import StepName
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder.forms import Decision, Form, keep_typed
from wizard.steps.reminder.look import NOT_DEPLOYED
from wizard.steps.reminder.message_form import MessageForm, message_form
from wizard.steps.reminder.recipients_form import RecipientsForm, recipients_form
from wizard.steps.reminder.schedule_form import ScheduleForm, schedule_form
from wizard.world import World

ORDER = ("who", "what", "when", "create", "test", "runs")
PAGE_KEYS = ("f6", "f7", "f8", "ctrl+o")
"""Keys whose meaning depends on the page."""


@dataclass(frozen=True)
class Beginning:
    """The first content of the fields: from the file, or proposed."""

    domain: str
    who: RecipientsForm
    what: MessageForm
    when: ScheduleForm
    zones: Sequence[str]
    alerts: str
    stack: str
    address: str
    page: str


class ReminderScreen(StepScreen):
    """The six pages. Next finishes a page and opens the following one; Back returns."""

    STEP = StepName.REMINDER
    QUESTION = "Who gets what, and when?"
    WHY = WhoPage.WHY
    ACT = "Deploy; send a test e-mail"
    HELP = """
The reminder has six pages: **Who**, **What**, **When**, **Create**, **Test**, **Runs**. **F3** saves a page
and opens the next, **F2** returns. Other keys that leave a page save it, too.

In the demo **F9** opens the inbox of the embedded account.
"""
    # With priority: a TextArea uses F6 and F7 to select.
    KEYS: ClassVar[list[Command]] = [Command(key, f"press('{key}')", "", priority=True) for key in PAGE_KEYS]
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "reminder.tcss"]

    @dataclass
    class Begun(Message):
        """The first content of the fields is known."""

        beginning: Beginning

    @dataclass
    class Finished(Message):
        """The form ``entered`` was saved, or has problems."""

        before: Project
        entered: Form
        decision: Decision

    def __init__(self) -> None:
        super().__init__()
        self._begun: Beginning | None = None
        self._compared: Reminder | None = None
        """The settings last compared with the deployed ones."""

    def compose_step(self) -> ComposeResult:
        """The six pages, one at a time."""
        with ContentSwitcher(initial="who", id="pages"):
            yield WhoPage(TypedFile(self.wizard.path), id="who")
            yield WhatPage(id="what")
            yield WhenPage(id="when")
            yield CreatePage(id="create")
            yield TryPage(demo=self.wizard.demo is not None, id="test")
            yield RunsPage(id="runs")

    def on_mount(self) -> None:
        """The first page."""
        self._open("who")

    def begin(self) -> None:
        """Fill in the fields the first time, and look at the reminder."""
        if self._begun is None or self._begun.domain != self.state.domain:
            self._fill_in(self.state.world, self.state.project, self.query_one(WhoPage).typed_file)
        self._look(self.state.world, self.state.project, self.wizard.path.parent)
        self._page.came_up()

    def on_screen_resume(self) -> None:
        """A dialog has closed: the open page may be outdated."""
        if self._covered and self._begun:
            self._page.came_back()

    async def edited_outside(self, before: Project, after: Project) -> None:
        """Show the edited file, except on pages with unsaved text."""
        if self._begun and before.reminder != after.reminder:
            typed_file = self.query_one(WhoPage).typed_file
            with suppress(WizardError):  # Shown when the page opens.
                self._load(
                    await asyncio.to_thread(_beginning, self.state.world, after, typed_file), again=True
                )
        await super().edited_outside(before, after)

    # Unfinished forms

    async def keep(self) -> Sequence[Cells]:
        """Save what is typed and not in the file yet, as far as possible."""
        typed = self._typed()
        if not typed:
            return ()
        before, base = self.state.project, self.wizard.path.parent
        after, lost = await asyncio.to_thread(keep_typed, before, base, self.state.world.now(), typed)
        for name, entered in typed.items():
            self.query_one(f"#{name}", Page).saved = None if name in lost else entered
        if after != before:
            self.post_message(Decided(before, after))
        return [
            (Content.styled(f"! Reminder › {page.NAME}", "$text-warning"), words)
            for page in self.query(Page)
            for words in lost.get(page.id or "", ())
        ]

    def on_screen_suspend(self) -> None:
        """Another page or a dialog opens: save what is typed."""
        self._keep_meanwhile()

    def _keep_meanwhile(self) -> None:
        if self._typed():
            self._save_typed()

    @saves("Saving")
    async def _save_typed(self) -> None:
        await self.keep()

    def _typed(self) -> dict[str, Form]:
        """The forms that are typed and not in the file, by page."""
        if self._begun is None or self.wizard.state is None:
            return {}
        entered = {page.id or "": (page.entered(), page.saved) for page in self.query(Page)}
        return {name: now for name, (now, saved) in entered.items() if now and now != saved}

    # Workers

    @reads("Reading the file")
    def _fill_in(self, world: World, project: Project, typed_file: TypedFile) -> None:
        self.tell(self.Begun(_beginning(world, project, typed_file)))

    @reads("Asking AWS for the stack")
    def _look(self, world: World, project: Project, base: Path) -> None:

        seen = reminder.look(world, project, base)
        self.tell(SectionRead(seen, reminder.judge(seen, project), project))

    @reads("Saving")
    def _finish(self, project: Project, base: Path, now: datetime, entered: Form) -> None:
        self.tell(self.Finished(project, entered, entered.decided(project, base, now)))

    # Their results

    @on(Begun)
    def _show_beginning(self, message: Begun) -> None:
        self._load(message.beginning)
        # Changed settings wait on Create. F4 on Runs would send the mail that is deployed now.
        changed = self.state.standings[StepName.REMINDER].brief == NOT_DEPLOYED
        self._open("create" if changed and message.beginning.page == "runs" else message.beginning.page)

    def _load(self, begun: Beginning, *, again: bool = False) -> None:
        """Fill in the fields; ``again``: without losing unsaved text."""
        self._begun = begun
        loads = {
            "who": partial(self.query_one(WhoPage).load, begun.who),
            "what": partial(self.query_one(WhatPage).load, begun.what),
            "when": partial(self.query_one(WhenPage).load, begun.when, begun.zones),
            "create": partial(self.query_one(CreatePage).load, begun.alerts, begun.stack),
            "test": partial(self.query_one(TryPage).load, begun.address),
        }
        for page in self.query(Page):
            if again and page.saved != page.entered():
                if isinstance(page, WhatPage) and page.saved is None:
                    page.load_saved(begun.what)
                continue  # Unsaved text.
            if page.id in loads:
                loads[page.id]()
            page.saved = page.entered()

    @on(WhoPage.RecipientsRead)
    def _recipients_read(self, message: WhoPage.RecipientsRead) -> None:
        """Offer the recipients' fields for the message."""
        message.stop()
        if message.read and message.read.columns:
            self.query_one(WhatPage).offer(message.form, message.read)
            self.query_one(CreatePage).offer(message.read)

    @on(Finished)
    def _page_finished(self, message: Finished) -> None:
        decision = message.decision
        self._page.show_problems(decision.problems)
        if not decision.problems:
            self._page.saved = message.entered
            self.post_message(Decided(message.before, decision.project))
            self._open(ORDER[ORDER.index(self._current) + 1])

    @on(SectionRead)
    def _show_seen(self, message: SectionRead) -> None:
        self._compared = message.project.reminder
        self.post_message(Looked(message.standing))
        for page in self.query(Page):
            page.show_seen(message.seen)

    # Keys

    def action_back(self) -> None:
        """Go back within the page, or to the page or step before."""
        self.clear_error()
        if self._page.back():
            return
        self._keep_meanwhile()
        number = ORDER.index(self._current)
        if number:
            self._open(ORDER[number - 1])
        else:
            super().action_back()

    def action_next(self) -> None:
        """Save this page and open the next, or the next step."""
        self.clear_error()
        entered = self._page.entered()
        if entered:
            self.retry = self.action_next
            self._finish(self.state.project, self.wizard.path.parent, self.state.world.now(), entered)
        elif self._current != ORDER[-1]:
            self._open(ORDER[ORDER.index(self._current) + 1])
        else:
            super().action_next()

    def action_act(self) -> None:
        """Do what F4 does on this page."""
        self.clear_error()
        self._page.act()

    def action_press(self, key: str) -> None:
        """Do what the key does on this page."""
        if key in self._page.KEYS and not self.acting:
            self._page.press(key)

    def help_text(self) -> str:
        """The page's own help, then the step's."""
        return f"{self._page.HELP}\n\n{self.HELP}"

    @property
    def commands(self) -> list[Command]:
        """The open page's commands, then those of every step."""
        if not self.is_mounted:
            return super().commands
        page = self._page
        own = [Command(key, f"press('{key}')", words) for key, words in page.KEYS.items()]
        if page.ACT:
            own.insert(0, Command("f4", "act", page.ACT))
        return [*own, *(one for one in super().commands if one.action != "act" and one.label)]

    def show_error(self, error: WizardError, *, focus: str | None = None) -> None:
        """Show the error, and end the progress of the failed act."""
        if not self.acting:
            for events in self.query(EventList):
                events.drop_unfinished()
        super().show_error(error, focus=focus)

    def clear_error(self) -> None:
        """Remove the error; if it had the focus, focus the first field."""
        stood_there = any(panel.has_focus_within for panel in self.query("ErrorPanel"))
        super().clear_error()
        if stood_there:
            self.focus_first()

    def focus_first(self) -> None:
        """Focus the first field of the open page."""
        self._page.focus_first()

    # Pages

    @property
    def _current(self) -> str:
        return self.query_one("#pages", ContentSwitcher).current or ORDER[0]

    @property
    def _page(self) -> Page:
        return self.query_one(f"#{self._current}", Page)

    def _open(self, name: str) -> None:
        """Show one of the six pages."""
        self.query_one(BusyLine).forget_said()
        pages = self.query_one("#pages", ContentSwitcher)
        pages.current = name
        page = self._page
        # Not by a class: all six pages would be styled anew for it.
        pages.styles.height, pages.styles.min_height = ("1fr", 12) if page.FILLS else ("auto", None)
        self.query_one("#question", Static).update(Content.assemble(page.QUESTION, "   ", _way(name)))
        self.query_one("#why", Static).update(Content(page.WHY))
        button = self.query_one("#act", Button)
        button.display = page.ACT is not None
        button.label = f"{page.ACT}  F4"
        button.refresh(layout=True)
        page.focus_first()
        if self.wizard.state is not None:
            page.came_up()

    def redraw(self, state: AppState) -> None:
        """The project changed: update the pages, and compare it with the deployed stack."""
        outdated = self._compared is not None and self._compared != state.project.reminder
        if outdated and self.is_current and not self.acting:
            self._look(state.world, state.project, self.wizard.path.parent)
        for page in self.query(Page):
            page.redraw(state)


def _way(current: str) -> Content:
    """The names of the six pages, the current one marked."""
    pages = (WhoPage, WhatPage, WhenPage, CreatePage, TryPage, RunsPage)
    names = dict(zip(ORDER, (page.NAME for page in pages), strict=True))
    return Content(" › ").join(
        [
            Content.styled(f"[{title}]", "bold") if name == current else Content.styled(title, "$text-muted")
            for name, title in names.items()
        ]
    )


def _beginning(world: World, project: Project, typed_file: TypedFile) -> Beginning:
    """The forms from the file, or proposed. Raises WizardError without a domain."""

    domain = chosen_domain(project)
    kept = project.reminder
    pages = {"recipients": "who", "message": "what", "schedule": "when"}
    unfinished = [pages[part] for part in draft.missing(project)]
    return Beginning(
        domain=domain,
        who=recipients_form(world, project, typed_file, domain),
        what=message_form(project, domain),
        when=schedule_form(kept, local_zone()),
        zones=zone_names(),
        alerts=kept.alerts or "",
        stack=kept.stack,
        address=f"you@{domain}" if world.demo else "",
        page=(unfinished or ["runs" if kept.tested else "create"])[0],
    )
