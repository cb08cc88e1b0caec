"""What happens to a stack: its resources made, changed and deleted one by one, with events, and rolled back.

The tasks that are left stand on the stack itself, so that the work goes on after a restart.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Literal

from moto.cloudformation.models import ChangeSet, Stack, cloudformation_backends

from wizard.demo.aws.account import ACCOUNT_ID, Account
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.stacks import drift as stack_drift
from wizard.demo.aws.stacks import live as stack_live
from wizard.demo.aws.stacks import resources
from wizard.demo.aws.stacks import state as stack_state
from wizard.demo.aws.stacks.templates import order, parsed


@dataclass(frozen=True)
class Task:
    """One thing to do: with the resource ``subject``, or, for STATUS, let the stack have that status.

    IMPORT takes a resource that is there already. CLEAN deletes the resource in whose place an update made a
    new one.
    """

    action: Literal["CREATE", "IMPORT", "UPDATE", "DELETE", "CLEAN", "STATUS"]
    subject: str


@dataclass
class Work:
    """What is left to do on a stack, and what would undo that which is done.

    ``template`` and ``before`` are template and parameters to work towards and to go back to. ``replaced``
    are the resources in whose place new ones were made, by logical id, until they are deleted or come back;
    ``removed`` is what the former template said of those that are no part of the new one.
    """

    tasks: list[Task]
    ends_in: str
    template: tuple[str, dict[str, str]]
    before: tuple[str, dict[str, str]] | None = None
    back_by: str | None = None
    """The status of rolling back, None where a failure is final."""
    done: list[Task] = field(default_factory=list)
    replaced: dict[str, Any] = field(default_factory=dict)
    removed: dict[str, Any] = field(default_factory=dict)


def create(account: Account, change_set: ChangeSet) -> None:
    """Begin to create what the change set says."""
    stack, template = change_set.stack, (change_set.template, dict(change_set.parameters))
    stack_state.load(stack, template)
    imported = [change.logical_resource_id for change in change_set.changes if change.action == "Import"]
    tasks = [
        Task("IMPORT" if name in imported else "CREATE", name)
        for name in order(stack.template_dict["Resources"])
    ]
    work = Work(tasks, "CREATE_COMPLETE", template, back_by="ROLLBACK_IN_PROGRESS")
    _begin(account, stack, "CREATE_IN_PROGRESS", work)


def update(account: Account, change_set: ChangeSet) -> None:
    """Begin to update the stack as the change set says."""
    stack, template = change_set.stack, (change_set.template, dict(change_set.parameters))
    before = (str(stack.template), dict(stack.parameters))
    changes = stack_drift.difference(change_set)
    former = stack.template_dict["Resources"]
    removed = {name: former[name] for name in order(former) if name in changes["Remove"]}
    renewed = stack_state.replacements(stack, change_set.template_dict, changes["Modify"])
    stack_state.load(stack, template)
    tasks = [
        Task("CREATE" if name in changes["Add"] else "UPDATE", name)
        for name in order(stack.template_dict["Resources"])
        if name in changes["Add"] + changes["Modify"]
    ]
    tasks.append(Task("STATUS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))
    tasks += [Task("CLEAN", name) for name in renewed]
    tasks += [Task("DELETE", name) for name in reversed(removed)]
    work = Work(tasks, "UPDATE_COMPLETE", template, before, "UPDATE_ROLLBACK_IN_PROGRESS", removed=removed)
    _begin(account, stack, "UPDATE_IN_PROGRESS", work)


def delete(account: Account, stack: Stack) -> None:
    """Begin to delete the stack."""
    names = order(stack.template_dict["Resources"]) if stack.template_dict else []
    tasks = [Task("DELETE", name) for name in reversed(names) if name in stack_state.made(stack)]
    work = Work(tasks, "DELETE_COMPLETE", (str(stack.template), dict(stack.parameters)))
    _begin(account, stack, "DELETE_IN_PROGRESS", work)


def go_on(account: Account) -> None:
    """Take up the work on all stacks that were left in the middle of it."""
    for backend in list(cloudformation_backends[ACCOUNT_ID].values()):
        for stack in list(backend.stacks.values()):
            if _left(stack) is not None:
                _run(account, stack)


# --- step by step ------------------------------------------------------------------------------------------


def _begin(account: Account, stack: Stack, status: str, work: Work) -> None:
    stack.work = work  # type: ignore[attr-defined]
    stack_drift.forget(stack)
    stack_state.stack_event(stack, status, "User Initiated")
    _run(account, stack)


def _left(stack: Stack) -> Work | None:
    return getattr(stack, "work", None)


def _run(account: Account, stack: Stack) -> None:
    """Do the work at the account's pace: at once, or on a thread."""
    if account.pace.resource:
        account.spawn(f"stack-{stack.name}", lambda: _steps(account, stack))
    else:
        _steps(account, stack)


