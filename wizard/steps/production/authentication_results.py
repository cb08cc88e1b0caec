"""What a receiver wrote about a mail: the Authentication-Results (RFC 8601) among pasted headers. Pure.

Nobody signs these headers. They are what one server wrote, as somebody pasted it: whoever forges the copy
forges the results. ``wizard.steps.production.received_mail`` judges what is read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr

LONGEST = 100_000
"""Characters of a paste that are read; the headers of a mail stand at its beginning."""
LONGEST_FIELD = 8_000
"""Characters of one header that are read."""
MOST_HEADERS = 16
"""How many Authentication-Results headers of one mail are read."""
MOST_CLAUSES = 48
"""How many results of one header are read."""

RESULTS = "authentication-results"
_ARC_RESULTS = "arc-authentication-results"
_TRACE = {RESULTS, _ARC_RESULTS, "received", "received-spf", "return-path", "delivered-to", "dkim-signature"}
"""Headers that servers add: the block of lines that has one is the head of the mail, not a summary of it."""

_FIELD = re.compile(r"([ \t]*)([A-Za-z][A-Za-z0-9-]{0,75}):(.*)", re.DOTALL)
_METHOD = re.compile(r"\s*[A-Za-z][A-Za-z0-9-]*\s*(/\s*\d+\s*)?=")
_SERVER = re.compile(r'\s*"?([^\s;"()=]{1,255})"?(?:\s+(\d+))?\s*')
_ARC_INSTANCE = re.compile(r"\s*i\s*=\s*\d+\s*")
_ENVELOPE = re.compile(r"envelope-from=\"?<?([^\s;\">]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """One result, such as ``dkim=pass header.d=example.com``; names in lower case.

    ``comment`` is what stood in parentheses or as the reason, ``written`` the result as it was found.
    """

    method: str
    result: str
    properties: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""
    written: str = ""

    def domain(self, *names: str) -> str:
        """The domain in the first of these properties that is there; empty where none is."""
        value = next((self.properties[name] for name in names if self.properties.get(name)), "")
        return domain_in(value)


@dataclass(frozen=True, slots=True)
class Received:
    """What the headers of one mail say.

    ``results`` are those of ``receiver`` alone, who wrote the topmost header (its authserv-id; None where it
    names none, as Microsoft 365 does). ``others`` are servers whose headers stand below: anyone
    could have written those. ``forwarders`` are other servers that handed the mail on, by their own word
    (ARC, RFC 8617). ``names`` are the headers found.
    """

    names: frozenset[str]
    receiver: str | None = None
    results: tuple[Result, ...] = ()
    others: tuple[str, ...] = ()
    forwarders: tuple[str, ...] = ()
    from_domain: str = ""
    return_path: str = ""
    unreadable: int = 0
    """How many Authentication-Results headers do not follow the grammar."""

    @property
    def found(self) -> bool:
        """Whether a receiver's header was found and could be read."""
        return RESULTS in self.names and (bool(self.results) or not self.unreadable)

    def first(self, method: str) -> Result | None:
        """The first result of a method."""
        return next((one for one in self.results if one.method == method), None)


@dataclass(frozen=True, slots=True)
class _Header:
    """One Authentication-Results header: who wrote it (None: it does not say), and its results."""

    server: str | None
    results: tuple[Result, ...]


def read(text: str, organization: Callable[[str], str] = str) -> Received:
    """What the headers in ``text`` say, however they were pasted: folded, indented, quoted, whole mails.

    Raises nothing for anything that may be pasted. The topmost header counts: a server adds its own above
    what came with the mail, and takes away what pretends to be its own (RFC 8601 §5). So do those below it
    by servers of the same ``organization``: iCloud writes one header a method, each by another server.
    """
    found = fields(text)
    headers, unreadable = [], 0
    for value in _values(found, RESULTS)[:MOST_HEADERS]:
        header = _header(value)
        if header is None:
            unreadable += 1
        else:
            headers.append(header)
    own = [header for header in headers if _same(header.server, headers[0].server, organization)]
    servers = list(dict.fromkeys(header.server for header in own))
    receiver = servers[0] if servers else None
    results = [one for header in own for one in header.results]
    if not any(one.method == "spf" for one in results):
        results += _received_spf(_values(found, "received-spf"))
    senders, paths = _values(found, "from"), _values(found, "return-path")
    return Received(
        names=frozenset(name for name, _ in found),
        receiver=organization(receiver) if receiver and len(servers) > 1 else receiver,
        results=tuple(results),
        others=_named(header.server for header in headers if header not in own),
        forwarders=_named(
            server
            for server in _arc_servers(_values(found, _ARC_RESULTS)[:MOST_HEADERS])
            # A receiver most often writes a set of its own, too.
            if not _same(server, receiver or "mx.microsoft.com", organization)
        ),
        from_domain=domain_in(parseaddr(senders[0])[1]) if senders else "",
        return_path=domain_in(paths[0].strip("<> ")) if paths else "",
        unreadable=unreadable,
    )


