"""Records as they were meant and as they came out: what word processors, panels and hurried people write."""

from __future__ import annotations

from hypothesis import strategies as st

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\x96\udc96\udc97"
TILDES = "\u02dc\u223c\uff5e\u301c\u2053\udc98"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\ufe0f"
SPACES = ["\t", "  ", "\u00a0", "\u2003", "\u3000", "\n", " \u200b", ",", ", ", ";", " ; "]
MEANT = st.lists(
    st.sampled_from(
        [
            "a",
            "a:b.example",
            "ip4:192.0.2.0/29",
            "include:x.example",
            "include:y.example",
            "-ip4:192.0.2.1",
            "?include:x.example",
            "include:amazonses.com",
            "exists:%{l1r+,-}.z.example",
        ]
    ),
    max_size=4,
    unique=True,
)


@st.composite
def mistyped_spf(draw: st.DrawFn) -> tuple[str, str]:
    """An SPF record as it was meant, and as it came out."""
    terms = draw(MEANT)
    sign = draw(st.sampled_from(["-", "~", "?"]))
    written = {"-": [*DASHES, "-"], "~": [*TILDES, "~"], "?": ["?", "\uff1f"]}[sign]
    typed = draw(st.sampled_from(written))
    word = draw(st.sampled_from(["all", "ALL", "al", "alll", "a ll", "a11", "\uff41ll", "а" + "ll", "all."]))
    ending = draw(
        st.sampled_from(
            [f"{typed}{word}", f"{typed} {word}", f"{word}{typed}", f"{typed}  {word}", f"({typed}{word})"]
        )
    )
    words = ["v=spf1", *terms, ending]
    between = draw(st.sampled_from([" ", *SPACES]))
    text = between.join(words) if between[0] not in ",;" or "%{" not in "".join(terms) else " ".join(words)
    if terms and not ending[0].isalnum() and draw(st.booleans()):
        text = f"{between.join(words[:-1])}{ending}"
    where = draw(st.integers(0, len(text)))
    text = text[:where] + draw(st.sampled_from(["", *INVISIBLE])) + text[where:]
    quotes = draw(st.sampled_from(["{}", '"{}"', "'{}'", "\u201c{}\u201d", '\\"{}\\"', "{};", "{},"]))
    return " ".join(["v=spf1", *terms, f"{sign}all"]), quotes.format(text)
