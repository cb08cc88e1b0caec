"""Step 2's page: typing or choosing a domain."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input, Select

from tests.screens.conftest import Outside
from tests.screens.pages import SIZES, opened
from wizard.errors import WizardError
from wizard.project.schema import Project
from wizard.steps.domain import step as domain
from wizard.steps.domain.in_use import InUse
from wizard.steps.model import StepName


@pytest.mark.parametrize("size", SIZES)
async def test_says_what_is_known_of_a_domain(
    outside: Outside, tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    outside.mail = InUse("example.org", ("aspmx.l.google.com",), spf=("v=spf1 include:_spf.google.com ~all",))
    async with opened(tmp_path, outside.world, size=size) as page:
        await page.go(StepName.DOMAIN)
        await page.pilot.press(*"example.org")
        await page.press("enter")
        assert page.text == snapshot


async def test_enter_looks_and_enter_again_records(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", "https://www.example.org/contact")
        await page.press("enter")
        await page.press("enter")
        assert "How is the mail signed" in page.text
        assert page.saved.domain.name in ("example.org", "www.example.org")
        assert page.saved.done("domain")


async def test_domain_can_be_chosen_from_the_account(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        await page.press("tab", "enter")
        assert outside.asked[-1] == "example.com"
        assert "✓ done  example.com" in page.text


async def test_down_moves_from_the_field_into_the_list(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        await page.press("down", "enter")
        assert outside.asked[-1] == "example.com"


@pytest.mark.parametrize("typed", ["gmail.com", "no domain", "me.github.io"])
async def test_what_cannot_be_used_is_refused_with_the_reason(
    outside: Outside, tmp_path: Path, typed: str
) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        asked = list(outside.asked)
        page.type("name", typed)
        await page.press("enter")
        assert "What to do:" in page.text
        assert outside.asked == asked
        await page.press("f3")
        assert page.saved.domain.name is None


async def test_unregistered_domain_is_said_to_be_so_and_not_recorded(
    outside: Outside, tmp_path: Path
) -> None:
    outside.registered = False
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", "exmaple.org")
        await page.press("enter")
        assert "! action required  exmaple.org is not registered" in page.text
        await page.press("f3")
        assert page.text.count("exmaple.org is not registered") == 1
        assert "! exmaple.org is not registered" in page.text
        assert "! [Domain]" in page.text
        await page.press("f5")
        assert page.text.count("exmaple.org is not registered") == 1
        assert "! action required  exmaple.org is not registered" in page.text
        assert page.saved.domain.name is None


@pytest.mark.parametrize("key", ["f3", "enter"])
async def test_nothing_typed_is_asked_for(outside: Outside, tmp_path: Path, key: str) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        assert "type it here, such as" in page.text
        await page.press(key)
        assert "! No domain yet" in page.text
        assert page.app.focused is not None
        assert page.app.focused.id == "name"


async def test_going_on_looks_first_at_what_was_typed_since(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", "example.org")
        await page.press("enter")
        page.type("name", "example.com")
        await page.press("f3")
        assert "✓ done  example.com" in page.text
        assert page.saved.domain.name is None
        await page.press("f3")
        assert page.saved.domain.name == "example.com"


@pytest.mark.parametrize("typed", ["http://example.org/", "me@example.org", " WWW.example.ORG. "])
async def test_field_shows_the_domain_that_was_understood(
    outside: Outside, tmp_path: Path, typed: str
) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", typed)
        await page.press("enter")
        assert page.app.screen.query_one("#name", Input).value == "example.org"
        assert "✓ done  example.org" in page.text


async def test_after_looking_one_types_another_name_or_goes_on(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", "example.org")
        await page.press("enter")
        assert "✓ [Domain]" in page.text
        await page.pilot.press(*"example.com")
        await page.press("enter")
        assert "✓ done  example.com" in page.text
        assert page.saved.domain.name is None
        await page.press("enter")
        assert page.saved.domain.name == "example.com"


async def test_with_a_choice_from_the_list_enter_goes_on(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        await page.press("tab", "enter")
        await page.press("enter")
        assert page.saved.domain.name == "example.com"


async def test_what_is_known_of_one_domain_does_not_stand_over_another(
    outside: Outside, begun: Project, tmp_path: Path
) -> None:
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.DOMAIN)
        assert "✓ done  example.com" in page.text
        await page.pilot.press(*"foo")
        await page.press("enter")
        assert "! foo is not a complete domain name" in page.text
        assert "✓ done" not in page.text
        await page.pilot.press(*"example.com")
        await page.press("enter")
        assert "✓ done  example.com" in page.text


async def test_after_a_refusal_one_types_on_in_the_field(outside: Outside, tmp_path: Path) -> None:
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", "gmail.com")
        await page.press("f3")
        assert "What to do:" in page.text
        assert "Try again" not in page.text
        await page.press("e")
        assert "What to do:" not in page.text
        await page.pilot.press(*"xample.org")
        await page.press("enter")
        assert "✓ done  example.org" in page.text


async def test_what_is_typed_is_answered_at_once(outside: Outside, tmp_path: Path) -> None:
    answers = {
        "exam": "· The ending is still missing",
        "news.example.org": "✓ news.example.org: a subdomain of example.org.",
        "me@example.org": "✓ me@example.org is one address. SES sends for whole domains",
        "me@gmail.com": "! You have me@gmail.com, but gmail.com is a mail provider's",
    }
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        asked = list(outside.asked)
        for typed, words in answers.items():
            page.type("name", typed)
            await page.settle()
            assert words in page.words
        assert outside.asked == asked


async def test_what_must_not_be_broken_is_said_before_anything_is_proposed(
    outside: Outside, tmp_path: Path
) -> None:
    strict = "v=DMARC1; p=reject"
    outside.mail = InUse("example.org", ("example-org.mail.protection.outlook.com",), dmarc=(strict,))
    async with opened(tmp_path, outside.world, size=SIZES[1]) as page:
        await page.go(StepName.DOMAIN)
        page.type("name", "example.org")
        await page.press("enter")
        assert "✓ stays MX Microsoft 365 receives mail here" in page.words
        assert "! careful DMARC It stays: p=reject has receivers refuse mail" in page.words
        page.type("name", "example.com")
        await page.pilot.pause()
        assert "Microsoft 365" not in page.text


async def test_identity_in_another_region_is_pointed_out(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = domain.DomainChoice(
        domain.parse_name("example.com"),
        "in SES of eu-west-1, verified",
        elsewhere=(("eu-west-1", "SUCCESS"),),
    )
    monkeypatch.setattr(
        domain,
        "choices",
        lambda world: iter([domain.Choices((choice,), 3), domain.Choices((choice,), 0, ("a-1",))]),
    )
    async with opened(tmp_path, outside.world, size=SIZES[1]) as page:
        await page.go(StepName.DOMAIN)
        assert "Not asked: a-1. Most likely these Regions are not switched on" in page.words
        await page.press("tab", "enter")
        assert "Each Region has its own: step 1 changes it (eu-west-1)" in page.words


async def test_another_region_is_asked_what_it_has(outside: Outside, begun: Project, tmp_path: Path) -> None:
    """What one Region has of the domain is no news in that Region."""
    async with opened(tmp_path, outside.world, project=begun) as page:
        await page.go(StepName.DOMAIN)
        await page.until(lambda: outside.asked.count("choices") == 1)
        await page.go(StepName.ACCOUNT)
        page.app.screen.query_one("#region", Select).value = "eu-central-1"
        await page.press("f3")
        await page.shows("Which of your domains")
        await page.until(lambda: outside.asked.count("choices") == 2)


async def test_what_could_not_be_asked_is_asked_again(outside: Outside, tmp_path: Path) -> None:
    outside.trouble = WizardError("The AWS sign-in has expired", "It is over.", "Sign in again.")
    async with opened(tmp_path, outside.world) as page:
        await page.go(StepName.DOMAIN)
        assert "! The AWS sign-in has expired" in page.text
        page.type("name", "example.org")
        await page.settle()
        assert "! The AWS sign-in has expired" in page.text, "that is not about what is typed"
        outside.trouble = None
        await page.press("f5")
        assert "has expired" not in page.text
        assert outside.asked.count("choices") == 2
        await page.press("f5")
        assert outside.asked.count("choices") == 2
