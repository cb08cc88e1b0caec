"""What CloudFormation does for the reminder's stack, with the credentials of whoever deploys it. Pure.

By resource type: what the handlers of CloudFormation's registry say they call (``handlers`` in each type's
schema), without what they call only for properties that our template does not use.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.policy.grant import EVERYTHING, Grant, Scope
from wizard.policy.wizard_calls import opt_outs, table
from wizard.reminder.template.alerts import TROUBLE
from wizard.reminder.template.build import RESUME_SUFFIX, function_name, log_group

TABLES = ("RecipientsTable", "ClaimsTable", "RunsTable")
ALARMS = (
    "DeadLetterAlarm",
    "ErrorsAlarm",
    *(f"{name}Alarm" for name in TROUBLE),
    "BounceAlarm",
    "ComplaintAlarm",
)
QUEUES = ("DeadLetterQueue", "Queue")
ROLES = {"FunctionRole": "lambda.amazonaws.com", "ScheduleRole": "scheduler.amazonaws.com"}
"""The stack's roles, and which service each is handed to."""
CREATES_ROLES = "CreateRolesWithAnyPermission"
"""The statement that makes its holder an administrator: it is named for what it can do."""


def stack(scope: Scope) -> Iterator[Grant]:
    """Everything that making, changing and deleting the stack's resources needs."""
    yield from _data(scope)
    yield from _mail(scope)
    yield from _function(scope)
    yield from _roles(scope)
    yield from _schedules(scope)
    yield from _alerts(scope)


def _data(scope: Scope) -> Iterator[Grant]:
    own = scope.project.reminder.table
    yield _grant(
        "StackTables",
        (
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeContributorInsights",
            "dynamodb:DescribeKinesisStreamingDestination",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:GetResourcePolicy",
            "dynamodb:ListTagsOfResource",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
            "dynamodb:UpdateTimeToLive",
        ),
        (
            *(table(scope, name) for name in TABLES if not (own and name == "RecipientsTable")),
            *opt_outs(scope),
        ),
        "the tables",
    )
    yield _grant(
        "StackQueues",
        (
            "sqs:CreateQueue",
            "sqs:DeleteQueue",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListQueueTags",
            "sqs:SetQueueAttributes",
            "sqs:TagQueue",
            "sqs:UntagQueue",
        ),
        tuple(scope.arn("sqs", scope.generated(name, 80)) for name in QUEUES),
        "the queues",
    )


def _mail(scope: Scope) -> Iterator[Grant]:
    settings = scope.project
    yield _grant(
        "StackMailTemplate",
        (
            "ses:CreateEmailTemplate",
            "ses:DeleteEmailTemplate",
            "ses:GetEmailTemplate",
            "ses:ListTagsForResource",
            "ses:TagResource",
            "ses:UntagResource",
            "ses:UpdateEmailTemplate",
        ),
        (scope.arn("ses", f"template/{settings.reminder.stack}-message"),),
        "the mail template",
    )
    yield _grant(
        "StackEventDestination",
        (
            "ses:CreateConfigurationSetEventDestination",
            "ses:DeleteConfigurationSetEventDestination",
            "ses:GetConfigurationSetEventDestinations",
            "ses:UpdateConfigurationSetEventDestination",
        ),
        (scope.arn("ses", f"configuration-set/{settings.identity.configuration_set}"),),
        "where SES tells of bounces and complaints",
    )
    # The registry names SES's first API beside the second, and not which of them CloudFormation calls.
    yield Grant(
        "reminder",
        "StackMailFirstApi",
        (
            "ses:CreateTemplate",
            "ses:DeleteTemplate",
            "ses:DescribeConfigurationSet",
            "ses:GetTemplate",
            "ses:UpdateTemplate",
        ),
        EVERYTHING,
        "CloudFormation makes the mail template and the event destination.",
        scope.here,
    )


