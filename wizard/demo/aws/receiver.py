"""The server that the demo's mail arrives at: it looks into the DNS, and writes what it finds on the mail.

SPF, the DKIM key and DMARC are asked for as every receiver asks. The one thing that cannot be checked is the
arithmetic of a signature: nothing is signed here, so one passes where its key is found and can be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr

import dns.exception
import dns.flags
import dns.message
import dns.query

from wizard.demo.aws.account import Account, Identity
from wizard.demo.zones import SES_SELECTOR, SES_ZONE
from wizard.dns import dkim, dmarc, replies, spf
from wizard.dns.seen import Answer, Question, Rcode, Txt
from wizard.steps.domain_name import organizational

NAME = "mx.inbox.example"
"""What the server calls itself (its authserv-id, RFC 8601 §2.5)."""
SES_SERVER = "a8-31.smtp-out.amazonses.com"
SES_ADDRESS = "54.240.8.31"
"""Where SES sends from: one of the addresses in its SPF record."""

_TIMEOUT = 2.0
"""Seconds. The server is in this process: only a machine under load keeps it from answering at once."""


@dataclass(frozen=True)
class Receiver:
    """Checks the mail of one request: all of it has the same sender and the same MAIL FROM domain.

    ``identity`` is the one it was sent with; SES signs with its keys once it has found their records.
    """

    account: Account
    identity: Identity | None
    sender: str
    envelope: str

    def results(self) -> str:
        """The value of the Authentication-Results header (RFC 8601)."""
        spf_result, signatures = self._spf(), tuple(self._signatures())
        author = parseaddr(self.sender)[1].rpartition("@")[2].lower()
        passed = [domain for domain, result in signatures if result.startswith("pass")]
        return "; ".join(
            [
                NAME,
                *(f"dkim={result} header.d={domain}" for domain, result in signatures),
                f"spf={spf_result} (from {SES_ADDRESS}) smtp.mailfrom={self.envelope}",
                f"dmarc={self._dmarc(author, spf_result == 'pass', passed)} header.from={author}",
            ]
        )

    def received(self, recipient: str) -> str:
        """The value of the Received header (RFC 5321 §4.4)."""
        at = format_datetime(self.account.now())
        return (
            f"from {SES_SERVER} ({SES_SERVER} [{SES_ADDRESS}]) by {NAME} with ESMTPS for <{recipient}>; {at}"
        )

    def _spf(self) -> str:
        checking = spf.check_host(SES_ADDRESS, f"bounce@{self.envelope}", SES_SERVER, self._ask)
        return asyncio.run(checking).result.value

    def _signatures(self) -> Iterator[tuple[str, str]]:
        """Each signature's domain, and what becomes of it: the identity's own, then SES's."""
        identity = self.identity
        if identity and identity.is_domain and identity.signing_enabled and identity.dkim_status == "SUCCESS":
            yield identity.name, self._signature(f"{identity.tokens[0]}._domainkey.{identity.name}")
        yield SES_ZONE, self._signature(f"{SES_SELECTOR}._domainkey.{SES_ZONE}")

    def _signature(self, name: str) -> str:
        texts = self._texts(name)
        if texts is None:
            return "temperror (no answer for the key)"
        try:
            usable = [key for key in map(dkim.parse_key, texts) if not key.revoked]
        except dkim.DkimError:
            usable = []
        return "pass" if usable else "permerror (no key for signature)"

    def _dmarc(self, author: str, spf_passed: bool, signers: list[str]) -> str:
        """The result for ``author`` (RFC 9989): its own record, or one above it."""
        found = {name: self._texts(name) or () for name in dmarc.walk(author)}
        own = [text for text in found[f"_dmarc.{author}"] if dmarc.is_dmarc(text)]
        if len(own) > 1:
            return "permerror (several records)"
        above = dmarc.inherited(found, author)
        record = dmarc.parse(own[0]) if own else above[1] if above else None
        if record is None:
            return "none (no record)"
        counts = (spf_passed and _aligned(self.envelope, author, record.tag("aspf"))) or any(
            _aligned(signer, author, record.tag("adkim")) for signer in signers
        )
        return f"{'pass' if counts else 'fail'} (p={(record.policy() or 'none').upper()})"

    def _texts(self, name: str) -> tuple[str, ...] | None:
        """The TXT records of a name; None where nobody answers."""
        answer = asyncio.run(self._ask(Question(name, "TXT")))
        if answer.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            return None
        return tuple(rdata.text for rdata in answer.rdatas if isinstance(rdata, Txt))

    async def _ask(self, question: Question) -> Answer:
        """Ask the embedded DNS; it is in this process, so nothing else waits meanwhile."""
        server, query = self.account.dns, dns.message.make_query(question.name, question.type)
        try:
            reply = dns.query.udp(query, server.address, timeout=_TIMEOUT, port=server.port)
            if reply.flags & dns.flags.TC:
                reply = dns.query.tcp(query, server.address, timeout=_TIMEOUT, port=server.port)
        except (OSError, dns.exception.DNSException):
            return Answer(question, Rcode.NO_ANSWER)
        return replies.merged(question, {server.address: replies.read(reply, question, recursive=True)})


def _aligned(domain: str, author: str, mode: str | None) -> bool:
    """Whether ``domain`` aligns with ``author``: strict is the same, relaxed the same organization."""
    if (mode or "r").lower() == "s":
        return domain == author
    return organizational(domain) == organizational(author)
