"""Publishing: what would change in Route 53, that it is done only as shown, and files for other panels."""

from __future__ import annotations

import asyncio
import csv
import io
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dns.rdataset
import dns.zonefile
import pytest
from botocore.stub import Stubber

from tests.engine.dns.real_servers import CHECKZONE
from wizard.aws import route53
from wizard.aws.access import AwsAccess, EmbeddedKeys
from wizard.aws.route53 import Action, HostedZone, RecordSet
from wizard.aws.sesv2 import SesIdentity
from wizard.demo import Demo
from wizard.demo.dns import zones
from wizard.dns.answers import ZoneReport
from wizard.dns.checklist import check_once
from wizard.dns.findings import Entry, Finding, Round, Row, RowStatus, Severity
from wizard.dns.judge.rows import Context
from wizard.dns.publish import route53 as route53_zone
from wizard.dns.publish.route53 import Route53Publisher
from wizard.dns.records import Record, RecordId
from wizard.dns.txt_notation import MASTER_FILE, ROUTE53
from wizard.errors import WizardError
from wizard.project.schema import Account, Domain, Project
from wizard.steps.dns import publish, step
from wizard.steps.model import ChangeKind, Event, Progress, Status

ID = "12345678-1234-1234-1234-123456789012"
PROJECT = Project(account=Account(region="us-east-1"), domain=Domain("example.org"))
IDENTITY = SesIdentity(
    name="example.org",
    verified=False,
    verification_status="PENDING",
    dkim_status="PENDING",
    tokens=("t1", "t2", "t3"),
    signing_zone="dkim.amazonses.com",
    mail_from="bounce.example.org",
    mail_from_status="PENDING",
)


def look(demo: Demo, project: Project = PROJECT) -> Round:
    zone_id(demo)  # an account that has answered once has its zones in the DNS
    records = step.records(project, IDENTITY)
    context = Context("example.org", mail_from="bounce.example.org", region="us-east-1", records=records)
    return asyncio.run(check_once(demo.world.dns, records, context, demo.world.now))


def zone_id(demo: Demo) -> str:
    return next(zone.id for zone in route53.hosted_zones(demo.world.aws) if zone.name == "example.org")


def enter(demo: Demo, name: str, rdtype: str, *values: str) -> None:
    change = (Action.UPSERT, RecordSet(name, rdtype, 600, values))
    route53.change_record_sets(demo.world.aws, zone_id(demo), [change])


def planned(demo: Demo) -> publish.PublishPlan:
    found = publish.plan(demo.world, look(demo))
    assert found is not None
    return found


