"""The reminder's function: how fast it sends, what that costs in calls, and a million recipients.

First the function as the stack deploys it, in both modes, against the embedded account with SES's rate limit
in force: mails a second from the first call of SES to the last, and calls of SES for 1,000 recipients. Then
what a cold start of it takes. Then a run to a million recipients through the queue, with AWS in memory and a
simulated clock: each call takes as long as LATENCY says, SES's daily quota ends half-way, and one message in
a hundred is delivered twice.

    python benchmarks/reminder.py [RECIPIENTS of the simulation]

Exits with 1 where a goal is missed: the rate within 5 % of the limit, nobody written twice, nobody lost.
Takes some three minutes, two of them for the million.
"""

from __future__ import annotations

import heapq
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.memory_cloud import DAY, ENVIRONMENT, Cloud, Item  # noqa: E402
from wizard.reminder.capacity import needed  # noqa: E402
from wizard.reminder.function_code import function_code  # noqa: E402
from wizard.reminder.message import EXAMPLE  # noqa: E402
from wizard.reminder.setup import Setup  # noqa: E402

RATE = 50.0
RECIPIENTS = 1_000
PATIENCE = 120
"""Seconds that a run against the embedded account is given."""
RUN = "2027-01-15T08:00:00Z"
MILLION = 1_000_000
MILLION_RATE = 500.0
LATENCY = {"send_bulk_email": 0.2, "transact_write_items": 0.04, "send_message_batch": 0.03}
"""Seconds that calls take in the simulation; all others 0.01."""
VISIBILITY = 5_400.0
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
    from wizard.demo.aws.sesv2_sending import Sending

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
    from wizard.reminder.template import body

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


# --- a million ------------------------------------------------------------------------------------------


class Million(Cloud):
    """The account in memory, with recipients made when they are read and values kept once."""

    recipients = MILLION

    def _scan(
        self,
        TableName: str,  # noqa: N803
        Limit: int = 1000,  # noqa: N803
        ExclusiveStartKey: Item | None = None,  # noqa: N803
        **_: Any,
    ) -> Item:
        first = int(ExclusiveStartKey["email"]["S"].partition("@")[0][1:]) + 1 if ExclusiveStartKey else 0
        last = min(first + Limit, self.recipients)
        rows = [
            {"email": {"S": f"p{n}@example.com"}, "name": {"S": f"Person {n}"}} for n in range(first, last)
        ]
        return {"Items": rows} | (
            {"LastEvaluatedKey": {"email": rows[-1]["email"]}} if last < self.recipients else {}
        )

    def call(self, operation: str, params: Item) -> Item:
        self.latency = LATENCY.get(operation, 0.01)
        return super().call(operation, params)


class Actor(threading.Thread):
    """One environment of the function, with a time of its own. One goes at a time: who is furthest behind."""

    def __init__(self, world: World) -> None:
        super().__init__(daemon=True)
        self.world, self.time, self.born = world, world.cloud.now, 0.0
        self.function: ModuleType = world.cloud.function()
        self.going, self.standing = threading.Semaphore(0), threading.Semaphore(0)
        self.aws_request_id = ""
        self.over = False

    def get_remaining_time_in_millis(self) -> int:
        return int((self.born + 900 - self.world.cloud.now) * 1000)

    def run(self) -> None:
        self.going.acquire()
        self.world.cloud.now = self.time
        try:
            self.act()
        finally:
            self.over = True
            self.standing.release()

    def act(self) -> None:
        """What it does until the world ends."""

    def wait(self, until: float = 0.0) -> None:
        """Let those go who are behind."""
        self.time = max(self.world.cloud.now, until)
        self.standing.release()
        self.going.acquire()
        self.world.cloud.now = self.time

    def call(self, event: Item) -> Item:
        self.world.invocations += 1
        self.born, self.aws_request_id = self.time, f"request-{self.world.invocations}"
        answer: Item = self.function.handler(event, self)
        return answer


class Scheduler(Actor):
    """Starts the run, what is handed on, and each hour the resume."""

    def act(self) -> None:
        cloud = self.world.cloud
        cloud.events.append({"run": RUN})
        hour = cloud.now + 3600
        while not self.world.ended():
            while cloud.events:
                self.call(cloud.events.pop(0))
            if cloud.now >= hour:
                hour += 3600
                self.call({"resume": True})
            self.wait(min(hour, cloud.now + 60))


