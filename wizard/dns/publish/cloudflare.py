"""Cloudflare: zones and records by its API v4, a function an operation, and the ``Publisher`` built on them.

The token comes from the environment at each call (``CLOUDFLARE_API_TOKEN``, as for Cloudflare's own tools).
It is never stored, logged, shown, or sent along with a redirect. Names are lower case, without a final dot.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wizard.aws.route53 import RecordSet
from wizard.dns.answers import ZoneReport
from wizard.dns.publish.plan import ZoneChange
from wizard.dns.publish.protocol import Zone, refuse_if_changed
from wizard.dns.txt_notation import MASTER_FILE
from wizard.errors import ExitCode, WizardError
from wizard.text import printable

if TYPE_CHECKING:
    from urllib.request import Request

TOKEN_VARIABLE = "CLOUDFLARE_API_TOKEN"
SECONDS = 20.0
PER_PAGE = 100
MAX_PAGES = 20
PROXIED = " (proxied)"
"""Marks the target of a CNAME that Cloudflare hides behind its own addresses."""

_MAX_BYTES = 10_000_000
_TOKEN_CODES = {6003, 6111, 9109, 10000}
_CREATE_TOKEN = (
    "Create one at https://dash.cloudflare.com/profile/api-tokens with the permissions Zone:Read and "
    f"DNS:Edit for the zone, and set {TOKEN_VARIABLE} to it."
)


@dataclass(frozen=True, slots=True)
class CloudflareZone:
    """One zone. ``active`` is False until the registry names ``name_servers``."""

    id: str
    name: str
    active: bool
    name_servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CloudflareRecord:
    """One record; unlike Route 53, Cloudflare has no sets. ``value`` is as a zone file has it."""

    id: str
    name: str
    type: str
    value: str
    ttl: int


def has_token() -> bool:
    """Whether the environment holds a token."""
    return bool(os.environ.get(TOKEN_VARIABLE, "").strip())


def zones(endpoint: str, domain: str) -> tuple[CloudflareZone, ...]:
    """The zones that can hold ``domain``, its own first (GET /zones). Raises WizardError."""
    labels = domain.split(".")
    names = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    found = [zone for name in names for zone in _pages(endpoint, "/zones", {"name": name})]
    return tuple(
        CloudflareZone(
            id=str(zone["id"]),
            name=str(zone["name"]).lower(),
            active=zone.get("status") == "active",
            name_servers=tuple(str(server).lower() for server in zone.get("name_servers") or ()),
        )
        for zone in found
    )


def records(endpoint: str, zone_id: str, name: str) -> tuple[CloudflareRecord, ...]:
    """All records at exactly ``name`` (GET /zones/{id}/dns_records). Raises WizardError."""
    found = _pages(endpoint, f"/zones/{_segment(zone_id)}/dns_records", {"name.exact": name})
    return tuple(_record(one) for one in found if str(one["name"]).lower() == name)


def change_records(
    endpoint: str,
    zone_id: str,
    changes: Iterable[ZoneChange],
    held: Mapping[str, Sequence[CloudflareRecord]],
) -> None:
    """Apply ``changes``, all or nothing (POST /zones/{id}/dns_records/batch). Raises WizardError.

    ``held`` are the records at each changed name. Only those of a change's type that get another value are
    touched. A changed record keeps its id, TTL, comment and tags: a patch keeps what it does not name.
    """
    batch: dict[str, list[dict[str, object]]] = {"deletes": [], "patches": [], "posts": []}
    for change in changes:
        here = [one for one in held[change.after.name] if one.type == change.after.type]
        wanted = [value for value in change.after.values if value not in {one.value for one in here}]
        going = [one for one in here if one.value not in change.after.values]
        for old, value in zip(going, wanted, strict=False):
            batch["patches"].append({"id": old.id, **_body(replace(change.after, ttl=old.ttl), value)})
        batch["deletes"] += [{"id": old.id} for old in going[len(wanted) :]]
        batch["posts"] += [_body(change.after, value) for value in wanted[len(going) :]]
    _call(endpoint, "POST", f"/zones/{_segment(zone_id)}/dns_records/batch", body=batch)


@dataclass(frozen=True, slots=True)
class CloudflarePublisher:
    """A zone at Cloudflare as a ``Publisher``."""

    endpoint: str
    id: str
    name: str
    host = "Cloudflare"
    operation = "cloudflare:dns_records/batch"
    done = "at Cloudflare; its servers have it within a minute"
    notation = MASTER_FILE

    def records(self, name: str) -> tuple[RecordSet, ...]:
        """Return the record sets at ``name``. Raises WizardError."""
        return _record_sets(records(self.endpoint, self.id, name))

    def publish(self, changes: Sequence[ZoneChange]) -> None:
        """Apply ``changes``, all or nothing, unless the zone has changed since. Raises WizardError."""
        names = dict.fromkeys(change.after.name for change in changes)
        held = {name: records(self.endpoint, self.id, name) for name in names}
        refuse_if_changed(changes, {name: _record_sets(found) for name, found in held.items()})
        change_records(self.endpoint, self.id, changes, held)


def find(endpoint: str, seen: ZoneReport) -> Zone:
    """Return the zone that the domain is delegated to, or why the wizard cannot write to it.

    Raises WizardError.
    """
    if not has_token():
        return None, (
            "The zone is at Cloudflare. To let the wizard add the records, start it again with a token in "
            f"the environment ({TOKEN_VARIABLE}; permissions Zone:Read and DNS:Edit).",
        )
    found = zones(endpoint, seen.domain)
    asked = set(seen.nameservers)
    for zone in found:
        if zone.name == seen.apex and asked & set(zone.name_servers):
            return CloudflarePublisher(endpoint, zone.id, zone.name), ()
    others = ", ".join(f"{printable(z.name)} ({', '.join(map(printable, z.name_servers))})" for z in found)
    known = f"It sees {others}, but the registry names other servers." if others else "It sees no zone."
    return None, (f"The token has no access to the zone of the domain. {known}",)


def _record_sets(found: Iterable[CloudflareRecord]) -> tuple[RecordSet, ...]:
    """The records of one name as sets, as the plan compares them."""
    sets: dict[tuple[str, str], list[CloudflareRecord]] = {}
    for one in found:
        sets.setdefault((one.name, one.type), []).append(one)
    return tuple(
        RecordSet(name, rdtype, min(one.ttl for one in group), tuple(one.value for one in group))
        for (name, rdtype), group in sets.items()
    )


def _record(one: Mapping[str, Any]) -> CloudflareRecord:
    rdtype, value = str(one["type"]), str(one["content"])
    if rdtype == "TXT" and not value.startswith('"'):
        value = MASTER_FILE.write(value)
    elif rdtype == "MX":
        value = f"{one.get('priority', 0)} {value}"
    if one.get("proxied"):
        value += PROXIED
    return CloudflareRecord(str(one["id"]), str(one["name"]).lower(), rdtype, value, int(one.get("ttl") or 1))


def _body(after: RecordSet, value: str) -> dict[str, object]:
    """One record in a request. Never proxied: SES looks for the CNAME itself."""
    body: dict[str, object] = {"name": after.name, "type": after.type, "ttl": after.ttl, "content": value}
    if after.type == "MX":
        priority, _, host = value.partition(" ")
        body |= {"content": host, "priority": int(priority)}
    elif after.type == "CNAME":
        body["proxied"] = False
    return body


def _pages(endpoint: str, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in range(1, MAX_PAGES + 1):
        numbered = {**query, "per_page": str(PER_PAGE), "page": str(page)}
        reply = _call(endpoint, "GET", path, query=numbered)
        found += reply["result"]
        if page * PER_PAGE >= int((reply.get("result_info") or {}).get("total_count") or 0):
            break
    return found


def _call(
    endpoint: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> dict[str, Any]:
    """Send one request and return the successful reply. Raises WizardError."""
    import urllib.parse
    import urllib.request

    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise WizardError("No Cloudflare token", f"{TOKEN_VARIABLE} holds none.", _CREATE_TOKEN)
    asked = f"?{urllib.parse.urlencode(query)}" if query else ""
    request = urllib.request.Request(
        f"{endpoint}{path}{asked}",
        None if body is None else json.dumps(body).encode(),
        {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        },
        method=method,
    )
    return _understood(*_exchanged(request))


def _exchanged(request: Request) -> tuple[int, bytes]:
    """Return status and body of the reply. Raises WizardError if there is none."""
    import http.client
    import urllib.error
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        """Never sends the token to another host."""

        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=SECONDS) as reply:
            return reply.status, reply.read(_MAX_BYTES)
    except urllib.error.HTTPError as error:
        return error.code, error.read(_MAX_BYTES)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise WizardError(
            "Cloudflare cannot be reached",
            f"The request failed: {printable(str(reason), 200)}.",
            "Check the network connection, then try again.",
            ExitCode.OUTSIDE,
        ) from None


def _understood(status: int, text: bytes) -> dict[str, Any]:
    """Return the reply if it reports success. Raises WizardError."""
    try:
        reply = json.loads(text)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        reply = {}
    if status == 200 and reply.get("success") is True:
        return reply
    errors = [error for error in reply.get("errors") or () if isinstance(error, dict)]
    said = "; ".join(f"{error.get('message')} (code {error.get('code')})" for error in errors[:3])
    why = f"Its answer: {printable(said, 300) or f'HTTP status {status}'}."
    if status in (401, 403) or {error.get("code") for error in errors} & _TOKEN_CODES:
        raise WizardError("Cloudflare rejected the token", why, _CREATE_TOKEN)
    if status == 429:
        raise WizardError("Cloudflare limits the request rate", why, "Wait five minutes, then try again.")
    if status >= 500 or status == 200:
        todo = "Try again in a few minutes."
        raise WizardError("Cloudflare failed to answer the request", why, todo, ExitCode.OUTSIDE)
    raise WizardError("Cloudflare refused", why, "Check the record at Cloudflare, then publish again.")


def _segment(text: str) -> str:
    import urllib.parse

    return urllib.parse.quote(text, safe="")
