"""The CloudFormation template of the reminder, and the purpose of each resource. Pure.

The SES identity and the configuration set are outside the stack: they may be older, and outlive it. The
function's code is inline; one function serves the schedules, the queue's workers and SES's events.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wizard.project.schema import DEFAULT_STACK
from wizard.reminder.function.code import function_code
from wizard.reminder.message.fields import for_ses, from_header, normal_fields
from wizard.reminder.schedule.expressions import At, parse
from wizard.reminder.setup import Setup
from wizard.reminder.template.alerts import alarms, events
from wizard.reminder.template.intrinsics import attribute, ref
from wizard.reminder.template.roles import function_role, schedule_role

FUNCTION_NAME = "TriggerReminder"
"""The function's name in the default stack; other stacks append their name: see ``function_name``."""
RUNTIME = "python3.14"
TIMEOUT = 900
"""Seconds that one call of the function can take (Lambda's maximum)."""
LOG_DAYS = 30
MAX_BODY = 51_200
"""The largest template in a call of CloudFormation, in bytes (quota "Template body size")."""
MAX_ENVIRONMENT = 4_096
"""Bytes of a function's environment variables together (Lambda's quota)."""
SCHEDULE_INPUT = {"run": "<aws.scheduler.scheduled-time>", "execution": "<aws.scheduler.execution-id>"}
"""The event of a run, which is named by its scheduled time: the execution id differs between deliveries."""
RESUME_INPUT = {"resume": True}
"""The event that continues stopped runs."""
RESUME_SUFFIX = "-resume"
"""The suffix of the name of the resume schedule."""
MAX_RECEIVES = 200
"""Deliveries of a portion before it becomes a dead letter; a postponed portion has a hundred in four days."""
QUEUE_DAYS = 7
"""Days that a portion is kept: longer than a job is continued."""
RESUME_EVERY = "cron(4/10 * * * ? *)"
"""When stopped runs are continued: every ten minutes, but not on the hour, when runs begin."""
PORTIONS_AT_ONCE = 10
"""Portions that a worker gets in one call."""
_LONG_NAME = 160
"""The longest name of a table, or URL of a queue, that CloudFormation chooses."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """A resource in words: its plain name and its purpose."""

    name: str
    words: str


PURPOSES = {
    "RecipientsTable": Purpose("recipients table", "holds the recipients (DynamoDB, pay per use)"),
    "ClaimsTable": Purpose(
        "claims table",
        "records for 30 days who was mailed in which run, so that no recipient is mailed twice",
    ),
    "RunsTable": Purpose("runs table", "holds the numbers of each run, and where to continue it"),
    "OptOutsTable": Purpose(
        "opt-outs table",
        "lists opted-out recipients; it outlives the stack, and the next stack reuses it",
    ),
    "MessageTemplate": Purpose("mail template", "the subject and the message in SES"),
    "LogGroup": Purpose("log group", f"the function's log: numbers only, kept for {LOG_DAYS} days"),
    "DeadLetterQueue": Purpose("dead-letter queue", "keeps for 14 days what could not be handled"),
    "Queue": Purpose("queue", "holds a run's recipients in portions of 50 until they are mailed"),
    "FunctionRole": Purpose(
        "function's role", "lets the function send this template from this domain and use its own tables"
    ),
    "TriggerReminder": Purpose("Lambda function", "the function that sends the mail of each run"),
    "Worker": Purpose("workers", "pass the queue's portions to several calls of the function in parallel"),
    "ScheduleRole": Purpose("schedule's role", "lets the schedules start only this function"),
    "ScheduleGroup": Purpose("schedule group", "holds the schedules"),
    "EventDestination": Purpose("event destination", "makes SES report bounces and complaints"),
    "EventsRule": Purpose("events rule", "passes bounces and complaints to the function, which records them"),
    "EventsQueuePolicy": Purpose("dead-letter policy", "lets the events rule use the dead-letter queue"),
    "EventsPermission": Purpose("events permission", "lets the events rule start the function"),
    "AlertsTopic": Purpose("alerts topic", "sends alarms by e-mail"),
    "AlertsSubscription": Purpose(
        "alerts address", "gets the alarms after confirming the link in AWS's first e-mail"
    ),
    "DeadLetterAlarm": Purpose("dead-letter alarm", "goes off when something could not be handled"),
    "ErrorsAlarm": Purpose("errors alarm", "goes off when the function fails"),
    "StoppedMetric": Purpose("stopped metric", "counts stopped runs in the log"),
    "StoppedAlarm": Purpose("stopped alarm", "goes off while a run is stopped"),
    "FailedMetric": Purpose("failed metric", "counts refused mail in the log"),
    "FailedAlarm": Purpose("failed alarm", "goes off when SES refuses mail"),
    "UnsureMetric": Purpose("unsure metric", "counts mail without a clear answer in the log"),
    "UnsureAlarm": Purpose("unsure alarm", "goes off when SES gives no clear answer"),
    "ExpiredMetric": Purpose("expired metric", "counts expired runs in the log"),
    "ExpiredAlarm": Purpose("expired alarm", "goes off when a run ends before all recipients have mail"),
    "BounceAlarm": Purpose("bounce alarm", "goes off at 5 % bounces, when AWS reviews an account"),
    "ComplaintAlarm": Purpose("complaint alarm", "goes off at 0.1 % complaints, when AWS reviews an account"),
    "ResumeSchedule": Purpose(
        "resume schedule", "continues stopped runs every ten minutes, for example after SES's daily quota"
    ),
    "Schedule": Purpose("schedule", "starts the function at the chosen times"),
}
"""Every resource that a template can have, by its logical id, in the order of their dependencies."""


def function_name(stack: str) -> str:
    """The function's name in ``stack``: several set-ups can share an account and Region."""
    return FUNCTION_NAME if stack == DEFAULT_STACK else f"{FUNCTION_NAME}-{stack}"


