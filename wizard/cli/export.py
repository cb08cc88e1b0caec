"""The ``export`` command: the stack, the DNS records or the IAM policy, on standard output."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from wizard.dns.findings import Round
    from wizard.project.schema import Project
    from wizard.reminder.setup import Setup
    from wizard.world import World


def run(args: argparse.Namespace, world: World) -> int:
    """Print the stack, the records or the policy, by ``args.kind``; ``args`` also has ``file``.

    Raises WizardError: exit code 2 if FILE lacks settings, 3 if AWS or DNS is needed and cannot be asked.
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
    """Return the template as the wizard deploys it. It has no recipients, so they can be missing."""
    from wizard.reminder import draft
    from wizard.reminder.template import parts as template_parts

    now, reminder = world.now(), project.reminder
    found = draft.problems(project, args.file.parent, now)
    where = _lines_of_settings(args.file)
    problems = [f"{where.get(setting, '')}reminder.{setting}: {words}" for setting, words in found]
    recipients = [line for (setting, _), line in zip(found, problems, strict=True) if setting == "recipients"]
    if len(recipients) < len(problems):
        raise WizardError(
            "The file is not ready for a stack",
            "\n".join(problems),
            "Correct the file by hand or in the wizard, then export again.",
            ExitCode.USAGE,
        )
    for line in recipients if reminder.recipients else ():
        print(f"Warning: {line} The stack has no recipients in it, so it can be deployed.", file=sys.stderr)
    start = draft.start_date(reminder, now)
    if start and start != reminder.start:
        # The start of a rate, which leaves at least an hour to deploy it.
        start = max(start, (now + timedelta(hours=1)).replace(second=0, microsecond=0))
    setup = draft.setup_of(
        project, (project.domain.name or "",), start, table_key=args.table_key, workers=args.workers
    )
    made = template_parts.body(setup)
    _note_size(made)
    _note_start(setup)
    return made


def _lines_of_settings(file: Path) -> dict[str, str]:
    """Return the places of the settings in FILE's ``reminder`` section, as "Line N: "."""
    import yaml

    root = yaml.compose(file.read_bytes(), yaml.SafeLoader)
    sections = {key.value: value for key, value in getattr(root, "value", ())}
    settings = getattr(sections.get("reminder"), "value", ())
    return {key.value: f"Line {key.start_mark.line + 1}: " for key, _ in settings}


def _note_size(made: str) -> None:
    """Print what deploying a large template needs. Raises WizardError if it is too large for AWS."""
    from wizard.reminder.template.build import MAX_BODY
    from wizard.reminder.template.parts import MAX_IN_BUCKET

    size = len(made.encode())
    if size > MAX_IN_BUCKET:
        raise WizardError(
            "The template is too large to deploy without the wizard",
            f"It has {size:,} bytes. CloudFormation reads at most {MAX_IN_BUCKET:,} from a bucket.",
            "Deploy the reminder in the wizard, or make the message shorter.",
            ExitCode.USAGE,
        )
    if size > MAX_BODY:
        print(
            f"The template has {size:,} bytes, and CloudFormation accepts {MAX_BODY:,} in a call: add "
            "`--s3-bucket NAME` to `aws cloudformation deploy`, with your own bucket in the same Region.",
            file=sys.stderr,
        )


def _note_start(setup: Setup) -> None:
    """Print until when the template can be deployed: EventBridge refuses a past StartDate."""
    if setup.start:
        print(
            f"Deploy the template before {setup.start:%Y-%m-%d %H:%M} UTC, when the schedule begins: "
            "EventBridge refuses a start that has passed. After that, export the template again.",
            file=sys.stderr,
        )


def _policy(args: argparse.Namespace, project: Project, world: World) -> str:
    """Return the policy, or one part of it; notes about it go to standard error."""
    from wizard.policy import document as policy
    from wizard.steps.account import permissions

    made, notes = permissions.exported(world, project, principal=args.principal, table_key=args.table_key)
    pieces = policy.parts(made)
    if args.part is not None and not 1 <= args.part <= len(pieces):
        raise WizardError(
            f"There is no part {args.part}",
            f"The policy has {len(pieces)} parts.",
            f"Choose one from 1 to {len(pieces)}.",
            ExitCode.USAGE,
        )
    if args.part is None and len(pieces) > 1:
        notes += (
            f"IAM allows {policy.LARGEST:,} characters in one policy; this one has {policy.size(made):,}. "
            f"Print it in {len(pieces)} parts with --part 1 to --part {len(pieces)}.",
        )
    for note in notes:
        print(note, file=sys.stderr)
    return json.dumps(made if args.part is None else pieces[args.part - 1], indent=2)


def _records(args: argparse.Namespace, project: Project, world: World) -> str:
    """Return the records as the DNS page saves them: merged with the existing ones."""
    import asyncio

    from wizard.steps.dns.publish import export

    if project.domain.name is None:
        raise WizardError(
            "No domain to export records for",
            f"{args.file} names none.",
            "Choose the domain in the wizard (step 2), or set domain.name in the file.",
            ExitCode.USAGE,
        )
    seen = asyncio.run(_checked(args, project, world, project.domain.name))
    if not seen.zone.reachable:
        return export(_without_the_zone(seen), args.format)
    return export(seen, args.format, args.all)


def _without_the_zone(seen: Round) -> Round:
    """Return the records at names that only SES uses, which are known without asking the DNS.

    SPF and DMARC depend on existing records. Raises WizardError if a token is unknown.
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
            "Neither the records of the zone nor the three DKIM tokens are known.",
            "Check the network connection, or use `--nameserver` to name another resolver.",
            ExitCode.OUTSIDE,
        )
    print(
        "The DNS could not be asked, so these are all of SES's own records, including those that may already "
        "exist. SPF and DMARC are not among them: they must be merged with existing records.",
        file=sys.stderr,
    )
    return known


async def _checked(args: argparse.Namespace, project: Project, world: World, domain: str) -> Round:
    """Return one round of checking, with SES's view if SES can be asked."""
    from dataclasses import replace

    from wizard.cli.check.ses import SesView
    from wizard.cli.check.subjects import reject_contradictions, subject
    from wizard.dns.checklist import check_once

    reject_contradictions(args, (domain,))
    if args.nameserver:
        world = replace(world, dns=world.dns.through(args.nameserver))
    ses = SesView(world, args.no_aws)
    wanted = subject(args, project, domain, await ses.region(), await ses.answer(domain))
    return await check_once(world.dns, wanted.records, wanted.context, world.now)
