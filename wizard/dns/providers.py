"""Who hosts a zone, and in which form that panel wants a record typed. Pure; the table is providers.yaml."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path

from wizard.dns.findings import Entry
from wizard.dns.records import Record

_TABLE = Path(__file__).with_name("providers.yaml")


class HostStyle(StrEnum):
    """What a panel wants in its host field. UNKNOWN: show both forms."""

    RELATIVE = "relative"
    """The name without the zone; the panel appends that."""
    FULL = "full"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Provider:
    """A DNS host and the habits of its panel.

    ``apex`` is how the zone itself is written in a relative host field: ``@``, or empty where the field is
    left empty. ``final_dot``: targets need one. ``quotes``: TXT values are typed in quotes (None: not known).
    ``panel`` is a URL, ``traps`` are sentences, ``mx_traps`` those about MX records alone. ``writable`` says
    how the wizard can write there: ``aws``, ``token`` or, mostly, not at all.
    """

    key: str
    name: str
    nameservers: tuple[str, ...]
    host: HostStyle = HostStyle.UNKNOWN
    apex: str = "@"
    final_dot: bool = False
    quotes: bool | None = None
    panel: str = ""
    traps: tuple[str, ...] = ()
    mx_traps: tuple[str, ...] = ()
    writable: str = ""


@cache
def providers() -> tuple[Provider, ...]:
    """All providers of the table, in its order."""
    import msgspec

    rows: tuple[Provider, ...] = msgspec.yaml.decode(
        _TABLE.read_bytes(), type=tuple[Provider, ...], strict=True
    )
    return rows


def recognise(nameservers: Iterable[str]) -> Provider | None:
    """The provider most of ``nameservers`` belong to, or None. Between two, the closer pattern decides."""
    return _recognised(tuple(name.lower().rstrip(".") for name in nameservers))


@lru_cache(maxsize=1024)
def _recognised(names: tuple[str, ...]) -> Provider | None:
    def closeness(provider: Provider) -> tuple[int, int]:
        matches = [
            (name, pattern)
            for name in names
            for pattern in provider.nameservers
            if fnmatchcase(name, pattern)
        ]
        return len({name for name, _ in matches}), max((len(pattern) for _, pattern in matches), default=0)

    best = max(providers(), key=closeness)
    return best if closeness(best) > (0, 0) else None


def relative_host(name: str, zone_apex: str, apex: str = "@") -> str:
    """``name`` as seen from the zone; ``apex`` for the zone itself, the whole name outside of it."""
    if name == zone_apex:
        return apex
    return name.removesuffix(f".{zone_apex}")


def hosts(name: str, zone_apex: str, provider: Provider | None) -> tuple[str, ...]:
    """What to type as host: one form, or relative and full where the panel's habit is not known."""
    style = provider.host if provider else HostStyle.UNKNOWN
    relative = relative_host(name, zone_apex, provider.apex if provider else "@")
    if style is HostStyle.RELATIVE:
        return (relative,)
    return (name,) if style is HostStyle.FULL else (relative, name)


def entry(record: Record, zone_apex: str, provider: Provider | None) -> Entry:
    """``record`` as it is typed into the provider's panel.

    Where the panel's habit is not known the host is relative (see ``hosts`` for both forms), a target has no
    final dot and a text no quotes. An empty host means that the field is left empty.
    """
    host = hosts(record.name, zone_apex, provider)[0]
    dot = "." if provider and provider.final_dot else ""
    if record.type == "MX":
        priority, _, exchange = record.value.partition(" ")
        return Entry(host, record.type, exchange + dot, priority)
    if record.type == "CNAME":
        return Entry(host, record.type, record.value + dot)
    quoted = provider is not None and provider.quotes is True and record.value != ""
    return Entry(host, record.type, f'"{record.value}"' if quoted else record.value)
