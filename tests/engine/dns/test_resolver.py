"""Finding a zone and asking its servers, against real DNS servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from dns.rcode import NXDOMAIN

from tests.engine.dns_servers import (
    NAMESERVERS,
    Broken,
    Counting,
    Intercepting,
    Lame,
    Liar,
    NoResolver,
    OldServer,
    Silent,
    TcpOnly,
    access,
    reply,
    world,
)
from wizard.demo.dns.server import DnsServer
from wizard.dns.answers import Answer, Host, Mx, Path, Question, Rcode, Soa, Txt, ZoneReport
from wizard.dns.resolve import transport
from wizard.dns.resolve.access import OUTSIDE, DnsAccess, Nameserver
from wizard.dns.resolve.resolver import Resolver, find_zone
from wizard.dns.resolve.servers import Network

DMARC = Question("_dmarc.example.com", "TXT")


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with world() as running:
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits, for servers that stay silent."""
    monkeypatch.setattr(transport, "TRIES", (0.05, 0.05))
    monkeypatch.setattr(transport, "TCP_SECONDS", 0.1)


async def ask(access: DnsAccess, question: Question, zone: ZoneReport | None = None) -> Answer:
    zone = zone or await find_zone(access, "example.com")
    return (await Resolver(Network(access)).ask(zone, [question]))[question]


async def test_the_zone_is_what_the_registry_delegates(server: DnsServer) -> None:
    zone = await find_zone(access(server), "Example.COM.")
    assert (zone.domain, zone.apex, zone.reachable) == ("example.com", "example.com", True)
    assert zone.nameservers == NAMESERVERS
    assert zone.addresses == ("127.0.0.1",)
    assert zone.path is Path.AUTHORITATIVE
    assert zone.soa is not None
    assert zone.soa.zone == "example.com"
    server.set_zone("example.com", ("ns1.example.net",))
    assert (await find_zone(access(server), "example.com")).nameservers == ("ns1.example.net",)


@pytest.mark.parametrize(
    ("domain", "apex"),
    [
        ("example.com", "example.com"),
        ("mail.example.com", "example.com"),
        ("a.b.c.example.com", "example.com"),
        ("x.sub.example.com", "sub.example.com"),
        ("shop.example.co.uk", "example.co.uk"),
        ("nobody.com", None),
        ("www.nobody.com", None),
        ("nobody.co.uk", None),
        ("nobody.invalid", None),
        ("alias.example.com", "example.com"),
        ("undelegated.dev", "dev"),
        ("www.undelegated.dev", "dev"),
    ],
)
async def test_the_apex(server: DnsServer, domain: str, apex: str | None) -> None:
    server.set_zone("sub.example.com", ("ns1.example.net",))
    server.set_zone("co.uk", ("a.gtld-servers.net",))
    server.set_zone("example.co.uk", ("ns1.example.net",))
    server.set_zone("example.net", ("ns1.example.net",))
    server.add("alias.example.com", "CNAME", "example.net")
    server.add("undelegated.dev", "A", "192.0.2.1")
    zone = await find_zone(access(server), domain)
    assert (zone.apex, zone.reachable) == (apex, True)


async def test_a_registry_that_delegates_elsewhere_is_believed_before_the_resolver() -> None:
    """The resolver here still has the old delegation; the registry, a server of its own, has the new one."""
    with world() as cache, NoResolver("127.0.0.2") as registry:
        cache.add("r.nic.org", "A", "127.0.0.2")
        cache.set_zone("com", ("r.nic.org",))
        cache.set_zone("example.net", ("ns1.example.net",))
        registry.add("example.com", "NS", "ns1.example.net")
        both = access(cache, registry)
        assert (await find_zone(both, "example.com")).nameservers == ("ns1.example.net",)
        registry.remove("example.com")
        lapsed = await find_zone(both, "example.com")
        assert (lapsed.apex, lapsed.reachable) == (None, True)


