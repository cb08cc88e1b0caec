"""BIND and unbound, where they are installed: lameness, DNSSEC and caching as the real thing has them."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import dns.exception
import dns.message
import dns.query
import pytest

SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
NAMED, UNBOUND = shutil.which("named", path=SBIN), shutil.which("unbound", path=SBIN)
CHECKZONE = shutil.which("named-checkzone", path=SBIN)
DEADLINE = 20.0

needs_bind = pytest.mark.skipif(NAMED is None, reason="BIND is not installed")
needs_unbound = pytest.mark.skipif(UNBOUND is None, reason="unbound is not installed")


class RealServer:
    """A server process with its files in ``folder``; started and stopped by ``with``."""

    def __init__(self, folder: Path, address: str, port: int, command: Sequence[str]) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(self._command, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + DEADLINE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                pytest.fail((self.folder / "log").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(DEADLINE)

    def _answers(self) -> bool:
        try:
            # Not version.bind: BIND limits the rate of that, so that a slow start was never seen to end.
            query = dns.message.make_query("example.com", "SOA", flags=0)
            dns.query.udp(query, self.address, 0.05, self.port)
        except (dns.exception.DNSException, OSError):
            return False
        return True


def bind(folder: Path, port: int, zones: Mapping[str, str]) -> RealServer:
    """BIND as the authoritative server of ``zones`` (name → master file), and of nothing else.

    It listens on addresses of interfaces only, so on loopback's 127.0.0.1.
    """
    folder.mkdir()
    parts = [
        f'options {{ directory "{folder}"; pid-file none; listen-on port {port} {{ 127.0.0.1; }};'
        " listen-on-v6 { none; }; recursion no; dnssec-validation no; };"
        " controls { };"
    ]
    for number, (name, text) in enumerate(zones.items()):
        (folder / f"zone{number}").write_text(text)
        parts.append(f'zone "{name}" {{ type primary; file "zone{number}"; }};')
    (folder / "named.conf").write_text("\n".join(parts))
    assert NAMED is not None
    return RealServer(folder, "127.0.0.1", port, [NAMED, "-g", "-n", "1", "-c", str(folder / "named.conf")])


def unbound(
    folder: Path,
    address: str,
    world: tuple[str, int],
    *,
    trusted: str = "",
    stub: tuple[str, int] | None = None,
    data: Sequence[str] = (),
) -> RealServer:
    """unbound as a caching, validating resolver in front of the one at ``world``.

    ``trusted`` is a DS record in which it trusts for the zone of its owner; for example.com it asks the
    authoritative server at ``stub``, if one is given. Records in ``data`` it has itself, as the only ones of
    example.com; unlike BIND, it takes a CNAME beside others, and then answers by whichever came first.
    """
    folder.mkdir()
    port = free_port(address)
    beside = (
        f"stub-zone:\n  name: example.com\n  stub-prime: no\n  stub-addr: {stub[0]}@{stub[1]}\n"
        if stub
        else ""
    )
    anchor = f'trust-anchor: "{trusted}"' if trusted else ""
    own = "".join(f"  local-data: '{record}'\n" for record in data)
    own = f"  local-zone: example.com static\n{own}" if data else ""
    (folder / "unbound.conf").write_text(
        f"""server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  num-threads: 1
  interface: {address}
  port: {port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  qname-minimisation: no
  ede: yes
  val-log-level: 2
  hide-version: no
  module-config: "validator iterator"
  {anchor}
{own}forward-zone:
  name: "."
  forward-addr: {world[0]}@{world[1]}
{beside}remote-control:
  control-enable: no
"""
    )
    assert UNBOUND is not None
    return RealServer(folder, address, port, [UNBOUND, "-d", "-c", str(folder / "unbound.conf")])


def signed(folder: Path, zone: str, text: str, *, until: str) -> tuple[str, str]:
    """The zone ``text``, signed with a new key until a date (YYYYMMDDHHMMSS), and its DS record."""
    folder.mkdir()
    (folder / "zone").write_text(text)

    def run(tool: str, *arguments: str) -> str:
        path = shutil.which(tool, path=SBIN)
        assert path is not None
        done = subprocess.run(
            [path, *arguments], cwd=folder, capture_output=True, text=True, timeout=DEADLINE
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    key = run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone).strip()
    options = ("-q", "-S", "-P", "-z", "-s", "20200101000000", "-e", until, "-o", zone, "-f", "zone.signed")
    run("dnssec-signzone", *options, "zone")
    return (folder / "zone.signed").read_text(), run("dnssec-dsfromkey", "-2", f"{key}.key").strip()


def free_port(address: str) -> int:
    """A port that nobody listens on, over UDP and TCP.

    It lies below those that systems give out by themselves (RFC 6335: from 49152; Linux: from 32768), so that
    nobody is given it before the server has it.
    """
    for port in random.sample(range(20_000, 32_000), 50):
        try:
            with socket.socket(type=socket.SOCK_STREAM) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
                tcp.bind((address, port))
                udp.bind((address, port))
        except OSError:
            continue
        return port
    pytest.fail("no free port was found")
