"""Seconds that ``check`` of one domain takes where DNS servers do their worst, as real time of a new process.

    python benchmarks/hostile.py [WORDS]

Each world of ``tests/engine/hostile_servers.py`` (those with WORDS in their name) runs here, on loopback; the
command runs in a process of its own, with all its waits as they are. Exits with 1 where one takes more than
10 s. Takes about a minute and a half.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.engine.hostile_servers import LIMIT, WORLDS  # noqa: E402
from wizard.dns.access import DnsAccess  # noqa: E402

CHECK = f"""
import argparse, pathlib, sys
sys.path.insert(0, {str(ROOT)!r})
from wizard import check
from wizard.aws.access import AwsAccess
from wizard.dns.access import DnsAccess, Nameserver, PublicResolver
from wizard.world import World
parser = argparse.ArgumentParser()
check.add_arguments(parser)
args = parser.parse_args(sys.argv[2:], argparse.Namespace(file=pathlib.Path("none.yaml")))
access = eval(sys.argv[1])
sys.exit(check.run(args, World(aws=AwsAccess(region="us-east-1"), dns=access)))
"""
OPTIONS = ("example.com", "--json", "--no-aws", "--mail-from", "m", *("--dkim-token", "t1"))
TOKENS = ("--dkim-token", "t2", "--dkim-token", "t3")


def check(access: DnsAccess) -> tuple[float, dict[str, object]]:
    """Seconds from start to end of the command, and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", CHECK, repr(access), *OPTIONS, *TOKENS],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        seconds = time.perf_counter() - began
    assert done.returncode in (0, 1, 3), done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return seconds, result


def main() -> None:
    words = " ".join(sys.argv[1:])
    late: list[str] = []
    print(f"{'world':<44} {'seconds':>7}  asked          records")
    for world in WORLDS:
        if words not in world.name:
            continue
        with ExitStack() as stack:
            seconds, result = check(world.make(stack))
        records = result["records"]
        assert isinstance(records, list)
        statuses = [str(record["status"]) for record in records]
        right = {record["id"] for record in records if record["status"] == "ok"}
        assert right == set(world.right), f"{world.name}: {sorted(right)}"
        counts = ", ".join(f"{statuses.count(one)} {one}" for one in dict.fromkeys(statuses))
        print(f"{world.name:<44} {seconds:>7.2f}  {result['asked'] or 'nobody':<13}  {counts}")
        if seconds > LIMIT:
            late.append(world.name)
    sys.exit(f"more than {LIMIT:.0f} s: {', '.join(late)}" if late else 0)


if __name__ == "__main__":
    main()
