"""How the embedded SES verifies a domain: it asks the DNS for the records it told to publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from wizard.demo.aws.account import Account, Identity
from wizard.dns.resolve.access import Nameserver

SEARCH = timedelta(hours=72)
"""How long SES looks for records before it gives up."""
LOOKS_AGAIN = timedelta(days=1)
"""After how long what was found is looked for again; how often SES does is not documented."""

_TIMEOUT = 2.0
"""Seconds. The server is in this process: only a machine under load keeps it from answering at once."""


@dataclass(frozen=True)
class _Seen:
    """One answer: its values as text, or SES's word for what is wrong, and the SOA of a negative answer."""

    values: tuple[str, ...] = ()
    error: str | None = None
    soa: Any = None


def look(account: Account, identity: Identity, region: str) -> None:
    """Let SES look at the identity's records, if it is time, and move its statuses on."""
    now = account.now()
    if not identity.is_domain or _too_soon(account, identity, now):
        return
    before = identity.dkim_status, identity.mail_from_status
    if identity.verified and identity.looked_at and now - identity.looked_at > LOOKS_AGAIN:
        _look_again(account.dns, identity, now)
    if identity.dkim_status in ("NOT_STARTED", "PENDING"):
        _look_for_dkim(account.dns, identity, now)
    if identity.mail_from and identity.mail_from_status == "PENDING":
        _look_for_mail_from(account.dns, identity, region, now)
    if before != (identity.dkim_status, identity.mail_from_status):
        account.changed()


def _look_again(server: Nameserver, identity: Identity, now: datetime) -> None:
    """What was found before is found again; how SES deals with records that went away is not modelled."""
    wanted = f"{identity.tokens[0]}.{identity.signing_zone}."
    if _ask(server, f"{identity.tokens[0]}._domainkey.{identity.name}", "CNAME").values == (wanted,):
        identity.looked_at = identity.succeeded_at = now


def _too_soon(account: Account, identity: Identity, now: datetime) -> bool:
    last = identity.looked_at
    return last is not None and now - last < timedelta(seconds=account.pace.look)


def _look_for_dkim(server: Nameserver, identity: Identity, now: datetime) -> None:
    error, soa = None, None
    for token in identity.tokens:
        seen = _ask(server, f"{token}._domainkey.{identity.name}", "CNAME")
        error, soa = seen.error, seen.soa or soa
        if error is None and seen.values != (f"{token}.{identity.signing_zone}.",):
            error = "INVALID_VALUE"
        if error is not None:
            break
    identity.looked_at, identity.error = now, error
    identity.soa = _soa(soa or _ask(server, identity.name, "SOA").soa)
    if error is None:
        identity.dkim_status, identity.verified, identity.succeeded_at = "SUCCESS", True, now
    elif identity.dkim_since and now - identity.dkim_since > SEARCH:
        identity.dkim_status = "FAILED"
    else:
        identity.dkim_status = "PENDING"


def _look_for_mail_from(server: Nameserver, identity: Identity, region: str, now: datetime) -> None:
    seen = _ask(server, identity.mail_from or "", "MX")
    identity.looked_at = now
    if seen.values == (f"10 feedback-smtp.{region}.amazonses.com.",):
        identity.mail_from_status = "SUCCESS"
    elif identity.mail_from_since and now - identity.mail_from_since > SEARCH:
        identity.mail_from_status = "FAILED"


def _ask(server: Nameserver, name: str, rdtype: str) -> _Seen:
    """Ask for one record, as SES's resolver would. Every failure becomes a VerificationError of the API."""
    query = dns.message.make_query(name, rdtype)
    try:
        reply = dns.query.udp(query, server.address, timeout=_TIMEOUT, port=server.port)
        if reply.flags & dns.flags.TC:
            reply = dns.query.tcp(query, server.address, timeout=_TIMEOUT, port=server.port)
    except (OSError, dns.exception.DNSException):
        return _Seen(error="DNS_SERVER_ERROR")
    soa = next(
        (rrset[0] for rrset in (*reply.answer, *reply.authority) if rrset.rdtype == dns.rdatatype.SOA), None
    )
    if reply.rcode() == dns.rcode.NXDOMAIN:
        return _Seen(error="HOST_NOT_FOUND", soa=soa)
    if reply.rcode() != dns.rcode.NOERROR:
        return _Seen(error="DNS_SERVER_ERROR")
    wanted = dns.rdatatype.from_text(rdtype)
    values = tuple(
        rdata.to_text().lower() for rrset in reply.answer if rrset.rdtype == wanted for rdata in rrset
    )
    return _Seen(values, None if values else "TYPE_NOT_FOUND", soa)


def _soa(rdata: Any) -> dict[str, Any] | None:
    """A SOA record in SES's words."""
    if rdata is None:
        return None
    return {
        "PrimaryNameServer": rdata.mname.to_text(omit_final_dot=True),
        "AdminEmail": rdata.rname.to_text(omit_final_dot=True),
        "SerialNumber": rdata.serial,
    }