class TestRoute53:
    def test_an_empty_zone_is_filled_and_turns_green(self, account: Demo) -> None:
        found = planned(account)
        assert found.zone is not None
        assert found.zone.name == "example.org"
        assert [change.kind for change in found.plan.changes] == [ChangeKind.CREATE] * 7
        assert {change.operation for change in found.plan.changes} == {"route53:ChangeResourceRecordSets"}
        mx = next(change for change in found.plan.changes if change.subject == "MX bounce.example.org")
        assert mx.detail == "10 feedback-smtp.us-east-1.amazonses.com"
        assert found.notes == ()

        events: list[Event] = []
        publish.act(found, events.append)
        assert [event.progress for event in events] == [Progress.STARTED] * 7 + [Progress.DONE] * 7
        after = look(account)
        blocked = {row.record.id: row.findings for row in after.rows if row.status is not RowStatus.OK}
        # SES knows no identity here, so there are no keys at the DKIM targets.
        assert set(blocked) <= {RecordId.DKIM1, RecordId.DKIM2, RecordId.DKIM3}
        txt = route53.record_sets(account.world.aws, zone_id(account), "example.org")
        assert ('"v=spf1 include:amazonses.com ~all"',) in [s.values for s in txt if s.type == "TXT"]

    def test_doing_it_twice_changes_nothing(self, account: Demo) -> None:
        seen = look(account)
        first = publish.plan(account.world, seen)
        assert first is not None
        publish.act(first, lambda event: None)
        again = publish.plan(account.world, seen)
        assert again is not None
        assert not again.plan.changes_anything
        assert {change.kind for change in again.plan.changes} == {ChangeKind.KEEP}
        publish.act(again, lambda event: None)

    def test_a_merge_keeps_what_stands_beside_it_and_shows_the_old_value(self, account: Demo) -> None:
        others = ('"google-site-verification=abc"', '"v=spf1 ip4:192.0.2.1 -all"', '"a \\"quoted\\" text"')
        enter(account, "example.org", "TXT", *others)
        found = planned(account)
        shown = next(change for change in found.plan.changes if change.subject == "TXT example.org")
        assert shown.kind is ChangeKind.CHANGE
        before, after = shown.detail.split(" → ")
        assert "v=spf1 ip4:192.0.2.1 -all" in before
        assert '"v=spf1 ip4:192.0.2.1 include:amazonses.com -all"' in after
        publish.act(found, lambda event: None)
        sets = route53.record_sets(account.world.aws, zone_id(account), "example.org")
        txt = next(s for s in sets if s.type == "TXT")
        assert txt.values == (others[0], others[2], '"v=spf1 ip4:192.0.2.1 include:amazonses.com -all"')
        assert txt.ttl == 600

    def test_a_wrong_target_and_an_extra_mx_are_replaced_with_their_old_values_shown(
        self, account: Demo
    ) -> None:
        enter(account, "t1._domainkey.example.org", "CNAME", "old.dkim.amazonses.com")
        wanted = "10 feedback-smtp.us-east-1.amazonses.com"
        enter(account, "bounce.example.org", "MX", wanted, "20 feedback-smtp.eu-west-1.amazonses.com")
        found = planned(account)
        changes = {change.subject: change for change in found.plan.changes}
        dkim, mx = changes["CNAME t1._domainkey.example.org"], changes["MX bounce.example.org"]
        assert (dkim.kind, mx.kind) == (ChangeKind.CHANGE, ChangeKind.CHANGE)
        assert dkim.detail == "old.dkim.amazonses.com → t1.dkim.amazonses.com"
        assert mx.detail.endswith(f"→ {wanted}")
        assert "eu-west-1" in mx.detail
        publish.act(found, lambda event: None)
        sets = route53.record_sets(account.world.aws, zone_id(account), "bounce.example.org")
        assert [s.values for s in sets if s.type == "MX"] == [(wanted,)]

    def test_a_zone_that_changed_since_it_was_shown_is_left_alone(self, account: Demo) -> None:
        found = planned(account)
        enter(account, "_dmarc.example.org", "TXT", '"v=DMARC1; p=reject"')
        events: list[Event] = []
        with pytest.raises(WizardError, match="changed since"):
            publish.act(found, events.append)
        assert events[-1].progress is Progress.FAILED
        sets = route53.record_sets(account.world.aws, zone_id(account), "t1._domainkey.example.org")
        assert sets == ()

    def test_records_that_came_after_the_round_are_merged_and_kept(self, account: Demo) -> None:
        """The servers answered a moment ago that there was nothing; by now somebody has added records."""
        seen = look(account)
        enter(account, "example.org", "TXT", '"v=spf1 include:_spf.google.com -all"')
        enter(account, "_dmarc.example.org", "TXT", '"v=DMARC1; p=reject; rua=mailto:a@example.org"')
        enter(account, "bounce.example.org", "MX", "10 mx.example.net")
        found = publish.plan(account.world, seen)
        assert found is not None
        publish.act(found, lambda event: None)
        sets = [
            one
            for name in ("example.org", "_dmarc.example.org", "bounce.example.org")
            for one in route53.record_sets(account.world.aws, zone_id(account), name)
        ]
        values = {(one.name, one.type): one.values for one in sets}
        assert values["example.org", "TXT"] == (
            '"v=spf1 include:_spf.google.com include:amazonses.com -all"',
        )
        assert values["_dmarc.example.org", "TXT"] == ('"v=DMARC1; p=reject; rua=mailto:a@example.org"',)
        assert values["bounce.example.org", "MX"] == ("10 mx.example.net",)

    @pytest.mark.parametrize(
        "more",
        [
            {"HealthCheckId": ID},
            {"TrafficPolicyInstanceId": ID},
            {"SetIdentifier": "a", "Weight": 10},
            {"SetIdentifier": "a", "MultiValueAnswer": True},
            {"SetIdentifier": "a", "CidrRoutingConfig": {"CollectionId": ID, "LocationName": "*"}},
        ],
    )
    def test_set_that_is_more_than_values_is_not_plain(self, more: dict[str, object]) -> None:
        """Writing it anew would lose what it has beside its values."""
        aws = AwsAccess(region="us-east-1", keys=EmbeddedKeys("AKIDEXAMPLE", "secret"))
        one = {"Name": "example.org.", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"a"'}]}
        answer = {"ResourceRecordSets": [{**one, **more}], "IsTruncated": False, "MaxItems": "300"}
        with Stubber(aws.client("route53")) as stubber:
            stubber.add_response("list_resource_record_sets", answer)
            (found,) = route53.record_sets(aws, "Z1", "example.org")
        assert not found.plain

    def test_mail_that_arrives_at_the_mail_from_name_is_nobodys_to_redirect(self, account: Demo) -> None:
        enter(account, "bounce.example.org", "MX", "10 mx.example.net")
        found = planned(account)
        assert "MX bounce.example.org" not in [change.subject for change in found.plan.changes]
        assert any("receives other mail" in note for note in found.notes)

    def test_beside_a_cname_nothing_is_written(self, account: Demo) -> None:
        enter(account, "bounce.example.org", "CNAME", "elsewhere.example.net")
        found = planned(account)
        assert not [change for change in found.plan.changes if "bounce" in change.subject]
        assert len([note for note in found.notes if "has a CNAME" in note]) == 2
        publish.act(found, lambda event: None)

    def test_a_part_of_the_zone_that_is_delegated_away_is_not_written(self, account: Demo) -> None:
        enter(account, "bounce.example.org", "NS", "ns1.example.net.")
        found = planned(account)
        assert not [change for change in found.plan.changes if "bounce" in change.subject]
        assert any("zone of its own" in note for note in found.notes)

    def test_without_a_hosted_zone_there_is_no_plan(self, account: Demo) -> None:
        seen = look(account)
        elsewhere = replace(seen, domain="example.test", zone=replace(seen.zone, domain="example.test"))
        assert publish.plan(account.world, elsewhere) is None

    def test_a_hosted_zone_that_the_world_does_not_ask_is_not_written(self, account: Demo) -> None:
        look(account)
        account.dns_server.set_zone("example.org", ("ns1.example.net",))
        found = planned(account)
        assert (found.zone, found.changes) == (None, ())
        assert "the registry names ns1.example.net" in found.notes[0]
        publish.act(found, lambda event: None)

    def test_of_several_zones_the_one_that_is_delegated_to_is_taken(
        self, account: Demo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = account.world.aws.client("route53")
        client.create_hosted_zone(Name="example.org", CallerReference="second")
        private = {"PrivateZone": True, "Comment": ""}
        client.create_hosted_zone(
            Name="example.org",
            CallerReference="private",
            HostedZoneConfig=private,
            VPC={"VPCRegion": "us-east-1", "VPCId": "vpc-12345678"},
        )
        zones = route53_zone.candidates(route53.hosted_zones(account.world.aws), "example.org")
        assert len(zones) == 2
        servers = {zones[0].id: ("ns-1.awsdns-01.org",), zones[1].id: ("ns-2.awsdns-02.org",)}
        monkeypatch.setattr(route53, "name_servers", lambda _, zone: servers[zone])
        world = ZoneReport("example.org", "example.org", ("ns-2.awsdns-02.org", "ns1.example.net"))
        found = route53_zone.find(account.world.aws, world)
        assert found is not None
        zone, notes = found
        assert zone == Route53Publisher(account.world.aws, zones[1].id, "example.org")
        assert "2 hosted zones" in notes[0]
        assert "ns1.example.net" in notes[1]

    def test_the_zones_of_a_subdomain_are_its_own_first(self) -> None:
        zones = [HostedZone("1", "org", False), HostedZone("2", "example.org", False)]
        zones += [HostedZone("3", "mail.example.org", False), HostedZone("4", "ample.org", False)]
        found = route53_zone.candidates(zones, "mail.example.org")
        assert [zone.name for zone in found] == ["mail.example.org", "example.org", "org"]


class TestDemo:
    """The demo publishes by the same plans, in its DNS panel as in its Route 53."""

    def test_panel_keeps_googles_senders_and_the_policy(self, account: Demo) -> None:
        zones.receive_mail_at_google(account.dns_server, account.account)
        before = set(account.account.kept.records)
        project = Project(account=Account(region="us-east-1"), domain=Domain("example.com"))
        identity = replace(IDENTITY, name="example.com", mail_from="bounce.example.com")
        records = step.records(project, identity)
        context = Context("example.com", mail_from="bounce.example.com", records=records)
        seen = asyncio.run(check_once(account.world.dns, records, context, account.world.now))
        spf = next(row for row in seen.rows if row.record.id is RecordId.SPF)
        wrongly = publish.plan(account.world, seen, [publish.doubled(spf, seen)])
        assert wrongly is not None
        publish.act(wrongly, lambda event: None)
        assert before < set(account.account.kept.records), "publishing wrongly takes nothing away"
        found = publish.plan(account.world, seen)
        assert found is not None
        publish.act(found, lambda event: None)
        at = {(name, rdtype): value for name, rdtype, value in account.account.kept.records}
        assert at["example.com", "TXT"] == "v=spf1 include:_spf.google.com include:amazonses.com ~all"
        assert at["_dmarc.example.com", "TXT"] == "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com"
        assert at["example.com", "MX"] == "1 smtp.google.com"
        with pytest.raises(WizardError, match="changed since"):
            publish.act(found, lambda event: None)

    def test_route_53_gets_the_doubled_name_beside_what_is_there(self, account: Demo) -> None:
        enter(account, "example.org", "TXT", '"v=spf1 mx -all"')
        seen = look(account)
        spf = next(row for row in seen.rows if row.record.id is RecordId.SPF)
        wrongly = publish.plan(account.world, seen, [publish.doubled(spf, seen)])
        assert wrongly is not None
        publish.act(wrongly, lambda event: None)
        (there,) = [
            one
            for one in route53.record_sets(account.world.aws, zone_id(account), "example.org")
            if one.type == "TXT"
        ]
        assert there.values == ('"v=spf1 mx -all"',)
        assert route53.record_sets(account.world.aws, zone_id(account), "example.org.example.org")


def row(record: Record, status: RowStatus, *found: str, code: str = "absent") -> Row:
    entry = Entry(record.name, record.type, record.value)
    return Row(record, record.name, entry, status, found, (Finding(code, Severity.BLOCKS, ""),))


LONG = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(40)) + ' "x\\y" \xe9 -all'
SEEN = Round(
    "example.org",
    datetime(2026, 11, 24, tzinfo=UTC),
    ZoneReport("example.org", "example.org"),
    None,
    (
        row(
            Record(RecordId.DKIM1, "t1._domainkey.example.org", "CNAME", "t1.dkim.amazonses.com"),
            RowStatus.MISSING,
        ),
        row(Record(RecordId.DKIM2, "<token2>", "CNAME", "x"), RowStatus.UNKNOWN, code="dkim-tokens-unknown"),
        row(
            Record(RecordId.MAIL_FROM_MX, "m.example.org", "MX", "10 feedback.amazonses.com"),
            RowStatus.MISSING,
        ),
        row(Record(RecordId.SPF, "example.org", "TXT", LONG), RowStatus.WRONG, "=cmd|' /c calc'!A0"),
        row(Record(RecordId.DMARC, "_dmarc.example.org", "TXT", "v=DMARC1; p=none;"), RowStatus.OK),
    ),
)


class TestFiles:
    def test_the_zone_file_is_one_and_adds_what_does_not_exist_yet(self) -> None:
        text = publish.export(SEEN, "zone")
        rrsets = dns.zonefile.read_rrsets(text, rdclass=None, relativize=False)
        assert [(rrset.name.to_text(), rrset.rdtype.name, rrset.ttl) for rrset in rrsets] == [
            ("t1._domainkey.example.org.", "CNAME", 300),
            ("m.example.org.", "MX", 300),
        ]
        assert rrsets[0][0].to_text() == "t1.dkim.amazonses.com."
        assert rrsets[1][0].to_text() == "10 feedback.amazonses.com."

    @pytest.mark.parametrize("kind", ["zone", "cloudflare"])
    def test_an_import_adds_no_second_record_beside_one_that_it_should_replace(
        self, kind: publish.ExportKind
    ) -> None:
        """Two SPF records are a permerror: an import would take the first one's mail down, too."""
        lines = publish.export(SEEN, kind).splitlines()
        start = next(number for number, line in enumerate(lines) if "NOT added by an import" in line)
        assert all(line.startswith(";") for line in lines[start:])
        assert lines[start + 2] == "; old: =cmd|' /c calc'!A0"
        replaced = lines[start + 3].removeprefix("; new: ")
        (rrset,) = dns.zonefile.read_rrsets(replaced, rdclass=None, relativize=False)
        assert b"".join(rrset[0].strings) == LONG.encode()
        assert all(len(part) <= 255 for part in rrset[0].strings)

    def test_what_nobody_could_look_up_is_not_imported(self) -> None:
        unknown = replace(SEEN.rows[4], status=RowStatus.UNKNOWN)
        seen = replace(SEEN, rows=(unknown,))
        assert not [line for line in publish.export(seen, "zone").splitlines() if not line.startswith(";")]
        (cells,) = csv.DictReader(io.StringIO(publish.export(seen, "csv"), newline=""))
        assert cells["action"] == "check"
        assert "no DNS server said" in cells["note"]

    def test_no_file_asks_to_redirect_mail_that_arrives_already(self) -> None:
        record = Record(RecordId.MAIL_FROM_MX, "m.example.org", "MX", "10 feedback.amazonses.com")
        used = row(record, RowStatus.WRONG, "10 mx.example.net", code="mail-from-in-use")
        seen = replace(SEEN, rows=(used,))
        text = publish.export(seen, "zone")
        assert not [line for line in text.splitlines() if not line.startswith(";")]
        assert "; NOT added by an import: that name already receives other mail" in text
        (cells,) = csv.DictReader(io.StringIO(publish.export(seen, "csv"), newline=""))
        assert (cells["action"], cells["replaces"]) == ("check", "10 mx.example.net")

    def test_text_that_only_its_owner_can_correct_is_named_and_not_imported(self) -> None:
        record = Record(RecordId.SPF, "example.org", "TXT", "")
        seen = replace(SEEN, rows=(row(record, RowStatus.WRONG, "v=spf1 foo:bar -all"),))
        lines = publish.export(seen, "zone").splitlines()
        assert all(line.startswith(";") for line in lines)
        assert lines[-2].startswith("; NOT added by an import: only you know what its text should be")
        assert lines[-1] == "; old: v=spf1 foo:bar -all"
        (cells,) = csv.DictReader(io.StringIO(publish.export(seen, "csv"), newline=""))
        assert (cells["action"], cells["value"]) == ("check", "")

    @pytest.mark.skipif(CHECKZONE is None, reason="named-checkzone is not installed")
    @pytest.mark.parametrize("kind", ["zone", "cloudflare"])
    def test_bind_itself_takes_the_zone_file(self, tmp_path: Path, kind: publish.ExportKind) -> None:
        """The file is what a zone that has but its SOA and NS records still lacks."""
        own = "$ORIGIN example.org.\n@ 300 IN SOA ns.example.net. root.example.net. 1 1 1 1 1\n"
        own += "@ 300 IN NS ns.example.net.\n"
        path = tmp_path / "zone"
        path.write_bytes((own + publish.export(SEEN, kind)).encode())
        assert CHECKZONE is not None
        checked = subprocess.run(
            [CHECKZONE, "-i", "none", "-k", "fail", "-D", "example.org", path],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "t1._domainkey.example.org." in checked.stdout
        assert "10 feedback.amazonses.com." in checked.stdout

    def test_the_csv_has_no_formula(self) -> None:
        rows = list(csv.DictReader(io.StringIO(publish.export(SEEN, "csv"), newline="")))
        assert [(r["name"], r["type"], r["priority"], r["value"]) for r in rows[:2]] == [
            ("t1._domainkey.example.org", "CNAME", "", "t1.dkim.amazonses.com"),
            ("m.example.org", "MX", "10", "feedback.amazonses.com"),
        ]
        assert rows[2]["value"] == LONG
        assert [r["action"] for r in rows] == ["add", "add", "replace"]
        assert rows[2]["replaces"] == "'=cmd|' /c calc'!A0"

    @pytest.mark.parametrize("text", ["", "plain", 'quo"te\\back', "x" * 600, "\xe9\x00\x7f", LONG])
    def test_route53_quoting_can_be_undone(self, text: str) -> None:
        value = ROUTE53.write(text)
        assert ROUTE53.read(value) == text
        assert MASTER_FILE.read(MASTER_FILE.write(text)) == text
        assert value.isascii()
        assert value.isprintable()

    @pytest.mark.parametrize("value", ['"é –"', r'"\303\251 \342\200\223"', '"é" " –"'])
    def test_what_a_host_holds_as_it_is_the_dns_has_in_utf8(self, value: str) -> None:
        assert ROUTE53.read(value) == "é –"


async def test_keys_that_are_not_ses_own_get_no_rows(account: Demo) -> None:
    identity = SesIdentity(
        "example.org", True, "SUCCESS", "SUCCESS", tokens=("selector",), signing_origin="EXTERNAL"
    )
    assert [record.id for record in step.records(PROJECT, identity)] == [RecordId.SPF, RecordId.DMARC]
    rounds = step.watch(account.world, PROJECT, identity, asyncio.Event())
    seen = await anext(rounds)
    await rounds.aclose()
    assert [row.record.id for row in seen.rows] == [RecordId.SPF, RecordId.DMARC]


def test_the_whole_step_against_the_embedded_account(account: Demo) -> None:
    """Create the identity, publish in Route 53, see the rows turn right, and SES verify."""
    ses = account.world.aws.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.org")
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity="example.org", MailFromDomain="bounce.example.org"
    )
    from wizard.aws.sesv2 import get_identity

    identity = get_identity(account.world.aws, "example.org")
    assert identity is not None

    async def walk() -> None:
        wake = asyncio.Event()
        rounds = step.watch(account.world, PROJECT, identity, wake)
        async with asyncio.timeout(30):
            first = await anext(rounds)
            assert step.judge(first, identity).status is Status.ATTENTION
            plan = await asyncio.to_thread(publish.plan, account.world, first)
            assert plan is not None
            await asyncio.to_thread(publish.act, plan, lambda event: None)
            wake.set()
            second = await anext(rounds)
        await rounds.aclose()
        assert {row.status for row in second.rows} == {RowStatus.OK}
        assert second.ok

    asyncio.run(walk())
    after = get_identity(account.world.aws, "example.org")
    assert after is not None
    assert after.complete
    assert step.judge(step.look(account.world, PROJECT, after), after).status is Status.DONE
