"""The records that SES needs to verify a domain and receivers need to trust its mail. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_SIGNING_ZONE = "dkim.amazonses.com"
"""Where SES keeps DKIM keys in most Regions. What GetEmailIdentity says goes before it."""

SES_SPF_INCLUDE = "amazonses.com"
"""The domain whose SPF record names SES's sending addresses."""

FEEDBACK_HOST = re.compile(r"feedback-smtp\.([a-z0-9-]+)\.amazonses\.com")
"""The mail servers that take SES's bounces, one in each Region."""


class RecordId(StrEnum):
    """The rows of the checklist, in its order."""

    DKIM1 = "dkim1"
    DKIM2 = "dkim2"
    DKIM3 = "dkim3"
    MAIL_FROM_MX = "mail_from_mx"
    MAIL_FROM_SPF = "mail_from_spf"
    SPF = "spf"
    DMARC = "dmarc"


@dataclass(frozen=True, slots=True)
class Record:
    """One record that should exist in the zone.

    ``name`` is the full name without a final dot, in A-label form. ``value`` is as a person would type it:
    for MX ``10 host``, for TXT the text without quotes; empty where only the owner of the text that exists
    can say what it should be. ``required`` says whether SES needs it.
    """

    id: RecordId
    name: str
    type: str
    value: str
    required: bool = True


def wanted_records(
    domain: str,
    *,
    tokens: tuple[str, ...],
    signing_zone: str = DEFAULT_SIGNING_ZONE,
    mail_from: str | None = None,
    region: str | None = None,
) -> tuple[Record, ...]:
    """The records for ``domain``: DKIM ×3, MAIL FROM MX and SPF, SPF at the domain, DMARC.

    ``tokens`` are the three of GetEmailIdentity, or empty where nothing says them. ``mail_from`` is the full
    MAIL FROM name; its MX needs ``region``. Values are those for an empty zone: SPF and DMARC are merged with
    the existing texts by the judging modules.
    """
    rows = [
        Record(record_id, f"{token}._domainkey.{domain}", "CNAME", f"{token}.{signing_zone}")
        for record_id, token in zip((RecordId.DKIM1, RecordId.DKIM2, RecordId.DKIM3), tokens, strict=False)
    ]
    spf = f"v=spf1 include:{SES_SPF_INCLUDE} ~all"
    if mail_from and region:
        rows.append(
            Record(RecordId.MAIL_FROM_MX, mail_from, "MX", f"10 feedback-smtp.{region}.amazonses.com")
        )
    if mail_from:
        rows.append(Record(RecordId.MAIL_FROM_SPF, mail_from, "TXT", spf))
    rows.append(Record(RecordId.SPF, domain, "TXT", spf, required=False))
    rows.append(Record(RecordId.DMARC, f"_dmarc.{domain}", "TXT", "v=DMARC1; p=none;", required=False))
    return tuple(rows)
