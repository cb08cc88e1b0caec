"""What AWS has of the reminder, and where the step stands by it."""

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
from wizard.steps.model import Standing, Status, StepName, Surroundings
from wizard.steps.reminder import recipients as reminder_recipients
from wizard.steps.reminder import user_table
from wizard.steps.reminder.deployed import Deployed, deployed
from wizard.steps.reminder.identities import verified
from wizard.steps.reminder.obstacles import free_stack_name, is_taken
from wizard.steps.reminder.own_stack import ours
from wizard.steps.reminder.undeployed import TIMES
from wizard.steps.reminder.undeployed import changed as not_deployed
from wizard.text import printable
from wizard.world import World

_ALARMS = {
    "DeadLetterAlarm": "runs or mails that could not be handled lie in the dead-letter queue",
    "ErrorsAlarm": "the function fails",
    "StoppedAlarm": "a run stopped (see Runs)",
    "FailedAlarm": "SES refuses mail (see Runs)",
    "UnsureAlarm": "SES gives no clear answer to some mail (see Runs)",
    "ExpiredAlarm": "a run was given up before all recipients had mail (see Runs)",
    "BounceAlarm": "too many mails bounce; SES stops an account where it goes on",
    "ComplaintAlarm": "too many recipients call the mail spam; SES stops an account where it goes on",
}
"""What an alarm of the stack means, by its logical id."""


