"""Write DNS questions and read replies into plain values (RFC 1035, EDNS of RFC 6891). Pure.

dnspython's general-purpose messages take 200 µs for a question and its reply, which was most of the time of a
check of many domains. This module reads only the types that checks ask for. The tests compare it with
dnspython on valid and damaged packets.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from wizard.dns.answers import Address, Host, Mx, Question, Rdata, Soa, Txt

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
"""Response codes (RFC 1035 §4.1.1)."""

EDNS_PAYLOAD = 1232

_QR, _AA, _TC, _RD, _RA, _CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0010
_OPCODE = 0x7800
_IN = 1
_OPT, _EXTENDED_ERROR = 41, 15
_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SPF": 99}
_TYPE_NAMES = {number: name for name, number in _TYPES.items()}
_WITHOUT_QUESTION = (FORMERR, SERVFAIL, NOTIMP, REFUSED)
"""Response codes with which a reply may omit the question."""

_MOST_TTL = 2**31 - 1
_MOST_NAME = 255
_PLAIN_LABEL = re.compile(rb"[A-Za-z0-9_*/:=+~#%&'<>?!,|{}\[\]^`-]+")
_NEEDS_BACKSLASH = frozenset(b'"().;\\@$')
_ESCAPE = re.compile(r"\\(\d{3}|.)", re.DOTALL)
_OPT_RECORD = struct.pack("!BHHIH", 0, _OPT, EDNS_PAYLOAD, 0, 0)


class WireError(ValueError):
    """The bytes are not a DNS message, or the text is not a DNS name."""


@dataclass(frozen=True, slots=True)
class Query:
    """A packet that asks one question, and what identifies its answer."""

    number: int
    wire: bytes
    section: bytes
    """The question section of the packet, in lower case."""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record of class IN. ``rdata`` is None for a type that is not read."""

    name: str
    type: str
    ttl: int
    rdata: Rdata | None


@dataclass(frozen=True, slots=True)
class Message:
    """A reply. ``name`` is the one asked for, in lower case; ``extended`` are RFC 8914's codes and texts.

    ``recursion``: the server offers to follow questions up (RA).
    """

    rcode: int
    name: str
    authoritative: bool = False
    recursion: bool = False
    truncated: bool = False
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    extended: tuple[tuple[int, str], ...] = ()


def query(
    question: Question, number: int, *, recursive: bool = False, unchecked: bool = False, edns: bool = True
) -> Query:
    """The packet that asks ``question``, with ``number`` as its id. Raises WireError.

    ``unchecked`` sets CD (RFC 4035 §3.2.2).
    """
    section = encoded_name(question.name) + struct.pack("!HH", _TYPES[question.type], _IN)
    flags = (_RD if recursive else 0) | (_CD if unchecked else 0)
    header = struct.pack("!HHHHHH", number, flags, 1, 0, 0, 1 if edns else 0)
    return Query(number, header + section + (_OPT_RECORD if edns else b""), section.lower())


def is_name(text: str) -> bool:
    """Whether a DNS question can be asked for ``text``: labels of 1 to 63 bytes, 255 in all (RFC 1035)."""
    try:
        encoded_name(text)
    except WireError:
        return False
    return True


@lru_cache(maxsize=8192)
def encoded_name(text: str) -> bytes:
    r"""Encode a name. ``text`` may escape bytes as ``\.`` and ``\DDD``. Raises WireError.

    Labels that are not ASCII are encoded by IDNA 2003.
    """
    if text in (".", ""):
        return b"\0"
    wire = bytearray()
    for label in _labels(text.removesuffix(".") if not text.endswith("\\.") else text):
        if not 0 < len(label) < 64:
            raise WireError("a label has 1 to 63 bytes")
        wire.append(len(label))
        wire += label
    if len(wire) >= _MOST_NAME:
        raise WireError("a name has at most 255 bytes")
    return bytes(wire) + b"\0"