def fields(text: str) -> tuple[tuple[str, str], ...]:
    """The header fields at the head of a pasted mail, in order: name in lower case, value unfolded.

    What follows the first blank line after them is the mail's text, and no header.
    """
    lines = [
        re.sub(r"^(?:> ?)+", "", line) for line in re.split(r"\r\n|\r|\n", text[:LONGEST].lstrip("\r\n"))
    ]
    if len(lines) > 8 and not any(line.strip() for line in lines[1::2]):
        # Some windows copy a blank line after each.
        lines = lines[::2]
    found: list[tuple[str, list[str]]] = []
    margin = 0
    for line in _head(lines):
        match = _FIELD.match(line)
        if match and (not found or len(match[1].expandtabs()) <= margin):
            margin = margin if found else len(match[1].expandtabs())
            found.append((match[2].lower(), [match[3].strip()]))
        elif found:
            found[-1][1].append(line.strip())
    return tuple((name, " ".join(parts)[:LONGEST_FIELD]) for name, parts in found)


def domain_in(value: str) -> str:
    """The domain of an address, of ``@example.com`` or bare, in lower case; empty if there is none."""
    domain = value.rpartition("@")[2].strip("<>\"' .").lower()
    return domain if re.fullmatch(r"[a-z0-9_.-]{1,253}", domain) and "." in domain else ""


def _head(lines: list[str]) -> list[str]:
    """The first lines without a blank one between them that a server has written to."""
    block: list[str] = []
    first: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
            continue
        names = {match[2].lower() for match in map(_FIELD.match, block) if match}
        if names & _TRACE:
            return block
        first = first or (block if names else [])
        block = []
    return first


def _values(found: Iterable[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in found if name == wanted]


def _named(servers: Iterable[str | None]) -> tuple[str, ...]:
    """Each server once, as long as it has a name."""
    return tuple(dict.fromkeys(server for server in servers if server))


def _header(value: str) -> _Header | None:
    """An Authentication-Results header, or None where it does not follow the grammar."""
    first, *rest = list(_clauses(value))[: MOST_CLAUSES + 1]
    if _METHOD.match(first[0]):
        # Microsoft 365 writes no authserv-id, against RFC 8601 §2.2.
        server, clauses = None, [first, *rest]
    else:
        match = _SERVER.fullmatch(first[0])
        if not match or match[2] not in (None, "1"):
            return None
        server, clauses = match[1].lower(), rest
    results = [one for one in map(_result, clauses) if one]
    nothing = not any(text.strip() for text, _, _ in clauses if text.strip().lower() != "none")
    return _Header(server, tuple(results)) if results or nothing else None


def _clauses(value: str) -> Iterator[tuple[str, str, str]]:
    """What stands between semicolons: without its comments, the comments, and as it was written.

    Comments nest, and semicolons in them or in quoted strings divide nothing (RFC 5322 §3.2).
    """
    text: list[str] = []
    comment: list[str] = []
    written: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in f"{value};":
        if char == ";" and not depth and not quoted:
            yield "".join(text), " ".join("".join(comment).split()), "".join(written).strip()
            text, comment, written = [], [], []
            continue
        written.append(char)
        if not escaped and not quoted and char == "(":
            depth += 1
            text.append(" ")
            comment.append(" ")
        elif not escaped and not quoted and depth and char == ")":
            depth -= 1
        else:
            (comment if depth else text).append(char)
            quoted ^= char == '"' and not depth and not escaped
        escaped = char == "\\" and not escaped
    if written:
        # A comment or a quoted string that never ends: the last sign is our own.
        left = (" ".join("".join(part).split()).removesuffix(";") for part in (text, comment, written))
        yield next(left), next(left), next(left)


def _result(clause: tuple[str, str, str]) -> Result | None:
    """One result by the grammar of RFC 8601 §2.2, or None."""
    import authres

    text, comment, written = clause
    if not text.strip() or text.strip().lower() == "none":
        return None
    try:
        # Some write addresses in angle brackets, which the grammar knows nowhere.
        plain = " ".join(text.translate({ord("<"): None, ord(">"): None}).split())
        header = authres.FeatureContext().parse_value(f"x; {plain}")
    except (authres.AuthResError, ValueError):
        return None
    if not header.results:
        return None
    one = header.results[0]
    properties: dict[str, str] = {}
    for found in one.properties:
        properties.setdefault(f"{found.type}.{found.name}", str(found.value or ""))
    said = "; ".join(part for part in (comment, one.reason) if part)
    return Result(one.method, one.result, properties, said, written)


def _received_spf(values: list[str]) -> Iterator[Result]:
    """The topmost Received-SPF header (RFC 7208 §9.1), which some servers write instead."""
    match = re.match(r"\s*([A-Za-z]+)\b", values[0]) if values else None
    if match:
        sender = _ENVELOPE.search(values[0])
        comment = re.search(r"\(([^()]*)\)", values[0])
        yield Result(
            "spf",
            match[1].lower(),
            {"smtp.mailfrom": sender[1]} if sender else {},
            comment[1] if comment else "",
            values[0],
        )


def _arc_servers(values: Iterable[str]) -> Iterator[str]:
    """Who wrote these ARC-Authentication-Results (RFC 8617 §4.1.1)."""
    for value in values:
        instance, *clauses = list(_clauses(value))[:2]
        match = _SERVER.fullmatch(clauses[0][0]) if clauses else None
        if match and _ARC_INSTANCE.fullmatch(instance[0]):
            yield match[1].lower()


def _same(server: str | None, other: str | None, organization: Callable[[str], str]) -> bool:
    """Whether two servers are of one organization; those without a name are one of their own."""
    if server is None or other is None:
        return server is other
    return organization(server) == organization(other)
