"""The public suffix list is large: it is read once, whoever asks and however many at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import publicsuffixlist
import pytest

from wizard.dns import suffixes


def test_threads_that_want_it_at_once_read_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, together = [], Barrier(4)

    class Counted(publicsuffixlist.PublicSuffixList):
        def __init__(self, *, only_icann: bool) -> None:
            read.append(only_icann)
            super().__init__(only_icann=only_icann)

    def ask() -> object:
        together.wait(10)
        return suffixes.registry_suffixes()

    monkeypatch.setattr(publicsuffixlist, "PublicSuffixList", Counted)
    suffixes._read.cache_clear()
    try:
        with ThreadPoolExecutor(4) as threads:
            lists = list(threads.map(lambda _: ask(), range(4)))
    finally:
        suffixes._read.cache_clear()
    assert read == [True]
    assert len(set(map(id, lists))) == 1


def test_what_companies_lend_is_in_the_whole_list_alone() -> None:
    assert suffixes.public_suffixes().publicsuffix("mine.github.io") == "github.io"
    assert suffixes.registry_suffixes().publicsuffix("mine.github.io") == "io"
