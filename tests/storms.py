"""Random schedules of crashes, outages, refusals, redelivery and calls at the same time, each made by a seed.

The real handler runs against AWS in memory. A storm draws how many recipients there are, direct mode or a
queue, which services fail when and for how long, which calls are killed before or after which call to AWS,
what is delivered twice, and which calls run in the middle of another. When all has ended, ``check`` holds
what the function promises against what is in the tables and what SES took.

    python -m tests.storms [SCHEDULES] [FIRST SEED]

Exits with 1 at the first schedule that breaks a promise, and prints its seed.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections import Counter
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace

from tests.memory_cloud import DAY, ENVIRONMENT, SOURCE, UNCLEAR, Cloud, Item, Trouble

RUN = "2027-01-15T08:00:00Z"
BEGUN = 1_800_000_000.0
OPTED_OUT = {"p1@example.com", "p4@example.com"}
VISIBILITY = 5400.0
LIFE = 900.0
EVERY = 600
"""Seconds between two calls of the resume schedule."""
HORIZON = 9 * DAY
LASTING = (0.3, 0.3, 5, 5, 13, 13, 13, 60, 60, 60, 300, 300, 1800, 1800, 3 * 3600)
"""How long troubles last, in seconds."""
CLEAR = ("too fast", "busy", "quota", "paused", "no template", "rejected", "sender")
OTHERS = ("tables", "tables late", "conflict", "queue")
MOST_CALLS = 4_000
"""More calls of the function than any schedule needs: a chain that does not end passes it."""


class KilledError(BaseException):
    """The function is killed where it is."""


class Call:
    """One call of the function, as its context."""

    def __init__(self, storm: Storm, request: str) -> None:
        self.storm, self.aws_request_id, self.born = storm, request, storm.cloud.now

    def get_remaining_time_in_millis(self) -> int:
        """What is left of the call's life; now and then too little to go on."""
        left = int((self.born + LIFE - self.storm.cloud.now) * 1000)
        return min(left, 50_000) if self.storm.random.random() < self.storm.hurry else left


