"""A server of typed tools for the in-process transport, without the SDK, in both eras of the protocol.

Owns which requests are answered and how a connection lives and ends. Never runs a tool itself (``typed_calls``) and
never loads one (``plugins``). Takes and gives messages as plain JSON objects.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol, cast

import anyio

from ..eras.stateless import META
from ..eras.versions import (
    HANDSHAKE,
    INVALID_PARAMS,
    LOG_LEVELS,
    METHOD_NOT_FOUND,
    MODERN,
    UNSUPPORTED_VERSION,
    VERSION,
)
from ..errors import ConfigValidationError, RPCError
from ..models import Json, JsonObject, as_object, as_text
from ..transports.base import RequestId
from .typed import Permits, TypedTool, Unruled
from .typed_calls import Calls, Outbox
from .typed_tools import AnyTool, listed, tools_in

PAGE = 100
"""Tools in one page of a list."""
FRESH_MS = 300_000
"""How long lists may be kept: they do not change while the connection stands (protocol section 18)."""
SCOPE = "private"
"""The tools are those of one person."""
DEFAULT_LEVEL = "info"
"""What is logged in the handshake era until a client says otherwise."""
_CURSOR = "after "


class Incoming(Protocol):
    """Messages from the client; ends when the client has left."""

    def __aiter__(self) -> AsyncIterator[object]: ...


class Leaving(Protocol):
    """Where messages to the client go."""

    def send(self, item: object, /) -> Awaitable[None]: ...


class TypedServer:
    """Typed tools as one server. It may be run any number of times, also at once: each run is a connection.

    ``tools``: tools or their classes. ``project`` and ``permissions`` are handed to them. Raises
    ``ConfigValidationError`` for a tool that cannot be offered, and where two have one name.
    """

    speaks_json = True

    def __init__(
        self,
        tools: Iterable[AnyTool | type[AnyTool]],
        *,
        name: str = "tools",
        title: str = "",
        version: str = VERSION,
        instructions: str = "",
        project: Path | None = None,
        permissions: Permits | None = None,
    ) -> None:
        self.tools: dict[str, AnyTool] = {}
        self.listed: list[Json] = []
        for tool in [
            each for given in tools for each in ([given] if isinstance(given, TypedTool) else tools_in(given))
        ]:
            shown = listed(tool)
            if tool.name in self.tools:
                raise ConfigValidationError(f"two tools are called {tool.name!r}", hint="Rename one of them.")
            self.tools[tool.name] = tool
            self.listed.append(shown)
        self.info: JsonObject = {"name": name, "version": version}
        if title:
            self.info["title"] = title
        self.instructions = instructions
        self.project = project
        self.permissions: Permits = permissions or Unruled()

    def create_initialization_options(self) -> None:
        """Nothing: what a server of the SDK has here, ours knows itself."""

    async def run(self, read_stream: object, write_stream: object, initialization_options: object = None, /) -> None:
        """Serve one connection until the client leaves; calls that run still are cancelled then."""
        del initialization_options
        outbox = Outbox()
        async with anyio.create_task_group() as tasks:
            calls = Calls(self.tools, outbox, tasks, session=uuid.uuid4().hex, server=self)
            tasks.start_soon(outbox.drain, cast("Leaving", write_stream).send)
            connection = _Connection(self, outbox, calls)
            async for message in cast("Incoming", read_stream):
                connection.hear(cast("JsonObject", message))
            calls.cancel_all()
            tasks.cancel_scope.cancel()


class _Connection:
    """What one client asks, and what it is told at once."""

    def __init__(self, server: TypedServer, outbox: Outbox, calls: Calls) -> None:
        self._server = server
        self._outbox = outbox
        self._calls = calls
        self._shaken = False
        self._level: str = DEFAULT_LEVEL
        self._methods: dict[str, Callable[[JsonObject], JsonObject]] = {
            "tools/list": self._list,
            "server/discover": self._discover,
            "initialize": self._initialize,
            "ping": self._ping,
            "logging/setLevel": self._set_level,
        }

    def hear(self, message: JsonObject) -> None:
        method = as_text(message.get("method"))
        if method is None:
            return  # an answer: nothing was asked
        params = message.get("params")
        if "id" not in message:
            if method == "notifications/cancelled":
                self._calls.cancel(as_object(params).get("requestId"))
            return
        request = message["id"]
        if not isinstance(request, int | str) or isinstance(request, bool):
            return  # nobody could tell which request an answer belongs to
        if params is not None and not isinstance(params, dict):
            self._outbox.error(request, RPCError(INVALID_PARAMS, "params is no object"))
            return
        try:
            self._answer(request, method, params or {})
        except RPCError as error:
            self._outbox.error(request, error)

    def _answer(self, request: RequestId, method: str, params: JsonObject) -> None:
        modern = self._is_modern(method, params)
        if method == "tools/call":
            meta = as_object(params.get("_meta"))
            # Without a level of its own a request of the modern era must not be logged to (protocol section 24).
            level = as_text(meta.get(f"{META}logLevel")) if modern else self._level
            if level is not None and level not in LOG_LEVELS:
                raise RPCError(INVALID_PARAMS, f"unknown log level {level!r}", {"known": list(LOG_LEVELS)})
            self._calls.start(request, params, level, lambda result: self._dressed(result, modern=modern))
            return
        answer = self._methods.get(method)
        only = _MODERN_ONLY if modern is False else _LEGACY_ONLY
        if answer is None or method in only:
            raise RPCError(METHOD_NOT_FOUND, f"unknown method {method!r}", None)
        result = answer(params)
        if modern and method in _CACHED:
            result |= {"ttlMs": FRESH_MS, "cacheScope": SCOPE}
        self._outbox.result(request, self._dressed(result, modern=modern))

    def _is_modern(self, method: str, params: JsonObject) -> bool:
        """Whether the request is one of the stateless era, which carries its version itself (protocol section 4)."""
        meta = as_object(params.get("_meta"))
        version = meta.get(f"{META}protocolVersion")
        if version is None:
            if self._shaken or method in _LEGACY_ONLY:
                return False
            raise RPCError(INVALID_PARAMS, f"_meta has no {META}protocolVersion, and nobody said initialize", None)
        if version not in MODERN:
            data: JsonObject = {"supported": [*MODERN, *HANDSHAKE], "requested": version}
            raise RPCError(UNSUPPORTED_VERSION, "unsupported protocol version", data)
        if not isinstance(meta.get(f"{META}clientCapabilities"), dict):
            raise RPCError(INVALID_PARAMS, f"_meta has no {META}clientCapabilities", None)
        return True

    def _dressed(self, result: JsonObject, *, modern: bool) -> JsonObject:
        if not modern:
            return result
        meta: JsonObject = {**as_object(result.get("_meta")), f"{META}serverInfo": self._server.info}
        return {"resultType": "complete", **result, "_meta": meta}

    # -- methods

    def _initialize(self, params: JsonObject) -> JsonObject:
        wanted = params.get("protocolVersion")
        self._shaken = True
        return {
            "protocolVersion": wanted if wanted in HANDSHAKE else HANDSHAKE[-1],
            "serverInfo": self._server.info,
            **self._offer(),
        }

    def _discover(self, _: JsonObject) -> JsonObject:
        return {"supportedVersions": [*MODERN, *HANDSHAKE], **self._offer()}

    def _offer(self) -> JsonObject:
        capabilities: JsonObject = {"tools": {}, "logging": {}}
        offer: JsonObject = {"capabilities": capabilities}
        if self._server.instructions:
            offer["instructions"] = self._server.instructions
        return offer

    def _ping(self, _: JsonObject) -> JsonObject:
        return {}

    def _set_level(self, params: JsonObject) -> JsonObject:
        level = as_text(params.get("level"))
        if level not in LOG_LEVELS:
            raise RPCError(INVALID_PARAMS, f"unknown log level {level!r}", {"known": list(LOG_LEVELS)})
        self._level = level
        return {}

    def _list(self, params: JsonObject) -> JsonObject:
        first, cursor = 0, params.get("cursor")
        if cursor is not None:
            text = as_text(cursor) or ""
            number = text.removeprefix(_CURSOR)
            first = int(number) if text.startswith(_CURSOR) and number.isascii() and number.isdecimal() else 0
            if not 0 < first < len(self._server.listed):
                raise RPCError(INVALID_PARAMS, "unknown cursor", None)
        page = self._server.listed[first : first + PAGE]
        result: JsonObject = {"tools": page}
        if first + PAGE < len(self._server.listed):
            result["nextCursor"] = f"{_CURSOR}{first + PAGE}"
        return result


_LEGACY_ONLY = frozenset({"initialize", "ping", "logging/setLevel"})
_MODERN_ONLY = frozenset({"server/discover"})
_CACHED = frozenset({"server/discover", "tools/list"})
