"""What a domain's DNS says of the mail it has already, and what of it stays as it is or must not be broken.

The wizard adds records: three at names of DKIM keys, two at a subdomain for MAIL FROM, SPF and DMARC at the
domain itself. Whoever receives the domain's mail today is not touched by any of them; that is said first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from wizard.dns.answers import Answers, Mx, Question, Txt, ZoneReport
from wizard.dns.judge import dmarc_record as dmarc
from wizard.dns.judge import dmarc_repair, spf
from wizard.dns.judge.dmarc_record import DmarcRecord
from wizard.text import printable
from wizard.world import World

if TYPE_CHECKING:
    from wizard.steps.domain.name import DomainName

SES = "amazonses.com"
SHOWN = 3
"""How many names one sentence holds; more are counted."""


class MailHost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service that receives mail for domains (``mx``: patterns) or sends under their names (``spf``).

    ``care`` says what can break there once the wizard's records are entered.
    """

    name: str
    mx: tuple[str, ...] = ()
    spf: tuple[str, ...] = ()
    care: str = ""


class Care(StrEnum):
    """How a remark is meant: nothing is touched, this is good to know, or here something can break."""

    STAYS = "stays"
    NOTE = "note"
    CAREFUL = "careful"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about the mail a domain has: ``subject`` is MX, SPF or DMARC."""

    subject: str
    care: Care
    words: str


@dataclass(frozen=True, slots=True)
class InUse:
    """What stands in a domain's DNS for mail. ``mx`` are host names in order of preference.

    ``null_mx``: the domain says that it receives none (RFC 7505). ``policy`` is the DMARC record that applies
    with the name that has it, where that is a domain above; ``dmarc`` are the texts at the domain's own name.
    """

    domain: str
    mx: tuple[str, ...] = ()
    null_mx: bool = False
    spf: tuple[str, ...] = ()
    dmarc: tuple[str, ...] = ()
    policy: tuple[str, DmarcRecord] | None = None

    @property
    def sends(self) -> bool:
        """Whether somebody sends or receives mail under the name already."""
        return bool(self.mx or self.spf or self.dmarc)


def look(world: World, name: DomainName, zone: ZoneReport) -> InUse | None:
    """Ask the zone's servers. None where they, or nobody, could be asked. Not for an async caller."""
    if zone.apex is None or not zone.reachable:
        return None
    from wizard.dns.resolve.resolver import Resolver
    from wizard.dns.resolve.servers import Network

    async def asked() -> Answers:
        return await Resolver(Network(world.dns)).ask(zone, questions(name.ascii))

    return read(name.ascii, asyncio.run(asked()))


def questions(domain: str) -> tuple[Question, ...]:
    """What to ask about the mail of ``domain``."""
    return (
        Question(domain, "MX"),
        Question(domain, "TXT"),
        *(Question(name, "TXT") for name in dmarc.walk(domain)),
    )


def read(domain: str, answers: Answers) -> InUse | None:
    """What the answers to ``questions`` come to; None where the first two were not answered. Pure."""
    mx, txt = answers[Question(domain, "MX")], answers[Question(domain, "TXT")]
    if not (mx.absent or mx.rdatas) or not (txt.absent or txt.rdatas):
        return None
    found = sorted((rd.preference, rd.host) for rd in mx.rdatas if isinstance(rd, Mx))
    hosts = tuple(host.lower().rstrip(".") for _, host in found)
    walked = {name: _texts(answers, name) for name in dmarc.walk(domain)}
    own = tuple(text for text in walked[f"_dmarc.{domain}"] if dmarc.intended(text))
    return InUse(
        domain=domain,
        mx=tuple(host for host in hosts if host),
        null_mx=hosts == ("",),
        spf=tuple(text for text in _texts(answers, domain) if spf.intended(text)),
        dmarc=own,
        policy=None if own else dmarc.inherited(walked, domain),
    )


def remarks(in_use: InUse) -> tuple[Remark, ...]:
    """What stays, what is changed with care, and what to know, a sentence or two each. Pure."""
    return (_mx(in_use), _spf(in_use), _dmarc(in_use))


def receiver(mx: Iterable[str]) -> MailHost | None:
    """Who receives mail at these MX hosts; None where that is nobody known."""
    hosts = tuple(mx)
    for known in _mail_hosts():
        if any(fnmatchcase(host, pattern) for host in hosts for pattern in known.mx):
            return known
    return None


def senders(records: Iterable[str]) -> tuple[str, ...]:
    """Who may send by these SPF records: services by name, other includes by their domain; each once."""
    names = {domain: known.name for known in _mail_hosts() for domain in known.spf}
    included = (
        term.partition(":")[2].rstrip(".").lower()
        for text in records
        for term in text.split()
        if term.lstrip("+?~").lower().startswith("include:")
    )
    return tuple(dict.fromkeys(names.get(domain, domain) for domain in included))


