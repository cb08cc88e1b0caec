"""The demo's inbox: every mail that the embedded account delivered, and a key to its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Markdown, OptionList, Static
from textual.widgets.option_list import Option

from screens.browser import BrowserPages
from screens.commands import Command, never
from screens.frame.over import OverPage
from screens.frame.page import PAGES_CSS
from screens.messages import LookEverywhere
from screens.symbols import lines
from screens.widgets.choice_list import ChoiceList
from screens.widgets.html_part import rendered
from screens.workers import acts, follows, reads
from wizard.reminder.message.fields import Message as MailText
from wizard.reminder.message.fields import browser_page, decoded_header
from wizard.reminder.schedule.schedules import moment_words, zone_or_utc
from wizard.steps.production import authentication_results
from wizard.text import printable
from wizard.world import Mail, Stage

LOOK_EVERY = 0.5
"""Seconds between two looks into the inbox. It is in this process: a look costs next to nothing."""

SHOWN_ABOVE = frozenset({"from", "to", "subject", "date"})
"""Headers that are shown above the mail."""

SHOWN = 200
"""The most mails in the list; older ones are counted."""


def _may_confirm(page: Any) -> bool:
    """Whether the highlighted mail has a link that confirms an address."""
    return page.chosen is not None and page.chosen.confirms


class InboxScreen(OverPage):
    """Stands over the page it was opened from; Back returns there."""

    QUESTION = "The demo's inbox"
    WHY = "Mail to anybody arrives here, and nowhere else. F4 pushes the clock to the next scheduled run."
    ACT = "Next scheduled run"
    RAIL = False
    SCROLLS = "#mail"
    HELP = """
**↑ ↓** choose a mail, **Page Down** scrolls it, **Ctrl+O** opens it in your browser. The line **Checks** is
what the demo's mail server found when the mail arrived: SPF, DKIM and DMARC.

**F8** opens the link in a mail from AWS that asks to confirm an address, as its owner would.

