"""The commands: import what this one needs, hand the world in, print what comes out."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.cli.options import command_line
from wizard.cli.program import command
from wizard.errors import ExitCode, WizardError
from wizard.text import printable

if TYPE_CHECKING:
    from screens.pages.demo.demo import Demo
    from wizard.demo.stories.stories import Story
    from wizard.project.schema import Project
    from wizard.world import World

DEFAULT_FILE = Path("ses-wizard.yaml")
DEMO_FILE = Path("ses-wizard-demo.yaml")
"""Of the first story; the others keep none unless one is named."""
HEADLESS = "`ses-wizard check`, `ses-wizard status`, `ses-wizard export`"


def main() -> None:
    """Entry point of the ``ses-wizard`` command."""
    from wizard.log import note_everywhere

    note_everywhere()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and return the exit code (CONTRACT.md)."""
    args = command_line().parse_args(arguments)
    args.kept = args.command != "demo" or args.file is not None or _is_first(args)
    args.file = args.file or _default_file(args)
    try:
        if args.debug:
            from wizard.cli.debug import log_to

            log_to(args.file.with_name("ses-wizard.log"))
        code = _COMMANDS[args.command](args)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`… | head`): nothing is left to say, and Python must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.NO
    except Exception as failure:
        from wizard.log import as_wizard_error

        error = as_wizard_error(failure)
        print(error, file=sys.stderr)
        return error.exit_code


def _default_file(args: argparse.Namespace) -> Path:
    return DEMO_FILE if args.command == "demo" else DEFAULT_FILE


def _is_first(args: argparse.Namespace) -> bool:
    from wizard.demo.stories.stories import FIRST

    return bool(args.story == FIRST.name)


def _check(args: argparse.Namespace) -> int:
    from wizard.cli import check

    with _world_of_file(args) as world:
        return check.run(args, world)


def _status(args: argparse.Namespace) -> int:
    from wizard.cli import status

    with _world_of_file(args) as world:
        return status.run(args, world)


def _export(args: argparse.Namespace) -> int:
    from wizard.cli import export

    with _world_of_file(args) as world:
        return export.run(args, world)


@contextlib.contextmanager
def _world_of_file(args: argparse.Namespace) -> Iterator[World]:
    """The world of a command that reads FILE: the real one, or for a demo's file the demo's, as it was left.

    Says so where that is the demo's. Raises WizardError where there is no FILE and the command needs one.
    """
    from wizard.project.schema import load, read_bytes

    state, missing = _account_beside(args.file), read_bytes(args.file) is None
    if missing and not (args.command == "check" and (args.domains or args.domains_from)):
        raise _no_file(args.file)
    if not missing and state.exists():
        region = args.region or load(args.file).account.region
        _check_installed()
        from wizard.demo.as_left import as_left

        print(f"{args.file} is a demo's: its own account is asked, as it was left, not AWS.", file=sys.stderr)
        with as_left(state, region) as world:
            yield world
        return
    yield _world(args)


def _no_file(file: Path) -> WizardError:
    """The one message of all commands that read FILE."""
    demo = file.with_name(DEMO_FILE.name)
    beside = f" The demo's file is here: `--file {demo}`" if demo.exists() else ""
    return WizardError(
        f"There is no {printable(str(file), 200)}",
        "This command reads the project file of a set-up, which the wizard writes.",
        f"Start a set-up with `{command()}`, or use `--file` to name an existing file.{beside}",
        ExitCode.USAGE,
    )


def _account_beside(file: Path) -> Path:
    """Where a demo keeps its account: the file that only a demo's FILE has beside it."""
    return file.with_name(f"{file.stem}.account")


def _world(args: argparse.Namespace) -> World:
    """The real world; what the command line leaves open is the file's to say, then the environment's."""
    from wizard.aws.access import AwsAccess
    from wizard.dns.resolve.access import OUTSIDE
    from wizard.project.schema import load
    from wizard.world import World

    account = load(args.file).account
    aws = AwsAccess(args.profile or account.profile, args.region or account.region)
    return World(aws=aws, dns=OUTSIDE)


def _wizard(args: argparse.Namespace) -> int:
    if args.file.exists() and _account_beside(args.file).exists():
        raise WizardError(
            f"{args.file} is a demo's file",
            "Its settings were made in the demo's own account. The wizard alone would use them with your own "
            "AWS account.",
            f"`{command('demo', '--file', str(args.file))}` continues the demo. To use the settings for "
            "real, copy the file to another name and open that.",
            ExitCode.USAGE,
        )
    return _open(args, lambda *_: _world(args))


def _demo(args: argparse.Namespace) -> int:
    if args.kept:
        return _tell(args, _account_beside(args.file))
    from tempfile import TemporaryDirectory

    _clean_up_when_ended()
    with TemporaryDirectory(prefix="ses-wizard-story-") as folder:
        args.file = Path(folder, DEMO_FILE.name)
        return _tell(args, None)


