"""What to check: domains from the command line, a list or FILE, and the records that each should have."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wizard.cli.check.ses import SesAnswer
from wizard.dns.judge.rows import Context
from wizard.dns.records import DEFAULT_SIGNING_ZONE, Record, wanted_records
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.steps.domain.name import read_name
from wizard.text import printable

MAX_DOMAINS = 10_000
TOKENS = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """One domain to check, with SES's view of it."""

    domain: str
    region: str | None
    records: tuple[Record, ...]
    context: Context
    ses: SesAnswer


def domains(args: argparse.Namespace, project: Project) -> tuple[str, ...]:
    """Return the domains to check, each once, in A-label form. Raises WizardError (exit code 2)."""
    named = [("", text) for text in args.domains]
    if args.domains_from:
        named += [(f"Line {number}: ", text) for number, text in _listed(args.domains_from)]
    if not named and project.domain.name:
        named = [("", project.domain.name)]
    if not named:
        raise _usage(
            "No domain to check",
            f"Neither the command nor {args.file} names one.",
            "Name one, as in `ses-wizard check example.com` (without a file).",
        )
    return tuple(dict.fromkeys(_domain(where, text) for where, text in named))


def reject_contradictions(args: argparse.Namespace, names: tuple[str, ...]) -> None:
    """Raise WizardError (exit code 2) if the options contradict each other."""
    if len(args.dkim_token) not in (0, TOKENS):
        raise _usage(
            "DKIM tokens come in threes",
            f"The command has {len(args.dkim_token)} of them, but an SES identity has three.",
            "Name all three, or none to ask SES.",
        )
    if args.dkim_token and len(names) > 1:
        raise _usage(
            "DKIM tokens belong to one domain",
            f"Each of the {len(names)} domains has its own tokens.",
            "Check them one by one, or leave --dkim-token out to ask SES.",
        )
    for text in (*args.dkim_token, *filter(None, (args.mail_from, args.signing_zone))):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?", text):
            raise _usage(
                f"{printable(text, 100)} is not a DNS name",
                "It can have letters, digits, hyphens and dots.",
                "Correct the option.",
            )
    if args.mail_from and "." in args.mail_from.rstrip("."):
        host = _plain(args.mail_from)
        if not any(host.endswith(f".{name}") for name in names):
            raise _usage(
                f"{host} is in none of the domains",
                "The MAIL FROM domain must be a subdomain of the sending domain.",
                "Correct --mail-from, or give only a label, which is then used under each domain.",
            )


def subject(
    args: argparse.Namespace,
    project: Project,
    domain: str,
    region: str | None,
    ses: SesAnswer,
) -> Subject:
    """Return the expected records of ``domain``: from the options, else SES, else FILE."""
    identity = ses.identity
    noted = project.identity if domain == project.domain.name else None
    tokens, signing_zone = tuple(_plain(token) for token in args.dkim_token), None
    if identity is not None and identity.signs_itself:
        tokens, signing_zone = tokens or identity.tokens, identity.signing_zone
    elif identity is None and noted is not None:
        tokens, signing_zone = tokens or noted.dkim_tokens, noted.signing_zone
    if args.signing_zone:
        signing_zone = _plain(args.signing_zone)
    signing_zone = signing_zone or DEFAULT_SIGNING_ZONE
    mail_from = _mail_from(args, domain) or (identity.mail_from if identity else None)
    mail_from = mail_from or (noted.mail_from if noted else None)
    records = wanted_records(
        domain, tokens=tokens, signing_zone=signing_zone, mail_from=mail_from, region=region
    )
    context = Context(
        domain=domain,
        mail_from=mail_from,
        region=region,
        signing_zone=signing_zone,
        records=records,
        own_keys=not tokens and identity is not None and not identity.signs_itself,
        no_tokens=ses.without_tokens(domain),
    )
    return Subject(domain, region, records, context, ses)


def _mail_from(args: argparse.Namespace, domain: str) -> str | None:
    """Return the MAIL FROM domain from the options: a label alone is used under each domain."""
    if not args.mail_from:
        return None
    host = _plain(args.mail_from)
    if "." not in host:
        return f"{host}.{domain}"
    return host if host.endswith(f".{domain}") else None


def _domain(where: str, text: str) -> str:
    try:
        return read_name(text).ascii
    except WizardError as error:
        raise _usage(f"{where}{error.title}", error.what, error.todo) from error


def _listed(source: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a list that name a domain; ``#`` starts a comment."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "It is not UTF-8 text"
        raise _usage(
            f"{printable(source, 200)} could not be read", f"{reason}.", "Name another list."
        ) from error
    lines = [(number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1)]
    named = [(number, line) for number, line in lines if line]
    if not named:
        raise _usage(
            f"{printable(source, 200)} names no domain", "The list is empty.", "Write one domain a line."
        )
    if len(named) > MAX_DOMAINS:
        raise _usage(
            "The list is too long",
            f"It has {len(named)} domains; one check takes at most {MAX_DOMAINS}.",
            "Split it.",
        )
    yield from named


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _usage(title: str, what: str, todo: str) -> WizardError:
    return WizardError(title, what, todo, ExitCode.USAGE)
