"""A message of any size that SES takes is deployed, changed and compared like a small one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.reminder_setup import Setup, setup_in, wait_for
from wizard.demo import Demo

DESIGNED = "<p style='margin: 0'>Grüße, {{name}}</p>\n" * 2_500


@pytest.fixture
def setup(account: Demo, tmp_path: Path) -> Setup:
    return setup_in(account, tmp_path)


def test_a_designed_mail_of_a_hundred_kilobytes_arrives_whole(setup: Setup) -> None:
    assert len(DESIGNED.encode()) > 100_000
    setup.change(html=DESIGNED)
    setup.act()
    assert not setup.plan().plan.changes_anything
    assert setup.demo.skip_to_next_run()
    wait_for(lambda: len(setup.demo.inbox()) == 2)
    found = next(mail for mail in setup.demo.inbox() if mail.recipient == "ana@example.com")
    assert found.html == DESIGNED.replace("{{name}}", "Ana")


def test_one_changed_word_changes_the_mail_template_alone(setup: Setup) -> None:
    setup.change(html=DESIGNED)
    setup.act()
    setup.change(html=DESIGNED.replace("Grüße", "Guten Tag", 1))
    planned = setup.plan()
    changed = [change.subject for change in planned.plan.changes if change.kind.name == "CHANGE"]
    assert changed == ["mail template"]
    setup.act(planned)
    assert not setup.plan().plan.changes_anything


def test_a_message_that_grows_or_shrinks_leaves_all_else_as_it_is(setup: Setup) -> None:
    setup.act()
    for html in (DESIGNED, ""):
        setup.change(html=html)
        setup.act()
        assert setup.status() == "UPDATE_COMPLETE"
        assert setup.look().changed == ()
        assert not setup.plan().plan.changes_anything
