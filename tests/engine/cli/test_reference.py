"""The documents against the program: options, exit codes, JSON members and the paths that they name."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from wizard.aws.sesv2 import SesIdentity
from wizard.cli import status
from wizard.cli.check.output import _ses
from wizard.cli.main import run
from wizard.cli.options import command_line
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Project
from wizard.steps.model import Status, StepName, StepState

ROOT = Path(__file__).parents[3]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/reference.md"]
EVERYWHERE = {"--file", "--profile", "--region", "--debug", "--version", "--help"}


def section(heading: str) -> str:
    """The text of one section of the reference, with its subsections."""
    found = re.search(rf"^## {re.escape(heading)}[^\n]*\n(.*?)(?=^## |\Z)", REFERENCE, re.M | re.S)
    assert found, heading
    return found[1]


def options_of(*command: str) -> set[str]:
    """The long options of a command, as argparse has them."""
    parser = command_line()
    for name in command:
        (commands,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        parser = commands.choices[name]
        with pytest.raises(SystemExit):
            parser.parse_args(["--help"])
    return {option for action in parser._actions for option in action.option_strings if option[:2] == "--"}


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("demo",),
        ("check",),
        ("status",),
        ("export", "stack"),
        ("export", "records"),
        ("export", "policy"),
    ],
)
def test_every_option_is_documented(command: tuple[str, ...]) -> None:
    heading = f"`{' '.join(('ses-wizard', *command))}" if command else "Options everywhere"
    documented = set(re.findall(r"`(--[a-z-]+)", section(heading)))
    own = options_of(*command) - (EVERYWHERE if command else set())
    assert own - {"--file"} == documented - {"--file"} if command else own == documented


def test_every_exit_code_is_documented() -> None:
    assert re.findall(r"^\| (\d+) \|", section("Exit codes"), re.M) == [str(int(code)) for code in ExitCode]


def rows(text: str, head: str) -> set[str]:
    """The members named in the first column of the table with this head."""
    table = text[text.index(f"| {head} |") :].split("\n\n")[0].splitlines()[2:]
    return {member for line in table for member in re.findall(r"`(\w+)`", line.split("|")[1])}


def test_every_member_of_check_is_documented(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    dead = ["--no-aws", "--nameserver", "127.0.0.1:1"]
    code = run(["check", "example.com", "--json", *dead, "--file", str(tmp_path / "x.yaml")])
    assert code == ExitCode.OUTSIDE
    result = json.loads(capsys.readouterr().out)
    text = section("`ses-wizard check")
    assert rows(text, "member") == set(result)
    assert set(re.findall(r"`(\w+)`", text)) >= set(_ses(SesIdentity("example.com", True, "", "")))
    assert rows(text, "member of a record") == set(result["records"][0])
    assert rows(text, "member of a finding") == set(result["records"][0]["findings"][0])


def test_every_member_of_status_is_documented() -> None:
    result = json.loads(
        status.as_json(Project(), None, [StepState(StepName.DNS, Status.TODO, "")], WizardError("", "", ""))
    )
    text = section("`ses-wizard status")
    assert rows(text, "member") == set(result)
    assert set(re.findall(r"`(\w+)`", text)) >= {*result["steps"][0], *result["error"], *Status}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    cited = set(re.findall(r"`((?:wizard|screens|tests|benchmarks|docs|\.ci)/[\w./-]*)`", text))
    folder = (ROOT / name).parent
    linked = {target for target in re.findall(r"\]\(([^)#:]+)\)", text) if not (folder / target).exists()}
    assert sorted(path for path in cited if not (ROOT / path).exists()) == []
    assert sorted(linked) == []
