"""Merging projects: what either side changed is kept, and what both changed is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from wizard.project.merge import changes, merge
from wizard.project.schema import (
    Account,
    Domain,
    Identity,
    Observation,
    Production,
    Project,
    Reminder,
    Sandbox,
    Table,
)
from wizard.steps.model import StepName

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BASE = Project(reminder=Reminder(schedule="cron(0 9 * * ? *)", subject="Hello"))


def with_field(project: Project, name: str, value: Any) -> Project:
    """``project`` with one setting changed; ``name`` as in the file."""
    section, field = name.split(".")
    if section == "progress":
        step = StepName(field)
        return project.seen_done(step, value.words, value.at) if value else project.not_done(step)
    return replace(project, **{section: replace(getattr(project, section), **{field: value})})


def field_of(project: Project, name: str) -> Any:
    section, field = name.split(".")
    if section == "progress":
        return project.progress.get(StepName(field))
    return getattr(getattr(project, section), field)


def test_two_changes_in_one_section_are_both_kept() -> None:
    paused = with_field(BASE, "reminder.paused", True)
    earlier = with_field(BASE, "reminder.schedule", "cron(30 7 * * ? *)")
    both = merge(BASE, paused, earlier)
    assert both.conflicts == ()
    assert both.project.reminder == Reminder(schedule="cron(30 7 * * ? *)", subject="Hello", paused=True)


def test_a_change_and_the_evidence_of_another_step_are_both_kept() -> None:
    after = with_field(BASE, "identity.mail_from", "bounce.example.com").seen_done("identity", "ok", NOW)
    meanwhile = replace(BASE, account=Account(region="us-east-1")).seen_done("account", "ok", NOW)
    both = merge(BASE, after, meanwhile).project
    assert both.account.region == "us-east-1"
    assert both.identity.mail_from == "bounce.example.com"
    assert both.progress.keys() == {"account", "identity"}


def test_evidence_that_is_taken_away_stays_away_and_other_evidence_stays() -> None:
    base = BASE.seen_done("account", "ok", NOW).seen_done("identity", "ok", NOW)
    gone, meanwhile = base.not_done("identity"), base.seen_done("domain", "ok", NOW)
    assert merge(base, gone, meanwhile).project.progress.keys() == {"account", "domain"}
    assert merge(base, meanwhile, gone).project.progress.keys() == {"account", "domain"}


@pytest.mark.parametrize(("mine", "theirs"), [(NOW, LATER), (LATER, NOW)])
def test_of_two_pieces_of_evidence_the_newer_holds(mine: datetime, theirs: datetime) -> None:
    def seen(at: datetime) -> Project:
        sandbox = Sandbox(read=Observation(at, "read"), passed=at is LATER)
        return replace(BASE, sandbox=sandbox).seen_done("dns", f"{at}", at)

    both = merge(BASE, seen(mine), seen(theirs))
    assert both.conflicts == ()
    assert both.project == seen(LATER), "and what it says goes with it"


def test_what_both_changed_is_told_and_has_their_value_until_mine_is_chosen() -> None:
    mine = with_field(with_field(BASE, "reminder.subject", "Mine"), "reminder.text", "Text")
    theirs = with_field(BASE, "reminder.subject", "Theirs")
    both = merge(BASE, mine, theirs)
    assert [(one.name, one.mine, one.theirs) for one in both.conflicts] == [
        ("reminder.subject", ("Mine",), ("Theirs",))
    ]
    assert (both.project.reminder.subject, both.project.reminder.text) == ("Theirs", "Text")
    assert both.with_mine == mine


def test_the_same_change_on_both_sides_is_none_to_ask_about() -> None:
    changed = with_field(BASE, "reminder.subject", "Same")
    assert merge(BASE, changed, changed).conflicts == ()


def test_lists_are_merged_by_their_elements() -> None:
    def contacts(*addresses: str) -> Project:
        return replace(BASE, production=Production(contacts=addresses))

    both = merge(contacts("a@x.de", "b@x.de"), contacts("b@x.de", "c@x.de"), contacts("a@x.de", "d@x.de"))
    assert both.conflicts == ()
    assert both.project.production.contacts == ("d@x.de", "c@x.de")


def test_a_list_that_would_become_too_long_is_a_conflict() -> None:
    def tokens(*names: str) -> Project:
        return replace(BASE, identity=Identity(dkim_tokens=names))

    both = merge(BASE, tokens("a", "b", "c"), tokens("d", "e", "f"))
    assert [one.name for one in both.conflicts] == ["identity.dkim_tokens"]
    assert both.project == tokens("d", "e", "f")


def test_a_list_of_recipients_and_a_table_of_them_do_not_get_mixed() -> None:
    listed = replace(BASE, reminder=Reminder(recipients="people.csv"))
    other = replace(BASE, reminder=Reminder(recipients="others.csv"))
    table = replace(BASE, reminder=Reminder(table=Table("people")))
    both = merge(listed, other, table)
    assert [one.name for one in both.conflicts] == ["reminder.recipients, reminder.table"]
    assert both.project.reminder.recipients is None
    assert both.with_mine.reminder == other.reminder


def test_settings_that_differ_are_named_as_in_the_file() -> None:
    after = replace(BASE, domain=Domain("example.com"), reminder=Reminder(subject="x")).seen_done(
        "dns", "ok", NOW
    )
    assert changes(BASE, after) == ("domain.name", "reminder.subject", "reminder.schedule")


VALUES: dict[str, list[Any]] = {
    "account.region": [None, "us-east-1", "eu-west-1"],
    "identity.mail_from": [None, "a.example.com", "b.example.com"],
    "reminder.subject": ["", "One", "Two"],
    "reminder.schedule": [None, "rate(1 day)", "rate(2 days)"],
    "reminder.paused": [False, True],
    "sandbox.address": [None, "a@example.com", "b@example.com"],
    "production.put_off": [None, NOW, LATER],
    "progress.dns": [None, Observation(NOW, "ok"), Observation(LATER, "ok")],
}

EDITS = st.lists(
    st.sampled_from([(name, value) for name, values in VALUES.items() for value in values]), max_size=4
)


def edited(project: Project, edits: list[tuple[str, Any]]) -> Project:
    for name, value in edits:
        project = with_field(project, name, value)
    return project


@given(EDITS, EDITS, EDITS)
def test_every_field_has_the_value_of_the_side_that_changed_it(
    begun: list[tuple[str, Any]], left: list[tuple[str, Any]], right: list[tuple[str, Any]]
) -> None:
    base = edited(Project(), begun)
    mine, theirs = edited(base, left), edited(base, right)
    both = merge(base, mine, theirs)
    disputed = {name for conflict in both.conflicts for name in conflict.name.split(", ")}
    for name in VALUES:
        was, ours, other = (field_of(project, name) for project in (base, mine, theirs))
        got = field_of(both.project, name)
        if ours in (was, other):
            assert got == other
        elif other == was:
            assert got == ours
        elif name == "progress.dns":
            assert got == (max(ours, other, key=lambda seen: seen.at) if ours and other else ours)
        else:
            assert name in disputed
            assert (got, field_of(both.with_mine, name)) == (other, ours)
            continue
        assert name not in disputed
    assert merge(base, mine, base).project == mine
    assert merge(base, base, theirs).project == theirs


@given(st.lists(st.tuples(EDITS, st.integers(0, 5)), max_size=6))
def test_no_interleaving_of_acts_loses_an_edit(acts: list[tuple[list[tuple[str, Any]], int]]) -> None:
    """Each act begins on the project of its time and ends up to five acts later: the last to end decides."""
    now, under_way = Project(), list[tuple[int, Project, Project]]()
    expected: dict[str, Any] = {name: field_of(now, name) for name in VALUES}

    def end(act: tuple[int, Project, Project]) -> Project:
        _, before, after = act
        for name in VALUES:
            if field_of(before, name) != field_of(after, name):
                expected[name] = field_of(after, name)
        return merge(before, after, now).with_mine

    for number, (edits, lasts) in enumerate(acts):
        under_way.append((number + lasts, now, edited(now, edits)))
        for act in sorted((act for act in under_way if act[0] <= number), key=lambda act: act[0]):
            under_way.remove(act)
            now = end(act)
    for act in sorted(under_way, key=lambda act: act[0]):
        now = end(act)
    for name in VALUES:
        if name != "progress.dns":
            assert field_of(now, name) == expected[name], name
