"""The ``check`` command: SES asked in threads, DNS for many domains at once, printed as they finish."""

from __future__ import annotations

import argparse
import asyncio
import shutil
from contextlib import aclosing
from dataclasses import replace

from wizard.cli.check.output import as_json, as_public_view, as_table, exit_code
from wizard.cli.check.ses import SesView
from wizard.cli.check.subjects import Subject, domains, reject_contradictions, subject
from wizard.dns.checklist import Checklist, essence, watch
from wizard.dns.findings import Round
from wizard.dns.resolve.resolver import ROUND_SECONDS
from wizard.dns.resolve.servers import Network
from wizard.errors import ExitCode
from wizard.project.schema import load
from wizard.world import World

DOMAINS_AT_ONCE = 50
LEAST_SECONDS = 3.0
"""The minimum time for DNS, however long SES took before."""
WIDTH_WITHOUT_TERMINAL = 100


def run(args: argparse.Namespace, world: World) -> int:
    """Check, print, and return the exit code. Raises WizardError (exit code 2) for contradicting options."""
    return asyncio.run(check(args, world))


async def check(args: argparse.Namespace, world: World) -> ExitCode:
    """Check all domains, print each result as it finishes, and return the exit code for all.

    For a single domain, what the zone's servers say is printed first, then what public resolvers see. With
    ``args.watch``, each domain is checked until it is ok, and printed when something changes.
    """
    project = load(args.file)
    names = domains(args, project)
    reject_contradictions(args, names)
    if args.nameserver:
        world = replace(world, dns=world.dns.through(args.nameserver))
    ses = SesView(world, args.no_aws, brief=len(names) == 1)
    region = await ses.region()
    room = asyncio.Semaphore(len(names) if args.watch else DOMAINS_AT_ONCE)
    network = Network(world.dns)
    clock = asyncio.get_running_loop().time

    async def one(name: str) -> Round:
        async with room:
            began = clock()
            wanted = subject(args, project, name, region, await ses.answer(name))
            if args.watch:
                return await _until_ok(args, world, wanted, ses, network)
            until = max(began + ROUND_SECONDS, clock() + LEAST_SECONDS)
            checklist = Checklist(network, wanted.records, wanted.context, world.now)
            first = await checklist.round(until)
        alone = len(names) == 1 and not args.json
        if alone:
            print(as_table(first, wanted.ses, _width(), args.nameserver), flush=True)
        try:
            seen = await checklist.with_public_view(until)
        finally:
            checklist.close()
        if alone:
            print(as_public_view(first, seen, _width()), flush=True)
        else:
            _print(args, wanted, seen)
        return seen

    return exit_code(await asyncio.gather(*(one(name) for name in names)))


async def _until_ok(
    args: argparse.Namespace, world: World, wanted: Subject, ses: SesView, network: Network
) -> Round:
    """Watch one domain, printing each change, until it is ok."""
    shown: object = None
    rounds = watch(network, wanted.records, wanted.context, world.now, asyncio.Event())
    async with aclosing(rounds):
        async for seen in rounds:
            if essence(seen) != shown:
                shown = essence(seen)
                _print(args, replace(wanted, ses=await ses.answer(wanted.domain)), seen)
            if seen.ok:
                return seen
    raise AssertionError("rounds have no end")


def _print(args: argparse.Namespace, wanted: Subject, seen: Round) -> None:
    if args.json:
        print(as_json(seen, wanted.region, wanted.ses), flush=True)
    else:
        print(as_table(seen, wanted.ses, _width(), args.nameserver), end="\n\n", flush=True)


def _width() -> int:
    return shutil.get_terminal_size((WIDTH_WITHOUT_TERMINAL, 24)).columns
