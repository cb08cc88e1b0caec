"""What stands in the way of a plan for the reminder: mistakes in the file, and what belongs to others."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from wizard.aws import dynamodb, lambda_
from wizard.aws.cloudformation import Stack
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.reminder import draft
from wizard.reminder.template.build import function_name
from wizard.steps.reminder.own_stack import TAG, ours
from wizard.text import printable
from wizard.world import World

MAX_STACK_NAME = 40
"""So that what is named after the stack fits, too: see the project file's schema."""
_STUCK = {"UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_FAILED"}


def refuse_problems(project: Project, base: Path, now: datetime) -> None:
    """Raise where the project file cannot be carried out as it is."""
    found = draft.problems(project, base, now)
    if found:
        raise WizardError(
            "The reminder cannot be set up like this",
            " ".join(f"{setting}: {sentence}" for setting, sentence in found[:3]),
            "Mend it, then plan again.",
            ExitCode.USAGE,
        )


def refuse_foreign(world: World, project: Project, stack: Stack | None) -> None:
    """Raise where a stack or a function stands in the way that is not this set-up's."""
    name = project.reminder.stack
    if stack and not ours(stack, project):
        owner = stack.tags.get(TAG)
        raise WizardError(
            f"The stack name {name} is taken",
            f"A stack of that name belongs to the set-up of {printable(owner)}."
            if owner
            else "A stack of that name is there that this wizard did not make. It is left alone.",
            f"Choose another stack name on the Create page; {free_stack_name(project)} may be free.",
        )
    if stack and stack.status == "DELETE_IN_PROGRESS":
        raise WizardError(
            f"The stack {name} is being deleted",
            "CloudFormation is at work on it.",
            "Wait a few minutes, then plan again.",
        )
    if stack and stack.status in _STUCK:
        raise WizardError(
            f"The stack {name} is stuck",
            f"CloudFormation could not finish ({stack.status}). {printable(stack.reason, 300)}".strip(),
            "Open it in the CloudFormation console and choose “Continue update rollback” or “Delete”.",
        )
    if stack and (stack.complete or stack.running):
        return
    owner = _function_owner(world, name)
    if owner is not None and owner != name:
        raise WizardError(
            f"A function called {function_name(name)} already exists",
            f"It belongs to {printable(owner) or 'no stack'}. Its name is taken in this account and Region.",
            f"Choose another stack name on the Create page; {free_stack_name(project)} may be free.",
        )


def is_taken(world: World, project: Project, stack: Stack | None) -> bool:
    """Whether the stack's name, or the function's that follows from it, belongs to something else.

    ``stack`` is what has that name. Raises WizardError if AWS cannot be asked.
    """
    if stack and stack.status != "DELETE_COMPLETE":
        return not ours(stack, project)
    owner = _function_owner(world, project.reminder.stack)
    return owner is not None and owner != project.reminder.stack


def free_stack_name(project: Project) -> str:
    """A name to try for this set-up's stack in place of one that is taken: the domain's, then numbered. Pure.

    Looking again tells whether it is free.
    """
    domain = re.sub(r"[^A-Za-z0-9]+", "-", project.domain.name or "")
    base = f"reminder-{domain}"[: MAX_STACK_NAME - 3].strip("-")
    current = project.reminder.stack
    tried = re.fullmatch(rf"{re.escape(base)}(?:-(\d+))?", current)
    return f"{base}-{int(tried[1] or 1) + 1}" if tried else base


def _function_owner(world: World, stack: str) -> str | None:
    """The stack that has the function of the name that ``stack`` would use; empty if it is in none.

    None if there is no such function.
    """
    found = lambda_.get_function_tags(world.aws, function_name(stack))
    return None if found is None else found.get("aws:cloudformation:stack-name", "")


def recipients_gone(world: World, stack: Stack | None) -> WizardError | None:
    """The error where somebody deleted the stack's own table of recipients; None where all is well.

    Raises WizardError where AWS cannot be asked.
    """
    if stack is None or not stack.complete or "RecipientsTable" not in stack.outputs:
        return None
    if dynamodb.describe_table(world.aws, stack.outputs["RecipientsTable"]):
        return None
    return WizardError(
        "The table of recipients is gone",
        f"Somebody deleted {printable(stack.outputs['RecipientsTable'], 255)}.",
        "Look for drift on Create (F6), then have it put back (F7): the recipients are written anew.",
    )
