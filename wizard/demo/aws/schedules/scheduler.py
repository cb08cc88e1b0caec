"""EventBridge Scheduler: schedules checked as documented, and what is due and delivered when."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule, scheduler_backends
from moto.scheduler.responses import EventBridgeSchedulerResponse

from wizard.demo.aws import queues
from wizard.demo.aws.account import ACCOUNT_ID, Account, current
from wizard.demo.aws.functions import run as functions
from wizard.demo.aws.iam.policies import denial, may_assume, role_of
from wizard.demo.aws.refusal import rest_refusal
from wizard.reminder.schedule.expressions import ScheduleError
from wizard.reminder.schedule.schedules import runs

_NAME = re.compile(r"^[0-9a-zA-Z-_.]{1,64}$")
_MOMENT = timedelta(microseconds=1)


class Schedules(EventBridgeSchedulerResponse):
    """moto's scheduler, with validation, conflicts and what else it leaves out."""

    def create_schedule(self) -> str:
        """CreateSchedule."""
        return json.dumps({"ScheduleArn": create(self.region, self._name(), self._body()).arn})

    def update_schedule(self) -> str:
        """UpdateSchedule: replaces everything; what is not given becomes its default."""
        return json.dumps({"ScheduleArn": update(self.region, self._name(), self._body()).arn})

    def _name(self) -> str:
        return self.path.rstrip("/").rpartition("/")[2]

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.body)
        return body


def create_group(region: str, name: str) -> Any:
    """A new schedule group. Refuses bad and taken names."""
    backend = _backend(region)
    if not _NAME.match(name):
        raise rest_refusal("ValidationException", f"Invalid schedule group name {name}.")
    if name in backend.schedule_groups:
        raise rest_refusal("ConflictException", f"Schedule group {name} already exists.", 409)
    return backend.create_schedule_group(name, [])


def delete_group(region: str, name: str) -> None:
    """Delete a schedule group and its schedules. Refuses the default group and unknown names."""
    backend = _backend(region)
    if name == "default":
        raise rest_refusal("ValidationException", "The default schedule group cannot be deleted.")
    backend.get_schedule_group(name)
    backend.delete_schedule_group(name)


def create(region: str, name: str, wanted: dict[str, Any]) -> Schedule:
    """A new schedule with CreateSchedule's parameters. Refuses what the real one refuses."""
    backend, group = _backend(region), wanted.get("GroupName") or "default"
    _check(backend, name, wanted)
    if name in backend.get_schedule_group(group).schedules:
        raise rest_refusal("ConflictException", f"Schedule {name} already exists.", 409)
    schedule = Schedule(
        region=region,
        account_id=ACCOUNT_ID,
        group_name=group,
        name=name,
        schedule_expression=wanted["ScheduleExpression"],
        action_after_completion=None,
        start_date=None,
        end_date=None,
        kms_key_arn=None,
        state=None,
        description=None,
        schedule_expression_timezone=None,
        flexible_time_window={},
        target=wanted["Target"],
    )
    schedule.creation_date = current().now().timestamp()
    _fill(schedule, wanted)
    backend.schedule_groups[group].add_schedule(schedule)
    return schedule


def delete(region: str, group: str, name: str) -> None:
    """Delete a schedule. Refuses with ResourceNotFoundException."""
    _backend(region).delete_schedule(group, name)


def update(region: str, name: str, wanted: dict[str, Any]) -> Schedule:
    """Replace a schedule with UpdateSchedule's parameters. Refuses what the real one refuses."""
    backend = _backend(region)
    schedule = backend.get_schedule(wanted.get("GroupName") or "default", name)
    _check(backend, name, wanted)
    _fill(schedule, wanted)
    return schedule


