"""Step 5: who gets what, when. One CloudFormation stack, and the recipients in its table.

``plan`` has CloudFormation work out a change set, which changes nothing yet; ``act`` executes exactly that
one; ``decline`` deletes it. After an interruption, ``plan`` says so, and ``act`` continues.
"""

from __future__ import annotations

import json
import time
from datetime import datetime

from msgspec.structs import replace

from wizard.aws import cloudformation
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.reminder.template.build import PURPOSES
from wizard.steps.model import Event, Progress, Report
from wizard.steps.reminder import change_set as stacks
from wizard.steps.reminder import recipients
from wizard.steps.reminder.change_set import Failed, Pause
from wizard.steps.reminder.look import ReminderReport, changed_words, judge, look
from wizard.steps.reminder.own_stack import not_deployed, ours, tags
from wizard.steps.reminder.plan import ReminderPlan, StackWork, plan
from wizard.world import World

__all__ = [
    "ReminderPlan",
    "ReminderReport",
    "StackWork",
    "act",
    "changed_words",
    "decline",
    "judge",
    "look",
    "plan",
    "watch",
]

_NAMES = {logical_id: purpose.name for logical_id, purpose in PURPOSES.items()}


def decline(world: World, project: Project) -> None:
    """Delete the planned change set, and the empty stack it may have opened. Raises WizardError."""
    stack = cloudformation.describe_stack(world.aws, project.reminder.stack)
    if stack is None or not ours(stack, project):
        return
    if stack.status == "REVIEW_IN_PROGRESS":
        cloudformation.delete_stack(world.aws, stack.name)
    elif not stack.running:
        stacks.drop_change_set(world, stack.name)


def act(
    world: World, project: Project, planned: ReminderPlan, report: Report, pause: Pause = time.sleep
) -> Project:
    """Carry out ``planned``, report the progress of each resource, and import the recipients.

    A new stack that fails because its roles are too new is tried again. Raises WizardError with the first
    failed resource's reason; after CloudFormation's rollback the step can be planned again.
    """
    _refuse_old(planned.work, world.now())
    name = project.reminder.stack
    new = planned.work.clear or _opened(world, name)
    if failed := _deploy(world, project, planned.work, report, pause):
        raise _rolled_back(failed, new=new)
    stack = cloudformation.describe_stack(world.aws, name)
    if stack is None:
        raise not_deployed(name)
    if planned.people.changes_anything:
        recipients.carry_out(world, stack, planned.people, report)
    return replace(project, reminder=replace(project.reminder, tested=None)) if new else project


def watch(world: World, project: Project, report: Report, pause: Pause = time.sleep) -> None:
    """Follow CloudFormation's work on the stack since an earlier run, until it has ended.

    It changes nothing: the next plan shows what an interrupted ``act`` left undone. Raises WizardError as
    ``act`` does.
    """
    new = (stack := cloudformation.describe_stack(world.aws, project.reminder.stack)) is not None and (
        stack.status.startswith(("CREATE", "ROLLBACK"))
    )
    if failed := stacks.Work(world, project.reminder.stack, _NAMES, report, pause).resume():
        raise _rolled_back(failed, new=new)


def _rolled_back(failed: Failed, *, new: bool) -> WizardError:
    """The error after CloudFormation rolled everything back."""
    return WizardError(
        "The stack could not be created" if new else "The stack could not be changed",
        f"The {failed.resource}: {failed.words}",
        "CloudFormation rolled everything back. Fix the cause, then plan again.",
    )


def _refuse_old(work: StackWork, now: datetime) -> None:
    """Raise if the planned StartDate has passed meanwhile: EventBridge would refuse it."""
    schedule = json.loads(work.template.body)["Resources"]["Schedule"]["Properties"]
    written = any(change.subject == PURPOSES["Schedule"].name for change in work.changes)
    if written and "StartDate" in schedule and datetime.fromisoformat(schedule["StartDate"]) <= now:
        raise WizardError(
            "The plan is too old",
            "The schedule's start has passed since the plan. Nothing was changed.",
            "Plan again: the schedule then begins later.",
        )


def _opened(world: World, name: str) -> bool:
    """Whether the stack has no resources yet, or does not exist."""
    stack = cloudformation.describe_stack(world.aws, name)
    return stack is None or stack.status == "REVIEW_IN_PROGRESS"


def _deploy(world: World, project: Project, wanted: StackWork, report: Report, pause: Pause) -> Failed | None:
    """Carry out the changes of the stack. Returns the first failure, if any."""
    work = stacks.Work(world, project.reminder.stack, _NAMES, report, pause)
    if wanted.running:
        return work.resume()
    if wanted.clear:
        return work.create_again(wanted.template, tags(project))
    if wanted.change_set is None:
        return None
    failed = work.execute(wanted.change_set)
    if failed and failed.role_too_new and work.creation_failed():
        report(Event(failed.resource, Progress.STARTED, "its new role was not known yet: trying again"))
        return work.create_again(wanted.template, tags(project))
    return failed
