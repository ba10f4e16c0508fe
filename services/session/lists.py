"""The lists of one server: tools, resources, templates, prompts.

Owns reading all their pages, how fresh they are, and keeping them so (protocol sections 17, 18, 19).
Reports each as an event; never dresses or pairs a request itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeAlias

import anyio

from .. import events as ev
from ..eras.versions import METHOD_NOT_FOUND
from ..errors import CapabilityMissing, ConnectionLost, McpDeckError, RPCError
from ..models import During, ErrorInfo, Freshness, Json, JsonObject, Tool, as_list, as_object, as_text, untold
from ..state.bounds import weight
from ..state.store import Event
from ..state.text import quoted
from ..transports.base import Pacer
from .items import hint_flaws, read_listed, read_tool
from .memory import KeptList, ServerMemory

PAGES = 500
"""Pages of one list that are read before we believe in a loop."""
ITEMS = 50_000
"""Items of one list that are kept."""
LIST_KEPT = 64 * 1024 * 1024
"""Bytes of memory (estimated) that one list may take; what one page holds is kept whole."""
LIST_TIME = 300.0
"""Seconds for which the further pages of one list are read."""
DUPLICATES = 5
"""Names that stand more than once and are told."""
RELIST_INTERVAL = 1.0
"""Seconds between two readings of one list, however often a server says that it changed."""

Request: TypeAlias = Callable[[str, JsonObject], Awaitable[JsonObject]]


@dataclass(frozen=True, slots=True)
class ListKind:
    """One list a server may offer: how it is asked for, where its items stand, what says that it changed."""

    method: str
    member: str
    capability: str
    changed: str


TOOLS = ListKind("tools/list", "tools", "tools", "notifications/tools/list_changed")
RESOURCES = ListKind("resources/list", "resources", "resources", "notifications/resources/list_changed")
TEMPLATES = ListKind(
    "resources/templates/list", "resourceTemplates", "resources", "notifications/resources/list_changed"
)
PROMPTS = ListKind("prompts/list", "prompts", "prompts", "notifications/prompts/list_changed")
LISTS = (TOOLS, RESOURCES, TEMPLATES, PROMPTS)
"""In the order in which they are read: tools are what people wait for."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page as received: its items, where the next begins (None: nowhere), and the caching hints."""

    items: list[Json]
    next_cursor: str | None
    freshness: Freshness


class _Reading:
    """What the pages of one list came to so far."""

    def __init__(self, first: Page) -> None:
        self.items: list[Json] = []
        self.freshness = first.freshness
        self._cursors: set[str] = set()
        self._pages = 0
        self._bytes = 0
        self._repeated: str | None = None
        self.take(first)

    def take(self, page: Page) -> None:
        """Add a page."""
        self._pages += 1
        self.items += page.items
        # The list as a whole is as fresh as its first page to go stale.
        lives = [ttl for ttl in (self.freshness.ttl_ms, page.freshness.ttl_ms) if ttl is not None]
        self.freshness = replace(self.freshness, ttl_ms=min(lives, default=None))
        self._bytes += weight(page.items)
        if page.next_cursor is not None:
            self._bytes += weight(page.next_cursor)
            if page.next_cursor in self._cursors:
                self._repeated = page.next_cursor
            self._cursors.add(page.next_cursor)

    def end(self, kind: ListKind) -> str | None:
        """Why no further page is asked for, None: nothing is wrong."""
        if self._repeated is not None:
            return f"{kind.method} repeats the cursor {quoted(self._repeated)} (section 19)"
        if self._bytes > LIST_KEPT:
            return f"{kind.method} has more than {LIST_KEPT // 2**20} MiB; the rest is not read"
        if self._pages >= PAGES:
            return f"{kind.method} has more than {PAGES} pages; the rest is not read"
        return None


