"""Being told: what a run logs as trouble sets an alarm off, which ends with its cause."""

from __future__ import annotations

import re
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engine.reminder_setup import STACK, Setup, setup_in, wait_for
from wizard.demo import Demo
from wizard.demo.stage import REGION

OWNER = "owner@example.net"
ENDS = "; the alarm ends half an hour after the last one"


@pytest.fixture
def setup(account: Demo, tmp_path: Path) -> Setup:
    """A deployed reminder whose alerts go to an address that has confirmed them."""
    made = setup_in(account, tmp_path)
    made.change(alerts=OWNER)
    made.act()
    link = next(line for line in told(made)[0].splitlines() if line.startswith("http"))
    urllib.request.urlopen(link, timeout=5).close()
    return made


def told(setup: Setup) -> list[str]:
    """What the owner was sent, the oldest first."""
    return [mail.text for mail in reversed(setup.demo.inbox()) if mail.recipient == OWNER]


def later(setup: Setup, minutes: int) -> None:
    account = setup.demo.account
    with account.lock:
        account.kept.clock.push_to(account.now() + timedelta(minutes=minutes))
    account.changed()


def ringing(setup: Setup) -> tuple[str, ...]:
    return tuple(words.replace(ENDS, "") for words in setup.look().alarms)


def log(setup: Setup, *lines: str) -> None:
    """Let the function's log have these lines, as a run writes them."""
    from moto.logs.models import logs_backends

    account = setup.demo.account
    with account.lock:
        group = logs_backends["123456789012"][REGION].groups[f"/ses-wizard/{STACK}/TriggerReminder"]
        group.create_log_stream("a run's")
        moment = int(account.now().timestamp() * 1000)
        group.put_log_events("a run's", [{"timestamp": moment, "message": line} for line in lines])
    account.changed()


def test_a_run_that_stops_is_told_and_the_alarm_ends_with_the_cause(setup: Setup) -> None:
    ses: Any = setup.demo.account.ses(REGION)
    ses.sending_enabled = False
    assert setup.demo.skip_to_next_run()
    wait_for(lambda: ringing(setup) == ("a run stopped (see Runs)",))
    wait_for(lambda: len(told(setup)) == 2)
    assert f"{STACK}: a run stopped. Open Runs in step 5 of ses-wizard" in told(setup)[1]
    later(setup, 45)
    wait_for(lambda: ringing(setup) == ("a run stopped (see Runs)",))
    ses.sending_enabled = True
    later(setup, 20)
    wait_for(lambda: {"ana@example.com", "bo@example.com"} <= {mail.recipient for mail in setup.demo.inbox()})
    later(setup, 31)
    wait_for(lambda: ringing(setup) == ())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"event": "stopped", "reason": "quota"}', "a run stopped"),
        ('{"event": "failed", "count": 3, "reason": "MessageRejected"}', "SES refuses mail"),
        ('{"event": "unsure", "count": 50, "reason": "500"}', "SES gave no clear answer"),
        ('{"event": "expired", "left": 7}', "a run ended before all recipients had mail"),
    ],
)
def test_each_kind_of_trouble_has_an_alarm_that_fires_and_clears(setup: Setup, line: str, words: str) -> None:
    log(setup, "START", '{"event": "ended", "sent": 2}', line)
    (found,) = ringing(setup)
    assert found.startswith(words)
    later(setup, 31)
    assert ringing(setup) == ()
    wait_for(lambda: len(told(setup)) == 2)
    assert told(setup)[1].count(f"{STACK}: ") == 1


def test_a_run_without_trouble_sets_no_alarm_off(setup: Setup) -> None:
    assert setup.demo.skip_to_next_run()
    wait_for(lambda: len(setup.demo.inbox()) == 3)
    assert ringing(setup) == ()
    assert len(told(setup)) == 1


def test_every_alarm_names_the_reminder_and_what_to_do(setup: Setup) -> None:
    found = setup.demo.world.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert len(found) == 8
    for alarm in found:
        assert alarm["AlarmDescription"].startswith(f"{STACK}: ")
        assert re.search("Open Runs|Fix|fix|Remove|only", alarm["AlarmDescription"])