**F4** moves the embedded account's clock to the next due time of the schedule, which then starts the
function, as EventBridge would.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "inbox.tcss"]
    KEYS: ClassVar[list[Command]] = [
        Command("", "inbox", "", when=never),
        Command("f2,escape,f9", "back", "Back", footer=True),
        Command("f4", "act", "", footer=True, when=lambda page: page.may_act),
        Command("f6", "stories", "Stories", "The stories of the demo", button=True),
        Command("f7", "start_over", "Start over", "Start the demo over", button=True),
        Command("f8", "open_link", "Open link", "Open the link that confirms an address", when=_may_confirm),
        Command("f5", "look_again", "Look again", when=never),
        Command("ctrl+o", "browser", "Browser", footer=True),
        # Before the list, which has the focus: there they would choose another mail.
        Command("pageup", "scroll_body(-8)", "Scroll up", priority=True),
        Command("pagedown", "scroll_body(8)", "Scroll down", priority=True),
    ]

    @dataclass
    class Delivered(Message):
        """This is what is in the inbox, the newest first."""

        mails: tuple[Mail, ...]
        now: datetime

    @dataclass
    class InBrowser(Message):
        """What came of opening a mail in a browser."""

        words: str

    @dataclass
    class Confirmed(Message):
        """The text of the page behind a mail's link."""

        words: str

    @dataclass
    class Pushed(Message):
        """The clock was pushed to ``at``; None where no schedule has a run to come."""

        at: datetime | None

    def __init__(self) -> None:
        super().__init__()
        self._mails: tuple[Mail, ...] | None = None
        self.chosen: Mail | None = None
        self._pages = BrowserPages()

    def compose_step(self) -> ComposeResult:
        """The list, and the mail that is highlighted in it."""
        yield Static("", id="clock", classes="hint", markup=False)
        yield ChoiceList(id="mails", compact=True, markup=False)
        with VerticalScroll(id="mail", can_focus=False):
            yield Static("", id="opened", markup=False)
            yield Markdown(id="html", open_links=False)
            yield Static("", id="rest", markup=False)

    def on_mount(self) -> None:
        """Follow the inbox from here on."""
        self.set_interval(LOOK_EVERY, self.begin)
        self.query_one("#mails").focus()

    def on_unmount(self) -> None:
        """Leave no mail behind in a temporary folder."""
        self._pages.close()

    @property
    def _place(self) -> ZoneInfo:
        """The schedule's time zone, as on the reminder's pages."""
        return zone_or_utc(self.state.project.reminder.timezone)

    def begin(self) -> None:
        """Look into the inbox."""
        if self.state.world.stage:
            self._look(self.state.world.stage)

    @follows("Looking into the inbox")
    def _look(self, stage: Stage) -> None:
        self.tell(self.Delivered(stage.inbox(), stage.now()))

    @acts("Pushing the clock")
    def _push(self, stage: Stage) -> None:
        self.tell(self.Pushed(stage.skip_to_next_run()))

    @acts("Opening the link")
    def _open_link(self, stage: Stage, mail: Mail) -> None:
        self.tell(self.Confirmed(stage.open_mail_link(mail)))

    @on(Confirmed)
    def _show_confirmed(self, message: Confirmed) -> None:
        self.app.post_message(LookEverywhere())
        self.say(message.words)

    @reads("Opening a browser")
    def _open_page(self, page: str) -> None:
        self.tell(self.InBrowser(self._pages.open("mail.html", page)))

    @on(InBrowser)
    def _say_where(self, message: InBrowser) -> None:
        self.say(message.words)

    @on(Delivered)
    def _show_delivered(self, message: Delivered) -> None:
        mails = message.mails
        count = f"{len(mails):,} mail{'' if len(mails) == 1 else 's'}"
        clock = Content(f"{count} · the account's clock says {moment_words(message.now, self._place)}")
        self.query_one("#clock", Static).update(clock)
        if mails != self._mails:
            self._show_list(mails)

    def _show_list(self, mails: tuple[Mail, ...]) -> None:
        """Add what is new on top; the mail that is being read stays highlighted."""
        shown, before = self.query_one("#mails", OptionList), self._mails or ()
        at_top = not shown.highlighted
        number = shown.highlighted or 0
        self._mails = mails
        shown.clear_options()
        shown.add_options([Option(_line(mail, self._place)) for mail in mails[:SHOWN]])
        if mails:
            shown.highlighted = (
                0 if at_top else min(number + len(mails) - len(before), shown.option_count - 1)
            )
        else:
            self.query_one("#opened", Static).update("No mail yet. Send a test mail, or move the clock (F4).")

    @on(OptionList.OptionHighlighted)
    def _open(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self._mails and event.option_index < len(self._mails):
            self.chosen = mail = self._mails[event.option_index]
            self.query_one("#opened", Static).update(_head_of(mail, self._place))
            self.query_one("#html", Markdown).update(rendered(mail.html))
            self.query_one("#rest", Static).update(_rest_of(mail))
            self.query_one("#mail").scroll_home(animate=False)

    @on(Pushed)
    def _show_pushed(self, message: Pushed) -> None:
        """What was seen of the steps was so at another time: all of them are looked at again."""
        if message.at:
            self.app.post_message(LookEverywhere())
            self.say(f"The clock says {moment_words(message.at, self._place)}: the schedule starts.")
        else:
            words = "No schedule has a run to come: set up the reminder, or resume it (Reminder, Runs)."
            self.say(words, not_yet=True)

    def action_act(self) -> None:
        """Push the clock."""
        if self.state.world.stage and not self.acting:
            self._push(self.state.world.stage)

    def action_open_link(self) -> None:
        """Confirm the address that the highlighted mail is about."""
        if self.state.world.stage and self.chosen and not self.acting:
            self._open_link(self.state.world.stage, self.chosen)

    def action_browser(self) -> None:
        """Open the highlighted mail in the user's browser, with its own styles."""
        if mail := self.chosen:
            heads = {"From": decoded_header(mail.sender), "To": mail.recipient}
            self._open_page(browser_page(MailText(mail.subject, mail.text, mail.html), heads))


def _line(mail: Mail, place: ZoneInfo) -> Content:
    return Content.assemble(
        Content.styled(f"{mail.sent_at.astimezone(place):%d %b %H:%M}  ", "$text-muted"),
        Content.styled(f"{_fitted(mail.recipient)}  ", "bold"),
        printable(mail.subject, 200),
    )


def _fitted(recipient: str, width: int = 31) -> str:
    shown = printable(recipient)
    return f"{shown:<{width}}" if len(shown) <= width else f"{shown[: width - 1]}…"


def _head_of(mail: Mail, place: ZoneInfo) -> Content:
    """What a reader wants first: who sent it and whether the checks passed; the text if there is no HTML."""
    heads = {"From": decoded_header(mail.sender), "To": mail.recipient, "Subject": mail.subject}
    heads["Date"] = moment_words(mail.sent_at, place)
    parts = [*(_head(name, value) for name, value in heads.items()), _checks(mail), Content("")]
    return lines(parts if mail.html else [*parts, *_body(mail.text)])


def _rest_of(mail: Mail) -> Content:
    """The text part, which few readers show beside an HTML part, and the other headers."""
    text = [Content.styled("Text part", "$text-muted"), *_body(mail.text), Content("")] if mail.html else []
    others = [_head(name, value) for name, value in mail.headers if name.lower() not in SHOWN_ABOVE]
    return lines([*text, Content.styled("Other headers", "$text-muted"), *others])


def _checks(mail: Mail) -> Content:
    """What the receiving server found by SPF, DKIM and DMARC, in words."""
    received = authentication_results.read(mail.head)
    if not received.found:
        return _head("Checks", "the mail has no results of a receiving server")
    found = [(method, _results(received, method.lower())) for method in ("SPF", "DKIM", "DMARC")]
    words = [
        Content.styled(f"✓ {method} passed", "$text-success")
        if "pass" in results
        else Content.styled(f"✗ {method} {_failed(results)}", "$text-error")
        for method, results in found
    ]
    return Content.assemble(Content.styled("Checks: ", "$text-muted"), Content("  ").join(words))


def _results(received: authentication_results.Received, method: str) -> list[str]:
    return [one.result for one in received.results if one.method == method]


def _failed(results: list[str]) -> str:
    """How a check that did not pass ended."""
    if not results or results[0] == "none":
        return "not set up"
    return "failed" if results[0] == "fail" else f"did not pass ({printable(results[0], 20)})"


def _head(name: str, value: str) -> Content:
    return Content.assemble(Content.styled(f"{name}: ", "$text-muted"), printable(value))


def _body(text: str) -> list[Content]:
    return [Content(printable(line)) for line in text.splitlines()]
