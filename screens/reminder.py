"""Step 5's page, in five small ones: who, what, when, create, test. Each is saved when it is finished."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, ContentSwitcher, Static

from screens.base import StepScreen
from screens.messages import Decided, Happened, Looked
from screens.reminder_create import CreatePage
from screens.reminder_page import Decision, Entered, Page, Problem, with_typed
from screens.reminder_test import TryPage
from screens.reminder_what import What, WhatPage
from screens.reminder_when import When, WhenPage, first_choice
from screens.reminder_who import Who, WhoPage
from screens.state import AppState
from screens.widgets.columns import Cells
from wizard.errors import WizardError
from wizard.steps.model import Standing, StepName

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from wizard.project import Project
    from wizard.reminder.recipients import Recipients
    from wizard.steps.reminder import ReminderPlan, ReminderSeen, TestResult
    from wizard.world import World

ORDER = ("who", "what", "when", "create", "test")


@dataclass(frozen=True)
class Beginning:
    """What the fields begin with: from the file, or else a proposal."""

    domain: str
    who: Who
    what: What
    when: When
    zones: Sequence[str]
    address: str
    page: str


class ReminderScreen(StepScreen):
    """Next finishes a page and opens the one after it; Back goes the same way back."""

    STEP = StepName.REMINDER
    QUESTION = "Who gets what, and when?"
    WHY = WhoPage.WHY
    ACT = "Set it up; send a test mail"
    HELP = """
Five small pages, one question each. **F3** saves a page into the project file and opens the next. What you
typed is kept as well when you leave by another key.

- **Who**: one address a line, with a name after a comma, or a CSV file with a column called `email`.
  What you type is kept in `recipients.csv`, beside the project file.
- **What**: the mail, with fields like `{{name}}`. **F6**, **F7** and **F8** show its text, its HTML part,
  and how one recipient sees it.
- **When**: a plain choice, or a `cron(…)` or `rate(…)` expression of EventBridge Scheduler.
- **Create**: **F4** has CloudFormation work out what it would do; nothing is made before your yes.
- **Test**: sends one mail to an address of yours. In the sandbox it must be verified, or at your domain.

