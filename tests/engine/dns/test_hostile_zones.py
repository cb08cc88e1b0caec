"""Zones and packets made to hurt: bounded questions, time and memory, no traceback, no raw byte printed."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack

import dns.message
import dns.rrset
import pytest

from tests.engine.dns_servers import Counting, Liar, NoResolver, access
from tests.engine.example_domain import CONTEXT, DMARC, RECORDS, Clock, furnish, publish, row
from wizard.cli.check.output import as_json, as_table
from wizard.cli.check.ses import SesAnswer, SesState
from wizard.demo.dns.server import DnsServer
from wizard.demo.dns.zone_data import Resource
from wizard.dns import checklist
from wizard.dns.checklist import check_once
from wizard.dns.findings import Round
from wizard.dns.records import RecordId
from wizard.dns.resolve import transport
from wizard.dns.resolve.access import DnsAccess

SECONDS = 15.0
UNASKED = SesAnswer(SesState.NOT_ASKED)
MEGABYTES = 60


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TRIES", (0.1, 0.2))
    monkeypatch.setattr(transport, "TCP_SECONDS", 0.5)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as running:
        yield running


async def survived(access: DnsAccess) -> Round:
    """A round within bounds, printed in every form without a byte that a terminal would obey."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with asyncio.timeout(SECONDS):
        seen = await check_once(access, RECORDS, CONTEXT, Clock())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024
    printed = as_json(seen, "us-east-1", UNASKED) + as_table(seen, UNASKED, 100)
    assert all(character == "\n" or character.isprintable() for character in printed)
    assert len(seen.all_findings) < 100
    return seen


class Generating(Counting):
    """Makes up the TXT records below bomb.example.com when they are asked for."""

    def __init__(self, parts: str) -> None:
        super().__init__()
        self.parts = parts

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        asked = dns.message.from_wire(wire).question[0]
        name = asked.name.to_text(True).lower()
        if name.endswith("bomb.example.com") and len(name) < 200:
            self.add(name, "TXT", f"v=spf1 {self.parts.replace('NAME', name)}")
        return super().respond(wire, tcp=tcp)


@pytest.mark.parametrize(
    "parts",
    [
        " ".join(f"include:{letter}.NAME" for letter in "abcdefghij"),
        "redirect=x.NAME",
        " ".join(f"exists:%{{i}}.{number}.NAME" for number in range(60)),
        " ".join(f"mx:{number}.NAME a:{number}.NAME" for number in range(40)),
        "include:bomb.example.com",
    ],
    ids=["branching", "endless chain", "exists", "mx and a", "loop"],
)
async def test_spf_bombs(stack: ExitStack, parts: str) -> None:
    server = Generating(parts)
    stack.enter_context(furnish(server))
    publish(server, *[record for record in RECORDS if record.id is not RecordId.SPF])
    server.add("example.com", "TXT", "v=spf1 include:bomb.example.com include:amazonses.com -all")
    seen = await survived(access(server))
    assert row(seen, RecordId.SPF).findings
    assert len(server.asked) <= 2 * checklist.MAX_QUESTIONS


@pytest.mark.parametrize("length", [1, 2, 30])
async def test_cname_loops_and_long_chains(stack: ExitStack, length: int) -> None:
    server = Counting()
    stack.enter_context(furnish(server))
    for record in RECORDS:
        if record.name != "example.com":
            names = [record.name, *(f"{number}.{record.name}" for number in range(1, length))]
            for name, target in zip(names, [*names[1:], names[0]], strict=True):
                server.remove(name)
                server.add(name, "CNAME", target)
    seen = await survived(access(server))
    assert not seen.ready
    assert len(server.asked) <= 2 * checklist.MAX_QUESTIONS


async def test_answers_of_sixty_kilobytes(stack: ExitStack) -> None:
    server = stack.enter_context(furnish(DnsServer()))
    publish(server, *RECORDS[:4])
    for number in range(190):
        server.add("example.com", "TXT", f"v=spf1 include:{number:03d}.example.net " + "x" * 240)
        server.add(DMARC.name, "TXT", f"v=DMARC1; p=none; rua=mailto:{number:03d}@" + "y" * 240)
    seen = await survived(access(server))
    assert {"spf-multiple", "dmarc-multiple"} <= {finding.code for finding in seen.all_findings}


