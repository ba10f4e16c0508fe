"""A client of the MCP Registry API (OpenAPI 2025-12-01, versions v0.1 and v0).

Owns the requests, paging and what a malformed answer means. Never installs and never contacts a server
that it lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from ..errors import HttpStatusError, RemoteProtocolError, UsageError
from ..models import Json, as_list, as_object, as_text
from ..state.text import one_line
from .fetch import SECONDS, get_json
from .server_json import LONGEST_NAME, Malformed, RegistryServer, server_of
from .settings import OFFICIAL_REGISTRY

VERSIONS = ("v0.1", "v0")
"""Tried in this order: v0.1 is the one that is frozen, older registries know only v0."""
PAGE = 50
MOST_PAGES = 40
"""Pages that are fetched where all are asked for: some thousand servers, more than a person reads."""
LOOKED_AT = 5
"""Pages that are looked through for one page of results, where words have to be matched here."""
LONGEST_CURSOR = 4_000
WHAT = "the registry"


@dataclass(frozen=True, slots=True)
class Page:
    """Servers of one page, each name once. ``cursor`` gives the next, None: this is the last one.

    ``problems`` say which items could not be read.
    """

    servers: tuple[RegistryServer, ...]
    cursor: str | None = None
    problems: tuple[str, ...] = ()


class RegistryClient:
    """Reads one registry. Raises ``McpDeckError`` with what to do; every request is bounded in time and size."""

    def __init__(self, url: str = OFFICIAL_REGISTRY, *, seconds: float = SECONDS) -> None:
        url = url.rstrip("/")
        base, _, last = url.rpartition("/")
        self._base, self._version = (base, last) if last in VERSIONS else (url, None)
        self._seconds = seconds

    @property
    def url(self) -> str:
        return self._base

    async def search(self, query: str = "", cursor: str | None = None) -> Page:
        """The newest version of each server whose name, title or description holds every word of ``query``.

        The registry itself looks for one piece of the name: the longest word is asked for, and the others are
        looked for here; a word that no name holds finds nothing.
        """
        words = query.split()[:10]
        asked = max(words, key=len, default="")[:LONGEST_NAME]
        others = [word.casefold() for word in words if word != asked]
        found: dict[str, RegistryServer] = {}
        problems: list[str] = []
        for _ in range(LOOKED_AT):
            servers, cursor, odd = await self._page(asked, cursor)
            problems += odd
            for server in servers:
                if _holds(server, others) and (server.name not in found or server.latest):
                    found[server.name] = server
            if not cursor or not others or len(found) >= PAGE:
                break
        return Page(tuple(found.values()), cursor, tuple(problems))

    async def search_all(self, query: str = "") -> Page:
        """Every page of ``search`` as one; its cursor is None unless there are more than are ever fetched."""
        found: dict[str, RegistryServer] = {}
        problems: list[str] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self.search(query, cursor)
            for server in page.servers:
                if server.name not in found or server.latest:
                    found[server.name] = server
            problems += page.problems
            cursor = page.cursor
            if cursor is None:
                break
        return Page(tuple(found.values()), cursor, tuple(problems))

    async def details(self, name: str, version: str = "latest") -> RegistryServer:
        """One version of a server. Raises ``UsageError`` when there is none of that name or version."""
        try:
            answer = await self._get(f"servers/{quote(name, safe='')}/versions/{quote(version, safe='')}")
        except HttpStatusError as error:
            if error.status != 404:
                raise
            which = "" if version == "latest" else f" in version {one_line(version, 60)}"
            raise UsageError(
                f'the registry has no server named "{one_line(name, 100)}"{which}',
                hint=f"mcpdeck registry search {one_line(name.rpartition('/')[2], 60)}",
            ) from error
        try:
            return server_of(answer)
        except Malformed as error:
            raise RemoteProtocolError(
                f"what the registry says of {one_line(name, 100)} cannot be read: {error}",
                hint="Tell the registry, or configure the server by hand: mcpdeck add.",
            ) from error

    async def versions(self, name: str) -> tuple[RegistryServer, ...]:
        """Every version of a server, in the order of the registry: newest first. Empty where it does not tell."""
        try:
            answer = await self._get(f"servers/{quote(name, safe='')}/versions")
        except HttpStatusError as error:
            if error.status in (404, 405):
                return ()
            raise
        return tuple(_servers(answer, []))

    async def _page(self, search: str, cursor: str | None) -> tuple[list[RegistryServer], str | None, list[str]]:
        asked = {"limit": str(PAGE), "version": "latest"}
        if search:
            asked["search"] = search
        if cursor:
            asked["cursor"] = cursor
        answer = await self._get("servers", asked)
        if not isinstance(as_object(answer).get("servers"), list):
            raise RemoteProtocolError(
                "the registry's answer is no list of servers", hint='Check "url" of "registry" in settings.json.'
            )
        problems: list[str] = []
        servers = _servers(answer, problems)
        metadata = as_object(as_object(answer).get("metadata"))
        following = as_text(metadata.get("nextCursor")) or as_text(metadata.get("next_cursor"))
        # The same cursor again would go round and round.
        good = following if following and following != cursor and len(following) <= LONGEST_CURSOR else None
        return servers, good, problems

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Ask in the version that the registry speaks, which the first answer tells."""
        tail = f"{path}?{urlencode(query)}" if query else path
        versions = (self._version,) if self._version else VERSIONS
        missing: HttpStatusError | None = None
        for version in versions:
            try:
                answer = await get_json(f"{self._base}/{version}/{tail}", WHAT, seconds=self._seconds)
            except HttpStatusError as error:
                if error.status != 404:
                    raise
                missing = missing or error
                continue
            self._version = version
            return answer
        assert missing is not None  # every version answered 404
        raise missing


def _servers(answer: Json, problems: list[str]) -> list[RegistryServer]:
    servers: list[RegistryServer] = []
    for number, item in enumerate(as_list(as_object(answer).get("servers")), 1):
        try:
            servers.append(server_of(item))
        except Malformed as error:
            problems.append(f"item {number} of the registry's answer is left out: {error}")
    return servers


def _holds(server: RegistryServer, words: list[str]) -> bool:
    text = f"{server.name}\n{server.title}\n{server.description}".casefold()
    return all(word in text for word in words)