async def test_a_subdomain_that_stopped_being_a_zone_belongs_to_the_domain_again() -> None:
    with world() as cache, NoResolver("127.0.0.2") as servers:
        cache.add("ns9.example.net", "A", "127.0.0.2")
        cache.set_zone("example.com", ("ns9.example.net",))
        cache.set_zone("sub.example.com", ("ns9.example.net",))
        cache.set_zone("a.sub.example.com", ("ns9.example.net",))
        servers.set_zone("example.com", ("ns9.example.net",))
        zone = await find_zone(access(cache, servers), "a.sub.example.com")
        assert zone.apex == "example.com"


async def test_nobody_to_ask_is_not_the_same_as_not_registered(server: DnsServer) -> None:
    server.stop()
    zone = await find_zone(access(server), "example.com")
    assert (zone.apex, zone.reachable) == (None, False)
    assert (await ask(access(server), DMARC, zone)).rcode is Rcode.NO_ANSWER
    with Broken("127.0.0.2") as servfail:

        class Offline(DnsServer):
            def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
                return servfail.own(wire, tcp=tcp)

        with Offline() as offline:
            assert not (await find_zone(access(offline), "example.com")).reachable


async def test_a_resolver_that_denies_everything_is_not_believed() -> None:
    """As in closed networks: even the root has no name servers there."""

    class Closed(DnsServer):
        def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
            return reply(wire, NXDOMAIN)

    with Closed() as closed:
        assert not (await find_zone(access(closed), "example.com")).reachable


async def test_a_denial_is_believed_where_no_registry_can_be_asked(server: DnsServer) -> None:
    server.remove_zone("example.com")
    server.set_zone("com", ("far.away.net",))
    server.remove("far.away.net")
    zone = await find_zone(access(server), "example.com")
    assert (zone.apex, zone.reachable) == (None, True)


async def test_answers_come_as_plain_data(server: DnsServer) -> None:
    server.add("_dmarc.example.com", "TXT", "v=DMARC1; p=none;", ttl=77)
    server.add("m.example.com", "MX", "10 Feedback-SMTP.us-east-1.amazonses.com")
    server.add("t._domainkey.example.com", "CNAME", "t.dkim.amazonses.com")
    server.add("old.example.com", "SPF", "v=spf1 -all")
    questions = {
        DMARC: (Txt((b"v=DMARC1; p=none;",)),),
        Question("M.example.com", "MX"): (Mx(10, "feedback-smtp.us-east-1.amazonses.com"),),
        Question("t._domainkey.example.com", "CNAME"): (Host("t.dkim.amazonses.com"),),
        Question("old.example.com", "SPF"): (Txt((b"v=spf1 -all",)),),
        Question("example.com", "NS"): tuple(Host(name) for name in NAMESERVERS),
    }
    zone = await find_zone(access(server), "example.com")
    answers = await Resolver(Network(access(server))).ask(zone, questions)
    assert {question: answer.rdatas for question, answer in answers.items()} == questions
    dmarc = answers[DMARC]
    assert (dmarc.rcode, dmarc.ttl, dmarc.agree) == (Rcode.NOERROR, 77, True)
    assert (dmarc.servers, dmarc.path, dmarc.absent) == (("127.0.0.1",), Path.AUTHORITATIVE, False)
    soa = (await ask(access(server), Question("example.com", "SOA"), zone)).rdatas[0]
    assert isinstance(soa, Soa)
    assert soa.negative_ttl == 60


async def test_no_such_name_and_no_data_are_told_apart(server: DnsServer) -> None:
    server.add("_dmarc.example.com", "A", "192.0.2.1")
    for question, rcode in [(DMARC, Rcode.NOERROR), (Question("x.example.com", "TXT"), Rcode.NXDOMAIN)]:
        answer = await ask(access(server), question)
        assert (answer.rcode, answer.absent) == (rcode, True)
        assert answer.soa is not None


@pytest.mark.parametrize("name", ["a..example.com", f"{'x' * 64}.example.com", "x." * 130 + "example.com"])
async def test_what_can_be_no_name_is_not_asked(server: DnsServer, name: str) -> None:
    assert (await ask(access(server), Question(name, "TXT"))).rcode is Rcode.NXDOMAIN