In the demo **F9** opens the inbox of the embedded account.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *StepScreen.BINDINGS,
        # A TextArea has a use of its own for F6 and F7: to select a line, and all.
        Binding("f6", "part('text')", "What: the text", show=False, priority=True),
        Binding("f7", "part('html')", "What: the HTML part", show=False, priority=True),
        Binding("f8", "part('preview')", "What: the preview", show=False),
    ]
    CSS_PATH = "reminder.tcss"

    class Begun(Message):
        """This is what the fields begin with."""

        def __init__(self, beginning: Beginning) -> None:
            super().__init__()
            self.beginning = beginning

    class WhoRead(Message):
        """What typed lines or a named file came to."""

        def __init__(self, who: Who, read: Recipients | None, error: WizardError | None) -> None:
            super().__init__()
            self.who = who
            self.read = read
            self.error = error

    class Finished(Message):
        """A page on which ``entered`` stood was finished, or has problems that keep it from that."""

        def __init__(self, before: Project, entered: Entered, decision: Decision) -> None:
            super().__init__()
            self.before = before
            self.entered = entered
            self.decision = decision

    class Seen(Message):
        """AWS answered."""

        def __init__(self, seen: ReminderSeen, standing: Standing) -> None:
            super().__init__()
            self.seen = seen
            self.standing = standing

    class Checked(Message):
        """What the pages before decided, and what is wrong with it."""

        def __init__(self, people: Recipients | None, problems: Sequence[Problem]) -> None:
            super().__init__()
            self.people = people
            self.problems = problems

    class Planned(Message):
        """CloudFormation has worked out what it would do."""

        def __init__(self, planned: ReminderPlan) -> None:
            super().__init__()
            self.planned = planned

    class Made(Message):
        """The stack stands."""

    class Tested(Message):
        """A test mail was sent, or refused."""

        def __init__(self, result: TestResult) -> None:
            super().__init__()
            self.result = result

    def __init__(self) -> None:
        super().__init__()
        self._begun: Beginning | None = None

    def compose_step(self) -> ComposeResult:
        """The five pages, one at a time."""
        with ContentSwitcher(initial="who", id="pages"):
            yield WhoPage(id="who")
            yield WhatPage(id="what")
            yield WhenPage(lambda: self.state.world.now(), id="when")
            yield CreatePage(id="create")
            yield TryPage(demo=self.wizard.demo, id="test")

    def on_mount(self) -> None:
        """The first page."""
        super().on_mount()
        self._open("who")

    def begin(self) -> None:
        """Fill the fields in at the first time, and look at what AWS has."""
        if self._begun is None or self._begun.domain != self.state.domain:
            self._fill_in(self.state.world, self.state.project, self.wizard.path.parent)
        self._look(self.state.world, self.state.project)
        self._page_came_up()

    # What is typed and not finished

    async def keep(self) -> Sequence[Cells]:
        """Save what stands on the pages and not in the file yet, as far as it can be."""
        typed = self._typed()
        if not typed:
            return ()
        before, base = self.state.project, self.wizard.path.parent
        after, lost = await asyncio.to_thread(with_typed, before, base, self.state.world.now(), typed)
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
        """Another page comes up, or something over this one: keep what is typed."""
        super().on_screen_suspend()
        self._keep_meanwhile()

    def _keep_meanwhile(self) -> None:
        if self._typed():
            self.run_worker(self.keep(), group="file", exit_on_error=False, description="Saving")

    def _typed(self) -> dict[str, Entered]:
        """By page, what somebody typed that is not in the file."""
        if self._begun is None or self.wizard.state is None:
            return {}
        entered = {page.id or "": (page.entered(), page.saved) for page in self.query(Page)}
        return {name: now for name, (now, saved) in entered.items() if now and now != saved}

    # Workers

    @work(thread=True, exclusive=True, exit_on_error=False, group="fill", description="Reading the file")
    def _fill_in(self, world: World, project: Project, base: Path) -> None:
        self.tell(self.Begun(_beginning(world, project, base)))

    @work(
        thread=True, exclusive=True, exit_on_error=False, group="aws", description="Asking AWS for the stack"
    )
    def _look(self, world: World, project: Project) -> None:
        from wizard.steps import reminder

        seen = reminder.look(world, project)
        self.tell(self.Seen(seen, reminder.judge(seen, project)))

    @work(
        thread=True, exclusive=True, exit_on_error=False, group="read", description="Reading the recipients"
    )
    def _read(self, project: Project, base: Path, who: Who) -> None:
        try:
            self.tell(self.WhoRead(who, who.read(project, base), None))
        except WizardError as error:
            self.tell(self.WhoRead(who, None, error))

    @work(thread=True, exclusive=True, exit_on_error=False, group="finish", description="Saving")
    def _finish(self, project: Project, base: Path, now: datetime, entered: Entered) -> None:
        self.tell(self.Finished(project, entered, entered.decided(project, base, now)))

    @work(thread=True, exclusive=True, exit_on_error=False, group="check", description="Checking")
    def _check(self, project: Project, base: Path, now: datetime) -> None:
        from wizard.reminder import draft

        try:
            people = draft.read_recipients(project, base)
        except WizardError:
            people = None  # among the problems
        found = [Problem(*problem) for problem in draft.problems(project, base, now)]
        self.tell(self.Checked(people, found))

    @work(
        thread=True,
        exclusive=True,
        exit_on_error=False,
        group="aws",
        description="CloudFormation is working out what it would do",
    )
    def _plan(self, world: World, project: Project, base: Path) -> None:
        from wizard.steps import reminder

        self.tell(self.Planned(reminder.plan(world, project, base)))

    @work(thread=True, exclusive=True, exit_on_error=False, group="act", description="Leaving it as it is")
    def _decline(self, world: World, project: Project) -> None:
        from wizard.steps import reminder

        reminder.decline(world, project)

    @work(
        thread=True, exclusive=True, exit_on_error=False, group="act", description="CloudFormation is at work"
    )
    def _act(self, world: World, project: Project, planned: ReminderPlan) -> None:
        from wizard.steps import reminder

        decided = reminder.act(world, project, planned, self.happened)
        self.post_message(Decided(project, decided))
        seen = reminder.look(world, decided)
        self.post_message(Looked(reminder.judge(seen, decided)))
        self.tell(self.Made())

    @work(thread=True, exclusive=True, exit_on_error=False, group="act", description="Sending one mail")
    def _send(self, world: World, project: Project, address: str) -> None:
        from wizard.steps import reminder

        result = reminder.test_run(world, project, address, self.happened)
        if result.sent:
            self.post_message(Decided(project, result.project))
            seen = reminder.look(world, result.project)
            self.post_message(Looked(reminder.judge(seen, result.project)))
        self.tell(self.Tested(result))

    # What workers say

    @on(Begun)
    def _show_beginning(self, message: Begun) -> None:
        begun = self._begun = message.beginning
        self.query_one(WhoPage).load(begun.who)
        self.query_one(WhatPage).load(begun.what)
        self.query_one(WhenPage).load(begun.when, begun.zones)
        self.query_one(TryPage).load(begun.address)
        for page in self.query(Page):
            page.saved = page.entered()
        self._open(begun.page)

    @on(WhoRead)
    def _show_read(self, message: WhoRead) -> None:
        self.query_one(WhoPage).show_read(message.who, message.read, message.error)
        if message.read:
            self.query_one(WhatPage).offer(message.read)

    @on(Finished)
    def _page_finished(self, message: Finished) -> None:
        decision = message.decision
        self._page.show_problems(decision.problems)
        if not decision.problems:
            self._page.saved = message.entered
            self.post_message(Decided(message.before, decision.project))
            self._open(ORDER[ORDER.index(self._current) + 1])

    @on(Seen)
    def _show_seen(self, message: Seen) -> None:
        self.post_message(Looked(message.standing))

    @on(Checked)
    def _show_checked(self, message: Checked) -> None:
        create = self.query_one(CreatePage)
        create.show(self.state.project, message.people)
        create.show_problems(message.problems)

    @on(Planned)
    def _confirm(self, message: Planned) -> None:
        planned = message.planned
        if not planned.plan.changes_anything:
            self.say("Everything is as the project file says: there is nothing to change.")
            self.query_one("#next").focus()
            return
        self.confirm(
            planned.plan,
            partial(self._carry_out, planned),
            declined=lambda: self._decline(self.state.world, self.state.project),
        )

    def _carry_out(self, planned: ReminderPlan) -> None:
        self.query_one(CreatePage).begin_acting()
        self._act(self.state.world, self.state.project, planned)

    @on(Happened)
    def _show_event(self, message: Happened) -> None:
        message.stop()
        if self._current == "create":
            self.query_one(CreatePage).show_event(message.event)
            self.query_one("#body").scroll_end(animate=False)

    @on(Made)
    def _show_made(self) -> None:
        if self._current == "create":
            self.query_one("#next").focus()

    @on(Tested)
    def _show_tested(self, message: Tested) -> None:
        self.query_one(TryPage).show_result(message.result, self.state.world.now())

    @on(WhoPage.Changed)
    def _who_changed(self, message: WhoPage.Changed) -> None:
        message.stop()
        self._read(self.state.project, self.wizard.path.parent, message.who)

    # Keys

    def action_back(self) -> None:
        """The page before, or the step before."""
        self.clear_error()
        self._keep_meanwhile()
        number = ORDER.index(self._current)
        if number:
            self._open(ORDER[number - 1])
        else:
            super().action_back()

    def action_next(self) -> None:
        """Finish this page and open the next, or the next step."""
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
        """Plan and create, or send the test mail: as the page says."""
        if self.acting:
            return
        self.clear_error()
        self.retry = self.action_act
        if self._current == "create":
            self._plan(self.state.world, self.state.project, self.wizard.path.parent)
        elif self._current == "test":
            page = self.query_one(TryPage)
            page.begin_sending()
            self._send(self.state.world, self.state.project, page.address)

    def action_part(self, part: str) -> None:
        """On the page about the message: show this part of it."""
        if self._current == "what":
            self.query_one(WhatPage).show_part(part)

    @on(TryPage.Send)
    def _send_wanted(self, message: TryPage.Send) -> None:
        message.stop()
        self.action_act()

    @on(Button.Pressed, "#inbox")
    def _inbox_wanted(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_inbox()

    # Pages

    @property
    def _current(self) -> str:
        return self.query_one("#pages", ContentSwitcher).current or ORDER[0]

    @property
    def _page(self) -> Page:
        return self.query_one(f"#{self._current}", Page)

    def _open(self, name: str) -> None:
        """Show one of the five pages."""
        self.query_one("#pages", ContentSwitcher).current = name
        page = self._page
        self.query_one("#question", Static).update(Content.assemble(page.QUESTION, "   ", _way(name)))
        self.query_one("#why", Static).update(Content(page.WHY))
        button = self.query_one("#act", Button)
        button.display = page.ACT is not None
        button.label = f"{page.ACT}  F4"
        button.refresh(layout=True)
        self.query_one(page.FIRST).focus()
        self._page_came_up()

    def _page_came_up(self) -> None:
        """What a page needs to know of the others."""
        if self.wizard.state is None:
            return
        if self._current == "create":
            self._check(self.state.project, self.wizard.path.parent, self.state.world.now())

    def redraw(self, state: AppState) -> None:
        """A page saved: the one that sums up is brought up to it."""
        self._page_came_up()


def _way(current: str) -> Content:
    """The five pages in a row, the current one marked."""
    pages = (WhoPage, WhatPage, WhenPage, CreatePage, TryPage)
    names = dict(zip(ORDER, (page.NAME for page in pages), strict=True))
    return Content(" › ").join(
        [
            Content.styled(f"[{title}]", "bold") if name == current else Content.styled(title, "$text-muted")
            for name, title in names.items()
        ]
    )


def _beginning(world: World, project: Project, base: Path) -> Beginning:
    """From the file what it has; for the rest what most would choose. Raises WizardError without a domain."""
    from wizard.reminder.local_zone import local_zone
    from wizard.reminder.message import EXAMPLE, Message
    from wizard.reminder.schedules import zone_names
    from wizard.steps.identity import chosen_domain

    domain = chosen_domain(project)
    kept = project.reminder
    written = kept.subject or kept.text or kept.html
    first = (
        "who" if not kept.recipients else "what" if not written else "when" if not kept.schedule else "create"
    )
    return Beginning(
        domain=domain,
        who=_first_who(world, project, base, domain),
        what=What(
            kept.sender or f"reminders@{domain}",
            kept.sender_name if written else kept.sender_name or "Reminders",
            Message(kept.subject, kept.text, kept.html) if written else EXAMPLE,
        ),
        when=first_choice(project, local_zone()),
        zones=zone_names(),
        address=f"you@{domain}" if world.demo else "",
        page=first,
    )


def _first_who(world: World, project: Project, base: Path, domain: str) -> Who:
    """Typed recipients as they were typed, another file by its path; in the demo three people."""
    from wizard.reminder.draft import RECIPIENTS_FILE, read_recipients

    path = project.reminder.recipients
    if path == RECIPIENTS_FILE:
        try:
            people = read_recipients(project, base).people
        except WizardError:
            return Who("", path)
        return Who("\n".join(f"{p.email}, {p.values.get('name', '')}".rstrip(", ") for p in people), "")
    if path:
        return Who("", path)
    if world.demo:
        return Who(f"ana@{domain}, Ana\nben@{domain}, Ben\nsuccess@simulator.amazonses.com, Chris\n", "")
    return Who("", "")
