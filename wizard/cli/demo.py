"""The ``demo`` command: opens the wizard on the embedded account and DNS server, in one of the stories."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.cli import start
from wizard.cli.worlds import DEMO_FILE, account_beside, check_installed
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    import argparse
    from contextlib import ExitStack

    from wizard.world import World


def run(args: argparse.Namespace) -> int:
    """Open the demo on FILE, or on a temporary one for a story that keeps none."""
    if args.kept:
        return _open_story(args, account_beside(args.file))
    from tempfile import TemporaryDirectory

    _exit_on_hangup()
    with TemporaryDirectory(prefix="ses-wizard-story-") as folder:
        args.file = Path(folder, DEMO_FILE.name)
        return _open_story(args, None)


def _open_story(args: argparse.Namespace, state: Path | None) -> int:
    """Open the demo on ``args.file``, with its account saved in the file ``state``, or not at all."""
    from wizard.demo.stories.stories import named

    story = named(args.story)
    if state and args.file.exists() and not state.exists():
        raise WizardError(
            f"{args.file} is not the demo's",
            f"A demo keeps its account beside its file, and {state.name} does not exist. The file may belong "
            "to a real setup, so the demo leaves it alone.",
            "Name another file with `--file`, or move this one away.",
            ExitCode.USAGE,
        )
    files = (args.file, state) if state else (args.file,)
    if args.fresh:
        from wizard.project.schema import only_wizard

        with only_wizard(args.file):
            _remove(*files)

    def boot(stack: ExitStack, tell: start.Tell) -> World:
        check_installed()
        from wizard import demo
        from wizard.demo.stories import setting

        begins = story.is_set_up and not args.file.exists()
        if begins and state:
            # An account without its file was left by a story whose preparation was interrupted.
            state.unlink(missing_ok=True)
        running = stack.enter_context(demo.start(state, story=story))
        if begins:
            setting.set_up(running, story, args.file, tell)
        return running.world

    def start_over(stack: ExitStack, tell: start.Tell) -> World:
        stack.close()
        _remove(*files)
        return boot(stack, tell)

    return start.open_wizard(args, boot, start_over, story)


def _exit_on_hangup() -> None:
    """Make a closed terminal raise SystemExit, so that temporary files are removed."""
    import signal
    from types import FrameType

    def leave(number: int, frame: FrameType | None) -> None:
        # A closing terminal also sends SIGCONT, which makes Textual draw again; that would fail now.
        for other in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
            signal.signal(other, signal.SIG_IGN)
        if number == signal.SIGHUP:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for terminal in (1, 2):
                os.dup2(nowhere, terminal)
        sys.exit(128 + number)

    for ending in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(ending, leave)


def _remove(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
