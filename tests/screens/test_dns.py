"""Step 4's page: the rows follow the zone, the highlighted one says what to enter and what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Button

from screens.pages.dns.checklist import Checklist
from screens.pages.dns.outside import remarks, ses_words
from screens.pages.dns.page import DnsScreen
from screens.pages.dns.symbols import emphasised
from screens.workers import Kind, is_a
from tests.screens.conftest import NOW, Outside
from tests.screens.pages import SIZES, Opened, opened
from tests.screens.paper import TOKENS, Stage, pending
from wizard.dns.answers import Soa, ZoneReport
from wizard.dns.findings import Round
from wizard.dns.records import RecordId
from wizard.errors import WizardError
from wizard.project.schema import Account, Domain, Identity, Project
from wizard.steps.dns import step as dns
from wizard.steps.identity import step as identity
from wizard.steps.model import Status, StepName

if TYPE_CHECKING:
    from wizard.demo import Demo
    from wizard.world import World

KEYS = "H copy host   C copy value   S save files   P publish   W publish wrongly"
BUSY = WizardError("AWS is busy", "It asked to slow down.", "Wait a minute, then try again.")


@pytest.fixture
def stage(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A zone on paper, and SES that has found nothing in it yet."""
    there = Stage()
    outside.identity = pending(outside)
    outside.world = replace(outside.world, stage=there)
    monkeypatch.setattr(dns, "watch", there.watch)
    return there


async def show(page: Opened) -> None:
    await page.go(StepName.DNS)
    await page.until(lambda: "asking" not in page.text)


async def agree(page: Opened, key: str) -> None:
    """Press a key that changes the zone, and say yes to the plan it shows."""
    await page.press(key)
    await page.shows("This is what will happen")
    await page.press("y")


@pytest.mark.parametrize("size", SIZES)
async def test_says_what_to_enter_where(
    outside: Outside,
    stage: Stage,
    begun: Project,
    tmp_path: Path,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
) -> None:
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await show(page)
        await page.shows("… missing    DKIM 1")
        assert page.text == snapshot


