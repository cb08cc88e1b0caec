"""Checks of the project file's ``reminder`` section, and the template's ``Setup`` that it gives.

Each part (message, recipients, schedule, alerts) is checked by itself: pairs of setting and sentence, none if
all is well. Only the recipients' file is read, and AWS is not called.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

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
"""Problems of the recipients' file that are listed."""

Problems = list[tuple[str, str]]


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
    """The template's ``Setup`` for a project file without ``problems``. Raises AddressError.

    The further arguments are known only by asking AWS: see ``Setup``. ``start`` comes from ``start_date``.
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
    """The StartDate to deploy: the chosen one, unless it has passed. Raises ScheduleError.

    EventBridge refuses a StartDate in the past. A rate always has one: without it EventBridge would start the
    function at once, before the test mail. It begins one step from now, to the minute; if a rate is deployed
    already, with ``since`` as its StartDate, it goes on in the same steps.
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
    """What must be fixed before the reminder can be deployed. ``base`` is the project file's folder."""
    table = project.reminder.table
    return (
        *message_problems(project),
        *(_table_problems(project) if table else recipient_problems(project, base)),
        *schedule_problems(project.reminder, now),
        *alerts_problems(project.reminder.alerts),
    )


def missing(project: Project) -> tuple[str, ...]:
    """The parts of the reminder that are not filled in yet."""
    reminder = project.reminder
    parts = {
        "recipients": reminder.recipients or reminder.table,
        "message": reminder.subject or reminder.text or reminder.html,
        "schedule": reminder.schedule,
    }
    return tuple(name for name, filled in parts.items() if not filled)


def warnings(project: Project) -> tuple[tuple[str, str], ...]:
    """What can be deployed but should be changed: pairs of setting and sentence.

    An HTML part that does not follow the text; promotional mail and its unsubscribe link (RFC 8058, and the
    requirements of Gmail and Yahoo).
    """
    message, link = message_of(project), project.reminder.unsubscribe
    promotional = project.production.mail_type == "MARKETING"
    found = []
    if message.html == messages.EXAMPLE.html and message.text != messages.EXAMPLE.text:
        words = "The HTML part is still the example, and most readers see that part: change it, or empty it."
        found.append(("html", words))
    if not link and promotional:
        words = "Add an unsubscribe address: Gmail and Yahoo treat promotional mail without one as spam."
        found.append(("unsubscribe", words))
    elif link and link.startswith("mailto:") and promotional:
        words = (
            "A mailto: address is not one click: Gmail and Yahoo require an https:// address of bulk senders."
        )
        found.append(("unsubscribe", words))
    elif link and not link.startswith("mailto:") and not fields_in(link):
        words = "Add a field to the unsubscribe address, such as {{email}}: it must identify the recipient."
        found.append(("unsubscribe", words))
    return tuple(found)


def message_problems(project: Project) -> Problems:
    """Problems of the sender, the message, the unsubscribe address, and their size."""
    found = [
        *_sender_problems(project),
        *messages.problems(message_of(project)),
        *link_problems(project.reminder.unsubscribe),
    ]
    return found or _size_problems(project)


def _size_problems(project: Project) -> Problems:
    """Whether the message and the function's environment are within AWS's limits."""
    found = []
    # With a queue, which makes the environment larger; alerts are no part of it.
    project = replace(project, reminder=replace(project.reminder, alerts=None))
    setup = setup_of(project, workers=MAX_WORKERS)
    if template.environment_bytes(setup) > template.MAX_ENVIRONMENT:
        words = "Use fewer fields, or shorter names: the function's configuration is limited to 4 KB."
        found.append(("table" if setup.table else "text", words))
    message = setup.message
    size = sum(len(part.encode()) for part in (message.subject, message.text, message.html))
    if size > messages.MAX_SIZE:
        words = f"Shorten the message: it has {size:,} bytes, and SES accepts {messages.MAX_SIZE:,}."
        found.append(("html" if message.html else "text", words))
    return found


def _sender_problems(project: Project) -> Problems:
    sender, name, domain = project.reminder.sender, project.reminder.sender_name, project.domain.name
    found = []
    if domain is None:
        found.append(("sender", "Choose the domain first (step 2): the sender is an address at it."))
    elif not sender:
        found.append(("sender", f"Enter the sender's address, such as reminders@{domain}"))
    else:
        try:
            if normal_address(sender).rpartition("@")[2] != domain:
                found.append(("sender", f"Enter a sender address at {domain}, the domain of this set-up."))
        except AddressError as error:
            found.append(("sender", f"Not a valid sender address: {error}."))
    if name != messages.one_line(name):
        found.append(("sender_name", "Write the sender's name on one line, without spaces around it."))
    if len(name) > MAX_SENDER_NAME:
        found.append(("sender_name", f"Shorten the sender's name to at most {MAX_SENDER_NAME} characters."))
    return found


