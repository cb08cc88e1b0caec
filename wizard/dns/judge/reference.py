"""Print the reference of finding codes: ``python -m wizard.dns.judge.reference > docs/findings.md``."""

from __future__ import annotations

from collections.abc import Iterator

import wizard.dns.judge.rows  # noqa: F401, its imports declare the codes
from wizard.dns.findings import Severity
from wizard.dns.judge.registry import ANY, CODES, DKIM, Code
from wizard.dns.records import RecordId

_HEAD = """# Finding codes

`ses-wizard check --json` reports these codes in `findings`, with a message, a fix and the evidence.

| severity | means |
|---|---|
| `blocks` | SES cannot verify the domain or cannot send as configured |
| `hurts` | delivery or DMARC suffers |
| `warns` | works now, but can fail or mislead |
| `info` | worth knowing |

"As the record" means `blocks` for the DKIM and MAIL FROM MX records, and `hurts` for the MAIL FROM SPF and
DMARC records. For SPF at the domain itself it means `hurts` without a MAIL FROM domain, `warns` with one.

<!-- Generated: python -m wizard.dns.judge.reference > docs/findings.md -->

| code | record | severity | reported when |
|---|---|---|---|
"""


def reference() -> str:
    """Return the reference as Markdown, sorted by record."""
    return _HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    def place(code: Code) -> tuple[int, list[int]]:
        order = list(RecordId)
        return (len(code.records) != len(ANY)) + (not code.records), [order.index(r) for r in code.records]

    for code in sorted(CODES.values(), key=place):
        severity = ", ".join("as the record" if one is None else f"`{one}`" for one in _ranked(code))
        yield f"| `{code.code}` | {_records(code)} | {severity} | {code.meaning.rstrip('.')} |\n"


def _ranked(code: Code) -> list[Severity | None]:
    order = (None, *Severity)
    return sorted(code.severities, key=order.index)


def _records(code: Code) -> str:
    if not code.records:
        return "zone"
    if code.records == ANY:
        return "any"
    others = [f"`{one}`" for one in code.records if one not in DKIM]
    return ", ".join((["`dkim1`–`dkim3`"] if set(DKIM) & set(code.records) else []) + others)


if __name__ == "__main__":
    print(reference(), end="")
