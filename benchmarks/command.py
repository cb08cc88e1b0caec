"""Run the ``check`` command in a process of its own, against servers on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from wizard.dns.resolve.access import DnsAccess

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"

_CODE = f"""
import sys
from wizard.aws.access import AwsAccess
from wizard.cli import check
from wizard.cli.options import command_line
from wizard.dns.resolve.access import DnsAccess, Nameserver, PublicResolver
from wizard.world import World
args = command_line().parse_args(["check", "--file", "none.yaml", *sys.argv[2:]])
sys.exit(check.run(args, World(aws=AwsAccess(region={REGION!r}), dns=eval(sys.argv[1]))))
"""


class Run(NamedTuple):
    """The result of a command: wall time in seconds, peak memory in MB, and the lines printed."""

    seconds: float
    megabytes: float
    lines: list[str]


def check(access: DnsAccess, *options: str) -> Run:
    """Run ``check --json --no-aws`` with these options. Raises AssertionError if it crashes."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, repr(access), "--json", "--no-aws", *options],
            cwd=folder,
            stdout=out,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        out.seek(0)
        lines = out.read().decode().splitlines()
    assert os.waitstatus_to_exitcode(status) in (0, 1, 3), status
    return Run(seconds, usage.ru_maxrss / 1024, lines)
