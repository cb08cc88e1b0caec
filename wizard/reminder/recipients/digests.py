"""Millions of texts remembered as digests: what a text was met with, without keeping the texts. Pure."""

from __future__ import annotations

from array import array
from hashlib import blake2b


def digest(text: str) -> int:
    """A number from 1 to 2⁶⁴−1 that stands for ``text`` (BLAKE2b)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") or 1


class DigestTable:
    """A number for each of many texts, in 32 to 64 bytes a text where a dict needs some 200.

    The texts themselves are not kept, only ``digest`` of each: two of them are taken for one with a chance of
    n²/2⁶⁵, one in ten million for two million texts. Open addressing with linear probing, at most half full.
    """

    def __init__(self, slots: int = 1024) -> None:
        """An empty one that has room for half of ``slots``, a power of two; it grows as it must."""
        self._used = 0
        self._keys = array("Q", bytes(8 * slots))
        self._values = array("Q", bytes(8 * slots))

    def __len__(self) -> int:
        return self._used

    def get(self, text: str) -> int | None:
        """The number of ``text``, or None where it has none."""
        slot, there = self._find(digest(text))
        return self._values[slot] if there else None

    def setdefault(self, text: str, number: int) -> int:
        """The number of ``text``, which becomes ``number`` (below 2⁶⁴) where it had none."""
        key = digest(text)
        slot, there = self._find(key)
        if there:
            return self._values[slot]
        self._keys[slot], self._values[slot] = key, number
        self._used += 1
        if 2 * self._used > len(self._keys):
            self._grow()
        return number

    def replace(self, text: str, number: int) -> None:
        """Give ``text`` another number. Raises KeyError where it has none."""
        slot, there = self._find(digest(text))
        if not there:
            raise KeyError(text)
        self._values[slot] = number

    def _find(self, key: int) -> tuple[int, bool]:
        """The slot where ``key`` stands, or would stand, and whether it does."""
        keys = self._keys
        last = len(keys) - 1
        slot = key & last
        while (found := keys[slot]) and found != key:
            slot = slot + 1 & last
        return slot, found == key

    def _grow(self) -> None:
        keys, values = self._keys, self._values
        self._keys = array("Q", bytes(16 * len(keys)))
        self._values = array("Q", bytes(16 * len(keys)))
        for key, value in zip(keys, values, strict=True):
            if key:
                slot, _ = self._find(key)
                self._keys[slot], self._values[slot] = key, value
