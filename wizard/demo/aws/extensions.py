"""Our operations, hooked into moto's services one by one, when a service is first used.

moto finds a method by the operation's name, so a class of ours at a service's addresses is all it takes.
CloudFormation alone takes a second to import: nobody waits for what nobody uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_OURS = {
    "sesv2": ("wizard.demo.aws.ses.service", "Sesv2"),
    "sts": ("wizard.demo.aws.iam.callers", "Callers"),
    "iam": ("wizard.demo.aws.iam.simulation", "Identities"),
    "route53": ("wizard.demo.aws.route53", "HostedZones"),
    "route53domains": ("wizard.demo.aws.route53domains", "Registrations"),
    "dynamodb": ("wizard.demo.aws.tables", "Tables"),
    "sqs": ("wizard.demo.aws.queues", "Queues"),
    "cloudwatch": ("wizard.demo.aws.alarms.alarms", "Alarms"),
    "sns": ("wizard.demo.aws.alarms.topics", "Topics"),
    "scheduler": ("wizard.demo.aws.schedules.scheduler", "Schedules"),
    "awslambda": ("wizard.demo.aws.functions.operations", "Functions"),
    "cloudformation": ("wizard.demo.aws.stacks.cloudformation", "Stacks"),
}
"""For each service of moto's: the module and the class that answer in its place."""


def install(service: str) -> None:
    """Let our operations answer for ``service``, where we have some. Doing it again changes nothing."""
    package = "awslambda" if service == "lambda" else service
    if package not in _OURS:
        return
    module, name = _OURS[package]
    operations: Any = getattr(import_module(module), name)
    urls: Any = import_module(f"moto.{package}.urls")
    paths = ["{0}/v2/(?P<path>.+)$"] if package == "sesv2" else list(urls.url_paths)
    urls.url_paths = dict.fromkeys(paths, operations.dispatch)