def log_group(stack: str) -> str:
    """The name of the function's log group in ``stack``."""
    return f"/ses-wizard/{stack}/{FUNCTION_NAME}"


def template(setup: Setup) -> dict[str, Any]:
    """The template for ``setup``."""
    worker = {"Worker": _worker(setup)} if setup.workers else {}
    around = {**events(setup), **alarms(setup), "ResumeSchedule": _resume_schedule(setup)}
    own_table = {"RecipientsTable": _table({"email": "HASH"}, _gone_with_the_stack())}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Personal mail on a schedule, by ses-wizard",
        "Parameters": _parameters(setup),
        "Resources": {
            **({} if setup.table else own_table),
            "ClaimsTable": _table({"run": "HASH", "email": "RANGE"}, _gone_with_the_stack(), expires=True),
            "RunsTable": _table({"reminder": "HASH", "run": "RANGE"}, _gone_with_the_stack(), expires=True),
            "OptOutsTable": _opt_outs_table(setup),
            "MessageTemplate": _message_template(setup),
            "LogGroup": {
                "Type": "AWS::Logs::LogGroup",
                **_gone_with_the_stack(),
                "Properties": {
                    "LogGroupName": log_group(setup.stack),
                    "RetentionInDays": LOG_DAYS,
                },
            },
            "DeadLetterQueue": _queue(MessageRetentionPeriod=14 * 24 * 3600),
            **(_portions() if setup.workers else {}),
            "FunctionRole": function_role(setup, function_name(setup.stack)),
            "TriggerReminder": _function(setup),
            **worker,
            "ScheduleRole": schedule_role(),
            "ScheduleGroup": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": setup.stack}},
            **around,
            # Update the schedule after all other resources: a rollback of it would restore a StartDate that
            # may have passed, which EventBridge refuses.
            "Schedule": {**_run_schedule(setup), "DependsOn": ["MessageTemplate", *worker, *around]},
        },
        "Outputs": _outputs(setup),
    }


