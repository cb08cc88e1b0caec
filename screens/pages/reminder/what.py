"""What the mail says: sender, subject, a text and an HTML part with fields, and how one recipient sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.widgets import Button, ContentSwitcher, Input, Label, Static, TextArea

from screens.commands import key_name
from screens.pages.reminder.form_page import Decision, Page, Problem
from screens.pages.reminder.preview import Preview
from screens.widgets.columns import Columns
from screens.widgets.long_text import LongText

if TYPE_CHECKING:
    from screens.pages.reminder.who import Who
    from wizard.project.schema import Project
    from wizard.reminder.message.fields import Message as Mail
    from wizard.reminder.recipients.parse import Recipients

FIELDS = ("sender", "sender_name", "subject", "unsubscribe", "text", "html")
"""The settings that this page is about."""

NO_COLUMN = "The unsubscribe address uses {{{{{}}}}}, but no column is called so."

NO_SENDER = Problem(
    "sender", "Choose a plainer address to send from: the project file does not take this one."
)
NO_ROOM = Problem("text", "Make the message shorter: the project file has no room for it.")
"""What is wrong where AWS would take it and the file does not."""

ONE_CLICK = {
    "https://": "One click: mail programs show an Unsubscribe button of their own and call this address.",
    "mailto:": "Mail programs offer to send a mail there. It is for you to read it, and to note the wish.",
    "": "Who wants no more mail calls this address by one click (https://), or writes to it (mailto:).",
}
"""What an unsubscribe address means, by its beginning."""

PARTS = {"text": "Text", "html": "HTML", "preview": "Preview"}
PART_KEYS = {"f6": "text", "f7": "html", "f8": "preview"}


@dataclass(frozen=True)
class What:
    """The sender, the unsubscribe address and the three parts, as typed.

    ``columns`` are the fields that recipients have; None where they are not known.
    """

    sender: str
    sender_name: str
    message: Mail
    unsubscribe: str = ""
    columns: tuple[str, ...] | None = field(default=None, compare=False)

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """The project with all of it, and what is wrong with it.

        An address that the file does not take is left out. Any message is text to it.
        """
        from wizard.project.schema import takes

        whole = self._in(project)
        wrong = self.problems(project, base, now)
        for kept in (whole, *self._with_less(project, whole)):
            if takes(kept):
                break
        else:
            kept = project
        if kept is not whole and not wrong:
            wrong = [NO_ROOM if kept is project else NO_SENDER]
        return Decision(kept, wrong, complete=kept is whole)

    def problems(self, project: Project, base: Path, now: datetime) -> list[Problem]:
        """What is wrong with it, and with the sender. Runs in a thread: it makes the whole template."""
        from wizard.project.schema import Table
        from wizard.reminder import draft

        whole = self._in(project)
        # As if they came from a table: a file of recipients is large, and not this page's to read.
        unread = replace(whole, reminder=replace(whole.reminder, recipients=None, table=Table("any")))
        found = [Problem(*problem) for problem in draft.problems(unread, base, now)]
        return [*(problem for problem in found if problem.field in FIELDS), *self._unfilled()]

    def concerns(self) -> list[Problem]:
        """What can be said while somebody types."""
        from wizard.reminder import draft
        from wizard.reminder.message import fields as message

        found = (*message.problems(self.message), *draft.link_problems(self.unsubscribe))
        return [*(Problem(*problem) for problem in found), *self._unfilled()]

    def _unfilled(self) -> list[Problem]:
        """The fields that no column fills, as far as the columns are known."""
        from wizard.reminder.message import fields as message

        if self.columns is None:
            return []
        link = [name for name in message.fields_in(self.unsubscribe) if name not in self.columns]
        return [
            *(Problem(*problem) for problem in message.unfilled(self.message, self.columns)),
            *(Problem("unsubscribe", NO_COLUMN.format(name)) for name in link),
        ]

    def warnings(self, project: Project) -> list[Problem]:
        """What had better be otherwise, though it may stay."""
        from wizard.reminder.draft import warnings

        return [Problem(*warning) for warning in warnings(self._in(project))]

    def _in(self, project: Project) -> Project:
        changed = replace(
            project.reminder,
            sender=self.sender or None,
            sender_name=self.sender_name,
            subject=self.message.subject,
            text=self.message.text,
            html=self.message.html,
            unsubscribe=self.unsubscribe or None,
        )
        return replace(project, reminder=changed)

    @staticmethod
    def _with_less(project: Project, whole: Project) -> Iterator[Project]:
        """``whole`` without the addresses that may be what the file does not take, the fewest first."""
        before, wanted = project.reminder, whole.reminder
        for reminder in (
            replace(wanted, sender=before.sender),
            replace(wanted, unsubscribe=before.unsubscribe),
            replace(wanted, sender=before.sender, unsubscribe=before.unsubscribe),
        ):
            yield replace(whole, reminder=reminder)


class WhatPage(Page):
    """Sender and subject above; text, HTML and preview in one place, one at a time."""

    NAME = "What"
    QUESTION = "What does it say?"
    WHY = "A field in double braces, like {{name}}, is filled in for each recipient."
    FIRST = "#subject"
    FILLS = True
    KEYS: ClassVar[Mapping[str, str]] = {
        "f6": "The text",
        "f7": "The HTML part",
        "f8": "The preview",
        "ctrl+o": "The preview in a browser",
    }

    HELP = """
