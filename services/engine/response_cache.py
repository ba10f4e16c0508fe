"""Answers that are kept for as long as their server says (protocol section 18). Nothing is unless somebody opted in.

Owns the kept answers, their keys and what makes them void. Lists have a keeping of their own (session). Never sends.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..models import JsonObject, as_object, as_text
from ..protocol.jsonrpc import dump
from ..state.bounds import weight

if TYPE_CHECKING:
    from ..telemetry.trace import Trace, TraceRecord

ANSWERS_KEPT = 500
BYTES_KEPT = 16 * 1024 * 1024
"""Bytes of memory (estimated) that all kept answers may take; one that takes a quarter of it is not kept."""
LONGEST = 24 * 3600.0
"""Seconds for which an answer is believed, whatever its server says."""
UPDATED = "notifications/resources/updated"
_LISTS = {
    "notifications/resources/list_changed": "resources/read",
    "notifications/tools/list_changed": "tools/call",
}
"""A list that changed: the method whose answers may be others now."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose answers they are: another entry, revision or set of capabilities gets none of them; nor, where the answer
    is private, another ``identity`` (of the login).
    """

    server: str
    digest: str
    version: str
    offered: str = ""
    identity: object = None


@dataclass(frozen=True, slots=True)
class _Key:
    server: str
    digest: str
    version: str
    offered: str
    method: str
    name: str
    arguments: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """An answer, since when it is kept (wall seconds), and until when (monotonic)."""

    result: JsonObject
    at: float
    until: float
    private: bool
    identity: object
    size: int


class ResponseCache:
    """Every method runs on the loop's thread. Kept answers are shared, and must not be changed."""

    def __init__(
        self,
        *,
        answers: int = ANSWERS_KEPT,
        most: int = BYTES_KEPT,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._answers = answers
        self._most = most
        self._monotonic = monotonic
        self._wall = wall
        self._kept: OrderedDict[_Key, Kept] = OrderedDict()
        self._size = 0
        self._voided: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def epoch(self, server: str) -> int:
        """Another number after anything of the server was made void: an answer asked for before that is not kept."""
        return self._voided.get(server, 0)

    def find(self, asker: Asker, method: str, name: str, arguments: JsonObject) -> Kept | None:
        """The answer that is kept and still good."""
        key = _key(asker, method, name, arguments)
        kept = self._kept.get(key) if key is not None else None
        if key is None or kept is None:
            return None
        if self._monotonic() >= kept.until:
            self._drop(key)
            return None
        if kept.private and kept.identity != asker.identity:
            return None
        self._kept.move_to_end(key)
        return kept

    def keep(self, asker: Asker, method: str, name: str, arguments: JsonObject, result: JsonObject, epoch: int) -> None:
        """Keep an answer of one round, where its server says for how long. ``epoch``: when it was asked for."""
        seconds = _seconds(result)
        if seconds <= 0 or result.get("isError") is True or epoch != self.epoch(asker.server):
            return
        key = _key(asker, method, name, arguments)
        size = weight(result)
        if key is None or size > self._most // 4:
            return
        self._drop(key)
        # Without a scope it is private: a default of "public" is an old one (section 18).
        private = result.get("cacheScope") != "public"
        identity = asker.identity if private else None
        until = self._monotonic() + min(seconds, LONGEST)
        self._kept[key] = Kept(result, self._wall(), until, private, identity, size)
        self._size += size
        while len(self._kept) > self._answers or self._size > self._most:
            self._drop(next(iter(self._kept)))

    # What makes answers void

    def listen(self, trace: Trace, whose: Callable[[str], str] = str) -> Callable[[], None]:
        """Hear what servers say of their resources and tools, as it comes; returns the way to stop.

        ``whose``: the name of the entry that a server, one of several instances perhaps, belongs to.
        """

        def heard(record: TraceRecord) -> None:
            if record.kind == "notification" and record.direction == "received":
                self._heard(whose(record.server), record)

        return trace.tap(heard)

    def _heard(self, server: str, record: TraceRecord) -> None:
        method = record.method
        if method == UPDATED:
            uri = _uri(record.data)
            self._void(server, lambda key: key.method == "resources/read" and _touches(uri, key.name))
        elif method in _LISTS:
            self._void(server, lambda key: key.method == _LISTS[method])

    def forget(self, server: str) -> None:
        """Nothing that is kept of the server holds any more: somebody logged in or out, or it is another one."""
        self._void(server, lambda _: True)

    def _void(self, server: str, which: Callable[[_Key], bool]) -> None:
        self._voided[server] = self._voided.get(server, 0) + 1
        for key in [key for key in self._kept if key.server == server and which(key)]:
            self._drop(key)

    def _drop(self, key: _Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= kept.size


def _seconds(result: JsonObject) -> float:
    """For how long the answer is good; 0: it is not to be kept."""
    ttl = result.get("ttlMs")
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not 0 < ttl < 1e15:
        return 0.0
    return ttl / 1000


def _key(asker: Asker, method: str, name: str, arguments: JsonObject) -> _Key | None:
    try:
        text = json.dumps(arguments, sort_keys=True, separators=(",", ":")).encode() if arguments else b""
    except (RecursionError, ValueError):
        return None
    return _Key(asker.server, asker.digest, asker.version, asker.offered, method, name, text)


def _uri(data: bytes) -> str | None:
    """What changed; None when it cannot be told, which may be anything."""
    try:
        message = as_object(json.loads(data))
    except (ValueError, RecursionError):
        return None
    return as_text(as_object(message.get("params")).get("uri"))


def _touches(changed: str | None, uri: str) -> bool:
    """A resource that changed, or a part of it (section 17): what holds it or is held by it has changed as well."""
    if changed is None or changed == uri:
        return True
    one, other = changed.rstrip("/") + "/", uri.rstrip("/") + "/"
    return one.startswith(other) or other.startswith(one)


def offered_of(capabilities: JsonObject) -> str:
    """The capabilities that were declared, as part of a key."""
    return dump(capabilities).decode()
