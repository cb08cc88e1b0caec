"""Measure how long ``check`` of one domain takes against hostile DNS servers.

    python benchmarks/hostile.py [WORDS]

The servers of each world in ``tests/engine/dns/hostile_servers.py`` (with WORDS in its name) run on
loopback. The command runs in a new process with its real timeouts; the time includes its start. Exits
with 1 if a check takes more than 10 s. Takes about 90 s.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from command import check

from tests.engine.dns.hostile_servers import LIMIT, WORLDS

TOKENS = [option for token in ("t1", "t2", "t3") for option in ("--dkim-token", token)]


def main() -> None:
    words = " ".join(sys.argv[1:])
    late: list[str] = []
    print(f"{'world':<44} {'seconds':>7}  asked          records")
    for world in WORLDS:
        if words not in world.name:
            continue
        with ExitStack() as stack:
            seconds, _, lines = check(world.make(stack), "example.com", "--mail-from", "m", *TOKENS)
        result = json.loads(lines[0])
        records = result["records"]
        statuses = [record["status"] for record in records]
        for status, wanted in (("ok", world.right), ("missing", world.missing)):
            found = {record["id"] for record in records if record["status"] == status}
            assert found == wanted, f"{world.name}: {status} are {sorted(found)}"
        counts = ", ".join(f"{statuses.count(one)} {one}" for one in dict.fromkeys(statuses))
        print(f"{world.name:<44} {seconds:>7.2f}  {result['asked'] or 'nobody':<13}  {counts}")
        if seconds > LIMIT:
            late.append(world.name)
    sys.exit(f"more than {LIMIT:.0f} s: {', '.join(late)}" if late else 0)


if __name__ == "__main__":
    main()
