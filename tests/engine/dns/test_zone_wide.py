"""What is wrong with a zone's servers, or between them and us, each in at least two shapes on loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dns.asyncquery
import dns.message
import dns.rcode
import pytest
from dns.rcode import NOTIMP, REFUSED, SERVFAIL

from tests.engine.dns.real_servers import bind, free_port, needs_bind, needs_unbound, signed, unbound
from tests.engine.dns_servers import (
    NAMESERVERS,
    BareForwarder,
    Broken,
    Counting,
    Forwarder,
    Intercepting,
    Lame,
    NoResolver,
    Silent,
    Slow,
    TcpOnly,
    access,
    reply,
)
from tests.engine.example_domain import (
    CONTEXT,
    DMARC,
    RECORDS,
    Clock,
    codes,
    furnish,
    named,
    publish,
    row,
    status,
)
from wizard.demo.dns.server import DnsServer
from wizard.demo.dns.zone_data import Resource
from wizard.dns import checklist
from wizard.dns.answers import Answer, Outcome, Question, Rcode, ServerReport, Soa, ZoneReport
from wizard.dns.answers import Path as Way
from wizard.dns.checklist import Checklist, check_once, watch
from wizard.dns.findings import Finding, Round, RowStatus, Severity
from wizard.dns.judge.hosts import apart
from wizard.dns.judge.rows import zone_findings
from wizard.dns.records import RecordId
from wizard.dns.resolve import https, servers, transport
from wizard.dns.resolve.access import DnsAccess, Nameserver, PublicResolver
from wizard.dns.resolve.servers import Network

EDITED = ("ada.ns.cloudflare.com", "bob.ns.cloudflare.com")
BOGUS_DS = "example.com. DS 12345 13 2 " + "ab" * 32


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits, for servers that stay silent."""
    monkeypatch.setattr(transport, "TRIES", (0.1, 0.2))
    monkeypatch.setattr(transport, "TCP_SECONDS", 0.2)
    monkeypatch.setattr(servers, "LATECOMERS_SECONDS", 0.6)


async def look(access: DnsAccess, edited: tuple[str, ...] = ()) -> Round:
    return await check_once(access, RECORDS, CONTEXT, Clock(), lambda: [edited])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as running:
        yield running


def two_servers(stack: ExitStack, other: DnsServer, *, alone: bool = False) -> tuple[DnsServer, DnsAccess]:
    """example.com on a good server, which is the world as well, and on ``other``; or on ``other`` alone."""
    good = furnish(DnsServer())
    good.add("ns2.example.net", "A", other.address)
    names = ("ns2.example.net",) if alone else (NAMESERVERS[0], "ns2.example.net")
    for server in (good, other):
        server.set_zone("example.com", names)
        server.add("example.com", "MX", "10 mx.example.net")
        publish(server, *RECORDS)
        stack.enter_context(server)
    return good, access(good, other)


