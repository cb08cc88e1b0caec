"""The demo's world as it was left: for the commands that read a project file and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from wizard.demo.aws.pace import PATIENT
from wizard.demo.stage import REGION, start
from wizard.errors import ExitCode, WizardError
from wizard.text import printable
from wizard.world import World


@contextmanager
def as_left(state: Path, region: str | None) -> Iterator[World]:
    """The account that is kept in the file ``state``, its DNS and its website; ``state`` is not touched.

    A copy of it runs, in which no reviewer answers. Raises WizardError where the file cannot be taken up.
    """
    with TemporaryDirectory(prefix="ses-wizard-") as folder:
        copy = Path(folder, state.name)
        try:
            copy.write_bytes(state.read_bytes())
        except OSError as error:
            raise _not_taken_up(state, f"could not be copied: {error.strerror}") from error
        with start(copy, pace=PATIENT) as demo:
            if demo.put_aside:
                raise _not_taken_up(state, "is of another version, of somebody else, or damaged")
            yield replace(demo.world, aws=demo.world.aws.choose(None, region or REGION))


def _not_taken_up(state: Path, why: str) -> WizardError:
    return WizardError(
        "The demo's account cannot be taken up",
        f"{printable(str(state), 200)} {why}.",
        "Start that demo again with the option `--fresh` (it begins anew).",
        ExitCode.OUTSIDE,
    )