class Lists:
    """Reads lists with ``request``; ``broke`` takes sentences about broken rules.

    ``tools`` is None until that list was read once. ``reads``: methods of the lists that are read unasked;
    None: all that the server announces.
    """

    def __init__(
        self,
        server: str,
        generation: int,
        *,
        request: Request,
        emit: Callable[[Event], None],
        broke: Callable[[str], None],
        memory: ServerMemory | None = None,
        reads: frozenset[str] | None = None,
    ) -> None:
        self.tools: tuple[Tool, ...] | None = None
        self.mirrors_headers = False
        """Arguments are mirrored into headers here, so a tool with wrong annotations must be refused (section 11)."""
        self.has_hints = False
        """The revision wants caching hints on every list (section 18)."""
        self.turn: Callable[[str], AbstractAsyncContextManager[None]] = _at_once
        """Waits until a list may be read again, behind calls that somebody waits for."""
        self.phase: During = untold
        """Told of each reading."""
        self._server = server
        self._generation = generation
        self._request = request
        self._emit = emit
        self._broke = broke
        self._memory = memory
        self._reads = reads
        self._capabilities: JsonObject = {}
        self._is_announced = False
        self._stale: set[ListKind] = set()
        self._stale_event = anyio.Event()
        self._read_at: dict[ListKind, float] = {}
        self._tools_listed = anyio.Event()
        self._tools_error: McpDeckError | None = None

    async def read_tools(self) -> tuple[Tool, ...]:
        """Every page of ``tools/list``; tools that a client must refuse are there, marked ``excluded``."""
        items, _ = await self._all(TOOLS)
        return await self._take_tools(items)

    async def known_tools(self) -> tuple[Tool, ...]:
        """The tools once they were listed: the first listing is waited for, not repeated.

        Raises what that listing failed with, ``CapabilityMissing`` where the server offers no tools.
        """
        if self.tools is None:
            await self._tools_listed.wait()
        if self.tools is None:
            raise self._tools_error or CapabilityMissing(
                "the server offers no tools", hint="Its capabilities do not name tools."
            )
        return self.tools

    def find(self, name: str) -> Tool | None:
        """The tool of that name in the list read last."""
        return next((tool for tool in self.tools or () if tool.name == name), None)

    async def tools_settled(self) -> None:
        """Wait until the first listing of the tools is over, however it went."""
        await self._tools_listed.wait()

    def announced(self, capabilities: JsonObject) -> None:
        """The server says which lists it has, and of which it tells when they change."""
        self._capabilities = capabilities
        self._is_announced = True

    async def begin(self, capabilities: JsonObject) -> None:
        """Every list the server announces is to be read; until then those of an earlier connection stand."""
        self.announced(capabilities)
        wanted = self._wanted()
        self._stale.update(wanted)
        if TOOLS not in wanted:
            self._tools_listed.set()
        for kind in wanted if self._memory else ():
            kept = self._memory.list(kind.method) if self._memory else None
            if kept is not None:
                self._emit(await self._event(kind, kept.items, replace(kept.freshness, cached=True)))

    async def keep(self, capabilities: JsonObject) -> None:
        """Read every list the server announces, then again whenever it says that one changed."""
        await self.begin(capabilities)
        while True:
            await self._until_due()
            for kind in [kind for kind in LISTS if kind in self._stale]:
                self._stale.discard(kind)
                again = kind in self._read_at
                self._read_at[kind] = anyio.current_time()
                # The first reading is what calls wait for.
                async with self.turn(self._server) if again else nullcontext():
                    await self.refresh(kind)
            if self._memory is not None:
                await self._memory.save()
            if not self._stale:
                await self._stale_event.wait()
            self._stale_event = anyio.Event()

    async def _until_due(self) -> None:
        """A server that says "changed" a thousand times is asked once a second."""
        read = [self._read_at[kind] for kind in self._stale if kind in self._read_at]
        if read:
            await anyio.sleep(max(0.0, max(read) + RELIST_INTERVAL - anyio.current_time()))

    def end(self) -> None:
        """The connection is over: whoever still waits for the first listing is told."""
        if not self._tools_listed.is_set():
            self._tools_error = ConnectionLost("the connection ended before the tools were listed", retryable=True)
            self._tools_listed.set()

    def note(self, notification: str) -> bool:
        """Remember what a notification says has changed; false when it is about no list."""
        changed = [kind for kind in LISTS if kind.changed == notification]
        if not changed:
            return False
        declared = as_object(self._capabilities.get(changed[0].capability)).get("listChanged")
        # One that comes while the greeting is still being read is judged by nobody.
        if declared is not True and self._is_announced:
            self._broke(f"{notification} came, and the server did not declare listChanged (section 17)")
        self.read_again(changed)
        return True

    def read_again(self, kinds: list[ListKind] | None = None) -> None:
        """These lists (None: all that are announced) may have changed."""
        wanted = self._wanted()
        self._stale.update(
            wanted if kinds is None else [kind for kind in kinds if self._reads is None or kind in wanted]
        )
        self._stale_event.set()

    def _wanted(self) -> list[ListKind]:
        """The lists that the server announces and somebody looks at."""
        return [
            kind
            for kind in LISTS
            if kind.capability in self._capabilities and (self._reads is None or kind.method in self._reads)
        ]

    async def refresh(self, kind: ListKind) -> None:
        """Read one list; a failure keeps the last good one (config contract, section 6)."""
        try:
            with self.phase(kind.method):
                items, freshness = await self._all(kind)
            fact = await self._event(kind, items, freshness)
            if self._memory is not None:
                self._memory.keep_list(kind.method, KeptList(items, freshness))
        except McpDeckError as error:
            if kind is TEMPLATES and isinstance(error, RPCError) and error.code == METHOD_NOT_FOUND:
                fact = ev.TemplatesChanged(self._server, self._generation, ())
            else:
                if kind is TOOLS:
                    self._tools_error = error
                info = ErrorInfo(error.kind, f"{kind.method} failed: {error.title}", error.hint, error.details)
                fact = ev.ListFailed(self._server, self._generation, kind.method, info)
        if kind is TOOLS:
            self._tools_listed.set()
        self._emit(fact)

    async def _event(self, kind: ListKind, items: list[Json], freshness: Freshness) -> Event:
        where = (self._server, self._generation)
        if kind is TOOLS:
            if freshness.cached:
                return ev.ToolsChanged(*where, await self._tools(items), freshness)
            return ev.ToolsChanged(*where, await self._take_tools(items), freshness)
        if kind is RESOURCES:
            return ev.ResourcesChanged(*where, read_listed(items, "uri"), freshness)
        if kind is TEMPLATES:
            return ev.TemplatesChanged(*where, read_listed(items, "uriTemplate"), freshness)
        return ev.PromptsChanged(*where, read_listed(items, "name"), freshness)

    async def _tools(self, items: list[Json]) -> tuple[Tool, ...]:
        """Read in slices: a schema is looked at from end to end, and a list may have 50,000 of them."""
        pacer = Pacer()
        tools: list[Tool] = []
        for item in items:
            tools.append(read_tool(item, mirrors_headers=self.mirrors_headers))
            await pacer.tick()
        return tuple(tools)

    async def _take_tools(self, items: list[Json]) -> tuple[Tool, ...]:
        self.tools = await self._tools(items)
        times = Counter(tool.name for tool in self.tools)
        for name in [name for name, count in times.items() if count > 1][:DUPLICATES]:
            self._broke(f"tools/list names {name!r} {times[name]} times (section 19); a call reaches one of them")
        return self.tools

    async def pages(self, kind: ListKind) -> list[Json]:
        """The items of all pages, as received."""
        return (await self._all(kind))[0]

    async def page(self, kind: ListKind, cursor: str | None = None) -> Page:
        """One page; ``cursor`` None is the first."""
        result = await self._request(kind.method, {} if cursor is None else {"cursor": cursor})
        items = result.get(kind.member)
        if not isinstance(items, list):
            self._broke(f"{kind.method} was answered without an array {kind.member!r} (section 19)")
        following = result.get("nextCursor")
        if following is not None and not isinstance(following, str):
            self._broke(f"the nextCursor of {kind.method} is no string, so nothing more is read (section 19)")
        return Page(as_list(items), as_text(following), self._freshness(kind, result))

    async def _all(self, kind: ListKind) -> tuple[list[Json], Freshness]:
        """All pages of a list (section 19): an empty cursor counts, a repeated one ends it."""
        page = await self.page(kind)
        reading = _Reading(page)
        with anyio.move_on_after(LIST_TIME) as limit:
            while (cursor := page.next_cursor) is not None and len(reading.items) <= ITEMS:
                end = reading.end(kind)
                if end is not None:
                    self._broke(end)
                    break
                page = await self.page(kind, cursor)
                if page.freshness.scope != reading.freshness.scope:
                    self._broke(f"the pages of {kind.method} have different cache scopes (section 18)")
                reading.take(page)
        if limit.cancelled_caught:
            self._broke(f"{kind.method} takes longer than {LIST_TIME:g} s; the rest is not read")
        if len(reading.items) > ITEMS:
            self._broke(f"{kind.method} has more than {ITEMS:,} items; the rest is not read")
        return reading.items[:ITEMS], reading.freshness

    def _freshness(self, kind: ListKind, result: JsonObject) -> Freshness:
        ttl, scope = result.get("ttlMs"), as_text(result.get("cacheScope"))
        if isinstance(ttl, bool) or not isinstance(ttl, (int, float)):
            ttl = None
        for flaw in hint_flaws(kind.method, result) if self.has_hints else ():
            self._broke(flaw)
        return Freshness(time.time(), None if ttl is None else max(0.0, ttl), scope)


def _at_once(_server: str) -> AbstractAsyncContextManager[None]:
    return nullcontext()