class TestLameServers:
    @pytest.mark.parametrize(
        ("kind", "outcome"),
        [(Lame, "REFUSES"), (Silent, "SILENT"), (Broken, "FAILS"), (Intercepting, "CACHE")],
    )
    async def test_one_of_two_does_not_serve_the_zone(
        self, stack: ExitStack, kind: type[NoResolver], outcome: str
    ) -> None:
        _, both = two_servers(stack, kind("127.0.0.2"))
        seen = await look(both)
        assert codes(seen.findings) == ["lame-server"]
        finding = seen.findings[0]
        assert finding.severity is Severity.HURTS
        assert "1 of the 2 name servers" in finding.message
        assert "ns2.example.net (127.0.0.2)" in finding.message
        assert "`ns2.example.net`" in finding.fix
        assert finding.evidence["servers"] == [
            {"name": "ns2.example.net", "address": "127.0.0.2", "outcome": outcome}
        ]
        assert {found.status for found in seen.rows} == {RowStatus.OK}
        assert (seen.ready, seen.ok, seen.zone.path) == (True, False, Way.AUTHORITATIVE)

    async def test_a_name_server_that_does_not_exist(self, stack: ExitStack) -> None:
        good = stack.enter_context(furnish(DnsServer()))
        publish(good, *RECORDS)
        good.set_zone("example.com", (NAMESERVERS[0], "gone.example.net"))
        good.remove("gone.example.net")
        good.add("example.com", "MX", "10 mx.example.net")
        finding = named((await look(access(good))).findings, "lame-server")
        assert "gone.example.net has no address" in finding.message

    async def test_all_are_dead_while_the_registry_answers(self, stack: ExitStack) -> None:
        """Then port 53 is not closed, and it is no fault of this network."""
        _, both = two_servers(stack, Lame("127.0.0.2"), alone=True)
        seen = await look(both)
        assert "1 of the 1 name servers" in named(seen.findings, "lame-server").message

    async def test_a_slow_server_is_not_lame(self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(transport, "TRIES", (0.1, 0.2, 2.0))
        good, both = two_servers(stack, Slow("127.0.0.2"))
        seen = await look(both)
        assert seen.findings == ()
        good.remove(DMARC.name)
        disagree = named(row(await look(both), RecordId.DMARC).findings, "servers-disagree")
        assert disagree.evidence["servers"] == ["127.0.0.2"]

    @needs_bind
    async def test_bind_without_the_zone(self, stack: ExitStack, tmp_path: Path) -> None:
        port = free_port("127.0.0.1")
        world = stack.enter_context(furnish(DnsServer("127.0.0.2", port)))
        publish(world, *RECORDS)
        world.add("bind.example.net", "A", "127.0.0.1")
        world.set_zone("example.com", (NAMESERVERS[0], "bind.example.net"))
        stack.enter_context(bind(tmp_path / "bind", port, {"example.net": zone_file(300, 60)}))
        seen = await look(DnsAccess((Nameserver("127.0.0.2", port),), port=port))
        assert "bind.example.net (127.0.0.1) refuses" in named(seen.findings, "lame-server").message

    def lame(self, *outcomes: Outcome) -> Finding:
        """What is said of servers ns1, ns2 … with these outcomes."""
        found = [
            ServerReport(f"ns{number}.example.net", f"192.0.2.{number}", outcome)
            for number, outcome in enumerate(outcomes, start=1)
        ]
        names = tuple(server.name for server in found)
        seen = ZoneReport("example.com", "example.com", names, servers=tuple(found))
        return named(zone_findings(seen, {}), "lame-server")

    @pytest.mark.parametrize("count", [1, 2, 4])
    def test_silence_of_all_servers_is_no_reason_to_remove_them(self, count: int) -> None:
        finding = self.lame(*[Outcome.SILENT] * count)
        assert f"{count} of the {count} name servers" in finding.message
        assert "Leave the name servers at the registrar as they are" in finding.fix
        assert "from another network" in finding.fix
        assert "emove" not in finding.fix
        assert "replace" not in finding.fix

    @pytest.mark.parametrize("outcome", [Outcome.REFUSES, Outcome.OTHER_ZONE, Outcome.FAILS])
    def test_where_no_server_has_the_zone_it_is_to_be_set_up_first(self, outcome: Outcome) -> None:
        finding = self.lame(outcome, Outcome.SILENT)
        assert "it can neither send nor receive mail" in finding.message
        assert "whether it still has the zone example.com" in finding.fix
        assert finding.fix.index("with all its records") < finding.fix.index("enter the name servers")
        assert "emove" not in finding.fix

    def test_the_last_but_one_server_is_replaced_and_others_may_be_removed(self) -> None:
        assert "replace `ns2.example.net` with other" in self.lame(Outcome.ANSWERS, Outcome.REFUSES).fix
        assert (
            "remove `ns3.example.net` at the registrar"
            in self.lame(Outcome.ANSWERS, Outcome.ANSWERS, Outcome.FAILS).fix
        )
        assert "If this lasts" in self.lame(Outcome.ANSWERS, Outcome.SILENT).fix

    def test_a_server_with_one_bad_address_is_not_removed(self) -> None:
        seen = ZoneReport(
            "example.com",
            "example.com",
            ("a", "b"),
            servers=(
                ServerReport("a", "192.0.2.1", Outcome.ANSWERS),
                ServerReport("b", "192.0.2.2", Outcome.ANSWERS),
                ServerReport("b", "192.0.2.3", Outcome.SILENT),
            ),
        )
        finding = named(zone_findings(seen, {}), "lame-server")
        assert "b (192.0.2.3) does not answer" in finding.message
        assert finding.fix == "Ask the operator of `b` to repair the server at that address."

    async def test_a_whole_ip_version_that_is_silent_is_our_own_network(self) -> None:
        seen = ZoneReport(
            "example.com",
            "example.com",
            ("a", "b"),
            servers=(
                ServerReport("a", "192.0.2.1", Outcome.ANSWERS),
                ServerReport("a", "2001:db8::1", Outcome.SILENT),
                ServerReport("b", "2001:db8::2", Outcome.SILENT),
            ),
        )
        assert zone_findings(seen, {}) == ()
        one_answers = replace(seen.servers[2], outcome=Outcome.ANSWERS)
        mixed = replace(seen, servers=(*seen.servers[:2], one_answers))
        assert codes(zone_findings(mixed, {})) == ["lame-server"]


class TestServersThatDisagree:
    async def test_one_has_the_record_the_other_not_yet(self, stack: ExitStack) -> None:
        good, both = two_servers(stack, NoResolver("127.0.0.2"))
        good.remove(DMARC.name)
        seen = await look(both)
        finding = named(row(seen, RecordId.DMARC).findings, "servers-disagree")
        assert finding.severity is Severity.INFO
        assert "1 of the zone's 2 servers" in finding.message
        assert finding.evidence["lacking"] == [good.address]
        assert "lame-server" not in codes(seen.findings)

    async def test_one_still_has_the_old_value(self, stack: ExitStack) -> None:
        good, both = two_servers(stack, NoResolver("127.0.0.2"))
        good.remove(RECORDS[0].name)
        good.add(RECORDS[0].name, "CNAME", "old.dkim.amazonses.com")
        assert "servers-disagree" in codes(row(await look(both), RecordId.DKIM1).findings)


class TestTwoDnsHosts:
    """The registry lists servers of two hosts; the records are at one of them."""

    HOSTS = (
        (NAMESERVERS, EDITED),
        (("ns1.alpha.net", "ns2.alpha.net"), ("ns1.beta.org", "ns2.beta.org")),
        (("ns-1.awsdns-01.com", "ns-2.awsdns-02.net"), ("ns-8.awsdns-04.net", "ns-9.awsdns-03.org")),
    )

    def two_hosts(
        self, stack: ExitStack, one: tuple[str, ...], other: tuple[str, ...], *, source: tuple[str, ...] = ()
    ) -> tuple[DnsServer, DnsServer, DnsAccess]:
        """The servers of both, without records; the second's zone comes from ``source`` if one is given."""
        first, second, registry = furnish(DnsServer()), NoResolver("127.0.0.2"), NoResolver("127.0.0.3")
        for name in other:
            first.add(name, "A", second.address)
        for name in one:
            first.add(name, "A", first.address)
        first.set_zone("example.com", one)
        second.set_zone("example.com", (*source, *other))
        first.add("r.example.net", "A", registry.address)
        first.set_zone("com", ("r.example.net",))
        registry.set_zone("com", ("r.example.net",))
        registry.set_zone("example.com", (*one, *other))
        for name in (*one, *other):
            registry.remove(name)
        for server in (first, second, registry):
            server.add("example.com", "MX", "10 mx.example.net")
            stack.enter_context(server)
        return first, second, access(first, second, registry)

    @pytest.mark.parametrize(("one", "other"), HOSTS)
    @pytest.mark.parametrize("swapped", [False, True])
    async def test_the_host_that_lacks_the_records_is_named_with_what_to_do(
        self, stack: ExitStack, one: tuple[str, ...], other: tuple[str, ...], swapped: bool
    ) -> None:
        first, second, all_servers = self.two_hosts(stack, one, other)
        publish(second if swapped else first, *RECORDS)
        having, lacking = (other, one) if swapped else (one, other)
        seen = await look(all_servers)
        finding = named(seen.findings, "wrong-dns-host")
        assert finding.severity is Severity.BLOCKS
        assert not seen.ready
        assert finding.evidence["edited"] == list(having)
        assert finding.evidence["lacking"] == list(lacking)
        assert f"TXT {DMARC.name}" in str(finding.evidence["missing"])
        assert f"{', '.join(lacking)}" in finding.message.partition("does not have")[0]
        assert f"remove the name servers `{lacking[0]}`, `{lacking[1]}`" in finding.fix
        remark = named(row(seen, RecordId.DMARC).findings, "servers-disagree")
        assert lacking[0] in remark.message
        assert "does not have the record" in remark.message
        assert DMARC.value in remark.fix
        assert "Wait" not in remark.fix

    async def test_the_record_is_named_as_the_panel_of_the_lacking_host_wants_it(
        self, stack: ExitStack
    ) -> None:
        first, _, all_servers = self.two_hosts(stack, NAMESERVERS, ("ns-1-a.gandi.net", "ns-2-b.gandi.net"))
        publish(first, *RECORDS)
        remark = named(row(await look(all_servers), RecordId.DKIM1).findings, "servers-disagree")
        assert "value `t1.dkim.amazonses.com.`" in remark.fix

    async def test_each_has_what_the_other_lacks(self, stack: ExitStack) -> None:
        """Then neither can simply be removed."""
        first, second, all_servers = self.two_hosts(stack, NAMESERVERS, EDITED)
        publish(first, *RECORDS[:3])
        publish(second, *RECORDS[3:])
        found = [one for one in (await look(all_servers)).findings if one.code == "wrong-dns-host"]
        assert [one.evidence["lacking"] for one in found] == [list(EDITED), list(NAMESERVERS)] or [
            one.evidence["lacking"] for one in found
        ] == [list(NAMESERVERS), list(EDITED)]
        assert not any("remove" in one.fix for one in found)

    async def test_one_still_has_an_old_value(self, stack: ExitStack) -> None:
        first, second, all_servers = self.two_hosts(stack, NAMESERVERS, EDITED)
        publish(first, *RECORDS)
        publish(second, *RECORDS[1:])
        second.add(RECORDS[0].name, "CNAME", "old.dkim.amazonses.com")
        finding = named((await look(all_servers)).findings, "wrong-dns-host")
        assert "gives another answer for CNAME t1._domainkey.example.com" in finding.message

    async def test_a_host_that_may_copy_from_the_other_gets_time_to(self, stack: ExitStack) -> None:
        """Its zone names the same source: it may be a secondary of the first host."""
        first, _, all_servers = self.two_hosts(stack, NAMESERVERS, EDITED, source=NAMESERVERS[:1])
        publish(first, *RECORDS)
        seen = await look(all_servers)
        assert "wrong-dns-host" not in codes(seen.findings)
        remark = named(row(seen, RecordId.DMARC).findings, "servers-disagree")
        assert "If Cloudflare (ada.ns.cloudflare.com, bob.ns.cloudflare.com) copies the zone" in remark.fix
        assert "Otherwise enter the record at Cloudflare" in remark.fix

    def test_servers_of_a_zone_further_down_are_not_counted_among_the_hosts(self) -> None:
        """An answer of a name that is delegated away comes from servers that this zone does not have."""
        servers = (
            ServerReport("ns1.alpha.net", "192.0.2.1", Outcome.ANSWERS, Soa("x", 1, 60, "a.alpha.net")),
        )
        zone = ZoneReport("example.com", "example.com", ("ns1.alpha.net",), servers=servers)
        answer = Answer(Question("m.example.com", "MX"), Rcode.NOERROR, servers=("192.0.2.9",), agree=False)
        assert apart(zone, answer) is None

    async def test_servers_of_one_host_under_several_names_only_take_time(self, stack: ExitStack) -> None:
        one, other = ("ns1.alpha.net",), ("ns2.alpha.org",)
        first, _, all_servers = self.two_hosts(stack, one, other, source=one)
        publish(first, *RECORDS)
        seen = await look(all_servers)
        assert "wrong-dns-host" not in codes(seen.findings)
        assert "Wait a few minutes" in named(row(seen, RecordId.DMARC).findings, "servers-disagree").fix


class TestDelegatedAway:
    def away(self, stack: ExitStack) -> tuple[DnsServer, DnsServer, DnsAccess]:
        """m.example.com is handed to another server."""
        world, other = furnish(DnsServer()), NoResolver("127.0.0.2")
        publish(world, *[record for record in RECORDS if not record.name.startswith("m.")])
        world.add("ns.example.org", "A", other.address)
        world.add("m.example.com", "NS", "ns.example.org")
        other.set_zone("m.example.com", ("ns.example.org",))
        for server in (world, other):
            stack.enter_context(server)
        return world, other, access(world, other)

    async def test_to_another_server_that_has_nothing(self, stack: ExitStack) -> None:
        _, _, both = self.away(stack)
        seen = await look(both)
        for record_id in (RecordId.MAIL_FROM_MX, RecordId.MAIL_FROM_SPF):
            found = row(seen, record_id)
            assert found.status is RowStatus.MISSING
            assert codes(found.findings)[0] == "delegated-away"
            assert "absent" not in codes(found.findings)
        finding = row(seen, RecordId.MAIL_FROM_MX).findings[0]
        assert (finding.severity, finding.evidence["servers"]) == (Severity.BLOCKS, ["ns.example.org"])
        assert "zone m.example.com: host `@`" in finding.fix
        assert status(seen, RecordId.DMARC) is RowStatus.OK

    async def test_and_right_there_is_right(self, stack: ExitStack) -> None:
        _, other, both = self.away(stack)
        publish(other, *[record for record in RECORDS if record.name.startswith("m.")])
        seen = await look(both)
        assert seen.ok, seen.all_findings

    async def test_to_a_server_that_is_dead(self, stack: ExitStack) -> None:
        _, other, both = self.away(stack)
        other.stop()
        found = row(await look(both), RecordId.MAIL_FROM_MX)
        assert found.status is RowStatus.UNKNOWN
        assert codes(found.findings) == ["delegated-away", "unreachable"]

    async def test_to_a_zone_on_the_same_servers(self, stack: ExitStack) -> None:
        world = stack.enter_context(furnish(DnsServer()))
        publish(world, *[record for record in RECORDS if record.id is not RecordId.DMARC])
        world.set_zone("_dmarc.example.com", NAMESERVERS)
        found = row(await look(access(world)), RecordId.DMARC)
        assert codes(found.findings)[0] == "delegated-away"
        assert found.findings[0].evidence["zone"] == "_dmarc.example.com"


class TestWrongDnsHost:
    def moved(self, stack: ExitStack, own: tuple[str, ...]) -> DnsAccess:
        """The registry names the old host, where nothing is; the records are at the new one."""
        old, new = furnish(DnsServer()), NoResolver("127.0.0.2")
        for name in own or EDITED:
            old.add(name, "A", new.address)
        new.set_zone("example.com", EDITED)
        publish(new, *RECORDS)
        registry = NoResolver("127.0.0.3")
        for name in NAMESERVERS:
            registry.add(name, "A", old.address)
        registry.set_zone("com", ("r.example.net",))
        registry.set_zone("example.com", NAMESERVERS)
        old.add("r.example.net", "A", registry.address)
        old.set_zone("com", ("r.example.net",))
        old.set_zone("example.com", own or NAMESERVERS)
        for server in (old, new, registry):
            stack.enter_context(server)
        return access(old, new, registry)

    def check(self, seen: Round) -> None:
        finding = named(seen.findings, "wrong-dns-host")
        assert finding.severity is Severity.BLOCKS
        assert "added at Cloudflare (ada.ns.cloudflare.com" in finding.message
        assert "is delegated to Namecheap" in finding.message
        assert "`ada.ns.cloudflare.com`" in finding.fix
        assert not seen.ready

    async def test_the_zone_itself_lists_other_servers(self, stack: ExitStack) -> None:
        both = self.moved(stack, EDITED)
        self.check(await look(both))

    async def test_the_user_edits_another_zone(self, stack: ExitStack) -> None:
        both = self.moved(stack, ())
        assert "wrong-dns-host" not in codes((await look(both)).findings)
        self.check(await look(both, EDITED))

    async def test_other_names_for_the_same_servers_are_no_fault(self, stack: ExitStack) -> None:
        server = stack.enter_context(furnish(DnsServer()))
        server.set_zone("example.com", ("ns1.brand.com",))
        assert "wrong-dns-host" not in codes((await look(access(server), NAMESERVERS)).findings)


@contextmanager
def https_endpoint(world: DnsServer) -> Iterator[str]:
    """A DNS over HTTPS endpoint as RFC 8484 has it, without the S, that knows ``world``."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            wire = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/dns-message"
            assert wire[:2] == b"\0\0"
            reply = world.respond(wire, tcp=True) or b""
            self.send_response(200)
            self.send_header("Content-Type", "application/dns-message")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/dns-query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestPort53Closed:
    def closed(self, stack: ExitStack) -> tuple[DnsServer, DnsAccess]:
        """A resolver next door answers; whatever lies further away (127.0.0.2) does not."""
        near, far = furnish(DnsServer()), Silent("127.0.0.2")
        publish(near, *RECORDS)
        for name in ("far.example.net", *NAMESERVERS):
            near.add(name, "A", far.address)
            near.remove(name, "A")
            near.add(name, "A", far.address)
        near.set_zone("com", ("far.example.net",))
        near.set_zone("example.com", NAMESERVERS)
        near.add("example.com", "MX", "10 mx.example.net")
        stack.enter_context(near)
        stack.enter_context(far)
        return near, DnsAccess((Nameserver(near.address, near.port),), port=far.port)

    async def test_the_resolver_is_asked_instead(self, stack: ExitStack) -> None:
        _, only = self.closed(stack)
        seen = await look(only)
        finding = named(seen.findings, "dns-blocked")
        assert (finding.severity, finding.evidence["path"]) == (Severity.WARNS, "resolver")
        assert "Port 53 is closed" in finding.message
        assert (seen.ok, seen.zone.path) == (True, Way.RESOLVER)

    async def test_https_is_asked_before_the_resolver(self, stack: ExitStack) -> None:
        near, only = self.closed(stack)
        near.remove(DMARC.name)
        world = furnish(DnsServer())
        publish(world, *RECORDS)
        endpoint = stack.enter_context(https_endpoint(world))
        seen = await look(replace(only, https=("http://127.0.0.1:9/", endpoint)))
        assert named(seen.findings, "dns-blocked").evidence["path"] == "https"
        assert "over HTTPS" in seen.findings[0].message
        assert (seen.ok, seen.zone.path) == (True, Way.HTTPS)

    async def test_with_https_alone_everything_is_found(self, stack: ExitStack) -> None:
        """Not even a resolver answers here."""
        silent = stack.enter_context(Silent("127.0.0.2"))
        world = furnish(DnsServer("127.0.0.2"))
        publish(world, *RECORDS)
        endpoint = stack.enter_context(https_endpoint(world))
        seen = await look(DnsAccess((Nameserver("127.0.0.2", silent.port),), https=(endpoint,)))
        assert (seen.zone.apex, seen.zone.path, seen.ok) == ("example.com", Way.HTTPS, True)
        assert "dns-blocked" in codes(seen.findings)

    @pytest.mark.parametrize("rcode", [SERVFAIL, REFUSED, NOTIMP], ids=["SERVFAIL", "REFUSED", "NOTIMP"])
    async def test_a_resolver_that_fails_is_passed_over_like_a_silent_one(
        self, stack: ExitStack, rcode: dns.rcode.Rcode
    ) -> None:
        class Failing(DnsServer):
            """The network's resolver; on the same address are the zone's servers, which work."""

            def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
                return reply(wire, rcode) if wire[2] & 0x01 else super().respond(wire, tcp=tcp)

        failing = furnish(Failing())
        publish(failing, *RECORDS)
        stack.enter_context(failing)
        assert not (await look(access(failing))).zone.reachable
        world = furnish(DnsServer("127.0.0.2"))
        publish(world, *RECORDS)
        for name in NAMESERVERS:
            world.remove(name)
            world.add(name, "A", failing.address)
        endpoint = stack.enter_context(https_endpoint(world))
        seen = await look(replace(access(failing), https=(endpoint,)))
        assert (seen.ok, seen.zone.path, seen.findings) == (True, Way.AUTHORITATIVE, ())

    async def test_a_resolver_that_fails_for_one_name_is_passed_over_for_that(self, stack: ExitStack) -> None:
        """As for the key of a DKIM record, which lies in a zone that this resolver does not reach."""

        class Failing(DnsServer):
            def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
                cut_off = wire[2] & 0x01 and b"amazonses" in wire
                return reply(wire, SERVFAIL) if cut_off else super().respond(wire, tcp=tcp)

        failing = furnish(Failing())
        publish(failing, *RECORDS)
        stack.enter_context(failing)
        world = furnish(DnsServer("127.0.0.2"))
        world.add(RECORDS[0].value, "TXT", "p=")
        endpoint = stack.enter_context(https_endpoint(world))
        seen = await look(replace(access(failing), https=(endpoint,)))
        assert codes(row(seen, RecordId.DKIM1).findings)[0] == "key-revoked"

    async def test_https_that_is_closed_too_is_left_alone(
        self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        monkeypatch.setattr(https, "_posted", lambda endpoint, wire: asked.append(endpoint))
        _, only = self.closed(stack)
        checks = Checklist(Network(replace(only, https=("http://127.0.0.1:9/",))), RECORDS, CONTEXT, Clock())
        assert (await checks.round()).zone.path is Way.RESOLVER
        before = len(asked)
        assert (await checks.round()).ok
        assert len(asked) == before

    async def test_only_tcp_gets_through(self, stack: ExitStack) -> None:
        _, both = two_servers(stack, TcpOnly("127.0.0.2"), alone=True)
        seen = await look(both)
        assert named(seen.findings, "dns-blocked").evidence["path"] == "tcp"
        assert (seen.ok, seen.zone.path) == (True, Way.TCP)

    async def test_somebody_answers_in_the_servers_place(self, stack: ExitStack) -> None:
        _, both = two_servers(stack, Intercepting("127.0.0.2"), alone=True)
        seen = await look(both)
        assert codes(seen.findings) == ["dns-blocked"]
        assert "in place of the zone's servers" in seen.findings[0].message
        assert seen.ok


class TestSplitHorizon:
    def inside(
        self, stack: ExitStack, *names: str, kind: type[DnsServer] = DnsServer
    ) -> tuple[DnsServer, DnsServer, DnsAccess]:
        """The resolver of the network has a zone example.com of its own, the world another."""
        network, outside = furnish(kind()), NoResolver("127.0.0.2")
        network.add("ns.example.net", "A", outside.address)
        outside.set_zone("com", ("ns.example.net",))
        outside.set_zone("example.com", ("ns.example.net",))
        outside.add("example.com", "MX", "10 mx.example.net")
        network.set_zone("com", ("ns.example.net",))
        network.set_zone("example.com", names or ("ns.example.net",))
        publish(network, *RECORDS)
        publish(outside, *RECORDS[:-1])
        for server in (network, outside):
            stack.enter_context(server)
        return network, outside, access(network, outside)

    @pytest.mark.parametrize("kind", [DnsServer, Forwarder, BareForwarder])
    @pytest.mark.parametrize("names", [(), ("dc1.example.com",)])
    async def test_only_the_network_has_the_record(
        self, stack: ExitStack, names: tuple[str, ...], kind: type[DnsServer]
    ) -> None:
        network, _, both = self.inside(stack, *names, kind=kind)
        for name in names:
            network.add(name, "A", network.address)
        found = row(await look(both), RecordId.DMARC)
        assert found.status is RowStatus.MISSING
        assert codes(found.findings)[0] == "split-horizon"
        assert "absent" not in codes(found.findings)
        assert found.findings[0].severity is Severity.BLOCKS
        assert "host `_dmarc` " in found.findings[0].fix
        assert "value `v=DMARC1; p=none;`" in found.findings[0].fix

    async def test_the_fix_names_the_priority_of_an_mx_record(self, stack: ExitStack) -> None:
        _, outside, both = self.inside(stack)
        outside.remove("m.example.com")
        fix = row(await look(both), RecordId.MAIL_FROM_MX).findings[0].fix
        assert "priority `10`, value `feedback-smtp.us-east-1.amazonses.com`" in fix

    async def test_what_nobody_has_is_just_absent(self, stack: ExitStack) -> None:
        network, _, both = self.inside(stack)
        network.remove(DMARC.name)
        assert codes(row(await look(both), RecordId.DMARC).findings)[0] == "absent"

    async def test_the_network_shows_the_servers_of_the_zone_at_addresses_of_its_own(
        self, stack: ExitStack
    ) -> None:
        """Then what those servers say is not what the world is told: the registry's addresses count."""
        network, outside = furnish(DnsServer()), NoResolver("127.0.0.2")
        for server in (network, outside):
            server.set_zone("example.com", ("ns1.example.com",))
        publish(network, *RECORDS)
        publish(outside, *RECORDS[:-1])
        network.add("far.example.net", "A", outside.address)
        for server in (network, outside):
            server.set_zone("com", ("far.example.net",))
            stack.enter_context(server)
        seen = await look(access(network, outside))
        assert seen.zone.addresses == ("127.0.0.2",)
        assert codes(row(seen, RecordId.DMARC).findings)[0] == "split-horizon"

    @needs_unbound
    async def test_a_real_forwarder_before_a_server_of_the_network(
        self, stack: ExitStack, tmp_path: Path
    ) -> None:
        """unbound refuses what it is not to follow up, and the zone lists the same servers on both sides."""
        world, internal = furnish(DnsServer()), furnish(NoResolver("127.0.0.2"))
        publish(world, *RECORDS[:-1])
        publish(internal, *RECORDS)
        for server in (world, internal):
            stack.enter_context(server)
        resolver = unbound(
            tmp_path / "u",
            "127.0.0.9",
            (world.address, world.port),
            stub=(internal.address, internal.port),
        )
        stack.enter_context(resolver)
        seen = await look(DnsAccess((Nameserver(resolver.address, resolver.port),), port=world.port))
        assert codes(row(seen, RecordId.DMARC).findings)[0] == "split-horizon"

    @pytest.mark.parametrize("kind", [Forwarder, BareForwarder])
    @pytest.mark.parametrize("wildcard", [None, ("TXT", "hello"), ("CNAME", "www.example.net")])
    async def test_a_resolver_that_sees_the_same_zone_is_not_asked_for_missing_records(
        self, stack: ExitStack, kind: type[Counting], wildcard: tuple[str, str] | None
    ) -> None:
        """It would deny them for some time after they have been added."""
        outside, resolver = furnish(NoResolver("127.0.0.2")), kind()
        furnish(resolver)
        resolver.add("ns.example.net", "A", outside.address)
        for server in (outside, resolver):
            server.set_zone("com", ("ns.example.net",))
            server.set_zone("example.com", ("ns.example.net",))
            if wildcard:
                server.add("*.example.com", *wildcard)
            stack.enter_context(server)
        await look(access(resolver, outside))
        asked = {words for words, _, _ in resolver.asked}
        assert "example.com NS" in asked
        assert not asked & {f"{record.name} {record.type}" for record in RECORDS}

    async def test_an_old_zone_in_a_cache_is_not_another_one(self, stack: ExitStack) -> None:
        """The resolver's SOA is older than the zone's, which has been edited since."""
        outside, resolver = furnish(NoResolver("127.0.0.2")), furnish(BareForwarder())
        resolver.add("ns.example.net", "A", outside.address)
        for server in (outside, resolver):
            server.set_zone("com", ("ns.example.net",))
            server.set_zone("example.com", ("ns.example.net",))
            stack.enter_context(server)
        publish(resolver, DMARC)
        for number in range(9):
            outside.add("example.com", "TXT", f"edit {number}")
        assert codes(row(await look(access(resolver, outside)), RecordId.DMARC).findings)[0] == "absent"

    @needs_unbound
    async def test_a_cache_that_still_has_it_is_not_the_network(
        self, stack: ExitStack, tmp_path: Path
    ) -> None:
        world = stack.enter_context(furnish(DnsServer()))
        publish(world, *RECORDS)
        cache = stack.enter_context(unbound(tmp_path / "u", "127.0.0.9", (world.address, world.port)))
        there = DnsAccess((Nameserver(cache.address, cache.port),), port=world.port)
        assert (await ask_through(cache.address, cache.port)).answer
        world.remove(DMARC.name)
        assert codes(row(await look(there), RecordId.DMARC).findings)[0] == "absent"


async def ask_through(address: str, port: int) -> dns.message.Message:
    query = dns.message.make_query(DMARC.name, DMARC.type)
    return await dns.asyncquery.udp(query, address, 5, port)


@needs_unbound
class TestBogusDnssec:
    async def test_a_ds_record_for_a_zone_that_is_not_signed(self, stack: ExitStack, tmp_path: Path) -> None:
        world = stack.enter_context(furnish(DnsServer()))
        publish(world, *RECORDS)
        resolver = stack.enter_context(
            unbound(tmp_path / "u", "127.0.0.9", (world.address, world.port), trusted=BOGUS_DS)
        )
        seen = await look(DnsAccess((Nameserver(resolver.address, resolver.port),), port=world.port))
        finding = named(seen.findings, "dnssec-bogus")
        assert finding.severity is Severity.BLOCKS
        assert "(dnskey missing)" in finding.message
        assert "DS record of example.com" in finding.fix
        assert {found.status for found in seen.rows} == {RowStatus.OK}
        assert not seen.ready

    async def test_a_key_that_the_ds_record_does_not_name(self, stack: ExitStack, tmp_path: Path) -> None:
        """Signed, but with another key than the registry knows; and a public resolver says so."""
        world = stack.enter_context(furnish(DnsServer()))
        publish(world, *RECORDS)
        key = (
            "257 3 13 "
            + "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxIL"
            + "fDLUT0rAK9iUzy1L53eKGQ=="
        )
        world.add_resource(Resource("example.com", "DNSKEY", key))
        resolver = stack.enter_context(
            unbound(tmp_path / "u", "127.0.0.9", (world.address, world.port), trusted=BOGUS_DS)
        )
        public = (PublicResolver("Quad9", Nameserver(resolver.address, resolver.port)),)
        seen = await look(replace(access(world), public=public))
        finding = named(seen.findings, "dnssec-bogus")
        assert finding.evidence["resolvers"] == ["Quad9"]
        assert "propagating" not in codes(row(seen, RecordId.DMARC).findings)

    @needs_bind
    @pytest.mark.parametrize(("until", "bogus"), [("20200201000000", True), ("20700101000000", False)])
    async def test_a_zone_with_signatures(
        self, stack: ExitStack, tmp_path: Path, until: str, bogus: bool
    ) -> None:
        text, ds = signed(tmp_path / "keys", "example.com.", zone_file(300, 60), until=until)
        port = free_port("127.0.0.1")
        world = furnish(DnsServer("127.0.0.2", port))
        world.add("ns.example.net", "A", "127.0.0.1")
        world.set_zone("example.com", ("ns.example.net",))
        stack.enter_context(world)
        stack.enter_context(bind(tmp_path / "bind", port, {"example.com": text}))
        at = (world.address, world.port)
        resolver = unbound(tmp_path / "u", "127.0.0.9", at, trusted=ds, stub=("127.0.0.1", port))
        stack.enter_context(resolver)
        seen = await look(DnsAccess((Nameserver(resolver.address, resolver.port),), port=port))
        assert status(seen, RecordId.DMARC) is RowStatus.MISSING
        if bogus:
            assert "signatures have expired" in named(seen.findings, "dnssec-bogus").message
        else:
            assert seen.findings == ()

    async def test_a_resolver_that_fails_for_other_reasons_is_no_proof(self, stack: ExitStack) -> None:
        world = stack.enter_context(furnish(DnsServer()))
        publish(world, *RECORDS)

        class Failing(DnsServer):
            def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
                return Broken.own(Broken(), wire, tcp=tcp)

        failing = stack.enter_context(Failing("127.0.0.2"))
        public = (PublicResolver("Quad9", Nameserver(failing.address, failing.port)),)
        seen = await look(replace(access(world), public=public))
        assert seen.findings == ()
        assert seen.ok


def zone_file(soa_ttl: int, minimum: int, records: str = "") -> str:
    return (
        f"$TTL 300\n@ {soa_ttl} IN SOA ns.example.net. root.example.net. 1 7200 900 1209600 {minimum}\n"
        f"@ IN NS ns.example.net.\n@ IN MX 10 mx.example.net.\n{records}"
    )


@needs_unbound
class TestCnameBesideOtherRecords:
    @pytest.mark.parametrize("name", ["m.example.com", "example.com", "_dmarc.example.com"])
    @pytest.mark.parametrize("cname_first", [False, True])
    async def test_a_real_server_that_has_both(
        self, stack: ExitStack, tmp_path: Path, name: str, cname_first: bool
    ) -> None:
        """It answers each type from its own records, or every type with the CNAME."""
        world = stack.enter_context(furnish(DnsServer("127.0.0.2")))
        world.add("ns.example.net", "A", "127.0.0.9")
        world.set_zone("example.com", ("ns.example.net",))
        publish(world, *RECORDS)
        soa = "example.com. 300 IN SOA ns.example.net. root.example.net. 1 7200 900 1209600 60"
        data = [soa, "example.com. 300 IN NS ns.example.net.", "example.com. 300 IN MX 10 mx.example.net."]
        for record in RECORDS:
            value = f'"{record.value}"' if record.type == "TXT" else f"{record.value}."
            data.append(f"{record.name}. 300 IN {record.type} {value}")
        data.insert(0 if cname_first else len(data), f"{name}. 300 IN CNAME host.example.net.")
        at = (world.address, world.port)
        server = stack.enter_context(unbound(tmp_path / "u", "127.0.0.9", at, data=data))
        seen = await look(DnsAccess((Nameserver(*at),), port=server.port))
        there = [found for found in seen.rows if found.record.name == name]
        assert there
        for found in there:
            assert found.findings[0].code == "cname-conflict", codes(found.findings)
            assert found.findings[0].severity is Severity.BLOCKS
        elsewhere = {found.status for found in seen.rows if found.record.name != name}
        assert elsewhere == {RowStatus.OK}


@needs_bind
class TestNegativeCache:
    @pytest.mark.parametrize(("soa_ttl", "minimum"), [(120, 3600), (86400, 90)])
    @pytest.mark.parametrize("records", ["", 'x._dmarc TXT "x"\n'])
    async def test_how_long_resolvers_may_say_no(
        self, stack: ExitStack, tmp_path: Path, soa_ttl: int, minimum: int, records: str
    ) -> None:
        """NXDOMAIN and no data, with the TTL or the MINIMUM of the SOA as the smaller one (RFC 2308 §5)."""
        port = free_port("127.0.0.1")
        world = furnish(DnsServer("127.0.0.2"))
        world.add("ns.example.net", "A", "127.0.0.1")
        world.remove_zone("example.com")
        world.add("example.com", "NS", "ns.example.net")
        stack.enter_context(world)
        text = zone_file(soa_ttl, minimum, records)
        stack.enter_context(bind(tmp_path / "bind", port, {"example.com": text}))
        seen = await look(DnsAccess((Nameserver("127.0.0.2", world.port),), port=port))
        finding = named(row(seen, RecordId.DMARC).findings, "negative-cache")
        assert finding.severity is Severity.INFO
        assert finding.evidence["seconds"] == min(soa_ttl, minimum)


class TestPropagation:
    async def test_public_resolvers_are_asked_only_once_the_zone_has_it(self, stack: ExitStack) -> None:
        world = stack.enter_context(furnish(DnsServer()))
        public = Counting("127.0.0.2")
        stack.enter_context(furnish(public))
        publish(world, *RECORDS[:-1])
        publish(public, *RECORDS[:-1])
        to = replace(access(world), public=(PublicResolver("Google", Nameserver("127.0.0.2", public.port)),))
        seen = await look(to)
        assert status(seen, RecordId.DMARC) is RowStatus.MISSING
        asked = {words for words, _, _ in public.asked}
        assert f"{RECORDS[0].name} CNAME" in asked
        assert f"{DMARC.name} TXT" not in asked
        assert "propagating" not in codes(seen.all_findings)

    async def test_public_resolvers_are_not_asked_while_the_zones_servers_disagree(
        self, stack: ExitStack
    ) -> None:
        """They could ask a server that does not have the record yet, and would keep its denial."""
        good, both = two_servers(stack, NoResolver("127.0.0.2"))
        good.remove(DMARC.name)
        public = Counting("127.0.0.4")
        stack.enter_context(furnish(public))
        publish(public, *RECORDS)
        at = Nameserver(public.address, public.port)
        await look(replace(both, public=(PublicResolver("Google", at),)))
        asked = {words for words, _, _ in public.asked}
        assert f"{RECORDS[0].name} CNAME" in asked
        assert f"{DMARC.name} TXT" not in asked

    @needs_unbound
    async def test_who_has_it_and_how_long_the_others_may_take(
        self, stack: ExitStack, tmp_path: Path
    ) -> None:
        """One public resolver, a real cache, was asked too early; another was not."""
        world = stack.enter_context(furnish(DnsServer()))
        publish(world, *RECORDS[:-1])
        cache = stack.enter_context(unbound(tmp_path / "u", "127.0.0.9", (world.address, world.port)))
        await ask_through(cache.address, cache.port)
        publish(world, DMARC)
        public = (
            PublicResolver("Google", Nameserver(world.address, world.port)),
            PublicResolver("Quad9", Nameserver(cache.address, cache.port)),
        )
        seen = await look(replace(access(world), public=public))
        found = row(seen, RecordId.DMARC)
        finding = named(found.findings, "propagating")
        assert (found.status, finding.severity, seen.ok) == (RowStatus.OK, Severity.INFO, True)
        assert finding.evidence["have"] == ["Google"]
        assert "Quad9 may keep the previous answer" in finding.message
        waiting = finding.evidence["waiting"]
        assert waiting in [[{"resolver": "Quad9", "seconds": seconds}] for seconds in range(61)]

    async def test_an_old_value_stays_for_its_time_to_live(self, stack: ExitStack) -> None:
        world, late = furnish(DnsServer()), furnish(DnsServer("127.0.0.2"))
        publish(world, *RECORDS)
        late.add(RECORDS[0].name, "CNAME", "old.dkim.amazonses.com", ttl=1234)
        publish(late, *RECORDS[1:])
        for server in (world, late):
            stack.enter_context(server)
        public = (PublicResolver("OpenDNS", Nameserver(late.address, late.port)),)
        seen = await look(replace(access(world), public=public))
        assert "1234 seconds" in named(row(seen, RecordId.DKIM1).findings, "propagating").message
        assert codes(row(seen, RecordId.DKIM2).findings) == []

    async def test_while_watched_their_view_comes_after_the_zones_and_by_itself(
        self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The next look at the zone is a minute away; what public resolvers say is shown before it."""
        monkeypatch.setattr(checklist, "pause", lambda unchanged: 60.0)
        world, late = furnish(DnsServer()), furnish(DnsServer("127.0.0.2", delay=0.1))
        for server in (world, late):
            publish(server, *(RECORDS if server is world else RECORDS[:-1]))
            stack.enter_context(server)
        public = (PublicResolver("Quad9", Nameserver(late.address, late.port)),)
        network = Network(replace(access(world), public=public))
        rounds = watch(network, RECORDS, CONTEXT, Clock(), asyncio.Event())
        async with asyncio.timeout(10):
            first = await anext(rounds)
            second = await anext(rounds)
        await rounds.aclose()
        assert (first.ok, codes(first.all_findings)) == (True, [])
        assert codes(row(second, RecordId.DMARC).findings) == ["propagating"]
        assert second.checked_at == first.checked_at

    async def test_while_watched_nothing_waits_for_them(
        self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The resolver is silent: the round comes at once. Once it has spoken a later round tells."""
        from wizard.dns.resolve import second_opinions

        monkeypatch.setattr(second_opinions, "AGAIN_SECONDS", (0.0, 0.0))
        world = stack.enter_context(furnish(DnsServer()))
        publish(world, *RECORDS)
        late = furnish(DnsServer("127.0.0.2"))
        stack.enter_context(late)
        public = (PublicResolver("Quad9", Nameserver(late.address, late.port)),)
        wake = asyncio.Event()
        rounds = watch(Network(replace(access(world), public=public)), RECORDS, CONTEXT, Clock(), wake)
        async with asyncio.timeout(10):
            assert (await anext(rounds)).ok
            while True:
                wake.set()
                seen = await anext(rounds)
                if "propagating" in codes(row(seen, RecordId.DMARC).findings):
                    break
            publish(late, *RECORDS)
            while "propagating" in codes(seen.all_findings):
                wake.set()
                seen = await anext(rounds)
        await rounds.aclose()
        assert seen.ok
