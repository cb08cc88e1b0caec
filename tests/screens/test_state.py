"""The state and the small pure parts of the screens."""

from __future__ import annotations

from msgspec.structs import replace

from screens.state import merged
from screens.widgets.columns import wrapped
from tests.screens.conftest import NOW
from wizard.project import Account, Domain, Identity, Project


def test_merging_keeps_what_was_decided_meanwhile() -> None:
    before = Project(domain=Domain("example.com"))
    after = replace(before, identity=Identity(mail_from="bounce.example.com")).seen_done(
        "identity", "ok", NOW
    )
    meanwhile = replace(before, account=Account(region="us-east-1")).seen_done("account", "ok", NOW)
    both = merged(meanwhile, before, after)
    assert both.account.region == "us-east-1"
    assert both.identity.mail_from == "bounce.example.com"
    assert both.progress.keys() == {"account", "identity"}


def test_merging_takes_away_evidence_that_the_act_took_away() -> None:
    before = Project().seen_done("account", "ok", NOW).seen_done("identity", "ok", NOW)
    after = before.not_done("identity")
    meanwhile = before.seen_done("domain", "ok", NOW)
    assert merged(meanwhile, before, after).progress.keys() == {"account", "domain"}


def test_last_column_wraps_beside_the_others() -> None:
    rows = [("a", "long", "one two three four five six"), ("bcd", "x", "")]
    lines = [line.plain.rstrip() for line in wrapped(rows, 31)]
    assert lines == ["a    long  one two three four", "           five six", "bcd  x"]