def _fill(schedule: Schedule, wanted: dict[str, Any]) -> None:
    schedule.description = wanted.get("Description")
    schedule.schedule_expression = wanted["ScheduleExpression"]
    schedule.schedule_expression_timezone = wanted.get("ScheduleExpressionTimezone") or "UTC"
    schedule.flexible_time_window = wanted["FlexibleTimeWindow"]
    schedule.target = Schedule.validate_target(wanted["Target"])
    schedule.state = wanted.get("State") or "ENABLED"
    schedule.kms_key_arn = wanted.get("KmsKeyArn")
    schedule.start_date = _timestamp(wanted.get("StartDate"))
    schedule.end_date = _timestamp(wanted.get("EndDate"))
    schedule.action_after_completion = wanted.get("ActionAfterCompletion") or "NONE"
    schedule.last_modified_date = current().now().timestamp()


def _check(backend: EventBridgeSchedulerBackend, name: str, wanted: dict[str, Any]) -> None:
    """Refuse a schedule as the API reference says it is refused."""
    group = backend.get_schedule_group(wanted.get("GroupName") or "default")
    problem = _problem(name, wanted)
    if problem:
        raise rest_refusal("ValidationException", problem)
    role = role_of(wanted["Target"]["RoleArn"])
    if role is None or not may_assume(role, "scheduler.amazonaws.com", group.arn):
        raise rest_refusal(
            "ValidationException",
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        )


def _problem(name: str, wanted: dict[str, Any]) -> str | None:
    expression, timezone = wanted.get("ScheduleExpression") or "", wanted.get("ScheduleExpressionTimezone")
    start, end = _timestamp(wanted.get("StartDate")), _timestamp(wanted.get("EndDate"))
    now, once = current().now().timestamp(), expression.startswith("at(")
    checks = {
        f"Invalid schedule name {name}.": _NAME.match(name),
        f"Invalid Schedule Expression {expression}.": _readable(expression, "UTC"),
        f"The time zone {timezone} is not valid.": _readable("rate(1 day)", timezone or "UTC"),
        "The StartDate you specify cannot be earlier than 5 minutes ago.": (
            start is None or start >= now - 300 or once
        ),
        "The EndDate must be later than the StartDate and than now.": (
            end is None or end > max(now, start or 0) or once
        ),
    }
    return next((problem for problem, holds in checks.items() if not holds), None)


def _readable(expression: str, timezone: str) -> bool:
    try:
        runs(expression, timezone, datetime.now(UTC))
    except ScheduleError:
        return False
    return True


def _timestamp(moment: Any) -> Any:
    """A date as the API has it (seconds) or as CloudFormation does (ISO 8601), in seconds."""
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).timestamp()
    return moment


def _backend(region: str) -> EventBridgeSchedulerBackend:
    return scheduler_backends[ACCOUNT_ID][region]


# --- firing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Due:
    """A run of one schedule that is or will be due."""

    at: datetime
    region: str
    schedule: Schedule


def tick(account: Account) -> tuple[bool, float]:
    """Deliver what is due. Gives whether anything was, and the seconds until the next run.

    To be called with the account's lock.
    """
    delivered, due = fire(account), next_due(account)
    return delivered > 0, float("inf") if due is None else (due.at - account.now()).total_seconds()


def next_due(account: Account, besides: str | None = None) -> Due | None:
    """The earliest run of any schedule that was not handled yet, in the past or in the future.

    Schedules whose names end in ``besides`` do not count.
    """
    found = [
        Due(moment, region, schedule)
        for region, schedule in _enabled()
        if besides is None or not schedule.name.endswith(besides)
        if (moment := next(_runs(schedule, _handled_until(account, schedule)), None)) is not None
    ]
    return min(found, key=lambda due: due.at, default=None)


