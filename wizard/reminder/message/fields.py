"""The message: a subject, a text and an HTML part with fields like ``{{name}}``. Pure.

A field is filled in for each recipient from the column of that name; ``{{First name}}`` is the column
``first_name``. The rest of SES's template language (conditions, loops, partials) is refused: SES would check
it only while sending, without an error.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.utils import formataddr

MAX_SIZE = 500_000
"""Bytes of subject, text and HTML part of an SES template together (SES's quota: 500 KB)."""
MAX_SUBJECT = 200
"""The longest subject, in characters, before fields are filled."""
PARTS = {"subject": "subject", "text": "text", "html": "HTML part"}
"""The parts of a message, and their names."""
ESCAPED = "__html"
"""Suffix of a field in SES's HTML part: the function passes each value raw and escaped."""

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src about:; form-action 'none'; "
    "base-uri 'none'"
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{font-weight:600}dd{margin:0}"
    "iframe{width:100%;height:60vh;border:1px solid #999;background:#fff}"
    "pre{white-space:pre-wrap;border:1px solid #999;padding:1rem}"
)
_BRACES = re.compile(r"\{\{([^{}\n]*)\}\}")
_NAME = re.compile(r"[a-z](_?[a-z0-9])*")


@dataclass(frozen=True, slots=True)
class Message:
    """The three parts of a mail, with fields or filled in. ``html`` may be empty."""

    subject: str
    text: str
    html: str


EXAMPLE = Message(
    subject="Hello {{name}}, a small reminder",
    text="Hello {{name}},\n\nthis is your reminder, as you asked for.\n\nHave a good day!\n",
    html="<p>Hello {{name}},</p>\n<p>this is your reminder, as you asked for.</p>\n<p>Have a good day!</p>\n",
)
"""The message of a new set-up."""


def field_name(text: str) -> str | None:
    """The field name for a column's title or the text in braces, or None: ``First-Name`` is ``first_name``.

    A name has lower-case letters, digits and single underscores, at most 50, and begins with a letter.
    """
    name = re.sub(r"[\s_-]+", "_", text.strip().lower()).strip("_")
    return name if len(name) <= 50 and _NAME.fullmatch(name) else None


def fields_of(message: Message) -> tuple[str, ...]:
    """The names of the fields in ``message``, each once, in order of appearance."""
    return tuple(dict.fromkeys(name for part in _parts(message) for name in fields_in(part)))


def fields_in(text: str) -> tuple[str, ...]:
    """The names of the fields in ``text``, each once, in order of appearance."""
    return tuple(dict.fromkeys(name for name in map(field_name, _BRACES.findall(text)) if name))


def normal_fields(text: str) -> str:
    """``text`` with each field's name as ``field_name`` gives it: ``{{Email}}`` becomes ``{{email}}``."""
    return _filled(text, lambda name: f"{{{{{name}}}}}")


def unfilled(message: Message, columns: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The fields without a column: pairs of part (``subject``, ``text``, ``html``) and sentence."""
    return tuple(
        (part, f"The {called} uses {{{{{name}}}}}, but there is no column {name}.")
        for (part, called), text in zip(PARTS.items(), _parts(message), strict=True)
        for name in fields_in(text)
        if name not in columns
    )


def preview(message: Message, values: Mapping[str, str]) -> Message:
    """``message`` as the recipient with these ``values`` gets it; a field without a value is empty.

    Line breaks in values become spaces (headers); in the HTML part values are escaped.
    """

    def plain(name: str) -> str:
        return one_line(values.get(name, ""))

    return Message(
        subject=_filled(message.subject, plain),
        text=_filled(message.text, plain),
        html=_filled(message.html, lambda name: html.escape(plain(name))),
    )


def browser_page(message: Message, headers: Mapping[str, str]) -> str:
    """A page that shows a ``preview`` in a browser: ``headers`` and the subject, the HTML part, the text.

    The HTML part is in a sandboxed frame that runs no scripts and inherits the page's policy (HTML standard,
    "policy container"): no remote images, no working links.
    """
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(one_line(value))}</dd>"
        for name, value in {**headers, "Subject": message.subject}.items()
    )
    parts = ""
    if message.html.strip():
        frame = f'<iframe sandbox="" title="HTML part" srcdoc="{html.escape(message.html)}"></iframe>'
        parts = f"<h2>HTML part</h2><p>Remote images are not loaded here.</p>{frame}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{html.escape(message.subject)}</title><style>{_STYLE}</style></head><body>"
        f"<dl>{rows}</dl>{parts}<h2>Text part</h2><pre>{html.escape(message.text)}</pre></body></html>\n"
    )


def for_ses(message: Message) -> Message:
    """``message`` in SES's template language: names as the function passes them, escaped ones in HTML."""
    return Message(
        subject=normal_fields(message.subject),
        text=normal_fields(message.text),
        html=_filled(message.html, lambda name: f"{{{{{name}{ESCAPED}}}}}"),
    )


