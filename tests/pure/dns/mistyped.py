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


SEMICOLONS = [";", "; ", " ;", "\u037e ", "\uff1b", "\ufe54 ", "\\; ", ";\u00a0", ";;", ";\u200b ", "\u061b "]
EQUALS = ["=", " = ", "\uff1d", "\ufe66", "==", "\u200b="]
POLICY_SIGNS = [*EQUALS, ":", ": ", "-", "\u2013", "\u2014", " ", "\u2212"]
REPORTS = [
    "mailto:a@example.com",
    "a@example.com",
    "mailto:<a@example.com>",
    "<mailto:a@example.com>",
    "mailto://a@example.com",
    "mailto: a@example.com",
    "mailto:a\u200b@example.com",
    "\uff4dailto\uff1aa\uff20example.com",
]
OTHERS = ["sp=quarantine", "np=reject", "pct=50", "adkim=s", "aspf=r", "fo=1:d", "t=y", "ri=86400", "x=1"]


@st.composite
def mistyped_dmarc(draw: st.DrawFn) -> tuple[str, str]:
    """A DMARC record as it was meant, and as it came out."""
    policy = draw(st.sampled_from(["reject", "quarantine", "none"]))
    name = draw(st.sampled_from(["p", "P", "policy", "\uff50"]))
    words = [policy, policy.upper(), policy[:-1], f"\u201c{policy}\u201d", f"'{policy}'", f"{policy}."]
    word = draw(st.sampled_from(words))
    tags = [(f"p={policy}", f"{name}{draw(st.sampled_from(POLICY_SIGNS))}{word}")]
    both = ["mailto:a@example.com,mailto:b@example.com"]
    uris = draw(st.sampled_from(REPORTS))
    if draw(st.booleans()):
        written = uris + draw(st.sampled_from([" ", ",", ", ", ";", "; "])) + "mailto:b@example.com"
        tags.append((f"rua={both[0]}", f"rua={written}"))
    elif draw(st.booleans()):
        tags.append(("rua=mailto:a@example.com", f"rua{draw(st.sampled_from(EQUALS))}{uris}"))
    for other in draw(st.lists(st.sampled_from(OTHERS), unique=True, max_size=3)):
        tag, _, value = other.partition("=")
        tags.append((other, f"{tag}{draw(st.sampled_from(EQUALS))}{value}"))
    tags = draw(st.permutations(tags)) if draw(st.booleans()) else tags
    sure = word != policy[:-1] and not any(one.startswith("x=") for one, _ in tags)
    missing = sure and draw(st.sampled_from([False, False, True]))
    between = draw(st.sampled_from([" ", ", "] if missing else SEMICOLONS))
    version = draw(st.sampled_from(["v=DMARC1", "V=dmarc1", "v=DMARC 1", "DMARC1", "v = DMARC1", "v:DMARC1"]))
    quotes = draw(st.sampled_from(["{}", '"{}"', "\u201c{}\u201d", "{};", " {}", "\ufeff{}"]))
    meant = "; ".join(["v=DMARC1", *(one for one, _ in tags)])
    return meant, quotes.format(between.join([version, *(written for _, written in tags)]))