def _steps(account: Account, stack: Stack) -> None:
    while not account.closing.is_set():
        with account.lock:
            work = _left(stack)
            if work is None:
                return
            task = work.tasks[0] if work.tasks else None
            if task is None:
                _end(stack, work)
            elif task.action == "STATUS":
                stack_state.stack_event(stack, work.tasks.pop(0).subject)
            else:
                _task_event(stack, work, task, "IN_PROGRESS")
        account.changed()
        if task is not None and task.action != "STATUS":
            if account.closing.wait(account.pace.resource):
                return
            with account.lock:
                if not account.closing.is_set():
                    _do(stack, work, task)


def _do(stack: Stack, work: Work, task: Task) -> None:
    """Do one task, or find that it cannot be done and turn back."""
    try:
        if task.action in ("DELETE", "CLEAN") and _retained(stack, work, task):
            _task_event(stack, work, task, "SKIPPED")
            _forget(stack, work, task)
            return
        if task.action == "DELETE":
            _delete_resource(stack, task.subject)
        elif task.action == "CLEAN":
            _clean(stack, work, task.subject)
        elif task.action == "CREATE":
            _create_resource(stack, task.subject)
        elif task.action == "IMPORT":
            _import_resource(stack, task.subject)
        else:
            _update_resource(stack, work, task.subject)
    except Exception as error:
        reason = f'Resource handler returned message: "{getattr(error, "message", None) or error}"'
        _task_event(stack, work, task, "FAILED", reason)
        _turn_back(stack, work, task)
        return
    _task_event(stack, work, task, "COMPLETE")
    _forget(stack, work, task)


def _forget(stack: Stack, work: Work, task: Task) -> None:
    """Let a task be done, and what it was to delete be no part of the stack."""
    if task.action == "CLEAN":
        del work.replaced[task.subject]
    if task.action == "DELETE":
        stack_state.made(stack).pop(task.subject, None)
    work.tasks.pop(0)
    work.done.append(task)


def _retained(stack: Stack, work: Work, task: Task) -> bool:
    """Whether the resource outlives its part in the stack, as its deletion or update-replace policy says.

    What a failed creation has made goes all the same where the policy is RetainExceptOnCreate.
    """
    name = "UpdateReplacePolicy" if task.action == "CLEAN" else "DeletionPolicy"
    wanted = stack.template_dict["Resources"].get(task.subject) or work.removed.get(task.subject, {})
    undone = work.back_by is None and work.ends_in in ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    policy = wanted.get(name)
    return policy == "Retain" or (policy == "RetainExceptOnCreate" and not undone)


def _turn_back(stack: Stack, work: Work, failed: Task) -> None:
    """Undo what was done, the last first; where this was an undoing already, the stack stays as it is."""
    verb = {"CREATE": "create", "IMPORT": "import", "UPDATE": "update"}.get(failed.action, "delete")
    reason = f"The following resource(s) failed to {verb}: [{failed.subject}]."
    if work.back_by is None:
        stack.work = None  # type: ignore[attr-defined]
        stack_state.stack_event(stack, stack.status.replace("_IN_PROGRESS", "_FAILED"), reason)
        return
    opposite: dict[str, Literal["CREATE", "UPDATE", "DELETE"]] = {
        "CREATE": "DELETE",
        "IMPORT": "DELETE",
        "UPDATE": "UPDATE",
    }
    done = [task for task in work.done if task.action in opposite]
    if failed.action == "UPDATE":
        done.append(failed)
    tasks = [Task(opposite[task.action], task.subject) for task in reversed(done)]
    ends_in = work.back_by.replace("_IN_PROGRESS", "_COMPLETE")
    if work.before is not None:
        stack_state.load(stack, work.before)
    back = Work(tasks, ends_in, work.before or work.template, replaced=work.replaced)
    stack.work = back  # type: ignore[attr-defined]
    stack_state.stack_event(stack, work.back_by, f"{reason} Rollback requested by user.")