- A field in double braces, like `{{name}}`, is filled in for each recipient from the column of that name.
  What people typed is escaped in the HTML part, and cannot break a header.
- **F6**, **F7** and **F8** show the text, the HTML part, and how one recipient sees the mail. The text is
  always required; the HTML part is not.
- In the preview **↑ ↓** go from one recipient to the next, and an address can be typed to find its owner.
  **Ctrl+O** shows the preview in a browser.
- **Unsubscribe**: an `https://` address, with a field such as `{{email}}` in it, is called by mail programs
  themselves when somebody presses their own “Unsubscribe” button: one click, by RFC 8058. Your page must
  then note it, without asking anything. A `mailto:` address gets a mail instead.
"""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (the name every widget has for it)
        super().__init__(id=id)
        self._columns: tuple[str, ...] | None = None

    def compose(self) -> ComposeResult:
        """The fields, a row that chooses the part, and the part."""
        with Horizontal(classes="field tight head"):
            yield Label("From", classes="label")
            yield Input(placeholder="Reminders", id="sender_name", compact=True)
            yield Input(placeholder="reminders@example.com", id="sender", compact=True)
        with Horizontal(classes="field tight head"):
            yield Label("Subject", classes="label")
            yield Input(placeholder="Hello {{name}}", id="subject", compact=True)
        with Horizontal(classes="field tight head"):
            yield Label("Unsubscribe", classes="label")
            yield Input(
                placeholder="https://example.com/leave?who={{email}}, or mailto:…",
                id="unsubscribe",
                compact=True,
            )
        with Horizontal(id="parts", classes="field tight"):
            for key, part in PART_KEYS.items():
                yield Button(f"{PARTS[part]}  {key_name(key)}", id=f"to-{part}", compact=True)
        with ContentSwitcher(initial="text", id="part"):
            yield LongText(
                id="text", compact=True, placeholder="Hello {{name}},", highlight_cursor_line=False
            )
            yield LongText(
                id="html", compact=True, placeholder="<p>Hello {{name}},</p>", highlight_cursor_line=False
            )
            yield Preview(id="preview")
        yield Static("", id="hint", classes="hint", markup=False)
        yield Columns(classes="problems")

    def on_mount(self) -> None:
        """Begin with the text."""
        self._bring_up("text")

    def load(self, what: What) -> None:
        """Begin with ``what``."""
        self.query_one("#sender", Input).value = what.sender
        self.query_one("#sender_name", Input).value = what.sender_name
        self.query_one("#subject", Input).value = what.message.subject
        self.query_one("#unsubscribe", Input).value = what.unsubscribe
        self.query_one("#text", TextArea).text = what.message.text
        self.query_one("#html", TextArea).text = what.message.html

    def load_what_can_be_kept(self, what: What) -> None:
        """Show ``what``, except in fields whose content the file cannot hold: that is typed and not saved."""
        from wizard.project.schema import Project, Reminder, takes

        def can_be_kept(**settings: Any) -> bool:
            return takes(Project(reminder=Reminder(**settings)))

        typed = self.entered()
        parts = {"text": typed.message.text, "html": typed.message.html}
        self.load(
            What(
                what.sender if can_be_kept(sender=typed.sender or None) else typed.sender,
                what.sender_name,
                what.message if can_be_kept(**parts) else typed.message,
                what.unsubscribe if can_be_kept(unsubscribe=typed.unsubscribe or None) else typed.unsubscribe,
            )
        )

    def offer(self, who: Who, read: Recipients) -> None:
        """These are the recipients: their fields can be used, and one of them sees the preview."""
        self._columns = read.columns
        self.query_one(Preview).offer(who, read)
        self._hint()
        self._typed()

    def entered(self) -> What:
        """The fields as they stand."""
        from wizard.reminder.message.fields import Message

        return What(
            self.query_one("#sender", Input).value.strip(),
            self.query_one("#sender_name", Input).value.strip(),
            Message(
                self.query_one("#subject", Input).value,
                self.query_one("#text", TextArea).text,
                self.query_one("#html", TextArea).text,
            ),
            self.query_one("#unsubscribe", Input).value.strip(),
            self._columns,
        )

    def press(self, key: str) -> None:
        """Show the text, the HTML or the preview, and go there; or the preview in a browser."""
        if key in PART_KEYS:
            self._show_part(PART_KEYS[key])
        else:
            preview = self.query_one(Preview)
            preview.show(self.entered())
            preview.open_browser()

    def _show_part(self, part: str) -> None:
        self._bring_up(part)
        self.query_one("#seen-by" if part == "preview" else f"#{part}").focus()

    def _bring_up(self, part: str) -> None:
        self.query_one("#part", ContentSwitcher).current = part
        self.set_class(part == "preview", "-previewing")
        for name in PARTS:
            self.query_one(f"#to-{name}").set_class(name == part, "-shown")
        if part == "preview":
            self.query_one(Preview).show(self.entered())
        self._hint()

    def reveal(self, field: str) -> None:
        """A problem in what is not shown: show it."""
        if field in ("text", "html"):
            self._bring_up(field)
        elif self.has_class("-previewing"):
            self._bring_up("text")

    @on(Button.Pressed, "#parts Button")
    def _part_chosen(self, event: Button.Pressed) -> None:
        event.stop()
        self._show_part((event.button.id or "").removeprefix("to-"))

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typed(self) -> None:
        what = self.entered()
        self.warn([*what.concerns(), *what.warnings(self.state.project)])
        self._hint()

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _hint(self) -> None:
        """Below the part: what one can use or do where the cursor is."""
        if self.query_one("#unsubscribe").has_focus:
            link = self.query_one("#unsubscribe", Input).value.strip()
            words = next((words for begin, words in ONE_CLICK.items() if link.startswith(begin)), "")
        elif self.query_one("#part", ContentSwitcher).current == "preview":
            words = "↑ ↓ the next recipient, or type an address. Ctrl+O shows it in a browser."
        else:
            fields = ", ".join(f"{{{{{name}}}}}" for name in (self._columns or ())[:8])
            words = f"Fields: {fields}" if fields else ""
        self.query_one("#hint", Static).update(Content(words))


def first_what(project: Project, domain: str) -> What:
    """What the file has; for the rest an example."""
    from wizard.reminder.message.fields import EXAMPLE, Message

    kept = project.reminder
    written = kept.subject or kept.text or kept.html
    return What(
        kept.sender or f"reminders@{domain}",
        kept.sender_name if written else kept.sender_name or "Reminders",
        Message(kept.subject, kept.text, kept.html) if written else EXAMPLE,
        kept.unsubscribe or "",
    )
