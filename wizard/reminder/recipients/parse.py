"""Recipients from a CSV file of any length or from typed lines, with every problem by its line. Pure.

A file is never held in memory: ``read`` and ``people`` go through it line by line, each time from its
beginning. Duplicates are found in an ``AddressIndex``.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from wizard.addresses import AddressError, normal_address
from wizard.reminder.message.fields import field_name, one_line
from wizard.reminder.recipients.index import AddressIndex
from wizard.text import printable

MAX_BYTES = 1_000_000_000
"""The largest file that is read."""
MAX_RECIPIENTS = 2_000_000
"""The most recipients of a file."""
MAX_TYPED = 10_000
"""The most recipients that are typed; more belong into a file."""
MAX_VALUE = 1_000
"""The longest value of a field, in characters."""
MAX_ROW = 90_000
"""The longest row, in characters: in four bytes each they still fit into an item of DynamoDB (400 KB)."""
MAX_PROBLEMS = 50
"""How many problems are named before reading stops."""
SAMPLE = 100
"""How many recipients are given as examples."""
TYPED = ("email", "name")
"""The columns of what is typed."""

_UNDECODED = "\ufffd"
"""In decoded text, replaces bytes that are not in its encoding."""
_WATCHED = 2_000
"""Rows after which a ``Watch`` is called."""

Watch = Callable[[int], None]
"""Called now and then with the bytes read so far. An exception raised by it ends the reading."""


def unwatched(_: int) -> None:
    """The ``Watch`` that does nothing."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient: the address, and the other values by column name."""

    email: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """The values that a message can use, with the address as ``email``."""
        return {**self.values, "email": self.email}


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong on one line of the file, counted from 1."""

    line: int
    words: str


class LineError(ValueError):
    """A line with the ``problem``, found by a caller that needs every line to be valid."""

    def __init__(self, problem: LineProblem) -> None:
        super().__init__(f"Line {problem.line}: {problem.words}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Recipients:
    """A summary: ``count`` recipients, the first SAMPLE of them as ``sample``.

    ``columns`` has ``email`` first. ``blank`` is how many recipients have an empty column, by column. Lines
    with ``problems`` are not counted as recipients.
    """

    columns: tuple[str, ...]
    count: int = 0
    sample: tuple[Recipient, ...] = ()
    blank: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[LineProblem, ...] = ()


_Row = tuple[int, Sequence[str], str]
"""The number of a row's first line, its cells, and what keeps it from being read, or nothing."""


def read(file: BinaryIO, watch: Watch = unwatched) -> Recipients:
    """Summarise the CSV ``file``, with everything that is wrong in it.

    The first line names the columns, one of them ``email``. UTF-8 (with or without BOM) or UTF-16 with BOM;
    separated by commas, semicolons or tabs, whichever the first line has most of.
    """
    table = _table(file, watch)
    if isinstance(table, LineProblem):
        return Recipients(("email",), problems=(table,))
    return _collected(*table, MAX_RECIPIENTS)


def people(file: BinaryIO, watch: Watch = unwatched) -> Iterator[Recipient]:
    """The recipients in the CSV ``file``, one after the other.

    Raises LineError at the first line that ``read`` would report.
    """
    table = _table(file, watch)
    if isinstance(table, LineProblem):
        raise LineError(table)
    for entry in _entries(*table, MAX_RECIPIENTS):
        if isinstance(entry, LineProblem):
            raise LineError(entry)
        yield entry


def parse_lines(text: str) -> Recipients:
    """The recipients typed one a line: ``ana@example.com, Ana`` or ``Ana <ana@example.com>``."""
    return _collected(TYPED, _typed(text), MAX_TYPED)


def lines_to_csv(text: str) -> str:
    """Typed lines without problems as a CSV file."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(TYPED)
    for entry in _entries(TYPED, _typed(text), MAX_TYPED):
        if isinstance(entry, Recipient):
            writer.writerow([entry.fields.get(name, "") for name in TYPED])
    return file.getvalue()


def _typed(text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.splitlines(), start=1):
        if named := re.fullmatch(r"\s*([^<>]*)<([^<>]*)>\s*", line):
            yield number, [named[2], named[1].strip().strip('"')], ""
        elif apart := re.fullmatch(r"\s*([^\s,;]+@[^\s,;]+)[\s;]+([^\s@;][^@]*)", line):
            address, name = (printable(part.strip(), 100) for part in apart.groups())
            yield number, [], f"a comma is missing before the name: {address}, {name}"
        elif line.strip():
            email, _, name = line.partition(",")
            two = "two addresses on one line: write each on its own line" if "@" in name else ""
            yield number, [email, name], two


class _Lines:
    """The lines of a CSV file from its beginning, with their ends. Raises LineError if one cannot be read."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        encoding = "utf-16" if file.read(2) in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        file.seek(0)
        self._text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
        self._number = 0
        self.begin_row()

    def begin_row(self) -> None:
        """The next line begins a row. An unclosed quotation mark joins all following lines to one row."""
        self._first, self._in_row = self._number + 1, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_ROW + 1)
        self._number += 1
        self._in_row += len(line)
        if not line:
            raise StopIteration
        if _UNDECODED in line:
            words = "it is not in UTF-8: save the file again as “CSV UTF-8”"
            raise LineError(LineProblem(self._number, words))
        if self._in_row > MAX_ROW:
            words = f"more than {MAX_ROW:,} characters in a row: is a quotation mark not closed?"
            raise LineError(LineProblem(self._first, words))
        return line

    def __del__(self) -> None:
        # A TextIOWrapper closes its file when it is deleted, but the file belongs to the caller.
        with suppress(ValueError):
            self._text.detach()


