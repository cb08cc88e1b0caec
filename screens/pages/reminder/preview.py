"""The mail as one recipient gets it, in the terminal and in a browser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple
from urllib.parse import quote

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Markdown, Static
from textual.worker import get_current_worker

from screens.browser import BrowserPages
from screens.pages.reminder.form_page import Part
from screens.symbols import lines
from screens.widgets.html_part import rendered
from screens.workers import reads
from wizard.errors import WizardError
from wizard.reminder.message.fields import Message as Mail
from wizard.reminder.message.fields import browser_page, preview, shown_sender
from wizard.reminder.recipients.parse import Recipient, Recipients
from wizard.steps.reminder.message_form import MessageForm
from wizard.steps.reminder.recipients_form import Reader, RecipientsForm, StaleError


class Found(NamedTuple):
    """A recipient and its index."""

    number: int
    person: Recipient


def found(people: Iterable[Recipient], wanted: str | int) -> Found | None:
    """The recipient with the index ``wanted``, or whose address begins with it, or else contains it."""
    if isinstance(wanted, int):
        return next((Found(wanted, person) for person in islice(people, wanted, None)), None)
    within: Found | None = None
    for index, person in enumerate(people):
        address = person.email.lower()
        if address.startswith(wanted):
            return Found(index, person)
        if within is None and wanted in address:
            within = Found(index, person)
    return within


class Finder(Input):
    """A field to find a recipient by address, or by the arrow keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "Previous recipient", show=False),
        Binding("down", "step(1)", "Next recipient", show=False),
        Binding("pageup", "scroll_mail(-5)", "Scroll up", show=False),
        Binding("pagedown", "scroll_mail(5)", "Scroll down", show=False),
    ]

    @dataclass
    class Stepped(Message):
        """Another recipient is wanted, so many rows on."""

        by: int

    def action_step(self, by: int) -> None:
        """Go to another recipient."""
        self.post_message(self.Stepped(by))

    def action_scroll_mail(self, rows: int) -> None:
        """Scroll the mail."""
        self.screen.query_one("#mail").scroll_relative(y=rows, animate=False)


class Preview(Part):
    """The mail as the chosen recipient gets it."""

    @dataclass
    class Came(Message):
        """The wanted recipient, or None."""

        wanted: str | int
        found: Found | None

    @dataclass
    class InBrowser(Message):
        """A browser opened the page, or none did: ``words`` say so."""

        words: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._who: RecipientsForm | None = None
        self._read: Recipients | None = None
        self._found: Found | None = None
        self._what: MessageForm | None = None
        self._pages = BrowserPages()

    def compose(self) -> ComposeResult:
        """The recipient and the mail."""
        with Horizontal(classes="field tight"):
            yield Label("Recipient", classes="label")
            yield Finder(placeholder="an address or a part of it", id="seen-by", compact=True)
            yield Button("Browser  Ctrl+O", id="browser", compact=True)
        with VerticalScroll(id="mail", can_focus=False):
            yield Static("", id="previewed", markup=False)
            yield Markdown(id="previewed-html", open_links=False)

    def on_unmount(self) -> None:
        """Delete the temporary pages."""
        self._pages.close()

    def offer(self, who: RecipientsForm, read: Recipients) -> None:
        """Use these recipients; preview for the first, or the one chosen before."""
        self._who, self._read = who, read
        chosen = self.query_one("#seen-by", Input).value
        if read.sample and not any(person.email == chosen for person in read.sample):
            self._take(Found(0, read.sample[0]))
        self._draw()

    def show(self, what: MessageForm) -> None:
        """Show this message."""
        self._what = what
        self._draw()

    def open_browser(self) -> None:
        """Open the mail in a browser."""
        if self._what is None:
            return
        mail, headers = self._filled(self._what)
        page = browser_page(mail, {name: value for name, value in headers.items() if name != "Subject"})
        self._open(page)

    # Workers

    @reads("Finding the recipient")
    def _find(self, base: Path, who: RecipientsForm, wanted: str | int) -> None:
        worker = get_current_worker()
        try:
            with who.people(base, Reader(wanted=lambda: not worker.is_cancelled)) as people:
                self.tell(self.Came(wanted, found(people, wanted)))
        except WizardError:
            # The Who page shows what is wrong.
            self.tell(self.Came(wanted, None))
        except StaleError:
            return

    @reads("Opening a browser")
    def _open(self, page: str) -> None:
        self.tell(self.InBrowser(self._pages.open("preview.html", page)))

    # Their results

    @on(Came)
    def _show_found(self, message: Came) -> None:
        message.stop()
        if message.found is None and isinstance(message.wanted, int):
            return  # Beyond the last recipient.
        if message.found and isinstance(message.wanted, int):
            self._take(message.found)
        else:
            self._found = message.found
        self._draw()

    @on(InBrowser)
    def _say_where(self, message: InBrowser) -> None:
        message.stop()
        self.step.say(message.words)

    # Keys

    @on(Input.Changed, "#seen-by")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._who and event.value.strip():
            self._find(self.base, self._who, event.value.strip().lower())

    @on(Finder.Stepped)
    def _stepped(self, event: Finder.Stepped) -> None:
        event.stop()
        index = max(0, (self._found.number if self._found else -1) + event.by)
        if self._read and index < len(self._read.sample):
            self._take(Found(index, self._read.sample[index]))
            self._draw()
        elif self._who:
            self._find(self.base, self._who, index)

    @on(Button.Pressed, "#browser")
    def _browser_wanted(self, event: Button.Pressed) -> None:
        event.stop()
        self.open_browser()

    # Drawing

    def _take(self, chosen: Found) -> None:
        self._found = chosen
        field = self.query_one("#seen-by", Input)
        with self.prevent(Input.Changed):
            field.value = chosen.person.email
        field.action_select_all()

    def _draw(self) -> None:
        if self._what is None:
            return
        mail, headers = self._filled(self._what)
        parts = [
            Content.assemble(Content.styled(f"{name:<13}", "$text-muted"), value)
            for name, value in headers.items()
        ]
        if self._found is None:
            words = "! no recipient has this address: the fields stay empty"
            parts = [Content.styled(words, "$text-warning"), *parts]
        parts += [Content(""), Content(mail.text)]
        if mail.html:
            parts.append(Content.styled("HTML part, without its styles (Ctrl+O shows them)", "$text-muted"))
        self.query_one("#previewed", Static).update(lines(parts))
        self.query_one("#previewed-html", Markdown).update(rendered(mail.html))

    def _filled(self, what: MessageForm) -> tuple[Mail, dict[str, str]]:
        """The mail for the chosen recipient, and its headers."""
        values = self._found.person.fields if self._found else {}
        mail = preview(what.message, values)
        headers = {
            "From": shown_sender(what.sender_name, what.sender),
            "To": self._found.person.email if self._found else "…",
            "Subject": mail.subject,
        }
        if what.unsubscribe:
            encoded = {name: quote(value, safe="") for name, value in values.items()}
            headers["Unsubscribe"] = preview(Mail(what.unsubscribe, "", ""), encoded).subject
        return mail, headers
