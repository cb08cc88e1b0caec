"""An HTML mail in the terminal: rendered, not its source."""

from __future__ import annotations


def rendered(html: str) -> str:
    """``html`` as Markdown for a `Markdown` widget; nothing for nothing."""
    if not html.strip():
        return ""
    # Imported when the first HTML mail is shown: parsing HTML takes a package that no page needs to open.
    from wizard.reminder.message.html_view import as_markdown

    return as_markdown(html)