def fire(account: Account) -> int:
    """Deliver what is due now, and say how much. To be called with the account's lock.

    A flexible time window is used at its beginning. A run missed for longer than the schedule's
    MaximumEventAge is dropped, as it is by the real one. Where several runs of one schedule have passed
    unhandled, because the clock was pushed or the account was not running, only the last is delivered: in
    real time each would have been, but what the pusher wants to see is one run, not a hundred at once.
    """
    now, delivered = account.now(), 0
    for region, schedule in list(_enabled()):
        age = timedelta(seconds=int(schedule.target["RetryPolicy"].get("MaximumEventAgeInSeconds", 86400)))
        since = max(_handled_until(account, schedule), now - age)
        due = list(_until(_runs(schedule, since), now))
        account.kept.handled[schedule.arn] = now
        if due:
            _deliver(account, region, schedule, due[-1])
            delivered += 1
        if schedule.action_after_completion == "DELETE" and next(_runs(schedule, now), None) is None:
            _backend(region).delete_schedule(schedule.group_name, schedule.name)
    return delivered


def _enabled() -> Iterator[tuple[str, Schedule]]:
    for region, backend in list(scheduler_backends[ACCOUNT_ID].items()):
        for group in list(backend.schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                if schedule.state == "ENABLED":
                    yield region, schedule


def _handled_until(account: Account, schedule: Schedule) -> datetime:
    """Up to when the runs of ``schedule``, as it is now, were taken care of."""
    changed = datetime.fromtimestamp(schedule.last_modified_date, UTC) - _MOMENT
    return max(changed, account.kept.handled.get(schedule.arn, changed))


def _runs(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The runs of ``schedule`` later than ``after``. A rate without StartDate counts from the last change.

    StartDate and EndDate bound all but one-time schedules.
    """
    if schedule.schedule_expression.startswith("at("):
        return runs(schedule.schedule_expression, schedule.schedule_expression_timezone, after)
    start = schedule.start_date or (
        schedule.last_modified_date if schedule.schedule_expression.startswith("rate(") else None
    )
    begin = datetime.fromtimestamp(float(start), UTC) if start else None
    found = runs(schedule.schedule_expression, schedule.schedule_expression_timezone, after, begin)
    if schedule.end_date is None:
        return found
    return _until(found, datetime.fromtimestamp(float(schedule.end_date), UTC))


def _until(moments: Iterator[datetime], last: datetime) -> Iterator[datetime]:
    for moment in moments:
        if moment > last:
            return
        yield moment


def _deliver(account: Account, region: str, schedule: Schedule, at: datetime) -> None:
    """Invoke the target, or put the event into the dead-letter queue with the reason."""
    target = schedule.target
    event = _input(schedule, at)
    error = _start_target(account, region, target, event)
    if error and (target.get("DeadLetterConfig") or {}).get("Arn"):
        code, message = error
        queues.send(
            target["DeadLetterConfig"]["Arn"],
            event,
            ERROR_CODE=code,
            ERROR_MESSAGE=message,
            EXHAUSTED_RETRY_CONDITION="MaximumRetryAttempts",
            RETRY_ATTEMPTS=str(target["RetryPolicy"].get("MaximumRetryAttempts", 185)),
            SCHEDULED_TIME=_zulu(at),
            SCHEDULE_ARN=schedule.arn,
            TARGET_ARN=target["Arn"],
        )


def _start_target(
    account: Account, region: str, target: dict[str, Any], event: str
) -> tuple[str, str] | None:
    """Call the target as the schedule's role would; the error code and message where that is refused."""
    arn, role = target["Arn"], target["RoleArn"]
    action = "lambda:InvokeFunction" if ":lambda:" in arn else "sqs:SendMessage"
    if denial(role, action, arn):
        return "AccessDeniedException", f"{role} is not authorized to perform: {action} on {arn}"
    if ":sqs:" in arn:
        return None if queues.send(arn, event) else ("QueueDoesNotExist", f"{arn} does not exist.")
    try:
        functions.start(account, functions.found(region, arn), event.encode())
    except UnknownFunctionException as error:
        return "ResourceNotFoundException", error.message
    return None


def _input(schedule: Schedule, at: datetime) -> str:
    """The event: the schedule's Input with its context attributes filled in."""
    attributes = {
        "schedule-arn": schedule.arn,
        "scheduled-time": _zulu(at),
        "execution-id": uuid.uuid4().hex,
        "attempt-number": "1",
    }
    text = str(schedule.target.get("Input") or "{}")
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
