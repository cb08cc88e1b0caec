"""The command as a shell sees it: what it imports, what it prints, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import wizard
from tests.end_to_end.terminal import SES_WIZARD
from wizard.demo.stories.stories import STORIES
from wizard.errors import ExitCode

HEAVY = {"textual", "rich", "boto3", "botocore", "dns", "yaml", "moto"}


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SES_WIZARD, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )


def imported_by(code: str) -> set[str]:
    """The top-level modules that a fresh process has imported after running ``code``."""
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stderr.split()}


def modules(*packages: str) -> Sequence[str]:
    """The dotted names of all modules in ``packages``, the embedded demo aside."""
    root = Path(wizard.__file__).parents[1]
    return [
        ".".join(path.relative_to(root).with_suffix("").parts)
        for package in packages
        for path in sorted((root / package).rglob("*.py"))
        if root / "wizard" / "demo" not in path.parents and path.name != "__init__.py"
    ]


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    loaded = imported_by(f"from wizard.cli.main import run; run({arguments})")
    assert "argparse" in loaded
    assert not loaded & HEAVY


def test_the_engine_imports_no_screen() -> None:
    loaded = imported_by(f"import {', '.join(modules('wizard'))}")
    assert "wizard" in loaded
    assert not loaded & {"textual", "rich", "screens"}


def test_the_screens_import_neither_aws_nor_dns_libraries() -> None:
    loaded = imported_by(f"import {', '.join(modules('screens'))}")
    assert "textual" in loaded
    assert not loaded & {"boto3", "botocore", "dns", "moto", "yaml"}


@pytest.mark.parametrize("arguments", [(), ("demo",)])
def test_without_a_terminal_the_wizard_names_the_headless_commands(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "needs a terminal" in done.stderr
    assert "ses-wizard check" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_version(tmp_path: Path) -> None:
    assert run("--version", folder=tmp_path).stdout == f"ses-wizard {wizard.__version__}\n"


def test_wrong_usage(tmp_path: Path) -> None:
    assert run("chekc", folder=tmp_path).returncode == ExitCode.USAGE


def test_an_unknown_story_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    done = run("demo", "--story", "denid", folder=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert all(repr(story.name) in done.stderr for story in STORIES)
    assert list(tmp_path.iterdir()) == []


def test_help_of_the_demo_lists_every_story_on_one_line(tmp_path: Path) -> None:
    lines = run("demo", "--help", folder=tmp_path).stdout.splitlines()
    assert all(any(line.endswith(f"  {story.words}") for line in lines) for story in STORIES)
    assert max(map(len, lines)) <= 110
    assert "(default: ses-wizard-demo.yaml in this folder" in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGTERM])
def test_a_story_leaves_no_files_when_its_terminal_is_closed(ending: signal.Signals, tmp_path: Path) -> None:
    script = (
        "import signal; from wizard.cli import main as cli, start\n"
        "start.open_wizard = lambda *_: (print(start.Path('.').absolute(), flush=True), signal.pause())\n"
        "cli.run(['demo', '--story', 'denied'])"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env, cwd=tmp_path) as story:
        assert story.stdout
        assert story.stdout.readline()
        assert [folder.name.startswith("ses-wizard-story-") for folder in tmp_path.iterdir()] == [True]
        story.send_signal(ending)
        assert story.wait(timeout=20) == 128 + ending
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("check",), ("status",), ("export", "stack")])
def test_a_file_that_is_not_valid_is_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "ses-wizard.yaml").write_text("schema: 1\naccount:\n  region: nowhere\n")
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "Line 3: account.region" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_stack_is_printed_without_any_call(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "schema: 1\n"
        "domain: {name: example.com}\n"
        "reminder: {sender: me@example.com, subject: Hi, text: Hello, schedule: rate(1 day)}\n"
    )
    done = run("export", "stack", "--workers", "2", "--file", "x.yaml", folder=tmp_path)
    assert done.returncode == ExitCode.OK
    assert done.stderr.startswith("Deploy the template before ")
    assert "TriggerReminder" in json.loads(done.stdout)["Resources"]
    loaded = imported_by(
        f"from wizard.cli.main import run; run(['export', 'stack', '--file', r'{tmp_path / 'x.yaml'}'])"
    )
    assert "wizard" in loaded
    assert not loaded & (HEAVY - {"yaml"})
