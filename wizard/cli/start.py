"""The ``ses-wizard`` command without a name: opens the wizard on FILE."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.cli.program import command
from wizard.cli.worlds import DEFAULT_FILE, DEMO_FILE, account_beside, first_story, real_world
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    import argparse

    from screens.pages.demo.demo import Demo
    from wizard.demo.stories.stories import Story
    from wizard.project.schema import Project
    from wizard.world import World

Tell = Callable[[str], None]
"""Shows what the start-up is doing before the world exists."""

Maker = Callable[[contextlib.ExitStack, Tell], "World"]
"""Makes a world; what must be stopped with it goes on the stack."""


def run(args: argparse.Namespace) -> int:
    """Open the wizard. Raises WizardError if FILE belongs to a demo."""
    if args.file.exists() and account_beside(args.file).exists():
        raise WizardError(
            f"{args.file} is a demo's file",
            "Its settings come from the demo's account. The wizard would use them with your own AWS account.",
            f"`{command('demo', '--file', str(args.file))}` continues the demo. To use the settings for "
            "real, copy the file to another name and open that.",
            ExitCode.USAGE,
        )
    return open_wizard(args, lambda *_: real_world(args))


def open_wizard(
    args: argparse.Namespace, boot: Maker, start_over: Maker | None = None, story: Story | None = None
) -> int:
    """Open the wizard on a terminal; ``boot`` makes the world after the first frame, in a thread."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WizardError(
            "The wizard needs a terminal",
            "Standard input or standard error is not a terminal.",
            "Start it in a terminal, or use `ses-wizard check`, `ses-wizard status` or `ses-wizard export` "
            "without one.",
            ExitCode.USAGE,
        )
    # Start-up creates almost no garbage, and looking for it takes about a tenth of the time to the first
    # frame. The app enables the collector again after that frame.
    gc.disable()
    # By default a busy thread can delay drawing by 5 ms a switch.
    sys.setswitchinterval(0.0005)
    from screens.app import WizardApp

    with contextlib.ExitStack() as stack:
        demo = None
        if story and start_over:
            demo = _demo_of(story, lambda: start_over(stack, app.tell_opening))
        app = WizardApp(
            boot=lambda: boot(stack, app.tell_opening),
            path=args.file,
            demo=demo,
            exports=None if args.kept else Path(),
        )
        outcome = app.run()
    if isinstance(outcome, WizardError):
        raise outcome
    if app.state:
        _say_how_to_continue(args, app.path, app.state.project)
    return app.return_code or ExitCode.OK


def _demo_of(story: Story, start_over: Callable[[], World]) -> Demo:
    """Return what the screens show of the demo."""
    from screens.pages.demo.demo import Demo
    from wizard.demo.stories.stories import FIRST, STORIES

    shown = None if story is FIRST else (story.name, story.words)
    return Demo(start_over, shown, story.opens, [(one.name, one.words) for one in STORIES])


def _say_how_to_continue(args: argparse.Namespace, file: Path, project: Project) -> None:
    """Print after quitting how to continue, if something was begun and ``file`` has all of it."""
    from wizard.project.schema import Project, load

    if not args.kept and file == args.file:
        keeping = command("demo", "--story", args.story, "--file", "FILE")
        print(f"The story left no file. To keep one: {keeping}", file=sys.stderr)
        return
    if project == Project() or load(file) != project:
        return
    demo = args.command == "demo"
    again = ["demo"] if demo else []
    if demo and not first_story(args.story):
        again += ["--story", args.story]
    if file != (DEMO_FILE if demo else DEFAULT_FILE):
        again += ["--file", str(file)]
    print(f"Saved in {file}. To continue: {command(*again)}", file=sys.stderr)