def recipient_problems(project: Project, base: Path) -> Problems:
    """Problems of the recipients' file, and fields of the message without a column in it."""
    try:
        read = read_recipients(project, base)
    except WizardError as error:
        return [("recipients", f"{error.title}. {error.todo}")]
    found = [("recipients", f"Line {problem.line}: {problem.words}.") for problem in read.problems[:_SHOWN]]
    if len(read.problems) > _SHOWN:
        found.append(("recipients", f"And {len(read.problems) - _SHOWN} more lines with problems."))
    if read.problems:
        return found
    if not read.count:
        found.append(("recipients", "The CSV file has a header but no recipients."))
    return [*found, *unfilled(message_of(project), project.reminder.unsubscribe, read.columns)]


def unfilled(message: Message, link: str | None, columns: tuple[str, ...]) -> Problems:
    """The fields of the message and of the unsubscribe ``link`` that have no column."""
    return [
        *messages.unfilled(message, columns),
        *(
            ("unsubscribe", f"The unsubscribe address uses {{{{{name}}}}}, but there is no column {name}.")
            for name in fields_in(link or "")
            if name not in columns
        ),
    ]


def _table_problems(project: Project) -> Problems:
    """Problems of the mapping of a table of the user's, as far as the file shows them."""
    table = project.reminder.table
    found = []
    if project.reminder.recipients:
        found.append(("table", "Name a CSV file or a table of your own, not both."))
    for name in table.fields if table else ():
        if field_name(name) != name:
            words = "use lower-case letters, digits and single underscores, and begin with a letter"
            found.append(("table", f"{printable(name, 50)} is not a valid field name: {words}."))
    return found


def link_problems(link: str | None) -> Problems:
    """Problems of the unsubscribe address, which is in a header of every mail."""
    if not link:
        return []
    if link.startswith("mailto:"):
        sentences = _mailto_problems(link.removeprefix("mailto:"))
    elif link.startswith("http://"):
        sentences = ["Use https:// for the unsubscribe address: one-click needs it (RFC 8058)."]
    elif not link.startswith("https://"):
        sentences = ["Begin the unsubscribe address with https:// or mailto:"]
    else:
        sentences = _https_problems(link)
    return [("unsubscribe", sentence) for sentence in sentences]


def _mailto_problems(address: str) -> list[str]:
    if "{{" in address:
        return ["Remove the fields from the unsubscribe address: a mailto: address is the same for everyone."]
    try:
        normal_address(address)
    except AddressError as error:
        return [f"The unsubscribe address is not an e-mail address: {error}."]
    return []


def _https_problems(link: str) -> list[str]:
    if not link.isascii() or re.search(r"[\s\"`$;\\<>]", link):
        return ["Remove spaces, quotes and non-ASCII letters from the unsubscribe address."]
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        host = ""
    if "." not in host or "{" in host:
        return ["Name a web server in the unsubscribe address; fields are allowed only after it."]
    return messages.field_problems("unsubscribe address", link)


def alerts_problems(address: str | None) -> Problems:
    """Whether alerts can be sent to ``address``; none if it is empty."""
    try:
        if address:
            normal_address(address)
    except AddressError as error:
        return [("alerts", f"Not a valid address for alerts: {error}.")]
    return []


def schedule_problems(reminder: Reminder, now: datetime) -> Problems:
    """Problems of the schedule, the time zone, and the limits."""
    schedule, timezone, start, end = reminder.schedule, reminder.timezone, reminder.start, reminder.end
    found: Problems = []
    if end and end <= now:
        found.append(("end", "“Not after” is in the past: choose a later time."))
    elif start and end and end <= start:
        found.append(("end", "“Not after” must be later than “Not before”."))
    if not 0 <= reminder.window_minutes <= MAX_WINDOW:
        found.append(("window_minutes", f"Choose a window of 0 to {MAX_WINDOW:,} minutes."))
    if not schedule:
        return [*found, ("schedule", "Choose when the mail is sent.")]
    try:
        if not next_runs(schedule, timezone, now, 1):
            return [*found, ("schedule", "This time is in the past: choose a later one.")]
        if not found and not next_runs(schedule, timezone, now, 1, start, end):
            words = "No run falls between “Not before” and “Not after”."
            return [("end" if end else "start", words)]
    except ScheduleError as error:
        return [*found, ("timezone" if error.position is None else "schedule", f"{error}")]
    return found
