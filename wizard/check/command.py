"""Carrying ``check`` out: SES asked in threads, DNS for many domains at once, printed as they finish."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from contextlib import aclosing
from dataclasses import replace

from wizard.aws.sesv2 import SesIdentity, get_identity
from wizard.check.output import as_json, as_table, exit_code
from wizard.check.subjects import Subject, domains, environment_region, expect_sense, subject
from wizard.dns.checklist import PUBLIC_SECONDS, Checklist, essence, watch
from wizard.dns.resolver import Resolver
from wizard.dns.verdict import Round
from wizard.errors import ExitCode, WizardError
from wizard.project import load
from wizard.world import World

DOMAINS_AT_ONCE = 50
SES_CALLS_AT_ONCE = 4
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
            wanted = subject(args, project, name, region, await ses.identity(name))
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


class SesView:
    """SES's side of the domains, as far as it can be asked. What it cannot say is said once, on stderr."""

    def __init__(self, world: World, no_aws: bool) -> None:
        self._world = world
        self._silent = no_aws
        self._room = asyncio.Semaphore(SES_CALLS_AT_ONCE)

    async def region(self) -> str | None:
        """The Region that SES sends from, or None where nothing names one."""
        named = self._world.aws.region or environment_region()
        if named or self._silent:
            return named
        return await asyncio.to_thread(self._region_in_use)

    async def identity(self, domain: str) -> SesIdentity | None:
        """What SES has for ``domain``; None where it has nothing or is not asked."""
        async with self._room:
            if self._silent:
                return None
            try:
                identity = await asyncio.to_thread(get_identity, self._world.aws, domain)
            except WizardError as error:
                self._give_up(error)
                return None
        if identity is None:
            print(f"SES has no identity {domain} in this Region.", file=sys.stderr)
        return identity

    def _region_in_use(self) -> str | None:
        from wizard.aws.failures import translated

        try:
            with translated("sesv2:GetEmailIdentity", self._world.aws.profile):
                return self._world.aws.region_in_use()
        except WizardError as error:
            self._give_up(error)
            return None

    def _give_up(self, error: WizardError) -> None:
        """Go on with DNS alone: all further calls would fail alike."""
        if not self._silent:
            self._silent = True
            print(f"SES could not be asked, so only the DNS is checked.\n{error}", file=sys.stderr)


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
                _print(args, replace(wanted, identity=await ses.identity(wanted.domain)), seen)
            if seen.ok:
                return seen
    raise AssertionError("rounds have no end")


def _print(args: argparse.Namespace, wanted: Subject, seen: Round) -> None:
    if args.json:
        print(as_json(seen, wanted.region, wanted.identity), flush=True)
    else:
        width = shutil.get_terminal_size((WIDTH_WITHOUT_TERMINAL, 24)).columns
        print(as_table(seen, wanted.identity, width), end="\n\n", flush=True)
