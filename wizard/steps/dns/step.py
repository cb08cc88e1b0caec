"""Step 4: the live checklist of DNS records, and its verdict together with SES's own view."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

from wizard.aws import route53 as aws_route53
from wizard.aws.sesv2 import SesIdentity, get_identity
from wizard.dns.findings import Finding, Round, Row, RowStatus, Severity
from wizard.dns.judge.rows import Context
from wizard.dns.publish import cloudflare, route53
from wizard.dns.records import DEFAULT_SIGNING_ZONE, Record, RecordId, wanted_records
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.identity.step import chosen_domain
from wizard.steps.model import (
    Status,
    StepName,
    StepState,
    Surroundings,
)
from wizard.text import printable
from wizard.world import World


def records(project: Project, identity: SesIdentity) -> tuple[Record, ...]:
    """The records that should exist for the project's domain, as SES says its side (tokens, signing zone).

    Without DKIM rows where the keys are not SES's own. The MAIL FROM MX needs ``project.account.region``.
    """
    return wanted_records(
        chosen_domain(project),
        tokens=identity.tokens if identity.signs_itself else (),
        signing_zone=identity.signing_zone or DEFAULT_SIGNING_ZONE,
        mail_from=identity.mail_from or project.identity.mail_from,
        region=project.account.region,
    )


async def watch(
    world: World, project: Project, identity: SesIdentity, wake: asyncio.Event
) -> AsyncGenerator[Round, None]:
    """Rounds of the checklist without end; ``wake`` starts the next at once. See ``checklist.watch``.

    Which zones the user could have edited by mistake is found out meanwhile: no round waits for it.
    """
    from wizard.dns import checklist
    from wizard.dns.resolve.servers import Network

    wanted, context = _wanted(project, identity)
    looking = asyncio.create_task(asyncio.to_thread(zones_of_the_user, world, context.domain))
    rounds = checklist.watch(
        Network(world.dns),
        wanted,
        context,
        world.now,
        wake,
        lambda: looking.result() if looking.done() else (),
    )
    try:
        async for seen in rounds:
            yield seen
    finally:
        looking.cancel()
        await rounds.aclose()


def look(world: World, project: Project, identity: SesIdentity) -> Round:
    """One round of the checklist, with what public resolvers say and the user's own zones in view.

    Raises nothing: what cannot be asked is unknown in the round.
    """
    return _round(world, project, identity, zones_of_the_user(world, chosen_domain(project)))


def wrong_without_aws(world: World, project: Project) -> StepState | None:
    """The step's standing while SES cannot be asked, if a record that the file names is wrong in the DNS.

    None where none is known to be: of the step as a whole nothing is known then. Raises nothing.
    """
    known, name = project.identity, project.domain.name
    if name is None or not known.dkim_tokens:
        return None
    identity = SesIdentity(
        name=name,
        verified=False,
        verification_status="",
        dkim_status="",
        tokens=known.dkim_tokens,
        signing_zone=known.signing_zone,
        mail_from=known.mail_from,
    )
    seen = _round(world, project, identity)
    if not seen.known_wrong:
        return None
    words = f"{wrong_now(seen)}. SES could not be asked."
    return StepState(StepName.DNS, Status.ATTENTION, words, brief=_brief(seen))


def _round(
    world: World, project: Project, identity: SesIdentity, zones: Sequence[Sequence[str]] = ()
) -> Round:
    from wizard.dns import checklist

    wanted, context = _wanted(project, identity)
    return asyncio.run(checklist.check_once(world.dns, wanted, context, world.now, lambda: zones))


def _wanted(project: Project, identity: SesIdentity) -> tuple[tuple[Record, ...], Context]:
    """The records to look for, and what judging them needs to know."""
    wanted = records(project, identity)
    return wanted, Context(
        domain=chosen_domain(project),
        mail_from=identity.mail_from or project.identity.mail_from,
        region=project.account.region,
        signing_zone=identity.signing_zone or DEFAULT_SIGNING_ZONE,
        records=wanted,
        own_keys=not identity.signs_itself,
    )


def zones_of_the_user(world: World, domain: str) -> tuple[tuple[str, ...], ...]:
    """The name servers of each zone that the user has for ``domain`` in Route 53 and at Cloudflare.

    What cannot be asked is left out. Raises nothing.
    """
    found: list[tuple[str, ...]] = []
    with suppress(WizardError):
        zones = route53.candidates(aws_route53.hosted_zones(world.aws), domain)
        found += [aws_route53.name_servers(world.aws, zone.id) for zone in zones]
    with suppress(WizardError):
        if world.dns.cloudflare and cloudflare.has_token():
            found += [zone.name_servers for zone in cloudflare.zones(world.dns.cloudflare, domain)]
    return tuple(found)


def standing(around: Surroundings) -> StepState:
    """The state of the step, as the survey asks for it."""
    known = get_identity(around.world.aws, chosen_domain(around.project))
    if known is None:
        return StepState(StepName.DNS, Status.TODO, "comes after the identity: SES names the records then")
    return judge(look(around.world, around.project, known), known)


def judge(seen: Round, identity: SesIdentity) -> StepState:
    """The step's standing: the worst of what the DNS says now and what SES has found.

    Done is: every record is right now, and verified, DKIM and MAIL FROM are ``SUCCESS`` in one answer of SES.
    SES keeps that answer for days after a record has broken, so it covers nothing that is wrong now.
    """
    if wrong := wrong_now(seen):
        words = ". ".join(filter(None, (wrong, after_verification(seen, identity))))
        return StepState(StepName.DNS, Status.ATTENTION, words, brief=_brief(seen))
    status, words = _judged_by_ses(seen, identity)
    return StepState(StepName.DNS, status, words)


def wrong_now(seen: Round) -> str:
    """What is not right in the DNS now, or could not be asked, in a few words; nothing where all is right."""
    if not seen.zone.reachable:
        return "no DNS server answers from here: check the network connection"
    if seen.zone.apex is None:
        return f"{printable(seen.domain)} does not exist in the DNS"
    told = []
    for number, (count, word) in enumerate(_counts(seen)):
        noun = "" if number else " record" if count == 1 else " records"
        told.append(f"{count}{noun} {'could not be checked' if word == 'unknown' else word}")
    told += [
        _ZONE_WORDS.get(f.code, f"the zone has a problem ({f.code})") for f in seen.findings if _serious(f)
    ]
    return ", ".join(told)


def after_verification(seen: Round, identity: SesIdentity) -> str:
    """What follows from records that are wrong although SES has found them right before, in a sentence.

    Nothing where it has not. SES looks for DKIM and the MAIL FROM domain's MX record again and again; without
    that MX it uses its own MAIL FROM domain or rejects the mail, as the identity says (BehaviorOnMxFailure).
    """
    if not identity.complete:
        return ""
    faulty = [row for row in seen.rows if _fault(row) not in ("", "unknown")]
    broken = {row.record.id for row in faulty if any(map(_blocks, row.findings))}
    if any(map(_blocks, seen.findings)) or broken - {RecordId.MAIL_FROM_MX}:
        return f"{_STILL_VERIFIED}; mail will fail when it re-checks."
    if broken and identity.mail_from_on_failure == "REJECT_MESSAGE":
        return f"{_STILL_VERIFIED}; it will reject mail when it re-checks."
    if broken:
        return f"{_STILL_VERIFIED}; it will use its own MAIL FROM domain when it re-checks."
    if not faulty and not any(map(_serious, seen.findings)):
        return f"{_STILL_VERIFIED}."
    return f"{_STILL_VERIFIED}, but delivery suffers."


def misplaced(row: Row) -> bool:
    """Whether a missing record is not simply missing: a mistake was found that explains it.

    Mostly it is at another name. Such a row counts, and is shown, as incorrect.
    """
    explained = any(_serious(f) and f.code != "absent" for f in row.findings)
    return row.status is RowStatus.MISSING and explained


_STILL_VERIFIED = "SES still shows the domain as verified"
_ZONE_WORDS = {
    "lame-server": "a name server does not serve the zone",
    "wrong-dns-host": "a DNS host that the domain is delegated to lacks records",
    "dnssec-bogus": "resolvers that validate DNSSEC refuse the zone",
}
"""Findings about the whole zone, in a few words."""


def _counts(seen: Round) -> list[tuple[int, str]]:
    """How many records are not right, by what is wrong with them; nothing that there are none of."""
    found = Counter(_fault(row) for row in seen.rows)
    return [(found[word], word) for word in ("missing", "wrong", "unknown") if found[word]]


def _brief(seen: Round) -> str:
    """The first of the counts, for where there is little room; nothing where no record is counted."""
    return next((f"{count} {word}" for count, word in _counts(seen)), "")


def _fault(row: Row) -> str:
    """What is wrong with a record: missing, wrong, unknown, or nothing, as ``Round.ok`` counts it."""
    if row.status is RowStatus.UNKNOWN:
        return "unknown"
    if not any(map(_serious, row.findings)):
        return ""
    return "missing" if row.status is RowStatus.MISSING and not misplaced(row) else "wrong"


def _serious(finding: Finding) -> bool:
    return finding.severity in (Severity.BLOCKS, Severity.HURTS)


def _blocks(finding: Finding) -> bool:
    return finding.severity is Severity.BLOCKS


def _judged_by_ses(seen: Round, identity: SesIdentity) -> tuple[Status, str]:
    """The status and words while all records are correct."""
    if identity.complete:
        return Status.DONE, "SES has verified the domain, DKIM and MAIL FROM"
    if identity.mail_from is None:
        return Status.ATTENTION, "the records are correct, but SES has no MAIL FROM domain: see step 3"
    if "FAILED" in (identity.dkim_status, identity.mail_from_status):
        return (
            Status.ATTENTION,
            "the records are correct, but SES has stopped checking: repeat step 3 to restart it",
        )
    return Status.WAITING, f"all records are correct; waiting for SES, {_looked(identity)}"


def _looked(identity: SesIdentity) -> str:
    if identity.last_checked is None:
        return "which has not checked yet (this can take up to 72 hours, but is usually quicker)"
    return f"which last checked on {identity.last_checked.astimezone():%d %b at %H:%M}"
