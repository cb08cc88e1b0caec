"""Tests of the deployed reminder: one test mail, a dry run, and the function's log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from msgspec.structs import replace as with_settings

from wizard.addresses import typed_address
from wizard.aws import cloudwatch, dynamodb, lambda_, sesv2
from wizard.aws.cloudformation import Stack
from wizard.project.schema import Observation, Project
from wizard.reminder.message.refusals import SIMULATOR_DOMAIN, explain, is_simulator
from wizard.reminder.schedule.schedules import moment_words, zone_or_utc
from wizard.reminder.template.build import function_name
from wizard.steps.model import Event, Progress, Report
from wizard.steps.reminder.change_set import Pause, interval
from wizard.steps.reminder.deployed import changed, deployed
from wizard.steps.reminder.own_stack import output, standing
from wizard.steps.sent_mail import with_test_mail
from wizard.text import printable
from wizard.world import World

_ROLE_PAUSES = (2.0, 4.0, 8.0)
"""Seconds to wait, one after the other, until a new role is known everywhere."""
_EVENT_PATIENCE = 60.0
"""Seconds to wait for the simulator's bounce or complaint and its record."""
_TEST = "test"
"""The name of the run in the records of test mails."""
_LINES = 1_000
"""Lines of the log that one call returns, at most."""
_COMING = {"bounce": "bounced", "suppressionlist": "bounced", "complaint": "complained"}
"""The event that a mailbox of SES's simulator sends, as the function records it."""
_NOUNS = {"bounced": "bounce", "complained": "complaint"}


@dataclass(frozen=True, slots=True)
class TestResult:
    """The result of a test mail: whether SES accepted it, in words, and what to do next, if anything.

    ``project`` has the evidence if SES accepted it. A ``message_id`` is no delivery yet. ``recorded`` says
    whether an expected bounce or complaint came back; None if none was expected.
    """

    sent: bool
    words: str
    todo: str
    message_id: str | None
    project: Project
    recorded: bool | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would find; no mail was sent.

    ``invalid`` recipients have no valid address. ``blank`` is how many recipients lack a value, by field.
    ``largest`` is the largest mail in bytes; ``unrendered`` mails have a field without a value. If it is not
    ``whole``, the time of one call was too short for all. SES is not asked: in the ``sandbox`` it refuses
    mail to unverified recipients.
    """

    people: int
    opted_out: int
    invalid: int
    blank: Mapping[str, int]
    largest: int
    unrendered: int
    whole: bool = True
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the function's log. The same line always has the same ``id``."""

    at: datetime
    text: str
    id: str = ""


def test_run(
    world: World,
    project: Project,
    address: str,
    report: Report,
    recipient: str | None = None,  # noqa: PT028 - a test run, not a pytest test
    pause: Pause = time.sleep,  # noqa: PT028
) -> TestResult:
    """Have the deployed function send one mail to ``address``, with the fields of ``recipient`` (or anyone).

    For the simulator's bounces and complaints it waits until the function has recorded the event, for a
    minute at most. Raises WizardError if the stack is not complete, the address is not valid, or the function
    fails; a refusal by SES is a result.
    """
    address = typed_address(address)
    stack = standing(world, project)
    version = _version(world, project, stack)
    coming = _coming(address.lower())
    if coming:
        # The event of an earlier test must not pass for this one.
        dynamodb.write(world.aws, output(stack, "ClaimsTable"), [], [_record(address)])
    report(Event("test mail", Progress.STARTED))
    answer = _test_answer(world, stack.name, address, recipient, pause)
    if not answer.get("message_id"):
        return _refused(world, project, address, answer, report)
    report(Event("test mail", Progress.DONE, "SES accepted it"))
    now, fields = world.now(), _whose_fields(address, str(answer.get("recipient") or ""))
    taken = TestResult(
        sent=True,
        words=f"SES accepted the mail to {address}{fields}. {version} {_inbox(address, demo=world.demo)}",
        todo="",
        message_id=str(answer["message_id"]),
        project=with_test_mail(_tested(project, address, now), address, now),
    )
    if not coming:
        return taken
    return _with_event(world, stack, taken, address, version, coming, report, pause)


def dry_run(world: World, project: Project, report: Report) -> DryRun:
    """Have the deployed function render all mails of a run and send none.

    Raises WizardError, also if the stack is not complete or the function fails.
    """
    standing(world, project)
    report(Event("dry run", Progress.STARTED))
    answer = lambda_.invoke(world.aws, function_name(project.reminder.stack), {"dry": True})
    found = DryRun(
        people=int(answer["people"]),
        opted_out=int(answer["opted_out"]),
        invalid=int(answer["invalid"]),
        blank={str(name): int(count) for name, count in answer["blank"].items()},
        largest=int(answer["largest"]),
        unrendered=int(answer["unrendered"]),
        whole=not answer.get("stopped"),
        sandbox=not sesv2.get_account(world.aws).production_access,
    )
    filled_in = found.people - found.opted_out
    report(Event("dry run", Progress.DONE, f"{filled_in:,} filled in, none sent"))
    return found


