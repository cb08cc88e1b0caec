"""Packets are written and read as dnspython writes and reads them, damaged ones too."""

from __future__ import annotations

import random

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdtypes.ANY.SOA
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.rdtypes.mxbase
import dns.rdtypes.nsbase
import dns.rdtypes.txtbase
import dns.rrset
import pytest
from dns.rdatatype import RdataType
from hypothesis import given
from hypothesis import strategies as st

from wizard.dns.answers import Address, Host, Mx, Question, Rcode, Rdata, Soa, Txt
from wizard.dns.resolve import wire
from wizard.dns.resolve.replies import read

NAME = "_dmarc.Example.com"
ZONE = """
_dmarc.example.com. 77 IN TXT "v=DMARC1; " "p=none"
_dmarc.example.com. 60 IN TXT "other"
_dmarc.example.com. 60 IN MX 10 mail.example.com.
_dmarc.example.com. 60 IN MX 0 .
_dmarc.example.com. 60 IN CNAME www.example.net.
_dmarc.example.com. 60 IN A 192.0.2.1
_dmarc.example.com. 60 IN AAAA 2001:db8::1
_dmarc.example.com. 60 IN NS ns1.example.net.
_dmarc.example.com. 60 IN SPF "v=spf1 -all"
_dmarc.example.com. 60 IN SOA ns1.example.com. root.example.com. 4294967295 7200 900 1209600 30
_dmarc.example.com. 60 IN CAA 0 issue "example.net"
e\\.vil\\027.example.com. 60 IN PTR a\\"b\\;.example.com.
"""


def rrsets(text: str = ZONE) -> list[dns.rrset.RRset]:
    return [
        dns.rrset.from_text(name, int(ttl), rdclass, rdtype, value)
        for name, ttl, rdclass, rdtype, value in (line.split(" ", 4) for line in text.strip().splitlines())
    ]


def packet(query: wire.Query, *answer: dns.rrset.RRset, flags: int = dns.flags.AA) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(query.wire))
    message.flags |= flags
    message.answer.extend(answer)
    return message.to_wire()


Found = set[tuple[str, str, Rdata | None]] | None
"""Name, type and data of each record of an answer; None for what is no answer."""


def ours(data: bytes, query: wire.Query) -> Found:
    message = wire.reply(data, query)
    return None if message is None else {(r.name, r.type, r.rdata) for r in message.answer}


def dnspythons(data: bytes, query: wire.Query) -> Found:
    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
    except Exception:
        return None
    if not dns.message.from_wire(query.wire).is_response(message):
        return None
    if message.flags & dns.flags.TC:
        return set()
    return {
        (text(rrset.name), _type(rrset.rdtype), plain(rrset, rdata))
        for rrset in message.answer
        if rrset.rdclass == dns.rdataclass.IN
        for rdata in rrset
    }


def _type(number: RdataType) -> str:
    known = ("A", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "AAAA", "SPF")
    return number.name if number.name in known else f"TYPE{int(number)}"


def text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def plain(rrset: dns.rrset.RRset, rdata: object) -> Rdata | None:
    match rdata:
        case dns.rdtypes.txtbase.TXTBase():
            return Txt(tuple(rdata.strings))
        case dns.rdtypes.mxbase.MXBase():
            return Mx(rdata.preference, text(rdata.exchange))
        case dns.rdtypes.nsbase.NSBase():
            return Host(text(rdata.target))
        case dns.rdtypes.IN.A.A() | dns.rdtypes.IN.AAAA.AAAA():
            return Address(rdata.address)
        case dns.rdtypes.ANY.SOA.SOA():
            return Soa(text(rrset.name), rdata.serial, min(rrset.ttl, rdata.minimum), text(rdata.mname))
    return None


