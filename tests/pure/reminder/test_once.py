"""Once: whatever crashes, repeats or runs at the same time, nobody is mailed twice and nobody is forgotten.

The real handler runs against AWS in memory, several calls at a time. A list of choices, made up by
hypothesis, decides at each call to AWS who goes on, who is killed before or after it took effect, and what
goes wrong. Then the storm is over: the hourly resume and the queue must bring the run to its end, and a
resend must reach those whose mail was refused.
"""

from __future__ import annotations

import threading
from collections import Counter
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory_cloud import ENVIRONMENT, UNHEARD_OF, Cloud, Item, canceled, refusal

RUN = "2027-01-15T08:00:00Z"
BEGUN = 1_800_000_000.0
LONGEST = 40 * 3600
"""How long a storm lasts, in seconds: runs are resumed for three days."""
VISIBILITY = 5400.0
PEOPLE = [f"Person{number}@example.com" for number in range(9)]
OPTED_OUT = {"person3@example.com", "person7@example.com"}
TROUBLES = (
    "conflict",
    "dynamodb",
    "too fast",
    "quota",
    "paused",
    "bad request",
    "server error",
    "lost answer",
    "some too fast",
    "some transient",
    "some unknown",
    "no template",
    "queue busy",
)
PASSING = {"a second": 1, "a minute": 70, "a function's life": 17 * 60, "an hour": 3601}
CHOICES = (
    *["step"] * 30,
    *["run"] * 4,
    *["late", "late", "kill", "kill after", "message", "resend", "resume"],
    *PASSING,
    *TROUBLES * 2,
)
STEPS = (1, 4, 12)


class Killed(BaseException):
    """The function is killed where it stands."""


class Call(threading.Thread):
    """One call of the function, which stops before each call to AWS until it is told to go on, or killed."""

    def __init__(self, storm: Storm, function: ModuleType, event: Item, request: str, tries: int) -> None:
        super().__init__(daemon=True)
        self.storm, self.function, self.event, self.tries = storm, function, event, tries
        self.aws_request_id = request
        self.born = storm.cloud.now
        self.time_left = 900_000
        self.end: str | None = None
        self.going, self.standing = threading.Semaphore(0), threading.Semaphore(0)
        self.next: str | None = None
        self.at = ""

    def get_remaining_time_in_millis(self) -> int:
        return self.time_left

    def run(self) -> None:
        self.going.acquire()
        try:
            answer = self.function.handler(self.event, self)
            if "Records" in self.event:
                self.storm.cloud.delete(self.event["Records"], answer)
            self.end = "returned"
        except Killed:
            self.end = "killed"
        except Exception as error:
            self.end = type(error).__name__
        self.standing.release()

    def stop_here(self, operation: str) -> None:
        """Wait for the storm; called by the call's own thread."""
        self.at = operation
        self.standing.release()
        self.going.acquire()
        self.die("kill")

    def die(self, how: str) -> None:
        """End here if that is what the storm wants; called by the call's own thread."""
        if self.next == how:
            raise Killed

    def step(self, then: str = "") -> None:
        """Let the call go on until it stops again; called by the storm."""
        self.next = then
        self.going.release()
        assert self.standing.acquire(timeout=20)


