"""Cloudflare's API v4: the zones a token can see and the records in them. A function an operation.

The token comes from the environment at each call (``CLOUDFLARE_API_TOKEN``, as Cloudflare's own tools read
it). It is kept nowhere, and no message, log or redirect takes it along. Names are lower case, without a final
dot.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wizard.aws.route53 import RecordSet
from wizard.dns.publish.plan import ZoneChange
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
"""Stands after the target of a CNAME that Cloudflare answers for with addresses of its own."""

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
    """Carry ``changes`` out, all or nothing (POST /zones/{id}/dns_records/batch). Raises WizardError.

    ``held`` are the records at each changed name. Of them a change touches only those of its own type that
    are to become something else. A record that changes keeps its id, TTL, comment and tags: a patch leaves
    what it does not name.
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


def record_sets(found: Iterable[CloudflareRecord]) -> tuple[RecordSet, ...]:
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
    """One record as a request has it. Nothing of ours may be proxied: SES looks for the CNAME itself."""
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
    """One request; the whole reply where it says success. Raises WizardError."""
    import urllib.parse
    import urllib.request

    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise WizardError("There is no token for Cloudflare", f"{TOKEN_VARIABLE} holds none.", _CREATE_TOKEN)
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
    """Status and body of the reply. Raises WizardError where there is none."""
    import http.client
    import urllib.error
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        """The token goes to the host it is for and to no other."""

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
            f"The request came to nothing: {printable(str(reason), 200)}.",
            "Check the network connection, then try again.",
            ExitCode.OUTSIDE,
        ) from None


def _understood(status: int, text: bytes) -> dict[str, Any]:
    """The reply, if it is one that says success."""
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
    words = printable(said, 300) or f"HTTP status {status}"
    if status in (401, 403) or {error.get("code") for error in errors} & _TOKEN_CODES:
        raise WizardError("Cloudflare does not accept the token", f"It says: {words}.", _CREATE_TOKEN)
    if status == 429:
        raise WizardError(
            "Cloudflare asks to slow down", f"It says: {words}.", "Wait five minutes, then try again."
        )
    if status >= 500 or status == 200:
        raise WizardError(
            "Cloudflare has trouble", f"It says: {words}.", "Try again in a few minutes.", ExitCode.OUTSIDE
        )
    raise WizardError(
        "Cloudflare refused", f"It says: {words}.", "Look at the record there, then publish again."
    )


def _segment(text: str) -> str:
    import urllib.parse

    return urllib.parse.quote(text, safe="")
