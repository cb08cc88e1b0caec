"""Measure a check: round trips and questions, time until a new record is seen, and time for many domains.

DNS servers on loopback run in a process of their own and delay each reply by 0 to 100 ms. Each domain has two
name servers with one address each. There are a resolver and four public resolvers. Measured are:

- the first check of a good domain, before and with the view of public resolvers, and a later poll. Round
  trips are the slope of wall time over added delay;
- the time from publishing a record to a green checklist, which is watched every 2 s;
- the ``check`` command on 100 and 1,000 domains, with the view of public resolvers. It runs once before it is
  measured: the servers keep their replies, so that their own time counts little.

checkdmarc is measured on the same zones. It is installed into a temporary environment, unless CHECKDMARC
names a Python that has it. If it cannot be installed, it is left out with a message.

    python benchmarks/check.py [CHECKDMARC | none]

Exits with 1 where a goal is missed: by more than a tenth for round trips, at all for the others. Takes about
three minutes, two of them checkdmarc's.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, cast

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from command import REGION, check  # noqa: E402

from wizard.dns.checklist import Checklist, watch  # noqa: E402
from wizard.dns.findings import Visibility  # noqa: E402
from wizard.dns.judge.rows import Context  # noqa: E402
from wizard.dns.records import Record, wanted_records  # noqa: E402
from wizard.dns.resolve.access import DnsAccess, Nameserver, PublicResolver  # noqa: E402
from wizard.dns.resolve.servers import Network  # noqa: E402

RESOLVER = "127.0.0.1"
NAME_SERVERS = ("127.0.0.2", "127.0.0.3")
PUBLIC = ("127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7")
TOKENS = ("tok1", "tok2", "tok3")
KEY = "p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + "q" * 342 + "wIDAQAB"
MANY = 1000
TRIALS = 25
INTERVAL = 2.0
DELAYS_MS = (0, 20, 50, 100)
RUNS = 7
CHECKDMARC_SECONDS = 120
CHECKDMARC = """
import sys, time, checkdmarc, dns.resolver
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = [sys.argv[1]], int(sys.argv[2])
began = time.perf_counter()
checkdmarc.check_domains(sys.argv[3:], resolver=resolver, skip_tls=True)
print(time.perf_counter() - began)
"""


def wanted(domain: str) -> tuple[Record, ...]:
    return wanted_records(domain, tokens=TOKENS, mail_from=f"bounce.{domain}", region=REGION)


def context_of(domain: str) -> tuple[tuple[Record, ...], Context]:
    records = wanted(domain)
    return records, Context(domain, mail_from=f"bounce.{domain}", region=REGION, records=records)


def now() -> datetime:
    return datetime.now(UTC)


class Front:
    """What all addresses share: the zones, the delay, and the replies given so far."""

    def __init__(self) -> None:
        from wizard.demo.dns.server import DnsServer

        self.zones = DnsServer()
        self.delay = 0.0
        self.asked = 0
        self._replies: dict[bytes, bytes] = {}

    def changed(self) -> None:
        """Forget the replies given so far."""
        self._replies.clear()

    def respond(self, wire: bytes) -> bytes:
        """Return the reply: the kept one to the same question with the new id, or a new one."""
        self.asked += 1
        known = self._replies.get(wire[2:])
        if known is None:
            known = self._replies[wire[2:]] = (self.zones.respond(wire, tcp=False) or bytes(12))[2:]
        return wire[:2] + known


class Address(asyncio.DatagramProtocol):
    """One address of the world, over UDP."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._front.respond(data)
        if self._front.delay:
            asyncio.get_running_loop().call_later(self._front.delay, self._transport.sendto, reply, addr)
        else:
            self._transport.sendto(reply, addr)


def serve(pipe: Connection) -> None:
    """Hold the world, in a process of its own: good domains, and whatever the pipe asks to change."""
    front = Front()
    zones = front.zones
    zones.set_zone("amazonses.com", ("ns-1.amazonses-dns.com",))
    zones.add("amazonses.com", "TXT", "v=spf1 ip4:199.255.192.0/22 ip4:199.127.232.0/22 -all")
    zones.add(f"feedback-smtp.{REGION}.amazonses.com", "A", "192.0.2.25")
    for token in TOKENS:
        zones.add(f"{token}.dkim.amazonses.com", "TXT", KEY)
    names = ("dns1.registrar-servers.com", "dns2.registrar-servers.com")
    for name, address in zip(names, NAME_SERVERS, strict=True):
        zones.add(name, "A", address)
    for name in domain_names(MANY):
        zones.set_zone(name, names)
        zones.add(name, "MX", "10 mx.amazonses.com")
        for record in wanted(name):
            zones.add(record.name, record.type, record.value)
    asyncio.run(answer(front, pipe))


