"""The message: its fields, what a recipient sees, and what is refused here, before SES fails in silence."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from email.header import decode_header, make_header
from email.utils import parseaddr
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.reminder.function import trigger_reminder
from wizard.reminder.message.fields import (
    EXAMPLE,
    Message,
    browser_page,
    field_name,
    fields_of,
    for_ses,
    from_header,
    preview,
    problems,
    unfilled,
)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("name", "name"),
        (" First Name ", "first_name"),
        ("E-Mail", "e_mail"),
        ("a__b", "a_b"),
        ("name__html", "name_html"),
        ("Straße", None),
        ("2nd", None),
        ("", None),
        ("#if x", None),
        ("a.b", None),
        ("x" * 51, None),
    ],
)
def test_names_of_fields(written: str, name: str | None) -> None:
    assert field_name(written) == name


def test_fields_come_once_in_order() -> None:
    message = Message("{{b}} {{ A }}", "{{a}} {{c}}", "{{B}}{{email}}")
    assert fields_of(message) == ("b", "a", "c", "email")


def test_fields_that_no_column_fills_are_named_with_their_part() -> None:
    message = Message("{{nmae}} {{nmae}}", "{{name}}", "<p>{{Nick Name}}</p>")
    assert unfilled(message, ("email", "name")) == (
        ("subject", "The subject uses {{nmae}}, but there is no column nmae."),
        ("html", "The HTML part uses {{nick_name}}, but there is no column nick_name."),
    )


def test_a_preview_is_what_the_recipient_gets() -> None:
    message = Message("Hi {{Name}}", "{{name}} & {{city}}", "<b>{{name}}</b> {{city}}")
    shown = preview(message, {"name": '<Ana> & "Bo"\r\nBcc: x@y.z\x1b'})
    assert shown.subject == 'Hi <Ana> & "Bo" Bcc: x@y.z'
    assert shown.text == '<Ana> & "Bo" Bcc: x@y.z & '
    assert shown.html == "<b>&lt;Ana&gt; &amp; &quot;Bo&quot; Bcc: x@y.z</b> "


@given(st.text(), st.text())
def test_no_value_breaks_a_header_or_opens_a_tag(name: str, city: str) -> None:
    shown = preview(Message("{{name}}{{city}}", "", "{{name}}{{city}}"), {"name": name, "city": city})
    assert len(shown.subject.splitlines()) <= 1
    assert not set("<>\"'") & set(shown.html)


def test_a_preview_in_a_browser_runs_and_loads_nothing() -> None:
    hostile = '"></iframe><script>alert(1)</script><img src="https://evil.example/x.png">'
    page = browser_page(
        Message("Hi <b>", "1 < 2\n</pre>", f"<p>Hello</p>{hostile}"),
        {"From": "A <a@example.com>", "To": "b@example.com\r\nBcc: c"},
    )
    reader = PageReader()
    reader.feed(page)
    frames = [attributes for tag, attributes in reader.tags if tag == "iframe"]
    assert frames == [{"sandbox": "", "title": "HTML part", "srcdoc": f"<p>Hello</p>{hostile}"}]
    assert not {"script", "img", "b"} & {tag for tag, _ in reader.tags}
    policy = next(
        attributes["content"]
        for tag, attributes in reader.tags
        if "http-equiv" in attributes and tag == "meta"
    )
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "https:" not in policy
    assert reader.text["dd"] == ["A <a@example.com>", "b@example.com Bcc: c", "Hi <b>"]
    assert "".join(reader.text["pre"]).strip() == "1 < 2\n</pre>"
    assert reader.text["title"] == ["Hi <b>"]


def test_without_an_html_part_the_browser_shows_the_text_alone() -> None:
    page = browser_page(Message("Hi", "Hello", ""), {})
    assert "iframe" not in page.partition("<body>")[2]
    assert "<pre>Hello</pre>" in page


class PageReader(HTMLParser):
    """What a browser makes of a page: the tags with their attributes, and the text in each."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = defaultdict(list)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.text[self.tags[-1][0]].append(data)


def test_ses_gets_escaped_values_in_html_only() -> None:
    assert for_ses(Message("{{ First Name }}", "{{a}}", "{{a}} {{{x}")) == Message(
        "{{first_name}}", "{{a}}", "{{a__html}} {{{x}"
    )


@given(st.text(), st.text())
def test_the_lambda_fills_in_what_the_preview_shows(name: str, city: str) -> None:
    message = Message("{{name}}", "{{name}} {{city}} {{age}}", "<b>{{city}}</b> {{name}}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FIELDS", " ".join(fields_of(message)))
        data = json.loads(trigger_reminder._data({"name": name, "city": city}))

    def filled(template: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda found: str(data[found[1]]), template)

    sent = for_ses(message)
    assert preview(message, {"name": name, "city": city}) == Message(
        filled(sent.subject), filled(sent.text), filled(sent.html)
    )


@pytest.mark.parametrize("name", ["", "Example", "Smith, Ann", 'The "X"', "Bücher & Söhne", "ěščřžýáíé" * 11])
def test_the_senders_name_survives_the_header(name: str) -> None:
    header = from_header(name, "a@example.com")
    assert header.isascii()
    assert all(len(word) <= 75 for word in header.split() if word.startswith("=?"))
    shown, address = parseaddr(header)
    assert (str(make_header(decode_header(shown))), address) == (name, "a@example.com")


def test_the_example_is_right() -> None:
    assert problems(EXAMPLE) == ()
    assert fields_of(EXAMPLE) == ("name",)


@pytest.mark.parametrize(
    ("message", "part", "said"),
    [
        (Message(" ", "x", ""), "subject", "Write a subject."),
        (Message("x" * 201, "x", ""), "subject", "at most 200"),
        (Message("a\r\nBcc: b", "x", ""), "subject", "one line"),
        (Message("x", " ", "\n"), "text", "Write a text."),
        (Message("x", "", "<p>x</p>"), "text", "Write a text too: some mail programs show no HTML."),
        (Message("x", "{{#if a}}", ""), "text", "{{#if a}} in the text is not a valid field"),
        (Message("x", "x", "{{a"), "html", "The HTML part has unmatched braces"),
        (Message("x", "a}}", ""), "text", "unmatched braces"),
        (Message("x", "x", "{{{a}}}"), "html", "The HTML part has three braces in a row"),
        (Message("x", "a\x00b", ""), "text", "control characters from the text"),
    ],
)
def test_what_is_wrong_is_named(message: Message, part: str, said: str) -> None:
    assert [(where, said in sentence) for where, sentence in problems(message)] == [(part, True)]