class Storm:
    """The account, the calls at work in it, and what goes wrong.

    ``kills`` counts the calls that were killed while they held claims. ``dead`` are events that Lambda gave
    up. ``logged`` is what the function logged. ``decided`` says whether unsure mail was sent once more, as
    somebody may decide.
    """

    def __init__(self, seed: int, source: Path = SOURCE) -> None:
        self.random = random = Random(seed)
        self.queue = random.random() < 0.5
        self.cloud = Cloud(
            now=BEGUN, rate=random.choice((2.0, 6.0)), page=random.choice((3, 5, 100)), source=source
        )
        self.cloud.gate = self.gate
        self.hurry = random.choice((0.0, 0.0, 0.05))
        self.risk = random.choice((0.0, 0.004, 0.02))
        self.nesting = random.choice((0.0, 0.01, 0.05))
        self.environment = ENVIRONMENT | {"QUEUE": "queue" if self.queue else ""}
        self.functions = [self._function() for _ in range(2)]
        self.calls: list[Call] = []
        self.logged: list[Item] = []
        self.dead: list[Item] = []
        self.due: list[tuple[float, int, Item, str, int]] = []
        self.made = self.kills = self.times = 0
        self.decided = False
        self.people = [f"P{number}@example.com" for number in range(random.randint(1, 10))]
        self.cloud.people(*self.people, "no address")
        self.cloud.people("p0@EXAMPLE.com")
        self.cloud.people("P1@example.com", opted_out={"S": "Yes"})
        self.cloud.tables["opt-outs"]["p4@example.com",] = {"email": {"S": "p4@example.com"}}
        self.cloud.troubles = [self._trouble() for _ in range(random.choice((0, 1, 1, 1, 2, 3)))]
        self.switch = BEGUN + random.choice((0.5, 3, 20, 1000)) if random.random() < 0.1 else None

    def _trouble(self) -> Trouble:
        kinds = self.random.choice((UNCLEAR, UNCLEAR, CLEAR, OTHERS))
        begins = BEGUN + self.random.choice((0, 0, 0.01, 0.05, 1, 2, 3, 30))
        lasts = self.random.choice(LASTING)
        if kinds is not OTHERS and self.random.random() < 0.002:
            lasts = float("inf")  # The job expires.
        return Trouble(self.random.choice(kinds), begins, begins + lasts)

    def _function(self) -> ModuleType:
        function = self.cloud.function()
        function.os = SimpleNamespace(environ=self.environment, urandom=self.random.randbytes)  # type: ignore[attr-defined]
        function.print = lambda line: self.logged.append(json.loads(line))  # type: ignore[attr-defined]
        return function

    # --- what happens at each call to AWS ---------------------------------------------------------------

    def gate(self, operation: str, done: bool) -> None:
        """Kill the call, or let another one run here, now and then."""
        call = self.calls[-1]
        self.cloud.now += 0.02
        if self.cloud.now > call.born + LIFE or self.random.random() < self.risk:
            # Only claims that the call holds can become unsure.
            self.kills += "claimed" in self.cloud.outcomes(RUN).values()
            raise KilledError
        if done or len(self.calls) == len(self.functions) or self.random.random() >= self.nesting:
            return
        if self.random.random() < 0.3:
            # Events are delivered at least once, with the same request id or, by the scheduler, another.
            self.invoke({"run": RUN}, self.random.choice(("request-1", f"again-{self.made}")), 0)
        elif self.random.random() < 0.3:
            self.invoke({"resume": True}, f"resume-{self.made}", 0)
        elif self.cloud.messages and self.queue:
            message = self.random.choice(list(self.cloud.messages.values()))
            self.cloud.show(message, self.cloud.now)
            self.receive()

    def invoke(self, event: Item, request: str, tries: int) -> Item | None:
        """Have Lambda call the function; what fails is called again, ``tries`` times."""
        self.made += 1
        call, function = Call(self, request), self.functions[len(self.calls)]
        self.calls.append(call)
        try:
            answer: Item = function.handler(event, call)
            return answer
        except KilledError:
            pass
        except Exception as error:
            # The errors that the troubles bring; anything else is a bug of the function's.
            if type(error).__name__ not in ("UnfinishedError", "ClientError"):
                raise
        finally:
            self.calls.remove(call)
        if tries:
            self.later(60.0, event, request, tries - 1)
        elif "Records" not in event and request != "resume":
            self.dead.append(event)
        return None

    def receive(self) -> None:
        """Hand messages of the queue to a worker."""
        records = self.cloud.deliver(self.random.randint(1, 3), VISIBILITY) if self.queue else []
        if records:
            answer = self.invoke({"Records": records}, f"work-{self.made}", 0)
            if answer is not None and self.random.random() > 0.05:
                self.cloud.delete(records, answer)

    # --- the storm --------------------------------------------------------------------------------------

    def later(self, seconds: float, event: Item, request: str = "", tries: int = 2) -> None:
        """Have an event delivered so many seconds from now."""
        self.times += 1
        request = request or f"request-{self.times}"
        heappush(self.due, (self.cloud.now + seconds, self.times, event, request, tries))

    def go(self) -> None:
        """Let all happen, until nothing is left to do or the horizon is reached."""
        self.later(0, {"run": RUN}, "request-1")
        if self.random.random() < 0.1:
            self.later(self.random.choice((0.1, 1, 50)), {"run": RUN}, "another")
        self._until_quiet()
        for outcome in ("failed", "unsure"):
            if self.random.random() < 0.3:
                self.cloud.now += 1
                self.decided = self.decided or outcome == "unsure"
                self.later(0, {"resend": RUN, "id": f"{outcome}-{self.cloud.now}", "outcome": outcome})
                self._until_quiet()

    def _until_quiet(self) -> None:
        tick = self.cloud.now + EVERY
        while self.cloud.now < BEGUN + HORIZON and self.made < MOST_CALLS:
            for event in self.cloud.events:
                self.later(0.1, event)
            self.cloud.events = []
            if self.switch and self.cloud.now >= self.switch:
                self._change_mode()
            shown = (self.cloud.next_message() if self.queue else None) or float("inf")
            event_due = self.due[0][0] if self.due else float("inf")
            if event_due == shown == float("inf") and self._ended():
                return
            self.cloud.now = max(self.cloud.now, min(tick, shown, event_due))
            if event_due <= self.cloud.now:
                _, _, event, request, tries = heappop(self.due)
                self.invoke(event, request, tries)
            elif shown <= self.cloud.now:
                self.receive()
            else:
                tick = self.cloud.now + EVERY
                self.invoke({"resume": True}, "resume", 0)

    def _change_mode(self) -> None:
        """What an update of the stack does that adds the queue, or takes it away with all that is in it."""
        self.switch, self.queue = None, not self.queue
        self.cloud.messages.clear()
        self.environment["QUEUE"] = "queue" if self.queue else ""

    def _ended(self) -> bool:
        records = [item for key, item in self.cloud.tables["runs"].items() if key[0] != "gate"]
        return all(record.get("ended", {}).get("S") for record in records)

    # --- what is promised -------------------------------------------------------------------------------

    def check(self) -> None:
        """Hold the promises against the tables and against what SES took."""
        cloud, outcomes = self.cloud, self.cloud.outcomes(RUN)
        mails = Counter(address.lower() for _, address, _ in cloud.mails)
        everybody = {address.lower() for address in self.people} | {"p0@example.com", "p1@example.com"}
        wanting = everybody - OPTED_OUT
        twice = 2 if self.decided else 1
        assert max(mails.values(), default=0) <= twice, "somebody was mailed twice"
        assert set(mails) <= wanting, "somebody was mailed who opted out"
        assert self.made < MOST_CALLS, "a chain of calls did not end"
        assert self._ended(), "a job did not end"
        assert not self.due, "an event is left"
        assert not cloud.events, "a hand-on is left"

        left = {address for address in wanting if outcomes.get(address) not in ("sent", "failed", "unsure")}
        told = sum(event.get("left", 0) for event in self.logged if event.get("event") == "expired")
        assert len(left) <= told or (self.dead and not cloud.run(RUN)), f"{left} are lost, and nobody is told"
        # A call that was killed before it noted the outcome leaves "claimed" if the job expires before the
        # claim is looked at again. The job then counts that recipient among those "left".
        known = {"sent", "unsure"} | ({"claimed"} if told else set())
        for address, count in mails.items():
            assert outcomes.get(address) in known or (twice == 2 or count == 0), address
        assert all(mails[who] for who, outcome in outcomes.items() if outcome == "sent"), "sent, and no mail"

        # Also a write that conflicts for longer than the function retries interrupts a call: its claims stay.
        interrupting = (*UNCLEAR, "tables", "tables late", "conflict")
        broken = [one for one in cloud.troubles if one.hits and one.kind in interrupting]
        unsure = sum(outcome == "unsure" for outcome in outcomes.values())
        assert unsure <= self.most * (self.kills + len(self.functions) * len(broken)), (
            "an outage burns the run"
        )

    @property
    def most(self) -> int:
        """The most recipients in a call: a second's worth, and of each of two workers half of it."""
        return int(self.cloud.rate)


def weather(seed: int, source: Path = SOURCE) -> Storm:
    """Let the storm of this seed pass, and check what it leaves."""
    storm = Storm(seed, source)
    storm.go()
    storm.check()
    return storm


def main() -> None:
    """Let as many storms pass as the command says."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    began, seen = time.monotonic(), Counter[str]()
    for seed in range(first, first + count):
        try:
            storm = weather(seed)
        except Exception:
            traceback.print_exc()
            sys.exit(f"seed {seed} breaks a promise")
        seen.update(calls=storm.made, killed=storm.kills, mails=len(storm.cloud.mails))
        seen.update(event["event"] for event in storm.logged)
        seen.update(trouble.kind for trouble in storm.cloud.troubles if trouble.hits)
    print(f"{count:,} schedules in {time.monotonic() - began:.1f} s, no promise broken")
    for name, number in sorted(seen.items()):
        print(f"  {name:<16}{number:>10,}")


if __name__ == "__main__":
    main()
