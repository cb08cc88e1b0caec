"""The reminder's function: how fast it sends, what that costs in calls, what goes wrong, and a million.

First the function as the stack deploys it, in both modes, against the embedded account with SES's rate limit
in force: mails a second from the first call of SES to the last, and calls of SES for 1,000 recipients. Then
what a cold start of it takes.

Then simulations, with AWS in memory and calls that take as long as ``tests.simulation.LATENCY`` says:
outages of SES, hours of throttling, a resend of 1,000 mails that SES refuses, and DynamoDB's limits for each
partition ("Designing partition keys to distribute your workload": 1,000 write and 3,000 read units a second;
a new table on demand has four partitions, and keys are spread over them by a hash). Last a run to a million
recipients through the queue, whose daily quota ends half-way, with one message in a hundred delivered twice.

    python benchmarks/reminder.py [--recipients MILLION] [--only PART] [--function FILE]

PART is account, cold, troubles or million. With --function, the simulated troubles meet an older version of
the function, in a stack as it was deployed then: an hourly resume, messages received a hundred times, and a
worker for each 50 mails a second.

Exits with 1 where a goal is missed: the rate within 5 % of the limit, nobody mailed twice, nobody lost, an
outage that costs no more than is in flight, and no dead letters.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.memory_cloud import DAY, SOURCE, Trouble  # noqa: E402
from tests.simulation import BEGUN, RUN, Simulation  # noqa: E402
from wizard.reminder.capacity import needed  # noqa: E402
from wizard.reminder.function.code import function_code  # noqa: E402
from wizard.reminder.message.fields import EXAMPLE  # noqa: E402
from wizard.reminder.setup import Setup  # noqa: E402

RATE = 50.0
RECIPIENTS = 1_000
PATIENCE = 120
"""Seconds that a run against the embedded account is given."""
MILLION = 1_000_000
MILLION_RATE = 500.0
COLD = """
import time
def memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
began, empty = time.perf_counter(), memory()
import index
imported, after = time.perf_counter(), memory()
index._ses(1), index._client("dynamodb"), index._client("lambda")
ready = time.perf_counter()
print((imported - began) * 1000, after - empty, (ready - imported) * 1000, memory())
"""


# --- the embedded account -------------------------------------------------------------------------------


def measured(workers: int) -> tuple[float, float]:
    """Mails a second, and calls of SES for 1,000 recipients, of the deployed stack."""
    from wizard import demo
    from wizard.demo.aws.ses.sending import Sending

    pace, calls = replace(demo.AT_ONCE, send_rate=RATE, daily=-1, burst=1.0), []
    original = Sending.send_bulk_email

    def counted(self: Any) -> Any:
        calls.append(time.monotonic())
        return original(self)

    Sending.send_bulk_email = counted  # type: ignore[method-assign]
    try:
        with demo.start(None, pace=pace) as running:
            deploy(running, workers)
            run(running)
            mails = running.inbox()
    finally:
        Sending.send_bulk_email = original  # type: ignore[method-assign]
    assert Counter(Counter(mail.recipient for mail in mails).values()) == {1: RECIPIENTS}
    # The mails of the last calls take their time after them, and are left out.
    last = len(calls) - max(workers, 1)
    return RECIPIENTS * last / len(calls) / (calls[last] - calls[0]), len(calls) * 1000 / RECIPIENTS


def deploy(running: Any, workers: int) -> None:
    """Verify the domain, make the stack, and fill its table."""
    from wizard.demo.stage import REGION
    from wizard.dns.records import wanted_records
    from wizard.reminder.template.build import body

    aws = running.world.aws
    ses = aws.client("sesv2")
    tokens = ses.create_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"]
    running.publish(wanted_records("example.com", tokens=tuple(tokens), region=REGION))
    ses.get_email_identity(EmailIdentity="example.com")
    running.account.ses(REGION).production = True
    ses.create_configuration_set(ConfigurationSetName="ses-wizard")
    setup = Setup(
        stack="reminder",
        sender="reminders@example.com",
        sender_name="",
        configuration_set="ses-wizard",
        message=EXAMPLE,
        schedule="at(2099-01-01T00:00:00)",
        timezone="UTC",
        identities=("example.com",),
        workers=workers,
    )
    stacks = aws.client("cloudformation")
    stacks.create_stack(StackName="reminder", TemplateBody=body(setup), Capabilities=["CAPABILITY_IAM"])
    made = stacks.describe_stacks(StackName="reminder")["Stacks"][0]
    assert made["StackStatus"] == "CREATE_COMPLETE", made
    tables = aws.client("dynamodb")
    for first in range(0, RECIPIENTS, 25):
        puts = [
            {"PutRequest": {"Item": {"email": {"S": f"p{number}@example.com"}, "name": {"S": f"P {number}"}}}}
            for number in range(first, min(first + 25, RECIPIENTS))
        ]
        tables.batch_write_item(RequestItems={output(running, "RecipientsTable"): puts})


def output(running: Any, name: str) -> str:
    stack = running.world.aws.client("cloudformation").describe_stacks(StackName="reminder")["Stacks"][0]
    return next(str(one["OutputValue"]) for one in stack["Outputs"] if one["OutputKey"] == name)


def run(running: Any) -> None:
    """Start a run as the schedule does, and wait for its end."""
    aws, table = running.world.aws, output(running, "RunsTable")
    payload = json.dumps({"run": RUN, "execution": "benchmark"}).encode()
    aws.client("lambda").invoke(FunctionName="TriggerReminder", InvocationType="Event", Payload=payload)
    key = {"reminder": {"S": "runs"}, "run": {"S": RUN}}
    end = time.monotonic() + PATIENCE
    while "ended" not in aws.client("dynamodb").get_item(TableName=table, Key=key).get("Item", {}):
        if time.monotonic() > end:
            raise TimeoutError("the run did not come to its end")
        time.sleep(0.5)


# --- a cold start ---------------------------------------------------------------------------------------


def cold() -> list[float]:
    """Import time (ms), its memory (MB), the time to make the clients (ms), and the memory then (MB)."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "index.py").write_text(function_code(), encoding="utf-8")
        environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": folder}
        tries = [
            subprocess.run(
                [sys.executable, "-c", COLD], env=environment, capture_output=True, text=True, check=True
            ).stdout.split()
            for _ in range(6)
        ]
    return [min(map(float, column)) for column in zip(*tries[1:], strict=True)]


