"""The lists of one server: tools, resources, templates, prompts.

Owns reading all their pages and keeping them fresh (protocol sections 17, 19, 26). Reports each as an
event; never dresses or pairs a request itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import anyio

from .. import events as ev
from ..eras.headers import schema_problems
from ..eras.versions import METHOD_NOT_FOUND
from ..errors import CapabilityMissing, ConnectionLost, McpDeckError, RPCError
from ..models import ErrorInfo, Json, JsonObject, Listed, Tool, as_list, as_object, as_text
from ..state.store import Event

PAGES = 500
"""Pages of one list that are read before we believe in a loop."""
ITEMS = 50_000
"""Items of one list that are kept."""
DUPLICATES = 5
"""Names that stand more than once and are told."""

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


class Lists:
    """Reads lists with ``request``; ``broke`` takes sentences about broken rules.

    ``tools`` is None until that list was read once.
    """

    def __init__(
        self,
        server: str,
        generation: int,
        *,
        request: Request,
        emit: Callable[[Event], None],
        broke: Callable[[str], None],
    ) -> None:
        self.tools: tuple[Tool, ...] | None = None
        self.mirrors_headers = False
        """Arguments are mirrored into headers here, so a tool with wrong annotations must be refused (section 11)."""
        self._server = server
        self._generation = generation
        self._request = request
        self._emit = emit
        self._broke = broke
        self._stale: set[ListKind] = set()
        self._stale_event = anyio.Event()
        self._tools_listed = anyio.Event()
        self._tools_error: McpDeckError | None = None

    async def read_tools(self) -> tuple[Tool, ...]:
        """Every page of ``tools/list``; tools that a client must refuse are there, marked ``excluded``."""
        self.tools = tuple([_tool(item, self.mirrors_headers) for item in await self.pages(TOOLS)])
        times = Counter(tool.name for tool in self.tools)
        for name in [name for name, count in times.items() if count > 1][:DUPLICATES]:
            self._broke(f"tools/list names {name!r} {times[name]} times (section 19); a call reaches one of them")
        return self.tools

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

    async def tools_settled(self) -> None:
        """Wait until the first listing of the tools is over, however it went."""
        await self._tools_listed.wait()

    async def keep(self, capabilities: JsonObject) -> None:
        """Read every list the server announces, then again whenever it says that one changed."""
        wanted = [kind for kind in LISTS if kind.capability in capabilities]
        self._stale.update(wanted)
        if TOOLS not in wanted:
            self._tools_listed.set()
        while True:
            for kind in [kind for kind in LISTS if kind in self._stale]:
                self._stale.discard(kind)
                await self.refresh(kind)
            if not self._stale:
                await self._stale_event.wait()
            self._stale_event = anyio.Event()

    def end(self) -> None:
        """The connection is over: whoever still waits for the first listing is told."""
        if not self._tools_listed.is_set():
            self._tools_error = ConnectionLost("the connection ended before the tools were listed", retryable=True)
            self._tools_listed.set()

    def note(self, notification: str) -> bool:
        """Remember what a notification says has changed; false when it is about no list."""
        changed = [kind for kind in LISTS if kind.changed == notification]
        self._stale.update(changed)
        if changed:
            self._stale_event.set()
        return bool(changed)

    async def refresh(self, kind: ListKind) -> None:
        """Read one list; a failure keeps the last good one (config contract, section 6)."""
        try:
            fact = await self._read(kind)
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

    async def _read(self, kind: ListKind) -> Event:
        if kind is TOOLS:
            return ev.ToolsChanged(self._server, self._generation, await self.read_tools())
        items = await self.pages(kind)
        if kind is RESOURCES:
            return ev.ResourcesChanged(self._server, self._generation, _listed(items, "uri"))
        if kind is TEMPLATES:
            return ev.TemplatesChanged(self._server, self._generation, _listed(items, "uriTemplate"))
        return ev.PromptsChanged(self._server, self._generation, _listed(items, "name"))

    async def pages(self, kind: ListKind) -> list[Json]:
        """All pages of a list (section 19): an empty cursor counts, a repeated one ends it."""
        items: list[Json] = []
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(PAGES):
            result = await self._request(kind.method, {} if cursor is None else {"cursor": cursor})
            page = result.get(kind.member)
            if not isinstance(page, list):
                self._broke(f"{kind.method} was answered without an array {kind.member!r} (section 19)")
            items += as_list(page)
            if len(items) > ITEMS:
                self._broke(f"{kind.method} has more than {ITEMS:,} items; the rest is not read")
                return items[:ITEMS]
            cursor = as_text(result.get("nextCursor"))
            if cursor is None:
                return items
            if cursor in seen:
                self._broke(f"{kind.method} repeats the cursor {cursor!r} (section 19)")
                return items
            seen.add(cursor)
        self._broke(f"{kind.method} has more than {PAGES} pages; the rest is not read")
        return items


def _tool(item: Json, mirrors_headers: bool) -> Tool:
    raw = as_object(item)
    name = as_text(raw.get("name"))
    schema, output = raw.get("inputSchema"), raw.get("outputSchema")
    problems: list[str] = []
    if name is None:
        problems.append("the tool has no name")
    if not isinstance(schema, dict):
        problems.append("the tool has no inputSchema object (section 26)")
    elif schema.get("type") != "object":
        problems.append('the inputSchema is not of type "object" (section 26)')
    header_problems = schema_problems(as_object(schema))
    return Tool(
        name=name or "",
        title=as_text(raw.get("title")),
        description=as_text(raw.get("description")) or "",
        input_schema=as_object(schema),
        output_schema=output if isinstance(output, dict) else None,
        annotations=as_object(raw.get("annotations")),
        raw=raw,
        problems=(*problems, *header_problems),
        # Elsewhere the annotation is information (section 11).
        excluded=header_problems[0] if header_problems and mirrors_headers else None,
    )


def _listed(items: list[Json], key: str) -> tuple[Listed, ...]:
    objects = [as_object(item) for item in items]
    return tuple(
        Listed(
            key=as_text(raw.get(key)) or "",
            name=as_text(raw.get("name")) or "",
            title=as_text(raw.get("title")),
            description=as_text(raw.get("description")) or "",
            raw=raw,
        )
        for raw in objects
    )
