"""Looks at the deployed reminder, and judges the step's status."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wizard.aws import cloudformation, cloudwatch, lambda_, scheduler, sesv2
from wizard.aws.cloudformation import Stack, StackResource
from wizard.aws.scheduler import Schedule
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.reminder import draft
from wizard.reminder.capacity import needed
from wizard.reminder.message.fields import unfilled
from wizard.reminder.schedule import schedules
from wizard.reminder.template.build import function_name
from wizard.steps.account import health as account_health
from wizard.steps.model import Status, StepName, StepState, Surroundings
from wizard.steps.reminder import recipients as reminder_recipients
from wizard.steps.reminder import user_table
from wizard.steps.reminder.deployed import TIMES, Deployed, deployed
from wizard.steps.reminder.deployed import changed as not_deployed
from wizard.steps.reminder.identities import verified
from wizard.steps.reminder.own_stack import free_stack_name, is_taken, ours
from wizard.text import printable
from wizard.world import World

_ENDS = "see Runs; the alarm ends half an hour after the last one"
_ALARMS = {
    "DeadLetterAlarm": "the dead-letter queue has runs or mail that could not be handled",
    "ErrorsAlarm": "the function fails",
    "StoppedAlarm": f"a run stopped ({_ENDS})",
    "FailedAlarm": f"SES refuses mail ({_ENDS})",
    "UnsureAlarm": f"SES gave no clear answer for some mail ({_ENDS})",
    "ExpiredAlarm": f"a run ended before all recipients had mail ({_ENDS})",
    "BounceAlarm": "too much mail bounces: AWS may pause sending",
    "ComplaintAlarm": "too many recipients report the mail as spam: AWS may pause sending",
}
"""The meaning of the stack's alarms, by logical id."""
_PARTS = {
    "recipients": {"recipients", "table"},
    "schedule": {"schedule", "timezone", "start", "end", "window_minutes"},
    "message": {"sender", "sender_name", "subject", "text", "html", "unsubscribe"},
}
"""The settings of the parts that ``draft.missing`` names."""


@dataclass(frozen=True, slots=True)
class ReminderReport:
    """The deployed reminder: the stack, its schedule, the next run (UTC), and the number of recipients.

    ``about`` means that DynamoDB counted these, some hours ago. ``mode`` is direct or queue; it is
    ``outgrown`` if a run has become too large for one call of the function. ``alarms`` are the active ones,
    in words. ``unconfirmed`` is the address for alerts, if it is not confirmed. ``spare`` are the SES
    identities that the function can use but needs only in the sandbox. ``open_to`` are the identities that
    can receive mail in the sandbox, None outside of it. ``function_gone``: the function was deleted.
    ``by_hand``: the schedule was changed outside CloudFormation. ``stopped`` is why SES sends nothing for the
    account. ``instead`` is a stack name to try if the name of the stack or of its function is taken.

    ``changed`` are the project's settings that are not deployed, ``invalid`` is the first invalid one with
    the reason. ``subject`` is the deployed message's.
    """

    stack: Stack | None
    resources: tuple[StackResource, ...] = ()
    schedule: Schedule | None = None
    recipients: int = 0
    next_run: datetime | None = None
    mode: str = ""
    outgrown: bool = False
    alarms: tuple[str, ...] = ()
    unconfirmed: str = ""
    spare: tuple[str, ...] = ()
    about: bool = False
    open_to: frozenset[str] | None = None
    function_gone: bool = False
    instead: str = ""
    by_hand: bool = False
    stopped: str = ""
    changed: tuple[str, ...] = ()
    invalid: str = ""
    subject: str = ""

    @property
    def paused(self) -> bool:
        """Whether the schedule exists and is disabled."""
        return self.schedule is not None and not self.schedule.enabled