class Storm:
    """The account, the calls at work in it, and what goes wrong.

    ``risks`` counts what may leave mails without a clear outcome: each can take one call's with it.
    ``dead_letters`` counts runs that were tried three times in vain.
    """

    def __init__(self, choices: list[tuple[str, int]], patched: pytest.MonkeyPatch, mode: str) -> None:
        for name, value in ENVIRONMENT.items():
            patched.setenv(name, value)
        patched.setenv("QUEUE", "queue" if mode == "queue" else "")
        self.cloud = Cloud(rate=2.0, page=4)
        self.cloud.gate = self.gate
        self.functions = [self.cloud.function() for _ in range(3)]
        for function in self.functions:
            function.print = lambda *_: None  # type: ignore[attr-defined]
        self.calls: list[Call] = []
        self.waiting: list[tuple[Item, str, int]] = []
        self.troubles: list[str] = []
        self.requests = self.dead_letters = self.risks = 0
        self.choices = choices
        self.cloud.people(*PEOPLE, "no address")
        self.cloud.people("Person3@example.com", opted_out={"S": "Yes"})
        self.cloud.people("person5@EXAMPLE.com")
        self.cloud.tables["opt-outs"]["person7@example.com",] = {"email": {"S": "person7@example.com"}}

    # --- what happens at each call to AWS ---------------------------------------------------------------

    def gate(self, operation: str, done: bool) -> None:
        call = threading.current_thread()
        assert isinstance(call, Call)
        if not done:
            call.stop_here(operation)
            return self.fail(operation)
        call.die("kill after")
        for trouble, error in {
            "lost answer": ConnectionError(),
            "server error": refusal("x", status=500),
        }.items():
            if operation == "send_bulk_email" and trouble in self.troubles:
                self.troubles.remove(trouble)
                self.risks += 1
                raise error
        return None

    def fail(self, operation: str) -> None:
        """Let the trouble that waits for this operation come true."""
        for trouble in self.troubles:
            if error := _error(trouble, operation):
                self.troubles.remove(trouble)
                self.risks += trouble == "dynamodb"
                raise error
        statuses = {
            "some too fast": "ACCOUNT_THROTTLED",
            "some transient": "TRANSIENT_FAILURE",
            "some unknown": UNHEARD_OF,
        }
        self.cloud.results.clear()
        for trouble, status in statuses.items():
            if operation == "send_bulk_email" and trouble in self.troubles:
                self.troubles.remove(trouble)
                self.risks += trouble == "some unknown"
                self.cloud.results |= dict.fromkeys(PEOPLE[::2], status)

    # --- the storm --------------------------------------------------------------------------------------

    def start(self, event: Item, request: str | None = None, tries: int = 3) -> Call | None:
        """Have AWS call the function, where an environment is free; otherwise a little later."""
        if request is None:
            self.requests += 1
            request = f"request-{self.requests}"
        busy = [call.function for call in self.calls]
        free = [function for function in self.functions if function not in busy]
        if not free:
            if tries:
                self.waiting.append((event, request, tries))
            return None
        call = Call(self, free[0], event, request, tries)
        call.start()
        self.calls.append(call)
        return call

    def receive(self) -> Call | None:
        """Hand messages of the queue to a worker."""
        busy = len(self.calls) == len(self.functions)
        records = [] if busy else self.cloud.deliver(2, VISIBILITY)
        return self.start({"Records": records}, tries=0) if records else None

    def go_on(self, call: Call | None, until: str = "") -> None:
        """Let a call go on until it is about to ask AWS for ``until``, or to its end."""
        assert call is not None
        while call in self.calls and not (until and call.at == until):
            self.step(call)

    def step(self, call: Call, then: str = "") -> None:
        """Let a call go on, and see to what AWS does when it has ended."""
        self.risks += bool(then)
        call.step(then)
        if call.end is None:
            return
        call.join()
        self.calls.remove(call)
        if call.end != "returned" and call.tries > 1:
            self.waiting.append((call.event, call.aws_request_id, call.tries - 1))
        elif call.end != "returned":
            self.dead_letters += "run" in call.event

    def go(self) -> None:
        """Do as the choices say, for as long as there are any."""
        self.start({"run": RUN})
        for what, which in self.choices:
            self.started()
            call = self.calls[which % len(self.calls)] if self.calls else None
            if what in ("run", "resume", "resend"):
                self.start({what: RUN})
            elif what in TROUBLES:
                self.troubles.append(what)
            elif what in PASSING:
                self.pass_time(PASSING[what])
            elif what == "message" and self.cloud.messages:
                # SQS delivers at least once: one that is hidden may come all the same.
                messages = list(self.cloud.messages.values())
                self.cloud.show(messages[which % len(messages)], self.cloud.now)
            elif call:
                call.time_left = 1000 if what == "late" else call.time_left
                for _ in range(STEPS[which] if what == "step" else 1):
                    if call in self.calls:
                        self.step(call, what if "kill" in what else "")
            self.receive()

    def pass_time(self, seconds: int) -> None:
        """Move the clock on, and end the calls that have lived for 15 minutes."""
        if self.cloud.now < BEGUN + LONGEST:
            self.cloud.now += seconds
        for call in [call for call in self.calls if self.cloud.now > call.born + 900]:
            self.step(call, "kill")

    def started(self) -> None:
        """Start what waits: events handed on, and those to be tried again."""
        waiting, self.waiting = self.waiting, []
        handed, self.cloud.events = self.cloud.events, []
        for event, request, tries in waiting:
            self.start(event, request, tries)
        for event in handed:
            self.start(event)

    def calm(self) -> None:
        """Let all end that is under way; then some hours pass in which nothing goes wrong, and a resend."""
        self.troubles.clear()
        for number in range(8):
            self.start({"resume": True} if number < 6 else {"resend": RUN, "id": f"resend {number}"})
            while self.calls or self.waiting or self.cloud.events:
                self.started()
                self.receive()
                for call in list(self.calls):
                    self.step(call)
                    self.cloud.results.clear()
                self.receive()
            self.cloud.now += 5401
            self.receive()
        while self.calls:
            self.step(self.calls[0])


