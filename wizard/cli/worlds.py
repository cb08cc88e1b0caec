"""Which world a command asks: the real one, or the demo's if the project file belongs to a demo."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.cli.program import command
from wizard.errors import ExitCode, WizardError
from wizard.text import printable

if TYPE_CHECKING:
    import argparse

    from wizard.world import World

DEFAULT_FILE = Path("ses-wizard.yaml")
DEMO_FILE = Path("ses-wizard-demo.yaml")
"""The file of the first story; the others keep none unless one is named."""


def first_story(name: str) -> bool:
    """Whether ``name`` is the story that ``ses-wizard demo`` shows by itself."""
    from wizard.demo.stories.stories import FIRST

    return bool(name == FIRST.name)


@contextlib.contextmanager
def world_of_file(args: argparse.Namespace) -> Iterator[World]:
    """Yield the world of a command that reads FILE: the real one, or the demo's if FILE belongs to a demo.

    Raises WizardError if FILE does not exist and the command needs it.
    """
    from wizard.project.schema import load, read_bytes

    missing = read_bytes(args.file) is None
    if missing and not (args.command == "check" and (args.domains or args.domains_from)):
        demo = args.file.with_name(DEMO_FILE.name)
        beside = f" The demo's file is here: `--file {demo}`" if demo.exists() else ""
        raise WizardError(
            f"There is no {printable(str(args.file), 200)}",
            "This command reads the project file of a setup, which the wizard writes.",
            f"Start a setup with `{command()}`, or use `--file` to name an existing file.{beside}",
            ExitCode.USAGE,
        )
    state = account_beside(args.file)
    if missing or not state.exists():
        yield real_world(args)
        return
    region = args.region or load(args.file).account.region
    check_installed()
    from wizard.demo.as_left import as_left

    print(f"{args.file} belongs to the demo: asking the demo's saved account, not AWS.", file=sys.stderr)
    with as_left(state, region) as world:
        yield world


def account_beside(file: Path) -> Path:
    """Return where a demo keeps its account: only a demo's FILE has this file beside it."""
    return file.with_name(f"{file.stem}.account")


def real_world(args: argparse.Namespace) -> World:
    """Return the real world; profile and Region come from the options, else FILE, else the environment."""
    from wizard.aws.access import AwsAccess
    from wizard.dns.resolve.access import OUTSIDE
    from wizard.project.schema import load
    from wizard.world import World

    account = load(args.file).account
    aws = AwsAccess(args.profile or account.profile, args.region or account.region)
    return World(aws=aws, dns=OUTSIDE)


def check_installed() -> None:
    """Raise WizardError if the packages that only the demo needs are not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("moto", "flask") if find_spec(name) is None]
    if missing:
        raise WizardError(
            "The demo is not installed",
            f"It needs packages that are not installed: {', '.join(missing)}.",
            "Run `pip install 'ses-wizard[demo]'`, then start the demo again.",
            ExitCode.USAGE,
        )
