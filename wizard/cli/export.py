"""The ``export`` command: the stack, the DNS records or the IAM policy, on standard output."""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from wizard.cli import check
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from wizard.dns.findings import Round
    from wizard.project.schema import Project
    from wizard.reminder.setup import Setup
    from wizard.world import World

_KEY = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+"


def add_kinds(parser: argparse.ArgumentParser) -> tuple[argparse.ArgumentParser, ...]:
    """Add what can be exported to ``parser``; gives a parser for each kind."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    stack = kinds.add_parser("stack", help="the CloudFormation template of FILE's reminder; AWS is not asked")
    stack.add_argument(
        "--workers",
        type=workers,
        default=0,
        metavar="N",
        help="send from a queue, by so many calls of the function at a time (2 to 1000; default: no queue)",
    )
    records = kinds.add_parser(
        "records", help="the DNS records of FILE's domain that are still to be entered"
    )
    records.add_argument(
        "--format",
        choices=("zone", "csv", "cloudflare"),
        default="zone",
        help="a BIND zone file, CSV, or a zone file for Cloudflare's import (default: zone)",
    )
    records.add_argument("--all", action="store_true", help="those that are right already, too")
    check.add_sources(records)
    policy = kinds.add_parser("policy", help="the least IAM policy for exactly FILE's set-up")
    policy.add_argument(
        "--part",
        type=int,
        metavar="N",
        help="only part N of it: IAM takes 6,144 characters in one policy, and this is longer",
    )
    policy.add_argument(
        "--principal",
        type=principal,
        metavar="ARN",
        help="the user or role it is for, which may then see its own permissions, too",
    )
    for kind in (stack, policy):
        kind.add_argument(
            "--table-key",
            type=table_key,
            metavar="ARN",
            help="the customer's KMS key that reminder.table is encrypted with, if it is",
        )
    return stack, records, policy


def workers(text: str) -> int:
    """A number of workers: none, or what Lambda takes."""
    number = int(text) if text.isascii() and text.isdigit() else 1
    if number == 0 or 2 <= number <= 1000:
        return number
    raise argparse.ArgumentTypeError(f"{text!r} is not 0 or a number from 2 to 1000")


def table_key(text: str) -> str:
    """The ARN of a KMS key."""
    if re.fullmatch(_KEY, text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not the ARN of a KMS key (arn:aws:kms:…:key/…)")


def principal(text: str) -> str:
    """The ARN of an IAM user or role."""
    if re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:(user|role)/[\w+=,.@/-]+", text, re.ASCII):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not the ARN of a user or role (arn:aws:iam::…:role/…)")


def run(args: argparse.Namespace, world: World) -> int:
    """Print what ``args.kind`` says. ``args`` also has ``file``.

    Raises WizardError: exit code 2 where FILE does not say enough, 3 where neither FILE nor AWS or DNS does.
    """
    from wizard.project.schema import load

    project = load(args.file)
    if args.kind == "stack":
        print(_stack(args, project, world))
    elif args.kind == "policy":
        print(_policy(args, project, world))
    else:
        print(_records(args, project, world), end="")
    return ExitCode.OK


def _stack(args: argparse.Namespace, project: Project, world: World) -> str:
    """The template as it is deployed. The recipients are no part of it, so they may be missing."""
    from wizard.reminder import draft
    from wizard.reminder.template import parts as template_parts

    now, reminder = world.now(), project.reminder
    found = [
        f"{setting}: {sentence}"
        for setting, sentence in draft.problems(project, args.file.parent, now)
        if setting != "recipients"
    ]
    if found:
        raise WizardError(
            "There is no stack for this file yet",
            " ".join(found[:3]),
            "Mend it in the file or in the wizard, then export again.",
            ExitCode.USAGE,
        )
    start = draft.start_date(reminder, now)
    if start and start != reminder.start:
        # A rate's: with an hour at least to deploy it.
        start = max(start, (now + timedelta(hours=1)).replace(second=0, microsecond=0))
    setup = draft.setup_of(
        project, (project.domain.name or "",), start, table_key=args.table_key, workers=args.workers
    )
    made = template_parts.body(setup)
    _tell_size(made)
    _tell_start(setup)
    return made


def _tell_size(made: str) -> None:
    """Say on standard error what deploying a large template needs. Raises WizardError where nothing helps."""
    from wizard.reminder.template.build import MAX_BODY
    from wizard.reminder.template.parts import MAX_IN_BUCKET

    size = len(made.encode())
    if size > MAX_IN_BUCKET:
        raise WizardError(
            "The template is too large to be deployed without the wizard",
            f"It has {size:,} bytes, and CloudFormation reads at most {MAX_IN_BUCKET:,} from a bucket.",
            "Deploy the reminder in the wizard, or make the message shorter.",
            ExitCode.USAGE,
        )
    if size > MAX_BODY:
        print(
            f"The template has {size:,} bytes, and CloudFormation takes {MAX_BODY:,} in a call: add "
            "`--s3-bucket NAME` to `aws cloudformation deploy`, with a bucket of yours in the same Region.",
            file=sys.stderr,
        )


def _tell_start(setup: Setup) -> None:
    """Say on standard error until when the template can be deployed: EventBridge takes no past StartDate."""
    if setup.start:
        print(
            f"Deploy the template before {setup.start:%Y-%m-%d %H:%M} UTC, when the schedule begins: "
            "EventBridge refuses a start that has passed. After that, export the template again.",
            file=sys.stderr,
        )


def _policy(args: argparse.Namespace, project: Project, world: World) -> str:
    """The policy, or one part of it. What to know of it goes to standard error."""
    from wizard.policy import document as policy
    from wizard.steps.account import permissions

    made, notes = permissions.exported(world, project, principal=args.principal, table_key=args.table_key)
    pieces = policy.parts(made)
    if args.part is not None and not 1 <= args.part <= len(pieces):
        raise WizardError(
            f"There is no part {args.part}",
            f"The policy has {len(pieces)}.",
            f"Choose one from 1 to {len(pieces)}.",
            ExitCode.USAGE,
        )
    if args.part is None and len(pieces) > 1:
        notes += (
            f"IAM takes {policy.LARGEST:,} characters in one policy; this has {policy.size(made):,}. "
            f"Print it in {len(pieces)} parts with --part 1 to --part {len(pieces)}.",
        )
    for note in notes:
        print(note, file=sys.stderr)
    return json.dumps(made if args.part is None else pieces[args.part - 1], indent=2)


def _records(args: argparse.Namespace, project: Project, world: World) -> str:
    """The records as the DNS page saves them: merged with what stands there already."""
    import asyncio
    from dataclasses import replace

    from wizard.dns.findings import RowStatus
    from wizard.steps.dns.step import export
    from wizard.steps.identity.step import chosen_domain

    seen = asyncio.run(_checked(args, project, world, chosen_domain(project)))
    if not seen.zone.reachable:
        return export(_without_the_zone(seen), args.format)
    if args.all:
        rows = tuple(
            replace(row, status=RowStatus.MISSING, found=()) if row.status is RowStatus.OK else row
            for row in seen.rows
        )
        seen = replace(seen, rows=rows)
    return export(seen, args.format)


def _without_the_zone(seen: Round) -> Round:
    """The records at names that are SES's alone: they are known where the DNS cannot be asked.

    SPF and DMARC of the domain depend on what stands there. Raises WizardError where a token is unknown.
    """
    from dataclasses import replace

    from wizard.dns.findings import RowStatus
    from wizard.dns.publish.plan import publishable
    from wizard.dns.records import RecordId

    rows = tuple(
        replace(row, status=RowStatus.MISSING)
        for row in seen.rows
        if row.record.id not in (RecordId.SPF, RecordId.DMARC)
    )
    known = replace(seen, rows=rows)
    if not rows or publishable(known) != rows:
        raise WizardError(
            "The DNS could not be asked",
            "What stands in the zone is not known, and neither are the three DKIM tokens.",
            "Check the network connection, or use `--nameserver` to name another resolver.",
            ExitCode.OUTSIDE,
        )
    print(
        "The DNS could not be asked, so these are all of SES's own records, also those that stand there "
        "already. SPF and DMARC are not among them: they must be joined with what stands there.",
        file=sys.stderr,
    )
    return known


async def _checked(args: argparse.Namespace, project: Project, world: World, domain: str) -> Round:
    """One round of checking, with what SES says where it can be asked."""
    from dataclasses import replace

    from wizard.cli.check.ses import SesView
    from wizard.cli.check.subjects import expect_sense, subject
    from wizard.dns.checklist import check_once

    expect_sense(args, (domain,))
    if args.nameserver:
        world = replace(world, dns=world.dns.through(args.nameserver))
    ses = SesView(world, args.no_aws)
    wanted = subject(args, project, domain, await ses.region(), await ses.answer(domain))
    return await check_once(world.dns, wanted.records, wanted.context, world.now)
