"""The reminder's own stack: whether it is this set-up's, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.aws import cloudformation
from wizard.aws.cloudformation import Stack
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.world import World

TAG = "ses-wizard"
"""The stack's tag that says it is ours; its value is the domain."""


def ours(stack: Stack, project: Project) -> bool:
    """Whether the stack is this set-up's: made by this program, for this domain."""
    return TAG in stack.tags and stack.tags[TAG] == project.domain.name


def tags(project: Project) -> Mapping[str, str]:
    """The tags of this set-up's stack."""
    return {TAG: project.domain.name or ""}


def standing(world: World, project: Project) -> Stack:
    """The stack of this set-up, complete. Raises WizardError where there is none."""
    stack = cloudformation.describe_stack(world.aws, project.reminder.stack)
    if stack and stack.running and ours(stack, project):
        raise WizardError(
            "The reminder is being changed",
            f"CloudFormation is at work on the stack {stack.name}.",
            "Look again in a minute.",
        )
    if stack is None or not stack.complete or not ours(stack, project):
        raise nothing_there(project.reminder.stack)
    return stack


def output(stack: Stack, name: str) -> str:
    """What the stack's output ``name`` says. Raises WizardError where it has none."""
    if name not in stack.outputs:
        raise WizardError(
            f"The stack {stack.name} is not as this version makes it",
            f"It has no output called {name}.",
            "Plan and carry out this step again.",
        )
    return stack.outputs[name]


def nothing_there(name: str) -> WizardError:
    """The error where there is no complete stack called ``name``."""
    return WizardError(
        "The reminder is not set up yet",
        f"The stack {name} is not complete.",
        "Plan and carry out this step first.",
    )
