"""An HTML mail as Markdown for the terminal. Pure."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from markdownify import MarkdownConverter

from wizard.text import printable

_NEVER_SHOWN = ("head", "script", "style", "template", "[hidden]")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_LAYOUT = ["table", "thead", "tbody", "tfoot", "tr"]
"""Mails use tables for layout: the cells are shown one below the other."""


def as_markdown(html: str) -> str:
    """The visible content of ``html``: no styles, no scripts, no hidden preview text.

    Control characters are escaped, and so are Markdown's own characters in the text.
    """
    page = BeautifulSoup(html, "html.parser")
    hidden = page.select(", ".join(_NEVER_SHOWN))
    hidden += [one for one in page.select("[style]") if _HIDDEN.search(str(one["style"]))]
    for one in hidden:
        one.decompose()
    for cell in page(["td", "th"]):
        cell.name = "div"
    converter = MarkdownConverter(strip=_LAYOUT, escape_misc=True, heading_style="ATX")
    return "\n".join(printable(line) for line in converter.convert_soup(page).splitlines()).strip()
