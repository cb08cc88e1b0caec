"""The log that ``--debug`` writes: the calls made and their outcomes, without secrets or recipients."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from wizard.errors import ExitCode, WizardError


def log_to(path: Path) -> None:
    """Write what this program's own loggers say to ``path``, readable only by the user.

    botocore's loggers are left out: their debug output has session tokens. Raises WizardError (exit code 2)
    if the file cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise WizardError(
            f"{path} could not be opened",
            f"{error.strerror}. It is the log file of --debug.",
            "Start in a writable folder, or leave --debug out.",
            ExitCode.USAGE,
        ) from error
    handler = logging.StreamHandler(os.fdopen(descriptor, "a", encoding="utf-8"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(threadName)s %(name)s %(message)s"))
    for name in ("wizard", "screens"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
