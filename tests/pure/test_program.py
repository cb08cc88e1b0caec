"""How the program names itself in a command to be typed."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from wizard import cli
from wizard.program import command


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program in a virtual environment's folder, and the shell beside it."""
    script = tmp_path / ".venv" / "bin" / "ses-wizard"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return script


def test_by_its_path_where_the_shell_would_not_find_it(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.argv", [".venv/bin/ses-wizard", "demo"])
    assert command("demo") == ".venv/bin/ses-wizard demo"


def test_by_its_name_where_the_shell_finds_it(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(installed.parent))
    monkeypatch.setattr("sys.argv", [str(installed)])
    assert command("--file", "my own.yaml") == "ses-wizard --file 'my own.yaml'"


def test_by_its_path_where_the_shell_finds_another(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "ses-wizard"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    monkeypatch.setattr("sys.argv", [str(installed)])
    assert command() == str(installed)


@pytest.mark.parametrize("started", ["-c", "wizard/cli.py", ""])
def test_by_its_name_where_python_started_it(monkeypatch: pytest.MonkeyPatch, started: str) -> None:
    monkeypatch.setattr("sys.argv", [started])
    assert command("status") == "ses-wizard status"


@pytest.mark.parametrize(
    ("command_name", "domains", "said"),
    [("check", ["example.com"], False), ("check", [], True), ("status", [], True)],
)
def test_that_only_the_demo_has_a_file_is_said_where_one_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command_name: str, domains: list[str], said: bool
) -> None:
    (tmp_path / "ses-wizard-demo.yaml").touch()
    file = tmp_path / "ses-wizard.yaml"
    args = Namespace(
        command=command_name, file=file, domains=domains, domains_from=None, profile=None, region=None
    )
    with cli._world_of_file(args):
        assert ("There is no" in capsys.readouterr().err) is said
