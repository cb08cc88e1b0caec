"""Carrying ``check`` out: SES asked in threads, DNS for many domains at once, printed as they finish."""

from __future__ import annotations

import argparse
import asyncio
import shutil
from contextlib import aclosing
from dataclasses import replace

from wizard.check.output import as_json, as_table, exit_code
from wizard.check.ses import SesView
from wizard.check.subjects import Subject, domains, expect_sense, subject
from wizard.dns.checklist import PUBLIC_SECONDS, Checklist, essence, watch
from wizard.dns.resolver import Resolver
from wizard.dns.verdict import Round
from wizard.errors import ExitCode
from wizard.project import load
from wizard.world import World

DOMAINS_AT_ONCE = 50
WIDTH_WITHOUT_TERMINAL = 100


async def check(args: argparse.Namespace, world: World) -> ExitCode:
    """Check all domains, print each result when it is there, and say how the whole went.

    With ``args.watch`` each domain is checked again until it is ok, and printed when something changed.
    Raises WizardError (exit code 2) where what was asked for makes no sense.
    """
    project = load(args.file)
    names = domains(args, project)
    expect_sense(args, names)
    if args.nameserver:
        world = replace(world, dns=world.dns.through(args.nameserver))
    ses = SesView(world, args.no_aws)
    region = await ses.region()
    room = asyncio.Semaphore(len(names) if args.watch else DOMAINS_AT_ONCE)
    resolver = Resolver(world.dns)

    async def one(name: str) -> Round:
        async with room:
            wanted = subject(args, project, name, region, await ses.answer(name))
            if args.watch:
                return await _until_ok(args, world, wanted, ses, resolver)
            checklist = Checklist(world.dns, wanted.records, wanted.context, world.now, resolver)
            try:
                seen = await checklist.round(PUBLIC_SECONDS)
            finally:
                checklist.close()
            _print(args, wanted, seen)
            return seen

    return exit_code(await asyncio.gather(*(one(name) for name in names)))


async def _until_ok(
    args: argparse.Namespace, world: World, wanted: Subject, ses: SesView, resolver: Resolver
) -> Round:
    """Watch one domain, printing each change, until it is ok."""
    shown: object = None
    rounds = watch(world.dns, wanted.records, wanted.context, world.now, asyncio.Event(), resolver=resolver)
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
        width = shutil.get_terminal_size((WIDTH_WITHOUT_TERMINAL, 24)).columns
        print(as_table(seen, wanted.ses, width), end="\n\n", flush=True)
