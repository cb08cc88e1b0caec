"""What the mail says: sender, subject, a text and an HTML part with fields, and how one recipient sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, ContentSwitcher, Input, Label, Select, Static, TextArea

from screens.reminder_page import Decision, Page, Problem
from screens.symbols import lines
from screens.widgets.columns import Columns
from screens.widgets.key_line import key_name

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.reminder.message import Message as Mail
    from wizard.reminder.recipients import Recipient, Recipients

FIELDS = ("sender", "sender_name", "subject", "text", "html")
"""The settings that this page is about."""

NO_SENDER = Problem(
    "sender", "Choose a plainer address to send from: the project file does not take this one."
)
NO_ROOM = Problem("text", "Make the message shorter: the project file has no room for it.")
"""What is wrong where AWS would take it and the file does not."""

PARTS = {"text": "Text", "html": "HTML", "preview": "Preview"}
PART_KEYS = {"f6": "text", "f7": "html", "f8": "preview"}


@dataclass(frozen=True)
class What:
    """The sender and the three parts, as typed."""

    sender: str
    sender_name: str
    message: Mail

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """The project with sender and message, and what is wrong with them.

        A sender that is no address is left out: the file takes none. Any message is text to it.
        """
        from msgspec.structs import replace

        from wizard.project import Reminder, takes
        from wizard.reminder.draft import problems

        changed: Reminder = replace(
            project.reminder,
            sender=self.sender or None,
            sender_name=self.sender_name,
            subject=self.message.subject,
            text=self.message.text,
            html=self.message.html,
        )
        found = problems(replace(project, reminder=changed), base, now)
        unsent = replace(changed, sender=project.reminder.sender)
        kept = next(
            (part for part in (changed, unsent) if takes(replace(project, reminder=part))), project.reminder
        )
        wrong = [Problem(*problem) for problem in found if problem[0] in FIELDS]
        if kept is not changed and not wrong:
            wrong = [NO_ROOM if kept is project.reminder else NO_SENDER]
        return Decision(replace(project, reminder=kept), wrong, complete=kept is changed)

    def concerns(self, columns: Collection[str] | None) -> list[Problem]:
        """What is wrong with the message, as far as can be said without reading files.

        ``columns`` are the recipients'; None where they are not known.
        """
        from wizard.reminder import message

        unfilled = () if columns is None else message.unfilled(self.message, columns)
        return [Problem(*problem) for problem in (*message.problems(self.message), *unfilled)]


class WhatPage(Page):
    """Sender and subject above; text, HTML and preview in one place, one at a time."""

    NAME = "What"
    QUESTION = "What does it say?"
    WHY = "A field in double braces, like {{name}}, is filled in for each recipient."
    FIRST = "#subject"
    KEYS: ClassVar[Mapping[str, str]] = {"f6": "The text", "f7": "The HTML part", "f8": "The preview"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (the name every widget has for it)
        super().__init__(id=id)
        self._people: tuple[Recipient, ...] = ()
        self._columns: tuple[str, ...] | None = None

    def compose(self) -> ComposeResult:
        """The fields, a row that chooses the part, and the part."""
        with Horizontal(classes="field tight"):
            yield Label("From", classes="label")
            yield Input(placeholder="Reminders", id="sender_name", compact=True)
            yield Input(placeholder="reminders@example.com", id="sender", compact=True)
        with Horizontal(classes="field tight"):
            yield Label("Subject", classes="label")
            yield Input(placeholder="Hello {{name}}", id="subject", compact=True)
        with Horizontal(id="parts", classes="field tight"):
            for key, part in PART_KEYS.items():
                yield Button(f"{PARTS[part]}  {key_name(key)}", id=f"to-{part}", compact=True)
            yield Select[int](
                [], id="seen-by", allow_blank=True, prompt="for nobody in particular", compact=True
            )
        with ContentSwitcher(initial="text", id="part"):
            yield TextArea(
                id="text", compact=True, placeholder="Hello {{name}},", highlight_cursor_line=False
            )
            yield TextArea(
                id="html", compact=True, placeholder="<p>Hello {{name}},</p>", highlight_cursor_line=False
            )
            with VerticalScroll(id="preview", can_focus=False):
                yield Static("", id="previewed", markup=False)
        yield Static("", id="fields", classes="hint", markup=False)
        yield Columns(classes="problems")

    def on_mount(self) -> None:
        """Begin with the text."""
        self._bring_up("text")

    def load(self, what: What) -> None:
        """Begin with ``what``."""
        self.query_one("#sender", Input).value = what.sender
        self.query_one("#sender_name", Input).value = what.sender_name
        self.query_one("#subject", Input).value = what.message.subject
        self.query_one("#text", TextArea).text = what.message.text
        self.query_one("#html", TextArea).text = what.message.html

    def offer(self, read: Recipients) -> None:
        """These are the recipients: their fields can be used, and one of them sees the preview."""
        self._people, self._columns = read.sample, read.columns
        names = ", ".join(f"{{{{{name}}}}}" for name in read.columns[:8])
        self.query_one("#fields", Static).update(Content(f"Fields: {names}"))
        select = self.query_one("#seen-by", Select)
        select.set_options([(person.email, number) for number, person in enumerate(self._people)])
        if self._people:
            select.value = 0
        self._typed()

    def entered(self) -> What:
        """The fields as they stand."""
        from wizard.reminder.message import Message

        return What(
            self.query_one("#sender", Input).value.strip(),
            self.query_one("#sender_name", Input).value.strip(),
            Message(
                self.query_one("#subject", Input).value,
                self.query_one("#text", TextArea).text,
                self.query_one("#html", TextArea).text,
            ),
        )

    def press(self, key: str) -> None:
        """Show the text, the HTML or the preview, and go there."""
        self._show_part(PART_KEYS[key])

    def _show_part(self, part: str) -> None:
        self._bring_up(part)
        self.query_one("#seen-by" if part == "preview" else f"#{part}").focus()

    def _bring_up(self, part: str) -> None:
        self.query_one("#part", ContentSwitcher).current = part
        for name in PARTS:
            self.query_one(f"#to-{name}").set_class(name == part, "-shown")
        self.query_one("#seen-by").display = part == "preview"
        if part == "preview":
            self._preview()

    def reveal(self, field: str) -> None:
        """A problem in a part that is not shown: show that part."""
        if field in ("text", "html"):
            self._bring_up(field)

    @on(Button.Pressed)
    def _part_chosen(self, event: Button.Pressed) -> None:
        event.stop()
        self._show_part((event.button.id or "").removeprefix("to-"))

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typed(self) -> None:
        self.warn(self.entered().concerns(self._columns))

    @on(Select.Changed, "#seen-by")
    def _seen_by(self, event: Select.Changed) -> None:
        event.stop()
        self._preview()

    def _preview(self) -> None:
        from wizard.reminder.message import preview

        chosen = self.query_one("#seen-by", Select).value
        person = self._people[chosen] if isinstance(chosen, int) and chosen < len(self._people) else None
        what = self.entered()
        seen = preview(what.message, person.fields if person else {})
        self.query_one("#previewed", Static).update(_previewed(what, seen, person.email if person else "…"))


def _previewed(what: What, seen: Mail, recipient: str) -> Content:
    sender = f"{what.sender_name} <{what.sender}>" if what.sender_name else what.sender
    heads = [("From", sender), ("To", recipient), ("Subject", seen.subject)]
    parts = [Content.assemble(Content.styled(f"{name:<9}", "$text-muted"), value) for name, value in heads]
    parts += [Content(""), Content(seen.text)]
    if seen.html:
        parts += [Content.styled("HTML part", "$text-muted"), Content(seen.html)]
    return lines(parts)
