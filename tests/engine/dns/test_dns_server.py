"""The embedded DNS server, asked over real sockets by dnspython's own client."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.query
import pytest
from dns.message import Message
from dns.rcode import Rcode

from wizard.demo.dns.server import DnsServer
from wizard.demo.dns.zone_data import Resource

NAMECHEAP = ("dns1.registrar-servers.com", "dns2.registrar-servers.com")


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as running:
        running.set_zone("example.com", NAMECHEAP)
        yield running


def ask(server: DnsServer, name: str, rdtype: str, *, recursive: bool = False, tcp: bool = False) -> Message:
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232)
    if not recursive:
        query.flags &= ~dns.flags.RD
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, server.address, timeout=5, port=server.port)


def values(response: Message) -> list[str]:
    return sorted(f"{rrset.rdtype.name} {rd.to_text()}" for rrset in response.answer for rd in rrset)


@pytest.mark.parametrize("tcp", [False, True])
def test_a_change_shows_with_the_next_answer(server: DnsServer, tcp: bool) -> None:
    assert ask(server, "_dmarc.example.com", "TXT", tcp=tcp).rcode() == Rcode.NXDOMAIN
    server.add("_dmarc.example.com", "TXT", "v=DMARC1; p=none;")
    response = ask(server, "_DMARC.example.com", "TXT", tcp=tcp)
    assert values(response) == ['TXT "v=DMARC1; p=none;"']
    assert response.flags & dns.flags.AA
    assert not response.flags & dns.flags.RA
    server.remove("_dmarc.example.com", "TXT")
    assert ask(server, "_dmarc.example.com", "TXT", tcp=tcp).rcode() == Rcode.NXDOMAIN


def test_negative_answers_carry_the_soa_and_tell_no_name_from_no_data(server: DnsServer) -> None:
    server.add("a.b.example.com", "TXT", "x")
    for name, rcode in [("a.b", Rcode.NOERROR), ("b", Rcode.NOERROR), ("c", Rcode.NXDOMAIN)]:
        response = ask(server, f"{name}.example.com", "MX")
        assert (response.rcode(), values(response)) == (rcode, [])
        assert [rrset.name.to_text() for rrset in response.authority] == ["example.com."]
        assert response.authority[0].rdtype.name == "SOA"


def test_the_serial_grows_with_every_change(server: DnsServer) -> None:
    def serial() -> int:
        return int(ask(server, "example.com", "SOA").answer[0][0].serial)

    before = serial()
    server.add("example.com", "TXT", "x")
    server.remove("example.com")
    assert serial() == before + 2


def test_the_registry_knows_registered_names_and_no_others(server: DnsServer) -> None:
    response = ask(server, "example.com", "NS")
    assert values(response) == [f"NS {name}." for name in NAMECHEAP]
    assert [rrset[0].to_text() for rrset in response.additional] == ["127.0.0.1"] * 2
    unregistered = ask(server, "nobody.org", "NS")
    assert unregistered.rcode() == Rcode.NXDOMAIN
    assert unregistered.authority[0].name.to_text() == "org."
    assert ask(server, "nobody.invalid", "NS").authority[0].name.to_text() == "."
    server.set_zone("nobody.org", ("ns1.example.net",))
    assert values(ask(server, "nobody.org", "NS")) == ["NS ns1.example.net."]
    server.remove_zone("nobody.org")
    assert ask(server, "nobody.org", "NS").rcode() == Rcode.NXDOMAIN


def test_a_name_server_and_a_registry_have_addresses(server: DnsServer) -> None:
    for name in (*NAMECHEAP, "a.gtld-servers.net", "a.root-servers.net"):
        assert values(ask(server, name, "A", recursive=True)) == ["A 127.0.0.1"]
    assert values(ask(server, "com", "NS", recursive=True)) == ["NS a.gtld-servers.net."]


def test_a_delegation_below_the_apex_is_a_referral_and_lame_for_a_resolver(server: DnsServer) -> None:
    server.add("sub.example.com", "NS", "ns1.elsewhere.net")
    response = ask(server, "x.sub.example.com", "TXT")
    assert not response.flags & dns.flags.AA
    assert [rrset.to_text() for rrset in response.authority] == [
        "sub.example.com. 300 IN NS ns1.elsewhere.net."
    ]
    assert ask(server, "x.sub.example.com", "TXT", recursive=True).rcode() == Rcode.SERVFAIL


def test_aliases_are_followed_into_other_zones_by_the_resolver_alone(server: DnsServer) -> None:
    server.set_zone("example.net", ("ns1.example.net",))
    server.add("target.example.net", "TXT", "p=key")
    server.add("t._domainkey.example.com", "CNAME", "target.example.net")
    alone = ask(server, "t._domainkey.example.com", "TXT")
    assert values(alone) == ["CNAME target.example.net."]
    whole = ask(server, "t._domainkey.example.com", "TXT", recursive=True)
    assert values(whole) == ["CNAME target.example.net.", 'TXT "p=key"']
    assert whole.flags & dns.flags.RA
    server.add("dead.example.com", "CNAME", "nothing.example.net")
    assert ask(server, "dead.example.com", "TXT", recursive=True).rcode() == Rcode.NXDOMAIN
    server.add("one.example.com", "CNAME", "two.example.com")
    server.add("two.example.com", "CNAME", "one.example.com")
    assert ask(server, "one.example.com", "TXT", recursive=True).rcode() == Rcode.SERVFAIL


def test_a_wildcard_answers_for_names_that_do_not_exist(server: DnsServer) -> None:
    server.add("*.example.com", "TXT", "wild")
    server.add("there.example.com", "A", "192.0.2.1")
    assert values(ask(server, "x.y.example.com", "TXT")) == ['TXT "wild"']
    assert values(ask(server, "there.example.com", "TXT")) == []
    assert ask(server, "there.example.com", "TXT").rcode() == Rcode.NOERROR


def test_what_is_too_large_for_udp_comes_over_tcp(server: DnsServer) -> None:
    for number in range(20):
        server.add("example.com", "TXT", f"{number:03d}" + "x" * 300)
    over_udp = ask(server, "example.com", "TXT")
    assert over_udp.flags & dns.flags.TC
    assert not over_udp.answer
    over_tcp = ask(server, "example.com", "TXT", tcp=True)
    assert len(over_tcp.answer[0]) == 20
    assert [len(part) for part in over_tcp.answer[0][0].strings] == [255, 48]
    server.remove("example.com")
    for number in range(3):
        server.add("example.com", "TXT", f"{number:03d}" + "x" * 200)
    assert not ask(server, "example.com", "TXT").flags & dns.flags.TC
    plain = dns.message.make_query("example.com", "TXT")
    assert dns.query.udp(plain, server.address, timeout=5, port=server.port).flags & dns.flags.TC


def test_values_are_literal_in_add_and_master_form_in_add_resource(server: DnsServer) -> None:
    server.add("quotes.example.com", "TXT", '"v=spf1 -all"')
    assert ask(server, "quotes.example.com", "TXT").answer[0][0].strings == (b'"v=spf1 -all"',)
    server.add_resource(Resource("split.example.com", "TXT", '"v=spf1 " "-all"'))
    assert ask(server, "split.example.com", "TXT").answer[0][0].strings == (b"v=spf1 ", b"-all")


def test_a_source_gives_the_records_of_a_zone_held_elsewhere(server: DnsServer) -> None:
    held = [Resource("m.example.org.", "MX", "10 feedback-smtp.us-east-1.amazonses.com.", 60)]
    server.set_zone("example.org", ("ns-1.awsdns-01.org",), source=lambda: held)
    assert values(ask(server, "m.example.org", "MX")) == ["MX 10 feedback-smtp.us-east-1.amazonses.com."]
    assert values(ask(server, "ns-1.awsdns-01.org", "A")) == ["A 127.0.0.1"]
    held.append(Resource("x.example.org", "TXT", '"late"'))
    assert values(ask(server, "x.example.org", "TXT")) == ['TXT "late"']
    held.clear()
    assert ask(server, "m.example.org", "MX").rcode() == Rcode.NXDOMAIN


def test_a_source_that_fails_costs_its_own_answer_only(server: DnsServer) -> None:
    def broken() -> list[Resource]:
        raise RuntimeError("no account")

    server.set_zone("example.org", ("ns-1.awsdns-01.org",), source=broken)
    assert ask(server, "example.org", "TXT").rcode() == Rcode.SERVFAIL
    assert ask(server, "example.com", "SOA").rcode() == Rcode.NOERROR


def test_hostile_packets_never_kill_it(server: DnsServer) -> None:
    rng = random.Random(7)
    question = dns.message.make_query("example.com", "TXT", use_edns=0).to_wire()
    packets = [rng.randbytes(rng.randrange(0, 80)) for _ in range(500)]
    for _ in range(500):
        bent = bytearray(question)
        for _ in range(rng.randrange(1, 5)):
            bent[rng.randrange(len(bent))] = rng.randrange(256)
        packets.append(bytes(bent))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for number, packet in enumerate(packets):
            out.sendto(packet, (server.address, server.port))
            if number % 50 == 0:
                assert ask(server, "example.com", "SOA").rcode() == Rcode.NOERROR
    with socket.create_connection((server.address, server.port), timeout=5) as stream:
        stream.sendall(b"\x00\x0bGET / HTTP\x00\xff")
    assert ask(server, "example.com", "SOA", tcp=True).rcode() == Rcode.NOERROR
    assert server.respond(b"short", tcp=False) is None
    axfr = dns.message.make_query("example.com", "AXFR")
    reply = server.respond(axfr.to_wire(), tcp=True)
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() == Rcode.REFUSED


def test_it_stops_cleanly_with_connections_open_and_starts_again(
    server: DnsServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.add("x.example.com", "TXT", "kept")
    with socket.create_connection((server.address, server.port), timeout=5) as stream:
        ask(server, "example.com", "SOA", tcp=True)
        server.stop()
        assert stream.recv(1) == b""
    server.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "dns-server"]
    server.start()
    assert values(ask(server, "x.example.com", "TXT")) == ['TXT "kept"']
    assert capfd.readouterr().err == ""
