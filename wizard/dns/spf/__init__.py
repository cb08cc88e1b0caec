"""SPF (RFC 7208): reading a record, evaluating it as a receiver does, and merging SES into it. Pure."""

from wizard.dns.spf.evaluate import Lookup, SpfResult, Verdict, check_host
from wizard.dns.spf.merge import Include, include_of, merged
from wizard.dns.spf.parse import (
    Mechanism,
    Modifier,
    Qualifier,
    SpfError,
    SpfRecord,
    faults,
    intended,
    is_spf,
    parse,
)

__all__ = [
    "Include",
    "Lookup",
    "Mechanism",
    "Modifier",
    "Qualifier",
    "SpfError",
    "SpfRecord",
    "SpfResult",
    "Verdict",
    "check_host",
    "faults",
    "include_of",
    "intended",
    "is_spf",
    "merged",
    "parse",
]
