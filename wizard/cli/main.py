"""The entry point: runs one command, and turns its outcome into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from wizard.cli.options import command_line
from wizard.cli.worlds import DEFAULT_FILE, DEMO_FILE, first_story, world_of_file
from wizard.errors import ExitCode

if TYPE_CHECKING:
    import argparse


def main() -> None:
    """Run the ``ses-wizard`` command and exit."""
    from wizard.log import note_everywhere

    note_everywhere()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and return the exit code (CONTRACT.md)."""
    args = command_line().parse_args(arguments)
    # A story keeps its file only if one is named.
    args.kept = args.command != "demo" or args.file is not None or first_story(args.story)
    args.file = args.file or (DEMO_FILE if args.command == "demo" else DEFAULT_FILE)
    try:
        if args.debug:
            from wizard.cli.debug import log_to

            log_to(args.file.with_name("ses-wizard.log"))
        code = run_command(args)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`… | head`): Python must not write to it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.NO
    except Exception as failure:
        from wizard.log import as_wizard_error

        error = as_wizard_error(failure)
        print(error, file=sys.stderr)
        return error.exit_code


def run_command(args: argparse.Namespace) -> int:
    """Import the module of the command and run it."""
    if args.command in ("wizard", "demo"):
        from wizard.cli import demo, start

        return demo.run(args) if args.command == "demo" else start.run(args)
    with world_of_file(args) as world:
        code: int = import_module(f"wizard.cli.{args.command}").run(args, world)
        return code