# --- what goes wrong ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """A version of the function, and what its stack is like."""

    source: Path = SOURCE
    every: float = 600.0
    receives: int = 200

    @property
    def older(self) -> bool:
        return self.source != SOURCE

    def workers(self, rate: float) -> int:
        """How many workers its stack has for an account that sends so fast."""
        if self.older:
            return max(2, min(50, math.ceil(rate / 50)))
        return needed(10_000_000, rate, -1).workers

    def simulation(
        self, recipients: int, rate: float, workers: int, *troubles: Trouble, **more: Any
    ) -> Simulation:
        world = Simulation(recipients, rate, workers, troubles, source=self.source, every=self.every, **more)
        world.cloud.max_receives = self.receives
        return world


@dataclass(frozen=True)
class Came:
    """What came of a simulated run."""

    name: str
    outcomes: Counter[str]
    lost: int
    twice: int
    dead: int
    calls: int
    seconds: float
    words: str = ""

    def __str__(self) -> str:
        named = ", ".join(f"{self.outcomes[name]:,} {name}" for name in ("sent", "failed", "unsure"))
        rest = f"{self.lost:,} never tried, {self.dead:,} dead letters"
        done = f"{self.calls:,} calls, last mail after {length(self.seconds)}"
        return f"  {self.name:<34} {named}; {rest}; {done}{self.words}"


