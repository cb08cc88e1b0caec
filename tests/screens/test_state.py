"""The state and the small pure parts of the screens."""

from __future__ import annotations

from screens.widgets.columns import wrapped


def test_last_column_wraps_beside_the_others() -> None:
    rows = [("a", "long", "one two three four five six"), ("bcd", "x", "")]
    lines = [line.plain.rstrip() for line in wrapped(rows, 31)]
    assert lines == ["a    long  one two three four", "           five six", "bcd  x"]
