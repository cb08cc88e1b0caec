"""What mail says: a subject, a text and an HTML part with fields like ``{{name}}``. Pure.

A field is filled for each recipient from the CSV's column of that name. Names are the same however they are
written: ``{{First name}}`` is filled from the column ``first_name``. SES's template language knows more
(conditions, loops, partials), but SES checks it only while sending, in silence; here it is refused.
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
"""What subject, text and HTML part of an SES template may have together, in bytes (SES's quota: 500 KB)."""
MAX_SUBJECT = 200
"""The longest subject, in characters, before fields are filled."""
PARTS = {"subject": "subject", "text": "text", "html": "HTML part"}
"""The parts of a message, and what they are called."""
ESCAPED = "__html"
"""What follows a field's name in SES's HTML part: the Lambda hands each value over raw and escaped."""

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
    """The three parts of a mail, with or without fields still in them. ``html`` may be empty."""

    subject: str
    text: str
    html: str


EXAMPLE = Message(
    subject="Hello {{name}}, a small reminder",
    text="Hello {{name}},\n\nthis is your reminder, as you asked for.\n\nHave a good day!\n",
    html="<p>Hello {{name}},</p>\n<p>this is your reminder, as you asked for.</p>\n<p>Have a good day!</p>\n",
)
"""What a new set-up begins with."""


def field_name(text: str) -> str | None:
    """The name that a column's title or the inside of two braces stands for, or None where it cannot be one.

    Small letters, digits and single underscores, at most 50, a letter first: ``First-Name`` is
    ``first_name``.
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
    """The fields that no column fills: pairs of part (``subject``, ``text``, ``html``) and sentence."""
    return tuple(
        (part, f"The {called} uses {{{{{name}}}}}, but no column is called {name}.")
        for (part, called), text in zip(PARTS.items(), _parts(message), strict=True)
        for name in fields_in(text)
        if name not in columns
    )


def preview(message: Message, values: Mapping[str, str]) -> Message:
    """``message`` as the recipient with these ``values`` gets it; a field without a value becomes nothing.

    Line breaks in values become spaces, so that none reaches a header; in the HTML part values are escaped.
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

    The HTML part stands in a frame that may run nothing, and nothing is loaded from anywhere: the frame
    inherits the page's policy (HTML standard, "policy container"), so remote pictures stay away and a link
    leads nowhere.
    """
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(one_line(value))}</dd>"
        for name, value in {**headers, "Subject": message.subject}.items()
    )
    parts = ""
    if message.html.strip():
        frame = f'<iframe sandbox="" title="HTML part" srcdoc="{html.escape(message.html)}"></iframe>'
        parts = f"<h2>HTML part</h2><p>Pictures from elsewhere are not loaded here.</p>{frame}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{html.escape(message.subject)}</title><style>{_STYLE}</style></head><body>"
        f"<dl>{rows}</dl>{parts}<h2>Text part</h2><pre>{html.escape(message.text)}</pre></body></html>\n"
    )


def for_ses(message: Message) -> Message:
    """``message`` in SES's template language: names as the Lambda hands them over, escaped ones in HTML."""
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


def decoded_header(value: str) -> str:
    """A header's ``value`` with its encoded words (RFC 2047) decoded; as it is where they cannot be."""
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError):
        return value


def problems(message: Message) -> tuple[tuple[str, str], ...]:
    """What is wrong with ``message``: pairs of part (``subject``, ``text``, ``html``) and sentence."""
    found = []
    if not message.subject.strip():
        found.append(("subject", "Write a subject."))
    if len(message.subject) > MAX_SUBJECT:
        found.append(("subject", f"Make the subject shorter: at most {MAX_SUBJECT} characters."))
    if re.search(r"[\r\n]", message.subject):
        found.append(("subject", "Write the subject on one line: a line break would end the header."))
    if not message.text.strip():
        too = " too: some readers show no HTML" if message.html.strip() else ""
        found.append(("text", f"Write a text{too}."))
    for (part, called), text in zip(PARTS.items(), _parts(message), strict=True):
        found += [(part, sentence) for sentence in field_problems(called, text)]
    return tuple(found)


def field_problems(part: str, text: str) -> list[str]:
    """What is wrong with the fields in ``text``, in sentences that call it ``part``."""
    found = []
    for inside in _BRACES.findall(text):
        if field_name(inside) is None:
            shown = inside.strip()[:50]
            found.append(
                f"{{{{{shown}}}}} in the {part} is no field: use letters, digits and underscores, "
                f"such as {{{{name}}}}."
            )
    rest = _BRACES.sub("", text)
    if "{{" in rest or "}}" in rest:
        found.append(
            f"Two braces in the {part} stand without their partners: a field is written like {{{{name}}}}."
        )
    elif re.search(r"\{\{\{|\}\}\}", text):
        found.append(f"Three braces in a row in the {part}: a field is written with two, like {{{{name}}}}.")
    if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n" for char in text):
        found.append(f"Take the control characters out of the {part}: mail cannot carry them.")
    return found


def _parts(message: Message) -> tuple[str, str, str]:
    return message.subject, message.text, message.html


def _filled(text: str, value_of: Callable[[str], str]) -> str:
    """``text`` with each field replaced; braces that hold no name stay as they are."""

    def fill(found: re.Match[str]) -> str:
        name = field_name(found[1])
        return found[0] if name is None else value_of(name)

    return _BRACES.sub(fill, text)
