"""The What page: sender, subject, text, HTML part, and a preview for one recipient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.widgets import Button, ContentSwitcher, Input, Label, Static, TextArea

from screens.commands import key_name
from screens.pages.reminder.form_page import Page
from screens.pages.reminder.preview import Preview
from screens.widgets.columns import Columns
from screens.widgets.long_text import LongText
from wizard.project.schema import Project, Reminder, takes
from wizard.reminder.message.fields import Message
from wizard.reminder.recipients.parse import Recipients
from wizard.steps.reminder.message_form import MessageForm
from wizard.steps.reminder.recipients_form import RecipientsForm

ONE_CLICK = {
    "https://": "One click: mail programs show an Unsubscribe button and call this address.",
    "mailto:": "Mail programs offer to send a mail there. Read that mail and add the opt-out yourself.",
    "": "Recipients unsubscribe here: with one click (https://) or by e-mail (mailto:).",
}
"""The meaning of an unsubscribe address, by its scheme."""

EXAMPLES = {"text": "for example Hello {{name}},", "html": "for example <p>Hello {{name}},</p>"}
PARTS = {"text": "Text", "html": "HTML", "preview": "Preview"}
PART_KEYS = {"f6": "text", "f7": "html", "f8": "preview"}


class WhatPage(Page):
    """Sender and subject; below, the text, the HTML part or the preview."""

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
  Values are escaped in the HTML part.
- **F6**, **F7** and **F8** show the text, the HTML part, and the preview. The text is required.
- In the preview **↑ ↓** choose another recipient, or type an address. **Esc** returns to the text.
  **Ctrl+O** opens the preview in a browser.
- **Unsubscribe**: mail programs call an `https://` address, with a field such as `{{email}}`, when the
  recipient presses “Unsubscribe” (one click, RFC 8058). Your page must add the opt-out without a further
  question. A `mailto:` address gets an e-mail instead.
"""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (the name every widget has for it)
        super().__init__(id=id)
        self._columns: tuple[str, ...] | None = None

    def compose(self) -> ComposeResult:
        """The fields, a row that chooses the part, and the part."""
        with Horizontal(classes="field tight head"):
            yield Label("From", classes="label")
            yield Input(placeholder="for example Reminders", id="sender_name", compact=True)
            yield Input(placeholder="for example reminders@example.com", id="sender", compact=True)
        with Horizontal(classes="field tight head"):
            yield Label("Subject", classes="label")
            yield Input(placeholder="for example Hello {{name}}", id="subject", compact=True)
        with Horizontal(classes="field tight head"):
            yield Label("Unsubscribe", classes="label")
            yield Input(
                placeholder="for example https://example.com/leave?who={{email}}",
                id="unsubscribe",
                compact=True,
            )
        with Horizontal(id="parts", classes="field tight"):
            for key, part in PART_KEYS.items():
                yield Button(f"{PARTS[part]}  {key_name(key)}", id=f"to-{part}", compact=True)
        with ContentSwitcher(initial="text", id="part"):
            for part, example in EXAMPLES.items():
                yield LongText(id=part, compact=True, placeholder=example, highlight_cursor_line=False)
            yield Preview(id="preview")
        yield Static("", id="hint", classes="hint", markup=False)
        yield Columns(classes="problems")

    def on_mount(self) -> None:
        """Show the text."""
        self._bring_up("text")

    def load(self, form: MessageForm) -> None:
        """Show ``form``."""
        self.query_one("#sender", Input).value = form.sender
        self.query_one("#sender_name", Input).value = form.sender_name
        self.query_one("#subject", Input).value = form.message.subject
        self.query_one("#unsubscribe", Input).value = form.unsubscribe
        self.query_one("#text", TextArea).text = form.message.text
        self.query_one("#html", TextArea).text = form.message.html

    def load_saved(self, form: MessageForm) -> None:
        """Show ``form``, except in fields whose typed content the file cannot hold."""

        def can_be_saved(**settings: Any) -> bool:
            return takes(Project(reminder=Reminder(**settings)))

        typed = self.entered()
        parts, link = {"text": typed.message.text, "html": typed.message.html}, typed.unsubscribe
        self.load(
            MessageForm(
                form.sender if can_be_saved(sender=typed.sender or None) else typed.sender,
                form.sender_name,
                form.message if can_be_saved(**parts) else typed.message,
                form.unsubscribe if can_be_saved(unsubscribe=link or None) else link,
            )
        )

    def offer(self, who: RecipientsForm, read: Recipients) -> None:
        """Use the recipients' fields and preview the mail for one of them."""
        self._columns = read.columns
        self.query_one(Preview).offer(who, read)
        self._hint()
        self._typed()

    def entered(self) -> MessageForm:
        """The form as typed."""
        return MessageForm(
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
        """Show the text, the HTML part or the preview; or the preview in a browser."""
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

    def back(self) -> bool:
        """Return from the preview to the text."""
        if not self.has_class("-previewing"):
            return False
        self._show_part("text")
        return True

    def reveal(self, field: str) -> None:
        """Show the part or the field with a problem."""
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
        form = self.entered()
        self.warn([*form.concerns(), *form.warnings(self.state.project)])
        self._hint()

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _hint(self) -> None:
        """Show what can be used or done where the cursor is."""
        if self.query_one("#unsubscribe").has_focus:
            link = self.query_one("#unsubscribe", Input).value.strip()
            words = next((words for begin, words in ONE_CLICK.items() if link.startswith(begin)), "")
        elif self.query_one("#part", ContentSwitcher).current == "preview":
            words = "↑ ↓ next recipient, or type an address. Esc: text. Ctrl+O: browser."
        else:
            fields = ", ".join(f"{{{{{name}}}}}" for name in (self._columns or ())[:8])
            words = f"Fields: {fields}" if fields else ""
        self.query_one("#hint", Static).update(Content(words))