async def answer(front: Front, pipe: Connection) -> None:
    """Serve all addresses on one port until the pipe is closed."""
    loop = asyncio.get_running_loop()
    port = 0
    for address in (RESOLVER, *NAME_SERVERS, *PUBLIC):
        transport, _ = await loop.create_datagram_endpoint(lambda: Address(front), local_addr=(address, port))
        port = transport.get_extra_info("sockname")[1]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
    pipe.send(port)
    over = asyncio.Event()
    threading.Thread(target=obey, args=(front, pipe, loop, over), daemon=True).start()
    await over.wait()


def obey(front: Front, pipe: Connection, loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    """Carry out the commands from the pipe; reply with the number of questions since the last command."""
    with suppress(EOFError):
        while True:
            match pipe.recv():
                case "delay", seconds:
                    front.delay = seconds
                case "add", record:
                    front.zones.add(record.name, record.type, record.value)
                    loop.call_soon_threadsafe(front.changed)
                case "remove", record:
                    front.zones.remove(record.name, record.type)
                    loop.call_soon_threadsafe(front.changed)
            asked, front.asked = front.asked, 0
            pipe.send(asked)
    loop.call_soon_threadsafe(over.set)


def domain_names(count: int) -> list[str]:
    return [f"example{number}.com" for number in range(count)]


class World:
    """The process that serves, from the outside."""

    def __init__(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(theirs,), daemon=True
        )
        self._process.start()
        self.port: int = self._pipe.recv()
        public = tuple(PublicResolver(address, Nameserver(address, self.port)) for address in PUBLIC)
        self.access = DnsAccess((Nameserver(RESOLVER, self.port),), public, port=self.port)

    def tell(self, *command: object) -> int:
        """Change something there; returns how many questions it was asked since the last time."""
        self._pipe.send(command)
        asked: int = self._pipe.recv()
        return asked

    def close(self) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join()


def slope(seconds: dict[int, float]) -> float:
    """Round trips: the slope of wall time over added delay, by least squares."""
    delays = [delay / 1000 for delay in seconds]
    return statistics.linear_regression(delays, list(seconds.values())).slope


class Cost(NamedTuple):
    """Median seconds by added delay, and the questions asked."""

    seconds: dict[int, float]
    asked: int


async def rounds(world: World) -> dict[str, Cost]:
    """Measure a first check, before and with the view of public resolvers, and a poll."""
    costs = {words: Cost({}, 0) for words in ("before", "with", "poll")}
    for delay in DELAYS_MS:
        world.tell("delay", delay / 1000)
        times: dict[str, list[float]] = {words: [] for words in costs}
        for _ in range(RUNS):
            world.tell("nothing")
            checklist = Checklist(Network(world.access), *context_of("example1.com"), now)
            began = time.perf_counter()
            assert (await checklist.round()).ok
            times["before"].append(time.perf_counter() - began)
            before = world.tell("nothing")
            assert set((await checklist.with_public_view()).public.values()) == {Visibility.ALL}
            times["with"].append(time.perf_counter() - began)
            after = world.tell("nothing")
            began = time.perf_counter()
            assert (await checklist.round()).ok
            times["poll"].append(time.perf_counter() - began)
            asked = {"before": before, "with": before + after, "poll": world.tell("nothing")}
        for words, took in times.items():
            costs[words].seconds[delay] = statistics.median(took)
            costs[words] = Cost(costs[words].seconds, asked[words])
    return costs


async def until_green(world: World) -> list[float]:
    """Seconds from publishing to green, at moments that are spread evenly over the 2 s between two rounds."""
    moments = [INTERVAL * (number + 0.5) / TRIALS for number in range(TRIALS)]
    random.Random(7).shuffle(moments)

    async def trial(domain: str, after: float) -> float:
        missing = wanted(domain)[0]
        world.tell("remove", missing)
        watched = watch(Network(world.access), *context_of(domain), now, asyncio.Event())
        assert not (await anext(watched)).ok
        moment = asyncio.create_task(published(missing, INTERVAL + after))
        async for seen in watched:
            if seen.ok:
                break
        await watched.aclose()
        return time.perf_counter() - await moment

    async def published(record: Record, after: float) -> float:
        await asyncio.sleep(after)
        world.tell("add", record)
        return time.perf_counter()

    # A few at a time, so that they do not hold each other up.
    found: list[float] = []
    trials = list(zip(domain_names(TRIALS), moments, strict=True))
    for start in range(0, TRIALS, 5):
        found += await asyncio.gather(*(trial(*one) for one in trials[start : start + 5]))
    return found


def many(world: World, count: int) -> tuple[float, int, float]:
    """The ``check`` command on so many domains: seconds, questions, peak memory in MB."""
    world.tell("nothing")
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "domains")
        listed.write_text("\n".join(domain_names(count)))
        run = check(world.access, "--mail-from", "bounce", "--domains-from", str(listed))
    good = sum('"status": "ok"' in line and '"missing"' not in line for line in run.lines)
    assert good == count, f"{good} of {count} domains were seen as they are"
    return run.seconds, world.tell("nothing"), run.megabytes


