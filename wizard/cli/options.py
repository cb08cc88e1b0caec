"""The command line's grammar: commands, and each option once (CONTRACT.md).

The options of a command are added when that command is chosen, so the wizard's first frame waits for none.
"""

from __future__ import annotations

import argparse
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wizard import __version__
from wizard.dns.resolve.access import Nameserver

_DNS_PORT = 53


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; ``command`` is ``wizard`` if none is named."""
    parser = argparse.ArgumentParser(
        prog="ses-wizard",
        description="Set up Amazon SES for a domain of your own, step by step, and check it later.",
        epilog="Without a command: the wizard itself, on FILE. Try `ses-wizard demo`: it needs no account.",
    )
    _add_common(parser, first=True)
    parser.set_defaults(command="wizard")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_CommandParser)
    for name, add_options, words in (
        ("demo", _add_demo, "the wizard on an AWS account and a DNS server inside the process"),
        ("check", _add_check, "check the DNS records again and say what is wrong and why"),
        ("status", _add_status, "the state of the setup, step by step"),
        ("export", _add_export, "print the stack, the records or the policy"),
    ):
        commands.add_parser(name, help=words, add_options=add_options).set_defaults(command=name)
    return parser


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command, which gets its options when it is used."""

    def __init__(
        self, *, add_options: Callable[[argparse.ArgumentParser], None] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._add_options = add_options

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what follows the command's name."""
        add_options, self._add_options = self._add_options, None
        if add_options:
            add_options(self)
        return super().parse_known_args(args, namespace)


def _add_common(
    parser: argparse.ArgumentParser, *, first: bool = False, file: str = "ses-wizard.yaml in this folder"
) -> None:
    """Add the options that can precede or follow the command; after it, only those given count."""

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


def _add_demo(parser: argparse.ArgumentParser) -> None:
    from wizard.demo.stories.stories import FIRST, STORIES

    parser.add_argument("--fresh", action="store_true", help="start over instead of resuming the last demo")
    parser.add_argument(
        "--story",
        choices=[story.name for story in STORIES],
        default=FIRST.name,
        metavar="NAME",
        help=f"show one of the states below; only --file saves it (default: {FIRST.name})",
    )
    _add_common(parser, file="ses-wizard-demo.yaml in this folder; none for a story")
    width = max(len(story.name) for story in STORIES)
    told = "\n".join(f"  {story.name:<{width}}  {story.words}" for story in STORIES)
    parser.epilog = f"stories:\n{told}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("domains", nargs="*", metavar="DOMAIN", help="default: the domain in FILE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, one line a domain")
    parser.add_argument("--watch", action="store_true", help="keep checking until every domain is ok")
    _add_sources(parser)
    parser.add_argument(
        "--domains-from", metavar="FILE", help="a file with one domain a line; - for standard input"
    )
    _add_common(parser)


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    _add_common(parser)


def _add_export(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    stack = kinds.add_parser("stack", help="the reminder's CloudFormation template, from FILE alone")
    stack.add_argument(
        "--workers",
        type=workers,
        default=0,
        metavar="N",
        help="send from a queue, with N concurrent calls of the function (2 to 1000; default: no queue)",
    )
    records = kinds.add_parser("records", help="the DNS records of FILE's domain that are still to be added")
    records.add_argument(
        "--format",
        choices=("zone", "csv", "cloudflare"),
        default="zone",
        help="a BIND zone file, CSV, or a zone file for Cloudflare's import (default: zone)",
    )
    records.add_argument("--all", action="store_true", help="also list records that are correct, as comments")
    _add_sources(records)
    policy = kinds.add_parser("policy", help="the least IAM policy for exactly FILE's setup")
    policy.add_argument(
        "--part",
        type=int,
        metavar="N",
        help="only part N: IAM allows 6,144 characters in one policy, and this one is longer",
    )
    policy.add_argument(
        "--principal",
        type=principal,
        metavar="ARN",
        help="the user or role it is for, which can then read its own permissions, too",
    )
    for kind in (stack, policy):
        kind.add_argument(
            "--table-key",
            type=table_key,
            metavar="ARN",
            help="the customer's KMS key that encrypts reminder.table, if there is one",
        )
    for subparser in (parser, stack, records, policy):
        _add_common(subparser)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    """Add the options that say whom to ask, and what SES would answer if it is not asked."""
    parser.add_argument("--no-aws", action="store_true", help="DNS only: do not ask SES")
    parser.add_argument(
        "--nameserver",
        type=nameserver,
        action="append",
        default=[],
        metavar="IP[:PORT]",
        help="the recursive resolver to use instead of the system's (repeatable)",
    )
    parser.add_argument(
        "--mail-from",
        metavar="HOST",
        help="the MAIL FROM domain; without a dot: that label under each domain (default: what SES says)",
    )
    parser.add_argument(
        "--dkim-token",
        action="append",
        default=[],
        metavar="TOKEN",
        help="a DKIM token of the SES identity (three times; default: what SES says)",
    )
    parser.add_argument(
        "--signing-zone",
        metavar="ZONE",
        help="the zone of SES's DKIM keys (default: what SES says, else dkim.amazonses.com)",
    )


def nameserver(text: str) -> Nameserver:
    """Parse ``192.0.2.1``, ``192.0.2.1:5353``, ``2001:db8::1`` or ``[2001:db8::1]:5353``."""
    found = re.fullmatch(r"\[([^]]*)\](?::(\d+))?", text) or re.fullmatch(r"([^:]*)(?::(\d+))?", text)
    host, port = (found[1], int(found[2] or _DNS_PORT)) if found else (text, _DNS_PORT)
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IP address with an optional port") from error
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError(f"{text!r}: the port must be between 1 and 65535")
    return Nameserver(address, port)


def workers(text: str) -> int:
    """Parse a number of workers: none, or what Lambda accepts."""
    number = int(text) if text.isascii() and text.isdigit() else 1
    if number == 0 or 2 <= number <= 1000:
        return number
    raise argparse.ArgumentTypeError(f"{text!r} is not 0 or a number from 2 to 1000")


def table_key(text: str) -> str:
    """Parse the ARN of a KMS key."""
    if re.fullmatch(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+", text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not the ARN of a KMS key (arn:aws:kms:…:key/…)")


def principal(text: str) -> str:
    """Parse the ARN of an IAM user or role."""
    if re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:(user|role)/[\w+=,.@/-]+", text, re.ASCII):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not the ARN of a user or role (arn:aws:iam::…:role/…)")