def _clean_up_when_ended() -> None:
    """Let a closed terminal end the program by an exception: by default it would leave its files behind."""
    import signal
    from types import FrameType

    def leave(number: int, frame: FrameType | None) -> None:
        # A closing terminal also sends SIGCONT, for which Textual would draw again; nothing can be drawn now.
        for other in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
            signal.signal(other, signal.SIG_IGN)
        if number == signal.SIGHUP:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for terminal in (1, 2):
                os.dup2(nowhere, terminal)
        sys.exit(128 + number)

    for ending in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(ending, leave)


def _tell(args: argparse.Namespace, state: Path | None) -> int:
    """The demo on ``args.file``, with its account kept in the file ``state``, or nowhere."""
    from wizard.demo.stories.stories import named

    story = named(args.story)
    if state and args.file.exists() and not state.exists():
        raise WizardError(
            f"{args.file} is not the demo's",
            f"A demo keeps its account beside its file, and there is no {state.name}. It may be of a real "
            "set-up, so it is left alone.",
            "Name another file with `--file`, or move this one away.",
            ExitCode.USAGE,
        )
    files = (args.file, state) if state else (args.file,)
    if args.fresh:
        from wizard.project.schema import only_wizard

        with only_wizard(args.file):
            _forget(*files)

    def boot(stack: contextlib.ExitStack, tell: Tell) -> World:
        _check_installed()
        from wizard import demo
        from wizard.demo.stories import setting

        begins = story.is_set_up and not args.file.exists()
        if begins and state:
            # What there is without the file was left by a setting up that was cut short.
            state.unlink(missing_ok=True)
        running = stack.enter_context(demo.start(state, story=story))
        if begins:
            setting.set_up(running, story, args.file, tell)
        return running.world

    def start_over(stack: contextlib.ExitStack, tell: Tell) -> World:
        stack.close()
        _forget(*files)
        return boot(stack, tell)

    return _open(args, boot, start_over, story)


def _check_installed() -> None:
    """Raise WizardError where the packages are not here that only the demo needs."""
    from importlib.util import find_spec

    missing = [name for name in ("moto", "flask") if find_spec(name) is None]
    if missing:
        raise WizardError(
            "The demo is not installed",
            f"It needs packages that are not here: {', '.join(missing)}.",
            "Run `pip install 'ses-wizard[demo]'`, then start the demo again.",
            ExitCode.USAGE,
        )


def _forget(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)


Tell = Callable[[str], None]
"""Where it is said what is going on before the world is there."""

Maker = Callable[[contextlib.ExitStack, Tell], "World"]
"""Makes a world; what must be taken down with it goes on the stack."""


def _open(
    args: argparse.Namespace,
    boot: Maker,
    start_over: Maker | None = None,
    story: Story | None = None,
) -> int:
    """Open the wizard on a terminal. ``boot`` makes the world after the first frame, in a thread."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WizardError(
            "The wizard needs a terminal",
            "Standard input or standard error is not one, so there is nowhere to show it.",
            f"Start it in a terminal, or use the commands that need none: {HEADLESS}.",
            ExitCode.USAGE,
        )
    # Start-up creates almost no garbage, and looking for it costs about a tenth of the time to the first
    # frame. The app enables the collector again after that frame.
    gc.disable()
    # Python's default lets a busy thread hold up drawing and writing to the terminal for 5 ms a switch.
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
        _say_how_to_go_on(args, app.path, app.state.project)
    return app.return_code or ExitCode.OK


def _demo_of(story: Story, start_over: Callable[[], World]) -> Demo:
    """What the screens show of the demo."""
    from screens.pages.demo.demo import Demo
    from wizard.demo.stories.stories import FIRST, STORIES

    shown = None if story is FIRST else (story.name, story.words)
    return Demo(start_over, shown, story.opens, [(one.name, one.words) for one in STORIES])


def _say_how_to_go_on(args: argparse.Namespace, file: Path, project: Project) -> None:
    """One line after quitting: how to continue, if something was begun and ``file`` has it all."""
    from wizard.project.schema import Project, load

    if not args.kept and file == args.file:
        keeping = command("demo", "--story", args.story, "--file", "FILE")
        print(f"The story left no file behind. To keep one: {keeping}", file=sys.stderr)
        return
    if project == Project() or load(file) != project:
        return
    demo = args.command == "demo"
    again = ["demo"] if demo else []
    if demo and not _is_first(args):
        again += ["--story", args.story]
    if file != _default_file(args):
        again += ["--file", str(file)]
    print(f"Saved in {file}. To continue: {command(*again)}", file=sys.stderr)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "wizard": _wizard,
    "demo": _demo,
    "check": _check,
    "status": _status,
    "export": _export,
}