def came_of(name: str, world: Simulation, words: str = "") -> Came:
    """What came of a simulation that has been played."""
    counts = Counter(address for _, address, _ in world.cloud.mails)
    outcomes = world.outcomes()
    known = sum(outcomes[one] for one in ("sent", "failed", "unsure", "opted_out"))
    last = max((moment for _, _, moment in world.cloud.mails), default=BEGUN)
    return Came(
        name,
        outcomes,
        world.cloud.recipients - known,
        sum(count - 1 for count in counts.values()),
        len(world.dead) + len(world.cloud.dead),
        world.invocations,
        last - BEGUN,
        words,
    )


def troubles(version: Version) -> Iterator[tuple[Came, bool]]:
    """Each simulated trouble: what came of it, and whether that is good."""
    for workers, mode in ((0, "direct"), (2, "queue")):
        for words, kind, seconds in (
            ("13 s of 503", "refused", 13.0),
            ("60 s of 500", "taken", 60.0),
            ("60 s without answers", "lost", 60.0),
            ("an hour of 503", "refused", 3_600.0),
            ("a day of 503", "refused", float(DAY)),
        ):
            trouble = Trouble(kind, BEGUN + 3, BEGUN + 3 + seconds)
            found = came_of(f"{mode}, {words}", version.simulation(1_000, RATE, workers, trouble).play())
            yield found, found.outcomes["unsure"] <= 50 and not (found.lost or found.twice or found.dead)
        trouble = Trouble("too fast", BEGUN + 3, BEGUN + 3 + 4 * 3_600)
        found = came_of(
            f"{mode}, throttled for 4 h", version.simulation(2_000, RATE, workers, trouble).play()
        )
        yield found, found.outcomes["sent"] == 2_000 and not (found.twice or found.dead)
        yield resend(version, workers, mode)
    for rate in (500.0, 1_000.0):
        trouble = Trouble("lost", BEGUN + 3, BEGUN + 63)
        found = came_of(
            f"queue, {rate:,g} a second, 60 s lost",
            version.simulation(int(20 * rate), rate, version.workers(rate), trouble).play(),
        )
        yield found, found.outcomes["unsure"] <= rate / 3 and not (found.lost or found.twice)
        for hot in (False, True):
            world = version.simulation(int(40 * rate), rate, version.workers(rate), hot=hot).play()
            words = f"; at {pace(world):,.0f} a second" + (", partitions limited" if hot else "")
            found = came_of(f"queue, {rate:,g} a second", world, words)
            yield found, found.outcomes["sent"] == world.cloud.recipients and not found.twice


def resend(version: Version, workers: int, mode: str) -> tuple[Came, bool]:
    """A resend of 1,000 mails that SES refuses again, at one a second, for a week at most."""
    world = version.simulation(1_000, 1.0, workers, Trouble("rejected", BEGUN, math.inf), horizon=7.0 * DAY)
    world.play()
    before = world.invocations
    asked = Counter[str]()
    send = world.cloud._send_bulk_email

    def counted(**params: Any) -> Any:
        asked.update(entry["Destination"]["ToAddresses"][0] for entry in params["BulkEmailEntries"])
        return send(**params)

    world.cloud._send_bulk_email = counted  # type: ignore[method-assign,assignment]
    world.play({"resend": RUN, "id": "2027-01-15T12:00:00Z", "outcome": "failed"})
    words = f"; resent in {world.invocations - before:,} calls, {1_000 - len(asked):,} not tried again"
    found = came_of(f"{mode}, 1,000 refused, then resent", world, words)
    return found, set(asked.values()) == {1} and len(asked) == 1_000


def pace(world: Simulation) -> float:
    """Mails a second, from the first to the last."""
    moments = [moment for _, _, moment in world.cloud.mails]
    return len(moments) / (max(moments) - min(moments))


