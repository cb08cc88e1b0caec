"""Who gets the mail: addresses typed one a line, or a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, TextArea

from screens.reminder_page import Decision, Page, Problem
from screens.widgets.columns import Cells, Columns
from wizard.errors import WizardError

if TYPE_CHECKING:
    from wizard.project import Project
    from wizard.reminder.recipients import Recipients
    from wizard.world import World

SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Who:
    """Typed lines, or the path of a CSV file, which goes before them."""

    lines: str
    path: str

    def read(self, project: Project, base: Path) -> Recipients:
        """The recipients, with every problem by its line. Raises WizardError for an unreadable file."""
        from wizard.reminder.recipients import parse_lines
        from wizard.reminder.recipients_file import read_recipients

        return read_recipients(self._named(project), base) if self.path else parse_lines(self.lines)

    def decided(self, project: Project, base: Path, now: datetime) -> Decision:
        """The project that names the file. Typed recipients are written to one of their own first."""
        from wizard.reminder.recipients_file import keep_typed

        try:
            read = self.read(project, base)
        except WizardError as error:
            return Decision(project, [unreadable(error)], complete=False)
        problems = self.problems(read)
        if not problems and not read.count:
            problems = [Problem(self._field, "Name at least one recipient.")]
        if problems:
            return Decision(project, problems, complete=False)
        kept = self._named(project) if self.path else keep_typed(project, base, self.lines)
        return Decision(kept, (), complete=True)

    def problems(self, read: Recipients) -> list[Problem]:
        """What is wrong in ``read``, which came of this: the first few lines, and how many more there are."""
        found = [
            Problem(self._field, f"Line {problem.line}: {problem.words}.", problem.line)
            for problem in read.problems[:SHOWN_PROBLEMS]
        ]
        more = len(read.problems) - SHOWN_PROBLEMS
        return [*found, Problem(self._field, f"And {more} more.")] if more > 0 else found

    @property
    def _field(self) -> str:
        return "path" if self.path else "lines"

    def _named(self, project: Project) -> Project:
        from msgspec.structs import replace

        path = str(Path(self.path).expanduser())
        return replace(project, reminder=replace(project.reminder, recipients=path))


def unreadable(error: WizardError) -> Problem:
    """A named file that cannot be read, and the way out."""
    return Problem(
        "path",
        f"{error.title}: {error.what} Name another file, or empty the field to go back to the list.",
    )


class WhoPage(Page):
    """The lines, or the file, and what was read."""

    NAME = "Who"
    QUESTION = "Who gets the mail?"
    WHY = "Only people who asked for it. In the sandbox: only addresses and domains verified in SES."
    FIRST = "#lines"

    class Read(Message):
        """What typed lines or a named file came to."""

        def __init__(self, who: Who, read: Recipients | None, error: WizardError | None) -> None:
            super().__init__()
            self.who = who
            self.read = read
            self.error = error

    def compose(self) -> ComposeResult:
        """A place to type, a place for a path, and a line about what was read."""
        yield Label("One a line: address, name", classes="label wide", id="how")
        yield TextArea(
            id="lines", compact=True, placeholder="ana@example.com, Ana", highlight_cursor_line=False
        )
        with Horizontal(classes="field tight", id="or-file"):
            yield Label("or CSV file", classes="label")
            yield Input(placeholder="recipients/team.csv", id="path", compact=True)
        yield Columns(id="read")
        yield Columns(classes="problems")

    def load(self, who: Who) -> None:
        """Begin with ``who``."""
        self.query_one("#path", Input).value = who.path
        self.query_one("#lines", TextArea).text = who.lines
        self._follow()

    def entered(self) -> Who:
        """The fields as they stand."""
        return Who(self.query_one("#lines", TextArea).text, self.query_one("#path", Input).value.strip())

    @work(
        thread=True, exclusive=True, exit_on_error=False, group="read", description="Reading the recipients"
    )
    def _read(self, project: Project, base: Path, who: Who) -> None:
        try:
            self.tell(self.Read(who, who.read(project, base), None))
        except WizardError as error:
            self.tell(self.Read(who, None, error))

    @on(Read)
    def _show_read(self, message: Read) -> None:
        """Say what the fields came to, if that is still what stands in them."""
        who, read, error = message.who, message.read, message.error
        if who != self.entered():
            return
        problems = [unreadable(error)] if error else who.problems(read) if read else []
        self.query_one("#read", Columns).show(_read(read) if read and (read.count or problems) else [])
        self.warn(problems)

    @on(Input.Changed, "#path")
    @on(TextArea.Changed, "#lines")
    def _changed(self, event: Message) -> None:
        event.stop()
        self._follow()

    def _follow(self) -> None:
        who = self.entered()
        self.query_one("#lines").display = self.query_one("#how").display = not who.path
        self.warn(())
        self._read(self.state.project, self.base, who)


def first_who(world: World, project: Project, base: Path, domain: str) -> Who:
    """Typed recipients as they were typed, another file by its path; in the demo three people."""
    from wizard.reminder.recipients_file import kept_typed

    path = project.reminder.recipients
    if path:
        try:
            typed = kept_typed(project, base)
        except WizardError:
            typed = None
        return Who("", path) if typed is None else Who(typed, "")
    if world.demo:
        return Who(f"ana@{domain}, Ana\nben@{domain}, Ben\nsuccess@simulator.amazonses.com, Chris\n", "")
    return Who("", "")


def _read(read: Recipients) -> list[Cells]:
    count = read.count
    fields = ", ".join(f"{{{{{name}}}}}" for name in read.columns[:8])
    words = f"{count:,} recipient{'' if count == 1 else 's'}. The message can use {fields}"
    return [(Content.styled("✓", "$text-success"), words)]
