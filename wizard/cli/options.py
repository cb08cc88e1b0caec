"""The command line's grammar: the commands and their options (CONTRACT.md)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wizard import __version__

AddOptions = Callable[[argparse.ArgumentParser], None]


def command_line() -> argparse.ArgumentParser:
    """The parser of a whole command line. The result's ``command`` is ``wizard`` where none is named."""
    parser = argparse.ArgumentParser(
        prog="ses-wizard",
        description="Set up Amazon SES for a domain of your own, step by step, and keep it right.",
        epilog="Without a command: the wizard itself, on FILE. Try `ses-wizard demo`: it needs no account.",
    )
    _add_common(parser, first=True)
    parser.set_defaults(command="wizard")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_CommandParser)
    for name, add_options, words in (
        ("demo", _add_demo, "the wizard on an AWS account and a DNS server inside the process"),
        ("check", _add_check, "re-check the DNS records and say what is wrong and why"),
        ("status", _add_status, "where the set-up stands, step by step"),
        ("export", _add_export, "print the stack, the records or the policy"),
    ):
        commands.add_parser(name, help=words, add_options=add_options).set_defaults(command=name)
    return parser


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command.

    Its options come from the command's own module, so they are added when the command is chosen: the wizard's
    first frame waits for none of them.
    """

    def __init__(self, *, add_options: AddOptions | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._add_options = add_options

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what stands behind the command's name."""
        add_options, self._add_options = self._add_options, None
        if add_options:
            add_options(self)
        return super().parse_known_args(args, namespace)


def _add_demo(parser: argparse.ArgumentParser) -> None:
    from wizard.demo.stories.stories import FIRST, STORIES

    parser.add_argument(
        "--fresh", action="store_true", help="begin anew instead of where the last demo stopped"
    )
    parser.add_argument(
        "--story",
        choices=[story.name for story in STORIES],
        default=FIRST.name,
        metavar="NAME",
        help=f"show one of the states below, and keep nothing unless --file is given (default: {FIRST.name})",
    )
    _add_common(parser, first=False, file="ses-wizard-demo.yaml in this folder; none for a story")
    width = max(len(story.name) for story in STORIES)
    told = "\n".join(f"  {story.name:<{width}}  {story.words}" for story in STORIES)
    parser.epilog = f"stories:\n{told}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def _add_check(parser: argparse.ArgumentParser) -> None:
    from wizard.cli import check

    check.add_arguments(parser)
    _add_common(parser, first=False)


def _add_status(parser: argparse.ArgumentParser) -> None:
    from wizard.cli import status

    status.add_arguments(parser)
    _add_common(parser, first=False)


def _add_export(parser: argparse.ArgumentParser) -> None:
    from wizard.cli import export

    for subparser in (parser, *export.add_kinds(parser)):
        _add_common(subparser, first=False)


def _add_common(
    parser: argparse.ArgumentParser, *, first: bool, file: str = "ses-wizard.yaml in this folder"
) -> None:
    """The options that stand before or after the command; behind it only what is said counts.

    ``file`` is the project file where none is named.
    """

    def default(value: object) -> object:
        return value if first else argparse.SUPPRESS

    parser.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        default=default(None),
        help=f"the project file (default: {file})",
    )
    parser.add_argument("--profile", default=default(None), help="the AWS profile")
    parser.add_argument("--region", default=default(None), help="the AWS Region")
    parser.add_argument(
        "--debug", action="store_true", default=default(False), help="write ses-wizard.log, without secrets"
    )
    parser.add_argument("--version", action="version", version=f"ses-wizard {__version__}")
