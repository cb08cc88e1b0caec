"""SPF (RFC 7208): reading a record, evaluating it as a receiver does, and merging SES into it. Pure."""

from wizard.dns.judge.spf.evaluate import LOOKUP_LIMIT, VOID_LIMIT, Lookup, SpfResult, Verdict, check_host
from wizard.dns.judge.spf.merge import Include, include_of, merged, without
from wizard.dns.judge.spf.parse import (
    MOST_FAULTS,
    Mechanism,
    Modifier,
    Qualifier,
    SpfError,
    SpfRecord,
    faults,
    intended,
    is_spf,
    parse,
    words,
)
from wizard.dns.judge.spf.repair import Reading, name_of, read, sound
from wizard.dns.judge.spf.tree import Cost, costs

__all__ = [
    "LOOKUP_LIMIT",
    "MOST_FAULTS",
    "VOID_LIMIT",
    "Cost",
    "Include",
    "Lookup",
    "Mechanism",
    "Modifier",
    "Qualifier",
    "Reading",
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
    "name_of",
    "parse",
    "read",
    "sound",
    "without",
    "words",
]
