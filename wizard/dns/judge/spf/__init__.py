"""SPF (RFC 7208): reading a record, counting its DNS lookups, and merging SES into it. Pure."""

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
from wizard.dns.judge.spf.tree import LOOKUP_LIMIT, VOID_LIMIT, Cost, costs

__all__ = [
    "LOOKUP_LIMIT",
    "MOST_FAULTS",
    "VOID_LIMIT",
    "Cost",
    "Include",
    "Mechanism",
    "Modifier",
    "Qualifier",
    "Reading",
    "SpfError",
    "SpfRecord",
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