def _mx(in_use: InUse) -> Remark:
    if in_use.null_mx:
        words = (
            "The domain says that it receives no mail: answers will bounce. Write from it with a Reply-To."
        )
        return Remark("MX", Care.NOTE, words)
    if not in_use.mx:
        words = "Nobody receives mail here: answers bounce. SES needs none; name a Reply-To that works."
        return Remark("MX", Care.NOTE, words)
    known = receiver(in_use.mx)
    who = known.name if known else printable(in_use.mx[0], 100)
    if known and known.care:
        return Remark("MX", Care.CAREFUL, f"{who} receives mail here. {known.care}")
    records = "that MX record stays" if len(in_use.mx) == 1 else "the MX records stay"
    return Remark("MX", Care.STAYS, f"{who} receives mail here: {records} untouched.")


def _spf(in_use: InUse) -> Remark:
    if not in_use.spf:
        return Remark("SPF", Care.NOTE, "None yet. One that names SES will be proposed.")
    if spf.merged(in_use.spf, SES) is None:
        words = (
            "Only you know what its text should be: the DNS step says what to correct before SES is merged."
        )
        return Remark("SPF", Care.CAREFUL, words)
    if len(in_use.spf) > 1:
        words = (
            f"There are {len(in_use.spf)} SPF records, and receivers then heed none. One that holds all of "
            "them will be proposed; nobody who may send now is taken out."
        )
        return Remark("SPF", Care.CAREFUL, words)
    if not spf.read(in_use.spf[0]).right:
        words = "Receivers cannot read its text. A repaired one that names SES will be proposed."
        return Remark("SPF", Care.CAREFUL, words)
    who = [sender for sender in senders(in_use.spf) if sender != "Amazon SES"]
    if spf.include_of(in_use.spf[0], SES) is spf.Include.REACHED:
        others = f", beside {_listed(who)}" if who else ""
        return Remark("SPF", Care.STAYS, f"It names SES already{others}: it stays as it is.")
    merged = "SES is merged into that one record."
    if who:
        return Remark("SPF", Care.CAREFUL, f"It lets {_listed(who)} send: that stays. {merged}")
    if in_use.spf[0].lower().split()[1:] == ["-all"]:
        return Remark("SPF", Care.CAREFUL, f"It says that nobody sends from here. {merged}")
    return Remark("SPF", Care.CAREFUL, f"There is one: all it says stays. {merged}")


def _dmarc(in_use: InUse) -> Remark:
    valid = [text for text in in_use.dmarc if dmarc.is_dmarc(text)]
    what_next = (
        "A repaired one, no weaker, will be proposed."
        if dmarc_repair.repaired(in_use.dmarc)
        else "The DNS step says what to correct."
    )
    if len(in_use.dmarc) > 1:
        words = (
            f"There are {len(in_use.dmarc)} DMARC records, and receivers then ignore them all. {what_next}"
        )
        return Remark("DMARC", Care.CAREFUL, words)
    if in_use.dmarc and not valid:
        words = f"There is a text that receivers do not take for a DMARC record. {what_next}"
        return Remark("DMARC", Care.CAREFUL, words)
    if valid and dmarc.parse(valid[0]).bad_policies:
        return Remark("DMARC", Care.CAREFUL, f"Receivers cannot read its policy. {what_next}")
    if valid:
        record = dmarc.parse(valid[0])
        return _policy(in_use.domain, record.policy() or "none", record, "")
    if in_use.policy:
        name, record = in_use.policy
        above = name.removeprefix("_dmarc.")
        policy = record.policy("sp") or record.policy() or "none"
        return _policy(in_use.domain, policy, record, f"That of {printable(above, 100)} applies here. ")
    return Remark("DMARC", Care.NOTE, "None yet. One that only watches (p=none) will be proposed.")


def _policy(domain: str, policy: str, record: DmarcRecord, whose: str) -> Remark:
    if policy == "none":
        return Remark("DMARC", Care.STAYS, f"{whose}It only watches (p=none), and stays as it is.")
    fate = "refuse" if policy == "reject" else "put into spam"
    strict = record.working.get("adkim", "").lower() == "s"
    exactly = f" at {domain} exactly, not below it" if strict else f" at {domain}"
    words = (
        f"{whose}It stays: p={policy} has receivers {fate} mail that does not align. So send nothing through "
        f"SES before the DNS step is green, and only from addresses{exactly}."
    )
    return Remark("DMARC", Care.CAREFUL, words)


def _listed(names: Iterable[str]) -> str:
    """``A, B and C``, or the first three and how many more."""
    shown = [printable(name, 80) for name in names]
    if len(shown) > SHOWN:
        shown = [*shown[:SHOWN], f"{len(shown) - SHOWN} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _texts(answers: Answers, name: str) -> tuple[str, ...]:
    answer = answers.get(Question(name, "TXT"))
    return tuple(rd.text for rd in answer.rdatas if isinstance(rd, Txt)) if answer else ()


@cache
def _mail_hosts() -> tuple[MailHost, ...]:
    path = Path(__file__).with_name("mail_hosts.yaml")
    return msgspec.yaml.decode(path.read_bytes(), type=tuple[MailHost, ...])
