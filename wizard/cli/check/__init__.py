"""The ``check`` command: re-check the DNS records of domains and say what is wrong and how to mend it."""

from __future__ import annotations

import argparse
import ipaddress
import re
from typing import TYPE_CHECKING

from wizard.dns.resolve.access import Nameserver

if TYPE_CHECKING:
    from wizard.world import World

DNS_PORT = 53


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options to ``parser``."""
    parser.add_argument("domains", nargs="*", metavar="DOMAIN", help="default: the domain in FILE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, one line a domain")
    parser.add_argument("--watch", action="store_true", help="go on until every domain is ok")
    add_sources(parser)
    parser.add_argument(
        "--domains-from", metavar="FILE", help="a file with one domain a line; - for standard input"
    )


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add the options that say whom to ask, and what SES has if it is not asked."""
    parser.add_argument("--no-aws", action="store_true", help="DNS only: do not ask SES")
    parser.add_argument(
        "--nameserver",
        type=nameserver,
        action="append",
        default=[],
        metavar="IP[:PORT]",
        help="the recursive resolver to use in place of the system's (repeatable)",
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
        help="where SES keeps the DKIM keys (default: what SES says, else dkim.amazonses.com)",
    )


def nameserver(text: str) -> Nameserver:
    """The resolver in ``192.0.2.1``, ``192.0.2.1:5353``, ``2001:db8::1`` or ``[2001:db8::1]:5353``."""
    bracketed = re.fullmatch(r"\[([^]]*)\](?::(\d+))?", text)
    plain = re.fullmatch(r"([^:]*)(?::(\d+))?", text)
    found = bracketed or plain
    host, port = (found[1], found[2]) if found else (text, None)
    try:
        number = DNS_PORT if port is None else int(port)
        if not 0 < number < 65536:
            raise ValueError(port)
        return Nameserver(str(ipaddress.ip_address(host)), number)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IP address with an optional port") from error


def run(args: argparse.Namespace, world: World) -> int:
    """Check, print, and return the exit code (CONTRACT.md).

    ``args`` also has ``file``. Raises WizardError, with exit code 2 where what was asked for makes no sense.
    """
    import asyncio

    from wizard.cli.check.command import check

    return asyncio.run(check(args, world))