def look(world: World, project: Project, base: Path) -> ReminderReport:
    """Look at the stack, compared with the project; ``base`` is the project file's folder.

    Raises WizardError.
    """
    stack = cloudformation.describe_stack(world.aws, project.reminder.stack)
    account = sesv2.get_account(world.aws)
    open_to = None if account.production_access else frozenset(verified(sesv2.list_identities(world.aws)))
    if stack is None or stack.status == "REVIEW_IN_PROGRESS" or not ours(stack, project):
        instead = free_stack_name(project) if is_taken(world, project, stack) else ""
        invalid = _invalid(draft.problems(project, base, world.now()), draft.missing(project))
        return ReminderReport(stack, open_to=open_to, instead=instead, invalid=invalid)
    resources = cloudformation.list_stack_resources(world.aws, stack.name)
    if not stack.complete:
        return ReminderReport(stack, resources, open_to=open_to)
    schedule = scheduler.get_schedule(world.aws, stack.name, stack.name)
    physical = {one.logical_id: one.physical_id for one in resources if one.physical_id}
    people = reminder_recipients.present(world, project, base, stack, physical.get("RecipientsTable", ""))
    before = deployed(world, stack)
    changed = not_deployed(project, before.template, world.now())
    if people.changed and "recipients" not in changed:
        changed = (*changed, "recipients")
    wanted = needed(people.number, account.max_send_rate, account.max_24_hour_send)
    trouble = account_health.trouble(account, "", "")
    return ReminderReport(
        stack=stack,
        resources=resources,
        schedule=schedule,
        recipients=people.number,
        about=people.about,
        next_run=_next_run(schedule, world.now()),
        mode=before.mode,
        outgrown=before.mode == "direct" and wanted.mode == "queue",
        alarms=_active_alarms(world, physical),
        unconfirmed=_unconfirmed(world, physical),
        spare=before.spare(project) if account.production_access else (),
        open_to=open_to,
        function_gone=lambda_.get_function_tags(world.aws, function_name(stack.name)) is None,
        by_hand=schedule is not None and _by_hand(schedule, before),
        stopped=trouble.short if trouble and trouble.stops else "",
        changed=changed,
        invalid=_invalid(_problems(world, project, base, stack, changed)),
        subject=before.subject,
    )


NOT_DEPLOYED = "not deployed"
"""The brief of the step's state while the file differs from what is deployed."""


def standing(around: Surroundings) -> StepState:
    """The state of the step, as the survey asks for it."""
    return judge(look(around.world, around.project, around.base), around.project)


def judge(seen: ReminderReport, project: Project) -> StepState:
    """The step's status: done if everything is deployed and a test mail was sent."""
    status, words = _judged(seen, project)
    brief = NOT_DEPLOYED if status is Status.ATTENTION and words == changed_words(seen) else ""
    return StepState(StepName.REMINDER, status, words, brief=brief)


def changed_words(seen: ReminderReport) -> str:
    """The settings that are not deployed, and what to do; nothing if all are."""
    failed = seen.stack is not None and seen.stack.status == "UPDATE_ROLLBACK_COMPLETE"
    again = ". The last change was rolled back" if failed else ""
    return f"Changed, not deployed: {', '.join(seen.changed)} (F4 on Create){again}" if seen.changed else ""


def done_words(seen: ReminderReport) -> str:
    """The recipients, the schedule, and the next run."""
    number = f"{'about ' if seen.about else ''}{seen.recipients:,}"
    people = f"{number} recipient{'' if seen.recipients == 1 else 's'}"
    if seen.schedule is None:
        return people
    expression, timezone = seen.schedule.expression, seen.schedule.timezone
    coming = schedules.moment_words(seen.next_run, schedules.zone(timezone)) if seen.next_run else ""
    when = f"next run {coming}" if coming else "no further run"
    waiting = f"; no alerts until {seen.unconfirmed} confirms the address" if seen.unconfirmed else ""
    when = "paused: no run until you resume it" if seen.paused else when
    return f"{people}, {schedules.words(expression, timezone)}; {when}{waiting}"


def _judged(seen: ReminderReport, project: Project) -> tuple[Status, str]:
    stack = seen.stack
    if seen.instead:
        name = project.reminder.stack
        return Status.ATTENTION, f"the stack name {name} is taken: choose another on the Create page"
    if stack is None or stack.status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
        return _not_deployed(seen, project)
    if stack.running:
        return Status.WORKING, f"CloudFormation is working ({_plain(stack.status)})"
    if not stack.complete:
        return Status.ATTENTION, f"the stack failed ({_plain(stack.status)}): deploy it again on Create (F4)"
    if problem := _problem(seen, project):
        return Status.ATTENTION, problem
    # The reminder works with them: step 6 offers to remove them.
    spare = "; permissions that only the sandbox needed remain (step 6, F4)" if seen.spare else ""
    return Status.DONE, f"{done_words(seen)}{spare}"


def _not_deployed(seen: ReminderReport, project: Project) -> tuple[Status, str]:
    if project.reminder.tested:
        return Status.ATTENTION, f"the stack {project.reminder.stack} is gone: deploy it again on Create (F4)"
    if seen.invalid:
        return Status.ATTENTION, f"not valid: {seen.invalid}"
    missing = draft.missing(project)
    if len(missing) == len(_PARTS):
        return Status.TODO, "nothing is set up yet"
    return (
        Status.TODO,
        f"still missing: {', '.join(missing)}" if missing else "ready to deploy (F4 on Create)",
    )