def _labels(text: str) -> list[bytes]:
    if "\\" not in text:
        return [_octets(label) for label in text.split(".")]
    labels, start = [""], 0
    for escape in _ESCAPE.finditer(text):
        _append(labels, text[start : escape.start()])
        code = escape[1]
        if len(code) == 3 and int(code) > 255:
            raise WireError("no such byte")
        labels[-1] += chr(int(code)) if len(code) == 3 else code
        start = escape.end()
    _append(labels, text[start:])
    try:
        return [label.encode("latin-1") for label in labels]
    except UnicodeError as error:
        raise WireError("escapes and other scripts in one name") from error


def _append(labels: list[str], text: str) -> None:
    first, *more = text.split(".")
    if "\\" in text:
        raise WireError("an escape without an end")
    labels[-1] += first
    labels += more


def _octets(label: str) -> bytes:
    try:
        return label.encode("ascii") if label.isascii() else label.encode("idna")
    except UnicodeError as error:
        raise WireError("no such label") from error


def reply(data: bytes, to: Query) -> Message | None:
    """Return the message in ``data`` if it is a valid answer to the question ``to``, else None.

    Of a truncated message (TC) only the header is read. Bytes after the end of the message are ignored.
    """
    try:
        return _read(data, to)
    except (WireError, struct.error, IndexError, UnicodeError):
        return None


def _read(data: bytes, to: Query) -> Message | None:
    number, flags, questions, *counts = struct.unpack_from("!6H", data)
    if number != to.number or not flags & _QR or flags & _OPCODE:
        return None
    rcode = flags & 0xF
    end = 12
    if questions == 1:
        end += len(to.section)
        if data[12:end].lower() != to.section:
            return None
    elif questions or rcode not in _WITHOUT_QUESTION:
        return None
    reader = _Reader(data, end)
    name = _Reader(to.section, 0).name()
    if flags & _TC:
        return Message(rcode, name, bool(flags & _AA), bool(flags & _RA), truncated=True)
    answer, authority, additional = (tuple(reader.records(count)) for count in counts)
    return Message(
        rcode=rcode | reader.extended_rcode << 4,
        name=name,
        authoritative=bool(flags & _AA),
        recursion=bool(flags & _RA),
        answer=answer,
        authority=authority,
        additional=additional,
        extended=tuple(reader.extended),
    )


