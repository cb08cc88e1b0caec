"""HTML mails as they are read in a terminal."""

from __future__ import annotations

import pytest

from wizard.reminder.message.html_view import as_markdown


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>Hello <b>Ana</b></p><p>Bye</p>", "Hello **Ana**\n\nBye"),
        ("<head><title>No</title><style>p {}</style></head><script>no()</script><p>Yes</p>", "Yes"),
        ('<div style="font: x; DISPLAY : none">No</div><p hidden>No</p><p>Yes</p>', "Yes"),
        ("<table><tr><td>One</td><td><h1>Two</h1></td></tr></table>", "One\n\n# Two"),
        ("<p>2 * 3 &lt; [4](x)</p>", "2 \\* 3 \\< \\[4\\](x)"),
        ("<ul><li>a</li><li>b</li></ul>", "* a\n* b"),
        ("<p>\x1b[31mred\u202e</p>", "\\x1b\\[31mred\\u202e"),
        ("", ""),
        ("<p>{{name}}", "{{name}}"),
    ],
)
def test_a_reader_sees_what_is_shown_and_nothing_else(html: str, shown: str) -> None:
    assert as_markdown(html) == shown