async def test_aliases(server: DnsServer) -> None:
    server.set_zone("example.net", ("ns1.example.net",))
    server.add("policy.example.net", "TXT", "v=DMARC1; p=none;")
    server.add("hop.example.com", "CNAME", "policy.example.net")
    server.add("_dmarc.example.com", "CNAME", "hop.example.com")
    answer = await ask(access(server), DMARC)
    assert answer.cnames == ("hop.example.com", "policy.example.net")
    assert answer.rdatas == (Txt((b"v=DMARC1; p=none;",)),)
    server.remove("policy.example.net")
    dangling = await ask(access(server), DMARC)
    assert (dangling.rcode, dangling.rdatas, dangling.absent) == (Rcode.NOERROR, (), False)
    server.remove("hop.example.com")
    server.add("hop.example.com", "CNAME", "_dmarc.example.com")
    assert not (await ask(access(server), DMARC)).rdatas


async def test_a_name_delegated_away_is_asked_where_it_lies() -> None:
    with world() as server:
        server.add("m.example.com", "NS", "ns1.elsewhere.net")
        delegation = await ask(access(server), Question("m.example.com", "NS"))
        assert delegation.rdatas == (Host("ns1.elsewhere.net"),)
        below = await ask(access(server), Question("m.example.com", "MX"))
        assert (below.rcode, below.path) == (Rcode.SERVFAIL, Path.RESOLVER)


async def test_a_large_answer_comes_over_tcp_and_is_still_authoritative(server: DnsServer) -> None:
    for number in range(200):
        server.add("_dmarc.example.com", "TXT", f"{number:03d}" + "x" * 280)
    answer = await ask(access(server), DMARC)
    assert len(answer.rdatas) == 200
    assert answer.path is Path.AUTHORITATIVE


async def test_names_in_other_zones_are_the_resolvers_to_find() -> None:
    counting = Counting()
    counting.set_zone("example.com", NAMESERVERS)
    counting.set_zone("amazonses.com", NAMESERVERS)
    with counting:
        zone = await find_zone(access(counting), "example.com")
        counting.asked.clear()
        resolver = Resolver(Network(access(counting)))
        await resolver.ask(zone, [DMARC, DMARC, Question("amazonses.com", "TXT")])
    assert sorted(counting.asked) == [
        ("_dmarc.example.com TXT", False, False),
        ("amazonses.com TXT", False, True),
    ]


@pytest.mark.usefixtures("impatient")
class TestServersThatMisbehave:
    """example.com has two servers here: a good one on 127.0.0.1 and the one under test on 127.0.0.2."""

    @staticmethod
    def zone_of(stack: ExitStack, other: DnsServer, *, alone: bool) -> tuple[DnsServer, DnsAccess]:
        good = world()
        good.add("bad.example.net", "A", other.address)
        names = ("bad.example.net",) if alone else ("bad.example.net", NAMESERVERS[0])
        for server in (good, other):
            server.set_zone("example.com", names)
            server.add("_dmarc.example.com", "TXT", "v=DMARC1; p=none;")
            stack.enter_context(server)
        return good, access(good, other)

    @pytest.mark.parametrize("kind", [Lame, Silent, Broken, Liar, Intercepting])
    async def test_the_good_server_answers(self, kind: type[NoResolver]) -> None:
        with ExitStack() as stack:
            _, both = self.zone_of(stack, kind("127.0.0.2"), alone=False)
            answer = await ask(both, DMARC)
        assert (answer.servers, answer.agree) == (("127.0.0.1",), True)
        assert answer.path is Path.AUTHORITATIVE

    @pytest.mark.parametrize(
        ("kind", "path"),
        [
            (Lame, Path.RESOLVER),
            (Silent, Path.RESOLVER),
            (Liar, Path.RESOLVER),
            (Intercepting, Path.RESOLVER),
            (TcpOnly, Path.TCP),
            (OldServer, Path.AUTHORITATIVE),
        ],
    )
    async def test_alone_another_way_is_found(self, kind: type[NoResolver], path: Path) -> None:
        with ExitStack() as stack:
            _, both = self.zone_of(stack, kind("127.0.0.2"), alone=True)
            zone = await find_zone(both, "example.com")
            answer = await ask(both, DMARC, zone)
        assert (answer.rdatas, answer.path) == ((Txt((b"v=DMARC1; p=none;",)),), path)
        assert zone.path is path

    async def test_alone_and_broken_is_a_failure_not_an_absence(self) -> None:
        with ExitStack() as stack:
            _, both = self.zone_of(stack, Broken("127.0.0.2"), alone=True)
            answer = await ask(both, DMARC)
        assert (answer.rcode, answer.absent) == (Rcode.SERVFAIL, False)

    async def test_servers_that_differ_are_said_to(self) -> None:
        with ExitStack() as stack:
            good, both = self.zone_of(stack, NoResolver("127.0.0.2"), alone=False)
            good.remove("_dmarc.example.com")
            answer = await ask(both, DMARC)
        assert (answer.agree, answer.servers) == (False, ("127.0.0.2",))
        assert answer.rdatas

    async def test_a_server_that_is_not_there_costs_no_wait(self) -> None:
        with ExitStack() as stack:
            gone = NoResolver("127.0.0.2")
            good, both = self.zone_of(stack, gone, alone=False)
            gone.stop()
            answer = await ask(both, DMARC)
        assert answer.servers == (good.address,)

    async def test_a_resolver_that_is_silent_does_not_hold_up_the_other(self) -> None:
        with world() as good, Silent("127.0.0.2") as silent:
            zone = await find_zone(access(silent, good), "example.com")
            assert zone.nameservers == NAMESERVERS


