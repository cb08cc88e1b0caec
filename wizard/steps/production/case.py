"""The answer to the questions of AWS's reviewers in the case, built only from what is set up.

What the wizard does not know is a gap in the text for the user to fill in. The text is kept in a file beside
the project file; a text that the user edited is never overwritten without a yes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path

from msgspec.structs import replace

from wizard.aws.sesv2 import SUPPRESSED
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project, write_whole
from wizard.reminder import draft
from wizard.reminder.message.fields import one_line
from wizard.reminder.recipients.csv_file import read_recipients
from wizard.reminder.schedule import schedules
from wizard.reminder.schedule.expressions import ScheduleError
from wizard.reminder.template.alerts import BOUNCE_RATE, COMPLAINT_RATE
from wizard.steps.production.readiness import Evidence, Point, PointState, Subject, events_go_to
from wizard.steps.production.step import first_form
from wizard.steps.reminder import step as reminder
from wizard.text import printable, sentence
from wizard.world import World

MONTH = timedelta(days=30)
MAX_BYTES = 100_000
QUESTIONS = (
    "how often you send, and how much",
    "how you keep your recipient lists, and how people got on them",
    "how you handle bounces, complaints and requests to unsubscribe",
    "what the mail says: an example",
)
"""What AWS's reviewers usually ask before they decide and after a refusal."""

_GAP = re.compile(r"\[TO FILL IN: ([^\]]*)\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_EXCERPT = 600


@dataclass(frozen=True, slots=True)
class Flow:
    """What the reminder's set-up says of the mail. ``recipients`` and ``runs`` (in the next 30 days) are None
    where nobody knows them; ``parts`` are the logical ids of what the deployed stack has. ``unconfirmed`` is
    the address that alerts would go to, but that has not confirmed it.
    """

    recipients: int | None = None
    runs: int | None = None
    parts: frozenset[str] = frozenset()
    unconfirmed: str = ""


@dataclass(frozen=True, slots=True)
class CaseText:
    """The current case text, and whether the user has edited it.

    ``in_file`` is the file's content at that time, None without a file.
    """

    text: str
    edited: bool
    in_file: str | None


def case_file(project_file: Path) -> Path:
    """Where the text is kept: ``ses-wizard.case.txt`` beside ``ses-wizard.yaml``."""
    return project_file.with_suffix(".case.txt")


def gaps(text: str) -> tuple[str, ...]:
    """The gaps still to fill in, in order."""
    return tuple(found[1] for found in _GAP.finditer(text))


def next_gap(text: str, after: int) -> tuple[int, int] | None:
    """Start and end of the next gap; after the last comes the first again."""
    found = _GAP.search(text, after) or _GAP.search(text)
    return found.span() if found else None


def flow(world: World, project: Project, base: Path) -> Flow:
    """Read what is known of recipients and schedule; ``base`` is the project file's folder.

    What cannot be read is not known. Raises WizardError where AWS cannot be asked at all.
    """
    seen = reminder.look(world, project, base)
    recipients: int | None = seen.recipients
    if not (seen.stack and seen.stack.complete):
        recipients = _in_file(project, base)
    parts = frozenset(one.logical_id for one in seen.resources if one.status != "DELETE_COMPLETE")
    return Flow(recipients or None, _runs(project, world.now()), parts, seen.unconfirmed)


def build(project: Project, evidence: Evidence, points: tuple[Point, ...], known: Flow) -> str:
    """The text for the case, from what is known alone. Pure."""
    form = first_form(project, evidence.seen)
    name = evidence.seen.domain
    kind = "promotional" if form.mail_type == "MARKETING" else "transactional"
    return (
        "\n\n".join(
            (
                f"We request production access for {name}. Our website is {form.website}.",
                f"What we send: {kind} mail.\n{_example(project)}",
                f"Recipients, and how they signed up: {_audience(project)}",
                f"Volume and frequency: {_volume(project, known)}",
                f"Bounces and complaints: {_bounces(project, evidence, known)}",
                f"Unsubscribe requests: {_unsubscribing(project, known)}",
                f"The domain today: {_domain(points)}",
            )
        )
        + "\n"
    )


def current(path: Path, project: Project, built: str) -> CaseText:
    """The current text: the user's if they edited it, else ``built``.

    Raises WizardError where the file cannot be read.
    """
    kept = _read(path)
    if kept is None or _digest(kept) == project.production.case or kept == built:
        return CaseText(built, edited=False, in_file=kept)
    return CaseText(kept, edited=True, in_file=kept)


def save(path: Path, project: Project, text: str, built: str, in_file: str | None) -> Project:
    """Write ``text``, whole or not at all, and return the project that knows whose it is.

    Raises WizardError, also where the file has become another one than ``in_file`` meanwhile.
    """
    if _read(path) not in (in_file, text):
        raise WizardError(
            f"{path.name} changed while it was open",
            "Another program edited the file. Nothing was written.",
            "Copy what you need from here (F8), leave this page, and open it again: it then shows the file.",
        )
    write_whole(path, text)
    case = _digest(text) if text == built else ""
    return replace(project, production=replace(project.production, case=case))


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WizardError(
            f"{path.name} could not be read",
            f"{error.strerror}.",
            "Make the file readable, or move it away.",
            ExitCode.USAGE,
        ) from error
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or len(raw) > MAX_BYTES or _CONTROL.search(text):
        raise WizardError(
            f"{path.name} is not a case text",
            "It is larger than 100 KB, is not UTF-8, or has control characters. It was not changed.",
            "Move it away, then open this page again.",
            ExitCode.USAGE,
        )
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _in_file(project: Project, base: Path) -> int | None:
    """How many recipients the CSV file has, if it can be read."""
    try:
        return read_recipients(project, base).count if project.reminder.recipients else None
    except WizardError:
        return None


def _runs(project: Project, now: datetime) -> int | None:
    """How many runs come in the next thirty days; None where no schedule says so."""
    settings = project.reminder
    if not settings.schedule:
        return None
    last = min(now + MONTH, settings.end or now + MONTH)
    try:
        coming = schedules.runs(settings.schedule, settings.timezone, now, settings.start)
        return sum(1 for _ in takewhile(lambda moment: moment <= last, coming))
    except ScheduleError:
        return None


def _gap(what: str) -> str:
    return f"[TO FILL IN: {what}]"


def _example(project: Project) -> str:
    message = draft.message_of(project)
    if not message.subject and not message.text:
        return _gap("what the mail says: its purpose, and an example")
    text = message.text.strip()
    cut = text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]} …"
    body = "\n".join(f"    {printable(line)}".rstrip() for line in cut.splitlines())
    subject = printable(one_line(message.subject), 200)
    return f"An example; fields in double braces are filled in for each recipient:\n    {subject}\n\n{body}"


