"""Recipients from CSV files and typed lines: what is accepted, and every problem by its line."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.addresses import AddressError, normal_address
from wizard.reminder.message.fields import one_line
from wizard.reminder.recipients import parse as recipients
from wizard.reminder.recipients.index import AddressIndex
from wizard.reminder.recipients.parse import (
    MAX_ROW,
    LineError,
    Recipient,
    Recipients,
    lines_to_csv,
    parse_lines,
)
from wizard.reminder.recipients.reach import covering_identities


def read(raw: bytes) -> Recipients:
    return recipients.read(io.BytesIO(raw))


def people(raw: bytes) -> tuple[Recipient, ...]:
    return tuple(recipients.people(io.BytesIO(raw)))


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Ana@Example.COM ", "Ana@example.com"),
        ("a.b+c@mail.example.com", "a.b+c@mail.example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@Bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_addresses_in_the_form_ses_wants(typed: str, address: str) -> None:
    assert normal_address(typed) == address


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "expected name@example.com"),
        ("ana", "expected name@example.com"),
        ("@example.com", "expected name@example.com"),
        ("ana@", "expected name@example.com"),
        ("ána@example.com", "ASCII"),
        ("a..b@example.com", "before the @"),
        (".a@example.com", "before the @"),
        ("a b@example.com", "before the @"),
        ("a@b@example.com", "before the @"),
        ("x" * 65 + "@example.com", "before the @"),
        ("ana@localhost", "not a domain name"),
        ("ana@-x.example", "not a domain name"),
        ("ana@exa mple.com", "not a domain name"),
        ("ana@192.0.2.1", "not a domain name"),
        ("ana@[192.0.2.1]", "not a domain name"),
        ("ana@ü..example", "not a domain name"),
        ("ana@example.com\r\nBcc: x@y.z", "before the @"),
        ("a" * 12 + "@" + ".".join(["x" * 60] * 4) + ".example", "254"),
    ],
)
def test_what_is_no_address_says_why(typed: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        normal_address(typed)


PEOPLE = (Recipient("ana@example.com", {"name": "Ana"}), Recipient("bo@example.com", {"name": "Bo, jr."}))


@pytest.mark.parametrize(
    "raw",
    [
        b'email,name\nana@example.com,Ana\nbo@example.com,"Bo, jr."\n',
        b'\xef\xbb\xbfE-Mail;Name\r\nana@example.com;Ana\r\n\r\nbo@example.com;"Bo, jr."\r\n',
        b"Name\tEmail\nAna\tana@example.com\t\n Bo, jr. \tbo@example.com",
        'email,name\nana@example.com,Ana\nbo@example.com,"Bo, jr."\n'.encode("utf-16"),
    ],
)
def test_a_file_is_read_as_spreadsheets_write_it(raw: bytes) -> None:
    assert read(raw) == Recipients(("email", "name"), 2, PEOPLE)
    assert people(raw) == PEOPLE


def test_values_are_one_line_and_may_be_empty() -> None:
    found = read(b'email,name,city\na@example.com,"Ana\nMaria",\nb@example.com\n')
    assert found.sample[0].fields == {"email": "a@example.com", "name": "Ana Maria", "city": ""}
    assert found.blank == {"city": 2, "name": 1}


def test_opt_outs_are_a_column_like_any_other() -> None:
    found = read(b"Opted-Out;E-Mail\nyes;a@example.com\n")
    assert found.columns == ("email", "opted_out")
    assert found.sample[0].values == {"opted_out": "yes"}


@pytest.mark.parametrize(
    ("raw", "line", "said"),
    [
        (b"", 1, "the file is empty"),
        (b"\n\n", 1, "the file is empty"),
        (b"name\nAna\n", 1, "no column is called email"),
        (b"ana@example.com,Ana\n", 1, "the first line must name the columns"),
        (b"email,,name\n", 1, "the column without a title"),
        ("email,Straße\n".encode(), 1, "the column Straße needs a name"),
        (b"email,Name,name\n", 1, "two columns are called name"),
        (b"email,\x1b[31m\n", 1, "the column \\x1b[31m needs a name"),
        (b"email\na@example.com\nana\n", 3, "the address is not valid: expected"),
        (b'email,note\na@example.com,"x\ny"\n,z\n', 4, "the address is not valid"),
        (b"email\na@example.com\n\nA@EXAMPLE.com\n", 4, "is already on line 2"),
        (b"email,name\na@example.com,A,B\n", 2, "more values than the 2 columns"),
        (b"email,name\na@example.com," + b"x" * 1001, 2, "name is longer than 1,000"),
        (b'email,name\na@example.com,"x\n', 2, "it cannot be read from here on"),
        (b'email,note\na@example.com,"' + b"x\n" * MAX_ROW, 2, "a quotation mark not closed?"),
        (b"email\n" + b"x" * 2 * MAX_ROW, 2, "a quotation mark not closed?"),
        (b"email,name\na@example.com,A\nb@example.com,\xfc\n", 3, "not in UTF-8"),
        ("email\nana@example.com\n".encode("utf-16") + b"x", 3, "not in UTF-8"),
    ],
)
def test_a_problem_is_named_by_its_line(raw: bytes, line: int, said: str) -> None:
    problems = read(raw).problems
    assert [(problem.line, said in problem.words) for problem in problems] == [(line, True)]
    with pytest.raises(LineError) as caught:
        people(raw)
    assert caught.value.problem == problems[0]
    assert str(caught.value).startswith(f"Line {line}: ")


def test_a_line_with_a_problem_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(b"email\nx\na@example.com\ny\nb@example.com\na@example.com\n")
    assert [person.email for person in found.sample] == ["a@example.com", "b@example.com"]
    assert [problem.line for problem in found.problems] == [2, 4, 6]
    assert found.count == 2
    monkeypatch.setattr(recipients, "MAX_PROBLEMS", 1)
    assert [problem.line for problem in read(b"email\nx\ny\nz\n").problems] == [2, 3]


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "MAX_RECIPIENTS", 1)
    monkeypatch.setattr(recipients, "MAX_TYPED", 1)
    two = b"email\na@example.com\nb@example.com\n"
    (problem,) = read(two).problems
    assert (problem.line, problem.words) == (3, "more than 1 recipients")
    assert [problem.line for problem in parse_lines("a@example.com\nb@example.com").problems] == [2]
    monkeypatch.setattr(recipients, "MAX_BYTES", len(two) - 1)
    assert [(problem.line, "larger than" in problem.words) for problem in read(two).problems] == [(1, True)]


def test_a_long_file_is_never_held_in_memory() -> None:
    rows = b"".join(b"p%d@example.com,%0900d\n" % (number, number) for number in range(5_000))
    file = io.BytesIO(b"email,name\n" + rows)
    tracemalloc.start()
    found = recipients.read(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.count, len(found.sample), found.problems) == (5_000, recipients.SAMPLE, ())
    assert peak < len(rows) / 4


def test_a_file_stays_open_and_can_be_read_again() -> None:
    file = io.BytesIO(b"email\na@example.com\n")
    assert recipients.read(file) == recipients.read(file)
    assert next(recipients.people(file)).email == "a@example.com"
    assert not file.closed


def test_typed_lines() -> None:
    found = parse_lines('ana@example.com, Ana\n\nBo <bo@example.com>\n"Cy, jr." <cy@example.com>\nd\n')
    assert [(person.email, person.values) for person in found.sample] == [
        ("ana@example.com", {"name": "Ana"}),
        ("bo@example.com", {"name": "Bo"}),
        ("cy@example.com", {"name": "Cy, jr."}),
    ]
    assert [problem.line for problem in found.problems] == [5]


@pytest.mark.parametrize("typed", ["zoe@web.de Zoe B.", "  zoe@web.de\tZoe B.  ", "zoe@web.de; Zoe B."])
def test_a_missing_comma_is_named(typed: str) -> None:
    read = parse_lines(f"ana@example.com, Ana\n{typed}\n")
    assert [person.email for person in read.sample] == ["ana@example.com"]
    words = "a comma is missing before the name: zoe@web.de, Zoe B."
    assert [(problem.line, problem.words) for problem in read.problems] == [(2, words)]


def test_two_addresses_on_a_line_miss_no_comma() -> None:
    assert "comma" not in parse_lines("ana@example.com ben@example.com").problems[0].words


def test_two_people_on_a_line_are_told() -> None:
    problems = parse_lines("ana@example.com, Anaben@example.com, Ben").problems
    assert [(problem.line, "two addresses" in problem.words) for problem in problems] == [(1, True)]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="@"), max_size=20), max_size=5))
def test_typed_lines_are_kept_as_a_file(names: list[str]) -> None:
    typed = "\n".join(f"p{number}@example.com, {one_line(name)}" for number, name in enumerate(names))
    found = parse_lines(typed)
    if not found.problems:
        assert read(lines_to_csv(typed).encode()) == found


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_named(raw: bytes) -> None:
    for content in (raw, b"email,name\n" + raw):
        found = read(content)
        assert all(normal_address(person.email) == person.email for person in found.sample)
        assert all(problem.line >= 1 and problem.words.isprintable() for problem in found.problems)
        if not found.problems:
            assert people(content) == found.sample


def test_identities_cover_an_address_from_its_own_to_its_domains_above() -> None:
    names = {"ana@mail.example.com", "mail.example.com", "example.com"}
    assert covering_identities("Ana@mail.example.com") == names


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(-(2**63), 2**63 - 1)), max_size=400))
def test_an_address_index_holds_what_a_dict_would(pairs: list[tuple[int, int]]) -> None:
    index, known = AddressIndex(), dict[str, int]()
    for key, value in pairs:
        assert index.add(str(key), value) == (str(key) not in known)
        assert index.get(str(key)) == known.setdefault(str(key), value)
    assert len(index) == len(known)
    for text in known:
        index.replace(text, 7)
    assert all(index.get(text) == 7 for text in known)
    assert index.get("none of these") is None


def test_addresses_are_not_held_by_python() -> None:
    index = AddressIndex()
    tracemalloc.start()
    added = sum(index.add(f"someone{number}@example.com", number) for number in range(100_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (added, len(index), index.get("someone99999@example.com")) == (100_000, 100_000, 99_999)
    assert peak < 1_000_000