def _parameters(setup: Setup) -> dict[str, Any]:
    """A guard: an update of another domain's stack, which keeps its parameters' values, fails."""
    only = (
        f"This template is for {setup.domain}, and the stack belongs to another domain. Choose another stack "
        "name: reminder.stack in the project file."
    )
    return {
        "Domain": {
            "Type": "String",
            "Description": "The domain that mail is sent from. Keep it as it is.",
            "Default": setup.domain,
            "AllowedValues": [setup.domain],
            "ConstraintDescription": only,
        }
    }


def environment(setup: Setup) -> dict[str, Any]:
    """The function's environment variables: its whole configuration."""
    table = setup.table
    mapped = {name: table.fields[name] for name in setup.fields if name in table.fields} if table else {}
    return {
        "RECIPIENTS": _recipients_table(setup),
        "EMAIL": table.email if table else "email",
        "OPTED_OUT": (table.opted_out or "") if table else "opted_out",
        "MAPPING": json.dumps(mapped, ensure_ascii=False, separators=(",", ":")),
        "CLAIMS": ref("ClaimsTable"),
        "RUNS": ref("RunsTable"),
        "OPT_OUTS": ref("OptOutsTable"),
        "TEMPLATE": setup.template_name,
        "FIELDS": " ".join(setup.fields),
        "SENDER": from_header(setup.sender_name, setup.sender),
        "CONFIGURATION_SET": setup.configuration_set,
        "QUEUE": ref("Queue") if setup.workers else "",
        "WORKERS": str(setup.workers),
        "REMINDER": setup.stack,
        "PAUSED": "yes" if setup.paused else "",
        "UNSUBSCRIBE": normal_fields(setup.unsubscribe or ""),
    }


def environment_bytes(setup: Setup) -> int:
    """The largest size of the environment variables, in bytes; a reference counts as a long name."""
    return sum(
        len(name) + (len(value.encode()) if isinstance(value, str) else _LONG_NAME)
        for name, value in environment(setup).items()
    )


def _recipients_table(setup: Setup) -> object:
    return setup.table.name if setup.table else ref("RecipientsTable")


def _table(keys: dict[str, str], policies: dict[str, str], *, expires: bool = False) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in keys],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    }
    if expires:
        properties["TimeToLiveSpecification"] = {"AttributeName": "expires", "Enabled": True}
    return {"Type": "AWS::DynamoDB::Table", **policies, "Properties": properties}


def _opt_outs_table(setup: Setup) -> dict[str, Any]:
    """The only table whose content is nowhere else: protected, and with a name that outlives the stack."""
    table = _table({"email": "HASH"}, _outlives_the_stack())
    if setup.opt_outs_table:
        table["Properties"]["TableName"] = setup.opt_outs_table
    table["Properties"]["DeletionProtectionEnabled"] = True
    table["Properties"]["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": True}
    return table


def _message_template(setup: Setup) -> dict[str, Any]:
    message = for_ses(setup.message)
    content = {"TemplateName": setup.template_name, "SubjectPart": message.subject, "TextPart": message.text}
    if message.html:
        content["HtmlPart"] = message.html
    return {"Type": "AWS::SES::Template", "Properties": {"Template": content}}


def _queue(**properties: object) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        **_gone_with_the_stack(),
        "Properties": {"SqsManagedSseEnabled": True, **properties},
    }


def _portions() -> dict[str, Any]:
    """The queue of portions. AWS recommends a visibility timeout of six times the function's."""
    redrive = {"deadLetterTargetArn": attribute("DeadLetterQueue"), "maxReceiveCount": MAX_RECEIVES}
    queue = _queue(
        VisibilityTimeout=6 * TIMEOUT, MessageRetentionPeriod=QUEUE_DAYS * 24 * 3600, RedrivePolicy=redrive
    )
    return {"Queue": queue}


