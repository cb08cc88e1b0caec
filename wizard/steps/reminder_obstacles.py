"""What stands in the way of a plan for the reminder: mistakes in the file, and what belongs to others."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from wizard.aws import dynamodb, functions
from wizard.aws.cloudformation import Stack
from wizard.errors import ExitCode, WizardError
from wizard.project import Project
from wizard.reminder import draft
from wizard.reminder.template import FUNCTION_NAME
from wizard.steps.reminder_stack import TAG, ours
from wizard.text import printable
from wizard.world import World

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
            "Choose another name: `reminder.stack` in the project file.",
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
    found = functions.get_function_tags(world.aws, FUNCTION_NAME)
    if found is not None and found.get("aws:cloudformation:stack-name") != name:
        owner = found.get("aws:cloudformation:stack-name", "no stack")
        raise WizardError(
            f"A function called {FUNCTION_NAME} is there already",
            f"It belongs to {printable(owner)}. There is one of that name in an account and Region.",
            "Use another Region or account for this set-up, or remove the other one first.",
        )


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