def test_resolvers_that_are_named_are_all_that_is_asked() -> None:
    """What they show may be a world of its own, of which nobody outside is to hear."""
    named = OUTSIDE.through([Nameserver("192.0.2.1", 5353)])
    assert OUTSIDE.public
    assert OUTSIDE.https
    assert (named.public, named.https, named.cloudflare) == ((), (), "")
    assert named.authoritative("192.0.2.1") == Nameserver("192.0.2.1", 5353)
    assert named.authoritative("192.0.2.2") == Nameserver("192.0.2.2")


async def test_the_systems_resolvers_are_used_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from wizard.dns.resolve import servers

    with world() as server:
        here = (Nameserver(server.address, server.port),)
        monkeypatch.setattr(servers, "_system_resolvers", lambda: here)
        zone = await find_zone(DnsAccess(), "example.com")
        assert zone.apex == "example.com"


class TestAnyServerWillDo:
    """An aside: what every server of the zone knows alike is asked of one."""

    ASIDE = Question("example.com", "MX")

    def zone(self, *servers: DnsServer) -> ZoneReport:
        for server in servers:
            server.set_zone("example.com", NAMESERVERS)
            server.add("example.com", "MX", "10 mx.example.net")
        return ZoneReport("example.com", "example.com", NAMESERVERS, tuple(s.address for s in servers))

    async def answer(self, zone: ZoneReport, *servers: DnsServer) -> Answer:
        return (await Resolver(Network(access(*servers))).ask(zone, [DMARC], [self.ASIDE]))[self.ASIDE]

    async def test_one_of_two_is_asked(self) -> None:
        with Counting() as first, Counting("127.0.0.2") as second:
            answer = await self.answer(self.zone(first, second), first, second)
        assert answer.rdatas == (Mx(10, "mx.example.net"),)
        assert [words for words, _, _ in first.asked].count("example.com MX") == 1
        assert [words for words, _, _ in second.asked] == ["_dmarc.example.com TXT"]

    @pytest.mark.usefixtures("impatient")
    @pytest.mark.parametrize("kind", [Silent, Lame, Broken])
    async def test_the_next_where_the_first_is_of_no_use(self, kind: type[NoResolver]) -> None:
        with kind() as bad, NoResolver("127.0.0.2") as good:
            answer = await self.answer(self.zone(bad, good), bad, good)
        assert (answer.rdatas, answer.servers) == ((Mx(10, "mx.example.net"),), (good.address,))

    @pytest.mark.usefixtures("impatient")
    async def test_none_where_none_knows(self) -> None:
        with Silent() as bad, Lame("127.0.0.2") as worse:
            assert (await self.answer(self.zone(bad, worse), bad, worse)).rcode is Rcode.NO_ANSWER
