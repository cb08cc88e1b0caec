"""Rounds of the live checklist against real DNS servers: what is asked, what is seen, and when again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest

from tests.engine.dns_servers import NAMESERVERS, Counting, access, world
from tests.engine.example_domain import CONTEXT, DMARC, RECORDS, Clock, furnish, publish, status
from wizard.demo.dns.server import DnsServer
from wizard.dns import checklist
from wizard.dns.answers import Question
from wizard.dns.checklist import Checklist, check_once, pause, watch
from wizard.dns.findings import RowStatus, Visibility
from wizard.dns.records import RecordId
from wizard.dns.resolve import servers, wire
from wizard.dns.resolve.access import DnsAccess, Nameserver, PublicResolver
from wizard.dns.resolve.servers import Network
from wizard.dns.resolve.transport import Failure, Reply


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with world() as running:
        yield furnish(running)


async def test_one_round_judges_every_record(server: DnsServer) -> None:
    publish(server, *RECORDS[:3])
    seen = await check_once(access(server), RECORDS, CONTEXT, Clock())
    assert [row.record.id for row in seen.rows] == [record.id for record in RECORDS]
    assert [row.status for row in seen.rows[:3]] == [RowStatus.OK] * 3
    assert status(seen, RecordId.MAIL_FROM_MX) is RowStatus.MISSING
    assert status(seen, RecordId.SPF) is RowStatus.OPTIONAL
    assert (seen.domain, seen.zone.apex, seen.provider) == ("example.com", "example.com", "namecheap")
    assert not seen.ready


async def test_a_good_domain_costs_one_question_a_record_and_server_for_each_later_round() -> None:
    with furnish(Counting()) as server:
        assert isinstance(server, Counting)
        publish(server, *RECORDS)
        checks = Checklist(Network(access(server)), RECORDS, CONTEXT, Clock())
        assert (await checks.round()).ok
        server.asked.clear()
        assert (await checks.round()).ok
        in_zone = sorted(words for words, _, recursive in server.asked if not recursive)
    aliases = [f"{name} CNAME" for name in ("m.example.com", "example.com", "_dmarc.example.com")]
    own = [f"{record.name} {record.type}" for record in RECORDS]
    assert in_zone == sorted(["example.com MX", *aliases, *own])


class InStep:
    """In place of ``Transport``: replies come all at once, when nothing more is asked without them.

    ``round_trips`` counts how often that happened. Time plays no part.
    """

    def __init__(self, server: DnsServer) -> None:
        self.server = server
        self.round_trips = 0
        self._waiting: list[tuple[asyncio.Future[Reply | Failure], Question, bool]] = []
        self._ticking: asyncio.Task[None] | None = None

    async def exchange(
        self,
        _: Nameserver,
        question: Question,
        until: float,
        *,
        recursive: bool = False,
        unchecked: bool = False,
    ) -> Reply | Failure:
        reply: asyncio.Future[Reply | Failure] = asyncio.get_running_loop().create_future()
        self._waiting.append((reply, question, recursive))
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._answer_when_quiet())
        return await reply

    async def _answer_when_quiet(self) -> None:
        while self._waiting:
            asked = -1
            while asked != len(self._waiting):
                asked = len(self._waiting)
                for _ in range(50):
                    await asyncio.sleep(0)
            self.round_trips += 1
            due, self._waiting = self._waiting, []
            for reply, question, recursive in due:
                query = wire.query(question, 7, recursive=recursive)
                message = wire.reply(self.server.respond(query.wire, tcp=True) or b"", query)
                if message is not None and not reply.done():
                    reply.set_result(Reply(message))
            for _ in range(50):
                await asyncio.sleep(0)


async def test_a_good_domain_costs_three_round_trips_then_one_for_public_resolvers_and_one_a_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = furnish(DnsServer())
    publish(server, *RECORDS)
    in_step = InStep(server)
    monkeypatch.setattr(servers, "Transport", lambda: in_step)
    access = DnsAccess((Nameserver("127.0.0.1"),), (PublicResolver("Google", Nameserver("127.0.0.9")),))
    checks = Checklist(Network(access), RECORDS, CONTEXT, Clock())
    async with asyncio.timeout(30):
        first = await checks.round()
        assert (first.ok, first.public, in_step.round_trips) == (True, {"Google": Visibility.UNKNOWN}, 3)
        seen = await checks.with_public_view()
        assert (seen.ok, seen.public, in_step.round_trips) == (True, {"Google": Visibility.ALL}, 4)
        assert (await checks.round()).ok
        assert in_step.round_trips == 5
        await checks.with_public_view()
        assert in_step.round_trips == 5


async def test_a_round_asks_nothing_of_a_resolver_about_the_users_own_names() -> None:
    """A resolver that was asked too early would go on denying the record after it is there.

    It is asked which zone it sees, by a name that nobody has asked for before.
    """
    with furnish(Counting()) as server:
        assert isinstance(server, Counting)
        await check_once(access(server), RECORDS, CONTEXT, Clock())
        recursive = [words for words, _, recursive in server.asked if recursive]
    own = [words for words in recursive if "example.com" in words and not words.endswith(" NS")]
    assert all(re.fullmatch(r"ses-wizard-[0-9a-f]{8}\.example\.com SOA", words) for words in own), own


async def test_the_registry_is_asked_again_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    with furnish(Counting()) as server:
        assert isinstance(server, Counting)
        checks = Checklist(Network(access(server)), RECORDS, CONTEXT, Clock())
        await checks.round()
        server.set_zone("example.com", ("ns1.example.net",))
        assert (await checks.round()).zone.nameservers == NAMESERVERS
        monkeypatch.setattr(checklist, "DELEGATION_SECONDS", 0.0)
        seen = await checks.round()
        assert seen.zone.nameservers == ("ns1.example.net",)
        assert seen.provider is None


async def test_a_domain_that_gets_registered_shows_at_once(server: DnsServer) -> None:
    server.remove_zone("example.com")
    checks = Checklist(Network(access(server)), RECORDS, CONTEXT, Clock())
    assert [finding.code for finding in (await checks.round()).findings] == ["zone-missing"]
    furnish(server)
    seen = await checks.round()
    assert seen.zone.apex == "example.com"
    assert status(seen, RecordId.DMARC) is RowStatus.MISSING


async def test_the_network_coming_back_shows_at_once(server: DnsServer) -> None:
    server.stop()
    checks = Checklist(Network(access(server)), RECORDS, CONTEXT, Clock())
    seen = await checks.round()
    assert {row.status for row in seen.rows} == {RowStatus.UNKNOWN}
    server.start()
    assert status(await checks.round(), RecordId.DMARC) is RowStatus.MISSING


async def test_watching_sees_each_change_and_keeps_since_when(server: DnsServer) -> None:
    wake = asyncio.Event()
    rounds = watch(Network(access(server)), RECORDS, CONTEXT, Clock(), wake)
    async with asyncio.timeout(20):
        first = await anext(rounds)
        wake.set()
        second = await anext(rounds)
        publish(server, DMARC)
        wake.set()
        third = await anext(rounds)
    await rounds.aclose()
    assert first.checked_at < second.checked_at < third.checked_at
    assert [row.since for row in second.rows] == [first.checked_at] * len(RECORDS)
    assert [status(seen, RecordId.DMARC) for seen in (first, second, third)] == [
        RowStatus.MISSING,
        RowStatus.MISSING,
        RowStatus.OK,
    ]
    assert [row.since for row in third.rows] == [first.checked_at] * 6 + [third.checked_at]


async def test_a_wake_asks_the_registry_again(server: DnsServer) -> None:
    wake = asyncio.Event()
    rounds = watch(Network(access(server)), RECORDS, CONTEXT, Clock(), wake)
    async with asyncio.timeout(20):
        assert (await anext(rounds)).zone.nameservers == NAMESERVERS
        server.set_zone("example.com", ("ns1.example.net",))
        wake.set()
        assert (await anext(rounds)).zone.nameservers == ("ns1.example.net",)
    await rounds.aclose()


async def test_without_a_wake_the_next_round_comes_by_itself(
    server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def soon(unchanged: float) -> float:
        asked.append(unchanged)
        return 0.01

    monkeypatch.setattr(checklist, "pause", soon)
    rounds = watch(Network(access(server)), RECORDS, CONTEXT, Clock(), asyncio.Event())
    async with asyncio.timeout(20):
        for _ in range(3):
            await anext(rounds)
        unchanged = asked[-1]
        publish(server, DMARC)
        await anext(rounds)
        await anext(rounds)
    await rounds.aclose()
    assert asked[-1] < unchanged, "a change sets the pace anew"


@pytest.mark.parametrize(
    ("unchanged", "seconds"),
    [(0, 2), (59, 2), (60, 5), (179, 5), (180, 15), (599, 15), (600, 60), (9999, 60)],
)
def test_the_pace(unchanged: float, seconds: float) -> None:
    assert pause(unchanged) == seconds


async def test_cancelling_leaves_nothing_behind(server: DnsServer) -> None:
    """Cancelled in the middle of a round, with servers that are silent."""

    class Mute(DnsServer):
        def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
            asked.set()
            return None

    loop = asyncio.get_running_loop()
    asked = ThreadsafeEvent(loop)
    with Mute() as mute:
        before = asyncio.all_tasks()
        task = asyncio.create_task(check_once(access(mute), RECORDS, CONTEXT, Clock()))
        async with asyncio.timeout(10):
            await asked.event.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        left = asyncio.all_tasks() - before
        if left:
            _, pending = await asyncio.wait(left, timeout=5)
            assert not pending


class ThreadsafeEvent:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.event = asyncio.Event()
        self._loop = loop

    def set(self) -> None:
        self._loop.call_soon_threadsafe(self.event.set)


async def test_a_hostile_zone_costs_bounded_work() -> None:
    """An SPF record whose includes branch for ever, and a CNAME loop in every record's place."""

    class Bomb(Counting):
        def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
            answer = super().respond(wire, tcp=tcp)
            words = self.asked[-1][0]
            name, _, rdtype = words.partition(" ")
            if rdtype == "TXT" and name.endswith("bomb.example.com") and name.count(".") < 40:
                parts = " ".join(f"include:{letter}.{name}" for letter in "abcdefgh")
                self.add(name, "TXT", f"v=spf1 {parts} -all")
                answer = super().respond(wire, tcp=tcp)
            return answer

    with furnish(Bomb()) as server:
        assert isinstance(server, Bomb)
        server.add("example.com", "TXT", "v=spf1 include:bomb.example.com -all")
        for record in RECORDS[:3]:
            server.add(record.name, "CNAME", f"x.{record.name}")
            server.add(f"x.{record.name}", "CNAME", record.name)
        async with asyncio.timeout(20):
            seen = await check_once(access(server), RECORDS, CONTEXT, Clock())
        assert not seen.ok
        assert len(server.asked) <= 2 * checklist.MAX_QUESTIONS