class Worker(Actor):
    """Works off the queue, ten messages a call; one message in a hundred comes once more an hour later."""

    def act(self) -> None:
        cloud = self.world.cloud
        while not self.world.ended():
            records = cloud.deliver(10, VISIBILITY)
            if records:
                repeated = [cloud.messages[one["messageId"]] for one in records if self.world.chance()]
                cloud.delete(records, self.call({"Records": records}))
                for message in repeated:
                    if message.id not in cloud.messages:
                        cloud.messages[message.id] = message
                        cloud.show(message, cloud.now + 3600)
                        self.world.repeated += 1
            self.wait(
                cloud.now + (0.0 if records else 1.0)
                if (cloud.next_message() or 0) <= cloud.now
                else self.next()
            )

    def next(self) -> float:
        """When there is something to do again."""
        return min(self.world.cloud.next_message() or 1e18, self.world.cloud.now + 60)


class World:
    """The simulation: the account, and who is at work in it."""

    def __init__(self, recipients: int) -> None:
        self.cloud = Million(rate=MILLION_RATE, daily=recipients // 2)
        self.cloud.recipients = recipients
        self.cloud.gate = self.gate
        self.invocations = self.repeated = self.drawn = 0
        self.workers = needed(MILLION, MILLION_RATE, -1).workers
        os.environ.update(ENVIRONMENT | {"QUEUE": "queue", "WORKERS": str(self.workers)})
        self.actors = [Scheduler(self), *(Worker(self) for _ in range(self.workers))]

    def gate(self, operation: str, done: bool) -> None:
        actor = threading.current_thread()
        if not done:
            assert isinstance(actor, Actor)
            actor.wait()

    def chance(self) -> bool:
        self.drawn += 1
        return self.drawn % 100 == 0

    def ended(self) -> bool:
        return "ended" in self.cloud.run(RUN) and not self.cloud.messages

    def play(self) -> None:
        """Let whoever is furthest behind go on, until all are done."""
        for actor in self.actors:
            actor.start()
        waiting = [(actor.time, number) for number, actor in enumerate(self.actors)]
        while waiting:
            _, number = heapq.heappop(waiting)
            actor = self.actors[number]
            actor.going.release()
            actor.standing.acquire()
            if not actor.over:
                heapq.heappush(waiting, (actor.time, number))


def million(recipients: int) -> bool:
    """Simulate it, print what came out, and say whether everybody got one mail."""
    world, began = World(recipients), time.monotonic()
    with redirect_stdout(io.StringIO()):
        world.play()
    cloud, record, calls = world.cloud, world.cloud.run(RUN), world.cloud.calls
    counts = Counter(address for _, address, _ in cloud.mails)
    moments = sorted(moment for _, _, moment in cloud.mails)
    pause = max(later - earlier for earlier, later in pairwise(moments))
    sending = moments[-1] - moments[0] - pause
    duplicates, lost = sum(count - 1 for count in counts.values()), recipients - len(counts)
    print(
        f"  {recipients:,} recipients, {world.workers} workers, {MILLION_RATE:g} mails a second, "
        f"{recipients // 2:,} in 24 hours; took {time.monotonic() - began:.0f} s"
    )
    for operation in sorted(calls, key=lambda name: -calls[name]):
        print(
            f"  {operation:<26}{calls[operation]:>9,}  {calls[operation] * 1000 / recipients:6.1f} for 1,000"
        )
    print(f"  {'calls of the function':<26}{world.invocations:>9,}")
    print(f"  sending        {sending / 60:7.1f} min  at {recipients / sending:.0f} mails a second")
    print(f"  at the quota   {pause / 3600:7.2f} h    most mails in any 24 hours: {busiest(moments):,}")
    print(f"  delivered again {world.repeated:,} messages; duplicates {duplicates}, lost {lost}")
    print(
        f"  its own record: {', '.join(f'{name} {record[name]:,}' for name in ('people', 'sent', 'unsure'))}"
    )
    return duplicates == lost == 0 and record["sent"] == recipients


def busiest(moments: list[float]) -> int:
    """The most mails within 24 hours."""
    first = most = 0
    for place, moment in enumerate(moments):
        while moments[first] <= moment - DAY:
            first += 1
        most = max(most, place - first + 1)
    return most


def main() -> None:
    good = True
    print(f"Against the embedded account: {RECIPIENTS:,} recipients, SES takes {RATE:g} a second")
    for name, workers in (("direct", 0), ("queue", needed(MILLION, RATE, -1).workers)):
        rate, calls = measured(workers)
        good = good and abs(rate / RATE - 1) <= 0.05
        share = f"{rate:6.1f} mails/s ({rate / RATE:6.1%} of the limit)"
        print(f"  {name:<7} {share}  {calls:5.1f} calls of SES for 1,000")
    imported, memory, clients, all_memory = cold()
    print("A cold start of the deployed file")
    print(f"  import {imported:.0f} ms, {memory:.1f} MB")
    print(f"  boto3 and its clients {clients:.0f} ms more; {all_memory:.0f} MB in all")
    print("Simulated: the queue, with AWS in memory")
    good = million(int(sys.argv[1]) if len(sys.argv) > 1 else MILLION) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
