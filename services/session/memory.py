"""What is remembered of a server between two connections, and between two runs.

Owns one small file a server: the era it spoke, its lists, the ids of tasks that may still run. A key
is made of the entry's digest and of what it logs in with, so another account never sees what was kept
for the first (protocol section 18). Never connects; a file that cannot be read or written is as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread

from ..models import ConnectorTarget, EraName, Freshness, Json, JsonObject, ServerEntry, as_list, as_object, as_text

VERDICT_LIFE = 24 * 3600.0
"""Seconds for which "this server speaks the handshake" is believed: servers get upgraded."""
FILE_LIMIT = 32 * 1024 * 1024
"""Bytes of one file that are read or written."""
TASKS_KEPT = 200
SAVE_AFTER = 0.5
"""Seconds in which several changes become one write."""


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list as received, and how fresh it was."""

    items: list[Json]
    freshness: Freshness


@dataclass(slots=True)
class ServerMemory:
    """What is known of one server. ``path`` None: only for as long as this process runs."""

    path: Path | None = None
    legacy_since: float | None = None
    """Wall seconds at which the server was found to speak the handshake only."""
    _lists: dict[str, KeptList] = field(default_factory=dict[str, KeptList])
    _tasks: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    _over: set[str] = field(default_factory=set[str])
    _loaded: bool = False
    _changed: bool = False
    _news: anyio.Event = field(default_factory=anyio.Event)

    def era(self) -> EraName | None:
        """The era that was found not long ago; only the older one is remembered, the newer shows itself at once."""
        if self.legacy_since is None or not 0 <= time.time() - self.legacy_since < VERDICT_LIFE:
            return None
        return EraName.LEGACY

    def found(self, era: EraName) -> None:
        """Remember how a connection was negotiated."""
        legacy = era is EraName.LEGACY
        if legacy != (self.era() is not None):
            self.legacy_since = time.time() if legacy else None
            self._touch()

    def forget_era(self) -> None:
        """Find out anew next time."""
        if self.legacy_since is not None:
            self.legacy_since = None
            self._touch()

    def list(self, method: str) -> KeptList | None:
        return self._lists.get(method)

    def keep_list(self, method: str, kept: KeptList) -> None:
        self._lists[method] = kept
        self._touch()

    def tasks(self) -> Mapping[str, JsonObject]:
        """Tasks that were not over when last heard of: ``tool`` and ``era`` by id, oldest first."""
        return self._tasks

    def keep_task(self, task: str, about: JsonObject | None) -> None:
        """Remember a task, or (None) that it is over."""
        if about is None:
            if self._tasks.pop(task, None) is not None:
                self._over.add(task)
                self._touch()
            return
        if self._tasks.get(task) == about:
            return
        self._tasks[task] = about
        while len(self._tasks) > TASKS_KEPT:
            del self._tasks[next(iter(self._tasks))]
        self._touch()

    async def load(self) -> None:
        """Read the file, once; what cannot be read is forgotten."""
        if self._loaded or self.path is None:
            return
        self._loaded = True
        document = await anyio.to_thread.run_sync(_read, self.path)
        since = document.get("legacySince")
        self.legacy_since = float(since) if isinstance(since, (int, float)) and not isinstance(since, bool) else None
        for method, value in as_object(document.get("lists")).items():
            kept = as_object(value)
            at, ttl = kept.get("at"), kept.get("ttlMs")
            if isinstance(at, (int, float)) and isinstance(kept.get("items"), list):
                freshness = Freshness(
                    at, ttl if isinstance(ttl, (int, float)) else None, as_text(kept.get("cacheScope"))
                )
                self._lists.setdefault(method, KeptList(as_list(kept["items"]), freshness))
        for task, about in as_object(document.get("tasks")).items():
            self._tasks.setdefault(task, as_object(about))

    def _touch(self) -> None:
        """What is remembered differs from what is written."""
        self._changed = True
        self._news.set()

    async def keep_saved(self) -> None:
        """Write the file soon after something changed, until cancelled."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            await anyio.sleep(SAVE_AFTER)
            await self.save()

    async def save(self) -> None:
        """Write the file, if anything changed."""
        if not self._changed or self.path is None:
            return
        self._changed = False
        document: JsonObject = {
            "legacySince": self.legacy_since,
            "lists": {
                method: {
                    "items": kept.items,
                    "at": kept.freshness.at,
                    "ttlMs": kept.freshness.ttl_ms,
                    "cacheScope": kept.freshness.scope,
                }
                for method, kept in self._lists.items()
            },
            "tasks": dict(self._tasks),
        }
        written = False
        try:
            await anyio.to_thread.run_sync(_write, self.path, document, frozenset(self._over))
            written = True
        finally:  # cancelled before it began: whoever saves last does it
            self._changed = self._changed or not written


class Memory:
    """Files in ``folder``; without one nothing outlives the process."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._servers: dict[str, ServerMemory] = {}

    def of(self, entry: ServerEntry) -> ServerMemory:
        """What is remembered of an entry as it is now; a changed entry or another login starts empty."""
        key = _key(entry)
        if key not in self._servers:
            # Whose token a connector sends is known to nobody here: nothing of it is written down.
            folder = None if isinstance(entry.target, ConnectorTarget) else self._folder
            self._servers[key] = ServerMemory(folder / f"{key}.json" if folder else None)
        return self._servers[key]


def _key(entry: ServerEntry) -> str:
    """SHA-256 (hex) over the entry's digest and the expanded values that say who we are."""
    target = entry.target
    secrets = [dict(getattr(target, member, {})) for member in ("headers", "env")]
    # Another instance of the same entry has tasks of its own.
    parts = [entry.digest, secrets] if entry.replica_of is None else [entry.digest, secrets, entry.name]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> JsonObject:
    try:
        if path.stat().st_size > FILE_LIMIT:
            return {}
        return as_object(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}


def _write(path: Path, document: JsonObject, over: frozenset[str]) -> None:
    """Whole or not at all, and for this user only.

    Another process may have written meanwhile: its tasks stay, but for those that are ``over``.
    """
    try:
        theirs = {task: about for task, about in as_object(_read(path).get("tasks")).items() if task not in over}
        tasks = list({**theirs, **as_object(document["tasks"])}.items())
        document = {**document, "tasks": dict(tasks[-TASKS_KEPT:])}
        data = json.dumps(document, separators=(",", ":")).encode()
        if len(data) > FILE_LIMIT:
            data = json.dumps({**document, "lists": {}}, separators=(",", ":")).encode()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        beside.replace(path)
    except (OSError, ValueError, RecursionError):
        return
