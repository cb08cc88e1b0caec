"""Asking: how many round trips, how soon a published record is seen, and what many domains cost.

A DNS on loopback runs in a process of its own and holds each reply back for 0 to 100 ms. Against it: the
first check of a good domain and a poll (wall time over added delay is round trips), the time from publishing
a record to a green checklist while it is watched every 2 s, and the ``check`` command on 100 and 1,000
domains. Beside it, on the same zones: checkdmarc, installed into a throw-away environment unless CHECKDMARC
names a Python that has it; where it cannot be installed that is said and it is left out.

    python benchmarks/check.py [CHECKDMARC | none]

Exits with 1 where a goal is missed: by more than a tenth for round trips, at all for the others. Takes about
three minutes, two of them checkdmarc's.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wizard.dns.access import DnsAccess, Nameserver  # noqa: E402
from wizard.dns.causes import Context  # noqa: E402
from wizard.dns.checklist import Checklist, watch  # noqa: E402
from wizard.dns.records import Record, wanted_records  # noqa: E402

REGION = "us-east-1"
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


def checks_of(access: DnsAccess, domain: str) -> tuple[DnsAccess, tuple[Record, ...], Context]:
    records = wanted(domain)
    return access, records, Context(domain, mail_from=f"bounce.{domain}", region=REGION, records=records)


def now() -> datetime:
    return datetime.now(UTC)


def serve(pipe: Connection) -> None:
    """Hold the world, in a process of its own: good domains, and whatever the pipe asks to change."""
    from wizard.demo.dns_server import DnsServer

    class Counting(DnsServer):
        asked = 0

        def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
            self.asked += 1
            return super().respond(wire, tcp=tcp)

    server = Counting()
    server.set_zone("amazonses.com", ("ns-1.amazonses-dns.com",))
    server.add("amazonses.com", "TXT", "v=spf1 ip4:199.255.192.0/22 ip4:199.127.232.0/22 -all")
    server.add(f"feedback-smtp.{REGION}.amazonses.com", "A", "192.0.2.25")
    for token in TOKENS:
        server.add(f"{token}.dkim.amazonses.com", "TXT", KEY)
    for name in domain_names(MANY):
        server.set_zone(name, ("dns1.registrar-servers.com", "dns2.registrar-servers.com"))
        server.add(name, "MX", "10 mx.amazonses.com")
        for record in wanted(name):
            server.add(record.name, record.type, record.value)
    with server:
        pipe.send(server.port)
        with suppress(EOFError):
            while True:
                match pipe.recv():
                    case "delay", seconds:
                        server.delay = seconds
                    case "add", record:
                        server.add(record.name, record.type, record.value)
                    case "remove", record:
                        server.remove(record.name, record.type)
                asked, server.asked = server.asked, 0
                pipe.send(asked)


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
        self.access = DnsAccess((Nameserver("127.0.0.1", self.port),))

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


async def rounds(world: World) -> tuple[dict[int, float], dict[int, float], int, int]:
    """Median seconds of a first check and of a poll by added delay, and the questions each asks."""
    first: dict[int, float] = {}
    poll: dict[int, float] = {}
    asked = [0, 0]
    for delay in DELAYS_MS:
        world.tell("delay", delay / 1000)
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(RUNS):
            checklist = Checklist(*checks_of(world.access, "example1.com"), now)
            for turn in (0, 1):
                began = time.perf_counter()
                assert (await checklist.round()).ok
                times[turn].append(time.perf_counter() - began)
                asked[turn] = world.tell("nothing")
        first[delay], poll[delay] = map(statistics.median, times)
    return first, poll, asked[0], asked[1]


async def until_green(world: World) -> list[float]:
    """Seconds from publishing to green, at moments that are spread evenly over the 2 s between two rounds."""
    moments = [INTERVAL * (number + 0.5) / TRIALS for number in range(TRIALS)]
    random.Random(7).shuffle(moments)

    async def trial(domain: str, after: float) -> float:
        missing = wanted(domain)[0]
        world.tell("remove", missing)
        watched = watch(*checks_of(world.access, domain), now, asyncio.Event())
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
    command = (
        "from wizard.cli import main; main()",
        *("check", "--no-aws", "--json", "--mail-from", "bounce", "--region", REGION),
        *("--nameserver", f"127.0.0.1:{world.port}", "--domains-from"),
    )
    with tempfile.TemporaryDirectory() as folder:
        listed, out = Path(folder, "domains"), Path(folder, "out")
        listed.write_text("\n".join(domain_names(count)))
        began = time.perf_counter()
        with out.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", *command, str(listed)],
                cwd=folder,
                stdout=output,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            _, _, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        lines = out.read_text().splitlines()
    good = sum('"status": "ok"' in line and '"missing"' not in line for line in lines)
    assert good == count, f"{good} of {count} domains were seen as they are"
    return seconds, world.tell("nothing"), usage.ru_maxrss / 1024


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
            [python, "-c", CHECKDMARC, "127.0.0.1", str(world.port), *domains],
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
        first, poll, asked_first, asked_poll = asyncio.run(rounds(world))
        print(f"first check: {milliseconds(first)}; {asked_first} questions")
        goal("first check, round trips", slope(first), 3.3)
        print(f"poll: {milliseconds(poll)}; {asked_poll} questions")
        goal("poll, round trips", slope(poll), 1.2)
        world.tell("delay", 0.02)
        times = asyncio.run(until_green(world))
        spread = f"{min(times):.2f} to {max(times):.2f} s, {len(times)} times"
        goal(f"published to green, median s ({spread})", statistics.median(times), 1.2)
        for count in (100, MANY):
            seconds, asked, megabytes = many(world, count)
            print(f"{count} domains at 20 ms: {seconds:.1f} s, {asked} questions, {megabytes:.0f} MB at most")
        goal(f"{MANY} domains, s", seconds, 15)
        goal(f"{MANY} domains, MB", megabytes, 100)
        beside(world, sys.argv[1] if len(sys.argv) > 1 else None)
    finally:
        world.close()
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
