"""What the project file says about the reminder, read and checked before anything is asked of AWS."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from wizard.errors import ExitCode, WizardError
from wizard.project import Project, write_whole
from wizard.reminder import message as messages
from wizard.reminder import recipients as people
from wizard.reminder import template
from wizard.reminder.expressions import Rate, ScheduleError, parse
from wizard.reminder.message import Message
from wizard.reminder.recipients import Recipients
from wizard.reminder.schedules import next_runs
from wizard.reminder.template import Setup
from wizard.text import printable

RECIPIENTS_FILE = "recipients.csv"
"""Where typed recipients are kept, beside the project file."""
MAX_SENDER_NAME = 100
_SHOWN = 5
"""How many problems of the recipients' file are told at once."""


def message_of(project: Project) -> Message:
    """The message in the project file."""
    return Message(project.reminder.subject, project.reminder.text, project.reminder.html)


def recipients_file(project: Project, base: Path) -> Path:
    """The project's CSV file; ``base`` is the folder of the project file.

    Raises WizardError (exit code 2) where the project names none.
    """
    if not project.reminder.recipients:
        raise WizardError(
            "There are no recipients yet",
            "The project file names no CSV file.",
            "Type some, or name a CSV file with an email column.",
            ExitCode.USAGE,
        )
    return base / project.reminder.recipients


def read_recipients(project: Project, base: Path) -> Recipients:
    """The recipients in the project's CSV file. Raises WizardError (exit code 2) where it cannot be read."""
    return read_file(recipients_file(project, base))


def read_file(path: Path) -> Recipients:
    """The recipients in the CSV file at ``path``. Raises WizardError (exit code 2) where it is unreadable."""
    try:
        with path.open("rb") as file:
            raw = file.read(people.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise WizardError(
            f"{printable(str(path), 200)} could not be read",
            f"{reason}.",
            "Name another CSV file, or make this one readable.",
            ExitCode.USAGE,
        ) from error
    return people.parse_csv(raw)


def keep_recipients(project: Project, base: Path, typed: Recipients) -> Project:
    """Write typed recipients to ``RECIPIENTS_FILE`` in ``base``, and the project that names it.

    Raises WizardError where the disk refuses.
    """
    write_whole(base / RECIPIENTS_FILE, people.to_csv(typed))
    return replace(project, reminder=replace(project.reminder, recipients=RECIPIENTS_FILE))


def setup_of(project: Project, identities: tuple[str, ...] = (), start: datetime | None = None) -> Setup:
    """What the template needs, from a project file without ``problems``. Raises AddressError."""
    reminder = project.reminder
    return Setup(
        stack=reminder.stack,
        sender=people.normal_address(reminder.sender or ""),
        sender_name=reminder.sender_name,
        configuration_set=project.identity.configuration_set,
        message=message_of(project),
        schedule=reminder.schedule or "",
        timezone=reminder.timezone,
        identities=identities,
        start=start,
    )


def first_start(schedule: str, now: datetime) -> datetime | None:
    """The StartDate for ``schedule``: a rate begins one step from now, to the minute; the others need none.

    Without it EventBridge would start a rate at once, before anybody saw a test mail.
    """
    parsed = parse(schedule)
    return (now + parsed.every).replace(second=0, microsecond=0) if isinstance(parsed, Rate) else None


def problems(project: Project, base: Path, now: datetime) -> tuple[tuple[str, str], ...]:
    """What must be mended before the reminder can be set up: pairs of setting and sentence.

    None where all is well. The settings are those of the file's ``reminder`` section. Nothing but the
    recipients' file is read.
    """
    found = [
        *_sender_problems(project),
        *messages.problems(message_of(project)),
        *_recipient_problems(project, base),
        *_schedule_problems(project, now),
    ]
    if not found and len(template.body(setup_of(project)).encode()) > template.MAX_BODY:
        found.append(("html", "Make the message shorter: the whole stack must fit into 51,200 bytes."))
    return tuple(found)


def _sender_problems(project: Project) -> list[tuple[str, str]]:
    sender, name, domain = project.reminder.sender, project.reminder.sender_name, project.domain.name
    found = []
    if domain is None:
        found.append(("sender", "Choose the domain first: mail leaves from an address at it."))
    elif not sender:
        found.append(("sender", f"Name the address that mail comes from, such as reminders@{domain}."))
    else:
        try:
            if people.normal_address(sender).rpartition("@")[2] != domain:
                found.append(("sender", f"Choose an address at {domain}: it is the domain that was set up."))
        except people.AddressError as error:
            found.append(("sender", f"This is no address to send from: {error}."))
    if name != messages.one_line(name):
        found.append(("sender_name", "Write the sender's name on one line, without spaces around it."))
    if len(name) > MAX_SENDER_NAME:
        found.append(
            ("sender_name", f"Make the sender's name shorter: at most {MAX_SENDER_NAME} characters.")
        )
    return found


def _recipient_problems(project: Project, base: Path) -> list[tuple[str, str]]:
    try:
        read = read_recipients(project, base)
    except WizardError as error:
        return [("recipients", f"{error.title}. {error.todo}")]
    found = [("recipients", f"Line {problem.line}: {problem.words}.") for problem in read.problems[:_SHOWN]]
    if len(read.problems) > _SHOWN:
        found.append(("recipients", f"And {len(read.problems) - _SHOWN} more lines with problems."))
    if not found and not read.people:
        found.append(("recipients", "The file names the columns, but nobody stands below them."))
    if not read.problems:
        found += messages.unfilled(message_of(project), read.columns)
    return found


def _schedule_problems(project: Project, now: datetime) -> list[tuple[str, str]]:
    schedule, timezone = project.reminder.schedule, project.reminder.timezone
    if not schedule:
        return [("schedule", "Choose when mail leaves.")]
    try:
        if next_runs(schedule, timezone, now, 1):
            return []
    except ScheduleError as error:
        return [("timezone" if error.position is None else "schedule", f"{error}")]
    return [("schedule", "Choose a time to come: this one never comes (again).")]
