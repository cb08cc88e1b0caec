"""Filling in a zone at Cloudflare: what is shown, that just that is done, and that the token stays secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.dns.cloudflare_api import NAME_SERVERS, TOKEN, CloudflareApi, RefusalError
from tests.engine.dns_servers import access
from tests.engine.example_domain import CONTEXT, DMARC, RECORDS, Clock, furnish
from wizard.aws.sesv2 import SesIdentity
from wizard.demo import Demo
from wizard.demo.dns.server import DnsServer
from wizard.dns.checklist import check_once
from wizard.dns.findings import Round, RowStatus
from wizard.dns.publish import cloudflare
from wizard.dns.records import RecordId
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Account, Domain, Project
from wizard.steps.dns import publish, step
from wizard.steps.model import ChangeKind, Event, Progress
from wizard.world import World

PROJECT = Project(account=Account(region="us-east-1"), domain=Domain("example.com"))


IDENTITY = SesIdentity(
    "example.com", False, "PENDING", "PENDING", tokens=("t1", "t2", "t3"), mail_from="m.example.com"
)


class Panel:
    """The world, the wizard's view of it, and Cloudflare's side."""

    def __init__(self, server: DnsServer, api: CloudflareApi) -> None:
        self.server = server
        self.api = api
        self.world = World(dns=replace(access(server), cloudflare=api.endpoint))

    def look(self) -> Round:
        return asyncio.run(check_once(self.world.dns, RECORDS, CONTEXT, Clock()))

    def plan(self) -> publish.PublishPlan:
        found = publish.plan(self.world, self.look())
        assert found is not None
        return found

    def act(self, plan: publish.PublishPlan) -> list[Event]:
        events: list[Event] = []
        publish.act(plan, events.append)
        return events

    @property
    def writes(self) -> list[object]:
        return [body for method, _, body in self.api.requests if method != "GET"]


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    monkeypatch.setenv(cloudflare.TOKEN_VARIABLE, TOKEN)
    server = furnish(DnsServer())
    for record in RECORDS[:3]:
        server.add(record.value, "TXT", "p=" + "A" * 392)
    with server, CloudflareApi(server, "example.com") as api:
        api.enter("example.com", "MX", "mx.example.net", priority=10)
        yield Panel(server, api)


def test_an_empty_zone_is_filled_and_turns_green(panel: Panel) -> None:
    found = panel.plan()
    assert found.zone is not None
    assert {change.kind for change in found.plan.changes} == {ChangeKind.CREATE}
    assert len(found.changes) == 7
    assert panel.writes == []
    events = panel.act(found)
    assert [event.progress for event in events] == [Progress.STARTED] * 7 + [Progress.DONE] * 7
    assert len(panel.writes) == 1
    assert panel.look().ok
    assert panel.api.found("m.example.com", "MX") == ["feedback-smtp.us-east-1.amazonses.com"]
    assert panel.api.found("example.com", "MX") == ["mx.example.net"]
    again = publish.plan(panel.world, panel.look())
    assert again is not None
    assert not again.plan.changes_anything


def test_doing_the_same_plan_twice_is_refused_before_anything_is_written(panel: Panel) -> None:
    found = panel.plan()
    panel.act(found)
    with pytest.raises(WizardError, match="changed since"):
        panel.act(found)
    assert len(panel.writes) == 1


def test_a_merge_shows_the_old_value_and_leaves_other_texts_alone(panel: Panel) -> None:
    panel.api.enter("example.com", "TXT", '"google-site-verification=abc"')
    panel.api.enter("example.com", "TXT", "v=spf1 ip4:192.0.2.1 -all")
    beside = {key for key, one in panel.api.records.items() if "google" in one["content"]}
    found = panel.plan()
    shown = next(change for change in found.plan.changes if change.subject == "TXT example.com")
    before, after = shown.detail.split(" → ")
    assert shown.kind is ChangeKind.CHANGE
    assert "v=spf1 ip4:192.0.2.1 -all" in before
    assert '"v=spf1 ip4:192.0.2.1 include:amazonses.com -all"' in after
    panel.act(found)
    assert panel.api.found("example.com", "TXT") == [
        '"google-site-verification=abc"',
        '"v=spf1 ip4:192.0.2.1 include:amazonses.com -all"',
    ]
    assert beside <= set(panel.api.records)


def test_a_record_that_changes_keeps_its_comment_its_tags_and_its_ttl(panel: Panel) -> None:
    own = {"comment": "Ask Ana first", "tags": ["team:mail"], "ttl": 3600}
    panel.api.enter("example.com", "TXT", "v=spf1 ip4:192.0.2.1 -all", **own)
    panel.api.enter("example.com", "TXT", "something else", ttl=60)
    panel.act(panel.plan())
    spf = next(
        one for one in panel.api.records.values() if "amazonses" in one["content"] and "192" in one["content"]
    )
    assert {key: spf[key] for key in own} == own


def test_records_that_came_after_the_round_are_merged_and_kept(panel: Panel) -> None:
    """The servers answered a moment ago that there was nothing; by now somebody has added records."""
    seen = panel.look()
    panel.api.enter("example.com", "TXT", '"v=spf1 include:_spf.google.com -all"')
    panel.api.enter("example.com", "TXT", '"caf\\195\\169"')
    panel.api.enter(DMARC.name, "TXT", '"v=DMARC1; p=reject; rua=mailto:a@example.com"')
    panel.api.enter("m.example.com", "MX", "mx.example.net", priority=10)
    found = publish.plan(panel.world, seen)
    assert found is not None
    panel.act(found)
    assert panel.api.found("example.com", "TXT") == [
        '"caf\\195\\169"',
        '"v=spf1 include:_spf.google.com include:amazonses.com -all"',
    ]
    assert panel.api.found(DMARC.name, "TXT") == ['"v=DMARC1; p=reject; rua=mailto:a@example.com"']
    assert panel.api.found("m.example.com", "MX") == ["mx.example.net"]


def test_a_proxied_record_is_made_dns_only(panel: Panel) -> None:
    panel.act(panel.plan())
    dkim = RECORDS[0]
    proxied = next(one for one in panel.api.records.values() if one["name"] == dkim.name)
    proxied["proxied"] = True
    panel.api.enter("x.example.com", "TXT", "so that it is served anew")
    seen = panel.look()
    assert "proxied" in [finding.code for finding in seen.rows[0].findings]
    found = panel.plan()
    changes = [change for change in found.plan.changes if change.kind is not ChangeKind.KEEP]
    assert [change.detail for change in changes] == [f"{dkim.value} (proxied) → {dkim.value}"]
    panel.act(found)
    assert panel.look().ok


def test_of_two_mx_records_the_wrong_one_goes_and_was_shown(panel: Panel) -> None:
    panel.act(panel.plan())
    panel.api.enter("m.example.com", "MX", "feedback-smtp.eu-west-1.amazonses.com", priority=20)
    right = next(key for key, one in panel.api.records.items() if "us-east-1" in one["content"])
    found = panel.plan()
    assert "20 feedback-smtp.eu-west-1.amazonses.com" in found.plan.changes[0].detail
    panel.act(found)
    assert panel.api.found("m.example.com", "MX") == ["feedback-smtp.us-east-1.amazonses.com"]
    assert right in panel.api.records
    assert panel.look().ok


def test_beside_a_cname_nothing_is_written(panel: Panel) -> None:
    panel.api.enter("m.example.com", "CNAME", "elsewhere.example.net")
    found = panel.plan()
    assert len([note for note in found.notes if "has a CNAME" in note]) == 2
    assert not [change for change in found.plan.changes if "m.example.com" in change.subject]


def test_a_zone_that_changed_since_it_was_shown_is_left_alone(panel: Panel) -> None:
    found = panel.plan()
    panel.api.enter(DMARC.name, "TXT", '"v=DMARC1; p=reject"')
    with pytest.raises(WizardError, match="changed since"):
        panel.act(found)
    assert panel.writes == []


def test_all_or_nothing(panel: Panel) -> None:
    """A record that comes between the last look and the write makes the whole batch fail."""
    found = panel.plan()
    standing = {change.after.name: () for change in found.changes}
    panel.api.enter(RECORDS[2].name, "CNAME", "elsewhere.example.net")
    before = dict(panel.api.records)
    with pytest.raises(WizardError, match="already exists"):
        cloudflare.change_records(panel.api.endpoint, "zone1", found.changes, standing)
    assert panel.api.records == before


async def test_records_in_a_zone_that_the_registry_does_not_name_yet(panel: Panel, account: Demo) -> None:
    """The domain is at Cloudflare's and filled in, but the registrar still names the old DNS host."""
    await asyncio.to_thread(lambda: panel.act(panel.plan()))
    old = furnish(DnsServer("127.0.0.2"))
    for name in NAME_SERVERS:
        old.add(name, "A", panel.server.address)
    with old:
        dns = replace(access(old), port=panel.server.port, cloudflare=panel.api.endpoint)
        world = World(aws=account.world.aws, dns=dns)
        assert NAME_SERVERS in [list(names) for names in step.zones_of_the_user(world, "example.com")]
        wake = asyncio.Event()
        rounds = step.watch(world, PROJECT, IDENTITY, wake)
        async with asyncio.timeout(20):
            async for seen in rounds:
                if "wrong-dns-host" in [finding.code for finding in seen.findings]:
                    break
                wake.set()
        await rounds.aclose()
    assert "added at Cloudflare" in seen.findings[0].message


