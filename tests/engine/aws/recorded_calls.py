"""The calls of a whole set-up at the embedded account, each with its IAM action and its resources."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from msgspec.structs import replace

from tests.pure.steps.test_domain_contact import ANA
from wizard.aws import sesv2, sqs
from wizard.project.schema import Project, Reminder
from wizard.reminder.message.fields import EXAMPLE
from wizard.reminder.message.refusals import SIMULATOR
from wizard.steps import survey
from wizard.steps.account import permissions
from wizard.steps.account import regions as account_regions
from wizard.steps.account import step as account
from wizard.steps.account.permissions import PermissionsReport
from wizard.steps.dns import publish
from wizard.steps.dns import step as dns
from wizard.steps.domain import choices as domain_choices
from wizard.steps.domain import offers as domain_offers
from wizard.steps.domain import registration
from wizard.steps.domain import step as domain
from wizard.steps.identity import step as identity
from wizard.steps.model import Event
from wizard.steps.production import readiness, sandbox
from wizard.steps.production import step as production
from wizard.steps.reminder import dead_letters, opt_outs
from wizard.steps.reminder import drift as reminder_drift
from wizard.steps.reminder import runs as reminder_runs
from wizard.steps.reminder import step as reminder
from wizard.steps.reminder import trial as reminder_trial
from wizard.steps.reminder.own_stack import output, standing
from wizard.world import World

ACCOUNT = "123456789012"
DOMAIN = "example.org"
"""Hosted in the embedded account's own Route 53, so that the wizard fills in its records."""

OWN_ADDRESS = "owner@example.net"
"""The user's own, elsewhere: SES has to verify it before a test mail goes there."""


@dataclass(frozen=True)
class Call:
    """One request: the operation, and what IAM is asked about it."""

    service: str
    operation: str
    region: str
    params: Mapping[str, Any]

    @property
    def action(self) -> str:
        """The action of the operation, as policies name it."""
        service = {"sesv2": "ses"}.get(self.service, self.service)
        return f"{service}:{ {'Invoke': 'InvokeFunction'}.get(self.operation, self.operation) }"

    def arn(self, resource: str) -> str:
        return f"arn:aws:{self.service.replace('sesv2', 'ses')}:{self.region}:{ACCOUNT}:{resource}"

    @property
    def resources(self) -> tuple[str, ...]:
        """The ARNs that IAM checks the action on (AWS's Service Authorization Reference)."""
        find = _RESOURCES.get(self.action) or _RESOURCES.get(self.action.partition(":")[0])
        assert find, f"nothing says which resource {self.action} is about"
        return find(self, self.params)

    @property
    def context(self) -> dict[str, list[str]]:
        """The condition keys that AWS gives the request."""
        found = {"aws:requestedregion": [self.region]}
        if self.action == "route53:ChangeResourceRecordSets":
            changes = self.params["ChangeBatch"]["Changes"]
            prefix = "route53:changeresourcerecordsets"
            sets = [change["ResourceRecordSet"] for change in changes]
            found[f"{prefix}actions"] = [change["Action"] for change in changes]
            found[f"{prefix}recordtypes"] = [one["Type"] for one in sets]
            found[f"{prefix}normalizedrecordnames"] = [one["Name"].rstrip(".") for one in sets]
        return found


Resources = Callable[[Call, Mapping[str, Any]], tuple[str, ...]]


def _stack(call: Call, params: Mapping[str, Any]) -> tuple[str, ...]:
    name = params.get("StackName", "ses-wizard-reminder")
    return (name if name.startswith("arn:") else call.arn(f"stack/{name}/1"),)


def _table(call: Call, params: Mapping[str, Any]) -> tuple[str, ...]:
    if not {"TableName", "RequestItems"} & params.keys():
        return ("*",)  # ListTables
    names = [params["TableName"]] if "TableName" in params else list(params["RequestItems"])
    return tuple(call.arn(f"table/{name}") for name in names)


def _anything(call: Call, params: Mapping[str, Any]) -> tuple[str, ...]:
    return ("*",)