class _Reader:
    """Reads one packet. Raises WireError, or what indexing and ``struct`` raise past its end."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self.extended_rcode = 0
        self.extended: list[tuple[int, str]] = []
        self._names: dict[int, tuple[str, int]] = {}

    def records(self, count: int) -> list[Record]:
        """The next ``count`` records, without those of other classes; of OPT the extended codes are kept."""
        found = []
        for _ in range(count):
            name = self.name()
            rdtype, rdclass, ttl, length = struct.unpack_from("!HHIH", self.data, self.at)
            self.at += 10
            end = self.at + length
            if end > len(self.data):
                raise WireError("a record goes past the end")
            if rdtype == _OPT:
                self.extended_rcode = ttl >> 24
                self._options(end)
            elif rdclass == _IN:
                ttl = ttl if ttl <= _MOST_TTL else 0
                parse = _PARSERS.get(rdtype)
                rdata = None if parse is None else parse(self, end, name, ttl)
                if rdata is not None and self.at != end:
                    raise WireError("data of another length than its record says")
                found.append(Record(name, _TYPE_NAMES.get(rdtype, f"TYPE{rdtype}"), ttl, rdata))
            self.at = end
        return found

    def name(self) -> str:
        """The name that begins here, in lower case and without a final dot; ``.`` is the root."""
        text, _, self.at = self._name(self.at)
        return text or "."

    def _name(self, start: int) -> tuple[str, int, int]:
        """The name from ``start`` on, its length on the wire, and where what follows it begins.

        Pointers lead back, each further than the one before, so there is no loop (RFC 1035 §4.1.4).
        """
        data, at, end, limit, length = self.data, start, 0, start, 1
        labels = []
        while size := data[at]:
            if size < 64:
                at += 1 + size
                label = data[at - size : at]
                length += 1 + size
                labels.append(label.decode("ascii") if _PLAIN_LABEL.fullmatch(label) else _escaped(label))
            elif size >= 0xC0:
                end = end or at + 2
                at = (size & 0x3F) << 8 | data[at + 1]
                if at >= limit:
                    raise WireError("a pointer that does not lead back")
                limit = at
                if known := self._names.get(at):
                    labels.append(known[0])
                    length += known[1] - 1
                    break
            else:
                raise WireError("an unknown kind of label")
        if length > _MOST_NAME:
            raise WireError("a name of more than 255 bytes")
        name = ".".join(labels).lower()
        if name:
            self._names[start] = name, length
        return name, length, end or at + 1

    def _options(self, end: int) -> None:
        """The extended errors among an OPT record's options (RFC 8914 §2)."""
        while self.at < end:
            option, length = struct.unpack_from("!HH", self.data, self.at)
            self.at += 4
            value = self.data[self.at : min(self.at + length, end)]
            self.at += length
            if self.at > end:
                raise WireError("an option goes past its record")
            if option == _EXTENDED_ERROR:
                (code,) = struct.unpack_from("!H", value)
                self.extended.append((code, value[2:].rstrip(b"\0").decode("utf-8", "replace")))

    def integer(self, form: str) -> int:
        """The next unsigned number: ``!H`` or ``!I``."""
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return int(value)

    def octets(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        value = self.data[self.at : self.at + count]
        if len(value) != count:
            raise WireError("a packet that ends too early")
        self.at += count
        return value


def _escaped(label: bytes) -> str:
    """Return a label as in a zone file (RFC 1035 §5.1)."""
    return "".join(
        f"\\{chr(byte)}" if byte in _NEEDS_BACKSLASH else chr(byte) if 0x20 < byte < 0x7F else f"\\{byte:03d}"
        for byte in label
    )


def _address(reader: _Reader, end: int, name: str, ttl: int) -> Rdata:
    return Address(socket.inet_ntop(socket.AF_INET, reader.octets(4)))


def _address6(reader: _Reader, end: int, name: str, ttl: int) -> Rdata:
    return Address(socket.inet_ntop(socket.AF_INET6, reader.octets(16)))


def _host(reader: _Reader, end: int, name: str, ttl: int) -> Rdata:
    return Host(reader.name())


def _mx(reader: _Reader, end: int, name: str, ttl: int) -> Rdata:
    return Mx(reader.integer("!H"), reader.name())


def _txt(reader: _Reader, end: int, name: str, ttl: int) -> Rdata:
    if reader.at == end:
        raise WireError("a text without a string")
    strings = []
    while reader.at < end:
        size = reader.data[reader.at]
        reader.at += 1
        strings.append(reader.octets(size))
    return Txt(tuple(strings))


def _soa(reader: _Reader, end: int, name: str, ttl: int) -> Rdata:
    primary, _ = reader.name(), reader.name()
    serial = reader.integer("!I")
    minimum = struct.unpack("!4I", reader.octets(16))[3]
    return Soa(name, serial, min(ttl, minimum), primary)


_PARSERS: dict[int, Callable[[_Reader, int, str, int], Rdata]] = {
    _TYPES["A"]: _address,
    _TYPES["NS"]: _host,
    _TYPES["CNAME"]: _host,
    _TYPES["SOA"]: _soa,
    _TYPES["PTR"]: _host,
    _TYPES["MX"]: _mx,
    _TYPES["TXT"]: _txt,
    _TYPES["AAAA"]: _address6,
    _TYPES["SPF"]: _txt,
}
"""How the data of each type is read: up to the end given, for the record's name and time to live."""
