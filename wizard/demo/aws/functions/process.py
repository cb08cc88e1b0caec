"""The process of a function's run: one for each, with an environment of its own, killed when its time is up.

To start Python and to import boto3 takes a quarter of a second. So on Linux one process does that once and
forks the others, as Lambda starts a function from a snapshot. Elsewhere each run starts Python.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

_RUNTIME = Path(__file__).with_name("runtime.py")
_PYTHON = [sys.executable, "-s", "-P", str(_RUNTIME)]
_LARGEST = 1 << 16
"""How long a request to the forking process may be; a function's variables are 4 KB at the most."""

_PASSED_ON = ("SYSTEMROOT", "PATH")
"""What a Python process cannot do without, on one system or another. Nothing else of ours gets through."""


class Process(Protocol):
    """A run's process, as ``subprocess.Popen`` has it."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def kill(self) -> None:
        """End it at once, if it has not ended."""

    def wait(self) -> int:
        """Wait for its end."""


def surroundings() -> dict[str, str]:
    """What every such process sees: what Python needs, boto3, and none of the user's AWS environment."""
    import boto3

    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "PYTHONPATH": str(Path(boto3.__file__).parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
        "TZ": ":UTC",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def start(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Process:
    """A process that sees ``environment`` and nothing else of ours, in ``folder``, about to run a handler."""
    forked = _forks.fork(arguments, environment, folder)
    return forked or subprocess.Popen(
        [*_PYTHON, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


class _Forked:
    """A process that another one has forked. ``handle`` is its pidfd: it never means any other process."""

    def __init__(self, handle: int, stdin: int, stdout: int) -> None:
        self.stdin: IO[bytes] | None = open(stdin, "wb")  # noqa: SIM115 - the reader of a run closes it
        self.stdout: IO[bytes] | None = open(stdout, "rb")  # noqa: SIM115 - the same
        self._handle = handle
        self._ended = False
        self._lock = threading.Lock()

    def kill(self) -> None:
        with self._lock, suppress(ProcessLookupError):
            if not self._ended:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def wait(self) -> int:
        ended = select.poll()
        ended.register(self._handle, select.POLLIN)
        ended.poll()
        with self._lock:
            self._ended = True
            os.close(self._handle)
        return 0


class _Forks:
    """Has processes forked by one that starts before the first run and ends with this program."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = False
        self._process: subprocess.Popen[bytes] | None = None
        self._ours: socket.socket | None = None

    def fork(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> _Forked | None:
        """A new process; None where the system has no such thing, or Python has to be started otherwise."""
        if not (hasattr(os, "pidfd_open") and hasattr(socket, "send_fds")):
            return None
        asked = json.dumps({"arguments": arguments, "environment": environment, "folder": str(folder)})
        if len(asked) > _LARGEST or _for_python(environment) != _for_python(surroundings()):
            return None
        with self._lock:
            if not self._begun:
                self._begin()
            return self._ask(self._ours, asked.encode()) if self._ours else None

    def _begin(self) -> None:
        self._begun = True
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*_PYTHON, "--fork", str(theirs.fileno())],
                cwd="/",
                env=surroundings(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._end)

    def _ask(self, ours: socket.socket, asked: bytes) -> _Forked | None:
        stdin, for_us = os.pipe()
        from_it, stdout = os.pipe()
        try:
            socket.send_fds(ours, [asked], [stdin, stdout])
            _, handles, _, _ = socket.recv_fds(ours, 1, 1)
        except OSError:
            handles = []
        os.close(stdin)
        os.close(stdout)
        if not handles:  # it is gone, or the system has no pidfds: from now on without
            os.close(for_us)
            os.close(from_it)
            self._end()
            return None
        return _Forked(handles[0], for_us, from_it)

    def _end(self) -> None:
        if self._ours and self._process:
            self._ours.close()
            self._ours = None
            self._process.wait()


def _for_python(environment: Mapping[str, str]) -> dict[str, str]:
    """What Python reads when it starts."""
    return {name: value for name, value in environment.items() if name.startswith("PYTHON")}


_forks = _Forks()
