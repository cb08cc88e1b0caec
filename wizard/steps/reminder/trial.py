"""Trying the reminder out: one mail to one address, a run that sends nothing, and the function's log."""

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
from wizard.project.schema import Project, Seen
from wizard.reminder.message.refusals import SIMULATOR_DOMAIN, explain
from wizard.reminder.template.build import function_name
from wizard.steps.model import Event, Progress, Report
from wizard.steps.production.sandbox import with_test_mail
from wizard.steps.reminder.change_set import Pause, interval
from wizard.steps.reminder.deployed import deployed
from wizard.steps.reminder.own_stack import output, standing
from wizard.steps.reminder.undeployed import changed
from wizard.text import printable
from wizard.world import World

_ROLE_PAUSES = (2.0, 4.0, 8.0)
"""Seconds to wait, one after the other, for the rights of a new role to be known everywhere."""
_EVENT_PATIENCE = 60.0
"""Seconds that SES's simulator is given to bounce or to complain, and the flow to record it."""
_TEST = "test"
"""The name of the run that the records of test mails stand under."""
_LINES = 1_000
"""How many lines of the log one look gives at most."""
_COMING = {"bounce": "bounced", "suppressionlist": "bounced", "complaint": "complained"}
"""What comes back from the mailboxes of SES's simulator, as the flow records it."""
_NOUNS = {"bounced": "bounce", "complained": "complaint"}


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of a test mail: whether SES took it, in plain words, and what to do next if anything.

    ``project`` has the evidence where SES took it. ``message_id`` is SES's; it is no delivery yet. Of a mail
    that was to bounce or to be complained about, ``recorded`` says whether that came back; it is None for
    all others.
    """

    sent: bool
    words: str
    todo: str
    message_id: str | None
    project: Project
    recorded: bool | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would find. Nobody was written to.

    ``invalid`` people have no address that SES takes. ``blank`` says for how many a field is empty.
    ``largest`` is the largest mail in bytes, ``unrendered`` how many could not be filled in. Where it is not
    ``whole``, the time of one call was not enough for everybody. In the ``sandbox`` SES, which is not asked,
    refuses those it has not verified.
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
    """One line of the function's log. Two looks at the same line give the same ``id``."""

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
    """Have the deployed function send one mail to ``address`` alone, filled in for ``recipient`` (or anyone).

    To the simulator's addresses for bounces and complaints, it waits until the flow has recorded what came
    back, for a minute at most. Raises WizardError where the stack is not complete, the address is none, or
    the function itself fails; a refusal by SES is a result.
    """
    address = typed_address(address)
    stack = standing(world, project)
    version = _version(world, project, stack)
    coming = _coming(address.lower())
    if coming:
        # What an earlier test left must not pass for what comes now.
        dynamodb.write(world.aws, output(stack, "ClaimsTable"), [], [_record(address)])
    report(Event("test mail", Progress.STARTED))
    answer = _test_answer(world, stack.name, address, recipient, pause)
    if not answer.get("message_id"):
        return _refused(world, project, address, answer, report)
    report(Event("test mail", Progress.DONE, "SES took it"))
    now, fields = world.now(), _whose_fields(address, str(answer.get("recipient") or ""))
    taken = TestResult(
        sent=True,
        words=f"SES took the mail to {address}{fields}. {version} {_where_to_look(address, demo=world.demo)}",
        todo="",
        message_id=str(answer["message_id"]),
        project=with_test_mail(_tested(project, address, now), address, now),
    )
    if not coming:
        return taken
    return _with_event(world, stack, taken, address, version, coming, report, pause)


def dry_run(world: World, project: Project, report: Report) -> DryRun:
    """Have the deployed function go through a run, all mails filled in and none sent.

    Raises WizardError, also where the stack is not complete or the function itself fails.
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
    """The lines of the function's log from ``since`` on, the oldest first, a thousand at most.

    They come some seconds late, and not always in order: to follow the log, ask from a minute before the last
    line, and leave out the ids seen. Raises WizardError, also where the stack is not complete.
    """
    group = output(standing(world, project), "LogGroup")
    return tuple(
        LogLine(event.at, printable("  ".join(event.message.split("\t")).rstrip()), event.id)
        for event in cloudwatch.filter_log_events(world.aws, group, since, _LINES)
    )


def _test_answer(
    world: World, stack: str, address: str, recipient: str | None, pause: Pause
) -> dict[str, Any]:
    """What the function answers. A refusal for missing rights is asked again: a new role takes its time."""
    event = {"test": {"address": address, "recipient": recipient}}
    for seconds in _ROLE_PAUSES:
        answer = lambda_.invoke(world.aws, function_name(stack), event)
        if "AccessDenied" not in str(answer.get("refused", "")):
            return answer
        pause(seconds)
    return lambda_.invoke(world.aws, function_name(stack), event)


def _version(world: World, project: Project, stack: Stack) -> str:
    """Which version of the reminder a test sends, in a sentence: the deployed one, and what it lacks."""
    when = f" on {stack.updated.astimezone():%d %b at %H:%M}" if stack.updated else ""
    missing = changed(project, deployed(world, stack).template, world.now())
    lacks = f", without your changes: {', '.join(missing)}" if missing else ""
    return f"The test sent the version deployed{when}{lacks}."


def _tested(project: Project, address: str, at: datetime) -> Project:
    tested = Seen(at=at, words=f"to {address}")
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
    """Whose fields fill in the test mail: a greeting by another person's name would look like a mistake."""
    if not recipient:
        return ""  # A function deployed by an earlier version does not say.
    if recipient.lower() == address.lower():
        return ", with that recipient's own fields"
    return f", with the fields of {printable(recipient, 100)}"


def _where_to_look(address: str, *, demo: bool) -> str:
    """Where to see a mail that SES took."""
    if address.rpartition("@")[2] == SIMULATOR_DOMAIN and not demo:
        return "That is SES's own simulator: it has no inbox, so there is nothing to look for."
    if demo:
        return "What arrives in the demo stands in its own inbox."
    return "Look into that inbox, and into its spam folder."


def _coming(address: str) -> str | None:
    """What comes back of mail to ``address``: None but of the simulator's, which may have a ``+label``."""
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
    """``taken`` with what came back, after waiting for it."""
    noun, table = _NOUNS[coming], output(stack, "ClaimsTable")
    report(Event(noun, Progress.STARTED, f"waiting for the {noun}"))
    for _ in range(int(_EVENT_PATIENCE / interval(world))):
        found = dynamodb.get(world.aws, table, _record(address)) or {}
        if found.get("event") == coming:
            report(Event(noun, Progress.DONE, "it came back and was recorded"))
            words = f"SES took the mail to {address}. {version} The {noun} came back and was recorded."
            return replace(taken, words=words, recorded=True)
        pause(interval(world))
    report(Event(noun, Progress.FAILED, "none was recorded within a minute"))
    return replace(
        taken,
        words=f"SES took the mail to {address}, but no {noun} was recorded within a minute. {version}",
        todo="Try once more; where none comes again, look for drift: the way of SES's events may be changed.",
        recorded=False,
    )


def _record(address: str) -> dict[str, str]:
    """The key under which the flow records what came back of a test mail."""
    return {"run": _TEST, "email": address.lower()}
