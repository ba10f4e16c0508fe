"""Real HTTP servers of the kinds that discovery asks: an MCP Registry, a connector directory.

Owns the published shapes (OpenAPI 2025-12-01). Every request is kept, so that a test can say what was asked
and what was not.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Headers = Mapping[str, str]


@dataclass
class Asked:
    """One request, as it came."""

    path: str
    query: dict[str, str]
    headers: Headers


@dataclass
class Reply:
    """An answer: JSON unless ``raw`` says otherwise."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    @property
    def payload(self) -> bytes:
        return self.raw if self.raw is not None else json.dumps(self.body).encode()


@dataclass
class Served:
    """A server that is up: its base URL and what it was asked so far."""

    url: str
    asked: list[Asked]


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Generator[Served]:
    """``answer`` on a free port of loopback, each request in a thread of its own."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            request = Asked(parts.path, query, dict(self.headers.items()))
            asked.append(request)
            reply = answer(request)
            payload = reply.payload
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nothing: what was asked is kept instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


OFFICIAL = "io.modelcontextprotocol.registry/official"


def listed(name: str, version: str = "1.0.0", **fields: Any) -> dict[str, Any]:
    """A server as the registry answers: ``fields`` are those of server.json; ``status`` is the registry's own."""
    status = fields.pop("status", "active")
    server = {"name": name, "description": fields.pop("description", f"What {name} does"), "version": version, **fields}
    meta = {"status": status, "publishedAt": "2025-12-01T10:30:00Z", "isLatest": True}
    return {"server": server, "_meta": {OFFICIAL: meta}}


def npm(identifier: str = "@example/weather", version: str = "1.0.0", **fields: Any) -> dict[str, Any]:
    return {
        "registryType": "npm",
        "identifier": identifier,
        "version": version,
        "transport": {"type": "stdio"},
        **fields,
    }


class Registry:
    """A registry of ``items`` (as answered, malformed ones too), ``size`` of them a page, in one API version."""

    def __init__(self, items: list[Any], *, size: int = 50, version: str = "v0.1") -> None:
        self.items = items
        self.size = size
        self.version = version

    def __call__(self, asked: Asked) -> Reply:
        prefix = f"/{self.version}/servers"
        if asked.path == prefix:
            return self._page(asked)
        if asked.path.startswith(prefix + "/"):
            name, _, version = asked.path.removeprefix(prefix + "/").partition("/versions")
            return self._versions(unquote(name), unquote(version.lstrip("/")))
        return Reply({"title": "Not Found", "status": 404, "detail": "Endpoint not found"}, 404)

    def _page(self, asked: Asked) -> Reply:
        search = asked.query.get("search", "").lower()
        found = [item for item in self.items if search in _name(item).lower() or not _name(item)]
        start = int(asked.query.get("cursor", "0").removeprefix("after-"))
        part = found[start : start + self.size]
        metadata: dict[str, Any] = {"count": len(part)}
        if start + self.size < len(found):
            metadata["nextCursor"] = f"after-{start + self.size}"
        return Reply({"servers": part, "metadata": metadata})

    def _versions(self, name: str, version: str) -> Reply:
        found = [item for item in self.items if _name(item) == name]
        if not version:
            return Reply({"servers": found, "metadata": {"count": len(found)}})
        for item in found:
            if version in ("latest", item["server"].get("version")):
                return Reply(item)
        return Reply({"title": "Not Found", "status": 404, "detail": "Server not found"}, 404)


def _name(item: Any) -> str:
    server = item.get("server") if isinstance(item, dict) else None
    name = server.get("name") if isinstance(server, dict) else None
    return name if isinstance(name, str) else ""