def _table(file: BinaryIO, watch: Watch) -> tuple[tuple[str, ...], Iterator[_Row]] | LineProblem:
    """The columns, and the rows below the first line; or why there are none."""
    if file.seek(0, os.SEEK_END) > MAX_BYTES:
        return LineProblem(1, f"the file is larger than {MAX_BYTES // 1_000_000_000} GB")
    try:
        header = next(_Lines(file), "")
    except LineError as error:
        return error.problem
    rows = _watched(_rows(_Lines(file), delimiter=max(",;\t", key=header.count)), file, watch)
    line, titles, problem = next(rows, (1, [], "the file is empty"))
    columns = ["email" if (name := field_name(title)) == "e_mail" else name for title in titles]
    if problem := problem or _header_problem(titles, columns):
        return LineProblem(line, problem)
    return tuple(name for name in columns if name), rows


def _watched(rows: Iterator[_Row], file: BinaryIO, watch: Watch) -> Iterator[_Row]:
    for number, row in enumerate(rows):
        if number % _WATCHED == 0:
            watch(file.tell())
        yield row


def _rows(lines: _Lines, delimiter: str) -> Iterator[_Row]:
    """The rows that are not empty. The last one has a problem if reading cannot go on."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = reader.line_num + 1
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except LineError as error:
            yield error.problem.line, [], error.problem.words
            return
        except csv.Error as error:
            yield first, [], f"it cannot be read from here on ({error})"
            return
        if any(cell.strip() for cell in cells):
            yield first, cells, ""


def _header_problem(titles: Sequence[str], columns: Sequence[str | None]) -> str:
    """What is wrong with the first line, or nothing."""
    if "email" not in columns:
        if any("@" in title for title in titles):
            return "the first line must name the columns, such as: email,name"
        return "no column is called email"
    for title, name in zip(titles, columns, strict=True):
        if name is None:
            shown = printable(title.strip(), 40) or "without a title"
            return f"the column {shown} needs a name of letters, digits and underscores"
        if columns.count(name) > 1:
            return f"two columns are called {name}"
    return ""


def _collected(columns: tuple[str, ...], rows: Iterable[_Row], limit: int) -> Recipients:
    """Summarise ``rows``, whose cells are in the order of ``columns``."""
    count = 0
    sample: list[Recipient] = []
    blank: Counter[str] = Counter()
    problems: list[LineProblem] = []
    for entry in _entries(columns, rows, limit):
        if isinstance(entry, Recipient):
            count += 1
            blank.update(name for name in columns if name != "email" and not entry.values.get(name))
            if len(sample) < SAMPLE:
                sample.append(entry)
        elif len(problems) == MAX_PROBLEMS:
            problems.append(LineProblem(entry.line, "more problems follow; they are not listed"))
            break
        else:
            problems.append(entry)
    ordered = ("email", *(name for name in columns if name != "email"))
    return Recipients(ordered, count, tuple(sample), dict(blank), tuple(problems))


def _entries(columns: Sequence[str], rows: Iterable[_Row], limit: int) -> Iterator[Recipient | LineProblem]:
    """Each row as a recipient, or what is wrong with it; ``limit`` recipients at most."""
    lines = AddressIndex()
    for line, cells, problem in rows:
        if len(lines) == limit:
            yield LineProblem(line, f"more than {limit:,} recipients")
            return
        entry = LineProblem(line, problem) if problem else _entry(columns, line, cells)
        if isinstance(entry, Recipient) and not lines.add(entry.email.lower(), line):
            entry = LineProblem(line, f"the address is already on line {lines.get(entry.email.lower())}")
        yield entry


def _entry(columns: Sequence[str], line: int, cells: Sequence[str]) -> Recipient | LineProblem:
    if problem := _cells_problem(columns, cells):
        return LineProblem(line, problem)
    values = dict(zip(columns, map(_value, cells), strict=False))
    try:
        email = normal_address(values.pop("email", ""))
    except AddressError as error:
        return LineProblem(line, f"the address is not valid: {error}")
    return Recipient(email, values)


def _value(cell: str) -> str:
    """``one_line`` of a cell, called only if there is something to remove."""
    line = " ".join(cell.split())
    return line if line.isprintable() else one_line(line)


def _cells_problem(columns: Sequence[str], cells: Sequence[str]) -> str:
    if any(cell.strip() for cell in cells[len(columns) :]):
        return f"it has more values than the {len(columns)} columns of the first line"
    if len(max(cells, key=len)) > MAX_VALUE:
        name = next(name for name, cell in zip(columns, cells, strict=False) if len(cell) > MAX_VALUE)
        return f"{name} is longer than {MAX_VALUE:,} characters"
    return ""
