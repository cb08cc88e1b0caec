"""Cloudflare's API v4 on loopback, as far as its documentation says, in front of a DNS server.

Sources: "List Zones", "List DNS Records", "Batch DNS Records" in Cloudflare's API reference.
"""

from __future__ import annotations

import copy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from wizard.demo.dns.server import DnsServer
from wizard.demo.dns.zone_data import Resource

TOKEN = "v1.0-a-token-that-nobody-may-see"
NAME_SERVERS = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]


class RefusalError(Exception):
    """An error as the API words it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


class CloudflareApi:
    """One account with one zone; what is changed in it is in ``server`` at once."""

    def __init__(self, server: DnsServer, zone: str) -> None:
        self.server = server
        self.zones: list[dict[str, Any]] = [
            {"id": "zone1", "name": zone, "status": "active", "name_servers": NAME_SERVERS}
        ]
        self.records: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self.refusal: RefusalError | None = None
        self.redirect = ""
        self._count = 0
        server.set_zone(zone, NAME_SERVERS)

    def __enter__(self) -> Self:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.handle(self)

            def do_POST(self) -> None:
                api.handle(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/client/v4"

    def enter(self, name: str, rdtype: str, content: str, **more: Any) -> None:
        """A record as somebody entered it in the panel."""
        self._post({"name": name, "type": rdtype, "content": content, "ttl": 1, **more})
        self._serve()

    def found(self, name: str, rdtype: str) -> list[str]:
        return [
            one["content"] for one in self.records.values() if (one["name"], one["type"]) == (name, rdtype)
        ]

    # --- the API ---------------------------------------------------------------------------------------

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else None
        url = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.requests.append((handler.command, url.path.removeprefix("/client/v4"), body))
        if self.redirect:
            handler.send_response(307)
            handler.send_header("Location", self.redirect)
            handler.end_headers()
            return
        try:
            if self.refusal:
                raise self.refusal
            if handler.headers["Authorization"] != f"Bearer {TOKEN}":
                raise RefusalError(403, 9109, "Invalid access token")
            status, reply = 200, self._reply(handler.command, self.requests[-1][1], query, body)
        except RefusalError as refusal:
            status = refusal.status
            errors = [{"code": refusal.code, "message": refusal.message}]
            reply = {"success": False, "errors": errors, "messages": [], "result": None}
        text = json.dumps(reply).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def _reply(self, method: str, path: str, query: dict[str, str], body: Any) -> dict[str, Any]:
        match method, path.strip("/").split("/"):
            case "GET", ["zones"]:
                return _page([zone for zone in self.zones if zone["name"] == query["name"]], query)
            case "GET", ["zones", "zone1", "dns_records"]:
                named = [one for one in self.records.values() if one["name"] == query["name.exact"]]
                return _page(named, query)
            case "POST", ["zones", "zone1", "dns_records", "batch"]:
                return {"success": True, "errors": [], "messages": [], "result": self._batch(body)}
            case _:
                raise RefusalError(
                    404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?"
                )

    def _batch(self, body: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        """In one transaction, and always in this order."""
        before = copy.deepcopy(self.records)
        try:
            for one in body.get("deletes", []):
                if self.records.pop(one["id"], None) is None:
                    raise RefusalError(400, 81044, "Record does not exist.")
            for one in body.get("patches", []):
                old = self.records.pop(one["id"], None)
                if old is None:
                    raise RefusalError(400, 81044, "Record does not exist.")
                self._post({**old, **one})
            assert not body.get("puts")
            for one in body.get("posts", []):
                self._post(one)
        except RefusalError:
            self.records = before
            raise
        self._serve()
        return {key: body.get(key, []) for key in ("deletes", "patches", "puts", "posts")}

    def _post(self, one: dict[str, Any]) -> None:
        for other in self.records.values():
            if other["name"] == one["name"] and "CNAME" in (other["type"], one["type"]):
                raise RefusalError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
            if all(other[key] == one[key] for key in ("name", "type", "content")):
                raise RefusalError(400, 81058, "An identical record already exists.")
        if one["type"] == "MX" and not isinstance(one.get("priority"), int):
            raise RefusalError(400, 9101, "priority is a required data field.")
        if one["ttl"] != 1 and not 60 <= one["ttl"] <= 86400:
            raise RefusalError(
                400, 9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic."
            )
        self._count += 1
        identifier = one.get("id") or f"record{self._count}"
        self.records[identifier] = {"proxied": False, **one, "id": identifier}

    def _serve(self) -> None:
        """Let the DNS server answer as Cloudflare's would: proxied names with addresses."""
        apex = self.zones[0]["name"]
        self.server.remove_zone(apex)
        self.server.set_zone(apex, NAME_SERVERS)
        for one in self.records.values():
            value = one["content"]
            if one["proxied"]:
                self.server.add(one["name"], "A", "192.0.2.80")
            elif one["type"] == "TXT" and not value.startswith('"'):
                self.server.add(one["name"], "TXT", value)
            elif one["type"] == "TXT":
                self.server.add_resource(Resource(one["name"], "TXT", value))
            else:
                priority = f"{one['priority']} " if one["type"] == "MX" else ""
                self.server.add(one["name"], one["type"], f"{priority}{value}")


def _page(found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    page, size = int(query["page"]), int(query["per_page"])
    assert 5 <= size <= 100
    shown = found[(page - 1) * size : page * size]
    info = {"page": page, "per_page": size, "count": len(shown), "total_count": len(found)}
    return {"success": True, "errors": [], "messages": [], "result": shown, "result_info": info}