def one_line(value: str) -> str:
    """``value`` without control characters and line breaks: each run of white space is one space."""
    return "".join(char for char in " ".join(value.split()) if unicodedata.category(char) != "Cc")


def from_header(name: str, address: str) -> str:
    """The value of a From header: ``name`` (may be empty), encoded by RFC 2047, and ``address``."""
    if name.isascii():
        return formataddr((name, address))
    return f"{' '.join(Header(name, 'utf-8', maxlinelen=75).encode().split())} <{address}>"


def shown_sender(name: str, address: str) -> str:
    """A From header for people to read: like ``from_header``, but not encoded."""
    return formataddr((name, address)) if name.isascii() else f"{name} <{address}>"


def decoded_header(value: str) -> str:
    """A header's ``value`` with its encoded words (RFC 2047) decoded; unchanged if they cannot be."""
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError):
        return value


def problems(message: Message) -> tuple[tuple[str, str], ...]:
    """The problems of ``message``: pairs of part (``subject``, ``text``, ``html``) and sentence."""
    found = []
    if not message.subject.strip():
        found.append(("subject", "Write a subject."))
    if len(message.subject) > MAX_SUBJECT:
        found.append(("subject", f"Shorten the subject to at most {MAX_SUBJECT} characters."))
    if re.search(r"[\r\n]", message.subject):
        found.append(("subject", "Write the subject on one line."))
    if not message.text.strip():
        too = " too: some mail programs show no HTML" if message.html.strip() else ""
        found.append(("text", f"Write a text{too}."))
    for (part, called), text in zip(PARTS.items(), _parts(message), strict=True):
        found += [(part, sentence) for sentence in field_problems(called, text)]
    return tuple(found)


def field_problems(part: str, text: str) -> list[str]:
    """The problems of the fields in ``text``, which the sentences call ``part``."""
    found = []
    for inside in _BRACES.findall(text):
        if field_name(inside) is None:
            shown = inside.strip()[:50]
            found.append(
                f"{{{{{shown}}}}} in the {part} is not a valid field: use letters, digits and underscores, "
                f"such as {{{{name}}}}"
            )
    rest = _BRACES.sub("", text)
    if "{{" in rest or "}}" in rest:
        found.append(f"The {part} has unmatched braces: write a field like {{{{name}}}}")
    elif re.search(r"\{\{\{|\}\}\}", text):
        found.append(f"The {part} has three braces in a row: write a field with two, like {{{{name}}}}")
    if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n" for char in text):
        found.append(f"Remove the control characters from the {part}.")
    return found


def _parts(message: Message) -> tuple[str, str, str]:
    return message.subject, message.text, message.html


def _filled(text: str, value_of: Callable[[str], str]) -> str:
    """``text`` with each field replaced; braces without a valid name stay."""

    def fill(found: re.Match[str]) -> str:
        name = field_name(found[1])
        return found[0] if name is None else value_of(name)

    return _BRACES.sub(fill, text)
