"""The headers of a received mail: pasted, read, and each result explained, with the way to fix it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Label, OptionList, TextArea
from textual.widgets.option_list import Option

from screens.commands import Command, in_demo
from screens.frame.over import OverPage
from screens.frame.page import PAGES_CSS
from screens.messages import Decided, GoTo
from screens.widgets.choice_list import ChoiceList
from screens.widgets.columns import Cells, Columns, facts
from screens.workers import reads
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.production import received_mail, sandbox
from wizard.steps.production.authentication_results import LONGEST, LONGEST_FIELD, RESULTS
from wizard.steps.production.received_mail import MailCheck, Reading
from wizard.text import printable, sentence
from wizard.world import Stage, World

GRADES = {
    "pass": ("✓", "$text-success"),
    "weak": ("!", "$text-warning"),
    "fail": ("✗", "$text-error"),
    "not said": ("·", "$text-muted"),
}
"""Symbol and colour of a verdict; its word is the grade's own."""


class Pasted(TextArea):
    """Where headers are pasted. What is pasted is bounded, and made safe to show, before it stands here."""

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        await super()._on_paste(events.Paste(safe(event.text)))


def safe(text: str) -> str:
    """As much of ``text`` as is read, its lines as they were, without a sign that a terminal would obey."""
    lines = re.split(r"\r\n|\r|\n", text[:LONGEST])
    return "\n".join(printable(line.expandtabs(8), LONGEST_FIELD) for line in lines)


