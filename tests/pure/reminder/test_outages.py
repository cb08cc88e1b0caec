"""What an outage costs, and how it ends: services that fail for minutes, throttle for hours or refuse all.

The function's code is simulated with calls that overlap (``tests.simulation``), in direct mode and with a
queue; and random schedules of troubles, each from a seed (``tests.storms``), keep its promises.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.memory_cloud import Item, Trouble
from tests.simulation import BEGUN, RUN, Simulation
from tests.storms import weather
from wizard.reminder.capacity import needed
from wizard.reminder.function import trigger_reminder

MODES = pytest.mark.parametrize("workers", [0, 2], ids=["direct", "queue"])
DAY = 86_400
AGAIN = {"resend": RUN, "id": "2027-01-16T08:00:00Z", "outcome": "failed"}


def trouble(kind: str, seconds: float, begins: float = 3.0) -> Trouble:
    return Trouble(kind, BEGUN + begins, BEGUN + begins + seconds)


def mails(world: Simulation) -> Counter[str]:
    """How many mails each address got."""
    return Counter(address for _, address, _ in world.cloud.mails)


# --- outages --------------------------------------------------------------------------------------------


@MODES
@pytest.mark.parametrize(
    ("kind", "seconds"), [("refused", 13), ("taken", 60), ("lost", 60), ("refused", 3600), ("lost", DAY)]
)
def test_an_outage_costs_one_call_however_long_it_lasts(workers: int, kind: str, seconds: float) -> None:
    world = Simulation(1_000, 50, workers, [trouble(kind, seconds)]).play()
    outcomes = world.outcomes()
    assert 0 < outcomes["unsure"] <= 50
    assert outcomes["sent"] == 1_000 - outcomes["unsure"]
    assert max(mails(world).values()) == 1
    assert not (world.dead)
    assert not (world.cloud.dead)
    [ended] = world.events("ended")
    assert (ended["people"], ended["sent"], ended["unsure"]) == (1_000, outcomes["sent"], outcomes["unsure"])
    assert sum(event["count"] for event in world.events("unsure")) == outcomes["unsure"]
    assert {event["reason"] for event in world.events("stopped")} == {"unsure"}


def test_on_a_fast_account_an_outage_costs_what_is_in_flight() -> None:
    workers = needed(1_000_000, 500, -1).workers
    world = Simulation(5_000, 500, workers, [trouble("lost", 600)]).play()
    assert 50 < world.outcomes()["unsure"] <= 500 / 3
    assert world.outcomes()["sent"] == 5_000 - world.outcomes()["unsure"]


@MODES
def test_a_service_that_fails_now_and_then_costs_a_call_and_then_single_mails(workers: int) -> None:
    """One second in five, for an hour: after each interruption calls begin small."""
    world = Simulation(2_000, 50, workers, [trouble("refused", 1, 3 + 5 * number) for number in range(720)])
    interruptions = len(world.play().events("unsure"))
    assert world.outcomes()["unsure"] <= 50 + 4 * interruptions
    assert world.outcomes()["sent"] == 2_000 - world.outcomes()["unsure"]


@MODES
def test_an_outage_of_the_tables_costs_one_call(workers: int) -> None:
    world = Simulation(1_000, 50, workers, [trouble("tables", 600)]).play()
    assert world.outcomes()["unsure"] <= 50
    assert world.outcomes()["sent"] == 1_000 - world.outcomes()["unsure"]


@MODES
def test_a_lost_answer_of_the_tables_costs_nothing(workers: int) -> None:
    """A transaction without an answer is repeated, and finds its own claims."""
    troubles = [trouble("tables late", 0.5, 3 + 7 * number) for number in range(5)]
    world = Simulation(1_000, 50, workers, troubles).play()
    assert world.cloud.troubles[0].hits
    assert world.outcomes() == {"sent": 1_000}


@MODES
def test_after_hours_of_throttling_everybody_has_a_mail_and_there_is_no_dead_letter(workers: int) -> None:
    world = Simulation(2_000, 50, workers, [trouble("too fast", 4 * 3600)]).play()
    assert world.outcomes() == {"sent": 2_000}
    assert not (world.dead)
    assert not (world.cloud.dead)
    assert len(world.events("ended")) == 1


@MODES
@pytest.mark.parametrize("kind", ["sender", "paused", "no template", "quota", "refused", "busy"])
def test_who_is_left_when_a_run_expires_is_told(workers: int, kind: str) -> None:
    world = Simulation(130, 50, workers, [trouble(kind, 30 * DAY, 0.0)]).play()
    unsure = world.outcomes()["unsure"]
    assert unsure <= 50 * (kind == "refused")
    assert not world.cloud.mails
    [expired] = world.events("expired")
    assert (expired["run"], expired["left"]) == (RUN, 130 - unsure)
    assert world.invocations < 3_000
    assert not world.events("ended")


# --- refusals and resends -------------------------------------------------------------------------------


@MODES
def test_a_resend_tries_each_refused_mail_once_and_ends(workers: int) -> None:
    world = Simulation(1_000, 1, workers, [trouble("rejected", DAY, 0.0)])
    asked: Counter[str] = Counter()
    world.play()
    assert world.outcomes() == {"failed": 1_000}
    send = world.cloud._send_bulk_email

    def counted(**params: Any) -> Item:
        asked.update(entry["Destination"]["ToAddresses"][0] for entry in params["BulkEmailEntries"])
        return send(**params)

    world.cloud._send_bulk_email = counted  # type: ignore[method-assign,assignment]
    before, calls = world.invocations, dict(world.cloud.calls)
    world.play(AGAIN)
    assert set(asked.values()) == {1}
    assert len(asked) == 1_000
    assert world.outcomes() == {"failed": 1_000}
    # A second a mail, and fifteen minutes at most a call.
    assert world.invocations - before < 20 + 15 * workers
    assert world.cloud.calls["batch_get_item"] - calls["batch_get_item"] < 1_200
    record = world.cloud.run(RUN)
    assert (record["failed"], record["again_stopped"]) == (1_000, "")
    assert record["again"] > record["ended"]
    world.cloud.troubles.clear()
    world.play({**AGAIN, "id": "2027-01-17T08:00:00Z"})
    assert world.outcomes() == {"sent": 1_000}
    assert (world.cloud.run(RUN)["failed"], world.cloud.run(RUN)["sent"]) == (0, 1_000)
    assert max(mails(world).values()) == 1


@MODES
def test_a_resend_that_meets_the_quota_is_continued(workers: int) -> None:
    world = Simulation(300, 50, workers, [trouble("rejected", 60, 0.0)])
    world.play()
    world.cloud.troubles = [Trouble("quota", world.cloud.now, world.cloud.now + DAY)]
    world.play(AGAIN)
    assert world.outcomes() == {"sent": 300}
    assert max(mails(world).values()) == 1
    assert {event["reason"] for event in world.events("stopped")} == {"quota"}


@MODES
def test_unsure_mail_is_sent_again_only_when_somebody_decides_so(workers: int) -> None:
    world = Simulation(200, 50, workers, [trouble("lost", 60, 1.0)]).play()
    unsure = {who for who, outcome in world.cloud.outcomes(RUN).items() if outcome == "unsure"}
    assert unsure
    world.play(AGAIN)
    assert world.outcomes()["unsure"] == len(unsure)
    world.play({**AGAIN, "id": "2027-01-17T08:00:00Z", "outcome": "unsure"})
    assert world.outcomes() == {"sent": 200}
    assert {who for who, count in mails(world).items() if count == 2} == unsure
    record = world.cloud.run(RUN)
    assert (record["sent"], record["unsure"]) == (200, 0)


def test_a_job_takes_no_more_than_so_many_calls() -> None:
    world = Simulation(50, 1)
    world.constants |= {"MAX_CALLS": 20, "SPARE_MS": 10**9}
    world.play()
    assert world.outcomes()["sent"] == 20
    [expired] = world.events("expired")
    assert expired["left"] == 30


# --- pauses and updates of the stack --------------------------------------------------------------------


@MODES
def test_a_pause_holds_a_run_and_a_resend_and_they_go_on_after_it(workers: int) -> None:
    world = Simulation(2_000, 1, workers, [trouble("rejected", 1_000, 0.0)])
    world.update(500.0, PAUSED="yes")
    world.update(500.0 + DAY, PAUSED="")
    world.play()
    held = [moment for _, _, moment in world.cloud.mails if BEGUN + 500 + 900 < moment < BEGUN + 500 + DAY]
    assert not held
    outcomes = world.outcomes()
    assert outcomes["sent"] + outcomes["failed"] == 2_000
    paused = Simulation(3, 50, workers)
    paused.environment["PAUSED"] = "yes"
    paused.until = BEGUN + DAY
    assert paused.play().cloud.run(RUN)["stopped"] == "held"
    assert not paused.cloud.mails


@pytest.mark.parametrize("switched", [0.08, 0.3, 1.0, 4.0])
def test_a_queue_that_is_taken_away_during_the_run_loses_nobody(switched: float) -> None:
    """Switched back to direct mode, the job starts from the first page: claims tell who has a mail."""
    world = Simulation(1_300, 50, 2)
    world.update(switched, QUEUE="", WORKERS="0")
    world.play()
    assert world.outcomes() == {"sent": 1_300}
    assert max(mails(world).values()) == 1
    assert world.cloud.run(RUN)["people"] == 1_300


def test_a_queue_that_comes_during_the_run_loses_nobody() -> None:
    world = Simulation(2_000, 1)
    world.update(1_000, QUEUE="queue", WORKERS="2")
    world.actors += Simulation(0, 1, 2).actors[3:]
    for actor in world.actors:
        actor.world = world
    world.play()
    assert world.outcomes() == {"sent": 2_000}
    assert max(mails(world).values()) == 1


@MODES
def test_a_run_from_before_the_claims_had_shards_goes_on_with_its_old_claims(workers: int) -> None:
    world = Simulation(120, 50, workers)
    now = "2027-01-15T07:30:00Z"
    record = {
        "mode": "queue" if workers else "direct",
        "began": now,
        "last": now,
        "by": "x",
        "stopped": "quota",
    }
    tables = world.cloud.tables
    tables["runs"]["runs", RUN] = {
        **{name: {"S": value} for name, value in record.items()},
        **{name: {"N": "0"} for name in ("page", "people")},
        "reminder": {"S": "runs"},
        "run": {"S": RUN},
    }
    for number, outcome in enumerate(["sent"] * 30 + ["stopped"] * 10 + ["failed"] * 5 + ["unsure"] * 5):
        address = f"p{number}@example.com"
        claim = {"run": RUN, "email": address, "outcome": outcome}
        tables["claims"][RUN, address] = {name: {"S": value} for name, value in claim.items()}
    if workers:
        # What the code before put into the queue.
        people = [{"email": f"p{number}@example.com", "name": "x"} for number in range(50)]
        body = json.dumps({"run": RUN, "pace": 25.0, "people": people})
        world.cloud._send_message_batch("queue", [{"Id": "0", "MessageBody": body}])
    world.play()
    assert set(mails(world)) == {f"p{number}@example.com" for number in [*range(30, 40), *range(50, 120)]}
    assert max(mails(world).values()) == 1
    assert world.outcomes() == {"sent": 110, "failed": 5, "unsure": 5}
    assert {key[0] for key in tables["claims"]} == {RUN}
    world.play(AGAIN)
    assert world.outcomes() == {"sent": 115, "unsure": 5}


def test_code_from_before_leaves_alone_what_has_shards() -> None:
    """An update that fails is rolled back, with runs under way: it takes them for ended, and fails on their
    messages, which wait."""
    world = Simulation(10, 50, 2)
    world.environment["PAUSED"] = "yes"
    world.until = BEGUN + 5
    world.play()
    assert world.cloud.run(RUN)["ended"] == ""
    world.environment["PAUSED"] = ""
    world.until = BEGUN + 700
    world.actors = [actor for actor in world.actors if "Worker" not in type(actor).__name__]
    world.play({"resume": True})
    bodies = [json.loads(message.body) for message in world.cloud.messages.values()]
    assert bodies
    assert not any("people" in body for body in bodies)


# --- many recipients ------------------------------------------------------------------------------------


def test_claims_are_spread_over_partitions() -> None:
    """At a thousand mails a second, with DynamoDB's limit for each partition in force."""
    world = Simulation(10_000, 1_000, needed(10_000_000, 1_000, -1).workers, hot=True).play()
    assert world.outcomes() == {"sent": 10_000}
    assert {key[0] for key in world.cloud.tables["claims"]} == {
        f"{RUN}#{shard}" for shard in range(trigger_reminder.SHARDS)
    }
    seconds = world.cloud.mails[-1][2] - world.cloud.mails[0][2]
    assert 10_000 / seconds > 500


# --- random schedules -----------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, 2_000, 250))
def test_random_schedules_keep_every_promise(first: int) -> None:
    """20,000 of them: ``python -m tests.storms``."""
    for seed in range(first, first + 250):
        weather(seed)