def _function(scope: Scope) -> Iterator[Grant]:
    function = scope.arn("lambda", f"function:{function_name(scope.project.reminder.stack)}")
    group = scope.arn("logs", f"log-group:{log_group(scope.project.reminder.stack)}")
    yield _grant(
        "StackFunction",
        (
            "lambda:AddPermission",
            "lambda:CreateFunction",
            "lambda:DeleteFunction",
            "lambda:GetFunction",
            "lambda:GetFunctionCodeSigningConfig",
            "lambda:GetFunctionRecursionConfig",
            "lambda:GetFunctionScalingConfig",
            "lambda:GetPolicy",
            "lambda:GetRuntimeManagementConfig",
            "lambda:ListTags",
            "lambda:PutFunctionRecursionConfig",
            "lambda:RemovePermission",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ),
        (function,),
        "the function",
    )
    yield Grant(
        "reminder",
        "StackWorker",
        ("lambda:CreateEventSourceMapping",),
        EVERYTHING,
        "CloudFormation has the queue start the function, and no other.",
        {"ArnEquals": {"lambda:FunctionArn": function}},
    )
    mappings = scope.arn("lambda", "event-source-mapping:*")
    yield Grant(
        "reminder",
        "StackWorkerChanges",
        (
            "lambda:DeleteEventSourceMapping",
            "lambda:GetEventSourceMapping",
            "lambda:UpdateEventSourceMapping",
        ),
        (mappings,),
        "CloudFormation changes and removes that again; AWS makes the name.",
        {"ArnEquals": {"lambda:FunctionArn": function}},
    )
    yield _grant(
        "StackWorkerTags",
        ("lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"),
        (mappings,),
        "the tags of that; AWS makes the name",
    )
    yield _grant(
        "StackLog",
        (
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteMetricFilter",
            "logs:DescribeMetricFilters",
            "logs:GetDataProtectionPolicy",
            "logs:ListTagsForResource",
            "logs:PutMetricFilter",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ),
        (group, f"{group}:*"),
        "the function's log",
    )
    yield Grant(
        "reminder",
        "SeeLogs",
        ("logs:DescribeIndexPolicies", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies"),
        EVERYTHING,
        "CloudFormation sees whether the log is there.",
        scope.here,
    )


def roles_note(scope: Scope) -> str:
    """What whoever attaches the policy must know: that it can create roles, why, and what follows."""
    roles = " and ".join(scope.role(name).rpartition("/")[2] for name in ROLES)
    statements = ", ".join((CREATES_ROLES, *map(_passes, ROLES)))
    return (
        f"This policy can create roles with any permission: {roles} (statement {CREATES_ROLES}). "
        "CloudFormation creates them with the permissions of whoever deploys the stack, and the policy sets "
        "no permissions boundary. So attach it only for people you trust as administrators. For all others "
        f"leave out {statements}, and deploy the stack yourself (`ses-wizard export stack`)."
    )


def _passes(role: str) -> str:
    return f"Pass{role}"


def _roles(scope: Scope) -> Iterator[Grant]:
    yield _grant(
        CREATES_ROLES,
        (
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:ListRoleTags",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
        ),
        tuple(scope.role(name) for name in ROLES),
        "the roles of the function and of the schedules",
    )
    for name, service in ROLES.items():
        yield Grant(
            "reminder",
            _passes(name),
            ("iam:PassRole",),
            (scope.role(name),),
            "Whoever makes a function or a schedule must be allowed to hand it its role.",
            {"StringEquals": {"iam:PassedToService": service}},
        )


def _schedules(scope: Scope) -> Iterator[Grant]:
    name = scope.project.reminder.stack
    yield _grant(
        "StackScheduleGroup",
        (
            "scheduler:CreateScheduleGroup",
            "scheduler:DeleteScheduleGroup",
            "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
            "scheduler:TagResource",
            "scheduler:UntagResource",
        ),
        (scope.arn("scheduler", f"schedule-group/{name}"),),
        "the schedule group",
    )
    yield _grant(
        "StackSchedules",
        (
            "scheduler:CreateSchedule",
            "scheduler:DeleteSchedule",
            "scheduler:GetSchedule",
            "scheduler:UpdateSchedule",
        ),
        tuple(scope.arn("scheduler", f"schedule/{name}/{name}{end}") for end in ("", RESUME_SUFFIX)),
        "the schedules",
    )


def _alerts(scope: Scope) -> Iterator[Grant]:
    yield _grant(
        "StackEventsRule",
        (
            "events:DeleteRule",
            "events:DescribeRule",
            "events:ListTagsForResource",
            "events:ListTargetsByRule",
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "events:UntagResource",
        ),
        (scope.arn("events", f"rule/{scope.generated('EventsRule', 64)}"),),
        "the rule that hands bounces and complaints to the function",
    )
    yield _grant(
        "StackAlarms",
        (
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ),
        tuple(scope.arn("cloudwatch", f"alarm:{scope.generated(name, 255)}") for name in ALARMS),
        "the alarms",
    )
    if scope.project.reminder.alerts:
        yield _grant(
            "StackAlerts",
            (
                "sns:CreateTopic",
                "sns:DeleteTopic",
                "sns:GetDataProtectionPolicy",
                "sns:GetSubscriptionAttributes",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:ListTagsForResource",
                "sns:SetSubscriptionAttributes",
                "sns:SetTopicAttributes",
                "sns:Subscribe",
                "sns:TagResource",
                "sns:Unsubscribe",
                "sns:UntagResource",
            ),
            (scope.arn("sns", scope.generated("AlertsTopic", 256)),),
            "the topic that passes alarms on by e-mail",
        )


def _grant(name: str, actions: tuple[str, ...], resources: tuple[str, ...], what: str) -> Grant:
    return Grant("reminder", name, actions, resources, f"CloudFormation makes {what}.")