def _error(trouble: str, operation: str) -> Exception | None:
    """What a trouble does to a call of this operation, if anything."""
    errors = {
        "conflict": ("transact_write_items", canceled([{"Code": "TransactionConflict"}])),
        "dynamodb": ("transact_write_items", refusal("InternalServerError", status=500)),
        "too fast": ("send_bulk_email", refusal("TooManyRequestsException", status=429)),
        "quota": ("send_bulk_email", refusal("LimitExceededException")),
        "paused": ("send_bulk_email", refusal("SendingPausedException")),
        "bad request": ("send_bulk_email", refusal("BadRequestException")),
        "no template": ("send_bulk_email", refusal("NotFoundException")),
        "queue busy": ("send_message_batch", refusal("ThrottlingException")),
    }
    wanted, error = errors.get(trouble, ("", None))
    return error if wanted == operation else None


@pytest.mark.parametrize("mode", ["direct", "queue"])
@settings(max_examples=40, deadline=None)
@given(choices=st.lists(st.tuples(st.sampled_from(CHOICES), st.integers(0, 2)), min_size=20, max_size=100))
def test_nobody_is_written_twice_and_nobody_is_forgotten(mode: str, choices: list[tuple[str, int]]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        storm = Storm(choices, patched, mode)
        storm.go()
        storm.calm()
    if "began" in storm.cloud.run(RUN):
        check(storm)
    else:
        # Killed each time before it began. Nobody can go on with that, but somebody is told.
        assert storm.dead_letters


@pytest.mark.parametrize("trouble", ["quota", "too fast"])
def test_a_claim_that_is_given_back_behind_a_second_call_is_taken_up(
    monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    storm = Storm([], monkeypatch, "direct")
    first = storm.start({"run": RUN})
    storm.go_on(first, "send_bulk_email")
    # Lambda delivers an event at least once.
    storm.go_on(storm.start({"run": RUN}, "request-1"))
    storm.troubles += [trouble] * 7
    storm.go_on(first)
    storm.calm()
    check(storm)
    assert storm.cloud.run(RUN)["people"] == len(PEOPLE) + 1


def test_a_message_whose_people_another_worker_holds_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    storm = Storm([], monkeypatch, "queue")
    storm.go_on(storm.start({"run": RUN}))
    first = storm.receive()
    storm.go_on(first, "send_bulk_email")
    for message in storm.cloud.messages.values():
        storm.cloud.show(message, storm.cloud.now)
    storm.go_on(storm.receive())
    storm.troubles.append("quota")
    storm.go_on(first)
    storm.calm()
    check(storm)


def test_what_a_worker_has_no_time_for_is_delivered_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    storm = Storm([], monkeypatch, "queue")
    storm.go_on(storm.start({"run": RUN}))
    worker = storm.receive()
    assert worker is not None
    worker.time_left = 59_999
    storm.go_on(worker)
    assert len(storm.cloud.mails) == 1
    assert storm.cloud.deliver(10, 0.0)
    storm.calm()
    check(storm)


def test_a_second_event_for_a_run_at_work_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    storm = Storm([], monkeypatch, "direct")
    first = storm.start({"run": RUN})
    storm.go_on(first, "send_bulk_email")
    storm.go_on(storm.start({"run": RUN}))
    assert not storm.cloud.mails
    storm.go_on(first)
    claims = storm.cloud.calls["transact_write_items"]
    storm.go_on(storm.start({"run": RUN}))
    assert storm.cloud.calls["transact_write_items"] == claims
    check(storm)


def check(storm: Storm) -> None:
    """Everybody got one mail, unless nobody can know; and the records say so."""
    written = Counter(address.lower() for _, address, _ in storm.cloud.mails)
    outcomes = Counter(storm.cloud.outcomes(RUN).values())
    everybody = {address.lower() for address in PEOPLE} - OPTED_OUT
    assert max(written.values(), default=0) <= 1
    assert set(written) <= everybody
    assert {storm.cloud.outcomes(RUN)[address] for address in everybody - set(written)} <= {"unsure"}
    assert outcomes["unsure"] <= 2 * storm.risks
    assert "ended" in storm.cloud.run(RUN)
    assert not storm.cloud.messages
    if not storm.risks:
        numbers = storm.cloud.run(RUN)
        assert [numbers.get(name, 0) for name in ("sent", "failed", "unsure")] == [written.total(), 0, 0]
        assert outcomes["sent"] == written.total() == len(everybody)