def _function(setup: Setup) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": function_name(setup.stack),
            "Description": "Sends each recipient one personal mail for each run of the schedule",
            "Runtime": RUNTIME,
            "Architectures": ["arm64"],
            "Handler": "index.handler",
            "Code": {"ZipFile": function_code()},
            "Role": attribute("FunctionRole"),
            "Timeout": TIMEOUT,
            "MemorySize": 256,
            # A long run invokes itself more often than Lambda's loop detection allows. The function limits
            # the calls of each run itself.
            "RecursiveLoop": "Allow",
            "LoggingConfig": {"LogGroup": ref("LogGroup")},
            "DeadLetterConfig": {"TargetArn": attribute("DeadLetterQueue")},
            "Environment": {"Variables": environment(setup)},
        },
    }


def _worker(setup: Setup) -> dict[str, Any]:
    """The event source mapping from the queue. A pause also holds the waiting portions."""
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": attribute("Queue"),
            "FunctionName": ref("TriggerReminder"),
            "BatchSize": PORTIONS_AT_ONCE,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": setup.workers},
            "Enabled": not setup.paused,
        },
    }


def _run_schedule(setup: Setup) -> dict[str, Any]:
    window: dict[str, Any] = {"Mode": "OFF"}
    if setup.window_minutes:
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": setup.window_minutes}
    dates = {"StartDate": setup.start, "EndDate": setup.end}
    # EventBridge Scheduler ignores both dates of a one-time schedule.
    once = isinstance(parse(setup.schedule), At)
    return _schedule(
        setup,
        Name=setup.stack,
        ScheduleExpression=setup.schedule,
        ScheduleExpressionTimezone=setup.timezone,
        FlexibleTimeWindow=window,
        Target=_target(SCHEDULE_INPUT, seconds=3600),
        **{name: _iso(moment) for name, moment in dates.items() if moment and not once},
    )


def _resume_schedule(setup: Setup) -> dict[str, Any]:
    return _schedule(
        setup,
        Name=f"{setup.stack}{RESUME_SUFFIX}",
        # A rate would start the function at once.
        ScheduleExpression=RESUME_EVERY,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=_target(RESUME_INPUT, seconds=600),
    )


def _schedule(setup: Setup, **properties: object) -> dict[str, Any]:
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "GroupName": ref("ScheduleGroup"),
            "State": "DISABLED" if setup.paused else "ENABLED",
            **properties,
        },
    }


def _target(event: dict[str, Any], seconds: int) -> dict[str, Any]:
    """The function, called with ``event``, and retried for so many seconds."""
    return {
        "Arn": attribute("TriggerReminder"),
        "RoleArn": attribute("ScheduleRole"),
        "Input": json.dumps(event),
        "RetryPolicy": {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": seconds},
        "DeadLetterConfig": {"Arn": attribute("DeadLetterQueue")},
    }


def _outputs(setup: Setup) -> dict[str, Any]:
    outputs = {
        "Domain": ("The domain that mail is sent from", ref("Domain")),
        "RecipientsTable": ("The table of recipients", _recipients_table(setup)),
        "ClaimsTable": ("The table of claims", ref("ClaimsTable")),
        "RunsTable": ("The table of runs", ref("RunsTable")),
        "OptOutsTable": ("The table of opted-out recipients", ref("OptOutsTable")),
        "Function": ("The Lambda function", ref("TriggerReminder")),
        "Schedule": ("The schedule, in the group of the same name", ref("Schedule")),
        "DeadLetterQueue": ("The dead-letter queue", ref("DeadLetterQueue")),
        "LogGroup": ("The function's log", ref("LogGroup")),
        **({"Queue": ("The queue of portions", ref("Queue"))} if setup.workers else {}),
    }
    return {name: {"Description": words, "Value": value} for name, (words, value) in outputs.items()}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _gone_with_the_stack() -> dict[str, str]:
    """For content that is a copy: the project file and its CSV file are the originals."""
    return {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}


def _outlives_the_stack() -> dict[str, str]:
    """For content that is nowhere else. A failed creation keeps it, too, and the next one imports it."""
    return {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