def checkdmarc_python(named: str | None, folder: str) -> str | None:
    """A Python that has checkdmarc, or None."""
    if named == "none":
        return None
    if named:
        return named
    python = str(Path(folder, "bin", "python"))
    venv.create(folder, with_pip=True)
    done = subprocess.run([python, "-m", "pip", "install", "-q", "checkdmarc"], capture_output=True)
    return python if done.returncode == 0 else None


def checkdmarc(python: str, world: World, domains: list[str]) -> float | None:
    """Seconds that checkdmarc needs, without its start; None where it is not done in time."""
    try:
        done = subprocess.run(
            [python, "-c", CHECKDMARC, RESOLVER, str(world.port), *domains],
            capture_output=True,
            text=True,
            timeout=CHECKDMARC_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    assert done.returncode == 0, done.stderr[-2000:]
    return float(done.stdout.splitlines()[-1])


def beside(world: World, named: str | None) -> None:
    """Print what checkdmarc needs for one of these domains and for a hundred."""
    with tempfile.TemporaryDirectory() as folder:
        python = checkdmarc_python(named, folder)
        if python is None:
            print("checkdmarc: absent, as it is not installed and could not be")
            return
        times: dict[int, float] = {}
        for delay in DELAYS_MS:
            world.tell("delay", delay / 1000)
            times[delay] = checkdmarc(python, world, ["example1.com"]) or float("nan")
            asked = world.tell("nothing")
        world.tell("delay", 0.02)
        print(
            f"checkdmarc, 1 domain: {slope(times):.1f} round trips, {asked} questions, {milliseconds(times)}"
        )
        seconds = checkdmarc(python, world, domain_names(100))
        took = f"{seconds:.1f} s" if seconds is not None else f"not done after {CHECKDMARC_SECONDS} s"
        print(f"checkdmarc, 100 domains at 20 ms: {took}, {world.tell('nothing')} questions")


def milliseconds(seconds: dict[int, float]) -> str:
    return ", ".join(f"{value * 1000:.0f} ms at {delay}" for delay, value in seconds.items())


def main() -> None:
    missed: list[str] = []

    def goal(words: str, value: float, most: float, show: Callable[[float], str] = "{:.2f}".format) -> None:
        reached = value <= most
        if not reached:
            missed.append(words)
        print(f"{words}: {show(value)} (goal {show(most)}: {'reached' if reached else 'MISSED'})")

    world = World()
    try:
        costs = asyncio.run(rounds(world))
        for words, name, most in (
            ("before", "first check, before public resolvers", 3.3),
            ("with", "first check, with public resolvers", 4.4),
            ("poll", "poll", 1.2),
        ):
            cost = costs[words]
            print(f"{name}: {milliseconds(cost.seconds)}; {cost.asked} questions")
            goal(f"{name}, round trips", slope(cost.seconds), most)
        world.tell("delay", 0.02)
        times = asyncio.run(until_green(world))
        spread = f"{min(times):.2f} to {max(times):.2f} s, {len(times)} times"
        goal(f"published to green, median s ({spread})", statistics.median(times), 1.2)
        many(world, MANY)
        for count, most in ((100, 1.2), (MANY, 10)):
            seconds, asked, megabytes = many(world, count)
            print(f"{count} domains at 20 ms: {asked} questions, {megabytes:.0f} MB at most")
            goal(f"{count} domains, s", seconds, most)
        goal(f"{MANY} domains, MB", megabytes, 100)
        beside(world, sys.argv[1] if len(sys.argv) > 1 else None)
    finally:
        world.close()
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
