"""What the project file says about the reminder, read and checked before anything is asked of AWS."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from wizard.addresses import AddressError, normal_address
from wizard.errors import WizardError
from wizard.project.schema import Project, Reminder
from wizard.reminder.capacity import MAX_WORKERS
from wizard.reminder.message import fields as messages
from wizard.reminder.message.fields import Message, field_name, fields_in
from wizard.reminder.recipients.csv_file import read_recipients
from wizard.reminder.schedule.expressions import At, Cron, ScheduleError, parse
from wizard.reminder.schedule.schedules import next_runs
from wizard.reminder.setup import Setup
from wizard.reminder.template import build as template
from wizard.text import printable

MAX_SENDER_NAME = 100
MAX_WINDOW = 1440
"""The longest flexible time window, in minutes (EventBridge Scheduler)."""
_SHOWN = 5
"""How many problems of the recipients' file are told at once."""


def message_of(project: Project) -> Message:
    """The message in the project file."""
    return Message(project.reminder.subject, project.reminder.text, project.reminder.html)


def setup_of(
    project: Project,
    identities: tuple[str, ...] = (),
    start: datetime | None = None,
    *,
    table_key: str | None = None,
    workers: int = 0,
) -> Setup:
    """What the template needs, from a project file without ``problems``. Raises AddressError.

    What the file does not say is AWS's to say: see ``Setup``. ``start`` is ``start_date``'s.
    """
    reminder = project.reminder
    return Setup(
        stack=reminder.stack,
        sender=normal_address(reminder.sender or ""),
        sender_name=reminder.sender_name,
        configuration_set=project.identity.configuration_set,
        message=message_of(project),
        schedule=reminder.schedule or "",
        timezone=reminder.timezone,
        identities=identities,
        start=start,
        end=reminder.end,
        window_minutes=reminder.window_minutes,
        paused=reminder.paused,
        table=reminder.table,
        table_key=table_key,
        unsubscribe=reminder.unsubscribe,
        alerts=normal_address(reminder.alerts) if reminder.alerts else None,
        workers=workers,
    )


def start_date(reminder: Reminder, now: datetime, since: datetime | None = None) -> datetime | None:
    """The StartDate to deploy: the begin that was chosen, as long as it is to come. Raises ScheduleError.

    EventBridge takes no StartDate that has passed. A rate always has one: without it EventBridge would start
    the function at once, before anybody saw a test mail. It begins one step from now, to the minute; where it
    is deployed already, ``since`` is its StartDate, and it goes on in the same step.
    """
    expression, timezone = reminder.schedule or "", reminder.timezone
    parsed = parse(expression)
    if isinstance(parsed, At):
        return None
    if reminder.start and reminder.start > now:
        return reminder.start
    if isinstance(parsed, Cron):
        return None
    if since:
        return next_runs(expression, timezone, now, 1, since)[0]
    return (now + parsed.every).replace(second=0, microsecond=0)


def problems(project: Project, base: Path, now: datetime) -> tuple[tuple[str, str], ...]:
    """What must be mended before the reminder can be set up: pairs of setting and sentence.

    None where all is well. The settings are those of the file's ``reminder`` section. Nothing but the
    recipients' file is read.
    """
    found = [
        *_sender_problems(project),
        *messages.problems(message_of(project)),
        *(_table_problems(project) if project.reminder.table else _recipient_problems(project, base)),
        *_schedule_problems(project, now),
        *link_problems(project.reminder.unsubscribe),
        *_alerts_problems(project.reminder.alerts),
    ]
    if all(setting == "recipients" for setting, _ in found):
        # As with a queue, which makes the environment larger.
        found += _size_problems(setup_of(project, workers=MAX_WORKERS))
    return tuple(found)


def warnings(project: Project) -> tuple[tuple[str, str], ...]:
    """What may stay as it is, but had better not: pairs of setting and sentence.

    They are about an HTML part that does not follow the text, and about promotional mail and its unsubscribe
    link (RFC 8058, and what Gmail and Yahoo ask for).
    """
    return (*_example_warnings(message_of(project)), *_link_warnings(project))


def _example_warnings(message: Message) -> tuple[tuple[str, str], ...]:
    if message.html != messages.EXAMPLE.html or message.text == messages.EXAMPLE.text:
        return ()
    words = "The HTML part is still the example's, and most readers see that one: change it too, or empty it."
    return (("html", words),)


def _link_warnings(project: Project) -> tuple[tuple[str, str], ...]:
    link = project.reminder.unsubscribe
    promotional = project.production.mail_type == "MARKETING"
    if not link:
        words = "Promotional mail needs an unsubscribe address: Gmail and Yahoo put it into spam without one."
        return (("unsubscribe", words),) if promotional else ()
    if link.startswith("mailto:"):
        words = (
            "A mailto: address is not one click: Gmail and Yahoo ask senders of much promotional mail for an "
            "https:// address."
        )
        return (("unsubscribe", words),) if promotional else ()
    if not fields_in(link):
        words = "Put a field into the unsubscribe address, such as {{email}}: else it cannot tell who asks."
        return (("unsubscribe", words),)
    return ()