def _ses(call: Call, params: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = {"EmailIdentity": "identity", "ConfigurationSetName": "configuration-set"}
    return tuple(call.arn(f"{kind}/{params[name]}") for name, kind in kinds.items() if name in params)


def _mail(call: Call, params: Mapping[str, Any]) -> tuple[str, ...]:
    """What SES authorises for a mail: the sender's identity, the set, in the sandbox the recipient's too."""
    names = [params["FromEmailAddress"].rpartition("@")[2], *params["Destination"]["ToAddresses"]]
    return (*(call.arn(f"identity/{name}") for name in names), *_ses(call, params))


def _zone(call: Call, params: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"arn:aws:route53:::hostedzone/{params.get('Id') or params['HostedZoneId']}",)


_RESOURCES: dict[str, Resources] = {
    "cloudformation": _stack,
    "cloudformation:DescribeStackDriftDetectionStatus": _anything,
    "cloudwatch": lambda call, params: tuple(call.arn(f"alarm:{name}") for name in params["AlarmNames"]),
    "dynamodb": _table,
    "iam:SimulatePrincipalPolicy": lambda call, params: (params["PolicySourceArn"],),
    "lambda": lambda call, params: (call.arn(f"function:{params['FunctionName']}"),),
    "logs": lambda call, params: (call.arn(f"log-group:{params['logGroupName']}:*"),),
    "route53": _zone,
    "route53:ListHostedZones": _anything,
    "route53domains": _anything,
    "scheduler": lambda call, params: (call.arn(f"schedule/{params['GroupName']}/{params['Name']}"),),
    "ses": _ses,
    "ses:GetAccount": _anything,
    "ses:ListEmailIdentities": _anything,
    "ses:PutAccountDetails": _anything,
    "ses:SendEmail": _mail,
    "ses:PutAccountSuppressionAttributes": _anything,
    "sns": lambda call, params: (params["TopicArn"],),
    "sqs": lambda call, params: (call.arn(params["QueueUrl"].rpartition("/")[2]),),
}


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """Every request made meanwhile by a client of this process; the Lambda function is another one."""
    calls: list[Call] = []
    name = "_make_api_call"
    plain = getattr(BaseClient, name)

    def noting(client: Any, operation: str, params: Mapping[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        calls.append(Call(service, operation, client.meta.region_name, params))
        return plain(client, operation, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, name, noting)
        yield calls


def whole_set_up(world: World, base: Path) -> tuple[Project, PermissionsReport]:
    """All six steps from nothing, with all that their pages offer; and the look at the permissions."""
    (base / "people.csv").write_text("email,name\nana@example.org,Ana\nbo@example.org,Bo\n")
    seen = account.look(world)
    project = account.act(world, Project(), seen)
    list(account_regions.ask_all(world, seen, ("us-east-1", "eu-west-1"), DOMAIN))
    list(domain_choices.choices(world))
    project = domain.act(world, project, domain.look(world, domain.parse_name(DOMAIN)))
    registration.under_way(world, DOMAIN)
    registration.owner_link(world, DOMAIN)
    project = identity.act(world, project, f"bounce.{DOMAIN}", _ignored)
    _publish(world, project)
    project = replace(
        project,
        reminder=Reminder(
            sender=f"reminders@{DOMAIN}",
            recipients="people.csv",
            subject=EXAMPLE.subject,
            text=EXAMPLE.text,
            schedule="cron(0 9 ? * MON-FRI *)",
            alerts=f"me@{DOMAIN}",
        ),
    )
    reminder.plan(world, project, base)
    reminder.decline(world, project)
    project = reminder.act(world, project, reminder.plan(world, project, base), _ignored)
    _use_reminder(world, project)
    later = replace(project, reminder=replace(project.reminder, schedule="rate(1 day)"))
    reminder.plan(world, later, base)
    reminder.decline(world, later)
    project = _use_sandbox(world, project)
    readiness.look(world, project, production.look(world, project))
    form = production.Form("TRANSACTIONAL", f"https://{DOMAIN}", (), "EN")
    project = production.act(world, project, form)
    list(survey.survey(world, project, base))
    return project, permissions.look(world, project, seen)


def bought_domain(world: World, name: str) -> Project:
    """A set-up without a domain, up to where it has bought ``name``."""
    *_, last = domain_offers.offers(world, domain.parse_name(name))
    order = registration.order(last.offers[0], ANA, auto_renew=True, private=True)
    project = registration.act(world, Project(), order, name)
    assert project.domain.registration is not None
    seen = registration.look(world, project.domain.registration)
    done = registration.finish(world, project, seen)
    assert registration.owner_link(world, name)
    registration.mail_link_again(world, name)
    return done


def _publish(world: World, project: Project) -> None:
    known = sesv2.get_identity(world.aws, DOMAIN)
    assert known is not None

    async def first_round() -> Any:
        return await anext(dns.watch(world, project, known, asyncio.Event()))

    planned = publish.plan(world, asyncio.run(first_round()))
    assert planned is not None
    publish.act(planned, _ignored)


def _use_sandbox(world: World, project: Project) -> Project:
    project = sandbox.act(world, sandbox.choose(project, OWN_ADDRESS), _ignored)
    project = sandbox.act(world, project, _ignored)
    assert world.stage
    world.stage.open_link(OWN_ADDRESS)
    return sandbox.send(world, project, OWN_ADDRESS).project


def _use_reminder(world: World, project: Project) -> None:
    reminder_trial.test_run(world, project, SIMULATOR, _ignored)
    reminder_trial.dry_run(world, project, _ignored)
    reminder_trial.log_lines(world, project, world.now() - timedelta(hours=1))
    run = reminder_runs.run_now(world, project, _ignored)
    reminder_runs.runs(world, project)
    reminder_runs.failures(world, project, run)
    opt_outs.opt_out(world, project, f"ana@{DOMAIN}")
    opt_outs.opt_outs(world, project)
    opt_outs.opt_in(world, project, f"ana@{DOMAIN}")
    reminder_drift.drift(world, project, _ignored)
    dead_letters.count(world, project)
    dead = output(standing(world, project), "DeadLetterQueue")
    sqs.send(world.aws, dead, '{"resume": true}')
    dead_letters.retry(world, project, _ignored)


def _ignored(event: Event) -> None:
    """A report that nobody reads."""