@pytest.mark.parametrize("kind", ["A", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "AAAA", "SPF"])
@pytest.mark.parametrize("recursive", [False, True])
def test_a_question_is_the_packet_that_dnspython_writes(kind: str, recursive: bool) -> None:
    query = wire.query(Question(NAME, kind), 4711, recursive=recursive)
    theirs = dns.message.make_query(NAME, kind, use_edns=0, payload=wire.EDNS_PAYLOAD)
    theirs.id = 4711
    theirs.flags = dns.flags.RD if recursive else 0
    assert query.wire == theirs.to_wire()
    plain_query = wire.query(Question(NAME, kind), 4711, unchecked=True, edns=False)
    theirs.use_edns(False)
    theirs.flags = dns.flags.CD
    assert plain_query.wire == theirs.to_wire()


def test_each_type_is_read_as_dnspython_reads_it() -> None:
    query = wire.query(Question(NAME, "TXT"), 1)
    data = packet(query, *rrsets())
    found = ours(data, query)
    assert found == dnspythons(data, query)
    assert found is not None
    assert len(found) == len(ZONE.strip().splitlines())
    assert ours(data + b"trailing", query) == found


@pytest.mark.parametrize("seed", range(40))
def test_damaged_packets_are_read_as_dnspython_reads_them(seed: int) -> None:
    """Whatever dnspython can still read we read alike; what only we can read is data that it checks more."""
    rng = random.Random(seed)
    query = wire.query(Question(NAME, "TXT"), 1)
    sound = [packet(query, rrset) for rrset in rrsets()]
    compared = 0
    for _ in range(50):
        data = bytearray(rng.choice(sound))
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.choice((rng.randrange(256), 0xC0, 0, 63))
        cut = bytes(data[: rng.randrange(len(data))]) if rng.random() < 0.3 else bytes(data)
        theirs, found = dnspythons(cut, query), ours(cut, query)
        if theirs is not None:
            assert found == theirs, cut.hex()
        compared += bool(theirs)
    assert compared


@given(st.lists(st.binary(min_size=1, max_size=63), min_size=1, max_size=4))
def test_any_name_survives_the_way_there_and_back(labels: list[bytes]) -> None:
    theirs = dns.name.Name([*labels, b""])
    shown = theirs.to_text(omit_final_dot=True)
    packed = wire.encoded_name(shown)
    assert packed == theirs.to_wire()
    query = wire.query(Question(shown, "TXT"), 1)
    message = wire.reply(packet(query), query)
    assert message is not None
    assert message.name == text(theirs)


@pytest.mark.parametrize("name", ["a..b", ".a", "x" * 64, "x." * 130 + "com", "a\\", "a\\300", "\udc80.com"])
def test_what_can_be_no_name(name: str) -> None:
    assert not wire.is_name(name)
    with pytest.raises(wire.WireError):
        wire.query(Question(name, "TXT"), 1)


@pytest.mark.parametrize(
    "name", [".", "", "com", "com.", "a\\.b.com", "bücher.example", "*._x.com", "a b.com"]
)
def test_names_as_dnspython_writes_them(name: str) -> None:
    assert wire.encoded_name(name) == dns.name.from_text(name or ".").to_wire()