def _size_problems(setup: Setup) -> list[tuple[str, str]]:
    """Whether AWS's limits for the template and for the function's environment hold."""
    found = []
    if template.environment_bytes(setup) > template.MAX_ENVIRONMENT:
        words = "Use fewer fields, or shorter names: what the function must know has to fit into 4 KB."
        found.append(("table" if setup.table else "text", words))
    size = sum(len(part.encode()) for part in (setup.message.subject, setup.message.text, setup.message.html))
    if size > messages.MAX_SIZE:
        part = "html" if setup.message.html else "text"
        found.append(
            (part, f"Make the message shorter: it has {size:,} bytes, and SES takes {messages.MAX_SIZE:,}.")
        )
    return found


def _sender_problems(project: Project) -> list[tuple[str, str]]:
    sender, name, domain = project.reminder.sender, project.reminder.sender_name, project.domain.name
    found = []
    if domain is None:
        found.append(("sender", "Choose the domain first: mail leaves from an address at it."))
    elif not sender:
        found.append(("sender", f"Name the address that mail comes from, such as reminders@{domain}."))
    else:
        try:
            if normal_address(sender).rpartition("@")[2] != domain:
                found.append(("sender", f"Choose an address at {domain}: it is the domain that was set up."))
        except AddressError as error:
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
    if not found and not read.count:
        found.append(("recipients", "The file names the columns, but nobody stands below them."))
    if not read.problems:
        found += messages.unfilled(message_of(project), read.columns)
        found += _unfilled_link(project.reminder.unsubscribe, read.columns)
    return found


def _table_problems(project: Project) -> list[tuple[str, str]]:
    """What can be said of a table of the user's without looking at it."""
    table = project.reminder.table
    found = []
    if project.reminder.recipients:
        found.append(("table", "Name a CSV file or a table of your own, not both: one says who gets mail."))
    for name in table.fields if table else ():
        if field_name(name) != name:
            words = "use small letters, digits and single underscores, a letter first"
            found.append(("table", f"{printable(name, 50)} is no name of a field: {words}."))
    return found


def link_problems(link: str | None) -> list[tuple[str, str]]:
    """What is wrong with the unsubscribe address. It stands in a header of every mail."""
    if not link:
        return []
    if link.startswith("mailto:"):
        sentences = _mailto_problems(link.removeprefix("mailto:"))
    elif link.startswith("http://"):
        sentences = ["Use https:// for the unsubscribe address: without it there is no one-click (RFC 8058)."]
    elif not link.startswith("https://"):
        sentences = ["Begin the unsubscribe address with https:// or mailto:."]
    else:
        sentences = _https_problems(link)
    return [("unsubscribe", sentence) for sentence in sentences]


def _mailto_problems(address: str) -> list[str]:
    if "{{" in address:
        return ["Take the fields out of the unsubscribe address: with mailto: it is the same for everybody."]
    try:
        normal_address(address)
    except AddressError as error:
        return [f"The unsubscribe address is not an e-mail address: {error}."]
    return []


def _https_problems(link: str) -> list[str]:
    if not link.isascii() or re.search(r"[\s\"`$;\\<>]", link):
        return ["Leave spaces, quotes and other than plain letters out of the unsubscribe address."]
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        host = ""
    if "." not in host or "{" in host:
        return ["Name a web server in the unsubscribe address; fields may stand behind it."]
    return messages.field_problems("unsubscribe address", link)


def _alerts_problems(address: str | None) -> list[tuple[str, str]]:
    try:
        if address:
            normal_address(address)
    except AddressError as error:
        return [("alerts", f"This is no address to send alerts to: {error}.")]
    return []


def _unfilled_link(link: str | None, columns: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        ("unsubscribe", f"The unsubscribe address uses {{{{{name}}}}}, but no column is called {name}.")
        for name in fields_in(link or "")
        if name not in columns
    ]


def _schedule_problems(project: Project, now: datetime) -> list[tuple[str, str]]:
    reminder = project.reminder
    schedule, timezone = reminder.schedule, reminder.timezone
    found = _date_problems(reminder, now)
    if not 0 <= reminder.window_minutes <= MAX_WINDOW:
        found.append(("window_minutes", f"Choose a window of 0 to {MAX_WINDOW:,} minutes."))
    if not schedule:
        return [*found, ("schedule", "Choose when mail leaves.")]
    try:
        if not next_runs(schedule, timezone, now, 1):
            return [*found, ("schedule", "Choose a time to come: this one never comes (again).")]
        if not found and not next_runs(schedule, timezone, now, 1, reminder.start, reminder.end):
            return [("schedule", "No run falls between begin and end: choose other dates or other times.")]
    except ScheduleError as error:
        return [*found, ("timezone" if error.position is None else "schedule", f"{error}")]
    return found


def _date_problems(reminder: Reminder, now: datetime) -> list[tuple[str, str]]:
    start, end = reminder.start, reminder.end
    if end and end <= now:
        return [("end", "Choose an end to come: this one has passed, so no run is left.")]
    if start and end and end <= start:
        return [("end", "Choose an end after the begin.")]
    return []