async def test_one_text_of_sixty_kilobytes(stack: ExitStack) -> None:
    server = stack.enter_context(furnish(DnsServer()))
    publish(server, *RECORDS[:5])
    server.add("example.com", "TXT", "v=spf1 " + "include:a.example.net " * 2500 + "-all")
    server.add(DMARC.name, "TXT", "v=DMARC1; p=none; rua=" + ",".join(["mailto:a@example.net"] * 2500))
    seen = await survived(access(server))
    assert not seen.ok


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seed", range(4))
async def test_garbage_never_counts_as_an_answer(stack: ExitStack, seed: int) -> None:
    """Wrong ids, other questions, cut packets, noise: from the only server of the zone."""

    class Noise(Liar):
        rng = random.Random(seed)

    good, liar = furnish(DnsServer()), Noise("127.0.0.2")
    good.add("ns.example.net", "A", liar.address)
    for server in (good, liar):
        server.set_zone("example.com", ("ns.example.net",))
    publish(liar, *RECORDS)
    good.add("example.com", "MX", "10 mx.example.net")
    for server in (good, liar):
        stack.enter_context(server)
    seen = await survived(access(good, liar))
    # What the resolver, which is sound, knows of the zone: nothing of what the liar says.
    assert {found.found for found in seen.rows} == {()}


@pytest.mark.usefixtures("impatient")
async def test_a_flood_of_packets_for_one_question(stack: ExitStack) -> None:
    class Flood(NoResolver):
        """A hundred wrong packets before the right one."""

        def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
            answer = super().own(wire, tcp=tcp)
            if answer and not tcp and self.wrong:
                self.wrong -= 1
                return bytes([answer[0] ^ 0xFF, *answer[1:]])
            return answer

        wrong = 100

    good, flood = furnish(DnsServer()), Flood("127.0.0.2")
    good.add("ns.example.net", "A", flood.address)
    for server in (good, flood):
        server.set_zone("example.com", ("ns.example.net",))
        stack.enter_context(server)
    publish(flood, *RECORDS)
    flood.add("example.com", "MX", "10 mx.example.net")
    began = time.monotonic()
    await survived(access(good, flood))
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("rdtype", ["TXT", "MX", "CNAME"])
async def test_control_bytes_and_other_scripts_are_escaped(stack: ExitStack, rdtype: str) -> None:
    server = stack.enter_context(furnish(DnsServer()))
    evil = "\\027[2J\\027]0;gone\\007\\013\\010\\155\\226\\128\\174[red]"
    values = {"TXT": f'"v=DMARC1; p=none; {evil}"', "MX": f"10 {evil}.example.net.", "CNAME": f"{evil}.net."}
    names = {"TXT": DMARC.name, "MX": "m.example.com", "CNAME": RECORDS[0].name}
    server.add_resource(Resource(names[rdtype], rdtype, values[rdtype]))
    server.add_resource(Resource("example.com", "TXT", f'"v=spf1 include:{evil}.net {evil} -all"'))
    await survived(access(server))


@pytest.mark.usefixtures("impatient")
async def test_a_referral_that_never_ends(stack: ExitStack) -> None:
    """Each server hands every name on to the next label, on the same address."""

    class Passing(NoResolver):
        asked = 0

        def own(self, wire: bytes, *, tcp: bool) -> bytes | None:
            self.asked += 1
            query = dns.message.from_wire(wire)
            name = query.question[0].name
            reply = dns.message.make_response(query)
            reply.authority.append(
                dns.rrset.from_text(name, 300, "IN", "NS", f"ns{self.asked}.deep.example.net.")
            )
            reply.additional.append(
                dns.rrset.from_text(f"ns{self.asked}.deep.example.net.", 300, "IN", "A", "127.0.0.2")
            )
            return reply.to_wire()

    good, passing = furnish(DnsServer()), Passing("127.0.0.2")
    good.add("ns.example.net", "A", passing.address)
    good.set_zone("example.com", ("ns.example.net",))
    for server in (good, passing):
        stack.enter_context(server)
    await survived(access(good, passing))
    assert passing.asked < 10 * checklist.MAX_QUESTIONS