def _end(stack: Stack, work: Work) -> None:
    stack.work = None  # type: ignore[attr-defined]
    stack_state.stack_event(stack, work.ends_in)
    if work.ends_in == "DELETE_COMPLETE":
        backend = cloudformation_backends[ACCOUNT_ID][stack.region_name]
        backend.stacks.pop(stack.stack_id, None)
        backend.deleted_stacks[stack.stack_id] = stack
    elif not work.ends_in.startswith("ROLLBACK"):
        stack.output_map = stack._create_output_map()


# --- one resource ------------------------------------------------------------------------------------------


def _create_resource(stack: Stack, name: str) -> None:
    kind, resolved, physical = stack_state.resolved(stack, name)
    if kind is None:
        return
    resource_type, properties = resolved["Type"], resolved["Properties"]
    resources.check(resource_type, physical, properties, stack.region_name)
    resource = kind.create_from_cloudformation_json(
        physical,
        copy.deepcopy(resolved),
        ACCOUNT_ID,
        stack.region_name,
        LogicalId=name,
        StackId=stack.stack_id,
        ResourceType=resource_type,
    )
    resource.cf_resource_type, resource.logical_resource_id = resource_type, name
    stack_state.made(stack)[name] = resource
    resources.complete(resource, resource_type, properties)


def _import_resource(stack: Stack, name: str) -> None:
    """Take what is there already. It stays as it is, also where the template has it otherwise."""
    wanted = stack.template_dict["Resources"][name]
    resource = resources.adopted(stack.stack_id, wanted["Type"], wanted, stack.region_name)
    if resource is None:
        raise Refusal("ValidationError", f"Resource {name} to import does not exist any more.")
    resource.cf_resource_type, resource.logical_resource_id = wanted["Type"], name
    stack_state.made(stack)[name] = resource


def _update_resource(stack: Stack, work: Work, name: str) -> None:
    if name in work.replaced:
        _delete_resource(stack, name)
        stack_state.made(stack)[name] = work.replaced.pop(name)
        return
    kind, resolved, physical = stack_state.resolved(stack, name)
    resource = stack_state.made(stack)[name]
    if work.before is not None and resources.is_replacement(
        parsed(work.before[0])["Resources"][name], stack.template_dict["Resources"][name]
    ):
        if physical == resource.physical_resource_id:
            raise Refusal(
                "ValidationError",
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {physical} and update the stack again.",
            )
        _create_resource(stack, name)
        work.replaced[name] = resource
        return
    prepared = resources.prepared_for_update(copy.deepcopy(resolved))
    if kind is not None and not hasattr(kind.update_from_cloudformation_json, "__isabstractmethod__"):
        resource = (
            kind.update_from_cloudformation_json(
                original_resource=resource,
                new_resource_name=physical,
                cloudformation_json=prepared,
                account_id=ACCOUNT_ID,
                region_name=stack.region_name,
            )
            or resource
        )
    resource.cf_resource_type, resource.logical_resource_id = resolved["Type"], name
    stack_state.made(stack)[name] = resource
    resources.complete(resource, resolved["Type"], resolved["Properties"])


def _delete_resource(stack: Stack, name: str) -> None:
    resource = stack_state.made(stack).get(name)
    if resource is None or stack_live.is_gone(resource):
        return
    stack.resource_map._delete_resource(resource, {"Type": resource.cf_resource_type, "Properties": {}})


def _clean(stack: Stack, work: Work, name: str) -> None:
    """Delete the resource in whose place another one stands now."""
    resource = work.replaced[name]
    if stack_live.is_gone(resource):
        return
    stack.resource_map._delete_resource(resource, {"Type": resource.cf_resource_type, "Properties": {}})


def _task_event(stack: Stack, work: Work, task: Task, phase: str, reason: str | None = None) -> None:
    """Say how far a task is."""
    if task.action == "CLEAN":
        resource, action = work.replaced[task.subject], "DELETE"
    else:
        resource, action = stack_state.made(stack).get(task.subject), task.action
    stack_state.resource_event(stack, resource, task.subject, f"{action}_{phase}", reason)
    if task.action == "CLEAN":
        stack.events[-1].cleaned = True  # type: ignore[attr-defined]  # ours: not of the resource that is
