"""Which recursive resolvers, public resolvers and HTTPS endpoints to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nameserver:
    """An address to send DNS queries to. ``address`` is an IPv4 or IPv6 literal."""

    address: str
    port: int = 53


@dataclass(frozen=True, slots=True)
class PublicResolver:
    """A public recursive resolver. ``name`` is its operator's."""

    name: str
    server: Nameserver


@dataclass(frozen=True, slots=True)
class DnsAccess:
    """Where asking begins. ``resolvers`` is empty for the system's own.

    ``public`` are asked who sees a record already, only once the zone has it; ``https`` are DNS over HTTPS
    endpoints (RFC 8484) for where port 53 is closed; ``cloudflare`` is where Cloudflare's API is. Nobody is
    asked where these are empty.

    Authoritative servers are asked on ``port``, but for one whose address is that of a resolver named here:
    that one is asked on the resolver's port. So a whole DNS on one loopback port can stand in for the world.
    """

    resolvers: tuple[Nameserver, ...] = ()
    public: tuple[PublicResolver, ...] = ()
    https: tuple[str, ...] = ()
    port: int = 53
    cloudflare: str = ""

    def authoritative(self, address: str) -> Nameserver:
        """The place to ask the authoritative server that has ``address``."""
        return next((r for r in self.resolvers if r.address == address), Nameserver(address, self.port))

    def through(self, resolvers: Sequence[Nameserver]) -> DnsAccess:
        """The same with these resolvers only: they may show a DNS of their own."""
        return DnsAccess(tuple(resolvers))


OUTSIDE = DnsAccess(
    public=(
        PublicResolver("Cloudflare", Nameserver("1.1.1.1")),
        PublicResolver("Google", Nameserver("8.8.8.8")),
        PublicResolver("Quad9", Nameserver("9.9.9.9")),
        PublicResolver("OpenDNS", Nameserver("208.67.222.222")),
    ),
    https=("https://1.1.1.1/dns-query", "https://8.8.8.8/dns-query"),
    cloudflare="https://api.cloudflare.com/client/v4",
)
"""The world's DNS. The endpoints are addresses, as names cannot be looked up where port 53 is closed."""