def _problem(seen: ReminderReport, project: Project) -> str:
    """The most serious problem of a complete stack, or nothing."""
    drift, paused = "check for drift on Create (F6)", project.reminder.paused
    untested = ", but paused" if seen.paused else ""
    problems: list[tuple[object, str]] = [
        (seen.stopped, f"{seen.stopped}: SES sends no mail (step 1)"),
        (seen.alarms, f"an alarm is active: {'; '.join(seen.alarms)}"),
        (seen.function_gone, f"the function was deleted: {drift}, then restore it (F7)"),
        (seen.schedule is None, f"the schedule was deleted: {drift}, then restore it (F7)"),
        (
            seen.recipients == 0 and not seen.about and not seen.invalid,
            "the recipients table is empty: deploy again on Create (F4) to fill it",
        ),
        (seen.invalid, f"not valid, so not deployed: {seen.invalid}"),
        (seen.changed, changed_words(seen)),
        (seen.by_hand, f"the schedule was changed by hand: {drift}"),
        (seen.paused and not paused, f"the schedule was disabled outside this wizard: {drift}"),
        (paused and not seen.paused, f"the schedule runs, but is paused in the project file: {drift}"),
        (
            seen.outgrown,
            "one call of the function is no longer enough: deploy again on Create (F4) for a queue",
        ),
        (project.reminder.tested is None, f"deployed{untested}: send a test e-mail to finish this step"),
    ]
    return next((words for found, words in problems if found), "")


def _plain(status: str) -> str:
    return status.lower().replace("_", " ")


def _next_run(schedule: Schedule | None, now: datetime) -> datetime | None:
    if schedule is None or not schedule.enabled:
        return None
    coming = schedules.next_runs(schedule.expression, schedule.timezone, now, 1, schedule.start, schedule.end)
    return coming[0] if coming else None


def _active_alarms(world: World, physical: Mapping[str, str]) -> tuple[str, ...]:
    """The active alarms of the stack, in words."""
    names = {physical[logical_id]: words for logical_id, words in _ALARMS.items() if logical_id in physical}
    if not names:
        return ()
    found = cloudwatch.describe_alarms(world.aws, list(names))
    return tuple(names[alarm.name] for alarm in found if alarm.state == "ALARM" and alarm.name in names)


def _unconfirmed(world: World, physical: Mapping[str, str]) -> str:
    """The address for alerts, if it is not confirmed."""
    if "AlertsTopic" not in physical:
        return ""
    found = cloudwatch.list_subscriptions(world.aws, physical["AlertsTopic"])
    return next((subscription.endpoint for subscription in found if not subscription.confirmed), "")


def _by_hand(schedule: Schedule, before: Deployed) -> bool:
    """Whether the schedule differs from the deployed template."""
    properties = before.properties("Schedule")
    there = (properties.get("ScheduleExpression"), properties.get("ScheduleExpressionTimezone"))
    return bool(properties) and there != (schedule.expression, schedule.timezone)


def _invalid(problems: Collection[tuple[str, str]], missing: Collection[str] = ()) -> str:
    """The first problem of a setting, except in ``missing`` parts; or nothing."""
    skipped = set().union(*(_PARTS[part] for part in missing))
    found = [f"reminder.{setting}: {sentence}" for setting, sentence in problems if setting not in skipped]
    return printable(found[0], 300).rstrip(".") if found else ""


def _problems(
    world: World, project: Project, base: Path, stack: Stack, changed: Collection[str]
) -> list[tuple[str, str]]:
    """The settings that cannot be deployed. Times that have passed since the deployment are no problem."""
    at = world.now() if TIMES & set(changed) else stack.updated or world.now()
    return [*draft.problems(project, base, at), *_table_problems(world, project)]


def _table_problems(world: World, project: Project) -> list[tuple[str, str]]:
    """Fields of the message that no row of the user's table has, if all rows were looked at."""
    if project.reminder.table is None:
        return []
    try:
        seen = user_table.table_seen(world, project.reminder.table.name)
    except WizardError as error:
        if error.exit_code is ExitCode.OUTSIDE:
            raise
        return [("table", f"{error.title}. {error.todo}")]
    if seen.items > len(seen.rows):
        return []
    return list(unfilled(draft.message_of(project), seen.read(project.reminder.table).columns))
