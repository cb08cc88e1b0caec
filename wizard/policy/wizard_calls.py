"""What the wizard's own calls need, step by step. Pure.

What CloudFormation does for the reminder's stack, with the same credentials, is in ``stack``.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.policy.grant import EVERYTHING, Condition, Grant, Scope
from wizard.reminder.setup import opt_outs_table
from wizard.reminder.template.build import function_name, log_group

NAMES_NO_RESOURCE = {
    "ses:GetAccount": "it is about the account",
    "ses:ListEmailIdentities": "it lists",
    "ses:PutAccountDetails": "it is about the account",
    "ses:PutAccountSuppressionAttributes": "it is about the account",
    "route53:ListHostedZones": "it lists",
    "route53domains:CheckDomainAvailability": "Route 53 Domains names none",
    "route53domains:GetContactReachabilityStatus": "Route 53 Domains names none",
    "route53domains:GetDomainSuggestions": "Route 53 Domains names none",
    "route53domains:GetOperationDetail": "Route 53 Domains names none",
    "route53domains:ListDomains": "Route 53 Domains names none",
    "route53domains:ListOperations": "Route 53 Domains names none",
    "route53domains:ListPrices": "Route 53 Domains names none",
    "route53domains:RegisterDomain": "Route 53 Domains names none",
    "route53domains:ResendContactReachabilityEmail": "Route 53 Domains names none",
    "cloudformation:DescribeStackDriftDetectionStatus": "it is about a look, not a stack",
    "lambda:CreateEventSourceMapping": "the mapping has no name before it is made",
    "dynamodb:ListTables": "it lists",
    "logs:DescribeIndexPolicies": "it lists",
    "logs:DescribeLogGroups": "it lists",
    "logs:DescribeResourcePolicies": "it lists",
    "ses:CreateTemplate": "SES's first API names none",
    "ses:DeleteTemplate": "SES's first API names none",
    "ses:DescribeConfigurationSet": "SES's first API names none",
    "ses:GetTemplate": "SES's first API names none",
    "ses:UpdateTemplate": "SES's first API names none",
}
"""Actions that no policy can narrow to a resource, and why (AWS's Service Authorization Reference)."""

_TO_SIMULATE = ("iam:SimulatePrincipalPolicy",)


def account(scope: Scope) -> Iterator[Grant]:
    """Step 1: looking at the account in all Regions, and at one's own permissions."""
    yield Grant(
        "account",
        "SeeSes",
        ("ses:GetAccount", "ses:ListEmailIdentities"),
        EVERYTHING,
        "See whether SES is in the sandbox, in each Region, and where the domain is set up already.",
    )
    if scope.principal:
        by_role = ("iam:GetRole",) if ":role/" in scope.principal else ()
        yield Grant(
            "account",
            "SeeOwnPermissions",
            (*_TO_SIMULATE, *by_role),
            (scope.principal,),
            "See what is allowed, before anything is tried.",
        )


def domain(scope: Scope) -> Iterator[Grant]:
    """Step 2: finding the domain; buying one, while none is chosen or one is being registered.

    Route 53 Domains defines no resource types (Service Authorization Reference), so no policy can say which
    domain may be bought: that it may be bought at all ends with the choice of one. The service answers in one
    Region alone.
    """
    yield Grant(
        "domain",
        "SeeDomains",
        (
            "route53:ListHostedZones",
            "route53domains:GetContactReachabilityStatus",
            "route53domains:ListDomains",
            "route53domains:ListOperations",
        ),
        EVERYTHING,
        "See which domains are in this account, and how their registration stands.",
    )
    settings = scope.project.domain
    if settings.name is None:
        yield Grant(
            "domain",
            "SeeZones",
            ("route53:GetHostedZone",),
            (_zone(scope, "*"),),
            "See whether it is a zone of this account that the world asks about a domain.",
        )
    buying = settings.name is None or settings.registration is not None
    if buying:
        yield Grant(
            "domain",
            "BuyDomain",
            (
                "route53domains:CheckDomainAvailability",
                "route53domains:GetDomainSuggestions",
                "route53domains:GetOperationDetail",
                "route53domains:ListPrices",
                "route53domains:RegisterDomain",
            ),
            EVERYTHING,
            "See what a new domain costs, and register it if you ask for that.",
        )
    # A domain that was bought here has its zone here, and days for the link to be opened.
    if buying or scope.zones:
        yield Grant(
            "domain",
            "MailOwnersLink",
            ("route53domains:ResendContactReachabilityEmail",),
            EVERYTHING,
            "Have AWS mail the link again that a new domain's owner must open.",
        )


def identity(scope: Scope) -> Iterator[Grant]:
    """Step 3: the identity, its MAIL FROM domain, the configuration set, the suppression list."""
    name, settings = scope.project.domain.name, scope.project.identity
    if name is None:
        return
    at, configuration_set = scope.arn("ses", f"identity/{name}"), settings.configuration_set
    with_set = scope.arn("ses", f"configuration-set/{configuration_set}")
    yield Grant(
        "identity",
        "SetUpIdentity",
        (
            "ses:CreateEmailIdentity",
            "ses:GetEmailIdentity",
            "ses:PutEmailIdentityDkimAttributes",
            "ses:PutEmailIdentityDkimSigningAttributes",
            "ses:PutEmailIdentityMailFromAttributes",
        ),
        (at,),
        "Have SES sign the domain's mail, and set the domain its bounces go to.",
    )
    yield Grant(
        "identity",
        "SetUpConfigurationSet",
        (
            "ses:CreateConfigurationSet",
            "ses:GetConfigurationSet",
            "ses:PutConfigurationSetReputationOptions",
        ),
        (with_set,),
        "Count bounces and complaints.",
    )
    yield Grant(
        "identity",
        "JoinThem",
        ("ses:PutEmailIdentityConfigurationSetAttributes",),
        (at, with_set),
        "Have the domain's mail counted by that set.",
    )
    yield Grant(
        "identity",
        "SuppressBounces",
        ("ses:PutAccountSuppressionAttributes",),
        EVERYTHING,
        "Stop mail to addresses that bounced or complained.",
        scope.here,
    )


def dns(scope: Scope) -> Iterator[Grant]:
    """Step 4: the records, where the account's own Route 53 holds the zone."""
    name = scope.project.domain.name
    if name is None or not scope.zones:
        return
    zones = tuple(_zone(scope, zone) for zone in scope.zones)
    yield Grant(
        "dns",
        "SeeZone",
        ("route53:GetHostedZone", "route53:ListResourceRecordSets"),
        zones,
        "See the zone's name servers, and what stands where a record goes.",
    )
    yield Grant(
        "dns",
        "AddRecords",
        ("route53:ChangeResourceRecordSets",),
        zones,
        "Add the records that prove the domain is yours: these names and types, and nothing is deleted.",
        _records_only(scope, name),
    )


def reminder(scope: Scope) -> Iterator[Grant]:
    """Step 5: CloudFormation itself, and what the wizard asks of what the stack holds."""
    settings = scope.project.reminder
    yield Grant(
        "reminder",
        "DeployStack",
        (
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStackResourceDrifts",
            "cloudformation:DescribeStacks",
            "cloudformation:DetectStackDrift",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetTemplate",
            "cloudformation:ListChangeSets",
            "cloudformation:ListStackResources",
            "cloudformation:TagResource",
        ),
        (scope.arn("cloudformation", f"stack/{settings.stack}/*"),),
        "Plan the reminder's stack, deploy it, follow it, and see what was changed by hand.",
    )
    yield Grant(
        "reminder",
        "FollowDriftDetection",
        ("cloudformation:DescribeStackDriftDetectionStatus",),
        EVERYTHING,
        "See how far the look for changes by hand has come.",
        scope.here,
    )
    yield from _tables(scope)
    yield Grant(
        "reminder",
        "TestAndRun",
        ("lambda:GetFunction", "lambda:InvokeFunction"),
        (scope.arn("lambda", f"function:{function_name(settings.stack)}"),),
        "Send a test mail, and start a run when you ask for it.",
    )
    log = scope.arn("logs", f"log-group:{log_group(settings.stack)}:*")
    yield Grant("reminder", "FollowLog", ("logs:FilterLogEvents",), (log,), "Follow what the function logs.")


def sandbox(scope: Scope) -> Iterator[Grant]:
    """Step 6, before it: one's own address verified, and a test mail to it."""
    name, address = scope.project.domain.name, scope.project.sandbox.address
    if name is None or address is None:
        return
    own = scope.arn("ses", f"identity/{address}")
    yield Grant(
        "production",
        "VerifyOwnAddress",
        ("ses:CreateEmailIdentity", "ses:DeleteEmailIdentity", "ses:GetEmailIdentity"),
        (own,),
        "Have your own address verified, so that test mail can go there; a new link needs it made again.",
    )
    configuration_set = f"configuration-set/{scope.project.identity.configuration_set}"
    yield Grant(
        "production",
        "SendTestMail",
        ("ses:SendEmail",),
        # In the sandbox SES asks for the recipient's identity too.
        (scope.arn("ses", f"identity/{name}"), scope.arn("ses", configuration_set), own),
        "Send a test mail through the domain.",
    )


def production(scope: Scope) -> Iterator[Grant]:
    """Step 6: whether SES's events go somewhere, and the one request."""
    with_set = scope.arn("ses", f"configuration-set/{scope.project.identity.configuration_set}")
    yield Grant(
        "production",
        "SeeEventDestinations",
        ("ses:GetConfigurationSetEventDestinations",),
        (with_set,),
        "See whether anybody is told of bounces and complaints.",
    )
    yield Grant(
        "production",
        "AskForProductionAccess",
        ("ses:PutAccountDetails",),
        EVERYTHING,
        "Ask AWS to let SES write to everybody.",
        scope.here,
    )


def _tables(scope: Scope) -> Iterator[Grant]:
    own = scope.project.reminder.table
    if own is None:
        yield Grant(
            "reminder",
            "FillRecipients",
            ("dynamodb:BatchWriteItem", "dynamodb:Scan"),
            (table(scope, "RecipientsTable"),),
            "Bring the recipients of the CSV file into their table.",
        )
    else:
        yield Grant(
            "reminder",
            "ReadRecipients",
            ("dynamodb:DescribeTable", "dynamodb:Scan"),
            (scope.arn("dynamodb", f"table/{own.name}"),),
            "See who is in your own table of recipients.",
        )
        if scope.table_key:
            through = f"dynamodb.{scope.region}.amazonaws.com"
            yield Grant(
                "reminder",
                "DecryptRecipients",
                ("kms:Decrypt",),
                (scope.table_key,),
                "Your own table is encrypted with a key of yours.",
                {"StringEquals": {"kms:ViaService": through}},
            )
    yield Grant(
        "reminder",
        "SeeRuns",
        ("dynamodb:GetItem", "dynamodb:Query"),
        (table(scope, "RunsTable"), table(scope, "ClaimsTable")),
        "See what became of each run, and which mails failed.",
    )
    yield Grant(
        "reminder",
        "RetryDeadLetters",
        ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"),
        tuple(scope.arn("sqs", scope.generated(name, 80)) for name in ("DeadLetterQueue", "Queue")),
        "See what could not be handled, and retry it.",
    )
    yield Grant(
        "reminder",
        "KeepOptOuts",
        (
            "dynamodb:DeleteItem",
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
        ),
        opt_outs(scope),
        "See and keep who wants no more mail.",
    )
    yield _retained(scope)


def _retained(scope: Scope) -> Grant:
    return Grant(
        "reminder",
        "FindOptOuts",
        ("dynamodb:ListTables",),
        EVERYTHING,
        "Find the opt-outs that an earlier stack left.",
        scope.here,
    )


def opt_outs(scope: Scope) -> tuple[str, ...]:
    """The ARNs of the opt-outs table: by its own name, and by the one that earlier versions let AWS give."""
    domain, stack = scope.project.domain.name, scope.project.reminder.stack
    own = (scope.arn("dynamodb", f"table/{opt_outs_table(stack, domain)}"),) if domain else ()
    return (*own, table(scope, "OptOutsTable"))


def table(scope: Scope, logical_id: str) -> str:
    """The ARN of a table of the stack."""
    return scope.arn("dynamodb", f"table/{scope.generated(logical_id, 255)}")


def _zone(scope: Scope, zone: str) -> str:
    return f"arn:{scope.partition}:route53:::hostedzone/{zone}"


def _records_only(scope: Scope, domain: str) -> Condition:
    """The names, types and kinds of change that the wizard's records have."""
    # Until the MAIL FROM domain is chosen it can be any name below the domain.
    mail_from = scope.project.identity.mail_from or f"*.{domain}"
    names = (f"*._domainkey.{domain}", f"_dmarc.{domain}", domain, mail_from)
    prefix = "route53:ChangeResourceRecordSets"
    return {
        "ForAllValues:StringLike": {f"{prefix}NormalizedRecordNames": names},
        "ForAllValues:StringEquals": {
            f"{prefix}Actions": ("CREATE", "UPSERT"),
            f"{prefix}RecordTypes": ("CNAME", "MX", "TXT"),
        },
    }
