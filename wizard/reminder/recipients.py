"""Who gets mail: a CSV file or a few typed lines, read with every problem named by its line. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wizard.reminder.message import field_name, one_line
from wizard.text import printable

MAX_BYTES = 5_000_000
"""The largest file that is read."""
MAX_RECIPIENTS = 10_000
"""The most recipients: what one run of the Lambda and its two repeats can write to at SES's usual rates."""
MAX_VALUE = 1_000
"""The longest value of a field, in characters."""
MAX_PROBLEMS = 50
"""How many problems are named before reading stops."""

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+(?!\d+$){_LABEL}")


class AddressError(ValueError):
    """Text that is no e-mail address SES can write to; the message says why."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person: the address, and what else the file says, by column name."""

    email: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """All that a message can use: the values, and the address as ``email``."""
        return {**self.values, "email": self.email}


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong on one line of the file, counted from 1."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Recipients:
    """What was read. ``columns`` has ``email`` first. Lines with problems are not among the ``people``."""

    columns: tuple[str, ...]
    people: tuple[Recipient, ...]
    problems: tuple[LineProblem, ...] = ()

    def without(self, name: str) -> tuple[Recipient, ...]:
        """The people for whom the field ``name`` is empty."""
        return tuple(person for person in self.people if not person.fields.get(name))


def normal_address(text: str) -> str:
    """``text`` as the address SES wants: trimmed, the domain in lower case and in A-label form.

    Raises AddressError. The syntax is RFC 5321's dot-atom: no quoted local parts, no address literals.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or not domain:
        raise AddressError("it is not of the form name@example.com")
    if not local.isascii():
        raise AddressError("SES takes only plain letters before the @")
    if len(local) > 64 or not _LOCAL.fullmatch(local):
        raise AddressError("what stands before the @ is not allowed there")
    host = domain.lower() if domain.isascii() else _a_label(domain)
    if not _DOMAIN.fullmatch(host):
        raise AddressError("what stands after the @ is no domain")
    if len(local) + 1 + len(host) > 254:
        raise AddressError("it is longer than 254 characters")
    return f"{local}@{host}"


def covering_identities(address: str) -> frozenset[str]:
    """The names of the SES identities that would cover ``address``: itself, its domain, those above."""
    labels = address.lower().rpartition("@")[2].split(".")
    return frozenset({address.lower(), *(".".join(labels[start:]) for start in range(len(labels) - 1))})


def parse_csv(raw: bytes) -> Recipients:
    """The recipients in the bytes of a CSV file.

    The first line names the columns, one of them ``email``. UTF-8 (with or without BOM) or UTF-16 with BOM;
    separated by commas, semicolons or tabs, whichever the first line has most of.
    """
    if len(raw) > MAX_BYTES:
        return _unreadable(1, f"the file is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return _unreadable(line, "it is not in UTF-8: save the file again as “CSV UTF-8”")
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    line, titles, problem = next(rows, (1, [], "the file is empty"))
    if problem:
        return _unreadable(line, problem)
    columns = ["email" if (name := field_name(title)) == "e_mail" else name for title in titles]
    if problem := _header_problem(titles, columns):
        return _unreadable(line, problem)
    return _collected(tuple(name for name in columns if name), rows)


def parse_lines(text: str) -> Recipients:
    """The recipients typed one a line: ``ana@example.com, Ana`` or ``Ana <ana@example.com>``."""
    rows: list[tuple[int, list[str], str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if named := re.fullmatch(r"\s*([^<>]*)<([^<>]*)>\s*", line):
            rows.append((number, [named[2], named[1].strip().strip('"')], ""))
        elif apart := re.fullmatch(r"\s*([^\s,;]+@[^\s,;]+)[\s;]+([^\s@;][^@]*)", line):
            address, name = (printable(part.strip(), 100) for part in apart.groups())
            problem = f"a comma is missing before the name: {address}, {name}"
            rows.append((number, [], problem))
        elif line.strip():
            email, _, name = line.partition(",")
            rows.append((number, [email, name], ""))
    return _collected(("email", "name"), rows)


def to_csv(recipients: Recipients) -> str:
    """``recipients`` as a CSV file that parse_csv reads back."""
    columns = ("email", *(name for name in recipients.columns if name != "email"))
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([person.fields.get(name, "") for name in columns] for person in recipients.people)
    return file.getvalue()


def _a_label(domain: str) -> str:
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise AddressError("what stands after the @ is no domain") from error


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str], str]]:
    """Rows that hold anything, as (first line, cells, problem)."""
    lines = 0
    while True:
        first = lines + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield first, [], f"it cannot be read from here on ({error})"
            return
        lines = reader.line_num  # type: ignore[attr-defined]
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


def _collected(columns: tuple[str, ...], rows: Iterable[tuple[int, list[str], str]]) -> Recipients:
    """The people in ``rows``, whose cells stand in the order of ``columns``."""
    people: dict[str, tuple[int, Recipient]] = {}
    problems: list[LineProblem] = []
    for line, cells, problem in rows:
        if len(problems) == MAX_PROBLEMS:
            problems.append(LineProblem(line, "more problems follow; they are not listed"))
            break
        if len(people) == MAX_RECIPIENTS:
            problems.append(LineProblem(line, f"more than {MAX_RECIPIENTS:,} recipients"))
            break
        values = dict(zip(columns, map(one_line, cells), strict=False))
        problem = problem or _cells_problem(columns, cells)
        try:
            email = "" if problem else normal_address(values.pop("email", ""))
        except AddressError as error:
            problem = f"the address is not valid: {error}"
        else:
            before = people.get(email.lower())
            if before:
                problem = f"the address stands on line {before[0]} already"
        if problem:
            problems.append(LineProblem(line, problem))
        else:
            people[email.lower()] = (line, Recipient(email, values))
    ordered = ("email", *(name for name in columns if name != "email"))
    return Recipients(ordered, tuple(person for _, person in people.values()), tuple(problems))


def _cells_problem(columns: Sequence[str], cells: Sequence[str]) -> str:
    extra = [cell for cell in cells[len(columns) :] if cell.strip()]
    if extra:
        return f"it has more values than the {len(columns)} columns of the first line"
    long = next((name for name, cell in zip(columns, cells, strict=False) if len(cell) > MAX_VALUE), None)
    return f"{long} is longer than {MAX_VALUE:,} characters" if long else ""


def _unreadable(line: int, words: str) -> Recipients:
    return Recipients(("email",), (), (LineProblem(line, words),))
