"""The reminder's dead-letter queue: counts, retries or deletes its messages.

A message is a portion of a run's recipients that was delivered too often, or an event that failed three times
or that a schedule could not deliver. A retry is safe: claims keep a recipient from getting a mail twice.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from wizard.aws import lambda_, sqs
from wizard.aws.cloudformation import Stack
from wizard.project.schema import Project
from wizard.reminder.template.build import function_name
from wizard.steps.model import Event, Progress, Report
from wizard.steps.reminder.own_stack import output, standing
from wizard.world import World

_LIMIT = 1_000
"""Messages that one retry handles, at most."""
_HIDDEN = 120
"""Seconds for which a message is hidden from other readers while it is handled."""
_RUN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
"""The name of a run. A failed schedule may leave its placeholder instead."""


@dataclass(frozen=True, slots=True)
class Retried:
    """The result of a retry: portions queued again, their recipients, events passed to the function again;
    messages of an unknown form are ``left``."""

    portions: int = 0
    recipients: int = 0
    events: int = 0
    left: int = 0

    @property
    def words(self) -> str:
        """The result in words."""
        parts = []
        if self.portions:
            parts.append(
                f"{_counted(self.portions, 'portion')} with {_counted(self.recipients, 'recipient')}"
            )
        if self.events:
            parts.append(_counted(self.events, "event"))
        told = [f"{' and '.join(parts)} retried" if parts else "nothing retried"]
        if self.left:
            told.append(f"{_counted(self.left, 'message')} of unknown form left in the queue")
        return "; ".join(told)


def count(world: World, project: Project) -> int:
    """The approximate number of messages in the queue. Raises WizardError, also without a stack."""
    return sqs.count(world.aws, output(standing(world, project), "DeadLetterQueue"))


def retry(world: World, project: Project, report: Report) -> Retried:
    """Queue portions again, pass events to the function again, and delete the messages.

    Without a queue, as after a change to direct mode, a portion's run is started: it finds the recipients
    without mail by itself. Raises WizardError, also if the stack is not complete.
    """
    stack = standing(world, project)
    dead, done = output(stack, "DeadLetterQueue"), Counter[str]()
    report(Event("dead letters", Progress.STARTED, "retrying"))
    for message in sqs.receive_all(world.aws, dead, _LIMIT, _HIDDEN):
        kind, recipients = _pass_on(world, project, stack, message.body)
        done.update({kind: 1, "recipients": recipients})
        if kind != "left":
            sqs.delete(world.aws, dead, message)
    retried = Retried(done["portions"], done["recipients"], done["events"], done["left"])
    report(Event("dead letters", Progress.DONE, retried.words))
    return retried


def clear(world: World, project: Project, report: Report) -> int:
    """Delete all messages, and return how many. Raises WizardError, also if the stack is not complete."""
    dead, deleted = output(standing(world, project), "DeadLetterQueue"), 0
    report(Event("dead letters", Progress.STARTED))
    for message in sqs.receive_all(world.aws, dead, _LIMIT, _HIDDEN):
        sqs.delete(world.aws, dead, message)
        deleted += 1
    report(Event("dead letters", Progress.DONE, f"{_counted(deleted, 'message')} deleted"))
    return deleted


def _pass_on(world: World, project: Project, stack: Stack, body: str) -> tuple[str, int]:
    """Retry one message. Returns its kind, and how many recipients it has."""
    letter = _read(body)
    function = function_name(project.reminder.stack)
    people = letter.get("to") or letter.get("people")
    if isinstance(people, list):
        run = letter.get("run") or _read(json.dumps(letter.get("job"))).get("run")
        if "Queue" in stack.outputs:
            sqs.send(world.aws, stack.outputs["Queue"], body)
        elif _named(run):
            lambda_.start(world.aws, function, {"run": run, "execution": "dead letter", "verify": True})
        else:
            return "left", 0
        return "portions", len(people)
    known = _named(letter.get("run") or letter.get("resend")) or letter.get("source") == "aws.ses"
    if known:
        lambda_.start(world.aws, function, letter)
    # A resume that failed has been started again since.
    return ("events" if known or "resume" in letter else "left"), 0


def _read(body: str) -> dict[str, Any]:
    """The JSON object in a message's body; empty if it is none."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _named(run: object) -> bool:
    return isinstance(run, str) and _RUN.fullmatch(run) is not None


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
