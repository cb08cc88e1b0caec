"""A check ends at its deadline with what is known by then, whatever the servers do."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import ExitStack, closing

import pytest

from tests.engine.dns.hostile_servers import WORLDS, Dead, Hostile, Resolving, served
from tests.engine.dns_servers import Counting, NoResolver, access
from tests.engine.example_domain import CONTEXT, DMARC, RECORDS, Clock, codes, furnish, publish, status
from wizard.demo.dns.server import DnsServer
from wizard.dns.answers import Question
from wizard.dns.checklist import Checklist, check_once
from wizard.dns.findings import RowStatus
from wizard.dns.records import RecordId
from wizard.dns.resolve import servers, transport
from wizard.dns.resolve.access import DnsAccess, Nameserver
from wizard.dns.resolve.https import Https
from wizard.dns.resolve.servers import Network

SECONDS = 0.4
"""The deadline of these checks. The timeouts of a question are the real ones, all of them longer."""


@pytest.mark.parametrize("world", WORLDS, ids=[world.name for world in WORLDS])
async def test_a_check_ends_in_time_with_what_is_known(world: Hostile) -> None:
    clock = asyncio.get_running_loop().time
    with ExitStack() as stack:
        access = world.make(stack)
        began = clock()
        seen = await check_once(access, RECORDS, CONTEXT, Clock(), seconds=SECONDS)
        took = clock() - began
    assert took < SECONDS + 1.0
    found = {one: frozenset(row.record.id for row in seen.rows if row.status is one) for one in RowStatus}
    known = found[RowStatus.OK], found[RowStatus.MISSING]
    if not world.slow:
        assert known == (world.right, world.missing)
    assert found[RowStatus.UNKNOWN] == frozenset(RecordId) - known[0] - known[1]
    # A server that had no time to answer must not be reported as lame.
    assert "lame-server" not in codes(seen.findings) or "fails" in seen.findings[0].message


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timeouts of a tenth."""
    monkeypatch.setattr(transport, "TRIES", (0.05, 0.1, 0.2))
    monkeypatch.setattr(transport, "TCP_SECONDS", 0.2)
    monkeypatch.setattr(servers, "LATECOMERS_SECONDS", 0.16)


class CountingDead(Dead):
    """Never answers, and counts the packets it receives."""

    packets = 0

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        self.packets += 1
        return None


@pytest.mark.usefixtures("impatient")
class TestSilenceIsRemembered:
    def world(self, stack: ExitStack) -> tuple[CountingDead, DnsAccess]:
        """Start two servers, one of them dead; a record is missing, which leads to further questions."""
        good, dead = NoResolver("127.0.0.2"), CountingDead("127.0.0.3")
        there = served(stack, Resolving(), good, dead)
        good.remove(DMARC.name)
        return dead, there

    async def test_within_a_round_and_in_those_that_follow(self) -> None:
        with ExitStack() as stack:
            dead, there = self.world(stack)
            checks = Checklist(Network(there), RECORDS, CONTEXT, Clock())
            seen = await checks.round()
            first_packets = dead.packets
            assert 0 < first_packets <= 3 * (len(RECORDS) + 1), (
                "each question of the first phase, three times"
            )
            assert status(seen, RecordId.DMARC) is RowStatus.MISSING
            assert codes(seen.findings) == ["lame-server"]
            await checks.round()
            assert dead.packets == first_packets

    async def test_until_the_user_wants_to_know(self) -> None:
        with ExitStack() as stack:
            dead, there = self.world(stack)
            checks = Checklist(Network(there), RECORDS, CONTEXT, Clock())
            await checks.round()
            before = dead.packets
            checks.start_over()
            await checks.round()
            assert dead.packets > before

    async def test_a_server_that_has_answered_meanwhile_is_not_silent(self) -> None:
        """It does not answer one kind of question; its other answers still count."""

        class DeafForMx(NoResolver):
            def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
                return None if b"\0\x0f\0\1" in wire else super().own(wire, tcp=tcp)

        with ExitStack() as stack:
            there = served(stack, Resolving(), DeafForMx("127.0.0.2"))
            seen = await check_once(there, RECORDS, CONTEXT, Clock())
        unknown = [row.record.id for row in seen.rows if row.status is RowStatus.UNKNOWN]
        assert unknown == [RecordId.MAIL_FROM_MX]