class TestWhatCountsAsAnAnswer:
    QUERY = wire.query(Question(NAME, "TXT"), 0x1234)
    SOUND = packet(QUERY, rrsets()[0])

    def test_the_right_one(self) -> None:
        message = wire.reply(self.SOUND, self.QUERY)
        assert message is not None
        assert (message.authoritative, message.recursion, message.truncated) == (True, False, False)
        assert [record.ttl for record in message.answer] == [77]

    @pytest.mark.parametrize(
        ("at", "byte"), [(0, 0x13), (2, 0x04), (2, 0xA4), (5, 2), (5, 0), (14, 0x5F), (31, 0x06), (33, 2)]
    )
    def test_another_id_kind_or_question_is_none(self, at: int, byte: int) -> None:
        damaged = bytearray(self.SOUND)
        assert damaged[at] != byte
        damaged[at] = byte
        assert wire.reply(bytes(damaged), self.QUERY) is None

    def test_the_case_of_the_name_does_not_count(self) -> None:
        shouted = self.SOUND.replace(b"_dmarc\x07Example", b"_DMARC\x07eXAMPLE")
        assert shouted != self.SOUND
        message = wire.reply(shouted, self.QUERY)
        assert message is not None
        assert message.name == "_dmarc.example.com"

    def test_a_failure_may_come_without_the_question(self) -> None:
        header = self.QUERY.wire[:2] + bytes([0x80, wire.SERVFAIL]) + bytes(8)
        message = wire.reply(header, self.QUERY)
        assert message is not None
        assert message.rcode == wire.SERVFAIL

    def test_of_one_that_is_cut_short_only_that_is_read(self) -> None:
        whole = packet(self.QUERY, *rrsets(), flags=dns.flags.AA | dns.flags.TC)
        for size in (36, 60, len(whole)):
            message = wire.reply(whole[:size], self.QUERY)
            assert message is not None
            assert (message.truncated, message.answer) == (True, ())

    @pytest.mark.parametrize("pointer", [b"\xc0\x0c", b"\xc0\x24", b"\xc0\xff", b"\xff\xff"])
    def test_pointers_that_lead_nowhere_end(self, pointer: bytes) -> None:
        """The name of the first record, which begins at 36, is a pointer to 12; then to itself or ahead."""
        at = self.SOUND.index(b"\xc0\x0c")
        changed = self.SOUND[:at] + pointer + self.SOUND[at + 2 :]
        assert (wire.reply(changed, self.QUERY) is None) == (pointer != b"\xc0\x0c")

    def test_the_longest_name_and_one_that_is_longer(self) -> None:
        for labels, sound in ((["x" * 61], True), (["x" * 63], False)):
            longest = dns.name.Name([(b"y" * 63), (b"y" * 63), (b"y" * 63), b""])
            query = wire.query(Question(text(longest), "CNAME"), 1)
            answer = dns.rrset.from_text(longest, 60, "IN", "CNAME", "short.")
            data = packet(query, answer)
            target = bytes([len(labels[0])]) + labels[0].encode() + b"\xc0\x0c"
            short = b"\x00\x07\x05short\x00"
            assert short in data
            changed = data.replace(short, len(target).to_bytes(2, "big") + target)
            assert (wire.reply(changed, query) is not None) == sound


@pytest.mark.parametrize("code", range(25))
def test_extended_errors_are_in_the_words_of_their_rfc(code: int) -> None:
    query = wire.query(Question(NAME, "TXT"), 1)
    message = dns.message.make_response(dns.message.from_wire(query.wire))
    message.set_rcode(dns.rcode.SERVFAIL)
    message.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode(code), "because")])
    found = wire.reply(message.to_wire(), query)
    assert found is not None
    words = dns.edns.EDECode(code).name.replace("_", " ").lower()
    said = read(found, Question(NAME, "TXT"), recursive=True)
    assert (said.rcode, said.extended) == (Rcode.SERVFAIL, f"{words}: because")


def test_an_extended_rcode_is_no_answer() -> None:
    query = wire.query(Question(NAME, "TXT"), 1)
    message = dns.message.make_response(dns.message.from_wire(query.wire))
    message.set_rcode(dns.rcode.BADVERS)
    found = wire.reply(message.to_wire(), query)
    assert found is not None
    assert read(found, Question(NAME, "TXT"), recursive=True).rcode is Rcode.NO_ANSWER


def test_a_set_is_read_once_each_and_with_its_shortest_time_to_live() -> None:
    query = wire.query(Question(NAME, "TXT"), 1)
    message = wire.reply(packet(query, *rrsets()[:2], rrsets()[0]), query)
    assert message is not None
    said = read(message, Question(NAME, "TXT"), recursive=False)
    assert (len(said.rdatas), said.ttl) == (2, 60)