@dataclass(frozen=True, slots=True)
class ReminderSeen:
    """What AWS has: the stack, its schedule, the next run (UTC), and the number of recipients.

    ``about`` says that DynamoDB counted these, some hours ago. ``mode`` is direct or queue; it is
    ``outgrown`` where a run has become too much for one call of the function. ``alarms`` are those that ring,
    in words. ``unconfirmed`` is the address that alerts would go to, but that has not confirmed it. ``spare``
    are the SES identities that the function may use and needs no more, because the account has left the
    sandbox. ``open_to`` are the identities that mail may go to while it is in there, None outside of it.
    ``function_gone`` says that somebody deleted the function, ``by_hand`` that the schedule runs at other
    times than were deployed. ``stopped`` is why SES sends nothing for the account. ``instead`` is a stack
    name to try if this one, or its function's, belongs to something else.

    ``changed`` are the project's settings that are not deployed, ``invalid`` is the first of them that cannot
    be, with the reason. ``subject`` is that of the deployed message.
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
        """Whether the schedule is there and starts nothing."""
        return self.schedule is not None and not self.schedule.enabled


def look(world: World, project: Project, base: Path) -> ReminderSeen:
    """Read the stack and what is in it, beside the project; ``base`` is the folder of its file.

    Raises WizardError.
    """
    stack = cloudformation.describe_stack(world.aws, project.reminder.stack)
    account = sesv2.get_account(world.aws)
    open_to = None if account.production_access else frozenset(verified(sesv2.list_identities(world.aws)))
    if stack is None or stack.status == "REVIEW_IN_PROGRESS" or not ours(stack, project):
        instead = free_stack_name(project) if is_taken(world, project, stack) else ""
        return ReminderSeen(stack, open_to=open_to, instead=instead)
    resources = cloudformation.list_stack_resources(world.aws, stack.name)
    if not stack.complete:
        return ReminderSeen(stack, resources, open_to=open_to)
    schedule = scheduler.get_schedule(world.aws, stack.name, stack.name)
    physical = {one.logical_id: one.physical_id for one in resources if one.physical_id}
    people = reminder_recipients.present(world, project, base, stack, physical.get("RecipientsTable", ""))
    before = deployed(world, stack)
    changed = not_deployed(project, before.template, world.now())
    if people.changed and "recipients" not in changed:
        changed = (*changed, "recipients")
    wanted = needed(people.number, account.max_send_rate, account.max_24_hour_send)
    trouble = account_health.trouble(account, "", "")
    return ReminderSeen(
        stack=stack,
        resources=resources,
        schedule=schedule,
        recipients=people.number,
        about=people.about,
        next_run=_next_run(schedule, world.now()),
        mode=before.mode,
        outgrown=before.mode == "direct" and wanted.mode == "queue",
        alarms=_ringing(world, physical),
        unconfirmed=_unconfirmed(world, physical),
        spare=before.spare(project) if account.production_access else (),
        open_to=open_to,
        function_gone=lambda_.get_function_tags(world.aws, function_name(stack.name)) is None,
        by_hand=schedule is not None and _by_hand(schedule, before),
        stopped=trouble.short if trouble and trouble.stops else "",
        changed=changed,
        invalid=_invalid(world, project, base, stack, changed),
        subject=before.subject,
    )


def standing(around: Surroundings) -> Standing:
    """The state of the step, as the survey asks for it."""
    return judge(look(around.world, around.project, around.base), around.project)


def judge(seen: ReminderSeen, project: Project) -> Standing:
    """Where the step stands: done when all that the project says is deployed, and a test mail has left."""
    status, words = _judged(seen, project)
    brief = "not deployed" if status is Status.ATTENTION and words == changed_words(seen) else ""
    return Standing(StepName.REMINDER, status, words, brief=brief)


def changed_words(seen: ReminderSeen) -> str:
    """What the project says that is not deployed, and where that is done; nothing where all is."""
    failed = seen.stack is not None and seen.stack.status == "UPDATE_ROLLBACK_COMPLETE"
    again = ". The last change was rolled back" if failed else ""
    return f"Changed, not deployed: {', '.join(seen.changed)} (F4 on Create){again}" if seen.changed else ""


def done_words(seen: ReminderSeen) -> str:
    """Who gets mail, when, and what comes next."""
    number = f"{'about ' if seen.about else ''}{seen.recipients:,}"
    people = f"{number} recipient{'' if seen.recipients == 1 else 's'}"
    if seen.schedule is None:
        return people
    expression, timezone = seen.schedule.expression, seen.schedule.timezone
    coming = schedules.moment_words(seen.next_run, schedules.zone(timezone)) if seen.next_run else ""
    when = f"next run {coming}" if coming else "no run to come"
    waiting = f"; alerts wait until {seen.unconfirmed} confirms them" if seen.unconfirmed else ""
    when = "paused: no run until it is resumed" if seen.paused else when
    return f"{people}, {schedules.words(expression, timezone)}; {when}{waiting}"


def _judged(seen: ReminderSeen, project: Project) -> tuple[Status, str]:
    stack = seen.stack
    if seen.instead:
        name = project.reminder.stack
        return Status.ATTENTION, f"the stack name {name} is taken: choose another on the Create page"
    if stack is None or stack.status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
        if project.reminder.tested:
            name = project.reminder.stack
            return Status.ATTENTION, f"the stack {name} is gone: deploy it again on Create (F4)"
        return Status.TODO, "nothing is set up yet"
    if stack.running:
        return Status.WORKING, f"CloudFormation is at work ({_plain(stack.status)})"
    if not stack.complete:
        return Status.ATTENTION, f"the stack failed ({_plain(stack.status)}): try again"
    if problem := _problem(seen, project):
        return Status.ATTENTION, problem
    # The reminder works without that: it is for step 6 to offer, and reopens nothing here.
    spare = "; rights that only the sandbox needed are left (step 6, F4)" if seen.spare else ""
    return Status.DONE, f"{done_words(seen)}{spare}"


def _problem(seen: ReminderSeen, project: Project) -> str:
    """What the user should see to although the stack is complete, the worst first, or nothing."""
    if seen.stopped:
        return f"{seen.stopped}: no mail leaves (step 1)"
    if seen.alarms:
        return f"an alarm rings: {'; '.join(seen.alarms)}"
    if seen.function_gone:
        return "the function is gone: look for drift on Create (F6), then have it put back (F7)"
    if seen.schedule is None:
        return "the schedule is gone: look for drift on Create (F6), then have it put back (F7)"
    if seen.recipients == 0 and not seen.about and not seen.invalid:
        return "the stack is complete, but the table of recipients is empty: a new plan fills it"
    if seen.invalid:
        return f"not valid, so not deployed: {seen.invalid}"
    if seen.changed:
        return changed_words(seen)
    if seen.by_hand:
        return "somebody changed the schedule by hand: look for drift on Create (F6)"
    if seen.paused and not project.reminder.paused:
        return "the schedule is switched off, though nobody paused it here: look for drift on Create (F6)"
    if project.reminder.paused and not seen.paused:
        return "the schedule runs, though it is paused here: look for drift on Create (F6)"
    if seen.outgrown:
        return "a run has become too much for one call of the function: a new plan gives it a queue"
    if project.reminder.tested is None:
        paused = ", and no run leaves, for it is paused" if seen.paused else ""
        return f"deployed{paused}: send a test e-mail to finish this step"
    return ""


def _plain(status: str) -> str:
    return status.lower().replace("_", " ")


def _next_run(schedule: Schedule | None, now: datetime) -> datetime | None:
    if schedule is None or not schedule.enabled:
        return None
    coming = schedules.next_runs(schedule.expression, schedule.timezone, now, 1, schedule.start, schedule.end)
    return coming[0] if coming else None


def _ringing(world: World, physical: Mapping[str, str]) -> tuple[str, ...]:
    """What the stack's alarms that ring mean."""
    names = {physical[logical_id]: words for logical_id, words in _ALARMS.items() if logical_id in physical}
    if not names:
        return ()
    found = cloudwatch.describe_alarms(world.aws, list(names))
    return tuple(names[alarm.name] for alarm in found if alarm.state == "ALARM" and alarm.name in names)


def _unconfirmed(world: World, physical: Mapping[str, str]) -> str:
    """The address that has not confirmed yet that it wants the alerts, or nothing."""
    if "AlertsTopic" not in physical:
        return ""
    found = cloudwatch.list_subscriptions(world.aws, physical["AlertsTopic"])
    return next((subscription.endpoint for subscription in found if not subscription.confirmed), "")


def _by_hand(schedule: Schedule, before: Deployed) -> bool:
    """Whether the schedule runs at other times than it was deployed with."""
    properties = before.properties("Schedule")
    there = (properties.get("ScheduleExpression"), properties.get("ScheduleExpressionTimezone"))
    return bool(properties) and there != (schedule.expression, schedule.timezone)


def _invalid(world: World, project: Project, base: Path, stack: Stack, changed: Collection[str]) -> str:
    """The first thing in the project that cannot be deployed, or nothing.

    Times that were good when they were deployed, and have passed since, are no mistake.
    """
    at = world.now() if TIMES & set(changed) else stack.updated or world.now()
    found = [*draft.problems(project, base, at), *_table_problems(world, project)]
    return printable(": ".join(found[0]), 300).rstrip(".") if found else ""


def _table_problems(world: World, project: Project) -> list[tuple[str, str]]:
    """What is wrong with a table of the user's: fields that no row has, where all rows were looked at."""
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
