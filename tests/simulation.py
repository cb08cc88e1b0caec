"""The reminder at work, simulated: the schedules, Lambda's environments and the queue's workers, at once.

The function's code runs unchanged against AWS in memory. Each environment is a thread with a time of its own;
one goes at a time, at each call to AWS the one that is furthest behind. So calls overlap as their latencies
say, and a run of hours takes seconds.
"""

from __future__ import annotations

import heapq
import json
import os
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from tests.memory_cloud import ENVIRONMENT, SOURCE, Cloud, Item, Message, Trouble, refusal

RUN = "2027-01-15T08:00:00Z"
BEGUN = 1_800_000_000.0
LATENCY = {"send_bulk_email": 0.2, "transact_write_items": 0.04, "send_message_batch": 0.03}
"""Seconds that calls take; all others 0.01."""
VISIBILITY = 5_400.0
LIFE = 900.0
EVERY = 600.0
"""Seconds between two calls of the resume schedule."""
HORIZON = 9 * 86_400.0


class TimeOutError(BaseException):
    """The call has lived for 15 minutes, and Lambda ends it."""


class OverError(BaseException):
    """The simulation has ended."""


class Crowd(Cloud):
    """The account in memory, with recipients made when they are read, and values kept once."""

    recipients = 0
    world: Simulation

    def _send_message_batch(self, QueueUrl: str, Entries: list[Item]) -> Item:  # noqa: N803
        if not self.world.environment["QUEUE"]:
            raise refusal("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        return super()._send_message_batch(QueueUrl, Entries)

    def _invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> Item:  # noqa: N803
        self.world.later(0.0, json.loads(Payload))
        return {"StatusCode": 202}

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
        """Carry out one call, which takes its time."""
        self.latency = LATENCY.get(operation, 0.01)
        return super().call(operation, params)


class Actor(threading.Thread, ABC):
    """One environment of the function, with a time of its own."""

    def __init__(self, world: Simulation) -> None:
        super().__init__(daemon=True)
        self.world, self.time, self.born = world, world.cloud.now, 0.0
        self.function: ModuleType = world.function()
        self.going, self.standing = threading.Semaphore(0), threading.Semaphore(0)
        self.aws_request_id = ""
        self.error: BaseException | None = None
        self.resting = False

    def again(self) -> Actor:
        """Another one like it: a thread is started once."""
        return type(self)(self.world)

    def get_remaining_time_in_millis(self) -> int:
        """What is left of the call's life, as Lambda's context says it."""
        return int((self.born + LIFE - self.world.cloud.now) * 1000)

    def run(self) -> None:
        """Act until the world has ended."""
        try:
            self._go()
            while True:
                self.act()
        except OverError:
            pass
        except Exception as error:
            self.error = error
        finally:
            self.standing.release()

    def _go(self) -> None:
        """Wait for one's turn."""
        self.going.acquire()
        if self.world.over:
            raise OverError
        self.world.cloud.now = self.time

    @abstractmethod
    def act(self) -> None:
        """Do the next thing, and wait for the one after it."""

    def wait(self) -> None:
        """Let those go who are behind."""
        self.time = self.world.cloud.now
        self.standing.release()
        self._go()

    def rest(self) -> None:
        """Let the others go until there is something to do."""
        self.resting = True
        self.wait()
        self.resting = False

    def ready(self) -> float:
        """When it goes on."""
        return max(self.time, self.next()) if self.resting else self.time

    @abstractmethod
    def next(self) -> float:
        """When there is something to do, as things are."""

    def call(self, event: Item, request: str) -> Item | None:
        """Have Lambda call the function; None where it failed."""
        self.world.invocations += 1
        self.world.working += 1
        self.born, self.aws_request_id = self.world.cloud.now, request
        # A call keeps the configuration that it began with.
        environment = SimpleNamespace(environ=dict(self.world.environment), urandom=os.urandom)
        vars(self.function).update(os=environment)
        try:
            answer: Item = self.function.handler(event, self)
            return answer
        except TimeOutError:
            return None
        except Exception as error:
            if type(error).__name__ not in ("UnfinishedError", "ClientError"):
                raise
            return None
        finally:
            self.world.working -= 1


class Invoker(Actor):
    """Takes events that are due; those that fail are due again twice, after one minute and after two."""

    def act(self) -> None:
        due = self.world.due
        if self.next() > self.world.cloud.now:
            return self.rest()
        _, _, event, request, tries = heapq.heappop(due)
        if self.call(event, request) is not None:
            return None
        if tries:
            self.world.later((3 - tries) * 60.0, event, request, tries - 1)
        elif "resume" not in event:
            self.world.dead.append(event)
        return None

    def next(self) -> float:
        """When an event is due."""
        return self.world.due[0][0] if self.world.due else float("inf")


class Clock(Actor):
    """Starts the resume on its schedule."""

    def act(self) -> None:
        if self.next() > self.world.cloud.now:
            return self.rest()
        self.world.tick += self.world.every
        if not self.world.environment["PAUSED"]:
            self.world.later(0.0, {"resume": True})
        return None

    def next(self) -> float:
        """When the schedule's time has come."""
        return self.world.tick


class Update(Actor):
    """Updates the stack once, at its time: other environment variables; a queue that goes takes its messages
    along."""

    def __init__(self, world: Simulation, seconds: float, changes: dict[str, str]) -> None:
        super().__init__(world)
        self.at, self.changes = BEGUN + seconds, changes

    def act(self) -> None:
        if self.next() > self.world.cloud.now:
            return self.rest()
        self.at = float("inf")
        self.world.environment |= self.changes
        if not self.world.environment["QUEUE"]:
            self.world.cloud.messages.clear()
        return None

    def again(self) -> Actor:
        """Another one: an update that was made is not made again."""
        return Update(self.world, self.at - BEGUN, self.changes)

    def next(self) -> float:
        """When the update comes."""
        return self.at


class Worker(Actor):
    """Works off the queue, ten messages a call; now and then one comes once more, an hour later."""

    def act(self) -> None:
        cloud = self.world.cloud
        records = cloud.deliver(10, VISIBILITY) if self.next() <= cloud.now else []
        if not records:
            return self.rest()
        repeated = [cloud.messages[one["messageId"]] for one in records if self.world.repeats()]
        answer = self.call({"Records": records}, f"work-{self.world.invocations}")
        if answer is not None:
            cloud.delete(records, answer)
        for message in repeated:
            self.world.repeat(message)
        return None

    def next(self) -> float:
        """When a message can be seen; a pause stops the workers."""
        paused = self.world.environment["PAUSED"]
        return float("inf") if paused else self.world.cloud.next_message() or float("inf")


class Simulation:
    """The account, and who is at work in it. ``workers`` is 0 in direct mode; ``source`` is the code.

    ``constants`` are names of the code with other values. ``repeat_every`` says which of the messages comes a
    second time, ``every`` how often the resume schedule starts the function. ``dead`` are events that failed
    three times. It ends when the jobs have, or at the horizon.
    """

    def __init__(
        self,
        recipients: int,
        rate: float,
        workers: int = 0,
        troubles: Sequence[Trouble] = (),
        *,
        daily: float = -1,
        source: Path = SOURCE,
        hot: bool = False,
        repeat_every: int = 0,
        every: float = EVERY,
        horizon: float = HORIZON,
    ) -> None:
        self.cloud = Crowd(rate=rate, daily=daily, source=source, hot=hot, troubles=list(troubles))
        self.cloud.recipients, self.cloud.gate = recipients, self._gate
        self.cloud.world = self
        self.environment = ENVIRONMENT | {"QUEUE": "queue" if workers else "", "WORKERS": str(workers)}
        self.due: list[tuple[float, int, Item, str, int]] = []
        self.dead: list[Item] = []
        self.logged: list[str] = []
        self.invocations = self.working = self.repeated = self._drawn = self._events = 0
        self.constants: dict[str, Any] = {}
        self.over = False
        self.every, self.repeat_every, self.until = every, repeat_every, BEGUN + horizon
        self.tick = BEGUN + every
        self.actors = [Clock(self), *(Invoker(self) for _ in range(2))]
        self.actors += [Worker(self) for _ in range(workers)]

    def function(self) -> ModuleType:
        """The function in an environment of its own."""
        function = self.cloud.function()
        vars(function).update(self.constants, print=self.logged.append)
        return function

    def _gate(self, operation: str, done: bool) -> None:
        actor = threading.current_thread()
        if not done and isinstance(actor, Actor):
            actor.wait()
            if self.cloud.now > actor.born + LIFE:
                raise TimeOutError

    def later(self, seconds: float, event: Item, request: str = "", tries: int = 2) -> None:
        """Have an event delivered so many seconds from now."""
        self._events += 1
        request = request or f"request-{self._events}"
        heapq.heappush(self.due, (self.cloud.now + seconds, self._events, event, request, tries))

    def repeats(self) -> bool:
        """Whether the next message is delivered twice."""
        self._drawn += 1
        return self.repeat_every > 0 and self._drawn % self.repeat_every == 0

    def repeat(self, message: Message) -> None:
        """Let a message that was deleted come once more: SQS delivers at least once."""
        if message.id not in self.cloud.messages:
            self.cloud.messages[message.id] = message
            self.cloud.show(message, self.cloud.now + 3600)
            self.repeated += 1

    def ended(self, now: float) -> bool:
        """Whether nothing is left to do, or the horizon is reached."""
        jobs = [item for key, item in self.cloud.tables["runs"].items() if key[0] != "gate"]
        done = jobs and all(item.get("ended", {}).get("S") for item in jobs)
        quiet = not (self.working or self.due or self.cloud.messages)
        return bool(now > self.until or (done and quiet))

    def update(self, seconds: float, **changes: str) -> None:
        """Have the stack updated so many seconds from the beginning: other environment variables."""
        self.actors.append(Update(self, seconds, changes))

    def events(self, kind: str) -> list[Item]:
        """What the function logged of one kind."""
        return [event for event in map(json.loads, self.logged) if event.get("event") == kind]

    def outcomes(self) -> Counter[str]:
        """How many claims of the run have which outcome."""
        return Counter(self.cloud.outcomes(RUN).values())

    def play(self, event: Item | None = None) -> Simulation:
        """Let an event happen, a run if none is given, and all that comes of it; gives the simulation.

        Played again, it goes on where it ended.
        """
        self.later(0.0, event or {"run": RUN, "execution": "simulated"})
        self.over, self.actors = False, [actor.again() for actor in self.actors]
        for actor in self.actors:
            actor.start()
        moment = self.cloud.now
        while True:
            actor = min(self.actors, key=Actor.ready)
            if actor.resting and self.ended(actor.ready()):
                break
            # Never back: an update may let an actor go on who had nothing to do for long.
            moment = actor.time = max(moment, actor.ready())
            actor.going.release()
            actor.standing.acquire()
            if actor.error:
                raise actor.error
        self.over = True
        for actor in self.actors:
            actor.going.release()
            actor.join()
        return self