async def test_each_row_shows_its_host_and_value_at_the_smallest_size(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        for record in dns.records(begun, pending(outside)):
            host = record.name.removesuffix("example.com").rstrip(".") or "@"
            value = record.value.removeprefix("10 ")
            if record.id is RecordId.SPF:
                value = "v=spf1 mx include:amazonses.com ~all"  # what stands there goes on standing there
            await page.shows(f"Value     {value}")
            assert f"Host      {host}\n" in page.text
            assert all(label in page.text for label in ("DKIM 1", "DKIM 3", "MAIL FROM MX", "DMARC"))
            await page.press("down")


@pytest.mark.parametrize("size", SIZES)
async def test_a_doubled_name_is_named_and_fixed(
    outside: Outside,
    stage: Stage,
    begun: Project,
    tmp_path: Path,
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
) -> None:
    async with opened(tmp_path, outside.world, project=begun, size=size) as page:
        await show(page)
        await agree(page, "w")
        await page.shows("✗ incorrect  DKIM 1")
        assert "✗ blocks The record is at" in page.words
        assert "→ to do   Leave example.com out of the host: host" in page.text
        assert page.text == snapshot
        if size[1] > 24:  # On the smallest terminal it is read by scrolling.
            assert f"{TOKENS[0]}.dkim.amazonses.com, type CNAME." in page.words
        await agree(page, "p")
        await page.shows("✓ ok         DKIM 1")
        since = next(line for line in page.text.splitlines() if "Since" in line)
        assert since.index("… missing") < since.index("✗ incorrect") < since.index("✓ ok")


async def test_news_of_the_row_is_read_from_its_beginning(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        about = page.app.screen.query_one("#about")
        await page.press("pagedown")
        assert about.scroll_y
        asked = stage.rounds
        await page.press("x")
        await page.until(lambda: stage.rounds > asked)
        assert about.scroll_y, "nothing has changed: one reads on"
        await agree(page, "p")
        await page.shows("✓ ok         DKIM 1")
        assert not about.scroll_y
        assert "Host      " in page.text


async def test_all_right_is_said_once(outside: Outside, stage: Stage, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await agree(page, "f4")
        await page.shows("✓ All records are right. SES checks them on its own.")
        assert len(re.findall(r"(?m)^ [▸ ] ✓ ok", page.text)) == 7
        assert KEYS in page.text
        assert not page.app.screen.query("Toast")
        assert not page.app.screen.query_one("#act", Button).display
        await page.press("h")
        asked = stage.rounds
        await page.press("x")
        await page.until(lambda: stage.rounds > asked)
        assert "✓ Host sent" in page.text


async def test_ses_has_the_last_word(outside: Outside, stage: Stage, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await agree(page, "f4")
        await page.shows("waiting for SES")
        outside.identity = replace(outside.verified(), tokens=TOKENS)
        await page.press("f5")
        await page.shows("✓ done  SES has verified the domain")
        assert page.saved.done("dns")
        assert page.app.focused is page.app.screen.query_one("#next")


async def test_rows_keep_their_place_while_they_change(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.press("down", "down", "down")
        await agree(page, "p")
        await page.shows("✓ ok         MAIL FROM MX")
        checklist = page.app.screen.query_one(Checklist)
        assert checklist.record_id is RecordId.MAIL_FROM_MX
        assert checklist.row_count == 7


async def test_any_key_asks_at_once(outside: Outside, stage: Stage, begun: Project, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        asked = stage.rounds
        await page.press("x")
        await page.until(lambda: stage.rounds > asked)


async def test_host_and_value_go_to_the_terminals_clipboard(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.press("h")
        assert page.app.clipboard == f"{TOKENS[0]}._domainkey"
        await page.shows("✓ Host sent to the terminal's clipboard; S writes files if it does not arrive\n")
        await page.press("f7")
        await page.shows("✓ Value sent to the terminal's clipboard; S writes files if it does not arrive\n")
        assert page.app.clipboard == f"{TOKENS[0]}.dkim.amazonses.com"


async def test_records_are_written_beside_the_project_file(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.press("s")
        await page.shows("example.com-records.zone")
        zone = (tmp_path / "example.com-records.zone").read_text()
        table = (tmp_path / "example.com-records.csv").read_text()
        assert all(f"{token}.dkim.amazonses.com" in zone and token in table for token in TOKENS)


@pytest.fixture
def at_cloudflare(outside: Outside, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone is at Cloudflare, no token is in the environment, and this is no demo."""
    stage.servers = ("ada.ns.cloudflare.com", "bob.ns.cloudflare.com")
    there = replace(outside.world.dns, cloudflare="http://127.0.0.1:1")
    outside.world = replace(outside.world, stage=None, dns=there)
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)


@pytest.mark.usefixtures("at_cloudflare")
async def test_cloudflare_zone_names_the_token_that_fills_it_in(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("Add the records  F4")
        await page.press("f4")
        await page.shows("CLOUDFLARE_API_TOKEN")


@pytest.mark.usefixtures("at_cloudflare")
async def test_cloudflare_zone_gets_an_import_file_of_its_own(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.press("s")
        await page.shows("example.com-records.zone, .csv, .cloudflare")
        assert "cf-proxied:false" in (tmp_path / "example.com-records.cloudflare").read_text()


async def test_dmarc_row_tells_which_checks_align(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun, size=SIZES[1]) as page:
        await show(page)
        page.app.screen.query_one(Checklist).highlight(RecordId.DMARC)
        await page.shows("DKIM counts for DMARC")
        await page.shows("SPF counts too: mail leaves as bounce.example.com")


async def test_a_file_that_cannot_be_written_says_so(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    (tmp_path / "example.com-records.zone").mkdir()
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.press("s")
        await page.shows("could not be written")
        (tmp_path / "example.com-records.zone").rmdir()
        await page.press("enter")
        await page.shows("✓ Saved beside the project file")


async def test_waiting_never_holds_anybody(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.pilot.press("f3")
        await page.shows("Who gets the mail?")
        await page.until(
            lambda: all(worker.is_cancelled for worker in page.app.workers if is_a(worker, Kind.FOLLOW))
        )
        asked = stage.rounds
        await page.press("f2")
        await page.shows("… missing    DKIM 1")
        await page.until(lambda: stage.rounds > asked)


async def test_escape_goes_back_to_the_identity(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.press("escape")
        await page.shows("How is the mail signed?")


async def test_without_an_identity_it_says_what_comes_first(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    outside.identity = None
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.DNS)
        await page.until(lambda: "Press F2 to go to step 3, then F4 to set up the identity." in page.words)
        assert stage.rounds == 0
        assert not page.app.screen.query("ErrorPanel")
        assert "copy host" not in page.text
        assert not page.app.screen.query_one(Checklist).is_on_screen
        assert page.app.focused is page.app.screen.query_one("#next")
        outside.identity = pending(outside)
        await page.press("f5")
        await page.shows("… missing    DKIM 1")
        assert "Nothing to check yet" not in page.words
        assert KEYS in page.text


async def test_the_arrows_move_in_the_list_whenever_the_page_comes_up(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    outside.identity = None
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.DNS)
        await page.press("f2")
        await page.shows("How is the mail signed?")
        outside.identity = pending(outside)
        await page.press("f3")
        await page.shows("… missing    DKIM 1")
        checklist = page.app.screen.query_one(Checklist)
        assert page.app.focused is checklist
        await page.press("down")
        assert checklist.record_id is RecordId.DKIM2
        await page.press("tab")
        await page.press("f2")
        await page.shows("How is the mail signed?")
        await page.press("f3")
        assert page.app.focused is checklist


async def test_what_keys_have_done_covers_nothing(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        for key, words in {
            "h": "✓ Host sent",
            "s": "✓ Saved beside the project file: example.com-records.zone, .csv",
            "w": "✓ Published with the domain twice",
            "p": "✓ DKIM 1 is published.",
        }.items():
            await (agree(page, key) if key in "wp" else page.press(key))
            await page.shows(words)
            assert KEYS in page.text
            assert "Back  F2    Publish all  F4    Next  F3" in page.text
            assert f"Value     {TOKENS[0]}.dkim.amazonses.com" in page.text
            assert not page.app.screen.query("Toast")


async def test_a_record_at_another_name_is_not_said_to_be_nowhere(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun, size=(200, 60)) as page:
        await show(page)
        assert "The record is missing" in page.text
        await agree(page, "w")
        await page.shows("✗ blocks  The record is at")
        assert "The record is missing" not in page.text
        assert f"The record is at {TOKENS[0]}._domainkey.example.com.example.com" in page.words
        assert f"host {TOKENS[0]}._domainkey" in page.words
        assert "`" not in page.text


async def test_where_no_value_can_be_proposed_there_is_none_to_copy(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    stage.entries = {**stage.entries, ("example.com", "TXT"): ["v=spf1 foo:bar -all"]}
    async with opened(tmp_path, outside.world, project=begun, size=(200, 60)) as page:
        await show(page)
        await page.press(*["down"] * 5)
        await page.shows("Value     (none is proposed: correct your own text as said below)")
        assert "correct or remove foo:bar. Only you know what it should be." in page.words
        await page.press("c")
        await page.shows("Value: nothing to copy")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("HOST_NOT_FOUND", "looked 12 min ago, found nothing"),
        ("INVALID_VALUE", "looked 12 min ago, found another value"),
        (None, "looked 12 min ago"),
    ],
)
def test_what_ses_found_is_said_plainly(outside: Outside, error: str | None, words: str) -> None:
    seen = replace(pending(outside), error_type=error)
    assert ses_words(seen, NOW).plain == f"DKIM and MAIL FROM … waiting · {words}"


def test_a_look_from_before_the_records_came_says_so(outside: Outside) -> None:
    seen = pending(outside)
    assert seen.last_checked is not None
    after, before = seen.last_checked + timedelta(minutes=1), seen.last_checked - timedelta(minutes=1)
    assert ses_words(seen, NOW, after).plain.endswith("looked 12 min ago, before you published")
    assert ses_words(seen, NOW, before).plain.endswith("looked 12 min ago, found nothing")


async def test_ses_line_follows_what_is_published(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("found nothing")
        await agree(page, "f4")
        await page.shows("before you published")


@pytest.mark.parametrize("error", ["HOST_NOT_FOUND", "TYPE_NOT_FOUND"])
def test_a_look_that_missed_one_record_of_several_says_so(outside: Outside, error: str) -> None:
    seen = replace(pending(outside), error_type=error)
    assert ses_words(seen, NOW, some=True).plain.endswith("looked 12 min ago, did not find all")
    other = replace(seen, error_type="INVALID_VALUE")
    assert ses_words(other, NOW, some=True).plain.endswith("found another value")


async def test_ses_found_nothing_is_not_said_beside_a_record_that_stands(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    outside.identity = replace(pending(outside), last_checked=NOW + timedelta(minutes=1))
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("looked just now, found nothing")
        page.app.screen.query_one(Checklist).highlight(RecordId.DMARC)
        await agree(page, "p")
        await page.shows("✓ ok         DMARC")
        assert "looked just now, found nothing" in page.text
        page.app.screen.query_one(Checklist).highlight(RecordId.DKIM1)
        await agree(page, "p")
        await page.shows("✓ ok         DKIM 1")
        assert "looked just now, did not find all" in page.text


async def test_the_headline_counts_what_the_rows_show(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await agree(page, "w")
        await page.shows("✗ incorrect  DKIM 1")
        missing = page.text.count("… missing    ")
        wrong = page.text.count("✗ incorrect  ")
        assert (missing, wrong) == (5, 2)
        assert f"{missing} records missing, {wrong} wrong" in page.text


async def test_a_record_that_breaks_after_verification_is_said_on_every_page(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    outside.identity = replace(outside.verified(), tokens=TOKENS)
    stage.publish(dns.records(begun, outside.identity))
    async with opened(tmp_path, outside.world, project=begun, size=SIZES[1]) as page:
        await show(page)
        await page.shows("✓ done  SES has verified the domain")
        name = f"{TOKENS[0]}._domainkey.example.com"
        stage.entries[f"{name}.example.com", "CNAME"] = stage.entries.pop((name, "CNAME"))
        await page.press("x")
        words = "1 record wrong. SES still shows the domain as verified; mail will fail when it re-checks."
        await page.until(lambda: words in page.words.replace("│ ", ""))
        assert not page.saved.done("dns")
        await page.go(StepName.IDENTITY)
        assert "! 1 wrong" in page.text


async def test_since_when_outlives_a_visit_to_another_page(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun, size=SIZES[1]) as page:
        await show(page)
        await agree(page, "w")
        await page.shows("Since     10:00:01 … missing  10:00:03 ✗ incorrect")
        await page.press("escape")
        await page.shows("How is the mail signed?")
        asked = stage.rounds
        await page.press("f3")
        await page.until(lambda: stage.rounds > asked)
        await page.shows("Since     10:00:01 … missing  10:00:03 ✗ incorrect")


def test_the_zone_that_ses_saw_is_told_beside_ours(outside: Outside) -> None:
    zone = ZoneReport("example.com", "example.com", soa=Soa("example.com", 5, 60))
    round_ = Round("example.com", NOW, zone, None, ())
    seen = replace(pending(outside), soa_serial=3)
    assert remarks(round_, seen) == [("SES saw", "the zone with serial 3, now it has serial 5")]
    assert remarks(round_, replace(seen, soa_serial=5)) == [
        ("SES saw", "the zone with serial 5, as it is now")
    ]
    assert remarks(round_, outside.verified()) == []


def test_what_is_to_be_typed_is_bold() -> None:
    shown = emphasised("type `a.b`, not [b]`c`")
    assert shown.plain == "type a.b, not [b]c"
    assert [(span.start, span.end) for span in shown.spans] == [(5, 8), (17, 18)]


async def test_silence_of_ses_leaves_the_list_alone(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        outside.error = BUSY
        screen = page.app.screen
        assert isinstance(screen, DnsScreen)
        screen.watcher._ask_ses_again()
        await page.shows("could not be asked just now: AWS is busy")
        assert page.app.focused is screen.query_one(Checklist)
        assert "Try again" not in page.text


async def test_a_domain_that_is_not_registered_is_said_above_the_list(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    stage.registered = False
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await page.shows("✗ blocks  The domain example.com does not exist in the DNS")


@pytest.mark.parametrize("key", ["p", "w", "f4"])
async def test_nothing_is_published_in_the_demo_without_a_yes(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path, key: str
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        before = dict(stage.entries)
        await page.press(key)
        await page.shows("This is what will happen")
        assert "(demo DNS panel)" in page.text
        await page.press("n")
        await page.press("x")
        assert stage.entries == before


async def test_publishing_wrongly_adds_beside_what_is_right_and_takes_nothing_away(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    """Google's include and a policy outlive the mistake, and its repair."""
    spf, policy = "v=spf1 include:_spf.google.com ~all", "v=DMARC1; p=quarantine"
    stage.entries["example.com", "TXT"] = [spf, "google-site-verification=abc"]
    stage.entries["_spf.google.com", "TXT"] = ["v=spf1 ip4:192.0.2.1 -all"]
    stage.entries["_dmarc.example.com", "TXT"] = [policy]
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        for record_id in (RecordId.SPF, RecordId.DMARC):
            page.app.screen.query_one(Checklist).highlight(record_id)
            await agree(page, "w")
            await page.shows("✓ Published with the domain twice")
        assert stage.entries["example.com", "TXT"] == [spf, "google-site-verification=abc"]
        assert stage.entries["_dmarc.example.com", "TXT"] == [policy]
        assert ("_dmarc.example.com.example.com", "TXT") in stage.entries
        await agree(page, "f4")
        await page.shows("✓ All records are right")
        merged = "v=spf1 include:_spf.google.com include:amazonses.com ~all"
        assert stage.entries["example.com", "TXT"] == ["google-site-verification=abc", merged]
        assert stage.entries["_dmarc.example.com", "TXT"] == [policy]


async def test_record_that_is_right_is_not_published_again(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        await agree(page, "p")
        await page.shows("✓ ok         DKIM 1")
        await page.press("p")
        await page.shows("DKIM 1 is right already.")


async def test_outside_the_demo_nothing_is_published(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    outside.world = replace(outside.world, stage=None)
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        before = dict(stage.entries)
        await page.press("p", "w", "f4")
        assert stage.entries == before
        assert "publish" not in page.text.lower()


# On the embedded account and its DNS server


def made(world: World, name: str) -> Project:
    """A set-up with its identity, in the embedded account."""
    project = Project(
        account=Account(region="us-east-1", id="123456789012"),
        domain=Domain(name),
        identity=Identity(mail_from=f"mail.{name}"),
    )
    return identity.act(world, project, f"mail.{name}", lambda event: None)


async def test_published_wrongly_named_fixed_green(account: Demo, tmp_path: Path) -> None:
    project = made(account.world, "example.com")
    async with opened(tmp_path, account.world, project=project) as page:
        await page.go(StepName.DNS)
        await page.shows("… missing    DKIM 1")
        await agree(page, "w")
        await page.shows("✗ incorrect  DKIM 1")
        await page.shows("The record is at")
        await page.shows("→ to do   Leave example.com out of the host")
        await agree(page, "f4")
        await page.shows("✓ done  SES has verified the domain")
        assert len(re.findall(r"(?m)^ [▸ ] ✓ ok", page.text)) == 7


async def test_route_53_is_filled_in_after_a_yes(account: Demo, tmp_path: Path) -> None:
    project = made(account.world, "example.org")
    async with opened(tmp_path, account.world, project=project) as page:
        await page.go(StepName.DNS)
        await page.shows("Add the records  F4")
        assert "→ to do   F4 adds it, if it may. Or enter the host" in page.text
        await page.press("f4")
        await page.shows("route53:ChangeResourceRecordSets")
        await page.press("escape")
        await page.press("x")
        assert "✓ ok" not in page.text
        await page.press("f4")
        await page.shows("Yes, add them")
        await page.press("y")
        await page.shows("✓ done  SES has verified the domain")
        state = page.app.state
        assert state is not None
        assert state.standings[StepName.DNS].status is Status.DONE


async def test_the_arrows_choose_a_record_also_when_a_button_has_the_focus(
    outside: Outside, stage: Stage, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await show(page)
        page.app.screen.query_one("#next").focus()
        await page.press("down", "down")
        assert page.app.screen.query_one(Checklist).cursor_row == 2
        await page.shows(f"Host      {TOKENS[2]}")