async def test_domains_checked_together_share_the_delegation_and_name_server_addresses() -> None:
    """Each is asked for once, even though all domains need it at the same time."""
    with furnish(Counting()) as server:
        assert isinstance(server, Counting)
        publish(server, *RECORDS)
        network = Network(access(server))
        checks = [Checklist(network, RECORDS, CONTEXT, Clock()) for _ in range(5)]
        seen = await asyncio.gather(*(one.round() for one in checks))
    assert all(one.ok for one in seen)
    asked = [words for words, _, recursive in server.asked if recursive]
    assert asked
    assert {words: asked.count(words) for words in asked if asked.count(words) > 1} == {}


async def test_the_keys_of_ses_are_not_asked_for_at_each_poll() -> None:
    """They come from a resolver's cache and stay the same until their TTL ends."""
    with furnish(Counting()) as server:
        assert isinstance(server, Counting)
        publish(server, *RECORDS)
        checks = Checklist(Network(access(server)), RECORDS, CONTEXT, Clock())
        await checks.round()
        server.asked.clear()
        assert (await checks.round()).ok
    assert server.asked
    assert [words for words, _, recursive in server.asked if recursive] == []


async def test_an_answer_without_a_time_to_live_is_not_used_again() -> None:
    with furnish(Counting()) as server:
        assert isinstance(server, Counting)
        publish(server, *RECORDS)
        server.remove(RECORDS[0].value)
        server.add(RECORDS[0].value, "TXT", "p=" + "A" * 392, ttl=0)
        checks = Checklist(Network(access(server)), RECORDS, CONTEXT, Clock())
        await checks.round()
        server.asked.clear()
        assert (await checks.round()).ok
    asked = [words for words, _, recursive in server.asked if recursive]
    assert asked == [f"{RECORDS[0].value} TXT"]


async def test_https_that_hangs_holds_up_neither_the_question_nor_the_end_of_the_program() -> None:
    """A thread waits for it; Python does not wait for a daemon thread at exit."""
    clock = asyncio.get_running_loop().time
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        hanging = Https([f"http://127.0.0.1:{listener.getsockname()[1]}/dns-query"])
        began = clock()
        assert await hanging.exchange(Question("example.com", "TXT"), began + 0.1) is None
        assert clock() - began < 2
        waiting = [thread for thread in threading.enumerate() if thread.name == "dns-over-https"]
        assert waiting
        assert all(thread.daemon for thread in waiting)


async def test_a_name_that_is_too_long_is_not_asked_for() -> None:
    """Such a name comes up when a label is put in front of a long one."""
    question = Question("ses-wizard-probe." + "x" * 63 + ".example.com" * 20, "TXT")
    with Counting() as server:
        there = Nameserver(server.address, server.port)
        assert await transport.Transport().exchange(there, question) is transport.Failure.SILENT
        assert await Https(["http://127.0.0.1:9/"]).exchange(question, float("inf")) is None
    assert server.asked == []


async def test_a_key_that_is_missing_is_asked_for_each_time() -> None:
    with furnish(DnsServer()) as server:
        publish(server, *RECORDS)
        server.remove(RECORDS[0].value)
        checks = Checklist(Network(access(server)), RECORDS, CONTEXT, Clock())
        assert status(await checks.round(), RecordId.DKIM1) is not RowStatus.OK
        server.add(RECORDS[0].value, "TXT", "p=" + "A" * 392)
        assert status(await checks.round(), RecordId.DKIM1) is RowStatus.OK
