"""Millions of addresses, each with a number, in a temporary SQLite database that spills to disk."""

from __future__ import annotations

import sqlite3


class AddressIndex:
    """A number (64 bits, signed) for each of many addresses."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._rows.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000;"
            "CREATE TABLE rows (address TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID; BEGIN"
        )
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def get(self, address: str) -> int | None:
        """The number of ``address``, or None if it has none."""
        found = self._rows.execute("SELECT number FROM rows WHERE address = ?", (address,)).fetchone()
        return found[0] if found else None

    def add(self, address: str, number: int) -> bool:
        """Give ``address`` a number. False if it has one already, which it keeps."""
        added = self._rows.execute("INSERT OR IGNORE INTO rows VALUES (?, ?)", (address, number)).rowcount
        self._count += added
        return bool(added)

    def replace(self, address: str, number: int) -> None:
        """Give ``address``, which has a number, another one."""
        self._rows.execute("UPDATE rows SET number = ? WHERE address = ?", (number, address))