class HeadersPage(OverPage):
    """First the field for the headers, then what they say; F4 goes from one to the other."""

    QUESTION = "What did the receiver find?"
    WHY = "In the mail that arrived, show the original (the message source), copy it, and paste it here."
    ACT = "Read them"
    FIELD = "#pasted"
    HELP = """
The server that took your test mail wrote what it found into the header `Authentication-Results` on arrival.

- **Gmail**: ⋮, *Show original*, *Copy to clipboard*. **Outlook on the web**: …, *View*, *View message
  source*. **Apple Mail**: *View*, *Message*, *Raw Source*. **Thunderbird**: *More*, *View Source*.
- Paste it whole, or the headers alone; **F4** reads it. **↑ ↓** choose a result, **Enter** opens the step
  that fixes it.
- **SPF** is about the MAIL FROM domain, **DKIM** about the signature, **DMARC** asks that one of them is for
  the domain in the From address. That match is called **alignment**.

Nobody signs these headers: they are the receiver's word, as it was pasted. Nothing of them is kept but the
outcome.
"""
    CSS_PATH: ClassVar[list[str | PurePath]] = [PAGES_CSS, "sandbox.tcss"]
    KEYS: ClassVar[list[Command]] = [
        Command("enter", "fix", "Fix it", "Open the step that fixes it", button=True),
        Command("f8", "demo_mail", "Use its headers", "Headers of the latest mail", when=in_demo),
    ]

    @dataclass
    class HeadersAccepted(Message):
        """The head of a mail in the demo's inbox; None where none has come yet."""

        text: str | None

    @dataclass
    class HeadersRead(Message):
        """This is what the headers say."""

        reading: Reading

    def __init__(self) -> None:
        super().__init__()
        self._reading: Reading | None = None

    def compose_step(self) -> ComposeResult:
        """The field; in its place, once they are read, the results and the highlighted one."""
        with Vertical(id="paste"):
            yield Pasted(id="pasted", compact=True, placeholder="Paste the headers here.")
            if self.wizard.demo:
                with Horizontal(classes="field tight block"):
                    yield Label("Demo: its latest mail.", classes="label wide")
                    yield self.button("demo_mail")
        with Vertical(id="reading"):
            yield Columns(id="outcome")
            yield ChoiceList(id="verdicts", compact=True, markup=False)
            yield Columns(id="verdict")
            yield Columns(id="notes", classes="block")

    def on_mount(self) -> None:
        """Begin with the field."""
        self._show(None)

    # Workers

    @reads("Reading the headers", topic="read")
    def _read(self, world: World, project: Project, text: str) -> None:

        reading = received_mail.read(text, project)
        self.wizard.post_message(Decided(project, sandbox.noted(world, project, reading)))
        self.tell(self.HeadersRead(reading))

    @reads("Looking into the inbox", topic="read")
    def _take(self, stage: Stage) -> None:
        heads = (mail.head for mail in stage.inbox())
        self.tell(self.HeadersAccepted(next((head for head in heads if RESULTS in head.lower()), None)))

    # What they say

    @on(HeadersRead)
    def _show_read(self, message: HeadersRead) -> None:
        message.stop()
        self._show(message.reading)

    @on(HeadersAccepted)
    def _show_taken(self, message: HeadersAccepted) -> None:
        message.stop()
        if message.text is None:
            self.show_error(
                WizardError(
                    "No mail has arrived yet",
                    "The demo's inbox holds none that SES sent for your domain.",
                    "Go back (F2) and send a test mail (F6).",
                ),
                focus=self.FIELD,
            )
            return
        self.query_one("#pasted", TextArea).text = safe(message.text)
        self.action_act()

    def _show(self, reading: Reading | None) -> None:
        """Show what was read, or else the field."""
        self._reading = reading
        self.query_one("#paste").display = reading is None
        self.query_one("#reading").display = self.query_one("#fix").display = reading is not None
        self.query_one("#why").display = reading is None
        button = self.query_one("#act", Button)
        button.label = f"{'Paste others' if reading else self.ACT}  F4"
        button.refresh(layout=True)
        if reading is None:
            self.query_one("#pasted").focus()
            return
        head = Content.styled("✓ good", "$text-success") if reading.passed else _styled("! look", "weak")
        self.query_one("#outcome", Columns).show([(head, f"{sentence(reading.words)}.")])
        listed = self.query_one("#verdicts", OptionList)
        listed.clear_options()
        listed.add_options([Option(_line(verdict)) for verdict in reading.verdicts])
        worst = next((n for n, one in enumerate(reading.verdicts) if one.grade == "fail"), None)
        weak = next((n for n, one in enumerate(reading.verdicts) if one.grade == "weak"), 0)
        listed.highlighted = weak if worst is None else worst
        listed.focus()
        self.query_one("#notes", Columns).show(
            [(Content.styled(note, "$text-muted"),) for note in reading.notes]
        )

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self._reading:
            verdict = self._reading.verdicts[event.option_index]
            self.query_one("#verdict", Columns).show(_detail(verdict))
            self.query_one("#fix", Button).disabled = verdict.step is None

    # Keys

    def action_act(self) -> None:
        """Read what was pasted; from the results back to the field."""
        self.clear_error()
        if self._reading:
            self._show(None)
            return
        self.retry = self.action_act
        self._read(self.state.world, self.state.project, self.query_one("#pasted", TextArea).text)

    def action_look_again(self) -> None:
        """Read what stands in the field once more."""
        if self._reading is None:
            self.action_act()

    def action_demo_mail(self) -> None:
        """In the demo: read the headers of the latest mail, instead of pasting them."""
        if self.state.world.stage:
            self.clear_error()
            self._show(None)
            self.retry = self.action_demo_mail
            self._take(self.state.world.stage)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_fix()

    def action_fix(self) -> None:
        """Open the step that fixes the highlighted result."""
        number = self.query_one("#verdicts", OptionList).highlighted
        if self._reading and number is not None:
            step = self._reading.verdicts[number].step
            if step:
                self.post_message(GoTo(step))


def _styled(words: str, grade: str) -> Content:
    return Content.styled(words, GRADES[grade][1])


def _line(verdict: MailCheck) -> Content:
    symbol, _ = GRADES[verdict.grade]
    return Content.assemble(
        _styled(f"{symbol} {verdict.grade:<10}", verdict.grade),
        Content.styled(f"{verdict.subject:<11}", "bold"),
        verdict.words,
    )


def _detail(verdict: MailCheck) -> list[Cells]:
    """Why, what to do and where, and the receiver's own words."""
    step = verdict.step
    where = f" Enter opens step {step.number}, {step.label}." if step else ""
    told = [("why", verdict.why), ("to do", verdict.todo + where), ("written", verdict.written)]
    return facts([(label, words) for label, words in told if words])
