"""The demo from start to end, as a newcomer walks it: by keyboard alone, in a terminal of 80×24."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.terminal import SES_WIZARD, Terminal, terminal

DEMO = [SES_WIZARD, "demo"]

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


def test_from_nothing_to_production_access(tmp_path: Path) -> None:
    with terminal(tmp_path) as shown:
        shown.open(DEMO, tmp_path, (80, 24))
        choose_account_and_domain(shown)
        create_identity(shown)
        publish_wrongly(shown)
        quit_wizard(shown)

    with terminal(tmp_path) as shown:
        shown.open(DEMO, tmp_path, (80, 24))
        shown.wait_for("Continuing example.com, step 4 of 6")
        shown.wait_for(r"4  DNS +! action required")
        shown.press("F3")
        fix(shown)
        quit_wizard(shown)

    with terminal(tmp_path) as shown:
        shown.open(DEMO, tmp_path, (80, 24))
        shown.wait_for("Continuing example.com, step 5 of 6")
        shown.wait_for(r"4  DNS +✓ done")
        shown.press("F3")
        deploy_reminder(shown)
        read_inbox(shown)
        ask_for_production_access(shown)
        shown.press("F3")
        shown.wait_for("✓ Account  ✓ Domain  ✓ Identity  ✓ DNS  ✓ Reminder  ✓ ")
        quit_wizard(shown)

    kept = (tmp_path / "ses-wizard-demo.yaml").read_text()
    assert re.search(
        r"progress:.*account:.*domain:.*identity:.*dns:.*reminder:.*production:", kept, re.DOTALL
    )


def test_quitting_without_changes_does_not_say_how_to_continue(tmp_path: Path) -> None:
    with terminal(tmp_path) as shown:
        shown.open(DEMO, tmp_path, (80, 24))
        shown.wait_for("Start  F3")
        shown.press("F10")
        assert "Saved in" not in shown.wait_for("ended with 0")


def test_quitting_names_the_file_of_the_command(tmp_path: Path) -> None:
    with terminal(tmp_path) as shown:
        shown.open([*DEMO, "--file", "my own.yaml"], tmp_path, (80, 24))
        shown.wait_for("Start  F3")
        shown.press("F3")
        shown.wait_for("account 123456789012")
        shown.press("F3")
        shown.wait_for("Which of your domains")
        shown.press("F10")
        shown.wait_for("ended with 0")
        shown.wait_for("Saved in my own.yaml. To continue: ses-wizard demo --file 'my own.yaml'")


def choose_account_and_domain(shown: Terminal) -> None:
    shown.wait_for("Start  F3")
    shown.press("F3")
    shown.wait_for(r"\[Account\]")
    shown.wait_for("account 123456789012")
    shown.press("F3")
    shown.wait_for("Which of your domains")
    shown.type("github.io")
    shown.press("F3")
    shown.wait_for("What to do:")
    shown.type("example.com")
    shown.press("F3")
    shown.wait_for("✓ done  example.com")
    shown.press("F3")
    shown.wait_for("How is the mail signed")


def create_identity(shown: Terminal) -> None:
    shown.wait_for("SES has no identity example.com yet")
    shown.press("F4")
    shown.wait_for("This is what will happen")
    shown.press("y")
    shown.wait_for("✓ done  signed by SES, MAIL FROM bounce.example.com")
    shown.press("F3")


def agree(shown: Terminal) -> None:
    shown.wait_for("This is what will happen")
    shown.press("y")


def publish_wrongly(shown: Terminal) -> None:
    shown.wait_for("… missing +DKIM 1")
    shown.press("w")
    agree(shown)
    shown.wait_for("✗ incorrect +DKIM 1")
    shown.wait_for("→ to do +Leave example.com out of the host")


def fix(shown: Terminal) -> None:
    shown.wait_for("✗ incorrect +DKIM 1")
    shown.press("p")
    agree(shown)
    shown.wait_for("✓ ok +DKIM 1")
    shown.press("F4")
    agree(shown)
    screen = shown.wait_for("✓ done  SES has verified the domain, DKIM and MAIL FROM")
    assert len(re.findall(r"(?m)^[ ▸]*✓ ok", screen)) == 7


def deploy_reminder(shown: Terminal) -> None:
    shown.wait_for("✓  3 recipients")
    for page in ("Who", "What", "When"):
        shown.wait_for(rf"\[{page}\]")
        shown.press("F3")
    shown.wait_for(r"\[Create\]")
    shown.wait_for("3 recipients, from ses-wizard-demo-recipients.csv")
    shown.press("F4")
    shown.wait_for("This is what will happen")
    shown.press("y")
    shown.wait_for("Deployed. Send a test e-mail to finish this step")
    shown.press("F3")
    shown.wait_for(r"\[Test\]")
    shown.wait_for("deployed: send a test e-mail")
    shown.press("F4")
    shown.wait_for("✓ sent  SES accepted the mail to you@example.com")


def read_inbox(shown: Terminal) -> None:
    shown.press("F9")
    shown.wait_for("1 mail ")
    shown.press("F4")
    screen = shown.wait_for("4 mails ")
    assert re.search("ana@example.com +Hello Ana,", screen)
    assert re.search("ben@example.com +Hello Ben,", screen)
    shown.press("F2")
    shown.wait_for(r"\[Test\]")
    shown.press("F3")
    shown.wait_for(r"\[Runs\]")
    shown.press("F3")


def ask_for_production_access(shown: Terminal) -> None:
    shown.wait_for("in the sandbox; production access is not requested yet")
    screen = shown.wait_for(r"✓ ready +Privacy page")
    assert len(re.findall(r"(?m)^[ ▸]*✓ ready", screen)) == 8
    shown.press("F4")
    shown.wait_for(r"\[ \] This is true, and I agree")
    shown.press("F4")
    shown.wait_for("! Consent")
    shown.press("Space")
    shown.wait_for(r"\[✓\] This is true")
    shown.press("F4")
    shown.wait_for("This is what will happen")
    shown.press("y")
    shown.wait_for("AWS reviews the request")
    shown.press("F8")
    shown.wait_for("Demo: you answered in the case, and AWS looks again.")
    shown.press("F7")
    shown.wait_for(r"✓ \[Production\]")


def quit_wizard(shown: Terminal) -> None:
    shown.press("F10")
    shown.wait_for("ended with 0")
    shown.wait_for("Saved in ses-wizard-demo.yaml. To continue: ses-wizard demo")


def test_a_demos_file_is_not_used_with_a_real_account(tmp_path: Path) -> None:
    with terminal(tmp_path) as shown:
        for name in ("mine.yaml", "mine.account"):
            (tmp_path / name).touch()
        shown.open([SES_WIZARD, "--file", "mine.yaml"], tmp_path, (100, 24))
        shown.wait_for("ended with 2")
        shown.wait_for("mine.yaml is a demo's file")
        shown.wait_for("`ses-wizard demo --file mine.yaml` continues the demo.")


def test_a_story_leaves_no_files(tmp_path: Path) -> None:
    """The sign-in is over: the demo's own command runs with the wizard out of the way."""
    with terminal(tmp_path) as shown:
        shown.open([*DEMO, "--story", "sso-expired"], tmp_path, (80, 24))
        shown.wait_for("Start  F3")
        shown.press("F3")
        shown.wait_for("! The AWS single sign-on has expired")
        shown.press("s")
        shown.wait_for("Signed in +profile default: IAM Identity Center")
        assert "DEMO: sso-expired" in shown.screen()
        shown.press("F3")
        shown.wait_for("Which of your domains")
        shown.press("F10")
        shown.wait_for("ended with 0")
        shown.wait_for("The story left no file. To keep one: ses-wizard demo --story sso-expired")
        assert not list(tmp_path.glob("ses-wizard*"))
