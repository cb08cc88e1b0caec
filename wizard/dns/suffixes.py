"""The public suffix list, as shipped with its package: the names below which domains are registered."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_READING = Lock()
"""It takes 50 ms, and several threads want it at once when the wizard starts: one reads, the others wait."""


def public_suffixes() -> PublicSuffixList:
    """The whole list: also names below which companies give names away."""
    with _READING:
        return _read(only_icann=False)


def registry_suffixes() -> PublicSuffixList:
    """The list's ICANN part: where registries sell names."""
    with _READING:
        return _read(only_icann=True)


@cache
def _read(*, only_icann: bool) -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=only_icann)
