"""SPF (RFC 7208): reading a record, evaluating it as a receiver does, and merging SES into it. Pure."""

from wizard.dns.spf.evaluate import LOOKUP_LIMIT, VOID_LIMIT, Lookup, SpfResult, Verdict, check_host
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
from wizard.dns.spf.tree import Cost, costs

__all__ = [
    "LOOKUP_LIMIT",
    "VOID_LIMIT",
    "Cost",
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
    "costs",
    "faults",
    "include_of",
    "intended",
    "is_spf",
    "merged",
    "parse",
]