def _audience(project: Project) -> str:
    said = " ".join(project.production.audience.split())
    return said or _gap("who the recipients are, and how they signed up or agreed")


def _volume(project: Project, known: Flow) -> str:
    count = _gap("how many recipients") if known.recipients is None else _many(known.recipients, "recipient")
    if known.runs is None:
        return f"{count}, {_gap('how often')}."
    settings = project.reminder
    when = schedules.words(settings.schedule or "", settings.timezone)
    sentence = f"{count}, {when}: {_many(known.runs, 'run')} in the next 30 days"
    if known.recipients is None:
        return f"{sentence}."
    return f"{sentence}, which is {_many(known.runs * known.recipients, 'e-mail')}."


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _bounces(project: Project, evidence: Evidence, known: Flow) -> str:
    """What is set up for bounces and complaints, and nothing else."""
    said = []
    account, identity = evidence.seen.account, evidence.seen.identity
    if set(account.suppressed_reasons) >= set(SUPPRESSED):
        said.append(
            "The account-level suppression list is on for bounces and complaints: SES stops sending to an "
            "address after either."
        )
    found = evidence.destinations
    places = "" if isinstance(found, WizardError) else events_go_to(found)
    if places:
        said.append(f"SES reports every bounce and complaint to {places}.")
    if places and "EventsRule" in known.parts:
        said.append("We record them for each recipient and run.")
    if {"BounceAlarm", "ComplaintAlarm"} <= known.parts:
        confirmed = "AlertsTopic" in known.parts and not known.unconfirmed
        told = " and notify us by e-mail" if confirmed else ""
        said.append(
            f"Alarms go off{told} when our bounce rate reaches {BOUNCE_RATE:.0%} or our complaint rate "
            f"reaches {COMPLAINT_RATE:.1%}."
        )
    if not places and identity and identity.forwards:
        said.append("SES e-mails every bounce and complaint to the sender address.")
        said.append(_gap("who reads these e-mails, and what they do about them"))
    return " ".join(said) or _gap("how you learn about bounces and complaints, and what you do about them")


def _unsubscribing(project: Project, known: Flow) -> str:
    link, said = project.reminder.unsubscribe, []
    if link and link.startswith("https://"):
        said.append("every e-mail has a List-Unsubscribe header for one-click unsubscribe (RFC 8058).")
    elif link:
        said.append("every e-mail has a List-Unsubscribe header with a mailto address.")
    if "OptOutsTable" in known.parts:
        said.append("every send checks our opt-out list; recipients on it are skipped.")
    if not link:
        said.append(_gap("how recipients unsubscribe, and how soon that takes effect"))
    return " ".join(map(sentence, said))


def _domain(points: tuple[Point, ...]) -> str:
    """The evidence of the points that are ready."""
    shown = (Subject.IDENTITY, Subject.DMARC, Subject.TEST, Subject.PRIVACY)
    ready = [point for point in points if point.subject in shown and point.verdict is PointState.READY]
    return "".join(_seen(point) for point in ready) or _gap("how the domain's mail is signed")


def _seen(point: Point) -> str:
    return f"\n- {point.subject}: {point.told}."
