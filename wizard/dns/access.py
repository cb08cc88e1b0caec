"""The way to DNS: which recursive resolvers to start from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nameserver:
    """An address to send DNS queries to. ``address`` is an IPv4 or IPv6 literal."""

    address: str
    port: int = 53


@dataclass(frozen=True, slots=True)
class DnsAccess:
    """Where asking begins. ``resolvers`` is empty for the system's own.

    Authoritative servers are asked on port 53, but for one whose address is that of a resolver named here:
    that one is asked on the resolver's port. So a whole DNS on one loopback port can stand in for the world.
    """

    resolvers: tuple[Nameserver, ...] = ()

    def authoritative(self, address: str) -> Nameserver:
        """The place to ask the authoritative server that has ``address``."""
        return next((r for r in self.resolvers if r.address == address), Nameserver(address))
