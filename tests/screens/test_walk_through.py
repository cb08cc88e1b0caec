"""The pages on the real steps and the embedded account: from nothing to production access, by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from screens.widgets.tick import Tick
from tests.screens.pages import opened
from wizard.aws import sesv2
from wizard.steps.dns import step as dns
from wizard.steps.model import StepName

if TYPE_CHECKING:
    from wizard.demo import Demo


async def test_from_nothing_to_production_access(account: Demo, tmp_path: Path) -> None:
    async with opened(tmp_path, account.world) as page:
        assert "DEMO" in page.text
        await page.press("enter")
        await page.press("f3")
        await page.pilot.press(*"example.com")
        await page.press("enter")
        assert "Namecheap" in page.text
        await page.press("f3")
        await page.press("f4")
        await page.press("y")
        assert "✓ done  signed by SES" in page.text
        await page.press("f4")
        assert "Nothing to change" in page.text
        assert "· keep" in page.text
        await page.press("enter")
        assert "✓ done  signed by SES" in page.text
        assert "Nothing to change" not in page.text

        identity = sesv2.get_identity(account.world.aws, "example.com")
        assert identity is not None
        account.publish(dns.records(page.saved, identity))
        await page.go(StepName.PRODUCTION)
        assert "production access is not requested yet" in page.text
        await page.press("f4")
        page.app.screen.query_one(Tick).focus()
        await page.press("space")
        await page.press("f4")
        assert "none sent yet" in page.text
        await page.press("y")
        await page.press("y")
        assert "… waiting" in page.text
        assert "you are AWS's reviewer now" in page.text
        await page.press("f8")
        assert "AWS said no" in page.text
        assert "Demo: you answered in the case, and AWS looks again." in page.text
        assert "Deny it" not in page.text
        assert page.saved.production.refused
        await page.press("f8")
        assert "AWS said no" in page.text
        await page.press("f7")
        assert "✓ done  production access" in page.text


async def test_reviewer_of_the_demo_says_yes(account: Demo, tmp_path: Path) -> None:
    from wizard.project.schema import Account, Domain, Identity, Project

    project = Project(
        account=Account(region="us-east-1", id="123456789012"),
        domain=Domain("example.com"),
        identity=Identity(mail_from="bounce.example.com"),
    )
    sesv2.put_account_details(
        account.world.aws,
        sesv2.account_details(
            mail_type="TRANSACTIONAL", website="https://example.com", contacts=(), language="EN"
        ),
    )
    async with opened(tmp_path, account.world, project=project) as page:
        await page.go(StepName.PRODUCTION)
        await page.press("f7")
        assert "✓ done  production access" in page.text
        assert page.saved.done("production")