class TestWithoutAWay:
    def test_without_a_token_it_is_said_how(self, panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(cloudflare.TOKEN_VARIABLE)
        found = panel.plan()
        assert (found.zone, found.changes) == (None, ())
        assert "CLOUDFLARE_API_TOKEN" in found.notes[0]
        assert panel.api.requests == []

    def test_a_token_for_other_zones(self, panel: Panel) -> None:
        panel.api.zones = []
        assert "sees no zone" in panel.plan().notes[0]

    def test_a_zone_of_another_account(self, panel: Panel) -> None:
        panel.api.zones[0]["name_servers"] = ["eve.ns.cloudflare.com"]
        found = panel.plan()
        assert found.zone is None
        assert "example.com (eve.ns.cloudflare.com)" in found.notes[0]

    @pytest.mark.parametrize(
        ("refusal", "title", "exit_code"),
        [
            (RefusalError(403, 9109, "Invalid access token"), "rejected the token", ExitCode.NO),
            (RefusalError(400, 6003, "Invalid request headers"), "rejected the token", ExitCode.NO),
            (RefusalError(403, 10000, "Authentication error"), "rejected the token", ExitCode.NO),
            (RefusalError(429, 10013, "More than 1200 requests"), "limits the request rate", ExitCode.NO),
            (RefusalError(502, 0, "Bad gateway"), "failed to answer", ExitCode.OUTSIDE),
            (RefusalError(400, 1004, "DNS Validation Error \x1b[2J"), "refused", ExitCode.NO),
        ],
    )
    def test_refusals_in_words(
        self, panel: Panel, refusal: RefusalError, title: str, exit_code: ExitCode
    ) -> None:
        seen = panel.look()
        panel.api.refusal = refusal
        with pytest.raises(WizardError) as raised:
            publish.plan(panel.world, seen)
        assert title in raised.value.title
        assert raised.value.exit_code is exit_code
        assert "\x1b" not in str(raised.value)

    def test_nobody_there(self, panel: Panel) -> None:
        seen = panel.look()
        world = World(dns=replace(panel.world.dns, cloudflare="http://127.0.0.1:9/client/v4"))
        with pytest.raises(WizardError, match="cannot be reached") as raised:
            publish.plan(world, seen)
        assert raised.value.exit_code is ExitCode.OUTSIDE


class TestTheToken:
    def test_no_redirect_takes_it_along(self, panel: Panel) -> None:
        seen = panel.look()
        with CloudflareApi(DnsServer(), "example.com") as other:
            panel.api.redirect = f"{other.endpoint}/zones"
            with pytest.raises(WizardError):
                publish.plan(panel.world, seen)
            assert other.requests == []

    def test_it_is_in_nothing_that_is_said(
        self, panel: Panel, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        said = [repr(panel.plan())]
        said += map(repr, panel.act(panel.plan()))
        seen = panel.look()
        for refusal in (RefusalError(403, 9109, "Invalid access token"), RefusalError(500, 1, "x")):
            panel.api.refusal = refusal
            with pytest.raises(WizardError) as raised:
                publish.plan(panel.world, seen)
            said += [str(raised.value), repr(raised.value.__cause__), repr(panel.world)]
        said += [caplog.text, *capfd.readouterr(), json.dumps([body for _, _, body in panel.api.requests])]
        assert TOKEN not in "".join(said)

    @pytest.mark.parametrize("token", ["", "   ", "a\nInjected: header", "sécret"])
    def test_what_is_no_token_is_not_sent(
        self, panel: Panel, monkeypatch: pytest.MonkeyPatch, token: str
    ) -> None:
        monkeypatch.setenv(cloudflare.TOKEN_VARIABLE, token)
        with pytest.raises(WizardError, match="No Cloudflare token"):
            cloudflare.zones(panel.api.endpoint, "example.com")
        assert panel.api.requests == []


def test_a_name_with_many_records_is_read_to_its_end(panel: Panel) -> None:
    for number in range(205):
        text = {"id": f"t{number}", "name": "example.com", "type": "TXT", "content": f'"text {number}"'}
        panel.api.records[f"t{number}"] = text
    assert len(cloudflare.records(panel.api.endpoint, "zone1", "example.com")) == 206


def test_the_import_file_keeps_dkim_out_of_the_proxy(panel: Panel, tmp_path: Path) -> None:
    import dns.zonefile

    seen = panel.look()
    assert seen.rows[0].status is RowStatus.MISSING
    text = publish.export(seen, "cloudflare")
    lines = [line for line in text.splitlines() if " IN CNAME " in line]
    assert len(lines) == 3
    assert all(line.endswith("amazonses.com. ; cf_tags=cf-proxied:false") for line in lines)
    rrsets = dns.zonefile.read_rrsets(text, rdclass=None, relativize=False)
    assert len(rrsets) == 7
    assert {row.record.id for row in seen.rows} == set(RecordId)
