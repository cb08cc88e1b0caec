"""How the program names itself in commands that users can type."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from wizard.cli import main as cli
from wizard.cli import worlds
from wizard.cli.program import command
from wizard.errors import ExitCode


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program in a virtual environment's folder, and the shell beside it."""
    script = tmp_path / ".venv" / "bin" / "ses-wizard"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return script


def test_by_path_if_the_shell_does_not_find_it(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.argv", [".venv/bin/ses-wizard", "demo"])
    assert command("demo") == ".venv/bin/ses-wizard demo"


def test_by_name_if_the_shell_finds_it(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(installed.parent))
    monkeypatch.setattr("sys.argv", [str(installed)])
    assert command("--file", "my own.yaml") == "ses-wizard --file 'my own.yaml'"


def test_by_path_if_the_shell_finds_another(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "ses-wizard"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    monkeypatch.setattr("sys.argv", [str(installed)])
    assert command() == str(installed)


@pytest.mark.parametrize("started", ["-c", "wizard/cli/main.py", ""])
def test_by_name_if_python_started_it(monkeypatch: pytest.MonkeyPatch, started: str) -> None:
    monkeypatch.setattr("sys.argv", [started])
    assert command("status") == "ses-wizard status"


@pytest.mark.parametrize(
    "line",
    ["check", "check --no-aws", "status", "status --json", "export stack", "export records", "export policy"],
)
@pytest.mark.parametrize("beside", [False, True])
def test_all_commands_report_a_missing_file_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, beside: bool
) -> None:
    file, demo = tmp_path / "ses-wizard.yaml", tmp_path / "ses-wizard-demo.yaml"
    if beside:
        demo.touch()
    assert cli.run([*line.split(), "--file", str(file)]) == ExitCode.USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"There is no {file}\n"
        "This command reads the project file of a setup, which the wizard writes.\n"
        "Start a setup with `ses-wizard`, or use `--file` to name an existing file."
        + (f" The demo's file is here: `--file {demo}`\n" if beside else "\n")
    )


def test_an_unreadable_file_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["status", "--file", str(tmp_path)]) == ExitCode.USAGE
    assert f"{tmp_path} could not be read\nIs a directory." in capsys.readouterr().err


def test_a_check_of_named_domains_needs_no_file(tmp_path: Path) -> None:
    args = Namespace(
        command="check",
        file=tmp_path / "ses-wizard.yaml",
        domains=["example.com"],
        domains_from=None,
        profile=None,
        region=None,
    )
    with worlds.world_of_file(args) as world:
        assert not world.demo