def length(seconds: float) -> str:
    """A length of time as people say it."""
    for unit, size in (("d", DAY), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


# --- a million ------------------------------------------------------------------------------------------


def million(recipients: int, version: Version) -> bool:
    """Simulate it, print what came out, and say whether everybody got one mail."""
    began, workers = time.monotonic(), version.workers(MILLION_RATE)
    world = version.simulation(
        recipients, MILLION_RATE, workers, daily=recipients // 2, repeat_every=100, hot=True
    ).play()
    cloud, record, calls = world.cloud, world.cloud.run(RUN), world.cloud.calls
    counts = Counter(address for _, address, _ in cloud.mails)
    moments = sorted(moment for _, _, moment in cloud.mails)
    waiting = sum(later - earlier for earlier, later in pairwise(moments) if later - earlier > 60)
    sending = moments[-1] - moments[0] - waiting
    duplicates, lost = sum(count - 1 for count in counts.values()), recipients - len(counts)
    print(
        f"  {recipients:,} recipients, {workers} workers, {MILLION_RATE:g} mails a second, "
        f"{recipients // 2:,} in 24 hours; took {time.monotonic() - began:.0f} s"
    )
    for operation in sorted(calls, key=lambda name: -calls[name]):
        print(
            f"  {operation:<26}{calls[operation]:>9,}  {calls[operation] * 1000 / recipients:6.1f} for 1,000"
        )
    print(f"  {'calls of the function':<26}{world.invocations:>9,}")
    print(f"  sending        {sending / 60:7.1f} min  at {recipients / sending:.0f} mails a second")
    print(f"  at the quota   {waiting / 3600:7.2f} h    most mails in any 24 hours: {busiest(moments):,}")
    print(f"  delivered again {world.repeated:,} messages; duplicates {duplicates}, lost {lost}")
    own = ", ".join(f"{name} {record.get(name, 0):,}" for name in ("people", "sent", "unsure"))
    print(f"  its own record: {own}")
    return bool(duplicates == lost == 0 and record["sent"] == recipients)


def busiest(moments: list[float]) -> int:
    """The most mails within 24 hours."""
    first = most = 0
    for place, moment in enumerate(moments):
        while moments[first] <= moment - DAY:
            first += 1
        most = max(most, place - first + 1)
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast and how safe the reminder's function sends.")
    parser.add_argument("--recipients", type=int, default=MILLION, help="of the run to a million")
    parser.add_argument("--only", choices=("account", "cold", "troubles", "million"))
    parser.add_argument("--function", type=Path, help="an older version, for the simulated troubles")
    options = parser.parse_args()
    version = Version(options.function, 3_600.0, 100) if options.function else Version()
    parts = [options.only] if options.only else ["account", "cold", "troubles", "million"]
    good = True
    if "account" in parts:
        print(f"Against the embedded account: {RECIPIENTS:,} recipients, SES takes {RATE:g} a second")
        for name, workers in (("direct", 0), ("queue", needed(MILLION, RATE, -1).workers)):
            rate, calls = measured(workers)
            good = good and abs(rate / RATE - 1) <= 0.05
            share = f"{rate:6.1f} mails/s ({rate / RATE:6.1%} of the limit)"
            print(f"  {name:<7} {share}  {calls:5.1f} calls of SES for 1,000")
    if "cold" in parts:
        imported, memory, clients, all_memory = cold()
        print("A cold start of the deployed file")
        print(f"  import {imported:.0f} ms, {memory:.1f} MB")
        print(f"  boto3 and its clients {clients:.0f} ms more; {all_memory:.0f} MB in all")
    if "troubles" in parts:
        print("Simulated troubles, with AWS in memory; at 50 mails a second where nothing else is said")
        for found, well in troubles(version):
            good = good and well
            print(f"{found}{'' if well else '  !'}", flush=True)
    if "million" in parts:
        print("Simulated: the queue, with AWS in memory")
        good = million(options.recipients, version) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
