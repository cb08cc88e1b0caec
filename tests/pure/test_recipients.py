"""Recipients from CSV files and typed lines: what is accepted, and every problem by its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.reminder import recipients
from wizard.reminder.message import one_line
from wizard.reminder.recipients import (
    AddressError,
    Recipient,
    Recipients,
    normal_address,
    parse_csv,
    parse_lines,
    to_csv,
)


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
        ("", "not of the form"),
        ("ana", "not of the form"),
        ("@example.com", "not of the form"),
        ("ana@", "not of the form"),
        ("ána@example.com", "plain letters"),
        ("a..b@example.com", "before the @"),
        (".a@example.com", "before the @"),
        ("a b@example.com", "before the @"),
        ("a@b@example.com", "before the @"),
        ("x" * 65 + "@example.com", "before the @"),
        ("ana@localhost", "no domain"),
        ("ana@-x.example", "no domain"),
        ("ana@exa mple.com", "no domain"),
        ("ana@192.0.2.1", "no domain"),
        ("ana@[192.0.2.1]", "no domain"),
        ("ana@ü..example", "no domain"),
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
    assert parse_csv(raw) == Recipients(("email", "name"), PEOPLE)


def test_values_are_one_line_and_may_be_empty() -> None:
    read = parse_csv(b'email,name,city\na@example.com,"Ana\nMaria",\nb@example.com\n')
    assert read.people[0].fields == {"email": "a@example.com", "name": "Ana Maria", "city": ""}
    assert [person.email for person in read.without("city")] == ["a@example.com", "b@example.com"]
    assert [person.email for person in read.without("name")] == ["b@example.com"]


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
        (b"email\na@example.com\nana\n", 3, "the address is not valid: it is not of the form"),
        (b'email,note\na@example.com,"x\ny"\n,z\n', 4, "the address is not valid"),
        (b"email\na@example.com\n\nA@EXAMPLE.com\n", 4, "stands on line 2 already"),
        (b"email,name\na@example.com,A,B\n", 2, "more values than the 2 columns"),
        (b"email,name\na@example.com," + b"x" * 1001, 2, "name is longer than 1,000"),
        (b'email,name\na@example.com,"x\n', 2, "it cannot be read from here on"),
        (b"email,name\na@example.com,A\nb@example.com,\xfc\n", 3, "not in UTF-8"),
        (b"email\n" + b"x" * recipients.MAX_BYTES, 1, "larger than 5 MB"),
    ],
)
def test_a_problem_is_named_by_its_line(raw: bytes, line: int, said: str) -> None:
    problems = parse_csv(raw).problems
    assert [(problem.line, said in problem.words) for problem in problems] == [(line, True)]


def test_a_line_with_a_problem_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    read = parse_csv(b"email\nx\na@example.com\ny\nb@example.com\n")
    assert [person.email for person in read.people] == ["a@example.com", "b@example.com"]
    assert [problem.line for problem in read.problems] == [2, 4]
    monkeypatch.setattr(recipients, "MAX_PROBLEMS", 1)
    assert [problem.line for problem in parse_csv(b"email\nx\ny\nz\n").problems] == [2, 3]
    monkeypatch.setattr(recipients, "MAX_RECIPIENTS", 1)
    assert parse_csv(b"email\na@example.com\nb@example.com\n").problems[0].line == 3


def test_typed_lines() -> None:
    read = parse_lines('ana@example.com, Ana\n\nBo <bo@example.com>\n"Cy, jr." <cy@example.com>\nd\n')
    assert [(person.email, person.values) for person in read.people] == [
        ("ana@example.com", {"name": "Ana"}),
        ("bo@example.com", {"name": "Bo"}),
        ("cy@example.com", {"name": "Cy, jr."}),
    ]
    assert [problem.line for problem in read.problems] == [5]
    assert parse_csv(to_csv(read).encode()).people == read.people


@pytest.mark.parametrize("typed", ["zoe@web.de Zoe B.", "  zoe@web.de\tZoe B.  ", "zoe@web.de; Zoe B."])
def test_a_missing_comma_is_named(typed: str) -> None:
    read = parse_lines(f"ana@example.com, Ana\n{typed}\n")
    assert [person.email for person in read.people] == ["ana@example.com"]
    words = "a comma is missing before the name: zoe@web.de, Zoe B."
    assert [(problem.line, problem.words) for problem in read.problems] == [(2, words)]


def test_two_addresses_on_a_line_miss_no_comma() -> None:
    assert "comma" not in parse_lines("ana@example.com ben@example.com").problems[0].words


@given(st.lists(st.text(max_size=20), max_size=5))
def test_what_is_written_is_read_again(names: list[str]) -> None:
    people = tuple(
        Recipient(f"p{number}@example.com", {"name": one_line(name)})
        for number, name in enumerate(names)
        if name.isprintable()
    )
    written = Recipients(("email", "name"), people)
    assert parse_csv(to_csv(written).encode()) == written


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_named(raw: bytes) -> None:
    for content in (raw, b"email,name\n" + raw):
        read = parse_csv(content)
        assert all(normal_address(person.email) == person.email for person in read.people)
        assert all(problem.line >= 1 and problem.words.isprintable() for problem in read.problems)
