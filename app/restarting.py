"""Servers under development: restarted when a file that their entry watches changes.

Owns which files those are, the restart, and the note in the server's log that says what it was for and which
tools are others now. Never changes what is watched: entries say that.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from ..services import events as ev
from ..services.manager import ConnectionManager
from ..services.models import Status
from ..services.state.model import AppState, ServerState, ToolChanges
from ..services.state.store import Store
from ..services.state.text import one_line
from .file_events import Plan, hear
from .reloading import changed_words
from .watch_globs import Glob, files_in

if TYPE_CHECKING:
    from .controller import Toast

RESTARTS = 10
WITHIN = 30.0
"""More than ``RESTARTS`` within so many seconds are made by the server itself, which writes what it watches."""
_OVER = frozenset({Status.FAILED, Status.NEEDS_AUTH})


async def restart_on_changes(manager: ConnectionManager, store: Store, toast: Toast | None = None) -> None:
    """Restart each server whose entry watches a file that changes, until cancelled.

    ``toast`` is told when the tools are others than before.
    """
    restarts = _Restarts(manager, store, toast)
    stop = store.subscribe(restarts.look)
    try:
        while True:
            globs = restarts.globs = watched_by(manager)
            restarts.other = anyio.Event()
            if globs:
                await restarts.watch()
            else:
                await restarts.other.wait()
    finally:
        stop()


def watched_by(manager: ConnectionManager) -> dict[str, tuple[str, ...]]:
    """Globs by server, of those that may be connected."""
    return {name: entry.watch for name, entry in manager.entries.items() if entry.watch and entry.gate is None}


class _Restarts:
    def __init__(self, manager: ConnectionManager, store: Store, toast: Toast | None) -> None:
        self._manager = manager
        self._store = store
        self._toast = toast
        self._recent: dict[str, deque[float]] = {}
        self._waiting: dict[str, tuple[int, str]] = {}
        self.globs: Mapping[str, tuple[str, ...]] = {}
        self.other = anyio.Event()
        """Set when other globs are to be watched than now."""

    def look(self, state: AppState) -> None:
        """Told of each flush: whether there are other globs, and whether a restarted server has its tools."""
        if not self.other.is_set() and watched_by(self._manager) != self.globs:
            self.other.set()
        for name, (generation, why) in list(self._waiting.items()):
            server = state.mcp.servers.get(name)
            if server is None:
                del self._waiting[name]
            elif server.generation > generation and server.status in _OVER:
                del self._waiting[name]  # its row and its log say why
            elif server.generation > generation and server.usable and _is_read(server):
                del self._waiting[name]
                self._note(name, f"restarted: {why}; {_tools(server)}")
                if self._toast is not None and server.tool_changes is not None:
                    changes = changed_words(_signed(server.tool_changes))
                    self._toast(f"{one_line(name, 40)} restarted: {changes}", f"{why}; i shows what changed")

    async def watch(self) -> None:
        """Until there are other globs."""
        parsed = {name: [Glob.of(text) for text in globs] for name, globs in self.globs.items()}
        every = [glob for globs in parsed.values() for glob in globs]
        known: set[str] | None = None

        def folders() -> set[str]:
            return {folder for glob in every for folder in glob.folders()}

        def wanted(path: str) -> bool:
            # A folder that comes may be one to watch, or on the way to one.
            return any(glob.matches(path) or glob.leads_to(path) for glob in every)

        async def planned() -> Plan:
            return Plan(frozenset(await anyio.to_thread.run_sync(folders)), wanted)

        async def told(paths: frozenset[str]) -> None:
            nonlocal known
            now = await anyio.to_thread.run_sync(folders)
            # What was written into a folder before it was watched was told by nobody.
            fresh = await anyio.to_thread.run_sync(files_in, now - (known or set()))
            begun = {name: self._begun(name) if known is None else 0.0 for name in parsed}
            known = now
            for name, globs in parsed.items():
                since = begun[name]
                missed = {path for path, written in fresh if written > since}
                changed = sorted(path for path in {*paths, *missed} if any(glob.matches(path) for glob in globs))
                if changed:
                    self._restart(name, changed)

        await hear(planned, told, self.other)

    def _begun(self, name: str) -> float:
        """When the connection of now was begun (wall seconds): what was written later is not in it."""
        server = self._store.state.mcp.servers.get(name)
        if server is None or server.connected_at is None:
            return math.inf
        return server.connected_at - (server.connect_ms or 0.0) / 1000

    def _restart(self, name: str, changed: list[str]) -> None:
        server = self._store.state.mcp.servers.get(name)
        if server is None:
            return
        now = time.monotonic()
        recent = self._recent.setdefault(name, deque(maxlen=RESTARTS))
        if len(recent) == RESTARTS and now - recent[0] < WITHIN:
            self._note(name, f"{_named(changed)} changed: not restarted, for it writes itself what its entry watches")
            return
        recent.append(now)
        why = f"{_named(changed)} changed"
        self._note(name, f"{why}: restarting")
        self._waiting[name] = (server.generation, why)
        self._manager.reconnect(name)

    def _note(self, name: str, text: str) -> None:
        server = self._store.state.mcp.servers.get(name)
        generation = server.generation if server is not None else 0
        self._store.dispatch(ev.LogReceived(name, generation, time.time(), "note", "info", None, text))


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return one_line(Path(paths[0]).name) + more


def _is_read(server: ServerState) -> bool:
    """The tools of this connection are known, or it has none to tell."""
    return server.tools_before is None and (server.tools is not None or "tools" not in server.capabilities)


def _tools(server: ServerState) -> str:
    changes = server.tool_changes
    if changes is None:
        return "the same tools"
    signs = _signed(changes).items()
    return "tools " + " ".join(f"{sign}{one_line(name, 40)}" for sign, names in signs for name in names)


def _signed(changes: ToolChanges) -> dict[str, tuple[str, ...]]:
    return {"+": changes.added, "−": changes.removed, "~": changes.changed}
