"""The log that ``--debug`` writes: which calls were made and how they ended; no secret, no recipient."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from wizard.errors import ExitCode, WizardError


def log_to(path: Path) -> None:
    """Send what this program's own loggers say to the file at ``path``, readable by the user alone.

    botocore's loggers stay out: at that level they print request headers and with them session tokens.
    Raises WizardError (exit code 2) where the file cannot be written.
    """
    try:
        stream = os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8"
        )
    except OSError as error:
        raise WizardError(
            f"{path} could not be opened",
            f"{error.strerror}. It is where --debug writes its log.",
            "Start in a folder you may write to, or leave --debug out.",
            ExitCode.USAGE,
        ) from error
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(threadName)s %(name)s %(message)s"))
    for name in ("wizard", "screens"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