def log_lines(world: World, project: Project, since: datetime) -> tuple[LogLine, ...]:
    """The lines of the function's log since ``since``, the oldest first, a thousand at most.

    They are some seconds late, and not always in order. Raises WizardError, also if the stack is not
    complete.
    """
    group = output(standing(world, project), "LogGroup")
    return tuple(
        LogLine(event.at, printable("  ".join(event.message.split("\t")).rstrip()), event.id)
        for event in cloudwatch.filter_log_events(world.aws, group, since, _LINES)
    )


def _test_answer(
    world: World, stack: str, address: str, recipient: str | None, pause: Pause
) -> dict[str, Any]:
    """The function's answer. A refusal for missing permissions is retried: a new role takes time."""
    event = {"test": {"address": address, "recipient": recipient}}
    for seconds in _ROLE_PAUSES:
        answer = lambda_.invoke(world.aws, function_name(stack), event)
        if "AccessDenied" not in str(answer.get("refused", "")):
            return answer
        pause(seconds)
    return lambda_.invoke(world.aws, function_name(stack), event)


def _version(world: World, project: Project, stack: Stack) -> str:
    """The deployed version that a test sends, and what it lacks, in a sentence."""
    place = zone_or_utc(project.reminder.timezone)
    when = f" {moment_words(stack.updated, place)}" if stack.updated else ""
    missing = changed(project, deployed(world, stack).template, world.now())
    lacks = f", without your changes: {', '.join(missing)}" if missing else ""
    return f"The test sent the version deployed{when}{lacks}."


def _tested(project: Project, address: str, at: datetime) -> Project:
    tested = Observation(at=at, words=f"to {address}")
    return with_settings(project, reminder=with_settings(project.reminder, tested=tested))


def _refused(
    world: World, project: Project, address: str, answer: Mapping[str, Any], report: Report
) -> TestResult:
    refusal = explain(
        str(answer.get("refused", "")),
        str(answer.get("reason", "")),
        address,
        project.reminder.sender or "",
        not sesv2.get_account(world.aws).production_access,
    )
    report(Event("test mail", Progress.FAILED, refusal.words))
    return TestResult(False, refusal.words, refusal.todo, None, project)


def _whose_fields(address: str, recipient: str) -> str:
    """Whose fields the test mail has: another person's name in it would look like a mistake."""
    if not recipient:
        return ""  # A function deployed by an earlier version does not say.
    if recipient.lower() == address.lower():
        return ", with that recipient's own fields"
    return f", with the fields of {printable(recipient, 100)}"


def _inbox(address: str, *, demo: bool) -> str:
    """Where to see a mail that SES accepted."""
    if is_simulator(address) and not demo:
        return "SES's simulator has no inbox to check."
    if demo:
        return "The demo has its own inbox."
    return "Check that inbox and its spam folder."


def _coming(address: str) -> str | None:
    """The event to expect: only for the simulator's addresses, which may have a ``+label``."""
    mailbox, _, domain = address.partition("@")
    return _COMING.get(mailbox.partition("+")[0]) if domain == SIMULATOR_DOMAIN else None


def _with_event(
    world: World,
    stack: Stack,
    taken: TestResult,
    address: str,
    version: str,
    coming: str,
    report: Report,
    pause: Pause,
) -> TestResult:
    """``taken`` with the event, after waiting for it."""
    noun, table = _NOUNS[coming], output(stack, "ClaimsTable")
    report(Event(noun, Progress.STARTED, f"waiting for the {noun}"))
    for _ in range(int(_EVENT_PATIENCE / interval(world))):
        found = dynamodb.get(world.aws, table, _record(address)) or {}
        if found.get("event") == coming:
            report(Event(noun, Progress.DONE, "received and recorded"))
            words = f"SES accepted the mail to {address}. {version} The {noun} was received and recorded."
            return replace(taken, words=words, recorded=True)
        pause(interval(world))
    report(Event(noun, Progress.FAILED, "none was recorded within a minute"))
    return replace(
        taken,
        words=f"SES accepted the mail to {address}, but no {noun} was recorded within a minute. {version}",
        todo="Try again. If none arrives, check for drift on Create (F6): the events rule may be changed.",
        recorded=False,
    )


def _record(address: str) -> dict[str, str]:
    """The key of the record of a test mail's event."""
    return {"run": _TEST, "email": address.lower()}
