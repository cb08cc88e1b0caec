"""The reminder's own stack: whether it belongs to this set-up, its outputs, and what forbids a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wizard.aws import cloudformation, dynamodb, lambda_
from wizard.aws.cloudformation import Stack
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder.template.build import function_name
from wizard.text import printable
from wizard.world import World

TAG = "ses-wizard"
"""The tag that marks a stack as created by this program; its value is the domain."""
MAX_STACK_NAME = 40
"""Leaves room for the names derived from the stack's: see the project file's schema."""
_STUCK = {"UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_FAILED"}


def ours(stack: Stack, project: Project) -> bool:
    """Whether the stack is this set-up's: created by this program, for this domain."""
    return TAG in stack.tags and stack.tags[TAG] == project.domain.name


def tags(project: Project) -> Mapping[str, str]:
    """The tags of this set-up's stack."""
    return {TAG: project.domain.name or ""}


def standing(world: World, project: Project) -> Stack:
    """The complete stack of this set-up. Raises WizardError if there is none."""
    stack = cloudformation.describe_stack(world.aws, project.reminder.stack)
    if stack and stack.running and ours(stack, project):
        raise WizardError(
            "The reminder is being changed",
            f"CloudFormation is working on the stack {stack.name}.",
            "Try again in a minute.",
        )
    if stack is None or not stack.complete or not ours(stack, project):
        raise not_deployed(project.reminder.stack)
    return stack


def output(stack: Stack, name: str) -> str:
    """The stack's output ``name``. Raises WizardError if it has none."""
    if name not in stack.outputs:
        raise WizardError(
            f"The stack {stack.name} does not match this version of ses-wizard",
            f"It has no output called {name}.",
            "Plan and deploy this step again.",
        )
    return stack.outputs[name]


def not_deployed(name: str) -> WizardError:
    """The error if there is no complete stack called ``name``."""
    return WizardError(
        "The reminder is not deployed yet",
        f"There is no complete stack called {name}.",
        "Deploy it on the Create page of step 5 (F4).",
    )


def refuse_foreign(world: World, project: Project, stack: Stack | None) -> None:
    """Raise if a plan is blocked: the stack or function belongs to another set-up, or the stack is stuck."""
    name = project.reminder.stack
    another = f"Choose another stack name on the Create page; {free_stack_name(project)} may be free."
    if stack and not ours(stack, project):
        owner = stack.tags.get(TAG)
        raise WizardError(
            f"The stack name {name} is taken",
            f"A stack of that name belongs to the set-up of {printable(owner)}."
            if owner
            else "This wizard did not create the stack of that name, and leaves it unchanged.",
            another,
        )
    if stack and stack.status == "DELETE_IN_PROGRESS":
        raise WizardError(
            f"The stack {name} is being deleted",
            "CloudFormation is working on it.",
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
            another,
        )


def is_taken(world: World, project: Project, stack: Stack | None) -> bool:
    """Whether the stack's name, or the function's name derived from it, belongs to another set-up.

    ``stack`` is the stack of that name. Raises WizardError if AWS cannot be asked.
    """
    if stack and stack.status != "DELETE_COMPLETE":
        return not ours(stack, project)
    owner = _function_owner(world, project.reminder.stack)
    return owner is not None and owner != project.reminder.stack


def free_stack_name(project: Project) -> str:
    """A name to try if this set-up's stack name is taken: the domain's, then numbered. Pure."""
    domain = re.sub(r"[^A-Za-z0-9]+", "-", project.domain.name or "")
    base = f"reminder-{domain}"[: MAX_STACK_NAME - 3].strip("-")
    tried = re.fullmatch(rf"{re.escape(base)}(?:-(\d+))?", project.reminder.stack)
    return f"{base}-{int(tried[1] or 1) + 1}" if tried else base


def _function_owner(world: World, stack: str) -> str | None:
    """The stack that has the function named for ``stack``; empty if none has, None without a function."""
    found = lambda_.get_function_tags(world.aws, function_name(stack))
    return None if found is None else found.get("aws:cloudformation:stack-name", "")


def recipients_gone(world: World, stack: Stack | None) -> WizardError | None:
    """The error if the stack's own recipients table was deleted; None if all is well. Raises WizardError."""
    if stack is None or not stack.complete or "RecipientsTable" not in stack.outputs:
        return None
    table = stack.outputs["RecipientsTable"]
    if dynamodb.describe_table(world.aws, table):
        return None
    return WizardError(
        "The recipients table is missing",
        f"{printable(table, 255)} was deleted.",
        "Check for drift on Create (F6), then restore it (F7): the recipients are imported again.",
    )
